"""Where machine clients get a token, and where programs read how (RFC 6749, 7523, 8414)."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, get_args

import msgspec
from litestar import HttpMethod, Request, Response, Router, post, route
from litestar.exceptions import HTTPException

from consent_service.api.v1.token_request import (
    AWAY,
    FAILED,
    GRANT,
    NOT_A_FORM,
    NOT_PROVED,
    OTHER_SCOPE,
    OTHER_WAY,
    TOO_OFTEN,
    ErrorCode,
    FormRefused,
    read_token_request,
)
from consent_service.foundation.errors import UnavailableError
from consent_service.foundation.i18n import choose_language, translator
from consent_service.identity.client_keys import ClientAlgorithm
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import Admitted, MachineClients, TokenRefused
from consent_service.identity.page_tries import network_of

METADATA: Final = "/.well-known/oauth-authorization-server"
_JSON: Final = "application/json"
_RETRY_SECONDS: Final = 60
_REFUSED: Final[dict[str, tuple[ErrorCode, str, HTTPStatus]]] = {
    "invalid_client": ("invalid_client", NOT_PROVED, HTTPStatus.BAD_REQUEST),
    "invalid_scope": ("invalid_scope", OTHER_SCOPE, HTTPStatus.BAD_REQUEST),
    "too_many": ("temporarily_unavailable", TOO_OFTEN, HTTPStatus.TOO_MANY_REQUESTS),
}


class TokenAnswer(msgspec.Struct, frozen=True):
    """RFC 6749 section 5.1."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str


class TokenError(msgspec.Struct, frozen=True):
    """RFC 6749 section 5.2."""

    error: str
    error_description: str


@post(
    "/token",
    status_code=200,
    summary="A token for a machine client (RFC 6749 section 4.4, private_key_jwt)",
    description="A form: grant_type, client_assertion_type, client_assertion and, if not all, scope.",
)
async def token(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Errors have the form of OAuth, not that of the rest of the interface: libraries read it."""
    if "authorization" in request.headers:
        return _other_way(request)
    asked = read_token_request(request.headers.get("content-type", ""), await request.body())
    if isinstance(asked, FormRefused):
        return _error(request, asked.code, asked.problems)
    place = "" if request.client is None else network_of(request.client.host)
    answer = await _clients(request).admit(asked, place=place)
    if isinstance(answer, TokenRefused):
        code, sentence, status = _REFUSED[answer.code]
        return _error(request, code, (sentence,), status)
    return _given(answer)


@route(
    METADATA,
    http_method=[HttpMethod.GET, HttpMethod.HEAD],
    summary="How to ask for a token (RFC 8414)",
    include_in_schema=False,
)
async def metadata(request: Request[Any, Any, Any]) -> Response[bytes]:
    """No authorization endpoint: nobody is sent anywhere, so no response type either."""
    clients = _clients(request)
    told = {
        "issuer": clients.issuer,
        "token_endpoint": clients.token_endpoint,
        "response_types_supported": [],
        "grant_types_supported": [GRANT],
        "scopes_supported": list(Scope),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(get_args(ClientAlgorithm)),
    }
    return Response(msgspec.json.encode(told), media_type=_JSON)


def token_router() -> Router:
    """The token endpoint, which answers every error in its own form."""
    return Router(path="", route_handlers=[token], exception_handlers={Exception: _failed})


def _clients(request: Request[Any, Any, Any]) -> MachineClients:
    clients: MachineClients = request.app.state.doors.services.identity.machine_clients
    return clients


def _given(admitted: Admitted) -> Response[bytes]:
    answer = TokenAnswer(
        admitted.token, "Bearer", int(admitted.lasts.total_seconds()), " ".join(admitted.scopes)
    )
    return _said(answer, HTTPStatus.OK)


def _other_way(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Who tries another way is told in the words of that way (RFC 6749 section 5.2)."""
    scheme = "Bearer" if request.headers["authorization"].lower().startswith("bearer") else "Basic"
    response = _error(request, "invalid_client", (OTHER_WAY,), HTTPStatus.UNAUTHORIZED)
    response.headers["WWW-Authenticate"] = f'{scheme} realm="ruggensteun"'
    return response


def _failed(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if isinstance(error, UnavailableError):
        return _error(request, "temporarily_unavailable", (AWAY,), HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _error(request, "invalid_request", (NOT_A_FORM,), HTTPStatus(error.status_code))
    return _error(request, "server_error", (FAILED,), HTTPStatus.INTERNAL_SERVER_ERROR)


def _error(
    request: Request[Any, Any, Any],
    code: ErrorCode,
    sentences: Sequence[str],
    status: HTTPStatus = HTTPStatus.BAD_REQUEST,
) -> Response[bytes]:
    said = translator(choose_language(request.headers.get("accept-language", "")))
    response = _said(TokenError(code, " ".join(said.text(one) for one in sentences)), status)
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _said(answer: TokenAnswer | TokenError, status: HTTPStatus) -> Response[bytes]:
    """Kept by no cache, also by an old one; `Cache-Control: no-store` is on every answer of the service."""
    return Response(
        msgspec.json.encode(answer),
        status_code=status.value,
        media_type=_JSON,
        headers={"Pragma": "no-cache"},
    )
