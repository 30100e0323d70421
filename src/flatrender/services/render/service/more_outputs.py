"""The outputs besides the film itself: made one after the other when all chunks are done, each noted by itself.

What goes wrong with one is noted with it and leaves the film and the others alone.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec
import structlog

from flatrender.contracts.files import FilesApi, StoredFile, StoreRequest
from flatrender.contracts.render import FilmInput
from flatrender.engine.errors import EngineError
from flatrender.engine.film.settings import FilmSettings
from flatrender.kit.db import Bells, Conn, Database
from flatrender.kit.errors import AppError, Conflict, Refused, Unavailable
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.objects import ObjectStore
from flatrender.kit.workflows import Json
from flatrender.protocol.work import SegmentTask
from flatrender.services.render.queries import chunks as chunk_rows
from flatrender.services.render.queries import exports as rows
from flatrender.services.render.queries import jobs as job_rows
from flatrender.services.render.queries.chunks import ChunkRow
from flatrender.services.render.queries.exports import MadeFile
from flatrender.services.render.queries.jobs import FINISHING, JobRow
from flatrender.services.render.service.assembly import Assembly, ClipScene, Made, Sound
from flatrender.services.render.service.deliveries import announce_export
from flatrender.services.render.service.jobs import settle_cancel
from flatrender.services.render.service.outputs import output_of, settings_for
from flatrender.services.render.service.planning import decode_task, poster_frame, segment_settings_of
from flatrender.services.render.service.repairs import piece_of
from flatrender.services.render.service.segment_checks import Broken, BrokenSegments
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)


class MoreOutputs:
    """Makes outputs 1 and on of films that are being finished."""

    def __init__(
        self,
        *,
        database: Database,
        bells: Bells,
        files: FilesApi,
        objects: ObjectStore,
        assembly: Assembly,
        settings: RenderSettings,
        sounds: Callable[[UUID, FilmInput], Awaitable[list[Sound]]],
        stage: Callable[[UUID, UUID, str, float], Awaitable[bool]],
        redo: Callable[[UUID, UUID, Mapping[int, Broken]], Awaitable[None]],
    ) -> None:
        """`sounds`, `stage` and `redo` are the film's own: its sound files, its progress, drawing broken segments again."""
        self._database = database
        self._bells = bells
        self._files = files
        self._objects = objects
        self._assembly = assembly
        self._settings = settings
        self._sounds = sounds
        self._stage = stage
        self._redo = redo

    async def make(self, arguments: dict[str, Json], film: dict[str, Json], number: int) -> str:
        """Step of the finish: make output `number` of a film whose output 0 is `film`; return `done`, or `stop` when the film is not to be finished now."""
        tenant_id, job_id = UUID(arguments["tenant_id"]), UUID(arguments["job_id"])
        async with self._database.tenant(tenant_id) as conn:
            job = await job_rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            stored = await job_rows.job_input(conn, tenant_id=tenant_id, job_id=job_id)
            held = await chunk_rows.chunks(conn, tenant_id=tenant_id, job_id=job_id)
            chunks = [chunk for chunk in held if chunk.repair_id is None]
            pending = dict(await rows.pending(conn, tenant_id=tenant_id, job_id=job_id))
            if job is None or stored is None or job.attempt != int(arguments["attempt"]):
                return "stop"
            if job.status == "canceling":
                await settle_cancel(conn, self._bells, tenant_id, job_id)
            if job.status not in FINISHING:
                return "stop"
        if number not in pending:
            return "done"
        try:
            made = await self._made(
                job,
                msgspec.convert(stored["film"], FilmInput),
                pending[number],
                film,
                [chunk for chunk in chunks if output_of(chunk.chunk_no) == number],
                [chunk for chunk in chunks if output_of(chunk.chunk_no) == 0],
            )
            await self._publish(job, number, pending[number], made)
        except BrokenSegments as broken:
            await self._redo(tenant_id, job_id, broken.broken)
            return "stop"
        except (Unavailable, Conflict):
            raise
        except AppError as error:
            await self._give_up(job, number, error.code, error.detail)
        except EngineError as error:
            if error.code == "cancelled":
                async with self._database.tenant(tenant_id) as conn:
                    await settle_cancel(conn, self._bells, tenant_id, job_id)
                return "stop"
            await self._give_up(job, number, error.code, str(error))
        except Exception as error:
            log.exception("output_crashed", job_id=str(job_id), output=number)
            await self._give_up(job, number, "internal", f"finishing failed: {type(error).__name__}")
        return "done"

    async def ready(self, conn: Conn, job: JobRow, made: MadeFile) -> None:
        """Note a finished output, and tell whoever waits for it, in the caller's transaction."""
        keep_days = self._settings.export_keep_days
        export_id = await rows.put(
            conn, tenant_id=job.tenant_id, job_id=job.id, user_id=job.user_id, made=made, keep_days=keep_days
        )
        await announce_export(conn, self._bells, job, export_id)

    async def _made(
        self,
        job: JobRow,
        film: FilmInput,
        profile_key: str,
        first: dict[str, Json],
        chunks: Sequence[ChunkRow],
        first_chunks: Sequence[ChunkRow],
    ) -> Made:
        def stage(status: str, progress: float) -> Awaitable[bool]:
            return self._stage(job.tenant_id, job.id, status, progress)

        if chunks:
            return await self._assembly.make(
                job.tenant_id,
                job.id,
                attempt=job.attempt,
                title=job.title or "",
                settings=segment_settings(chunks[0]),
                frames=chunks[-1].frame_end + 1,
                poster_frame=poster_frame([(chunk.scene_key, chunk.frame_end) for chunk in chunks]),
                pieces=[piece_of(chunk) for chunk in chunks],
                sounds=await self._sounds(job.tenant_id, film),
                clips=clip_scenes(chunks),
                stage=stage,
            )
        if "film_key" not in first or not first_chunks:
            raise Refused("the film that it is made from is not there; renew that first", code="render.no_source_film")
        async with self._database.tenant(job.tenant_id) as conn:
            profiles = await job_rows.profiles(conn, tenant_id=job.tenant_id, platform_id=DEFAULT_TENANT_ID)
        profile = next((profile for profile in profiles if profile.key == profile_key), None)
        if profile is None:
            raise Refused(f"the profile {profile_key} is gone; choose another", code="render.unknown_profile")
        return await self._assembly.derive(
            job.tenant_id,
            job.id,
            attempt=job.attempt,
            title=job.title or "",
            film_key=first["film_key"],
            film_settings=segment_settings(first_chunks[0]),
            film_frames=first_chunks[-1].frame_end + 1,
            settings=settings_for(profile, film),
            stage=stage,
        )

    async def _publish(self, job: JobRow, number: int, profile_key: str, made: Made) -> None:
        name = f"{file_name(job)}-{profile_key}{PurePath(made.film_key).suffix}"
        request = StoreRequest(
            name=name,
            purpose="export",
            content_type=made.content_type,
            object_key=made.film_key,
            owner_user_id=job.user_id,
            width=made.width,
            height=made.height,
            duration_ms=made.duration_ms,
            dedupe_key=f"film:{job.id}:{job.attempt}:{number}",
        )
        (kept,) = await self._files.store(tenant_id=job.tenant_id, requests=[request])
        async with self._database.tenant(job.tenant_id) as conn:
            fresh = await job_rows.job(conn, tenant_id=job.tenant_id, job_id=job.id, lock=True)
            if fresh is not None and fresh.status in FINISHING and fresh.attempt == job.attempt:
                await self.ready(conn, fresh, made_file(number, profile_key, made, kept))
        await self._objects.delete(*filter(None, (made.film_key, made.poster_key)))

    async def _give_up(self, job: JobRow, number: int, code: str, message: str) -> None:
        log.warning("output_failed", job_id=str(job.id), output=number, code=code)
        async with self._database.tenant(job.tenant_id) as conn:
            await rows.give_up(
                conn, tenant_id=job.tenant_id, job_id=job.id, output_no=number, code=code, message=message
            )


def made_file(number: int, profile_key: str, made: Made, kept: StoredFile) -> MadeFile:
    """Return what is noted of an output."""
    return MadeFile(
        kind="video",
        output_no=number,
        profile_key=profile_key,
        file_id=kept.id,
        sha256=kept.sha256,
        bytes=kept.size_bytes,
        width=made.width,
        height=made.height,
        duration_ms=made.duration_ms,
        container=made.container,
        codecs=made.codecs,
    )


def file_name(job: JobRow) -> str:
    """Return what a film's files are called, without ending."""
    return (job.title or "film").strip()[:120].replace("/", "-").replace("\\", "-") or "film"


def segment_settings(chunk: ChunkRow) -> FilmSettings:
    """Return how the chunk's segment is encoded, as it was planned: the profile may have been changed since."""
    task: dict[str, Any] = chunk.task or {}
    return segment_settings_of(decode_task(task))


def clip_scenes(chunks: Sequence[ChunkRow]) -> list[ClipScene]:
    """Return the film's scenes that show films, each once (not its transitions, whose scenes sound already)."""
    found: dict[tuple[str, int], ClipScene] = {}
    for chunk in chunks:
        task = decode_task(chunk.task) if chunk.task is not None else None
        if not isinstance(task, SegmentTask) or not task.scene.clips or "~" in task.scene.scene_key:
            continue
        begins = chunk.frame_start - task.first
        shown = ClipScene(figures=task.scene, object_key=chunk.scene_object_key or "", begins=begins)
        found.setdefault((task.scene.sha256, begins), shown)
    return list(found.values())
