"""Public projects: every field that is suggested takes a value, nothing else changes, and the copy is converted and drawn."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flatrender.aftereffects.convert import convert_composition
from flatrender.aftereffects.fields import SuggestedField, suggest_fields
from flatrender.aftereffects.personalise import personalise
from flatrender.aftereffects.project import open_project
from flatrender.aftereffects.template.scenes import scene_candidates
from flatrender.engine.raster.pool import WorkerPool

from .comparing import State, differences, state
from .drawing import PROJECTS, encoded, frames
from .test_convert_corpus import small

pytestmark = pytest.mark.skipif(not PROJECTS.is_dir(), reason="the public projects are not on this machine")
_ALL = bool(os.environ.get("FLATRENDER_ALL_COMPOSITIONS"))
"""Otherwise one composition of each file: that with the most fields among its first scenes."""


def value_for(field: SuggestedField, number: int) -> Any:
    """Return a value that the field has not now."""
    if field.type in {"text", "textarea"}:
        return "سلام دنیا" if field.type == "text" else "خط یک\nline two"
    if field.type == "color":
        return f"#12ab{number % 256:02x}"
    if field.type == "checkbox":
        return not field.default
    if field.type == "dropdown":
        return field.constraints.options[-1].key
    if field.type == "image":
        return "mine"
    high = field.constraints.max
    return field.default + 1 if high is None or field.default + 1 <= high else field.default - 1


def compositions(path: Path) -> list[str]:
    """Return the names of the compositions to be tried."""
    project = open_project(path)
    if _ALL:
        return [comp.name for comp in project.compositions]
    return [max(scene_candidates(project)[:3], key=lambda comp: len(suggest_fields(project, comp))).name]


def expected(before: State, after: State) -> dict[str, tuple[Any, Any]]:
    """Return what differs, but for items that came."""
    return {
        place: both
        for place, both in differences(before, after).items()
        if not (place.startswith("item ") and both[0] is None)
    }


@pytest.mark.parametrize("name", sorted(path.name for path in PROJECTS.glob("*.aep")))
def test_every_suggested_field_of_a_public_project_takes_a_value(name: str, tmp_path: Path, pool: WorkerPool) -> None:
    source = PROJECTS / name
    before = state(open_project(source))
    Image.new("RGB", (300, 200), (0, 160, 60)).save(tmp_path / "mine.png")
    for number, comp in enumerate(compositions(source)):
        fields = suggest_fields(open_project(source), comp)
        values = {field.key: value_for(field, index) for index, field in enumerate(fields)}
        copy = tmp_path / f"{number}.aep"
        report = personalise(source, values, copy, composition=comp, assets={"mine": tmp_path / "mine.png"})
        made = open_project(copy)
        changed = expected(before, state(made))
        assert {change.key for change in report.changes} == set(values)
        assert len(changed) == len(report.changes), sorted(changed)[:10]
        drawn = next(one for one in made.compositions if one.name == comp)
        conversion = convert_composition(drawn)
        width, height = small(drawn.width, drawn.height)
        (picture,) = frames(pool, encoded(conversion), [conversion.lottie["op"] // 2], width=width, height=height)
        assert picture.shape == (height, width, 3)
