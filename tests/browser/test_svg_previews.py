"""Traced previews in a real Chromium: an administrator traces scenes, and people see them in other colours at once."""

import io
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Browser

from tests.whole_platform.running import Running, eventually

from .chromium import NARROW, WIDE, Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(400)]

CLAY = {"background": "#f5efe7", "primary": "#1f2a44", "accent": "#e07a4b"}
MINT = {"background": "#eef6f1", "primary": "#0f5548", "accent": "#f2b035"}


def picture(palette: dict[str, str] = CLAY) -> bytes:
    """Return a picture of a scene in these colours: a ground, a band and a disc."""
    drawn = Image.new("RGB", (960, 540), palette["background"])
    draw = ImageDraw.Draw(drawn)
    draw.rectangle((0, 360, 960, 540), fill=palette["primary"])
    draw.ellipse((360, 90, 600, 330), fill=palette["accent"])
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()


def colors_at(visitor: Visitor, name: str) -> tuple[list[int], list[int], list[int]]:
    """Return what is on the screen at the ground, the band and the disc of a traced picture."""
    shot = np.asarray(Image.open(io.BytesIO(visitor.id(name).screenshot())).convert("RGB")).astype(int)
    rows, columns = shot.shape[:2]

    def at(x: float, y: float) -> list[int]:
        return [int(part) for part in shot[int(y * rows), int(x * columns)]]

    return at(0.1, 0.1), at(0.5, 0.85), at(0.5, 0.4)


def near(found: tuple[list[int], ...], palette: dict[str, str]) -> bool:
    wanted = [[int(color[n : n + 2], 16) for n in (1, 3, 5)] for color in palette.values()]
    return all(
        abs(a - b) <= 4 for one, other in zip(found, wanted, strict=True) for a, b in zip(one, other, strict=True)
    )


def complaints_of(visitor: Visitor, scope: str) -> list[str]:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found: Any = Axe().run(visitor.page, context={"include": [[scope]]}, options=options)
    return [f"{one['id']}: {one['nodes'][0]['target']}" for one in found.response["violations"]]


def promo_of(client: httpx.Client) -> dict[str, Any]:
    items = client.get("/v1/admin/projects").json()["items"]
    promo = next(item for item in items if item["slug"] == "promo")
    return dict(client.get(f"/v1/admin/projects/{promo['id']}").json())


def test_an_administrator_traces_a_scene_and_people_see_it_in_other_colors(
    platform: Running, browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "صحنه.png"
    file.write_bytes(picture())
    admin = platform.client("admin")
    promo = promo_of(admin)
    with visiting(browser, platform.address, size=WIDE) as visitor:
        visitor.open(f"/admin/templates/{promo['id']}")
        visitor.sign_in(platform.accounts()["admin"])
        card = visitor.id("svg-preview-opening")
        card.wait_for()
        visitor.id("trace-file-opening").set_input_files(file)
        visitor.id("svg-drawing-opening").wait_for(timeout=60_000)
        assert near(colors_at(visitor, "svg-drawing-opening"), CLAY)
        visitor.id("preset-mint").click()
        assert near(colors_at(visitor, "svg-drawing-opening"), MINT)

        # an SVG that is dropped: what it runs stays away
        svg = tmp_path / "a.svg"
        svg.write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 54" onload="document.title=1"><script>document.title="2"</script>'
            f'<rect width="96" height="54" fill="{CLAY["background"]}"/><circle cx="48" cy="20" r="12" fill="{CLAY["accent"]}"/></svg>'
        )
        title = visitor.page.title()
        visitor.id("trace-file-name").set_input_files(svg)
        visitor.id("svg-drawing-name").wait_for(timeout=60_000)
        assert visitor.page.title() == title
        assert visitor.id("svg-drawing-name").locator("script").count() == 0

        # by keyboard: the disc shall follow another slot
        visitor.id("svg-groups-opening").focus()
        visitor.page.keyboard.press("Enter")
        preview = eventually(
            lambda: next(
                (p for p in admin.get(f"/v1/admin/projects/{promo['id']}/svg-previews").json()["items"] if p["scene_key"] == "opening"),
                None,
            ),
            timeout_s=10,
            what="the preview",
        )  # fmt: skip
        disc = next(group["number"] for group in preview["groups"] if group["slot"] == "accent")
        visitor.id(f"svg-groups-opening-{disc}").select_option("primary")
        visitor.wait_for(
            f"() => document.querySelector('[data-testid=svg-drawing-opening] [data-group=\"{disc}\"]').getAttribute('fill') !== '{MINT['accent']}'"
        )
        changed = admin.get(f"/v1/admin/svg-previews/{preview['id']}").json()["groups"][disc]
        assert (changed["slot"], changed["chosen"]) == ("primary", True)
        visitor.id(f"svg-groups-opening-{disc}").select_option(" automatic")
        visitor.wait_for(
            f"() => document.querySelector('[data-testid=svg-drawing-opening] [data-group=\"{disc}\"]').getAttribute('fill') === '{MINT['accent']}'"
        )
        assert complaints_of(visitor, "[aria-labelledby=svg-previews-title]") == []
        # a stranger is asked to sign in because asking who they are was refused
        assert not [complaint for complaint in visitor.complaints if "401" not in complaint]
    for locale, size in (("fa", WIDE), ("en", NARROW)):
        people_see_it(platform, browser, locale, size)


def people_see_it(platform: Running, browser: Browser, locale: str, size: tuple[int, int]) -> None:
    """Choose another preset on the template's page, open the studio with it, and choose a colour of one's own."""
    with visiting(browser, platform.address, locale=locale, size=size) as visitor:
        visitor.open("/templates/promo")
        visitor.sign_in(platform.accounts()["user"])
        visitor.id("preset-mint").click()
        visitor.id("traced-shown").wait_for()
        assert near(colors_at(visitor, "traced-shown"), MINT)
        assert complaints_of(visitor, "main") == []
        visitor.id("preset-clay").click()
        visitor.id("traced-shown").wait_for(state="detached")
        visitor.id("preset-mint").click()
        visitor.id("use-template").click()
        visitor.id("studio").wait_for()
        visitor.id("tab-colors").click()
        visitor.id("traced-opening").wait_for()
        visitor.id("traced-opening").evaluate("(picture) => picture.scrollIntoView({ block: 'center' })")
        assert near(colors_at(visitor, "traced-opening"), MINT)
        began = time.monotonic()
        visitor.id("color-primary").fill("#7700aa")
        visitor.wait_for(
            "() => document.querySelector('[data-testid=traced-opening] [data-group=\"1\"]').getAttribute('fill') === '#7700aa'"
        )
        assert time.monotonic() - began < 5
        visitor.id("traced-opening").evaluate("(picture) => picture.scrollIntoView({ block: 'center' })")
        assert near(colors_at(visitor, "traced-opening"), {**MINT, "primary": "#7700aa"})
        assert complaints_of(visitor, "[data-testid=traced-scenes]") == []
        assert not [complaint for complaint in visitor.complaints if "401" not in complaint]
