"""What machine clients read: which they are, schools, heads and entries of the log. See docs/API.md."""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, get
from litestar.openapi.spec import OAuthFlow, OAuthFlows, Reference, SecurityScheme
from litestar.params import FromPath

from consent_service.api.v1.bearer import SCOPE, client_of, problem_for_client
from consent_service.audit.tiles import read_bundle_path
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import TenantId
from consent_service.identity.client_rows import client_id
from consent_service.identity.client_scopes import Scope
from consent_service.identity.machine_clients import TOKEN_PATH
from consent_service.rights.client_answers import ClientAnswers, own_client
from consent_service.rights.entry_bundles import ClientReader

SCHEME: Final = "machineClient"
"""The name of the security scheme in the description of the interface."""
_SCOPES: Final = {
    Scope.LOG.value: "Heads and entries of the shelter's own logs, as they stand in them",
    Scope.SCHOOLS.value: "The schools with which the shelter has an agreement",
}
_OAUTH: Final = SecurityScheme(
    type="oauth2",
    description="Client credentials with private_key_jwt (RFC 7523); see docs/API.md.",
    flows=OAuthFlows(client_credentials=OAuthFlow(token_url=TOKEN_PATH, scopes=_SCOPES)),
)
SCHEMES: Final[dict[str, SecurityScheme | Reference]] = {SCHEME: _OAUTH}
_BYTES: Final = "application/octet-stream"


class OwnClient(msgspec.Struct, frozen=True, rename="camel"):
    """Which client this is, of which shelter, and for what its token is."""

    client_id: str
    shelter: str
    scopes: tuple[str, ...]


class SchoolAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """A school with which the shelter has an agreement today. An organisation: nobody's address is here."""

    id: str
    establishment_code: str
    name: str


class Schools(msgspec.Struct, frozen=True, rename="camel"):
    """The schools of a shelter, by name."""

    schools: tuple[SchoolAnswer, ...]


class LogAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """One log: its number, origin, name in addresses, public key (Ed25519, base64) and newest signed head."""

    log: int
    origin: str
    name: str
    public_key: str
    head: str


class Logs(msgspec.Struct, frozen=True, rename="camel"):
    """Every log a shelter has had, oldest first; the last takes the entries of now."""

    logs: tuple[LogAnswer, ...]


@get("/clients/self", summary="Which client this is, and for what", security=[{SCHEME: []}])
async def own(request: Request[Any, Any, Any]) -> OwnClient:
    client = own_client(await client_of(request))
    return OwnClient(client_id(client.tenant, client.client), client.tenant, tuple(sorted(client.scopes)))


@get(
    "/shelters/{tenant:str}/schools",
    summary="The schools with which the shelter has an agreement today",
    security=[{SCHEME: [Scope.SCHOOLS.value]}],
    opt={SCOPE: Scope.SCHOOLS},
)
async def schools(request: Request[Any, Any, Any], tenant: FromPath[str]) -> Schools:
    client = await client_of(request)
    found = await _answers(request).schools(client, TenantId(tenant))
    return Schools(tuple(SchoolAnswer(one.school, one.establishment_code, one.name) for one in found))


@get(
    "/logs/{tenant:str}",
    summary="Every log of the shelter with its newest signed head",
    security=[{SCHEME: [Scope.LOG.value]}],
    opt={SCOPE: Scope.LOG},
)
async def logs(request: Request[Any, Any, Any], tenant: FromPath[str]) -> Logs:
    client = await client_of(request)
    found = await _answers(request).heads(client, TenantId(tenant))
    return Logs(
        tuple(
            LogAnswer(
                one.log,
                one.origin,
                one.name,
                base64.b64encode(one.public_key).decode(),
                one.note.decode(),
            )
            for one in found
        )
    )


@get(
    "/logs/{tenant:str}/{name:str}/tile/entries/{entries:path}",
    summary="An entry bundle of one of these logs (C2SP tlog-tiles)",
    media_type=_BYTES,
    security=[{SCHEME: [Scope.LOG.value]}],
    opt={SCOPE: Scope.LOG},
)
async def entries(
    request: Request[Any, Any, Any], tenant: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    client = await client_of(request)
    wanted = read_bundle_path(str(request.scope["path"]).partition("/tile/entries/")[2])
    if wanted is None:
        raise NotFoundError("tile")
    reader = ClientReader(client, TenantId(tenant))
    bundle = await request.app.state.doors.services.bundles.entries.read(reader, name, wanted)
    return Response(bundle, media_type=_BYTES)


def client_router() -> Router:
    """What needs a token."""
    return Router(
        path="",
        route_handlers=[own, schools, logs, entries],
        exception_handlers={Exception: problem_for_client},
    )


def _answers(request: Request[Any, Any, Any]) -> ClientAnswers:
    answers: ClientAnswers = request.app.state.doors.services.client_answers
    return answers
