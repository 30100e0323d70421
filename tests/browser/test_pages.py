"""Every page in both languages, wide and narrow: fits, speaks the right language, complains of nothing, is accessible; and the keyboard."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.whole_platform.running import Running, eventually, wait_for_film
from tests.whole_platform.story import edited, press_render

from .chromium import NARROW, WIDE, Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]


@dataclass
class LivedIn:
    """The platform when something has happened on it, and its people, signed in."""

    browser: Browser
    address: str
    document: str
    film: str
    template: str
    sessions: dict[str, Any]
    open: dict[tuple[str, tuple[int, int], str | None], Visitor] = field(default_factory=dict)
    stack: ExitStack = field(default_factory=ExitStack)

    def visitor(self, locale: str, size: tuple[int, int], role: str | None) -> Visitor:
        """Return the visitor of that kind; the same one for all pages."""
        kind = (locale, size, role)
        if kind not in self.open:
            state = None if role is None else self.sessions[role]
            visit = visiting(self.browser, self.address, locale=locale, size=size, state=state)
            self.open[kind] = self.stack.enter_context(visit)
        self.open[kind].complaints.clear()
        return self.open[kind]


def signed_in(browser: Browser, platform: Running, role: str) -> Any:
    """Return the browser's state after the role's account has signed in."""
    with visiting(browser, platform.address) as visitor:
        visitor.open("/sign-in")
        visitor.sign_in(platform.accounts()[role])
        visitor.id("template-card").first.wait_for()
        return visitor.page.context.storage_state()


@pytest.fixture(scope="module")
def lived_in(platform: Running, browser: Browser) -> Iterator[LivedIn]:
    client, admin = platform.client("user"), platform.client("admin")
    document = edited(client, scenes=1)
    job = press_render(client, document)
    template = next(p for p in admin.get("/v1/admin/projects").json()["items"] if p["slug"] == "sale")["id"]
    assert admin.post(f"/v1/scene-snapshots/{template}").status_code == 202
    assert wait_for_film(client, job["id"])["status"] == "completed"
    eventually(
        lambda: all(j["status"] == "done" for j in admin.get(f"/v1/scene-snapshots/{template}").json()["items"]),
        timeout_s=60,
        what="the scene previews",
    )
    sessions = {role: signed_in(browser, platform, role) for role in ("user", "admin")}
    place = LivedIn(browser, platform.address, document["id"], job["id"], template, sessions)
    with place.stack:
        yield place


def at(name: str) -> Callable[[Visitor], None]:
    """Return how to wait for a page: until what carries the test id is there."""
    return lambda visitor: visitor.id(name).first.wait_for()


def studio_ready(visitor: Visitor) -> None:
    visitor.wait_until_drawn()


def notices_open(visitor: Visitor) -> None:
    visitor.id("notification-bell").click()
    visitor.id("notices-read-all").wait_for()


PAGES: dict[str, tuple[str | None, str, Callable[[Visitor], None]]] = {
    "sign-in": (None, "/sign-in", at("sign-in-form")),
    "gallery": ("user", "/", at("template-card")),
    "template": ("user", "/templates/sale", at("use-template")),
    "studio": ("user", "/studio/{document}", studio_ready),
    "projects": ("user", "/projects", at("project-card")),
    "films": ("user", "/films", at("film-row")),
    "film": ("user", "/films/{film}", at("film-video")),
    "notifications": ("user", "/", notices_open),
    "admin templates": ("admin", "/admin/templates", at("admin-template-row")),
    "admin template": ("admin", "/admin/templates/{template}", at("admin-scene-row")),
    "admin jobs": ("admin", "/admin/jobs", at("admin-job-row")),
    "admin nodes": ("admin", "/admin/nodes", at("node-card")),
}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("locale", ["fa", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_speaks_its_language_and_is_accessible(
    lived_in: LivedIn, name: str, locale: str, size: tuple[int, int]
) -> None:
    role, path, ready = PAGES[name]
    visitor = lived_in.visitor(locale, size, role)
    visitor.open(path.format(document=lived_in.document, film=lived_in.film, template=lived_in.template))
    ready(visitor)
    page = visitor.page.evaluate(
        """() => {
            const root = document.documentElement;
            return { lang: root.lang, dir: root.dir, over: root.scrollWidth - root.clientWidth, title: document.title };
        }"""
    )
    assert (page["lang"], page["dir"]) == (locale, "rtl" if locale == "fa" else "ltr")
    assert page["over"] <= 0, f"the page is {page['over']} px wider than the window"
    assert page["title"]
    # what is open in front of a page covers it: then only that is looked at
    front = "[role=dialog]" if name == "notifications" else None
    found = Axe().run(visitor.page, context=front, options={"runOnly": WCAG, "resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert visitor.complaints == []


@pytest.fixture
def studio(lived_in: LivedIn) -> Callable[[str], Visitor]:
    """Open the studio in a language, nothing focused."""

    def open_studio(locale: str) -> Visitor:
        visitor = lived_in.visitor(locale, WIDE, "user")
        visitor.open(f"/studio/{lived_in.document}")
        visitor.wait_until_drawn()
        return visitor

    return open_studio


def frame(visitor: Visitor) -> int:
    """Return the frame that the scrubber stands at."""
    return int(visitor.id("player-scrubber").input_value())


@pytest.mark.parametrize("locale", ["fa", "en"])
def test_space_plays_and_arrows_step_from_left_to_right(studio: Callable[[str], Visitor], locale: str) -> None:
    visitor = studio(locale)
    keys = visitor.page.keyboard
    keys.press("Home")
    keys.press("ArrowRight")
    keys.press("Shift+ArrowRight")
    assert frame(visitor) == 11
    keys.press("ArrowLeft")
    visitor.wait_for("() => document.querySelector('[data-testid=preview]').dataset.frame === '10'")
    keys.press("Space")
    visitor.wait_for("() => Number(document.querySelector('[data-testid=player-scrubber]').value) > 15")
    keys.press("Space")
    stopped = frame(visitor)
    visitor.page.wait_for_timeout(300)
    assert frame(visitor) == stopped
    keys.press("End")
    assert str(frame(visitor)) == visitor.id("player-scrubber").get_attribute("max")


def press_physical(visitor: Visitor, code: str, key: str, modifiers: int = 0) -> None:
    """Press a key as a keyboard of another layout does: `code` is its place, `key` what is written on it."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    for kind in ("rawKeyDown", "keyUp"):
        session.send("Input.dispatchKeyEvent", {"type": kind, "code": code, "key": key, "modifiers": modifiers})
    session.detach()


def test_on_a_persian_keyboard_the_question_mark_and_ctrl_z_work(studio: Callable[[str], Visitor]) -> None:
    shift, ctrl = 8, 2
    visitor = studio("fa")
    press_physical(visitor, "Slash", "؟", shift)
    sheet = visitor.page.get_by_role("dialog", name="میان‌برهای صفحه‌کلید")
    sheet.wait_for()
    assert sheet.locator("kbd").count() > 10
    visitor.page.keyboard.press("Escape")
    sheet.wait_for(state="detached")

    before = visitor.id("field-kicker").input_value()
    visitor.id("field-kicker").fill("تازه")
    visitor.id("scene-item").first.locator("[data-uid]").focus()
    press_physical(visitor, "KeyZ", "ظ", ctrl)
    assert visitor.id("field-kicker").input_value() == before
    press_physical(visitor, "KeyZ", "ظ", ctrl | shift)
    assert visitor.id("field-kicker").input_value() == "تازه"
    press_physical(visitor, "KeyZ", "ظ", ctrl)
    visitor.wait_until_saved()
