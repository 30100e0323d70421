"""The newcomer's whole story in a real Chromium: from the sign-in to the film, and the admin's scene previews."""

import io
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator

from tests.whole_platform.films import Pixels, check_frames, difference, pixels, sound_level, video_facts
from tests.whole_platform.running import Running, eventually
from tests.whole_platform.story import lengths_of

from .chromium import Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.timeout(400)]

HEADLINE = "کفش‌های تازهٔ پاییز ۱۴۰۵"
VIOLET, GOLD = (120, 40, 200), (240, 190, 20)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FILM_MS = 150_000


def two_colors() -> bytes:
    """Return a PNG whose left half is violet and whose right half is gold."""
    picture = Image.new("RGB", (800, 1000), VIOLET)
    picture.paste(GOLD, (400, 0, 800, 1000))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def seen(visitor: Visitor) -> Pixels:
    """Return the preview as it is on the screen."""
    return pixels(visitor.id("preview-canvas").screenshot())


def share_of(picture: Pixels, color: tuple[int, int, int]) -> float:
    """Return the share (0–1) of pixels that have the colour."""
    return float((abs(picture - color).max(axis=2) < 12).mean())


def scene_keys(visitor: Visitor) -> list[str]:
    items: list[str] = visitor.page.eval_on_selector_all(
        "[data-testid=scene-item]", "(items) => items.map((item) => item.dataset.sceneKey)"
    )
    return items


def scene(visitor: Visitor, number: int) -> Locator:
    """Return the button that selects a scene of the strip."""
    return visitor.id("scene-item").nth(number).locator("[data-uid]")


def document_of(visitor: Visitor, client: httpx.Client) -> dict[str, Any]:
    """Return the document whose studio is open, as the server keeps it."""
    found = UUID.search(visitor.page.url)
    assert found is not None
    answer = client.get(f"/v1/saved-projects/{found.group()}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def come_in(visitor: Visitor, account: dict[str, str]) -> None:
    """Open the platform as a stranger, meet the sign-in in Persian, sign in."""
    visitor.open("/")
    visitor.id("sign-in-form").wait_for()
    html = visitor.page.locator("html")
    assert (html.get_attribute("lang"), html.get_attribute("dir")) == ("fa", "rtl")
    assert visitor.page.get_by_role("heading", level=1).inner_text() == "ورود"
    # a stranger is asked to sign in because asking who they are was refused
    assert all("401" in complaint for complaint in visitor.complaints), visitor.complaints
    visitor.complaints.clear()
    visitor.sign_in(account)
    visitor.id("template-card").first.wait_for()


def choose(visitor: Visitor, slug: str, preset: str) -> None:
    """Pick a template in the gallery and open the studio with it."""
    visitor.page.locator(f"[data-testid=template-card][data-slug={slug}]").click()
    visitor.id("size-16x9").click()
    visitor.id(f"preset-{preset}").click()
    visitor.id("use-template").click()
    visitor.id("studio").wait_for()
    visitor.wait_until_drawn()


def write_and_put_in(visitor: Visitor, picture: Path) -> None:
    """Write the headline, put in a picture and choose colours; the preview shows each."""
    hash_before, before = visitor.wait_until_drawn(), seen(visitor)
    visitor.id("field-headline").fill(HEADLINE)
    hash_written = visitor.wait_until_drawn(hash_before)
    written = seen(visitor)
    assert difference(before, written) > 1, "the headline is not in the preview"

    visitor.id("field-hero-upload").set_input_files(picture)
    visitor.wait_for("() => /^[0-9a-f-]{36}$/.test(document.querySelector('[data-testid=field-hero]').dataset.value)")
    hash_pictured = visitor.wait_until_drawn(hash_written)
    pictured = seen(visitor)
    for color in (VIOLET, GOLD):
        assert share_of(written, color) < 0.01 < 0.05 < share_of(pictured, color), "the picture is not in the preview"

    visitor.id("tab-colors").click()
    visitor.id("preset-mint").click()
    visitor.wait_until_drawn(hash_pictured)
    assert difference(pictured, seen(visitor)) > 5, "the colours are not in the preview"
    visitor.id("tab-scene").click()


def arrange(visitor: Visitor) -> list[str]:
    """Duplicate a scene, move another, add one and take that back; return the scenes' keys."""
    assert scene_keys(visitor) == ["opening", "name", "features", "figure", "gallery", "ending"]
    visitor.id("scene-item").nth(1).get_by_test_id("scene-menu").click()
    visitor.id("scene-duplicate").click()
    visitor.wait_for("() => document.querySelectorAll('[data-testid=scene-item]').length === 7")
    scene(visitor, 4).click()
    visitor.page.keyboard.press("Alt+ArrowUp")
    arranged = ["opening", "name", "name", "figure", "features", "gallery", "ending"]
    assert scene_keys(visitor) == arranged
    visitor.id("scene-add").click()
    visitor.id("scene-add-gallery").click()
    visitor.wait_for("() => document.querySelectorAll('[data-testid=scene-item]').length === 8")
    visitor.id("undo").click()
    assert scene_keys(visitor) == arranged
    return arranged


def choose_music(visitor: Visitor) -> str:
    """Choose the template's own music; return its track."""
    visitor.id("tab-audio").click()
    track = visitor.id("music-select").locator("input[type=radio]:not([data-testid=music-none])").first
    name = track.get_attribute("data-testid") or ""
    visitor.id("music-none").check()
    track.check()
    return name.removeprefix("music-")


def film_from(visitor: Visitor, platform: Running, to: Path) -> Path:
    """Press render at draft size, follow it over a reload, play the film in the page and download it."""
    visitor.id("render-button").click()
    visitor.id("profile-draft").click()
    visitor.id("render-start").click()
    visitor.wait_for(
        "() => Number(document.querySelector('[data-testid=render-progress]')?.dataset.percent) > 0", timeout_ms=FILM_MS
    )
    node = platform.child("flatrender", " node")
    # the node holds its breath, so that the film is surely not ready before the page is back
    node.suspend()
    try:
        percent = int(visitor.id("render-progress").get_attribute("data-percent") or 0)
        visitor.page.reload()
        visitor.id("render-progress").wait_for()
        assert int(visitor.id("render-progress").get_attribute("data-percent") or 0) >= percent
    finally:
        node.resume()
    video = visitor.id("film-video")
    video.wait_for(timeout=FILM_MS)
    visitor.wait_for("() => document.querySelector('video').readyState >= 2")
    played = visitor.page.evaluate(
        """async () => {
            const video = document.querySelector('video');
            const from = video.currentTime;
            video.muted = true;
            await video.play();
            while (video.currentTime < from + 0.4) await new Promise((done) => setTimeout(done, 50));
            video.pause();
            return { duration: video.duration, error: video.error, width: video.videoWidth };
        }"""
    )
    assert played["error"] is None
    assert played["width"] == 640
    with visitor.page.expect_download() as downloading:
        visitor.id("film-download").click()
    downloading.value.save_as(to)
    assert abs(played["duration"] - video_facts(to)["frames"] / 30) < 0.1
    return to


def test_a_newcomer_makes_a_film(platform: Running, browser: Browser, tmp_path: Path) -> None:
    picture = tmp_path / "محصول.png"
    picture.write_bytes(two_colors())
    client = platform.client("user")
    with visiting(browser, platform.address) as visitor:
        come_in(visitor, platform.accounts()["user"])
        choose(visitor, "promo", "violet")
        write_and_put_in(visitor, picture)
        arranged = arrange(visitor)
        track = choose_music(visitor)
        visitor.wait_until_saved()

        visitor.page.reload()
        visitor.wait_until_drawn()
        assert scene_keys(visitor) == arranged
        scene(visitor, 0).click()
        visitor.wait_until_drawn()
        assert visitor.id("field-headline").input_value() == HEADLINE
        assert share_of(seen(visitor), VIOLET) > 0.05
        document = document_of(visitor, client)
        assert document["audio"]["music_track_id"] == track
        assert [item["scene_key"] for item in document["scenes"]] == arranged

        film = film_from(visitor, platform, tmp_path / "film.mp4")
        assert visitor.complaints == []
    hero = document["scenes"][0]["values"]["hero"]
    lengths = lengths_of(client, document)
    check_frames(film, document, lengths, assets={hero: two_colors()})
    assert video_facts(film)["sound"] == ["aac"]
    assert sound_level(film, 1.0, 2.0) > 0.01
    ready = eventually(
        lambda: [n for n in client.get("/v1/notifications").json()["items"] if n["type_key"] == "render.completed"],
        timeout_s=15,
        what="the notice that the film is ready",
    )
    assert ready


THUMBNAILS = """() => [...document.querySelectorAll('[data-testid^=%s] img')]
    .filter((image) => image.complete && image.naturalWidth > 0).map((image) => image.currentSrc)"""


def test_an_admin_presses_the_button_and_sees_every_scene(platform: Running, browser: Browser) -> None:
    project = next(
        item for item in platform.client("admin").get("/v1/admin/projects").json()["items"] if item["slug"] == "sale"
    )
    with visiting(browser, platform.address) as visitor:
        visitor.open(f"/sign-in?next=/admin/templates/{project['id']}")
        visitor.sign_in(platform.accounts()["admin"])
        button = visitor.id("build-scene-previews")
        assert button.inner_text().strip() == "ساخت پیش‌نمایش صحنه‌ها"
        assert visitor.id("admin-scene-row").count() == 8
        button.click()
        eight = f"() => new Set(({THUMBNAILS % 'admin-scene-thumbnail-'})()).size === 8"
        visitor.wait_for(eight, timeout_ms=60_000)
        visitor.wait_for("() => document.querySelector('[data-testid=previews-state]').dataset.open === '0'")
        before = visitor.page.evaluate(THUMBNAILS % "admin-scene-thumbnail-")
        pictures = [pixels(visitor.page.request.get(url).body()) for url in before]
        for number, one in enumerate(pictures):
            assert one.max() - one.min() > 60, "a thumbnail without anything on it"
            assert all(difference(one, other) > 2 for other in pictures[:number]), "two scenes look alike"
        button.click()
        visitor.wait_for("() => document.querySelector('[data-testid=previews-state]').dataset.open === '0'")
        visitor.page.reload()
        visitor.wait_for(eight)
        assert visitor.complaints == []

    with visiting(browser, platform.address) as visitor:
        visitor.open("/sign-in")
        visitor.sign_in(platform.accounts()["user"])
        visitor.id("template-card").first.wait_for()
        choose(visitor, "sale", "pop")
        for number in range(8):
            visitor.id("scene-item").nth(number).scroll_into_view_if_needed()
        visitor.wait_for(f"() => new Set(({THUMBNAILS % 'scene-item-thumbnail'})()).size === 8")
        assert visitor.complaints == []
