"""Colours, numbers, menus and switches: written, saved, opened again, drawn; nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from py_aep.models.properties.gradient import Gradient, GradientAlphaStop, GradientColorStop

from flatrender.aftereffects.personalise import PersonaliseError
from flatrender.engine.raster.pool import WorkerPool

from .features import filled, shape_group, square
from .making import add_comp, new_project
from .personalising import drawn, field, place, write

FILL = (
    "ADBE Root Vectors Group",
    "ADBE Vector Group",
    "ADBE Vectors Group",
    "ADBE Vector Graphic - Fill",
    "ADBE Vector Fill Color",
)
GREEN = "#00ff00"


def fill(comp: Any) -> tuple[Any, tuple[str, ...]]:
    filled(comp, size=30)
    return comp.layers[0], FILL


def stroke(comp: Any) -> tuple[Any, tuple[str, ...]]:
    contents = shape_group(comp)
    contents.add_property("ADBE Vector Shape - Rect")["ADBE Vector Rect Size"].value = [30, 30]
    line = contents.add_property("ADBE Vector Graphic - Stroke")
    line["ADBE Vector Stroke Width"].value = 10
    return comp.layers[0], (*FILL[:3], "ADBE Vector Graphic - Stroke", "ADBE Vector Stroke Color")


def keyed_fill(comp: Any) -> tuple[Any, tuple[str, ...]]:
    contents = filled(comp, size=30)
    color = contents[1]["ADBE Vector Fill Color"]
    color.set_value_at_time(0, [1, 0, 0, 1])
    color.set_value_at_time(0.4, [0, 0, 1, 1])
    return comp.layers[0], FILL


def expressed_fill(comp: Any) -> tuple[Any, tuple[str, ...]]:
    contents = filled(comp, size=30)
    contents[1]["ADBE Vector Fill Color"].expression = "[1, 0, 0, 1]"
    return comp.layers[0], FILL


@pytest.mark.parametrize("make", [fill, stroke, keyed_fill, expressed_fill], ids=lambda make: make.__name__)
def test_a_colour_is_written_and_drawn(
    make: Callable[[Any], tuple[Any, tuple[str, ...]]], tmp_path: Path, pool: WorkerPool
) -> None:
    project = new_project()
    layer, steps = make(add_comp(project))
    made = write(project, tmp_path, {"ink": GREEN}, field("ink", "color", place(layer, "color", *steps)))
    assert tuple(drawn(pool, made, tmp_path, frame=10)[32, 34]) == (0, 255, 0)
    assert len(made.differs) == (2 if make is expressed_fill else 1)
    assert ("expression_disabled" in made.codes) is (make is expressed_fill)


def gradient_fill(comp: Any) -> tuple[Any, tuple[str, ...]]:
    contents = shape_group(comp)
    contents.add_property("ADBE Vector Shape - Rect")["ADBE Vector Rect Size"].value = [60, 30]
    ramp = contents.add_property("ADBE Vector Graphic - G-Fill")
    ramp["ADBE Vector Grad Start Pt"].value, ramp["ADBE Vector Grad End Pt"].value = [-30, 0], [30, 0]
    colors = ramp["ADBE Vector Grad Colors"]
    colors.value = Gradient(
        [GradientColorStop(0.0, 0.5, (1, 0, 0)), GradientColorStop(1.0, 0.5, (0, 0, 1))],
        [GradientAlphaStop(0.0, 0.5, 1.0), GradientAlphaStop(1.0, 0.5, 1.0)],
    )
    return comp.layers[0], (*FILL[:3], "ADBE Vector Graphic - G-Fill", "ADBE Vector Grad Colors")


def test_one_stop_of_a_gradient_takes_a_colour_and_the_others_stay(tmp_path: Path, pool: WorkerPool) -> None:
    project = new_project()
    layer, steps = gradient_fill(add_comp(project))
    made = write(project, tmp_path, {"ink": GREEN}, field("ink", "color", place(layer, "color", *steps, component=1)))
    node = made.layer(layer.name)
    for step in steps:
        node = node[step]
    assert [tuple(stop.color) for stop in node.value.color_stops] == [(1, 0, 0), (0, 1, 0)]
    picture = drawn(pool, made, tmp_path)
    assert picture[32, 20][0] > 200
    assert picture[32, 75][1] > 200
    with pytest.raises(PersonaliseError, match="2 colours"):
        write(
            new := new_project(),
            tmp_path / "b",
            {"ink": GREEN},
            field("ink", "color", place(gradient_fill(add_comp(new))[0], "color", *steps, component=2)),
        )


def test_a_solid_that_only_the_field_shows_changes_its_colour(tmp_path: Path, pool: WorkerPool) -> None:
    project = new_project()
    layer = square(add_comp(project))
    made = write(project, tmp_path, {"ink": GREEN}, field("ink", "color", place(layer, "solid")))
    assert tuple(drawn(pool, made, tmp_path)[32, 48]) == (0, 255, 0)
    assert len(made.differs) == 1


def test_a_solid_that_others_show_too_keeps_its_colour_for_them(tmp_path: Path, pool: WorkerPool) -> None:
    project = new_project()
    comp = add_comp(project)
    layer = square(comp)
    other = comp.add(layer.source)
    other.transform["ADBE Position"].value = [20, 32, 0]
    made = write(project, tmp_path, {"ink": GREEN}, field("ink", "color", place(layer, "solid")))
    picture = drawn(pool, made, tmp_path)
    assert tuple(picture[32, 48]) == (0, 255, 0)
    assert tuple(picture[32, 20]) == (255, 0, 0)
    assert "source_shared" in made.codes
    both = write(
        project, tmp_path / "both", {"ink": GREEN}, field("ink", "color", place(layer, "solid"), place(other, "solid"))
    )
    assert tuple(drawn(pool, both, tmp_path / "both")[32, 20]) == (0, 255, 0)
    assert "source_shared" not in both.codes


CONTROLS = {
    "slider": ("ADBE Slider Control", "number", "number", None, 42.5, 42.5),
    "angle": ("ADBE Angle Control", "number", "number", None, 90, 90.0),
    "checkbox": ("ADBE Checkbox Control", "checkbox", "checkbox", None, True, 1.0),
    "point": ("ADBE Point Control", "number", "number", 1, 12.5, 12.5),
    "3D point": ("ADBE Point3D Control", "number", "number", 2, 7, 7.0),
    "colour": ("ADBE Color Control", "color", "color", None, "#336699", "#336699"),
}


@pytest.mark.parametrize("name", CONTROLS, ids=list(CONTROLS))
def test_a_control_takes_its_value(name: str, tmp_path: Path) -> None:
    effect, kind, takes, component, value, after = CONTROLS[name]
    project = new_project()
    layer = add_comp(project).add_null(1.0)
    control = layer.effects.add_property(effect)
    leaf = next(iter(control)).match_name
    written = field("knob", kind, place(layer, takes, "ADBE Effect Parade", effect, leaf, component=component))
    made = write(project, tmp_path, {"knob": value}, written)
    assert [change.after for change in made.report.changes] == [after]
    assert len(made.differs) == 1


def test_a_menu_takes_one_of_its_entries(tmp_path: Path) -> None:
    project = new_project()
    layer = add_comp(project).add_null(1.0)
    menu = layer.effects.add_property("ADBE Dropdown Control")
    leaf = next(iter(menu))
    leaf.property_parameters = ["Day", "Night", "Dawn"]
    steps = ("ADBE Effect Parade", menu.match_name, next(iter(menu)).match_name)
    options = [{"key": key, "label": {"en": key}} for key in ("day", "night", "dawn")]
    from flatrender.engine.template.model import Option

    choice = field(
        "mood",
        "dropdown",
        place(layer, "choice", *steps, values={"day": 1.0, "night": 2.0, "dawn": 3.0}),
        options=tuple(Option(**option) for option in options),
    )
    made = write(project, tmp_path, {"mood": "dawn"}, choice)
    assert [change.after for change in made.report.changes] == [3.0]
    with pytest.raises(PersonaliseError, match="dusk"):
        write(project, tmp_path / "wrong", {"mood": "dusk"}, choice)


def test_a_number_that_the_property_does_not_take_is_refused_with_key_and_place(tmp_path: Path) -> None:
    project = new_project()
    layer = square(add_comp(project))
    opacity = field("seen", "number", place(layer, "number", "ADBE Transform Group", "ADBE Opacity"))
    with pytest.raises(PersonaliseError) as refused:
        write(project, tmp_path, {"seen": 250}, opacity)
    assert (refused.value.code, refused.value.key) == ("value_invalid", "seen")
    assert "Opacity" in str(refused.value.where) or "ADBE Opacity" in str(refused.value.where)


def test_one_coordinate_of_a_position_is_written_also_when_its_dimensions_are_separated(
    tmp_path: Path, pool: WorkerPool
) -> None:
    for separated in (False, True):
        folder = tmp_path / str(separated)
        project = new_project()
        layer = square(add_comp(project))
        layer.transform["ADBE Position"].dimensions_separated = separated
        across = field("x", "number", place(layer, "number", "ADBE Transform Group", "ADBE Position", component=0))
        made = write(project, folder, {"x": 20}, across)
        picture = drawn(pool, made, folder)
        assert tuple(picture[32, 20]) == (255, 0, 0)
        assert tuple(picture[32, 48]) == (255, 255, 255)


def test_a_property_that_moves_keeps_its_motion_and_has_the_value_at_the_snapshot(tmp_path: Path) -> None:
    project = new_project()
    layer = square(add_comp(project))
    position = layer.transform["ADBE Position"]
    position.set_value_at_time(0, [10, 32, 0])
    position.set_value_at_time(0.4, [50, 32, 0])
    across = field("x", "number", place(layer, "number", "ADBE Transform Group", "ADBE Position", component=0))
    made = write(project, tmp_path, {"x": 60}, across, snapshot_s=0.4)
    keys = made.layer(layer.name).transform["ADBE Position"].keyframes
    assert [key.value[:2] for key in keys] == [[20, 32], [60, 32]]
    assert "motion_shifted" in made.codes


def test_sizes_and_opacities_that_move_are_scaled(tmp_path: Path) -> None:
    project = new_project()
    layer = square(add_comp(project))
    opacity = layer.transform["ADBE Opacity"]
    for at, value in ((0, 0), (0.4, 100), (0.8, 50)):
        opacity.set_value_at_time(at, value)
    seen = field("seen", "number", place(layer, "number", "ADBE Transform Group", "ADBE Opacity"))
    made = write(project, tmp_path, {"seen": 50}, seen, snapshot_s=0.4)
    assert [key.value for key in made.layer(layer.name).transform["ADBE Opacity"].keyframes] == [0, 50, 25]


@pytest.mark.parametrize(
    ("value", "invert", "shown"),
    [(False, False, False), (True, True, False), (False, True, True)],
    ids=["off", "on hides", "off shows"],
)
def test_a_layer_is_switched(value: bool, invert: bool, shown: bool, tmp_path: Path, pool: WorkerPool) -> None:
    project = new_project()
    layer = square(add_comp(project))
    layer.enabled = not shown
    made = write(project, tmp_path, {"seen": value}, field("seen", "checkbox", place(layer, "visible", invert=invert)))
    assert (tuple(drawn(pool, made, tmp_path)[32, 48]) == (255, 0, 0)) is shown
    assert len(made.differs) == 1


def test_a_choice_shows_one_of_several_layers(tmp_path: Path) -> None:
    from flatrender.engine.template.model import Option

    project = new_project()
    comp = add_comp(project)
    layers = {name: square(comp, name=name) for name in ("cat", "dog")}
    options = tuple(Option(key=name, label={"en": name}) for name in layers)
    places = [place(layer, "visible", values={name: 1.0}) for name, layer in layers.items()]
    made = write(project, tmp_path, {"pet": "dog"}, field("pet", "dropdown", *places, options=options))
    assert [made.layer(name).enabled for name in layers] == [False, True]


def test_what_nobody_changes_is_byte_for_byte_the_same(tmp_path: Path) -> None:
    project = new_project()
    square(add_comp(project))
    made = write(project, tmp_path, {}, field("ink", "color", place(add_comp(project, "Other").add_null(1.0), "solid")))
    assert made.path.read_bytes() == (tmp_path / "design" / "source.aep").read_bytes()
    assert made.report.changes == ()
