"""Putting a file into somebody else's S3-compatible bucket, over a guarded line: AWS Signature Version 4, one request or a multi-part upload.

Our own store is `kit.objects`. This is for buckets whose address a person gave: the library behind that module resolves names by itself, so the
address that was judged would not be the one that is called.
"""

import base64
import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote
from xml.sax.saxutils import escape

from flatrender.kit.aws_signature import ALGORITHM, scope_of, signature
from flatrender.kit.clock import Clock, system_clock
from flatrender.kit.outgoing import Answer, Line, NoAnswer

PART_BYTES = 16 << 20
"""Also the most that one request carries; S3 wants parts of at least 5 MiB and at most 10,000 of them."""
MAX_PARTS = 10_000
KEPT_BYTES = 16 << 10
ERROR_CODE = re.compile(rb"<Code>([A-Za-z0-9]{1,80})</Code>")
UPLOAD_ID = re.compile(rb"<UploadId>([^<]{1,2000})</UploadId>")
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class BucketRefused(Exception):
    """The store answered with an error."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"the bucket answered {status} {code}".strip())
        self.status = status
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where to put files. `endpoint` is `https://host[:port]`; `path_style` puts the bucket into the path instead of in front of the host."""

    endpoint: str
    region: str
    bucket: str
    access_key_id: str
    secret_access_key: str = field(repr=False)
    path_style: bool = True

    @property
    def base(self) -> str:
        """The address of the bucket."""
        scheme, host = self.endpoint.rstrip("/").split("://", 1)
        return f"{scheme}://{host}/{self.bucket}" if self.path_style else f"{scheme}://{self.bucket}.{host}"

    def url(self, key: str, query: str = "") -> str:
        """Return the address of an object."""
        return f"{self.base}/{quote(key, safe='/-_.~')}" + (f"?{query}" if query else "")


def signed_headers(
    bucket: Bucket,
    method: str,
    url: str,
    payload_sha256: str,
    *,
    now: datetime,
    more: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers of a signed request: `more`, `host`, the date, the payload's hash and `Authorization`. The query of `url` must be encoded."""
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    address, _, query = url.partition("?")
    host, _, path = address.split("://", 1)[1].partition("/")
    headers = {
        **{name.lower(): value.strip() for name, value in (more or {}).items()},
        "host": host,
        "x-amz-content-sha256": payload_sha256,
        "x-amz-date": moment,
    }
    names = sorted(headers)
    pairs = sorted(part if "=" in part else f"{part}=" for part in query.split("&") if part)
    canonical = "\n".join(
        (
            method,
            "/" + path,
            "&".join(pairs),
            *(f"{name}:{headers[name]}" for name in names),
            "",
            ";".join(names),
            payload_sha256,
        )
    )
    signed = signature(bucket.secret_access_key, stamp=moment, region=bucket.region, request=canonical)
    credential = f"{bucket.access_key_id}/{scope_of(moment, bucket.region)}"
    headers["authorization"] = f"{ALGORITHM} Credential={credential},SignedHeaders={';'.join(names)},Signature={signed}"
    return headers


class Uploader:
    """Puts files into one bucket over one line."""

    def __init__(self, line: Line, bucket: Bucket, *, deadline_s: float, clock: Clock = system_clock) -> None:
        """`deadline_s` is for each request, which carries at most 16 MiB."""
        self._line = line
        self._bucket = bucket
        self._deadline_s = deadline_s
        self._clock = clock

    async def put(
        self,
        key: str,
        size: int,
        read: Callable[[int, int], Awaitable[bytes]],
        *,
        content_type: str,
        sha256: bytes,
        part_bytes: int = PART_BYTES,
    ) -> str:
        """Store `size` bytes under `key` and return where they are. `read(start, length)` gives some of them.

        Each request's bytes are signed and carry their SHA-256, so that the store refuses what was changed on the way; the whole's SHA-256 is kept as
        `x-amz-meta-sha256`. A multi-part upload that fails is given up, so that nothing of it stays. Raises BucketRefused and NoAnswer.
        """
        meta = {"content-type": content_type, "x-amz-meta-sha256": sha256.hex()}
        if size <= part_bytes:
            await self._send("PUT", key, body=await read(0, size), more=meta)
            return self._bucket.url(key)
        length = max(part_bytes, -(-size // MAX_PARTS))
        started = await self._send("POST", key, "uploads=", more={**meta, "x-amz-checksum-algorithm": "SHA256"})
        found = UPLOAD_ID.search(started.body)
        if found is None:
            raise BucketRefused(started.status, "NoUploadId")
        upload_id = quote(found.group(1).decode(errors="replace"), safe="-_.~")
        try:
            made = []
            for number, start in enumerate(range(0, size, length), 1):
                body = await read(start, min(length, size - start))
                checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
                done = await self._send(
                    "PUT",
                    key,
                    f"partNumber={number}&uploadId={upload_id}",
                    body=body,
                    more={"x-amz-checksum-sha256": checksum},
                )
                # A store that keeps checksums says so; one that knows none refuses them at the end.
                kept = checksum if "x-amz-checksum-sha256" in done.headers else ""
                made.append((number, done.headers.get("etag", ""), kept))
            await self._complete(key, upload_id, made)
        except BaseException:
            await self._give_up(key, upload_id)
            raise
        return self._bucket.url(key)

    async def remove(self, key: str) -> None:
        """Remove an object; an absent one is no error."""
        await self._send("DELETE", key)

    async def _complete(self, key: str, upload_id: str, made: list[tuple[int, str, str]]) -> None:
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag>"
            + (f"<ChecksumSHA256>{checksum}</ChecksumSHA256></Part>" if checksum else "</Part>")
            for number, tag, checksum in made
        )
        body = f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}</CompleteMultipartUpload>'
        done = await self._send(
            "POST", key, f"uploadId={upload_id}", body=body.encode(), more={"content-type": "application/xml"}
        )
        # The store answers 200 before it has put the parts together, and may still say that it could not.
        code = ERROR_CODE.search(done.body) if b"<Error>" in done.body else None
        if code is not None:
            raise BucketRefused(done.status, code.group(1).decode())

    async def _give_up(self, key: str, upload_id: str) -> None:
        # The first error is the one that is told; stores remove open uploads by their own rules.
        with contextlib.suppress(BucketRefused, NoAnswer):
            await self._send("DELETE", key, f"uploadId={upload_id}")

    async def _send(
        self, method: str, key: str, query: str = "", *, body: bytes = b"", more: Mapping[str, str] | None = None
    ) -> Answer:
        url = self._bucket.url(key, query)
        digest = hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256
        headers = signed_headers(self._bucket, method, url, digest, now=self._clock(), more=more)
        answer = await self._line.request(
            method, url, headers=headers, body=body, deadline_s=self._deadline_s, keep_bytes=KEPT_BYTES
        )
        if not 200 <= answer.status < 300:
            code = ERROR_CODE.search(answer.body)
            raise BucketRefused(answer.status, code.group(1).decode() if code else "")
        return answer
