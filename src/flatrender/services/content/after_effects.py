"""Uploaded After Effects projects: made into template packages by a process of their own, with limits."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

from flatrender.kit.errors import Refused
from flatrender.services.content.settings import ContentSettings

REQUEST_FILE = "request.json"
RESULT_FILE = "converted.json"
PACKAGE_FILE = "package.frt"
SOURCE_FILE = "source.zip"
ERRORS_FILE = "errors.txt"
RESULT_BYTES = 16 * 1024 * 1024

Engine = Literal["thorvg", "aerender"]
Verdict = Literal["exact", "approximate", "not_drawn"]


class Addition(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is added to a project because it was missing."""

    kind: Literal["font", "footage"]
    name: str
    """What the project calls it: the font's name, the footage's file name."""
    path: str


class ConversionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the process is asked for."""

    source: str
    name: str
    """The file's name as its owner knows it."""
    additions: list[Addition]
    project_bytes: int
    """The most that an archive may hold unpacked."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One feature at one place and what becomes of it in the open engine."""

    feature: str
    verdict: Verdict
    place: str
    sentence: str


class ConvertedScene(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a scene besides its package."""

    composition: str
    engine: Engine
    findings: list[Finding]


class MissingFont(msgspec.Struct, frozen=True, kw_only=True):
    """A font that the project names and nobody has."""

    name: str
    """PostScript name, as the project says it."""
    family: str
    style: str
    drawn_in: str
    """The family that stands in for it."""


class MissingFootage(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the project shows and that did not come with it, or that cannot be read."""

    name: str
    path: str
    """Where it lay on the designer's machine."""
    kind: str
    """`picture`, `clip` or `sound`."""
    reason: Literal["missing", "unreadable"]


class Conversion(msgspec.Struct, frozen=True, kw_only=True):
    """What the process found, beside the package and the archive of the source."""

    project: str
    """Where the project lies in the archive of the source."""
    scenes: dict[str, ConvertedScene]
    """By the scene's key in the package."""
    missing_fonts: list[MissingFont]
    missing_footage: list[MissingFootage]
    left_out: list[str]
    """Compositions that are in no scene although they could be."""


class ConversionProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why the project was refused."""

    code: str
    detail: str
    where: str | None


class ConversionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the process leaves behind: one of the two."""

    conversion: Conversion | None = None
    problem: ConversionProblem | None = None


class ProjectConverter:
    """Converts one project at a time."""

    def __init__(self, settings: ContentSettings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()

    async def convert(self, folder: Path, source: Path, name: str, additions: Sequence[Addition]) -> Conversion:
        """Convert the project `source` (an `.aep`, or an archive with one); the package and the source's archive are left in `folder`.

        Raises Refused with the code of what is wrong with the project, `content.project_too_large` when it takes too much.
        """
        request = ConversionRequest(
            source=str(source), name=name, additions=list(additions), project_bytes=self._settings.project_bytes
        )
        (folder / REQUEST_FILE).write_bytes(msgspec.json.encode(request))
        async with self._turn:
            await self._run(folder, name)
        return await asyncio.to_thread(_result, folder / RESULT_FILE, name)

    async def _run(self, folder: Path, name: str) -> None:
        seconds = self._settings.project_seconds
        with (folder / ERRORS_FILE).open("wb") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "flatrender.services.content.after_effects_process",
                str(folder),
                str(self._settings.import_memory_bytes),
                str(int(seconds)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=errors,
                cwd=folder,
                env={key: value for key, value in os.environ.items() if key in _KEPT_ENVIRONMENT},
                start_new_session=True,
            )
        try:
            await asyncio.wait_for(process.wait(), seconds)
        except TimeoutError as error:
            raise Refused(
                f"{name}: converting this project took longer than {seconds:.0f} s; remove compositions that are not needed",
                code="content.project_too_large",
            ) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


_KEPT_ENVIRONMENT = frozenset(
    {"PATH", "PYTHONPATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "VIRTUAL_ENV", "FLATRENDER_FONTS"}
)


def _refused(problem: ConversionProblem, name: str) -> Refused:
    """Return what a caller sees of an error of a project: its code stays, and the file that was uploaded is named."""
    places = [place for place in (name, problem.where) if place]
    told = ": ".join([*dict.fromkeys(places), problem.detail])
    return Refused(told, code=f"content.{problem.code}", fields=((problem.where or name, problem.detail),))


def _result(path: Path, name: str) -> Conversion:
    try:
        if path.stat().st_size > RESULT_BYTES:
            raise Refused(f"{name}: the project describes too much", code="content.project_too_large")
        data = path.read_bytes()
        found = msgspec.json.decode(data.replace(b"\\u0000", b""), type=ConversionResult)
    except (FileNotFoundError, msgspec.MsgspecError) as error:
        raise Refused(
            f"{name}: this project could not be converted within the limits of memory and time; it is damaged or too large",
            code="content.project_invalid",
        ) from error
    if found.conversion is not None:
        return found.conversion
    if found.problem is None:
        raise Refused(f"{name}: this project could not be converted", code="content.project_invalid")
    raise _refused(found.problem, name)
