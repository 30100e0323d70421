"""Values reach the layers they are bound to, and values that do not fit are refused."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flatrender.engine.errors import ValueRefused
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import Template, load_template

from .making import (
    EASE,
    encoded,
    field,
    fill,
    image_asset,
    layer,
    lottie,
    package,
    picture,
    quarters,
    rectangle,
    solid,
    text_layer,
    zipped,
)

RED = [1, 0, 0, 1]


def bind(name: str, prop: str, **more: Any) -> list[dict[str, Any]]:
    return [{"layer": name, "property": prop, **more}]


def template(
    layers: list[dict[str, Any]], fields: list[dict[str, Any]], *, files: Any = None, animation: Any = None, **more: Any
) -> Template:
    return load_template(zipped(package(lottie(layers, **(animation or {})), fields, files, **more)))


def scene(
    source: Template, values: dict[str, Any] | None = None, **options: Any
) -> tuple[ResolvedScene, dict[str, Any]]:
    resolved = resolve_scene(source, "one", values=values, **options)
    return resolved, json.loads(resolved.lottie)


def named(animation: dict[str, Any], name: str) -> dict[str, Any]:
    layers = [*animation["layers"], *(one for asset in animation["assets"] for one in asset.get("layers", []))]
    return next(one for one in layers if one["nm"] == name)


def document(animation: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = named(animation, name)["t"]["d"]["k"][0]["s"]
    return found


HEADLINE = field(
    "headline", "text", bind("T", "text"), default={"fa": "فروش", "en": "Sale"}, constraints={"max_length": 20}
)


def test_a_text_is_embedded_as_glyphs_and_names_no_other_font() -> None:
    _, animation = scene(template([text_layer("T", "old")], [HEADLINE]), {"headline": "فروش"})
    text, font = document(animation, "T")["t"], document(animation, "T")["f"]
    assert [0xE000 <= ord(c) <= 0xF8FF for c in text] == [True]  # joined letters have one outline
    assert [f["fName"] for f in animation["fonts"]["list"]] == [font]
    chars = {c["ch"]: c for c in animation["chars"]}
    assert all(chars[c]["w"] > 0 and chars[c]["data"]["shapes"] for c in text)
    assert all({c["fFamily"], c["style"]} == {font, "Regular"} for c in animation["chars"])


def test_a_missing_value_takes_the_default_of_the_locale() -> None:
    source = template([text_layer("T", "old")], [HEADLINE])
    by_locale = {locale: scene(source, locale=locale)[0].sha256 for locale in ("fa", "en", "de")}
    assert by_locale["fa"] == scene(source, {"headline": "فروش"})[0].sha256 == by_locale["de"]
    assert by_locale["en"] == scene(source, {"headline": "Sale"}, locale="en")[0].sha256 != by_locale["fa"]


def test_every_layer_of_the_name_is_bound_in_precompositions_too() -> None:
    inner = {"id": "comp", "layers": [text_layer("T", "b")]}
    source = template(
        [text_layer("T", "a"), layer(0, "P", refId="comp", w=600, h=340)], [HEADLINE], animation={"assets": [inner]}
    )
    _, animation = scene(source, {"headline": "سلام"})
    assert document(animation, "T")["t"] == animation["assets"][0]["layers"][0]["t"]["d"]["k"][0]["s"]["t"]


def test_a_binding_without_its_layer_is_a_warning_and_a_template_wide_one_is_not() -> None:
    shared = [field("other", "text", bind("Nowhere", "text"), default="x")]
    files = package(lottie([solid("S", "#000000")]), [HEADLINE])
    files["template.json"] = encoded({**json.loads(files["template.json"]), "fields": shared})
    source = load_template(zipped(files))
    resolved, _ = scene(source)
    assert [(w.code, w.field) for w in resolved.warnings] == [("unknown_layer", "headline")]


def test_a_color_reaches_fills_strokes_solids_and_text_of_its_layer_only() -> None:
    stroke = {
        "ty": "st",
        "c": {"a": 1, "k": [{"t": 0, "s": [0, 0, 0, 0.5], **EASE}, {"t": 9, "s": [1, 1, 1, 1]}]},
        "o": {"a": 0, "k": 100},
        "w": {"a": 0, "k": 3},
    }
    layers = [
        layer(4, "Shape", shapes=[rectangle(9, 9, fill([0, 0, 0, 1]), stroke)]),
        layer(4, "Other", shapes=[rectangle(9, 9, fill([0, 0, 0, 1]))]),
        solid("Solid", "#000000"),
        text_layer("Text", "a"),
    ]
    bindings = [*bind("Shape", "color"), *bind("Solid", "color"), *bind("Text", "color")]
    _, animation = scene(template(layers, [field("tint", "color", bindings)]), {"tint": "#FF0000"})
    items = named(animation, "Shape")["shapes"][0]["it"]
    assert items[1]["c"]["k"] == RED
    assert [k["s"] for k in items[2]["c"]["k"]] == [[1, 0, 0, 0.5], [1, 0, 0, 1]]
    assert named(animation, "Other")["shapes"][0]["it"][1]["c"]["k"] == [0, 0, 0, 1]
    assert named(animation, "Solid")["sc"] == "#ff0000"
    assert document(animation, "Text")["fc"] == [1, 0, 0]


def test_a_color_bound_to_a_shape_leaves_the_layers_other_shapes() -> None:
    shapes = [rectangle(9, 9, fill([0, 0, 0, 1]), name="A"), rectangle(9, 9, fill([0, 0, 0, 1]), name="B")]
    _, animation = scene(
        template([layer(4, "L", shapes=shapes)], [field("c", "color", bind("L", "color", shape="B"))]), {"c": "#ff0000"}
    )
    assert [group["it"][1]["c"]["k"] for group in named(animation, "L")["shapes"]] == [[0, 0, 0, 1], RED]


def slotted() -> Template:
    gradient = {
        "ty": "gf", "g": {"p": 2, "k": {"a": 0, "k": [0, 0, 0, 0, 1, 1, 1, 1, 0, 0.5, 1, 1]}}, "sids": {"0": "primary", "1": "accent"},
        "s": {"a": 0, "k": [0, 0]}, "e": {"a": 0, "k": [9, 0]}, "t": 1, "o": {"a": 0, "k": 100},
    }  # fmt: skip
    layers = [
        layer(4, "L", shapes=[rectangle(9, 9, fill([0, 0, 0, 1], sid="primary"), gradient)]),
        text_layer("T", "a", sid="accent"),
    ]
    slots = [
        {"key": key, "label": {"en": key}, "default": color}
        for key, color in (("primary", "#00ff00"), ("accent", "#0000ff"))
    ]
    presets = [{"key": "night", "name": {"en": "Night"}, "colors": {"accent": "#ffffff"}, "is_default": True}]
    return template(layers, [], color_slots=slots, presets=presets)


def test_color_slots_reach_properties_gradient_stops_and_texts() -> None:
    _, animation = scene(slotted(), colors={"primary": "#ff0000", "accent": "#0000ff"})
    items = named(animation, "L")["shapes"][0]["it"]
    assert items[1]["c"]["k"] == RED
    assert items[2]["g"]["k"]["k"] == [0, 1, 0, 0, 1, 0, 0, 1, 0, 0.5, 1, 1]
    assert document(animation, "T")["fc"] == [0, 0, 1]


def test_color_slots_start_from_their_defaults_and_the_default_preset() -> None:
    _, animation = scene(slotted())
    assert named(animation, "L")["shapes"][0]["it"][1]["c"]["k"] == [0, 1, 0, 1]
    assert document(animation, "T")["fc"] == [1, 1, 1]


def test_a_checkbox_shows_and_hides_and_an_inverted_one_the_other_way_round() -> None:
    bindings = [*bind("A", "visible"), *bind("B", "visible", invert=True)]
    source = template([solid("A", "#000000"), solid("B", "#000000")], [field("on", "checkbox", bindings, default=True)])
    for on in (True, False):
        _, animation = scene(source, {"on": on})
        assert (named(animation, "A")["hd"], named(animation, "B")["hd"]) == (not on, on)


def test_a_dropdown_shows_the_layer_of_its_option_or_writes_its_label() -> None:
    options = [{"key": key, "label": {"fa": fa, "en": key}} for key, fa in (("new", "تازه"), ("hot", "داغ"))]
    bindings = [*bind("New", "visible", when="new"), *bind("Hot", "visible", when="hot"), *bind("T", "text")]
    layers = [solid("New", "#000000"), solid("Hot", "#000000"), text_layer("T", "x")]
    source = template(layers, [field("badge", "dropdown", bindings, default="new", constraints={"options": options})])
    _, animation = scene(source, {"badge": "hot"})
    assert (named(animation, "New")["hd"], named(animation, "Hot")["hd"]) == (True, False)
    assert document(animation, "T")["t"] != "x"


@pytest.mark.parametrize(
    ("constraints", "value", "locale", "written"),
    [
        ({}, 1200, "fa", "۱۲۰۰"),
        ({"decimals": 1}, 2.5, "fa", "۲٫۵"),
        ({"decimals": 1}, 2.5, "en", "2.5"),
        ({"suffix": "٪"}, 40, "fa", "۴۰٪"),
        ({"suffix": {"fa": " تومان", "en": " $"}}, 5, "en", "5 $"),
        ({}, -3, "fa", "\u200e−۳"),
        ({}, 0.25, "en", "0.25"),
        ({"decimals": 0}, -0.2, "en", "0"),
        ({}, 7, "ar", "٧"),
    ],
)
def test_a_number_is_written_with_the_digits_of_the_locale(
    constraints: Any, value: float, locale: str, written: str
) -> None:
    number = template([text_layer("T", "x")], [field("n", "number", bind("T", "text"), constraints=constraints)])
    text = template([text_layer("T", "x")], [field("n", "text", bind("T", "text"))])
    assert scene(number, {"n": value}, locale=locale)[0].sha256 == scene(text, {"n": written}, locale=locale)[0].sha256


def test_opacity_rotation_and_scale_replace_constants_and_keep_animation() -> None:
    fade = {"a": 1, "k": [{"t": 0, "s": [0], **EASE}, {"t": 10, "s": [100]}]}
    turn = {"a": 1, "k": [{"t": 0, "s": [0], **EASE}, {"t": 10, "s": [90]}]}
    grow = {"a": 1, "k": [{"t": 0, "s": [0, 0, 100], **EASE}, {"t": 10, "s": [100, 100, 100]}]}
    layers = [solid("Still", "#000000"), solid("Moving", "#000000", ks={"o": fade, "r": turn, "s": grow})]
    fields = [
        field(p, "slider", [*bind("Still", p), *bind("Moving", p)], default=50)
        for p in ("opacity", "rotation", "scale")
    ]
    _, animation = scene(template(layers, fields))
    still, moving = named(animation, "Still")["ks"], named(animation, "Moving")["ks"]
    assert (still["o"]["k"], still["r"]["k"], still["s"]["k"][:2]) == (50, 50, [50, 50])
    assert [k["s"] for k in moving["o"]["k"]] == [[0], [50]]
    assert [k["s"] for k in moving["r"]["k"]] == [[50], [140]]
    assert [k["s"][:2] for k in moving["s"]["k"]] == [[0, 0], [50, 50]]


def test_a_font_field_changes_the_family_of_its_layers_and_keeps_their_weight() -> None:
    data = (Path(__file__).parents[2] / "src/flatrender/engine/text/data/NotoSans-Greek[wght].ttf").read_bytes()
    source = template(
        [text_layer("T", "Ωμέγα"), text_layer("U", "Ωμέγα", f="V")],
        [field("face", "font", bind("*", "font"), default="Vazirmatn")],
        files={"fonts/greek.ttf": data},
        fonts=[{"family": "Hellas", "file": "fonts/greek.ttf"}],
    )
    assert source.fonts.families == ["Hellas", "Vazirmatn"]
    assert len(scene(source, {"face": "Hellas"})[1]["fonts"]["list"]) == 2
    with pytest.raises(ValueRefused, match="Hellas, Vazirmatn") as refused:
        scene(source, {"face": "Comic Sans"})
    assert refused.value.code == "unknown_font"


def photo_template(**more: Any) -> Template:
    layers = [layer(2, "A", refId="img"), layer(2, "B", refId="img")]
    fields = [field("photo", "image", bind("A", "image"), **more)]
    return template(
        layers,
        fields,
        animation={"assets": [image_asset("img", "a.png", 400, 200)]},
        files={"images/a.png": quarters(8, 8)},
    )


def test_a_picture_is_put_into_its_layer_and_others_keep_the_designed_one(tmp_path: Path) -> None:
    (tmp_path / "mine.jpg").write_bytes(picture(800, 400, "JPEG"))
    _, animation = scene(photo_template(), {"photo": "mine"}, assets={"mine": tmp_path / "mine.jpg"})
    assets = {asset["id"]: asset for asset in animation["assets"]}
    mine, designed = assets[named(animation, "A")["refId"]], assets[named(animation, "B")["refId"]]
    assert mine["p"] != designed["p"]
    assert all(
        a["p"].startswith("data:image/") and (a["w"], a["h"], a["e"], a["u"]) == (400, 200, 1, "")
        for a in assets.values()
    )


def test_a_picture_of_the_package_can_be_chosen_by_its_path() -> None:
    _, animation = scene(photo_template(), {"photo": "images/a.png"})
    assert animation["assets"][0]["p"].startswith("data:image/jpeg;base64,")


def test_a_picture_much_smaller_than_its_place_is_reported() -> None:
    resolved, _ = scene(photo_template(), {"photo": "tiny"}, assets={"tiny": picture(20, 10)})
    assert [w.code for w in resolved.warnings] == ["picture_upscaled"]


def test_a_preview_uses_smaller_pictures_in_the_same_place() -> None:
    layers = [layer(2, "A", refId="img")]
    source = template(
        layers,
        [field("photo", "image", bind("A", "image"))],
        animation={"assets": [image_asset("img", "a.png", 1600, 900)]},
        files={"images/a.png": quarters(1600, 900)},
    )
    full, small = scene(source)[1]["assets"][0], scene(source, preview=True)[1]["assets"][0]
    assert len(small["p"]) < len(full["p"]) / 2
    assert (small["w"], small["h"]) == (full["w"], full["h"])


def test_assets_that_name_files_or_addresses_elsewhere_are_taken_out() -> None:
    addresses = [
        "/etc/passwd",
        "../../secret.png",
        "http://example.com/a.png",
        "data:image/png",
        "data:image/svg+xml;base64,PHN2Zy8+",
    ]
    assets = [{"id": f"i{n}", "w": 10, "h": 10, "u": "", "p": p, "e": 0} for n, p in enumerate(addresses)]
    resolved = resolve_scene(load_template(encoded(lottie([solid("S", "#000000")], assets=assets))), "main")
    assert [a["p"] for a in json.loads(resolved.lottie)["assets"]] == [""] * len(addresses)
    assert [w.code for w in resolved.warnings] == ["missing_picture"] * len(addresses)


ALL_KINDS = [
    HEADLINE,
    field("notes", "textarea", bind("T", "text"), constraints={"max_length": 5}),
    field("tint", "color", bind("S", "color")),
    field("n", "number", bind("S", "opacity"), constraints={"min": 0, "max": 100}),
    field("on", "checkbox", bind("S", "visible")),
    field(
        "pick",
        "dropdown",
        bind("S", "visible", when="a"),
        constraints={"options": [{"key": "a", "label": {"en": "A"}}]},
    ),
    field("face", "font", bind("*", "font")),
    field("photo", "image", bind("P", "image")),
]


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("nothing", "x", "unknown_field"),
        ("headline", 5, "wrong_type"),
        ("headline", "x" * 21, "value_out_of_range"),
        ("headline", "one\ntwo", "value_out_of_range"),
        ("headline", "\ud800", "wrong_type"),
        ("notes", ["x"], "wrong_type"),
        ("notes", "123456", "value_out_of_range"),
        ("tint", 1, "wrong_type"),
        ("tint", "red", "value_out_of_range"),
        ("n", "5", "wrong_type"),
        ("n", True, "wrong_type"),
        ("n", 101, "value_out_of_range"),
        ("n", float("nan"), "value_out_of_range"),
        pytest.param("n", 10**9000, "value_out_of_range", id="n-huge"),
        ("on", 1, "wrong_type"),
        ("pick", "b", "value_out_of_range"),
        ("pick", None, None),
        ("pick", 3, "wrong_type"),
        ("face", "Nowhere Sans", "unknown_font"),
        ("face", 4, "wrong_type"),
        ("photo", 4, "wrong_type"),
        ("photo", {"asset": "a", "focus": [2, 0]}, "value_out_of_range"),
        ("photo", {"asset": "a", "fit": "crop"}, "value_out_of_range"),
        ("photo", {"asset": "a", "zoom": 2}, "wrong_type"),
        ("photo", "nowhere", "missing_asset"),
        ("photo", "template.json", "missing_asset"),
        ("photo", "../../etc/passwd", "missing_asset"),
        ("photo", "broken", "picture_invalid"),
        ("photo", "gone", "missing_asset"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_naming_its_field(
    key: str, value: Any, code: str | None, tmp_path: Path
) -> None:
    layers = [text_layer("T", "x"), solid("S", "#000000"), layer(2, "P", refId="img")]
    source = template(
        layers,
        ALL_KINDS,
        animation={"assets": [image_asset("img", "a.png", 40, 20)]},
        files={"images/a.png": quarters(8, 8)},
    )
    assets = {"broken": b"no picture", "gone": tmp_path / "gone.png"}
    if code is None:
        scene(source, {key: value}, assets=assets)
        return
    with pytest.raises(ValueRefused) as refused:
        scene(source, {key: value}, assets=assets)
    assert refused.value.code == code
    assert key in str(refused.value)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"size": "4x3"}, "value_out_of_range"),
        ({"colors": {"nope": "#000000"}}, "unknown_field"),
        ({"frames": 0}, "value_out_of_range"),
        ({"frames": 10**9}, "value_out_of_range"),
    ],
)
def test_an_impossible_wish_is_refused(options: dict[str, Any], code: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        scene(template([text_layer("T", "x")], [HEADLINE]), **options)
    assert refused.value.code == code


def test_an_unknown_scene_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(ValueRefused, match="it has one") as refused:
        resolve_scene(template([text_layer("T", "x")], [HEADLINE]), "two")
    assert refused.value.code == "unknown_scene"


def test_the_same_input_gives_the_same_bytes_in_another_process() -> None:
    data = zipped(package(lottie([text_layer("T", "x"), text_layer("U", "سلام 123", f="V")]), [HEADLINE]))
    code = (
        "import sys; from flatrender.engine.resolve import resolve_scene; from flatrender.engine.template import load_template;"
        "print(resolve_scene(load_template(sys.stdin.buffer.read()), 'one', values={'headline': 'درود'}).sha256)"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            input=data,
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert hashes == {(scene(load_template(data), {"headline": "درود"})[0].sha256 + "\n").encode()}


def test_resolving_loads_no_native_renderer() -> None:
    code = "import sys; import flatrender.engine.resolve; sys.exit(any(m.startswith('thorvg') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_a_keystroke_resolves_in_under_thirty_milliseconds_of_work() -> None:
    layers = [text_layer(f"T{n}", "متنی که در صحنه می‌ماند", sz=[500, 200], ps=[-250, -100]) for n in range(8)]
    layers += [layer(4, f"S{n}", shapes=[rectangle(n, n, fill(RED)) for _ in range(8)]) for n in range(30)]
    source = template(
        [text_layer("T", "x"), *layers, layer(2, "P", refId="img")],
        [HEADLINE],
        animation={"assets": [image_asset("img", "a.png", 800, 600)]},
        files={"images/a.png": quarters(800, 600)},
    )
    scene(source)
    took = []
    for length in range(1, 16):
        start = time.process_time()
        resolve_scene(source, "one", values={"headline": "نوشتن یک تیتر تازه"[:length]})
        took.append(time.process_time() - start)
    assert sorted(took)[len(took) // 2] < 0.03, took


def test_a_layer_whose_text_changes_with_time_files_all_its_glyphs_under_one_font() -> None:
    changing = text_layer("T", "یک")
    first = changing["t"]["d"]["k"][0]
    changing["t"]["d"]["k"].append({"s": {**first["s"], "t": "دو", "f": "V"}, "t": 30})
    changing["t"]["d"]["x"] = "var $bm_rt = value;"
    _, animation = scene(template([changing], []))
    data = named(animation, "T")["t"]["d"]
    fonts = {frame["s"]["f"] for frame in data["k"]}
    assert len(fonts) == 1
    assert {char["fFamily"] for char in animation["chars"]} == fonts
    assert len({frame["s"]["t"] for frame in data["k"]}) == 2
    assert "x" not in data


def test_a_bare_animations_own_glyphs_serve_until_its_text_is_changed() -> None:
    glyph = {"fFamily": "Brand", "style": "Bold", "w": 50, "size": 60, "data": {"shapes": []}}
    animation = lottie(
        [text_layer("T", "ab", f="B")],
        fonts={"list": [{"fName": "B", "fFamily": "Brand", "fStyle": "Bold", "ascent": 70}]},
        chars=[{"ch": char, **glyph} for char in "abz"],
    )
    source = load_template(encoded(animation))
    untouched, changed = (resolve_scene(source, "main", values=values) for values in ({}, {"t": "ba"}))
    kept = json.loads(untouched.lottie)
    assert document(kept, "T")["t"] == "ab"
    assert {char["ch"] for char in kept["chars"]} == {"a", "b", "z"}
    assert not untouched.warnings
    assert [w.code for w in changed.warnings] == ["font_substituted"]
