"""What stands between the parts: a front door that spoils requests, and a wire to PostgreSQL that spoils bytes. Both on a thread of their own."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BODY_BYTES = 64 << 20
UPSTREAM_S = 60.0
KINDS = (
    "delay", "refuse", "lose_request", "lose_answer", "cut_request", "cut_answer", "twice", "twice_at_once", "late", "half_open",
)  # fmt: skip
"""How a request is spoilt: answered slowly; the connection closed at once; closed without passing the request on; closed instead of the answer; only the
first half passed on; only the first half of the answer given; passed on twice, one after the other or at the same time; closed, and passed on seconds
later, after what follows it; kept without an answer for long."""


class Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.listening: list[asyncio.Server] = []
        self._thread = threading.Thread(target=self.loop.run_forever, name="proxies", daemon=True)
        self._thread.start()

    def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Run something there and wait for its result."""
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(30)

    def close(self) -> None:
        """Stop the loop with everything on it."""

        async def cancel_all() -> None:
            for server in self.listening:
                server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(cancel_all())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@dataclass
class Request:
    """A whole HTTP message: everything before the body, and the body."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n", 1)[0].decode("latin-1")

    @property
    def whole(self) -> bytes:
        return self.head + self.body


async def read_message(reader: asyncio.StreamReader, *, bodiless: bool = False) -> Request:
    """Read one message; raises IncompleteReadError (empty `partial` at a clean end) and ValueError for what it does not know."""
    head = await reader.readuntil(b"\r\n\r\n")
    headers = head.lower()
    if bodiless or b" 204 " in headers.split(b"\r\n", 1)[0] or b" 304 " in headers.split(b"\r\n", 1)[0]:
        return Request(head, b"")
    if b"\r\ntransfer-encoding: chunked" in headers:
        body = b""
        while True:
            size_line = await reader.readuntil(b"\r\n")
            part = await reader.readexactly(int(size_line.strip(), 16) + 2)
            body += size_line + part
            if int(size_line.strip(), 16) == 0:
                return Request(head, body)
    for line in headers.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return Request(head, await reader.readexactly(int(line.split(b":")[1])))
    return Request(head, b"")


@dataclass
class FrontDoor:
    """An HTTP proxy before several servers, asked in turn. `share` of the requests are spoilt in one of `kinds`."""

    loop: Loop
    servers: Sequence[int]
    """Ports of the loopback."""
    rng: random.Random
    share: float = 0.0
    kinds: Sequence[str] = KINDS
    port: int = 0
    spoilt: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    failed: list[str] = field(default_factory=list)
    """Requests that a server answered with 500: something it did not expect."""
    _turn: int = 0
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    def open(self) -> None:
        """Listen on a free port."""
        self.loop.run(self._open())

    async def _open(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 20)
        self.loop.listening.append(server)
        self.port = server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = await read_message(reader)
                kind = self.rng.choice(self.kinds) if self.rng.random() < self.share else None
                if kind is not None:
                    self.spoilt[kind] += 1
                if not await self._answer(request, writer, kind):
                    break
        with contextlib.suppress(Exception):
            writer.close()

    async def _answer(self, request: Request, writer: asyncio.StreamWriter, kind: str | None) -> bool:
        """Answer one request; False when the connection is to be closed."""
        if kind in ("refuse", "lose_request"):
            return False
        if kind == "half_open":
            await asyncio.sleep(self.rng.uniform(3, 15))
            return False
        if kind == "late":
            self._later(request, self.rng.uniform(0.5, 8))
            return False
        if kind == "cut_request":
            await self._ask(Request(request.head, request.body[: len(request.body) // 2]), cut=True)
            return False
        if kind == "delay":
            await asyncio.sleep(self.rng.uniform(0.05, 2))
        if kind == "twice_at_once":
            self._later(request, 0)
        if kind == "twice":
            await self._ask(request)
        answer = await self._ask(request)
        if kind == "lose_answer":
            return False
        if answer is None:
            body = b'{"code":"unavailable","detail":"no server answers"}'
            writer.write(
                b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 1\r\n"
                + f"Content-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            await writer.drain()
            return True
        if answer.line.split(" ")[1:2] == ["500"]:
            self.failed.append(f"{request.line[:150]} → {answer.body[:300].decode(errors='replace')}")
        whole = answer.whole
        writer.write(whole[: len(whole) // 2] if kind == "cut_answer" else whole)
        await writer.drain()
        self.passed += 1
        return kind != "cut_answer" and b"\r\nconnection: close" not in answer.head.lower()

    def _later(self, request: Request, seconds: float) -> None:
        async def ask() -> None:
            await asyncio.sleep(seconds)
            await self._ask(request)

        task = asyncio.create_task(ask())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, request: Request, *, cut: bool = False) -> Request | None:
        """Pass a request on to the next server that takes connections; None when none answers it."""
        for _ in self.servers:
            self._turn += 1
            port = self.servers[self._turn % len(self.servers)]
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
            except OSError:
                continue
            try:
                writer.write(request.whole)
                if cut:
                    with contextlib.suppress(OSError):
                        await writer.drain()
                        await asyncio.sleep(0.05)
                    return None
                async with asyncio.timeout(UPSTREAM_S):
                    return await read_message(reader, bodiless=request.line.startswith("HEAD "))
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                return None
            finally:
                writer.close()
        return None


@dataclass
class Wire:
    """A way to PostgreSQL's socket that can be cut, slowed and stopped."""

    loop: Loop
    target: Path
    """PostgreSQL's socket."""
    folder: Path
    """Where the way begins: a socket of the same name."""
    latency_s: float = 0.0
    stopped: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def open(self) -> None:
        """Listen."""
        self.loop.run(self._open())

    async def _open(self) -> None:
        self.loop.listening.append(await asyncio.start_unix_server(self._serve, str(self.folder / self.target.name)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_unix_connection(str(self.target))
        except OSError:
            writer.close()
            return
        self._writers |= {writer, back}
        try:
            tasks = [asyncio.create_task(self._pump(reader, back)), asyncio.create_task(self._pump(there, writer))]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
        finally:
            self._writers -= {writer, back}
            for one in (writer, back):
                one.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while part := await reader.read(1 << 16):
                while self.stopped:
                    await asyncio.sleep(0.05)
                if self.latency_s:
                    await asyncio.sleep(self.latency_s)
                writer.write(part)
                await writer.drain()

    def cut(self) -> None:
        """Reset every connection that is open."""

        def reset() -> None:
            for writer in list(self._writers):
                writer.transport.abort()

        self.loop.loop.call_soon_threadsafe(reset)
