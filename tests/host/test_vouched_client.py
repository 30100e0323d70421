"""A service behind the gateway knows the person's own address."""

import httpx
from fastapi import FastAPI, Request

from flatrender.host.forwarding import CALLER_HEADER, VouchedCaller
from flatrender.kit.rpc import ServiceKeys


async def seen_by_the_service(keys: ServiceKeys, token: str | None) -> dict[str, str]:
    app = FastAPI()

    @app.get("/")
    async def look(request: Request) -> dict[str, str]:
        return {"ip": request.client.host if request.client else "", "scheme": request.url.scheme}

    transport = httpx.ASGITransport(
        app=VouchedCaller(app, service="identity", keys=keys),
        client=("10.0.0.1", 5),
    )
    headers = {CALLER_HEADER: token} if token else {}
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        return dict((await client.get("/", headers=headers)).json())


async def test_the_gateway_vouches_for_the_address_and_the_encryption_of_the_persons_connection() -> None:
    keys, stranger = (ServiceKeys(ServiceKeys.generate(), "gateway") for _ in range(2))
    claims = {"client": ["203.0.113.7", True]}
    assert await seen_by_the_service(keys, keys.token("identity", claims)) == {"ip": "203.0.113.7", "scheme": "https"}
    assert await seen_by_the_service(keys, stranger.token("identity", claims)) == {"ip": "10.0.0.1", "scheme": "http"}
    assert await seen_by_the_service(keys, keys.token("files", claims)) == {"ip": "10.0.0.1", "scheme": "http"}
    assert await seen_by_the_service(keys, None) == {"ip": "10.0.0.1", "scheme": "http"}
