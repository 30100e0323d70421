"""Bad input: every row of docs/errors.md is sent to a running platform and to the commands, and answered in words."""

import json
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from .bad_commands import COMMANDS, Ending
from .bad_requests import REQUESTS, Refusal
from .bad_world import World
from .running import Running, eventually, wait_for_film
from .story import new_document, press_render, template
from .test_kills import postmaster_of

pytestmark = pytest.mark.xdist_group("platform")
ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "lottie"
TWO_GIGABYTES = 2 * 1024**3

CLAIMS = {
    "/v1/files": (413, "files.too_large", "64 MiB"),
    "/v1/saved-projects": (413, "too_large", "2097152 bytes"),
}
DATABASE_AWAY = (503, "database_unavailable")
FILMS = {
    "crash_dna.json": ("engine_crashed", "renderer died"),
    "hang_infinite_loop.json": ("engine_timeout", "took longer than"),
}
WATCHDOG_S = 20
"""What drawing one frame may take (docs/engine.md)."""


@pytest.fixture(scope="module")
def world(platform: Running) -> World:
    return World(platform)


def checked(platform: Running, answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Assert that an answer is the problem document that it should be, and return it."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert (problem["code"], problem["status"]) == (code, status), problem
    assert problem["type"] == f"https://flatrender.dev/problems/{code}"
    assert problem["title"]
    assert problem["request_id"] == answer.headers["x-request-id"]
    secret = [account["password"] for account in platform.accounts().values()]
    inside = ("Traceback", ".py", "psycopg", "SELECT ", str(ROOT), str(platform.data_dir), tempfile.gettempdir() + "/")
    for leak in (*inside, *secret):
        assert leak not in answer.text, f"the answer tells {leak!r}"
    return problem


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


def run(folder: Path, *arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flatrender", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.mark.parametrize("ending", COMMANDS, ids=lambda one: one.what)
def test_the_command_ends_with_one_line_and_leaves_no_file(tmp_path: Path, ending: Ending) -> None:
    if ending.file is not None:
        (tmp_path / ending.file[0]).write_bytes(ending.file[1]())
    before = sorted(tmp_path.iterdir())
    done = run(tmp_path, *ending.arguments)
    assert (done.returncode, done.stdout) == (ending.exit_code, ""), done.stderr
    *others, error = done.stderr.splitlines()
    assert all(line.startswith("drawing: ") for line in others), done.stderr
    assert error.startswith("flatrender: error: ")
    assert error.endswith(f" [{ending.code}]")
    for word in ending.says:
        assert word in error
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", FILMS)
def test_a_film_of_an_animation_that_kills_or_hangs_the_renderer_fails_and_the_next_one_is_made(
    world: World, name: str
) -> None:
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"the public corpus is not beside this checkout ({name})")
    code, words = FILMS[name]
    nodes = world.admin.get("/v1/admin/nodes").json()["items"]
    answer = world.bring(world.uploaded(path.read_bytes(), name))
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
        assert [node["id"] for node in world.admin.get("/v1/admin/nodes").json()["items"]] == [n["id"] for n in nodes]
    finally:
        world.admin.post(f"/v1/admin/projects/{project['id']}/archive")


@pytest.mark.parametrize("name", FILMS)
def test_a_command_ends_when_an_animation_kills_or_hangs_the_renderer(tmp_path: Path, name: str) -> None:
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"the public corpus is not beside this checkout ({name})")
    code, words = FILMS[name]
    done = run(tmp_path, "render", str(path), "--draft", "-o", "out.mp4", timeout_s=WATCHDOG_S + 60)
    assert (done.returncode, list(tmp_path.iterdir())) == (3, [])
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"flatrender: error: {path}: scene main: ")
    assert words in line
    assert line.endswith(f" [{code}]")


@pytest.mark.faults
def test_while_the_database_is_away_the_platform_says_so_and_then_goes_on(tmp_path: Path) -> None:
    platform = Running(tmp_path / "var")
    platform.start("--no-node")
    try:
        client = platform.client("user")
        assert platform.process is not None
        platform.process.send_signal(signal.SIGSTOP)  # or it would start PostgreSQL again at once
        try:
            postmaster_of(platform).kill()

            def refused() -> httpx.Response | None:
                answer = client.get("/v1/saved-projects")
                return answer if answer.status_code != 200 else None

            answer = eventually(refused, timeout_s=30, what="the database being missed")
            problem = checked(platform, answer, *DATABASE_AWAY)
            assert "try again" in problem["detail"]
            assert int(answer.headers["retry-after"]) >= 1
            assert client.get("/readyz").status_code == 503
        finally:
            platform.process.send_signal(signal.SIGCONT)
        eventually(lambda: client.get("/v1/saved-projects").status_code == 200, timeout_s=60, what="going on")
    finally:
        platform.hang_up()
        platform.stop()


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
    by_command = {(int(s), c) for row in rows for s, c in re.findall(r"\b(\d) `([a-z_]+)`", row[2])}
    tried = {(one.status, one.code) for one in REQUESTS} | {(s, c) for s, c, _ in CLAIMS.values()} | {DATABASE_AWAY}
    crashes = {(3, code) for code, _ in FILMS.values()}
    assert over_http == tried
    assert films == {code for code, _ in FILMS.values()}
    assert by_command == {(one.exit_code, one.code) for one in COMMANDS} | crashes
    named = [c for row in rows for cell in row[1:3] for c in re.findall(r"`([a-z_.]+)`", cell)]
    assert len(named) == sum(len(re.findall(r"(?:\b\d{1,3}|film:) `", cell)) for row in rows for cell in row[1:3])
