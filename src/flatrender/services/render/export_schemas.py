"""Bodies of the routes of exports, delivery targets and output profiles."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from flatrender.services.render.schemas import Body

Container = Literal["mp4", "mov", "webm", "gif", "webp", "apng", "png_seq", "jpeg_seq"]
Locale = Literal["fa", "fa-IR", "en", "en-US"]


class OutputOut(BaseModel):
    """One of the files that a film is made as."""

    id: UUID
    output: int
    """0 is the film itself."""
    profile: str
    status: Literal["pending", "ready", "failed", "expired", "removed"]
    container: str | None
    codecs: str | None
    width: int | None
    height: int | None
    duration_ms: int | None
    bytes: int | None
    sha256: str | None
    error_code: str | None
    error_message: str | None
    expires_at: datetime | None
    file_id: UUID | None
    play_url: str | None
    download_url: str | None
    """For the person who is signed in; `POST /v1/exports/{id}/download-url` makes one for others."""


class ExportDetail(OutputOut):
    """A finished file with its film."""

    render_job_id: UUID
    saved_project_id: UUID
    title: str
    poster_url: str | None
    download_count: int
    created_at: datetime


class LinkIn(Body):
    """A link that is wanted: for how many seconds, and under which name the file is saved."""

    life_s: int = Field(default=900, ge=60, le=604_800)
    filename: str | None = Field(default=None, min_length=1, max_length=200)


class LinkOut(BaseModel):
    """A link that needs no sign-in."""

    url: str
    expires_at: datetime


class DeliverIn(Body):
    """Where a finished file is to be delivered."""

    target_id: UUID


class TargetBrief(BaseModel):
    """A delivery target as everybody in the tenant may know it."""

    id: UUID
    name: str
    kind: Literal["s3", "webhook"]
    is_default: bool
    status: str


class TargetBriefs(BaseModel):
    """The tenant's delivery targets, by name."""

    items: list[TargetBrief]


class TargetIn(Body):
    """A delivery target that is wanted."""

    name: str = Field(min_length=1, max_length=80)
    kind: Literal["s3", "webhook"]
    config: dict[str, Any] = Field(max_length=12)
    """`{url}`, or `{endpoint, bucket, access_key_id, region?, prefix?, key_template?, path_style?}`."""
    secret_access_key: str | None = Field(default=None, min_length=1, max_length=256)
    """Of a bucket; a webhook's signing secret is made here."""
    is_default: bool = False


class TargetPatch(Body):
    """What is to change; what is absent stays."""

    name: str | None = Field(default=None, min_length=1, max_length=80)
    config: dict[str, Any] | None = Field(default=None, max_length=12)
    secret_access_key: str | None = Field(default=None, min_length=1, max_length=256)
    is_default: bool | None = None
    paused: bool | None = None


class TargetOut(TargetBrief):
    """A delivery target; its secrets are never shown again."""

    config: dict[str, Any]
    consecutive_failures: int
    last_success_at: datetime | None
    last_error: str | None
    row_version: int
    created_at: datetime


class NewTargetOut(TargetOut):
    """A delivery target that was made, with a webhook's signing secret, which is shown this once."""

    secret: str | None


class TargetsOut(BaseModel):
    """The tenant's delivery targets, by name."""

    items: list[TargetOut]


class DeliveryOut(BaseModel):
    """Something that is delivered."""

    id: UUID
    target_id: UUID
    export_id: UUID | None
    event_type: str
    message_id: str
    status: Literal["pending", "sending", "delivered", "dead", "cancelled"]
    attempt: int
    next_attempt_at: datetime | None
    last_status_code: int | None
    last_error: str | None
    location: str | None
    replay_of_id: UUID | None
    delivered_at: datetime | None
    created_at: datetime


class AttemptOut(BaseModel):
    """How one attempt went."""

    attempt: int
    outcome: Literal["delivered", "failed", "refused"]
    status_code: int | None
    error: str | None
    response: str | None
    address: str | None
    duration_ms: int
    created_at: datetime


class DeliveryDetail(DeliveryOut):
    """A delivery with its attempts, the last one first."""

    attempts: list[AttemptOut]


class ProfileBody(Body):
    """What an output profile says."""

    name: dict[Locale, str] = Field(min_length=1)
    container: Container
    video_codec: str | None = Field(default=None, max_length=20)
    max_height: int = Field(ge=16, le=8192)
    """Of the film's shorter side, in pixels."""
    crf: int | None = Field(default=None, ge=0, le=51)
    bitrate_kbps: int | None = Field(default=None, ge=100, le=400_000)
    pixel_format: str | None = Field(default=None, max_length=20)
    watermark: bool = False
    cost_multiplier: float = Field(default=1.0, gt=0, le=100)
    is_active: bool = True


class ProfileIn(ProfileBody):
    """An output profile that is wanted."""

    key: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")


class ProfileOut(ProfileIn):
    """An output profile of the tenant's own."""

    row_version: int
    updated_at: datetime


class ProfilesOut(BaseModel):
    """The tenant's own output profiles, by key."""

    items: list[ProfileOut]
