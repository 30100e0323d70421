"""Expressions: what they give is drawn; what cannot be evaluated is named."""

from __future__ import annotations

from typing import Any

import pytest
from py_aep.models.properties.marker import MarkerValue
from py_aep.models.properties.shape import Shape

from flatrender.aftereffects.convert import convert_composition
from flatrender.aftereffects.expressions.operators import with_array_operators
from flatrender.aftereffects.project import composition, open_project

from .drawing import PROJECTS
from .making import add_comp, new_project


def layers(code: str, match_name: str = "ADBE Opacity", keys: tuple[tuple[float, Any], ...] = ()) -> Any:
    """Return the composition of a solid whose property has an expression, below a null, Guide, at 10, 20 with a slider of 7."""
    comp = add_comp(new_project(), seconds=2)
    square = comp.add_solid([1, 0, 0], "Square", 20, 20, 1.0)
    prop = square.transform[match_name]
    for seconds, value in keys:
        prop.set_value_at_time(seconds, value)
    prop.expression = code
    null = comp.add_null(2.0)
    null.name = "Guide"
    null.transform["ADBE Position"].value = [10, 20, 0]
    null.effects.add_property("ADBE Slider Control")["ADBE Slider Control-0001"].value = 7
    return comp


def made(comp: Any, key: str = "o") -> tuple[Any, list[Any]]:
    conversion = convert_composition(comp)
    (square,) = [layer for layer in conversion.lottie["layers"] if layer["nm"] == "Square"]
    return square["ks"][key], [finding for finding in conversion.findings if finding.feature.startswith("expression")]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("42", 42),
        ("value / 2", 50),
        ("linear(5, 0, 10, 0, 100)", 50),
        ("ease(5, 0, 10, 0, 100)", 50),
        ("clamp(120, 0, 80)", 80),
        ("index * 10 + thisComp.numLayers", 22),
        ('thisComp.layer("Guide").transform.position[1]', 20),
        ('thisComp.layer("Guide").effect("Slider Control")("Slider")', 7),
        ('thisComp.layer(1).effect("Slider Control")(1) * 3', 21),
        ('var s = thisComp.layer("Guide").effect(1)("Slider");\rif (s > 5) { 30 } else { 60 }', 30),
        ("add([10, 1], [20, 2])[0]", 30),
        ("Math.round(Math.PI)", 3),
        ("length([3, 4])", 5),
        ("thisLayer.width + thisComp.height", 84),
        ("try { noSuchThing; } catch (e) { 12; }", 12),
        ("rgbToHsl([1, 0, 0, 1])[2] * 100", 50),
    ],
)
def test_an_expression_that_does_not_move_becomes_a_value(code: str, value: float) -> None:
    prop, findings = made(layers(code))
    assert prop == {"a": 0, "k": value}
    assert [finding.verdict for finding in findings] == ["exact"]


@pytest.mark.parametrize(
    ("code", "frame", "value"),
    [
        ("time * 10", 25, 10),
        ("loopOut()", 30, 50),
        ('loopOut("pingpong")', 35, 25),
        ('loopOut("offset")', 30, 150),
        ('loopOut("continue")', 30, 150),
        ("valueAtTime(time - 0.2)", 10, 25),
        ("posterizeTime(5); time * 100", 10, 40),
        ("linear(time, 0, 1, 0, 80)", 25, 80),
        ("easeIn(time, 0, 1, 0, 80)", 49, 80),
    ],
)
def test_an_expression_that_moves_is_drawn_frame_by_frame(code: str, frame: int, value: float) -> None:
    prop, findings = made(layers(code, keys=((0, 0), (0.8, 100))))
    assert prop["a"] == 1
    times = [key["t"] for key in prop["k"]]
    assert times == sorted(times)
    (shown,) = [key["s"][0] for key in prop["k"] if key["t"] == frame]
    assert shown == pytest.approx(value, abs=0.1)
    assert [finding.verdict for finding in findings] == ["exact"]


def test_a_wiggle_stays_within_its_amount_and_is_the_same_in_every_render() -> None:
    prop, findings = made(layers("wiggle(3, 8)", "ADBE Position"), "p")
    points = [key["s"] for key in prop["k"]]
    assert len(points) == 50
    assert all(abs(x - 48) <= 8 and abs(y - 32) <= 8 for x, y in points)
    assert len({tuple(point) for point in points}) > 40
    assert [finding.feature for finding in findings] == ["expression.chance"]
    again, _ = made(layers("wiggle(3, 8)", "ADBE Position"), "p")
    assert again == prop


@pytest.mark.parametrize(
    "code",
    ["noSuchThing + 1", "sampleImage([1, 1])[0]", "syntax error (", "while (true) {}", "[1, 2] + 'x'"],
)
def test_an_expression_that_cannot_be_evaluated_is_named_and_its_value_is_drawn(code: str) -> None:
    prop, findings = made(layers(code))
    assert prop == {"a": 0, "k": 100}
    assert [finding.verdict for finding in findings] == ["not_drawn"]


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("value + '!'", {0: "Hello!"}),
        ("thisComp.layer('Hello').text.sourceText.length + ' letters'", {0: "5 letters"}),
        ("Math.floor(time) + ' s'", {0: "0 s", 25: "1 s"}),
    ],
    ids=["value", "length", "clock"],
)
def test_a_text_that_an_expression_writes_is_drawn(code: str, texts: dict[int, str]) -> None:
    comp = add_comp(new_project(), seconds=2)
    layer = comp.add_text("Hello")
    layer.name = "Hello"
    layer.text["ADBE Text Document"].expression = code
    conversion = convert_composition(comp)
    (made_layer,) = conversion.lottie["layers"]
    assert {key["t"]: key["s"]["t"] for key in made_layer["t"]["d"]["k"]} == texts


def test_a_composition_too_long_to_evaluate_is_named_and_keeps_its_keys() -> None:
    comp = add_comp(new_project(), seconds=1000)
    layer = comp.add_solid([1, 0, 0], "Square", 20, 20, 1.0)
    opacity = layer.transform["ADBE Opacity"]
    opacity.set_value_at_time(0, 0)
    opacity.set_value_at_time(1, 100)
    opacity.expression = "value / 2"
    prop, findings = made(comp)
    assert prop["k"][-1]["s"] == [100]
    assert [finding.verdict for finding in findings] == ["not_drawn"]


def test_expressions_that_refer_to_each_other_end() -> None:
    comp = layers('thisComp.layer("Guide").transform.opacity')
    (null,) = [layer for layer in comp.layers if layer.name == "Guide"]
    null.transform["ADBE Opacity"].expression = 'thisComp.layer("Square").transform.opacity'
    _, findings = made(comp)
    assert {finding.verdict for finding in findings} == {"not_drawn"}


@pytest.mark.skipif(not PROJECTS.is_dir(), reason="the public projects are not on this machine")
def test_the_colours_of_a_public_project_follow_their_controls() -> None:
    comp = composition(open_project(PROJECTS / "LottieTests.aep"), "Ray - BrandColors ")
    findings = [f for f in convert_composition(comp).findings if f.feature == "expression"]
    assert len(findings) == 200
    assert {finding.verdict for finding in findings} == {"exact"}


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("([value, 20] + [10, 20])[1]", 40),
        ("([1, 2] + [30, 4])[0] + 9", 40),
        ("var a = [10, 20]; a *= 2; a[1]", 40),
        ("length([3, 4] - [0, 0]) * 8", 40),
        ("-[1, -40][1]", 40),
        ("var n = 0; for (var i = 0; i < 4; i += 1) { n += 10 }; n", 40),
        ('"4" + "0"', 40),
        ('comp("Other").layer("Far").transform.opacity + 1', 41),
        ('comp("Other").layer(1).transform.position[0]', 48),
        ("thisComp.marker.numKeys * 20", 40),
        ("thisComp.marker.key(2).time * 25", 25),
        ('thisComp.marker.key("here").time * 100', 50),
        ("thisComp.marker.nearestKey(0.9).index * 20", 40),
        ("thisLayer.sourceRectAtTime(0, false).width * 2", 40),
        ("toComp([10, 10])[0]", 48),
        ("fromComp([48, 32])[1] * 4", 40),
    ],
)
def test_more_of_the_language_is_spoken(code: str, value: float) -> None:
    project = new_project()
    comp = add_comp(project, seconds=2)
    other = add_comp(project, "Other")
    far = other.add_solid([0, 0, 1], "Far", 20, 20, 1.0)
    far.transform["ADBE Opacity"].value = 40
    for seconds, comment in ((0.5, "here"), (1.0, "there")):
        comp.marker_property.set_value_at_time(seconds, MarkerValue(comment))
    square = comp.add_solid([1, 0, 0], "Square", 20, 20, 1.0)
    square.transform["ADBE Opacity"].expression = code
    prop, findings = made(comp)
    assert [finding.verdict for finding in findings] == ["exact"]
    assert prop == {"a": 0, "k": value}


def test_a_path_that_an_expression_makes_is_drawn() -> None:
    comp = add_comp(new_project(), seconds=1)
    layer = comp.add_shape()
    contents = layer["ADBE Root Vectors Group"].add_property("ADBE Vector Group")["ADBE Vectors Group"]
    path = contents.add_property("ADBE Vector Shape - Group")["ADBE Vector Shape"]
    path.value = Shape(vertices=[[0, 0], [10, 0], [10, 10]], closed=True)
    path.expression = "createPath(points().map(p => p + [time * 10, 0]), inTangents(), outTangents(), isClosed())"
    conversion = convert_composition(comp)
    assert {f.verdict for f in conversion.findings if f.feature.startswith("expression")} == {"exact"}
    outline = conversion.lottie["layers"][0]["shapes"][0]["it"][0]["ks"]
    assert outline["k"][0]["s"][0]["v"] == [[0, 0], [10, 0], [10, 10]]
    assert outline["k"][5]["s"][0]["v"] == [[2, 0], [12, 0], [12, 10]]


def test_a_keyed_text_with_an_expression_keeps_the_style_of_its_keys() -> None:
    comp = add_comp(new_project(), seconds=2)
    layer = comp.add_text("One")
    source = layer.text["ADBE Text Document"]
    source.set_value_at_time(0, "One")
    source.set_value_at_time(1, "Two")
    source.expression = "value + '!'"
    conversion = convert_composition(comp)
    texts = {key["t"]: key["s"]["t"] for key in conversion.lottie["layers"][0]["t"]["d"]["k"]}
    assert texts == {0: "One!", 25: "Two!"}


@pytest.mark.parametrize("code", ["a + ", "if (x {", "/" * 50_000, "(" * 5000 + "1 + 1" + ")" * 5000, "'\ud800' + 1"])
def test_a_source_that_cannot_be_rewritten_is_taken_as_it_is(code: str) -> None:
    assert isinstance(with_array_operators(code), str)
