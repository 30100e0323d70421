"""Who is to blame when engines stop, and what is left of each attempt."""

import asyncio

import pytest

from flatrender.services.render.queries.crashes import free_stranded
from flatrender.services.render.service.crashes import Crashes
from tests.render.farm import Farm
from tests.render.segments import taken
from tests.service_doubles import pools_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_scene_that_stops_engines_on_three_nodes_is_given_up_and_its_template_flagged(farm: Farm) -> None:
    nodes = {name: await farm.hand_node(name) for name in ("one", "two", "three", "four")}
    made = await farm.create("a")
    stopped = []
    while (await farm.job(made.id))["status"] != "failed":
        for name, node in nodes.items():
            work = await node.claim(wait_s=0.0)
            if work is not None and work.task.scene.scene_key == "a" and name not in stopped:
                stopped.append(name)
                answer = await node.fail(
                    work,
                    "content",
                    "engine_crashed",
                    crash="engine_crash",
                    signal=11,
                    frame=7,
                    log_tail="it\0 wrote this",
                )
                assert answer.status_code == 200, answer.text
    assert len(stopped) == 3
    job = await farm.job(made.id)
    assert job["error_code"] == "engine_crashed"
    crashes = (await farm.http.get("/v1/admin/crashes", params={"kind": "engine_crash"})).json()["items"]
    assert [crash["node_name"] for crash in crashes] == stopped[::-1]
    assert [crash["recovery"] for crash in crashes] == ["quarantined_template", "retried_other", "retried_other"]
    assert {(crash["signal"], crash["frame"], crash["scene_key"], crash["code"]) for crash in crashes} == {
        (11, 7, "a", "engine_crashed")
    }
    assert crashes[0]["log"].endswith("it wrote this")
    one = (await farm.http.get(f"/v1/admin/nodes/{nodes[stopped[0]].node_id}/crashes")).json()["items"]
    assert len(one) == 1
    (flag,) = (await farm.http.get("/v1/admin/template-flags")).json()["items"]
    assert (flag["scene_key"], flag["engines_stopped"], flag["kind"]) == ("a", 3, "engine_crash")
    assert farm.row("SELECT count(*) FROM render.outbox_events WHERE event_type = 'template.flagged'") == (1,)

    # While the flag is set the scene is tried once; without it as often as any.
    second = await farm.create("a")
    work = await taken(nodes["four"])
    assert (await nodes["four"].fail(work, "content", "engine_crashed", crash="engine_crash")).status_code == 200
    assert (await farm.job(second.id))["status"] == "failed"
    assert farm.row("SELECT count(*) FROM render.outbox_events WHERE event_type = 'template.flagged'") == (1,)
    assert (await farm.http.post(f"/v1/admin/template-flags/{flag['id']}/clear")).status_code == 204
    assert (await farm.http.get("/v1/admin/template-flags")).json()["items"] == []
    third = await farm.create("a")
    work = await taken(nodes["four"])
    assert (await nodes["four"].fail(work, "content", "engine_crashed", crash="engine_crash")).status_code == 200
    assert (await farm.job(third.id))["status"] == "rendering"


async def test_a_chunk_that_failed_on_every_node_is_kept_from_none(farm: Farm) -> None:
    one, two = await farm.hand_node("one"), await farm.hand_node("two")
    made = await farm.create("c")
    for node in (one, two):
        work = await taken(node)
        # Both live: a busy machine may have taken longer than they count as living.
        await asyncio.gather(*(living.beat(*[work] * (living is node)) for living in (one, two)))
        assert (await node.fail(work, "content", "encoder_failed")).status_code == 200
    assert farm.row("SELECT exclude_node_ids FROM render.frame_jobs WHERE render_job_id = %s", made.id) == (
        [two.node_id],
    )
    # The node that may take it dies: the other one gets it all the same.
    farm.do(
        "UPDATE render.nodes SET status = 'offline', heartbeat_expires_at = now() - interval '1 minute' WHERE name = 'one'"
    )
    assert await two.claim(wait_s=0.0) is None
    farm.do(
        "UPDATE render.nodes SET status = 'online', heartbeat_expires_at = now() + interval '1 minute' WHERE name = 'two'"
    )
    database = pools_of(farm.copy, "render", "svc_render")
    await database.open()
    try:
        async with database.worker() as conn:
            assert await free_stranded(conn) == 1
    finally:
        await database.close()
    assert await two.claim(wait_s=0.0) is not None


async def test_every_attempt_leaves_a_row_and_its_log(farm: Farm) -> None:
    hand = await farm.hand_node("hand")
    made = await farm.create("a", "c")
    work = await taken(hand)
    assert (await hand.fail(work, "node", "disk_full", crash="disk_full")).status_code == 200
    async with farm.real_node("real") as agent:
        await farm.until(made.id, "completed", within_s=180)
        node_id = agent._data.node_id()
    attempts = (await farm.http.get(f"/v1/admin/render-jobs/{made.id}/attempts")).json()["items"]
    chunks = farm.row("SELECT count(*), sum(epoch) FROM render.frame_jobs WHERE render_job_id = %s", made.id)
    assert len(attempts) == chunks[1]
    # On a busy machine the real node may have lost a lease besides.
    ended = [(attempt["node_name"], attempt["outcome"]) for attempt in attempts]
    assert ended.count(("real", "completed")) == chunks[0]
    assert [one["error_code"] for one in attempts if one["node_name"] == "hand"] == ["disk_full"]
    assert farm.row("SELECT recovery FROM render.node_crashes WHERE kind = 'disk_full'") == ("retried_other",)
    shown = (await farm.http.get(f"/v1/admin/nodes/{node_id}/attempts")).json()["items"]
    shown = [attempt for attempt in shown if attempt["outcome"] == "completed"]
    assert len(shown) == chunks[0]
    for attempt in shown:
        text = (await farm.http.get(attempt["log_url"])).text
        assert "claimed" in text
        assert "rendering" in text
        assert "made" in text
    failed = next(attempt for attempt in attempts if attempt["node_name"] == "hand")
    assert failed["log_url"] is None
    assert "it went wrong" in failed["detail"]

    # Kept for a while, then deleted.
    farm.do("UPDATE render.frame_attempts SET finished_at = now() - interval '31 days'")
    database = pools_of(farm.copy, "render", "svc_render")
    await database.open()
    try:
        assert await Crashes(database, farm.objects, farm.settings).tidy() >= chunks[0]
    finally:
        await database.close()
    gone = await farm.http.get(shown[0]["log_url"])
    assert (gone.status_code, gone.json()["code"]) == (404, "render.log_not_found")


async def test_a_quarantined_node_is_told_so_with_each_heartbeat(farm: Farm) -> None:
    node = await farm.hand_node("hand")
    await farm.create("a", "b")
    for _ in range(farm.settings.quarantine_after):
        work = await taken(node)
        assert not (await node.beat(work)).quarantined
        assert (await node.fail(work, "node", "disk_full", crash="disk_full")).status_code == 200
    assert (await node.beat()).quarantined
    recoveries = farm.rows("SELECT recovery FROM render.node_crashes ORDER BY id")
    assert recoveries[-1] == ("quarantined_node",)
