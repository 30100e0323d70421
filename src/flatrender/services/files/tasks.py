"""What files does without being asked: abandoned uploads, deleted files and unused bytes away."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from flatrender.kit.db import Database
from flatrender.kit.errors import AppError
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.queries import library, quotas
from flatrender.services.files.settings import FilesSettings

EVERY_S = 300.0
BATCH = 500
UNUSED_S = 3600
log = structlog.get_logger(__name__)


async def sweep(database: Database, objects: ObjectStore, settings: FilesSettings) -> dict[str, int]:
    """Do one round; return how many of each kind went. A row goes before its object: an object without a row is only wasted room."""
    async with database.worker() as conn:
        abandoned = await quotas.expire_uploads(conn, limit=BATCH)
    await objects.delete(*abandoned)
    async with database.worker() as conn:
        purged = await library.purge_due_files(conn, limit=BATCH)
    async with database.worker() as conn:
        unused = await library.take_unused_blobs(conn, unused_s=min(UNUSED_S, settings.keep_deleted_s), limit=BATCH)
    await objects.delete(*unused)
    return {"uploads": len(abandoned), "files": purged, "objects": len(unused)}


def sweeping(
    database: Database, objects: ObjectStore, settings: FilesSettings
) -> Callable[[asyncio.Event], Coroutine[Any, Any, None]]:
    """Return the loop that sweeps every five minutes."""

    async def run(stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                done = await sweep(database, objects, settings)
                if any(done.values()):
                    log.info("files_swept", **done)
            except AppError as error:
                log.warning("sweep_waits", service="files", code=error.code)
            try:
                await asyncio.wait_for(stop.wait(), EVERY_S)
            except TimeoutError:
                continue

    return run
