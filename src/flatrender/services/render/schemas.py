"""Bodies of the public routes."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A request's body: unknown members are refused."""

    model_config = ConfigDict(extra="forbid")


class ExportOut(BaseModel):
    """A finished film's file."""

    id: UUID
    file_id: UUID
    bytes: int
    duration_ms: int | None
    width: int | None
    height: int | None
    container: str | None
    """`mp4`, `mov`, `webm`, `gif`, `webp`, `apng`, `png_seq` or `jpeg_seq` (ZIPs of pictures)."""
    play_url: str
    download_url: str
    poster_url: str | None


class JobOutputOut(BaseModel):
    """One of the files that a film is made as; `GET /v1/exports/{id}` has the rest."""

    id: UUID
    output: int
    profile: str
    status: Literal["pending", "ready", "failed", "expired", "removed"]
    container: str | None
    width: int | None
    height: int | None
    bytes: int | None
    expires_at: datetime | None
    error_code: str | None
    download_url: str | None


class RenderJobOut(BaseModel):
    """A film."""

    id: UUID
    saved_project_id: UUID
    title: str
    profile: str
    status: str
    progress_pct: float
    eta_seconds: int | None
    queue_position: int | None
    waits_for: Literal["after_effects"] | None
    """`after_effects`: a part of the film needs a node with After Effects, and none is there now."""
    width: int | None
    height: int | None
    fps: float | None
    total_frames: int | None
    error_code: str | None
    error_message: str | None
    queued_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    export: ExportOut | None
    """The film itself, when its file is there."""
    outputs: list[JobOutputOut]
    """All that it is made as; the first one is the film itself."""


class OutputProfileOut(BaseModel):
    """A kind of film that can be asked for."""

    key: str
    name: dict[str, str]
    container: str
    """`mp4`, `mov`, `webm`, `gif`, `webp`, `apng`, `png_seq` or `jpeg_seq` (ZIPs of pictures)."""
    max_height: int
    """Of the film's shorter side, in pixels."""
    is_transparent: bool
    has_sound: bool
    has_watermark: bool
    cost_multiplier: float
    """What a film of it costs, beside one of `1080p`."""


class OutputProfilesOut(BaseModel):
    """The kinds of film that the tenant may ask for."""

    items: list[OutputProfileOut]


class SnapshotIn(Body):
    """Unsaved edits of which a picture is wanted: the body of a studio preview, and which frame how wide."""

    saved_project_id: UUID
    scene: dict[str, Any]
    palette: dict[str, str] | None = None
    global_values: dict[str, Any] | None = None
    locale: str | None = Field(default=None, max_length=20)
    size: str | None = Field(default=None, max_length=40)
    frame: int | None = Field(default=None, ge=0, le=1_000_000)
    width: int | None = Field(default=None, ge=16, le=1920)


class SnapshotOut(BaseModel):
    """A picture, or how far it is."""

    id: UUID
    status: str
    image_url: str | None
    error_code: str | None


class SceneSnapshotOut(BaseModel):
    """A scene's thumbnail job."""

    scene_id: UUID
    scene_key: str
    status: str
    image_url: str | None
    error_message: str | None
    attempt: int
    started_at: datetime | None
    finished_at: datetime | None


class SceneSnapshotsOut(BaseModel):
    """The newest thumbnail job of each scene."""

    items: list[SceneSnapshotOut]


class NodeOut(BaseModel):
    """A node."""

    id: UUID
    name: str
    pool: str
    dedicated: bool
    status: str
    agent_version: str | None
    os: str | None
    engines: dict[str, Any]
    cpu_cores: int | None
    memory_bytes: int | None
    max_slots: int
    used_slots: int
    last_heartbeat_at: datetime | None
    crash_count_24h: int
    quarantine_reason: str | None


class NodesOut(BaseModel):
    """All nodes that the tenant looks after."""

    items: list[NodeOut]


class NodeTokenIn(Body):
    """A node token that is wanted. `fleet`: its nodes serve every tenant (the platform's tenant only)."""

    name: str = Field(min_length=1, max_length=80)
    fleet: bool = False


class NodeTokenOut(BaseModel):
    """A node token without its secret."""

    id: UUID
    name: str
    fleet: bool
    revoked_at: datetime | None
    created_at: datetime


class NewNodeTokenOut(NodeTokenOut):
    """A node token with its secret, which is shown this once."""

    token: str


class NodeTokensOut(BaseModel):
    """The tenant's node tokens, newest first."""

    items: list[NodeTokenOut]
