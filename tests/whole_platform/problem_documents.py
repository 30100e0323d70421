"""What every refusal over HTTP must be."""

import tempfile
from pathlib import Path
from typing import Any

import httpx

from .running import Running

ROOT = Path(__file__).resolve().parents[2]


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
