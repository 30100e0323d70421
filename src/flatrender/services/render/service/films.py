"""The durable workflows of a film: planning its chunks, and after the last chunk joining, checking, publishing.

Between the two nothing waits: the transaction that accepts the last chunk starts the finish. Steps may run twice; each leaves the same behind.
"""

import asyncio
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec
import structlog

from flatrender.contracts.content import ContentApi, ResolvedSceneData
from flatrender.contracts.files import FilesApi, StoredFile, StoreRequest
from flatrender.contracts.identity import IdentityApi
from flatrender.contracts.render import FilmInput
from flatrender.engine.errors import EngineError
from flatrender.engine.film.settings import FilmSettings
from flatrender.engine.film.transitions import arrange
from flatrender.engine.resolve.watermark import MAX_TEXT
from flatrender.kit.db import Bells, Conn, Database
from flatrender.kit.errors import AppError, Conflict, Refused, Unavailable
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.objects import ObjectStore
from flatrender.kit.workflows import Json, Run
from flatrender.services.render.queries import chunks as chunk_rows
from flatrender.services.render.queries import exports as export_rows
from flatrender.services.render.queries import forecasts as forecast_rows
from flatrender.services.render.queries import jobs as rows
from flatrender.services.render.queries import repairs as repair_rows
from flatrender.services.render.queries import speeds as speed_rows
from flatrender.services.render.queries.chunks import NewChunk
from flatrender.services.render.queries.exports import MadeFile
from flatrender.services.render.queries.jobs import FINISHING, JobRow, ProfileRow
from flatrender.services.render.queries.speeds import FinishSums
from flatrender.services.render.service.assembly import Assembly, Made, Sound
from flatrender.services.render.service.events import RENDER_SHARE, frames_bell, tell
from flatrender.services.render.service.forecast import FINISH_DECAY, drawing_share, finish_s
from flatrender.services.render.service.forecasting import known_speeds, serving
from flatrender.services.render.service.jobs import fail_job, settle_cancel, start_finish
from flatrender.services.render.service.more_outputs import MoreOutputs, clip_scenes, segment_settings
from flatrender.services.render.service.outlook import Outlook, undrawn
from flatrender.services.render.service.outputs import numbered, output_of, to_make
from flatrender.services.render.service.planning import (
    Cuts,
    choose_cuts,
    cuts,
    engine_scene,
    poster_frame,
    transitions_of,
)
from flatrender.services.render.service.repairs import Repairs, piece_of
from flatrender.services.render.service.segment_checks import BrokenSegments
from flatrender.services.render.service.snapshots import store_scene
from flatrender.services.render.service.sources import planned_source, scene_object_key
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a step ended the film; crosses steps as JSON."""

    code: str
    message: str


def as_json(value: msgspec.Struct) -> dict[str, Json]:
    """Return a message as the JSON value that crosses a step."""
    return dict(msgspec.to_builtins(value))


def failure(code: str, message: str) -> dict[str, Json]:
    """Return a failure as the JSON value that crosses a step."""
    return as_json(Failure(code=code, message=message))


class Films:
    """Bodies and steps of the workflows."""

    def __init__(
        self,
        *,
        database: Database,
        bells: Bells,
        content: ContentApi,
        identity: IdentityApi,
        files: FilesApi,
        objects: ObjectStore,
        assembly: Assembly,
        repairs: Repairs,
        settings: RenderSettings,
    ) -> None:
        self._database = database
        self._bells = bells
        self._content = content
        self._identity = identity
        self._files = files
        self._objects = objects
        self._assembly = assembly
        self._repairs = repairs
        self._settings = settings
        self._more = MoreOutputs(
            database=database,
            bells=bells,
            files=files,
            objects=objects,
            assembly=assembly,
            settings=settings,
            sounds=self._sounds,
            stage=self._stage,
            redo=repairs.order,
        )

    async def plan_film(self, run: Run, arguments: dict[str, Json]) -> None:
        """Workflow `render_film`: from the frozen input to chunks in the queue."""
        failed = await run.step("plan", self._plan, arguments)
        if failed is not None:
            await run.step("fail", self._fail, arguments, failed)

    async def finish_film(self, run: Run, arguments: dict[str, Json]) -> None:
        """Workflow `finish_film`: from segments to the published film."""
        made = await run.step("make", self._make, arguments)
        if made is None:
            return
        if "code" in made:
            await run.step("fail", self._fail, arguments, made)
            return
        files = await run.step("publish", self._publish, arguments, made)
        if "code" in files:
            await run.step("fail", self._fail, arguments, files)
            return
        for number in files.get("more", ()):
            if await run.step(f"output_{number}", self._more.make, arguments, made, number) == "stop":
                return
        await run.step("complete", self._complete, arguments, made, files)

    async def _plan(self, arguments: dict[str, Json]) -> dict[str, Json] | None:
        tenant_id, job_id = UUID(arguments["tenant_id"]), UUID(arguments["job_id"])
        try:
            await self._plan_chunks(tenant_id, job_id, int(arguments["attempt"]))
        except (Unavailable, Conflict):
            raise
        except AppError as error:
            return failure(error.code, error.detail)
        except EngineError as error:
            return failure(error.code, str(error))
        except Exception as error:
            log.exception("planning_crashed", job_id=str(job_id))
            return failure("internal", f"planning failed: {type(error).__name__}")
        return None

    async def _plan_chunks(self, tenant_id: UUID, job_id: UUID, attempt: int) -> None:
        async with self._database.tenant(tenant_id) as conn:
            await rows.set_status(
                conn,
                tenant_id=tenant_id,
                job_id=job_id,
                expected=("queued",),
                status="preparing",
                actor="render",
                starts=True,
                workflow_id=f"render_film:{job_id}:{attempt}",
            )
            job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            stored = await rows.job_input(conn, tenant_id=tenant_id, job_id=job_id)
            if job is None or stored is None or job.status != "preparing" or job.attempt != attempt:
                return
            await rows.start_attempt(conn, tenant_id=tenant_id, job_id=job_id, attempt=attempt)
            await tell(conn, self._bells, job, "started")
            film = msgspec.convert(stored["film"], FilmInput)
            profiles = await self._profiles(conn, job)
            wanted = {"tenant_id": tenant_id, "job_id": job_id}
            await export_rows.want(conn, **wanted, user_id=job.user_id, profiles=[film.profile, *film.outputs])
            pending = await export_rows.pending(conn, **wanted)
            speeds = await known_speeds(conn, {(tenant_id, job.project_version_id)})
            servers = await serving(conn)
            finishes = await speed_rows.finishes(conn)
        size = (job.width or film.width, job.height or film.height)
        outputs, impossible = to_make(pending, profiles, film, size=size)
        scenes: dict[bool, list[ResolvedSceneData]] = {}
        chunks: list[NewChunk] = []
        frames, film_s, drawing_s = job.total_frames, 0.0, 0.0
        for output in outputs:
            if output.derived:
                continue
            marked = output.profile.watermark
            if marked not in scenes:
                mark = await self._mark(tenant_id) if marked else None
                resolved = await self._resolve(tenant_id, job_id, film, mark)
                if resolved is None:
                    return
                scenes[marked] = resolved
            outlook = Outlook(job=job, kind=output.settings.kind, speeds=speeds, servers=servers)
            count, found = await self._cut(tenant_id, film, scenes[marked], output.settings, outlook)
            chunks += numbered(found, output.number)
            drawing_s += outlook.drawing_s(found)
            film_s = film_s or float(count / output.settings.rate)
            frames = count if output.number == 0 else frames
        kind = outputs[0].settings.kind if outputs else "mp4_h264"
        finish = finish_s(finishes.get((kind, job.height or 0), FinishSums()), kind, film_s)
        async with self._database.tenant(tenant_id) as conn:
            job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
            if job is None or job.status != "preparing" or job.attempt != attempt:
                return
            for number, why in impossible.items():
                await export_rows.give_up(
                    conn, tenant_id=tenant_id, job_id=job_id, output_no=number, code="settings_invalid", message=why
                )
            await chunk_rows.replace_chunks(
                conn,
                tenant_id=tenant_id,
                job_id=job_id,
                priority=job.priority,
                chunks=chunks,
                outputs=[output.number for output in outputs],
            )
            await forecast_rows.save_plan(
                conn,
                tenant_id=tenant_id,
                job_id=job_id,
                kind=kind,
                film_s=film_s,
                drawing_share=drawing_share(drawing_s, finish),
                undrawn=undrawn(chunks),
            )
            done = all(chunk.segment_key for chunk in chunks)
            workflow_id = await start_finish(conn, job, epochs=0) if done else None
            await rows.set_status(
                conn,
                tenant_id=tenant_id,
                job_id=job_id,
                expected=("preparing",),
                status="stitching" if done else "rendering",
                actor="render",
                total_frames=frames,
                workflow_id=workflow_id,
            )
            job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            if job is not None:
                await tell(conn, self._bells, job, "progress")
            for pool in sorted({chunk.pool for chunk in chunks}):
                await self._bells.ring(conn, frames_bell(pool))

    async def _cut(
        self,
        tenant_id: UUID,
        film: FilmInput,
        scenes: Sequence[ResolvedSceneData],
        settings: FilmSettings,
        outlook: Outlook,
    ) -> tuple[int, list[NewChunk]]:
        """Return the frames and the chunks of one output, with its transitions' scenes in the store."""
        drawn = [engine_scene(scene) for scene in scenes]
        arranged = await asyncio.to_thread(arrange, drawn, transitions_of(film, scenes), settings)
        for place, scene in enumerate(arranged.scenes):
            key = scene_object_key(tenant_id, scene.sha256)
            if place not in arranged.places and not await self._objects.exists(key):
                await self._objects.put(key, scene.lottie)
        frames, found = cuts(
            arranged.scenes,
            settings,
            tenant_id=tenant_id,
            lengths=self._settings.chunk_lengths,
            trims=arranged.trims,
            sources={
                place: planned
                for place, scene in zip(arranged.places, scenes, strict=True)
                if (planned := planned_source(scene)) is not None
            },
            source_lengths=self._settings.aerender_chunk_lengths,
        )
        preferred = [outlook.length(self._settings, scene) for scene in found]
        return frames, await self._reuse(tenant_id, found, preferred=preferred)

    async def _profiles(self, conn: Conn, job: JobRow) -> dict[str, ProfileRow]:
        found = await rows.profiles(conn, tenant_id=job.tenant_id, platform_id=DEFAULT_TENANT_ID)
        return {profile.key: profile for profile in reversed(found)}

    async def _mark(self, tenant_id: UUID) -> dict[str, Any] | None:
        """Return the tenant's watermark: its picture, else its name."""
        branding = await self._identity.branding(tenant_id=tenant_id)
        if branding is None:
            return None
        if branding.watermark_file_id is None:
            return {"text": branding.product_name[:MAX_TEXT]}
        return {"image": str(branding.watermark_file_id)}

    async def _resolve(
        self, tenant_id: UUID, job_id: UUID, film: FilmInput, mark: dict[str, Any] | None
    ) -> list[ResolvedSceneData] | None:
        """Return the film's scenes; None when the film was cancelled meanwhile."""
        found: list[ResolvedSceneData] = []
        for start in range(0, len(film.scenes), self._settings.resolve_batch):
            async with self._database.tenant(tenant_id) as conn:
                job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            if job is None or job.status != "preparing":
                return None
            batch = [
                msgspec.structs.replace(scene, watermark=mark)
                for scene in film.scenes[start : start + self._settings.resolve_batch]
            ]
            for scene in await self._content.resolve_scenes(tenant_id=tenant_id, requests=batch):
                await store_scene(self._objects, tenant_id, scene)
                found.append(scene)
        return found

    async def _reuse(self, tenant_id: UUID, found: Sequence[Cuts], *, preferred: Sequence[int]) -> list[NewChunk]:
        """Choose the chunks, and mark those whose segment was rendered before and is still in the store."""
        keys = {chunk.cache_key for scene in found for chunks in scene.values() for chunk in chunks}
        async with self._database.tenant(tenant_id) as conn:
            stored = {
                segment.cache_key: segment
                for segment in await chunk_rows.stored_segments(conn, tenant_id=tenant_id, cache_keys=sorted(keys))
            }
        chunks = choose_cuts(found, stored.keys(), preferred=preferred)
        ready = []
        for chunk in chunks:
            segment = stored.get(chunk.cache_key)
            if segment is None or not await self._objects.exists(segment.segment_key):
                ready.append(chunk)
                continue
            ready.append(
                msgspec.structs.replace(
                    chunk,
                    segment_key=segment.segment_key,
                    segment_sha256=segment.output_sha256.hex(),
                    packets=segment.packets,
                    is_checked=segment.is_checked,
                )
            )
        return ready

    async def _make(  # noqa: PLR0911 - each return is another way in which a finish ends
        self, arguments: dict[str, Json]
    ) -> dict[str, Json] | None:
        """Join, mix, check and put the film into the store; None when the film is not to be finished (cancelled, or chunks must be drawn again)."""
        tenant_id, job_id = UUID(arguments["tenant_id"]), UUID(arguments["job_id"])
        async with self._database.tenant(tenant_id) as conn:
            job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            stored = await rows.job_input(conn, tenant_id=tenant_id, job_id=job_id)
            chunks = await chunk_rows.chunks(conn, tenant_id=tenant_id, job_id=job_id)
            pending = await export_rows.pending(conn, tenant_id=tenant_id, job_id=job_id)
            if job is None or stored is None or job.attempt != int(arguments["attempt"]):
                return None
            if job.status == "canceling":
                await settle_cancel(conn, self._bells, tenant_id, job_id)
            by_hand = await repair_rows.open_by_hand(conn, tenant_id=tenant_id, job_id=job_id)
            if job.status not in FINISHING or job.total_frames is None:
                return None
        mended = await self._repairs.mend(job, chunks)
        if mended is None:
            return None
        if all(number != 0 for number, _ in pending) and not by_hand:
            return {"film": "kept"}
        chunks = [chunk for chunk in mended if output_of(chunk.chunk_no) == 0]
        film = msgspec.convert(stored["film"], FilmInput)
        pieces = [piece_of(chunk) for chunk in chunks]
        try:
            sounds = await self._sounds(tenant_id, film)
            made = await self._assembly.make(
                tenant_id,
                job_id,
                attempt=job.attempt,
                title=job.title or "",
                settings=segment_settings(chunks[0]),
                frames=job.total_frames,
                poster_frame=poster_frame([(chunk.scene_key, chunk.frame_end) for chunk in chunks]),
                pieces=pieces,
                sounds=sounds,
                clips=clip_scenes(chunks),
                stage=lambda status, progress: self._stage(tenant_id, job_id, status, progress),
            )
        except BrokenSegments as broken:
            await self._repairs.order(tenant_id, job_id, broken.broken)
            return None
        except (Unavailable, Conflict):
            raise
        except AppError as error:
            return failure(error.code, error.detail)
        except EngineError as error:
            if error.code == "cancelled":
                async with self._database.tenant(tenant_id) as conn:
                    await settle_cancel(conn, self._bells, tenant_id, job_id)
                return None
            return failure(error.code, str(error))
        except Exception as error:
            log.exception("finish_crashed", job_id=str(job_id))
            return failure("internal", f"finishing failed: {type(error).__name__}")
        async with self._database.tenant(tenant_id) as conn:
            await repair_rows.set_checked(conn, tenant_id=tenant_id, job_id=job_id, output_no=0)
            await repair_rows.end_repairs(conn, tenant_id=tenant_id, job_id=job_id)
        return as_json(made) | {"repaired": by_hand}

    async def _sounds(self, tenant_id: UUID, film: FilmInput) -> list[Sound]:
        owners: dict[UUID, set[UUID]] = {}
        for track in film.tracks:
            owners.setdefault(track.owner_tenant_id or tenant_id, set()).add(track.file_id)
        found: dict[UUID, StoredFile] = {}
        for owner, wanted in owners.items():
            found.update(await self._files.files(tenant_id=owner, ids=sorted(wanted)))
        missing = [track.file_id for track in film.tracks if track.file_id not in found]
        if missing:
            raise Refused(f"the sound file {missing[0]} is gone: choose another", code="missing_asset")
        return [
            Sound(track=track, object_key=found[track.file_id].object_key, size=found[track.file_id].size_bytes)
            for track in film.tracks
            if track.volume > 0
        ]

    async def _stage(self, tenant_id: UUID, job_id: UUID, status: str, progress: float) -> bool:
        """Show how far the finish is (nothing new with an empty status); False when the film is not wanted any more."""
        async with self._database.tenant(tenant_id) as conn:
            job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
            if job is None or job.status not in FINISHING:
                return False
            share = await forecast_rows.drawing_share(conn, tenant_id=tenant_id, job_id=job_id)
            if share is not None:
                progress = share + (progress - RENDER_SHARE) / (100 - RENDER_SHARE) * (100 - share)
            if status and (job.status != status or float(job.progress_pct) < progress):
                await rows.set_status(
                    conn,
                    tenant_id=tenant_id,
                    job_id=job_id,
                    expected=FINISHING,
                    status=status,
                    actor="render",
                    progress_pct=max(progress, float(job.progress_pct)),
                )
                job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
                if job is not None:
                    await tell(conn, self._bells, job, "progress")
        return True

    async def _publish(self, arguments: dict[str, Json], made: dict[str, Json]) -> dict[str, Json]:
        """Hand film and poster to the files service, once for each attempt."""
        tenant_id, job_id = UUID(arguments["tenant_id"]), UUID(arguments["job_id"])
        async with self._database.tenant(tenant_id) as conn:
            job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            if job is None or job.status not in FINISHING:
                return {"video": None, "poster": None}
            more = [
                number
                for number, _ in await export_rows.pending(conn, tenant_id=tenant_id, job_id=job_id)
                if number != 0
            ]
        if "film_key" not in made:
            return {"video": None, "poster": None, "kept": True, "more": more}
        film = msgspec.convert(made, Made)
        name = (job.title or "film").strip()[:120].replace("/", "-").replace("\\", "-") or "film"
        try:
            video, poster = await self._files.store(
                tenant_id=tenant_id,
                requests=[
                    StoreRequest(
                        name=f"{name}{PurePath(film.film_key).suffix}",
                        purpose="export",
                        content_type=film.content_type,
                        object_key=film.film_key,
                        owner_user_id=job.user_id,
                        width=film.width,
                        height=film.height,
                        duration_ms=film.duration_ms,
                        dedupe_key=f"film:{job_id}:{job.attempt}:{film.sha256[:16]}",
                    ),
                    StoreRequest(
                        name=f"{name}.jpg",
                        purpose="export",
                        content_type="image/jpeg",
                        object_key=film.poster_key,
                        owner_user_id=job.user_id,
                        width=film.poster_width,
                        height=film.poster_height,
                        dedupe_key=f"poster:{job_id}:{job.attempt}:{film.sha256[:16]}",
                    ),
                ],
            )
        except (Unavailable, Conflict):
            raise
        except AppError as error:
            return failure(error.code, error.detail)
        return {
            "video": str(video.id),
            "poster": str(poster.id),
            "video_sha256": video.sha256.hex(),
            "poster_sha256": poster.sha256.hex(),
            "poster_bytes": poster.size_bytes,
            "more": more,
        }

    async def _complete(self, arguments: dict[str, Json], made: dict[str, Json], files: dict[str, Json]) -> None:
        """Note the exports and say that the film is ready, in one transaction."""
        tenant_id, job_id = UUID(arguments["tenant_id"]), UUID(arguments["job_id"])
        async with self._database.tenant(tenant_id) as conn:
            job = await rows.job(conn, tenant_id=tenant_id, job_id=job_id, lock=True)
            if job is None or job.attempt != int(arguments["attempt"]):
                return
            if job.status == "canceling":
                await settle_cancel(conn, self._bells, tenant_id, job_id)
                return
            if job.status not in FINISHING or (files["video"] is None and "kept" not in files):
                return
            # An output that is made again says so by itself; a film is completed once.
            again = await export_rows.has_film(conn, tenant_id=tenant_id, job_id=job_id)
            if files["video"] is not None:
                await self._note_film(conn, job, msgspec.convert(made, Made), files)
            await rows.set_status(
                conn,
                tenant_id=tenant_id,
                job_id=job_id,
                expected=FINISHING,
                status="completed",
                actor="render",
                progress_pct=100.0,
                ends=True,
            )
            await rows.end_attempt(conn, tenant_id=tenant_id, job_id=job_id, attempt=job.attempt, outcome="completed")
            took = await forecast_rows.finish_took(conn, tenant_id=tenant_id, job_id=job_id)
            ready = await rows.job(conn, tenant_id=tenant_id, job_id=job_id)
            if ready is not None:
                told = {"file_id": files["video"], "poster_file_id": files["poster"]} if files["video"] else {}
                what = "repaired" if made.get("repaired") else "progress" if again else "completed"
                await tell(conn, self._bells, ready, what, **told)
            if took is not None:
                # Last: films of other tenants write to the same row.
                kind, film_s, seconds = took
                await speed_rows.save_finish(
                    conn, kind=kind, height=job.height or 0, film_s=film_s, finish_s=seconds, decay=FINISH_DECAY
                )
        if "film_key" in made:
            # The files service keeps its own; ours was for it and for outputs made from the film.
            await self._objects.delete(made["film_key"], made["poster_key"])

    async def _note_film(self, conn: Conn, job: JobRow, film: Made, files: dict[str, Json]) -> None:
        poster = MadeFile(
            kind="poster",
            output_no=0,
            profile_key=None,
            file_id=UUID(files["poster"]),
            sha256=bytes.fromhex(files["poster_sha256"]),
            bytes=int(files["poster_bytes"]),
            width=film.poster_width,
            height=film.poster_height,
            duration_ms=None,
            container="jpeg",
            codecs=None,
        )
        video = MadeFile(
            kind="video",
            output_no=0,
            profile_key=job.output_profile_key,
            file_id=UUID(files["video"]),
            sha256=bytes.fromhex(files["video_sha256"]),
            bytes=film.bytes,
            width=film.width,
            height=film.height,
            duration_ms=film.duration_ms,
            container=film.container,
            codecs=film.codecs,
        )
        await export_rows.put(
            conn,
            tenant_id=job.tenant_id,
            job_id=job.id,
            user_id=job.user_id,
            made=poster,
            keep_days=self._settings.export_keep_days,
        )
        await self._more.ready(conn, job, video)

    async def _fail(self, arguments: dict[str, Json], failure: dict[str, Json]) -> None:
        tenant_id, job_id = UUID(arguments["tenant_id"]), UUID(arguments["job_id"])
        found = msgspec.convert(failure, Failure)
        async with self._database.tenant(tenant_id) as conn:
            await fail_job(conn, self._bells, tenant_id, job_id, code=found.code, message=found.message)
