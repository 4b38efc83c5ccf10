"""Logging out at the login provider: its call to us behind the browser, and the way back of the browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_400_BAD_REQUEST,
    HTTP_429_TOO_MANY_REQUESTS,
    HTTP_503_SERVICE_UNAVAILABLE,
)

from consent_service.identity.backchannel import LogoutRefusalCode, LogoutRefused
from consent_service.web.doors import Doors
from consent_service.web.forms import read_form
from consent_service.web.visit import Visit, place_of

_FORM = "application/x-www-form-urlencoded"
_COME_AGAIN: Final[Mapping[LogoutRefusalCode, int]] = {
    "too_many": HTTP_429_TOO_MANY_REQUESTS,
    "provider_unavailable": HTTP_503_SERVICE_UNAVAILABLE,
}
_INVALID = b'{"error":"invalid_request"}'


@post("/inloggen/{provider:str}/afgemeld", include_in_schema=False)
async def logged_out_there(request: Request[Any, Any, Any], provider: FromPath[str]) -> Response[bytes]:
    """OpenID Connect Back-Channel Logout 1.0 section 2.5: no browser, so no cookies and no form token.

    Every fault of a token has the same answer, so that nobody can try out what it lacks. That we cannot
    take it now has another one, so that the provider comes again.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return _answer(HTTP_400_BAD_REQUEST)
    tokens = (await read_form(request)).values.get("logout_token", ())
    if len(tokens) != 1:
        return _answer(HTTP_400_BAD_REQUEST)
    doors: Doors = request.app.state.doors
    identity = doors.services.identity
    ended = await identity.end_at_provider(provider, tokens[0], place=place_of(request))
    if isinstance(ended, LogoutRefused):
        return _answer(_COME_AGAIN.get(ended.code, HTTP_400_BAD_REQUEST))
    return _answer(HTTP_200_OK)


@get("/uitgelogd", include_in_schema=False)
async def logged_out(visit: NamedDependency[Visit]) -> Response[Any]:
    """Back from the provider after logging out on both sides."""
    return visit.redirect("/inloggen", done="uitgelogd")


ROUTES = [logged_out_there, logged_out]


def _answer(status: int) -> Response[bytes]:
    body = b"" if status == HTTP_200_OK else _INVALID
    return Response(body, status_code=status, media_type="application/json")
