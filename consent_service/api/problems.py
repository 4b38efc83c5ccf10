"""Errors as problem details (RFC 9457). Title and detail are ours: never the address, never a message."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from consent_service.foundation.errors import (
    ConflictError,
    ConsentServiceError,
    InputError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from consent_service.foundation.pacing import TooOftenError

MEDIA_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[ConsentServiceError], HTTPStatus], ...] = (
    (InputError, HTTPStatus.BAD_REQUEST),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (NotAllowedError, HTTPStatus.FORBIDDEN),
    (ConflictError, HTTPStatus.CONFLICT),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
    (TooOftenError, HTTPStatus.TOO_MANY_REQUESTS),
)
_DETAILS: dict[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "The request cannot be taken as it is; see errors.",
    HTTPStatus.UNAUTHORIZED: "Ask with a valid access token, in the header Authorization.",
    HTTPStatus.FORBIDDEN: "You may not do this.",
    HTTPStatus.NOT_FOUND: "There is nothing here, or nothing for you.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method.",
    HTTPStatus.CONFLICT: "Somebody else changed this first; read it again.",
    HTTPStatus.TOO_MANY_REQUESTS: "You ask more often than a program needs. Wait a minute.",
    HTTPStatus.SERVICE_UNAVAILABLE: "A part of the service is away; nothing was released. Try again later.",
}


class ProblemDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """RFC 9457 section 3.1, with every problem of the input in `errors`."""

    status: int
    title: str
    detail: str
    code: str = ""
    errors: tuple[dict[str, str], ...] = ()


def problem_of_error(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The answer for what went wrong with a request."""
    return problem_of(error)


def problem_of(error: Exception) -> Response[bytes]:
    """The answer for what went wrong."""
    status = _status_of(error)
    problem = ProblemDetails(
        status=status.value,
        title=status.phrase,
        detail=_DETAILS.get(status, "Something went wrong on our side."),
        code=error.code if isinstance(error, ConsentServiceError) else "",
        errors=tuple({"field": one.field, "code": one.code} for one in error.problems)
        if isinstance(error, InputError)
        else (),
    )
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return Response(
        msgspec.json.encode(problem), status_code=status.value, media_type=MEDIA_TYPE, headers=headers
    )


def _status_of(error: Exception) -> HTTPStatus:
    for family, status in _STATUS:
        if isinstance(error, family):
            return status
    if isinstance(error, HTTPException):
        return HTTPStatus(error.status_code)
    return HTTPStatus.INTERNAL_SERVER_ERROR
