"""`flatrender version`: what is installed."""

from __future__ import annotations

from typing import Annotated

import typer


def version(
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON, with the libraries'.")] = False,
) -> None:
    """Print the version."""
    from flatrender import __version__

    if not json:
        typer.echo(__version__)
        return
    import importlib.metadata
    import platform

    from flatrender.cli.output import print_json

    libraries = ("thorvg-python", "imageio-ffmpeg", "av", "uharfbuzz", "pillow")
    print_json(
        {
            "version": __version__,
            "python": platform.python_version(),
            "libraries": {name: importlib.metadata.version(name) for name in libraries},
        }
    )
