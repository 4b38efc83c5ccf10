"""`GET /metrics`, for the monitoring of whoever runs the service: who shows the token of the state directory.

An address alone proves nothing: behind a proxy on this machine every caller comes from loopback. Without
the token there is nothing here. What is measured is `audit.metrics`.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response, get

from consent_service.app.installation import Services
from consent_service.audit.metrics import CONTENT_TYPE
from consent_service.foundation.errors import ConfigurationError, NotFoundError
from consent_service.foundation.settings import Settings

_TOKEN_BYTES: Final = 32
_SCHEME: Final = "Bearer "


def token_file(settings: Settings) -> Path:
    """Holds the token, readable by the user of the service only; Prometheus calls it `credentials_file`."""
    return settings.state_dir / "metrics.token"


def make_token(path: Path) -> None:
    """Make a token unless there is one.

    Raises:
        ConfigurationError: the folder takes no file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(_TOKEN_BYTES))
    except OSError as failure:
        raise ConfigurationError("state_dir: the token for /metrics cannot be written there") from failure


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What the logs look like from outside, in the text format of Prometheus.

    Raises:
        NotFoundError: without the token; nobody learns that there is something.
    """
    doors = request.app.state.doors
    if not _is_shown(request.headers.get("authorization", ""), token_file(doors.settings)):
        raise NotFoundError("page")
    services: Services = doors.services
    kinds = (services.sequencer, services.identity.machine_clients, services.notice_sender)
    exposed = b"".join(one.metrics.exposed() for one in kinds)
    return Response(exposed, media_type=CONTENT_TYPE)


def _is_shown(header: str, path: Path) -> bool:
    """Whether the header carries the token; an empty or missing file lets nobody in."""
    try:
        expected = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return False
    shown = header.removeprefix(_SCHEME)
    is_bearer = header != shown and len(expected) >= _TOKEN_BYTES
    return is_bearer and secrets.compare_digest(shown.encode(), expected.encode())
