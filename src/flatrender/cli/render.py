"""`flatrender render`: a film from a template."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from flatrender.cli.choices import Frame
    from flatrender.engine.film.settings import FilmSettings
    from flatrender.engine.probe import FilmReport
    from flatrender.engine.scene import ResolvedScene
    from flatrender.engine.sound.track import TrackSpec
    from flatrender.engine.template import Template

PresetName = Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"]
_DRAFT_SHORT_SIDE = 360


def render(  # noqa: PLR0917  # options of a command are positional to typer only
    template: Annotated[Path, typer.Argument(help="A template's folder, .frt, Lottie .json or dotLottie .lottie.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The film: .mp4.")],
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="[SCENE.]KEY=VALUE",
            help="Value of a field, in every scene that has it or in one; a picture is a path. May be repeated.",
        ),
    ] = None,
    scenes: Annotated[str | None, typer.Option(metavar="A,B,C", help="Scenes in order (default: all).")] = None,
    size: Annotated[
        str | None, typer.Option(help="A size of the template (9x16), pixels (1280x720) or a short side (720p).")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second, 1 to 120 (default: the template's).")] = None,
    preset: Annotated[PresetName | None, typer.Option(help="Encoder preset (default: veryfast).")] = None,
    crf: Annotated[int | None, typer.Option(min=0, max=51, help="Encoder quality, 0 best to 51 (default: 20).")] = None,
    locale: Annotated[str, typer.Option(help="Language of the default texts and digits.")] = "fa",
    colors: Annotated[list[str] | None, typer.Option(metavar="SLOT=#RRGGBB", help="Colours; may be repeated.")] = None,
    color_preset: Annotated[str | None, typer.Option(help="A colour preset of the template.")] = None,
    background: Annotated[str, typer.Option(metavar="#RRGGBB", help="Behind transparent scenes.")] = "#ffffff",
    music: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|KEY|none", help="Music: a file, one of the template's, or none (default: its first)."
        ),
    ] = None,
    music_volume: Annotated[float, typer.Option(min=0, max=4, help="1 is the file's own loudness.")] = 0.8,
    fade_out: Annotated[float, typer.Option(min=0, max=60, help="Seconds of the music's fade at the end.")] = 1.5,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Drawing processes (default: one for each core).")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    draft: Annotated[
        bool, typer.Option("--draft", help="Small and quick: 360p unless pixels are given, superfast, crf 28.")
    ] = False,
) -> None:
    """Make a film of a template: its scenes in order, with your values, under music.

    Example: flatrender render templates/promo --set headline="فروش ویژه" --set opening.hero=me.jpg -o film.mp4

    Exit codes: 0 made, 2 wrong input, 3 rendering failed, 130 interrupted. A film that is not whole is never left behind.
    """
    from flatrender.cli.ending import one_line_errors

    with one_line_errors(template):
        from flatrender.cli.choices import chosen_scenes, parse_background, parse_colors, parse_size, parse_values
        from flatrender.cli.choices import resolve as resolve_choice
        from flatrender.cli.output import checked_output
        from flatrender.engine.template import load_template

        checked_output(output, (".mp4",))
        package = load_template(template)
        wanted = chosen_scenes(package, scenes)
        frame = parse_size(package, size, short_side=_DRAFT_SHORT_SIDE if draft else None)
        settings = _settings(
            frame, fps or package.fps, preset, crf, parse_background(background) or (255, 255, 255), draft=draft
        )
        chosen_values = parse_values(package, wanted, values or [])
        chosen_colors = parse_colors(package, color_preset, colors or [])
        resolved = [
            resolve_choice(package, scene, frame.size_key, chosen_values, chosen_colors, locale) for scene in wanted
        ]
        for scene in resolved:
            for warning in scene.warnings:
                typer.echo(f"flatrender: warning: {scene.scene_key}: {warning.detail} [{warning.code}]", err=True)
        _make(package, resolved, settings, output, music, music_volume, fade_out, workers, json=json)


def _settings(
    frame: Frame,
    fps: float,
    preset: PresetName | None,
    crf: int | None,
    background: tuple[int, int, int],
    *,
    draft: bool,
) -> FilmSettings:
    from flatrender.engine.film.settings import FilmSettings

    return FilmSettings(
        width=frame.width,
        height=frame.height,
        fps=fps,
        preset=preset or ("superfast" if draft else "veryfast"),
        crf=crf if crf is not None else (28 if draft else 20),
        background=background,
    )


def _make(
    template: Template,
    scenes: list[ResolvedScene],
    settings: FilmSettings,
    output: Path,
    music: str | None,
    music_volume: float,
    fade_out: float,
    workers: int | None,
    *,
    json: bool,
) -> None:
    import tempfile
    import time

    from flatrender.cli.film_progress import film_progress
    from flatrender.engine.film.render import render_film
    from flatrender.engine.raster.pool import WorkerPool

    began = time.monotonic()
    title = template.manifest.title.get("en") or next(iter(template.manifest.title.values()), None)
    with tempfile.TemporaryDirectory(prefix="flatrender-music-") as folder, WorkerPool(workers) as pool:
        pool.warm()
        sound = _music(template, music, music_volume, fade_out, Path(folder))
        with film_progress() as progress:
            report = render_film(scenes, settings, output, sound=sound, title=title, pool=pool, progress=progress)
    _report(report, scenes, time.monotonic() - began, json=json)


def _music(template: Template, choice: str | None, volume: float, fade_out: float, folder: Path) -> list[TrackSpec]:
    from flatrender.engine.sound.track import TrackSpec

    if choice == "none" or volume == 0 or (choice is None and not template.music):
        return []
    bundled = {music.key: music for music in template.music}
    if choice is None or choice in bundled:
        music = template.music[0] if choice is None else bundled[choice]
        path = folder / f"music{Path(music.file).suffix}"
        path.write_bytes(template.read_file(music.file))
    else:
        path = Path(choice)
    return [TrackSpec(kind="music", path=path, volume=volume, loop=True, fade_out_s=fade_out)]


def _report(report: FilmReport, scenes: list[ResolvedScene], seconds: float, *, json: bool) -> None:
    if json:
        import msgspec

        warnings = [{"scene": s.scene_key, **msgspec.to_builtins(w)} for s in scenes for w in s.warnings]
        facts = msgspec.to_builtins(report) | {
            "render_s": round(seconds, 3),
            "scenes": [{"key": s.scene_key, "sha256": s.sha256} for s in scenes],
            "warnings": warnings,
        }
        typer.echo(msgspec.json.format(msgspec.json.encode(facts), indent=2).decode())
        return
    sound = f", {report.audio_codec}" if report.audio_codec else ", no sound"
    typer.echo(
        f"{report.path}  {report.width}×{report.height}  {report.frames} frames, {report.duration_s:.2f} s at "
        f"{report.fps:g}/s{sound}, {report.size_bytes / 1e6:.1f} MB  in {seconds:.1f} s"
    )
