"""Options that several commands share, each under the heading that the help shows it under."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SCENES, PICTURE, SOUND, OUTPUT, RUNNING = "What is shown", "Picture", "Sound", "What is made", "Running"

TemplateFile = Annotated[Path, typer.Argument(help="A template's folder, .frt, Lottie .json or dotLottie .lottie.")]
SetValues = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="[SCENE.]KEY=VALUE",
        rich_help_panel=SCENES,
        help="Value of a field, in every scene that has it or in one (a scene that comes twice: SCENE#2.KEY). A picture is a path. May be repeated.",
    ),
]
ValuesFile = Annotated[
    Path | None,
    typer.Option(
        "--values",
        metavar="FILE|-",
        rich_help_panel=SCENES,
        help='JSON object of values, `{"key": value, "scene": {"key": value}}`; `-` reads standard input. `--set` wins.',
    ),
]
Locale = Annotated[str, typer.Option(rich_help_panel=SCENES, help="Language of the default texts and digits.")]
Colors = Annotated[
    list[str] | None,
    typer.Option("--colors", metavar="SLOT=#RRGGBB", rich_help_panel=SCENES, help="Colours; may be repeated."),
]
ColorPreset = Annotated[
    str | None, typer.Option("--color-preset", rich_help_panel=SCENES, help="A colour preset of the template.")
]
SizeName = Annotated[
    str | None,
    typer.Option(
        "--size",
        rich_help_panel=PICTURE,
        help="A size of the template (9x16), pixels (1280x720) or a short side (720p).",
    ),
]
StoreFolder = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="DIR",
        envvar="FLATRENDER_STORE",
        rich_help_panel=RUNNING,
        help="Where what was made is kept for the next time (default: this user's cache folder).",
    ),
]
NoStore = Annotated[
    bool, typer.Option("--no-store", rich_help_panel=RUNNING, help="Make everything anew and keep nothing.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", rich_help_panel=RUNNING, help="No progress, no warnings, no closing line.")
]
Json = Annotated[
    bool,
    typer.Option("--json", rich_help_panel=RUNNING, help="Print the result, or the error, as one JSON document."),
]
