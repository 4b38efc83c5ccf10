"""The read interface of C2SP tlog-tiles; for programs, so an answer without a page.

`/t/<name>` makes the origin `audit.<host>/t/<name>` an address where `audit.<host>` leads here. Whatever is
not spelled as the specification says, or is not there, or not for who asks, gets one and the same answer.
"""

from __future__ import annotations

import gzip
from http import HTTPStatus
from typing import Any, Final

from litestar import HttpMethod, Request, Response, Router, route
from litestar.datastructures import MutableScopeHeaders
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import Message, Scope

from consent_service.audit.log_keys import LogKey
from consent_service.audit.served import PrunedError, hash_tile, log_named, served_checkpoint
from consent_service.audit.tiles import read_bundle_path, read_tile_path
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.web.problems import page_of_error
from consent_service.web.turned_away import LoginNeededError
from consent_service.web.visit import Visit

PREFIXES: Final = ("/log", "/t")
TILE_CACHING: Final = "public, max-age=31536000, immutable"
"""A tile of one place and width never changes."""
_IMMUTABLE: Final = "immutable"
_READING: Final = [HttpMethod.GET, HttpMethod.HEAD]
_HASHES: Final = "application/octet-stream"
_NOTE: Final = "text/plain"
_COMPRESSED_FROM: Final = 1024


@route("/{name:str}/checkpoint", http_method=_READING, include_in_schema=False)
async def checkpoint(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """The newest signed head, never from a cache."""
    async with _database(request).reading() as conn:
        log = await log_named(conn, name)
        note = await served_checkpoint(conn, log) if log else None
    if note is None:
        raise NotFoundError("log")
    return Response(note, media_type=_NOTE)


@route("/{name:str}/tile/{place:path}", http_method=_READING, include_in_schema=False, opt={_IMMUTABLE: True})
async def tile(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
    """A hash tile, full or partial; immutable."""
    wanted = read_tile_path(_below(request, "/tile/"))
    if wanted is None:
        raise NotFoundError("tile")
    async with _database(request).reading() as conn:
        log: LogKey | None = await log_named(conn, name)
        if log is None:
            raise NotFoundError("log")
        hashes = await hash_tile(conn, log, wanted.level, wanted.index, wanted.width)
    return Response(hashes, media_type=_HASHES)


@route("/{name:str}/tile/entries/{entries:path}", http_method=[HttpMethod.GET], include_in_schema=False)
async def entries(visit: NamedDependency[Visit], name: FromPath[str]) -> Response[bytes]:
    """An entry bundle; kept by no cache, because that somebody takes them is logged."""
    session = visit.known_session()
    visit.refuse_prefetch()
    wanted = read_bundle_path(_below(visit.request, "/tile/entries/"))
    if wanted is None:
        raise NotFoundError("tile")
    bundle = await visit.services.bundles.entries.read(session, name, wanted)
    return _compressed(bundle, visit.request.headers.get("accept-encoding", ""))


def log_routes() -> list[Router]:
    """The same addresses below each prefix."""
    handlers: list[HTTPRouteHandler] = [checkpoint, tile, entries]
    return [
        Router(path=prefix, route_handlers=handlers, exception_handlers={Exception: _answer_of_error})
        for prefix in PREFIXES
    ]


async def log_headers(message: Message, scope: Scope) -> None:
    """`Litestar(before_send=[..., log_headers])`: tiles may be kept, by anybody and for good."""
    if message["type"] != "http.response.start" or message["status"] != HTTPStatus.OK:
        return
    if getattr(scope.get("route_handler"), "opt", {}).get(_IMMUTABLE):
        MutableScopeHeaders.from_message(message)["cache-control"] = TILE_CACHING


def _answer_of_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """What programs can tell apart: nothing (for you), no more, log in first, or something is away."""
    if isinstance(error, PrunedError):
        return _said(HTTPStatus.GONE)
    if isinstance(error, NotFoundError | NotAllowedError):
        return _said(HTTPStatus.NOT_FOUND)
    if isinstance(error, LoginNeededError):
        return _said(HTTPStatus.UNAUTHORIZED)
    return _said(page_of_error(request, error).status_code or HTTPStatus.INTERNAL_SERVER_ERROR)


def _said(status: int) -> Response[bytes]:
    phrase = HTTPStatus(status).phrase
    return Response(f"{phrase}\n".encode(), status_code=status, media_type=_NOTE)


def _compressed(bundle: bytes, accepted: str) -> Response[bytes]:
    """For who takes gzip, as tlog-tiles asks for; no secret stands in it beside what others chose."""
    headers = {"Vary": "Accept-Encoding"}
    if "gzip" not in accepted or len(bundle) < _COMPRESSED_FROM:
        return Response(bundle, media_type=_HASHES, headers=headers)
    headers["Content-Encoding"] = "gzip"
    return Response(gzip.compress(bundle, mtime=0), media_type=_HASHES, headers=headers)


def _below(request: Request[Any, Any, Any], part: str) -> str:
    """The address behind `part`, as text: as a path of files it would lose its form."""
    return str(request.scope["path"]).partition(part)[2]


def _database(request: Request[Any, Any, Any]) -> Database:
    database: Database = request.app.state.doors.services.installation.database
    return database
