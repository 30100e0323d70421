"""The same key does the same thing once: HTTP `Idempotency-Key` and at-least-once events, both in `<schema>.idempotency_keys`.

The key's row is written in the transaction of the effect. A second request with the key waits on the unique index until the
first has committed, then replays its answer; when the first rolled back, the second simply runs. So there is no stale lock.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import LiteralString, TypeVar
from uuid import UUID

import msgspec
from psycopg import sql

from flatrender.kit.db.pools import Conn
from flatrender.kit.errors import PreconditionRequired, Refused

Answer = TypeVar("Answer")


class IdempotencyKey(msgspec.Struct, frozen=True):
    """The caller's key with the SHA-256 of what was asked (method, route, body) under it."""

    key: str
    fingerprint: bytes

    @staticmethod
    def of(key: str, *parts: bytes) -> "IdempotencyKey":
        """Return the key with the fingerprint of `parts`; quotes around the key (RFC draft form) are dropped."""
        text = key.strip().strip('"')
        if not 1 <= len(text) <= 255:
            raise PreconditionRequired("Idempotency-Key must have 1 to 255 characters", code="idempotency_key_required")
        return IdempotencyKey(text, hashlib.sha256(b"\x1f".join(parts)).digest())


async def run_once(
    conn: Conn,
    schema: LiteralString,
    tenant_id: UUID,
    scope: str,
    key: IdempotencyKey,
    answer_type: type[Answer],
    effect: Callable[[], Awaitable[Answer]],
) -> Answer:
    """Run `effect` in the caller's transaction unless the key did already; return its (stored) answer.

    Raises Refused (`idempotency_key_reused`) when the key came with another request. Kept for 24 hours.
    """
    table = sql.Identifier(schema, "idempotency_keys")
    inserted = await conn.execute(
        sql.SQL(
            "INSERT INTO {} (tenant_id, scope, key, fingerprint, state, locked_until) VALUES (%s, %s, %s, %s, 'in_progress', now() + interval '5 minutes')"
            " ON CONFLICT (tenant_id, scope, key) DO NOTHING"
        ).format(table),
        (tenant_id, scope, key.key, key.fingerprint),
    )
    if inserted.rowcount == 0:
        found = await conn.execute(
            sql.SQL(
                "SELECT fingerprint, response_body FROM {} WHERE tenant_id = %s AND scope = %s AND key = %s"
            ).format(table),
            (tenant_id, scope, key.key),
        )
        row = await found.fetchone()
        if row is None or row[0] != key.fingerprint:
            raise Refused(
                "this Idempotency-Key was used with another request; use a new key", code="idempotency_key_reused"
            )
        return msgspec.json.decode(row[1], type=answer_type)
    answer = await effect()
    await conn.execute(
        sql.SQL(
            "UPDATE {} SET state = 'completed', response_status = 200, response_body = %s WHERE tenant_id = %s AND scope = %s AND key = %s"
        ).format(table),
        (msgspec.json.encode(answer), tenant_id, scope, key.key),
    )
    return answer


async def consume_once(conn: Conn, schema: LiteralString, tenant_id: UUID, consumer: str, event_id: UUID) -> bool:
    """Return True the first time `consumer` sees the event; the mark is written in the consumer's own transaction."""
    inserted = await conn.execute(
        sql.SQL(
            "INSERT INTO {} (tenant_id, scope, key, fingerprint, state, locked_until, response_status, expires_at)"
            " VALUES (%s, %s, %s, %s, 'completed', now(), 200, now() + interval '30 days') ON CONFLICT (tenant_id, scope, key) DO NOTHING"
        ).format(sql.Identifier(schema, "idempotency_keys")),
        (tenant_id, f"event:{consumer}", str(event_id), hashlib.sha256(event_id.bytes).digest()),
    )
    return inserted.rowcount == 1
