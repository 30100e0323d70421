"""Fields of a project: where they come from, what they say, and that their values reach the drawn scene."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flatrender.aftereffects.collected import Collected
from flatrender.aftereffects.errors import ProjectError
from flatrender.aftereffects.fields import SuggestedField, layer_at, property_at, suggest_fields
from flatrender.aftereffects.fields.conventions import comment_options, marked, scene_name
from flatrender.aftereffects.fields.keys import Keys, slug
from flatrender.aftereffects.fields.suggest import unoffered
from flatrender.aftereffects.project import open_project
from flatrender.aftereffects.template.make import make_template
from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

from .designed import SIZE, control, controlled_project, rectangle, saved, speak, text
from .drawing import PROJECTS
from .making import add_comp, new_project


def by_key(fields: tuple[SuggestedField, ...]) -> dict[str, SuggestedField]:
    assert len({field.key for field in fields}) == len(fields)
    return {field.key: field for field in fields}


@pytest.fixture(scope="module")
def controlled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Give the result and the folder of a template made of the controlled project."""
    folder = tmp_path_factory.mktemp("controlled")
    project, _ = controlled_project()
    path = saved(project, folder / "project")
    return make_template(Collected(path, path.parent, ()), folder / "template"), folder / "template"


def drawn(pool: WorkerPool, folder: Path, frame: int = 0, colors: Any = None, **values: Any) -> np.ndarray:
    template = load_template(folder)
    scene = resolve_scene(template, template.scenes[0].key, values=values, colors=colors or {}, locale="en")
    assert not scene.warnings
    pixels = pool.draw(scene, frame, width=SIZE[0], height=SIZE[1], background=(255, 255, 255))
    return np.frombuffer(pixels, np.uint8).reshape(SIZE[1], SIZE[0], 4)[..., 2::-1].astype(int)


def near(pixel: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool(np.abs(pixel - color).max() <= 6)


def test_persian_and_accented_names_become_latin_keys_that_stay_apart() -> None:
    assert [slug(name) for name in ("تیتر اصلی", "Größe Ä", "Photo 1.png", "標題")] == [
        "tytr_asly",
        "grosse_a",
        "photo_1_png",
        "",
    ]
    keys = Keys()
    assert [keys.take(name, "text") for name in ("Title", "title", "1st", "標題", "標題")][:3] == [
        "title",
        "title_2",
        "text_1st",
    ]
    assert Keys().take("標題", "text") == Keys().take("標題", "text") != Keys().take("正文", "text")


@pytest.mark.parametrize(
    ("name", "wanted", "label"),
    [
        ("$Headline", "any", "Headline"),
        ("text: Headline", "text", "Headline"),
        ("عکس: محصول", "image", "محصول"),
        ("_Guide", "none", "Guide"),
        ("Color:Accent", "color", "Accent"),
    ],
)
def test_a_name_of_the_convention_says_kind_and_label(name: str, wanted: str, label: str) -> None:
    told = marked(name, "max=40; fa = تیتر\nrequired")
    assert told is not None
    assert (told.wanted, told.label) == (wanted, label)
    assert told.options == {"max": "40", "fa": "تیتر", "required": "yes"}


@pytest.mark.parametrize("name", ["Headline", "$", "note: see mail", "", "12:30 Uhr"])
def test_other_names_are_no_marks(name: str) -> None:
    assert marked(name, "") is None
    assert comment_options("ask Sara about this") == {}


@pytest.mark.parametrize(
    ("name", "title", "size", "is_scene"),
    [
        ("scene: Intro 16x9", "Intro", "16x9", True),
        ("Intro_9x16", "Intro", "9x16", False),
        ("Intro [1080x1920]", "Intro", "1080x1920", False),
        ("صحنه: شروع (مربع)", "شروع", "1x1", True),
        ("Outro - Vertical", "Outro", "9x16", False),
        ("Part 1-2", "Part 1-2", "", False),
        ("Test_TrimPaths", "Test_TrimPaths", "", False),
        ("16x9", "16x9", "", False),
    ],
)
def test_a_composition_name_says_title_size_and_whether_it_is_a_scene(
    name: str, title: str, size: str, is_scene: bool
) -> None:
    told = scene_name(name)
    assert (told.title, told.size, told.is_scene) == (title, size, is_scene)


def test_essential_graphics_controllers_come_first_with_their_names_types_and_ranges(tmp_path: Path) -> None:
    project = new_project()
    comp = add_comp(project)
    title = text(comp, "Hello", "Layer 7")
    null = comp.add_null()
    speed = control(null, "Slider", "Slider Control", 25)
    assert title.text["ADBE Text Document"].add_to_motion_graphics_template_as(comp, "Title")
    assert speed.add_to_motion_graphics_template_as(comp, "Speed")
    assert title.transform["ADBE Opacity"].add_to_motion_graphics_template_as(comp, "Fade")
    opened = open_project(saved(project, tmp_path))
    fields = suggest_fields(opened, "Main")
    assert [(field.key, field.type, field.origin) for field in fields[:3]] == [
        ("title", "text", "essential_graphics"),
        ("speed", "slider", "essential_graphics"),
        ("fade", "slider", "essential_graphics"),
    ]
    assert fields[0].default == "Hello"
    assert fields[1].default == 25
    assert (fields[1].constraints.min, fields[1].constraints.max) == (0, 100)
    assert property_at(opened, fields[1].places[0]).value == 25
    assert [field.places[0] for field in fields].count(fields[0].places[0]) == 1  # the text layer is not offered again


def test_every_controller_that_becomes_no_field_is_named() -> None:
    project = new_project()
    comp = add_comp(project)
    layer = text(comp, "Hello", "Hello")
    layer.text["ADBE Text Document"].add_to_motion_graphics_template_as(comp, "Title")
    layer.remove()
    assert not [field for field in suggest_fields(project, comp) if field.origin == "essential_graphics"]
    (named,) = unoffered(comp)
    assert named.where == "Main › Essential Graphics › Title"
    assert named.verdict == "not_drawn"


def test_texts_of_nested_compositions_are_fields_and_numbers_or_changing_texts_are_not() -> None:
    project = new_project()
    inner = add_comp(project, "Card")
    text(inner, "Inner words", "Words")
    comp = add_comp(project)
    comp.add(inner)
    text(comp, "100 %", "Count")
    speak(text(comp, "x", "Spoken").text["ADBE Text Document"], "'a' + time")
    hidden = text(comp, "Hidden", "Hidden")
    hidden.enabled = False
    text(comp, "Two\rlines", "Lines")
    found = by_key(suggest_fields(project, comp))
    assert {key: field.type for key, field in found.items() if field.origin == "text"} == {
        "words": "text",
        "lines": "textarea",
    }
    assert found["words"].places[0].composition == "Card"
    assert found["lines"].default == "Two\nlines"


def test_marked_layers_are_fields_with_labels_limits_and_switches_and_the_rest_of_their_kind_is_fixed() -> None:
    project = new_project()
    comp = add_comp(project)
    comp.add_solid([1, 0, 0], "color: Ground", 96, 64, 1.0)
    headline = text(comp, "Sale", "$Headline")
    headline.comment = "fa=تیتر; en=Big headline; max=20; required; group=Texts"
    text(comp, "Fixed words", "Small print")
    badge = comp.add_solid([0, 0, 1], "show: Badge", 10, 10, 1.0)
    badge.enabled = False
    comp.add_solid([0, 0, 1], "text: Wrong", 10, 10, 1.0)
    found = by_key(suggest_fields(project, comp))
    assert set(found) == {"headline", "ground", "badge"}
    assert found["headline"].label == {"fa": "تیتر", "en": "Big headline"}
    assert found["headline"].constraints.max_length == 20
    assert found["headline"].is_required
    assert (found["ground"].type, found["ground"].default) == ("color", "#ff0000")
    assert (found["badge"].type, found["badge"].default) == ("checkbox", False)
    assert [finding.where for finding in unoffered(comp)] == ["Main › text: Wrong"]


def test_equal_colours_are_one_slot_and_at_most_six_are_offered() -> None:
    project = new_project()
    comp = add_comp(project)
    for number in range(9):
        rectangle(comp, f"Box {number}", [number / 10, 0, 0])
    rectangle(comp, "Twin", [0.5, 0, 0])
    slots = [field for field in suggest_fields(project, comp) if field.origin == "color"]
    assert len(slots) == 6
    assert all(field.slot for field in slots)
    assert slots[0].key == "color_800000"
    assert {place.layer for place in slots[0].places} == {"Box 5", "Twin"}


def test_the_same_project_gives_the_same_fields_after_it_was_saved_again(tmp_path: Path) -> None:
    project, comp = controlled_project()
    before = suggest_fields(project, comp)
    again = open_project(saved(project, tmp_path))
    assert suggest_fields(again, "Main") == before
    for field in before:
        for place in field.places:
            assert (property_at if place.property else layer_at)(again, place) is not None


def test_a_place_that_is_gone_is_an_error_with_its_path() -> None:
    project, comp = controlled_project()
    field = by_key(suggest_fields(project, comp))["width"]
    comp.layers[-2].remove()
    with pytest.raises(ProjectError) as refused:
        layer_at(project, field.places[0])
    assert refused.value.code == "place_unknown"
    assert refused.value.where == "Main › Controls › Effects › Width › Slider"


def test_controls_that_expressions_read_reach_the_drawn_scene(controlled: tuple[Any, Path], pool: WorkerPool) -> None:
    result, folder = controlled
    fields = by_key(result.scenes[0].fields)
    assert {key: field.type for key, field in fields.items() if field.origin == "control"} == {
        "brand": "color",
        "width": "number",
        "badge": "checkbox",
        "wobble": "number",
        "layout": "dropdown",
    }
    designed = drawn(pool, folder)
    assert near(designed[54, 96], (255, 0, 0))
    assert near(designed[20, 30], (0, 255, 0))
    wide = drawn(pool, folder, width=120)
    assert near(designed[54, 50], (255, 255, 255))
    assert near(wide[54, 50], (255, 0, 0))
    assert near(drawn(pool, folder, colors={"brand": "#00ff80"})[54, 96], (0, 255, 128))
    assert near(drawn(pool, folder, badge=False)[20, 30], (255, 255, 255))
    options = [option.key for option in fields["layout"].constraints.options]
    assert near(designed[90, 170], (255, 255, 255))
    assert near(drawn(pool, folder, layout=options[1])[90, 170], (255, 0, 255))


def test_a_control_that_makes_a_motion_is_named_and_needs_after_effects(controlled: tuple[Any, Path]) -> None:
    result, _ = controlled
    (scene,) = result.scenes
    wobble = by_key(scene.fields)["wobble"]
    assert wobble.unbound
    assert scene.engine == "aerender"
    named = [finding for finding in scene.findings if finding.feature == "field.control"]
    assert [finding.where for finding in named] == ["Main › Controls › Effects › Wobble › Slider"]


@pytest.mark.skipif(not PROJECTS.is_dir(), reason="no projects at ../shared/corpus/aep")
@pytest.mark.parametrize("name", ["Benchmark.aep", "LottieTests.aep", "Multiline.aep", "HamburgerArrow.aep"])
def test_every_composition_of_public_projects_has_fields_whose_places_are_found(name: str) -> None:
    project = open_project(PROJECTS / name)
    for comp in project.compositions:
        for field in by_key(suggest_fields(project, comp)).values():
            assert field.key.isascii()
            assert field.places
            for place in field.places:
                assert (property_at if place.property else layer_at)(project, place) is not None
