"""The process that converts one uploaded After Effects project: limits first, then the library, then a result file. Started by `after_effects`.

Arguments: the folder with the request, in which everything is left; address space in bytes; seconds.
"""

import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from flatrender.engine.errors import EngineError, TemplateError
from flatrender.services.content.after_effects import (
    PACKAGE_FILE,
    REQUEST_FILE,
    RESULT_FILE,
    SOURCE_FILE,
    Addition,
    Conversion,
    ConversionProblem,
    ConversionRequest,
    ConversionResult,
    ConvertedScene,
    Finding,
    MissingFont,
    MissingFootage,
)
from flatrender.services.content.package_process import limit_process

if TYPE_CHECKING:
    from flatrender.aftereffects.collected import Collected
    from flatrender.aftereffects.template import TemplateScene

COLLECTED = "collected"
FONTS = "(Fonts)"
FOOTAGE = "(Footage)"
MAX_FINDINGS = 400
"""Findings of a scene that are kept; a further one says how many there were."""
MAX_FONT_BYTES = 32 * 1024 * 1024
_WORST_FIRST = ("not_drawn", "approximate", "exact")
_STORED = {".png", ".jpg", ".jpeg", ".webp", ".mp4", ".mov", ".mp3", ".m4a", ".ogg", ".webm"}
_EPOCH = (1980, 1, 1, 0, 0, 0)


def main(arguments: list[str]) -> int:
    """Convert the project and write the result; the exit status says only whether there is one."""
    folder, memory_bytes, seconds = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    limit_process(memory_bytes, seconds)
    request = msgspec.json.decode((folder / REQUEST_FILE).read_bytes(), type=ConversionRequest)
    try:
        result = ConversionResult(conversion=_convert(folder, request))
    except EngineError as error:
        where = None if error.where == COLLECTED else error.where
        result = ConversionResult(problem=ConversionProblem(code=error.code, detail=error.detail, where=where))
    except (MemoryError, RecursionError):
        result = ConversionResult(
            problem=ConversionProblem(
                code="project_too_large",
                detail="converting the project takes more memory than it may: remove what is not needed",
                where=request.name,
            )
        )
    (folder / RESULT_FILE).write_bytes(msgspec.json.encode(result))
    return 0


def _convert(folder: Path, request: ConversionRequest) -> Conversion:
    from flatrender.aftereffects.template.make import make_template  # noqa: PLC0415 - only after the limits hold
    from flatrender.engine.template.pack import pack  # noqa: PLC0415 - likewise

    collected, template = folder / COLLECTED, folder / "template"
    collected.mkdir()
    template.mkdir()
    found = _collect(request, collected)
    made = make_template(found, template)
    (folder / PACKAGE_FILE).write_bytes(pack(template))
    _archive(collected, folder / SOURCE_FILE)
    return Conversion(
        project=found.project.relative_to(collected).as_posix(),
        scenes={scene.key: _scene(scene) for scene in made.scenes},
        missing_fonts=[
            MissingFont(name=font.post_script_name, family=font.family, style=font.style, drawn_in=font.drawn_in)
            for font in made.missing_fonts
        ],
        missing_footage=[
            MissingFootage(name=file.name, path=file.path, kind=file.kind, reason=file.reason)
            for file in made.missing_footage
        ],
        left_out=list(made.left_out),
    )


def _collect(request: ConversionRequest, collected: Path) -> "Collected":
    """Lay the project, what came with it and what is added into a folder, and look at it."""
    from flatrender.aftereffects.collected import open_collected, unpack  # noqa: PLC0415 - only after the limits hold

    source = Path(request.source)
    with source.open("rb") as file:
        packed = file.read(2) == b"PK"
    if packed:
        unpack(source.rename(source.with_name(_named(request.name, ".zip"))), collected)
    else:
        source.rename(collected / _named(request.name, ".aep"))
    beside = open_collected(collected, collected).project.parent
    for addition in request.additions:
        _add(addition, beside)
    return open_collected(collected, collected)


def _named(name: str, suffix: str) -> str:
    """Return a file name that a person gave as one that hides nothing and leads nowhere."""
    stem = PurePosixPath(name).name.removesuffix(suffix).strip(". ")
    return f"{stem or 'project'}{suffix}"


def _add(addition: Addition, beside: Path) -> None:
    """Lay a file that was missing where it is looked for."""
    path = Path(addition.path)
    if addition.kind == "font":
        _check_font(path, addition.name)
    folder = beside / (FONTS if addition.kind == "font" else FOOTAGE)
    folder.mkdir(exist_ok=True)
    suffix = PurePosixPath(addition.name).suffix
    path.replace(folder / _named(addition.name, suffix))


def _check_font(path: Path, name: str) -> None:
    from flatrender.aftereffects.errors import ProjectError  # noqa: PLC0415 - only after the limits hold
    from flatrender.engine.text.fonts import FontFile  # noqa: PLC0415 - likewise

    try:
        if path.stat().st_size > MAX_FONT_BYTES:
            raise ProjectError(f"a font has at most {MAX_FONT_BYTES >> 20} MB", code="font_invalid", where=name)
        FontFile(path.read_bytes(), name)
    except (TemplateError, ValueError) as error:
        raise ProjectError("this is no TrueType or OpenType font", code="font_invalid", where=name) from error


def _archive(collected: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in collected.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(path.relative_to(collected).as_posix(), _EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if path.suffix.lower() in _STORED else zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())


def _scene(scene: "TemplateScene") -> ConvertedScene:
    ordered = sorted(scene.findings, key=lambda found: _WORST_FIRST.index(found.verdict))
    findings = [
        Finding(feature=found.feature, verdict=found.verdict, place=found.where, sentence=found.detail)
        for found in ordered[:MAX_FINDINGS]
    ]
    if len(ordered) > MAX_FINDINGS:
        more = f"{len(ordered) - MAX_FINDINGS} findings more, none worse than the last one that is listed"
        findings.append(
            Finding(feature="report.more", verdict=ordered[MAX_FINDINGS].verdict, place=scene.title, sentence=more)
        )
    return ConvertedScene(composition=next(iter(scene.compositions.values())), engine=scene.engine, findings=findings)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
