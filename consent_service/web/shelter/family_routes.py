"""One family: its page, the Veiligheid step, and what a guardian asked to stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from consent_service.consent.service import Key, Target
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey
from consent_service.web.components import Option
from consent_service.web.forms import FormReader, FormState, prefill_day
from consent_service.web.shelter.family_showing import family_page, stoppable
from consent_service.web.shelter.forms import all_at_once, problems_of_review, read_safety, read_stop
from consent_service.web.shelter.room import Room, enter
from consent_service.web.shelter.views import PassOnPage, SafetyPage
from consent_service.web.visit import Visit


@get("/opvang/{tenant:str}/gezinnen/{family:str}", include_in_schema=False)
async def family(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(await family_page(room))


@get("/opvang/{tenant:str}/gezinnen/{family:str}/veiligheid", include_in_schema=False)
async def safety_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    return await room.show(_safety_page(room, _known_safety(room)))


@post("/opvang/{tenant:str}/gezinnen/{family:str}/veiligheid", include_in_schema=False)
async def assess_safety(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    room = await enter(visit, tenant, family)
    form = FormReader(visit.posted)
    assessment = read_safety(form)
    today = local_date(visit.services.installation.clock.now())
    problems: Sequence[Problem] = all_at_once(form.problems, problems_of_review(assessment, day=today))
    if not problems:
        try:
            await visit.services.families.assess_safety(room.actor, room.family.family, assessment)
        except InputError as refused:
            problems = refused.problems
    if problems:
        state = FormState.of(visit.posted, problems, language=visit.language)
        return await room.show(_safety_page(room, state), status=400)
    return visit.redirect(room.at(), done="veiligheid")


@get("/opvang/{tenant:str}/gezinnen/{family:str}/stoppen", include_in_schema=False)
async def pass_on_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    return await _pass_on_page(await enter(visit, tenant, family))


@post("/opvang/{tenant:str}/gezinnen/{family:str}/stoppen", include_in_schema=False)
async def pass_on(
    visit: NamedDependency[Visit], tenant: FromPath[str], family: FromPath[str]
) -> Response[Any]:
    """A withdrawal or objection that a guardian told or wrote; it holds at once."""
    room = await enter(visit, tenant, family)
    about = await stoppable(room)
    form = FormReader(visit.posted)
    entered = read_stop(
        form,
        guardians=[one.guardian for one in room.family.guardians],
        keys=[option.value for child in about for option in child.answers],
    )
    if form.problems:
        return await _pass_on_page(room, form.problems)
    keys = tuple(_key(value) for value in entered.keys)
    target = Target(room.actor.tenant, room.family.family, PersonId(entered.guardian), keys)
    if entered.kind == "objection":
        await visit.services.consent.object(room.actor, target, method=entered.method)
        return visit.redirect(room.at(), done="bezwaar")
    await visit.services.consent.withdraw(room.actor, target, method=entered.method)
    return visit.redirect(room.at(), done="ingetrokken")


ROUTES = [family, safety_page, assess_safety, pass_on_page, pass_on]


def _safety_page(room: Room, form: FormState) -> SafetyPage:
    guardians = tuple(one.identity.full_name for one in room.family.guardians)
    return SafetyPage(room.at("veiligheid"), room.at(), guardians, form)


def _known_safety(room: Room) -> FormState:
    """What was assessed before; nothing is filled in the first time, and never the next review date."""
    known = room.family.safety
    if known.level == "not_assessed":
        return FormState()
    return FormState.prefilled(
        {
            "safety": known.level,
            "secret_address": "yes" if known.secret_address else "no",
            "other_parent_at_school": "yes" if known.other_parent_at_school else "no",
            **prefill_day("court_order_until", known.court_order_until),
        }
    )


async def _pass_on_page(room: Room, problems: Sequence[Problem] = ()) -> Response[str]:
    view = PassOnPage(
        action=room.at("stoppen"),
        back_href=room.at(),
        guardians=tuple(Option(g.guardian, g.identity.full_name) for g in room.family.guardians),
        about=await stoppable(room),
        form=FormState.of(room.visit.posted, problems, language=room.visit.language),
    )
    return await room.show(view, status=400 if problems else 200)


def _key(value: str) -> Key:
    relationship, _, kind = value.partition(".")
    return RelationshipId(relationship), TypeKey(kind)
