"""Bodies of the farm's dashboards."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

Lane = Literal["draft", "final", "snapshot", "preview"]
FailureClass = Literal["content", "engine", "node", "licence", "lost", "film"]


class HealthPointOut(BaseModel):
    """One bin of a node's health: averages, of the processor the highest too. What no sample said is null."""

    at: datetime
    samples: int
    cpu_pct: float | None
    cpu_pct_max: float | None
    mem_used_bytes: int | None
    load1: float | None
    disk_free_bytes: int | None
    """The least."""
    disk_write_bps: int | None
    engine_rss_bytes: int | None
    """Resident memory of the processes that draw."""
    active_jobs: float | None
    net_rx_bps: int | None
    net_tx_bps: int | None
    clock_skew_ms: int | None
    """How far the node's clock is ahead of the database's; negative: behind."""


class NodeHealthOut(BaseModel):
    """A node's health over a time; bins without a sample are absent."""

    since: datetime
    until: datetime
    step_s: int
    points: list[HealthPointOut]


class WorkOut(BaseModel):
    """What a node draws now."""

    kind: Literal["frame", "snapshot"]
    render_job_id: UUID | None
    title: str | None
    scene_key: str | None
    frames: int
    frames_done: int
    progress_pct: float
    started_at: datetime | None


class SparkOut(BaseModel):
    """One bin of a node's last hour."""

    at: datetime
    cpu_pct: float | None
    mem_pct: float | None
    load1: float | None
    active_jobs: float | None


class FarmNodeOut(BaseModel):
    """A node as the dashboard shows it; who it is says `GET /v1/admin/nodes`."""

    id: UUID
    working_on: list[WorkOut]
    recent: list[SparkOut]
    """Of the last hour."""
    picture_url: str | None
    """The last picture that it drew (JPEG); the address changes with the picture."""
    picture_at: datetime | None
    cache_entries: int
    cache_bytes: int
    cache_hits: int


class FarmNodesOut(BaseModel):
    """What each node does at this moment."""

    items: list[FarmNodeOut]


class QueueOut(BaseModel):
    """Work of one lane, pool and tenant."""

    lane: Lane
    pool: str
    tenant_id: UUID
    tenant_name: str | None
    """None when identity cannot say it now."""
    waiting: int
    running: int
    oldest_s: float | None


class ThroughputOut(BaseModel):
    """What nodes drew in one bin."""

    at: datetime
    frames: int
    frames_per_s: float
    chunks: int
    node_seconds: float


class FailuresOut(BaseModel):
    """Failures in one bin, by class."""

    at: datetime
    classes: dict[FailureClass, int]


class SlowTemplateOut(BaseModel):
    """How long frames of a template take."""

    project_id: UUID
    title: dict[str, str] | None
    """None for another tenant's own template."""
    engine: str
    height: int | None
    frames: int
    seconds_per_frame: float


class BudgetOut(BaseModel):
    """How much of the failures that we allow ourselves are used up. A film that its own content stopped is not ours."""

    window_days: int
    target_pct: float
    """Of the films that did not fail by their own content, so many are to be completed."""
    completed: int
    failed: int
    failed_by_content: int
    canceled: int
    success_pct: float | None
    """None without a film."""
    used_pct: float | None
    """Of the budget; over 100: the target is missed."""
    median_film_s: float | None


class FarmOut(BaseModel):
    """The farm over a time."""

    since: datetime
    step_s: int
    queue: list[QueueOut]
    throughput: list[ThroughputOut]
    failures: list[FailuresOut]
    slow_templates: list[SlowTemplateOut]
    budget: BudgetOut
