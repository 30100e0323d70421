"""What a resolved scene looks like when it is drawn, against renderings that are not ours."""

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from flatrender.engine.resolve import resolve_scene
from flatrender.engine.template import load_template

from .conftest import Draw, ink
from .making import (
    EASE,
    encoded,
    field,
    image_asset,
    layer,
    lottie,
    package,
    quarters,
    solid,
    text_layer,
    written,
    zipped,
)
from .test_text import FONT

HB_VIEW = shutil.which("hb-view")


def resolved(animation: dict[str, Any], **options: Any) -> Any:
    return resolve_scene(load_template(encoded(animation)), "main", **options)


def hb_view(text: str, direction: str, script: str, size: int, target: Path) -> np.ndarray:
    assert HB_VIEW is not None
    command = [
        HB_VIEW, f"--font-file={FONT}", "--variations=wght=700", f"--font-size={size}", "--margin=8", "--output-format=png",
        f"--output-file={target}", f"--direction={direction}", f"--script={script}", "--language=fa", f"--text={text}",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    with Image.open(target) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def cut(pixels: np.ndarray) -> np.ndarray:
    left, top, right, bottom = ink(pixels, 200)
    return pixels[top:bottom, left:right].mean(axis=2)


@pytest.mark.skipif(HB_VIEW is None, reason="hb-view (libharfbuzz-bin) is not installed")
@pytest.mark.parametrize(
    ("text", "direction", "script"),
    [
        ("پیش‌نمایش", "rtl", "Arab"),
        ("فروش ویژهٔ نوروز", "rtl", "Arab"),
        ("مُحَمَّد لا", "rtl", "Arab"),
        ("گچپژ ۱۲۳", "rtl", "Arab"),
        ("AVATAR Wave", "ltr", "Latn"),
        ("Übergröße fi", "ltr", "Latn"),
    ],
)
def test_text_looks_as_harfbuzz_draws_it(text: str, direction: str, script: str, draw: Draw, tmp_path: Path) -> None:
    if "۱" in text:
        # hb-view knows no bidirectional algorithm: it is given the digits in the order in which they stand from the right.
        reference = hb_view(text.replace("۱۲۳", "۳۲۱"), direction, script, 60, tmp_path / "reference.png")
    else:
        reference = hb_view(text, direction, script, 60, tmp_path / "reference.png")
    ours = cut(draw(resolved(lottie([text_layer("T", text, 30, 170)]))))
    theirs = cut(reference)
    assert abs(ours.shape[0] - theirs.shape[0]) <= 1
    assert abs(ours.shape[1] - theirs.shape[1]) <= 2
    height, width = min(ours.shape[0], theirs.shape[0]), min(ours.shape[1], theirs.shape[1])
    # Both smooth edges in their own way and start at another part of a pixel: allow one pixel of movement.
    difference = min(
        np.abs(np.roll(ours, (dy, dx), (0, 1))[:height, :width] - theirs[:height, :width]).mean()
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    )
    assert difference < 14, difference


@pytest.mark.parametrize(("j", "left", "right"), [(0, 300, None), (1, None, 300), (2, None, None)])
def test_point_text_stands_on_its_baseline_and_keeps_its_side(
    j: int, left: int | None, right: int | None, draw: Draw
) -> None:
    box = ink(draw(resolved(lottie([text_layer("T", "HEH", 300, 170, j=j)]))))
    assert box[3] == pytest.approx(170, abs=1)
    if left is not None:
        assert box[0] == pytest.approx(left, abs=6)
    elif right is not None:
        assert box[2] == pytest.approx(right, abs=6)
    else:
        assert (box[0] + box[2]) / 2 == pytest.approx(300, abs=2)


@pytest.mark.parametrize(("vj", "j"), [(0, 0), (1, 2), (2, 1)])
def test_box_text_stands_in_its_box_where_it_was_designed(vj: int, j: int, draw: Draw) -> None:
    animation = lottie([text_layer("T", "HEH", 300, 170, sz=[500, 300], ps=[-250, -150], j=j, vj=vj)])
    left, top, right, bottom = ink(draw(resolved(animation)))
    assert {0: left - 50, 1: 550 - right, 2: (left + right) / 2 - 300}[j] == pytest.approx(0, abs=6)
    if vj == 0:  # the first baseline is the designed ascent, 0.75 em, below the top
        assert bottom == pytest.approx(20 + 45, abs=1)
    if vj == 2:
        assert 280 <= bottom <= 320
    if vj == 1:
        assert (top + bottom) / 2 == pytest.approx(170, abs=15)


def test_lines_are_a_line_height_apart(draw: Draw) -> None:
    pixels = draw(resolved(lottie([text_layer("T", "HHH\rHHH", 100, 120, lh=110)])))
    rows = np.flatnonzero((pixels.mean(axis=2) < 128).any(axis=1))
    ends = [int(a) for a, b in pairwise(rows) if b - a > 1] + [int(rows[-1])]
    assert ends[1] - ends[0] == pytest.approx(110, abs=1)


def reveal(**selector: Any) -> dict[str, Any]:
    start = {"a": 1, "k": [{"t": 0, "s": [0], **EASE}, {"t": 60, "s": [100]}]}
    zero = {"a": 0, "k": 0}
    return {
        "nm": "reveal",
        "s": {
            "t": 0,
            "b": 1,
            "rn": 0,
            "sh": 1,
            "r": 1,
            "a": {"a": 0, "k": 100},
            "xe": zero,
            "ne": zero,
            "sm": zero,
            "s": start,
            **selector,
        },
        "a": {"o": {"a": 0, "k": 0}},
    }


def test_a_text_animator_reveals_persian_from_the_right_and_latin_from_the_left(draw: Draw) -> None:
    places = {}
    for text in ("سلام دنیای بزرگ", "Hello large world"):
        animation = lottie([text_layer("T", text, 300, 170, (reveal(),), j=2)])
        left, _, right, _ = ink(draw(resolved(animation), frame=30))
        whole = ink(draw(resolved(lottie([text_layer("T", text, 300, 170, j=2)]))))
        places[text[0]] = (left - whole[0], whole[2] - right)
    assert places["س"][1] <= 2 < 100 < places["س"][0]
    assert places["H"][0] <= 2 < 100 < places["H"][1]


@pytest.mark.parametrize(("text", "j"), [("سلام دنیای خوب ما", 1), ("This is your world", 0)])
def test_a_text_animator_reveals_whole_words_in_reading_order(text: str, j: int, draw: Draw) -> None:
    x = 580 if j else 20
    animation = lottie([text_layer("T", text, x, 170, (reveal(b=3),), j=j)])
    boxes = [ink(draw(resolved(animation), frame=frame)) for frame in (55, 40, 25)]
    words = text.split()
    for count, box in zip((4, 3, 2), boxes, strict=True):
        whole = ink(draw(resolved(lottie([text_layer("T", " ".join(words[:count]), x, 170, j=j)]))))
        assert (box[0], box[2]) == pytest.approx((whole[0], whole[2]), abs=3)


def test_a_text_animator_reveals_the_upper_persian_line_first(draw: Draw) -> None:
    style = {"sz": [400, 300], "ps": [-200, -150], "j": 1}
    text = "سلام دنیای بزرگ ما که زیباست"
    half = ink(draw(resolved(lottie([text_layer("T", text, 300, 170, (reveal(),), **style)])), frame=20))
    whole = ink(draw(resolved(lottie([text_layer("T", text, 300, 170, **style)]))))
    revealed = ink(draw(resolved(lottie([text_layer("T", text, 300, 170, (reveal(),), **style)])), frame=59.9))
    assert half[1] <= whole[1] + 12
    assert half[3] < whole[3] - 60
    assert revealed[3] == pytest.approx(whole[3], abs=12)


@pytest.mark.parametrize("source", [(400, 100), (100, 400), (800, 600)])
def test_a_picture_fills_the_place_of_its_asset(source: tuple[int, int], draw: Draw) -> None:
    animation = lottie([layer(2, "Photo", 100, 70, refId="img")], assets=[image_asset("img", "images/a.png", 400, 200)])
    fields = [field("photo", "image", [{"layer": "Photo", "property": "image"}])]
    template = load_template(zipped(package(animation, fields, {"images/a.png": quarters(8, 8)})))
    pixels = draw(resolve_scene(template, "one", values={"photo": "mine"}, assets={"mine": quarters(*source)}))
    left, top, right, bottom = ink(pixels, 250)
    assert (left, top, right, bottom) == pytest.approx((100, 70, 500, 270), abs=1)
    for x, y, color in (
        (120, 90, (255, 0, 0)),
        (480, 90, (0, 255, 0)),
        (120, 250, (0, 0, 255)),
        (480, 250, (255, 255, 0)),
    ):
        assert np.abs(pixels[y, x] - color).max() < 40


def test_a_longer_scene_stands_still_at_its_snapshot_and_a_shorter_one_runs_faster(draw: Draw) -> None:
    moving = {"a": 1, "k": [{"t": 0, "s": [0, 170, 0], **EASE}, {"t": 60, "s": [600, 170, 0]}]}
    block = solid("Block", "#000000", 40, 40, ks={"p": moving, "a": {"a": 0, "k": [20, 20]}})

    def center(frames: int | None, frame: float) -> float:
        left, _, right, _ = ink(draw(resolved(lottie([block]), frames=frames), frame=frame))
        return (left + right) / 2

    assert center(None, 20) == pytest.approx(200, abs=2)
    assert center(100, 20) == pytest.approx(200, abs=2)
    assert center(100, 30) == center(100, 50) == pytest.approx(300, abs=4)
    assert center(100, 90) == pytest.approx(500, abs=2)
    assert center(30, 10) == pytest.approx(200, abs=2)


def test_a_scene_is_drawn_without_any_file_beside_it(draw: Draw, tmp_path: Path) -> None:
    animation = lottie([layer(2, "Photo", 0, 0, refId="img")], assets=[image_asset("img", "a.png", 600, 340)])
    folder = written(package(animation, [], {"images/a.png": quarters(60, 34)}), tmp_path / "template")
    scene = resolve_scene(load_template(folder), "one")
    shutil.rmtree(folder)
    assert np.abs(draw(scene)[10, 10] - (255, 0, 0)).max() < 40
