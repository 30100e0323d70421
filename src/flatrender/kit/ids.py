"""Identifiers and secrets."""

import hashlib
import os
import secrets
import time
from uuid import UUID

DEFAULT_TENANT_ID = UUID("00000000-0000-0000-0000-000000000001")


def new_id() -> UUID:
    """Return a UUID of version 7 (RFC 9562 §5.7): sortable by creation time, so never a secret."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def new_secret(prefix: str = "") -> str:
    """Return an opaque secret of 256 random bits in base64url, behind `prefix`."""
    return prefix + secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """Return the 32-byte SHA-256 under which a 256-bit secret is stored (ASVS 6.5.2 allows a plain hash above 112 bits)."""
    return hashlib.sha256(secret.encode()).digest()
