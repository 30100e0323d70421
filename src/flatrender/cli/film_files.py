"""`flatrender film`: more files from a finished film, without drawing it again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from flatrender.cli.options import OUTPUT, PICTURE, RUNNING, Dither, Json, Kind, PresetName, Quiet

film_files = typer.Typer(
    no_args_is_help=True,
    help="More files from a finished film, without drawing it again: another kind or size, a poster, pictures for scrubbing.",
)
_Film = Annotated[Path, typer.Argument(help="A film: .mp4, .mov, .webm, .m4v or .mkv.")]
_PICTURES = (".png", ".jpg", ".jpeg")


@film_files.command()
def info(film: _Film, json: Json = False) -> None:
    """Say what a film is: size, rate, frames, codecs, length."""
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(film, json=json):
        from flatrender.engine.film.opened import look_at

        found = look_at(film)
        if json:
            from flatrender.cli.output import print_json

            print_json(
                {"path": str(film)}
                | {name: getattr(found, name) for name in found.__struct_fields__ if name != "pictures"}
            )
            return
        sound = f", {found.audio_codec} {found.audio_rate} Hz" if found.audio_codec else ", no sound"
        typer.echo(
            f"{film}  {found.width}×{found.height}  {found.frames} frames, {found.duration_s:.2f} s at {found.fps:g}/s, "
            f"{found.video_codec} {found.pixel_format}{sound}"
        )


@film_files.command()
def convert(
    film: _Film,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=OUTPUT,
            help="The new file: .mp4, .webm, .mov, .gif, .webp, .apng or .zip.",
        ),
    ],
    kind: Kind = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH|HEIGHTp",
            rich_help_panel=PICTURE,
            help="Pixels (640x360) or the short side (360p); never larger.",
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(rich_help_panel=PICTURE, help="Frames a second (default: the film's, or the kind's most)."),
    ] = None,
    crf: Annotated[
        int, typer.Option(min=0, max=51, rich_help_panel=OUTPUT, help="Encoder quality, 0 best to 51.")
    ] = 20,
    preset: Annotated[PresetName, typer.Option(rich_help_panel=OUTPUT, help="Encoder preset.")] = "veryfast",
    dither: Dither = "sierra2_4a",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make another kind, size or rate of a film; its sound comes along where the kind has sound.

    For example: `flatrender film convert film.mp4 -o film.gif --size 360p --fps 15`
    """
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(film, json=json):
        import msgspec

        from flatrender.cli.output import checked_film
        from flatrender.engine.film.opened import open_film
        from flatrender.engine.film.outputs import derive_film
        from flatrender.engine.film.settings import FilmSettings
        from flatrender.engine.kinds import KINDS

        chosen = checked_film(output, kind, alpha=False)
        _not_itself(film, output)
        source = open_film(film)
        made = source.settings
        width, height = _pixels(size, made.width, made.height)
        settings = FilmSettings(
            width=width,
            height=height,
            fps=fps or min(made.fps, KINDS[chosen].max_fps),
            kind=chosen,
            crf=crf,
            preset=preset,
            dither=dither,
            alpha=made.alpha and bool(KINDS[chosen].alpha_pixels),
        )
        report = derive_film(source, settings, output)
        _tell(
            msgspec.to_builtins(report),
            f"{output}  {report.width}×{report.height}  {report.frames} frames at {report.fps:g}/s, {report.size_bytes / 1e6:.1f} MB",
            quiet=quiet,
            json=json,
        )


@film_files.command()
def poster(
    film: _Film,
    output: Annotated[Path, typer.Option("--output", "-o", rich_help_panel=OUTPUT, help="The picture: .jpg or .png.")],
    frame: Annotated[
        int | None, typer.Option(min=0, rich_help_panel=PICTURE, help="Frame (default: the one that shows most).")
    ] = None,
    width: Annotated[
        int, typer.Option(min=16, max=8192, rich_help_panel=PICTURE, help="Pixels; never wider than the film.")
    ] = 960,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write the picture that stands for a film: the frame that shows most, or the one you name."""
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(film, json=json):
        from flatrender.cli.output import checked_output
        from flatrender.engine.film.opened import open_film
        from flatrender.engine.film.outputs import take_poster

        checked_output(output, _PICTURES)
        shown = take_poster(open_film(film), output, frame=frame, width=width)
        _tell({"path": str(output), "frame": shown}, f"{output}  frame {shown}", quiet=quiet, json=json)


@film_files.command()
def sprites(
    film: _Film,
    output: Annotated[
        Path, typer.Option("--output", "-o", rich_help_panel=OUTPUT, help="A folder; it is made when it is not there.")
    ],
    every: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            rich_help_panel=PICTURE,
            help="Seconds from picture to picture (default: 1, more in films over 100 s).",
        ),
    ] = None,
    width: Annotated[int, typer.Option(min=16, max=640, rich_help_panel=PICTURE, help="Pixels of a picture.")] = 160,
    columns: Annotated[int, typer.Option(min=1, max=20, rich_help_panel=PICTURE, help="Pictures side by side.")] = 10,
    name: Annotated[str, typer.Option(rich_help_panel=RUNNING, help="What the files' names begin with.")] = "sprite",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write sheets of small pictures and a WebVTT index of them, for a player that shows them while one scrubs."""
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(film, json=json):
        import msgspec

        from flatrender.engine.errors import RenderError
        from flatrender.engine.film.opened import open_film
        from flatrender.engine.film.outputs import make_sprite_sheet

        if Path(name).name != name or name.startswith("."):
            raise RenderError(f"--name {name[:40]!r}: write a name, not a path", code="settings_invalid")
        source = open_film(film)
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RenderError(error.strerror or str(error), code="output_unwritable", where=str(output)) from error
        sheet = make_sprite_sheet(source, output, name=name, tile_width=width, every_s=every, columns=columns)
        facts: dict[str, Any] = msgspec.to_builtins(sheet, enc_hook=str)
        _tell(
            facts,
            f"{sheet.index}  {sheet.tiles} pictures of {sheet.tile_width}×{sheet.tile_height}, one every {sheet.every_s:g} s",
            quiet=quiet,
            json=json,
        )


def _not_itself(film: Path, output: Path) -> None:
    from flatrender.engine.errors import RenderError

    if output.exists() and film.exists() and output.samefile(film):
        raise RenderError("the output is the film itself", code="output_unwritable", where=str(output))


def _pixels(size: str | None, width: int, height: int) -> tuple[int, int]:
    """Return the size that `640x360` or `360p` means for a film of this size. Raises RenderError `settings_invalid`."""
    import re

    from flatrender.engine.errors import RenderError

    if size is None:
        return width, height
    exact = re.fullmatch(r"(\d{2,4})x(\d{2,4})", size)
    if exact:
        return int(exact[1]), int(exact[2])
    short = re.fullmatch(r"(\d{2,4})p", size)
    if short is None:
        raise RenderError(f"--size {size[:40]!r}: write 640x360 or 360p", code="settings_invalid")
    scale = int(short[1]) / min(width, height)
    return 2 * round(width * scale / 2), 2 * round(height * scale / 2)


def _tell(facts: Any, line: str, *, quiet: bool, json: bool) -> None:
    if json:
        from flatrender.cli.output import print_json

        print_json(facts)
    elif not quiet:
        typer.echo(line)
