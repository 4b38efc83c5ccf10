"""The security headers of every answer, also of errors: nothing leaves without them.

They are set on the message itself, just before it is sent, because exception handlers, redirects and
static files go round any other place. Cookies and CSRF tokens belong to `identity`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from consent_service.foundation.errors import ConfigurationError, NotFoundError
from consent_service.identity.providers import is_plain_origin
from consent_service.web.rendering import STATIC_PATH
from consent_service.web.style.house import ADDRESS as HOUSE_STYLE

_log = structlog.get_logger()

_CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "manifest-src 'self'; "
    "form-action {form_action}; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_PERMISSIONS = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture",
    "fullscreen", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock",
    "serial", "usb",
)  # fmt: skip
FETCHES = "fetches"
"""A handler with this in its `opt` answers with a page whose script may ask this service for more."""
_FETCHING = "; connect-src 'self'"
AWAKE = "awake"
"""A handler with this in its `opt` answers with a page that keeps the screen on while somebody chooses."""
_SLEEPING, _AWAKE = "screen-wake-lock=()", "screen-wake-lock=(self)"
_FILES = (f"{STATIC_PATH}/", HOUSE_STYLE)
STATIC_CACHING = "public, max-age=31536000, immutable"
"""Addresses of static files carry a hash of their content (`rendering.static_address`)."""


class SecurityHeaders:
    """`Litestar(before_send=[SecurityHeaders(...)])`.

    Args:
        form_origins: the origins of OpenID Providers that login forms may lead to, as known now. What is
            none is left out and told in the log once, so that no provider can take a page away.
        https: whether people reach the service over HTTPS (then browsers are told to insist).
    """

    def __init__(self, *, form_origins: Callable[[], frozenset[str]] = frozenset, https: bool) -> None:
        self._https = https
        self._form_origins = form_origins
        self._allowed: frozenset[str] = frozenset()
        self._headers = security_headers(https=https)

    async def __call__(self, message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        allowed = self._form_origins()
        if allowed != self._allowed:
            plain = frozenset(filter(is_plain_origin, allowed))
            self._headers = security_headers(form_origins=plain, https=self._https)
            self._allowed = allowed
            if plain != allowed:
                left_out = len(allowed - plain)
                _log.error(
                    "a login provider names an origin that is none: forms do not lead there",
                    left_out=left_out,
                )
        headers = MutableScopeHeaders.from_message(message)
        for name, value in self._headers.items():
            headers[name] = value
        opt = getattr(scope.get("route_handler"), "opt", {})
        if opt.get(FETCHES):
            headers["content-security-policy"] += _FETCHING
        if opt.get(AWAKE):
            headers["permissions-policy"] = headers["permissions-policy"].replace(_SLEEPING, _AWAKE)
        is_file = scope["path"].startswith(_FILES) and message["status"] in (200, 304)
        headers["cache-control"] = STATIC_CACHING if is_file else "no-store"


async def refuse_nul(request: Request[Any, Any, Any]) -> None:
    """No address has a NUL in it, and no database takes one: nothing is there.

    Raises:
        NotFoundError: the path or a parameter has one.
    """
    if "\0" in request.url.path or any("\0" in value for _, value in request.query_params.multi_items()):
        raise NotFoundError("page")
    if any("\0" in str(value) for value in request.path_params.values()):
        raise NotFoundError("page")


def security_headers(*, form_origins: Iterable[str] = (), https: bool) -> dict[str, str]:
    """The headers that every answer carries.

    Raises:
        ConfigurationError: a form origin is not a bare http(s) origin.
    """
    origins = tuple(sorted(set(form_origins)))
    for origin in origins:
        _refuse_what_is_no_origin(origin)
    headers = {
        "content-security-policy": _CONTENT.format(form_action=" ".join(("'self'", *origins))),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": ", ".join(f"{feature}=()" for feature in _PERMISSIONS),
        "x-robots-tag": "noindex, nofollow",
    }
    if https:
        headers["strict-transport-security"] = "max-age=63072000; includeSubDomains"
    return headers


def _refuse_what_is_no_origin(origin: str) -> None:
    if not is_plain_origin(origin):
        raise ConfigurationError("an OpenID Provider origin must look like https://login.example.nl")
