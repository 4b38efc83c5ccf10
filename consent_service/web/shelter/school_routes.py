"""Which school a child goes to, who may see it there, and when that ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.families.model import (
    SchoolConfirmation,
    check_confirmation,
    check_other_parent,
)
from consent_service.foundation.errors import ConflictError, InputError, Problem
from consent_service.foundation.ids import RelationshipId, SchoolId, StaffId
from consent_service.organisations.model import School
from consent_service.web.forms import FormReader, FormState
from consent_service.web.shelter.contacts_showing import option_of, show_contacts
from consent_service.web.shelter.family_showing import has_agreement, listed_contacts, successions_of
from consent_service.web.shelter.forms import (
    all_at_once,
    read_end_reason,
    read_school_confirmation,
    read_school_search,
)
from consent_service.web.shelter.invitation_routes import staff_of
from consent_service.web.shelter.room import Room, enter
from consent_service.web.shelter.safety_views import SuccessionPage
from consent_service.web.shelter.views import (
    ConfirmSchoolPage,
    EndRelationshipPage,
    FindSchoolPage,
    SchoolHit,
)
from consent_service.web.visit import Visit

_CHILD = "/opvang/{tenant:str}/gezinnen/{family:str}/kinderen/{child:str}/school"
_AT_SCHOOL = "/opvang/{tenant:str}/gezinnen/{family:str}/scholen/{relationship:str}"


@get(_CHILD, include_in_schema=False)
async def find_school_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], child: FromPath[str]
) -> Response[Any]:
    """Safety comes before a school."""
    room = await enter(visit, tenant, family)
    if room.family.safety.level == "not_assessed":
        return visit.redirect(room.at("veiligheid"))
    return await room.show(_find_page(room, child, FormState()))


@post(_CHILD, include_in_schema=False)
async def find_school(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], child: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    entered = read_school_search(form)
    state = FormState.of(visit.posted, form.problems, language=visit.language)
    if form.problems:
        return await room.show(_find_page(room, child, state), status=400)
    hits = [await _school_hit(room, child, school) for school in await _schools_named(room, entered)]
    return await room.show(_find_page(room, child, state, hits=hits))


@get(_CHILD + "/{school:str}", include_in_schema=False)
async def confirm_school_page(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    child: FromPath[str],
    school: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await _confirm_page(room, child, school)


@post(_CHILD + "/{school:str}", include_in_schema=False)
async def confirm_school(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    child: FromPath[str],
    school: FromPath[str],
) -> Response[Any]:
    """Code, street and phone as they stood on the page; sent twice, the child is there once."""
    room = await enter(visit, tenant, family)
    options = await staff_of(room, SchoolId(school))
    form = FormReader(visit.posted)
    entered = read_school_confirmation(form, contacts=tuple(member.staff for member in options))
    confirmed = SchoolConfirmation(
        entered.code,
        entered.street,
        entered.phone,
        despite_other_parent=entered.despite_other_parent,
    )
    known = await visit.services.organisations.school(room.actor.tenant, SchoolId(school))
    differs = [Problem("confirmed", p.code, p.params) for p in check_confirmation(confirmed, known)]
    differs += check_other_parent(confirmed, room.family.safety)
    if problems := all_at_once(form.problems, differs):
        return await _confirm_page(room, child, school, problems)
    try:
        relationship = await visit.services.families.start_relationship(
            room.actor,
            room.child(child).child,
            confirmed,
            contacts=[StaffId(member) for member in entered.contacts],
        )
    except InputError as refused:
        problems = [_on_the_form(one) for one in refused.problems]
        return await _confirm_page(room, child, school, problems)
    except ConflictError:
        return visit.redirect(room.at())
    for member in entered.contacts:
        await visit.services.families.list_contact(room.actor, relationship, StaffId(member))
    return visit.redirect(room.at(), done="school")


# --- the contact list ------------------------------------------------------------------------


@get(_AT_SCHOOL + "/contacten", include_in_schema=False)
async def contacts_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    return await show_contacts(await enter(visit, tenant, family), relationship)


@post(_AT_SCHOOL + "/contacten", include_in_schema=False)
async def list_contact(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    form = FormReader(visit.posted)
    chosen = form.choice("staff", [member.staff for member in await staff_of(room, at.school)])
    mains = [one.staff for one in listed_contacts(room, at) if one.deputy_for is None]
    whom = form.choice("deputy_for", mains, required=False)
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            await visit.services.families.list_contact(
                room.actor,
                at.relationship,
                StaffId(chosen),
                deputy_for=StaffId(whom) if whom else None,
            )
        except InputError as refused:
            problems = refused.problems
        except ConflictError:
            return visit.redirect(room.at("scholen", relationship, "contacten"))
    if problems:
        return await show_contacts(room, relationship, problems)
    return visit.redirect(room.at("scholen", relationship, "contacten"), done="contact")


@post(_AT_SCHOOL + "/contacten/{member:str}/weg", include_in_schema=False)
async def remove_contact(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    await visit.services.families.remove_contact(room.actor, at.relationship, StaffId(member))
    return visit.redirect(room.at("scholen", relationship, "contacten"), done="contact")


@post(_AT_SCHOOL + "/contacten/{member:str}/bekend", include_in_schema=False)
async def declare_conflict(
    visit: NamedDependency[Visit],
    tenant: FromPath[str],
    family: FromPath[str],
    relationship: FromPath[str],
    member: FromPath[str],
) -> Response[Any]:
    """Who is related to the family is off the list at once, and cannot be put on it again."""
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    await visit.services.families.declare_conflict(room.actor, at.relationship, StaffId(member))
    return visit.redirect(room.at("scholen", relationship, "contacten"), done="contact")


# --- a school that goes on as another --------------------------------------------------------


@get(_AT_SCHOOL + "/opvolger", include_in_schema=False)
async def succession_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    return await _succession_page(await enter(visit, tenant, family), relationship)


@post(_AT_SCHOOL + "/opvolger", include_in_schema=False)
async def move_to_successor(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at = room.relationship(relationship)
    form = FormReader(visit.posted)
    chosen = form.choice("succession", [one.value for one in await successions_of(room, at)])
    problems: Sequence[Problem] = form.problems
    if not problems:
        try:
            await visit.services.families.move_to_successor(room.actor, at.relationship, chosen)
        except InputError as refused:
            problems = refused.problems
    if problems:
        return await _succession_page(room, relationship, problems)
    return visit.redirect(room.at("scholen", relationship, "contacten"), done="opvolger")


# --- the end ---------------------------------------------------------------------------------


@get(_AT_SCHOOL + "/einde", include_in_schema=False)
async def end_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    return await _end_page(await enter(visit, tenant, family), relationship)


@post(_AT_SCHOOL + "/einde", include_in_schema=False)
async def end_relationship(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    at: RelationshipId = room.relationship(relationship).relationship
    form = FormReader(visit.posted)
    reason = read_end_reason(form)
    if form.problems:
        return await _end_page(room, relationship, form.problems)
    await visit.services.families.end_relationship(room.actor, at, reason)
    return visit.redirect(room.at(), done="beeindigd")


ROUTES = [
    find_school_page,
    find_school,
    confirm_school_page,
    confirm_school,
    contacts_page,
    list_contact,
    remove_contact,
    declare_conflict,
    succession_page,
    move_to_successor,
    end_page,
    end_relationship,
]


def _find_page(
    room: Room, child: str, form: FormState, *, hits: Sequence[SchoolHit] | None = None
) -> FindSchoolPage:
    return FindSchoolPage(
        action=room.at("kinderen", child, "school"),
        back_href=room.at(),
        child=room.child(child).identity.full_name,
        form=form,
        searched=hits is not None,
        hits=tuple(hits or ()),
    )


async def _schools_named(room: Room, entered: str) -> tuple[School, ...]:
    """The school with this code; else every school with this in its name."""
    organisations = room.visit.services.organisations
    exact = await organisations.school_by_code(room.actor.tenant, entered)
    if exact is not None:
        return (exact,)
    wanted = entered.casefold()
    return tuple(
        one for one in await organisations.schools(room.actor.tenant) if wanted in one.name.casefold()
    )


async def _school_hit(room: Room, child: str, school: School) -> SchoolHit:
    return SchoolHit(
        href=room.at("kinderen", child, "school", school.school),
        code=school.establishment_code,
        name=school.name,
        street=school.street,
        town=school.town,
        agreement=await has_agreement(room, school),
    )


async def _confirm_page(
    room: Room, child: str, school: str, problems: Sequence[Problem] = ()
) -> Response[str]:
    known = await room.visit.services.organisations.school(room.actor.tenant, SchoolId(school))
    view = ConfirmSchoolPage(
        action=room.at("kinderen", child, "school", school),
        back_href=room.at("kinderen", child, "school"),
        child=room.child(child).identity.full_name,
        code=known.establishment_code,
        name=known.name,
        street=known.street,
        town=known.town,
        phone=known.phone,
        agreement=await has_agreement(room, known),
        contacts=tuple(option_of(member) for member in await staff_of(room, known.school)),
        other_parent_at_school=room.family.safety.other_parent_at_school,
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


async def _succession_page(room: Room, relationship: str, problems: Sequence[Problem] = ()) -> Response[str]:
    at = room.relationship(relationship)
    school = await room.visit.services.organisations.school(room.actor.tenant, at.school)
    view = SuccessionPage(
        action=room.at("scholen", relationship, "opvolger"),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        successions=await successions_of(room, at),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


def _on_the_form(problem: Problem) -> Problem:
    """What is wrong with the school stands beside its three ticks."""
    field = problem.field if problem.field in {"despite_other_parent", "contacts"} else "confirmed"
    return Problem(field, problem.code, problem.params)


async def _end_page(room: Room, relationship: str, problems: Sequence[Problem] = ()) -> Response[str]:
    at = room.relationship(relationship)
    school = await room.visit.services.organisations.school(room.actor.tenant, at.school)
    view = EndRelationshipPage(
        action=room.at("scholen", relationship, "einde"),
        back_href=room.at(),
        child=room.child(at.child).identity.full_name,
        school=school.name,
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)
