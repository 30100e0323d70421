"""Rewrites: once, the same each time, quickly, and only where something is drawn otherwise."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest

from flatrender.engine.compatibility import compatibility
from flatrender.engine.lottie.document import canonical, check_lottie
from flatrender.engine.lottie.legacy import modernise
from flatrender.engine.lottie.rewrite import rewrite_for_engine
from flatrender.engine.lottie.rewrite.masks import draws_right
from flatrender.engine.lottie.rewrite.stars import star_outline
from flatrender.engine.lottie.rewrite.timing import sampler, written
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template
from tests.browser.chromium import ROOT

from .building import (
    bezier,
    ellipse,
    fill,
    group,
    mask,
    moving,
    null,
    path,
    place,
    precomp,
    rectangle,
    repeater,
    scene,
    shapes,
    solid,
    star,
    still,
)
from .features import features

FEATURES = features()
DEMOS = ("opener", "promo", "quote", "sale")
BOX = bezier((0, 0), (100, 0), (100, 100), (0, 100))


def rewritten(lottie: dict[str, Any]) -> dict[str, Any]:
    copied = copy.deepcopy(lottie)
    rewrite_for_engine(copied)
    return copied


@pytest.mark.parametrize("name", FEATURES)
def test_a_second_rewrite_changes_nothing_and_the_first_gives_the_same_each_time(name: str) -> None:
    once = rewritten(FEATURES[name])
    assert canonical(rewritten(FEATURES[name])) == canonical(once)
    again = copy.deepcopy(once)
    rewrite_for_engine(again)
    assert canonical(again) == canonical(once)
    check_lottie(once, name)


@pytest.mark.parametrize("slug", DEMOS)
def test_the_demo_templates_are_drawn_as_they_are(slug: str) -> None:
    template = load_template(ROOT / "templates" / slug)
    for described in template.scenes:
        lottie = template.lottie(described.key)
        before = sum(len(asset.get("layers", [])) for asset in lottie.get("assets", []))
        rewrite_for_engine(lottie)
        after = sum(len(asset.get("layers", [])) for asset in lottie["assets"])
        assert after <= before + 2
        assert compatibility(lottie, alone=False).verdict != "after_effects"


def test_a_usual_file_is_rewritten_within_20_ms() -> None:
    template = load_template(ROOT / "templates" / "promo")
    times = []
    for _ in range(7):
        lottie = template.lottie("features")
        began = time.perf_counter()
        rewrite_for_engine(lottie)
        times.append(time.perf_counter() - began)
    assert min(times) < 0.02


def test_colours_of_early_files_are_divided_by_255_and_closed_paths_are_closed() -> None:
    item = group({**path((0, 0), (9, 0), (9, 9)), "closed": True}, fill([255, 51, 0, 255]))
    del item["it"][0]["ks"]["k"]["c"]
    lottie = scene(shapes(item), v="4.0.1")
    modernise(lottie)
    outline, paint, _ = lottie["layers"][0]["shapes"][0]["it"]
    assert outline["ks"]["k"]["c"] is True
    assert paint["c"]["k"] == [1, 0.2, 0, 1]
    assert lottie["v"] != "4.0.1"
    later = scene(shapes(group(rectangle(), fill([255, 51, 0, 255]))), v="5.0.0")
    modernise(later)
    assert later["layers"][0]["shapes"][0]["it"][1]["c"]["k"] == [255, 51, 0, 255]


def test_a_solid_that_fades_is_a_rectangle_and_one_that_does_not_stays() -> None:
    lottie = rewritten(scene(solid("#ff0000", transform=place(opacity=40)), solid("#00ff00")))
    assert [layer["ty"] for layer in lottie["layers"]] == [4, 1]
    assert lottie["layers"][0]["shapes"][1]["c"]["k"] == [1, 0, 0, 1]


def test_a_star_has_the_points_of_lottie_web() -> None:
    values = {"pt": 4, "or": 10.0, "os": 0.0, "ir": 5.0, "is": 0.0, "r": 0.0}
    outline = star_outline(True, values, (100, 50), reverse=False)
    assert len(outline["v"]) == 8
    assert outline["v"][0] == [100, 40]
    assert outline["v"][2] == [110, 50]
    assert [len(point) for point in outline["i"]] == [2] * 8


def test_a_star_without_roundness_stays_a_star() -> None:
    lottie = rewritten(scene(shapes(group(star(5), fill()))))
    assert lottie["layers"][0]["shapes"][0]["it"][0]["ty"] == "sr"


@pytest.mark.parametrize(
    ("modes", "right"),
    [
        ("a", True), ("A", True), ("s", True), ("S", True), ("i", True), ("I", False), ("aa", True), ("as", True), ("ai", True),
        ("aS", True), ("aI", False), ("Aa", False), ("ss", True), ("sa", False), ("aas", False), ("aaa", True), ("sss", True),
    ],
)  # fmt: skip
def test_only_chains_of_masks_that_are_drawn_otherwise_become_mattes(modes: str, right: bool) -> None:
    masks = [mask(BOX, mode.lower(), inverted=mode.isupper()) for mode in modes]
    assert draws_right(masks) is right


def test_a_layer_whose_masks_become_a_matte_keeps_its_children_and_its_place() -> None:
    body = shapes(
        group(ellipse(), fill()),
        ind=3,
        transform=place(position=[50, 60], opacity=70),
        masksProperties=[mask(BOX), mask(BOX), mask(BOX, "s")],
    )
    child = shapes(group(rectangle(), fill()), ind=4, parent=3)
    drawn = rewritten(scene(body, child))["layers"]
    moved = next(layer for layer in drawn if layer["ty"] == 3)
    assert moved["ks"]["p"]["k"] == [50, 60]
    assert drawn[0]["parent"] == drawn[1]["parent"] == moved["ind"]
    assert drawn[0]["ks"]["o"]["k"] == 70
    assert "masksProperties" not in drawn[0]


def test_a_repeaters_copies_are_groups_with_the_transforms_of_after_effects() -> None:
    lottie = rewritten(scene(shapes(group(rectangle(), fill()), repeater(3, position=[10, 4], scale=[50, 50], eo=0))))
    copies = lottie["layers"][0]["shapes"]
    transforms = [copied["it"][-1] for copied in copies]
    assert [t["p"]["k"] for t in transforms] == [[0, 0], [10, 4], [20, 8]]
    assert [t["s"]["k"] for t in transforms] == [[100, 100], [50, 50], [25, 25]]
    assert [t["o"]["k"] for t in transforms] == [100, 50, 0]


def test_a_repeater_of_very_many_copies_is_left_to_the_renderer() -> None:
    lottie = rewritten(scene(shapes(group(rectangle(), fill()), repeater(5000))))
    assert lottie["layers"][0]["shapes"][1]["ty"] == "rp"


def test_a_loop_is_written_out_to_the_end_of_its_layer() -> None:
    turned = {**moving((0, 0), (10, 90)), "x": "var $bm_rt;\n$bm_rt = loopOut('cycle');"}
    lottie = rewritten(scene(shapes(group(rectangle(), fill()), transform=place(rotation=turned))))
    frames = lottie["layers"][0]["ks"]["r"]["k"]
    assert "x" not in lottie["layers"][0]["ks"]["r"]
    assert frames[-1]["t"] >= 60
    assert [frame["s"] for frame in frames if frame["t"] % 10 == 0][:6] == [[0]] * 6


def test_an_expression_that_cannot_be_evaluated_is_taken_out_and_named() -> None:
    code = "var $bm_rt; $bm_rt = sampleImage([1, 1])[0];"
    lottie = scene(shapes(group(rectangle(), fill()), transform=place(rotation={**moving((0, 0), (9, 9)), "x": code})))
    report = compatibility(lottie)
    assert report.verdict == "after_effects"
    assert "sampleImage" in report.findings[0].cause
    turned = rewritten(lottie)["layers"][0]["ks"]["r"]
    assert "x" not in turned
    assert turned["k"][1]["s"] == [9]


def test_blended_layers_are_drawn_into_a_buffer_of_their_own() -> None:
    lottie = rewritten(scene(shapes(group(ellipse(), fill()), bm=1), shapes(group(star(), fill()))))
    (whole,) = lottie["layers"]
    assert whole["ty"] == 0
    assert [layer["bm"] for layer in lottie["assets"][-1]["layers"]] == [1, 0]


def test_what_is_drawn_right_is_not_touched() -> None:
    plain = scene(
        null(),
        shapes(group(rectangle(), fill()), transform=place(position=moving((0, [0, 0]), (30, [90, 90])))),
        solid("#123456"),
        precomp("a", masksProperties=[mask(BOX)]),
        assets=[{"id": "a", "layers": [shapes(group(star(), fill()))]}],
    )
    before = json.dumps(plain, sort_keys=True)
    assert rewrite_for_engine(plain) == []
    assert json.dumps(plain, sort_keys=True) == before


def test_values_between_keyframes_follow_their_easing() -> None:
    straight = sampler(written([0, 10], [(0.0,), (100.0,)]), (0.0,))
    assert straight is not None
    assert straight(5) == pytest.approx((50,))
    eased = sampler(moving((0, 0), (10, 100)), (0.0,))
    assert eased is not None
    assert eased(2)[0] < 20
    assert eased(-5) == (0,)
    assert eased(50) == (100,)
    held = sampler(moving((0, 1), (10, 2), hold=True), (0.0,))
    assert held is not None
    assert held(9.9) == (1,)
    assert sampler({**still(3), "x": "time"}, (0.0,)) is None


def test_the_report_puts_the_worst_first_and_names_the_way_to_the_layer() -> None:
    inner = shapes(group(rectangle(), {"ty": "zz"}, fill()), nm="Wave")
    lottie = scene(
        shapes(group(rectangle(), fill()), nm="Blended", bm=12),
        precomp("a", nm="Scene"),
        assets=[{"id": "a", "layers": [inner]}],
    )
    report = compatibility(lottie)
    assert [(f.verdict, f.layer) for f in report.findings] == [
        ("not_drawn", "Scene / Wave"),
        ("approximate", "Blended"),
    ]
    assert report.verdict == "after_effects"


def test_the_demo_templates_are_drawn_as_designed() -> None:
    for slug in DEMOS:
        template = load_template(ROOT / "templates" / slug)
        for described in template.scenes:
            assert compatibility(template.lottie(described.key), alone=False).verdict == "open_engine"
            assert resolve_scene(template, described.key).frames > 0
