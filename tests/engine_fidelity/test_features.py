"""Every feature is drawn as lottie-web draws it; where it is not, the report says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.fidelity.__main__ import found_chromium, named
from bench.fidelity.reference import PLAYER, browser_page
from bench.fidelity.run import ENOUGH, compare, draw
from bench.fidelity.ssim import Pixels, ssim

from flatrender.engine.compatibility import compatibility
from flatrender.engine.raster.pool import WorkerPool

from .building import SIDE
from .features import features

pytestmark = pytest.mark.xdist_group("fidelity")

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
FRAME = 30
ALIKE = 0.98
"""Least structural similarity at 200 px; measured 0.995 and more for most."""
LESS_ALIKE = {
    "images: turned": 0.95,
    "blend modes: colour": 0.95, "blend modes: hue": 0.95, "blend modes: luminosity": 0.93, "blend modes: saturation": 0.95,
    "blend modes: soft light": 0.96, "effects: tint": 0.96, "effects: tritone": 0.96,
}  # fmt: skip
"""Colours that the report calls approximate, and pictures half a pixel away: other weights of red, green and blue, other rounding at half-transparent edges."""
UNLIKE = (
    "effects: drop shadow", "effects: hard shadow", "effects: switched off", "expressions: continue", "expressions: loop in", "masks: shrunk",
    "mattes: inverted luma, disc", "mattes: inverted luma, gradient", "offset path: out", "repeaters: after a trim",
    "repeaters: grid", "repeaters: offset", "shapes: hidden group",
)  # fmt: skip
"""What lottie-web draws unlike After Effects: it cuts shadows, draws hidden things, counts repeaters' offsets and trims otherwise."""
NOT_DRAWN = ("modifiers: zig zag", "zig zag: smooth")
FEATURES = features()
COMPARED = [name for name in FEATURES if name not in (*UNLIKE, *NOT_DRAWN)]

CHROMIUM = found_chromium()
needs_browser = pytest.mark.skipif(
    CHROMIUM is None or not PLAYER.is_file(), reason="needs Chromium and the web packages (`make web`)"
)


@pytest.fixture(scope="module")
def references() -> dict[str, Pixels]:
    """Every feature as lottie-web draws it, in one browser."""
    assert CHROMIUM is not None
    with browser_page(CHROMIUM) as page:
        return {name: page.frames(json.dumps(FEATURES[name]).encode(), [FRAME], SIDE, SIDE)[0] for name in COMPARED}


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(1) as made:
        yield made


def drawn(name: str, pool: WorkerPool) -> Pixels:
    return draw(json.dumps(FEATURES[name]).encode(), [FRAME], SIDE, SIDE, pool)[0]


@needs_browser
@pytest.mark.browser
@pytest.mark.parametrize("name", COMPARED)
def test_a_feature_is_drawn_as_in_lottie_web(name: str, references: dict[str, Pixels], pool: WorkerPool) -> None:
    assert ssim(references[name], drawn(name, pool)) >= LESS_ALIKE.get(name, ALIKE)


@pytest.mark.parametrize("name", [*UNLIKE, *NOT_DRAWN])
def test_what_lottie_web_shows_otherwise_is_drawn_without_failing(name: str, pool: WorkerPool) -> None:
    assert drawn(name, pool).std() > 0


@pytest.mark.parametrize("name", NOT_DRAWN)
def test_a_feature_that_is_not_drawn_is_named_and_sent_to_after_effects(name: str) -> None:
    report = compatibility(FEATURES[name])
    assert report.verdict == "after_effects"
    assert [(finding.feature, finding.layer, finding.verdict) for finding in report.findings] == [
        ("zig zag", "layer 1", "not_drawn")
    ]


@needs_browser
@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the public corpus is not beside this checkout")
def test_at_least_98_in_100_public_files_look_as_in_lottie_web() -> None:
    assert CHROMIUM is not None
    files = list(compare(sorted((CORPUS / "fidelity").glob("*.json")), CHROMIUM))
    assert len(files) > 90
    below = [file for file in files if file.middle < ENOUGH]
    assert len(below) <= 0.02 * len(files), [file.name for file in below]
    assert all(named(file) for file in below), [file.name for file in below]
    wrongly = [
        file.name for file in files if file not in below and any(f.verdict == "not_drawn" for f in file.report.findings)
    ]
    assert len(wrongly) <= 0.05 * len(files), wrongly
