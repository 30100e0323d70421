"""The process that converts one uploaded After Effects project: limits first, then the library, then a result file. Started by `after_effects`.

Arguments: the folder with the request, in which everything is left; address space in bytes; seconds.
"""

import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import msgspec

from flatrender.engine.errors import EngineError
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
    MissingFootage,
)
from flatrender.services.content.package_process import limit_process

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem
    from py_aep.models.project import Project

FONTS = "(Fonts)"
FOOTAGE = "(Footage)"
MAX_SCENES = 60
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
        result = ConversionResult(problem=ConversionProblem(code=error.code, detail=error.detail, where=error.where))
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
    from flatrender.aftereffects.errors import ProjectError  # noqa: PLC0415 - only after the limits hold
    from flatrender.aftereffects.project import open_project  # noqa: PLC0415 - likewise
    from flatrender.engine.template.pack import pack  # noqa: PLC0415 - likewise

    collected, template = folder / "collected", folder / "template"
    collected.mkdir()
    template.mkdir()
    project_path = _collect(Path(request.source), request.name, collected)
    if project_path is None:
        raise ProjectError("the archive holds no After Effects project (.aep)", where=request.name)
    for addition in request.additions:
        _add(addition, project_path.parent)
    conversion = _write_template(open_project(project_path), project_path, template)
    (folder / PACKAGE_FILE).write_bytes(pack(template))
    _archive(collected, folder / SOURCE_FILE)
    return msgspec.structs.replace(conversion, project=project_path.relative_to(collected).as_posix())


def _collect(source: Path, name: str, collected: Path) -> Path | None:
    """Lay the project and what came with it into a folder; return where the project is."""
    from flatrender.engine.template.store import ArchiveStore  # noqa: PLC0415 - only after the limits hold

    with source.open("rb") as file:
        packed = file.read(2) == b"PK"
    if not packed:
        project = collected / (PurePosixPath(name).name or "project.aep")
        source.rename(project)
        return project
    archive = ArchiveStore(source.read_bytes(), name)
    for entry in archive.names:
        path = collected / entry
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive.read(entry))
    projects = sorted(
        (path for path in collected.rglob("*") if path.suffix.lower() == ".aep" and path.is_file()),
        key=lambda path: ("auto-save" in str(path).lower(), len(path.parts), path.name),
    )
    return projects[0] if projects else None


def _add(addition: Addition, beside: Path) -> None:
    """Lay a file that was missing where it is looked for."""
    folder = beside / (FONTS if addition.kind == "font" else FOOTAGE)
    folder.mkdir(exist_ok=True)
    Path(addition.path).rename(folder / addition.name)


def _archive(collected: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in collected.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(path.relative_to(collected).as_posix(), _EPOCH)
            info.external_attr = 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if path.suffix.lower() in _STORED else zipfile.ZIP_DEFLATED
            archive.writestr(info, path.read_bytes())


def _write_template(project: "Project", path: Path, folder: Path) -> Conversion:
    from flatrender.aftereffects.convert import convert_composition  # noqa: PLC0415 - only after the limits hold
    from flatrender.aftereffects.errors import ProjectError  # noqa: PLC0415 - likewise
    from flatrender.aftereffects.footage_files import find_footage  # noqa: PLC0415 - likewise
    from flatrender.engine.template.model import Manifest  # noqa: PLC0415 - likewise
    from flatrender.engine.template.plain import suggest  # noqa: PLC0415 - likewise

    compositions = _outermost(project)
    if not compositions:
        raise ProjectError("the project has no composition", code="composition_unknown", where=path.name)
    first = compositions[0]
    found: dict[str, ConvertedScene] = {}
    missing: dict[str, MissingFootage] = {}
    manifest: Manifest | None = None
    for number, comp in enumerate(compositions[:MAX_SCENES], start=1):
        if (comp.width, comp.height, comp.frame_rate) != (first.width, first.height, first.frame_rate):
            continue
        key = f"scene_{number}"
        converted = convert_composition(comp)
        for footage in converted.footage:
            lies = find_footage(footage.path, path.parent)
            if lies is None:
                missing[footage.name] = MissingFootage(name=footage.name, path=footage.path)
            else:
                image = folder / "images" / PurePosixPath(footage.path.replace("\\", "/")).name
                image.parent.mkdir(exist_ok=True)
                image.write_bytes(lies.read_bytes())
        suggested = suggest(converted.lottie, f"scenes/{key}.json", comp.name)
        (scene,) = suggested.scenes
        scene = msgspec.structs.replace(scene, key=key, title={"fa": comp.name, "en": comp.name})
        file = folder / "scenes" / f"{key}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(msgspec.json.encode(converted.lottie))
        findings = [
            Finding(feature=f.feature, verdict=f.verdict, place=f.where, sentence=f.detail) for f in converted.findings
        ]
        drawn = all(finding.verdict != "not_drawn" for finding in findings)
        found[key] = ConvertedScene(composition=comp.name, engine="thorvg" if drawn else "aerender", findings=findings)
        known = () if manifest is None else manifest.color_slots
        slots = (*known, *(slot for slot in suggested.color_slots if slot.key not in {k.key for k in known}))
        scenes = (*(() if manifest is None else manifest.scenes), scene)
        manifest = msgspec.structs.replace(manifest or suggested, color_slots=slots, scenes=scenes)
    assert manifest is not None  # noqa: S101 - the first composition is one of them
    title = path.stem
    manifest = msgspec.structs.replace(manifest, title={"fa": title, "en": title})
    (folder / "template.json").write_bytes(msgspec.json.encode(manifest))
    return Conversion(project="", scenes=found, missing_fonts=[], missing_footage=list(missing.values()))


def _outermost(project: "Project") -> "list[CompItem]":
    inner = {
        id(layer.source)
        for comp in project.compositions
        for layer in comp.layers
        if getattr(layer, "source", None) is not None
    }
    return [comp for comp in project.compositions if id(comp) not in inner]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
