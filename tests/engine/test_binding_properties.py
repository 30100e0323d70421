"""Any property of a layer can be bound, still or moving; what moves keeps its motion."""

import json
from typing import Any

import numpy as np
import pytest

from flatrender.engine.errors import TemplateError
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import Template, load_template

from .conftest import Draw, ink
from .making import (
    EASE,
    encoded,
    field,
    fill,
    image_asset,
    layer,
    lottie,
    package,
    quarters,
    rectangle,
    solid,
    text_layer,
    zipped,
)
from .test_binding import bind, document, named, scene, template

OPTIONS = {"options": [{"key": "a", "label": {"fa": "الف", "en": "A"}}, {"key": "b", "label": {"fa": "ب", "en": "B"}}]}


def moving(*points: tuple[int, Any]) -> dict[str, Any]:
    return {
        "a": 1,
        "k": [{"t": at, "s": value if isinstance(value, list) else [value], **EASE} for at, value in points],
    }


def shapes(*, trimmed: bool = True) -> list[dict[str, Any]]:
    """One of each item with properties that can be bound; the snapshot frame of the scene is 30. A trimmed star is drawn as a path."""
    still = {"a": 0, "k": 10}
    items = [
        {"ty": "rc", "nm": "Rect", "p": {"a": 0, "k": [0, 0]}, "s": moving((0, [0, 0]), (30, [100, 50])), "r": still},
        {"ty": "el", "nm": "Oval", "p": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [20, 20]}},
        {"ty": "sr", "nm": "Star", "sy": 1, "pt": {"a": 0, "k": 5}, "ir": still, "or": still, "r": {"a": 0, "k": 0}, "p": {"a": 0, "k": [0, 0]}},
        {"ty": "st", "nm": "Line", "c": {"a": 0, "k": [0, 0, 0, 1]}, "o": {"a": 0, "k": 100}, "w": moving((0, 2), (30, 4))},
        {"ty": "gf", "nm": "Blend", "g": {"p": 2, "k": {"a": 0, "k": [0, 1, 0, 0, 1, 0, 1, 0]}}, "s": {"a": 0, "k": [0, 0]}, "e": {"a": 0, "k": [9, 0]}, "t": 1,
         "o": {"a": 0, "k": 100}},
        {"ty": "tm", "nm": "Trim", "s": {"a": 0, "k": 0}, "e": moving((0, 0), (30, 80)), "o": {"a": 0, "k": 0}},
        {"ty": "rd", "nm": "Round", "r": {"a": 0, "k": 0}},
        {"ty": "tr", "p": moving((0, [0, 0]), (60, [60, 0])), "a": {"a": 0, "k": [0, 0]}, "s": {"a": 0, "k": [100, 100]},
         "r": {"a": 0, "k": 0}, "o": {"a": 0, "k": 100}},
    ]  # fmt: skip
    items = [one for one in items if trimmed or one["ty"] != "tm"]
    return [{"ty": "gr", "nm": "Button", "it": items}, rectangle(9, 9, fill([0, 0, 0, 1]), name="Other")]


def item(animation: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in named(animation, "L")["shapes"][0]["it"] if one.get("nm", "tr") == name)
    return found


def bound(prop: str, value: Any, kind: str = "number", **more: Any) -> dict[str, Any]:
    drawn = shapes(trimmed=not prop.startswith("star."))
    source = template([layer(4, "L", shapes=drawn)], [field("f", kind, bind("L", prop, **more))])
    return scene(source, {"f": value})[1]


@pytest.mark.parametrize(
    ("prop", "name", "key", "value", "expected"),
    [
        ("rectangle.roundness", "Rect", "r", 25, 25),
        ("ellipse.size", "Oval", "s", None, None),
        ("ellipse.size.x", "Oval", "s", 44, [44, 20]),
        ("star.points", "Star", "pt", 7, 7),
        ("star.inner_radius", "Star", "ir", 3, 3),
        ("star.outer_radius", "Star", "or", 33, 33),
        ("star.rotation", "Star", "r", 45, 45),
        ("stroke.opacity", "Line", "o", 30, 30),
        ("fill.opacity", "Blend", "o", 30, 30),
        ("trim.start", "Trim", "s", 12, 12),
        ("trim.offset", "Trim", "o", 90, 90),
        ("round_corners.radius", "Round", "r", 6, 6),
        ("group.rotation", "tr", "r", 15, 15),
        ("group.opacity", "tr", "o", 15, 15),
        ("group.scale", "tr", "s", 50, [50, 50]),
        ("group.scale.y", "tr", "s", 50, [100, 50]),
    ],
)
def test_a_still_property_is_replaced(prop: str, name: str, key: str, value: Any, expected: Any) -> None:
    if value is None:  # a number cannot be a size of two
        with pytest.raises(TemplateError, match=r"cannot bind to 'ellipse\.size'"):
            bound(prop, 5)
        return
    assert item(bound(prop, value, shape="Button"), name)[key]["k"] == expected


@pytest.mark.parametrize(
    ("prop", "name", "key", "value", "mode", "expected"),
    [
        ("stroke.width", "Line", "w", 8, "auto", [[4], [8]]),
        ("stroke.width", "Line", "w", 8, "set", [[8], [8]]),
        ("stroke.width", "Line", "w", 8, "add", [[10], [12]]),
        ("stroke.width", "Line", "w", 50, "multiply", [[1], [2]]),
        ("trim.end", "Trim", "e", 50, "auto", [[-30], [50]]),
        ("rectangle.size.x", "Rect", "s", 200, "auto", [[0, 0], [200, 50]]),
        ("group.position.x", "tr", "p", 100, "auto", [[70, 0], [130, 0]]),
        ("group.position.y", "tr", "p", 100, "auto", [[0, 100], [60, 100]]),
    ],
)
def test_a_moving_property_keeps_its_motion_and_has_the_value_at_the_snapshot_frame(
    prop: str, name: str, key: str, value: float, mode: str, expected: Any
) -> None:
    found = item(bound(prop, value, shape="Button", mode=mode), name)[key]["k"]
    assert [keyframe["s"] for keyframe in found] == expected


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("shapes/Button/Line/w", 8, [[4], [8]]),
        ("shapes/0/it/3/w", 8, [[4], [8]]),
        ("shapes/Button/Trim/s", 8, 8),
        ("ks/p/1", 8, [3, 8]),
    ],
)
def test_a_path_leads_to_any_property_by_names_or_places(path: str, value: float, expected: Any) -> None:
    source = template(
        [layer(4, "L", 3, 4, shapes=shapes())], [field("f", "number", bind("L", "path", path=path, mode="auto"))]
    )
    animation = scene(source, {"f": value})[1]
    node: Any = named(animation, "L")
    steps: dict[str, list[Any]] = {"ks/p/1": ["ks", "p"], "shapes/Button/Trim/s": ["shapes", 0, "it", 5, "s"]}
    for step in steps.get(path, ["shapes", 0, "it", 3, "w"]):
        node = node[step]
    got = node["k"]
    grown = (
        [[8 - 2], [8]] if expected == [[4], [8]] else expected
    )  # by a path nothing says that it is a width: it is shifted
    assert ([k["s"] for k in got] if isinstance(got[0] if isinstance(got, list) else got, dict) else got) == grown


@pytest.mark.parametrize("path", ["shapes/Nothing/c", "nm", "ks/p/9", "shapes/99", "/", "ks/p/k/0/0"])
def test_a_path_that_leads_nowhere_is_a_warning_and_changes_nothing(path: str) -> None:
    layers = [layer(4, "L", 3, 4, shapes=shapes())]
    resolved, animation = scene(template(layers, [field("f", "number", bind("L", "path", path=path))]), {"f": 5})
    assert [w.code for w in resolved.warnings] == ["unknown_layer"]
    assert named(animation, "L")["shapes"] == named(scene(template(layers, []))[1], "L")["shapes"]


def test_positions_split_into_axes_take_their_part() -> None:
    place = {"s": True, "x": {"a": 0, "k": 10}, "y": moving((0, 0), (30, 20))}
    fields = [
        field("x", "number", bind("S", "position.x")),
        field("y", "number", bind("S", "position.y")),
        field("side", "dropdown", bind("T", "position", values={"b": [300, 7]}), constraints=OPTIONS),
    ]
    layers = [solid("S", "#000000", ks={"p": place}), solid("T", "#000000", ks={"p": json.loads(json.dumps(place))})]
    animation = scene(template(layers, fields), {"x": 50, "y": 60, "side": "b"})[1]
    one, two = (named(animation, name)["ks"]["p"] for name in "ST")
    assert (one["x"]["k"], [k["s"] for k in one["y"]["k"]]) == (50, [[40], [60]])
    assert (two["x"]["k"], [k["s"] for k in two["y"]["k"]]) == (300, [[-13], [7]])


def test_a_scaled_path_keeps_its_curves() -> None:
    curve = {"a": 1, "k": [{"t": 0, "s": [10, 10], "to": [4, 0], "ti": [-4, 2], **EASE}, {"t": 9, "s": [20, 10]}]}
    source = template(
        [solid("S", "#000000", ks={"p": curve})], [field("f", "number", bind("S", "position", mode="multiply"))]
        if False else [field("f", "number", bind("S", "path", path="ks/p", mode="multiply"))],
    )  # fmt: skip
    found = named(scene(source, {"f": 200})[1], "S")["ks"]["p"]["k"]
    assert (found[0]["s"], found[0]["to"], found[0]["ti"], found[1]["s"]) == ([20, 20], [8, 0], [-8, 4], [40, 20])


def test_effect_controls_are_found_by_effect_and_control() -> None:
    controls = [
        {"ty": 0, "nm": "Slider", "v": {"a": 0, "k": 1}},
        {"ty": 2, "nm": "Color", "v": {"a": 0, "k": [0, 0, 0, 1]}},
    ]
    layers = [layer(3, "Controls", ef=[{"ty": 5, "nm": "Amount", "ef": controls}])]
    fields = [
        field("n", "slider", bind("Controls", "effect", effect="Amount", control="Slider")),
        field("c", "color", bind("Controls", "effect", effect="Amount", control="Color")),
    ]
    found = named(scene(template(layers, fields), {"n": 7, "c": "#ff0000"})[1], "Controls")["ef"][0]["ef"]
    assert [one["v"]["k"] for one in found] == [7, [1, 0, 0, 1]]


def test_text_documents_take_size_with_leading_tracking_and_colours() -> None:
    fields = [
        field("size", "slider", bind("T", "text.size")),
        field("tracking", "slider", bind("T", "text.tracking")),
        field("ink", "color", bind("T", "text.color")),
    ]
    found = document(
        scene(template([text_layer("T", "abc")], fields), {"size": 30, "tracking": 100, "ink": "#00ff00"})[1], "T"
    )
    assert (found["s"], found["fc"]) == (30, [0, 1, 0])
    assert found["lh"] == pytest.approx(45, abs=5)


def test_a_start_moves_the_layer_with_its_keyframes() -> None:
    layers = [solid("S", "#000000", ks={"o": moving((0, 0), (10, 100))})]
    found = named(scene(template(layers, [field("f", "number", bind("S", "start"))]), {"f": 15})[1], "S")
    assert (found["ip"], found["op"], found["st"]) == (15, 75, 15)
    assert [k["t"] for k in found["ks"]["o"]["k"]] == [15, 25]


def test_a_range_is_brought_to_another_and_kept_within_it() -> None:
    binding = bind("S", "rotation", input=[0, 10], output=[-90, 90])
    source = template([solid("S", "#000000")], [field("f", "slider", binding)])
    angles = [named(scene(source, {"f": value})[1], "S")["ks"]["r"]["k"] for value in (0, 5, 10, 50)]
    assert angles == [-90, 0, 90, 90]


def test_a_choice_stands_for_colours_texts_numbers_and_pictures() -> None:
    layers = [solid("S", "#000000"), text_layer("T", "x"), layer(2, "P", refId="img")]
    bindings = [
        *bind("S", "color", values={"a": "#ff0000", "b": "#00ff00"}),
        *bind("S", "rotation", values={"b": 40}),
        *bind("T", "text", values={"a": {"fa": "یک", "en": "one"}, "b": "دو"}),
        *bind("P", "image", values={"b": "images/b.png"}),
    ]
    source = template(
        layers,
        [field("f", "dropdown", bindings, constraints=OPTIONS)],
        animation={"assets": [image_asset("img", "a.png", 40, 40)]},
        files={"images/a.png": quarters(8, 8), "images/b.png": quarters(16, 16)},
    )
    plain = template(
        layers,
        [field("t", "text", bind("T", "text"))],
        animation={"assets": [image_asset("img", "a.png", 40, 40)]},
        files={"images/a.png": quarters(8, 8)},
    )
    one, two = scene(source, {"f": "a"})[1], scene(source, {"f": "b"})[1]
    assert (named(one, "S")["sc"], named(two, "S")["sc"]) == ("#ff0000", "#00ff00")
    assert "r" not in named(one, "S")["ks"]
    assert named(two, "S")["ks"]["r"]["k"] == 40
    assert document(one, "T") == document(scene(plain, {"t": "یک"})[1], "T")
    assert one["assets"][0]["p"] != two["assets"][0]["p"]


def test_a_switch_shows_the_layers_of_its_option_and_hides_the_others() -> None:
    binding = [{"property": "switch", "values": {"a": "One", "b": ["Two", "Both"]}}]
    source = template(
        [solid("One", "#000000"), solid("Two", "#000000"), solid("Both", "#000000"), solid("Free", "#000000")],
        [field("f", "dropdown", binding, constraints=OPTIONS)],
    )
    hidden = {key: [one["nm"] for one in scene(source, {"f": key})[1]["layers"] if one.get("hd")] for key in ("a", "b")}
    assert hidden == {"a": ["Two", "Both"], "b": ["One"]}


def test_a_choice_exchanges_the_composition_that_a_layer_shows(draw: Draw) -> None:
    comps = [{"id": key, "layers": [solid("Inner", color)]} for key, color in (("red", "#ff0000"), ("blue", "#0000ff"))]
    source = template(
        [layer(0, "P", refId="red", w=600, h=340)],
        [field("f", "dropdown", bind("P", "composition", values={"a": "red", "b": "blue"}), constraints=OPTIONS)],
        animation={"assets": comps},
    )
    colors = [tuple(draw(scene(source, {"f": key})[0])[170, 300]) for key in ("a", "b")]
    assert colors == [(255, 0, 0), (0, 0, 255)]


def test_a_composition_that_would_contain_itself_is_refused() -> None:
    comps = [
        {"id": "outer", "layers": [layer(0, "P", refId="leaf", w=9, h=9)]},
        {"id": "leaf", "layers": [solid("S", "#000000")]},
    ]
    source = template(
        [layer(0, "Top", refId="outer", w=600, h=340)],
        [field("f", "dropdown", bind("P", "composition", values={"a": "outer"}), constraints=OPTIONS)],
        animation={"assets": comps},
    )
    with pytest.raises(TemplateError, match="contains itself"):
        scene(source, {"f": "a"})


def test_several_toggles_of_a_layer_must_all_want_it_shown() -> None:
    fields = [
        field("one", "checkbox", bind("S", "visible", layers=["T"]), default=True),
        field("two", "checkbox", bind("S", "visible", invert=True), default=False),
    ]
    source = template([solid("S", "#000000"), solid("T", "#000000")], fields)

    def hidden(**values: bool) -> list[bool]:
        return [bool(named(scene(source, values)[1], name).get("hd")) for name in "ST"]

    assert hidden() == [False, False]
    assert hidden(one=False) == [True, True]
    assert hidden(two=True) == [True, False]


def test_a_layer_is_hidden_while_its_text_or_picture_is_empty() -> None:
    fields = [
        field("line", "text", [*bind("T", "text"), *bind("Rule", "visible")], default="x"),
        field("photo", "image", bind("Frame", "visible")),
    ]
    source = template([text_layer("T", "x"), solid("Rule", "#000000"), solid("Frame", "#000000")], fields)
    for text, shown in (("words", True), ("  ", False), ("", False)):
        animation = scene(source, {"line": text})[1]
        assert bool(named(animation, "Rule").get("hd")) != shown
        assert named(animation, "Frame")["hd"] is True


def test_a_field_is_used_only_while_its_condition_holds() -> None:
    fields = [
        field("look", "dropdown", [], default="a", constraints=OPTIONS),
        field("ink", "color", bind("S", "color"), default="#ff0000", visible_when=[{"field": "look", "is": "b"}]),
        field("dim", "checkbox", bind("S", "rotation", values={"true": 20}, only_when=[{"field": "look", "is": ["b"], "not": True}]), default=True),
    ]  # fmt: skip
    source = template([solid("S", "#000000")], fields)
    one, two = (named(scene(source, {"look": key})[1], "S") for key in "ab")
    assert (one["sc"], one["ks"]["r"]["k"]) == ("#000000", 20)
    assert (two["sc"], "r" in two["ks"]) == ("#ff0000", False)


def test_words_stand_around_a_number_and_other_fields_values() -> None:
    fields = [
        field("price", "number", bind("T", "text", format={"fa": "{value} {unit}", "en": "{unit}{value}"}), default=1234567, constraints={"grouping": True}),
        field("unit", "text", [], default={"fa": "تومان", "en": "$"}),
    ]  # fmt: skip
    source = template([text_layer("T", "x")], fields)
    written = template([text_layer("T", "x")], [field("t", "text", bind("T", "text"))])
    for locale, text in (("fa", "۱٬۲۳۴٬۵۶۷ تومان"), ("en", "$1,234,567")):
        assert scene(source, locale=locale)[0].sha256 == scene(written, {"t": text}, locale=locale)[0].sha256


def test_a_number_counts_to_its_value_in_one_size(draw: Draw) -> None:
    count = {"from": 0, "start": 10, "end": 40, "ease": "linear"}
    fields = [
        field(
            "n",
            "number",
            bind("T", "text", count=count, max_width=300),
            default=9_000_000,
            constraints={"grouping": True},
        )
    ]
    resolved, animation = scene(template([text_layer("T", "x", 20, 200, s=120)], fields))
    frames = named(animation, "T")["t"]["d"]["k"]
    assert frames[0]["t"] == 0
    assert [k["t"] for k in frames[1:]] == list(range(11, 41))
    assert len({k["s"]["s"] for k in frames}) == 1
    assert frames[-1]["s"]["s"] < 120
    left, _, right, _ = ink(draw(resolved, 50))
    assert 200 < right - left <= 300
    assert np.array_equal(draw(resolved, 50), draw(resolved, 40))
    assert np.abs(draw(resolved, 12) - draw(resolved, 50)).max() > 100
    assert [w.code for w in resolved.warnings] == ["text_shrunk"]


@pytest.mark.parametrize(
    ("locale", "style", "calendar", "text"),
    [
        ("fa", "long", "auto", "۱ فروردین ۱۴۰۵"),
        ("fa", "short", "auto", "۱۴۰۵/۰۱/۰۱"),
        ("fa", "full", "auto", "شنبه ۱ فروردین ۱۴۰۵"),
        ("fa", "long", "gregorian", "۲۱ مارس ۲۰۲۶"),
        ("en", "long", "auto", "21 March 2026"),
        ("en", "full", "jalali", "Saturday, 1 Farvardin 1405"),
        ("en", "month", "auto", "March 2026"),
        ("ar", "long", "auto", "٢١ مارس ٢٠٢٦"),
        ("de", "short", "auto", "2026-03-21"),
    ],
)
def test_a_date_is_written_in_the_calendar_of_its_language(locale: str, style: str, calendar: str, text: str) -> None:
    dated = template(
        [text_layer("T", "x")],
        [field("f", "date", bind("T", "text"), constraints={"date_style": style, "calendar": calendar})],
    )
    written = template([text_layer("T", "x")], [field("f", "text", bind("T", "text"))])
    assert (
        scene(dated, {"f": "2026-03-21"}, locale=locale)[0].sha256
        == scene(written, {"f": text}, locale=locale)[0].sha256
    )


def test_properties_of_a_slot_take_a_number_wherever_they_are() -> None:
    inner = {"id": "comp", "layers": [solid("B", "#000000", ks={"o": {"a": 0, "k": 100, "sid": "fade"}})]}
    source = template(
        [solid("A", "#000000", ks={"o": {"a": 0, "k": 100, "sid": "fade"}}), layer(0, "P", refId="comp", w=9, h=9)],
        [field("f", "slider", [{"property": "sid", "slot": "fade"}])],
        animation={"assets": [inner]},
    )
    animation = scene(source, {"f": 30})[1]
    assert [named(animation, name)["ks"]["o"]["k"] for name in "AB"] == [30, 30]


def test_a_picture_is_tinted_with_a_slots_colour_and_a_fields(draw: Draw) -> None:
    assets = [image_asset("img", "a.png", 600, 340)]
    files = {"images/a.png": quarters(60, 34)}
    slots = [{"key": "primary", "label": {"en": "P"}, "default": "#00ff00"}]
    source = template(
        [layer(2, "P", refId="img", tint_sid="primary")],
        [field("c", "color", bind("P", "tint"))],
        animation={"assets": assets}, files=files, color_slots=slots,
    )  # fmt: skip
    yellow = draw(scene(source)[0])[300, 500]
    assert yellow[1] > 150
    assert max(yellow[0], yellow[2]) < 20
    chosen = draw(scene(source, {"c": "#ff0000"})[0])[300, 500]
    assert chosen[0] > 150
    assert max(chosen[1], chosen[2]) < 20


@pytest.mark.parametrize(
    ("kind", "binding", "match"),
    [
        ("text", {"layer": "L", "property": "opacity"}, "cannot bind"),
        ("checkbox", {"layer": "L", "property": "opacity"}, "needs `values`"),
        ("dropdown", {"layer": "L", "property": "color", "values": {"z": "#ffffff"}}, "names 'z'"),
        ("dropdown", {"layer": "L", "property": "color", "values": {"a": "red"}}, "is nothing for"),
        ("dropdown", {"layer": "L", "property": "visible", "when": ["a", "z"]}, "is no option"),
        ("number", {"layer": "L", "property": "path"}, "needs the `path`"),
        ("number", {"layer": "L", "property": "effect"}, "needs the `effect`"),
        ("number", {"layer": "L", "property": "text", "format": "{other}"}, "no field here"),
        ("number", {"layer": "L", "property": "rotation", "count": {"start": 0, "end": 9}}, "can count"),
        ("number", {"layer": "L", "property": "text", "count": {"start": 9, "end": 9}}, "counts from frame"),
        ("number", {"layer": "L", "property": "rotation", "input": [0, 0], "output": [0, 1]}, "has a length"),
        ("color", {"property": "slot", "slot": "none"}, "no color slot"),
        ("color", {"property": "color"}, "names no layer"),
        ("color", {"layer": "L", "property": "gradient.color"}, "needs the `stop`"),
        ("color", {"layer": "L", "property": "color", "only_when": [{"field": "gone"}]}, "no other field"),
        ("text", {"layer": "L", "property": "text", "values": {"true": "x"}}, "`values` belong"),
        ("number", {"layer": "L", "property": "nothing"}, "Invalid enum value"),
    ],
)
def test_a_binding_that_cannot_work_is_refused_with_the_template(
    kind: str, binding: dict[str, Any], match: str
) -> None:
    constraints = OPTIONS if kind == "dropdown" else {}
    with pytest.raises(TemplateError, match=match) as refused:
        template([solid("L", "#000000")], [field("f", kind, [binding], constraints=constraints)])
    assert refused.value.code == "manifest_invalid"


def test_what_no_binding_names_stays_as_it_was() -> None:
    odd = solid("S", "#000000", custom={"unknown": [1, {"k": "v"}]}, ks={"p": {"a": 0, "k": [1, 2], "extra": True}})
    animation = lottie([odd, solid("T", "#000000")], meta={"g": "tool"}, unknown=[1])
    source: Template = load_template(zipped(package(animation, [field("f", "slider", bind("T", "opacity"))])))
    resolved: ResolvedScene = resolve_scene(source, "one", values={"f": 5})
    after = json.loads(resolved.lottie)
    assert after["layers"][0] == json.loads(encoded(odd))
    assert (after["meta"], after["unknown"]) == ({"g": "tool"}, [1])
