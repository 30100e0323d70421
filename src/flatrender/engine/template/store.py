"""Where a template's files lie: a folder, an archive, or memory. Names are relative, with `/`; nothing outside can be named."""

from __future__ import annotations

import io
import os
import stat
import unicodedata
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from flatrender.engine.errors import TemplateError

MAX_ENTRIES = 5_000
MAX_RATIO = 100
MAX_TOTAL_BYTES = 512 * 1024 * 1024
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_NAME = 255
# Small files may be compressed better than the ratio; a bomb needs size.
_RATIO_FLOOR = 1024 * 1024
# Local header (30 bytes) before each entry's data (ZIP specification 4.3.7).
_LOCAL_HEADER = 30


class Store(Protocol):
    """Read access to a template's files."""

    names: tuple[str, ...]
    """Every file's name, sorted."""

    def read(self, name: str) -> bytes:
        """Return a file's contents; raises KeyError when there is none of that name."""
        ...


class MemoryStore:
    """Files held in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)
        self.names = tuple(sorted(self._files))

    def read(self, name: str) -> bytes:
        """Return a file's contents; raises KeyError when there is none of that name."""
        return self._files[name]


class FolderStore:
    """The files below a folder, hidden ones left out; symbolic links are refused."""

    def __init__(self, root: Path) -> None:
        self.root = root
        names: list[str] = []
        total = 0
        for folder, subfolders, files in os.walk(root):
            subfolders[:] = sorted(d for d in subfolders if not d.startswith("."))
            for entry in [*subfolders, *files]:
                path = Path(folder) / entry
                if entry.startswith("."):
                    continue
                mode = path.lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    raise TemplateError(
                        "a symbolic link or device: put the file itself into the template",
                        code="archive_unsafe",
                        where=str(path),
                    )
                if stat.S_ISREG(mode):
                    names.append(path.relative_to(root).as_posix())
                    total += path.stat().st_size
            if len(names) > MAX_ENTRIES or total > MAX_TOTAL_BYTES:
                raise TemplateError(
                    f"more than {MAX_ENTRIES} files or {MAX_TOTAL_BYTES} bytes: is this the template's own folder?",
                    code="template_too_large",
                    where=str(root),
                )
        self.names = tuple(sorted(names))
        self._known = frozenset(names)

    def read(self, name: str) -> bytes:
        """Return a file's contents; raises KeyError when there is none of that name."""
        if name not in self._known:
            raise KeyError(name)
        try:
            with (self.root / name).open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise TemplateError(f"cannot be read ({error.strerror})", code="missing_asset", where=name) from None
        if len(data) > MAX_FILE_BYTES:
            raise TemplateError(
                f"more than {MAX_FILE_BYTES} bytes: make the file smaller", code="template_too_large", where=name
            )
        return data


class ArchiveStore:
    """A zip archive in memory, checked as a whole before anything is unpacked from it."""

    def __init__(self, data: bytes, where: str) -> None:
        self._where = where
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
            infos = self._zip.infolist()
        except (
            zipfile.BadZipFile,
            ValueError,
            OSError,
            NotImplementedError,
            UnicodeDecodeError,
            OverflowError,
        ) as error:
            raise TemplateError(
                f"the archive is damaged ({error}): make it again", code="archive_unsafe", where=where
            ) from None
        if len(infos) > MAX_ENTRIES:
            raise _bomb(f"{len(infos)} entries; at most {MAX_ENTRIES} are read", where)
        self._check_sizes(infos)
        self._check_overlaps(infos)
        self._infos = self._check_names(infos)
        self.names = tuple(sorted(self._infos))

    def _check_sizes(self, infos: list[zipfile.ZipInfo]) -> None:
        total = 0
        for info in infos:
            total += info.file_size
            if info.file_size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
                raise TemplateError(
                    f"unpacked it has more than {MAX_TOTAL_BYTES} bytes, or one file more than {MAX_FILE_BYTES}: make its files smaller",
                    code="template_too_large",
                    where=f"{self._where}:{info.filename[:MAX_NAME]}",
                )
            if info.file_size > _RATIO_FLOOR and info.file_size > MAX_RATIO * max(info.compress_size, 1):
                raise _bomb(
                    f"{info.compress_size} bytes unpack to {info.file_size}",
                    f"{self._where}:{info.filename[:MAX_NAME]}",
                )

    def _check_overlaps(self, infos: list[zipfile.ZipInfo]) -> None:
        """Two entries on the same bytes let a small file unpack to any size."""
        end = 0
        for info in sorted(infos, key=lambda i: i.header_offset):
            if info.header_offset < end:
                raise _bomb("two entries share the same bytes", f"{self._where}:{info.filename[:MAX_NAME]}")
            end = info.header_offset + _LOCAL_HEADER + info.compress_size

    def _check_names(self, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
        known: dict[str, zipfile.ZipInfo] = {}
        folded: set[str] = set()
        for info in infos:
            name = info.filename
            problem = name_problem(name.removesuffix("/"))
            mode = info.external_attr >> 16
            if problem is None and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                problem = "is a symbolic link or device"
            if problem is None and info.flag_bits & 0x1:
                problem = "is encrypted"
            if problem is None and not name.endswith("/"):
                fold = unicodedata.normalize("NFC", name).casefold()
                if fold in folded:
                    problem = "is there twice, or differs from another only in case"
                folded.add(fold)
            if problem is not None:
                raise TemplateError(
                    f"the entry {name[:MAX_NAME]!r} {problem}: make the archive again from a plain folder",
                    code="archive_unsafe",
                    where=self._where,
                )
            if not name.endswith("/") and not any(part.startswith(".") for part in name.split("/")):
                known[name] = info
        return known

    def read(self, name: str) -> bytes:
        """Return a file's contents; raises KeyError when there is none of that name."""
        info = self._infos[name]
        try:
            with self._zip.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, RuntimeError) as error:
            raise _damaged(error, name) from None
        except Exception as error:  # zlib.error and lzma.LZMAError have no common base
            if type(error).__module__ in ("zlib", "lzma", "_lzma", "_bz2", "struct"):
                raise _damaged(error, name) from None
            raise
        if len(data) != info.file_size:
            raise _bomb("an entry unpacks to another size than it claims", f"{self._where}:{name}")
        return data


def _damaged(error: Exception, name: str) -> TemplateError:
    return TemplateError(f"the archive is damaged ({error}): make it again", code="archive_unsafe", where=name)


def _bomb(what: str, where: str) -> TemplateError:
    return TemplateError(
        f"{what}: not unpacked; make the archive again with ordinary files", code="archive_bomb", where=where
    )


def name_problem(name: str) -> str | None:
    """Why a file name must not be used, or None: it has to be relative, plain and portable."""
    parts = name.split("/")
    if not name or len(name) > MAX_NAME:
        return f"has no name, or one of more than {MAX_NAME} characters"
    if "\\" in name or "\0" in name or any(ord(c) < 32 for c in name):
        return "has a backslash or control character in its name"
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        return "has an absolute path"
    if ".." in parts or "" in parts or "." in parts:
        return "leaves the archive's folder or has an empty part in its path"
    return None
