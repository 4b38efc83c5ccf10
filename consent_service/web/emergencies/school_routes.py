"""What a contact reads because a life may depend on it, for a day (AVG 6(1)(d); S29)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.i18n import translator
from consent_service.foundation.ids import RelationshipId
from consent_service.identity.model import SchoolStaff
from consent_service.release.model import Ask, Released, UrgentLine
from consent_service.web.components import UrgentChild
from consent_service.web.emergencies.views import UrgentItemPage
from consent_service.web.opened import released_part
from consent_service.web.school.finding import child_address, navigation
from consent_service.web.visit import Visit
from consent_service.web.vocabulary import ROLES

_ITEM: Final = "/school/{tenant:str}/kinderen/{relationship:str}/noodgeval"


@get(_ITEM, include_in_schema=False)
async def back_to_list(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Reading it is a deed of its own: coming back to the address shows the list."""
    actor = visit.school_staff(tenant)
    return visit.redirect(f"/school/{actor.tenant}")


@post(_ITEM, include_in_schema=False, status_code=200)
async def read(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Decided and logged anew at each look; whoever has nothing here is answered as if there were no child.

    Raises:
        NotFoundError: no emergency for this reader: not listed, over, or no such child, all the same.
    """
    actor = visit.school_staff(tenant)
    line = await _line(visit, actor, relationship)
    ask = Ask(line.child.relationship, line.purpose, visit.language, basis="vital_interest")
    try:
        outcome = await visit.services.release.to_school(actor, ask)
    except NotAllowedError as moved:
        raise NotFoundError("relationship") from moved
    if not isinstance(outcome, Released):
        raise NotFoundError("relationship")
    shelter = await visit.services.organisations.tenant(actor.tenant)
    role = translator(visit.language).text(ROLES["counsellor"])
    view = UrgentItemPage(
        back_href=f"/school/{actor.tenant}",
        child=line.child.full_name,
        phone=shelter.phone,
        released=released_part(
            outcome,
            catalogue=visit.services.policies.proposal.catalogue,
            texts=visit.services.texts.of(visit.language),
            at=visit.now(),
            written_by=f"{role}, {shelter.neutral_name}",
        ),
        until=line.until,
    )
    return await visit.show(view, navigation=await navigation(visit, actor))


async def urgent_children(visit: Visit, actor: SchoolStaff) -> tuple[UrgentChild, ...]:
    """What this contact may read now, for the top of the list; each line is an entry of the log."""
    listed = await visit.services.families.school_children(actor.tenant, actor.staff, actor.school)
    return await urgent_among(visit, actor, [one.relationship for one in listed])


async def urgent_among(
    visit: Visit, actor: SchoolStaff, places: Sequence[RelationshipId]
) -> tuple[UrgentChild, ...]:
    """The same of some children this contact is listed for."""
    found = await visit.services.release.urgent_of_contact(actor, places)
    return tuple(
        UrgentChild(
            f"{child_address(actor, one.child.relationship)}/noodgeval",
            one.child.full_name,
            one.child.birth_date,
            one.until,
        )
        for one in found
    )


ROUTES: list[HTTPRouteHandler] = [back_to_list, read]


async def _line(visit: Visit, actor: SchoolStaff, relationship: str) -> UrgentLine:
    listed = await visit.services.families.school_children(actor.tenant, actor.staff, actor.school)
    if relationship not in {one.relationship for one in listed}:
        raise NotFoundError("relationship")
    found = await visit.services.release.urgent_of_contact(actor, [RelationshipId(relationship)])
    if not found:
        raise NotFoundError("relationship")
    return found[0]
