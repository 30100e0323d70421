"""One platform and one browser for all tests here."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.whole_platform.running import Running, running

from .chromium import chromium_path, launched


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A started Chromium."""
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium found: install one, or set FLATRENDER_CHROMIUM")
    # of the package, not the session: while it is open its event loop is the thread's, and other tests have their own
    with sync_playwright() as playwright:
        started = launched(playwright, path)
        try:
            yield started
        finally:
            started.close()


@pytest.fixture(scope="package")
def platform(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running platform; without a browser to look at it none is started."""
    yield from running(tmp_path_factory.mktemp("browser") / "var")
