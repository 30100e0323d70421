"""Spans, figures and log lines of one process: what they say, and that a collector that is away costs nobody anything."""

import asyncio
import json
import subprocess
import sys
import time

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client import REGISTRY
from tests.whole_platform.running import free_port

from flatrender import telemetry
from flatrender.host.metrics_endpoint import MetricsEndpoint
from flatrender.host.observed import Observed
from flatrender.kit.errors import NotFound
from flatrender.kit.metrics import count_store

NOWHERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_without_an_endpoint_nothing_is_recorded_nor_imported() -> None:
    done = python(
        "import sys; from flatrender import telemetry\n"
        "end = telemetry.set_up('x', '1')\n"
        "with telemetry.span('a') as span: assert span is None and telemetry.traceparent() is None\n"
        "telemetry.describe(a=1); assert telemetry.detached_span('b', parent=None, start_ns=0) is None\n"
        "assert telemetry.current_ids() is None and not telemetry.is_on(); end()\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    assert done.stdout.strip() == "[]"


def test_a_collector_that_is_away_is_not_waited_for() -> None:
    began = time.monotonic()
    done = python(
        "import time; from flatrender import telemetry\n"
        "end = telemetry.set_up('x', '1')\n"
        "assert telemetry.is_on()\n"
        "began = time.process_time()\n"
        "for n in range(5000):\n"
        "    with telemetry.span('a'): telemetry.traceparent()\n"
        "print(time.process_time() - began)\n"
        "end()\n"
        "assert not telemetry.is_on()\n",
        **NOWHERE,
    )
    assert float(done.stdout) < 5
    assert time.monotonic() - began < 40


def test_log_lines_carry_the_trace_and_the_request() -> None:
    done = python(
        "import logging, structlog; from flatrender import telemetry; from flatrender.host.logs import set_up_logs\n"
        "set_up_logs('info'); end = telemetry.set_up('x', '1')\n"
        "log = structlog.get_logger('a'); log.info('outside')\n"
        "structlog.contextvars.bind_contextvars(request_id='req_7')\n"
        "with telemetry.span('a'):\n"
        "    print(telemetry.traceparent()); log.info('ours'); logging.getLogger('b').warning('theirs')\n"
        "telemetry.traces._State.tracer = None\n",
        **NOWHERE,
    )
    _, trace_id, span_id, _ = done.stdout.strip().split("-")
    lines = {line["event"]: line for line in map(json.loads, done.stderr.splitlines())}
    assert "trace_id" not in lines["outside"]
    for event in ("ours", "theirs"):
        assert (lines[event]["trace_id"], lines[event]["span_id"], lines[event]["request_id"]) == (
            trace_id,
            span_id,
            "req_7",
        )


def test_the_lines_of_a_node_carry_the_trace() -> None:
    done = python(
        "import logging; from flatrender import telemetry\n"
        "logging.basicConfig(format='%(message)s%(trace)s')\n"
        "for handler in logging.getLogger().handlers: handler.addFilter(telemetry.TraceInLines())\n"
        "telemetry.set_up('x', '1'); logging.warning('outside')\n"
        "with telemetry.span('a', parent='00-0123456789abcdef0123456789abcdef-0123456789abcdef-01'): logging.warning('inside')\n"
        "telemetry.traces._State.tracer = None\n",
        **NOWHERE,
    )
    assert done.stderr.splitlines()[:2] == ["outside", "inside trace_id=0123456789abcdef0123456789abcdef"]


async def test_requests_are_counted_by_the_template_of_their_route_and_streams_while_they_are_open() -> None:
    app = FastAPI()
    open_streams: list[float] = []

    @app.get("/v1/films/{film_id}")
    async def film(film_id: str) -> str:
        return film_id

    @app.get("/v1/news")
    async def news() -> StreamingResponse:
        async def lines():
            open_streams.append(value("flatrender_sse_clients"))
            yield b": hello\n\n"

        return StreamingResponse(lines(), media_type="text/event-stream")

    before = value("flatrender_sse_clients")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Observed(app)), base_url="http://x") as client:
        for path in ("/v1/films/1", "/v1/films/2", "/v1/films/secret-name", "/v1/nothing/42", "/v1/news", "/readyz"):
            await client.get(path)
        await client.request("BREW", "/v1/nothing")
    count = "flatrender_http_request_seconds_count"
    assert value(count, method="GET", route="/v1/films/{film_id}", status="200") == 3
    assert value(count, method="GET", route="none", status="404") == 1
    assert value(count, method="other", route="none", status="404") == 1
    assert value(count, method="GET", route="/v1/news", status="200") == 1
    assert open_streams == [before + 1]
    assert value("flatrender_sse_clients") == before
    labels = [sample.labels for metric in REGISTRY.collect() for sample in metric.samples]
    assert not [
        label for label in labels if "secret-name" in "".join(label.values()) or label.get("route") == "/readyz"
    ]


async def test_the_store_s_failures_are_counted_and_an_absent_object_is_none() -> None:
    @count_store("test", absent=NotFound)
    async def call(error: Exception | None) -> int:
        if error is not None:
            raise error
        return 7

    assert await call(None) == 7
    for error in (NotFound("no"), OSError("disk")):
        with pytest.raises(type(error)):
            await call(error)
    assert value("flatrender_object_store_errors_total", operation="test") == 1
    assert value("flatrender_object_store_seconds_count", operation="test") == 3


async def test_figures_are_read_once_for_many_scrapes_and_a_database_that_hangs_is_not_waited_for(monkeypatch) -> None:
    asked = 0
    slow = False

    async def measure() -> None:
        nonlocal asked
        asked += 1
        if slow:
            await asyncio.sleep(60)

    async def health() -> dict[str, bool]:
        return {"ready": not slow}

    monkeypatch.setattr("flatrender.host.metrics_endpoint.MEASURE_S", 0.2)
    endpoint = MetricsEndpoint(host="127.0.0.1", port=0, token="for-prometheus", measure=measure, health=health)
    async with endpoint.serving(), httpx.AsyncClient(base_url=f"http://127.0.0.1:{endpoint.port}") as client:
        for wrong in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Bearer for-prometheuü".encode()}):
            assert (await client.get("/metrics", headers=wrong)).status_code == 401
        good = {"Authorization": "Bearer for-prometheus"}
        for _ in range(3):
            answer = await client.get("/metrics", headers=good)
            assert "flatrender_ready 1.0" in answer.text
        assert asked == 1
        assert (await client.get("/readyz")).status_code == 200
        slow = True
        endpoint._measured = float("-inf")
        answer = await client.get("/metrics", headers=good)
        assert (answer.status_code, "flatrender_ready 0.0" in answer.text) == (200, True)
        assert 'flatrender_measure_failures_total{service="process"} ' in answer.text
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
    assert telemetry.is_on() is False
