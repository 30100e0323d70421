"""Frames as lottie-web draws them: its SVG renderer in Chromium, one CSS pixel a pixel, on white.

Pictures are kept by the file's hash below `var/fidelity`, so a browser starts only for what it has not drawn before.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from .ssim import Pixels

ROOT = Path(__file__).resolve().parents[2]
PLAYER = ROOT / "web" / "node_modules" / "lottie-web" / "build" / "player" / "lottie.min.js"
KEPT = ROOT / "var" / "fidelity"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)
_READY_MS = 10_000
# lottie-web plays from the in point: `goToAndStop` counts from there. Fonts and pictures are waited for before the frame is set.
_PLAY = """async ([text, width, height]) => {
    if (window.shown) window.shown.destroy();
    const box = document.getElementById('box');
    box.innerHTML = '';
    box.style.width = width + 'px';
    box.style.height = height + 'px';
    window.shown = lottie.loadAnimation({
        container: box, renderer: 'svg', loop: false, autoplay: false, animationData: JSON.parse(text),
        rendererSettings: {preserveAspectRatio: 'xMidYMid meet'},
    });
    const shown = window.shown;
    window.failure = null;
    const note = (failed) => { window.failure ??= String(failed.nativeError?.stack || failed.nativeError || failed.type); };
    shown.addEventListener('error', note);
    shown.addEventListener('data_failed', note);
    await new Promise((resolve) => {
        if (shown.isLoaded) return resolve();
        shown.addEventListener('DOMLoaded', resolve);
        shown.addEventListener('data_failed', resolve);
        setTimeout(resolve, 6000);
    });
    await document.fonts.ready;
    const pictures = [...box.querySelectorAll('image')].map((image) => {
        const link = image.getAttribute('href') || image.getAttributeNS('http://www.w3.org/1999/xlink', 'href');
        const picture = new Image();
        picture.src = link;
        return picture.decode().catch(() => undefined);
    });
    await Promise.all(pictures);
}"""
_SEEK = """async (frame) => {
    window.shown.goToAndStop(frame, true);
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
}"""


class Reference:
    """A page in which lottie-web plays."""

    def __init__(self, page: Page) -> None:
        self._page = page
        page.set_default_timeout(_READY_MS)
        page.set_content("<style>*{margin:0}body{background:#fff}</style><div id=box></div>")
        page.add_script_tag(path=str(PLAYER))

    def frames(self, lottie: bytes, at: Sequence[float], width: int, height: int) -> list[Pixels]:
        """Return the frames (counted from the in point) at `width` × `height` pixels. Raises playwright's Error when lottie-web fails."""
        self._page.set_viewport_size({"width": width, "height": height})
        self._page.evaluate(_PLAY, [lottie.decode("utf-8-sig"), width, height])
        drawn = []
        for frame in at:
            self._page.evaluate(_SEEK, frame)
            shot = self._page.screenshot(clip={"x": 0, "y": 0, "width": width, "height": height})
            drawn.append(decoded(shot))
        return drawn


def decoded(picture: bytes) -> Pixels:
    """Return a picture file's pixels."""
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))


@contextmanager
def browser_page(chromium: str) -> Iterator[Reference]:
    """Start the browser at that path and lend a page of it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
        try:
            yield Reference(browser.new_page(device_scale_factor=1))
        finally:
            browser.close()


def key_of(lottie: bytes, frame: float, width: int, height: int) -> str:
    """Return the name under which a frame is kept: the player's version, the file and what was asked decide it."""
    player = json.loads((PLAYER.parents[2] / "package.json").read_bytes())["version"]
    asked = f"{player} {frame:g} {width}x{height} ".encode()
    return hashlib.sha256(asked + lottie).hexdigest()


def kept(lottie: bytes, at: Sequence[float], width: int, height: int) -> list[Pixels] | None:
    """Return the frames when all are kept."""
    paths = [KEPT / f"{key_of(lottie, frame, width, height)}.png" for frame in at]
    if not all(path.is_file() for path in paths):
        return None
    return [decoded(path.read_bytes()) for path in paths]


def keep(lottie: bytes, at: Sequence[float], pictures: Sequence[Pixels]) -> None:
    """Keep frames for the next run."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for frame, picture in zip(at, pictures, strict=True):
        height, width = picture.shape[:2]
        path = KEPT / f"{key_of(lottie, frame, width, height)}.png"
        part = path.with_suffix(".part")
        Image.fromarray(picture).save(part, "PNG")
        part.replace(path)
