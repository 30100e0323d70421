"""What the files service promises: bytes kept under an id, links to them, quotas.

Events: `file.ready`, `file.deleted`, `quota.exceeded`.
When files is down, reading and storing raise `Unavailable`.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is ready."""

    id: UUID
    name: str
    purpose: str
    kind: str
    """`image`, `video`, `audio`, `svg`, `font`, `archive`, `document` or `other`."""
    content_type: str
    size_bytes: int
    sha256: bytes
    object_key: str
    """Where the bytes lie in the object store, for services that read them without copying."""
    width: int | None
    height: int | None
    duration_ms: int | None
    permanent_url: str | None
    """Path of the public, permanent address (`/p/…`), for public files only."""
    owner_user_id: UUID | None = None
    """Whose it is; None for what a service keeps for the tenant."""


class StoreRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that a service wants kept: either `data` itself or an object that already lies in the store under `object_key`."""

    name: str
    purpose: str
    content_type: str
    data: bytes | None = None
    object_key: str | None = None
    owner_user_id: UUID | None = None
    public: bool = False
    """A permanent public address, content-addressed: the same bytes have the same address."""
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    dedupe_key: str | None = None
    """The natural key of the effect: storing again with the same key returns the first file."""


class LinkRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A link that is wanted."""

    file_id: UUID
    life_s: int
    """60 to 604800 seconds."""
    name: str | None = None
    """The name under which the file is saved; its own name without."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A signed link."""

    url: str
    """Path and query."""
    expires_at: datetime


class FilesApi(Protocol):
    """The interface of files."""

    async def files(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, StoredFile]:
        """Return the files of this tenant that are ready; a missing id is absent."""

    async def by_permanent_url(self, *, tenant_id: UUID, urls: Sequence[str]) -> Mapping[str, StoredFile]:
        """Return the public files of this tenant by their permanent address; an address without one is absent."""

    async def read(self, *, tenant_id: UUID, ids: Sequence[UUID], limit_bytes: int) -> Mapping[UUID, bytes]:
        """Return whole files of at most `limit_bytes` together; a missing id is absent. Raises TooLarge above the limit."""

    async def links(self, *, tenant_id: UUID, requests: Sequence[LinkRequest]) -> Mapping[UUID, Link]:
        """Return signed links to files of this tenant, which need no sign-in; a missing file is absent."""

    async def delete(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> None:
        """Delete files of this tenant, whoever owns them, and give their room back; links to them end. A missing id is no error."""

    async def store(self, *, tenant_id: UUID, requests: Sequence[StoreRequest]) -> list[StoredFile]:
        """Keep bytes; counts against the owner's quota (QuotaExceeded) when they have one."""
