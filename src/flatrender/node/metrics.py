"""What Prometheus reads of a node, where it was started with `--metrics-port`."""

from collections.abc import Callable

import msgspec
from prometheus_client import Counter, Gauge, Histogram, start_http_server

WORK = Counter(
    "flatrender_node_work",
    "Pieces of work that ended on this node, by kind and outcome: done, or the class of a failure.",
    ("kind", "outcome"),
)
STAGE_SECONDS = Histogram(
    "flatrender_node_stage_seconds",
    "Seconds of a stage of a piece of work: fetch, draw (with encoding), upload.",
    ("stage",),
    buckets=(0.01, 0.05, 0.2, 1.0, 5.0, 20.0, 60.0, 300.0, 1800.0),
)
FRAMES = Counter("flatrender_node_frames", "Frames of the films' parts that this node finished.")
SLOTS = Gauge("flatrender_node_slots_max", "How many parts of films this node draws at once.")
WORKING = Gauge("flatrender_node_working", "Pieces of work in the node's hands.")
WAITING_REPORTS = Gauge("flatrender_node_spooled_reports", "Results and failures that the server has not taken yet.")
CALL_FAILURES = Counter(
    "flatrender_node_call_failures", "Calls that the server did not answer or asked to repeat, by call.", ("call",)
)
HEARTBEAT_AGE = Gauge("flatrender_node_heartbeat_age_seconds", "Time since the last heartbeat that was answered.")


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a node does at one moment."""

    slots: int
    working: int
    spooled: int
    heartbeat_age_s: float


def serve(port: int, figures: Callable[[], Figures], *, host: str = "127.0.0.1") -> Callable[[], None]:
    """Answer `GET /metrics` on a port until the returned function is called. Raises OSError when the port is taken."""
    SLOTS.set_function(lambda: figures().slots)
    WORKING.set_function(lambda: figures().working)
    WAITING_REPORTS.set_function(lambda: figures().spooled)
    HEARTBEAT_AGE.set_function(lambda: figures().heartbeat_age_s)
    server, thread = start_http_server(port, addr=host)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join(5.0)

    return end
