"""What a body that cannot be read is answered with, and what a member that does not fit is."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from flatrender.kit.http import install_problem_handlers


class Thing(BaseModel):
    name: str


def application() -> FastAPI:
    app = FastAPI()
    install_problem_handlers(app)

    @app.post("/v1/things")
    async def make(body: Thing) -> Thing:
        return body

    return app


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code", "words"),
    [
        (b"{nope", "application/json", 400, "not_json", "at character 1"),
        (b'{"name": "\xff"}', "application/json", 400, "not_json", "UTF-8"),
        (b"[" * 100_000, "application/json", 400, "not_json", "nested"),
        (b'{"name": "x"}', "text/plain", 415, "unsupported_media_type", "text/plain"),
        (b"", "application/json", 422, "request_invalid", "body"),
        (b"[]", "application/json", 422, "request_invalid", "body"),
        (b'{"name": 5}', "application/problem+json", 422, "request_invalid", "body.name"),
    ],
)
async def test_a_body_is_refused_for_what_is_wrong_with_it(
    body: bytes, content_type: str, status: int, code: str, words: str
) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application()), base_url="http://test") as client:
        answer = await client.post("/v1/things", content=body, headers={"Content-Type": content_type})
    problem: dict[str, Any] = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in problem["detail"]
