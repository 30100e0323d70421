"""What cannot be a template is refused with its own code, and the service goes on."""

import io
import json
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from flatrender.kit.ids import DEFAULT_TENANT_ID, new_id
from flatrender.services.content.packages import PackageReader
from flatrender.services.content.settings import ContentSettings
from tests.content.conftest import Content, small_template, zipped

MIB = 1024 * 1024


def lottie(**more: Any) -> bytes:
    return json.dumps({"v": "5.7.0", "fr": 30, "ip": 0, "op": 30, "w": 100, "h": 100, "layers": [], **more}).encode()


def traversal() -> bytes:
    return zipped({**small_template(), "../../evil.json": b"{}"})


def symlink() -> bytes:
    out = io.BytesIO(zipped(small_template()))
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo("images/link.png")
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    return out.getvalue()


def bomb() -> bytes:
    return zipped({**small_template(), "images/zeros.png": bytes(60 * MIB)})


def two_gigabytes_claimed() -> bytes:
    data = bytearray(zipped({**small_template(), "images/big.png": b"x"}))
    central = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 24, 2**31)
    return bytes(data)


def broken_manifest() -> bytes:
    files = small_template()
    files["template.json"] = b'{"format": "flatrender-template/1"}'
    return zipped(files)


def without_its_scene() -> bytes:
    files = small_template()
    del files["scenes/main.json"]
    return zipped(files)


def faster_than_served() -> bytes:
    files = small_template(fps=200)
    scene = json.loads(files["scenes/main.json"])
    files["scenes/main.json"] = json.dumps({**scene, "fr": 200}).encode()
    return zipped(files)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("text.json", b"this is no JSON", "content.not_json"),
        ("list.json", b"[1, 2]", "content.not_lottie"),
        ("empty.json", lottie(), "content.no_layers"),
        ("traversal.zip", traversal(), "content.archive_unsafe"),
        ("symlink.zip", symlink(), "content.archive_unsafe"),
        ("bomb.zip", bomb(), "content.archive_bomb"),
        ("claim.zip", two_gigabytes_claimed(), "content.template_too_large"),
        ("manifest.zip", broken_manifest(), "content.manifest_invalid"),
        ("absent.zip", without_its_scene(), "content.missing_asset"),
        ("fast.zip", faster_than_served(), "content.manifest_invalid"),
        ("nothing.json", b"", "content.not_json"),
        (
            "tiny.json",
            lottie(w=8, h=8, layers=[{"ty": 3, "nm": "n", "ip": 0, "op": 30, "st": 0, "ks": {}}]),
            "content.manifest_invalid",
        ),
        ("nul.zip", zipped(small_template(title="a\0b")), "content.manifest_invalid"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_file_that_is_no_template_is_refused_with_its_code(
    content: Content, name: str, data: bytes, code: str
) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, data, name=name)
    async with content.client() as client:
        answer = await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == code
        assert name in answer.json()["detail"]
        assert (await client.get("/v1/admin/projects")).json()["items"] == []


async def test_a_file_that_is_not_there_or_is_somebody_elses_is_not_found(content: Content) -> None:
    from tests.service_doubles import OTHER_TENANT_ID

    theirs = content.files.put(OTHER_TENANT_ID, zipped(small_template()))
    a_colleagues = content.files.put(DEFAULT_TENANT_ID, zipped(small_template()), owner=new_id())
    async with content.client() as client:
        for file_id in (new_id(), theirs, a_colleagues):
            answer = await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
            assert (answer.status_code, answer.json()["code"]) == (404, "content.file_not_found")


async def test_reading_that_takes_too_long_or_too_much_memory_ends_and_says_so() -> None:
    from flatrender.kit.errors import Refused

    data = zipped(small_template())
    quick = PackageReader(ContentSettings(import_seconds=0.05))
    with pytest.raises(Refused) as slow:
        async with quick.read(data, "slow.zip"):
            pass
    assert slow.value.code == "content.template_too_large"
    narrow = PackageReader(ContentSettings(import_memory_bytes=64 * MIB))
    with pytest.raises(Refused) as large:
        async with narrow.read(data, "large.zip"):
            pass
    assert large.value.code in ("content.import_failed", "content.template_too_large")


async def test_nothing_of_an_import_stays_on_the_disk(
    content: Content, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with content.client() as client:
        for data in (zipped(small_template()), b"bad"):
            file_id = content.files.put(DEFAULT_TENANT_ID, data)
            await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
    assert list(tmp_path.iterdir()) == []


async def test_only_an_administrator_of_templates_may_import(content: Content) -> None:
    file_id = content.files.put(DEFAULT_TENANT_ID, zipped(small_template()))
    async with content.client(permissions=()) as client:
        answer = await client.post("/v1/admin/projects", json={"file_id": str(file_id)})
    assert (answer.status_code, answer.json()["code"]) == (403, "identity.forbidden")
