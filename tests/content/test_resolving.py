"""Scenes with values: what comes out, what is refused, what happens when too much waits."""

import asyncio
import io
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest
from PIL import Image

from flatrender.contracts.content import SceneRequest
from flatrender.kit.errors import AppError, NotFound, Refused, Unavailable
from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from flatrender.services.content.demo import ensure_templates
from flatrender.services.content.module import build
from flatrender.services.content.resolving import Bounded, Threads
from flatrender.services.content.settings import ContentSettings
from tests.content.conftest import DEMO, Content
from tests.service_doubles import OTHER_TENANT_ID, application

Asking = Callable[..., Awaitable[SceneRequest]]


def picture(color: tuple[int, int, int] = (200, 30, 30), *, size: tuple[int, int] = (400, 300)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
async def promo(content: Content) -> dict[str, Any]:
    """The promo as every tenant sees it."""
    await ensure_templates(
        database=content.database, files=content.files, settings=content.settings, folders=[DEMO / "promo"]
    )
    async with content.client(OTHER_TENANT_ID) as client:
        found: dict[str, Any] = (await client.get("/v1/projects/promo")).json()
        return found


def request_of(project: dict[str, Any], scene: dict[str, Any], **more: Any) -> SceneRequest:
    made = SceneRequest(
        version_id=UUID(project["version_id"]),
        scene_key=scene["key"],
        size=project["sizes"][0]["key"],
        locale="fa-IR",
        values={},
        colors={},
    )
    return msgspec.structs.replace(made, **more)


def with_field(project: dict[str, Any], kind: str) -> tuple[dict[str, Any], str]:
    """Return a scene with a field of this type, and the field's key."""
    return next((s, f["key"]) for s in project["scenes"] for f in s["fields"] if f["type"] == kind)


async def resolved(content: Content, request: SceneRequest, tenant_id: UUID = DEFAULT_TENANT_ID) -> Any:
    return (await content.api.resolve_scenes(tenant_id=tenant_id, requests=[request]))[0]


async def test_persian_text_is_embedded_as_glyphs_and_equal_requests_give_equal_scenes(
    content: Content, promo: dict[str, Any]
) -> None:
    scene, key = with_field(promo, "text")
    request = request_of(promo, scene, values={key: "به دنیا سلام"})
    first, again = await resolved(content, request), await resolved(content, request)
    default = await resolved(content, request_of(promo, scene))
    lottie = json.loads(first.lottie)
    assert lottie["chars"]
    assert "سلام" not in first.lottie.decode()
    assert first.sha256 == again.sha256 != default.sha256
    assert first.frames == scene["duration_frames"]


async def test_a_scene_may_be_made_longer_and_its_snapshot_stays_inside_a_shorter_one(
    content: Content, promo: dict[str, Any]
) -> None:
    scene = promo["scenes"][0]
    longer = await resolved(content, request_of(promo, scene, duration_frames=scene["duration_frames"] + 30))
    assert longer.frames == scene["duration_frames"] + 30
    short = await resolved(content, request_of(promo, scene, duration_frames=5))
    assert (short.frames, short.snapshot_frame) == (5, 4)


async def test_a_picture_is_a_file_of_the_tenant_and_of_nobody_else(content: Content, promo: dict[str, Any]) -> None:
    scene, key = with_field(promo, "image")
    ours = content.files.put(OTHER_TENANT_ID, picture(), kind="image")
    theirs = content.files.put(DEFAULT_TENANT_ID, picture((1, 2, 3)), kind="image")
    default = await resolved(content, request_of(promo, scene), OTHER_TENANT_ID)
    mine = await resolved(content, request_of(promo, scene, values={key: str(ours)}), OTHER_TENANT_ID)
    assert mine.sha256 != default.sha256
    in_place = await resolved(
        content, request_of(promo, scene, values={key: {"asset": str(ours), "fit": "contain"}}), OTHER_TENANT_ID
    )
    assert in_place.sha256 != mine.sha256
    for value in (str(theirs), str(new_id()), "images/headphones.jpg", "../../etc/passwd"):
        with pytest.raises(Refused) as refused:
            await resolved(content, request_of(promo, scene, values={key: value}), OTHER_TENANT_ID)
        assert refused.value.code == "studio.missing_asset", value


async def test_a_file_that_is_no_picture_is_refused(content: Content, promo: dict[str, Any]) -> None:
    scene, key = with_field(promo, "image")
    broken = content.files.put(DEFAULT_TENANT_ID, b"no picture", kind="image")
    with pytest.raises(Refused) as refused:
        await resolved(content, request_of(promo, scene, values={key: str(broken)}))
    assert refused.value.code == "studio.picture_invalid"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"scene_key": "absent"}, "studio.unknown_scene"),
        ({"values": {"absent": "x"}}, "studio.unknown_field"),
        ({"values": {"headline": 5}}, "studio.wrong_type"),
        ({"values": {"headline": "ب" * 11_000}}, "studio.value_out_of_range"),
        ({"colors": {"absent": "#000000"}}, "studio.unknown_field"),
        ({"colors": {"primary": "red"}}, "studio.value_out_of_range"),
        ({"size": "3x3"}, "studio.value_out_of_range"),
        ({"duration_frames": 0}, "studio.value_out_of_range"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_does_not_fit_is_refused_with_the_studios_code(
    content: Content, small: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await resolved(content, request_of(small, small["scenes"][0], **change))
    assert refused.value.code == code


@pytest.fixture
async def small(content: Content) -> dict[str, Any]:
    """A small published template with one colour."""
    from tests.content.conftest import small_template, zipped

    slots = [{"key": "primary", "label": {"fa": "رنگ"}, "default": "#112233"}]
    file_id = content.files.put(DEFAULT_TENANT_ID, zipped(small_template(color_slots=slots)))
    async with content.client() as client:
        draft = (await client.post("/v1/admin/projects", json={"file_id": str(file_id)})).json()
        await client.post(f"/v1/admin/projects/{draft['id']}/publish")
        found: dict[str, Any] = (await client.get("/v1/projects/small")).json()
        return found


async def test_a_version_of_another_tenant_is_not_found(content: Content, small: dict[str, Any]) -> None:
    with pytest.raises(NotFound) as missing:
        await resolved(content, request_of(small, small["scenes"][0]), OTHER_TENANT_ID)
    assert missing.value.code == "content.not_found"


async def test_a_package_is_read_once_and_its_loss_or_change_is_noticed(
    content: Content, small: dict[str, Any]
) -> None:
    request = request_of(small, small["scenes"][0])
    content.files.reads = 0
    await asyncio.gather(*(resolved(content, request) for _ in range(8)))
    assert content.files.reads == 1
    package = content.files.by_dedupe_key
    (key,) = [key for key in package if "package" in key[1]]
    stored, _ = content.files.stored[key[0], package[key]]
    other = build(database=content.database, files=content.files, settings=ContentSettings())
    content.files.stored[key[0], package[key]] = (stored, b"PK\x05\x06" + bytes(18))
    with pytest.raises(AppError):
        await other.api.resolve_scenes(tenant_id=DEFAULT_TENANT_ID, requests=[request])
    del content.files.stored[key[0], package[key]]
    with pytest.raises(Unavailable) as missing:
        await other.api.resolve_scenes(tenant_id=DEFAULT_TENANT_ID, requests=[request])
    assert missing.value.code == "content.package_missing"
    assert application(other).routes


async def test_too_many_scenes_at_once_are_told_to_come_back() -> None:
    threads = Threads(threads=1, waiting=1, seconds=5.0)
    first = asyncio.create_task(threads.run(lambda: time.sleep(0.2)))
    second = asyncio.create_task(threads.run(lambda: time.sleep(0.0)))
    await asyncio.sleep(0.05)
    with pytest.raises(Unavailable) as busy:
        await threads.run(lambda: None)
    assert (busy.value.code, busy.value.retry_after_s) == ("content.busy", 1)
    await asyncio.gather(first, second)
    await asyncio.sleep(0.01)
    await threads.run(lambda: None)
    threads.close()


async def test_a_scene_that_takes_too_long_does_not_hold_its_caller_and_still_counts() -> None:
    threads = Threads(threads=1, waiting=0, seconds=0.05)
    with pytest.raises(Unavailable):
        await threads.run(lambda: time.sleep(0.3))
    with pytest.raises(Unavailable):
        await threads.run(lambda: None)
    await asyncio.sleep(0.4)
    await threads.run(lambda: None)
    threads.close()


def test_what_was_not_used_for_longest_goes_first() -> None:
    kept: Bounded[str] = Bounded(entries=3, weight=10)
    for name in ("a", "b", "c"):
        kept.put(name.encode(), name, 3)
    assert kept.get(b"a") == "a"
    kept.put(b"d", "d", 4)
    assert [kept.get(name) for name in (b"a", b"b", b"c", b"d")] == ["a", None, "c", "d"]
    kept.put(b"e", "e", 11)
    assert kept.get(b"e") is None
