"""Which node this is: an id kept in the data folder (do not bake it into an image: two machines with one id end each other's leases), one agent a folder."""

import contextlib
import os
import platform
import shutil
import sys
from collections.abc import Collection, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import IO
from uuid import UUID

import psutil

from flatrender import __version__
from flatrender.aftereffects.aerender.fonts import fonts_sha256
from flatrender.aftereffects.aerender.installations import Installation, plugins
from flatrender.node.errors import DataDirInUse
from flatrender.protocol.register import CommandName, Hours, Register
from flatrender.protocol.work import Engine

THORVG: tuple[Engine, ...] = ("thorvg",)


class DataDir:
    """The agent's folder, locked for as long as it is open."""

    def __init__(self, folder: Path) -> None:
        """Open and lock the folder, making it when absent. Raises DataDirInUse."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._lock: IO[bytes] = (folder / "lock").open("ab")
        try:
            _lock(self._lock)
        except OSError as error:
            self._lock.close()
            raise DataDirInUse(f"another agent works in {folder}: stop it or give --data-dir") from error

    def close(self) -> None:
        """Unlock the folder."""
        self._lock.close()

    def node_id(self) -> UUID | None:
        """Return the id from an earlier registration."""
        try:
            return UUID((self.folder / "node-id").read_text("utf-8").strip())
        except (FileNotFoundError, ValueError):
            return None

    def keep_node_id(self, node_id: UUID) -> None:
        """Keep the id for the next start."""
        part = self.folder / "node-id.part"
        part.write_text(f"{node_id}\n", "utf-8")
        part.replace(self.folder / "node-id")


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415  # there only

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415  # not on Windows

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def describe(
    *,
    node_id: UUID | None,
    name: str,
    boot_id: UUID,
    slots: int,
    folder: Path,
    engines: Collection[Engine] = THORVG,
    after_effects: Sequence[Installation] = (),
    hours: Hours | None = None,
    understands: Sequence[CommandName] = (),
) -> Register:
    """Return what this machine says of itself."""
    versions: dict[str, str] = {}
    if "thorvg" in engines:
        with contextlib.suppress(PackageNotFoundError):
            versions["thorvg"] = version("thorvg-python")
    if "aerender" in engines:
        versions["aerender"] = ", ".join(installed.version for installed in after_effects)
    disk = shutil.disk_usage(folder)
    return Register(
        node_id=node_id,
        name=name,
        boot_id=boot_id,
        agent_version=__version__,
        os=f"{platform.system()} {platform.release()} {platform.machine()}",
        engines=versions,
        max_slots=slots,
        cpu_cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        scratch_bytes_total=disk.total,
        scratch_bytes_free=disk.free,
        fonts_sha256=fonts_sha256() if "aerender" in engines else None,
        plugins=plugins(after_effects[0]) if "aerender" in engines and after_effects else [],
        hours=hours,
        understands=list(understands),
    )


def local_time_zone() -> str:
    """Return the name of this machine's time zone as in the IANA database, or `UTC` when it does not say."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if "/" in named and not named.startswith("/"):
        return named
    found = os.path.realpath("/etc/localtime")
    _, marker, name = found.partition("/zoneinfo/")
    # Some systems keep several sets of zones below the folder.
    name = name.removeprefix("posix/").removeprefix("right/")
    return name if marker and name else "UTC"
