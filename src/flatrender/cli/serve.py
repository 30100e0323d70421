"""`flatrender serve`: one process of the platform."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Part(StrEnum):
    """What a process can be."""

    all = "all"
    gateway = "gateway"
    executor = "executor"
    identity = "identity"
    content = "content"
    studio = "studio"
    render = "render"
    files = "files"
    notification = "notification"


def serve(
    part: Annotated[
        Part,
        typer.Argument(help="all services in one process, the gateway, the workflows' executor or one service alone"),
    ],
    data_dir: Annotated[
        Path | None, typer.Option(help="Where everything is kept (default: var, or FLATRENDER_DATA_DIR).")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (default 127.0.0.1).")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on (default 8080).")] = None,
) -> None:
    """Run one part of the platform; `flatrender up` starts everything at once.

    A service that runs alone must know where the others are: FLATRENDER_PEERS=identity=http://host:port,content=…
    """
    from flatrender.cli import lifeline
    from flatrender.cli.errors import fail
    from flatrender.cli.settings import read_settings
    from flatrender.host.logs import set_up_logs
    from flatrender.host.server import serve as run
    from flatrender.host.wiring import BadConfiguration

    lifeline.watch()
    settings = read_settings(data_dir=data_dir, host=host, port=port)
    set_up_logs(settings.log_level)
    try:
        code = run(part.value, settings)
    except BadConfiguration as error:
        fail(error.detail, 2)
    raise typer.Exit(code)
