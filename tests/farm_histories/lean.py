"""The database as histories use it: the service's blocks on one connection each, without pool and event loop, since nothing here happens at the same time.

A history is thousands of statements, and most of what one costs is waiting for a socket through an event loop and looking after a pool. The statements,
their roles, row policies and transactions are the service's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self, cast
from uuid import UUID

import psycopg
from psycopg_pool import AsyncConnectionPool

from flatrender.kit.db import Conn, Database
from tests.database_server import DatabaseCopy


class LeanCursor:
    """The part of an asynchronous cursor that the service's statements use."""

    def __init__(self, cursor: psycopg.Cursor[Any]) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._cursor.close()

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    async def execute(self, statement: Any, values: Any = None) -> LeanCursor:
        self._cursor.execute(statement, values)
        return self

    async def executemany(self, statement: Any, rows: Sequence[Any]) -> None:
        self._cursor.executemany(statement, rows)

    async def fetchone(self) -> Any:
        return self._cursor.fetchone()

    async def fetchall(self) -> list[Any]:
        return self._cursor.fetchall()


class LeanConnection:
    """The part of an asynchronous connection that the service's statements use."""

    def __init__(self, dsn: str) -> None:
        self.sync = psycopg.connect(dsn, autocommit=True, prepare_threshold=2)
        self.prepared_max = self.sync.prepared_max = 1000

    def cursor(self, **more: Any) -> LeanCursor:
        return LeanCursor(self.sync.cursor(**more))

    async def execute(self, statement: Any, values: Any = None) -> LeanCursor:
        return LeanCursor(self.sync.execute(statement, values))


class LeanDatabase(Database):
    """`Database` for one caller at a time. A block within a block of the same role is refused, as it would wait for itself."""

    def __init__(self, copy: DatabaseCopy, service: str, role: str) -> None:
        super().__init__(service, copy.dsn(role), copy.dsn(f"{role}_worker"), max_size=1, worker_max_size=1)
        self._lean: dict[int, LeanConnection] = {
            id(self._pool): LeanConnection(copy.dsn(role)),
            id(self._worker_pool): LeanConnection(copy.dsn(f"{role}_worker")),
        }
        self._busy: set[int] = set()

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """Leave the database."""
        for connection in self._lean.values():
            connection.sync.close()

    @asynccontextmanager
    async def tenant(self, tenant_id: UUID) -> AsyncIterator[Conn]:
        """Open the request transaction of one tenant."""
        async with self._opened(self._pool, f"BEGIN; SELECT set_config('app.tenant_id', '{tenant_id}', true)") as conn:
            yield conn

    @asynccontextmanager
    async def _block(self, pool: AsyncConnectionPool[Conn], *, transaction: bool = True) -> AsyncIterator[Conn]:
        async with self._opened(pool, "BEGIN" if transaction else None) as conn:
            yield conn

    @asynccontextmanager
    async def _opened(self, pool: AsyncConnectionPool[Conn], begin: str | None) -> AsyncIterator[Conn]:
        assert id(pool) not in self._busy, "a block within a block of the same role"
        connection = self._lean[id(pool)]
        self._busy.add(id(pool))
        if begin is not None:
            connection.sync.pgconn.exec_(begin.encode())
        try:
            yield cast("Conn", connection)
        except BaseException:
            if begin is not None:
                connection.sync.pgconn.exec_(b"ROLLBACK")
            raise
        else:
            ended = connection.sync.pgconn.exec_(b"COMMIT") if begin is not None else None
            assert ended is None or ended.command_status == b"COMMIT", (
                f"the transaction was not committed: {ended.command_status!r}"
            )
        finally:
            self._busy.discard(id(pool))
