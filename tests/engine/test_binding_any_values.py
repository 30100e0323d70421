"""Whatever values come, a scene is resolved to a Lottie that is drawn, or refused with a typed error."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flatrender.engine.errors import TemplateError, ValueRefused
from flatrender.engine.lottie.document import check_lottie
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.resolve.watermark import Watermark
from flatrender.engine.template import Template, load_template

from .making import encoded, field, fill, image_asset, layer, lottie, picture, quarters, rectangle, solid, text_layer
from .test_binding import bind, named, scene, template
from .test_binding_properties import OPTIONS, shapes

NUMBERS = ("rotation", "scale", "position.x", "opacity", "start", "skew")


def everything() -> Template:
    """Every kind of field, bound to every kind of property."""
    fields = [
        *(field(f"n_{p}", "number", bind("L", p)) for p in NUMBERS),
        *(
            field(f"s_{p}", "slider", bind("L", p, shape="Button"))
            for p in ("stroke.width", "trim.end", "group.scale", "rectangle.size.x", "star.points")
        ),
        field("text", "text", bind("T", "text", max_width=300), constraints={"max_length": 50}),
        field("size", "slider", bind("T", "text.size")),
        field("area", "textarea", bind("Box", "text")),
        field(
            "total",
            "number",
            bind("C", "text", count={"start": 5, "end": 30}, format="{value} {text}"),
            constraints={"decimals": 1, "grouping": True},
        ),
        field("ink", "color", [*bind("L", "color"), *bind("S", "color")]),
        field("stop", "color", bind("L", "gradient.color", stop=1)),
        field("on", "checkbox", [*bind("S", "visible"), *bind("L", "opacity", values={"true": 50})]),
        field(
            "pick",
            "dropdown",
            [
                {"property": "switch", "values": {"a": "S", "b": ["T"]}},
                *bind("L", "position", values={"a": [1, 2], "b": [5]}),
            ],
            constraints=OPTIONS,
        ),
        field("day", "date", bind("Box", "text"), visible_when=[{"field": "on"}]),
        field("face", "font", bind("*", "font")),
        field("photo", "image", bind("P", "image")),
        field("path", "number", bind("L", "path", path="shapes/Button/Rect/r")),
    ]
    layers = [
        layer(4, "L", shapes=shapes()),
        text_layer("T", "x", 20, 100),
        text_layer("Box", "x", sz=[200, 100], ps=[0, 0]),
        text_layer("C", "0", 20, 300),
        solid("S", "#00ff00"),
        layer(2, "P", refId="img"),
        layer(4, "Slots", shapes=[rectangle(9, 9, fill([0, 0, 0, 1], sid="primary"))]),
    ]
    slots = [
        {"key": "primary", "label": {"en": "P"}, "default": "#1e3a8a"},
        {"key": "ink", "label": {"en": "I"}, "derive": {"from": "primary", "contrast": ["#ffffff", "#000000"]}},
    ]
    described = {"key": "one", "files": {"16x9": "scenes/one.json"}, "duration_frames": 60, "snapshot_frame": 30}
    duration = {"mode": "follow_text", "max_frames": 2000, "region": {"from": 20, "to": 40, "fill": "loop"}}
    return template(
        layers,
        fields,
        animation={"assets": [image_asset("img", "a.png", 40, 20)]},
        files={"images/a.png": quarters(8, 8)},
        color_slots=slots,
        scenes=[{**described, "duration": duration, "background_layers": ["S"]}],
    )


EVERYTHING = everything()
KEYS = [one.key for one in EVERYTHING.scenes[0].fields]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(["#ff0000", "a", "b", "mine", "2026-02-30", "2026-03-21"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["asset", "fit", "color", "gradient", "stops", "at", "image"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
FITTING = {
    "number": st.floats(-1e6, 1e6),
    "slider": st.floats(-1e4, 1e4),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\n\r\u2028\u2029\x00"), max_size=30),
    "textarea": st.text(st.characters(codec="utf-8"), max_size=30),
    "color": st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}"),
    "checkbox": st.booleans(),
    "dropdown": st.sampled_from(["a", "b"]),
    "date": st.dates().map(str),
    "font": st.just("Vazirmatn"),
    "image": st.sampled_from(["mine", ""]),
}


def values() -> st.SearchStrategy[dict[str, Any]]:
    good = st.fixed_dictionaries({}, optional={one.key: FITTING[one.type] for one in EVERYTHING.scenes[0].fields})
    return good | st.dictionaries(st.sampled_from([*KEYS, "@background", "none"]), JSON, max_size=4)


@given(
    given_values=values(),
    frames=st.none() | st.integers(-5, 3000),
    mark=st.none()
    | st.builds(
        Watermark,
        text=st.text(max_size=5),
        size=st.floats(0, 1),
        layout=st.sampled_from(["single", "tiled", "drifting"]),
    ),
    canvas=st.none() | st.tuples(st.integers(0, 9000), st.integers(0, 9000)),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
def test_any_values_are_resolved_to_a_sound_animation_or_refused_with_a_code(
    given_values: dict[str, Any], frames: int | None, mark: Watermark | None, canvas: tuple[int, int] | None
) -> None:
    wishes: dict[str, Any] = {
        "values": given_values,
        "frames": frames,
        "watermark": mark,
        "canvas": canvas,
        "assets": {"mine": picture(9, 9)},
    }
    refusal: ValueRefused | TemplateError | None = None
    try:
        resolved = resolve_scene(EVERYTHING, "one", **wishes)
    except (ValueRefused, TemplateError) as error:
        refusal = error
    if refusal is not None:
        assert refusal.code not in (ValueRefused.code, TemplateError.code)
        assert refusal.detail
        return
    animation = json.loads(resolved.lottie)
    if max(animation["w"], animation["h"]) <= 8192:
        check_lottie(animation, "resolved")
    assert animation["op"] - animation["ip"] >= resolved.frames == round(animation["op"] - animation["ip"])
    assert resolve_scene(EVERYTHING, "one", **wishes).lottie == resolved.lottie


_LOADS = """
import sys, json
import thorvg_python as tvg
engine = tvg.Engine(threads=0)
canvas = tvg.SwCanvas(engine)
canvas.set_target(160, 90)
animation = tvg.LottieAnimation(engine)
picture = animation.get_picture()
assert picture.load_data(open(sys.argv[1], "rb").read(), "lottie+json", None, True) == tvg.Result.SUCCESS
picture.set_size(160, 90)
canvas.add(picture)
for frame in (0, 15, 59):
    animation.set_frame(frame); canvas.update(); canvas.draw(True); canvas.sync()
"""


@pytest.mark.parametrize("extreme", ["low", "high", "odd"])
def test_extreme_values_are_drawn_by_the_renderer(extreme: str, tmp_path: Path) -> None:
    number = {"low": -1e6, "high": 1e6, "odd": 0.333}[extreme]
    text = {"low": "", "high": "ی" * 50, "odd": "a\u200cب\u0300 😀"}[extreme]
    chosen: dict[str, Any] = {
        one.key: {
            "number": number,
            "slider": number,
            "text": text,
            "textarea": text,
            "color": "#abcdef",
            "checkbox": extreme != "low",
            "dropdown": "a" if extreme == "low" else "b",
            "date": "2026-03-21",
            "font": "Vazirmatn",
            "image": "mine",
        }[one.type]
        for one in EVERYTHING.scenes[0].fields
    }
    resolved = resolve_scene(
        EVERYTHING, "one", values=chosen, assets={"mine": picture(9, 9)}, watermark=Watermark(text="x", layout="tiled")
    )
    (tmp_path / "scene.json").write_bytes(resolved.lottie)
    subprocess.run(
        [sys.executable, "-c", _LOADS, str(tmp_path / "scene.json")], check=True, timeout=60, capture_output=True
    )


def dotlottie(animation: dict[str, Any], manifest: dict[str, Any], themes: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", encoded(manifest))
        archive.writestr("a/main.json", encoded(animation))
        for name, theme in themes.items():
            archive.writestr(f"t/{name}.json", encoded(theme))
    return out.getvalue()


def test_a_dotlotties_themes_are_presets_and_its_initial_one_the_default() -> None:
    animation = lottie([layer(4, "L", shapes=[rectangle(9, 9, fill([0, 0, 0, 1], sid="paint"))])])
    themes = {
        "sea": {"rules": [{"id": "paint", "type": "Color", "value": [0, 0, 1]}]},
        "sun": {
            "rules": [
                {"id": "paint", "type": "Color", "value": [1, 1, 0], "animations": ["main"]},
                {"id": "gone", "type": "Color", "value": [1, 1, 1]},
            ]
        },
        "size": {"rules": [{"id": "paint", "type": "Scalar", "value": 5}]},
        "else": {"rules": [{"id": "paint", "type": "Color", "value": [1, 1, 1], "animations": ["other"]}]},
    }
    manifest = {
        "version": "2",
        "animations": [{"id": "main", "initialTheme": "sun"}],
        "themes": [{"id": key, "name": key.title()} for key in themes],
    }
    source = load_template(dotlottie(animation, manifest, themes))
    assert [(p.key, p.name["en"], p.colors, p.is_default) for p in source.presets] == [
        ("sea", "Sea", {"paint": "#0000ff"}, False),
        ("sun", "Sun", {"paint": "#ffff00"}, True),
    ]
    resolved = json.loads(resolve_scene(source, "main").lottie)
    assert resolved["layers"][0]["shapes"][0]["it"][1]["c"]["k"][:3] == [1, 1, 0]
    with pytest.raises(TemplateError, match="a theme is a JSON object"):
        load_template(dotlottie(animation, manifest, {**themes, "sea": []}))


def test_slots_of_a_bare_animation_bring_their_values_and_numbers_become_fields() -> None:
    shape = layer(
        4, "L", shapes=[rectangle(9, 9, {"ty": "fl", "c": {"sid": "paint"}, "o": {"a": 0, "k": 100, "sid": "fade"}})]
    )
    slots = {"paint": {"p": {"a": 0, "k": [1, 0, 0]}}, "fade": {"p": {"a": 0, "k": 40}}}
    source = load_template(encoded(lottie([shape], slots=slots)))
    assert {f.key: (f.type, f.default) for f in source.scenes[0].fields} == {"fade": ("number", 40)}
    assert [(s.key, s.default) for s in source.color_slots] == [("paint", "#ff0000")]
    found = json.loads(resolve_scene(source, "main", values={"fade": 70}, colors={"paint": "#00ff00"}).lottie)
    paint = found["layers"][0]["shapes"][0]["it"][1]
    assert (paint["c"]["k"][:3], paint["o"]["k"]) == ([0, 1, 0], 70)


def test_slots_that_would_fill_the_memory_are_refused() -> None:
    shape = layer(4, "L", shapes=[fill([0, 0, 0, 1], sid="big") for _ in range(3000)])
    slots = {"big": {"p": {"a": 0, "k": [0.123456789] * 1000}}}
    with pytest.raises(TemplateError) as refused:
        load_template(encoded(lottie([shape], slots=slots)))
    assert refused.value.code == "template_too_large"


def test_a_bound_layer_without_the_property_is_named_in_a_warning() -> None:
    resolved, animation = scene(
        template([solid("S", "#000000")], [field("f", "number", bind("S", "trim.end"))]), {"f": 5}
    )
    assert [(w.code, w.layer) for w in resolved.warnings] == [("unknown_layer", "S")]
    assert named(animation, "S")["sc"] == "#000000"
