"""Accepts the trace context of a request (W3C Trace Context) for everything that is done to answer it.

Only from callers the installation knows: those who show the token in `trace.token` of the state directory, in
the header `trace-token`. For anybody else a chain begins here (section 3.4, "restart trace"): what stands in
log entries for years is chosen by nobody outside.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send

from consent_service.foundation.settings import Settings
from consent_service.foundation.tracing import started, tracing

TOKEN_HEADER: Final = b"trace-token"
SHORTEST: Final = 32
"""Characters a token has at least; a shorter one lets nobody in."""
_LONGEST: Final = 1024


def trace_token_file(settings: Settings) -> Path:
    """Holds the token of callers whose chains are carried on; it is there once an operator puts it there."""
    return settings.state_dir / "trace.token"


def traced(app: ASGIApp) -> ASGIApp:
    """`Litestar(middleware=[traced])`: each request is part of its known caller's chain, or begins one."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        path = trace_token_file(scope["litestar_app"].state.doors.settings)
        shown = [value for name, value in scope["headers"] if name.lower() == TOKEN_HEADER]
        with tracing(scope["headers"]) if _is_known(shown, path) else started():
            await app(scope, receive, send)

    return answer


def _is_known(shown: list[bytes], path: Path) -> bool:
    if len(shown) != 1:
        return False
    try:
        with path.open("rb") as file:
            expected = file.read(_LONGEST).strip()
    except OSError:
        return False
    return len(expected) >= SHORTEST and secrets.compare_digest(shown[0], expected)
