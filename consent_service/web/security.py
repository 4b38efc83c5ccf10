"""The security headers of every answer, also of errors: nothing leaves without them.

They are set on the message itself, just before it is sent, because exception handlers, redirects and
static files go round any other place. Cookies and CSRF tokens belong to `identity`.
"""

from __future__ import annotations

from collections.abc import Iterable

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from consent_service.foundation.errors import ConfigurationError
from consent_service.web.rendering import STATIC_PATH

_CONTENT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action {form_action}; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_PERMISSIONS = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture",
    "fullscreen", "geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock",
    "serial", "usb",
)  # fmt: skip
STATIC_CACHING = "public, max-age=31536000, immutable"
"""Addresses of static files carry a hash of their content (`rendering.static_address`)."""


class SecurityHeaders:
    """`Litestar(before_send=[SecurityHeaders(...)])`.

    Args:
        form_origins: origins of the OpenID Providers that a login form may lead to.
        https: whether people reach the service over HTTPS (then browsers are told to insist).
    """

    def __init__(self, *, form_origins: Iterable[str] = (), https: bool) -> None:
        self._https = https
        self._headers = security_headers(form_origins=form_origins, https=https)

    def allow_forms_to(self, form_origins: Iterable[str]) -> None:
        """Let login forms lead to these providers from now on; known only once the database is open."""
        self._headers = security_headers(form_origins=form_origins, https=self._https)

    async def __call__(self, message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = MutableScopeHeaders.from_message(message)
        for name, value in self._headers.items():
            headers[name] = value
        is_file = scope["path"].startswith(f"{STATIC_PATH}/") and message["status"] in (200, 304)
        headers["cache-control"] = STATIC_CACHING if is_file else "no-store"


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
    scheme, separator, host = origin.partition("://")
    if scheme not in ("https", "http") or not separator or not host or set(host) & set("/;, '\"*"):
        raise ConfigurationError("an OpenID Provider origin must look like https://login.example.nl")
