"""The front door: who is asking, what may come in, what the browser is told."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from flatrender.contracts.identity import Account, Identified, TenantBrief
from flatrender.host.gateway import Gateway
from flatrender.kit.errors import NotSignedIn
from flatrender.kit.http import CallerDep, install_problem_handlers

USER = uuid4()


class OneToken:
    """An identity service that knows one token."""

    async def identify(self, *, access_token: str) -> Identified:
        if access_token == "old":
            raise NotSignedIn("this token has expired", code="identity.token_expired")
        if access_token != "good":
            raise NotSignedIn("unknown token")
        return Identified(
            tenant_id=uuid4(), user_id=USER, session_id=uuid4(), permissions=["admin.nodes"], locale="fa-IR"
        )

    async def tenant_by_host(self, *, host: str) -> TenantBrief | None:
        return None

    async def accounts(self, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Account]:
        return {}


@pytest.fixture
def client() -> httpx.AsyncClient:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/v1/who")
    async def who(caller: CallerDep) -> dict[str, str]:
        return {"user": str(caller.user_id)}

    @app.post("/v1/change")
    async def change(caller: CallerDep, body: dict[str, str]) -> dict[str, str]:
        return body

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Gateway(app, identity=OneToken())), base_url="http://films.example"
    )


async def test_a_bearer_token_is_recognised(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/who", headers={"Authorization": "Bearer good"})
    assert answer.json() == {"user": str(USER)}


@pytest.mark.parametrize(
    ("token", "code"),
    [(None, "identity.not_signed_in"), ("old", "identity.token_expired"), ("no", "identity.not_signed_in")],
)
async def test_without_a_valid_token_the_answer_says_why(
    client: httpx.AsyncClient, token: str | None, code: str
) -> None:
    answer = await client.get("/v1/who", headers={"Authorization": f"Bearer {token}"} if token else {})
    assert (answer.status_code, answer.json()["code"], answer.headers["content-type"]) == (
        401,
        code,
        "application/problem+json",
    )


async def test_a_cookie_changes_nothing_without_our_header(client: httpx.AsyncClient) -> None:
    refused = await client.post("/v1/change", json={"a": "b"}, headers={"Cookie": "fr_session=good"})
    taken = await client.post(
        "/v1/change", json={"a": "b"}, headers={"Cookie": "fr_session=good", "X-FlatRender-Client": "web"}
    )
    assert (refused.status_code, refused.json()["code"], taken.status_code) == (403, "cross_site_request", 200)


async def test_a_cookie_is_refused_from_another_origin(client: httpx.AsyncClient) -> None:
    headers = {"Cookie": "fr_session=good", "X-FlatRender-Client": "web", "Origin": "https://evil.example"}
    assert (await client.post("/v1/change", json={}, headers=headers)).status_code == 403


@pytest.mark.parametrize("header", ["X-Tenant-Id", "X-User-Id", "X-FlatRender-Caller", "X-Forwarded-User"])
async def test_no_header_makes_a_caller(client: httpx.AsyncClient, header: str) -> None:
    assert (await client.get("/v1/who", headers={header: str(USER)})).status_code == 401


async def test_a_large_body_is_refused_by_its_claim_and_by_its_bytes(client: httpx.AsyncClient) -> None:
    async def chunks():
        for _ in range(5):
            yield b" " * 1024 * 1024

    auth = {"Authorization": "Bearer good", "Content-Type": "application/json"}
    claimed = await client.post("/v1/change", content=b"{}", headers={**auth, "Content-Length": str(2 * 1024**3)})
    streamed = await client.post("/v1/change", content=chunks(), headers=auth)
    assert (claimed.status_code, streamed.status_code) == (413, 413)


async def test_every_answer_carries_the_request_id_and_the_browsers_rules(client: httpx.AsyncClient) -> None:
    for path in ("/v1/who", "/nowhere"):
        answer = await client.get(path)
        assert answer.headers["x-request-id"] == answer.json()["request_id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
