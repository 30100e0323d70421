"""Writing values into projects that py-aep made, and drawing the copies."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from flatrender.aftereffects.convert import convert_composition
from flatrender.aftereffects.fields import ProjectPlace, Step, SuggestedField
from flatrender.aftereffects.personalise import PersonaliseReport, personalise
from flatrender.aftereffects.project import composition, open_project
from flatrender.aftereffects.scene import open_scene
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template.model import Constraints, FieldType

from .comparing import differences, state

TEXT = ("ADBE Text Properties", "ADBE Text Document")


def place(layer: Any, takes: Any, *steps: str, **more: Any) -> ProjectPlace:
    """Return a place in a layer, its properties by match names (`name#1` is the second of that name)."""
    comp = layer.containing_comp
    walked = tuple(Step(step.partition("#")[0], int(step.partition("#")[2] or 0)) for step in steps)
    return ProjectPlace(
        takes=takes,
        composition=comp.name,
        composition_id=comp.id,
        layer=layer.name,
        layer_id=layer.id,
        layer_index=layer.index + 1,
        property=walked,
        **more,
    )


def field(key: str, kind: FieldType, *places: ProjectPlace, **constraints: Any) -> SuggestedField:
    """Return a field of these places."""
    return SuggestedField(
        key=key, type=kind, label={"en": key}, origin="name", places=places, constraints=Constraints(**constraints)
    )


class Written:
    """A project, its copy, and what differs."""

    def __init__(self, source: Path, report: PersonaliseReport) -> None:
        self.report = report
        self.path = Path(report.output)
        self.project: Any = open_project(self.path)
        self.differs = differences(state(open_project(source)), state(self.project))

    @property
    def codes(self) -> set[str]:
        return {note.code for note in self.report.notes}

    def comp(self, name: str = "Main") -> Any:
        return composition(self.project, name)

    def layer(self, name: str, comp: str = "Main") -> Any:
        return next(layer for layer in self.comp(comp).layers if layer.name == name)


def saved(project: Any, folder: Path) -> Path:
    """Save a made project as the source of copies."""
    path = folder / "design" / "source.aep"
    project.save(path)
    return path


def write(
    project: Any,
    folder: Path,
    values: Mapping[str, Any],
    *fields: SuggestedField,
    comp: str = "Main",
    **options: Any,
) -> Written:
    """Save a project, write a copy with values, and open it again."""
    path = saved(project, folder)
    report = personalise(path, values, folder / "out" / "copy.aep", composition=comp, fields=fields or None, **options)
    return Written(path, report)


def drawn(
    pool: WorkerPool, written: Written, folder: Path, frame: float = 0, comp: str = "Main"
) -> npt.NDArray[np.int_]:
    """Draw a frame of a copy on white, footage and all, at the composition's size."""
    size = written.comp(comp)
    made = folder / f"drawn-{comp}"
    made.mkdir(exist_ok=True)
    scene = resolve_scene(open_scene(written.path, comp, made).template, "main")
    pixels = pool.draw(scene, frame, width=size.width, height=size.height, background=(255, 255, 255))
    picture = np.frombuffer(pixels, np.uint8).reshape(size.height, size.width, 4)
    return picture[..., 2::-1].astype(np.int_)


def lottie(written: Written, comp: str = "Main") -> Any:
    """Convert the copy."""
    return convert_composition(written.comp(comp)).lottie
