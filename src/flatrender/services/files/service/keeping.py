"""Where bytes lie: a key of its own for every private object, a content-addressed one for the permanent public ones."""

import hashlib
import re
from uuid import UUID

from flatrender.kit.errors import NotFound
from flatrender.kit.ids import new_id
from flatrender.kit.objects import ObjectStore
from flatrender.services.files.service.kinds import BY_CONTENT_TYPE, BY_EXTENSION, INLINE, JSON, Kind

PUBLIC_NAME = re.compile(r"([0-9a-f]{64})\.([a-z0-9]{2,5})")


def private_key(tenant_id: UUID) -> str:
    """Return a key that was never used: a deleted object's key cannot be taken by a new one in between."""
    return f"files/{tenant_id.hex}/{new_id().hex}"


def public_name(tenant_id: UUID, sha256: bytes, kind: Kind) -> str:
    """Return the last part of a permanent address: the same bytes of the same tenant have the same one, and nobody guesses it without them."""
    digest = hashlib.sha256(b"flatrender public object\x00" + tenant_id.bytes + sha256).hexdigest()
    return f"{digest}.{kind.extension}"


def public_key(name: str) -> tuple[str, Kind]:
    """Return the key and the type of a permanent address's last part; raise NotFound unless it has our form."""
    found = PUBLIC_NAME.fullmatch(name)
    kind = BY_EXTENSION.get(found.group(2)) if found else None
    if kind is None:
        raise NotFound("there is no such file", code="files.not_found")
    return f"public/{name[:2]}/{name}", kind


def public_kind(content_type: str) -> Kind | None:
    """Return the type of a public file, None for one that we do not publish."""
    kind = BY_CONTENT_TYPE.get(content_type)
    return kind if kind is not None and (content_type in INLINE or kind is JSON) else None


async def drop_spare(objects: ObjectStore, *, ours: str, kept: str) -> None:
    """Remove our object when the tenant has the bytes under another key; should that one be lost, ours takes its place first."""
    if ours == kept:
        return
    if not await objects.exists(kept):
        await objects.copy(ours, kept)
    await objects.delete(ours)
