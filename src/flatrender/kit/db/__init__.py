"""PostgreSQL: pools by role, one block = one transaction, the tenant set inside it; idempotency and the outbox on the same connection.

The only place besides a service's `queries` that names psycopg.
"""

from flatrender.kit.db.bells import Bell, Bells
from flatrender.kit.db.idempotency import IdempotencyKey, consume_once, run_once
from flatrender.kit.db.listening import Listener, announce
from flatrender.kit.db.outbox import Event, EventHandler, OutboxRelay, emit, measure_outbox
from flatrender.kit.db.pools import Conn, Database, assert_no_transaction, current_version_check

__all__ = [
    "Bell",
    "Bells",
    "Conn",
    "Database",
    "Event",
    "EventHandler",
    "IdempotencyKey",
    "Listener",
    "OutboxRelay",
    "announce",
    "assert_no_transaction",
    "consume_once",
    "current_version_check",
    "emit",
    "measure_outbox",
    "run_once",
]
