"""Keeping a contact list true: who still is contact this term, who is away, where messages reach whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.families.listing import asked_contacts
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import StaffId
from consent_service.organisations.model import StaffMember
from consent_service.web.address_views import AddressPage, take_address
from consent_service.web.contact_views import AwayPage, read_away
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.contacts_showing import show_contacts
from consent_service.web.shelter.family_showing import contacts_of, listed_contacts
from consent_service.web.shelter.room import Room, enter
from consent_service.web.visit import Visit

_LIST = "/opvang/{tenant:str}/gezinnen/{family:str}/scholen/{relationship:str}/contacten"


@post(_LIST + "/bevestigen", include_in_schema=False)
async def attest(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Only who is ticked stays; whom nobody ticks is asked about again, and lapses."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    families = visit.services.families
    now = visit.services.installation.clock.now()
    asked = asked_contacts(room.family.contacts[at.relationship], families.school_terms, now)
    form = FormReader(visit.posted)
    chosen = form.several("still", [one.staff for one in asked], required=True)
    if form.problems:
        return await show_contacts(room, relationship, form.problems)
    await families.attest_contacts(room.actor, at.relationship, [StaffId(one) for one in chosen])
    return visit.redirect(room.at("scholen", relationship, "contacten"), done="contact-bevestigd")


@get(_LIST + "/{member:str}/adres", include_in_schema=False)
async def address_page(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    return await _address_page(await enter(visit, tenant, family), relationship, member)


@post(_LIST + "/{member:str}/adres", include_in_schema=False)
async def enter_address(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    """Where messages that something waits go, for whoever is on the list of this child."""
    room = await enter(visit, tenant, family)
    listed = await _listed(room, relationship, member)
    if problems := await take_address(visit, room.actor, listed.staff):
        return await _address_page(room, relationship, member, problems)
    return visit.redirect(room.at("scholen", relationship, "contacten"), done="adres")


@get(_LIST + "/{member:str}/afwezig", include_in_schema=False)
async def away_page(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    return await _away_page(await enter(visit, tenant, family), relationship, member)


@post(_LIST + "/{member:str}/afwezig", include_in_schema=False)
async def say_away(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    form = FormReader(visit.posted)
    until = read_away(form)
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            await visit.services.families.say_away(room.actor, at.relationship, StaffId(member), until)
        except InputError as refused:
            problems = refused.problems
    if problems:
        return await _away_page(room, relationship, member, problems)
    return visit.redirect(room.at("scholen", relationship, "contacten"), done="afwezig")


ROUTES = [attest, address_page, enter_address, away_page, say_away]


async def _listed(room: Room, relationship: str, member: str) -> StaffMember:
    """Somebody on the list of this child.

    Raises:
        NotFoundError: nobody there with this id.
    """
    for one in await contacts_of(room, room.relationship(relationship)):
        if one.staff == member:
            return one
    raise NotFoundError("contact")


async def _address_page(
    room: Room, relationship: str, member: str, problems: Sequence[Problem] = ()
) -> Response[str]:
    listed = await _listed(room, relationship, member)
    states = await room.visit.services.notice_inbox.address_states(room.actor, [listed.staff])
    view = AddressPage(
        action=room.at("scholen", relationship, "contacten", member, "adres"),
        back_href=room.at("scholen", relationship, "contacten"),
        name=listed.name,
        state=states[listed.staff],
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


async def _away_page(
    room: Room, relationship: str, member: str, problems: Sequence[Problem] = ()
) -> Response[str]:
    at = room.relationship(relationship)
    listed = listed_contacts(room, at)
    name = (await _listed(room, relationship, member)).name
    view = AwayPage(
        action=room.at("scholen", relationship, "contacten", member, "afwezig"),
        back_href=room.at("scholen", relationship, "contacten"),
        child=room.child(at.child).identity.full_name,
        contact=name,
        until=next((one.away_until for one in listed if one.staff == member), None),
        has_deputy=any(one.deputy_for == member for one in listed),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)
