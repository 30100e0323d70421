"""Objects in a folder and in a real S3-compatible store: the same promises. And links."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from tests.object_store.server import S3Server
from tests.whole_platform.running import free_port

from flatrender.kit.errors import Forbidden, NotFound, Unavailable
from flatrender.kit.objects import LinkSigner, ObjectLinks, ObjectStore
from flatrender.kit.s3 import S3Options, options_of, signed_url

SIGNER = LinkSigner(b"k" * 32)
LARGE = 20 * 1024 * 1024 + 17
"""Larger than two parts of an upload."""


@pytest.mark.parametrize("signature", ["", "x", "¸¢íe", "\ud800", "0" * 64])
def test_a_signature_that_is_not_ours_is_refused_whatever_its_characters(signature: str) -> None:
    with pytest.raises(Forbidden) as refused:
        SIGNER.check("GET", "a/b", 9_999_999_999, signature)
    assert refused.value.code == "files.link_invalid"


@pytest.fixture(scope="module", params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    """Each kind of store in turn."""
    if request.param == "folder":
        yield ObjectStore(str(tmp_path_factory.mktemp("objects")))
    else:
        server: S3Server = request.getfixturevalue("object_server")
        yield ObjectStore(server.bucket(prefix="platform/one"))


@pytest.fixture
def bucket(object_server: S3Server) -> S3Options:
    return object_server.bucket(prefix="here")


async def test_what_was_put_is_there_whole_by_ranges_and_as_a_file(store: ObjectStore, tmp_path: Path) -> None:
    assert await store.complaint() is None
    await store.put("a/small", b"hello")
    assert await store.get("a/small", limit_bytes=5) == b"hello"
    assert await store.size("a/small") == 5
    assert await store.read_range("a/small", 1, 3) == b"ell"
    assert [part async for part in store.stream("a/small", 2, 3)] == [b"llo"]
    await store.put("a/small", b"replaced")
    await store.fetch("a/small", tmp_path / "file", limit_bytes=8)
    assert (tmp_path / "file").read_bytes() == b"replaced"
    await store.put("a/empty", b"")
    assert await store.size("a/empty") == 0


async def test_a_large_file_goes_in_parts_and_comes_back_as_it_was(store: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(LARGE)
    (tmp_path / "film").write_bytes(data)
    await store.put("films/large", tmp_path / "film")
    assert await store.size("films/large") == LARGE
    await store.copy("films/large", "films/copy")
    await store.delete("films/large")
    assert not await store.exists("films/large")
    assert b"".join([part async for part in store.stream("films/copy", 7, LARGE - 7)]) == data[7:]
    await store.fetch("films/copy", tmp_path / "back", limit_bytes=LARGE)
    assert (tmp_path / "back").read_bytes() == data


async def test_a_stream_is_stored_whole_or_not_at_all(store: ObjectStore) -> None:
    async def pieces(*, breaks: bool) -> AsyncIterator[bytes]:
        for number in range(3):
            yield bytes([number]) * 1000
        if breaks:
            raise ConnectionResetError

    await store.put("b/stream", pieces(breaks=False))
    assert await store.get("b/stream", limit_bytes=3000) == b"".join(bytes([n]) * 1000 for n in range(3))
    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever way it is told: nothing may be there
        await store.put("b/broken", pieces(breaks=True))
    assert not await store.exists("b/broken")


async def test_what_is_not_there_is_not_found_and_what_is_too_large_is_not_read(
    store: ObjectStore, tmp_path: Path
) -> None:
    await store.put("c/there", b"12345")
    for call in (
        store.get("c/none", limit_bytes=9),
        store.size("c/none"),
        store.read_range("c/none", 0, 1),
        store.copy("c/none", "c/target"),
        store.fetch("c/none", tmp_path / "none", limit_bytes=9),
        store.get("../c/there", limit_bytes=9),
    ):
        with pytest.raises(NotFound) as missing:
            await call
        assert missing.value.code == "files.not_found"
    assert not await store.exists("c/target")
    for call in (store.get("c/there", limit_bytes=4), store.fetch("c/there", tmp_path / "large", limit_bytes=4)):
        with pytest.raises(Unavailable) as large:
            await call
        assert large.value.code == "files.object_too_large"


async def test_keys_are_listed_by_folder_and_deleting_twice_is_no_error(store: ObjectStore) -> None:
    for key in ("d/one", "d/two", "d/deeper/three", "dd/four"):
        await store.put(key, b"x")
    assert sorted([key async for key in store.keys("d")]) == ["d/deeper/three", "d/one", "d/two"]
    await store.delete("d/one", "d/never", "d/two")
    await store.delete("d/one")
    assert [key async for key in store.keys("d")] == ["d/deeper/three"]


async def test_a_folder_that_cannot_take_an_object_is_away_for_now(tmp_path: Path) -> None:
    """Without room on the disk nodes and workflows try again, instead of failing the film that cannot be kept at the moment."""
    store = ObjectStore(str(tmp_path))
    (tmp_path / "full").write_bytes(b"a file, where the folder of an object would have to be")
    for refused in (store.put("full/film", b"data"), store.put("full/film", tmp_path / "full")):
        with pytest.raises(Unavailable) as told:
            await refused
        assert told.value.code == "files.store_unavailable"


async def test_a_folder_has_no_links_of_its_own(tmp_path: Path) -> None:
    store = ObjectStore(str(tmp_path))
    assert store.direct_url("GET", "a/b", life_s=60) is None
    assert ObjectLinks(b"k" * 32, store).sign("GET", "a/b", life_s=60).startswith("/o/a/b?expires=")


async def test_links_lead_straight_into_the_bucket_for_one_method_one_object_and_their_time(bucket: S3Options) -> None:
    store = ObjectStore(bucket)
    links = ObjectLinks(b"k" * 32, store)
    put, get = (links.sign(method, "segments/1-a_b.c", life_s=60) for method in ("PUT", "GET"))
    async with httpx.AsyncClient(timeout=30) as http:
        assert (await http.get(get)).status_code == 404
        assert (await http.put(put, content=b"from a node")).status_code == 200
        assert await store.get("segments/1-a_b.c", limit_bytes=20) == b"from a node"
        assert (await http.get(get)).content == b"from a node"
        part = await http.get(get, headers={"Range": "bytes=5-7"})
        assert (part.status_code, part.content) == (206, b"a n")
        for wrong in (put.replace("1-a_b", "2-a_b"), get.replace("Expires=60", "Expires=600")):
            assert (await http.put(wrong, content=b"no")).status_code == 403
        assert (await http.put(get, content=b"no")).status_code == 403
        assert (await http.get(put)).status_code == 403
        old = signed_url(bucket, "GET", "segments/1-a_b.c", life_s=60, now=datetime.now(UTC) - timedelta(seconds=90))
        assert (await http.get(old)).status_code == 403
        named = signed_url(
            bucket,
            "GET",
            "segments/1-a_b.c",
            life_s=60,
            answer_headers={
                "content-disposition": "attachment; filename*=UTF-8''%D9%81%DB%8C%D9%84%D9%85.mp4",
                "content-type": "video/mp4",
            },
        )
        answer = await http.get(named)
        assert answer.content == b"from a node"
        assert answer.headers["content-disposition"].endswith("%D9%81%DB%8C%D9%84%D9%85.mp4")
        assert answer.headers["content-type"] == "video/mp4"
    assert bucket.secret_key is not None
    assert bucket.secret_key not in put + repr(bucket)


async def test_bytes_pass_through_us_when_the_operator_wants_it_or_there_is_no_key_to_sign_with(
    bucket: S3Options,
) -> None:
    for store in (ObjectStore(bucket, direct_links=False), ObjectStore(S3Options(bucket="x", region="eu-central-1"))):
        assert store.direct_url("GET", "a", life_s=60) is None
        assert ObjectLinks(b"k" * 32, store).sign("PUT", "a", life_s=60).startswith("/o/a?")


async def test_a_wrong_key_and_a_missing_bucket_are_told_apart_from_a_store_that_is_away(bucket: S3Options) -> None:
    wrong = S3Options(bucket=bucket.bucket, endpoint=bucket.endpoint, access_key=bucket.access_key, secret_key="wrong")
    assert "refuses our keys" in (await ObjectStore(wrong).complaint() or "")
    with pytest.raises(Unavailable) as refused:
        await ObjectStore(wrong).put("a", b"x")
    assert refused.value.code == "files.store_unavailable"
    elsewhere = S3Options(
        bucket="no-such-bucket", endpoint=bucket.endpoint, access_key=bucket.access_key, secret_key=bucket.secret_key
    )
    assert "there is no bucket no-such-bucket" in (await ObjectStore(elsewhere).complaint() or "")
    away = S3Options(bucket="b", endpoint=f"http://127.0.0.1:{free_port()}", access_key="a", secret_key="b")
    with pytest.raises(Unavailable) as gone:
        await asyncio.wait_for(ObjectStore(away).size("a"), 60)
    assert gone.value.code == "files.store_unavailable"


def test_the_example_of_amazons_documentation_has_the_signature_that_it_shows() -> None:
    options = S3Options(
        bucket="examplebucket",
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        endpoint="https://s3.amazonaws.com",
        virtual_hosts=True,
    )
    url = signed_url(options, "GET", "test.txt", life_s=86400, now=datetime(2013, 5, 24, tzinfo=UTC))
    assert url.startswith("https://examplebucket.s3.amazonaws.com/test.txt?")
    assert url.endswith("aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")


@pytest.mark.parametrize(
    "url",
    ["gs://b", "s3://", "s3://key:secret@b", "s3://b?what=1", "s3://b?endpoint=ftp://x"],
    ids=["another_scheme", "no_bucket", "keys_in_the_address", "unknown_member", "endpoint_is_no_http"],
)
def test_an_address_that_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="object store"):
        options_of(url)


def test_addresses_of_buckets() -> None:
    assert options_of("s3://films/eu/one/").prefix == "eu/one"
    assert options_of("s3://films").base == "https://films.s3.us-east-1.amazonaws.com"
    given = options_of("s3://films?region=here&endpoint=https://s3.example.com/&virtual_hosts=1", region="there")
    assert (given.base, given.region) == ("https://films.s3.example.com", "there")
    apart = options_of("s3://films", endpoint="http://10.0.0.5:9000", public_endpoint="https://objects.example.com")
    assert (apart.base, apart.public_base) == ("http://10.0.0.5:9000/films", "https://objects.example.com/films")
