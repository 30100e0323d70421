"""`flatrender store`: what renders keep for the next time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flatrender.cli.options import StoreFolder

if TYPE_CHECKING:
    from flatrender.engine.store import Store

store = typer.Typer(
    no_args_is_help=True, help="What renders keep for the next time: how much there is, and removing it."
)
_Json = Annotated[bool, typer.Option("--json", help="Print it as JSON.")]


@store.command()
def info(folder: StoreFolder = None, json: _Json = False) -> None:
    """Say where the store is and what is in it."""
    found = _opened(folder, json=json).info()
    if json:
        from flatrender.cli.output import print_json

        print_json(found)
        return
    from datetime import UTC, datetime

    from flatrender.cli.kept import in_words

    typer.echo(
        f"{found.folder}: {found.entries} entries, {in_words(found.bytes)} of at most {in_words(found.limit_bytes)}"
    )
    if found.oldest_use is not None:
        used = datetime.fromtimestamp(found.oldest_use, UTC)
        typer.echo(f"what would go first was last used {used:%Y-%m-%d %H:%M} UTC")


@store.command()
def prune(
    folder: StoreFolder = None,
    limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Keep at most so much: 2G, 500M (default: the store's limit).")
    ] = None,
    json: _Json = False,
) -> None:
    """Remove what was used longest ago until the store is small enough.

    Example: flatrender store prune --limit 1G
    """
    from flatrender.cli.errors import WRONG_INPUT, fail
    from flatrender.cli.kept import parse_bytes
    from flatrender.engine.errors import RenderError

    try:
        wanted = parse_bytes(limit) if limit is not None else None
    except RenderError as error:
        fail(f"--limit {error.detail} [{error.code}]", WRONG_INPUT, code=error.code, json=json)
    _removed(_opened(folder, json=json).prune(wanted), json=json)


@store.command()
def clear(folder: StoreFolder = None, json: _Json = False) -> None:
    """Remove everything; the next render makes it anew."""
    _removed(_opened(folder, json=json).clear(), json=json)


def _opened(folder: StoreFolder, *, json: bool) -> Store:
    from flatrender.cli.errors import WRONG_INPUT, fail
    from flatrender.cli.kept import LIMIT_VARIABLE, open_store
    from flatrender.engine.errors import RenderError

    try:
        opened = open_store(folder)
    except RenderError as error:
        fail(f"{LIMIT_VARIABLE}: {error.detail} [{error.code}]", WRONG_INPUT, code=error.code, json=json)
    assert opened is not None  # noqa: S101  # it was asked for
    return opened


def _removed(freed: int, *, json: bool) -> None:
    from flatrender.cli.kept import in_words
    from flatrender.cli.output import print_json

    if json:
        print_json({"removed_bytes": freed})
    else:
        typer.echo(f"removed {in_words(freed)}")
