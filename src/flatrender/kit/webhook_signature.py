"""Signatures of the webhooks that we send: Standard Webhooks 1.0.0, scheme `v1` (HMAC-SHA256 over `id.timestamp.body`)."""

import base64
import binascii
import hashlib
import hmac
import secrets
import string
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
MESSAGE_ID_CHARACTERS = 27
_ALPHABET = string.ascii_letters + string.digits


def new_secret() -> str:
    """Return a new signing secret, `whsec_` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def new_message_id() -> str:
    """Return a new message id; every attempt to deliver one message carries the same, so receivers dedupe by it."""
    return "msg_" + "".join(secrets.choice(_ALPHABET) for _ in range(MESSAGE_ID_CHARACTERS))


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return `v1,<base64>`; raise ValueError for a secret that is not `whsec_` and base64."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the signing secret is no base64") from error
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def headers(secrets_in_use: Sequence[str], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the three headers of a message; one signature for each secret in use, so that a receiver may change over in its own time."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets_in_use),
    }
