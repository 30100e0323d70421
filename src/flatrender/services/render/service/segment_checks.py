"""Segments from the store, looked at frame by frame before they become a film: what is broken is named exactly, so that only that is drawn again."""

import asyncio
import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from flatrender.engine.errors import RenderError
from flatrender.engine.film.compare import Order, Question, look_again
from flatrender.engine.film.packets import broken_frames, read_segment
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.strip import Strip, Suspect, read_strip, suspects
from flatrender.kit.errors import AppError, NotFound
from flatrender.kit.objects import ObjectStore
from flatrender.protocol.work import SegmentTask
from flatrender.services.render.service.sources import asset_object_key
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

AT_ONCE = 2
"""Segments decoded side by side."""
REASONS = {"black": "black", "frozen": "frozen", "glitch": "visual_glitch"}


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A segment in the store."""

    chunk_no: int
    object_key: str
    sha256: str
    frames: int
    packets: tuple[int, ...] = ()
    """What its packets summed to when it was made; empty: not known."""
    is_checked: bool = False
    """Whether every frame was looked at before."""
    task: SegmentTask | None = None
    """What should be seen in it; None: unknown, only the file is checked."""
    scene_object_key: str = ""


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a segment."""

    reason: str
    """`missing`, `checksum`, `corrupt`, `truncated`, `black`, `frozen` or `visual_glitch`."""
    frames: list[int]
    """Of the segment, from 0."""


class BrokenSegments(Exception):
    """Segments are missing or damaged, or show what they should not: chunk → what."""

    def __init__(self, broken: dict[int, Broken]) -> None:
        super().__init__(f"segments {sorted(broken)}")
        self.broken = broken


class SegmentChecks:
    """Fetches and checks segments."""

    def __init__(self, objects: ObjectStore, settings: RenderSettings) -> None:
        self._objects = objects
        self._settings = settings

    async def fetched(self, path: Path, key: str, limit_bytes: int) -> Path:
        """Return where an object lies on this machine, fetched to `path` when the store is elsewhere. Raises NotFound."""
        local = self._objects.local_path(key) if key else None
        if local is not None:
            if not local.is_file():
                raise NotFound("there is no such object", code="files.not_found")
            return local
        await self._objects.fetch(key, path, limit_bytes=limit_bytes)
        return path

    async def good(
        self, tenant_id: UUID, folder: Path, pieces: Sequence[Piece], settings: FilmSettings, cancel: threading.Event
    ) -> list[Path]:
        """Return the segments' files. Raises BrokenSegments when any is not what it should be, RenderError `cancelled`."""
        slots = asyncio.Semaphore(AT_ONCE)

        async def one(piece: Piece) -> tuple[Path | None, Broken | None, Strip | None]:
            async with slots:
                return await self._one(folder, piece, settings, cancel)

        found = await asyncio.gather(*(one(piece) for piece in pieces))
        broken = {
            piece.chunk_no: wrong for piece, (_, wrong, _) in zip(pieces, found, strict=True) if wrong is not None
        }
        doubtful: list[tuple[Piece, Strip, list[Suspect]]] = []
        for piece, (_, wrong, strip) in zip(pieces, found, strict=True):
            if wrong is None and strip is not None:
                run_of = await asyncio.to_thread(suspects, strip)
                if run_of:
                    doubtful.append((piece, strip, run_of))
        broken |= await self._looked_at_again(tenant_id, folder, doubtful, settings, cancel)
        if broken:
            raise BrokenSegments(broken)
        return [path for path, _, _ in found if path is not None]

    async def _one(
        self, folder: Path, piece: Piece, settings: FilmSettings, cancel: threading.Event
    ) -> tuple[Path | None, Broken | None, Strip | None]:
        everything = list(range(piece.frames))
        try:
            path = await self.fetched(
                folder / f"{piece.chunk_no:06d}.segment", piece.object_key, self._settings.max_segment_bytes
            )
        except NotFound:
            return None, Broken(reason="missing", frames=everything), None
        if await asyncio.to_thread(file_sha256, path) != piece.sha256:
            frames = await asyncio.to_thread(damaged_frames, path, piece, settings, cancel)
            return path, Broken(reason="checksum", frames=frames), None
        if piece.is_checked or piece.task is None:
            return path, None, None
        try:
            strip = await asyncio.to_thread(
                read_strip, path, piece.frames, settings, deadline_s=self._settings.join_deadline_s, cancel=cancel
            )
        except RenderError as error:
            if error.code == "cancelled":
                raise
            log.warning("segment_broken", key=piece.object_key, reason=error.detail)
            reason = "truncated" if "frames instead of" in error.detail else "corrupt"
            return path, Broken(reason=reason, frames=everything), None
        return path, None, strip

    async def _looked_at_again(
        self,
        tenant_id: UUID,
        folder: Path,
        doubtful: Sequence[tuple[Piece, Strip, list[Suspect]]],
        settings: FilmSettings,
        cancel: threading.Event,
    ) -> dict[int, Broken]:
        """Return which suspicious frames are wrong. A suspicion that cannot be looked into is none: the film's own check follows."""
        asked: list[tuple[Piece, Question]] = []
        for piece, strip, run_of in doubtful:
            try:
                asked.append((piece, await self._question(tenant_id, folder, piece, strip, run_of)))
            except AppError as error:
                log.warning("segment_not_compared", key=piece.object_key, code=error.code)
        if not asked:
            return {}
        try:
            findings = await asyncio.to_thread(
                look_again,
                Order(settings=settings, questions=[question for _, question in asked]),
                deadline_s=self._settings.join_deadline_s,
                cancel=cancel,
            )
        except RenderError as error:
            if error.code == "cancelled":
                raise
            log.warning("segments_not_compared", reason=error.detail)
            return {}
        broken = {}
        for (piece, _), finding in zip(asked, findings, strict=True):
            if finding.wrong:
                reason = REASONS[next(iter(finding.wrong.values()))]
                broken[piece.chunk_no] = Broken(reason=reason, frames=sorted(finding.wrong))
        return broken

    async def _question(
        self, tenant_id: UUID, folder: Path, piece: Piece, strip: Strip, run_of: Sequence[Suspect]
    ) -> Question:
        assert piece.task is not None  # noqa: S101 - only those are looked at
        scene, limit = piece.task.scene, self._settings
        lottie = await self.fetched(
            folder / f"{scene.sha256}.json", piece.scene_object_key, limit_bytes=limit.max_scene_bytes
        )
        clips = {
            sha256: str(
                await self.fetched(
                    folder / f"clip-{sha256}", asset_object_key(tenant_id, sha256), limit_bytes=limit.max_clip_bytes
                )
            )
            for sha256 in scene.clips
        }
        return Question(
            strip=strip.tobytes(),
            frames=len(strip),
            first=piece.task.first,
            suspects=run_of,
            is_exact=piece.task.source is None,
            lottie=str(lottie),
            scene_key=scene.scene_key,
            sha256=scene.sha256,
            width=scene.width,
            height=scene.height,
            fps=scene.fps,
            first_frame=scene.first_frame,
            scene_frames=scene.frames,
            clips=clips,
        )


def damaged_frames(path: Path, piece: Piece, settings: FilmSettings, cancel: threading.Event | None) -> list[int]:
    """Return which frames of a segment whose bytes have changed are not whole: all, when that cannot be said. Raises RenderError `cancelled`."""
    everything = list(range(piece.frames))
    if not piece.packets:
        return everything
    try:
        packets = read_segment(path, settings, cancel=cancel)
    except RenderError as error:
        if error.code == "cancelled":
            raise
        return everything
    # The file has changed: where no packet has, it is what describes them, and nothing of that can be trusted.
    return broken_frames(packets, piece.packets, piece.frames) or everything


def file_sha256(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
