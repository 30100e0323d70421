"""Uploading: limits, quotas, what is taken and what is refused."""

import asyncio
import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import av
import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from flatrender.services.files.errors import BadFileName
from flatrender.services.files.service.names import cleaned_name, disposition, name_from_header
from tests.files.files_platform import Platform, picture, upload, wav


def png_header_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its few bytes expand to."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\x00" * 1000, 9)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", rows)
        + chunk(b"IEND", b"")
    )


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def never(read: list[int]) -> AsyncIterator[bytes]:
    read.append(1)
    yield b"x"


async def test_a_picture_is_stored_described_and_given_back(platform: Platform) -> None:
    user = uuid4()
    async with platform.client(user) as client:
        answer = await upload(client, picture(), content_type="image/png")
        assert answer.status_code == 201
        body = answer.json()
        assert (body["name"], body["kind"], body["purpose"]) == ("عکس خانه.png", "image", "user_media")
        assert (body["width"], body["height"], body["duration_ms"]) == (40, 20, None)
        sent = await client.get(body["content_url"])
        assert len(sent.content) == body["bytes"]
        assert Image.open(io.BytesIO(sent.content)).tobytes() == Image.open(io.BytesIO(picture())).tobytes()
        assert (await client.get(f"/v1/files/{body['id']}")).json() == body
        assert (await client.get("/v1/quota")).json() == {
            "limit_bytes": 20_000_000,
            "used_bytes": body["bytes"],
            "reserved_bytes": 0,
        }
    assert len(platform.stored_objects()) == 1
    events = platform.admin(
        "SELECT event_type, payload->>'file_id' FROM file_mgr.outbox_events WHERE aggregate_id = %s", body["id"]
    )
    assert events == [("file.ready", body["id"])]


async def test_a_claim_of_two_gigabytes_is_refused_before_a_byte_is_read(platform: Platform) -> None:
    read: list[int] = []
    async with platform.client(uuid4()) as client:
        answer = await upload(client, never(read), Content_Length="2147483648")
    assert (answer.status_code, answer.json()["code"]) == (413, "files.too_large")
    assert read == []
    assert platform.admin("SELECT count(*) FROM file_mgr.upload_sessions WHERE length_bytes = 2147483648") == [(0,)]


async def test_a_chunked_body_is_ended_at_the_limit_and_its_reservation_given_back(platform: Platform) -> None:
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while taken < 50_000_000:
            taken += 100_000
            yield b"\x89PNG\r\n\x1a\n" + b"x" * 99_992

    async with platform.client(uuid4()) as client:
        answer = await upload(client, endless())
        assert (answer.status_code, answer.json()["code"]) == (413, "files.too_large")
        assert (await client.get("/v1/quota")).json()["reserved_bytes"] == 0
    assert taken <= 2_200_000
    assert platform.stored_objects() == []


@pytest.mark.parametrize("length", ["-1", "12x", "9" * 30, "1_000", "0x10"])
async def test_a_length_that_is_no_number_is_refused(platform: Platform, length: str) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, chunks(picture()), Content_Length=length)
    assert (answer.status_code, answer.json()["code"]) == (400, "files.bad_length")


async def test_a_body_shorter_than_its_claim_is_not_kept(platform: Platform) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, chunks(picture()), Content_Length="100000")
        assert (answer.status_code, answer.json()["code"]) == (400, "files.upload_incomplete")
        assert (await client.get("/v1/quota")).json()["reserved_bytes"] == 0
    assert platform.stored_objects() == []


async def test_an_upload_that_stops_coming_is_ended(platform: Platform) -> None:
    sent = 0

    async def receive() -> dict[str, object]:
        nonlocal sent
        sent += 1
        if sent > 1:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": picture()[:50], "more_body": True}

    answers: list[dict[str, object]] = []

    async def send(message: dict[str, object]) -> None:
        answers.append(message)

    user = str(uuid4()).encode()
    headers = [
        (b"x-test-user", user),
        (b"x-test-tenant", str(uuid4()).encode()),
        (b"x-file-name", b"a.png"),
        (b"x-file-purpose", b"user_media"),
    ]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/files",
        "raw_path": b"/v1/files",
        "query_string": b"",
        "headers": headers,
        "scheme": "http",
        "server": ("t", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
    await platform.app(scope, receive, send)  # type: ignore[arg-type]
    assert answers[0]["status"] == 400
    assert b"upload_incomplete" in answers[1]["body"]  # type: ignore[operator]


async def test_a_file_beyond_the_quota_is_refused_before_it_is_read(platform: Platform) -> None:
    user = uuid4()
    async with platform.client(user) as client:
        await client.get("/v1/quota")
        platform.admin("UPDATE file_mgr.quotas SET limit_bytes = 100 WHERE owner_id = %s", user)
        declared = await upload(client, picture(200, 200))
        assert (declared.status_code, declared.json()["code"]) == (402, "files.quota_exceeded")
        chunked = await upload(client, chunks(picture(200, 200)))
        assert (chunked.status_code, chunked.json()["code"]) == (402, "files.quota_exceeded")
        assert (await client.get("/v1/quota")).json() == {"limit_bytes": 100, "used_bytes": 0, "reserved_bytes": 0}
    assert platform.stored_objects() == []


async def test_parallel_uploads_cannot_pass_the_quota_together(platform: Platform) -> None:
    user = uuid4()
    bodies = [json.dumps({"n": n, "pad": "x" * 90_000}).encode() for n in range(10)]
    async with platform.client(user) as client:
        await client.get("/v1/quota")
        platform.admin("UPDATE file_mgr.quotas SET limit_bytes = 450000 WHERE owner_id = %s", user)
        answers = await asyncio.gather(
            *(upload(client, body, purpose="template_package", name="a.json") for body in bodies)
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201] * 4 + [402] * 6
        quota = (await client.get("/v1/quota")).json()
    assert quota["reserved_bytes"] == 0
    assert quota["used_bytes"] == sum(answer.json()["bytes"] for answer in answers if answer.status_code == 201)


async def test_the_same_bytes_are_kept_once_a_tenant(platform: Platform) -> None:
    async with platform.client(uuid4()) as first, platform.client(uuid4()) as second:
        a, b = (await upload(first, picture(), name="a.png")), (await upload(second, picture(), name="b.png"))
    assert a.json()["sha256"] == b.json()["sha256"]
    assert a.json()["id"] != b.json()["id"]
    blobs = platform.admin(
        "SELECT ref_count, storage_key FROM file_mgr.blobs WHERE sha256 = decode(%s, 'hex')", a.json()["sha256"]
    )
    assert len(blobs) == 1
    assert blobs[0][0] >= 2


async def test_place_camera_comments_and_appended_bytes_are_gone_and_the_orientation_is_applied(
    platform: Platform,
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "CANARY-CAMERA"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 21.0)
    body = (
        picture(format="JPEG", exif=exif, comment=b"CANARY-COMMENT", quality=90) + b"<script>CANARY-POLYGLOT</script>"
    )
    async with platform.client(uuid4()) as client:
        answer = await upload(client, body, name="photo.jpg", content_type="image/jpeg")
        assert (answer.json()["width"], answer.json()["height"]) == (20, 40)
        sent = (await client.get(answer.json()["content_url"])).content
    assert b"CANARY" not in sent
    assert dict(Image.open(io.BytesIO(sent)).getexif()) == {}


async def test_an_upright_photo_is_written_with_its_cameras_own_tables(platform: Platform) -> None:
    body = picture(64, 64, format="JPEG", quality=77, subsampling=0, comment=b"CANARY")
    async with platform.client(uuid4()) as client:
        answer = await upload(client, body, name="photo.jpg")
        sent = (await client.get(answer.json()["content_url"])).content
    assert b"CANARY" not in sent
    before, after = Image.open(io.BytesIO(body)), Image.open(io.BytesIO(sent))
    assert after.quantization == before.quantization
    assert np.abs(np.asarray(after).astype(int) - np.asarray(before).astype(int)).mean() < 2


async def test_text_in_a_png_is_gone(platform: Platform) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "CANARY-AUTHOR")
    async with platform.client(uuid4()) as client:
        answer = await upload(client, picture(pnginfo=text))
        sent = (await client.get(answer.json()["content_url"])).content
    assert b"CANARY" not in sent


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_every_mode_of_picture_comes_out_as_plain_pixels(platform: Platform, mode: str) -> None:
    image = Image.new(mode, (8, 8), 40000 if mode == "I;16" else 0)
    out = io.BytesIO()
    image.save(out, format="JPEG" if mode == "CMYK" else "PNG")
    async with platform.client(uuid4()) as client:
        answer = await upload(client, out.getvalue(), name="a")
        assert answer.status_code == 201, answer.text
        sent = Image.open(io.BytesIO((await client.get(answer.json()["content_url"])).content))
    assert sent.mode in ("L", "LA", "RGB", "RGBA")
    if mode == "I;16":
        assert abs(sent.getpixel((0, 0)) - 156) <= 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (png_header_claiming(20_000, 20_000), "files.picture_too_large"),
        (png_header_claiming(2_000, 1_001), "files.picture_too_large"),
        (png_header_claiming(200_000, 1), "files.picture_too_large"),
        (png_header_claiming(1000, 1000), "files.picture_broken"),
        (picture()[:70], "files.picture_broken"),
        (b"\xff\xd8\xff" + b"0" * 500, "files.picture_broken"),
        (b"GIF89a/*" + b"x" * 50 + b"*/=1;alert(1)", "files.type_not_allowed"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "files.type_not_allowed"),
        (b"<!doctype html><script>alert(1)</script>", "files.type_not_allowed"),
        (b"PK\x03\x04" + b"x" * 100, "files.type_not_allowed"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 " + b"x" * 100, "files.picture_broken"),
    ],
)
async def test_bombs_broken_pictures_and_other_types_are_refused(platform: Platform, body: bytes, code: str) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, body)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert (await client.get("/v1/quota")).json()["reserved_bytes"] == 0
        assert (await client.get("/v1/files")).json()["items"] == []
    assert platform.stored_objects() == []


async def test_a_moving_picture_is_refused_by_name(platform: Platform) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, format="WEBP", save_all=True, append_images=frames[1:], duration=100)
    async with platform.client(uuid4()) as client:
        answer = await upload(client, out.getvalue())
    assert answer.json()["code"] == "files.picture_animated"


@pytest.mark.parametrize(
    ("purpose", "body", "declared"),
    [
        ("user_media", picture(), "text/html"),
        ("user_media", picture(), "image/jpeg"),
        ("audio", wav(), "image/png"),
        ("template_package", b"PK\x03\x04" + b"x" * 100, "text/html"),
    ],
)
async def test_a_declared_type_that_the_bytes_deny_is_refused(
    platform: Platform, purpose: str, body: bytes, declared: str
) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, body, purpose=purpose, content_type=declared)
    assert (answer.status_code, answer.json()["code"]) == (422, "files.type_mismatch")


@pytest.mark.parametrize("purpose", ["export", "snapshot", "", "../x"])
async def test_only_three_purposes_are_for_people(platform: Platform, purpose: str) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, picture(), purpose=purpose)
    assert (answer.status_code, answer.json()["code"]) == (422, "files.unknown_purpose")


def encoded(format: str, codec: str, seconds: float = 1.0) -> bytes:
    """Return a sound in a container, made by FFmpeg's libraries."""
    out = io.BytesIO()
    with av.open(out, "w", format=format) as container:
        stream = container.add_stream(codec, rate=48000)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, int(48000 * seconds)), dtype=np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 48000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return out.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (wav(1.0), "audio/wav"),
        (encoded("mp3", "libmp3lame"), "audio/mpeg"),
        (encoded("ogg", "libopus"), "audio/ogg"),
        (encoded("ipod", "aac"), "audio/mp4"),
    ],
    ids=["wav", "mp3", "ogg", "m4a"],
)
async def test_a_sound_is_probed_and_its_length_known(platform: Platform, body: bytes, content_type: str) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, body, purpose="audio", name="صدا", content_type="audio/x-whatever")
    assert answer.status_code == 201, answer.text
    assert answer.json()["content_type"] == content_type
    assert 950 <= answer.json()["duration_ms"] <= 1100


@pytest.mark.parametrize(
    "body",
    [
        b"ID3" + b"\x00" * 400,
        b"OggS" + b"\x00" * 400,
        wav()[:44],
        b"\x00\x00\x00\x18ftypM4A " + b"\x00" * 300,
        b"RIFF\xff\xff\xff\xffWAVEfmt " + b"\xff" * 300,
    ],
)
async def test_a_sound_that_cannot_be_decoded_is_refused(platform: Platform, body: bytes) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, body, purpose="audio")
    assert (answer.status_code, answer.json()["code"]) == (422, "files.sound_broken")


async def test_a_playlist_is_no_sound_even_when_it_names_a_local_file(platform: Platform) -> None:
    async with platform.client(uuid4()) as client:
        answer = await upload(client, b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", purpose="audio")
    assert answer.json()["code"] == "files.type_not_allowed"


def test_the_sound_probe_says_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"ID3nothing")
    done = subprocess.run(
        [sys.executable, "-m", "flatrender.services.files.probe_audio", str(tmp_path / "x"), "mp3"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"error": "it cannot be decoded"}


async def test_a_template_package_is_kept_as_it_is(platform: Platform) -> None:
    body = b"PK\x03\x04" + bytes(range(256))
    async with platform.client(uuid4()) as client:
        answer = await upload(client, body, purpose="template_package", name="promo.frt")
        assert (answer.status_code, answer.json()["kind"]) == (201, "archive")
        sent = await client.get(answer.json()["content_url"])
    assert sent.content == body
    assert sent.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a%20b.png", "a b.png"),
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cx%5Cy.png", "y.png"),
        ("%D8%B9%DA%A9%D8%B3%E2%80%8C%D9%87%D8%A7.png", "عکس‌ها.png"),
        ("evil%E2%80%AEgnp.exe", "evilgnp.exe"),
        ("a%00b%0D%0A.png", "ab.png"),
    ],
)
def test_a_name_is_only_its_last_part_without_control_characters(header: str, name: str) -> None:
    assert name_from_header(header) == name


@pytest.mark.parametrize("header", [None, "", "%FF%FE", "..", "%2F", "%20", "a" * 256, "x" * 5000])
def test_a_name_of_which_nothing_is_left_is_refused(header: str | None) -> None:
    with pytest.raises(BadFileName):
        name_from_header(header)


def test_a_name_cannot_leave_its_header() -> None:
    value = disposition(cleaned_name('گل"; filename="evil.html'), attachment=True)
    assert value.count('"') == 2
    assert "filename*=UTF-8''%DA%AF%D9%84%22%3B%20filename%3D%22evil.html" in value
    assert value.isascii()


async def test_nobody_uploads_without_signing_in(platform: Platform) -> None:
    async with platform.client() as client:
        assert (await upload(client, picture())).status_code == 401
