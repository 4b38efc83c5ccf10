"""Which problem page and which status belong to an error. What went wrong inside is never shown.

The api has its own mapping (RFC 9457); expected refusals are values and get here only by mistake.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from litestar.exceptions import HTTPException

from consent_service.foundation.errors import (
    ConflictError,
    ConsentServiceError,
    InputError,
    KeyDestroyedError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
)
from consent_service.foundation.pacing import TooOftenError
from consent_service.web.vocabulary import ProblemKind

_OF_ERROR: Final[tuple[tuple[type[ConsentServiceError], ProblemKind, HTTPStatus], ...]] = (
    (NotFoundError, "not_found", HTTPStatus.NOT_FOUND),
    (KeyDestroyedError, "not_found", HTTPStatus.NOT_FOUND),
    (NotAllowedError, "not_allowed", HTTPStatus.FORBIDDEN),
    (ConflictError, "conflict", HTTPStatus.CONFLICT),
    (InputError, "bad_request", HTTPStatus.BAD_REQUEST),
    (UnavailableError, "unavailable", HTTPStatus.SERVICE_UNAVAILABLE),
    (TooOftenError, "too_often", HTTPStatus.TOO_MANY_REQUESTS),
)
_OF_STATUS: Final[dict[int, ProblemKind]] = {
    403: "not_allowed",
    404: "not_found",
    405: "not_found",
    409: "conflict",
    429: "too_many",
    503: "unavailable",
}


def problem_of(error: Exception) -> tuple[ProblemKind, HTTPStatus]:
    """The kind of problem page and the status for `error`; whatever is unknown is "unexpected"."""
    for family, kind, status in _OF_ERROR:
        if isinstance(error, family):
            return kind, status
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        fallback: ProblemKind = "unexpected" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "bad_request"
        return _OF_STATUS.get(status, fallback), status
    return "unexpected", HTTPStatus.INTERNAL_SERVER_ERROR
