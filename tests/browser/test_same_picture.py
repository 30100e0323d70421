"""The preview is the film: the same resolved scene drawn by the browser's ThorVG, through the studio, and by the native one."""

import base64
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser

from flatrender.engine.scene import ResolvedScene
from tests.whole_platform.films import Pixels, difference, drawn_scene, pixels
from tests.whole_platform.running import Running
from tests.whole_platform.story import edited, new_document, template

from .chromium import Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

MEAN, LARGEST = 0.05, 16
"""Of 255 levels. Measured: 0.003 to 0.008 in the mean, 6 to 9 at single pixels on the edges of shapes; most pixels are equal to the bit."""


def resolved(answer: dict[str, Any], key: str) -> ResolvedScene:
    """Return the scene that the studio's preview was given."""
    return ResolvedScene(
        scene_key=key,
        lottie=msgspec.json.encode(answer["lottie"]),
        sha256=answer["sha256"],
        width=answer["width"],
        height=answer["height"],
        fps=answer["fps"],
        first_frame=answer["first_frame"],
        frames=answer["frames"],
    )


def canvas_at(visitor: Visitor, frame: int) -> Pixels:
    """Return the preview's canvas, pixel for pixel, showing the frame."""
    visitor.id("player-scrubber").fill(str(frame))
    visitor.wait_for(
        """(frame) => {
            const preview = document.querySelector('[data-testid=preview]');
            return preview.dataset.ready === 'true' && preview.dataset.frame === String(frame);
        }""",
        frame,
    )
    assert visitor.id("preview").get_attribute("data-mode") == "player"
    url: str = visitor.id("preview-canvas").evaluate("(canvas) => canvas.toDataURL('image/png')")
    return pixels(base64.b64decode(url.partition(",")[2]))


@pytest.mark.parametrize(("slug", "number"), [("promo", 0), ("quote", 1)])
def test_the_preview_shows_what_the_native_engine_draws(
    platform: Running, browser: Browser, slug: str, number: int
) -> None:
    client = platform.client("user")
    document = edited(client) if slug == "promo" else new_document(client, template(client, slug))
    with visiting(browser, platform.address) as visitor:
        visitor.open("/sign-in")
        visitor.sign_in(platform.accounts()["user"])
        visitor.id("template-card").first.wait_for()
        visitor.open(f"/studio/{document['id']}")
        visitor.wait_until_drawn()
        with visitor.page.expect_response("**/preview") as answering:
            visitor.page.reload()
            visitor.wait_until_drawn()
        if number:
            with visitor.page.expect_response("**/preview") as answering:
                visitor.id("scene-item").nth(number).locator("[data-uid]").click()
        scene = resolved(answering.value.json(), document["scenes"][number]["scene_key"])
        visitor.wait_for(
            "(hash) => document.querySelector('[data-testid=preview]').dataset.sha256 === hash", scene.sha256
        )
        visitor.wait_until_drawn()
        for frame in (scene.frames // 6, scene.frames // 2, scene.frames * 5 // 6):
            shown = canvas_at(visitor, frame)
            height, width, _ = shown.shape
            native = drawn_scene(scene, frame, width, height)
            assert native.std() > 10, "nothing to compare"
            assert difference(shown, native) < MEAN
            assert abs(shown - native).max() <= LARGEST
        assert visitor.complaints == []
