"""The farm's dashboards: nodes' health in bins, queues, throughput, failures, the last picture, how long health is kept, what Prometheus reads."""

import asyncio
import io
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
from PIL import Image
from prometheus_client import REGISTRY

from flatrender.contracts.identity import IdentityApi
from flatrender.kit.db import Bells
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.protocol.heartbeat import Health, Heartbeat
from flatrender.services.render.service.events import CHANNEL
from flatrender.services.render.service.farm import FarmHealth, keep_from
from flatrender.services.render.service.nodes import Nodes
from flatrender.services.render.tasks import HealthKeeping
from tests.render.farm import FAST, Farm, HandNode, Names

pytestmark = pytest.mark.asyncio(loop_scope="module")
RESELLER_ID = UUID(int=0xB2)
RESELLER = {"X-Test-Tenant": str(RESELLER_ID)}


def jpeg(width: int = 64) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((width, width), 80).save(out, "JPEG", quality=90)
    return out.getvalue()


def sample(farm: Farm, node: HandNode, at: datetime, **values: float) -> None:
    names = ", ".join(values)
    farm.do("SELECT ops.ensure_monthly_partitions('render.node_health_logs', %s::date, 1)", at)
    farm.do(
        f"INSERT INTO render.node_health_logs (node_id, sampled_at, {names}) VALUES (%s, %s, {', '.join('%s' for _ in values)})",
        node.node_id,
        at,
        *values.values(),
    )


async def series(farm: Farm, node: HandNode, **query: Any) -> dict[str, Any]:
    response = await farm.http.get(f"/v1/admin/nodes/{node.node_id}/health", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_health_comes_in_bins_of_averages_and_peaks(farm: Farm) -> None:
    node = await farm.hand_node()
    begin = datetime(2026, 11, 2, 10, tzinfo=UTC)
    for minute, cpu in ((0, 10.0), (1, 30.0), (5, 90.0), (65, 50.0)):
        sample(
            farm, node, begin + timedelta(minutes=minute), cpu_pct=cpu, disk_free_bytes=1000 - minute, net_rx_bps=minute
        )
    found = await series(farm, node, **{"from": "2026-11-02T10:00:00Z", "to": "2026-11-02T11:00:00Z", "step": 300})
    assert found["step_s"] == 300
    assert [
        (
            point["at"],
            point["samples"],
            point["cpu_pct"],
            point["cpu_pct_max"],
            point["disk_free_bytes"],
            point["load1"],
        )
        for point in found["points"]
    ] == [
        ("2026-11-02T10:00:00Z", 2, 20.0, 30.0, 999, None),
        ("2026-11-02T10:05:00Z", 1, 90.0, 90.0, 995, None),
    ]


async def test_a_series_has_at_most_500_bins_however_small_the_wished_step(farm: Farm) -> None:
    node = await farm.hand_node()
    farm.do("SELECT ops.ensure_monthly_partitions('render.node_health_logs', '2026-11-01', 1)")
    farm.do(
        "INSERT INTO render.node_health_logs (node_id, sampled_at, cpu_pct)"
        " SELECT %s, at, 1 FROM generate_series('2026-11-01T00:00Z'::timestamptz, '2026-11-07T23:59Z', interval '1 minute') AS at",
        node.node_id,
    )
    week = {"from": "2026-11-01T00:00:00Z", "to": "2026-11-08T00:00:00Z"}
    wished = await series(farm, node, **week, step=1)
    usual = await series(farm, node, **week)
    assert 400 < len(wished["points"]) <= 500
    assert (usual["step_s"], len(usual["points"])) == (3600, 168)
    assert sum(point["samples"] for point in wished["points"]) == sum(point["samples"] for point in usual["points"])


@pytest.mark.parametrize(
    "query",
    [
        {"from": "2026-11-02T10:00:00Z", "to": "2026-11-02T10:00:00Z"},
        {"from": "2026-11-02T10:00:00Z", "to": "2026-11-01T10:00:00Z"},
        {"from": "2025-11-02T10:00:00Z", "to": "2026-11-02T10:00:00Z"},
        {"from": "2026-11-02T10:00:00", "to": "2026-11-02T11:00:00Z"},
    ],
    ids=["empty", "backwards", "a-year", "without-zone"],
)
async def test_a_time_that_cannot_be_shown_is_refused(farm: Farm, query: dict[str, str]) -> None:
    node = await farm.hand_node()
    response = await farm.http.get(f"/v1/admin/nodes/{node.node_id}/health", params=query)
    assert (response.status_code, response.json()["code"]) == (422, "render.range_invalid")


async def test_a_heartbeat_tells_the_network_the_disk_and_how_wrong_the_clock_is(farm: Farm) -> None:
    node = await farm.hand_node()
    health = Health(
        cpu_pct=1.0,
        mem_used_bytes=2,
        disk_free_bytes=3,
        disk_write_bps=4,
        net_rx_bps=5,
        net_tx_bps=6,
        clock_s=datetime.now(UTC).timestamp() - 3600,
    )
    beat = Heartbeat(boot_id=node.boot_id, leases=[], health=health)
    assert (await node.post("/internal/nodes/heartbeat", beat)).status_code == 200
    wild = msgspec.structs.replace(beat, health=msgspec.structs.replace(health, clock_s=1e300))
    assert (await node.post("/internal/nodes/heartbeat", wild)).status_code == 200
    (first, second) = farm.rows(
        "SELECT disk_write_bps, net_rx_bps, net_tx_bps, clock_skew_ms FROM render.node_health_logs ORDER BY sampled_at"
    )
    assert first[:3] == (4, 5, 6)
    assert -3_605_000 < first[3] <= -3_600_000
    assert second[3] == 2_000_000_000
    (seen,) = (await farm.http.get("/v1/admin/farm/nodes")).json()["items"]
    assert (len(seen["recent"]), seen["recent"][0]["cpu_pct"]) == (1, 1.0)


async def test_nodes_show_what_they_draw_and_the_picture_of_what_they_drew_last(farm: Farm) -> None:
    job = await farm.create("a", "c")
    node = await farm.hand_node()
    work = await node.claim(wait_s=10)
    assert work is not None
    await node.beat(work, frames_done=5)
    (seen,) = (await farm.http.get("/v1/admin/farm/nodes")).json()["items"]
    (drawn,) = seen["working_on"]
    assert (drawn["render_job_id"], drawn["title"], drawn["scene_key"]) == (str(job.id), "a film", "a")
    assert drawn["progress_pct"] == round(100 * 5 / drawn["frames"], 1)
    assert seen["picture_url"] is None
    address = f"/v1/admin/nodes/{node.node_id}/picture"
    assert (await farm.http.get(address)).status_code == 404

    await node.put(work)
    picture = jpeg()
    assert (await node.result(work, picture=picture)).status_code == 200
    shown = await farm.http.get(address)
    assert (shown.content, shown.headers["content-type"]) == (picture, "image/jpeg")
    (seen,) = (await farm.http.get("/v1/admin/farm/nodes")).json()["items"]
    assert seen["working_on"] == []
    assert seen["picture_url"].startswith(f"{address}?v=")

    for bad in (b"<svg/>", jpeg(220)):
        work = await node.claim(wait_s=10)
        assert work is not None
        await node.put(work)
        assert (await node.result(work, picture=bad)).status_code == 200, "a bad picture costs no result"
    assert (await farm.http.get(address)).content == picture


async def test_what_belongs_to_the_fleet_is_hidden_from_a_tenant(farm: Farm) -> None:
    fleet = await farm.hand_node("fleet")
    farm.do("INSERT INTO render.node_pictures (node_id, picture) VALUES (%s, %s)", fleet.node_id, jpeg())
    for what in ("health", "picture"):
        response = await farm.http.get(f"/v1/admin/nodes/{fleet.node_id}/{what}", headers=RESELLER)
        assert (response.status_code, response.json()["code"]) == (404, "render.node_not_found")
    assert (await farm.http.get("/v1/admin/farm/nodes", headers=RESELLER)).json()["items"] == []


async def test_the_platform_sees_every_tenants_queue_and_a_tenant_its_own(farm: Farm) -> None:
    first = await farm.create("a", profile="draft")
    second = await farm.create("b", "c", profile="720p", tenant_id=RESELLER_ID)
    for job in (first, second):
        for _ in range(200):
            if farm.row("SELECT count(*) FROM render.frame_jobs WHERE render_job_id = %s", job.id)[0]:
                break
            await asyncio.sleep(0.05)
    farm.do(
        "UPDATE render.frame_jobs SET created_at = now() - interval '90 seconds' WHERE render_job_id = %s", second.id
    )
    whole = (await farm.http.get("/v1/admin/farm")).json()["queue"]
    lanes = {(row["lane"], row["tenant_id"]): row for row in whole}
    assert set(lanes) == {("draft", str(DEFAULT_TENANT_ID)), ("final", str(RESELLER_ID))}
    theirs = lanes["final", str(RESELLER_ID)]
    chunks = farm.row("SELECT count(*) FROM render.frame_jobs WHERE render_job_id = %s", second.id)[0]
    assert (theirs["waiting"], theirs["running"], theirs["tenant_name"]) == (chunks, 0, "استودیو")
    assert 90 <= theirs["oldest_s"] < 100
    own = (await farm.http.get("/v1/admin/farm", headers=RESELLER)).json()["queue"]
    assert [(row["lane"], row["tenant_id"]) for row in own] == [("final", str(RESELLER_ID))]


async def test_throughput_failures_slow_templates_and_the_error_budget_are_counted(farm: Farm) -> None:
    job = await farm.create("c")
    node = await farm.hand_node()
    work = await node.claim(wait_s=10)
    assert work is not None
    assert (await node.fail(work, "node", "disk_full", crash="disk_full")).status_code == 200
    work = await node.claim(wait_s=10)
    assert work is not None
    await node.put(work)
    assert (await node.result(work, seconds=4.0)).status_code == 200
    broken = await farm.create("a")
    work = await node.claim(wait_s=10)
    assert work is not None
    assert (await node.fail(work, "content", "engine_refused")).status_code == 200
    # The hand's segment is no film: it is drawn again and again, and in the end that is ours.
    results = 1
    while farm.row("SELECT status FROM render.render_jobs WHERE id = %s", job.id)[0] != "failed":
        work = await node.claim(wait_s=2)
        if work is not None:
            await node.put(work)
            assert (await node.result(work, seconds=4.0)).status_code == 200
            results += 1
    assert results == 1 + farm.settings.max_repairs
    ours = farm.row("SELECT error_code FROM render.render_jobs WHERE id = %s", job.id)[0]
    assert ours is not None

    seen = (await farm.http.get("/v1/admin/farm", params={"hours": 1})).json()
    assert sum(row["frames"] for row in seen["throughput"]) == 20
    assert sum(row["node_seconds"] for row in seen["throughput"]) == 4.0
    classes: dict[str, int] = {}
    for row in seen["failures"]:
        for name, count in row["classes"].items():
            classes[name] = classes.get(name, 0) + count
    assert classes == {"node": 1, "film": 2}
    (slow,) = seen["slow_templates"]
    assert (slow["seconds_per_frame"], slow["frames"], slow["engine"]) == (0.2, 20, "thorvg")
    budget = seen["budget"]
    assert (budget["completed"], budget["failed"], budget["failed_by_content"]) == (0, 2, 1)
    assert (budget["success_pct"], round(budget["used_pct"])) == (0.0, 20_000)
    assert (await farm.http.get("/v1/admin/farm", params={"hours": 745})).status_code == 422
    await farm.until(broken.id, "failed")


async def test_months_are_made_ahead_and_dropped_after_two_with_the_clock_moved(farm: Farm) -> None:
    assert farm.module is not None
    now = datetime(2031, 1, 15, tzinfo=UTC)
    database = farm.module.database
    bells = Bells(database, CHANNEL)
    health = FarmHealth(
        database, farm.templates, cast("IdentityApi", Names()), Nodes(database, bells, FAST), lambda: now
    )

    def months() -> list[str]:
        rows = farm.rows(
            "SELECT right(inhrelid::regclass::text, 7) FROM pg_inherits WHERE inhparent = 'render.node_health_logs'::regclass"
        )
        return sorted(row[0] for row in rows)

    assert keep_from(now).isoformat() == "2030-11-01"
    await health.keep_partitions()
    assert {"2031_01", "2031_02", "2031_03"} <= set(months())
    # the database's own clock guards the newest month: nothing of it goes, whatever a service's clock says
    with pytest.raises(Exception, match="kept for at least a month"):
        await health.drop_old()
    assert {"2031_01", "2031_02", "2031_03"} <= set(months())

    today = datetime.now(UTC)
    keeping = HealthKeeping(
        FarmHealth(database, farm.templates, cast("IdentityApi", Names()), Nodes(database, bells, FAST), lambda: today)
    )
    node = await farm.hand_node()
    sample(farm, node, datetime(2020, 1, 31, 23, 59, tzinfo=UTC), cpu_pct=1.0)
    sample(farm, node, today - timedelta(days=40), cpu_pct=2.0)
    sample(farm, node, today, cpu_pct=3.0)
    assert await keeping.once() >= 1
    assert "2020_01" not in months()
    assert [row[0] for row in farm.rows("SELECT cpu_pct FROM render.node_health_logs ORDER BY sampled_at")] == [
        2.0,
        3.0,
    ]
    assert await keeping.once() == 0
    for month in ("2031_01", "2031_02", "2031_03"):
        farm.do(f"DROP TABLE render.node_health_logs_{month}")


async def test_what_prometheus_reads_counts_claims_results_failures_and_shows_queues_and_nodes(farm: Farm) -> None:
    before = {
        name: value(name, **labels)
        for name, labels in (
            ("flatrender_frames_total", {}),
            ("flatrender_leases_expired_total", {}),
        )
    }
    granted = value("flatrender_claims_total", lane="frame", outcome="granted")
    accepted = value("flatrender_results_total", kind="frame", outcome="accepted")
    replayed = value("flatrender_results_total", kind="frame", outcome="replayed")
    superseded = value("flatrender_results_total", kind="frame", outcome="superseded")
    failed = value("flatrender_failures_total", kind="frame", **{"class": "node"})
    await farm.create("a")
    node = await farm.hand_node()
    assert farm.module is not None
    assert farm.module.measure is not None
    work = await node.claim(wait_s=10)
    assert work is not None
    await farm.module.measure()
    assert value("flatrender_queue_running", lane="draft", pool="default") == 1
    assert value("flatrender_queue_waiting", lane="draft", pool="default") == 1
    assert value("flatrender_queue_oldest_seconds", lane="draft", pool="default") > 0
    assert value("flatrender_nodes", status="online") == 1
    assert value("flatrender_node_slots", state="free") == 4
    assert value("flatrender_workflow_executors") >= 1
    await node.put(work)
    await node.result(work)
    await node.result(work)
    other = await node.claim(wait_s=10)
    assert other is not None
    farm.do("UPDATE render.frame_jobs SET lease_expires_at = now() - interval '1 second' WHERE status = 'running'")
    again = None
    fresh = await farm.hand_node("fresh")
    again = await fresh.claim(wait_s=10)
    assert again is not None
    assert (await node.result(other)).status_code == 409
    await fresh.fail(again, "node", "disk_full")
    assert value("flatrender_claims_total", lane="frame", outcome="granted") == granted + 3
    assert value("flatrender_results_total", kind="frame", outcome="accepted") == accepted + 1
    assert value("flatrender_results_total", kind="frame", outcome="replayed") == replayed + 1
    assert value("flatrender_results_total", kind="frame", outcome="superseded") == superseded + 1
    assert value("flatrender_failures_total", kind="frame", **{"class": "node"}) == failed + 1
    assert value("flatrender_frames_total") == before["flatrender_frames_total"] + 20
    assert value("flatrender_leases_expired_total") == before["flatrender_leases_expired_total"] + 1
    farm.do("DELETE FROM render.frame_jobs")
    await farm.module.measure()
    assert REGISTRY.get_sample_value("flatrender_queue_waiting", {"lane": "draft", "pool": "default"}) is None
