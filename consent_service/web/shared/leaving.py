"""On the way to a login provider, and the status of a login that was refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from litestar import Response
from litestar.response import Redirect

from consent_service.identity.model import RefusalCode
from consent_service.identity.published import origin_of
from consent_service.web.shared.views import LeavingPage
from consent_service.web.visit import Visit

STATUS_OF: Final[Mapping[RefusalCode, int]] = {
    "provider_unknown": 404,
    "provider_disabled": 404,
    "provider_unavailable": 503,
    "answer_malformed": 400,
    "too_many": 429,
}
"""Of a login that was refused; any other is 403."""


async def leave(visit: Visit, address: str, allowed: Collection[str]) -> Response[Any]:
    """Send the browser to a provider, where the page that it comes from may lead there.

    A browser holds a form's redirects to `form-action` as well. To a provider whose pages were not known when
    that page was shown, one goes by a page with a link, which also follows itself.
    """
    if origin_of(address) in allowed:
        return Redirect(address, status_code=303)
    response = visit.show_to_anyone(LeavingPage(address))
    response.headers["refresh"] = f"0; url={address}"
    return response
