"""Finished files on their way: to a program that misbehaves in every way, and into a real bucket."""

import asyncio
import contextlib
import hashlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from flatrender.contracts.files import StoreRequest
from flatrender.kit.ids import DEFAULT_TENANT_ID
from flatrender.kit.webhook_signature import signature
from tests.render.farm import Farm
from tests.service_doubles import OTHER_TENANT_ID, caller_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

TARGETS = "/v1/admin/delivery-targets"


@dataclass
class Receiver:
    """A program that listens and answers as it is told: a status, `slow` or `gone away`; 200 when nothing more is told."""

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/films"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head if line)}
            self.heard.append((headers, await reader.readexactly(int(headers["content-length"]))))
            answer = self.answers.pop(0) if self.answers else 200
            if answer == "slow":
                await asyncio.sleep(1.2)
            elif answer != "gone away":
                more = "Location: http://169.254.169.254/\r\n" if answer == 302 else ""
                writer.write(
                    f"HTTP/1.1 {answer} X\r\n{more}Content-Length: 5\r\nConnection: close\r\n\r\nhello".encode()
                )
                await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def receiver(*answers: Any) -> AsyncIterator[Receiver]:
    made = Receiver(answers=list(answers))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    async with server:
        made.port = server.sockets[0].getsockname()[1]
        yield made
        await asyncio.sleep(0.05)


async def target(farm: Farm, url: str, **more: Any) -> dict[str, Any]:
    body = {"name": "my program", "kind": "webhook", "config": {"url": url}} | more
    made = await farm.http.post(TARGETS, json=body)
    assert made.status_code == 201, made.text
    return made.json()


async def finished_export(farm: Farm, data: bytes = b"film" * 100) -> str:
    """A film whose file is there, without drawing it."""
    made = await farm.create("c", profile="720p", deliver_to=[])
    await farm.until(made.id, "rendering")
    await farm.objects.put("films/x/film.mp4", data)
    request = StoreRequest(
        name="فیلم من.mp4", purpose="export", content_type="video/mp4", object_key="films/x/film.mp4"
    )
    (file,) = await farm.files.store(tenant_id=DEFAULT_TENANT_ID, requests=[request])
    farm.do("UPDATE render.render_jobs SET status = 'completed' WHERE id = %s", made.id)
    farm.do("UPDATE render.frame_jobs SET status = 'canceled' WHERE render_job_id = %s", made.id)
    row = farm.row(
        "UPDATE render.exports SET status = 'ready', file_id = %s, sha256 = %s, bytes = %s, container = 'mp4' WHERE render_job_id = %s RETURNING id",
        file.id, file.sha256, file.size_bytes, made.id,
    )  # fmt: skip
    return str(row[0])


async def settled(farm: Farm, delivery_id: str, within_s: float = 30) -> dict[str, Any]:
    until = asyncio.get_running_loop().time() + within_s
    while True:
        found = (await farm.http.get(f"/v1/admin/deliveries/{delivery_id}")).json()
        if found["status"] not in ("pending", "sending"):
            return found
        assert asyncio.get_running_loop().time() < until, found
        await asyncio.sleep(0.05)


async def test_a_finished_film_is_told_to_the_usual_target_signed_and_once(farm: Farm) -> None:
    async with receiver() as program, receiver() as other:
        made = await target(farm, program.url, is_default=True)
        await target(farm, other.url, name="only when asked")
        film = await farm.create("c", profile="720p")
        async with farm.real_node():
            await farm.until(film.id, "completed")
        (delivery,) = (await farm.http.get(f"{TARGETS}/{made['id']}/deliveries")).json()["items"]
        assert (await settled(farm, delivery["id"]))["status"] == "delivered"
        ((headers, body),) = program.heard
        assert other.heard == []
    told = json.loads(body)
    assert (told["type"], told["data"]["job_id"], told["data"]["profile"]) == ("export.ready", str(film.id), "720p")
    export = (await farm.http.get(f"/v1/exports/{told['data']['export_id']}")).json()
    assert (told["data"]["sha256"], told["data"]["bytes"]) == (export["sha256"], export["bytes"])
    assert f"/{export['file_id']}?life=604800" in told["data"]["download_url"]
    assert headers["webhook-id"] == delivery["message_id"]
    assert headers["webhook-signature"] == signature(
        made["secret"], headers["webhook-id"], int(headers["webhook-timestamp"]), body
    )
    shown = json.dumps((await farm.http.get(TARGETS)).json())
    assert made["secret"] not in shown
    assert (
        made["secret"].encode()
        not in farm.row("SELECT secret_enc FROM render.delivery_targets WHERE id = %s", made["id"])[0]
    )


async def test_a_receiver_that_fails_in_every_way_gets_the_same_message_until_it_takes_it(farm: Farm) -> None:
    export = await finished_export(farm)
    async with receiver(500, 302, "slow", "gone away") as program:
        made = await target(farm, program.url)
        sent = await farm.http.post(f"/v1/exports/{export}/deliver", json={"target_id": made["id"]})
        assert sent.status_code == 202, sent.text
        done = await settled(farm, sent.json()["id"])
    assert (done["status"], done["attempt"]) == ("delivered", 5)
    attempts = [(a["outcome"], a["status_code"], a["error"]) for a in reversed(done["attempts"])]
    assert attempts == [
        ("failed", 500, "the receiver answered 500"),
        ("failed", 302, "the receiver answered 302, which is not followed"),
        ("failed", None, "no answer within 0.6 s"),
        ("failed", None, "the connection was closed before an answer came"),
        ("delivered", 200, None),
    ]
    assert done["attempts"][-1]["response"] == "hello"
    assert done["attempts"][-1]["address"] == "127.0.0.1"
    assert len({headers["webhook-id"] for headers, _ in program.heard}) == len({body for _, body in program.heard}) == 1


async def test_what_is_given_up_is_told_and_can_be_sent_again_by_hand_under_the_same_id(farm: Farm) -> None:
    export = await finished_export(farm)
    async with receiver(*[503] * 5) as program:
        made = await target(farm, program.url)
        sent = await farm.http.post(f"/v1/exports/{export}/deliver", json={"target_id": made["id"]})
        done = await settled(farm, sent.json()["id"])
        assert (done["status"], done["attempt"]) == ("dead", 5)
        told = farm.row("SELECT payload FROM render.outbox_events WHERE event_type = 'export.delivery_dead'")[0]
        assert (told["user_id"], told["target"]) == (str(caller_of().user_id), "my program")
        url = f"/v1/admin/deliveries/{done['id']}/replay"
        again = await farm.http.post(url, headers={"Idempotency-Key": "k"})
        twice = await farm.http.post(url, headers={"Idempotency-Key": "k"})
        assert again.status_code == twice.status_code == 202
        assert again.json()["id"] == twice.json()["id"]
        replayed = await settled(farm, again.json()["id"])
    assert (replayed["status"], replayed["replay_of_id"], replayed["message_id"]) == (
        "delivered",
        done["id"],
        done["message_id"],
    )
    assert len({body for _, body in program.heard}) == 1
    assert farm.row("SELECT consecutive_failures, status FROM render.delivery_targets") == (0, "active")


async def test_a_receiver_that_is_gone_is_switched_off_and_a_paused_one_waits(farm: Farm) -> None:
    export = await finished_export(farm)
    async with receiver(410) as program:
        made = await target(farm, program.url)
        url = f"{TARGETS}/{made['id']}"
        sent = await farm.http.post(f"/v1/exports/{export}/deliver", json={"target_id": made["id"]})
        assert (await settled(farm, sent.json()["id"]))["status"] == "dead"
        gone = await farm.http.get(url)
        assert gone.json()["status"] == "disabled_gone"
        version = {"If-Match": gone.headers["ETag"]}
        paused = await farm.http.patch(url, json={"paused": True}, headers=version)
        assert paused.json()["status"] == "paused"
        waiting = (await farm.http.post(f"/v1/exports/{export}/deliver", json={"target_id": made["id"]})).json()["id"]
        assert (await farm.http.post(f"/v1/admin/deliveries/{waiting}/replay")).json()[
            "code"
        ] == "render.delivery_under_way"
        assert (await farm.http.patch(url, json={"paused": False}, headers=version)).status_code == 412
        on = await farm.http.patch(url, json={"paused": False}, headers={"If-Match": paused.headers["ETag"]})
        assert on.json()["status"] == "active"
        assert (await settled(farm, waiting))["status"] == "delivered"
        assert (await farm.http.delete(url)).status_code == 204
        assert (await farm.http.get(url)).json()["code"] == "render.target_not_found"
    assert farm.row("SELECT secret_enc FROM render.delivery_targets") == (b"",)


async def test_a_new_secret_is_used_beside_the_old_one_and_a_test_message_says_how_it_went(farm: Farm) -> None:
    async with receiver() as program:
        made = await target(farm, program.url)
        renewed = (await farm.http.post(f"{TARGETS}/{made['id']}/rotate-secret")).json()["secret"]
        sent = await farm.http.post(f"{TARGETS}/{made['id']}/test")
        assert (await settled(farm, sent.json()["id"]))["status"] == "delivered"
        ((headers, body),) = program.heard
    parts = (headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"].split(" ") == [signature(renewed, *parts), signature(made["secret"], *parts)]
    assert json.loads(body)["type"] == "target.test"
    failed = await settled(farm, (await farm.http.post(f"{TARGETS}/{made['id']}/test")).json()["id"])
    assert (failed["status"], failed["attempt"], failed["last_error"]) == ("dead", 1, "no connection came about")


S3 = {"endpoint": "https://s3.example.com", "bucket": "films", "access_key_id": "AKIA1"}


@pytest.mark.parametrize(
    ("kind", "config", "field"),
    [
        ("webhook", {"url": "https://10.0.0.1/x"}, "url"),
        ("webhook", {"url": "https://169.254.169.254/latest/meta-data"}, "url"),
        ("webhook", {"url": "https://[::ffff:10.0.0.1]/x"}, "url"),
        ("webhook", {"url": "http://93.184.216.34/x"}, "url"),
        ("webhook", {"url": "https://93.184.216.34:22/x"}, "url"),
        ("webhook", {"link": "https://93.184.216.34/"}, None),
        ("s3", S3 | {"endpoint": "https://192.168.0.1"}, "endpoint"),
        ("s3", S3 | {"bucket": "../etc"}, "bucket"),
        ("s3", S3 | {"region": "eu west"}, "region"),
        ("s3", S3 | {"key_template": "{secret}"}, "key_template"),
        ("s3", S3 | {"key_template": "../{title}"}, "key_template"),
        ("s3", S3 | {"endpoint": "https://s3.example.com/path"}, "endpoint"),
    ],
)
async def test_a_target_that_leads_into_our_network_or_makes_no_sense_is_refused_at_once(
    farm: Farm, kind, config, field
) -> None:
    body = {"name": "x", "kind": kind, "config": config, "secret_access_key": "secret"}
    refused = await farm.http.post(TARGETS, json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "render.target_invalid"), refused.text
    assert field is None or refused.json()["errors"][0]["field"] == field
    assert farm.row("SELECT count(*) FROM render.delivery_targets") == (0,)


async def test_targets_and_deliveries_are_the_tenants_own(farm: Farm) -> None:
    export = await finished_export(farm)
    async with receiver() as program:
        made = await target(farm, program.url)
        assert (
            await farm.http.post(
                TARGETS, json={"name": "My Program", "kind": "webhook", "config": {"url": program.url}}
            )
        ).status_code == 409
        sent = (await farm.http.post(f"/v1/exports/{export}/deliver", json={"target_id": made["id"]})).json()
        await settled(farm, sent["id"])
        stranger = {"X-Test-Tenant": str(OTHER_TENANT_ID), "If-Match": '"1"'}
        for method, path in (
            ("GET", f"{TARGETS}/{made['id']}"),
            ("PATCH", f"{TARGETS}/{made['id']}"),
            ("DELETE", f"{TARGETS}/{made['id']}"),
            ("POST", f"{TARGETS}/{made['id']}/test"),
            ("POST", f"{TARGETS}/{made['id']}/rotate-secret"),
            ("GET", f"{TARGETS}/{made['id']}/deliveries"),
            ("GET", f"/v1/admin/deliveries/{sent['id']}"),
            ("POST", f"/v1/admin/deliveries/{sent['id']}/replay"),
        ):
            answer = await farm.http.request(method, path, headers=stranger, json={} if method == "PATCH" else None)
            assert (answer.status_code, answer.json()["code"]) == (404, "render.target_not_found"), path
        assert (await farm.http.get("/v1/delivery-targets", headers=stranger)).json() == {"items": []}
    assert [t["name"] for t in (await farm.http.get("/v1/delivery-targets")).json()["items"]] == ["my program"]


async def test_a_file_goes_into_a_bucket_whole_or_in_parts_under_its_persian_name(
    farm: Farm, tmp_path, monkeypatch
) -> None:
    """Against a real S3-compatible server, which checks signatures and checksums."""
    server = pytest.importorskip("tests.object_store.server")
    from flatrender.kit import s3_upload
    from flatrender.kit.s3 import signed_url

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with server.s3_server(tmp_path, port=port) as running:
        bucket = running.bucket()
        config = {
            "endpoint": running.endpoint,
            "bucket": bucket.bucket,
            "access_key_id": running.access_key,
            "prefix": "out",
            "key_template": "{title}-{profile}-{export_id}.{extension}",
        }
        more = {"kind": "s3", "config": config, "secret_access_key": running.secret_key}
        made = await target(farm, "", **more)
        assert made["secret"] is None
        tried = await settled(farm, (await farm.http.post(f"{TARGETS}/{made['id']}/test")).json()["id"])
        assert tried["status"] == "delivered", tried
        wrong = await target(farm, "", **more | {"name": "wrong keys", "secret_access_key": "wrong"})
        refused = await settled(farm, (await farm.http.post(f"{TARGETS}/{wrong['id']}/test")).json()["id"])
        assert (refused["status"], refused["last_status_code"]) == ("dead", 403)
        data = bytes(range(256)) * 50_000
        for part_bytes in (16 << 20, 5 << 20):
            monkeypatch.setattr(s3_upload.Uploader.put, "__kwdefaults__", {"part_bytes": part_bytes})
            export = await finished_export(farm, data)
            sent = await farm.http.post(f"/v1/exports/{export}/deliver", json={"target_id": made["id"]})
            done = await settled(farm, sent.json()["id"], within_s=60)
            assert done["status"] == "delivered", done
            key = f"out/a film-720p-{export}.mp4"
            async with httpx.AsyncClient() as client:
                there = await client.get(signed_url(bucket, "GET", key, life_s=60))
            assert (there.status_code, hashlib.sha256(there.content).digest()) == (200, hashlib.sha256(data).digest())
            assert done["location"].endswith(key.replace(" ", "%20"))
