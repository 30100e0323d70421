"""The built front end beside the routes: pages where no route is, and the routes' own answers where one is."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from flatrender.host import app as host_app
from flatrender.kit.http import install_problem_handlers


@pytest.fixture
async def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[httpx.AsyncClient]:
    (tmp_path / "static" / "assets").mkdir(parents=True)
    (tmp_path / "static" / "index.html").write_text("<!doctype html>the page")
    (tmp_path / "static" / "icon.svg").write_text("<svg/>")
    (tmp_path / "secret").write_text("secret")
    monkeypatch.setattr(host_app, "STATIC", tmp_path / "static")
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/v1/things")
    async def make() -> dict[str, str]:
        return {"made": "one"}

    host_app.add_pages(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/templates/promo", "/nothing%00here", "/..%2fsecret"])
async def test_an_address_of_no_file_is_the_page(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html>the page")


async def test_a_file_of_the_front_end_is_sent(client: httpx.AsyncClient) -> None:
    assert (await client.get("/icon.svg")).text == "<svg/>"


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "words"),
    [
        ("GET", "/v1/nothing", 404, "not_found", "/v1/nothing"),
        ("POST", "/v1/nothing", 404, "not_found", "/v1/nothing"),
        ("GET", "/v1/things", 405, "method_not_allowed", "it takes POST"),
        ("DELETE", "/v1/things", 405, "method_not_allowed", "DELETE"),
        ("POST", "/templates/promo", 404, "not_found", "/templates/promo"),
    ],
)
async def test_pages_hide_neither_an_unknown_route_nor_a_wrong_method(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str, words: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]
