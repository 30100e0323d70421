"""The stream: at once, from any process, bounded, and without gaps after a break."""

import asyncio
from uuid import UUID, uuid4

import pytest

from flatrender.kit.db import Database, Listener, announce
from flatrender.kit.ids import new_id
from flatrender.services.notification.service.hub import Hub, Signal, Subscription
from tests.database_server import DatabaseCopy
from tests.notification.conftest import BrowserStream, Notification, job_event


async def until_heard(notification: Notification) -> None:
    """Wait until the listener of this process has its connection (it sends every stream to look again)."""
    await asyncio.sleep(0.3)


async def test_a_finished_film_arrives_as_a_notification_and_as_a_job(notification: Notification) -> None:
    who = notification.person()
    await until_heard(notification)
    browser = await notification.stream(who)
    assert browser.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert browser.headers["cache-control"] == "no-store"
    event = job_event(who, "completed")
    await notification.module.handlers["render_job.completed"](event)
    got = {}
    for _ in range(2):
        name, event_id, data = await browser.event()
        got[name] = (event_id, data)
    async with notification.client(who) as client:
        item = (await client.get("/v1/notifications")).json()["items"][0]
    assert got["notification"][0] == item["id"]
    assert {k: v for k, v in got["notification"][1].items() if k != "created_at"} == {
        k: v for k, v in item.items() if k != "created_at"
    }
    assert got["render_job"][1]["id"] == event.payload["job_id"]
    assert got["render_job"][1]["status"] == "completed"
    await browser.close()


async def test_progress_is_shown_to_its_owner_alone_and_kept_nowhere(notification: Notification) -> None:
    who, other = notification.person(), notification.person()
    await until_heard(notification)
    mine, theirs = await notification.stream(who), await notification.stream(other)
    await notification.module.handlers["render_job.progress"](job_event(who, "progress", progress_pct=42.5))
    name, event_id, data = await mine.event()
    assert (name, event_id, data["progress_pct"]) == ("render_job", None, 42.5)
    with pytest.raises(TimeoutError):
        await theirs.event(timeout_s=0.7)
    async with notification.client(who) as client:
        assert (await client.get("/v1/notifications")).json()["items"] == []
    await mine.close()
    await theirs.close()


async def test_what_another_process_was_told_arrives_here(
    notification: Notification, second_process: Notification
) -> None:
    who = notification.person()
    second_process.identity.locales = notification.identity.locales
    await until_heard(notification)
    browser = await notification.stream(who)
    await second_process.module.handlers["render_job.completed"](job_event(who, "completed"))
    assert {(await browser.event())[0], (await browser.event())[0]} == {"notification", "render_job"}
    await browser.close()


async def test_a_client_that_comes_back_gets_what_it_missed_once_and_in_order(notification: Notification) -> None:
    who = notification.person()
    for _ in range(4):
        await notification.module.handlers["render_job.completed"](job_event(who, "completed"))
    async with notification.client(who) as client:
        ids = [item["id"] for item in (await client.get("/v1/notifications")).json()["items"]][::-1]
    await until_heard(notification)
    browser = await notification.stream(who, last_id=ids[1])
    assert [(await browser.event())[1] for _ in range(2)] == ids[2:]
    with pytest.raises(TimeoutError):
        await browser.event(timeout_s=0.7)
    await browser.close()


async def test_a_lost_listener_comes_back_and_nothing_is_missing(
    notification: Notification, module_database: DatabaseCopy
) -> None:
    who = notification.person()
    await until_heard(notification)
    browser = await notification.stream(who)
    with module_database.connect() as admin:
        cut = admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flatrender-flatrender_notification'"
            " AND datname = current_database()"
        ).fetchall()
    assert cut
    await notification.module.handlers["render_job.completed"](job_event(who, "completed"))
    names = {(await browser.event(timeout_s=8))[0]}
    assert "notification" in names
    await browser.close()


async def test_a_quiet_stream_has_a_heartbeat_and_a_client_that_left_is_forgotten(notification: Notification) -> None:
    who = notification.person()
    browser = await notification.stream(who)
    assert await browser.frame(2) == ": heartbeat\n\n"
    await browser.close()
    for _ in range(20):
        await asyncio.sleep(0.05)
    again = [await notification.stream(who) for _ in range(3)]
    assert [stream.status for stream in again] == [200, 200, 200]
    async with notification.client(who) as client:
        refused = await client.get("/v1/notifications/stream")
        assert (refused.status_code, refused.json()["code"]) == (429, "notification.too_many_streams")
        assert refused.headers["retry-after"]
    for stream in again:
        await stream.close()


async def test_a_wrong_last_id_is_refused(notification: Notification) -> None:
    async with notification.client(notification.person()) as client:
        answer = await client.get("/v1/notifications/stream", headers={"Last-Event-ID": "1 OR 1=1"})
    assert (answer.status_code, answer.json()["code"]) == (400, "notification.bad_event_id")


async def test_streams_end_when_the_process_stops(notification: Notification) -> None:
    browser: BrowserStream = await notification.stream(notification.person())
    notification.stop.set()
    assert browser.task
    await asyncio.wait_for(browser.task, 5)


def test_a_client_that_cannot_follow_is_let_go_and_progress_never_piles_up() -> None:
    slow = Subscription(queue_limit=5)
    tenant, user, job = uuid4(), uuid4(), str(new_id())
    for percent in range(100):
        slow.add(Signal(tenant_id=tenant, user_id=user, render_job={"id": job, "progress_pct": percent}))
    assert (len(slow.render_jobs), slow.render_jobs[job]["progress_pct"], slow.ended) == (1, 99, False)
    for _ in range(6):
        slow.add(Signal(tenant_id=tenant, user_id=user, notification_id=new_id()))
    assert slow.ended


def test_a_message_that_is_not_understood_hurts_nobody() -> None:
    hub = Hub(streams=10, streams_per_user=2, queue_limit=5)
    tenant, user = uuid4(), uuid4()
    with hub.subscription(tenant, user) as mine:
        for message in ("", "{", "[]", '{"tenant_id": 1}', "x" * 8000):
            hub.hear(message)
        assert not mine.notifications
        assert hub.count == 1
    assert hub.count == 0


async def test_a_message_is_heard_only_when_its_transaction_commits(module_database: DatabaseCopy) -> None:
    database = Database(
        "notification", module_database.dsn("svc_notification"), module_database.dsn("svc_notification_worker")
    )
    await database.open()
    heard: list[str] = []
    connected, stop = asyncio.Event(), asyncio.Event()
    listener = Listener(database.worker_dsn, "test_channel")
    task = asyncio.create_task(listener.run(stop, on_message=heard.append, on_connected=connected.set))
    await asyncio.wait_for(connected.wait(), 5)

    async def roll_back() -> None:
        async with database.tenant(UUID(int=1)) as conn:
            await announce(conn, "test_channel", "rolled back")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await roll_back()
    async with database.tenant(UUID(int=1)) as conn:
        await announce(conn, "test_channel", "committed")
        with pytest.raises(ValueError, match="at most"):
            await announce(conn, "test_channel", "x" * 8000)
    for _ in range(40):
        if heard:
            break
        await asyncio.sleep(0.05)
    assert heard == ["committed"]
    stop.set()
    await asyncio.wait_for(task, 5)
    await database.close()
