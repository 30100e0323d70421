"""Public projects: what is converted from them looks as what the Bodymovin exporter wrote inside After Effects."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from flatrender.aftereffects.convert import convert_composition
from flatrender.aftereffects.project import composition, open_project
from flatrender.engine.raster.pool import WorkerPool

from .drawing import CORPUS, PROJECTS, encoded, frames, similarity

pytestmark = pytest.mark.skipif(not PROJECTS.is_dir(), reason="the public projects are not on this machine")

_PAIRS = (
    ("Fill", "LottieTests.aep", "Test_Fill"),
    ("KeyframeTypes", "LottieTests.aep", "Test_KeyframeTypes"),
    ("Parenting", "LottieTests.aep", "Test_Parenting"),
    ("Precomps", "LottieTests.aep", "Test_Precomps"),
    ("ShapeTypes", "LottieTests.aep", "Test_ShapeTypes"),
    ("SplitDimensions", "LottieTests.aep", "Test_SplitDimensions"),
    ("Stroke", "LottieTests.aep", "Test_Stroke"),
    ("Masks", "Masks.aep", "Mask"),
    ("Multiline", "Multiline.aep", "Multiline 2"),
)
_SAMPLES = 12
_TEXTS = ("Multiline",)


def small(width: float, height: float, longest: int = 320) -> tuple[int, int]:
    factor = min(1.0, longest / max(width, height))
    return max(16, round(width * factor)), max(16, round(height * factor))


def standing_still(reference: Any, ours: Any) -> bytes:
    """The public project was saved after its export: one layer that moves in the export has no keys in the project."""
    (moving,) = [layer for layer in reference["layers"] if layer["ks"]["p"]["a"]]
    (same,) = [layer for layer in ours["layers"] if layer["nm"] == moving["nm"]]
    moving["ks"]["p"] = same["ks"]["p"]
    return msgspec.json.encode(reference)


@pytest.mark.parametrize(("export", "project", "name"), _PAIRS, ids=[pair[0] for pair in _PAIRS])
def test_what_is_converted_looks_as_what_bodymovin_exported(
    export: str, project: str, name: str, pool: WorkerPool, record_property: Callable[[str, object], None]
) -> None:
    ours = convert_composition(composition(open_project(PROJECTS / project), name))
    theirs = (CORPUS / "bodymovin" / f"{export}.json").read_bytes()
    reference = msgspec.json.decode(theirs)
    if export == "Masks":
        theirs = standing_still(reference, ours.lottie)
    length = min(ours.lottie["op"] - ours.lottie["ip"], reference["op"] - reference["ip"])
    numbers = [float(int(length * (index + 0.5) / _SAMPLES)) for index in range(_SAMPLES)]
    width, height = small(reference["w"], reference["h"])
    found = similarity(pool, encoded(ours), theirs, numbers, width=width, height=height)
    record_property("similarity", f"mean {np.mean(found):.4f}, worst {min(found):.4f}")
    assert np.mean(found) >= (0.95 if export in _TEXTS else 0.98), found
    if export not in _TEXTS:
        assert min(found) >= 0.95, found


@pytest.mark.parametrize("project", sorted(path.name for path in PROJECTS.glob("*.aep")))
def test_every_composition_of_a_public_project_is_converted_and_drawn(project: str, pool: WorkerPool) -> None:
    opened = open_project(PROJECTS / project)
    assert opened.compositions
    for comp in opened.compositions:
        conversion = convert_composition(comp)
        middle = (conversion.lottie["op"] - conversion.lottie["ip"]) // 2
        width, height = small(comp.width, comp.height)
        (picture,) = frames(pool, encoded(conversion), [middle], width=width, height=height)
        assert picture.shape == (height, width, 3)


def test_all_compositions_of_a_large_project_are_converted_in_under_ten_seconds() -> None:
    started = time.process_time()
    project = open_project(PROJECTS / "LottieTests.aep")
    for comp in project.compositions:
        convert_composition(comp)
    assert time.process_time() - started < 10


def test_a_project_saved_by_an_older_after_effects_is_opened_without_its_render_queue() -> None:
    project = open_project(PROJECTS / "HamburgerArrow.aep")
    assert [comp.name for comp in project.compositions] == ["HamburgerArrow"]


def test_a_file_that_is_no_project_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "no.aep"
    path.write_bytes(b"PK\x03\x04 not a project at all")
    with pytest.raises(Exception, match="no After Effects project"):
        open_project(path)
