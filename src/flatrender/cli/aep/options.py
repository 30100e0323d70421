"""Options that several commands about projects share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flatrender.cli.options import SCENES

ProjectFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="An .aep, a folder with one that After Effects collected, or a zip of that."),
]
Composition = Annotated[
    str | None,
    typer.Option("--comp", metavar="NAME", rich_help_panel=SCENES, help="A composition (default: the first scene)."),
]
