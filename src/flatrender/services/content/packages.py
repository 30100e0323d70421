"""Reading a package that somebody uploaded: in a process of its own, with limits, so that a hostile one takes nothing down."""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import msgspec

from flatrender.engine.errors import EngineError, TemplateError, ValueRefused
from flatrender.kit.errors import Refused, Unavailable
from flatrender.services.content.errors import from_engine
from flatrender.services.content.settings import ContentSettings

LocaleText = dict[str, str]
RESULT_FILE = "result.json"
RESULT_BYTES = 8 * 1024 * 1024


class PackageField(msgspec.Struct, frozen=True, kw_only=True):
    """A field as the package says it; an image's default is the path of a picture in the package."""

    key: str
    type: str
    label: LocaleText
    default: Any
    options: list[dict[str, Any]]
    constraints: dict[str, Any]
    bindings: list[dict[str, Any]]
    is_required: bool


class PackageScene(msgspec.Struct, frozen=True, kw_only=True):
    """A scene as the package says it."""

    key: str
    title: LocaleText
    scene_type: str
    duration_frames: int
    snapshot_frame: int
    can_repeat: bool
    is_required: bool
    color_slots: list[str]
    fields: list[PackageField]
    duration: dict[str, Any] | None = None
    """The manifest's `duration`."""
    engine: Literal["thorvg", "aerender"] = "thorvg"
    composition: str | None = None
    """The composition of the template's After Effects project that it is."""


class PackageSize(msgspec.Struct, frozen=True, kw_only=True):
    """A size in pixels."""

    key: str
    width: int
    height: int


class PackageBlob(msgspec.Struct, frozen=True, kw_only=True):
    """A picture or a piece of music that the reading process laid beside its result."""

    path: str
    """Where it lies in the package."""
    file: str
    """Its file name beside the result."""
    content_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None


class PackageMusic(msgspec.Struct, frozen=True, kw_only=True):
    """Bundled music."""

    key: str
    title: LocaleText
    license: str
    path: str


class Package(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that content keeps of a package."""

    key: str
    title: LocaleText
    description: LocaleText
    category: str | None
    tags: list[str]
    sha256: str
    """Hexadecimal; over the names and contents of the files, so equal for a folder and an archive of it."""
    plain: bool
    """Whether it is a bare Lottie animation."""
    fps: float
    sizes: list[PackageSize]
    color_slots: list[dict[str, Any]]
    presets: list[dict[str, Any]]
    fonts: list[str]
    """Families that a font field may name."""
    music: list[PackageMusic]
    fields: list[PackageField]
    scenes: list[PackageScene]
    blobs: list[PackageBlob]
    warnings: list[dict[str, Any]]
    source_path: str | None = None
    """Where the After Effects project lies in the package, when there is one."""


class PackageProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why the package was refused."""

    kind: str
    """`template`, `value` or `engine`."""
    code: str
    detail: str
    where: str | None


class ReadResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the reading process leaves behind: one of the two."""

    package: Package | None = None
    problem: PackageProblem | None = None


class ReadPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package with the folder in which its pictures and music lie until the block ends."""

    package: Package
    folder: Path

    def blob(self, path: str) -> tuple[PackageBlob, bytes] | None:
        """Return a file of the package with what is known of it; None when it was not laid out."""
        for blob in self.package.blobs:
            if blob.path == path:
                return blob, (self.folder / blob.file).read_bytes()
        return None


class PackageReader:
    """Reads one package at a time; a few may wait."""

    def __init__(self, settings: ContentSettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def read(self, data: bytes, name: str) -> AsyncIterator[ReadPackage]:
        """Read a package from its bytes; `name` is only shown.

        Raises Refused with the engine's code when it is not a usable template, and Unavailable when too many imports wait.
        """
        if self._waiting >= self._settings.imports_waiting:
            raise Unavailable(
                "too many templates are being imported; try again shortly", code="content.import_busy", retry_after_s=10
            )
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="flatrender-import-"))
        try:
            self._waiting += 1
            try:
                async with self._turn:
                    package = await self._run(data, name, folder)
            finally:
                self._waiting -= 1
            yield ReadPackage(package=package, folder=folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _run(self, data: bytes, name: str, folder: Path) -> Package:
        source = folder / "package"
        await asyncio.to_thread(source.write_bytes, data)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "flatrender.services.content.package_process",
            str(source),
            str(folder),
            str(self._settings.import_memory_bytes),
            str(int(self._settings.import_seconds)),
            name,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={key: value for key, value in os.environ.items() if key in _KEPT_ENVIRONMENT},
            start_new_session=True,
        )
        try:
            await asyncio.wait_for(process.wait(), self._settings.import_seconds)
        except TimeoutError as error:
            raise Refused(
                f"{name}: reading this package took longer than {self._settings.import_seconds:.0f} s; make it smaller",
                code="content.template_too_large",
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return await asyncio.to_thread(_result, folder / RESULT_FILE, name)


_KEPT_ENVIRONMENT = frozenset({"PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV"})


def _result(path: Path, name: str) -> Package:
    try:
        if path.stat().st_size > RESULT_BYTES:
            raise Refused(f"{name}: the template describes too much", code="content.template_too_large")
        data = path.read_bytes()
        if b"\\u0000" in data:
            # PostgreSQL keeps no NUL in a text.
            raise Refused(f"{name}: a text of the template holds a NUL character", code="content.manifest_invalid")
        found = msgspec.json.decode(data, type=ReadResult)
    except (FileNotFoundError, msgspec.MsgspecError) as error:
        raise Refused(
            f"{name}: this package could not be read within the limits of memory and time; check that it is a template",
            code="content.import_failed",
        ) from error
    if found.package is not None:
        return found.package
    problem = found.problem
    if problem is None:
        raise Refused(f"{name}: this package could not be read", code="content.import_failed")
    kind: type[EngineError] = {"template": TemplateError, "value": ValueRefused}.get(problem.kind, EngineError)
    raise from_engine(kind(problem.detail, code=problem.code, where=problem.where))
