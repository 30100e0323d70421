"""The bodies of the routes of files."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class FileRead(BaseModel):
    """A file."""

    id: UUID
    name: str
    kind: str
    purpose: str
    bytes: int
    sha256: str
    content_type: str
    width: int | None
    height: int | None
    duration_ms: int | None
    content_url: str
    created_at: datetime


class QuotaRead(BaseModel):
    """What a person may keep and what they do, in bytes."""

    limit_bytes: int
    used_bytes: int
    reserved_bytes: int


class LinkRead(BaseModel):
    """A link that needs no sign-in, and when it ends."""

    url: str
    expires_at: datetime


class WaveformRead(BaseModel):
    """A sound's outline: `buckets` is base64 of two signed bytes a bucket, its lowest and its highest sample (full scale is -127 to 127)."""

    version: int
    per_second: int
    duration_s: float
    buckets: str


class ObjectStored(BaseModel):
    """What a signed link has taken."""

    bytes: int
    sha256: str
