"""What Prometheus reads of the farm. Counters count what this process answered; gauges are of the whole database, the same on every process."""

import functools
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import ParamSpec, TypeVar

from prometheus_client import Counter, Gauge, Histogram

from flatrender.kit.errors import AppError
from flatrender.protocol.outcome import Accepted, Fail, Result
from flatrender.protocol.work import Kind

Given = ParamSpec("Given")
Claimed = TypeVar("Claimed")

CLAIMS = Counter(
    "flatrender_claims",
    "Looks for work, by lane (frame, still) and outcome: granted, empty, failed.",
    ("lane", "outcome"),
)
CLAIM_SECONDS = Histogram(
    "flatrender_claim_seconds",
    "Seconds of one look for work in the database, without the waiting between looks.",
    ("lane",),
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0),
)
RESULTS = Counter(
    "flatrender_results",
    "Results of nodes, by kind and outcome: accepted, replayed, superseded, refused.",
    ("kind", "outcome"),
)
FAILURES = Counter("flatrender_failures", "Failures that nodes reported, by kind and class.", ("kind", "class"))
LEASES_EXPIRED = Counter("flatrender_leases_expired", "Leases that were taken back since nobody renewed them.")
CHUNK_SECONDS = Histogram(
    "flatrender_chunk_seconds",
    "Node seconds of an accepted piece of work, by kind.",
    ("kind",),
    buckets=(0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)
FRAMES = Counter("flatrender_frames", "Frames of accepted chunks.")
FILMS = Counter("flatrender_films", "Films that ended, by outcome: completed, failed, canceled.", ("outcome",))
FILM_SECONDS = Histogram(
    "flatrender_film_seconds",
    "Seconds from the order of a film until it is ready.",
    buckets=(5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0, 14400.0),
)
QUEUE_WAITING = Gauge("flatrender_queue_waiting", "Pieces of work that wait, by lane and pool.", ("lane", "pool"))
QUEUE_RUNNING = Gauge(
    "flatrender_queue_running", "Pieces of work in the hands of nodes, by lane and pool.", ("lane", "pool")
)
QUEUE_OLDEST = Gauge(
    "flatrender_queue_oldest_seconds",
    "How long the oldest waiting piece of work has waited, by lane and pool.",
    ("lane", "pool"),
)
NODES = Gauge("flatrender_nodes", "Nodes by status.", ("status",))
NODE_SLOTS = Gauge("flatrender_node_slots", "Slots of the nodes that work, by state: used, free.", ("state",))
WORKFLOWS_WAITING = Gauge("flatrender_workflows_waiting", "Workflows that no executor has taken yet.")
WORKFLOWS_RUNNING = Gauge("flatrender_workflows_running", "Workflows that executors have taken and not finished.")
WORKFLOW_LAG = Gauge(
    "flatrender_workflow_lag_seconds", "How long the oldest workflow that nobody has taken has waited."
)
EXECUTORS = Gauge("flatrender_workflow_executors", "Executors that wrote their heartbeat in the last 20 seconds.")

ENDINGS = ("completed", "failed", "canceled")
STATUSES = ("online", "busy", "draining", "offline", "quarantined")


def timed_claim(
    lane: str,
) -> Callable[[Callable[Given, Awaitable[Claimed]]], Callable[Given, Awaitable[Claimed]]]:
    """Return a decorator that times a look for work and counts how it ended; what is false found nothing."""
    seconds = CLAIM_SECONDS.labels(lane)

    def decorate(function: Callable[Given, Awaitable[Claimed]]) -> Callable[Given, Awaitable[Claimed]]:
        @functools.wraps(function)
        async def look(*args: Given.args, **kwargs: Given.kwargs) -> Claimed:
            began = time.perf_counter()
            try:
                found = await function(*args, **kwargs)
            except Exception:
                CLAIMS.labels(lane, "failed").inc()
                raise
            seconds.observe(time.perf_counter() - began)
            CLAIMS.labels(lane, "granted" if found else "empty").inc()
            return found

        return look

    return decorate


async def counted_result(kind: Kind, result: Result, taking: Awaitable[Accepted]) -> Accepted:
    """Return what became of a result, counted."""
    try:
        accepted = await taking
    except AppError as error:
        RESULTS.labels(kind, "superseded" if error.code == "render.lease_superseded" else "refused").inc()
        raise
    RESULTS.labels(kind, "replayed" if accepted.replayed else "accepted").inc()
    if not accepted.replayed:
        CHUNK_SECONDS.labels(kind).observe(max(0.0, result.seconds))
    return accepted


async def counted_failure(kind: Kind, fail: Fail, taking: Awaitable[Accepted]) -> Accepted:
    """Return what became of the report of a failure, counted once it was taken."""
    accepted = await taking
    FAILURES.labels(kind, fail.failure).inc()
    return accepted


def film_ended(outcome: str, queued_at: datetime, finished_at: datetime | None) -> None:
    """Count a film that ended; any other news of a film is none."""
    if outcome not in ENDINGS:
        return
    FILMS.labels(outcome).inc()
    if outcome == "completed" and finished_at is not None:
        FILM_SECONDS.observe(max(0.0, (finished_at - queued_at).total_seconds()))
