"""A real Chromium for tests, and a person in front of it: their page, and everything that the browser complained about."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Playwright, Request, Response

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WIDE = (1440, 900)
NARROW = (390, 844)
WAIT_MS = 30_000


def chromium_path() -> str | None:
    """Return the system's Chromium as `make test` finds it."""
    place = ROOT / "scripts" / "system_tools.py"
    spec = importlib.util.spec_from_file_location("system_tools", place)
    assert spec is not None
    assert spec.loader is not None
    tools = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tools)
    found: str | None = tools.find_chromium()
    return found


def launched(playwright: Playwright, path: str) -> Browser:
    """Return a started browser."""
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


@dataclass
class Visitor:
    """Somebody at a page of the platform."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def id(self, name: str) -> Locator:
        """Return what carries the `data-testid`."""
        return self.page.get_by_test_id(name)

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)

    def sign_in(self, account: dict[str, str]) -> None:
        """Fill in the form that is shown and send it."""
        self.id("sign-in-email").fill(account["email"])
        self.id("sign-in-password").fill(account["password"])
        self.id("sign-in-submit").click()

    def wait_for(self, expression: str, argument: Any = None, *, timeout_ms: float = WAIT_MS) -> None:
        """Wait until the JavaScript function says true."""
        self.page.wait_for_function(expression, arg=argument, timeout=timeout_ms)

    def wait_until_drawn(self, other_than: str | None = None) -> str:
        """Wait until the preview shows the newest edits (another scene than the one with this hash); return its hash."""
        self.wait_for(
            """(old) => {
                const preview = document.querySelector('[data-testid=preview]');
                return preview?.dataset.ready === 'true' && preview.dataset.sha256 !== old;
            }""",
            other_than,
        )
        found = self.id("preview").get_attribute("data-sha256")
        assert found is not None
        return found

    def wait_until_saved(self) -> None:
        self.wait_for("() => document.querySelector('[data-testid=save-state]')?.dataset.state === 'saved'")

    def listen(self) -> None:
        """Note errors of the page, error messages in its console, and requests that failed or were refused."""
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("console", self._heard)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        # leaving a page ends its streams and what it was still loading
        if request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"request failed: {request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.request.method} {response.url}")


@contextmanager
def visiting(
    browser: Browser, address: str, *, locale: str = "fa", size: tuple[int, int] = WIDE, state: Any = None
) -> Iterator[Visitor]:
    """Lend a visitor with a browser context of their own, in the language, signed in when `state` is given (`storage_state`)."""
    # the cookies only: the language that was chosen then is not the one wanted now
    cookies = None if state is None else {"cookies": state["cookies"], "origins": []}
    context: BrowserContext = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        reduced_motion="reduce",
        accept_downloads=True,
        storage_state=cookies,
    )
    context.add_init_script(
        f"localStorage.getItem('flatrender.locale') ?? localStorage.setItem('flatrender.locale', '{locale}')"
    )
    try:
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        visitor = Visitor(page, address)
        visitor.listen()
        yield visitor
    finally:
        context.close()
