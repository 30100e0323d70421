"""Text animators: what range selectors do to each letter, in reading order, in figures and in pictures."""

import json
from typing import Any

import numpy as np
import pytest

from flatrender.engine.lottie.animators import Letter, by_parts, can_be_played, play
from flatrender.engine.lottie.sampling import bezier_ease, sample, sample_times
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import load_template

from .conftest import Draw, ink
from .making import EASE, encoded, lottie, solid, text_layer

CHARACTERS, INKED, WORDS, LINES = 1, 2, 3, 4


def still(value: Any) -> dict[str, Any]:
    return {"a": 0, "k": value}


def ramp(first: float, last: float, start: float = 0, end: float = 40) -> dict[str, Any]:
    return {"a": 1, "k": [{"t": start, "s": [first], **EASE, "o": {"x": [0], "y": [0]}}, {"t": end, "s": [last]}]}


def animator(properties: dict[str, Any], **selector: Any) -> dict[str, Any]:
    found = {"t": 0, "b": 1, "rn": 0, "sh": 1, "r": 1, "s": still(0), "e": still(100), "o": still(0), "a": still(100)}
    return {"nm": "A", "a": properties, "s": {**found, **selector}}


def letters(text: str) -> list[Letter]:
    out, word = [], 0
    for line, part in enumerate(text.split("\n")):
        for char in part:
            out.append(Letter(char == " ", word, line))
            word += char == " "
        word += 1
    return out


def shift(text: str, designed: str | None = None, **selector: Any) -> list[float]:
    """How far the selector reaches each letter at frame 0, percent."""
    layer = text_layer("T", text, animators=(animator({"p": still([100, 0])}, **selector),))
    motion = play(layer, letters(text), designed=designed, fill=(0, 0, 0), stroke=None, stroke_width=0)
    return [round(float(value), 3) for value in motion.position[0, :, 0]]


def shown(*layers: dict[str, Any]) -> ResolvedScene:
    source = lottie([*layers, solid("Ground", "#ffffff")])
    return resolve_scene(load_template(encoded(source), name="plain.json"), "main")


@pytest.mark.parametrize(
    ("text", "selector", "expected"),
    [
        ("abcd", {"s": still(0), "e": still(50)}, [100, 100, 0, 0]),
        ("abcd", {"s": still(0), "e": still(37.5)}, [100, 50, 0, 0]),
        ("abcd", {"s": still(50), "e": still(0)}, [100, 100, 0, 0]),
        ("abcd", {"s": still(0), "e": still(50), "o": still(25)}, [0, 100, 100, 0]),
        ("abcd", {"s": still(1), "e": still(3), "r": 2}, [0, 100, 100, 0]),
        ("ab cd", {"s": still(0), "e": still(50), "b": CHARACTERS}, [100, 100, 50, 0, 0]),
        ("ab cd", {"s": still(0), "e": still(75), "b": INKED}, [100, 100, 100, 100, 0]),
        ("ab cd\nef", {"s": still(0), "e": still(34), "b": WORDS}, [100, 100, 100, 2, 2, 0, 0]),
        ("ab cd\nef", {"s": still(50), "e": still(100), "b": LINES}, [0, 0, 0, 0, 0, 100, 100]),
        ("abcd", {"sh": 2}, [12.5, 37.5, 62.5, 87.5]),
        ("abcd", {"sh": 3}, [87.5, 62.5, 37.5, 12.5]),
        ("abcd", {"sh": 4}, [25, 75, 75, 25]),
        ("abcd", {"sh": 5}, [66.144, 96.825, 96.825, 66.144]),
        ("abcd", {"sh": 6}, [14.645, 85.355, 85.355, 14.645]),
        ("abcd", {"a": still(-50)}, [-50, -50, -50, -50]),
        ("abcd", {"e": still(40), "sm": still(0)}, [100, 100, 0, 0]),
    ],
)
def test_a_selector_reaches_letters_as_after_effects_counts_them(
    text: str, selector: dict[str, Any], expected: list[float]
) -> None:
    assert shift(text, **selector) == pytest.approx(expected, abs=0.5)


def test_easing_bends_a_ramp_without_moving_its_ends() -> None:
    plain, eased = shift("abcdefgh", sh=2), shift("abcdefgh", sh=2, ne=still(50), xe=still(50))
    assert eased[0] < plain[0] < plain[-1] < eased[-1]
    assert eased == sorted(eased)


def test_numbers_of_characters_are_shares_of_the_text_that_the_designer_saw() -> None:
    assert shift("abcdefgh", designed="abcd", s=still(0), e=still(2), r=2) == [100] * 4 + [0] * 4
    assert shift("abcdefgh", s=still(0), e=still(2), r=2) == [100] * 2 + [0] * 6


def test_a_random_order_is_the_same_at_every_resolving() -> None:
    first = shift("abcdefghij", rn=1, e=still(50))
    assert first == shift("abcdefghij", rn=1, e=still(50))
    assert sorted(first) == [0] * 5 + [100] * 5
    assert first != sorted(first)


def test_all_properties_of_an_animator_move_letters() -> None:
    properties = {
        "p": still([10, 20]), "a": still([1, 2]), "s": still([50, 200]), "r": still(30), "sk": still(5), "o": still(25), "t": still(7),
        "fc": still([1, 0, 0]), "sw": still(3), "fo": still(50),
    }  # fmt: skip
    layer = text_layer("T", "ab", animators=(animator(properties, a=still(50)),))
    motion = play(layer, letters("ab"), designed=None, fill=(0, 0, 1), stroke=(0, 0, 0), stroke_width=2)
    found = [
        motion.position, motion.anchor, motion.scale, motion.rotation, motion.skew, motion.opacity, motion.tracking,
        motion.fill_opacity, motion.fill, motion.stroke_width,
    ]  # fmt: skip
    at_first = [np.asarray(value)[0, 0].tolist() for value in found]
    assert at_first == [[5, 10], [0.5, 1], [75, 150], 15, 2.5, 62.5, 3.5, 75, [0.5, 0, 0.5], 3.5]


def test_turns_of_animators_add_up_and_the_last_opacity_stands() -> None:
    layer = text_layer("T", "ab", animators=(animator({"r": still(10), "o": still(50)}),) * 2)
    motion = play(layer, letters("ab"), designed=None, fill=(0, 0, 0), stroke=None, stroke_width=0)
    assert (motion.rotation[0, 0], motion.opacity[0, 0]) == (20, 50)  # opacities are gone towards, as lottie-web does


@pytest.mark.parametrize(
    ("selectors", "grouping", "parts"),
    [
        (({"b": 1},), 1, 1),
        (({"b": 3},), 1, 3),
        (({"b": 4},), 1, 4),
        (({"b": 3}, {"b": 4}), 1, 3),
        (({"b": 3}, {"b": 1}), 1, 1),
    ],
)
def test_words_and_lines_that_move_whole_are_one_part(
    selectors: tuple[dict[str, int], ...], grouping: int, parts: int
) -> None:
    layer = text_layer("T", "x", animators=tuple(animator({"o": still(0)}, **one) for one in selectors))
    layer["t"]["m"]["g"] = grouping
    assert by_parts(layer) == parts


def test_a_word_that_turns_about_each_letter_moves_letter_by_letter() -> None:
    layer = text_layer("T", "x", animators=(animator({"r": still(90)}, b=3),))
    assert by_parts(layer) == 1
    layer["t"]["m"]["g"] = 2
    assert by_parts(layer) == 3


def test_expression_selectors_are_left_to_the_player() -> None:
    layer = text_layer("T", "سلام", animators=(animator({"o": still(0)}, t=1),))
    assert not can_be_played(layer)
    assert json.loads(shown(layer).lottie)["layers"][0]["ty"] == 5


def test_values_between_keyframes_follow_their_easing() -> None:
    prop = {
        "a": 1,
        "k": [
            {"t": 0, "s": [0, 0], "o": {"x": 0.5, "y": 0}, "i": {"x": 0.5, "y": 1}},
            {"t": 10, "s": [100, 50], "h": 1},
            {"t": 20, "s": [7, 7]},
        ],
    }
    values = sample(prop, np.array([-5.0, 0, 5, 10, 15, 20, 99]), [0, 0])
    expected = np.array([[0, 0], [0, 0], [50, 25], [100, 50], [100, 50], [7, 7], [7, 7]])
    assert values == pytest.approx(expected)
    assert sample_times([prop]).tolist() == list(range(21))
    assert bezier_ease(np.array([0.25]), (0.5, 0.0), (0.5, 1.0))[0] == pytest.approx(0.1059, abs=1e-3)


@pytest.mark.parametrize("text", ["سلام دنیای خوب", "Hello good world"])
@pytest.mark.parametrize("based", [CHARACTERS, INKED, WORDS])
def test_the_first_in_reading_order_is_revealed_first(text: str, based: int, draw: Draw) -> None:
    layer = text_layer("T", text, 300, 190, (animator({"o": still(0)}, b=based, s=ramp(0, 100)),), j=2, s=60)
    whole = ink(draw(shown(text_layer("T", text, 300, 190, j=2, s=60))))
    scene = shown(layer)
    seen = [ink(draw(scene, frame=frame)) for frame in (14, 28, 39.9)]
    rtl = text[0] == "س"
    for left, _, right, _ in seen:
        assert (right if rtl else left) == pytest.approx(whole[2] if rtl else whole[0], abs=3)
    widths = [right - left for left, _, right, _ in seen]
    assert widths == sorted(widths)
    assert widths[0] < 0.6 * (whole[2] - whole[0])


def test_figures_in_a_persian_line_keep_their_order_when_spacing_grows(draw: Draw) -> None:
    growing = animator({"t": still(12)}, s=still(0), e=ramp(0, 100))
    plain = draw(shown(text_layer("T", "۱۲۳", 300, 190, j=2, s=60)))
    scene = shown(text_layer("T", "۱۲۳", 300, 190, (growing,), j=2, s=60))
    spaced = draw(scene, frame=59)

    def pieces(pixels: np.ndarray) -> list[int]:
        dark = np.concatenate([[False], (pixels.mean(axis=2) < 128).any(axis=0), [False]])
        edges = np.flatnonzero(np.diff(dark.astype(int)))
        return [int(b - a) for a, b in zip(edges[::2], edges[1::2], strict=True)]

    assert pieces(spaced) == pytest.approx(pieces(plain), abs=1)
    assert ink(spaced)[2] - ink(spaced)[0] == pytest.approx(ink(plain)[2] - ink(plain)[0] + 24, abs=2)


def test_spacing_that_grows_does_not_tear_joined_letters(draw: Draw) -> None:
    growing = animator({"t": still(30)})
    apart = ink(draw(shown(text_layer("T", "سلام", 300, 190, (growing,), j=2, s=60))))
    plain = ink(draw(shown(text_layer("T", "سلام", 300, 190, j=2, s=60))))
    assert apart == pytest.approx(plain, abs=1)


def test_letters_change_colour_and_emoji_move_with_them(draw: Draw) -> None:
    coloured = animator({"fc": still([1, 0, 0]), "p": still([0, -60])}, s=still(0), e=still(50))
    pixels = draw(shown(text_layer("T", "سلام دنیا😀", 300, 220, (coloured,), j=2, s=80, fc=[0, 0, 1])))
    red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60) & (pixels[..., 2] < 60)
    blue = (pixels[..., 2] > 200) & (pixels[..., 0] < 60)
    assert red.sum() > 300
    assert blue.sum() > 100
    assert np.flatnonzero(red.any(axis=1)).min() < np.flatnonzero(blue.any(axis=1)).min() - 20
    lifted = draw(shown(text_layer("T", "😀", 300, 220, (animator({"p": still([0, -60])}),), j=2, s=80)))
    resting = draw(shown(text_layer("T", "😀", 300, 220, j=2, s=80)))
    assert ink(resting, 230)[1] - ink(lifted, 230)[1] == pytest.approx(60, abs=1)


def test_a_text_that_changes_with_time_moves_in_each_of_its_texts(draw: Draw) -> None:
    layer = text_layer("T", "یک", 300, 190, (animator({"o": still(0)}, s=ramp(0, 100, 0, 10)),), j=2, s=80)
    first = layer["t"]["d"]["k"][0]["s"]
    layer["t"]["d"]["k"].append({"t": 30, "s": {**first, "t": "سلام"}})
    scene = shown(layer)
    alone = {text: ink(draw(shown(text_layer("T", text, 300, 190, j=2, s=80)))) for text in ("یک", "سلام")}
    assert ink(draw(scene, frame=20)) == pytest.approx(alone["یک"], abs=1)
    assert ink(draw(scene, frame=45)) == pytest.approx(alone["سلام"], abs=1)


def test_a_very_long_text_with_animators_stays_bounded() -> None:
    text = "سلام دنیا " * 900
    scene = shown(text_layer("T", text, animators=(animator({"o": still(0)}, s=ramp(0, 100, 0, 3000)),), j=1))
    assert len(scene.lottie) < 40_000_000


@pytest.mark.parametrize(
    "value", [None, 0, -1, 1e308, "x", [], {}, [None], {"a": 1, "k": []}, {"a": 1, "k": [{"t": -1e300, "s": [1]}]}]
)
@pytest.mark.parametrize("place", ["d", "a", "m", "size", "stroke", "box", "selector", "property", "lines"])
def test_a_damaged_text_layer_is_set_as_far_as_it_goes(place: str, value: Any) -> None:
    layer = text_layer("T", "سلام 😀", 300, 190, (animator({"p": still([9, 9])}, s=ramp(0, 100)),), sc=[1, 0, 0], sw=2)
    text = layer["t"]
    document, moved = text["d"]["k"][0]["s"], text["a"][0]
    holder, key = {
        "d": (text, "d"), "a": (text, "a"), "m": (text, "m"), "size": (document, "s"), "stroke": (document, "sw"), "box": (document, "sz"),
        "selector": (moved["s"], "s"), "property": (moved["a"], "p"), "lines": (document, "lh"),
    }[place]  # fmt: skip
    holder[key] = value
    assert b"null" not in shown(layer).lottie.replace(encoded(value), b"")
