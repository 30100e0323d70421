"""Sends what is on its way to delivery targets: signed webhooks, files into buckets.

The truth is rows; each attempt holds a lease, and any process may take it over.
An attempt's outcome decides what follows: delivered; again after a pause that grows (with some chance in it, longer when the receiver asks for it); dead
after the last one, which the target's maker is told. A receiver that says 410 is switched off, and one that nothing reached for five days.
"""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import PurePath
from typing import Any

import msgspec
import structlog

from flatrender.contracts.files import FilesApi, LinkRequest, StoredFile
from flatrender.kit.clock import Clock
from flatrender.kit.db import Bells, Conn, Database, emit
from flatrender.kit.errors import AppError
from flatrender.kit.objects import ObjectStore
from flatrender.kit.outgoing import AddressRefused, NoAnswer, Outgoing
from flatrender.kit.s3_upload import BucketRefused, Uploader
from flatrender.kit.secret_box import SealBroken, Sealed, SecretBox
from flatrender.kit.webhook_signature import headers as signed_headers
from flatrender.services.render.queries import deliveries as rows
from flatrender.services.render.queries import exports as export_rows
from flatrender.services.render.queries.deliveries import DeliveryRow, TargetRow
from flatrender.services.render.queries.exports import ExportRow
from flatrender.services.render.service.deliveries import BELL, TARGET_TEST
from flatrender.services.render.service.delivery_targets import (
    S3Config,
    WebhookConfig,
    bucket_of,
    object_key,
    secret_place,
)
from flatrender.services.render.service.events import SCHEMA
from flatrender.services.render.settings import RenderSettings

log = structlog.get_logger(__name__)

AT_ONCE = 16
SNIPPET_BYTES = 1024
LINK_LIFE_S = 7 * 24 * 3600
"""Longer than all attempts take together."""
FAILING_AFTER_S = 5 * 24 * 3600
LONGEST_WAIT_S = 24 * 3600
SLOW_DOWN = (429, 502, 503, 504)
GONE = 410
JITTER = 0.1


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one attempt went. `error` is for the tenant's administrators: it names no secret and nothing of our inside."""

    error: str | None = None
    refused: bool = False
    """The address may not be called: nothing was sent."""
    status: int | None = None
    snippet: str | None = None
    address: str | None = None
    location: str | None = None
    gone: bool = False
    hopeless: bool = False
    """Trying again cannot help."""
    wait_s: float | None = None
    """The receiver asks for at least this pause."""


class Delivering:
    """The loop of one process."""

    def __init__(
        self,
        *,
        database: Database,
        bells: Bells,
        files: FilesApi,
        objects: ObjectStore,
        box: SecretBox,
        outgoing: Outgoing,
        settings: RenderSettings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._bells = bells
        self._files = files
        self._objects = objects
        self._box = box
        self._outgoing = outgoing
        self._settings = settings
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop`. What is being sent then is broken off; its lease ends and somebody sends it again."""
        with self._bells.hear(BELL) as bell:
            while not stop.is_set():
                try:
                    while len(self._running) < AT_ONCE and (delivery := await self._claim()) is not None:
                        task = asyncio.create_task(self._attempt(delivery), name=f"delivery-{delivery.id}")
                        self._running.add(task)
                        task.add_done_callback(self._ended)
                except AppError as error:
                    log.warning("deliveries_wait", code=error.code)
                await bell.wait(self._settings.delivery_poll_s)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("delivery_crashed", error=repr(task.exception()))

    async def _claim(self) -> DeliveryRow | None:
        async with self._database.worker() as conn:
            return await rows.claim(conn, lease_s=self._settings.delivery_lease_s)

    async def _attempt(self, delivery: DeliveryRow) -> None:
        began = asyncio.get_running_loop().time()
        try:
            async with self._held(delivery):
                outcome = await self._send(delivery)
        except asyncio.CancelledError:
            raise
        except AppError as error:
            outcome = Outcome(error=f"a part of the platform does not answer ({error.code})")
        except Exception as error:
            log.exception("delivery_failed", delivery_id=str(delivery.id))
            outcome = Outcome(error=f"something went wrong on our side ({type(error).__name__})")
        await self._settle(delivery, outcome, round((asyncio.get_running_loop().time() - began) * 1000))

    @asynccontextmanager
    async def _held(self, delivery: DeliveryRow) -> AsyncIterator[None]:
        """Renew the lease within the block; end the block when it was lost."""
        task = asyncio.current_task()
        lease_s = self._settings.delivery_lease_s

        async def renew() -> None:
            while True:
                await asyncio.sleep(lease_s / 3)
                try:
                    async with self._database.worker() as conn:
                        alive = await rows.renew(
                            conn, delivery_id=delivery.id, lease_id=delivery.lease_id or delivery.id, lease_s=lease_s
                        )
                except AppError:
                    continue
                if not alive and task is not None:
                    task.cancel()
                    return

        renewing = asyncio.create_task(renew())
        try:
            yield
        finally:
            renewing.cancel()

    async def _send(self, delivery: DeliveryRow) -> Outcome:
        async with self._database.tenant(delivery.tenant_id) as conn:
            target = await rows.target(conn, tenant_id=delivery.tenant_id, target_id=delivery.target_id)
            export = None
            if delivery.export_id is not None:
                export = await export_rows.one(
                    conn, tenant_id=delivery.tenant_id, export_id=delivery.export_id, user_id=None
                )
        if target is None:
            return Outcome(error="the target was deleted", hopeless=True)
        if delivery.export_id is not None and (export is None or export.file_id is None):
            return Outcome(error="the file was deleted before it could be delivered", hopeless=True)
        try:
            secrets = self._secrets(target)
            if target.kind == "webhook":
                return await self._post(delivery, target, export, secrets)
            return await self._upload(delivery, target, export, secrets[0])
        except AddressRefused as error:
            return Outcome(error=str(error), refused=True)
        except NoAnswer as error:
            return Outcome(error=str(error))
        except SealBroken:
            return Outcome(error="the target's secret cannot be read any more: give it anew", hopeless=True)

    def _secrets(self, target: TargetRow) -> list[str]:
        place = secret_place(target.id)
        found = [self._box.open(Sealed(target.secret_key_id, target.secret_enc), place=place)]
        if target.previous_secret_enc is not None and target.previous_secret_key_id is not None:
            found.append(self._box.open(Sealed(target.previous_secret_key_id, target.previous_secret_enc), place=place))
        return [secret.decode() for secret in found]

    async def _post(
        self, delivery: DeliveryRow, target: TargetRow, export: ExportRow | None, secrets: list[str]
    ) -> Outcome:
        config = msgspec.convert(target.config, WebhookConfig)
        body = delivery.payload
        if not body:
            body = msgspec.json.encode(await self._message(delivery, export))
            async with self._database.tenant(delivery.tenant_id) as conn:
                if not await rows.set_payload(
                    conn, delivery_id=delivery.id, lease_id=delivery.lease_id or delivery.id, payload=body
                ):
                    raise asyncio.CancelledError
        headers = {
            "content-type": "application/json",
            **signed_headers(secrets, delivery.message_id, int(self._clock().timestamp()), body),
        }
        async with self._outgoing.open(config.url) as line:
            answer = await line.request(
                "POST",
                config.url,
                headers=headers,
                body=body,
                deadline_s=self._settings.delivery_deadline_s,
                keep_bytes=SNIPPET_BYTES,
            )
            snippet = _shown(answer.body)
            address = line.address
        if 200 <= answer.status < 300:
            return Outcome(status=answer.status, snippet=snippet, address=address)
        asked = answer.headers.get("retry-after") if answer.status in SLOW_DOWN else None
        return Outcome(
            error=f"the receiver answered {answer.status}"
            + (", which is not followed" if 300 <= answer.status < 400 else ""),
            status=answer.status,
            snippet=snippet,
            address=address,
            gone=answer.status == GONE,
            hopeless=answer.status == GONE,
            wait_s=_pause(asked, self._clock()),
        )

    async def _message(self, delivery: DeliveryRow, export: ExportRow | None) -> dict[str, Any]:
        message: dict[str, Any] = {"type": delivery.event_type, "timestamp": self._clock().isoformat(), "data": {}}
        if export is None or export.file_id is None:
            return message
        links = await self._files.links(
            tenant_id=delivery.tenant_id, requests=[LinkRequest(file_id=export.file_id, life_s=LINK_LIFE_S)]
        )
        link = links.get(export.file_id)
        message["data"] = {
            "export_id": str(export.id),
            "job_id": str(export.render_job_id),
            "saved_project_id": str(export.saved_project_id),
            "title": export.title,
            "profile": export.profile_key,
            "output": export.output_no,
            "container": export.container,
            "codecs": export.codecs,
            "width": export.width,
            "height": export.height,
            "duration_ms": export.duration_ms,
            "bytes": export.bytes,
            "sha256": export.sha256.hex() if export.sha256 else None,
            "expires_at": export.expires_at.isoformat() if export.expires_at else None,
            "download_url": f"{self._settings.public_url.rstrip('/')}{link.url}" if link else None,
            "download_expires_at": link.expires_at.isoformat() if link else None,
        }
        return message

    async def _upload(self, delivery: DeliveryRow, target: TargetRow, export: ExportRow | None, secret: str) -> Outcome:
        config = msgspec.convert(target.config, S3Config)
        bucket = bucket_of(config, secret)
        async with self._outgoing.open(bucket.base) as line:
            uploader = Uploader(line, bucket, deadline_s=self._settings.upload_deadline_s, clock=self._clock)
            try:
                if export is None or export.file_id is None:
                    location = await self._try_out(uploader, config, delivery)
                else:
                    file = (await self._files.files(tenant_id=delivery.tenant_id, ids=[export.file_id])).get(
                        export.file_id
                    )
                    if file is None:
                        return Outcome(error="the file was deleted before it could be delivered", hopeless=True)
                    location = await self._put(uploader, config, export, file)
            except BucketRefused as error:
                return Outcome(error=str(error), status=error.status, address=line.address)
            return Outcome(status=200, location=location, address=line.address)

    async def _put(self, uploader: Uploader, config: S3Config, export: ExportRow, file: StoredFile) -> str:
        key = object_key(
            config,
            {
                "title": export.title or "film",
                "profile": export.profile_key,
                "extension": PurePath(file.name).suffix.lstrip(".") or "bin",
                "date": export.created_at.date().isoformat(),
                "job_id": str(export.render_job_id),
                "export_id": str(export.id),
                "project_id": str(export.saved_project_id),
            },
        )

        async def read(start: int, length: int) -> bytes:
            return await self._objects.read_range(file.object_key, start, length)

        return await uploader.put(key, file.size_bytes, read, content_type=file.content_type, sha256=file.sha256)

    async def _try_out(self, uploader: Uploader, config: S3Config, delivery: DeliveryRow) -> str:
        text = b"FlatRender put this file here to try the bucket; it may be removed.\n"
        key = f"{config.prefix.rstrip('/')}/" * bool(config.prefix.strip("/")) + f"flatrender-test-{delivery.id}.txt"

        async def read(start: int, length: int) -> bytes:
            return text[start : start + length]

        location = await uploader.put(
            key, len(text), read, content_type="text/plain", sha256=hashlib.sha256(text).digest()
        )
        await uploader.remove(key)
        return location

    async def _settle(self, delivery: DeliveryRow, outcome: Outcome, duration_ms: int) -> None:
        last = delivery.attempt > len(self._settings.delivery_schedule_s) or delivery.event_type == TARGET_TEST
        status = "delivered" if outcome.error is None else "dead" if outcome.hopeless or last else "pending"
        wait_s = 0.0
        if status == "pending":
            pause = self._settings.delivery_schedule_s[delivery.attempt - 1]
            wait_s = max(pause, outcome.wait_s or 0) * (1 + JITTER * random.random())  # noqa: S311 - spreads attempts, no secret
        async with self._database.tenant(delivery.tenant_id) as conn:
            if not await rows.settle(
                conn,
                delivery_id=delivery.id,
                lease_id=delivery.lease_id or delivery.id,
                status=status,
                wait_s=wait_s,
                status_code=outcome.status,
                error=outcome.error,
                location=outcome.location,
            ):
                return
            await rows.note_attempt(
                conn,
                tenant_id=delivery.tenant_id,
                delivery_id=delivery.id,
                attempt_no=delivery.attempt,
                outcome="refused" if outcome.refused else "failed" if outcome.error else "delivered",
                status_code=outcome.status,
                error=outcome.error,
                response_snippet=outcome.snippet,
                resolved_ip=outcome.address,
                duration_ms=duration_ms,
            )
            if delivery.event_type != TARGET_TEST or outcome.error is None:
                await rows.note_target(
                    conn,
                    tenant_id=delivery.tenant_id,
                    target_id=delivery.target_id,
                    error=outcome.error,
                    gone=outcome.gone,
                    failing_after_s=FAILING_AFTER_S,
                )
            if status == "dead" and delivery.event_type != TARGET_TEST:
                await self._tell_dead(conn, delivery, outcome)
        log.info("delivery_attempted", delivery_id=str(delivery.id), attempt=delivery.attempt, status=status)

    async def _tell_dead(self, conn: Conn, delivery: DeliveryRow, outcome: Outcome) -> None:
        target = await rows.target(conn, tenant_id=delivery.tenant_id, target_id=delivery.target_id)
        if target is None or target.created_by_user_id is None:
            return
        await emit(
            conn,
            SCHEMA,
            tenant_id=delivery.tenant_id,
            type="export.delivery_dead",
            aggregate_type="delivery",
            aggregate_id=delivery.id,
            payload={
                "user_id": str(target.created_by_user_id),
                "delivery_id": str(delivery.id),
                "target_id": str(target.id),
                "target": target.name,
                "export_ids": [str(delivery.export_id)] if delivery.export_id else [],
                "error": outcome.error,
            },
        )


def _shown(body: bytes) -> str:
    """Return an answer as it may be shown and stored."""
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in body.decode(errors="replace"))[:1024]


def _pause(retry_after: str | None, now: datetime) -> float | None:
    """Return the seconds that `Retry-After` asks for, at most a day."""
    if retry_after is None:
        return None
    try:
        seconds = (
            float(retry_after)
            if retry_after.strip().isdigit()
            else (parsedate_to_datetime(retry_after) - now).total_seconds()
        )
    except (ValueError, TypeError):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT_S)
