"""What Prometheus reads of every process of the platform. A process answers for itself; figures of the whole database say so in their help.

Labels have few values: a route's template, a service's name, an outcome. Never a tenant, a person, an id, a host or a text that somebody chose.
"""

import functools
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import ParamSpec, TypeVar

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

Given = ParamSpec("Given")
Result = TypeVar("Result")

REQUEST_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

REQUEST_SECONDS = Histogram(
    "flatrender_http_request_seconds",
    "Seconds until an answer was sent whole; of an event stream until it began. A claim's include its waiting.",
    ("method", "route", "status"),
    buckets=REQUEST_BUCKETS,
)
REQUESTS_OPEN = Gauge("flatrender_http_requests_open", "Requests that are being answered, event streams among them.")
SSE_CLIENTS = Gauge("flatrender_sse_clients", "Event streams that are open.")
POOL = Gauge(
    "flatrender_db_pool_connections", "Connections of a pool, by state: idle, used.", ("service", "pool", "state")
)
POOL_SIZE_MAX = Gauge("flatrender_db_pool_size_max", "The most connections that a pool may have.", ("service", "pool"))
POOL_WAITING = Gauge("flatrender_db_pool_waiting", "Blocks of code that wait for a connection.", ("service", "pool"))
POOL_ERRORS = Gauge(
    "flatrender_db_pool_errors",
    "Blocks that got no connection in time, and connections that could not be opened, since the start.",
    ("service", "pool"),
)
OUTBOX_WAITING = Gauge(
    "flatrender_outbox_waiting", "Events that have not been published (of the whole database).", ("schema",)
)
OUTBOX_LAG = Gauge(
    "flatrender_outbox_lag_seconds",
    "Age of the oldest event that has not been published (of the whole database).",
    ("schema",),
)
OBJECT_SECONDS = Histogram(
    "flatrender_object_store_seconds",
    "Seconds of a call to the object store.",
    ("operation",),
    buckets=(0.002, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0),
)
OBJECT_ERRORS = Counter(
    "flatrender_object_store_errors",
    "Calls to the object store that failed; an absent object is no failure.",
    ("operation",),
)
MEASURE_FAILURES = Counter(
    "flatrender_measure_failures", "Times that figures of the database could not be read for a scrape.", ("service",)
)
READY = Gauge("flatrender_ready", "1 when this process answers /readyz with 200.")


def count_store(
    operation: str, *, absent: type[Exception]
) -> Callable[[Callable[Given, Awaitable[Result]]], Callable[Given, Awaitable[Result]]]:
    """Return a decorator that times a call to the object store and counts its failures; `absent` is the exception that is none."""
    seconds, errors = OBJECT_SECONDS.labels(operation), OBJECT_ERRORS.labels(operation)

    def decorate(function: Callable[Given, Awaitable[Result]]) -> Callable[Given, Awaitable[Result]]:
        @functools.wraps(function)
        async def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            began = time.perf_counter()
            try:
                return await function(*args, **kwargs)
            except absent:
                raise
            except Exception:
                errors.inc()
                raise
            finally:
                seconds.observe(time.perf_counter() - began)

        return call

    return decorate


def show_pool(service: str, pool: str, stats: Mapping[str, int]) -> None:
    """Show what a pool says of itself (`psycopg_pool`'s statistics)."""
    idle, size = stats.get("pool_available", 0), stats.get("pool_size", 0)
    POOL.labels(service, pool, "idle").set(idle)
    POOL.labels(service, pool, "used").set(max(0, size - idle))
    POOL_SIZE_MAX.labels(service, pool).set(stats.get("pool_max", 0))
    POOL_WAITING.labels(service, pool).set(stats.get("requests_waiting", 0))
    POOL_ERRORS.labels(service, pool).set(stats.get("requests_errors", 0) + stats.get("connections_errors", 0))


def registry() -> CollectorRegistry:
    """Return where this process's figures are."""
    return REGISTRY
