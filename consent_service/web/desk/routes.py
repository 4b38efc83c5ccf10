"""The desk: every list of an officer on one page, what is late first (AVG 5(2), 38, 39)."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.identity.model import Fg
from consent_service.web.desk.lines import desk_lines
from consent_service.web.desk.views import DeskPage, KeyCard, LogCard
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit


@get("/toezicht/{tenant:str}/bureau", include_in_schema=False)
async def desk(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    lines = await desk_lines(visit, actor)
    view = DeskPage(
        decides=not isinstance(actor, Fg),
        urgent=tuple(one for one in lines if one.count),
        quiet=tuple(one for one in lines if not one.count),
        log=await _log(visit, actor),
        keys=await _keys(visit, actor),
        questions_href=home(actor),
    )
    return await visit.show(view, navigation=await navigation(visit, actor, "bureau"))


ROUTES: list[HTTPRouteHandler] = [desk]


async def _log(visit: Visit, actor: Officer) -> LogCard:
    found = await visit.services.desk.log_health(actor)
    return LogCard(
        size=found.size,
        signed_at=found.signed_at,
        witnesses=found.witnesses,
        cosigned_size=found.cosigned_size,
        cosigned_at=found.cosigned_at,
        pending=-1 if found.pending is None else int(found.pending.total_seconds()),
        verify_action=home(actor, "controle"),
        head_href=home(actor, "stand"),
    )


async def _keys(visit: Visit, actor: Officer) -> KeyCard:
    found = await visit.services.desk.key_health(actor)
    return KeyCard(found.waiting, found.waiting_since, found.in_backups, found.finished, found.backed_up_at)
