"""After Effects projects on the node's disk (the template cache), and one of them unpacked for a piece of work."""

import re
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from flatrender.node.file_cache import FileCache
from flatrender.protocol.heartbeat import CachedProject

MAX_FILES = 20_000
MAX_UNPACKED_BYTES = 8 << 30
MAX_PATH = 180
"""Characters of a name in the archive: After Effects on Windows opens no path of more than 259."""
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?\Z", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\\]')
_COPY_BYTES = 1 << 20


class ProjectCache(FileCache):
    """Archives named by their hash, checked each time: what is rendered from one is somebody's film. Raises WorkFailed `project_damaged`."""

    def __init__(self, folder: Path, *, limit_bytes: int = 20 << 30) -> None:
        super().__init__(folder, limit_bytes=limit_bytes, what="project", damaged_code="project_damaged", distrust=True)

    def listing(self) -> list[CachedProject]:
        """Return what the server is told."""
        return [
            CachedProject(sha256=sha256, bytes=size, hits=hits)
            for sha256, (size, hits) in sorted(self.entries().items())
        ]


class ProjectRefused(Exception):
    """The archive is not what a project may come in: the person's to mend."""


def unpack_project(archive: Path, path: str, folder: Path) -> Path:
    """Put the project into `folder` with everything that came with it, and return the project's file.

    `path` says where it lies in the archive; empty when the object is the project itself. Raises ProjectRefused for an archive that is damaged, has
    no such file, too many or too large ones, or names that lead elsewhere.
    """
    if not path:
        project = folder / "project.aep"
        shutil.copyfile(archive, project)
        return project
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            _check(entries)
            left = MAX_UNPACKED_BYTES
            for entry in entries:
                left = _unpack(opened, entry, folder, left)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ProjectRefused(f"the project's archive is damaged: {error}") from error
    project = folder / safe_path(path)
    if not project.is_file():
        raise ProjectRefused(f"the archive has no project {path!r}")
    return project


def safe_path(name: str) -> PurePosixPath:
    """Return a name of an archive as a path below a folder, on every system. Raises ProjectRefused for one that leads elsewhere."""
    path = PurePosixPath(name)
    bad = path.is_absolute() or not path.parts or len(name) > MAX_PATH
    for part in path.parts:
        bad = bad or part == ".." or part != part.rstrip(" .") or bool(_FORBIDDEN.search(part) or _RESERVED.match(part))
    if bad:
        raise ProjectRefused(f"the archive has a file with the name {name[:200]!r}, which cannot be unpacked safely")
    return path


def _check(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_FILES:
        raise ProjectRefused(f"the archive has {len(entries)} files; at most {MAX_FILES} are unpacked")
    for entry in entries:
        safe_path(entry.filename)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ProjectRefused(f"{entry.filename[:200]!r} in the archive is a link; put the file itself there")
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise ProjectRefused(f"unpacked the archive has more than {MAX_UNPACKED_BYTES >> 30} GiB")


def _unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path, left: int) -> int:
    """Write one file and return how many bytes may still be written: an archive may lie about its sizes."""
    target = folder / safe_path(entry.filename)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise ProjectRefused(f"the archive has {entry.filename[:200]!r} twice")
    with opened.open(entry) as source, target.open("xb") as out:
        while piece := source.read(_COPY_BYTES):
            left -= len(piece)
            if left < 0:
                raise ProjectRefused(f"unpacked the archive has more than {MAX_UNPACKED_BYTES >> 30} GiB")
            out.write(piece)
    return left
