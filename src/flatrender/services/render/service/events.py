"""What the rest of the platform hears of films."""

from typing import Any

from flatrender.kit.db import Bells, Conn, emit
from flatrender.services.render import metrics
from flatrender.services.render.queries.jobs import JobRow

SCHEMA = "render"
CHANNEL = "flatrender_render"
RENDER_SHARE = 92.0
"""Per cent of a film's progress that drawing makes up where none was planned; the rest is joining and storing."""


def frames_bell(pool: str) -> str:
    """Return the bell of waiting chunks."""
    return f"frames:{pool}"


def stills_bell(pool: str) -> str:
    """Return the bell of waiting pictures."""
    return f"stills:{pool}"


def job_bell(job: JobRow) -> str:
    """Return the bell of one film."""
    return f"job:{job.id}"


async def tell(conn: Conn, bells: Bells, job: JobRow, what: str, **more: Any) -> None:
    """Emit `render_job.<what>` with the film as it is in this transaction, and wake whoever watches it."""
    await emit(
        conn,
        SCHEMA,
        tenant_id=job.tenant_id,
        type=f"render_job.{what}",
        aggregate_type="render_job",
        aggregate_id=job.id,
        payload={
            "job_id": str(job.id),
            "user_id": str(job.user_id),
            "saved_project_id": str(job.saved_project_id),
            "title": job.title or "",
            "status": job.status,
            "progress_pct": float(job.progress_pct),
            **more,
        },
    )
    metrics.film_ended(what, job.queued_at, job.finished_at)
    await bells.ring(conn, job_bell(job))
