"""Receipts as files, on the tablet and at the shelter.

Addresses and file names tell nothing. A paper opens in the browser instead of being saved: a tablet that
is lent keeps no copy. Every receipt that is made stands in the log, so nothing is fetched ahead.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.consent.codes import code_of
from consent_service.consent.receipt.model import PrintedReceipt
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.identity.model import PersonActor
from consent_service.web.intake.routes import RECEIPT_COOKIE
from consent_service.web.receipts.showing import LANGUAGE_FIELD, receipts_page
from consent_service.web.shelter.room import Room, enter
from consent_service.web.visit import Visit


@get("/intake/{sitting:str}/bewijs.pdf", include_in_schema=False)
async def full(
    request: Request[Any, Any, Any], visit: NamedDependency[Visit], sitting: FromPath[str]
) -> Response[bytes]:
    """Her own choices on paper; with the code, while this tablet still has it."""
    visit.refuse_prefetch()
    actor, code = _holder(visit), _code(request)
    receipts, language = visit.services.receipts, _language(request)
    try:
        return _file(await receipts.full(actor, sitting, language=language, code=code))
    except InputError as wrong:
        if {problem.field for problem in wrong.problems} != {"code"}:
            raise
    return _file(await receipts.full(actor, sitting, language=language))


@get("/intake/{sitting:str}/bewijs/code.pdf", include_in_schema=False)
async def neutral(
    request: Request[Any, Any, Any], visit: NamedDependency[Visit], sitting: FromPath[str]
) -> Response[bytes]:
    """Date and code (S50). Without the code there is nothing to print."""
    visit.refuse_prefetch()
    actor, code = _holder(visit), _code(request)
    if code is None:
        raise NotFoundError("receipt")
    try:
        return _file(await visit.services.receipts.neutral(actor, sitting, code=code))
    except InputError as wrong:
        raise NotFoundError("receipt") from wrong


@get("/intake/{sitting:str}/bewijs.json", include_in_schema=False)
async def record(visit: NamedDependency[Visit], sitting: FromPath[str]) -> Response[bytes]:
    """Her own choices for machines."""
    visit.refuse_prefetch()
    return _file(await visit.services.receipts.record(_holder(visit), sitting))


@get("/opvang/{tenant:str}/gezinnen/{family:str}/bewijzen", include_in_schema=False)
async def receipts_of_family(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """The signed conversations of a family."""
    room = await enter(visit, tenant, family)
    return await room.show(
        receipts_page(room, await visit.services.receipts.signed(room.actor, room.family.family))
    )


@get("/opvang/{tenant:str}/gezinnen/{family:str}/bewijzen/{sitting:str}/keuzes.pdf", include_in_schema=False)
async def full_at_shelter(
    request: Request[Any, Any, Any],
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    sitting: FromPath[str],
) -> Response[bytes]:
    """On her request, printed by the counsellor; the code is not known any more."""
    visit.refuse_prefetch()
    room = await _with_sitting(visit, tenant, family, sitting)
    return _file(await visit.services.receipts.full(room.actor, sitting, language=_language(request)))


@get("/opvang/{tenant:str}/gezinnen/{family:str}/bewijzen/{sitting:str}/keuzes.json", include_in_schema=False)
async def record_at_shelter(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], sitting: FromPath[str]
) -> Response[bytes]:
    """The same for machines."""
    visit.refuse_prefetch()
    room = await _with_sitting(visit, tenant, family, sitting)
    return _file(await visit.services.receipts.record(room.actor, sitting))


ROUTES = [full, neutral, record, receipts_of_family, full_at_shelter, record_at_shelter]


async def _with_sitting(visit: Visit, tenant: str, family: str, sitting: str) -> Room:
    """The family of this signed sitting, for whoever is with it.

    Raises:
        NotFoundError: no such family here, or the sitting is another family's.
    """
    room = await enter(visit, tenant, family)
    signed = await visit.services.receipts.signed(room.actor, room.family.family)
    if sitting not in {one.sitting for one in signed}:
        raise NotFoundError("receipt")
    return room


def _holder(visit: Visit) -> PersonActor:
    """Whoever holds the tablet.

    Raises:
        LoginNeededError: it is not handed over, or the session ended.
    """
    return visit.at_tablet()


def _language(request: Request[Any, Any, Any]) -> str | None:
    return request.query_params.get(LANGUAGE_FIELD) or None


def _code(request: Request[Any, Any, Any]) -> str | None:
    """The code on the receipt, if this browser still has what it was made of."""
    secret = request.cookies.get(RECEIPT_COOKIE, "")
    return code_of(secret) if secret else None


def _file(printed: PrintedReceipt) -> Response[bytes]:
    shown = "inline" if printed.media_type == "application/pdf" else "attachment"
    return Response(
        printed.content,
        media_type=printed.media_type,
        headers={"content-disposition": f'{shown}; filename="{printed.file_name}"'},
    )
