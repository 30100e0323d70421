"""Options that several commands share, each under the heading that the help shows it under."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

SCENES, PICTURE, SOUND, OUTPUT, RUNNING = "What is shown", "Picture", "Sound", "What is made", "Running"

PresetName = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]
KindName = Literal[
    "mp4_h264", "mp4_h265", "mp4_av1", "webm_vp9", "webm_av1", "mov_prores_4444", "mov_prores_422", "gif", "webp", "apng",
    "png_frames", "jpeg_frames",
]  # fmt: skip
DitherName = Literal["sierra2_4a", "floyd_steinberg", "bayer", "none"]
ProgressName = Literal["auto", "bar", "lines", "json", "none"]

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
Kind = Annotated[
    KindName | None,
    typer.Option(
        rich_help_panel=OUTPUT,
        help="What is written, where the ending does not say it (png_frames: also a folder).",
    ),
]
Alpha = Annotated[
    bool,
    typer.Option(
        "--alpha", rich_help_panel=OUTPUT, help="Keep transparency: .webm, .mov, .gif, .webp, .apng, PNG pictures."
    ),
]
Preset = Annotated[PresetName | None, typer.Option(rich_help_panel=OUTPUT, help="Encoder preset (default: veryfast).")]
Crf = Annotated[
    int | None,
    typer.Option(min=0, max=51, rich_help_panel=OUTPUT, help="Encoder quality, 0 best to 51 (default: 20)."),
]
Dither = Annotated[DitherName, typer.Option(rich_help_panel=OUTPUT, help="How a GIF mixes colours.")]
Draft = Annotated[
    bool,
    typer.Option(
        "--draft", rich_help_panel=PICTURE, help="Small and quick: 360p unless pixels are given, superfast, crf 28."
    ),
]
Frames = Annotated[
    str | None,
    typer.Option(
        metavar="A-B",
        rich_help_panel=SCENES,
        help="Only these frames of the film, both included; or seconds, 1s-2.5s.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=64, rich_help_panel=RUNNING, help="Drawing processes (default: one for each core)."),
]
Progress = Annotated[
    ProgressName,
    typer.Option(rich_help_panel=RUNNING, help="auto: a bar on a terminal, else lines. json: one object a line."),
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
