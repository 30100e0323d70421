"""What is seen of the work: its spans in the film's trace, the seconds of its stages, how it ended."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Concatenate, ParamSpec, TypeVar

import httpx

from flatrender import telemetry
from flatrender.node import metrics
from flatrender.node.errors import TryAgain
from flatrender.node.sessions import Session
from flatrender.node.spool import Report
from flatrender.protocol.outcome import Result
from flatrender.protocol.work import SegmentTask

Given = ParamSpec("Given")
Answer = TypeVar("Answer")
Owner = TypeVar("Owner")

_passed_on: ContextVar[str | None] = ContextVar("passed_on", default=None)
"""The work's trace, where this node records no spans itself: what the server does then still belongs to the film."""


def add_trace(request: httpx.Request) -> None:
    """Let a request to the server carry the trace that it belongs to (a hook of the HTTP client)."""
    trace = telemetry.traceparent() or _passed_on.get()
    if trace is not None:
        request.headers["traceparent"] = trace


def work_span(
    function: Callable[Concatenate[Owner, Session, Given], Answer],
) -> Callable[Concatenate[Owner, Session, Given], Answer]:
    """Decorate what does one assignment: all that it does is one span in the film's trace."""

    @functools.wraps(function)
    def work(owner: Owner, session: Session, /, *args: Given.args, **kwargs: Given.kwargs) -> Answer:
        task = session.assignment.task
        about: dict[str, str | int] = {
            "flatrender.scene": task.scene.scene_key,
            "flatrender.work_id": str(session.lease.id),
        }
        if isinstance(task, SegmentTask):
            about |= {"flatrender.first_frame": task.first, "flatrender.last_frame": task.last}
        with telemetry.span(
            f"work {session.lease.kind}", parent=session.assignment.traceparent, kind="consumer", attributes=about
        ):
            session.traceparent = telemetry.traceparent() or session.assignment.traceparent
            return function(owner, session, *args, **kwargs)

    return work


@contextlib.contextmanager
def stage(name: str) -> Iterator[None]:
    """Time a stage of the work and record it as a span."""
    with telemetry.span(name), metrics.STAGE_SECONDS.labels(name).time():
        yield


def staged(name: str) -> Callable[[Callable[Given, Answer]], Callable[Given, Answer]]:
    """Return a decorator that makes a function a stage."""

    def decorate(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
        @functools.wraps(function)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
            with stage(name):
                return function(*args, **kwargs)

        return call

    return decorate


@contextlib.contextmanager
def reporting(session: Session | None) -> Iterator[None]:
    """Record that a result or failure is brought to the server, in the trace of its work."""
    trace = session.traceparent if session is not None else None
    token = _passed_on.set(trace)
    try:
        with telemetry.span("report", parent=trace, kind="client"):
            yield
    finally:
        _passed_on.reset(token)


def delivered(report: Report, session: Session | None) -> None:
    """Count a piece of work whose end the server has been told."""
    outcome = "done" if isinstance(report.message, Result) else report.message.failure
    metrics.WORK.labels(report.kind, outcome).inc()
    if outcome == "done" and session is not None and isinstance(session.assignment.task, SegmentTask):
        metrics.FRAMES.inc(session.assignment.task.last - session.assignment.task.first + 1)


def counted(call: str) -> Callable[[Callable[Given, Answer]], Callable[Given, Answer]]:
    """Return a decorator that counts the calls that are to be tried again."""
    failures = metrics.CALL_FAILURES.labels(call)

    def decorate(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
        @functools.wraps(function)
        def ask(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
            try:
                return function(*args, **kwargs)
            except TryAgain:
                failures.inc()
                raise

        return ask

    return decorate
