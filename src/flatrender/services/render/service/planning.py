"""Pure functions from a film's input to its chunks: sizes, chunk lengths, cache keys, tasks."""

import itertools
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, cast
from uuid import UUID

import msgspec

from flatrender.contracts.content import ResolvedSceneData
from flatrender.contracts.render import FilmInput
from flatrender.engine.clips.model import ClipFile
from flatrender.engine.errors import RenderError
from flatrender.engine.film.keys import segment_key, still_key
from flatrender.engine.film.plan import Chunk, plan_film
from flatrender.engine.film.settings import FilmSettings, Preset
from flatrender.engine.film.transitions import CUT, Transition
from flatrender.engine.kinds import OutputKind
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.store.keys import content_key as store_key
from flatrender.protocol.work import Engine, SceneFigures, SegmentTask, SourceFigures, StillTask
from flatrender.services.render.queries.chunks import NewChunk
from flatrender.services.render.queries.jobs import ProfileRow
from flatrender.services.render.service.pools import engine_of, pool_of
from flatrender.services.render.service.sources import PlannedSource, planned_source, scene_object_key
from flatrender.services.render.settings import RenderSettings

PRESETS: Mapping[str, Preset] = {"draft": "ultrafast"}
DEFAULT_PRESET: Preset = "veryfast"
DEFAULT_CRF = 20
GIF_FPS = 25
"""A GIF of more is large and no smoother in most viewers: its rate is halved until it is at most this."""
KINDS_OF_PROFILES: Mapping[tuple[str, str], OutputKind] = {
    ("mp4", ""): "mp4_h264",
    ("mp4", "h264"): "mp4_h264",
    ("mp4", "h265"): "mp4_h265",
    ("mp4", "hevc"): "mp4_h265",
    ("mp4", "av1"): "mp4_av1",
    ("webm", ""): "webm_vp9",
    ("webm", "vp9"): "webm_vp9",
    ("webm", "av1"): "webm_av1",
    ("mov", "prores_4444"): "mov_prores_4444",
    ("mov", "prores_422"): "mov_prores_422",
    ("gif", ""): "gif",
    ("gif", "gif"): "gif",
    ("webp", ""): "webp",
    ("webp", "webp"): "webp",
    ("apng", ""): "apng",
    ("apng", "apng"): "apng",
    ("jpeg_seq", ""): "jpeg_frames",
    ("jpeg_seq", "mjpeg"): "jpeg_frames",
    ("png_seq", ""): "png_frames",
    ("png_seq", "png"): "png_frames",
}
"""(container, video codec) of an output profile → what its films are written as."""


def film_size(width: int, height: int, max_height: int) -> tuple[int, int]:
    """Scale a template's size so that its shorter side is at most `max_height`; never up; even numbers of at least 16.

    The shorter side, so that "1080p" of a portrait film is 1080 × 1920.
    """
    scale = min(1.0, max_height / min(width, height))
    return max(16, 2 * round(width * scale / 2)), max(16, 2 * round(height * scale / 2))


def film_settings(profile: ProfileRow, *, width: int, height: int, fps: float) -> FilmSettings:
    """Return how a film of this profile is encoded; raises RenderError `settings_invalid`, also for a profile that names no kind of output."""
    kind, alpha = output_kind(profile)
    while kind == "gif" and fps > GIF_FPS:
        fps /= 2
    return FilmSettings(
        width=width,
        height=height,
        fps=fps,
        preset=PRESETS.get(profile.key, DEFAULT_PRESET),
        crf=DEFAULT_CRF if profile.crf is None else profile.crf,
        kind=kind,
        alpha=alpha,
        max_kbps=profile.bitrate_kbps,
    )


def output_kind(profile: ProfileRow) -> tuple[OutputKind, bool]:
    """Return what a profile's films are written as, and whether they keep transparency (its pixel format has an alpha channel).

    Raises RenderError `settings_invalid` for a container and codec that do not go together.
    """
    pixels = profile.pixel_format or ""
    codec = profile.video_codec or ""
    if profile.container == "mov" and codec in ("", "prores"):
        codec = "prores_422" if pixels.startswith("yuv422") else "prores_4444"
    kind = KINDS_OF_PROFILES.get((profile.container, codec))
    if kind is None:
        raise RenderError(
            f"the output profile {profile.key!r} asks for {codec!r} in {profile.container!r}: correct its codec",
            code="settings_invalid",
        )
    return kind, pixels.startswith(("yuva", "rgba", "bgra", "gbrap"))


def engine_scene(scene: ResolvedSceneData) -> ResolvedScene:
    """Return the engine's view of a resolved scene."""
    return ResolvedScene(
        scene_key=scene.scene_key,
        lottie=scene.lottie,
        sha256=scene.sha256,
        width=scene.width,
        height=scene.height,
        fps=scene.fps,
        first_frame=scene.first_frame,
        frames=scene.frames,
        snapshot_frame=scene.snapshot_frame,
        clips=tuple(ClipFile(sha256=clip.sha256, path=Path()) for clip in scene.clips),
    )


def figures(scene: ResolvedScene | ResolvedSceneData) -> SceneFigures:
    """Return what a node must know of the scene besides its Lottie."""
    return SceneFigures(
        scene_key=scene.scene_key,
        sha256=scene.sha256,
        width=scene.width,
        height=scene.height,
        fps=scene.fps,
        first_frame=scene.first_frame,
        frames=scene.frames,
        clips=tuple(sorted(clip.sha256 for clip in scene.clips)),
    )


def transitions_of(film: FilmInput, scenes: Sequence[ResolvedSceneData] = ()) -> list[Transition]:
    """Return the film's transitions as the engine takes them, one fewer than scenes. Raises RenderError `settings_invalid`.

    Beside a scene of `scenes` that After Effects draws there is a cut: the open engine has only an approximation of it to mix with the other.
    """
    if not film.transitions:
        return [CUT] * (len(film.scenes) - 1)
    found = []
    for index, wanted in enumerate(film.transitions):
        if any(scene.source is not None for scene in scenes[index : index + 2]):
            found.append(CUT)
            continue
        if re.fullmatch(r"#[0-9a-fA-F]{6}", wanted.color) is None:
            raise RenderError(f"{wanted.color[:20]!r} is no colour; write #rrggbb", code="settings_invalid")
        red, green, blue = bytes.fromhex(wanted.color[1:])
        found.append(
            Transition(
                kind=wanted.kind,
                seconds=wanted.duration_ms / 1000,
                direction=wanted.direction,
                color=(red, green, blue),
            )
        )
    return found


def poster_frame(chunks: Sequence[tuple[str | None, int]]) -> int:
    """Return the film's frame that stands for it, from (scene key, last frame) of each chunk in order.

    Two thirds into the first scene: its words have come in and it has not begun to leave.
    """
    first = list(itertools.takewhile(lambda chunk: chunk[0] == chunks[0][0], chunks))
    return round(first[-1][1] * 2 / 3)


def chunk_length(settings: RenderSettings, frame_s: float | None, engine: Engine = "thorvg") -> int:
    """Return how many frames a chunk should have so that it takes a node about `chunk_s` seconds, from measured seconds per frame.

    One of a few fixed lengths: a segment can only be used again when its film is cut in the same places. After Effects has longer ones: it takes half
    a minute to start.
    """
    if engine == "aerender":
        lengths, seconds, unmeasured = (
            settings.aerender_chunk_lengths,
            settings.aerender_chunk_s,
            settings.aerender_chunk_frames,
        )
    else:
        lengths, seconds, unmeasured = settings.chunk_lengths, settings.chunk_s, settings.chunk_frames
    if frame_s is None or frame_s <= 0:
        return unmeasured
    return max((length for length in lengths if length * frame_s <= seconds), default=min(lengths))


def content_key(task: SegmentTask | StillTask) -> bytes:
    """Return the 32-byte cache key of a task's output: the engine's own key, so that the farm and the command agree on what is the same."""
    # The scene's own hash covers its films.
    figures_used = {name: value for name, value in msgspec.to_builtins(task.scene).items() if name != "clips"}
    if task.source is not None:
        figures_used["sha256"] = _source_sha256(task, task.source)
    scene = ResolvedScene(lottie=b"", **figures_used)
    if isinstance(task, StillTask):
        key = still_key(
            scene,
            task.frame,
            width=task.width,
            height=task.height,
            format=task.format,
            background=task.background,
        )
    else:
        key = segment_key(scene, task.first, task.last, segment_settings_of(task))
    return bytes.fromhex(key)


def segment_settings_of(task: SegmentTask | StillTask) -> FilmSettings:
    """Return how a segment is encoded. Every figure of the task besides its range is a setting: a new one cannot be left out of the key."""
    return FilmSettings(**{name: getattr(task, name) for name in task.__struct_fields__ if name not in _NO_SETTINGS})


_NO_SETTINGS = ("scene", "first", "last", "source", "overlay")
"""What a task says besides the encoder's settings."""


def _source_sha256(task: SegmentTask | StillTask, source: SourceFigures) -> str:
    """Return what stands in the key for a scene that After Effects draws: the project, the values and their files, what is laid over it."""
    overlay = task.overlay.sha256 if isinstance(task, SegmentTask) and task.overlay is not None else None
    told = {
        "source": source.sha256,
        "path": source.path,
        "composition": source.composition,
        "first_frame": source.first_frame,
        "fps": source.fps,
        "fields": source.fields,
        "values": source.values,
        "assets": {name: asset.sha256 for name, asset in source.assets.items()},
        "overlay": overlay,
    }
    return store_key("after-effects-scene", told)


Cuts = dict[int, list[NewChunk]]
"""One scene's chunks for each chunk length; not numbered yet."""


def cuts(
    scenes: Sequence[ResolvedScene],
    settings: FilmSettings,
    *,
    tenant_id: UUID,
    lengths: Sequence[int],
    trims: Sequence[tuple[int, int]] = (),
    sources: Mapping[int, PlannedSource] | None = None,
    source_lengths: Sequence[int] = (),
) -> tuple[int, list[Cuts]]:
    """Return the film's frames, and for each scene in order how it would be cut with each chunk length; `trims` as for `plan_film`.

    `sources` names by their index the scenes that After Effects draws; they are cut with `source_lengths`.
    Raises RenderError `settings_invalid` when there is no scene or the film is too long.
    """
    frames, found = 0, [Cuts() for _ in scenes]
    planned = sources or {}
    for length in sorted({*lengths, *(source_lengths if planned else ())}):
        film = plan_film(scenes, settings, chunk_frames=length, trims=trims)
        frames = film.frames
        for piece in film.chunks:
            source = planned.get(piece.scene)
            if length not in (lengths if source is None else source_lengths):
                continue
            chunk = _chunk(scenes[piece.scene], piece, film.scenes[piece.scene].begins, settings, tenant_id, source)
            found[piece.scene].setdefault(length, []).append(chunk)
    return frames, found


def _chunk(
    scene: ResolvedScene,
    piece: Chunk,
    start: int,
    settings: FilmSettings,
    tenant_id: UUID,
    source: PlannedSource | None,
) -> NewChunk:
    task = SegmentTask(
        scene=figures(scene),
        first=piece.first,
        last=piece.last,
        width=settings.width,
        height=settings.height,
        fps=settings.fps,
        preset=settings.preset,
        crf=settings.crf,
        background=settings.background,
        kind=settings.kind,
        alpha=settings.alpha,
        max_kbps=settings.max_kbps,
        source=source.source if source is not None else None,
        overlay=source.overlay if source is not None else None,
    )
    return NewChunk(
        chunk_no=0,
        frame_start=start + piece.first,
        frame_end=start + piece.last,
        scene_key=scene.scene_key,
        scene_object_key=scene_object_key(tenant_id, scene.sha256),
        scene_sha256=scene.sha256,
        task=msgspec.to_builtins(task),
        cache_key=content_key(task),
        pool=pool_of(task),
        engine=engine_of(task),
        project_sha256=task.source.sha256 if task.source is not None else None,
    )


def choose_cuts(found: Sequence[Cuts], stored: Collection[bytes], *, preferred: Sequence[int]) -> list[NewChunk]:
    """Return the film's chunks, numbered: each scene is cut where most of its frames are stored already, else with the length preferred for it."""
    chosen: list[NewChunk] = []
    for scene, wanted in zip(found, preferred, strict=True):

        def saved(option: tuple[int, list[NewChunk]], wanted: int = wanted) -> tuple[int, bool]:
            length, chunks = option
            frames = sum(chunk.frame_end - chunk.frame_start + 1 for chunk in chunks if chunk.cache_key in stored)
            return frames, length == wanted

        chosen += max(scene.items(), key=saved)[1]
    return [msgspec.structs.replace(chunk, chunk_no=number) for number, chunk in enumerate(chosen)]


def still_task(
    scene: ResolvedSceneData,
    *,
    frame: int,
    width: int,
    format: Literal["png", "jpeg"] = "jpeg",
    as_designed: bool = False,
) -> StillTask:
    """Return the task of drawing one frame `width` pixels wide (never wider than the scene, even numbers).

    `as_designed`: After Effects draws it where only that is faithful; otherwise ThorVG draws its approximation.
    """
    planned = planned_source(scene) if as_designed else None
    wide = min(width, scene.width)
    high = max(2, 2 * round(scene.height * wide / scene.width / 2))
    return StillTask(
        scene=figures(scene),
        frame=float(min(max(frame, 0), scene.frames - 1)),
        width=max(2, 2 * round(wide / 2)),
        height=high,
        format=format,
        source=planned.source if planned is not None else None,
    )


def segment_upload_key(tenant_id: UUID, cache_key: bytes, chunk_id: UUID, epoch: int) -> str:
    """Return where a node puts a segment. The epoch is part of it: what an older holder of the lease still writes never touches a newer output."""
    return f"segments/{tenant_id}/{cache_key.hex()}/{chunk_id.hex}-{epoch}.segment"


def still_upload_key(tenant_id: UUID, kind: str, id: UUID, epoch: int, format: str) -> str:
    """Return where a node puts a picture."""
    folder = "thumbnails" if kind == "snapshot_job" else "previews"
    return f"{folder}/{tenant_id}/{id.hex}-{epoch}.{'png' if format == 'png' else 'jpg'}"


def kind_of(task: dict[str, Any] | None) -> str:
    """Return what the segments of a chunk's task are encoded as; empty for one without a task."""
    return str((task or {}).get("kind", ""))


def decode_task(task: dict[str, Any]) -> SegmentTask | StillTask:
    """Return the task that a row holds."""
    return cast("SegmentTask | StillTask", msgspec.convert(task, SegmentTask | StillTask))
