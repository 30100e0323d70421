"""What people are told: once, in their language, and only theirs."""

import asyncio
from uuid import uuid4

import pytest

from flatrender.contracts.notification import Notice
from flatrender.kit.db import Event
from flatrender.kit.errors import Unavailable
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.services.notification.service import texts
from tests.notification.conftest import Notification, job_event
from tests.service_doubles import OTHER_TENANT_ID


async def test_a_finished_film_is_told_in_the_owners_language(notification: Notification) -> None:
    for locale, title in (
        ("fa-IR", "فیلم شما آماده است"),
        ("en-US", "Your film is ready"),
        ("de", "Your film is ready"),
    ):
        who = notification.person(locale)
        event = job_event(who, "completed", file_id=str(uuid4()))
        await notification.module.handlers["render_job.completed"](event)
        async with notification.client(who) as client:
            items = (await client.get("/v1/notifications")).json()["items"]
        assert [item["title"] for item in items] == [title]
        assert items[0]["type_key"] == "render.completed"
        assert items[0]["action_url"] == f"/films/{event.payload['job_id']}"
        assert "\u2068معرفی محصول Zarrin\u2069" in items[0]["body"]
        assert items[0]["payload"]["file_id"] == event.payload["file_id"]


async def test_a_failed_film_is_told_with_its_code(notification: Notification) -> None:
    who = notification.person()
    await notification.module.handlers["render_job.failed"](job_event(who, "failed", error_code="engine.scene_hangs"))
    async with notification.client(who) as client:
        item = (await client.get("/v1/notifications")).json()["items"][0]
    assert (item["type_key"], item["payload"]["error_code"]) == ("render.failed", "engine.scene_hangs")


async def test_an_event_delivered_ten_times_at_once_is_told_once(notification: Notification) -> None:
    who = notification.person()
    event = job_event(who, "completed")
    await asyncio.gather(*(notification.module.handlers["render_job.completed"](event) for _ in range(10)))
    again = Event(**{name: getattr(event, name) for name in event.__struct_fields__} | {"id": uuid4()})
    await notification.module.handlers["render_job.completed"](again)
    async with notification.client(who) as client:
        assert len((await client.get("/v1/notifications")).json()["items"]) == 1


async def test_while_identity_is_down_the_event_waits_and_is_told_later(notification: Notification) -> None:
    who = notification.person("en")
    event = job_event(who, "completed")
    notification.identity.down = True
    with pytest.raises(Unavailable):
        await notification.module.handlers["render_job.completed"](event)
    notification.identity.down = False
    await notification.module.handlers["render_job.completed"](event)
    async with notification.client(who) as client:
        assert len((await client.get("/v1/notifications")).json()["items"]) == 1


async def test_an_event_about_nobody_or_without_sense_is_let_go(notification: Notification) -> None:
    who = notification.person()
    notification.identity.locales.clear()
    await notification.module.handlers["render_job.completed"](job_event(who, "completed"))
    await notification.module.handlers["render_job.failed"](job_event(who, "failed", job_id=None, user_id="nobody"))
    await notification.module.handlers["render_job.progress"](job_event(who, "progress", progress_pct="far"))
    async with notification.client(who) as client:
        assert (await client.get("/v1/notifications")).json()["items"] == []


async def test_reading_one_and_reading_all_move_the_count(notification: Notification) -> None:
    who = notification.person()
    for _ in range(4):
        await notification.module.handlers["render_job.completed"](job_event(who, "completed"))
    async with notification.client(who) as client:
        assert (await client.get("/v1/notifications/unread-count")).json() == {"unread_count": 4}
        items = (await client.get("/v1/notifications", params={"limit": 3})).json()
        rest = (await client.get("/v1/notifications", params={"cursor": items["next_cursor"]})).json()
        ids = [item["id"] for item in items["items"] + rest["items"]]
        assert (len(set(ids)), ids) == (4, sorted(ids, reverse=True))
        for _ in range(2):
            assert (await client.post(f"/v1/notifications/{ids[1]}/read")).status_code == 204
        assert (await client.get("/v1/notifications/unread-count")).json() == {"unread_count": 3}
        unread = (await client.get("/v1/notifications", params={"unread": "true"})).json()["items"]
        assert [item["id"] for item in unread] == [ids[0], *ids[2:]]
        assert (await client.post("/v1/notifications/read-all")).status_code == 204
        assert (await client.get("/v1/notifications/unread-count")).json() == {"unread_count": 0}
        assert len((await client.get("/v1/notifications")).json()["items"]) == 4


@pytest.mark.parametrize("tenant", [DEFAULT_TENANT_ID, OTHER_TENANT_ID])
async def test_other_people_and_other_tenants_see_and_change_nothing(
    notification: Notification, tenant: object
) -> None:
    who, stranger = notification.person(), notification.person(tenant=tenant)  # type: ignore[arg-type]
    await notification.module.handlers["render_job.completed"](job_event(who, "completed"))
    async with notification.client(who) as client, notification.client(stranger) as other:
        item = (await client.get("/v1/notifications")).json()["items"][0]
        refused = await other.post(f"/v1/notifications/{item['id']}/read")
        assert (refused.status_code, refused.json()["code"]) == (404, "notification.not_found")
        await other.post("/v1/notifications/read-all")
        assert (await other.get("/v1/notifications")).json()["items"] == []
        assert (await other.get("/v1/notifications/unread-count")).json() == {"unread_count": 0}
        assert (await client.get("/v1/notifications/unread-count")).json() == {"unread_count": 1}
    async with notification.module.database.tenant(OTHER_TENANT_ID) as conn:
        for table in ("notifications", "idempotency_keys"):
            statement = f"SELECT count(*) FROM notification.{table}"
            assert await (await conn.execute(statement)).fetchone() == (0,)  # type: ignore[arg-type]


async def test_a_peer_that_asks_twice_gets_the_first_notification(notification: Notification) -> None:
    who = notification.person()
    notice = Notice(user_id=who.user_id, type_key="quota.nearly_full", title="t", body="b", dedupe_key="q:1")
    first = await notification.module.api.notify(tenant_id=who.tenant_id, notices=[notice, notice])
    again = await notification.module.api.notify(tenant_id=who.tenant_id, notices=[notice])
    assert {*first, *again} == {first[0]}


async def test_nobody_reads_without_signing_in(notification: Notification) -> None:
    async with notification.client(None) as client:
        for path in ("/v1/notifications", "/v1/notifications/unread-count", "/v1/notifications/stream"):
            assert (await client.get(path)).status_code == 401


def test_a_films_name_cannot_turn_the_sentence_or_fill_the_screen() -> None:
    said = texts.completed("fa", "x" * 1000)
    assert said.body.count("x") == 120
    assert texts.completed("fa", "  ").body.startswith("«\u2068بدون نام\u2069»")
    assert texts.completed("en", "{film}").body.count("{film}") == 1
