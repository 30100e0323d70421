"""Events leave a service through a table: written with the change, published after it, delivered at least once.

Consumers dedupe with `consume_once`. Order is kept per service as far as deliveries succeed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import structlog
from psycopg import sql
from psycopg.types.json import Jsonb

from flatrender import telemetry
from flatrender.kit import metrics
from flatrender.kit.db.pools import Conn, Database
from flatrender.kit.errors import AppError

log = structlog.get_logger(__name__)

BATCH = 50
MAX_BACKOFF_S = 300


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in one service and that others may act on."""

    id: UUID
    tenant_id: UUID
    type: str
    """`<aggregate>.<what happened>`, for example `render_job.completed`."""
    aggregate_type: str
    aggregate_id: UUID
    payload: dict[str, Any]
    occurred_at: datetime


EventHandler = Callable[[Event], Awaitable[None]]


async def emit(
    conn: Conn,
    schema: LiteralString,
    *,
    tenant_id: UUID,
    type: str,
    aggregate_type: str,
    aggregate_id: UUID,
    payload: dict[str, Any],
) -> None:
    """Write an event in the caller's transaction; it is published only when that commits."""
    trace = telemetry.current_ids()
    await conn.execute(
        sql.SQL(
            "INSERT INTO {} (tenant_id, aggregate_type, aggregate_id, event_type, payload, trace_id) VALUES (%s, %s, %s, %s, %s, %s)"
        ).format(sql.Identifier(schema, "outbox_events")),
        (tenant_id, aggregate_type, aggregate_id, type, Jsonb(payload), trace.trace_id if trace else None),
    )


async def measure_outbox(database: Database, schema: LiteralString) -> None:
    """Show how many events of a schema wait to be published, and how long the oldest has."""
    async with database.worker() as conn:
        found = await conn.execute(
            sql.SQL(
                "SELECT count(*), coalesce(extract(epoch FROM now() - min(occurred_at)), 0)::float FROM {} WHERE published_at IS NULL"
            ).format(sql.Identifier(schema, "outbox_events"))
        )
        row = await found.fetchone()
    if row is not None:
        metrics.OUTBOX_WAITING.labels(schema).set(row[0])
        metrics.OUTBOX_LAG.labels(schema).set(row[1])


class OutboxRelay:
    """Publishes one service's events, oldest first, until stopped. Several relays may run: rows are skipped while locked."""

    def __init__(
        self, database: Database, schema: LiteralString, deliver: EventHandler, *, idle_s: float = 0.25
    ) -> None:
        self._database = database
        self._table = sql.Identifier(schema, "outbox_events")
        self._schema = schema
        self._deliver = deliver
        self._idle_s = idle_s

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop` is set; survives a database that goes away."""
        while not stop.is_set():
            try:
                published = await self.publish_batch()
            except AppError as error:
                log.warning("outbox_waits", schema=self._schema, code=error.code)
                published = 0
            if published < BATCH:
                try:
                    await asyncio.wait_for(stop.wait(), self._idle_s)
                except TimeoutError:
                    continue

    async def publish_batch(self) -> int:
        """Deliver up to 50 due events; return how many were published.

        Claims by moving `available_at` ahead, so that no connection is held while peers are waited for.
        """
        async with self._database.worker() as conn:
            cursor = await conn.execute(
                sql.SQL(
                    "UPDATE {table} SET attempts = least(attempts + 1, 30000), available_at = now() + interval '30 seconds' WHERE id IN ("
                    " SELECT id FROM {table} WHERE published_at IS NULL AND available_at <= now() ORDER BY seq LIMIT %s FOR UPDATE SKIP LOCKED)"
                    " RETURNING id, tenant_id, event_type, aggregate_type, aggregate_id, payload, occurred_at, attempts, seq"
                ).format(table=self._table),
                (BATCH,),
            )
            rows = sorted(await cursor.fetchall(), key=lambda row: int(row[8]))
        published = 0
        for row in rows:
            event = Event(
                id=row[0],
                tenant_id=row[1],
                type=row[2],
                aggregate_type=row[3],
                aggregate_id=row[4],
                payload=row[5],
                occurred_at=row[6],
            )
            try:
                await self._deliver(event)
            except Exception as error:  # noqa: BLE001 - one bad consumer must not stop the others' events
                await self._postpone(event.id, int(row[7]), error)
                continue
            async with self._database.worker() as conn:
                await conn.execute(
                    sql.SQL("UPDATE {} SET published_at = now(), last_error = NULL WHERE id = %s").format(self._table),
                    (event.id,),
                )
            published += 1
        return published

    async def _postpone(self, event_id: UUID, attempts: int, error: Exception) -> None:
        wait_s = min(MAX_BACKOFF_S, 2 ** min(attempts, 12))
        log.warning(
            "event_postponed",
            schema=self._schema,
            event_id=str(event_id),
            attempts=attempts,
            wait_s=wait_s,
            error=repr(error),
        )
        async with self._database.worker() as conn:
            await conn.execute(
                sql.SQL(
                    "UPDATE {} SET available_at = now() + make_interval(secs => %s), last_error = %s WHERE id = %s"
                ).format(self._table),
                (wait_s, repr(error)[:500], event_id),
            )
