"""A care signal at the school: that one waits is told; what it says is asked by POST: the receipt."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.ids import RelationshipId
from consent_service.identity.model import SchoolStaff
from consent_service.process.signals.service import CARE_SIGNAL_TYPE
from consent_service.release.model import Ask, ChildLine
from consent_service.web.components import RecordPart
from consent_service.web.school.finding import child_address, known_child, navigation
from consent_service.web.school.showing import released_to_school
from consent_service.web.signals.views import SchoolSignalPage
from consent_service.web.visit import Visit

_PAGE: Final = "/school/{tenant:str}/kinderen/{relationship:str}/signaal"


@get(_PAGE, include_in_schema=False)
async def signal(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    known = await _known(visit, actor, relationship)
    waiting = await _waiting(visit, actor, relationship)
    child = waiting or known
    if child is None:
        raise NotFoundError("relationship")
    return await _page(visit, actor, child, known is not None, waits=waiting is not None)


@post(_PAGE, include_in_schema=False, status_code=200)
async def read_signal(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Opened, logged and answered in one page; what is gone meanwhile is not there."""
    actor = visit.school_staff(tenant)
    known = await _known(visit, actor, relationship)
    child = await _waiting(visit, actor, relationship)
    if child is None:
        if known is None:
            raise NotFoundError("relationship")
        return await _page(visit, actor, known, True, waits=False)
    wanted = Ask(child.relationship, "support", visit.language, only=CARE_SIGNAL_TYPE)
    try:
        outcome = await visit.services.release.to_school(actor, wanted)
    except NotAllowedError as moved:
        raise NotFoundError("relationship") from moved
    part = await released_to_school(visit, actor, outcome, named=known is not None)
    return await _page(visit, actor, child, known is not None, waits=False, records=part.records)


ROUTES: list[HTTPRouteHandler] = [signal, read_signal]


async def _known(visit: Visit, actor: SchoolStaff, relationship: str) -> ChildLine | None:
    """The child, once the contact confirmed the pupil; before that the organisation has no name (S49)."""
    try:
        return await known_child(visit, actor, relationship)
    except NotFoundError:
        return None


async def _waiting(visit: Visit, actor: SchoolStaff, relationship: str) -> ChildLine | None:
    """The child about whom a signal waits that this reader may open now."""
    listed = await visit.services.families.school_children(actor.tenant, actor.staff, actor.school)
    places = [one.relationship for one in listed if one.relationship == RelationshipId(relationship)]
    found = await visit.services.release.signals_of_contact(actor, places)
    return found[0] if found else None


async def _page(
    visit: Visit,
    actor: SchoolStaff,
    child: ChildLine,
    named: bool,
    *,
    waits: bool,
    records: tuple[RecordPart, ...] = (),
) -> Response[str]:
    shelter = await visit.services.organisations.tenant(actor.tenant)
    here = child_address(actor, child.relationship)
    view = SchoolSignalPage(
        action=f"{here}/signaal",
        back_href=here if named else f"/school/{actor.tenant}",
        child=child.full_name,
        birth_date=child.birth_date,
        organisation=shelter.neutral_name if named else "",
        organisation_phone=shelter.phone if named else "",
        waits=waits,
        records=records,
    )
    return await visit.show(view, navigation=await navigation(visit, actor))
