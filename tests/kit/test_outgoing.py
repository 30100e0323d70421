"""Addresses that people give: none of them leads into our own network."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from flatrender.kit.outgoing import AddressRefused, NoAnswer, Outgoing

PRIVATE_V4 = (
    "127.0.0.1 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 192.0.0.8 198.18.0.1 224.0.0.1 240.0.0.1"
    " 255.255.255.255 192.88.99.1"
)
PRIVATE_V6 = (
    "::1 :: ::ffff:127.0.0.1 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::7f00:1 2002:7f00:1:: 2001::1 fe80::1 "
    "fc00::1 fd00::1 ff02::1 2001:db8::1 100::1 5f00::1"
)
PRIVATE = [*PRIVATE_V4.split(), *PRIVATE_V6.split()]


def named(*answers: str):
    """A name server that says these, one after the other."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return (left.pop(0) if len(left) > 1 else left[0]).split()

    return resolve


@pytest.mark.parametrize("address", PRIVATE)
async def test_no_address_of_a_private_network_is_called_under_whatever_name(address):
    with pytest.raises(AddressRefused, match="private network"):
        await Outgoing(resolve=named(address)).check("https://hooks.example.com/x")
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(AddressRefused):
        await Outgoing().check(f"https://{host}/x")


async def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(AddressRefused):
        await Outgoing(resolve=named("93.184.216.34 10.0.0.7")).check("https://hooks.example.com/")
    await Outgoing(resolve=named("93.184.216.34 2606:2800:220:1::1")).check("https://hooks.example.com/")


@pytest.mark.parametrize("host", ["0x7f000001", "2130706433", "0177.0.0.1", "127.1", "localhost"])
async def test_other_ways_of_writing_this_machine_are_seen_through(host):
    with pytest.raises((AddressRefused, NoAnswer)):
        await Outgoing().check(f"https://{host}/")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://hooks.example.com:22/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "https://user:secret@hooks.example.com/",
        "https://evil.example\\@127.0.0.1/",
        "https://hooks.example.com/#x",
        "https://hooks.example.com/a b",
        "https://hooks.example.com/\r\nX: y",
        "https://ex\u0430mple.com/",
        "https://",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com/" + "x" * 3000,
    ],
    ids=[
        "plain",
        "port",
        "ftp",
        "file",
        "password",
        "backslash",
        "fragment",
        "space",
        "crlf",
        "idn",
        "nobody",
        "no-port",
        "long",
    ],
)
async def test_what_is_no_plain_https_address_is_refused(url):
    with pytest.raises(AddressRefused):
        await Outgoing(resolve=named("93.184.216.34")).check(url)


@contextlib.asynccontextmanager
async def listening(answer: bytes, *, pause_s: float = 0.0) -> AsyncIterator[tuple[int, list[bytes]]]:
    heard: list[bytes] = []
    done = asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            await asyncio.sleep(pause_s)
            writer.write(answer)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        done.release()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard
        for _ in heard:
            await asyncio.wait_for(done.acquire(), 10)


async def get(outgoing: Outgoing, url: str, **more):
    async with outgoing.open(url) as line:
        return await line.request("GET", url, headers={}, **{"deadline_s": 5, "keep_bytes": 100, **more})


async def test_the_connection_goes_to_the_address_that_was_judged_whatever_the_name_server_says_next():
    """The first answer is trusted, the second one would lead elsewhere: it is never asked for."""
    asked = 0

    async def resolve(host: str, port: int) -> list[str]:
        nonlocal asked
        asked += 1
        return ["127.0.0.1"] if asked == 1 else ["203.0.113.9"]

    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, heard):
        answer = await get(
            Outgoing(allowed=["127.0.0.0/8"], resolve=resolve), f"http://hooks.example.com:{port}/in?a=1"
        )
    assert (answer.status, asked) == (204, 1)
    assert heard[0].startswith(b"GET /in?a=1 HTTP/1.1\r\nHost: hooks.example.com:")


async def test_a_redirect_is_an_answer_and_a_long_body_is_cut():
    redirect = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 500\r\n\r\n" + b"x" * 500
    async with listening(redirect) as (port, heard):
        answer = await get(Outgoing(allowed=["127.0.0.1"]), f"http://127.0.0.1:{port}/")
    assert (answer.status, len(answer.body), len(heard)) == (302, 100, 1)


async def test_who_is_slow_hangs_up_or_is_not_there_is_told_apart_without_the_address():
    trusting = Outgoing(allowed=["127.0.0.1"])
    async with listening(b"HTTP/1.1 200 OK\r\n\r\n", pause_s=0.8) as (port, _):
        with pytest.raises(NoAnswer, match=r"no answer within 0\.3 s"):
            await get(trusting, f"http://127.0.0.1:{port}/?token=secret", deadline_s=0.3)
    async with listening(b"") as (port, _):
        with pytest.raises(NoAnswer, match="closed before an answer"):
            await get(trusting, f"http://127.0.0.1:{port}/")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswer, match="no connection came about"):
            await get(trusting, f"http://127.0.0.1:{free.getsockname()[1]}/")


async def test_a_line_to_one_host_calls_no_other():
    async with (
        listening(b"HTTP/1.1 200 OK\r\n\r\n") as (port, heard),
        Outgoing(allowed=["127.0.0.1"]).open(f"http://127.0.0.1:{port}/") as line,
    ):
        with pytest.raises(AddressRefused, match="another host"):
            await line.request("GET", "http://127.0.0.1:1/", headers={}, deadline_s=1, keep_bytes=1)
    assert heard == []


def test_an_entry_of_the_operator_that_is_neither_name_nor_network_is_an_error_at_once():
    with pytest.raises(ValueError, match="neither"):
        Outgoing(allowed=["10.0.0.0/99"])
