"""A scene as a whole: its colours, how long it lasts, what lies behind it and over it."""

import itertools
import json
from datetime import date
from typing import Any

import numpy as np
import pytest

from flatrender.engine.errors import TemplateError, ValueRefused
from flatrender.engine.lottie.color import adjusted, contrast, from_oklab, mixed, most_readable, readable, to_oklab
from flatrender.engine.lottie.retime import Fill, Stretch, insert_time, time_points
from flatrender.engine.resolve.dates import date_text, jalali
from flatrender.engine.resolve.watermark import ANCHORS, Watermark
from flatrender.engine.template import Template

from .conftest import Draw
from .making import EASE, field, fill, layer, picture, rectangle, solid, text_layer
from .test_binding import bind, named, scene, template

PRIMARY = {"key": "primary", "label": {"en": "P"}, "default": "#1e3a8a"}


def themed(*slots: dict[str, Any], **more: Any) -> Template:
    layers = [layer(4, s["key"], shapes=[rectangle(9, 9, fill([0, 0, 0, 1], sid=s["key"]))]) for s in slots]
    return template(layers, more.pop("fields", []), color_slots=list(slots), **more)


def shown(source: Template, key: str, values: dict[str, Any] | None = None, **colors: str) -> str:
    animation = scene(source, values, colors=colors)[1]
    rgb = named(animation, key)["shapes"][0]["it"][1]["c"]["k"]
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb[:3])


def slot(key: str, **derive: Any) -> dict[str, Any]:
    return {"key": key, "label": {"en": key}, "derive": {"from": "primary", **derive}}


def test_oklab_agrees_with_the_published_values_and_comes_back() -> None:
    # Ottosson's own table: sRGB white, red, green, blue.
    for color, wanted in {
        "#ffffff": (1.0, 0.0, 0.0),
        "#ff0000": (0.628, 0.225, 0.126),
        "#00ff00": (0.866, -0.234, 0.179),
        "#0000ff": (0.452, -0.032, -0.312),
    }.items():
        assert to_oklab(color) == pytest.approx(wanted, abs=0.001)
        assert from_oklab(to_oklab(color)) == color


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("ground", ["#1e3a8a", "#ffe94a", "#808080", "#ff0000", "#101010"])
def test_a_readable_colour_reaches_its_ratio_and_moves_no_further_than_it_must(ground: str) -> None:
    made = readable(ground, ground, 4.5)
    assert 4.5 <= contrast(made, ground) < 5.2
    assert readable("#ffffff", "#000000", 4.5) == "#ffffff"
    assert most_readable(ground, ["#ffffff", "#111111"]) in ("#ffffff", "#111111")


def test_colours_follow_from_others_until_somebody_chooses_them() -> None:
    source = themed(
        PRIMARY,
        slot("light", lighten=0.2),
        slot("ink", contrast=["#ffffff", "#111111"]),
        slot("blend", mix="#ffffff", amount=0.5),
        slot("turned", hue=180, chroma=0.5),
        slot("legible", lighten=0.1, min_contrast=4.5),
    )
    assert [s.default for s in source.color_slots][1:3] == [adjusted("#1e3a8a", lightness=0.2), "#ffffff"]
    assert shown(source, "blend") == mixed("#1e3a8a", "#ffffff", 0.5)
    assert shown(source, "ink", primary="#ffee88") == "#111111"
    assert shown(source, "light", primary="#ffee88", light="#123456") == "#123456"
    assert contrast(shown(source, "legible", primary="#446688"), "#446688") >= 4.5
    assert shown(source, "turned") == adjusted("#1e3a8a", hue=180, chroma=0.5)


def test_a_colour_that_follows_from_itself_is_refused() -> None:
    with pytest.raises(TemplateError, match="cannot follow from itself"):
        themed({**slot("primary"), "derive": {"from": "other"}}, slot("other"))
    with pytest.raises(TemplateError, match="no color slot"):
        themed(PRIMARY, {**slot("x"), "derive": {"from": "nowhere"}})


def test_a_scene_exchanges_slots_and_a_field_chooses_one() -> None:
    second = {"key": "second", "label": {"en": "S"}, "default": "#00ff00"}
    options = {"options": [{"key": k, "label": {"en": k}} for k in ("day", "night")]}
    choice = field(
        "mood",
        "dropdown",
        [{"property": "slot", "slot": "primary", "values": {"night": "second"}}],
        default="day",
        constraints=options,
    )
    source = themed(PRIMARY, second, slot("ink", contrast=["#ffffff", "#000000"]), fields=[choice])
    assert shown(source, "primary") == "#1e3a8a"
    assert shown(source, "primary", {"mood": "night"}) == "#00ff00"
    assert shown(source, "primary", {"mood": "night"}, second="#ffff00") == "#ffff00"
    assert (shown(source, "ink"), shown(source, "ink", {"mood": "night"})) == ("#ffffff", "#000000")


def timed(duration: dict[str, Any] | None, fields: Any = (), layers: Any = None, **more: Any) -> Template:
    """One scene of 60 frames at 30 frames/s whose square runs from left to right, one px a tenth of a frame."""
    run = {"p": {"a": 1, "k": [{"t": 0, "s": [0, 100], **EASE}, {"t": 60, "s": [600, 100]}]}}
    runner = layer(4, "Runner", shapes=[rectangle(10, 40, fill([0, 0, 0, 1]))], ks=run)
    described = {"key": "one", "files": {"16x9": "scenes/one.json"}, "duration_frames": 60, "snapshot_frame": 30}
    scenes = [{**described, "fields": list(fields), **({} if duration is None else {"duration": duration})}]
    return (
        template(layers or [runner], [], scenes=scenes, **more)
        if not fields
        else _with(layers or [runner], scenes, more)
    )


def _with(layers: Any, scenes: Any, more: Any) -> Template:
    return template(layers, scenes[0]["fields"], scenes=scenes, **more)


def left(pixels: np.ndarray) -> int:
    dark = np.flatnonzero((pixels.mean(axis=2) < 128).any(axis=0))
    return int(dark[0]) if dark.size else -1


WORDS = field("words", "textarea", bind("Runner", "visible"), default="یک دو")


def follow(**more: Any) -> dict[str, Any]:
    return {"mode": "follow_text", "base_seconds": 1, "seconds_per_word": 0.5, **more}


@pytest.mark.parametrize(
    ("words", "more", "frames"),
    [
        ("یک دو", {}, 60),
        ("یک دو سه چهار", {}, 90),
        ("می‌روم و می‌آیم", {}, 75),
        ("یک", {"min_frames": 20}, 45),
        ("", {"min_frames": 40}, 40),
        ("کلمه " * 100, {"max_frames": 200}, 200),
        ("یک دو", {"seconds_per_word": 0, "seconds_per_character": 0.5}, 90),
    ],
)
def test_a_scene_lasts_as_long_as_its_words_take_to_read(words: str, more: dict[str, Any], frames: int) -> None:
    resolved, animation = scene(timed(follow(**more), [WORDS]), {"words": words})
    assert resolved.frames == frames
    assert animation["op"] - animation["ip"] == frames


def test_only_the_fields_named_are_followed() -> None:
    other = field("other", "text", bind("Runner", "visible"), default="a b c d e f g h")
    assert scene(timed(follow(fields=["words"]), [WORDS, other]))[0].frames == 60
    assert scene(timed(follow(), [WORDS, other]))[0].frames == 180


def test_a_scene_follows_what_is_spoken_over_it() -> None:
    source = timed({"mode": "follow_voice", "padding_seconds": 0.5, "max_frames": 200}, [WORDS])
    assert [scene(source, voice_seconds=s)[0].frames for s in (None, 1, 3, 60)] == [60, 60, 105, 200]


@pytest.mark.parametrize(
    ("duration", "frames", "fits"),
    [
        ({"mode": "fixed"}, 61, False),
        ({"mode": "fixed"}, 60, True),
        ({"mode": "stretch", "min_frames": 30, "max_frames": 90}, 91, False),
        ({"mode": "stretch", "min_frames": 30, "max_frames": 90}, 29, False),
        ({"mode": "stretch", "min_frames": 30, "max_frames": 90}, 90, True),
        ({"mode": "follow_text", "max_frames": 90}, 100, False),
        (None, 10_000, True),
    ],
)
def test_a_length_that_is_asked_for_wins_within_the_scenes_limits(duration: Any, frames: int, fits: bool) -> None:
    source = timed(duration)
    if fits:
        assert scene(source, frames=frames)[0].frames == frames
        return
    with pytest.raises(ValueRefused, match="this scene") as refused:
        scene(source, frames=frames)
    assert refused.value.code == "value_out_of_range"


@pytest.mark.parametrize(
    ("fill_with", "frames", "places"),
    [
        # frame of the film → frame of the design that it shows, region 20 to 40 of 60
        ("hold", 100, {10: 10, 20: 20, 39: 39, 60: 40, 79: 40, 85: 45, 99: 59}),
        ("stretch", 100, {10: 10, 20: 20, 50: 30, 80: 40, 99: 59}),
        ("loop", 100, {10: 10, 20: 20, 39: 39, 41: 21, 59: 39, 61: 21, 79: 39, 80: 40, 99: 59}),
        ("hold", 50, {10: 10, 20: 20, 25: 30, 30: 40, 49: 59}),
        ("loop", 18, {4: 10, 9: 30, 14: 50}),
    ],
)
def test_a_region_gives_way_and_the_rest_keeps_its_speed(
    draw: Draw, fill_with: str, frames: int, places: dict[int, int]
) -> None:
    resolved, _ = scene(timed({"region": {"from": 20, "to": 40, "fill": fill_with}}), frames=frames)
    assert {at: round(left(draw(resolved, at)) / 10) for at in places} == places


def test_a_loop_is_seamless_between_whole_frames(draw: Draw) -> None:
    resolved, _ = scene(timed({"region": {"from": 20, "to": 40, "fill": "loop"}}), frames=100)
    assert [round(left(draw(resolved, at))) for at in (39.5, 39.9)] == [395, 399]
    assert left(draw(resolved, 40.5)) == 205


@pytest.mark.parametrize("comment", ["fr:loop", '{"name": "FR:Loop"}'])
def test_a_marker_in_the_file_names_the_region(comment: str) -> None:
    markers = [{"cm": "other", "tm": 5, "dr": 5}, {"cm": comment, "tm": 20, "dr": 20}]
    marked = timed(None, animation={"markers": markers})
    said = timed({"region": {"from": 20, "to": 40, "fill": "loop"}}, animation={"markers": markers})
    assert scene(marked, frames=100)[1]["layers"] == scene(said, frames=100)[1]["layers"]
    plain = timed(None, animation={"markers": [{"cm": "{bad", "tm": 1}, {"cm": 5}, "x", {"cm": "fr:loop", "tm": "x"}]})
    assert scene(plain, frames=100)[1]["layers"] == scene(timed(None), frames=100)[1]["layers"]


def test_time_never_runs_back_but_in_a_loops_jump() -> None:
    kinds: tuple[Fill, ...] = ("hold", "loop", "stretch")
    for kind in kinds:
        for frames in (1, 7, 30, 59, 61, 100, 1000):
            for first, last in ((0, 60), (20, 40), (30, 30), (60, 60), (0, 0)):
                if kind != "hold" and first == last:
                    continue
                points = time_points(60, frames, Stretch(first, last, kind))
                assert [points[0], points[-1]] == [(0, 0), (frames, 60)]
                assert all(a[0] < b[0] for a, b in itertools.pairwise(points))
                drops = sum(b[1] < a[1] for a, b in itertools.pairwise(points))
                assert drops == 0 or kind == "loop"


def test_time_is_put_in_without_holding_what_plays() -> None:
    moved = {
        "p": {"a": 1, "k": [{"t": 0, "s": [0, 0], **EASE}, {"t": 10, "s": [5, 5], **EASE}, {"t": 50, "s": [9, 9]}]}
    }
    late = solid("Late", "#000000", ks={"o": {"a": 1, "k": [{"t": 50, "s": [0], **EASE}, {"t": 60, "s": [100]}]}})
    late.update(ip=45, st=45)
    animation: dict[str, Any] = {
        "ip": 0,
        "op": 60,
        "fr": 30,
        "layers": [solid("A", "#000000", ks=moved), late, layer(0, "P", refId="c"), solid("Gone", "#000000")],
    }
    animation["layers"][3]["op"] = 20
    insert_time(animation, 30, 90)
    a, late, comp, gone = animation["layers"]
    assert animation["op"] == a["op"] == comp["op"] == 150
    assert [k["t"] for k in a["ks"]["p"]["k"]] == [0, 10, 140]
    assert (late["ip"], late["st"], [k["t"] for k in late["ks"]["o"]["k"]]) == (135, 135, [140, 150])
    assert gone["op"] == 20
    assert [(k["t"], k["s"][0] * 30) for k in comp["tm"]["k"]] == [(0, 0), (29.999, 30), (120, 30), (150, 60)]


def test_layers_that_keep_playing_go_on_while_the_rest_waits(draw: Draw) -> None:
    run = {"p": {"a": 1, "k": [{"t": 0, "s": [0, 200], **EASE}, {"t": 60, "s": [600, 200]}]}}
    ground = layer(4, "Ground", shapes=[rectangle(10, 40, fill([0, 0, 0, 1]))], ks=run, ind=3, parent=4)
    parent = layer(3, "Parent", 0, 40, ind=4)
    runner = layer(
        4,
        "Runner",
        shapes=[rectangle(10, 40, fill([0, 0, 0, 1]))],
        ks={"p": {"a": 1, "k": [{"t": 0, "s": [0, 100], **EASE}, {"t": 60, "s": [600, 100]}]}},
        ind=1,
        parent=4,
    )
    source = timed({"region": {"from": 30, "to": 30}, "keep_playing": ["Ground"]}, layers=[runner, parent, ground])
    resolved, animation = scene(source, frames=120)
    assert [one["nm"] for one in animation["layers"]] == ["flatrender-scene", "flatrender-scene-2"]
    pixels = draw(resolved, 75)
    assert (left(pixels[:200]), left(pixels[220:])) == (300, 150)
    blending = [{**runner, "bm": 1}, parent, ground]
    together = timed({"region": {"from": 30, "to": 30}, "keep_playing": ["Ground"]}, layers=blending)
    assert len(scene(together, frames=120)[1]["layers"]) == 1


def grounded(**more: Any) -> Template:
    described = {
        "key": "one",
        "files": {"16x9": "scenes/one.json"},
        "duration_frames": 60,
        "snapshot_frame": 30,
        "fields": [],
        "background_layers": ["Designed"],
    }
    runner = layer(4, "Mark", shapes=[rectangle(60, 34, fill([0, 0, 0, 1]))])
    return template([runner, solid("Designed", "#00ff00")], [], scenes=[{**described, **more}], color_slots=[PRIMARY])


def test_a_persons_background_takes_the_designed_ones_place(draw: Draw) -> None:
    source = grounded()
    assert tuple(draw(scene(source)[0])[200, 300]) == (0, 255, 0)
    for value, wanted in {"#ff0000": (255, 0, 0), "primary": (30, 58, 138), "transparent": (255, 255, 255)}.items():
        pixels = draw(scene(source, {"@background": value})[0], 59)
        assert tuple(pixels[200, 300]) == wanted
        assert tuple(pixels[10, 10]) == (0, 0, 0)


def test_a_gradient_runs_at_its_angle_over_the_whole_frame(draw: Draw) -> None:
    stops = [{"color": "#000000", "at": 0}, {"color": "#ffffff", "at": 1}]
    for angle, (dark, light) in {
        0: ((170, 4), (170, 595)),
        90: ((4, 300), (335, 300)),
        180: ((170, 595), (170, 4)),
    }.items():
        resolved, _ = scene(grounded(), {"@background": {"gradient": {"stops": stops, "angle": angle}}})
        pixels = draw(resolved)
        assert pixels[(*dark, 0)] < 20 or dark[0] < 34 > dark[1]
        assert pixels[(*light, 0)] > 235
    radial = draw(scene(grounded(), {"@background": {"gradient": {"stops": stops, "kind": "radial"}}})[0])
    assert radial[170, 300, 0] < 5
    assert radial[336, 596, 0] > 245


def test_a_picture_fills_the_frame_behind_the_scene(draw: Draw) -> None:
    value = {"image": {"asset": "mine"}, "color": "#0000ff", "opacity": 50}
    resolved, animation = scene(
        grounded(), {"@background": value}, assets={"mine": picture(300, 300, color=(200, 30, 30))}, frames=90
    )
    assert [one["nm"] for one in animation["layers"][-2:]] == [
        "flatrender-background-picture",
        "flatrender-background-color",
    ]
    assert all(one["op"] == 90 for one in animation["layers"])
    red, _, blue = (int(v) for v in draw(resolved, 80)[200, 300])
    assert red == pytest.approx(100, abs=8)
    assert blue == pytest.approx(142, abs=8)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("red", "value_out_of_range"),
        (5, "wrong_type"),
        ({"colour": "#ffffff"}, "wrong_type"),
        ({"gradient": {"stops": [{"color": "#ffffff", "at": 0}]}}, "value_out_of_range"),
        ({"gradient": {"stops": [{"color": "#ffffff", "at": 0}, {"color": "x", "at": 1}]}}, "value_out_of_range"),
        ({"gradient": {"stops": [{"color": "#ffffff", "at": 0}, {"color": "#000000", "at": 2}]}}, "value_out_of_range"),
        ({"opacity": 101}, "value_out_of_range"),
        ({"image": 5}, "wrong_type"),
        ({"image": {"asset": "gone"}}, "missing_asset"),
    ],
)
def test_a_background_that_cannot_be_is_refused(value: Any, code: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        scene(grounded(), {"@background": value})
    assert refused.value.code == code
    assert "@background" in str(refused.value)


def test_a_film_of_another_shape_shows_the_background_beside_the_scene(draw: Draw) -> None:
    source = grounded(background={"color": "#ff0000"}, background_layers=[])
    resolved, animation = scene(source, canvas=(1080, 1080))
    assert (resolved.width, resolved.height) == (animation["w"], animation["h"]) == (600, 600)
    pixels = draw(resolved, 0, 600, 600)
    assert [tuple(pixels[y, 300]) for y in (20, 300, 580)] == [(255, 0, 0), (0, 255, 0), (255, 0, 0)]
    assert tuple(pixels[140, 10]) == (0, 0, 0)
    cut = scene(source, canvas=(1080, 1080), fit="cover")[0]
    assert (cut.width, cut.height) == (340, 340)
    assert tuple(draw(cut, 0, 340, 340)[5, 5]) == (0, 255, 0)
    assert scene(source, canvas=(1200, 680))[0].sha256 == scene(source)[0].sha256
    with pytest.raises(ValueRefused, match="too narrow"):
        scene(source, canvas=(8192, 1))


def marked(draw: Draw, **mark: Any) -> np.ndarray:
    """Where a white mark is seen on a blue scene: a boolean picture."""
    source = template([solid("S", "#0000ff")], [])
    resolved, _ = scene(source, watermark=Watermark(**mark), assets={"logo": picture(200, 100, color=(255, 255, 255))})
    found: np.ndarray = draw(resolved, 30)[:, :, 0] > 60
    return found


@pytest.mark.parametrize("anchor", ANCHORS)
@pytest.mark.parametrize("what", [{"text": "فلت‌رندر"}, {"image": "logo"}], ids=["text", "image"])
def test_a_watermark_stands_at_its_anchor(draw: Draw, anchor: Any, what: dict[str, str]) -> None:
    seen = marked(draw, position=anchor, size=0.3, **what)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    middle = ((rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2)
    third = (int(middle[0] / 340 * 3), int(middle[1] / 600 * 3))
    down = {"top": 0, "bottom": 2}.get(anchor.split("_")[0], 1)
    across = {"left": 0, "right": 2}.get(anchor.split("_")[-1], 1)
    assert third == (down, across)
    assert columns[-1] - columns[0] <= 0.3 * 600 + 4


def test_a_tiled_watermark_is_seen_all_over_and_a_drifting_one_moves(draw: Draw) -> None:
    tiled = marked(draw, text="نمونه", layout="tiled", size=0.15)
    assert all(tiled[y : y + 113, x : x + 150].any() for y in (0, 113, 226) for x in (0, 150, 300, 450))
    source = template([solid("S", "#0000ff")], [])
    resolved, animation = scene(
        source,
        watermark=Watermark(image="logo", layout="drifting"),
        assets={"logo": picture(200, 100, color=(255, 255, 255))},
        frames=600,
    )
    assert animation["layers"][0]["op"] == 600
    early, late = (draw(resolved, at)[:, :, 0] > 60 for at in (0, 240))
    assert np.flatnonzero(early.any(axis=0))[0] < 100
    assert np.flatnonzero(late.any(axis=0))[-1] > 500


def test_a_watermark_is_part_of_the_scene_and_its_hash() -> None:
    source = template([text_layer("T", "سلام")], [])
    hashes = {
        scene(source, watermark=mark)[0].sha256
        for mark in (None, Watermark(text="a"), Watermark(text="b"), Watermark(text="a", opacity=10))
    }
    assert len(hashes) == 4


@pytest.mark.parametrize(
    ("mark", "code"),
    [
        ({}, "wrong_type"),
        ({"text": "a", "image": "b"}, "wrong_type"),
        ({"text": "a\nb"}, "value_out_of_range"),
        ({"text": "a", "size": 2}, "value_out_of_range"),
        ({"text": "a", "color": "red"}, "value_out_of_range"),
        ({"image": "gone"}, "missing_asset"),
    ],
)
def test_a_watermark_that_cannot_be_is_refused(mark: dict[str, Any], code: str) -> None:
    with pytest.raises(ValueRefused) as refused:
        scene(template([solid("S", "#0000ff")], []), watermark=Watermark(**mark))
    assert refused.value.code == code


NOWRUZ = {
    1300: "1921-03-21",
    1357: "1978-03-21",
    1375: "1996-03-20",
    1399: "2020-03-20",
    1400: "2021-03-21",
    1403: "2024-03-20",
    1404: "2025-03-21",
    1408: "2029-03-20",
    1409: "2030-03-21",
}


def test_jalali_years_begin_on_the_published_days() -> None:
    for year, day in NOWRUZ.items():
        assert jalali(date.fromisoformat(day)) == (year, 1, 1)
        assert jalali(date.fromordinal(date.fromisoformat(day).toordinal() - 1))[:2] == (year - 1, 12)
    assert date_text(date(2026, 11, 22), "long", "jalali", "fa") == "1 آذر 1405"


def test_the_same_wishes_give_the_same_bytes() -> None:
    stops = [{"color": "primary", "at": 0}, {"color": "#ffffff", "at": 1}]
    made = [
        scene(
            grounded(),
            {"@background": {"gradient": {"stops": stops}}},
            canvas=(500, 900),
            watermark=Watermark(text="x", layout="tiled"),
            frames=77,
        )[0].lottie
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert json.loads(made[0])["layers"]
