"""Traces by OpenTelemetry, for the server and for nodes: off, and then free of cost, unless `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

Stands below everything: knows nothing of ours, and is the only package that names OpenTelemetry. How a film's trace hangs together is
told in `docs/observability.md`.
"""

from flatrender.telemetry.traces import (
    TraceIds,
    TraceInLines,
    add_ids,
    current_ids,
    describe,
    detached_span,
    is_on,
    set_up,
    span,
    traceparent,
)

__all__ = [
    "TraceIds",
    "TraceInLines",
    "add_ids",
    "current_ids",
    "describe",
    "detached_span",
    "is_on",
    "set_up",
    "span",
    "traceparent",
]
