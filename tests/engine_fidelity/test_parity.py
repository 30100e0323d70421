"""The browser's ThorVG and the native one draw the same scene: ten frames of each scene of each demo template, pixel by pixel."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import numpy as np
import pytest
from bench.fidelity.__main__ import found_chromium
from bench.fidelity.reference import ROOT, decoded
from bench.fidelity.ssim import Pixels
from playwright.sync_api import Page, Route, sync_playwright

from flatrender.engine.raster.pool import WorkerPool
from flatrender.engine.resolve import resolve_scene
from flatrender.engine.scene import ResolvedScene
from flatrender.engine.template import load_template

from .features import features

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("fidelity")]

DIST = ROOT / "web" / "node_modules" / "@lottiefiles" / "dotlottie-web" / "dist"
FILES = {
    "/": (b"<!doctype html><title>parity</title>", "text/html"),
    "/index.js": (None, "text/javascript"),
    "/dotlottie-player.wasm": (None, "application/wasm"),
}
WIDTH = 640
FRAMES = 10
MEAN, FAR, FAR_SHARE = 1.0, 8, 0.005
"""Of 255 levels: the mean difference, and the share of pixels that may be off by more than `FAR`."""
WHITE = (255, 255, 255)

CHROMIUM = found_chromium()
_LOAD = """async ([lottie, width, height]) => {
    if (!window.player) {
        const { DotLottie } = await import('/index.js');
        DotLottie.setWasmUrl('/dotlottie-player.wasm');
        window.canvas = document.body.appendChild(document.createElement('canvas'));
        window.player = new DotLottie({
            canvas: window.canvas, autoplay: false, loop: false, useFrameInterpolation: false,
            renderConfig: {autoResize: false, freezeOnOffscreen: false, devicePixelRatio: 1},
        });
        await new Promise((resolve) => window.player.addEventListener('ready', resolve));
    }
    window.canvas.width = width;
    window.canvas.height = height;
    await new Promise((resolve, reject) => {
        window.player.addEventListener('load', resolve);
        window.player.addEventListener('loadError', (event) => reject(event.error));
        window.player.load({
            data: lottie, autoplay: false, loop: false, useFrameInterpolation: false, backgroundColor: '#ffffff',
            renderConfig: {autoResize: false, freezeOnOffscreen: false, devicePixelRatio: 1},
            layout: {fit: 'contain', align: [0.5, 0.5]},
        });
    });
}"""
_DRAW = """(frame) => {
    window.player.setFrame(frame);
    const shown = document.createElement('canvas');
    shown.width = window.canvas.width;
    shown.height = window.canvas.height;
    const context = shown.getContext('2d');
    context.fillStyle = '#fff';
    context.fillRect(0, 0, shown.width, shown.height);
    context.drawImage(window.canvas, 0, 0);
    return shown.toDataURL('image/png');
}"""


def answer(route: Route) -> None:
    path = "/" + route.request.url.split("/", 3)[3]
    if path not in FILES:
        route.fulfill(status=404)
        return
    body, kind = FILES[path]
    route.fulfill(body=body if body is not None else (DIST / path[1:]).read_bytes(), content_type=kind)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if CHROMIUM is None or not DIST.is_dir():
        pytest.skip("needs Chromium and the web packages (`make web`)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        try:
            opened = browser.new_page(device_scale_factor=1)
            opened.route("**/*", answer)
            opened.goto("http://parity.test/")
            yield opened
        finally:
            browser.close()


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(1) as made:
        yield made


def in_browser(page: Page, scene: ResolvedScene, frames: list[int], height: int) -> list[Pixels]:
    page.evaluate("(text) => { window.scene = JSON.parse(text); }", scene.lottie.decode())
    page.evaluate(f"([w, h]) => ({_LOAD})([window.scene, w, h])", [WIDTH, height])
    urls = [page.evaluate(_DRAW, frame) for frame in frames]
    return [decoded(base64.b64decode(url.partition(",")[2])) for url in urls]


@pytest.mark.parametrize("slug", ["opener", "promo", "quote", "sale"])
def test_a_demo_template_is_the_same_in_the_browser_and_here(slug: str, page: Page, pool: WorkerPool) -> None:
    template = load_template(ROOT / "templates" / slug)
    for described in template.scenes:
        scene = resolve_scene(template, described.key)
        height = round(WIDTH * scene.height / scene.width)
        frames = [round((scene.frames - 1) * at / (FRAMES - 1)) for at in range(FRAMES)]
        for frame, shown in zip(frames, in_browser(page, scene, frames, height), strict=True):
            native = pool.draw(scene, frame, width=WIDTH, height=height, background=WHITE)
            drawn = np.frombuffer(native, np.uint8).reshape(height, WIDTH, 4)[:, :, 2::-1]
            apart = np.abs(shown.astype(int) - drawn)
            where = f"{slug} {described.key} frame {frame}"
            assert apart.mean() < MEAN, where
            assert (apart.max(axis=2) > FAR).mean() < FAR_SHARE, where


APART = {
    "blend modes: colour", "blend modes: hue", "blend modes: luminosity", "blend modes: saturation", "blend modes: soft light",
    "effects: half tint", "modifiers: zig zag", "zig zag: smooth",
}  # fmt: skip
"""What the browser's newer ThorVG draws otherwise; the report names it."""


def test_every_feature_but_a_few_is_the_same_in_the_browser_and_here(page: Page, pool: WorkerPool) -> None:
    apart = set()
    for name, lottie in features().items():
        template = load_template(json.dumps(lottie).encode())
        scene = resolve_scene(template, template.scenes[0].key)
        height = round(WIDTH * scene.height / scene.width)
        (shown,) = in_browser(page, scene, [30], height)
        native = pool.draw(scene, 30, width=WIDTH, height=height, background=WHITE)
        drawn = np.frombuffer(native, np.uint8).reshape(height, WIDTH, 4)[:, :, 2::-1]
        difference = np.abs(shown.astype(int) - drawn)
        if difference.mean() >= MEAN or (difference.max(axis=2) > FAR).mean() >= FAR_SHARE:
            apart.add(name)
    assert apart <= APART
