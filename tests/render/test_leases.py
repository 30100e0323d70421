"""Leases and epochs, each word of the node chosen by the test."""

import asyncio
import hashlib
from uuid import UUID, uuid4

import pytest

from flatrender.protocol.heartbeat import Heartbeat
from flatrender.protocol.work import Assignment, Claim
from tests.render.farm import Farm, HandNode

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def claimed(farm: Farm, *keys: str) -> tuple[HandNode, Assignment, UUID]:
    """A film of one chunk in the hands of a node."""
    job = await farm.create(*(keys or ("c",)))
    node = await farm.hand_node()
    work = await node.claim(wait_s=10)
    assert work is not None
    return node, work, job.id


async def test_a_result_is_accepted_once_and_the_same_again_is_a_replay(farm: Farm) -> None:
    node, work, _ = await claimed(farm)
    await node.put(work)
    first = await node.result(work)
    again = await node.result(work)
    assert (first.status_code, first.json()["replayed"]) == (200, False)
    assert (again.status_code, again.json()["replayed"]) == (200, True)
    assert farm.row("SELECT status, output_sha256 FROM render.frame_jobs") == (
        "done",
        hashlib.sha256(b"segment").digest(),
    )


async def test_the_result_of_an_older_epoch_is_refused_and_changes_nothing(farm: Farm) -> None:
    slow, old, _ = await claimed(farm)
    farm.do("UPDATE render.frame_jobs SET lease_expires_at = now() - interval '1 second'")
    fast = await farm.hand_node("fast")
    new = await fast.claim(wait_s=10)
    assert new is not None
    assert new.lease.epoch == old.lease.epoch + 1
    assert new.output_key != old.output_key
    await slow.put(old, b"late")
    late = await slow.result(old, b"late")
    assert (late.status_code, late.json()["code"]) == (409, "render.lease_superseded")
    await fast.put(new, b"segment")
    assert (await fast.result(new)).status_code == 200
    assert (await slow.result(old, b"late")).status_code == 409
    assert farm.row("SELECT output_sha256 FROM render.frame_jobs")[0] == hashlib.sha256(b"segment").digest()


async def test_a_result_without_its_output_in_the_store_is_refused(farm: Farm) -> None:
    node, work, _ = await claimed(farm)
    answer = await node.result(work)
    assert (answer.status_code, answer.json()["code"]) == (422, "render.output_missing")
    assert farm.row("SELECT status FROM render.frame_jobs") == ("running",)


async def test_another_nodes_secret_cannot_deliver_the_result(farm: Farm) -> None:
    node, work, _ = await claimed(farm)
    other = await farm.hand_node("other")
    await node.put(work)
    answer = await other.result(work)
    assert (answer.status_code, answer.json()["code"]) == (409, "render.lease_superseded")


async def test_a_lease_without_heartbeats_runs_out_and_one_with_them_does_not(farm: Farm) -> None:
    node, work, _ = await claimed(farm)
    for _ in range(5):
        await asyncio.sleep(farm.settings.lease_s / 4)
        (verdict,) = (await node.beat(work)).leases
        assert verdict.verdict == "keep"
    await asyncio.sleep(farm.settings.lease_s + 1)
    (verdict,) = (await node.beat(work)).leases
    assert verdict.verdict == "lost"
    assert farm.row("SELECT status, attempt FROM render.frame_jobs") == ("queued", 0)
    assert farm.row("SELECT kind FROM render.node_crashes") == ("node_lost",)


async def test_a_new_start_of_the_node_ends_the_leases_of_the_one_before_at_once(farm: Farm) -> None:
    node, old, _ = await claimed(farm)
    before = node.boot_id
    again = HandNode(farm.http, node_id=node.node_id)
    await again.register("hand")
    assert again.node_id == node.node_id
    new = await again.claim(wait_s=2)
    assert new is not None
    assert new.lease.id == old.lease.id
    dead = await node.post("/internal/nodes/heartbeat", Heartbeat(boot_id=before, leases=[]))
    assert (dead.status_code, dead.json()["code"]) == (401, "render.node_unknown")
    assert farm.row("SELECT kind, recovery FROM render.node_crashes") == ("agent_crash", "retried_same")


async def test_an_old_boot_id_under_the_new_secret_is_told_to_stop(farm: Farm) -> None:
    node = await farm.hand_node()
    node.boot_id = uuid4()
    response = await node.post("/internal/frame-jobs/claim", Claim(boot_id=node.boot_id))
    assert (response.status_code, response.json()["code"]) == (409, "render.boot_superseded")


async def test_a_content_failure_names_the_scene_and_fails_the_film_after_its_attempts(farm: Farm) -> None:
    node, work, job_id = await claimed(farm)
    for attempt in (1, 2, 3):
        assert work is not None
        assert (await node.fail(work, "content", "engine_crashed", crash="engine_crash")).status_code == 200
        if attempt < 3:
            assert farm.row("SELECT status, attempt FROM render.frame_jobs") == ("queued", attempt)
            work = await node.claim(wait_s=5)
    job = await farm.job(job_id)
    assert (job["status"], job["error_code"]) == ("failed", "engine_crashed")
    assert "scene c" in job["error_message"]
    assert farm.row("SELECT status, attempt FROM render.frame_jobs") == ("failed", 3)
    assert farm.row("SELECT count(*) FROM render.node_crashes WHERE kind = 'engine_crash'") == (3,)
    assert farm.row("SELECT outcome, error_code FROM render.render_job_attempts") == ("failed", "engine_crashed")


@pytest.mark.parametrize("code", ["engine_refused", "engine_timeout"])
async def test_a_scene_that_cannot_be_drawn_at_all_fails_the_film_at_once(farm: Farm, code: str) -> None:
    node, work, job_id = await claimed(farm)
    await node.fail(work, "content", code)
    assert (await farm.job(job_id))["error_code"] == code


@pytest.mark.parametrize("failure", ["node", "lost", "licence"])
async def test_what_is_not_the_scenes_fault_never_burns_an_attempt(farm: Farm, failure: str) -> None:
    node, work, _ = await claimed(farm)
    assert (await node.fail(work, failure)).status_code == 200
    assert farm.row("SELECT status, attempt, exclude_node_ids FROM render.frame_jobs") == ("queued", 0, [])
    assert await node.claim(wait_s=2) is not None


async def test_a_node_that_failed_a_chunk_does_not_get_it_again_while_another_one_lives(farm: Farm) -> None:
    node, work, _ = await claimed(farm)
    other = await farm.hand_node("other")
    await node.fail(work, "node")
    assert await node.claim(wait_s=0.3) is None
    got = await other.claim(wait_s=5)
    assert got is not None
    assert got.lease.id == work.lease.id


async def test_a_node_that_keeps_failing_is_quarantined_and_let_back_by_an_admin(farm: Farm) -> None:
    node, work, _ = await claimed(farm)
    for _ in range(farm.settings.quarantine_after):
        assert work is not None
        await node.fail(work, "node", "disk_full", crash="disk_full")
        work = await node.claim(wait_s=0.5)
    assert work is None
    (seen,) = (await farm.http.get("/v1/admin/nodes")).json()["items"]
    assert (seen["status"], seen["crash_count_24h"]) == ("quarantined", 3)
    assert (await farm.http.post(f"/v1/admin/nodes/{node.node_id}/resume")).json()["status"] == "online"
    assert await node.claim(wait_s=5) is not None


async def test_after_a_quarantine_one_probe_decides_whether_a_node_gets_more(farm: Farm) -> None:
    node, work, _ = await claimed(farm)
    for _ in range(farm.settings.quarantine_after):
        assert work is not None
        await node.fail(work, "node", "disk_full", crash="disk_full")
        work = await node.claim(wait_s=0.5)
    farm.do("UPDATE render.nodes SET quarantined_until = now() - interval '1 second'")
    probe = await node.claim(wait_s=5)
    assert probe is not None
    assert await node.claim(wait_s=0.3) is None
    await node.fail(probe, "node", "internal")
    assert farm.row("SELECT status, quarantined_until > now() FROM render.nodes") == ("quarantined", True)
    farm.do("UPDATE render.nodes SET quarantined_until = now() - interval '1 second'")
    probe = await node.claim(wait_s=5)
    assert probe is not None
    await node.put(probe)
    assert (await node.result(probe)).status_code == 200
    await farm.create("a", "b")
    assert [await node.claim(wait_s=5) is not None for _ in range(2)] == [True, True]


async def test_projects_that_hang_one_after_the_other_are_the_nodes_fault(farm: Farm) -> None:
    node = await farm.hand_node("hanging")
    for project in range(farm.settings.quarantine_after):
        assert farm.row("SELECT quarantined_until FROM render.nodes") == (None,)
        await farm.create("c")
        work = await node.claim(wait_s=10)
        assert work is not None
        farm.do(
            "UPDATE render.frame_jobs SET engine = 'aerender', project_sha256 = decode(%s, 'hex') WHERE id = %s",
            f"{project:064x}"[::-1],
            work.lease.id,
        )
        await node.fail(work, "node", "aerender_timeout", crash="engine_hang")
        farm.do("DELETE FROM render.frame_jobs")
    assert farm.row("SELECT quarantined_until > now() FROM render.nodes") == (True,)


async def test_a_draining_node_keeps_its_work_and_gets_none(farm: Farm) -> None:
    node, work, _ = await claimed(farm, "a")
    assert (await farm.http.post(f"/v1/admin/nodes/{node.node_id}/drain")).json()["status"] == "draining"
    reply = await node.beat(work)
    assert (reply.order, reply.leases[0].verdict) == ("drain", "keep")
    assert await node.claim(wait_s=0.5) is None
    await farm.http.post(f"/v1/admin/nodes/{node.node_id}/resume")
    assert (await node.beat(work)).order == "work"
    assert await node.claim(wait_s=5) is not None


async def test_many_claims_at_once_get_each_chunk_once(farm: Farm) -> None:
    await farm.create("a", "b", "c")
    nodes = [await farm.hand_node(f"n{number}") for number in range(3)]
    while farm.row("SELECT count(*) FROM render.frame_jobs WHERE status = 'queued'")[0] < 5:
        await asyncio.sleep(0.05)
    got = await asyncio.gather(*(node.claim(wait_s=0) for node in nodes for _ in range(3)))
    ids = [work.lease.id for work in got if work is not None]
    assert len(ids) == len(set(ids)) == 5


async def test_a_claim_that_waits_hears_of_new_work_within_a_moment(farm: Farm) -> None:
    node = await farm.hand_node()
    waiting = asyncio.create_task(node.claim(wait_s=2))
    await asyncio.sleep(0.3)
    loop = asyncio.get_running_loop()
    await farm.create("c")
    work = await waiting
    assert work is not None
    planned = farm.row("SELECT extract(epoch FROM started_at - created_at) FROM render.frame_jobs")[0]
    assert float(planned) < 0.4
    assert loop.is_running()


async def test_tenants_share_the_farm_by_what_they_have_running(farm: Farm) -> None:
    many, few = UUID(int=0xB2), UUID(int=0xC3)
    await farm.create("a", "b", tenant_id=many)
    while farm.row("SELECT count(*) FROM render.frame_jobs")[0] < 4:
        await asyncio.sleep(0.05)
    await farm.create("c", tenant_id=few)
    while farm.row("SELECT count(*) FROM render.frame_jobs")[0] < 5:
        await asyncio.sleep(0.05)
    node = await farm.hand_node()
    tenants = []
    for _ in range(5):
        work = await node.claim(wait_s=0)
        assert work is not None
        tenants.append(farm.row("SELECT tenant_id FROM render.frame_jobs WHERE id = %s", work.lease.id)[0])
    assert tenants == [many, few, many, many, many]


async def test_a_tenants_own_node_works_for_nobody_else(farm: Farm) -> None:
    tenant = UUID(int=0xB2)
    made = await farm.http.post("/v1/admin/node-tokens", json={"name": "ours"}, headers={"X-Test-Tenant": str(tenant)})
    assert made.status_code == 201
    await farm.create("c")
    own = HandNode(farm.http, token=made.json()["token"])
    await own.register("own")
    assert await own.claim(wait_s=1.5) is None
    await farm.create("c", tenant_id=tenant)
    assert await own.claim(wait_s=5) is not None
