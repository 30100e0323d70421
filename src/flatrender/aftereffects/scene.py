"""A composition of a project as a template that the engine renders, with its footage beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from flatrender.aftereffects.convert import Conversion, convert_composition
from flatrender.aftereffects.footage_files import bring
from flatrender.aftereffects.project import composition, open_project
from flatrender.engine.template import Template, load_template

if TYPE_CHECKING:
    from pathlib import Path

    from py_aep.models.items.composition import CompItem

SCENE_FILE = "scene.json"


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
    missing = [
        footage.name
        for footage in conversion.footage
        if footage.kind in {"picture", "clip", "sequence"} and not bring(footage, project.parent, images)
    ]
    scene = folder / SCENE_FILE
    scene.write_bytes(msgspec.json.encode(conversion.lottie))
    return OpenedScene(template=load_template(scene), conversion=conversion, missing=tuple(missing))
