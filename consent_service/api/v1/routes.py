"""Health for operators, checkpoints for everybody, and how the interface describes itself.

What machine clients ask for is `token_routes` and `client_routes`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, Literal

import msgspec
from litestar import HttpMethod, Request, Response, Router, route
from litestar.datastructures import MutableScopeHeaders
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components
from litestar.params import FromPath
from litestar.types import Message, Scope

from consent_service import __version__
from consent_service.api.problems import problem_of, problem_of_error
from consent_service.api.v1.client_routes import SCHEMES, client_router
from consent_service.api.v1.token_routes import token_router
from consent_service.audit.log import PENDING_LIMIT
from consent_service.audit.log_keys import current_log
from consent_service.audit.served import served_checkpoint
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotFoundError, UnavailableError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing

PATH: Final = "/v1"
State = Literal["up", "away"]
_READING: Final = [HttpMethod.GET, HttpMethod.HEAD]
"""Whoever may read may also ask for the headers alone (RFC 9110 section 9.3.2)."""


class Health(msgspec.Struct, frozen=True, rename="camel"):
    """What the service needs, and whether it is there. Counts and states only."""

    database: State
    keys: State
    log: State
    """Whether entries get their place in time; behind it nothing is released."""
    stops: Literal["none", "pending"]

    @property
    def is_well(self) -> bool:
        return (self.database, self.keys, self.log, self.stops) == ("up", "up", "up", "none")


@route("/health", http_method=_READING, summary="Whether everything the service needs is there")
async def health(request: Request[Any, Any, Any]) -> Response[Health]:
    services = request.app.state.doors.services
    ground = services.installation
    found = Health(
        database=await _database_state(ground.database),
        keys=_key_state(ground.ring),
        log=await _log_state(services),
        stops="pending" if ground.journal.pending() else "none",
    )
    return Response(found, status_code=200 if found.is_well else 503)


@route(
    "/logs/{tenant:str}/checkpoint",
    http_method=_READING,
    summary="The newest signed head of a log (C2SP tlog-checkpoint)",
    media_type="text/plain",
)
async def checkpoint(request: Request[Any, Any, Any], tenant: FromPath[str]) -> Response[bytes]:
    database: Database = request.app.state.doors.services.installation.database
    async with database.reading() as conn:
        log = await current_log(conn, TenantId(tenant))
        note = None if log is None else await served_checkpoint(conn, log)
    if note is None:
        raise NotFoundError("log")
    return Response(note, media_type="text/plain")


async def _database_state(database: Database) -> State:
    try:
        async with database.reading() as conn:
            await conn.exec_driver_sql("SELECT 1")
    except UnavailableError:
        return "away"
    return "up"


def _key_state(ring: KeyRing) -> State:
    try:
        ring.check_available()
    except UnavailableError:
        return "away"
    return "up"


async def _log_state(services: Any) -> State:
    ground = services.installation
    try:
        async with ground.database.reading() as conn:
            for shelter in await services.organisations.tenants():
                waiting = await services.log.oldest_pending(conn, shelter.tenant, ground.clock.now())
                if waiting is not None and waiting > PENDING_LIMIT:
                    return "away"
    except (UnavailableError, IntegrityError):
        return "away"
    return "up"


async def api_headers(message: Message, scope: Scope) -> None:
    """`Litestar(before_send=[api_headers])`: the version on every answer below /v1, also on errors.

    Anybody may read the description from a page of their own (NL API design rules, API-51).
    """
    if message["type"] != "http.response.start" or not is_api(scope["path"]):
        return
    headers = MutableScopeHeaders.from_message(message)
    headers["API-Version"] = __version__
    if scope["path"] == f"{PATH}/openapi.json":
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"


def is_api(path: str) -> bool:
    """Whether an address belongs to the interface, also when nothing is there."""
    return path == PATH or path.startswith(f"{PATH}/")


def api_routes() -> Router:
    """Everything under /v1."""
    return Router(
        path=PATH,
        route_handlers=[health, checkpoint, token_router(), client_router()],
        exception_handlers={Exception: problem_of_error},
    )


def openapi_config() -> OpenAPIConfig:
    """The description of the interface, at /v1/openapi.json only."""
    described = Router(path=PATH, route_handlers=[], include_in_schema=False, after_request=_nothing_here)
    return OpenAPIConfig(
        title="Ruggensteun",
        version=__version__,
        render_plugins=[JsonRenderPlugin()],
        openapi_router=described,
        components=Components(security_schemes=SCHEMES),
    )


async def _nothing_here(response: Response[Any]) -> Response[Any]:
    """Litestar answers an unknown address beside the description with a page; programs get a problem."""
    if response.status_code == HTTPStatus.NOT_FOUND:
        return problem_of(NotFoundError("address"))
    return response
