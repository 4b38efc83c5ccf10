"""Inviting somebody of the school to log in, and taking an invitation back.

The code is in one answer and nowhere else: a page that is loaded again leads back to the list.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import SchoolId, StaffId
from consent_service.organisations.model import StaffMember
from consent_service.web.shelter.invitation_views import InvitationLine, InvitedPage
from consent_service.web.shelter.room import Room, enter, is_first_time
from consent_service.web.visit import INVITATION, Visit

INVITE: Final = "invite"
"""The step of one page with buttons to invite: taken once, so that a code that was read out stays good."""
_MEMBER: Final = (
    "/opvang/{tenant:str}/gezinnen/{family:str}/scholen/{relationship:str}/contacten/{member:str}"
)


@post(_MEMBER + "/uitnodigen", include_in_schema=False, status_code=200)
async def invite(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    invited, back = await _of_this_school(room, relationship, member), _list(room, relationship)
    if not await is_first_time(visit, INVITE):
        return visit.redirect(back)
    organisations = visit.services.organisations
    try:
        made = await organisations.invite_staff(room.actor, room.actor.tenant, invited.staff)
    except InputError:  # logs in by now, or left
        return visit.redirect(back)
    shelter = await organisations.tenant(room.actor.tenant)
    school = await organisations.school(room.actor.tenant, room.relationship(relationship).school)
    view = InvitedPage(
        back_href=back,
        name=invited.name,
        school=school.name,
        shelter=shelter.neutral_name,
        phone=shelter.phone,
        address=f"{visit.doors.settings.public_origin}{INVITATION}",
        code=made.code,
        expires_at=made.expires_at,
    )
    return await room.show(view)


@get(_MEMBER + "/uitnodigen", include_in_schema=False)
async def invited_before(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
) -> Response[Any]:
    """A code is shown once."""
    room = await enter(visit, tenant, family)
    return visit.redirect(_list(room, room.relationship(relationship).relationship))


@post(_MEMBER + "/uitnodiging-intrekken", include_in_schema=False)
async def revoke(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    invited = await _of_this_school(room, relationship, member)
    invitations = visit.services.identity.invitations
    standing = (await invitations.standings(room.actor, room.actor.tenant, (invited.staff,)))[invited.staff]
    if standing.invited is not None:
        await invitations.revoke(room.actor, room.actor.tenant, standing.invited.invitation)
    return visit.redirect(_list(room, relationship), done="uitnodiging-weg")


ROUTES = [invite, invited_before, revoke]


async def invitation_lines(room: Room, school: SchoolId, here: str) -> tuple[InvitationLine, ...]:
    """Everybody of a school who has no login yet; `here` is the address of the contact list."""
    members = await staff_of(room, school)
    invitations = room.visit.services.identity.invitations
    standing = await invitations.standings(
        room.actor, room.actor.tenant, tuple(member.staff for member in members)
    )
    return tuple(
        InvitationLine(
            member.name,
            member.role or "contact",
            invite_action=f"{here}/{member.staff}/uitnodigen",
            revoke_action=f"{here}/{member.staff}/uitnodiging-intrekken",
            invited_until=waiting.expires_at if (waiting := standing[member.staff].invited) else None,
            declined_on=standing[member.staff].declined_at,
        )
        for member in members
        if not standing[member.staff].is_linked
    )


async def staff_of(room: Room, school: SchoolId) -> tuple[StaffMember, ...]:
    """Who works at a school now, as far as this shelter knows."""
    services = room.visit.services
    async with services.installation.database.reading() as conn:
        return await services.organisations.staff_of_school(conn, room.actor.tenant, school)


async def _of_this_school(room: Room, relationship: str, member: str) -> StaffMember:
    """The member of the school that a child of this family goes to.

    Raises:
        NotFoundError: of another school, or nobody who works there now.
    """
    for one in await staff_of(room, room.relationship(relationship).school):
        if one.staff == StaffId(member):
            return one
    raise NotFoundError("staff")


def _list(room: Room, relationship: str) -> str:
    return room.at("scholen", relationship, "contacten")
