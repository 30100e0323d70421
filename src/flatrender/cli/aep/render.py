"""`flatrender aep render`: a film of a composition."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flatrender.cli.aep.findings import warn
from flatrender.cli.aep.options import Composition, ProjectFile
from flatrender.cli.options import (
    OUTPUT,
    PICTURE,
    SCENES,
    SOUND,
    Alpha,
    Crf,
    Draft,
    Frames,
    Json,
    Kind,
    Locale,
    NoStore,
    Preset,
    Progress,
    Quiet,
    SizeName,
    StoreFolder,
    ValuesFile,
    Workers,
)

if TYPE_CHECKING:
    from flatrender.aftereffects.template.report import TemplateScene
    from flatrender.engine.sound.track import TrackSpec


def render(  # noqa: PLR0917  # options of a command are positional to typer only
    project: ProjectFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            rich_help_panel=OUTPUT,
            help="The film: .mp4, .webm, .mov, .gif, .webp, .apng, or pictures in a .zip.",
        ),
    ],
    comp: Composition = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            rich_help_panel=SCENES,
            help="Value of a field; `flatrender aep inspect` lists the keys. A picture is a path, a colour #rrggbb. May be repeated.",
        ),
    ] = None,
    values_file: ValuesFile = None,
    allow_approximate: Annotated[
        bool,
        typer.Option(
            "--allow-approximate",
            rich_help_panel=SCENES,
            help="Draw it although something of it needs After Effects and will be missing.",
        ),
    ] = False,
    extra: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", rich_help_panel=SCENES, help="A folder with fonts and footage that the project lacks."
        ),
    ] = None,
    locale: Locale = "fa",
    background: Annotated[
        str | None,
        typer.Option(
            metavar="#RRGGBB",
            rich_help_panel=SCENES,
            help="Behind the layers (default: the composition's own; with --alpha nothing).",
        ),
    ] = None,
    frames: Frames = None,
    size: SizeName = None,
    fps: Annotated[
        float | None,
        typer.Option(rich_help_panel=PICTURE, help="Frames a second, 1 to 120 (default: the composition's)."),
    ] = None,
    draft: Draft = False,
    kind: Kind = None,
    alpha: Alpha = False,
    preset: Preset = None,
    crf: Crf = None,
    silent: Annotated[
        bool, typer.Option("--silent", rich_help_panel=SOUND, help="Without the composition's own sound.")
    ] = False,
    music: Annotated[
        str | None, typer.Option(metavar="FILE", rich_help_panel=SOUND, help="Music under the film.")
    ] = None,
    workers: Workers = None,
    store: StoreFolder = None,
    no_store: NoStore = False,
    progress: Progress = "auto",
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Make a film of a composition without After Effects, with your values in its fields.

    What cannot be drawn here ends the command (code `needs_after_effects`), unless `--allow-approximate` says that it may be missing.

    For example: `flatrender aep render promo.aep --comp Main --set headline="فروش ویژه" -o film.mp4`

    Exit codes: 0 made, 2 wrong input, or the composition needs After Effects, 3 rendering failed, 130 interrupted.
    """
    import tempfile

    from flatrender.cli.ending import one_line_errors

    with one_line_errors(project, json=json), tempfile.TemporaryDirectory(prefix="flatrender-aep-") as folder:
        from flatrender.aftereffects.apart import template_apart
        from flatrender.cli.choices import parse_background, read_values
        from flatrender.cli.extras import split_range
        from flatrender.cli.film import FilmRequest, Maker
        from flatrender.cli.film_progress import film_progress
        from flatrender.cli.kept import open_store
        from flatrender.cli.output import checked_film
        from flatrender.engine.raster.pool import WorkerPool
        from flatrender.engine.template import load_template

        checked_film(output, kind, alpha=alpha)
        document = read_values(values_file) if values_file is not None else {}
        package = Path(folder) / "template"
        made = template_apart(
            project, package, compositions=(comp,) if comp is not None else (), only_first=True, extra=extra
        )
        scene = made.scenes[0]
        if scene.engine == "aerender" and not allow_approximate:
            _refuse(scene)
        if not quiet:
            warn(one for one in scene.findings if one.feature != "layer.audio")  # it is heard: see `sounds`
        given, colors = _sorted(scene, values or [], document)
        if background is not None or alpha:
            _put_behind(package, parse_background(background))
        request = FilmRequest(
            output=output,
            document=given,
            colors=colors,
            size=size,
            fps=fps,
            preset=preset,
            crf=crf,
            locale=locale,
            music=music or "none",
            draft=draft,
            kind=kind,
            alpha=alpha,
            tracks=[] if silent else _tracks(scene, package),
            part=split_range(frames) if frames is not None else (None, None),
        )
        with WorkerPool(workers) as pool, film_progress("none" if quiet else progress) as show:
            if no_store:
                pool.warm()
            maker = Maker(load_template(package), pool, open_store(store, none=no_store, quiet=quiet), quiet=quiet)
            film = maker.make(request, show)
    if json:
        from flatrender.cli.output import print_json

        print_json(film.facts())
    elif not quiet:
        typer.echo(film.line())


def _refuse(scene: TemplateScene) -> None:
    from flatrender.aftereffects.errors import ProjectError

    lost = [one for one in scene.findings if one.verdict == "not_drawn"]
    named = "; ".join(f"{one.where}: {one.detail}" for one in lost[:3])
    more = f"; and {len(lost) - 3} more (flatrender aep report)" if len(lost) > 3 else ""
    raise ProjectError(
        f"{named}{more}. Render it with After Effects, or say --allow-approximate",
        code="needs_after_effects",
        where=scene.title,
    )


def _sorted(scene: TemplateScene, options: list[str], document: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of fields, and the colours, which are slots of the template. Raises ValueRefused."""
    from flatrender.engine.errors import ValueRefused

    fields = {field.key: field for field in scene.fields}
    values, colors = {}, []
    pairs = list(document.items())
    for option in options:
        key, sign, text = option.partition("=")
        if not sign or not key:
            raise ValueRefused(f"--set {option[:80]!r}: write key=value", code="wrong_type")
        pairs.append((key, text))
    for key, value in pairs:
        field = fields.get(key)
        if field is None and not key.startswith("@"):
            raise ValueRefused(
                f"{scene.title!r} has no field {key[:60]!r}; it has {', '.join(fields) or 'none'}",
                code="unknown_field",
                where=key,
            )
        if field is not None and field.slot:
            colors.append(f"{key}={value}")
        elif field is not None and not field.bindings:
            raise ValueRefused(
                f"the drawn scene does not take it ({field.unbound}): write it with `flatrender aep personalise` and render with After Effects",
                code="unknown_field",
                where=key,
            )
        else:
            values[key] = value
    return values, colors


def _put_behind(package: Path, color: tuple[int, int, int] | None) -> None:
    """Let the scene of a package have another ground than the composition's, or none."""
    import msgspec

    from flatrender.engine.template.load import MANIFEST
    from flatrender.engine.template.model import Manifest
    from flatrender.engine.template.rules import Background

    file = package / MANIFEST
    manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    ground = None if color is None else Background(color="#" + bytes(color).hex())
    scenes = tuple(msgspec.structs.replace(scene, background=ground) for scene in manifest.scenes)
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(manifest, scenes=scenes)))


def _tracks(scene: TemplateScene, package: Path) -> list[TrackSpec]:
    from flatrender.engine.sound.track import TrackSpec

    return [
        TrackSpec(
            kind="sfx",
            path=package / sound.file,
            start_s=sound.start_s,
            offset_s=sound.offset_s,
            end_s=sound.end_s,
            speed=sound.speed,
            volume=sound.volume,
        )
        for sound in scene.sounds
    ]
