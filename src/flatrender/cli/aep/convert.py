"""`flatrender aep convert`: a composition as Lottie."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flatrender.cli.aep.findings import warn
from flatrender.cli.aep.options import Composition, ProjectFile
from flatrender.cli.options import OUTPUT, Json, Quiet


def convert(
    project: ProjectFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", rich_help_panel=OUTPUT, help="The Lottie: .json; its pictures go to `images/` beside it."
        ),
    ],
    comp: Composition = None,
    embed: Annotated[
        bool,
        typer.Option("--embed", rich_help_panel=OUTPUT, help="Put the pictures into the file. Films stay beside it."),
    ] = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Convert a composition, and those inside it, to Lottie: keyframes, shapes, texts, masks, mattes, effects, expressions.

    For example: `flatrender aep convert promo.aep --comp Main -o main.json`

    Exit codes: 0 made, 2 wrong input.
    """
    from flatrender.cli.ending import one_line_errors
    from flatrender.cli.output import checked_output, print_json

    with one_line_errors(project, json=json):
        from flatrender.aftereffects.lottie_file import write_lottie

        checked_output(output, (".json",))
        made = write_lottie(project, comp, output, embed=embed)
    if not quiet:
        warn(made.findings)
    if json:
        print_json(made)
    elif not quiet:
        typer.echo(
            f"{output}  {made.width}×{made.height}  {made.frames} frames at {made.fps:g}/s  {made.size_bytes:,} bytes"
        )
