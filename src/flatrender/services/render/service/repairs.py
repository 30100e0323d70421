"""Frames that are drawn again: those that the finish found broken, and those that a person marks in a finished film.

Exactly these frames become work of their own, for another node where there is one, and are put into the chunk's segment; a chunk of which nothing is left,
or that cannot be taken apart, is drawn again as a whole.
"""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

import msgspec
import structlog

from flatrender.engine.errors import RenderError
from flatrender.engine.film.frame_picture import frame_picture
from flatrender.engine.film.packets import checksums, pack_checksums, read_segment, unpack_checksums
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.splice import Range, ranges, splice_segment
from flatrender.kit.db import Bells, Conn, Database, IdempotencyKey, run_once
from flatrender.kit.errors import NotFound
from flatrender.kit.objects import ObjectStore
from flatrender.protocol.work import SegmentTask
from flatrender.services.render import errors
from flatrender.services.render.queries import chunks as chunk_rows
from flatrender.services.render.queries import crashes as crash_rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries import repairs as rows
from flatrender.services.render.queries.chunks import ChunkRow
from flatrender.services.render.queries.jobs import FINISHING, JobRow
from flatrender.services.render.queries.repairs import RepairRow
from flatrender.services.render.service.events import SCHEMA, frames_bell, tell
from flatrender.services.render.service.jobs import fail_job
from flatrender.services.render.service.outputs import output_of
from flatrender.services.render.service.planning import content_key, decode_task, segment_settings_of
from flatrender.services.render.service.segment_checks import Broken, Piece, SegmentChecks, damaged_frames, file_sha256
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

MOST_RANGES = 16
"""Ranges of one chunk that are drawn by themselves; of a chunk that is broken in more places everything between the first and the last."""
WHOLE_SHARE = 0.75
"""Of a chunk of which more is broken everything is drawn again: its segment can then be used by other films as any."""
MOST_FRAMES = 5000
"""That a person may have drawn again at once."""
PICTURES_AT_ONCE = 2


class Repairs:
    """Repairs of the films of all tenants."""

    def __init__(self, database: Database, bells: Bells, objects: ObjectStore, settings: RenderSettings) -> None:
        self._database = database
        self._bells = bells
        self._objects = objects
        self._settings = settings
        self._checks = SegmentChecks(objects, settings)
        self._pictures = asyncio.Semaphore(PICTURES_AT_ONCE)

    async def order(
        self, tenant_id: UUID, job_id: UUID, broken: Mapping[int, Broken], *, detected_by: str = "stitcher"
    ) -> None:
        """Have what the finish found broken drawn again and the film wait for it; a film that comes out broken again and again fails, naming the frames."""
        async with self._database.tenant(tenant_id) as conn:
            job = await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
            if job is None or job.status not in FINISHING:
                return
            chunks = [
                chunk
                for chunk in await chunk_rows.chunks(conn, tenant_id=tenant_id, job_id=job_id)
                if chunk.repair_id is None and chunk.chunk_no in broken
            ]
            # Those that led here have ended, well or not.
            await rows.end_repairs(conn, tenant_id=tenant_id, job_id=job_id, by_hand_too=False)
            before = await rows.repaired_before(conn, tenant_id=tenant_id, job_id=job_id)
            often = [chunk for chunk in chunks if before.get(chunk.id, 0) >= self._settings.max_repairs]
            if often or sum(before.values()) >= self._settings.max_film_repairs:
                named = describe(broken, often or chunks)
                await fail_job(
                    conn,
                    self._bells,
                    tenant_id,
                    job_id,
                    code="film_check_failed",
                    message=f"{named} came out broken again each time they were drawn",
                )
                return
            for chunk in chunks:
                await self._repair_chunk(conn, chunk, broken[chunk.chunk_no], detected_by, None)
            await self._wait_for_nodes(conn, job, chunks, FINISHING)
        log.warning(
            "segments_repaired",
            job_id=str(job_id),
            frames={number: len(found.frames) for number, found in sorted(broken.items())},
        )

    async def _repair_chunk(
        self, conn: Conn, chunk: ChunkRow, broken: Broken, detected_by: str, user_id: UUID | None
    ) -> None:
        tenant_id, total = chunk.tenant_id, chunk.frame_end - chunk.frame_start + 1
        task = decode_task(chunk.task) if chunk.task is not None else None
        exclude = await self._other_nodes(conn, chunk)
        if chunk.segment_key and detected_by != "admin":
            await rows.purge(conn, tenant_id=tenant_id, segment_key=chunk.segment_key)
        by_hand = detected_by == "admin"
        whole = not by_hand and (
            not isinstance(task, SegmentTask) or not can_splice(task) or len(broken.frames) > total * WHOLE_SHARE
        )
        inside = ranges(broken.frames)
        if len(inside) > MOST_RANGES:
            inside = [(inside[0][0], inside[-1][1])]
        if whole:
            inside = [(0, total - 1)]
        repair_id = await rows.insert_repair(
            conn,
            tenant_id=tenant_id,
            job_id=chunk.render_job_id,
            chunk_id=chunk.id,
            frames=[chunk.frame_start + n for first, last in inside for n in range(first, last + 1)],
            reason=broken.reason,
            detected_by=detected_by,
            exclude=exclude,
            user_id=user_id,
        )
        if whole or not isinstance(task, SegmentTask):
            await rows.redo(conn, tenant_id=tenant_id, chunk_id=chunk.id, exclude=exclude)
            return
        await rows.start_repairing(conn, tenant_id=tenant_id, chunk_id=chunk.id)
        for first, last in inside:
            part = msgspec.structs.replace(task, first=task.first + first, last=task.first + last)
            await rows.insert_frames(
                conn,
                tenant_id=tenant_id,
                chunk_id=chunk.id,
                repair_id=repair_id,
                frame_start=chunk.frame_start + first,
                frame_end=chunk.frame_start + last,
                task=msgspec.to_builtins(part),
                cache_key=content_key(part),
                exclude=exclude,
            )

    async def _other_nodes(self, conn: Conn, chunk: ChunkRow) -> list[UUID]:
        """Return the node that made a chunk when another one lives that could draw it."""
        node = None if chunk.node_id is None else await node_rows.by_id(conn, node_id=chunk.node_id)
        if node is None:
            return []
        living = await crash_rows.living_nodes(conn, pools=[node.pool], engine=chunk.engine, tenant_id=chunk.tenant_id)
        return [node.id] if set(living) - {node.id} else []

    async def _wait_for_nodes(
        self, conn: Conn, job: JobRow, chunks: Sequence[ChunkRow], expected: Sequence[str]
    ) -> None:
        await job_rows.set_status(
            conn, tenant_id=job.tenant_id, job_id=job.id, expected=expected, status="rendering", actor="render"
        )
        for pool in sorted({chunk.pool for chunk in chunks}):
            await self._bells.ring(conn, frames_bell(pool))
        moved = await job_rows.job(conn, tenant_id=job.tenant_id, job_id=job.id)
        if moved is not None:
            await tell(conn, self._bells, moved, "progress")

    async def mend(self, job: JobRow, chunks: list[ChunkRow]) -> list[ChunkRow] | None:
        """Put what was drawn again into the segments; return the film's chunks without what was drawn for repairs.

        None when a segment cannot be mended: its chunk is drawn again as a whole.
        """
        if not any(chunk.status == "repairing" for chunk in chunks):
            return [chunk for chunk in chunks if chunk.repair_id is None]
        async with self._database.tenant(job.tenant_id) as conn:
            repaired = await rows.repairs(conn, tenant_id=job.tenant_id, job_id=job.id)
        owner = {repair.id: repair.frame_job_id for repair in repaired}
        whole = True
        for chunk in chunks:
            if chunk.status != "repairing" or chunk.task is None:
                continue
            redrawn = [one for one in chunks if one.repair_id is not None and owner.get(one.repair_id) == chunk.id]
            whole = await self._mend_chunk(chunk, redrawn, segment_settings_of(decode_task(chunk.task))) and whole
        async with self._database.tenant(job.tenant_id) as conn:
            if not whole:
                fresh = await job_rows.job(conn, tenant_id=job.tenant_id, job_id=job.id, lock=True)
                if fresh is not None:
                    await self._wait_for_nodes(conn, fresh, chunks, FINISHING)
                return None
            found = await chunk_rows.chunks(conn, tenant_id=job.tenant_id, job_id=job.id)
        return [chunk for chunk in found if chunk.repair_id is None]

    async def _mend_chunk(self, chunk: ChunkRow, redrawn: Sequence[ChunkRow], settings: FilmSettings) -> bool:
        # The newest of several that show the same frames.
        newest = {(one.frame_start, one.frame_end): one for one in sorted(redrawn, key=lambda one: one.chunk_no)}
        with tempfile.TemporaryDirectory(prefix="flatrender-mend-") as name:
            folder = Path(name)
            try:
                out = await self._spliced(folder, chunk, list(newest.values()), settings)
            except (RenderError, NotFound) as error:
                log.warning("segment_not_mended", chunk_id=str(chunk.id), reason=str(error))
                async with self._database.tenant(chunk.tenant_id) as conn:
                    exclude = await self._other_nodes(conn, chunk)
                    await rows.redo(conn, tenant_id=chunk.tenant_id, chunk_id=chunk.id, exclude=exclude)
                return False
            digest = await asyncio.to_thread(file_sha256, out)
            packets = await asyncio.to_thread(read_segment, out, settings)
            key = f"segments/{chunk.tenant_id}/{(chunk.cache_key or b'').hex()}/{chunk.id.hex}-{digest[:16]}.segment"
            await self._objects.put(key, out)
        async with self._database.tenant(chunk.tenant_id) as conn:
            await rows.mended(
                conn,
                tenant_id=chunk.tenant_id,
                chunk_id=chunk.id,
                segment_key=key,
                sha256=bytes.fromhex(digest),
                packets=pack_checksums(checksums(packets)),
            )
        return True

    async def _spliced(
        self, folder: Path, chunk: ChunkRow, redrawn: Sequence[ChunkRow], settings: FilmSettings
    ) -> Path:
        total = chunk.frame_end - chunk.frame_start + 1
        limit = self._settings.max_segment_bytes
        old = await self._checks.fetched(folder / "old", chunk.segment_key or "none", limit)
        files: dict[Range, Path] = {}
        for number, part in enumerate(redrawn):
            path = await self._checks.fetched(folder / f"part-{number}", part.segment_key or "none", limit)
            if await asyncio.to_thread(file_sha256, path) != (part.output_sha256 or b"").hex():
                raise RenderError("a part of it is damaged as well", code="film_check_failed")
            files[part.frame_start - chunk.frame_start, part.frame_end - chunk.frame_start] = path
        drawn = {n for first, last in files for n in range(first, last + 1)}
        if (
            drawn != set(range(total))
            and await asyncio.to_thread(file_sha256, old) != (chunk.output_sha256 or b"").hex()
        ):
            piece = Piece(
                chunk_no=chunk.chunk_no,
                object_key=chunk.segment_key or "",
                sha256="",
                frames=total,
                packets=unpack_checksums(chunk.packets or b""),
            )
            if set(await asyncio.to_thread(damaged_frames, old, piece, settings, None)) - drawn:
                raise RenderError("more of it is damaged than was drawn again", code="film_check_failed")
        out = folder / f"mended{settings.segment_suffix}"
        await asyncio.to_thread(
            splice_segment, old, total, files, settings, out, deadline_s=self._settings.join_deadline_s
        )
        return out

    async def by_hand(
        self,
        tenant_id: UUID,
        job_id: UUID,
        first: int,
        last: int,
        *,
        user_id: UUID,
        key: IdempotencyKey | None = None,
    ) -> list[RepairRow]:
        """Have output frames `first` to `last` of a finished film drawn again and the film joined anew, once for each key; return the film's repairs.

        Its file stays until the new one is there. Raises JobNotFound, NotRepairable and FramesInvalid.
        """
        async with self._database.tenant(tenant_id) as conn:

            async def start() -> UUID:
                await self._start_by_hand(conn, tenant_id, job_id, first, last, user_id)
                return job_id

            if key is None:
                await start()
            else:
                await run_once(conn, SCHEMA, tenant_id, f"repair:{user_id}", key, UUID, start)
            return await rows.repairs(conn, tenant_id=tenant_id, job_id=job_id)

    async def _start_by_hand(
        self, conn: Conn, tenant_id: UUID, job_id: UUID, first: int, last: int, user_id: UUID
    ) -> None:
        job = await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
        if job is None:
            raise errors.JobNotFound("there is no such film")
        if job.status != "completed":
            raise errors.NotRepairable(f"the film is {job.status}; frames are drawn again in a finished one only")
        total = job.total_frames or 0
        if not 0 <= first <= last < total or last - first >= MOST_FRAMES:
            raise errors.FramesInvalid(
                f"frames {first} to {last}; the film has 0 to {total - 1}, and at most {MOST_FRAMES} are drawn again at once"
            )
        touched = []
        for chunk in await chunk_rows.chunks(conn, tenant_id=tenant_id, job_id=job_id):
            if (
                output_of(chunk.chunk_no) != 0
                or chunk.repair_id is not None
                or chunk.frame_end < first
                or chunk.frame_start > last
            ):
                continue
            touched.append(chunk)
        if not touched or any(chunk.status != "done" or not chunk.segment_key for chunk in touched):
            raise errors.NotRepairable("the parts of this film are not kept any more: render it again")
        for chunk in touched:
            frames = range(max(first, chunk.frame_start), min(last, chunk.frame_end) + 1)
            wanted = Broken(reason="visual_glitch", frames=[n - chunk.frame_start for n in frames])
            await self._repair_chunk(conn, chunk, wanted, "admin", user_id)
        await self._wait_for_nodes(conn, job, touched, ("completed",))

    async def page(self, tenant_id: UUID, job_id: UUID) -> list[RepairRow]:
        """Return a film's repairs, newest first. Raises JobNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            if await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id) is None:
                raise errors.JobNotFound("there is no such film")
            return await rows.repairs(conn, tenant_id=tenant_id, job_id=job_id)

    async def picture(self, tenant_id: UUID, job_id: UUID, frame: int) -> bytes:
        """Return an output frame of a film as a PNG. Raises JobNotFound and FrameMissing (no such frame, or its part is not kept any more)."""
        async with self._database.tenant(tenant_id) as conn:
            if await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id) is None:
                raise errors.JobNotFound("there is no such film")
            chunks = await chunk_rows.chunks(conn, tenant_id=tenant_id, job_id=job_id)
        held = next(
            (
                one
                for one in chunks
                if output_of(one.chunk_no) == 0 and one.repair_id is None and one.frame_start <= frame <= one.frame_end
            ),
            None,
        )
        task = decode_task(held.task) if held is not None and held.task is not None else None
        if held is None or held.segment_key is None or not isinstance(task, SegmentTask):
            raise errors.FrameMissing("the film has no such frame, or its part is not drawn yet")
        settings = segment_settings_of(task)
        async with self._pictures:
            with tempfile.TemporaryDirectory(prefix="flatrender-frame-") as folder:
                try:
                    path = await self._checks.fetched(
                        Path(folder) / "segment", held.segment_key, self._settings.max_segment_bytes
                    )
                    made = await asyncio.to_thread(frame_picture, path, frame - held.frame_start, settings)
                except (NotFound, RenderError) as error:
                    raise errors.FrameMissing("this part of the film is not kept any more, or is damaged") from error
        if not made:
            raise errors.FrameMissing("this frame cannot be seen: it is damaged")
        return made


def piece_of(chunk: ChunkRow) -> Piece:
    """Return a chunk's segment as it is checked and joined."""
    task = decode_task(chunk.task) if chunk.task is not None else None
    return Piece(
        chunk_no=chunk.chunk_no,
        object_key=chunk.segment_key or "",
        sha256=(chunk.output_sha256 or b"").hex(),
        frames=chunk.frame_end - chunk.frame_start + 1,
        packets=unpack_checksums(chunk.packets or b""),
        is_checked=chunk.checked_at is not None,
        task=task if isinstance(task, SegmentTask) else None,
        scene_object_key=chunk.scene_object_key or "",
    )


def can_splice(task: SegmentTask) -> bool:
    """Return whether single frames can be put into a task's segment: the transparency of VP9 lies beside its picture, and is lost on the way."""
    return not (task.alpha and task.kind == "webm_vp9")


def describe(broken: Mapping[int, Broken], chunks: Sequence[ChunkRow]) -> str:
    """Return the film's frames that are broken, in words."""
    found = [
        (chunk.frame_start + first, chunk.frame_start + last)
        for chunk in sorted(chunks, key=lambda chunk: chunk.chunk_no)
        for first, last in ranges(broken[chunk.chunk_no].frames)
    ]
    words = [f"{first}" if first == last else f"{first}–{last}" for first, last in found[:10]]
    return f"frames {', '.join(words)}{' and more' if len(found) > 10 else ''}"
