"""Bodies of the admin's routes about crashes, attempts and repairs."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from flatrender.services.render.schemas import Body


class CrashOut(BaseModel):
    """Something that went wrong on a node."""

    id: UUID
    node_id: UUID
    node_name: str
    render_job_id: UUID | None
    kind: str
    """`engine_crash`, `engine_hang`, `oom`, `agent_crash`, `node_lost`, `disk_full` or `license`."""
    engine: str | None
    code: str | None
    exit_code: int | None
    signal: int | None
    frame: int | None
    scene_key: str | None
    project_version_id: UUID | None
    log: str | None
    """The failure in words and what the engine wrote last, at most 16 KiB."""
    recovery: str
    """`pending`, `retried_same`, `retried_other`, `quarantined_node`, `quarantined_template` or `gave_up`."""
    recovered_at: datetime | None
    occurred_at: datetime


class TemplateFlagOut(BaseModel):
    """A scene of a template that stopped engines on several nodes."""

    id: UUID
    project_id: UUID
    project_version_id: UUID
    scene_key: str
    engines_stopped: int
    kind: str
    code: str
    render_job_id: UUID | None
    flagged_at: datetime


class TemplateFlagsOut(BaseModel):
    """Open flags, newest first."""

    items: list[TemplateFlagOut]


class AttemptOut(BaseModel):
    """One claim of a chunk."""

    frame_job_id: UUID
    render_job_id: UUID
    epoch: int
    chunk_no: int
    scene_key: str | None
    first_frame: int
    last_frame: int
    engine: str
    is_repair: bool
    node_id: UUID | None
    node_name: str | None
    outcome: str | None
    """`completed`, `failed`, `lease_expired`, `boot_ended`, `canceled` or `superseded`; None while a node has it."""
    error_code: str | None
    detail: str | None
    seconds: float | None
    started_at: datetime
    finished_at: datetime | None
    log_url: str | None
    """Where the log is read; None when there is none (a node that was lost) or none any more."""


class AttemptsOut(BaseModel):
    """The newest attempts, at most 500, newest first."""

    items: list[AttemptOut]


class RepairIn(Body):
    """Frames of a finished film that are to be drawn again, both ends included, counted from 0."""

    first_frame: int = Field(ge=0, le=10_000_000)
    last_frame: int = Field(ge=0, le=10_000_000)


class RepairOut(BaseModel):
    """Frames of one part of a film that are, or were, drawn again."""

    id: UUID
    frames: list[tuple[int, int]]
    """Runs of output frames, both ends included."""
    frame_count: int
    reason: str
    detected_by: str
    """`stitcher`: the finish found them; `admin`: a person asked for it."""
    status: str
    error: str | None
    node_name: str | None
    created_at: datetime
    finished_at: datetime | None


class RepairsOut(BaseModel):
    """A film's repairs, newest first."""

    items: list[RepairOut]
