"""An S3-compatible store: where it is, how it is opened, and links that lead straight into its bucket.

Knows the addresses and signatures of S3 (version 4) and nothing of what is kept there. The links are made here and not by the library so that
they cost microseconds, never ask a credential service in the middle of a request, and can name another address than the one that we use ourselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlsplit

from flatrender.kit.aws_signature import ALGORITHM, scope_of, signature

if TYPE_CHECKING:
    from obstore.store import S3Store

CONNECT_S = 5
REQUEST_S = 60
"""Deadline of one request with its body: a part of an upload, a range of a download."""
RETRIES = 5
RETRY_S = 90
MAX_LINK_LIFE_S = 7 * 24 * 3600
"""S3 refuses links that live longer."""


@dataclass(frozen=True)
class S3Options:
    """Where the bucket is and who we are there."""

    bucket: str
    prefix: str = ""
    """Put before each key, without slashes at its ends."""
    region: str = "us-east-1"
    endpoint: str | None = None
    """`https://s3.example.com`; without it Amazon's for the region."""
    public_endpoint: str | None = None
    """As nodes and browsers reach it, when that is another address than ours."""
    virtual_hosts: bool = False
    """Whether the bucket is named in the host (`https://bucket.s3.example.com/key`) instead of in the path."""
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    ca_pem: str | None = field(default=None, repr=False)
    """Certificates that the store's one may be signed with, beside those that everybody trusts."""

    @property
    def base(self) -> str:
        """Our own address of the bucket."""
        return self._base(self.endpoint)

    @property
    def public_base(self) -> str:
        """Nodes' and browsers' address of the bucket."""
        return self._base(self.public_endpoint or self.endpoint)

    @property
    def can_sign(self) -> bool:
        """Whether there is a key pair of our own; credentials that a cloud lends its machines change too often to sign with."""
        return self.access_key is not None and self.secret_key is not None

    def _base(self, endpoint: str | None) -> str:
        if endpoint is None:
            return f"https://{self.bucket}.s3.{self.region}.amazonaws.com"
        parts = urlsplit(endpoint)
        path = parts.path.rstrip("/")
        if self.virtual_hosts:
            return f"{parts.scheme}://{self.bucket}.{parts.netloc}{path}"
        return f"{parts.scheme}://{parts.netloc}{path}/{self.bucket}"


def options_of(url: str, **more: str | bool | None) -> S3Options:
    """Return the options for `s3://bucket/prefix?region=…&endpoint=…`; what `more` says (not None) goes before the query.

    Raises ValueError for another form, an unknown query member, or an endpoint that is no http(s) address.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or parts.username or parts.password or parts.fragment:
        raise ValueError("the object store must look like s3://bucket/prefix, its keys given apart")
    given: dict[str, str | bool | None] = {"bucket": parts.netloc, "prefix": parts.path.strip("/")}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in ("region", "endpoint", "public_endpoint", "virtual_hosts"):
            raise ValueError(f"the object store's address has the unknown member {name}")
        given[name] = value in ("1", "true", "yes") if name == "virtual_hosts" else value
    given |= {name: value for name, value in more.items() if value is not None}
    for name in ("endpoint", "public_endpoint"):
        address = given.get(name)
        if address is not None and urlsplit(str(address)).scheme not in ("http", "https"):
            raise ValueError(f"the object store's {name} must be an http or https address")
    return S3Options(**given)  # type: ignore[arg-type]  # the names were checked, and each value has its member's type


def open_s3(options: S3Options) -> "S3Store":
    """Return the store. Nothing is asked yet."""
    from obstore.store import S3Store  # noqa: PLC0415 - a folder needs none of it

    client: dict[str, object] = {
        "connect_timeout": timedelta(seconds=CONNECT_S),
        "timeout": timedelta(seconds=REQUEST_S),
        "allow_http": options.base.startswith("http://"),
    }
    if options.ca_pem is not None:
        client["root_certificate"] = options.ca_pem
    config: dict[str, object] = {
        "region": options.region,
        "endpoint": options.base,
        # The address names the bucket already, in its path or in its host: the library then adds only the key.
        "virtual_hosted_style_request": True,
        # The call that deletes many at once is not in every store.
        "disable_bulk_delete": True,
    }
    if options.can_sign:
        config |= {"access_key_id": options.access_key, "secret_access_key": options.secret_key}
        if options.session_token is not None:
            config["session_token"] = options.session_token
    return S3Store(
        options.bucket,
        prefix=options.prefix or None,
        client_options=client,  # type: ignore[arg-type]
        retry_config={
            "max_retries": RETRIES,
            "retry_timeout": timedelta(seconds=RETRY_S),
            "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 2},
        },
        **config,  # type: ignore[arg-type]
    )


def signed_url(
    options: S3Options,
    method: str,
    key: str,
    *,
    life_s: int,
    now: datetime | None = None,
    answer_headers: Mapping[str, str] | None = None,
) -> str:
    """Return a link that allows `method` on `key` for `life_s` seconds (at most seven days) from `now`.

    `answer_headers` of a GET are what the store answers with instead of its own: `content-type`, `content-disposition`, `cache-control`.
    Raises ValueError when there is no key pair to sign with.
    """
    if options.access_key is None or options.secret_key is None:
        raise ValueError("links into the bucket need an access key and its secret")
    at = now or datetime.now(UTC)
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    base = urlsplit(options.public_base)
    path = quote("/".join(filter(None, (base.path.strip("/"), options.prefix, key))), safe="/~")
    query = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{options.access_key}/{scope_of(stamp, options.region)}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(max(1, min(life_s, MAX_LINK_LIFE_S))),
        "X-Amz-SignedHeaders": "host",
        **{f"response-{name}": value for name, value in (answer_headers or {}).items()},
    }
    if options.session_token is not None:
        query["X-Amz-Security-Token"] = options.session_token
    line = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted(query.items()))
    request = f"{method}\n/{path}\n{line}\nhost:{base.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
    signed = signature(options.secret_key, stamp=stamp, region=options.region, request=request)
    return f"{base.scheme}://{base.netloc}/{path}?{line}&X-Amz-Signature={signed}"
