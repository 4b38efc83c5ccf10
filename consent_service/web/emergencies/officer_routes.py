"""Every break-glass afterwards: both officers see it, the coordinator says whether it was necessary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.errors import ConflictError, NotAllowedError, Problem
from consent_service.foundation.ids import RecordId, SchoolId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.process.emergencies.afterwards import Afterwards
from consent_service.process.emergencies.model import BREAK_GLASS, OUTCOMES, BreakGlass, ReviewOutcome
from consent_service.records.emergencies import RUNNING
from consent_service.web.emergencies.showing import label_of, names_of
from consent_service.web.emergencies.views import ReviewLine, ReviewPage
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit

_HERE: Final = "noodgevallen"
_ONE: Final = "/toezicht/{tenant:str}/noodgevallen/{emergency:str}"


@get("/toezicht/{tenant:str}/noodgevallen", include_in_schema=False)
async def overview(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _overview(visit, visit.officer(tenant))


@post(_ONE, include_in_schema=False)
async def review(
    visit: NamedDependency[Visit], tenant: FromPath[str], emergency: FromPath[str]
) -> Response[Any]:
    """Said once; sent twice, the second finds it said."""
    actor = _coordinator(visit.officer(tenant))
    form = FormReader(visit.posted)
    outcome = form.choice("outcome", OUTCOMES)
    if form.problems:
        return await _overview(visit, actor, form.problems)
    try:
        await visit.services.break_glass.review(actor, RecordId(emergency), cast("ReviewOutcome", outcome))
    except ConflictError:
        return visit.redirect(home(actor, _HERE))
    return visit.redirect(home(actor, _HERE), done="noodgeval-bekeken")


@post(_ONE + "/stoppen", include_in_schema=False)
async def end(
    visit: NamedDependency[Visit], tenant: FromPath[str], emergency: FromPath[str]
) -> Response[Any]:
    """The school reads it no more, from now on."""
    actor = _coordinator(visit.officer(tenant))
    try:
        await visit.services.break_glass.end(actor, RecordId(emergency))
    except ConflictError:
        return visit.redirect(home(actor, _HERE))
    return visit.redirect(home(actor, _HERE), done="noodgeval-bijgewerkt")


ROUTES: list[HTTPRouteHandler] = [overview, review, end]


def _coordinator(actor: Officer) -> PrivacyCoordinator:
    """Who decides; the FG watches (AVG 38(6)).

    Raises:
        NotAllowedError: the FG.
    """
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("review_break_glass: not_your_role")
    return actor


async def _overview(visit: Visit, actor: Officer, problems: Sequence[Problem] = ()) -> Response[str]:
    visit.refuse_prefetch()
    found = await visit.services.break_glass.overview(actor)
    await visit.services.supervision.looked(actor, "break_glasses", len(found))
    names = await names_of(visit, actor, found)
    schools = {one.school: one.name for one in await visit.services.organisations.schools(actor.tenant)}
    after = await visit.services.break_glass.afterwards(actor, found)
    coordinator = isinstance(actor, PrivacyCoordinator)
    view = ReviewPage(
        tuple(
            _line(visit, actor, one, names, schools, after[one.break_glass], decides=coordinator)
            for one in found
        ),
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, _HERE))


def _line(
    visit: Visit,
    actor: Officer,
    one: BreakGlass,
    names: dict[str, str],
    schools: dict[SchoolId, str],
    after: Afterwards,
    *,
    decides: bool,
) -> ReviewLine:
    acts = BREAK_GLASS.acts_in(one.state)
    here = home(actor, _HERE, one.break_glass)
    return ReviewLine(
        label=label_of(visit, one.information_type),
        state=one.state,
        reason=one.reason,
        school="" if after.school is None else schools.get(after.school, ""),
        requested_by=names.get(one.requested_by, ""),
        requested_at=one.requested_at,
        approver=names.get(one.approver or "", ""),
        by_phone=one.by_phone,
        starts_at=one.starts_at,
        ends_at=one.ends_at,
        untold=one.untold,
        told_at=one.told_at,
        read_at=after.read_at,
        outcome=after.outcome,
        action=here if decides and "review" in acts else "",
        end_action=f"{here}/stoppen" if decides and one.state in RUNNING else "",
    )
