"""Machines for tests: network namespaces on one bridge where the system allows it, else ports of the loopback; and what stands between machines."""

import asyncio
import contextlib
import itertools
import os
import secrets
import ssl
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .running import free_port

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Machine:
    """Where processes can be started. `inside` goes before their command."""

    name: str
    host: str
    inside: tuple[str, ...] = ()


@dataclass
class Network:
    """Machines that reach each other by address. `host` is this process's own."""

    host: str
    bridge: str | None
    made: list[str] = field(default_factory=list)

    def machine(self, name: str) -> Machine:
        """Return a new machine, with an address and a network of its own where that is possible."""
        if self.bridge is None:
            return Machine(name, "127.0.0.1")
        number = len(self.made) + 2
        namespace, inner, outer = f"{self.bridge}-{name}", f"{self.bridge}i{number}", f"{self.bridge}o{number}"
        host = f"{self.host.rpartition('.')[0]}.{number}"
        _ip("netns", "add", namespace)
        self.made.append(namespace)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", namespace)
        _ip("link", "set", outer, "master", self.bridge, "up")
        _ip("-n", namespace, "addr", "add", f"{host}/24", "dev", inner)
        _ip("-n", namespace, "link", "set", inner, "up")
        _ip("-n", namespace, "link", "set", "lo", "up")
        return Machine(name, host, ("ip", "netns", "exec", namespace))


@contextmanager
def network() -> Iterator[Network]:
    """Make a network, and take it away at the end."""
    bridge = f"fr{secrets.token_hex(3)}"
    made = Network(f"10.213.{secrets.randbelow(250) + 1}.1", bridge)
    try:
        _ip("link", "add", bridge, "type", "bridge")
        _ip("addr", "add", f"{made.host}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        probe = made.machine("probe")
        subprocess.run([*probe.inside, "true"], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        _remove(made)
        yield Network("127.0.0.1", None)
        return
    try:
        yield made
    finally:
        _remove(made)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


def _remove(made: Network) -> None:
    for words in (*(("netns", "del", name) for name in made.made), ("link", "del", made.bridge or "")):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            _ip(*words)


@dataclass
class Doors:
    """A TLS balancer that gives each connection to the next server that answers, and a proxy as companies have them (HTTP CONNECT)."""

    host: str
    backends: Sequence[tuple[str, int]]
    tls: ssl.SSLContext
    port: int = field(default_factory=free_port)
    proxy_port: int = field(default_factory=free_port)
    proxied: int = 0
    served: dict[tuple[str, int], int] = field(default_factory=dict)

    @contextmanager
    def open(self) -> Iterator["Doors"]:
        """Serve in a thread while the block runs."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        turn = itertools.count()

        async def balance(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            first = next(turn)
            for step in range(len(self.backends)):
                backend = self.backends[(first + step) % len(self.backends)]
                with contextlib.suppress(OSError, TimeoutError):
                    upstream = await asyncio.wait_for(asyncio.open_connection(*backend), 1.0)
                    self.served[backend] = self.served.get(backend, 0) + 1
                    await _join((reader, writer), upstream)
                    return
            writer.close()

        async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode()
            method, target, _ = line.split(" ")
            assert method == "CONNECT", line
            host, _, port = target.rpartition(":")
            upstream = await asyncio.open_connection(host, int(port))
            self.proxied += 1
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            await _join((reader, writer), upstream)

        async def start() -> list[asyncio.Server]:
            return [
                await asyncio.start_server(quiet(balance), self.host, self.port, ssl=self.tls),
                await asyncio.start_server(quiet(tunnel), self.host, self.proxy_port),
            ]

        servers = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        try:
            yield self
        finally:

            async def end() -> None:
                for server in servers:
                    server.close()
                tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

            asyncio.run_coroutine_threadsafe(end(), loop).result(10)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)
            loop.close()


def quiet(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return the handler for a network where connections break."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await serve(reader, writer)
        writer.close()

    return handler


async def _join(one: Streams, other: Streams) -> None:
    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    pumps = [asyncio.create_task(copy(one[0], other[1])), asyncio.create_task(copy(other[0], one[1]))]
    try:
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        other[1].close()


def as_user(name: str) -> tuple[str, ...]:
    """Return what goes before a command that must not run as root."""
    return ("runuser", "-u", name, "--") if os.geteuid() == 0 else ()
