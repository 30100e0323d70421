"""Password hashing: argon2id (RFC 9106) in one thread with a bounded queue, so that sign-in cannot starve everything else."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from flatrender.kit.ids import new_secret
from flatrender.services.identity.errors import HashingBusy, WeakPassword

Result = TypeVar("Result")

MEMORY_KIB = 19456
PASSES = 2
LANES = 1
SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 1024
"""Characters; far above the 64 that ASVS 6.2.9 wants, so that hashing time stays bounded. Nothing is ever cut."""


def checked_password(password: str) -> str:
    """Return a password that may be set; raise WeakPassword otherwise. No composition rules (ASVS 6.2.5)."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; choose another one")
    return password


class Passwords:
    """Hashes and verifies. At most `queue_limit` wait for the one thread; further ones raise HashingBusy."""

    def __init__(self, *, queue_limit: int) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._queue_limit = queue_limit
        self._waiting = 0
        self._nobodys = self._hasher.hash(new_secret())

    async def hash(self, password: str) -> str:
        """Return the encoded argon2id hash."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Return whether the password belongs to the hash; None takes as long and is never right."""
        right = await self._run(lambda: self._matches(encoded or self._nobodys, password))
        return right and encoded is not None

    def outdated(self, encoded: str) -> bool:
        """Return whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def close(self) -> None:
        """Let the thread end after its present work."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _matches(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._waiting >= self._queue_limit:
            raise HashingBusy("many people are signing in just now; try again in a moment", retry_after_s=2)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._waiting -= 1
