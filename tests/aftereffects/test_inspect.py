"""What an inspection says of a project, and how quickly."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from flatrender.aftereffects.apart import inspect_apart
from flatrender.aftereffects.collected import Collected
from flatrender.aftereffects.inspect import inspect_project

from .designed import collected_folder, controlled_project, saved, text
from .drawing import PROJECTS
from .making import add_comp, new_project


def test_an_inspection_tells_compositions_layers_fields_expressions_and_effects(tmp_path: Path) -> None:
    project, comp = controlled_project()
    outer = add_comp(project, "Film")
    outer.add(comp)
    outer.add_camera("Camera", [48, 32])
    path = saved(project, tmp_path)
    report = inspect_project(Collected(path, tmp_path, ()))
    by_name = {one.name: one for one in report.compositions}
    assert report.after_effects
    assert (by_name["Main"].used_in, by_name["Main"].is_scene, by_name["Film"].is_scene) == (("Film",), False, True)
    assert (by_name["Film"].cameras, by_name["Main"].expressions.count) == (1, 5)
    assert by_name["Main"].expressions.evaluated == 5
    assert {field.key for field in by_name["Film"].fields} >= {"brand", "width", "badge", "layout"}
    layers = {layer.name: layer for layer in by_name["Main"].layers}
    assert (layers["Controls"].kind, layers["Box"].kind, layers["Ground"].kind) == ("null", "shape", "solid")
    assert layers["Box"].expressions == 2
    assert {effect.match_name: effect.third_party for effect in report.effects}["ADBE Slider Control"] is False


def test_an_inspection_tells_fonts_and_footage_that_are_missing(tmp_path: Path) -> None:
    folder = collected_folder(tmp_path / "promo")
    report = inspect_apart(folder)
    assert {file.name: file.found for file in report.footage} == {"photo.png": True, "lost.png": False}
    project = new_project()
    comp = add_comp(project)
    text(comp, "Here", "Here")
    text(comp, "Lost", "Lost").text["ADBE Text Document"].value.font = "NobodyHasThis-Bold"
    fonts = {font.post_script_name: font for font in inspect_apart(saved(project, tmp_path)).fonts}
    assert fonts["Vazirmatn-Regular"].state == "available"
    assert fonts["NobodyHasThis-Bold"].state == "substituted"
    assert fonts["NobodyHasThis-Bold"].used_by == ("Main › Lost",)


INSPECTING = """
import json, resource, sys
from pathlib import Path
from flatrender.aftereffects.apart import inspect_apart
report = inspect_apart(Path(sys.argv[1]))
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([len(report.compositions), used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
"""Run as a process of its own: what a child's memory is said to be includes what its parent had when it started it."""


@pytest.mark.skipif(not PROJECTS.is_dir(), reason="no projects at ../shared/corpus/aep")
def test_every_public_project_is_inspected_in_less_than_five_seconds_and_500_megabytes() -> None:
    for path in sorted(PROJECTS.glob("*.aep")):
        told = subprocess.run([sys.executable, "-c", INSPECTING, path], capture_output=True, check=True, timeout=60)
        compositions, seconds, kibibytes = json.loads(told.stdout)
        assert compositions
        assert seconds < 5, (path.name, seconds)
        assert kibibytes < 500 << 10, (path.name, kibibytes)
