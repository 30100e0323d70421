"""A contract over HTTP: the same interface whether the peer is in this process or in another.

The arguments of a method are one msgpack map, its result one msgpack value; both are described by the Protocol's annotations.
A request carries an Ed25519 token (JWT, `aud` = the service, valid 60 s) that also signs the body. Business errors cross with
their code; an unreachable peer is `Unavailable`.
"""

import hashlib
import inspect
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast, get_type_hints

import aiohttp
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from flatrender import telemetry
from flatrender.kit.db import assert_no_transaction
from flatrender.kit.errors import STATUS_TO_ERROR, AppError, NotFound, NotSignedIn, Unavailable

Contract = TypeVar("Contract")

CONTENT_TYPE = "application/msgpack"
TOKEN_LIFE_S = 60
DEFAULT_TIMEOUT_S = 15.0
MAX_BODY_BYTES = 96 * 1024 * 1024


class RpcError(msgspec.Struct):
    """A business error on the wire."""

    status: int
    code: str
    detail: str
    fields: list[tuple[str, str]] = []
    retry_after_s: int | None = None


class _Method(msgspec.Struct):
    arguments: Any
    result: Any


def _methods(contract: type) -> dict[str, _Method]:
    found: dict[str, _Method] = {}
    for name, function in inspect.getmembers(contract, inspect.isfunction):
        if name.startswith("_"):
            continue
        hints = get_type_hints(function)
        parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
        fields: list[tuple[str, Any] | tuple[str, Any, Any]] = [
            (p.name, hints[p.name]) if p.default is p.empty else (p.name, hints[p.name], p.default) for p in parameters
        ]
        found[name] = _Method(msgspec.defstruct(f"{contract.__name__}_{name}", fields, kw_only=True), hints["return"])
    return found


class ServiceKeys:
    """The key pair with which our services sign what they say to each other."""

    def __init__(self, private_jwk: dict[str, Any], issuer: str) -> None:
        self._key = OKPKey.import_key(private_jwk)
        self._issuer = issuer

    @staticmethod
    def generate() -> dict[str, Any]:
        """Return a new private Ed25519 JWK."""
        return dict(OKPKey.generate_key("Ed25519").as_dict(private=True))

    def token(self, audience: str, claims: dict[str, Any]) -> str:
        """Return a token for `audience`, valid for 60 s."""
        now = int(time.time())
        body = {"iss": self._issuer, "aud": audience, "iat": now, "exp": now + TOKEN_LIFE_S, **claims}
        return jwt.encode({"alg": "Ed25519", "typ": "service+jwt"}, body, self._key, algorithms=["Ed25519"])

    def body_token(self, audience: str, method: str, body: bytes) -> str:
        """Return a token that signs one call: the method and the SHA-256 of its body."""
        return self.token(audience, {"method": method, "body": hashlib.sha256(body).hexdigest()})

    def verify_body(self, token: str, audience: str, method: str, body: bytes) -> None:
        """Raise NotSignedIn unless the token signs just this call."""
        claims = self.verify(token, audience)
        if claims.get("body") != hashlib.sha256(body).hexdigest() or claims.get("method") != method:
            raise NotSignedIn("the service token does not belong to this call", code="service_token_invalid")

    def verify(self, token: str, audience: str) -> dict[str, Any]:
        """Return the claims of a token meant for `audience`; raise NotSignedIn otherwise."""
        try:
            decoded = jwt.decode(token, self._key, algorithms=["Ed25519"])
            registry = jwt.JWTClaimsRegistry(
                leeway=5, aud={"essential": True, "value": audience}, exp={"essential": True}
            )
            registry.validate(decoded.claims)
        except (JoseError, ValueError) as error:
            raise NotSignedIn("the service token is not valid here", code="service_token_invalid") from error
        return dict(decoded.claims)


class RpcServer:
    """Answers calls to one contract with an implementation."""

    def __init__(self, service: str, contract: type, implementation: object, keys: ServiceKeys) -> None:
        self.service = service
        self._methods = _methods(contract)
        self._implementation = implementation
        self._keys = keys

    async def answer(self, method: str, token: str, body: bytes) -> tuple[int, bytes]:
        """Return the HTTP status and the msgpack body for one call; never raises a business error."""
        try:
            self._keys.verify_body(token, self.service, method, body)
            described = self._methods.get(method)
            if described is None:
                raise NotFound(f"{self.service} has no method {method}", code="rpc_unknown_method")
            arguments = msgspec.msgpack.decode(body, type=described.arguments)
            call: Callable[..., Any] = getattr(self._implementation, method)
            result = await call(**{name: getattr(arguments, name) for name in arguments.__struct_fields__})
            return 200, msgspec.msgpack.encode(result)
        except AppError as error:
            wire = RpcError(error.status, error.code, error.detail, list(error.fields), error.retry_after_s)
            return error.status, msgspec.msgpack.encode(wire)


class _Remote:
    """Stands for a peer in another process: each method of the contract is one POST."""

    def __init__(
        self, service: str, contract: type, base_url: str, keys: ServiceKeys, http: aiohttp.ClientSession
    ) -> None:
        self._service = service
        self._contract_methods = _methods(contract)
        self._base_url = base_url.rstrip("/")
        self._keys = keys
        self._http = http

    def __getattr__(self, name: str) -> Callable[..., Any]:
        described = self._contract_methods.get(name)
        if described is None:
            raise AttributeError(name)

        async def call(**arguments: Any) -> Any:
            assert_no_transaction(f"{self._service}.{name}")
            with telemetry.span(f"rpc {self._service}.{name}", kind="client"):
                return await ask(arguments)

        async def ask(arguments: dict[str, Any]) -> Any:
            body = msgspec.msgpack.encode(described.arguments(**arguments))
            token = self._keys.body_token(self._service, name, body)
            headers = {"Authorization": f"Bearer {token}", "Content-Type": CONTENT_TYPE}
            trace = telemetry.traceparent()
            if trace is not None:
                headers["traceparent"] = trace
            try:
                async with self._http.post(
                    f"{self._base_url}/rpc/{self._service}/{name}",
                    data=body,
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(total=DEFAULT_TIMEOUT_S, connect=2),
                ) as response:
                    answer = await response.read()
                    status = response.status
            except (aiohttp.ClientError, TimeoutError) as error:
                raise Unavailable(
                    f"the {self._service} service does not answer; try again shortly",
                    code="peer_unavailable",
                    retry_after_s=2,
                ) from error
            if status == 200:
                return msgspec.msgpack.decode(answer, type=described.result)
            raise _decode_error(self._service, status, answer)

        return call


def _decode_error(service: str, status: int, answer: bytes) -> AppError:
    try:
        wire = msgspec.msgpack.decode(answer, type=RpcError)
    except msgspec.MsgspecError:
        return Unavailable(
            f"the {service} service answered {status} without a reason", code="peer_unavailable", retry_after_s=2
        )
    kind = STATUS_TO_ERROR.get(wire.status, AppError)
    return kind(wire.detail, code=wire.code, fields=wire.fields, retry_after_s=wire.retry_after_s)


def remote(
    service: str, contract: type[Contract], base_url: str, keys: ServiceKeys, http: aiohttp.ClientSession
) -> Contract:
    """Return the contract served over HTTP by the peer at `base_url`."""
    return cast("Contract", _Remote(service, contract, base_url, keys, http))
