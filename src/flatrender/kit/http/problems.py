"""Every error leaves as a problem document (RFC 9457) with a stable code and the request's id."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from flatrender.kit.errors import AppError

PROBLEM_BASE = "https://flatrender.dev/problems/"
MEDIA_TYPE = "application/problem+json"
HTTP_CODES: Mapping[int, str] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
}
UNREADABLE_BODY = "There was an error parsing the body"
"""What FastAPI says of a body that it could not read, in `HTTPException.detail` with status 400."""

log = structlog.get_logger(__name__)


class ProblemField(BaseModel):
    """One refused member of the request."""

    field: str
    detail: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str | None = None
    errors: list[ProblemField] | None = None


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses=` of a route for the OpenAPI document: each status as a problem document."""
    return {
        status: {
            "description": "Problem",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            "model": Problem,
        }
        for status in (401, 404, 422, 503, *statuses)
    }


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    request_id: str | None,
    fields: tuple[tuple[str, str], ...] = (),
    retry_after_s: int | None = None,
) -> JSONResponse:
    """Return the response for one problem; a body of an internal error carries no detail of the inside."""
    body: dict[str, Any] = {
        "type": PROBLEM_BASE + code,
        "title": code.rsplit(".", 1)[-1].replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id,
    }
    if fields:
        body["errors"] = [{"field": name, "detail": text} for name, text in fields]
    headers = {"Cache-Control": "no-store"}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def request_id_of(request: Request) -> str | None:
    """Return the id that the gateway gave the request."""
    found = getattr(request.state, "request_id", None)
    return found if isinstance(found, str) else None


def shown_path(request: Request) -> str:
    """Return the request's path as a message may show it: of bounded length and printable."""
    path = request.url.path[:120]
    return path if path.isprintable() else ascii(path)[1:-1]


def install_problem_handlers(app: FastAPI) -> None:
    """Map every exception of the application to a problem document."""
    app.add_exception_handler(AppError, _on_app_error)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(ClientDisconnect, _on_client_gone)
    app.add_exception_handler(Exception, _on_anything)


async def _on_app_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, AppError):
        return await _on_anything(request, error)
    if error.status >= 500:
        log.warning(
            "request_failed",
            code=error.code,
            detail=error.detail,
            request_id=request_id_of(request),
            path=request.url.path,
        )
    return problem_response(
        error.status,
        error.code,
        error.detail,
        request_id=request_id_of(request),
        fields=error.fields,
        retry_after_s=error.retry_after_s,
    )


async def _on_validation(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        return await _on_anything(request, error)
    broken = next((item for item in error.errors() if item["type"] == "json_invalid"), None)
    if broken is not None:
        place = f"{broken['ctx']['error']} at character {broken['loc'][-1]}"
        return _not_json(request, place)
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not content_type.endswith("json") and any(item["loc"] == ("body",) for item in error.errors()):
        return problem_response(
            415,
            "unsupported_media_type",
            f"this route takes a JSON object: send it with Content-Type: application/json, not {content_type[:60] or 'without one'}",
            request_id=request_id_of(request),
        )
    fields = tuple((".".join(str(part) for part in item["loc"]), str(item["msg"])) for item in error.errors()[:20])
    detail = "the request does not have the expected form: " + "; ".join(f"{name}: {text}" for name, text in fields[:3])
    return problem_response(422, "request_invalid", detail, request_id=request_id_of(request), fields=fields)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return await _on_anything(request, error)
    if error.status_code == 400 and error.detail == UNREADABLE_BODY:
        return _not_json(request, "it is no UTF-8, or nested too deeply")
    code = HTTP_CODES.get(error.status_code, "http_error")
    headers = dict(error.headers or {})
    detail = str(error.detail)
    if error.status_code == 404:
        detail = f"there is no route {shown_path(request)}: GET /openapi.json lists them"
    elif error.status_code == 405:
        taken = headers.get("Allow") or headers.get("allow")
        detail = f"{shown_path(request)} does not take {request.method}" + (f"; it takes {taken}" if taken else "")
    response = problem_response(error.status_code, code, detail, request_id=request_id_of(request))
    response.headers.update(headers)
    return response


def _not_json(request: Request, why: str) -> JSONResponse:
    detail = f"the body is not JSON ({why}): send one JSON object in UTF-8"
    return problem_response(400, "not_json", detail, request_id=request_id_of(request))


async def _on_client_gone(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the form of a handler
    """Nobody is there to read the answer, and nothing is wrong on our side."""
    log.info("client_gone", request_id=request_id_of(request), path=shown_path(request))
    return Response(status_code=400)


async def _on_anything(request: Request, error: Exception) -> JSONResponse:
    log.error("request_crashed", request_id=request_id_of(request), path=request.url.path, exc_info=error)
    return problem_response(
        500,
        "internal",
        "something went wrong on our side; quote the request id when you report it",
        request_id=request_id_of(request),
    )
