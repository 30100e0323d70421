"""One service's connections: a request pool under its own role and a background pool under its worker role."""

import asyncio
import select
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from uuid import UUID
from weakref import WeakKeyDictionary

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from flatrender.kit.errors import HALF_CHARACTER, Conflict, PreconditionFailed, TextInvalid, Unavailable

Conn = AsyncConnection[TupleRow]

_open_blocks: ContextVar[int] = ContextVar("open_blocks", default=0)
log = structlog.get_logger(__name__)

TRUST_S = 0.5
"""How long a connection that was found good is not asked again, as long as its socket is silent."""
_checked_at: WeakKeyDictionary[Conn, float] = WeakKeyDictionary()
CONNECT_TIMEOUT_S = 3
"""How long a new connection may take; also the bound on a server that swallows packets."""


class Database:
    """The pools of one service. Every block is one transaction: committed at its end, rolled back by an exception.

    Raises `Unavailable` where the database cannot be reached or the pool's queue is full, `Conflict` on a serialisation
    failure or deadlock, `TextInvalid` for a text that PostgreSQL cannot hold (U+0000, half a surrogate pair).
    """

    def __init__(self, name: str, dsn: str, worker_dsn: str, *, max_size: int = 8, worker_max_size: int = 4) -> None:
        self.name = name
        self._fitted = False
        self.worker_dsn = worker_dsn
        """For a `Listener`, which needs a connection of its own."""
        self._pool = self._make_pool(f"{name}", dsn, max_size)
        self._worker_pool = self._make_pool(f"{name}_worker", worker_dsn, worker_max_size)

    @staticmethod
    def _make_pool(name: str, dsn: str, max_size: int) -> AsyncConnectionPool[Conn]:
        return AsyncConnectionPool(
            dsn,
            min_size=1,
            max_size=max_size,
            open=False,
            name=name,
            timeout=5.0,
            max_waiting=200,
            max_idle=300.0,
            # Short, so that the waits between attempts do not grow: after an outage the next request tries at once.
            reconnect_timeout=2.0,
            check=_check_connection,
            kwargs={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": f"flatrender-{name}",
                # Blocks begin and end their transactions themselves.
                "autocommit": True,
            },
        )

    def pool_stats(self) -> dict[str, dict[str, int]]:
        """Return what each pool (`request`, `worker`) says of itself."""
        return {"request": dict(self._pool.get_stats()), "worker": dict(self._worker_pool.get_stats())}

    async def open(self) -> None:
        """Open both pools and wait until each has a connection (at most 15 s)."""
        await self._pool.open(wait=True, timeout=15.0)
        await self._worker_pool.open(wait=True, timeout=15.0)

    async def close(self) -> None:
        """Close both pools."""
        await self._pool.close()
        await self._worker_pool.close()

    @asynccontextmanager
    async def tenant(self, tenant_id: UUID) -> AsyncIterator[Conn]:
        """Open the request transaction of one tenant: row policies see `app.tenant_id`, set for this transaction only."""
        async with self._block(self._pool) as conn:
            await conn.execute("SELECT set_config('app.tenant_id', %s, true)", (str(tenant_id),))
            yield conn

    @asynccontextmanager
    async def anonymous(self) -> AsyncIterator[Conn]:
        """Open a request transaction without a tenant: row policies show nothing; for look-up functions and platform tables."""
        async with self._block(self._pool) as conn:
            yield conn

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Conn]:
        """Open a background transaction that sees every tenant. No request handler of a person may hold it."""
        async with self._block(self._worker_pool) as conn:
            yield conn

    @asynccontextmanager
    async def worker_statements(self) -> AsyncIterator[Conn]:
        """Give a background connection on which each statement is a transaction of its own: for a rule that is one statement, a third of the round trips."""
        async with self._block(self._worker_pool, transaction=False) as conn:
            yield conn

    async def complaint(self, newest_migration: int) -> str | None:
        """Return why this service cannot work now, or None: the database answers, has this release's schema, and its tables take rows of today.

        A newer schema is refused by a process that starts on it; one that it overtakes goes on, since an upgrade only adds at first.
        """
        try:
            async with self.anonymous() as conn:
                found = await conn.execute(
                    "SELECT (SELECT max(version) FROM ops.schema_migrations),"
                    " (SELECT count(*) FROM pg_partitioned_table AS p JOIN pg_class AS c ON c.oid = p.partrelid"
                    "  WHERE c.relnamespace::regnamespace::text <> 'dbos' AND NOT EXISTS (SELECT FROM pg_inherits AS i JOIN pg_class AS month"
                    "   ON month.oid = i.inhrelid WHERE i.inhparent = c.oid"
                    "   AND month.relname = c.relname || to_char(now() AT TIME ZONE 'UTC', '_YYYY_MM')))"
                )
                row = await found.fetchone()
        except (Unavailable, Conflict) as error:
            return error.code
        if (
            row is None
            or row[0] is None
            or row[0] < newest_migration
            or (row[0] > newest_migration and not self._fitted)
        ):
            return f"the database's schema is at migration {row[0] if row else None}, this release needs {newest_migration}"
        self._fitted = True
        return f"{row[1]} tables have no partition for this month" if row[1] else None

    @asynccontextmanager
    async def _block(self, pool: AsyncConnectionPool[Conn], *, transaction: bool = True) -> AsyncIterator[Conn]:
        token = _open_blocks.set(_open_blocks.get() + 1)
        try:
            async with pool.connection() as conn, conn.transaction() if transaction else nullcontext():
                yield conn
        except (PoolTimeout, TooManyRequests) as error:
            raise Unavailable(
                "the database is not reachable or overloaded; try again shortly",
                code="database_unavailable",
                retry_after_s=2,
            ) from error
        except (
            psycopg.errors.SerializationFailure,
            psycopg.errors.DeadlockDetected,
            psycopg.errors.LockNotAvailable,
        ) as error:
            raise Conflict("another request changed the same thing; try again", code="concurrent_change") from error
        except psycopg.errors.QueryCanceled as error:
            raise Unavailable(
                "the database took too long; try again shortly", code="database_slow", retry_after_s=2
            ) from error
        except psycopg.errors.CheckViolation:
            raise
        except UnicodeEncodeError as error:
            raise TextInvalid(HALF_CHARACTER) from error
        except psycopg.DataError as error:
            if isinstance(error, psycopg.errors.UntranslatableCharacter) or "NUL (0x00)" in str(error):
                raise TextInvalid("a text holds the character U+0000, which none may hold: leave it out") from error
            raise
        except psycopg.OperationalError as error:
            log.warning("database_lost", service=self.name, error=type(error).__name__)
            raise Unavailable(
                "the database connection was lost; try again shortly", code="database_unavailable", retry_after_s=2
            ) from error
        finally:
            _open_blocks.reset(token)


async def _check_connection(conn: Conn) -> None:
    """Raise OperationalError when a pooled connection is not good any more, before it is given out.

    The server was asked less than a moment ago: then only whether it has closed the connection since, which the socket tells without a round trip.
    """
    loop = asyncio.get_running_loop()
    checked_at = _checked_at.get(conn, 0.0)
    if loop.time() - checked_at < TRUST_S and not _has_something_to_read(conn.fileno()):
        return
    await AsyncConnectionPool.check_connection(conn)
    _checked_at[conn] = loop.time()


def _has_something_to_read(descriptor: int) -> bool:
    if not hasattr(select, "poll"):
        return bool(select.select([descriptor], [], [], 0)[0])
    asked = select.poll()
    asked.register(descriptor, select.POLLIN)
    return bool(asked.poll(0))


def assert_no_transaction(what: str) -> None:
    """Raise RuntimeError when called inside a database block: a peer must never be waited for while a connection is held."""
    if _open_blocks.get():
        raise RuntimeError(f"{what} was called inside a database transaction")


def current_version_check(expected: int, current: int) -> None:
    """Raise PreconditionFailed unless the row's version is the one that the caller knows."""
    if expected != current:
        raise PreconditionFailed(
            f"you have version {expected} and it is at version {current}: load it again, then repeat your change"
        )
