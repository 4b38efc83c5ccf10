"""Health for operators, checkpoints for everybody: a head says how long a log is and signs it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Request, Response, Router, get
from litestar.openapi.config import OpenAPIConfig

from consent_service import __version__
from consent_service.api.problems import problem_of_error
from consent_service.audit.reading import newest_checkpoint
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError, UnavailableError
from consent_service.foundation.ids import TenantId
from consent_service.foundation.stop_journal import StopJournal
from consent_service.keyring.service import KeyRing

State = Literal["up", "away"]


class Health(msgspec.Struct, frozen=True, rename="camel"):
    """What the service needs, and whether it is there. Counts and states only."""

    database: State
    keys: State
    stops_pending: int

    @property
    def is_well(self) -> bool:
        return self.database == "up" and self.keys == "up" and self.stops_pending == 0


@get("/health", summary="Whether everything the service needs is there")
async def health(request: Request[Any, Any, Any]) -> Response[Health]:
    ground = request.app.state.doors.services.installation
    found = Health(
        database=await _database_state(ground.database),
        keys=_key_state(ground.ring),
        stops_pending=_stops(ground.journal),
    )
    return Response(found, status_code=200 if found.is_well else 503)


@get(
    "/logs/{tenant:str}/checkpoint",
    summary="The newest signed head of a log (C2SP tlog-checkpoint)",
    media_type="text/plain",
)
async def checkpoint(request: Request[Any, Any, Any], tenant: str) -> Response[bytes]:
    database: Database = request.app.state.doors.services.installation.database
    async with database.reading() as conn:
        note = await newest_checkpoint(conn, TenantId(tenant))
    if note is None:
        raise NotFoundError("log")
    return Response(note, media_type="text/plain; charset=utf-8")


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


def _stops(journal: StopJournal) -> int:
    return len(journal.pending())


async def _add_version(response: Response[Any]) -> Response[Any]:
    response.headers["API-Version"] = __version__
    return response


def api_routes() -> Router:
    """Everything under /v1."""
    return Router(
        path="/v1",
        route_handlers=[health, checkpoint],
        exception_handlers={Exception: problem_of_error},
        after_request=_add_version,
    )


def openapi_config() -> OpenAPIConfig:
    """The description of the interface, at /v1/openapi.json only."""
    return OpenAPIConfig(title="Ruggensteun", version=__version__, path="/v1", render_plugins=[])
