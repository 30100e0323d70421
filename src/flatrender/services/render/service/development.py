"""Scene thumbnails without a node, for development: `RENDER_DEV_SNAPSHOTS`, off by default.

Takes `snapshot_jobs` and nothing else: no film, no studio preview. Drawing happens in a child process, as everywhere.
"""

import asyncio
import contextlib
import os
import signal
import sys

import msgspec
import structlog

from flatrender import protocol
from flatrender.kit.db import Bells, Database
from flatrender.kit.errors import AppError
from flatrender.kit.ids import new_id
from flatrender.kit.objects import ObjectStore
from flatrender.protocol.outcome import Fail
from flatrender.services.render.queries import snapshots as rows
from flatrender.services.render.queries.snapshots import ClaimedStill
from flatrender.services.render.service.events import stills_bell
from flatrender.services.render.service.planning import decode_task
from flatrender.services.render.service.pools import DEFAULT_POOL
from flatrender.services.render.service.snapshots import Snapshots, output_key
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

DRAW_MODULE = "flatrender.node.draw"
"""Run as a program: a drawing order on standard input, the picture on standard output, a failure as JSON on standard error."""
MAX_SCENE_BYTES = 128 << 20
PAUSE_S = 1.0


class DevelopmentWorker:
    """Fulfils thumbnails one after the other."""

    def __init__(
        self, database: Database, bells: Bells, snapshots: Snapshots, objects: ObjectStore, settings: RenderSettings
    ) -> None:
        self._database = database
        self._bells = bells
        self._snapshots = snapshots
        self._objects = objects
        self._settings = settings

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`."""
        with self._bells.hear(stills_bell(DEFAULT_POOL)) as bell:
            while not stop.is_set():
                try:
                    claimed = await self._snapshots.claim_for_development()
                    if claimed is None:
                        await bell.wait(PAUSE_S)
                        continue
                    await self._fulfil(claimed)
                except AppError as error:
                    log.warning("development_worker_waits", code=error.code)
                    await asyncio.sleep(PAUSE_S)

    async def _fulfil(self, claimed: ClaimedStill) -> None:
        task = decode_task(claimed.task)
        key = output_key(claimed, task)
        lottie = await self._objects.get(claimed.scene_object_key, limit_bytes=MAX_SCENE_BYTES)
        order = msgspec.msgpack.encode({"protocol": protocol.VERSION, "task": task, "lottie": lottie})
        picture, code, detail = await draw(order, self._settings.dev_snapshot_deadline_s)
        async with self._database.worker() as conn:
            job = await rows.scene_job(conn, job_id=claimed.id)
            if job is None:
                return
            if picture is None:
                fail = Fail(
                    boot_id=new_id(),
                    lease_id=claimed.lease_id,
                    epoch=claimed.epoch,
                    failure="content",
                    code=code,
                    detail=detail,
                )
                await self._snapshots.release_scene_job(conn, job, claimed.lease_id, claimed.epoch, fail)
                return
        await self._objects.put(key, picture)
        await self._snapshots.finish_scene_job(job, key, lease_id=claimed.lease_id, epoch=claimed.epoch, node_id=None)


async def draw(order: bytes, deadline_s: float) -> tuple[bytes | None, str, str]:
    """Draw one picture in a child process; return it, or None with the failure's code and detail."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "TMPDIR") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        DRAW_MODULE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=kept,
        start_new_session=True,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(order), deadline_s)
    except TimeoutError:
        return None, "engine_timeout", f"drawing took longer than {deadline_s:g} s"
    finally:
        # The workers of the child end with its pipes; the group takes what would still run.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if process.returncode == 0 and out:
        return out, "", ""
    try:
        told = msgspec.json.decode(err.strip().splitlines()[-1], type=dict[str, str])
        return None, told["code"], told["detail"]
    except (msgspec.MsgspecError, IndexError, KeyError):
        return None, "engine_crashed", f"the drawing process ended with {process.returncode}"
