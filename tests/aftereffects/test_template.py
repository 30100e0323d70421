"""Template packages made of projects: scenes, sizes, rates, media, fonts, the source, and films that show the values."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flatrender.aftereffects.apart import template_apart
from flatrender.aftereffects.collected import Collected
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields.model import property_at, stored_fields
from flatrender.aftereffects.project import open_project
from flatrender.aftereffects.template.make import make_template
from flatrender.aftereffects.template.report import TemplateResult
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import Template, load_template

from .designed import SIZE, collected_folder, controlled_project, picture, saved, text
from .drawing import PROJECTS
from .making import add_comp, new_project

FONT = Path(__file__).resolve().parents[2] / "src" / "flatrender" / "engine" / "text" / "data" / "NotoSansMath.ttf"


def made(project: Any, tmp_path: Path, **options: Any) -> tuple[TemplateResult, Template]:
    path = saved(project, tmp_path / "project")
    fonts = tuple((tmp_path / "project").glob("*.ttf"))
    result = make_template(Collected(path, path.parent, fonts), tmp_path / "template", **options)
    return result, load_template(tmp_path / "template")


def shown(pool: WorkerPool, template: Template, scene: str, frame: int = 0, **options: Any) -> np.ndarray:
    resolved = resolve_scene(template, scene, **options)
    size = template.size(options.get("size"))
    pixels = pool.draw(resolved, frame, width=size.width, height=size.height, background=(255, 255, 255))
    return np.frombuffer(pixels, np.uint8).reshape(size.height, size.width, 4)[..., 2::-1].astype(int)


def colored(project: Any, name: str, color: list[float], size: tuple[int, int] = SIZE, **options: Any) -> Any:
    comp = add_comp(project, name, size=size, **options)
    comp.add_solid(color, "Ground", *size, 1.0)
    return comp


def test_compositions_named_as_scenes_are_the_scenes_and_their_sizes_belong_together(
    tmp_path: Path, pool: WorkerPool
) -> None:
    project = new_project()
    text(colored(project, "scene: Intro 16x9", [1, 0, 0]), "Wide", "$Headline")
    text(colored(project, "scene: Intro 9x16", [0, 1, 0], (108, 192)), "Tall", "$Headline")
    colored(project, "scene: Outro 9x16", [0, 0, 1], (108, 192))
    colored(project, "scene: Outro 16x9", [0, 0, 1])
    colored(project, "Draft", [0, 0, 0])
    result, template = made(project, tmp_path)
    assert [(scene.key, scene.compositions) for scene in result.scenes] == [
        ("intro", {"16x9": "scene: Intro 16x9", "9x16": "scene: Intro 9x16"}),
        ("outro", {"16x9": "scene: Outro 16x9", "9x16": "scene: Outro 9x16"}),
    ]
    assert [scene.scene_type for scene in template.scenes] == ["intro", "outro"]
    assert [field.key for field in template.scenes[0].fields] == ["headline"]
    assert shown(pool, template, "intro")[5, 5].tolist() == [255, 0, 0]
    assert shown(pool, template, "intro", size="9x16")[5, 5].tolist() == [0, 255, 0]
    assert result.left_out == ()


def test_without_names_the_render_queue_chooses_and_without_a_queue_what_lies_in_no_other(tmp_path: Path) -> None:
    project = new_project()
    inner = colored(project, "Inner", [1, 0, 0])
    outer = colored(project, "Outer", [0, 1, 0])
    outer.add(inner)
    colored(project, "_hidden", [0, 0, 1])
    colored(project, "Other", [0, 0, 1])
    result, _ = made(project, tmp_path / "b")
    assert {scene.title for scene in result.scenes} == {"Outer", "Other"}
    project.render_queue.add(inner)
    result, _ = made(project, tmp_path / "c")
    assert [scene.title for scene in result.scenes] == ["Inner"]


def test_scenes_of_another_rate_and_size_keep_their_seconds_and_are_fitted_in(tmp_path: Path, pool: WorkerPool) -> None:
    project = new_project()
    colored(project, "One", [1, 0, 0], fps=25, seconds=2)
    colored(project, "Two", [0, 1, 0], fps=25, seconds=2)
    square = add_comp(project, "Odd", size=(100, 100), fps=50, seconds=2)
    square.bg_color = [0, 0, 0]
    moving = square.add_solid([0, 0, 1], "Blue", 100, 100, 1.0)
    opacity = moving.transform["ADBE Opacity"]
    opacity.set_value_at_time(0, 0)
    opacity.set_value_at_time(1, 100)
    result, template = made(project, tmp_path)
    odd = next(scene for scene in result.scenes if scene.key == "odd")
    assert (template.fps, odd.duration_frames) == (25, 50)
    assert any(finding.feature == "scene.fitted" for finding in odd.findings)
    picture_ = shown(pool, template, "odd", 25)
    assert np.abs(picture_[54, 96] - (0, 0, 255)).max() <= 3
    assert np.abs(picture_[54, 10] - (0, 0, 0)).max() <= 3  # beside it, the composition's own ground


def test_a_marker_chooses_the_snapshot_else_the_frame_that_shows_most(tmp_path: Path) -> None:
    project = new_project()
    late = colored(project, "Late", [1, 1, 1], seconds=4)
    layer = text(late, "Words", "Words")
    layer.in_point, layer.out_point = 0.4, 1.2
    chosen = colored(project, "Marked", [1, 1, 1], seconds=4)
    marker = chosen.marker_property
    from py_aep import MarkerValue

    marker.set_value_at_time(3.0, MarkerValue("snapshot"))
    result, _ = made(project, tmp_path)
    frames = {scene.key: scene.snapshot_frame for scene in result.scenes}
    assert 10 <= frames["late"] < 30
    assert frames["marked"] == 75


def test_footage_is_found_as_collected_and_what_is_missing_is_named_and_may_come_later(
    tmp_path: Path, pool: WorkerPool
) -> None:
    folder = collected_folder(tmp_path / "promo")
    result = template_apart(folder, tmp_path / "first")
    assert [(file.name, file.reason) for file in result.missing_footage] == [("lost.png", "missing")]
    assert result.scenes[0].engine == "thorvg"  # After Effects would not show it either
    template = load_template(tmp_path / "first")
    assert template.has_file("images/photo.png")
    assert {field.key for field in template.scenes[0].fields} == {"photo", "lost"}
    extra = tmp_path / "extra"
    picture(extra, "lost.png", (10, 200, 10))
    again = template_apart(folder, tmp_path / "second", extra=extra)
    assert not again.missing_footage
    assert shown(pool, load_template(tmp_path / "second"), "opening")[54, 96].tolist() in ([10, 200, 10], [10, 201, 10])


def test_a_picture_that_is_given_takes_the_place_of_footage_and_of_placeholders(
    tmp_path: Path, pool: WorkerPool
) -> None:
    project = new_project()
    place = add_comp(project, "Placeholder 1", size=(64, 36))
    place.add_solid([0.5, 0.5, 0.5], "Hint", 64, 36, 1.0)
    comp = colored(project, "Main", [1, 1, 1])
    comp.add(place)
    solid = comp.add_solid([0.5, 0.5, 0.5], "image: Corner", 20, 20, 1.0)
    solid.transform["ADBE Position"].value = [20, 20, 0]
    _, template = made(project, tmp_path)
    fields = {field.key for field in template.scenes[0].fields}
    assert fields == {"corner"}
    red = picture(tmp_path, "red.png", (255, 0, 0))
    designed = shown(pool, template, "main")
    assert np.abs(designed[20, 20] - 128).max() <= 2, designed[20, 20]
    changed = shown(pool, template, "main", values={"corner": "red"}, assets={"red": red})
    assert np.abs(changed[20, 20] - (255, 0, 0)).max() <= 4


def test_a_layer_that_is_switched_off_is_hidden_until_its_switch_is_on(tmp_path: Path, pool: WorkerPool) -> None:
    project = new_project()
    comp = colored(project, "Main", [1, 1, 1])
    comp.add_solid([1, 0, 0], "show: Badge", *SIZE, 1.0).enabled = False
    _, template = made(project, tmp_path)
    hidden = [layer.get("hd") for layer in template.lottie("main")["layers"] if layer["nm"] == "show: Badge"]
    assert hidden == [True]
    assert shown(pool, template, "main")[54, 96].tolist() == [255, 255, 255]
    assert shown(pool, template, "main", values={"badge": True})[54, 96].tolist() == [255, 0, 0]


def test_fonts_that_lie_with_the_project_come_along(tmp_path: Path) -> None:
    project = new_project()
    comp = colored(project, "Main", [1, 1, 1])
    text(comp, "A = B", "Formula").text["ADBE Text Document"].value.font = "NotoSansMath-Regular"
    text(comp, "Lost", "Lost").text["ADBE Text Document"].value.font = "NobodyHasThis-Bold"
    (tmp_path / "project").mkdir()
    shutil.copyfile(FONT, tmp_path / "project" / "math.ttf")
    result, template = made(project, tmp_path)
    assert [font.post_script_name for font in result.missing_fonts] == ["NobodyHasThis-Bold"]
    assert "Noto Sans Math" in template.fonts.families


def test_a_scene_that_needs_after_effects_keeps_its_project_with_the_places_of_its_fields(tmp_path: Path) -> None:
    project, _ = controlled_project()
    result, template = made(project, tmp_path)
    (scene,) = template.scenes
    assert (result.scenes[0].engine, scene.engine) == ("aerender", "aerender")
    source = template.manifest.source
    assert source is not None
    assert result.source == source.file
    copy = open_project(tmp_path / "template" / source.file)
    (composition,) = scene.compositions.values()
    assert composition.composition == "Main"
    fields = stored_fields(composition.fields, scene.fields, template.color_slots)
    assert {field.key for field in fields} >= {"brand", "width", "badge", "wobble", "layout"}
    places = {field.key: field.places[0] for field in fields}
    assert property_at(copy, places["wobble"]).value == 5
    assert property_at(copy, places["brand"]).value[:3] == [1, 0, 0]


def test_a_composition_that_is_not_there_is_an_error_that_names_those_that_are(tmp_path: Path) -> None:
    project = new_project()
    colored(project, "Main", [1, 1, 1])
    with pytest.raises(ProjectError, match="'Main'") as refused:
        made(project, tmp_path, compositions=("Nope",))
    assert refused.value.code == "composition_unknown"


@pytest.mark.skipif(not PROJECTS.is_dir(), reason="no projects at ../shared/corpus/aep")
@pytest.mark.parametrize(
    "name", sorted(path.name for path in PROJECTS.glob("*.aep")) if PROJECTS.is_dir() else ["none"]
)
def test_every_public_project_becomes_a_template_whose_scenes_resolve(name: str, tmp_path: Path) -> None:
    result = template_apart(PROJECTS / name, tmp_path / "template")
    template = load_template(tmp_path / "template")
    assert [scene.key for scene in result.scenes] == [scene.key for scene in template.scenes]
    for scene in template.scenes[:3]:
        assert resolve_scene(template, scene.key).frames == scene.duration_frames
