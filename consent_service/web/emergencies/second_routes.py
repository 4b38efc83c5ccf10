"""Break-glass for the second person: what waits, what it says, and deciding along (S29).

What is asked is read on a POST: each look is in the log first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import RecordId
from consent_service.identity.model import Counsellor
from consent_service.process.emergencies.break_glass import BreakGlassService
from consent_service.process.emergencies.model import BREAK_GLASS, BreakGlass
from consent_service.web.emergencies.showing import item_lines, label_of, names_of
from consent_service.web.emergencies.views import DecidePage, WaitingLine, WaitingPage
from consent_service.web.forms import FormState
from consent_service.web.shelter.room import shelter_address, show
from consent_service.web.visit import Visit

_HERE: Final = "noodgevallen"
_ALL: Final = "/opvang/{tenant:str}/noodgevallen"
_Act = Callable[[Counsellor, RecordId], Awaitable[None]]


@get(_ALL, include_in_schema=False)
async def waiting(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _waiting(visit, visit.counsellor(tenant))


@get(_ALL + "/{emergency:str}", include_in_schema=False)
async def back_to_list(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Reading it is a deed of its own: coming back to the address shows the list."""
    actor = visit.counsellor(tenant)
    return visit.redirect(shelter_address(actor.tenant, _HERE))


@post(_ALL + "/{emergency:str}", include_in_schema=False, status_code=200)
async def look(
    visit: NamedDependency[Visit], tenant: FromPath[str], emergency: FromPath[str]
) -> Response[Any]:
    """What is asked and why; answered on the POST, never kept."""
    actor = visit.counsellor(tenant)
    one, said = await visit.services.break_glass.look(actor, RecordId(emergency))
    names = await names_of(visit, actor, [one])
    view = DecidePage(
        back_href=shelter_address(actor.tenant, _HERE),
        base=shelter_address(actor.tenant, _HERE, one.break_glass),
        label=label_of(visit, one.information_type),
        state=one.state,
        reason=one.reason,
        requested_by=names.get(one.requested_by, ""),
        requested_at=one.requested_at,
        why=said["why"],
        untold=said.get("untold", ""),
        item=item_lines(visit, one.information_type, said),
        acts=_acts(one, actor),
    )
    return await show(visit, actor, view)


@post(_ALL + "/{emergency:str}/{decision:str}", include_in_schema=False)
async def decide(
    visit: NamedDependency[Visit], tenant: FromPath[str], emergency: FromPath[str], decision: FromPath[str]
) -> Response[Any]:
    """Sent twice it is done once; one's own request is refused by the service, in words."""
    actor = visit.counsellor(tenant)
    acts = _deeds(visit.services.break_glass)
    if decision not in acts:
        raise NotFoundError("break-glass")
    try:
        await acts[decision](actor, RecordId(emergency))
    except InputError as wrong:
        return await _waiting(visit, actor, wrong.problems)
    except ConflictError:
        return visit.redirect(shelter_address(actor.tenant, _HERE))
    return visit.redirect(shelter_address(actor.tenant, _HERE), done="noodgeval-bijgewerkt")


ROUTES: list[HTTPRouteHandler] = [waiting, back_to_list, look, decide]


def _deeds(glass: BreakGlassService) -> Mapping[str, _Act]:
    async def confirm(actor: Counsellor, about: RecordId) -> None:
        await glass.confirm(actor, about, agreed=True)

    async def deny(actor: Counsellor, about: RecordId) -> None:
        await glass.confirm(actor, about, agreed=False)

    return {
        "approve": glass.approve,
        "refuse": glass.refuse,
        "confirm": confirm,
        "deny": deny,
        "withdraw": glass.end,
    }


def _acts(one: BreakGlass, actor: Counsellor) -> tuple[str, ...]:
    """What this person can do about it now."""
    own = {"confirm", "deny", "withdraw"} if one.approver == actor.staff else set[str]()
    can = own | ({"approve", "refuse"} if one.requested_by != actor.staff else set())
    return tuple(act for act in BREAK_GLASS.acts_in(one.state) if act in can)


async def _waiting(visit: Visit, actor: Counsellor, problems: Sequence[Problem] = ()) -> Response[str]:
    found = await visit.services.break_glass.waiting(actor)
    names = await names_of(visit, actor, found)
    view = WaitingPage(
        back_href=shelter_address(actor.tenant, "goedkeuren"),
        lines=tuple(
            WaitingLine(
                label_of(visit, one.information_type),
                one.state,
                one.reason,
                names.get(one.requested_by, ""),
                one.requested_at,
                shelter_address(actor.tenant, _HERE, one.break_glass),
            )
            for one in found
        ),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    return await show(visit, actor, view, status=400 if problems else 200)
