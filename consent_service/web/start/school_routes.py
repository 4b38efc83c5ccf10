"""The contact begins with a child: confirms the pupil, reads who helps, looks after the first day.

Before the yes there is a name and a birth date, and nothing of who asks (S49); `release` holds that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import ConflictError, NotFoundError, Problem
from consent_service.identity.model import SchoolStaff
from consent_service.process.signals.model import FIRST_DAY
from consent_service.release.model import Ask, ChildLine
from consent_service.web.components import ReleasedPart
from consent_service.web.forms import FormReader
from consent_service.web.school.finding import child_address, known_child, navigation, pupil_to_confirm
from consent_service.web.school.showing import released_to_school
from consent_service.web.start.forms import read_pupil, read_ticks
from consent_service.web.start.showing import form_of
from consent_service.web.start.views import (
    ConfirmPupilPage,
    FirstDayLine,
    FirstDayPage,
    OtherParentPage,
    WhoHelpsPage,
)
from consent_service.web.visit import Visit

_CHILD: Final = "/school/{tenant:str}/kinderen/{relationship:str}"


@get(_CHILD + "/bevestigen", include_in_schema=False)
async def confirm_page(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    about = await _to_confirm(visit, actor, relationship)
    if about is None:
        return visit.redirect(f"/school/{actor.tenant}/kinderen/{relationship}")
    return await _confirm_page(visit, actor, about)


@post(_CHILD + "/bevestigen", include_in_schema=False)
async def confirm(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """A yes opens the child's pages; a no closes everything at once and asks somebody to weigh it (S12)."""
    actor = visit.school_staff(tenant)
    child = await _to_confirm(visit, actor, relationship)
    if child is None:
        return visit.redirect(f"/school/{actor.tenant}/kinderen/{relationship}")
    form = FormReader(visit.posted)
    answer = read_pupil(form)
    if form.problems:
        return await _confirm_page(visit, actor, child, form.problems)
    about, services = child.relationship, visit.services
    if answer == "yes":
        await services.starts.confirm_pupil(actor, about)
        return visit.redirect(f"{child_address(actor, about)}/wie-helpt", done="bevestigd")
    if answer == "not_our_pupil":
        await services.families.disown(actor, about)
    else:
        await services.families.declare_conflict(actor, about, actor.staff)
    return visit.redirect(f"/school/{actor.tenant}", done="doorgegeven")


@get(_CHILD + "/wie-helpt", include_in_schema=False)
async def who_helps(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    return await _who_helps(visit, actor, await known_child(visit, actor, relationship))


@post(_CHILD + "/wie-helpt", include_in_schema=False, status_code=200)
async def show_who_helps(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """Asked and answered in one page, as every look is."""
    actor = visit.school_staff(tenant)
    known = await known_child(visit, actor, relationship)
    ask = Ask(known.relationship, "contact", visit.language)
    outcome = await visit.services.release.to_school(actor, ask)
    return await _who_helps(visit, actor, known, await released_to_school(visit, actor, outcome))


@post(_CHILD + "/wie-helpt/gelezen", include_in_schema=False)
async def read_who_helps(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    """The receipt for the counsellor; said twice, it stands once."""
    actor = visit.school_staff(tenant)
    known = await known_child(visit, actor, relationship)
    here = child_address(actor, known.relationship)
    try:
        await visit.services.starts.read_who_helps(actor, known.relationship)
    except ConflictError:
        return visit.redirect(f"{here}/wie-helpt")
    return visit.redirect(f"{here}/eerste-dag", done="gelezen")


@get(_CHILD + "/eerste-dag", include_in_schema=False)
async def first_day(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    visit.refuse_prefetch()
    return await _first_day(visit, actor, await known_child(visit, actor, relationship))


@post(_CHILD + "/eerste-dag", include_in_schema=False)
async def tick_first_day(
    visit: NamedDependency[Visit], tenant: FromPath[str], relationship: FromPath[str]
) -> Response[Any]:
    actor = visit.school_staff(tenant)
    known = await known_child(visit, actor, relationship)
    form = FormReader(visit.posted)
    items = read_ticks(form)
    if form.problems:
        return await _first_day(visit, actor, known, form.problems)
    await visit.services.starts.tick(actor, known.relationship, items)
    return visit.redirect(f"{child_address(actor, known.relationship)}/eerste-dag", done="eerste-dag")


@get("/school/{tenant:str}/andere-ouder", include_in_schema=False)
async def other_parent(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """About no child: it may lie beside the telephone."""
    actor = visit.school_staff(tenant)
    view = OtherParentPage(back_href=f"/school/{actor.tenant}")
    return await visit.show(view, navigation=await navigation(visit, actor))


ROUTES: list[HTTPRouteHandler] = [
    confirm_page,
    confirm,
    who_helps,
    show_who_helps,
    read_who_helps,
    first_day,
    tick_first_day,
    other_parent,
]


async def _to_confirm(visit: Visit, actor: SchoolStaff, relationship: str) -> ChildLine | None:
    """The child to say yes or no about; None when somebody here said yes before.

    Raises:
        NotFoundError: nothing was sent about such a child to this contact.
    """
    try:
        return await pupil_to_confirm(visit, actor, relationship)
    except NotFoundError:
        await known_child(visit, actor, relationship)
    return None


async def _confirm_page(
    visit: Visit, actor: SchoolStaff, waiting: ChildLine, problems: Sequence[Problem] = ()
) -> Response[Any]:
    view = ConfirmPupilPage(
        action=f"{child_address(actor, waiting.relationship)}/bevestigen",
        back_href=f"/school/{actor.tenant}",
        child=waiting.full_name,
        birth_date=waiting.birth_date,
        form=form_of(visit, problems),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))


async def _who_helps(
    visit: Visit, actor: SchoolStaff, known: ChildLine, released: ReleasedPart | None = None
) -> Response[Any]:
    shelter = await visit.services.organisations.tenant(actor.tenant)
    found = await visit.services.starts.seen_at_school(actor, known.relationship)
    here = child_address(actor, known.relationship)
    unread = found is not None and found.state == "confirmed"
    view = WhoHelpsPage(
        action=f"{here}/wie-helpt",
        back_href=here,
        child=known.full_name,
        organisation=shelter.neutral_name,
        organisation_phone=shelter.phone,
        first_day_href=f"{here}/eerste-dag",
        read_action=f"{here}/wie-helpt/gelezen" if unread else "",
        released=released,
    )
    return await visit.show(view, navigation=await navigation(visit, actor))


async def _first_day(
    visit: Visit, actor: SchoolStaff, known: ChildLine, problems: Sequence[Problem] = ()
) -> Response[Any]:
    done = await visit.services.starts.ticked(actor, known.relationship)
    here = child_address(actor, known.relationship)
    view = FirstDayPage(
        action=f"{here}/eerste-dag",
        back_href=here,
        child=known.full_name,
        lines=tuple(FirstDayLine(item, done.get(item)) for item in FIRST_DAY),
        form=form_of(visit, problems),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor))
