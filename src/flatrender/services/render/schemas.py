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
    seconds_left: int | None
    """Until the film is ready, by the speeds learned so far; null while that cannot be told."""
    queue_position: int | None
    waits_for: Literal["after_effects"] | None
    """`after_effects`: a part of the film needs a node with After Effects, and none is there now."""
    width: int | None
    height: int | None
    fps: float | None
    total_frames: int | None
    priority: int
    """-100 to 100, higher ones are drawn first; drafts begin at 50."""
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


class NodeHours(Body):
    """When a node works. Outside it finishes what it has and claims nothing."""

    begin: str = Field(min_length=5, max_length=5)
    """`HH:MM` on the node's wall."""
    end: str = Field(min_length=5, max_length=5)
    """`HH:MM`; not after `begin`: on the next day; equal to it: the whole day."""
    days: list[int] = Field(default=[1, 2, 3, 4, 5, 6, 7], min_length=1, max_length=7)
    """On which days the hours begin, 1 (Monday) to 7 (Sunday)."""
    time_zone: str = Field(min_length=1, max_length=60)
    """As in the IANA database: `Asia/Tehran`."""


class QuarantineIn(Body):
    """Why a node is taken out of work, and for how long."""

    reason: str = Field(default="by hand", min_length=1, max_length=200)
    minutes: int | None = Field(default=None, ge=1, le=525_600)
    """None: until it is released."""


class RestartIn(Body):
    """How an agent starts again."""

    now: bool = False
    """Give the work back at once instead of finishing it."""


class KillJobIn(Body):
    """Whose work is to be taken from the node."""

    render_job_id: UUID


class CollectLogsIn(Body):
    """How much of the agent's log is wanted."""

    lines: int = Field(default=500, ge=1, le=2000)


class NodeCommandOut(BaseModel):
    """Something that a node was told."""

    id: UUID
    command: str
    status: str
    """`pending`, `delivered`, `done`, `failed` or `expired` (nobody answered within an hour)."""
    detail: str | None
    """What came of it; the log of `collect_logs`."""
    issued_by_user_id: UUID | None
    created_at: datetime
    delivered_at: datetime | None
    completed_at: datetime | None
    expires_at: datetime


class NodeCommandsOut(BaseModel):
    """The newest commands of a node, newest first."""

    items: list[NodeCommandOut]


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
    hours: NodeHours | None
    """When it works; None: always."""
    hours_set: bool
    """Whether an admin set them; otherwise they are the node's own."""
    asleep_until: datetime | None
    understands: list[str]
    """The commands that it carries out."""


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


class RenderLimits(Body):
    """What a tenant may have of the farm."""

    max_concurrent_jobs: int = Field(ge=0, le=10_000)
    """Films of which something is drawn at the same time."""
    max_queued_jobs: int = Field(ge=0, le=1_000_000)
    """Unfinished films; the next one is refused."""
    weight: int = Field(ge=1, le=10_000)
    """Its share beside other tenants that wait: twice the weight, twice the node time."""
    paused: bool
    """Nothing of it is given to nodes."""


class PriorityIn(Body):
    """Where a film stands: higher ones are drawn first."""

    priority: int = Field(ge=-100, le=100)
