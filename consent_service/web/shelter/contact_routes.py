"""Keeping a contact list true: who still is contact this school term, and who is away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.families.listing import asked_contacts
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import StaffId
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


ROUTES = [attest, away_page, say_away]


async def _away_page(
    room: Room, relationship: str, member: str, problems: Sequence[Problem] = ()
) -> Response[str]:
    at = room.relationship(relationship)
    listed = listed_contacts(room, at)
    name = next((one.name for one in await contacts_of(room, at) if one.staff == member), None)
    if name is None:
        raise NotFoundError("contact")
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
