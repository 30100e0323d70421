"""Keys that the platform makes for itself at its first start and keeps in one file that only its user can read."""

import base64
import contextlib
import secrets
from pathlib import Path
from typing import Any

import msgspec

from flatrender.host.private_files import write_private


class PlatformSecrets(msgspec.Struct, frozen=True):
    """The generated keys. `repr` shows none of them."""

    service_jwk: dict[str, Any]
    """Private Ed25519 key with which services sign calls to each other."""
    link_key: str
    """Base64 of the key that signs links to objects."""
    node_token: str
    """The token of the node that `up` starts beside the services."""
    role_passwords: dict[str, str] = {}
    """Passwords of the database roles on an external database."""
    data_keys: dict[str, str] = {}
    """Base64 of the keys under which secrets that people gave lie in the database, by name; the last by name is used for new ones."""

    def __repr__(self) -> str:
        return "PlatformSecrets(…)"

    @property
    def link_secret(self) -> bytes:
        """The key that signs links to objects."""
        return base64.b64decode(self.link_key)

    @property
    def box_keys(self) -> dict[str, bytes]:
        """The keys under which secrets lie in the database."""
        return {name: base64.b64decode(key) for name, key in self.data_keys.items()}


def load_or_make(path: Path, roles: tuple[str, ...] = ()) -> PlatformSecrets:
    """Return the secrets at `path`, made with mode 0600 when they are not there yet; a password is added for each role without one."""
    if path.exists():
        found = msgspec.json.decode(path.read_bytes(), type=PlatformSecrets)
    else:
        from flatrender.kit.rpc import ServiceKeys  # the first start alone needs it, and it brings half of the server

        found = PlatformSecrets(
            service_jwk=ServiceKeys.generate(),
            link_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            node_token="frn_" + secrets.token_urlsafe(32),
        )
    new = not path.exists()
    missing = [role for role in roles if role not in found.role_passwords]
    if not found.data_keys:
        found = msgspec.structs.replace(found, data_keys={"k1": base64.b64encode(secrets.token_bytes(32)).decode()})
        new = True
    if missing or new:
        passwords = {**found.role_passwords, **{role: secrets.token_urlsafe(24) for role in missing}}
        found = msgspec.structs.replace(found, role_passwords=passwords)
        write_private(path, msgspec.json.encode(found))
    return found


def keep_node_token(path: Path, secrets: PlatformSecrets) -> None:
    """Write the nodes' token into `node-token` beside the secrets, so that nodes' machines need no more than it; where that cannot be written to, nothing."""
    token = path.with_name("node-token")
    if not token.exists():
        with contextlib.suppress(OSError):
            write_private(token, secrets.node_token.encode())
