"""A composition of a project as a template that the engine renders, with its footage beside it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.convert import Conversion, convert_composition
from flatrender.aftereffects.project import composition, open_project
from flatrender.engine.template import Template, load_template

if TYPE_CHECKING:
    from py_aep.models.items.composition import CompItem

SCENE_FILE = "scene.json"
_MAX_SEARCHED = 20_000
"""Files beside a project that are looked at for footage."""


class OpenedScene(msgspec.Struct, frozen=True, kw_only=True):
    """A converted composition in a folder of its own."""

    template: Template
    conversion: Conversion
    missing: tuple[str, ...]
    """Names of the footage files that were not found."""


def open_scene(project: Path, name: str, folder: Path) -> OpenedScene:
    """Convert the composition `name` of a project file into `folder`. Raises ProjectError."""
    return write_scene(composition(open_project(project), name), project, folder)


def write_scene(comp: CompItem, project: Path, folder: Path, *, frames: range | None = None) -> OpenedScene:
    """Convert a composition into `folder`: `scene.json` and its pictures. `frames` limits it to these, counted from the composition's start.

    Raises ProjectError.
    """
    conversion = convert_composition(comp)
    if frames is not None:
        conversion.lottie["ip"], conversion.lottie["op"] = frames.start, frames.stop
    images = folder / "images"
    missing: list[str] = []
    for footage in conversion.footage:
        if footage.kind not in {"picture", "clip"}:
            continue
        found = find_footage(footage.path, project.parent)
        if found is None:
            missing.append(footage.name)
        else:
            images.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found, images / PureWindowsPath(footage.path).name)
    scene = folder / SCENE_FILE
    scene.write_bytes(msgspec.json.encode(conversion.lottie))
    return OpenedScene(template=load_template(scene), conversion=conversion, missing=tuple(missing))


def find_footage(path: str, beside: Path) -> Path | None:
    """Return the file that the project calls `path`: where it says, or by name below the project's folder (a collected project)."""
    if not path:
        return None
    there = Path(path)
    if there.is_absolute() and there.is_file() and there.resolve().is_relative_to(beside.resolve()):
        return there
    name = PureWindowsPath(path).name.casefold()
    looked_at = 0
    for folder, folders, files in os.walk(beside):
        folders.sort()
        looked_at += len(files)
        if looked_at > _MAX_SEARCHED:
            return None
        for file in sorted(files):
            if file.casefold() == name:
                return Path(folder) / file
    return None
