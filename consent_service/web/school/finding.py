"""Which child a member of school staff may know about, and where its pages are."""

from __future__ import annotations

from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import RelationshipId
from consent_service.identity.model import SchoolStaff
from consent_service.release.model import ChildLine as KnownChild
from consent_service.web.pages import NavigationLink
from consent_service.web.visit import Visit


async def known_child(visit: Visit, actor: SchoolStaff, relationship: str) -> KnownChild:
    """The child, if this member of staff is an active contact and may know the child at all.

    Raises:
        NotFoundError: not listed, not to be known, or no such child: all the same.
    """
    listed = await visit.services.families.school_children(actor.tenant, actor.staff, actor.school)
    if relationship not in {one.relationship for one in listed}:
        raise NotFoundError("relationship")
    known = await visit.services.release.children_of_contact(actor, [RelationshipId(relationship)])
    if not known:
        raise NotFoundError("relationship")
    return known[0]


async def pupil_to_confirm(visit: Visit, actor: SchoolStaff, relationship: str) -> KnownChild:
    """The child whose first contact waits for a yes or a no of this contact.

    Raises:
        NotFoundError: not listed, nothing was sent, said already, or no such child: all the same.
    """
    listed = await visit.services.families.school_children(actor.tenant, actor.staff, actor.school)
    places = [one.relationship for one in listed if one.relationship == relationship]
    for one in await visit.services.release.waiting_of_contact(actor, places):
        if one.to_confirm:
            return one.child
    raise NotFoundError("relationship")


async def navigation(visit: Visit, actor: SchoolStaff) -> tuple[NavigationLink, ...]:
    """The shelters this login reaches, by their neutral names, when there are several."""
    own = [one for one in visit.known_session().actors if isinstance(one, SchoolStaff)]
    if len(own) < 2:
        return ()
    shelters = [await visit.services.organisations.tenant(one.tenant) for one in own]
    return tuple(
        NavigationLink(f"/school/{one.tenant}", one.neutral_name, one.tenant == actor.tenant)
        for one in shelters
    )


def child_address(actor: SchoolStaff, relationship: RelationshipId) -> str:
    """The page of one child."""
    return f"/school/{actor.tenant}/kinderen/{relationship}"
