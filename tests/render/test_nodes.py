"""Registration, tokens, the fleet in the admin's eyes."""

import hashlib
from uuid import UUID, uuid4

import msgspec
import pytest

from flatrender.protocol.heartbeat import Health, Heartbeat
from flatrender.protocol.register import Register
from tests.render.farm import NODE_TOKEN, Farm, HandNode

pytestmark = pytest.mark.asyncio(loop_scope="module")
TENANT = {"X-Test-Tenant": str(UUID(int=0xB2))}
REGISTER = Register(
    name="n",
    boot_id=uuid4(),
    agent_version="0",
    os="test",
    engines={},
    max_slots=1,
    cpu_cores=1,
    memory_bytes=1,
    scratch_bytes_total=1,
    scratch_bytes_free=1,
)


async def test_a_node_registers_with_a_token_and_is_listed(farm: Farm) -> None:
    node = await farm.hand_node("first")
    (seen,) = (await farm.http.get("/v1/admin/nodes")).json()["items"]
    assert (seen["id"], seen["name"], seen["status"], seen["dedicated"]) == (
        str(node.node_id),
        "first",
        "online",
        False,
    )


async def test_an_unknown_or_revoked_token_registers_nobody(farm: Farm) -> None:
    response = await farm.hand().post("/internal/nodes/register", REGISTER, bearer="frn_wrong")
    assert (response.status_code, response.json()["code"]) == (401, "render.node_token_invalid")
    made = (await farm.http.post("/v1/admin/node-tokens", json={"name": "x", "fleet": True})).json()
    await HandNode(farm.http, token=made["token"]).register("with token")
    assert (await farm.http.delete(f"/v1/admin/node-tokens/{made['id']}")).status_code == 204
    response = await farm.hand().post("/internal/nodes/register", REGISTER, bearer=made["token"])
    assert (response.status_code, response.json()["code"]) == (401, "render.node_token_invalid")


async def test_another_version_of_the_protocol_is_told_so(farm: Farm) -> None:
    response = await farm.hand().post(
        "/internal/nodes/register", msgspec.structs.replace(REGISTER, protocol=99), bearer=NODE_TOKEN
    )
    assert (response.status_code, response.json()["code"]) == (422, "render.protocol_unsupported")


async def test_a_token_is_shown_once_and_stored_as_its_hash(farm: Farm) -> None:
    key = {"Idempotency-Key": "token-1"}
    made = await farm.http.post("/v1/admin/node-tokens", json={"name": "desk"}, headers=key)
    token = made.json()["token"]
    assert farm.row("SELECT token_hash FROM render.node_tokens WHERE name = 'desk'") == (
        hashlib.sha256(token.encode()).digest(),
    )
    assert token not in (await farm.http.get("/v1/admin/node-tokens")).text
    again = await farm.http.post("/v1/admin/node-tokens", json={"name": "desk"}, headers=key)
    assert (again.status_code, again.json()["code"]) == (409, "render.token_shown")
    assert farm.row("SELECT count(*) FROM render.node_tokens WHERE name = 'desk'") == (1,)


async def test_a_tenant_cannot_make_tokens_for_the_fleet_nor_see_its_nodes(farm: Farm) -> None:
    await farm.hand_node("fleet")
    refused = await farm.http.post("/v1/admin/node-tokens", json={"name": "x", "fleet": True}, headers=TENANT)
    assert (refused.status_code, refused.json()["code"]) == (403, "render.fleet_forbidden")
    assert (await farm.http.get("/v1/admin/nodes", headers=TENANT)).json()["items"] == []
    assert (await farm.http.get("/v1/admin/node-tokens", headers=TENANT)).json()["items"] == []


async def test_a_tenant_cannot_drain_the_fleets_nodes(farm: Farm) -> None:
    node = await farm.hand_node()
    for what in ("drain", "resume"):
        response = await farm.http.post(f"/v1/admin/nodes/{node.node_id}/{what}", headers=TENANT)
        assert (response.status_code, response.json()["code"]) == (404, "render.node_not_found")


async def test_a_node_id_cannot_be_taken_over_with_another_tenants_token(farm: Farm) -> None:
    node = await farm.hand_node()
    made = (await farm.http.post("/v1/admin/node-tokens", json={"name": "theirs"}, headers=TENANT)).json()
    response = await farm.hand().post(
        "/internal/nodes/register",
        msgspec.structs.replace(REGISTER, node_id=node.node_id),
        bearer=made["token"],
    )
    assert (response.status_code, response.json()["code"]) == (404, "render.node_not_found")


async def test_two_nodes_may_wish_for_one_name(farm: Farm) -> None:
    first, second = farm.hand(), farm.hand()
    assert (await first.register("twin")).name == "twin"
    assert (await second.register("twin")).name.startswith("twin-")


async def test_health_is_kept_with_full_heartbeats(farm: Farm) -> None:
    node = await farm.hand_node()
    farm.do("SELECT ops.ensure_all_monthly_partitions(now()::date, 1)")
    health = Health(cpu_pct=12.5, mem_used_bytes=10, disk_free_bytes=20, load1=0.5)
    response = await node.post("/internal/nodes/heartbeat", Heartbeat(boot_id=node.boot_id, leases=[], health=health))
    assert response.status_code == 200, response.text
    assert farm.row("SELECT cpu_pct, disk_free_bytes FROM render.node_health_logs") == (12.5, 20)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"boot_id": 7}', b"\xff" * 100])
async def test_what_is_not_a_message_is_refused(farm: Farm, body: bytes) -> None:
    node = await farm.hand_node()
    for path in ("/internal/nodes/heartbeat", "/internal/frame-jobs/claim", f"/internal/snapshots/{uuid4()}/result"):
        response = await farm.http.post(path, content=body, headers={"Authorization": f"Bearer {node.secret}"})
        assert (response.status_code, response.json()["code"]) == (400, "render.message_invalid")


async def test_a_huge_message_is_refused_before_it_is_read(farm: Farm) -> None:
    node = await farm.hand_node()
    response = await farm.http.post(
        "/internal/nodes/heartbeat", content=b" " * 400_000, headers={"Authorization": f"Bearer {node.secret}"}
    )
    assert response.status_code == 413


async def test_without_a_secret_no_route_of_the_nodes_answers(farm: Farm) -> None:
    for path in ("nodes/heartbeat", "frame-jobs/claim", f"frame-jobs/{uuid4()}/fail", "snapshot-jobs/claim"):
        response = await farm.http.post(f"/internal/{path}", content=b"{}")
        assert response.status_code == 401
