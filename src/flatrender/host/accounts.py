"""The two accounts of a new platform: generated passwords, kept for their user alone. Light, since the supervisor prints them."""

import secrets
from pathlib import Path

import msgspec

from flatrender.host.private_files import write_private

ACCOUNTS_FILE = "accounts.json"


class SeedAccount(msgspec.Struct, frozen=True):
    """An account that `up` made and prints."""

    email: str
    password: str
    role: str
    display_name: str


def seed_accounts(data_dir: Path) -> list[SeedAccount]:
    """Return the accounts of this platform, made with new passwords the first time."""
    path = data_dir / ACCOUNTS_FILE
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=list[SeedAccount])
    accounts = [
        SeedAccount("admin@flatrender.local", secrets.token_urlsafe(9), "admin", "مدیر"),
        SeedAccount("user@flatrender.local", secrets.token_urlsafe(9), "user", "کاربر"),
    ]
    write_private(path, msgspec.json.encode(accounts))
    return accounts
