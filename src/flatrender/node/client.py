"""The node's calls to the server. Each answer becomes a message or an error that says what to do (`docs/node-protocol.md`)."""

import contextlib
import ssl
import threading
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin

import httpx
import msgspec

from flatrender.node.errors import BootEnded, CallRefused, NodeError, RegisterAgain, Superseded, TokenRefused, TryAgain
from flatrender.node.observing import add_trace, counted
from flatrender.protocol.heartbeat import Heartbeat, HeartbeatReply
from flatrender.protocol.outcome import Accepted, Fail, Result
from flatrender.protocol.register import Register, Registered
from flatrender.protocol.work import Assignment, Claim, Kind

Answer = TypeVar("Answer")

CONNECT_S = 5.0
ANSWER_S = 20.0
TRANSFER_S = 60.0
STALL_S = 15.0
"""How long a download may bring nothing: the work may have been cancelled meanwhile."""
PIECE_BYTES = 256 << 10
PATHS: dict[Kind, str] = {
    "frame": "/internal/frame-jobs",
    "snapshot_job": "/internal/snapshot-jobs",
    "snapshot": "/internal/snapshots",
}
CODES = {
    "render.lease_superseded": Superseded,
    "render.boot_superseded": BootEnded,
    "render.node_unknown": RegisterAgain,
    "render.node_token_invalid": TokenRefused,
    "render.protocol_unsupported": TokenRefused,
}


class ServerClient:
    """One server. May be used from several threads."""

    def __init__(self, server: str, *, slots: int, ca_file: Path | None = None) -> None:
        """`ca_file` has certificates (PEM) that the server's and the object store's own may be signed with, beside the usual ones.

        A proxy is taken from the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`). Raises NodeError for a file without certificates.
        """
        self._server = server.rstrip("/") + "/"
        limits = httpx.Limits(max_connections=2 * slots + 8, max_keepalive_connections=slots + 4)
        self._http = httpx.Client(
            timeout=httpx.Timeout(ANSWER_S, connect=CONNECT_S, pool=ANSWER_S),
            limits=limits,
            follow_redirects=False,
            verify=_trusted(ca_file),
            event_hooks={"request": [add_trace]},
        )
        self.secret = ""
        """The bearer of this boot, once registered."""

    def close(self) -> None:
        """Close all connections; calls that are under way fail with TryAgain."""
        self._http.close()

    @counted("register")
    def register(self, token: str, message: Register) -> Registered:
        """Register; the secret is kept for the other calls."""
        registered = self._call("/internal/nodes/register", message, Registered, bearer=token)
        if registered is None:
            raise TryAgain("the server answered without a message")
        self.secret = registered.node_secret
        return registered

    @counted("heartbeat")
    def heartbeat(self, message: Heartbeat, *, timeout_s: float = 10.0) -> HeartbeatReply:
        """Report."""
        reply = self._call("/internal/nodes/heartbeat", message, HeartbeatReply, timeout_s=timeout_s)
        if reply is None:
            raise TryAgain("the server answered without a message")
        return reply

    @counted("claim")
    def claim(self, lane: Kind, message: Claim) -> Assignment | None:
        """Wait for work; None when there was none."""
        return self._call(f"{PATHS[lane]}/claim", message, Assignment, timeout_s=message.wait_s + 10.0)

    @counted("result")
    def result(self, kind: Kind, id: str, message: Result) -> None:
        """Deliver a result."""
        self._call(f"{PATHS[kind]}/{id}/result", message, Accepted)

    @counted("fail")
    def fail(self, kind: Kind, id: str, message: Fail) -> None:
        """Report a failure."""
        self._call(f"{PATHS[kind]}/{id}/fail", message, Accepted)

    def download(self, url: str, limit_bytes: int) -> Iterator[bytes]:
        """Fetch an object by its signed link. Raises CallRefused (expired, absent, too large) or TryAgain."""
        try:
            with self._http.stream(
                "GET", urljoin(self._server, url), timeout=httpx.Timeout(TRANSFER_S, read=STALL_S)
            ) as response:
                if response.status_code != 200:
                    response.read()
                    raise _error(response)
                size = 0
                for part in response.iter_bytes():
                    size += len(part)
                    if size > limit_bytes:
                        raise CallRefused(413, "object_too_large", f"the object is larger than {limit_bytes} bytes")
                    yield part
        except (httpx.HTTPError, RuntimeError) as error:
            raise TryAgain(f"fetching failed: {type(error).__name__}") from error

    def upload(self, url: str, path: Path, stop: threading.Event, *, timeout_s: float = TRANSFER_S) -> None:
        """Put a file by its signed link; `stop` ends it before the next piece. Raises CallRefused or TryAgain."""

        def pieces() -> Generator[bytes, None, None]:
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    if stop.is_set():
                        raise RuntimeError("not wanted any more")
                    yield piece

        try:
            with contextlib.closing(pieces()) as content:
                response = self._http.put(
                    urljoin(self._server, url),
                    content=content,
                    headers={"Content-Length": str(path.stat().st_size), "Content-Type": "application/octet-stream"},
                    timeout=timeout_s,
                )
        except (httpx.HTTPError, RuntimeError) as error:
            raise TryAgain(f"uploading failed: {type(error).__name__}") from error
        if response.status_code not in (200, 201, 204):
            raise _error(response)

    def _call(
        self,
        path: str,
        message: msgspec.Struct,
        answer: type[Answer],
        *,
        bearer: str | None = None,
        timeout_s: float = ANSWER_S,
    ) -> Answer | None:
        try:
            response = self._http.post(
                urljoin(self._server, path.lstrip("/")),
                content=msgspec.json.encode(message),
                headers={"Authorization": f"Bearer {bearer or self.secret}", "Content-Type": "application/json"},
                timeout=httpx.Timeout(timeout_s, connect=CONNECT_S),
            )
        # httpx raises RuntimeError for a client that was closed while another thread called it.
        except (httpx.HTTPError, RuntimeError) as error:
            raise TryAgain(f"the server does not answer: {type(error).__name__}") from error
        if response.status_code == 204:
            return None
        if response.status_code != 200:
            raise _error(response)
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.MsgspecError as error:
            raise TryAgain("the server answered with something else than a message") from error


def _trusted(ca_file: Path | None) -> ssl.SSLContext | bool:
    if ca_file is None:
        return True
    context = httpx.create_ssl_context()
    try:
        context.load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise NodeError(f"{ca_file} holds no certificates (PEM) that can be read: {error}") from error
    return context


class _Problem(msgspec.Struct):
    code: str = "unknown"
    detail: str = ""


def _error(response: httpx.Response) -> Exception:
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except msgspec.MsgspecError:
        problem = _Problem(detail=response.text[:200])
    known = CODES.get(problem.code)
    if known is not None:
        return known(problem.detail)
    status = response.status_code
    if status in (408, 425, 429) or status >= 500 or problem.code == "concurrent_change":
        after = response.headers.get("Retry-After", "")
        return TryAgain(f"{problem.code} ({status})", float(after) if after.isdigit() else None)
    return CallRefused(status, problem.code, problem.detail)
