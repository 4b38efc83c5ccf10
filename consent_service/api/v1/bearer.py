"""Who asks by an access token, and how it is told that it may not (RFC 6750).

A token goes in the header `Authorization` and nowhere else: addresses end up in logs. Cookies are not read
here, so a browser in which somebody is logged in asks for nothing.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import ClientException, NotAuthorizedException

from consent_service.api.problems import problem_of, problem_of_error
from consent_service.foundation.errors import NotAllowedError
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import MachineClients
from consent_service.identity.model import MachineClient

SCOPE: Final = "scope"
"""`opt={SCOPE: ...}`: for which scope a handler is."""
_REALM: Final = 'Bearer realm="ruggensteun"'
_HEADER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,200}=*)", re.IGNORECASE)
_IN_ADDRESS: Final = "access_token"


async def client_of(request: Request[Any, Any, Any]) -> MachineClient:
    """The machine client whose token this request shows.

    Raises:
        NotAuthorizedException: no token, or one that is unknown, over or taken away (401).
        ClientException: more than one, one that is no token, or one in the address (400).
        TooOftenError: more than a program needs.
    """
    shown = request.headers.getall("authorization", [])
    if _IN_ADDRESS in request.query_params or len(shown) > 1:
        raise ClientException(headers=_challenge("invalid_request"))
    if not shown:
        raise NotAuthorizedException(headers=_challenge())
    found = _HEADER.fullmatch(shown[0].strip())
    if found is None:
        is_other_way = not shown[0].lower().startswith("bearer")
        if is_other_way:
            raise NotAuthorizedException(headers=_challenge())
        raise ClientException(headers=_challenge("invalid_request"))
    clients: MachineClients = request.app.state.doors.services.identity.machine_clients
    acting = await clients.client_of(found[1])
    if acting is None:
        raise NotAuthorizedException(headers=_challenge("invalid_token"))
    return acting.actor


def problem_for_client(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """A problem as everywhere; where only the scope is missing it says which (RFC 6750 section 3.1).

    Services answer another shelter as one that is not there before they look at scopes, so this tells only
    what a token is not for within its own shelter.
    """
    if not isinstance(error, NotAllowedError):
        return problem_of_error(request, error)
    response = problem_of(error)
    scope: Scope | None = getattr(request.scope.get("route_handler"), "opt", {}).get(SCOPE)
    if scope is not None and response.status_code == HTTPStatus.FORBIDDEN:
        response.headers.update(_challenge("insufficient_scope", scope))
    return response


def _challenge(code: str = "", scope: str = "") -> dict[str, str]:
    parts = [_REALM, *([f'error="{code}"'] if code else []), *([f'scope="{scope}"'] if scope else [])]
    return {"WWW-Authenticate": ", ".join(parts)}
