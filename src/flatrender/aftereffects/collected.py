"""What a designer hands over: a project file, the folder that After Effects collected, or a zip of it."""

from __future__ import annotations

import os
import shutil
import stat
import zipfile
from pathlib import Path
from typing import IO, NamedTuple

from flatrender.aftereffects.errors import ProjectError
from flatrender.engine.template.store import name_problem

MAX_FILES = 5_000
MAX_FILE_BYTES = 512 << 20
MAX_TOTAL_BYTES = 2 << 30
MAX_RATIO = 200
_RATIO_FLOOR = 1 << 20
"""Small files may be packed better than the ratio; a bomb needs size."""
_LOCAL_HEADER = 30
"""Bytes before each entry's data (ZIP specification 4.3.7)."""
_FONTS = frozenset({".ttf", ".otf", ".ttc"})
_PASSED_OVER = ("adobe after effects auto-save", "__macosx")
_CHUNK = 1 << 20


class Collected(NamedTuple):
    """A project with what lies beside it."""

    project: Path
    folder: Path
    """Below it, and nowhere else, footage and fonts are sought."""
    fonts: tuple[Path, ...]


def open_collected(source: Path, work: Path) -> Collected:
    """Find the project in a file, a folder or a zip; a zip is unpacked into the empty folder `work`.

    Raises ProjectError `project_invalid` (none there), `project_ambiguous` (several), `project_unsupported` (XML projects only), or
    `archive_unsafe`, `archive_bomb`, `project_too_large` for an archive that breaks a limit or leaves its folder.
    """
    if source.is_dir():
        return _in_folder(source, source.name)
    try:
        with source.open("rb") as file:
            packed = file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise ProjectError(f"the project cannot be read: {error.strerror}", where=str(source)) from error
    if not packed:
        return Collected(source, source.parent, tuple(_fonts_near(source)))
    unpack(source, work)
    return _in_folder(work, source.name)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip into a folder, its limits checked before and while it is read. Raises ProjectError as `open_collected` says."""
    try:
        with zipfile.ZipFile(archive) as packed:
            entries = _checked(packed.infolist(), archive.name)
            for name, info in entries.items():
                target = folder.joinpath(*name.split("/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(info) as read, target.open("xb") as written:
                    _copy(read, written, info.file_size, f"{archive.name}:{name}")
    except ProjectError:
        raise
    except OSError as error:
        raise ProjectError(
            f"the archive cannot be unpacked: {error.strerror or error}", code="archive_unsafe", where=archive.name
        ) from error
    except Exception as error:  # zlib, lzma and zipfile have no common base
        raise ProjectError(
            f"the archive is damaged ({str(error)[:120]}): make it again", code="archive_unsafe", where=archive.name
        ) from error


def files_below(folder: Path) -> list[Path]:
    """Return the files below a folder in a settled order: hidden ones, links and After Effects' own copies are left out. At most 5 000."""
    found: list[Path] = []
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if _is_of_use(name) and not (Path(here) / name).is_symlink())
        for name in sorted(files):
            path = Path(here) / name
            if _is_of_use(name) and stat.S_ISREG(path.lstat().st_mode):
                found.append(path)
                if len(found) >= MAX_FILES:
                    return found
    return found


def _is_of_use(name: str) -> bool:
    return not name.startswith(".") and name.lower() not in _PASSED_OVER


def _in_folder(folder: Path, name: str) -> Collected:
    files = files_below(folder)
    projects = [path for path in files if path.suffix.lower() == ".aep"]
    if not projects:
        if any(path.suffix.lower() == ".aepx" for path in files):
            raise ProjectError(
                "there is an After Effects XML project (.aepx) only; save it as a binary project (.aep)",
                code="project_unsupported",
                where=name,
            )
        raise ProjectError("there is no After Effects project (.aep) in it", where=name)
    least = min(len(path.parts) for path in projects)
    nearest = [path for path in projects if len(path.parts) == least]
    if len(nearest) > 1:
        named = ", ".join(repr(path.name) for path in nearest[:6])
        raise ProjectError(
            f"there are several projects in it ({named}): leave one", code="project_ambiguous", where=name
        )
    return Collected(nearest[0], folder, tuple(path for path in files if path.suffix.lower() in _FONTS))


def _fonts_near(project: Path) -> list[Path]:
    """Return the fonts of the folders named `Fonts` beside a project file: what else lies there may be a person's whole desktop."""
    folders = sorted(
        entry
        for entry in project.parent.iterdir()
        if entry.name.lower() in {"fonts", "(fonts)", "font"} and entry.is_dir()
    )
    return [path for folder in folders for path in files_below(folder) if path.suffix.lower() in _FONTS]


def _checked(infos: list[zipfile.ZipInfo], where: str) -> dict[str, zipfile.ZipInfo]:
    if len(infos) > MAX_FILES:
        raise _bomb(f"the archive has {len(infos)} entries; at most {MAX_FILES} are read", where)
    total, end = 0, 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        total += info.file_size
        if info.file_size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            raise ProjectError(
                f"unpacked it has more than {MAX_TOTAL_BYTES >> 20} MB, or one file more than {MAX_FILE_BYTES >> 20} MB: make its files smaller",
                code="project_too_large",
                where=where,
            )
        if info.file_size > _RATIO_FLOOR and info.file_size > MAX_RATIO * max(info.compress_size, 1):
            raise _bomb(f"{info.compress_size} bytes unpack to {info.file_size}", where)
        if info.header_offset < end:
            raise _bomb("two entries share the same bytes", where)
        end = info.header_offset + _LOCAL_HEADER + info.compress_size
    return _named(infos, where)


def _named(infos: list[zipfile.ZipInfo], where: str) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    folded: set[str] = set()
    for info in infos:
        name = _name_of(info)
        problem = name_problem(name.removesuffix("/"))
        kind = stat.S_IFMT(info.external_attr >> 16)
        if problem is None and kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
            problem = "is a symbolic link or device"
        if problem is None and info.flag_bits & 0x1:
            problem = "is encrypted"
        if problem is None and not name.endswith("/"):
            if name.casefold() in folded:
                problem = "is there twice, or differs from another only in case"
            folded.add(name.casefold())
        if problem is not None:
            raise ProjectError(
                f"the entry {name[:200]!r} {problem}: make the archive again from a plain folder",
                code="archive_unsafe",
                where=where,
            )
        if not name.endswith("/") and all(_is_of_use(part) for part in name.split("/")):
            entries[name] = info
    return entries


def _name_of(info: zipfile.ZipInfo) -> str:
    """Return an entry's name. Windows tools write backslashes, and many write UTF-8 without saying so, which is then read as code page 437."""
    name = info.orig_filename.replace("\\", "/") if info.create_system == 0 else info.filename
    if info.flag_bits & 0x800:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _copy(read: IO[bytes], written: IO[bytes], size: int, where: str) -> None:
    done = 0
    while piece := read.read(_CHUNK):
        done += len(piece)
        if done > size:
            raise _bomb("an entry unpacks to another size than it claims", where)
        written.write(piece)
    if done != size:
        raise _bomb("an entry unpacks to another size than it claims", where)


def _bomb(what: str, where: str) -> ProjectError:
    return ProjectError(
        f"{what}: not unpacked; make the archive again with ordinary files", code="archive_bomb", where=where
    )


def copy_into(file: Path, folder: Path, name: str) -> Path:
    """Copy a file into a folder that is made when it is not there, and return where it lies."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(file, folder / name))
