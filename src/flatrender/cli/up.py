"""`flatrender up`: the whole platform on this machine."""

from pathlib import Path
from typing import Annotated

import typer


def up(
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (default: var, or FLATRENDER_DATA_DIR).")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on (default 8080).")] = None,
    node: Annotated[bool, typer.Option(help="Start a render node beside the services.")] = True,
) -> None:
    """Start PostgreSQL, the services and a render node here; ctrl-C stops them all, nothing is lost.

    With DATABASE_URL set, that PostgreSQL (15 or newer) is used instead of the embedded one.
    """
    from flatrender.cli.errors import fail
    from flatrender.cli.settings import read_settings
    from flatrender.host.up import StartFailed
    from flatrender.host.up import up as start
    from flatrender.kit.embedded_postgres import EmbeddedPostgresError
    from flatrender.kit.migrate import MigrationError

    settings = read_settings(data_dir=data_dir, host=host, port=port)
    try:
        start(settings, with_node=node, say=typer.echo)
    except (StartFailed, EmbeddedPostgresError, MigrationError) as error:
        fail(str(error), 3)
