"""Secrets at rest: AES-256-GCM under a key of the platform, bound to the place where they are stored.

Each sealed text names its key, so keys can be changed: new ones are written with the newest, old rows are still read. The place (table, column,
row) is authenticated with it, so a sealed text that is moved to another row does not open.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class SealBroken(Exception):
    """The text was not sealed for this place, its key is unknown, or somebody changed it."""


@dataclass(frozen=True)
class Sealed:
    """A sealed text, as a row keeps it."""

    key_id: str
    data: bytes


class SecretBox:
    """Seals and opens with the platform's keys; `repr` shows none of them."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """Take keys of 32 bytes by their names; the last by name seals. Raises ValueError for no key or one of another length."""
        if not keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError(f"a secret box needs keys of {KEY_BYTES} bytes")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._newest = max(keys)

    def __repr__(self) -> str:
        return f"SecretBox({len(self._ciphers)} keys)"

    def seal(self, text: bytes, *, place: str) -> Sealed:
        """Return `text` sealed for `place`, for example `render.delivery_targets|secret_enc|<id>`."""
        nonce = os.urandom(NONCE_BYTES)
        return Sealed(self._newest, nonce + self._ciphers[self._newest].encrypt(nonce, text, place.encode()))

    def open(self, sealed: Sealed, *, place: str) -> bytes:
        """Return what was sealed for `place`; raise SealBroken."""
        cipher = self._ciphers.get(sealed.key_id)
        if cipher is None:
            raise SealBroken(f"the key {sealed.key_id!r} is not among the platform's keys")
        try:
            return cipher.decrypt(sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken("the sealed text does not belong here") from error
