"""Secrets at rest, signatures of webhooks and of requests to buckets, against published vectors."""

import hashlib
from datetime import UTC, datetime

import pytest

from flatrender.kit.s3_upload import EMPTY_SHA256, Bucket, signed_headers
from flatrender.kit.secret_box import SealBroken, Sealed, SecretBox
from flatrender.kit.webhook_signature import headers, new_message_id, new_secret, signature

PLACE = "render.delivery_targets|secret_enc|1"


def test_a_sealed_text_opens_only_where_it_belongs_unchanged_and_with_its_key():
    box = SecretBox({"k1": bytes(32)})
    sealed = box.seal(b"whsec_x", place=PLACE)
    assert box.open(sealed, place=PLACE) == b"whsec_x"
    assert b"whsec_x" not in sealed.data
    assert sealed.data != box.seal(b"whsec_x", place=PLACE).data
    damaged = Sealed(sealed.key_id, sealed.data[:-1] + bytes([sealed.data[-1] ^ 1]))
    for wrong, place in (
        (sealed, PLACE + "0"),
        (damaged, PLACE),
        (Sealed("k9", sealed.data), PLACE),
        (Sealed("k1", b""), PLACE),
    ):
        with pytest.raises(SealBroken):
            box.open(wrong, place=place)


def test_a_new_key_seals_and_the_old_one_still_opens():
    old = SecretBox({"k1": bytes(32)})
    both = SecretBox({"k1": bytes(32), "k2": b"2" * 32})
    sealed = old.seal(b"x", place=PLACE)
    assert both.open(sealed, place=PLACE) == b"x"
    assert both.seal(b"x", place=PLACE).key_id == "k2"


@pytest.mark.parametrize("keys", [{}, {"k1": b"short"}], ids=["none", "short"])
def test_a_box_without_a_proper_key_is_not_made_and_shows_none(keys):
    with pytest.raises(ValueError, match="32 bytes"):
        SecretBox(keys)
    assert "2222" not in repr(SecretBox({"k1": b"2" * 32}))


def test_a_message_is_signed_as_the_standards_own_example():
    body = b'{"test": 2432232314}'
    secret, message_id = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature(secret, message_id, 1614265330, body) == expected
    other = new_secret()
    found = headers([secret, other], message_id, 1614265330, body)
    assert found["webhook-signature"].split(" ") == [expected, signature(other, message_id, 1614265330, body)]
    assert (found["webhook-id"], found["webhook-timestamp"]) == (message_id, "1614265330")


def test_secrets_and_message_ids_have_the_standards_form_and_differ():
    assert len(new_secret()) == len("whsec_") + 44
    assert new_secret() != new_secret()
    assert new_message_id().startswith("msg_")
    assert "." not in new_message_id()
    with pytest.raises(ValueError, match="base64"):
        signature("whsec_!", "msg_1", 1, b"")


AMAZON = Bucket(
    endpoint="https://s3.amazonaws.com",
    region="us-east-1",
    bucket="examplebucket",
    access_key_id="AKIAIOSFODNN7EXAMPLE",
    secret_access_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    path_style=False,
)


@pytest.mark.parametrize(
    ("method", "url", "payload", "more", "expected"),
    [
        (
            "GET",
            AMAZON.url("test.txt"),
            b"",
            {"Range": "bytes=0-9"},
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            AMAZON.url("test$file.text"),
            b"Welcome to Amazon S3.",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        (
            "GET",
            AMAZON.url("", "lifecycle"),
            b"",
            {},
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            "GET",
            AMAZON.url("", "max-keys=2&prefix=J"),
            b"",
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["get", "put", "query-without-value", "query"],
)
def test_requests_to_buckets_are_signed_as_amazons_own_examples(method, url, payload, more, expected):
    digest = hashlib.sha256(payload).hexdigest() if payload else EMPTY_SHA256
    found = signed_headers(AMAZON, method, url, digest, now=datetime(2013, 5, 24, tzinfo=UTC), more=more)
    assert found["authorization"].endswith(f"Signature={expected}")
    assert found["host"] == "examplebucket.s3.amazonaws.com"


def test_a_persian_name_is_one_address_and_the_secret_is_not_shown():
    assert AMAZON.url("2026/فیلم من.mp4") == (
        "https://examplebucket.s3.amazonaws.com/2026/%D9%81%DB%8C%D9%84%D9%85%20%D9%85%D9%86.mp4"
    )
    assert "wJalr" not in repr(AMAZON)
