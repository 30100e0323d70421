"""Calls to addresses that people gave us, which must not become calls into our own network.

The name is resolved once, every answer is judged, and the connection goes to what was judged: a second answer of the name server changes nothing.
Redirects are not followed, proxies of the environment are not used, little of the answer is read, everything has a deadline. Python's
`ipaddress.is_global` is no sufficient judge (it lets NAT64 and 6to4 through, behind which 127.0.0.1 can stand), so the networks are listed here.
"""

import asyncio
import io
import ipaddress
import socket
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Host and port → addresses, as the name server says."""

PUBLIC_PORTS = (443, 8443)
MAX_URL_CHARACTERS = 2048
LARGE_BYTES = 1 << 20
"""Of a body that is sent piece by piece, so that nothing else waits for it."""
CONNECT_S = 10.0
_CLOSED_V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/3",
        ),
    )
)
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""Only this is given out for the public network; loopback, local, multicast, mapped and NAT64 addresses are all outside."""
_CLOSED_V6 = tuple(map(ipaddress.IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


class AddressRefused(Exception):
    """The address may not be called; the text says why, for whoever gave it."""


class NoAnswer(Exception):
    """Nobody answered, or not in time."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back. `body` is cut at the caller's limit."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    duration_s: float


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public network."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)
    return not any(address in network for network in _CLOSED_V4)


class Outgoing:
    """Opens guarded connections.

    `allowed` are host names and networks (`minio.internal`, `10.1.0.0/16`) that the operator trusts beyond the public network; only those may be called
    without TLS and on any port.
    """

    def __init__(self, *, allowed: Sequence[str] = (), resolve: Resolve | None = None) -> None:
        """Raises ValueError for an entry that is neither a host name nor a network."""
        self._hosts: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in allowed:
            try:
                self._networks.append(ipaddress.ip_network(entry.strip()))
            except ValueError:
                if not entry.strip() or "/" in entry:
                    raise ValueError(f"{entry!r} is neither a host name nor a network") from None
                self._hosts.add(entry.strip().lower())
        self._resolve = resolve or _resolve

    @asynccontextmanager
    async def open(self, url: str) -> AsyncIterator["Line"]:
        """Resolve and judge the host of `url` and give a line to it. Raises AddressRefused, and NoAnswer when the name is unknown."""
        parts = split(url)
        port = port_of(parts)
        addresses = await self._judged(parts, port)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Pinned(addresses), use_dns_cache=False, limit=4, happy_eyeballs_delay=None
            ),
            trust_env=False,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            requote_redirect_url=False,
        ) as session:
            yield Line(session, parts, str(addresses[0]))

    async def check(self, url: str) -> None:
        """Raise AddressRefused for an address that may not be called now, NoAnswer when its name is unknown."""
        parts = split(url)
        await self._judged(parts, port_of(parts))

    async def _judged(self, parts: SplitResult, port: int) -> list[Address]:
        host = parts.hostname or ""
        try:
            found = [ipaddress.ip_address(host)]
        except ValueError:
            try:
                found = [
                    ipaddress.ip_address(text) for text in await asyncio.wait_for(self._resolve(host, port), CONNECT_S)
                ]
            except (OSError, TimeoutError, UnicodeError) as error:
                raise NoAnswer(f"the name {host} is not known") from error
        if not found:
            raise NoAnswer(f"the name {host} is not known")
        for address in found:
            if host.lower() in self._hosts or self._trusted(address):
                continue
            if not is_public(address):
                raise AddressRefused(f"{host} is an address of a private network")
            if parts.scheme != "https":
                raise AddressRefused("only https addresses are called")
            if port not in PUBLIC_PORTS:
                raise AddressRefused(f"only the ports {' and '.join(map(str, PUBLIC_PORTS))} are called, not {port}")
        return found

    def _trusted(self, address: Address) -> bool:
        plain = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
        return any(
            candidate.version == network.version and candidate in network
            for network in self._networks
            for candidate in (address, plain)
            if candidate is not None
        )


class Line:
    """Requests to one host whose addresses were judged."""

    def __init__(self, session: aiohttp.ClientSession, parts: SplitResult, address: str) -> None:
        self._session = session
        self._origin = (parts.scheme, parts.hostname, port_of(parts))
        self.address = address
        """The first of the judged addresses."""

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | AsyncIterable[bytes] | None = None,
        deadline_s: float,
        keep_bytes: int,
    ) -> Answer:
        """Send one request and read at most `keep_bytes` of the answer. A redirect is an answer like any other.

        Raises NoAnswer when none comes within `deadline_s` seconds in all, and AddressRefused for another host.
        """
        parts = split(url)
        if (parts.scheme, parts.hostname, port_of(parts)) != self._origin:
            raise AddressRefused("the address is on another host")
        began = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=deadline_s, sock_connect=min(CONNECT_S, deadline_s))
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                headers={"User-Agent": "FlatRender", "Accept-Encoding": "identity", **headers},
                data=io.BytesIO(body) if isinstance(body, bytes) and len(body) > LARGE_BYTES else body,
                allow_redirects=False,
                timeout=timeout,
            ) as response:
                kept = b""
                while len(kept) < keep_bytes and (part := await response.content.read(keep_bytes - len(kept))):
                    kept += part
                return Answer(
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    body=kept,
                    duration_s=time.monotonic() - began,
                )
        except TimeoutError as error:
            raise NoAnswer(f"no answer within {deadline_s:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise NoAnswer(_told(error)) from error


def split(url: str) -> SplitResult:
    """Return the parts of an address that may be called at all; raise AddressRefused."""
    if len(url) > MAX_URL_CHARACTERS or not url.isascii() or any(c.isspace() or not c.isprintable() for c in url):
        raise AddressRefused(f"an address has at most {MAX_URL_CHARACTERS} characters, all printable ASCII")
    try:
        parts = urlsplit(url)
        # Both readers must see the same host: what one judges the other connects to.
        agreed = parts.port in (None, URL(url, encoded=True).port) and URL(url, encoded=True).host == parts.hostname
    except ValueError as error:
        raise AddressRefused("this is no address") from error
    if not agreed:
        raise AddressRefused("this is no address")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise AddressRefused("an address begins with https:// and names a host")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("an address must not hold a user or password")
    if parts.fragment:
        raise AddressRefused("an address must not have a fragment (#)")
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port that an address means."""
    return parts.port or (443 if parts.scheme == "https" else 80)


class _Pinned(AbstractResolver):
    """Answers with the addresses that were judged, whatever is asked."""

    def __init__(self, addresses: Sequence[Address]) -> None:
        self._addresses = addresses

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_INET,  # noqa: ARG002 - the form of a resolver
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def _resolve(host: str, port: int) -> list[str]:
    found: list[Any] = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def _told(error: Exception) -> str:
    """Say what went wrong without the address: it may hold a secret."""
    kinds: tuple[tuple[type[Exception], str], ...] = (
        (aiohttp.ClientConnectorCertificateError, "the certificate is not valid"),
        (aiohttp.ClientSSLError, "no TLS connection came about"),
        (aiohttp.ClientConnectorError, "no connection came about"),
        (aiohttp.ServerDisconnectedError, "the connection was closed before an answer came"),
        (aiohttp.ClientPayloadError, "the connection broke off within the answer"),
    )
    return next(
        (text for kind, text in kinds if isinstance(error, kind)), f"the connection failed ({type(error).__name__})"
    )
