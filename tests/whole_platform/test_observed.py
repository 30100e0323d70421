"""What an operator sees of a running platform: one film's trace over all processes, figures for Prometheus, readiness for balancers."""

import secrets
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .running import Running, eventually, free_port, running, wait_for_film
from .story import edited, press_render


@dataclass
class Span:
    """A span as it arrived."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, Any]


@dataclass
class Collector:
    """Takes spans by OTLP over HTTP, as a collector does."""

    spans: list[Span] = field(default_factory=list)
    url: str = ""

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
            for scope in resource.scope_spans:
                self.spans += [
                    Span(
                        service=service,
                        name=span.name,
                        trace_id=span.trace_id.hex(),
                        span_id=span.span_id.hex(),
                        parent_id=span.parent_span_id.hex(),
                        attributes={
                            a.key: getattr(a.value, a.value.WhichOneof("value") or "string_value")
                            for a in span.attributes
                        },
                    )
                    for span in scope.spans
                ]

    def of(self, trace_id: str) -> list[Span]:
        return [span for span in list(self.spans) if span.trace_id == trace_id]


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    made = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                import gzip

                body = gzip.decompress(body)
            made.take(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="module")
def metrics_port() -> int:
    while True:
        port = free_port()
        try:
            with ThreadingHTTPServer(("127.0.0.1", port + 1), BaseHTTPRequestHandler):
                return port
        except OSError:
            continue


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory, collector: Collector, metrics_port: int) -> Iterator[Running]:
    yield from running(
        tmp_path_factory.mktemp("observed") / "var",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="200",
        FLATRENDER_METRICS_PORT=str(metrics_port),
        FLATRENDER_METRICS_TOKEN="for-prometheus",
        FLATRENDER_DRAIN_S="2",
        FLATRENDER_HEARTBEAT_S="1",
    )


@pytest.fixture(scope="module")
def film(observed: Running) -> dict[str, str]:
    """A film that was asked for within somebody's trace; its ids."""
    client = observed.client("user")
    document = edited(client, scenes=1)
    trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
    client.headers["traceparent"] = f"00-{trace_id}-{span_id}-01"
    job = press_render(client, document)
    del client.headers["traceparent"]
    assert wait_for_film(client, job["id"])["status"] == "completed"
    return {"trace_id": trace_id, "span_id": span_id, "job_id": job["id"]}


def test_one_trace_tells_the_story_of_a_film_over_gateway_workflow_and_node(
    observed: Running, collector: Collector, film: dict[str, str]
) -> None:
    def whole() -> list[Span] | None:
        spans = collector.of(film["trace_id"])
        names = {span.name for span in spans}
        return spans if {"workflow finish_film", "report", "upload"} <= names and "step complete" in names else None

    try:
        spans = eventually(whole, timeout_s=30, what="the film's spans arriving")
    except AssertionError:
        raise AssertionError(sorted((s.service, s.name) for s in collector.of(film["trace_id"]))) from None
    by_id = {span.span_id: span for span in spans}

    def line(span: Span) -> list[str]:
        """Names from a span up to the root of what we recorded."""
        found = [span.name]
        while span.parent_id in by_id:
            span = by_id[span.parent_id]
            found.append(span.name)
        assert span.parent_id == film["span_id"], (found, "does not hang on the request's own parent")
        return found

    def one(name: str) -> Span:
        return next(span for span in spans if span.name == name)

    pressed = "POST /v1/saved-projects/{project_id}/render"
    root = next(span for span in spans if span.parent_id == film["span_id"])
    assert root.attributes["http.response.status_code"] == 202
    assert root.attributes["flatrender.request_id"].startswith("req_")
    pressed = root.name
    assert pressed.startswith("POST /v1/saved-projects/{")
    assert line(one("workflow render_film")) == ["workflow render_film", pressed]
    assert line(one("claim chunk")) == ["claim chunk", pressed]
    assert one("claim chunk").attributes["flatrender.render_job_id"] == film["job_id"]
    chunk = ["work frame", "claim chunk", pressed]
    for stage in ("fetch", "draw", "upload", "report"):
        assert line(one(stage)) == [stage, *chunk]
        assert one(stage).service == "flatrender-node"
    assert line(one("draw and encode")) == ["draw and encode", "draw", *chunk]
    result = next(span for span in spans if span.name.endswith("/result") and span.service == "flatrender-all")
    assert line(result)[1:] == ["report", *chunk]
    assert line(one("workflow finish_film"))[2:] == ["report", *chunk]
    assert {span.service for span in spans} == {"flatrender-all", "flatrender-node"}
    # what is asked all the time is not traced
    assert not [span for span in collector.spans if span.name.endswith(("/claim", "/heartbeat", "/readyz"))]


def test_a_trace_that_cannot_be_read_is_left_and_the_request_begins_one(
    observed: Running, collector: Collector
) -> None:
    answer = httpx.post(f"{observed.address}/v1/auth/login", json={"email": "x"}, headers={"traceparent": "garbage"})
    request_id = answer.headers["x-request-id"]
    span = eventually(
        lambda: next(
            (s for s in list(collector.spans) if s.attributes.get("flatrender.request_id") == request_id), None
        ),
        timeout_s=20,
        what="the request's span",
    )
    assert (span.parent_id, span.name) == ("", "POST /v1/auth/login")


def test_prometheus_reads_server_and_node_and_nobody_through_the_front_door(
    observed: Running, film: dict[str, str], metrics_port: int
) -> None:
    address = f"http://127.0.0.1:{metrics_port}/metrics"
    assert httpx.get(address).status_code == 401
    server = httpx.get(address, headers={"Authorization": "Bearer for-prometheus"}).text
    for line in (
        'flatrender_films_total{outcome="completed"} 1.0',
        'flatrender_nodes{status="online"} 1.0',
        'flatrender_db_pool_size_max{pool="request",service="render"} ',
        'flatrender_outbox_lag_seconds{schema="studio"} ',
        'flatrender_results_total{kind="frame",outcome="accepted"} ',
        'flatrender_object_store_seconds_count{operation="put"} ',
        "flatrender_workflow_lag_seconds ",
        "flatrender_ready 1.0",
        "process_resident_memory_bytes ",
    ):
        assert f"\n{line}" in server, line
    assert 'route="/v1/render-jobs/{job_id}"' in server
    # few values: no id of anything in any label
    assert film["job_id"] not in server
    assert not [line for line in server.splitlines() if "tenant" in line and not line.startswith("#")]
    node = httpx.get(f"http://127.0.0.1:{metrics_port + 1}/metrics").text
    assert 'flatrender_node_work_total{kind="frame",outcome="done"} ' in node
    assert 'flatrender_node_stage_seconds_count{stage="draw"} ' in node
    assert "flatrender_node_spooled_reports 0.0" in node
    assert "flatrender_" not in httpx.get(f"{observed.address}/metrics").text
    for header in ({}, {"Authorization": "Bearer for-prometheus"}):
        assert "# TYPE" not in httpx.get(f"{observed.address}/metrics", headers=header).text


def test_the_dashboards_show_the_film_that_was_just_made(observed: Running, film: dict[str, str]) -> None:
    admin = observed.client("admin")

    def shown() -> dict[str, Any] | None:
        (node,) = admin.get("/v1/admin/farm/nodes").json()["items"]
        return node if node["picture_url"] and len(node["recent"]) >= 1 else None

    node = eventually(shown, timeout_s=20, what="the node's picture and health")
    picture = admin.get(node["picture_url"])
    assert picture.content.startswith(b"\xff\xd8\xff")
    assert len(picture.content) <= 24 * 1024
    health = admin.get(f"/v1/admin/nodes/{node['id']}/health").json()["points"]
    assert health[-1]["mem_used_bytes"] > 0
    assert abs(health[-1]["clock_skew_ms"]) < 5_000
    farm = admin.get("/v1/admin/farm").json()
    assert sum(row["frames"] for row in farm["throughput"]) > 0
    assert farm["slow_templates"][0]["title"]["fa"]
    assert farm["budget"]["completed"] == 1
    assert observed.client("user").get("/v1/admin/farm").status_code == 403


def test_a_server_that_is_told_to_stop_says_so_to_balancers_while_it_still_serves(observed: Running) -> None:
    server = observed.child("serve", "all")
    assert httpx.get(f"{observed.address}/readyz").json()["ready"] is True
    server.send_signal(signal.SIGTERM)
    found = eventually(
        lambda: (answer := httpx.get(f"{observed.address}/readyz")).status_code == 503 and answer.json(),
        timeout_s=2,
        what="/readyz saying that the server is about to stop",
        every_s=0.05,
    )
    assert (found["ready"], found["draining"]) == (False, True)
    assert set(found["services"].values()) == {"ready"}
    assert httpx.get(f"{observed.address}/healthz").status_code == 200
    assert httpx.get(f"{observed.address}/v1/tenant").status_code == 200
