"""The contract over HTTP: values, errors, signatures."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol
from uuid import UUID, uuid4

import aiohttp
import msgspec
import pytest
from aiohttp import web

from flatrender.kit.errors import NotFound, NotSignedIn, Refused, Unavailable
from flatrender.kit.rpc import RpcServer, ServiceKeys, remote


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    payload: bytes
    label: dict[str, str]


class ThingApi(Protocol):
    async def things(self, *, tenant_id: UUID, ids: Sequence[UUID], size: int = 3) -> Mapping[UUID, Thing]: ...

    async def refuse(self, *, tenant_id: UUID) -> None: ...


class Things:
    async def things(self, *, tenant_id: UUID, ids: Sequence[UUID], size: int = 3) -> Mapping[UUID, Thing]:
        return {i: Thing(id=i, payload=b"\x00\xff" * size, label={"fa": "متن"}) for i in ids}

    async def refuse(self, *, tenant_id: UUID) -> None:
        raise Refused("the volume is too loud", code="studio.too_loud", fields=[("audio.volume", "at most 2")])


@pytest.fixture
def keys() -> ServiceKeys:
    return ServiceKeys(ServiceKeys.generate(), "test")


@pytest.fixture
async def address(keys: ServiceKeys) -> AsyncIterator[str]:
    server = RpcServer("things", ThingApi, Things(), keys)

    async def answer(request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        status, body = await server.answer(request.match_info["method"], token, await request.read())
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_post("/rpc/things/{method}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_remote_contract_gives_the_same_values_as_a_local_one(keys: ServiceKeys, address: str) -> None:
    tenant, ids = uuid4(), [uuid4(), uuid4()]
    async with aiohttp.ClientSession() as http:
        peer = remote("things", ThingApi, address, keys, http)
        assert await peer.things(tenant_id=tenant, ids=ids) == await Things().things(tenant_id=tenant, ids=ids)


async def test_a_business_error_crosses_with_its_code_status_and_fields(keys: ServiceKeys, address: str) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Refused) as caught:
            await remote("things", ThingApi, address, keys, http).refuse(tenant_id=uuid4())
    assert (caught.value.code, caught.value.fields) == ("studio.too_loud", (("audio.volume", "at most 2"),))


async def test_a_call_signed_with_another_key_is_refused(address: str) -> None:
    stranger = ServiceKeys(ServiceKeys.generate(), "stranger")
    async with aiohttp.ClientSession() as http:
        with pytest.raises(NotSignedIn):
            await remote("things", ThingApi, address, stranger, http).refuse(tenant_id=uuid4())


async def test_a_token_does_not_sign_another_body_method_or_service(keys: ServiceKeys) -> None:
    server = RpcServer("things", ThingApi, Things(), keys)
    body = msgspec.msgpack.encode({"tenant_id": str(uuid4())})
    for token in (
        keys.body_token("things", "refuse", body + b" "),
        keys.body_token("things", "things", body),
        keys.body_token("others", "refuse", body),
    ):
        status, _ = await server.answer("refuse", token, body)
        assert status == 401


async def test_a_peer_that_is_down_is_unavailable(keys: ServiceKeys, unused_tcp_port: int) -> None:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(Unavailable):
            await remote("things", ThingApi, f"http://127.0.0.1:{unused_tcp_port}", keys, http).refuse(
                tenant_id=uuid4()
            )


async def test_a_method_that_the_contract_does_not_have_is_not_found(keys: ServiceKeys) -> None:
    server = RpcServer("things", ThingApi, Things(), keys)
    status, body = await server.answer("__init__", keys.body_token("things", "__init__", b"\x80"), b"\x80")
    assert (status, msgspec.msgpack.decode(body)["code"]) == (NotFound.status, "rpc_unknown_method")
