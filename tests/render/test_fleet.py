"""What admins tell nodes, each word of the node chosen by the test."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from flatrender.protocol.heartbeat import CommandAnswer, Heartbeat, HeartbeatReply
from flatrender.protocol.register import Hours
from tests.render.farm import Farm, HandNode

pytestmark = pytest.mark.asyncio(loop_scope="module")
TENANT = {"X-Test-Tenant": str(UUID(int=0xB2))}
ALL = ["restart_agent", "kill_job", "purge_cache", "collect_logs"]


def hours_from_now(hours: int) -> Hours:
    """An hour's work that begins in so many hours."""
    begin = datetime.now(UTC) + timedelta(hours=hours)
    return Hours(begin=f"{begin:%H:00}", end=f"{begin + timedelta(hours=1):%H:00}", time_zone="UTC")


async def beat(node: HandNode, *answers: CommandAnswer) -> HeartbeatReply:
    response = await node.post(
        "/internal/nodes/heartbeat", Heartbeat(boot_id=node.boot_id, leases=[], answers=list(answers))
    )
    assert response.status_code == 200, response.text
    return msgspec.json.decode(response.content, type=HeartbeatReply)


async def press(farm: Farm, node: HandNode, what: str, **body: object) -> dict[str, object]:
    response = await farm.http.post(f"/v1/admin/nodes/{node.node_id}/{what}", json=body or None)
    assert response.status_code in (200, 202), response.text
    return dict(response.json())


async def test_a_node_outside_its_own_hours_gets_nothing_and_hears_when_it_wakes(farm: Farm) -> None:
    node = await farm.hand_node(hours=hours_from_now(3))
    await farm.create("c")
    assert await node.claim(wait_s=1) is None
    reply = await beat(node)
    assert reply.order == "drain"
    assert reply.wakes_in_s is not None
    assert 2 * 3600 < reply.wakes_in_s <= 3 * 3600
    (seen,) = (await farm.http.get("/v1/admin/nodes")).json()["items"]
    assert (seen["status"], seen["hours_set"]) == ("online", False)
    assert datetime.fromisoformat(seen["asleep_until"]) > datetime.now(UTC) + timedelta(hours=2)


async def test_hours_of_the_admin_go_over_the_nodes_own_and_wake_it_at_once(farm: Farm) -> None:
    node = await farm.hand_node(hours=hours_from_now(3))
    await farm.create("c")
    assert (await beat(node)).order == "drain"
    path = f"/v1/admin/nodes/{node.node_id}/hours"
    always = {"begin": "00:00", "end": "00:00", "time_zone": "Asia/Tehran"}
    set_ = (await farm.http.put(path, json=always)).json()
    assert (set_["hours"]["time_zone"], set_["hours_set"], set_["asleep_until"]) == ("Asia/Tehran", True, None)
    assert (await beat(node)).order == "work"
    assert await node.claim(wait_s=5) is not None
    back = (await farm.http.delete(path)).json()
    assert (back["hours_set"], back["hours"]["time_zone"]) == (False, "UTC")
    assert back["asleep_until"] is not None
    refused = await farm.http.put(path, json={**always, "time_zone": "Mars/Olympus"})
    assert (refused.status_code, refused.json()["code"]) == (422, "render.hours_invalid")


async def test_a_node_that_failed_work_keeps_it_while_the_only_other_one_sleeps(farm: Farm) -> None:
    await farm.create("c")
    node = await farm.hand_node()
    sleeper = await farm.hand_node("sleeper", hours=hours_from_now(3))
    await beat(sleeper)
    work = await node.claim(wait_s=10)
    assert work is not None
    await node.fail(work, "node")
    assert farm.row("SELECT exclude_node_ids FROM render.frame_jobs") == ([],)
    assert await node.claim(wait_s=2) is not None


async def test_a_command_comes_until_it_is_answered_and_its_answer_is_kept(farm: Farm) -> None:
    node = await farm.hand_node(understands=ALL)
    assert (await beat(node)).commands == []
    pressed = await press(farm, node, "collect-logs", lines=7)
    again = await press(farm, node, "collect-logs", lines=7)
    assert (pressed["status"], again["id"]) == ("pending", pressed["id"])
    (command,) = (await beat(node)).commands
    assert (str(command.id), command.command, command.lines) == (pressed["id"], "collect_logs", 7)
    assert [one.id for one in (await beat(node)).commands] == [command.id]
    assert (await beat(node, CommandAnswer(id=command.id, done=True, detail="a line\0"))).commands == []
    await beat(node, CommandAnswer(id=command.id, done=False, detail="late"))
    (kept,) = (await farm.http.get(f"/v1/admin/nodes/{node.node_id}/commands")).json()["items"]
    assert (kept["status"], kept["detail"]) == ("done", "a line")
    assert kept["issued_by_user_id"] is not None
    assert kept["delivered_at"] <= kept["completed_at"]


async def test_a_command_that_nobody_answers_expires(farm: Farm) -> None:
    node = await farm.hand_node(understands=ALL)
    await press(farm, node, "purge-cache")
    farm.do("UPDATE render.node_commands SET expires_at = now() - interval '1 second'")
    assert (await beat(node)).commands == []
    (kept,) = (await farm.http.get(f"/v1/admin/nodes/{node.node_id}/commands")).json()["items"]
    assert kept["status"] == "expired"


async def test_a_node_is_sent_only_what_it_understands(farm: Farm) -> None:
    node = await farm.hand_node(understands=["purge_cache"])
    refused = await farm.http.post(f"/v1/admin/nodes/{node.node_id}/restart")
    assert (refused.status_code, refused.json()["code"]) == (409, "render.command_unsupported")
    await press(farm, node, "purge-cache")
    assert [one.command for one in (await beat(node)).commands] == ["purge_cache"]


async def test_a_node_cannot_answer_anothers_command(farm: Farm) -> None:
    node, other = await farm.hand_node(understands=ALL), await farm.hand_node("other", understands=ALL)
    await press(farm, node, "purge-cache")
    (command,) = (await beat(node)).commands
    await beat(other, CommandAnswer(id=command.id, done=True, detail="mine"))
    assert farm.row("SELECT status FROM render.node_commands") == ("delivered",)


async def test_the_next_start_is_the_answer_to_a_restart(farm: Farm) -> None:
    node = await farm.hand_node(understands=ALL)
    await press(farm, node, "restart", now=True)
    (command,) = (await beat(node)).commands
    assert (command.command, command.now) == ("restart_agent", True)
    node.boot_id = uuid4()
    await node.register("hand", understands=ALL)
    assert (await beat(node)).commands == []
    assert farm.row("SELECT status, result ->> 'detail' FROM render.node_commands") == ("done", "started again")


async def test_killing_a_film_on_a_node_names_its_leases_and_another_node_gets_it(farm: Farm) -> None:
    made = await farm.create("c")
    node = await farm.hand_node(understands=ALL)
    work = await node.claim(wait_s=10)
    assert work is not None
    other = await farm.hand_node("other")
    await press(farm, node, "kill-job", render_job_id=str(made.id))
    (command,) = (await beat(node)).commands
    assert command.lease_ids == [work.lease.lease_id]
    assert (await node.fail(work, "lost", "killed")).status_code == 200
    assert await node.claim(wait_s=0.3) is None
    got = await other.claim(wait_s=5)
    assert got is not None
    assert got.lease.id == work.lease.id


async def test_a_quarantine_by_hand_lasts_until_it_is_released_and_then_one_probe_decides(farm: Farm) -> None:
    await farm.create("a", "b")
    node = await farm.hand_node()
    assert (await press(farm, node, "quarantine", reason="a new disk"))["quarantine_reason"] == "a new disk"
    assert await node.claim(wait_s=1) is None
    reply = await beat(node)
    assert (reply.order, reply.wakes_in_s) == ("drain", None)
    assert farm.row("SELECT status FROM render.nodes") == ("quarantined",)
    assert (await press(farm, node, "release"))["status"] == "online"
    probe = await node.claim(wait_s=10)
    assert probe is not None
    assert await node.claim(wait_s=0.3) is None
    await node.put(probe)
    assert (await node.result(probe)).status_code == 200
    assert await node.claim(wait_s=5) is not None
    assert (await press(farm, node, "quarantine", minutes=5))["status"] == "quarantined"
    assert farm.row("SELECT quarantined_until BETWEEN now() + interval '4 minutes' AND now() + interval '5 minutes' FROM render.nodes") == (True,)  # fmt: skip


async def test_a_secret_that_was_rotated_is_refused_and_the_lease_outlives_it(farm: Farm) -> None:
    await farm.create("c")
    node = await farm.hand_node()
    work = await node.claim(wait_s=10)
    assert work is not None
    await press(farm, node, "rotate-token")
    refused = await node.post("/internal/nodes/heartbeat", Heartbeat(boot_id=node.boot_id, leases=[]))
    assert (refused.status_code, refused.json()["code"]) == (401, "render.node_unknown")
    await node.register("hand")
    assert (await node.beat(work)).leases[0].verdict == "keep"


async def test_who_drained_a_node_is_kept(farm: Farm) -> None:
    node = await farm.hand_node()
    await press(farm, node, "drain")
    await press(farm, node, "resume")
    told = (await farm.http.get(f"/v1/admin/nodes/{node.node_id}/commands")).json()["items"]
    assert [(one["command"], one["status"]) for one in told] == [("resume", "done"), ("drain", "done")]
    assert all(one["issued_by_user_id"] for one in told)


async def test_a_drained_node_stays_drained_through_a_quarantine(farm: Farm) -> None:
    node = await farm.hand_node()
    await farm.until((await farm.create("a", "c")).id, "rendering")
    work = await node.claim(wait_s=5)
    assert work is not None
    await press(farm, node, "drain")
    farm.do(
        "INSERT INTO render.node_crashes (node_id, kind, fingerprint, recovery) SELECT %s, 'agent_crash', 'x', 'retried_other'"
        " FROM generate_series(2, %s)",
        node.node_id,
        farm.settings.quarantine_after,
    )
    assert (await node.fail(work, "node", "internal")).status_code == 200
    assert farm.row("SELECT quarantined_until > now() FROM render.nodes") == (True,)
    farm.do("UPDATE render.nodes SET quarantined_until = now() - interval '1 second'")
    assert (await node.beat()).order == "drain"
    assert await node.claim(wait_s=0.3) is None
    await press(farm, node, "quarantine")
    await press(farm, node, "release")
    assert (await node.beat()).order == "drain"
    await press(farm, node, "resume")
    assert (await node.beat()).order == "work"
    assert await node.claim(wait_s=5) is not None


async def test_a_tenant_tells_the_fleets_nodes_nothing(farm: Farm) -> None:
    node = await farm.hand_node(understands=ALL)
    for what in ("quarantine", "release", "restart", "purge-cache", "collect-logs", "rotate-token"):
        response = await farm.http.post(f"/v1/admin/nodes/{node.node_id}/{what}", headers=TENANT)
        assert (response.status_code, response.json()["code"]) == (404, "render.node_not_found"), what
    body = {"begin": "00:00", "end": "00:00", "time_zone": "UTC"}
    path = f"/v1/admin/nodes/{node.node_id}"
    for response in (
        await farm.http.put(f"{path}/hours", json=body, headers=TENANT),
        await farm.http.delete(f"{path}/hours", headers=TENANT),
        await farm.http.get(f"{path}/commands", headers=TENANT),
        await farm.http.post(f"{path}/kill-job", json={"render_job_id": str(uuid4())}, headers=TENANT),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "render.node_not_found")
    assert farm.rows("SELECT 1 FROM render.node_commands") == []
