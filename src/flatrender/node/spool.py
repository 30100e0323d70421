"""Reports that the server has not taken yet, on the node's disk (SQLite): results of finished work survive an outage of the server."""

import sqlite3
import threading
from pathlib import Path
from typing import Literal, cast
from uuid import UUID

import msgspec

from flatrender.protocol.outcome import Fail, Result
from flatrender.protocol.work import Kind, Lease


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One report: a result or a failure of a lease."""

    lease: Lease
    boot_id: UUID
    message: Result | Fail

    @property
    def kind(self) -> Kind:
        """What the work was."""
        return self.lease.kind


class Spool:
    """Reports in the order in which they were made. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS reports (seq INTEGER PRIMARY KEY, lease_id TEXT UNIQUE NOT NULL, boot_id TEXT NOT NULL,"
            " type TEXT NOT NULL, lease BLOB NOT NULL, message BLOB NOT NULL)"
        )

    def put(self, report: Report) -> None:
        """Keep a report; on the disk when this returns."""
        kind = "result" if isinstance(report.message, Result) else "fail"
        with self._lock:
            self._db.execute(
                "INSERT OR REPLACE INTO reports (lease_id, boot_id, type, lease, message) VALUES (?, ?, ?, ?, ?)",
                (
                    str(report.lease.lease_id),
                    str(report.boot_id),
                    kind,
                    msgspec.json.encode(report.lease),
                    msgspec.json.encode(report.message),
                ),
            )

    def waiting(self) -> list[Report]:
        """Return the reports, oldest first."""
        with self._lock:
            rows = self._db.execute("SELECT boot_id, type, lease, message FROM reports ORDER BY seq").fetchall()
        return [
            Report(
                lease=msgspec.json.decode(lease, type=Lease),
                boot_id=UUID(boot_id),
                message=_message(cast("Literal['result', 'fail']", kind), message),
            )
            for boot_id, kind, lease, message in rows
        ]

    def __len__(self) -> int:
        """Return how many reports wait."""
        with self._lock:
            return int(self._db.execute("SELECT count(*) FROM reports").fetchone()[0])

    def drop(self, lease_id: UUID) -> None:
        """Forget a report: it was delivered, or nobody wants it."""
        with self._lock:
            self._db.execute("DELETE FROM reports WHERE lease_id = ?", (str(lease_id),))

    def drop_other_boots(self, boot_id: UUID) -> int:
        """Forget what earlier starts left: their leases ended with them. Return how many."""
        with self._lock:
            return self._db.execute("DELETE FROM reports WHERE boot_id <> ?", (str(boot_id),)).rowcount

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()


def _message(kind: Literal["result", "fail"], message: bytes) -> Result | Fail:
    if kind == "result":
        return msgspec.json.decode(message, type=Result)
    return msgspec.json.decode(message, type=Fail)
