"""An administrator brings an After Effects project in with a browser: the report, what is missing, publishing, and what the studio says of it."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from tests.aftereffects.uploads import PICTURE, campaign
from tests.whole_platform.running import Running, eventually
from tests.whole_platform.story import new_document

from .chromium import NARROW, WIDE, Visitor, visiting
from .test_pages import WCAG, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

IMPORT_MS = 90_000


@dataclass
class Brought:
    """A template made from a project in the browser, and the administrator's session."""

    platform: Running
    project: dict[str, Any]
    session: Any
    document: str


@pytest.fixture(scope="module")
def brought(platform: Running, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brought]:
    """Bring the project in through the page, complete it and publish it."""
    folder = tmp_path_factory.mktemp("project")
    files = campaign()
    (folder / "campaign.aep").write_bytes(files["campaign.aep"])
    (folder / PICTURE).write_bytes(files[f"(Footage)/{PICTURE}"])
    session = signed_in(browser, platform, "admin")
    admin = platform.client("admin")
    with visiting(browser, platform.address, locale="en", state=session) as visitor:
        visitor.open("/admin/templates")
        visitor.id("admin-import-input").set_input_files(folder / "campaign.aep")
        expect(visitor.id("import-item")).to_contain_text("campaign.aep")
        keep(visitor, "converting-en-wide")
        visitor.id("project-report").wait_for(timeout=IMPORT_MS)
        address = visitor.page.url
        expect(visitor.id("missing-footage")).to_contain_text(PICTURE)
        keep(visitor, "missing-en-wide")
        missing(visitor, folder / PICTURE)
        visitor.id("admin-publish").click()
        expect(visitor.id("publish-needs-after-effects")).to_contain_text("Storm")
        keep(visitor, "publish-en-wide")
        visitor.id("publish-anyway").click()
        expect(visitor.id("template-status")).to_have_attribute("data-testid", "template-status")
        visitor.id("admin-publish").wait_for(state="detached")
        assert visitor.complaints == []
    project = admin.get(f"/v1/admin/projects/{address.rsplit('/', 1)[1]}").json()
    assert (project["status"], project["version_no"]) == ("published", 2)
    thumbnail(admin, project)
    picture_as_by_after_effects(platform, project)
    document = new_document(admin, project, locale="fa")
    try:
        yield Brought(platform, project, session, document["id"])
    finally:
        admin.post(f"/v1/admin/projects/{project['id']}/archive")


def missing(visitor: Visitor, picture: Path) -> None:
    """Give the page the missing picture and wait until the project was converted with it."""
    visitor.id(f"missing-footage-input-{PICTURE}").set_input_files(picture)
    visitor.id("complete-project").click()
    visitor.id("missing-files").wait_for(state="detached", timeout=IMPORT_MS)


def thumbnail(admin: Any, project: dict[str, Any]) -> None:
    """Have the scene that is drawn here pictured; the other one waits for a node with After Effects."""
    drawn = next(scene["id"] for scene in project["scenes"] if scene["engine"] == "thorvg")
    assert admin.post(f"/v1/scene-snapshots/{project['id']}").status_code == 202

    def done() -> bool:
        items = admin.get(f"/v1/scene-snapshots/{project['id']}").json()["items"]
        return any(item["scene_id"] == drawn and item["status"] == "done" for item in items)

    eventually(done, timeout_s=60, what="the thumbnail")


def picture_as_by_after_effects(platform: Running, project: dict[str, Any]) -> None:
    """Give the scene that After Effects draws a picture, as a node with After Effects would: the other scene's."""
    addresses = json.loads((platform.data_dir / "database.json").read_text())
    with psycopg.connect(addresses["svc_content_worker"]) as conn:
        conn.execute(
            "UPDATE content.scenes SET snapshot_url = (SELECT snapshot_url FROM content.scenes WHERE project_id = %(project)s"
            " AND snapshot_url IS NOT NULL AND deleted_at IS NULL LIMIT 1) WHERE project_id = %(project)s AND engine = 'aerender'",
            {"project": project["id"]},
        )


def keep(visitor: Visitor, name: str) -> None:
    """Keep a picture of the page in the folder PAGES_OUT, where one is named."""
    folder = os.environ.get("PAGES_OUT")
    if folder:
        visitor.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("locale", ["fa", "en"])
@pytest.mark.parametrize("name", ["report", "studio"])
def test_the_report_and_the_studio_fit_speak_their_language_and_are_accessible(
    brought: Brought, browser: Browser, name: str, locale: str, size: tuple[int, int]
) -> None:
    with visiting(browser, brought.platform.address, locale=locale, size=size, state=brought.session) as visitor:
        if name == "report":
            visitor.open(f"/admin/templates/{brought.project['id']}")
            visitor.id("scene-report").first.wait_for()
            expect(visitor.id("findings-not_drawn")).to_contain_text("Turbulent Displace")
            assert visitor.id("suggested-field").count() >= 3
        else:
            visitor.open(f"/studio/{brought.document}")
            visitor.wait_until_drawn()
            visitor.id("scene-item").filter(has_text="Storm").locator("[data-uid]").click()
            expect(visitor.id("preview-after-effects")).to_be_visible()
            expect(visitor.id("preview-designed")).to_be_visible()
            keep(visitor, f"designed-{locale}-{'wide' if size == WIDE else 'narrow'}")
            visitor.id("preview-switch").click()
            expect(visitor.id("preview-approximate")).to_be_visible()
            expect(visitor.id("preview-designed")).to_have_count(0)
        over = visitor.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        keep(visitor, f"{name}-{locale}-{'wide' if size == WIDE else 'narrow'}")
        assert over <= 0, f"the page is {over} px wider than the window"
        found = Axe().run(visitor.page, options={"runOnly": WCAG, "resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        assert visitor.complaints == []


def test_a_project_that_cannot_be_read_is_refused_in_the_language_of_the_page(
    brought: Brought, browser: Browser, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.aep"
    broken.write_bytes(b"RIFX\x00\x00\x10\x00Egg!" + bytes(4000))
    with visiting(browser, brought.platform.address, locale="fa", state=brought.session) as visitor:
        visitor.open("/admin/templates")
        visitor.id("admin-import-input").set_input_files(broken)
        visitor.page.get_by_text("این پروژه خوانده نمی‌شود").first.wait_for(timeout=IMPORT_MS)
        expect(visitor.id("admin-import")).to_be_enabled()
        failed = visitor.id("import-item").first
        expect(failed).to_have_attribute("data-status", "failed")
        expect(failed).to_contain_text("broken.aep")
        keep(visitor, "failed-fa-wide")
        found = Axe().run(visitor.page, options={"runOnly": WCAG, "resultTypes": ["violations"]})
        assert found.violations_count == 0, found.generate_report()
        assert visitor.complaints == []
