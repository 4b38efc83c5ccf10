"""A contact says whether this still is so, every school term, and until when somebody else looks along.

Only children this contact may read about now are named: who lapsed is asked nothing by name, the counsellor
confirms (docs/decisions/0049).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.model import SchoolStaff
from consent_service.release.model import ChildLine as KnownChild
from consent_service.web.contact_views import AwayPage, read_away
from consent_service.web.forms import FormReader, FormState
from consent_service.web.school.finding import child_address, known_child, navigation
from consent_service.web.school.views import AskedChild, AttestPage
from consent_service.web.visit import Visit

_CHILD = "/school/{tenant:str}/kinderen/{relationship:str}/afwezig"


@get("/school/{tenant:str}/bevestigen", include_in_schema=False)
async def attest_page(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    asked = await asked_children(visit, actor)
    if not asked:
        return visit.redirect(f"/school/{actor.tenant}")
    return await _attest_page(visit, actor, asked)


@post("/school/{tenant:str}/bevestigen", include_in_schema=False)
async def attest(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Yes keeps the child on one's list for this term, no takes oneself off it at once."""
    actor = visit.school_staff(tenant)
    asked = await asked_children(visit, actor)
    form = FormReader(visit.posted)
    answers = {one.relationship: form.choice(_field(one), ("yes", "no")) for one in asked}
    if form.problems:
        return await _attest_page(visit, actor, asked, form.problems)
    families = visit.services.families
    for relationship, answer in answers.items():
        if answer == "yes":
            await families.attest_contacts(actor, relationship, [actor.staff])
        else:
            await families.step_off(actor, relationship)
    return visit.redirect(f"/school/{actor.tenant}", done="contact-bevestigd")


@get(_CHILD, include_in_schema=False)
async def away_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    return await _away_page(visit, actor, relationship)


@post(_CHILD, include_in_schema=False)
async def say_away(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    form = FormReader(visit.posted)
    until = read_away(form)
    problems: Sequence[Problem] = form.problems
    known = await known_child(visit, actor, relationship)
    if not problems:
        try:
            await visit.services.families.say_away(actor, known.relationship, actor.staff, until)
        except InputError as refused:
            problems = refused.problems
    if problems:
        return await _away_page(visit, actor, relationship, problems)
    return visit.redirect(child_address(actor, known.relationship), done="afwezig")


ROUTES: list[HTTPRouteHandler] = [attest_page, attest, away_page, say_away]


async def asked_children(visit: Visit, actor: SchoolStaff) -> tuple[KnownChild, ...]:
    """The children about whom this contact is asked now, as far as the contact may know them."""
    asked = await visit.services.families.asked_of(actor.tenant, actor.staff, actor.school)
    if not asked:
        return ()
    return await visit.services.release.children_of_contact(actor, [one.relationship for one in asked])


def _field(one: KnownChild) -> str:
    return f"still-{one.relationship}"


async def _attest_page(
    visit: Visit, actor: SchoolStaff, asked: Sequence[KnownChild], problems: Sequence[Problem] = ()
) -> Response[str]:
    shelter = await visit.services.organisations.tenant(actor.tenant)
    labels = {_field(one): one.full_name for one in asked}
    view = AttestPage(
        action=f"/school/{actor.tenant}/bevestigen",
        back_href=f"/school/{actor.tenant}",
        organisation=shelter.neutral_name,
        children=tuple(AskedChild(_field(one), one.full_name, one.birth_date) for one in asked),
        form=FormState.of(visit.posted, problems, language=visit.language, labels=labels),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))


async def _away_page(
    visit: Visit, actor: SchoolStaff, relationship: str, problems: Sequence[Problem] = ()
) -> Response[str]:
    known = await known_child(visit, actor, relationship)
    address = child_address(actor, known.relationship)
    own = await visit.services.families.own_listing(actor, known.relationship)
    view = AwayPage(
        action=f"{address}/afwezig",
        back_href=address,
        child=known.full_name,
        contact="",
        until=own.away_until,
        has_deputy=own.has_deputy,
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))
