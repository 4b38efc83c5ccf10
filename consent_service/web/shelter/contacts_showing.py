"""The contact list of one child at one school as a page: who is on it, who reads now, who may be added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response

from consent_service.families.listing import asked_contacts, reading_contacts
from consent_service.families.model import Contact, Relationship
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import StaffId
from consent_service.organisations.model import StaffMember
from consent_service.process.notices.addresses import AddressState
from consent_service.web.components import Option
from consent_service.web.forms import FormState
from consent_service.web.shelter.contacts_views import ContactLine, ContactsPage, ContactState
from consent_service.web.shelter.family_showing import contacts_of, listed_contacts
from consent_service.web.shelter.invitation_routes import INVITE, invitation_lines, staff_of
from consent_service.web.shelter.room import Room, once
from consent_service.web.shelter.views import ContactOption


async def show_contacts(room: Room, relationship: str, problems: Sequence[Problem] = ()) -> Response[str]:
    """The page, with what is wrong with what was sent."""
    at: Relationship = room.relationship(relationship)
    school = await room.visit.services.organisations.school(room.actor.tenant, at.school)
    members = {one.staff: one for one in await contacts_of(room, at)}
    listed = [one for one in listed_contacts(room, at) if one.staff in members]
    states = _states(room, at, listed)
    inbox = room.visit.services.notice_inbox
    addresses = await inbox.address_states(room.actor, [one.staff for one in listed])
    view = ContactsPage(
        action=room.at("scholen", relationship, "contacten"),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        listed=tuple(
            _line(room, relationship, one, members, (states[one.staff], addresses[one.staff]))
            for one in listed
        ),
        addable=tuple(option_of(m) for m in await staff_of(room, at.school) if m.staff not in members),
        replaceable=tuple(
            Option(one.staff, members[one.staff].name) for one in listed if one.deputy_for is None
        ),
        invitations=await invitation_lines(room, at.school, room.at("scholen", relationship, "contacten")),
        invite_step=await once(room.visit, INVITE),
        attest_action=room.at("scholen", relationship, "contacten", "bevestigen"),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


def option_of(member: StaffMember) -> ContactOption:
    """Somebody who may be chosen as a contact."""
    return ContactOption(member.staff, member.name, member.role or "contact", member.working_days)


def _states(room: Room, at: Relationship, listed: Sequence[Contact]) -> Mapping[StaffId, ContactState]:
    services = room.visit.services
    now, terms = services.installation.clock.now(), services.families.school_terms
    everybody = room.family.contacts.get(at.relationship, ())
    reading = reading_contacts(everybody, terms, now)
    asked = {one.staff for one in asked_contacts(everybody, terms, now)}
    found: dict[StaffId, ContactState] = {}
    for one in listed:
        if one.staff in asked:
            found[one.staff] = "asked" if one.staff in reading else "lapsed"
        else:
            found[one.staff] = "reads" if one.staff in reading else "waits"
    return found


def _line(
    room: Room,
    relationship: str,
    contact: Contact,
    members: Mapping[StaffId, StaffMember],
    stands: tuple[ContactState, AddressState],
) -> ContactLine:
    member = members[contact.staff]
    here = room.at("scholen", relationship, "contacten", member.staff)
    whom = None if contact.deputy_for is None else members.get(contact.deputy_for)
    today = local_date(room.visit.services.installation.clock.now())
    away = contact.away_until
    return ContactLine(
        member.name,
        member.role or "contact",
        member.working_days,
        remove_action=f"{here}/weg",
        related_action=f"{here}/bekend",
        value=member.staff,
        deputy=contact.deputy_for is not None,
        stands_in_for="" if whom is None else whom.name,
        state=stands[0],
        away_until=None if away is None or away < today else away,
        away_href=f"{here}/afwezig",
        address=stands[1],
        address_href=f"{here}/adres",
    )
