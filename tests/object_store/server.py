"""Starting the S3 server for tests (`swift_server.py`), with buckets of its own for whoever asks."""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from flatrender.kit.s3 import S3Options, signed_url

SYSTEM_PYTHON = Path("/usr/bin/python3")
SWIFT = Path("/usr/lib/python3/dist-packages/swift/common/middleware/s3api")
START_S = 60


def there() -> bool:
    """Return whether the server's program is installed here (`scripts/system_tools.py` installs it)."""
    return SYSTEM_PYTHON.exists() and SWIFT.exists()


@dataclass
class S3Server:
    """A running server."""

    endpoint: str
    process: "subprocess.Popen[bytes]"
    access_key: str = "tests:store"
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def bucket(self, name: str | None = None, *, prefix: str = "") -> S3Options:
        """Make a bucket and return how it is reached."""
        options = S3Options(
            bucket=name or f"bucket-{secrets.token_hex(6)}",
            prefix=prefix,
            endpoint=self.endpoint,
            access_key=self.access_key,
            secret_key=self.secret_key,
        )
        bare = S3Options(
            bucket=options.bucket, endpoint=self.endpoint, access_key=self.access_key, secret_key=self.secret_key
        )
        made = httpx.put(signed_url(bare, "PUT", "", life_s=60), timeout=30)
        assert made.status_code == 200, made.text
        return options


@contextmanager
def s3_server(folder: Path, *, host: str = "127.0.0.1", port: int, inside: Sequence[str] = ()) -> Iterator[S3Server]:
    """Start a server below `folder` (`inside`: words before its command, that put it into a network namespace); skip where it cannot be had."""
    if not there():
        pytest.skip("python3-swift (Debian) is not installed here: there is no S3 server to test with")
    server = S3Server(endpoint=f"http://{host}:{port}", process=None)  # type: ignore[arg-type]  # set below
    command = [*inside, str(SYSTEM_PYTHON), str(Path(__file__).with_name("swift_server.py")), str(folder / "swift")]
    environment = {"PATH": os.environ.get("PATH", ""), "ACCESS_KEY": server.access_key, "SECRET_KEY": server.secret_key}
    with (folder / "swift.log").open("wb") as log:
        server.process = subprocess.Popen(
            [*command, host, str(port), str(os.getpid())],
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    try:
        deadline = time.monotonic() + START_S
        while True:
            try:
                if httpx.get(f"{server.endpoint}/healthcheck", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                said = (folder / "swift.log").read_text()[-2000:]
                assert server.process.poll() is None, f"the S3 server ended: {said}"
                assert time.monotonic() < deadline, f"the S3 server did not start: {said}"
                time.sleep(0.05)
        yield server
    finally:
        server.process.kill()
        server.process.wait()
