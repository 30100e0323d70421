"""One film of the command line: from what was asked for to the file."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import msgspec
import typer

from flatrender.cli.choices import (
    Frame,
    Values,
    chosen_scenes,
    parse_background,
    parse_colors,
    parse_size,
    resolve_all,
)
from flatrender.cli.choices import parse_values as sort_values
from flatrender.cli.extras import parse_part, parse_transitions, watermark_options
from flatrender.cli.output import checked_film
from flatrender.engine.film.render import FilmProgress, is_kept, render_film
from flatrender.engine.film.settings import Dither, FilmSettings, Preset
from flatrender.engine.kinds import KINDS, OutputKind
from flatrender.engine.probe import FilmReport
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.track import TrackSpec
from flatrender.engine.store.disk import Store
from flatrender.engine.template import Template

if TYPE_CHECKING:
    from flatrender.engine.resolve.watermark import Anchor

DRAFT_SHORT_SIDE = 360


class FilmRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the options of `flatrender render` say."""

    output: Path
    values: Sequence[str] = ()
    document: dict[str, Any] = {}
    """Values that a file or a row gave; `values` go over them."""
    scenes: str | None = None
    size: str | None = None
    fps: float | None = None
    preset: Preset | None = None
    crf: int | None = None
    locale: str = "fa"
    colors: Sequence[str] = ()
    color_preset: str | None = None
    background: str = "#ffffff"
    music: str | None = None
    music_volume: float = 0.8
    fade_out: float = 1.5
    draft: bool = False
    kind: OutputKind | None = None
    alpha: bool = False
    max_kbps: int | None = None
    dither: Dither = "sierra2_4a"
    transition: str | None = None
    watermark: str | None = None
    watermark_place: str = "bottom_right"
    tracks: Sequence[TrackSpec] = ()
    """Voices and effects besides the music."""
    part: tuple[str | None, str | None] = (None, None)
    """First and last frame (`60`) or second (`2.5s`) of the part that is wanted."""


class FilmMade(NamedTuple):
    """A film that was made."""

    report: FilmReport
    scenes: list[ResolvedScene]
    seconds: float
    frames_reused: int

    def facts(self) -> dict[str, Any]:
        """Return everything about it, for JSON."""
        warnings = [{"scene": s.scene_key, **msgspec.to_builtins(w)} for s in self.scenes for w in s.warnings]
        facts: dict[str, Any] = msgspec.to_builtins(self.report)
        return facts | {
            "render_s": round(self.seconds, 3),
            "frames_reused": self.frames_reused,
            "scenes": [{"key": s.scene_key, "sha256": s.sha256, "frames": s.frames} for s in self.scenes],
            "warnings": warnings,
        }

    def line(self) -> str:
        """Return one line about it, for people."""
        report = self.report
        sound = f", {report.audio_codec}" if report.audio_codec else ", no sound"
        reused = f", {self.frames_reused} frames made before" if self.frames_reused else ""
        return (
            f"{report.path}  {report.width}×{report.height}  {report.frames} frames, {report.duration_s:.2f} s at "
            f"{report.fps:g}/s{sound}, {report.size_bytes / 1e6:.1f} MB  in {self.seconds:.1f} s{reused}"
        )


class Maker:
    """Makes films of one template, with one set of workers and one store."""

    def __init__(self, template: Template, pool: WorkerPool, store: Store | None, *, quiet: bool = False) -> None:
        self._template, self._pool, self._store, self._quiet = template, pool, store, quiet

    def make(self, request: FilmRequest, progress: Callable[[FilmProgress], None]) -> FilmMade:
        """Make one film. Raises EngineError."""
        began = time.monotonic()
        kind = checked_film(request.output, request.kind, alpha=request.alpha)
        template = self._template
        wanted = chosen_scenes(template, request.scenes)
        frame = parse_size(template, request.size, short_side=DRAFT_SHORT_SIDE if request.draft else None)
        settings = film_settings(request, frame, template.fps, kind)
        values = sort_values(template, wanted, request.values, request.document)
        colors = parse_colors(template, request.color_preset, request.colors)
        transitions = parse_transitions(request.transition, len(wanted), template, frame.size_key)
        scenes = self._resolved(request, wanted, frame, values, colors, settings)
        last: list[FilmProgress] = []

        def note(state: FilmProgress) -> None:
            last[:] = [state]
            progress(state)

        title = template.manifest.title.get("en") or next(iter(template.manifest.title.values()), None)
        with ExitStack() as stack:
            report = render_film(
                scenes,
                settings,
                request.output,
                transitions=transitions,
                sound=[*_music(template, request, stack), *request.tracks],
                frames=parse_part(*request.part, settings),
                title=title,
                pool=self._pool,
                store=self._store,
                progress=note,
            )
        return FilmMade(report, scenes, time.monotonic() - began, last[0].frames_reused if last else 0)

    def _resolved(
        self,
        request: FilmRequest,
        wanted: Sequence[Any],
        frame: Frame,
        values: Values,
        colors: dict[str, str],
        settings: FilmSettings,
    ) -> list[ResolvedScene]:
        scenes: list[ResolvedScene] = []
        warm = False
        hits = 0
        options: dict[str, Any] = {"canvas": (settings.width, settings.height)}
        if request.watermark is not None:
            options |= watermark_options(request.watermark, cast("Anchor", request.watermark_place))
        for scene in resolve_all(
            self._template, wanted, frame.size_key, values, colors, request.locale, self._store, **options
        ):
            scenes.append(scene)
            # With transitions a scene's only segment may be one that shows a part of it.
            seen = request.transition is not None and self._store is not None and self._store.use.hits > hits
            hits = self._store.use.hits if self._store is not None else 0
            if not warm and not seen and not is_kept(scene, settings, self._store):
                # The workers get ready while the other scenes are resolved.
                self._pool.warm(films=True)
                warm = True
            for warning in () if self._quiet else scene.warnings:
                typer.echo(f"flatrender: warning: {scene.scene_key}: {warning.detail} [{warning.code}]", err=True)
        return scenes


def film_settings(request: FilmRequest, frame: Frame, fps: float, kind: OutputKind) -> FilmSettings:
    """Return how the film is encoded. Raises RenderError `settings_invalid`."""
    return FilmSettings(
        width=frame.width,
        height=frame.height,
        fps=request.fps or min(fps, KINDS[kind].max_fps),
        preset=request.preset or ("superfast" if request.draft else "veryfast"),
        crf=request.crf if request.crf is not None else (28 if request.draft else 20),
        background=parse_background(request.background) or (255, 255, 255),
        kind=kind,
        alpha=request.alpha,
        max_kbps=request.max_kbps,
        dither=request.dither,
    )


def _music(template: Template, request: FilmRequest, stack: ExitStack) -> list[TrackSpec]:
    choice = request.music
    if choice == "none" or request.music_volume == 0 or (choice is None and not template.music):
        return []
    bundled = {music.key: music for music in template.music}
    if choice is None or choice in bundled:
        music = template.music[0] if choice is None else bundled[choice]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="flatrender-music-")))
        path = folder / f"music{Path(music.file).suffix}"
        path.write_bytes(template.read_file(music.file))
    else:
        path = Path(choice)
    volume, fade_out_s = request.music_volume, request.fade_out
    return [TrackSpec(kind="music", path=path, volume=volume, loop=True, fade_out_s=fade_out_s)]
