"""Spans in the current context, their W3C trace context, and where they are sent."""

import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
"""Where traces are sent; OpenTelemetry's exporter reads these and its other variables itself."""
FLUSH_MS = 3000
"""How long a process that ends waits for its last spans to be taken."""
Kind = Literal["internal", "server", "client", "producer", "consumer"]
Attribute = str | int | float | bool


class TraceIds(NamedTuple):
    """What log lines carry."""

    trace_id: str
    """32 hexadecimal digits."""
    span_id: str
    """16 hexadecimal digits."""


class _State:
    """The tracer of this process; None while traces are off."""

    tracer: "Tracer | None" = None


_OFF: AbstractContextManager[None] = contextlib.nullcontext()


def is_on() -> bool:
    """Return whether spans are recorded."""
    return _State.tracer is not None


def set_up(service: str, version: str, *, environment: Mapping[str, str] | None = None) -> Callable[[], None]:
    """Send the spans of this process under the name `service` where the environment says; return what sends the last ones and ends.

    Without an endpoint, or with `OTEL_SDK_DISABLED=true`, nothing is imported and every other function here does nothing. Where the
    exporter is not installed a line is logged and traces stay off.
    """
    environment = os.environ if environment is None else environment
    if (
        not any(environment.get(name) for name in ENDPOINTS)
        or environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    ):
        return lambda: None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - a second
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - of imports
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - that
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - nobody else pays
    except ImportError:
        log.warning("%s is set, but traces need flatrender[traces] to be installed: there will be none", ENDPOINTS[0])
        return lambda: None
    resource = Resource.create(
        {
            "service.name": environment.get("OTEL_SERVICE_NAME") or service,
            "service.version": version,
            "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
        }
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    # Its queue is bounded: what a collector that is away cannot take is dropped, never waited for.
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=FLUSH_MS / 1000)))
    _State.tracer = provider.get_tracer("flatrender", version)

    def end() -> None:
        _State.tracer = None
        provider.force_flush(FLUSH_MS)
        provider.shutdown()

    return end


def span(
    name: str,
    *,
    parent: str | None = None,
    kind: Kind = "internal",
    start_ns: int | None = None,
    attributes: Mapping[str, Attribute] | None = None,
) -> "AbstractContextManager[Span | None]":
    """Record a span around a block and make it the current one.

    `parent` is the W3C `traceparent` of a span elsewhere; None, or one that cannot be read, means the current span. An exception that passes is
    recorded. `start_ns`: when it began (nanoseconds since 1970), if earlier than now.
    """
    if _State.tracer is None:
        return _OFF
    return _recorded(_State.tracer, name, parent, kind, start_ns, attributes)


@contextlib.contextmanager
def _recorded(
    tracer: "Tracer",
    name: str,
    parent: str | None,
    kind: Kind,
    start_ns: int | None,
    attributes: Mapping[str, Attribute] | None,
) -> "Iterator[Span]":
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - loaded long ago when we get here

    with tracer.start_as_current_span(
        name,
        context=_context(parent),
        kind=SpanKind[kind.upper()],
        start_time=start_ns,
        attributes=dict(attributes or {}),
    ) as made:
        yield made


def detached_span(
    name: str, *, parent: str | None, start_ns: int, attributes: Mapping[str, Attribute] | None = None
) -> str | None:
    """Record a span that began at `start_ns` and ends now, for what turned out only at its end; return its `traceparent` for children, None when off."""
    with span(name, parent=parent, start_ns=start_ns, attributes=attributes):
        return traceparent()


def _context(parent: str | None) -> "Context | None":
    if parent is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - likewise

    return TraceContextTextMapPropagator().extract({"traceparent": parent})


def traceparent() -> str | None:
    """Return the W3C trace context of the current span; None when there is none."""
    if _State.tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - likewise

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")


def describe(**attributes: Attribute) -> None:
    """Add to what the current span says of itself; dots are written as two underscores (`render__job_id`)."""
    if _State.tracer is None:
        return
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - likewise

    current = get_current_span()
    for name, value in attributes.items():
        current.set_attribute(name.replace("__", "."), value)


def current_ids() -> TraceIds | None:
    """Return the ids of the current span, for logs; None when there is none."""
    if _State.tracer is None:
        return None
    from opentelemetry.trace import get_current_span  # noqa: PLC0415 - likewise

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return TraceIds(f"{context.trace_id:032x}", f"{context.span_id:016x}")


def add_ids(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put the ids of the current span into a structlog event."""
    ids = current_ids()
    if ids is not None:
        event.setdefault("trace_id", ids.trace_id)
        event.setdefault("span_id", ids.span_id)
    return event


class TraceInLines(logging.Filter):
    """Gives every record of the standard library's logging the attribute `trace`: ` trace_id=…` within a span, else nothing."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through."""
        ids = current_ids()
        record.trace = f" trace_id={ids.trace_id}" if ids is not None else ""
        return True
