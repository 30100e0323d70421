"""What a traced colour follows, and what it becomes under other colours. web/tests/unit/recoloring.test.ts has the same figures."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatrender.engine.lottie.color import to_oklab
from flatrender.engine.vector.difference import difference
from flatrender.engine.vector.mapping import rule_for, variation_of
from flatrender.engine.vector.recoloring import ColorRule, blended, recolored

PALETTE = {"background": "#f5efe7", "primary": "#6d5df6", "accent": "#ffb454", "text": "#1b2133"}
OTHER = {"background": "#0b1020", "primary": "#1d9a74", "accent": "#f4d35e", "text": "#f1faf5"}
FIGURES = [
    (ColorRule(), "#123456"),
    (ColorRule(slot="gone"), "#123456"),
    (ColorRule(slot="primary"), "#1d9a74"),
    (ColorRule(slot="primary", toward="background", amount=0.25), "#19785f"),
    (ColorRule(slot="primary", toward="#ffffff", amount=0.5), "#8ecdba"),
    (ColorRule(slot="primary", toward="gone", amount=0.5), "#1d9a74"),
    (ColorRule(slot="accent", lighten=-0.2), "#b39300"),
    (ColorRule(slot="primary", lighten=0.1, chroma=0.5, hue=40), "#75adb5"),
    (ColorRule(slot="primary", toward="accent", amount=0.5, lighten=0.05), "#98c778"),
]
colors = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


@pytest.mark.parametrize(("rule", "expected"), FIGURES, ids=[f"figure-{n}" for n in range(len(FIGURES))])
def test_a_rule_gives_the_color_that_browsers_give(rule: ColorRule, expected: str) -> None:
    assert recolored("#123456", rule, OTHER) == expected


def test_a_slots_own_color_follows_the_slot() -> None:
    assert rule_for("#6d5df6", PALETTE) == ColorRule(slot="primary")
    assert rule_for("#6e5ef5", PALETTE) == ColorRule(slot="primary")


def test_a_color_between_two_slots_stays_between_them() -> None:
    rule = rule_for(blended("#f5efe7", "#6d5df6", 0.3), PALETTE)
    assert (rule.slot, rule.toward, rule.amount) == ("background", "primary", pytest.approx(0.3, abs=0.01))
    assert recolored("#000000", rule, OTHER) == blended("#0b1020", "#1d9a74", rule.amount)


def test_a_shade_of_a_slot_stays_a_shade() -> None:
    rule = rule_for(blended("#6d5df6", "#000000", 0.4), PALETTE)
    assert rule.slot == "primary"
    assert difference(recolored("#000000", rule, OTHER), blended("#1d9a74", "#000000", 0.4)) < 6


def test_a_color_of_nobody_stays() -> None:
    assert rule_for("#00c800", PALETTE) == ColorRule()
    assert rule_for("#6d5df6", {}) == ColorRule()


def test_of_two_slots_of_one_color_the_first_is_meant() -> None:
    assert rule_for("#2b1016", {"text": "#2b1016", "ink": "#2b1016"}) == ColorRule(slot="text")


def test_of_mixtures_that_explain_a_color_alike_the_one_is_meant_whose_slots_are_seen() -> None:
    palette = {"background": "#fff3e0", "accent": "#ffc53d", "contrast": "#ffffff"}
    color = "#ffe8b6"
    assert rule_for(color, palette, {"background": 0.36, "contrast": 0.02}).slot == "background"
    assert "contrast" in {(rule := rule_for(color, palette, {"contrast": 0.4})).slot, rule.toward}


@settings(max_examples=60, deadline=None)
@given(colors, st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), colors))
def test_under_the_colors_of_the_picture_it_looks_as_it_did(color: str, palette: dict[str, str]) -> None:
    rule = rule_for(color, palette)
    assert difference(recolored(color, rule, palette), color) <= 4.5


@settings(max_examples=60, deadline=None)
@given(colors, colors, colors)
def test_a_slot_that_an_administrator_chose_keeps_the_color_as_it_was(color: str, slot: str, other: str) -> None:
    rule = variation_of(color, "a", {"a": slot})
    assert re.fullmatch("#[0-9a-f]{6}", recolored(color, rule, {"a": other}))
    light, a, b = to_oklab(slot)
    # a grey has no colourfulness to multiply
    if math.hypot(a, b) > 0.02 and light > 0.1 and rule.chroma < 4:
        assert difference(recolored(color, rule, {"a": slot}), color) < 4


def test_a_slot_that_an_administrator_chose_keeps_the_shading() -> None:
    rule = variation_of("#8f83ff", "primary", PALETTE)
    light, *_ = to_oklab(recolored("#8f83ff", rule, OTHER))
    base, *_ = to_oklab(OTHER["primary"])
    assert light - base == pytest.approx(to_oklab("#8f83ff")[0] - to_oklab(PALETTE["primary"])[0], abs=0.01)
