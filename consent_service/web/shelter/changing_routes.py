"""What changes about a family later: who somebody is, who has authority, and that the guidance ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.families.authority import check_authority
from consent_service.families.model import PersonIdentity, check_body, check_identity
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import PersonId
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState, prefill_day
from consent_service.web.shelter.family_showing import active_relationships
from consent_service.web.shelter.forms import (
    all_at_once,
    problems_of_authority,
    read_authority_fact,
    read_family_end_reason,
    read_identity,
)
from consent_service.web.shelter.room import Room, enter, shelter_address
from consent_service.web.shelter.views import (
    ChangeIdentityPage,
    EndFamilyPage,
    RecordAuthorityPage,
    SharedWith,
)
from consent_service.web.visit import Visit

_FAMILY = "/opvang/{tenant:str}/gezinnen/{family:str}"
_PERSON = _FAMILY + "/personen/{person:str}"


@get(_PERSON, include_in_schema=False)
async def identity_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], person: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await _identity_page(room, person, _known_identity(_identity_of(room, person)))


@post(_PERSON, include_in_schema=False)
async def change_identity(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str], person: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    known, child = _identity_of(room, person), _is_child(room, person)
    form = FormReader(visit.posted)
    today = local_date(visit.services.installation.clock.now())
    body = _is_body(room, person)
    entered = read_identity(form, known, child=child, today=today, body=body)
    judged = check_body(entered, "") if body else check_identity(entered, "", day=today, child=child)
    problems = all_at_once(form.problems, judged)
    if not problems:
        try:
            await visit.services.families.change_identity(
                room.actor, room.family.family, PersonId(person), entered
            )
        except InputError as refused:
            problems = [*refused.problems]
    if problems:
        state = FormState.of(visit.posted, problems, language=visit.language)
        return await _identity_page(room, person, state, status=400)
    return visit.redirect(room.at(), done="gewijzigd")


@get(_FAMILY + "/gezag", include_in_schema=False)
async def authority_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _authority_page(await enter(visit, tenant, family))


@post(_FAMILY + "/gezag", include_in_schema=False)
async def record_authority(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    entered = read_authority_fact(
        form,
        children=[one.child for one in room.family.children],
        guardians=[one.guardian for one in room.family.guardians],
    )
    today = local_date(visit.services.installation.clock.now())
    judged = () if entered.fact is None else check_authority(entered.fact, day=today)
    problems = all_at_once(form.problems, problems_of_authority(judged))
    if problems or entered.fact is None:
        return await _authority_page(room, problems)
    try:
        await visit.services.families.record_authority(
            room.actor,
            room.family.family,
            child=PersonId(entered.child),
            guardian=PersonId(entered.guardian),
            fact=entered.fact,
        )
    except InputError as refused:
        return await _authority_page(room, problems_of_authority(refused.problems))
    return visit.redirect(room.at(), done="gezag")


@get(_FAMILY + "/einde", include_in_schema=False)
async def end_family_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _end_page(await enter(visit, tenant, family))


@post(_FAMILY + "/einde", include_in_schema=False)
async def end_family(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """It holds at once; sent twice, it ended once."""
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    reason = read_family_end_reason(form)
    if form.problems:
        return await _end_page(room, form.problems)
    if room.family.ended_at is None:
        await visit.services.families.end_family(room.actor, room.family.family, reason)
    return visit.redirect(shelter_address(room.actor.tenant), done="einde")


ROUTES = [
    identity_page,
    change_identity,
    authority_page,
    record_authority,
    end_family_page,
    end_family,
]


def _is_child(room: Room, person: str) -> bool:
    return any(one.child == person for one in room.family.children)


def _is_body(room: Room, person: str) -> bool:
    return any(one.guardian == person and one.body for one in room.family.guardians)


def _identity_of(room: Room, person: str) -> PersonIdentity:
    if _is_child(room, person):
        return room.child(person).identity
    for one in room.family.guardians:
        if one.guardian == person:
            return one.identity
    raise NotFoundError("person")


def _known_identity(known: PersonIdentity) -> FormState:
    return FormState.prefilled(
        {
            "given_names": known.given_names,
            "family_name": known.family_name,
            "phone": known.phone,
            "email": known.email,
            **prefill_day("birth_date", known.birth_date),
        }
    )


async def _identity_page(room: Room, person: str, form: FormState, *, status: int = 200) -> Response[str]:
    view = ChangeIdentityPage(
        action=room.at("personen", person),
        back_href=room.at(),
        person=_identity_of(room, person).full_name,
        contact=not _is_child(room, person),
        form=form,
    )
    return await room.show(view, status=status)


async def _authority_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    view = RecordAuthorityPage(
        action=room.at("gezag"),
        back_href=room.at(),
        children=tuple(Option(one.child, one.identity.full_name) for one in room.family.children),
        guardians=tuple(Option(one.guardian, one.identity.full_name) for one in room.family.guardians),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


async def _end_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    organisations = room.visit.services.organisations
    stops = []
    for one in active_relationships(room):
        school = await organisations.school(room.actor.tenant, one.school)
        stops.append(SharedWith(room.child(one.child).identity.full_name, school.name))
    view = EndFamilyPage(
        action=room.at("einde"),
        back_href=room.at(),
        stops=tuple(stops),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)
