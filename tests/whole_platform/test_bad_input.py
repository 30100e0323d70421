"""Bad input over HTTP: every row of docs/errors.md is sent to a running platform and answered in words; the table lists what is tried."""

import json
import re
import socket
import time
from pathlib import Path

import pytest

from .bad_commands import COMMANDS
from .bad_projects import IMPORTS, BadProject, adding, ended, prepared
from .bad_requests import REQUESTS, Refusal
from .bad_world import World
from .crashing import FILMS, WATCHDOG_S, animation
from .problem_documents import checked
from .running import Running, eventually, wait_for_film
from .story import new_document, press_render, template
from .test_database_away import DATABASE_AWAY

pytestmark = pytest.mark.xdist_group("platform")
ROOT = Path(__file__).resolve().parents[2]
TWO_GIGABYTES = 2 * 1024**3

FONT_INVALID = "content.font_invalid"
CLAIMS = {
    "/v1/files": (413, "files.too_large", "256 MiB"),
    "/v1/saved-projects": (413, "too_large", "2097152 bytes"),
}


@pytest.fixture(scope="module")
def world(platform: Running) -> World:
    return World(platform)


@pytest.mark.parametrize("refusal", REQUESTS, ids=lambda one: one.what)
def test_the_request_is_refused_in_words_and_leaves_nothing_behind(world: World, refusal: Refusal) -> None:
    prepared = refusal.before(world)
    before = world.state()
    answer = refusal.send(world, prepared)
    problem = checked(world.platform, answer, refusal.status, refusal.code)
    told = json.dumps([problem["detail"], problem.get("errors")], ensure_ascii=False)
    for word in refusal.says:
        assert word in told, f"{word!r} is not in {told}"
    if refusal.status == 429:
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    if refusal.status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    assert world.state() == before


@pytest.mark.parametrize("path", CLAIMS)
def test_a_claim_of_two_gigabytes_is_refused_before_the_body_is_sent(world: World, path: str) -> None:
    before = world.state()
    status, code, words = CLAIMS[path]
    token = world.user.headers["Authorization"]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n"
        f"X-File-Purpose: user_media\r\nX-File-Name: big.png\r\nContent-Length: {TWO_GIGABYTES}\r\n\r\n{{"
    )
    with socket.create_connection(("127.0.0.1", world.platform.port), 5) as connection:
        connection.settimeout(10)
        connection.sendall(head.encode())
        answered = b""
        while b"\r\n\r\n" not in answered or not answered.rstrip().endswith(b"}"):
            part = connection.recv(65_536)
            if not part:
                break
            answered += part
    first, _, body = answered.partition(b"\r\n\r\n")
    assert f" {status} ".encode() in first.splitlines()[0]
    assert b"application/problem+json" in first
    problem = json.loads(body)
    assert problem["code"] == code
    assert words in problem["detail"]
    assert world.state() == before


@pytest.mark.parametrize("project", IMPORTS, ids=lambda one: one.what)
def test_a_project_that_cannot_be_imported_is_answered_in_words_and_becomes_no_template(
    world: World, project: BadProject
) -> None:
    file_id = world.uploaded(project.data(), project.name)
    before = world.state()
    state = ended(world.admin, world.bring(file_id))
    assert (state["status"], state["problem"]["code"]) == ("failed", project.code), state
    for word in (project.name, *project.says):
        assert word in state["problem"]["detail"]
    assert world.state() == before


def test_a_font_that_is_none_is_answered_in_words_and_the_template_stays_as_it_was(world: World) -> None:
    font = b"OTTO" + bytes(range(256)) * 4
    added = prepared(world, font, "nowhere.otf", None, purpose="font")
    state = ended(world.admin, adding(world, added))
    assert (state["status"], state["problem"]["code"]) == ("failed", FONT_INVALID), state
    assert "nowhere.otf" in state["problem"]["detail"]
    assert world.admin.get(f"/v1/admin/projects/{added.project_id}").json()["version_no"] == 1


def registered_nodes(world: World) -> list[str]:
    """Return the ids of the platform's nodes, once the one that it starts has introduced itself."""

    def ids() -> list[str]:
        return [node["id"] for node in world.admin.get("/v1/admin/nodes").json()["items"]]

    return eventually(lambda: ids() or None, timeout_s=60, what="a registered node")


@pytest.mark.parametrize("name", FILMS)
def test_a_film_of_an_animation_that_kills_or_hangs_the_renderer_fails_and_the_next_one_is_made(
    world: World, name: str
) -> None:
    code, words = FILMS[name]
    nodes = registered_nodes(world)
    answer = world.bring(world.uploaded(animation(name), name))
    assert answer.status_code == 201, answer.text
    project = answer.json()
    assert world.admin.post(f"/v1/admin/projects/{project['id']}/publish").status_code == 200
    try:
        document = new_document(world.admin, project, title=name)
        began = time.monotonic()
        failed = wait_for_film(world.admin, press_render(world.admin, document)["id"], timeout_s=WATCHDOG_S + 40)
        seconds = time.monotonic() - began
        assert (failed["status"], failed["error_code"], failed["export"]) == ("failed", code, None)
        assert (failed["title"], "main" in failed["error_message"]) == (name, True)
        assert words in failed["error_message"]
        assert seconds < WATCHDOG_S + 30

        following = new_document(world.user, template(world.user, "opener"))
        made = wait_for_film(world.user, press_render(world.user, following)["id"])
        assert made["status"] == "completed", made
        assert registered_nodes(world) == nodes
    finally:
        world.admin.post(f"/v1/admin/projects/{project['id']}/archive")


def table() -> list[list[str]]:
    """Return the rows of the table in docs/errors.md: what goes in, HTTP, command, what to do."""
    lines = (ROOT / "docs" / "errors.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [row for row in rows if row[0] != "what goes in"]


def test_the_table_of_errors_lists_what_is_tried_here_and_nothing_else() -> None:
    rows = table()
    assert all(len(row) == 4 and row[0] and row[3] for row in rows)
    over_http = {(int(s), c) for row in rows for s, c in re.findall(r"\b(\d{3}) `([a-z_.]+)`", row[1])}
    films = {c for row in rows for c in re.findall(r"film: `([a-z_]+)`", row[1])}
    imports = {c for row in rows for c in re.findall(r"import: `([a-z_.]+)`", row[1])}
    by_command = {(int(s), c) for row in rows for s, c in re.findall(r"\b(\d) `([a-z_]+)`", row[2])}
    tried = {(one.status, one.code) for one in REQUESTS} | {(s, c) for s, c, _ in CLAIMS.values()} | {DATABASE_AWAY}
    crashes = {(3, code) for code, _ in FILMS.values()}
    assert over_http == tried
    assert films == {code for code, _ in FILMS.values()}
    assert imports == {one.code for one in IMPORTS} | {FONT_INVALID}
    assert by_command == {(one.exit_code, one.code) for one in COMMANDS} | crashes
    named = [c for row in rows for cell in row[1:3] for c in re.findall(r"`([a-z_.]+)`", cell)]
    assert len(named) == sum(
        len(re.findall(r"(?:\b\d{1,3}|film:|import:) `", cell)) for row in rows for cell in row[1:3]
    )
