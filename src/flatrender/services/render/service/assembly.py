"""From segments and sound files in the store to a checked film in the store. All media work happens in child processes with deadlines."""

import asyncio
import tempfile
import threading
from collections.abc import Awaitable, Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Literal, TypeVar, cast
from uuid import UUID

import msgspec

from flatrender.contracts.render import SoundTrack
from flatrender.engine.clips.model import ClipFile
from flatrender.engine.film.clip_sound import clip_tracks
from flatrender.engine.film.join import join_segments
from flatrender.engine.film.outputs import Source, derive_film, take_still
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.probe import ExpectedFilm, FilmReport, probe_film
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.sound.mix import mix_sound
from flatrender.engine.sound.track import TrackSpec
from flatrender.kit.errors import TooLarge
from flatrender.kit.objects import ObjectStore
from flatrender.protocol.work import SceneFigures
from flatrender.services.render.service.segment_checks import Piece, SegmentChecks, file_sha256
from flatrender.services.render.service.sources import asset_object_key
from flatrender.services.render.settings import RenderSettings

Result = TypeVar("Result")
Stage = Callable[[str, float], Awaitable[bool]]
"""Shows (status, per cent), or with an empty status nothing new; False when the film is not wanted any more."""

POSTER_WIDTH = 960
CONTAINERS = {"png_frames": "png_seq", "jpeg_frames": "jpeg_seq"}
"""The engine's kind → the container as output profiles call it, where that is not the engine's own name."""
CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mov": "video/quicktime",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".png": "image/apng",
    ".zip": "application/zip",
}
WATCH_S = 0.5


class Sound(msgspec.Struct, frozen=True, kw_only=True):
    """A sound file in the store and how it sounds."""

    track: SoundTrack
    object_key: str
    size: int


class ClipScene(msgspec.Struct, frozen=True, kw_only=True):
    """A scene of the film that shows films, whose sound belongs to it."""

    figures: SceneFigures
    object_key: str
    begins: int
    """Where in the film its own frame 0 is, in output frames."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A film that passed its check."""

    film_key: str
    poster_key: str
    sha256: str
    bytes: int
    width: int
    height: int
    duration_ms: int
    poster_width: int
    poster_height: int
    codecs: str
    container: str
    content_type: str


class Assembly:
    """Joins films in a temporary folder."""

    def __init__(self, objects: ObjectStore, settings: RenderSettings) -> None:
        self._objects = objects
        self._settings = settings
        self._checks = SegmentChecks(objects, settings)

    async def make(
        self,
        tenant_id: UUID,
        job_id: UUID,
        *,
        attempt: int,
        title: str,
        settings: FilmSettings,
        frames: int,
        poster_frame: int,
        pieces: Sequence[Piece],
        sounds: Sequence[Sound],
        clips: Sequence[ClipScene] = (),
        stage: Stage,
    ) -> Made:
        """Return the finished film. Raises BrokenSegments, RenderError (`cancelled` when `stage` said so), TooLarge."""
        cancel = threading.Event()
        watcher = asyncio.create_task(_watch(stage, cancel))
        try:
            with tempfile.TemporaryDirectory(prefix="flatrender-finish-") as name:
                folder = Path(name)
                await stage("stitching", 93)
                segments = await self._checks.good(tenant_id, folder, pieces, settings, cancel)
                sound = None
                heard = settings.facts.audio is not None
                tracks = await self._clip_tracks(tenant_id, folder, clips, settings.rate) if clips and heard else []
                if heard and (sounds or tracks):
                    await stage("audio_mix", 95)
                    tracks = [*await self._tracks(folder, sounds), *tracks]
                    out = folder / f"sound{settings.facts.sound_suffix}"
                    sound = await self._mixed(out, tracks, float(frames / settings.rate), cancel)
                await stage("encoding", 96)
                film = folder / f"film{settings.facts.suffix}"
                await asyncio.to_thread(
                    join_segments,
                    segments,
                    settings,
                    film,
                    sound=sound,
                    title=title or None,
                    deadline_s=self._settings.join_deadline_s,
                    cancel=cancel,
                )
                expected = ExpectedFilm(
                    frames=frames,
                    rate=settings.rate,
                    width=settings.width,
                    height=settings.height,
                    sound=sound is not None,
                    kind=settings.kind,
                    alpha=settings.alpha,
                    background=settings.background,
                )
                source = Source(path=film, settings=settings, frames=frames)
                poster = folder / "poster.jpg"
                report, size = await asyncio.gather(
                    asyncio.to_thread(probe_film, film, expected, cancel=cancel),
                    asyncio.to_thread(take_still, source, poster_frame, poster, width=POSTER_WIDTH, cancel=cancel),
                )
                await stage("uploading", 98)
                return await self._stored(tenant_id, job_id, attempt, film, poster, size, report, settings)
        finally:
            watcher.cancel()
            cancel.set()

    async def derive(
        self,
        tenant_id: UUID,
        job_id: UUID,
        *,
        attempt: int,
        title: str,
        film_key: str,
        film_settings: FilmSettings,
        film_frames: int,
        settings: FilmSettings,
        stage: Stage,
    ) -> Made:
        """Return another file made from a finished film in the store; it has no poster. Raises RenderError (`cancelled` when `stage` said so)."""
        cancel = threading.Event()
        watcher = asyncio.create_task(_watch(stage, cancel))
        try:
            with tempfile.TemporaryDirectory(prefix="flatrender-derive-") as name:
                folder = Path(name)
                await stage("encoding", 96)
                path = await self._checks.fetched(
                    folder / f"film{film_settings.facts.suffix}", film_key, self._settings.max_segment_bytes
                )
                out = folder / f"derived{settings.facts.suffix}"
                report = await asyncio.to_thread(
                    derive_film,
                    Source(path=path, settings=film_settings, frames=film_frames),
                    settings,
                    out,
                    title=title or None,
                    deadline_s=self._settings.join_deadline_s,
                    cancel=cancel,
                )
                await stage("uploading", 98)
                return await self._stored(tenant_id, job_id, attempt, out, None, (0, 0), report, settings)
        finally:
            watcher.cancel()
            cancel.set()

    async def _tracks(self, folder: Path, sounds: Sequence[Sound]) -> list[TrackSpec]:
        if sum(sound.size for sound in sounds) > self._settings.max_sound_bytes:
            raise TooLarge(
                f"the film's sounds together are larger than {self._settings.max_sound_bytes >> 20} MiB",
                code="render.sound_too_large",
            )
        tracks: list[TrackSpec] = []
        for index, sound in enumerate(sounds):
            path = await self._checks.fetched(
                folder / f"sound-{index}", sound.object_key, self._settings.max_sound_bytes
            )
            track = sound.track
            tracks.append(
                TrackSpec(
                    kind=cast("Literal['music', 'voiceover', 'sfx']", track.kind),
                    path=path,
                    volume=track.volume,
                    start_s=track.start_ms / 1000,
                    offset_s=track.trim_start_ms / 1000,
                    end_s=None if track.trim_end_ms is None else track.trim_end_ms / 1000,
                    loop=track.loop,
                    fade_in_s=track.fade_in_ms / 1000,
                    fade_out_s=track.fade_out_ms / 1000,
                )
            )
        return tracks

    async def _clip_tracks(
        self, tenant_id: UUID, folder: Path, scenes: Sequence[ClipScene], rate: Fraction
    ) -> list[TrackSpec]:
        tracks: list[TrackSpec] = []
        for shown in scenes:
            clips = [
                ClipFile(
                    sha256=sha256,
                    path=await self._checks.fetched(
                        folder / f"clip-{sha256}", asset_object_key(tenant_id, sha256), self._settings.max_clip_bytes
                    ),
                )
                for sha256 in shown.figures.clips
            ]
            lottie = await self._objects.get(shown.object_key, limit_bytes=self._settings.max_scene_bytes)
            found = shown.figures
            scene = ResolvedScene(
                scene_key=found.scene_key,
                lottie=lottie,
                sha256=found.sha256,
                width=found.width,
                height=found.height,
                fps=found.fps,
                first_frame=found.first_frame,
                frames=found.frames,
                clips=tuple(clips),
            )
            tracks += clip_tracks(scene, float(shown.begins / rate))
        return tracks

    async def _mixed(self, out: Path, tracks: Sequence[TrackSpec], duration_s: float, cancel: threading.Event) -> Path:
        await asyncio.to_thread(
            mix_sound, tracks, duration_s, out, deadline_s=self._settings.join_deadline_s, cancel=cancel
        )
        return out

    async def _stored(
        self,
        tenant_id: UUID,
        job_id: UUID,
        attempt: int,
        film: Path,
        poster: Path | None,
        poster_size: tuple[int, int],
        report: FilmReport,
        settings: FilmSettings,
    ) -> Made:
        digest = await asyncio.to_thread(file_sha256, film)
        # The key has the content's hash: an executor that was thought dead and finishes as well writes the same bytes or another object.
        film_key = f"films/{tenant_id}/{job_id}/{attempt}-{digest[:32]}{settings.facts.suffix}"
        poster_key = f"films/{tenant_id}/{job_id}/{attempt}-{digest[:32]}.jpg" if poster is not None else ""
        await self._objects.put(film_key, film)
        if poster is not None:
            await self._objects.put(poster_key, poster)
        codecs = ",".join(filter(None, (report.video_codec, report.audio_codec)))
        return Made(
            film_key=film_key,
            poster_key=poster_key,
            sha256=digest,
            bytes=report.size_bytes,
            width=report.width,
            height=report.height,
            duration_ms=round(report.duration_s * 1000),
            poster_width=poster_size[0],
            poster_height=poster_size[1],
            codecs=codecs,
            container=CONTAINERS.get(settings.kind, settings.facts.container),
            content_type=CONTENT_TYPES[settings.facts.suffix],
        )


async def _watch(stage: Stage, cancel: threading.Event) -> None:
    """Set `cancel` when the film is not wanted any more; a database that is away for a moment decides nothing."""
    while True:
        await asyncio.sleep(WATCH_S)
        try:
            if not await stage("", 0):
                cancel.set()
                return
        except Exception:  # noqa: BLE001, S112 - asked again in a moment
            continue
