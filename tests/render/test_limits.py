"""Limits of tenants and priorities of films, as admins set them."""

from uuid import UUID

import pytest

from flatrender.kit.errors import TooMany
from flatrender.kit.ids import DEFAULT_TENANT_ID
from tests.render.farm import Farm
from tests.service_doubles import OTHER_TENANT_ID

pytestmark = pytest.mark.asyncio(loop_scope="module")

STRANGER = {"X-Test-Tenant": str(OTHER_TENANT_ID)}
LIMITS = {"max_concurrent_jobs": 5, "max_queued_jobs": 1, "weight": 250, "paused": False}


def path(tenant: UUID) -> str:
    return f"/v1/admin/tenants/{tenant}/render-limits"


async def test_the_platform_sets_limits_and_the_tenant_sees_its_own(farm: Farm) -> None:
    default = await farm.http.get(path(OTHER_TENANT_ID), headers=STRANGER)
    assert default.json() == {"max_concurrent_jobs": 2, "max_queued_jobs": 100, "weight": 100, "paused": False}
    assert (await farm.http.put(path(OTHER_TENANT_ID), json=LIMITS)).json() == LIMITS
    assert (await farm.http.get(path(OTHER_TENANT_ID), headers=STRANGER)).json() == LIMITS
    await farm.create("a", tenant_id=OTHER_TENANT_ID)
    with pytest.raises(TooMany) as refused:
        await farm.create("b", tenant_id=OTHER_TENANT_ID)
    assert refused.value.code == "render.queue_full"
    await farm.create("b", tenant_id=DEFAULT_TENANT_ID)


async def test_a_tenant_neither_sets_limits_nor_sees_those_of_others(farm: Farm) -> None:
    for answer in (
        await farm.http.put(path(OTHER_TENANT_ID), json=LIMITS, headers=STRANGER),
        await farm.http.get(path(DEFAULT_TENANT_ID), headers=STRANGER),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "render.fleet_forbidden")


@pytest.mark.parametrize(
    "wrong", [{"weight": 0}, {"max_concurrent_jobs": -1}, {"max_queued_jobs": None}, {"paused": "maybe"}], ids=str
)
async def test_limits_out_of_range_are_refused(farm: Farm, wrong: dict[str, object]) -> None:
    answer = await farm.http.put(path(OTHER_TENANT_ID), json=LIMITS | wrong)
    assert answer.status_code == 422
    assert farm.row("SELECT count(*) FROM render.tenant_render_limits") == (0,)


async def test_nothing_of_a_paused_tenant_is_claimed_and_going_on_wakes_the_nodes(farm: Farm) -> None:
    await farm.http.put(path(DEFAULT_TENANT_ID), json=LIMITS | {"paused": True})
    made = await farm.create("a")
    await farm.until(made.id, "rendering")
    node = await farm.hand_node()
    assert await node.claim(wait_s=0.2) is None
    await farm.http.put(path(DEFAULT_TENANT_ID), json=LIMITS)
    assert await node.claim(wait_s=5) is not None


async def test_a_draft_begins_before_films_and_an_admin_moves_a_film_before_it(farm: Farm) -> None:
    await farm.http.put(path(DEFAULT_TENANT_ID), json=LIMITS | {"max_queued_jobs": 10})
    film, draft = await farm.create("b", profile="1080p"), await farm.create("c", profile="draft")
    for made in (film, draft):
        await farm.until(made.id, "rendering")
    assert [(await farm.job(made.id))["priority"] for made in (film, draft)] == [0, 50]
    assert farm.rows("SELECT kind FROM render.render_jobs ORDER BY priority") == [("final",), ("preview",)]
    node = await farm.hand_node()
    first = await node.claim()
    assert first is not None
    assert first.lease.id == farm.row("SELECT id FROM render.frame_jobs WHERE render_job_id = %s", draft.id)[0]
    moved = await farm.http.put(f"/v1/admin/render-jobs/{film.id}/priority", json={"priority": 60})
    assert (moved.status_code, moved.json()["priority"]) == (200, 60)
    later = await farm.create("a", profile="draft")
    await farm.until(later.id, "rendering")
    second = await node.claim()
    assert second is not None
    assert farm.row("SELECT render_job_id FROM render.frame_jobs WHERE id = %s", second.lease.id) == (film.id,)


async def test_a_tenants_admin_lowers_films_but_raises_none_above_where_it_began(farm: Farm) -> None:
    made = await farm.create("a", tenant_id=OTHER_TENANT_ID)
    where = f"/v1/admin/render-jobs/{made.id}/priority"
    raised = await farm.http.put(where, json={"priority": 51}, headers=STRANGER)
    assert (raised.status_code, raised.json()["code"]) == (403, "render.fleet_forbidden")
    lowered = await farm.http.put(where, json={"priority": -3}, headers=STRANGER)
    assert lowered.json()["priority"] == -3
    assert (await farm.http.put(where, json={"priority": 0})).json()["code"] == "render.job_not_found"
    farm.do("UPDATE render.render_jobs SET status = 'completed'")
    late = await farm.http.put(where, json={"priority": 0}, headers=STRANGER)
    assert (late.status_code, late.json()["code"]) == (409, "render.not_waiting")
