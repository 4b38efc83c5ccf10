"""The head that an officer keeps outside this service, and the browser that checks how the log grew.

Here the newest head is handed out with what shows its growth; checking it is `static/pin.js`, in the
browser, against what that browser or a file kept: this service would be asked about itself.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.audit.key_handovers import KeyHandover
from consent_service.foundation.errors import NotFoundError
from consent_service.web.officer.head_views import HeadPage
from consent_service.web.officer.room import home, navigation
from consent_service.web.security import FETCHES
from consent_service.web.visit import Visit

_LARGEST: Final = (1 << 53) - 1
"""The largest whole number a browser counts with."""
FILE_NAME: Final = "ruggensteun-stand-{size}.txt"


class HandoverAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An announcement of a key as `audit.key_handovers` gives it: bytes in base64."""

    leaf: str
    salt: str
    detail: str
    index: int
    path: tuple[str, ...]
    path_now: tuple[str, ...]
    note: str


class HeadAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest signed checkpoint, the log's verifier keys, and a consistency proof in base64."""

    note: str
    keys: tuple[str, ...]
    since: int
    path: tuple[str, ...]
    handovers: tuple[HandoverAnswer, ...]


@get("/toezicht/{tenant:str}/stand", include_in_schema=False, opt={FETCHES: True})
async def head_page(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """The browser asks for the head by itself, so the page must be opened by a person."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    view = HeadPage(
        back_href=home(actor),
        head_href=home(actor, "stand", "nu"),
        keep_action=home(actor, "stand"),
        file_name=FILE_NAME,
        place=actor.tenant,
    )
    return await visit.show(view, navigation=await navigation(visit, actor, ""))


@get("/toezicht/{tenant:str}/stand/nu", include_in_schema=False)
async def head(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """The newest head, and how it grew since the size in `sinds`: a count, which says nothing of anybody."""
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    found = await visit.services.supervision.head(actor, since=_size(visit.request.query_params.get("sinds")))
    answer = HeadAnswer(
        note=found.note.decode(),
        keys=found.keys,
        since=found.since,
        path=_texts(found.path),
        handovers=tuple(_handover(one) for one in found.handovers),
    )
    return Response(msgspec.json.encode(answer), media_type="application/json")


@post("/toezicht/{tenant:str}/stand", include_in_schema=False, status_code=200)
async def keep(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Log that this head is kept, and give it as a file: a signed checkpoint that other tools read."""
    actor = visit.officer(tenant)
    size = _size(visit.posted.first("size"))
    note = await visit.services.supervision.pin(actor, size)
    name = FILE_NAME.format(size=size)
    return Response(
        note, media_type="text/plain", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


ROUTES: list[HTTPRouteHandler] = [head_page, head, keep]


def _handover(one: KeyHandover) -> HandoverAnswer:
    return HandoverAnswer(
        leaf=_text(one.leaf),
        salt=_text(one.salt),
        detail=_text(one.detail),
        index=one.index,
        path=_texts(one.path),
        path_now=_texts(one.path_now),
        note=one.note.decode(),
    )


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _texts(hashes: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(_text(one) for one in hashes)


def _size(sent: str | None) -> int:
    """A number of entries; nothing counts as none.

    Raises:
        NotFoundError: no number that a log can have.
    """
    text = sent or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= _LARGEST):
        raise NotFoundError("head")
    return int(text)
