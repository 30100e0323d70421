"""Single pictures: scene thumbnails that an admin asks for, previews that somebody in the studio waits for. A lane of their own: never behind films."""

import hashlib
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import structlog

from flatrender.contracts.content import ContentApi, ResolvedSceneData, SceneRequest
from flatrender.contracts.files import FilesApi, StoreRequest
from flatrender.contracts.studio import StudioApi
from flatrender.kit.db import Bells, Conn, Database, emit
from flatrender.kit.errors import AppError, Conflict, Refused, Unavailable
from flatrender.kit.ids import new_id
from flatrender.kit.objects import LinkSigner, ObjectStore
from flatrender.kit.workflows import Json, Run, enqueue
from flatrender.protocol.outcome import Accepted, Fail, Result
from flatrender.protocol.work import Assignment, Claim, Engine, Lease, StillTask
from flatrender.services.render import errors, metrics
from flatrender.services.render.queries import crashes as crash_rows
from flatrender.services.render.queries import nodes as node_rows
from flatrender.services.render.queries import snapshots as rows
from flatrender.services.render.queries.snapshots import ClaimedStill, SceneJobRow, SnapshotRow
from flatrender.services.render.service.claims import LINK_MARGIN_S, Gone, claimed_pool, may_work, never_gone
from flatrender.services.render.service.events import SCHEMA, stills_bell
from flatrender.services.render.service.leases import (
    FINAL_CODES,
    UNCLEAR_CODES,
    after_failure,
    fingerprint_of,
    output_present,
)
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.service.planning import content_key, decode_task, still_task, still_upload_key
from flatrender.services.render.service.pools import DEFAULT_POOL, ENGINES, engine_of, pool_of, work_pool
from flatrender.services.render.service.recovery import node_to_exclude
from flatrender.services.render.service.sources import asset_object_key, links_of, scene_object_key, store_source
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

PREPARE_WORKFLOW = "prepare_snapshots"
NODE_PAUSE_S = 2.0


class Snapshots:
    """Thumbnails and previews."""

    def __init__(
        self,
        *,
        database: Database,
        bells: Bells,
        nodes: Nodes,
        content: ContentApi,
        files: FilesApi,
        studio: StudioApi,
        objects: ObjectStore,
        links: LinkSigner,
        settings: RenderSettings,
    ) -> None:
        self._database = database
        self._bells = bells
        self._nodes = nodes
        self._content = content
        self._files = files
        self._studio = studio
        self._objects = objects
        self._links = links
        self._settings = settings

    async def enqueue_scenes(
        self, tenant_id: UUID, project_id: UUID, *, user_id: UUID | None, locale: str
    ) -> list[SceneJobRow]:
        """Queue one picture for each active scene without an open job; return the newest job of each scene. Raises TemplateNotFound."""
        scenes = await self._content.scenes(tenant_id=tenant_id, project_id=project_id)
        if not scenes:
            raise errors.TemplateNotFound("there is no such template, or it has no active scene")
        batch_id = new_id()
        async with self._database.tenant(tenant_id) as conn:
            queued = [
                await rows.insert_scene_job(
                    conn,
                    tenant_id=tenant_id,
                    batch_id=batch_id,
                    project_id=project_id,
                    project_version_id=scene.version_id,
                    scene_id=scene.scene_id,
                    scene_key=scene.scene_key,
                    frame_no=scene.snapshot_frame,
                    user_id=user_id,
                )
                for scene in scenes
            ]
            if any(queued):
                await self._start_preparing(conn, tenant_id, batch_id, locale)
            return await rows.scene_jobs(conn, tenant_id=tenant_id, project_id=project_id)

    async def _start_preparing(self, conn: Conn, tenant_id: UUID, batch_id: UUID, locale: str) -> None:
        arguments = {"tenant_id": str(tenant_id), "batch_id": str(batch_id), "locale": locale}
        await enqueue(conn, PREPARE_WORKFLOW, f"{PREPARE_WORKFLOW}:{batch_id}", arguments)

    async def scene_jobs(self, tenant_id: UUID, project_id: UUID) -> list[SceneJobRow]:
        """Return the newest job of each scene; empty for a template of the tenant without any. Raises TemplateNotFound for any other."""
        async with self._database.tenant(tenant_id) as conn:
            found = await rows.scene_jobs(conn, tenant_id=tenant_id, project_id=project_id)
        if not found and not await self._content.scenes(tenant_id=tenant_id, project_id=project_id):
            raise errors.TemplateNotFound("there is no such template, or it has no active scene")
        return found

    async def prepare(self, run: Run, arguments: dict[str, Json]) -> None:
        """Workflow: resolve each scene of a batch and store it, which makes its job claimable. No job of the batch waits after its end."""
        failed = await run.step("resolve", self._prepare, arguments)
        if failed is not None:
            await run.step("fail", self._fail_batch, arguments, failed)

    async def _prepare(self, arguments: dict[str, Json]) -> str | None:
        """Return why the rest of the batch cannot be prepared, or None."""
        tenant_id, batch_id = UUID(arguments["tenant_id"]), UUID(arguments["batch_id"])
        try:
            async with self._database.tenant(tenant_id) as conn:
                jobs = await rows.unresolved_scene_jobs(conn, tenant_id=tenant_id, batch_id=batch_id)
            versions = sorted({job.project_version_id for job in jobs if job.project_version_id is not None})
            details = (
                await self._content.template_details(tenant_id=tenant_id, version_ids=versions) if versions else []
            )
            sizes = {template.version_id: template.sizes[0].key for template in details if template.sizes}
            for job in jobs:
                failed = await self._prepare_scene(job, sizes, arguments["locale"])
                if failed is not None:
                    async with self._database.tenant(tenant_id) as conn:
                        await rows.fail_scene_job(conn, tenant_id=tenant_id, job_id=job.id, message=failed)
        except (Unavailable, Conflict):
            raise
        except AppError as error:
            return f"{error.code}: {error.detail}"
        except Exception as error:
            log.exception("thumbnails_not_prepared", batch_id=str(batch_id))
            return _unexpected(error)
        return None

    async def _prepare_scene(self, job: SceneJobRow, sizes: Mapping[UUID, str], locale: str) -> str | None:
        """Make one job claimable, or return why it cannot be: the other scenes go on."""
        if job.project_version_id is None or job.project_version_id not in sizes:
            return "render.template_not_found: this version of the template is gone"
        try:
            scene = await self._resolve(
                job.tenant_id,
                SceneRequest(
                    version_id=job.project_version_id,
                    scene_key=job.scene_key,
                    size=sizes[job.project_version_id],
                    locale=locale,
                    values={},
                    colors={},
                ),
            )
            task = still_task(scene, frame=job.frame_no, width=self._settings.snapshot_width, as_designed=True)
            async with self._database.tenant(job.tenant_id) as conn:
                await rows.set_scene_job_task(
                    conn,
                    tenant_id=job.tenant_id,
                    job_id=job.id,
                    scene_object_key=scene_object_key(job.tenant_id, scene.sha256),
                    scene_sha256=scene.sha256,
                    task=msgspec.to_builtins(task),
                    pool=pool_of(task),
                    engine=engine_of(task),
                    project_sha256=task.source.sha256 if task.source is not None else None,
                )
                await self._bells.ring(conn, stills_bell(pool_of(task)))
        except (Unavailable, Conflict):
            raise
        except AppError as error:
            return f"{error.code}: {error.detail}"
        except Exception as error:
            log.exception("thumbnail_not_prepared", job_id=str(job.id), scene_key=job.scene_key)
            return _unexpected(error)
        return None

    async def _fail_batch(self, arguments: dict[str, Json], message: str) -> None:
        tenant_id, batch_id = UUID(arguments["tenant_id"]), UUID(arguments["batch_id"])
        async with self._database.tenant(tenant_id) as conn:
            await rows.fail_unresolved_scene_jobs(conn, tenant_id=tenant_id, batch_id=batch_id, message=message)

    async def _resolve(self, tenant_id: UUID, request: SceneRequest) -> ResolvedSceneData:
        (scene,) = await self._content.resolve_scenes(tenant_id=tenant_id, requests=[request])
        await store_scene(self._objects, tenant_id, scene)
        return scene

    async def request_still(
        self,
        tenant_id: UUID,
        *,
        user_id: UUID,
        saved_project_id: UUID,
        draft: bytes,
        frame: int | None,
        width: int | None,
    ) -> SnapshotRow:
        """Return the picture of unsaved edits, ready at once when the same was drawn before. Raises SnapshotNotFound when the project is not theirs."""
        request = await self._studio.scene_request(
            tenant_id=tenant_id, user_id=user_id, saved_project_id=saved_project_id, draft=draft
        )
        if request is None:
            raise errors.SnapshotNotFound("there is no such project")
        scene = await self._resolve(tenant_id, request)
        task = still_task(
            scene,
            frame=scene.snapshot_frame if frame is None else frame,
            width=min(width or self._settings.snapshot_width, self._settings.max_snapshot_width),
        )
        async with self._database.tenant(tenant_id) as conn:
            row = await rows.upsert_still(
                conn,
                tenant_id=tenant_id,
                cache_key=content_key(task),
                project_version_id=request.version_id,
                saved_project_id=saved_project_id,
                frame_no=int(task.frame),
                width=task.width,
                height=task.height,
                scene_object_key=scene_object_key(tenant_id, scene.sha256),
                scene_sha256=scene.sha256,
                task=msgspec.to_builtins(task),
            )
            if row.status == "queued":
                await self._bells.ring(conn, stills_bell(DEFAULT_POOL))
            return row

    async def still(self, tenant_id: UUID, snapshot_id: UUID) -> SnapshotRow:
        """Return a preview. Raises SnapshotNotFound."""
        async with self._database.tenant(tenant_id) as conn:
            row = await rows.snapshot(conn, tenant_id=tenant_id, snapshot_id=snapshot_id)
        if row is None:
            raise errors.SnapshotNotFound("there is no such picture")
        return row

    async def claim(self, secret: str, claim: Claim, gone: Gone = never_gone) -> Assignment | None:
        """Wait for a picture to draw and lease it: previews first, then thumbnails; of After Effects' several of one project when the node takes them.

        None when there was none in time, the node may not work now, or `gone` says that nobody waits any more.
        Raises NodeUnknown, BootSuperseded and EngineUnknown.
        """
        until = time.monotonic() + max(0.0, min(claim.wait_s, self._settings.claim_wait_s))
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, claim.boot_id)
        with self._bells.hear(stills_bell(claimed_pool(node, claim))) as bell:
            while not gone():
                claimed = await self._claim_once(secret, claim)
                left = until - time.monotonic()
                if claimed:
                    first, *more = (self._assignment(one) for one in claimed)
                    return msgspec.structs.replace(first, also=more)
                if left <= 0 or self._bells.closing:
                    return None
                await bell.wait(min(left, self._settings.claim_recheck_s))
        return None

    @metrics.timed_claim("still")
    async def _claim_once(self, secret: str, claim: Claim) -> list[ClaimedStill]:
        """Return the pictures that the node gets now: one, or several of one project; none when there is nothing."""
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, claim.boot_id)
            if not may_work(node, claim.engine) or not await self._nodes.may_take(conn, node):
                return []
            scope: dict[str, Any] = {
                "pool": claimed_pool(node, claim),
                "node_id": node.id,
                "dedicated_tenant_id": node.dedicated_tenant_id,
                "lease_s": self._settings.lease_s,
            }
            if claim.engine == "aerender":
                first = await rows.claim_scene_job(conn, **scope, warm=True) or await rows.claim_scene_job(
                    conn, **scope
                )
            else:
                first = await rows.claim_still(conn, **scope) or await rows.claim_scene_job(conn, **scope)
            if first is None:
                return []
            claimed = [first]
            most = 1 if node.probing else min(claim.batch, self._settings.batch_stills)
            if first.project_sha256 is not None and first.machine_failures == 0 and most > 1:
                claimed += await rows.claim_scene_jobs_of(
                    conn,
                    **scope,
                    tenant_id=first.tenant_id,
                    project_sha256=first.project_sha256,
                    most=most - 1,
                )
            await self._nodes.still_there(conn, node)
        return claimed

    def _assignment(self, claimed: ClaimedStill) -> Assignment:
        task = decode_task(claimed.task)
        key = output_key(claimed, task)
        deadline_s = min(self._settings.work_deadline_s, 300.0)
        if engine_of(task) == "aerender":
            deadline_s = self._settings.aerender_still_deadline_s
        life_s = max(self._settings.link_life_s, round(deadline_s) + LINK_MARGIN_S)
        links = links_of(claimed.tenant_id, task, lambda key: self._links.sign("GET", key, life_s=life_s))
        return Assignment(
            lease=Lease(kind=claimed.kind, id=claimed.id, lease_id=claimed.lease_id, epoch=claimed.epoch),
            lease_s=self._settings.lease_s,
            task=task,
            clip_urls=links.clip_urls,
            source_url=links.source_url,
            scene_url=self._links.sign("GET", claimed.scene_object_key, life_s=life_s),
            upload_url=self._links.sign("PUT", key, life_s=life_s),
            output_key=key,
            deadline_s=deadline_s,
        )

    async def claim_for_development(self) -> ClaimedStill | None:
        """Lease a scene thumbnail (and nothing else) to the development worker of this process."""
        async with self._database.worker() as conn:
            return await rows.claim_scene_job(
                conn, pool=DEFAULT_POOL, node_id=None, dedicated_tenant_id=None, lease_s=self._settings.lease_s
            )

    async def scene_job_result(self, secret: str, job_id: UUID, result: Result) -> Accepted:
        """Take a thumbnail: the job and the scene's `snapshot_url` change in one transaction. Raises LeaseSuperseded and OutputMissing."""
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, result.boot_id)
            job = await rows.scene_job(conn, job_id=job_id)
        if job is None or (job.epoch, job.lease_id) != (result.epoch, result.lease_id):
            raise _superseded()
        if job.status == "done":
            return Accepted(replayed=True)
        key = still_upload_key(job.tenant_id, "snapshot_job", job.id, job.epoch, "jpeg")
        await output_present(self._objects, key, result.bytes)
        return await self.finish_scene_job(job, key, lease_id=result.lease_id, epoch=result.epoch, node_id=node.id)

    async def finish_scene_job(
        self, job: SceneJobRow, key: str, *, lease_id: UUID, epoch: int, node_id: UUID | None
    ) -> Accepted:
        """Keep the picture for good, then end the job and write the scene's `snapshot_url` together. Raises LeaseSuperseded."""
        (file,) = await self._files.store(
            tenant_id=job.tenant_id,
            requests=[
                StoreRequest(
                    name=f"{job.scene_key}.jpg",
                    purpose="snapshot",
                    content_type="image/jpeg",
                    object_key=key,
                    public=True,
                    dedupe_key=f"snapshot_job:{job.id}:{epoch}",
                )
            ],
        )
        if file.permanent_url is None:
            raise Unavailable("the picture got no permanent address", code="render.no_permanent_url")
        async with self._database.worker() as conn:
            accepted = await rows.finish_scene_job(
                conn,
                job_id=job.id,
                node_id=node_id,
                lease_id=lease_id,
                epoch=epoch,
                image_url=file.permanent_url,
                image_file_id=file.id,
            )
            if not accepted:
                now = await rows.scene_job(conn, job_id=job.id)
                if now is not None and now.status == "done" and (now.epoch, now.lease_id) == (epoch, lease_id):
                    return Accepted(replayed=True)
                raise _superseded()
            if node_id is not None:
                await node_rows.end_probation(conn, node_id=node_id)
            written = await rows.set_scene_snapshot(
                conn, tenant_id=job.tenant_id, scene_id=job.scene_id, url=file.permanent_url
            )
            if not written:
                log.info("snapshot_of_gone_scene", scene_id=str(job.scene_id))
            await emit(
                conn,
                SCHEMA,
                tenant_id=job.tenant_id,
                type="snapshot.ready",
                aggregate_type="snapshot_job",
                aggregate_id=job.id,
                payload={
                    "project_id": str(job.project_id),
                    "scene_id": str(job.scene_id),
                    "scene_key": job.scene_key,
                    "image_url": file.permanent_url,
                },
            )
        return Accepted()

    async def still_result(self, secret: str, snapshot_id: UUID, result: Result) -> Accepted:
        """Take a preview. Raises LeaseSuperseded and OutputMissing."""
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, result.boot_id)
            row = await rows.still(conn, snapshot_id=snapshot_id)
        if row is None or (row.epoch, row.lease_id) != (result.epoch, result.lease_id):
            raise _superseded()
        if row.status == "ready":
            return Accepted(replayed=True)
        key = still_upload_key(row.tenant_id, "snapshot", row.id, row.epoch, "jpeg")
        await output_present(self._objects, key, result.bytes)
        (file,) = await self._files.store(
            tenant_id=row.tenant_id,
            requests=[
                StoreRequest(
                    name="preview.jpg",
                    purpose="snapshot",
                    content_type="image/jpeg",
                    object_key=key,
                    public=True,
                    dedupe_key=f"snapshot:{row.id}:{row.epoch}",
                )
            ],
        )
        async with self._database.worker() as conn:
            accepted = await rows.finish_still(
                conn,
                snapshot_id=snapshot_id,
                node_id=node.id,
                lease_id=result.lease_id,
                epoch=result.epoch,
                image_url=file.permanent_url or f"/v1/files/{file.id}/content",
                image_file_id=file.id,
                render_ms=round(result.seconds * 1000),
            )
            if not accepted:
                raise _superseded()
            if node.probing:
                await node_rows.end_probation(conn, node_id=node.id)
        return Accepted()

    async def scene_job_fail(self, secret: str, job_id: UUID, fail: Fail) -> Accepted:
        """Take the report that a thumbnail could not be drawn. Raises LeaseSuperseded."""
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, fail.boot_id)
            job = await rows.scene_job(conn, job_id=job_id)
            if job is None or not await self.release_scene_job(conn, job, fail.lease_id, fail.epoch, fail, node):
                raise _superseded()
            what = fingerprint_of(job.project_sha256, job.scene_key)
            await self._note(conn, node, job.tenant_id, fail, what, engine=job.engine)
        return Accepted()

    async def release_scene_job(
        self,
        conn: Conn,
        job: SceneJobRow,
        lease_id: UUID,
        epoch: int,
        fail: Fail,
        node: node_rows.NodeRow | None = None,
    ) -> bool:
        """End a thumbnail's lease after a failure; False when it had ended."""
        content = fail.failure == "content"
        unclear = fail.failure == "node" and fail.code in UNCLEAR_CODES
        given_up = unclear and job.machine_failures + 1 >= self._settings.machine_failures
        final = given_up or (content and (fail.code in FINAL_CODES or job.attempt + 1 >= job.max_attempts))
        exclude = None
        if node is not None and not final and fail.failure in ("content", "node", "licence"):
            exclude = await node_to_exclude(conn, job.tenant_id, job.engine, node.id, node.pool)
        released = await rows.release_scene_job(
            conn,
            job_id=job.id,
            lease_id=lease_id,
            epoch=epoch,
            status="error" if final else "queued",
            burn=content,
            message=f"{fail.code}: {fail.detail}",
            pause_s=0.0 if content or exclude is not None else NODE_PAUSE_S,
            exclude=exclude,
            blames_machine=unclear,
        )
        if released and not final:
            await self._bells.ring(conn, stills_bell(job.pool))
        return released

    async def still_fail(self, secret: str, snapshot_id: UUID, fail: Fail) -> Accepted:
        """Take the report that a preview could not be drawn. Raises LeaseSuperseded."""
        async with self._database.worker() as conn:
            node = await self._nodes.recognise(conn, secret, fail.boot_id)
            row = await rows.still(conn, snapshot_id=snapshot_id)
            content = fail.failure == "content"
            final = row is not None and content and (fail.code in FINAL_CODES or row.attempt + 1 >= rows.MAX_ATTEMPTS)
            if row is None or not await rows.release_still(
                conn,
                snapshot_id=snapshot_id,
                lease_id=fail.lease_id,
                epoch=fail.epoch,
                status="failed" if final else "queued",
                burn=content,
                error=fail.code,
            ):
                raise _superseded()
            if not final:
                await self._bells.ring(conn, stills_bell(DEFAULT_POOL))
            await self._note(conn, node, row.tenant_id, fail, "preview")
        return Accepted()

    async def _note(
        self,
        conn: Conn,
        node: node_rows.NodeRow,
        tenant_id: UUID,
        fail: Fail,
        what: str,
        *,
        engine: Engine = "thorvg",
    ) -> None:
        kind = fail.crash or ("agent_crash" if fail.failure == "node" else None)
        if fail.failure == "licence":
            kind = "license"
        if kind is None:
            return
        await crash_rows.insert_crash(
            conn,
            node_id=node.id,
            tenant_id=tenant_id,
            render_job_id=None,
            frame_job_id=None,
            kind=kind,
            fingerprint=f"{fail.code}:{what}",
            log_excerpt="\n".join(filter(None, (fail.detail[:2000], fail.log_tail[-14000:]))),
            recovery="retried_same",
            engine=engine,
            code=fail.code,
            exit_code=fail.exit_code,
            signal=fail.signal,
            frame_no=fail.frame,
        )
        await after_failure(conn, node, fail, self._settings)

    async def expire(self) -> int:
        """Queue again the pictures whose lease has run out; return how many."""
        async with self._database.worker() as conn:
            given = await rows.give_back(conn, node_id=None)
            if given:
                for engine in ENGINES:
                    await self._bells.ring(conn, stills_bell(work_pool(engine)))
        return given


def output_key(claimed: ClaimedStill, task: Any) -> str:
    """Return where the picture of a claimed job goes."""
    if not isinstance(task, StillTask):
        raise Refused("this job holds no picture's task", code="render.task_invalid")
    return still_upload_key(claimed.tenant_id, claimed.kind, claimed.id, claimed.epoch, task.format)


async def store_scene(objects: ObjectStore, tenant_id: UUID, scene: ResolvedSceneData) -> str:
    """Keep a resolved scene and its films under their hashes unless they are there; return the scene's key.

    Raises Unavailable when the scene's bytes are not what the hash says.
    """
    key = scene_object_key(tenant_id, scene.sha256)
    if not await objects.exists(key):
        if hashlib.sha256(scene.lottie).hexdigest() != scene.sha256:
            raise Unavailable("a resolved scene does not have its hash", code="render.scene_damaged")
        await objects.put(key, scene.lottie)
    for clip in scene.clips:
        kept = asset_object_key(tenant_id, clip.sha256)
        if not await objects.exists(kept):
            await objects.copy(clip.object_key, kept)
    if scene.source is not None:
        await store_source(objects, tenant_id, scene.source)
    return key


def _unexpected(error: Exception) -> str:
    return f"internal: preparing the scene failed unexpectedly ({type(error).__name__}); press the button again, and if it stays, look into the server's log"


def _superseded() -> errors.LeaseSuperseded:
    return errors.LeaseSuperseded("this work was given to somebody else or is not wanted any more: drop the result")
