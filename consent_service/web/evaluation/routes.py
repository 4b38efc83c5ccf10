"""Figures over a period: looked at by both officers, fixed by the privacy coordinator; and every recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError, Problem
from consent_service.foundation.ids import SchoolId
from consent_service.identity.model import PrivacyCoordinator
from consent_service.process.evaluation.model import ALL, LEAST, MEASURES, WAITING_DAYS, Cell
from consent_service.process.evaluation.service import Figure
from consent_service.web.components import Option
from consent_service.web.evaluation.csv_file import csv_of
from consent_service.web.evaluation.views import (
    FigureLine,
    FiguresPage,
    MeasureTable,
    PeriodLine,
    PeriodsPage,
    RecallRow,
    RecallsListPage,
)
from consent_service.web.evaluation.words import in_words
from consent_service.web.forms import FormReader, FormState
from consent_service.web.officer.room import home, navigation
from consent_service.web.visit import Officer, Visit

_HERE: Final = "cijfers"
_WIDEST: Final = 100


@get("/toezicht/{tenant:str}/cijfers", include_in_schema=False)
async def periods(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    return await _periods(visit, visit.officer(tenant))


@post("/toezicht/{tenant:str}/cijfers", include_in_schema=False)
async def publish(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    """Fixed for good; sent twice, the second finds it fixed."""
    actor = visit.officer(tenant)
    if not isinstance(actor, PrivacyCoordinator):
        raise NotAllowedError("publish_evaluation: not_your_role")
    form = FormReader(visit.posted)
    period = form.choice("period", await visit.services.evaluation.publishable(actor))
    if form.problems:
        return await _periods(visit, actor, form.problems)
    try:
        await visit.services.evaluation.publish(actor, period)
    except InputError as refused:
        return await _periods(visit, actor, refused.problems)
    return visit.redirect(home(actor, _HERE, period), done="cijfers")


@get("/toezicht/{tenant:str}/cijfers/{period:str}", include_in_schema=False)
async def figures(
    visit: NamedDependency[Visit], tenant: FromPath[str], period: FromPath[str]
) -> Response[Any]:
    actor = visit.officer(tenant)
    found = await _figures(visit, actor, period)
    published = await visit.services.evaluation.published(actor)
    at = next(one.published_at for one in published if one.period == period)
    tables = _tables(found)
    view = FiguresPage(
        back_href=home(actor, _HERE),
        csv_action=home(actor, _HERE, period, "csv"),
        period=in_words(period, visit.language),
        published_on=local_date(at),
        shelter=tuple(one for one in tables if one.team == ALL),
        teams=tuple(one for one in tables if one.team != ALL),
        least=LEAST,
    )
    return await visit.show(view, navigation=await navigation(visit, actor, _HERE))


@post("/toezicht/{tenant:str}/cijfers/{period:str}/csv", include_in_schema=False, status_code=200)
async def take_csv(
    visit: NamedDependency[Visit], tenant: FromPath[str], period: FromPath[str]
) -> Response[Any]:
    """A file leaves by the release door: its entry is in the log before the first byte."""
    actor = visit.officer(tenant)
    found = await _figures(visit, actor, period)
    permit = await visit.services.release.permit_for_member(
        None, actor.tenant, actor.staff, "csv", actor=actor
    )
    if permit is None:
        raise NotFoundError("period")
    name = f"cijfers-{period}.csv"
    return Response(
        csv_of(found, permit),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


@get("/toezicht/{tenant:str}/cijfers/{period:str}/csv", include_in_schema=False)
async def no_csv(
    visit: NamedDependency[Visit], tenant: FromPath[str], period: FromPath[str]
) -> Response[Any]:
    """Coming back to the address gives no file: taking it is a deed of its own."""
    actor = visit.officer(tenant)
    return visit.redirect(home(actor, _HERE, period))


@get("/toezicht/{tenant:str}/teruggeroepen", include_in_schema=False)
async def recalls(visit: NamedDependency[Visit], tenant: FromPath[str]) -> Response[Any]:
    actor = visit.officer(tenant)
    visit.refuse_prefetch()
    services = visit.services
    names = {one.school: one.name for one in await services.organisations.schools(actor.tenant)}
    found = await services.recall_desk.overview(actor)
    await services.supervision.looked(actor, "recalls", len(found))
    rows = tuple(
        RecallRow(
            reference=one.reference,
            school=names[SchoolId(one.school)],
            label=services.texts.of_type(visit.language, one.information_type).label,
            cause=one.cause,
            issued_on=local_date(one.issued_at),
            state=one.state,
            ground=one.ground,
            late=one.late,
        )
        for one in found
    )
    view = RecallsListPage(rows)
    return await visit.show(view, navigation=await navigation(visit, actor, "teruggeroepen"))


ROUTES: list[HTTPRouteHandler] = [periods, publish, figures, take_csv, no_csv, recalls]


async def _periods(visit: Visit, actor: Officer, problems: Sequence[Problem] = ()) -> Response[str]:
    evaluation = visit.services.evaluation
    coordinator = isinstance(actor, PrivacyCoordinator)
    view = PeriodsPage(
        action=home(actor, _HERE) if coordinator else "",
        periods=tuple(
            PeriodLine(
                in_words(one.period, visit.language), home(actor, _HERE, one.period), one.shown, one.withheld
            )
            for one in await evaluation.published(actor)
        ),
        waiting=tuple(
            Option(one, in_words(one, visit.language)) for one in await evaluation.publishable(actor)
        ),
        least=LEAST,
        waiting_days=WAITING_DAYS,
        form=FormState.of(visit.posted, problems, language=visit.language),
    )
    status = 400 if problems else 200
    return await visit.show(view, status=status, navigation=await navigation(visit, actor, _HERE))


async def _figures(visit: Visit, actor: Officer, period: str) -> tuple[Figure, ...]:
    """The figures of a period that is fixed.

    Raises:
        NotFoundError: no period, or nobody fixed it.
    """
    try:
        found = await visit.services.evaluation.figures(actor, period)
    except InputError as unknown:
        raise NotFoundError("period") from unknown
    if not found:
        raise NotFoundError("period")
    return found


def _tables(found: Sequence[Figure]) -> tuple[MeasureTable, ...]:
    """One table per measure and team; bars are as wide as the largest figure of the table allows."""
    values = {one.cell: one.value for one in found}
    period = found[0].cell.period
    teams = tuple(dict.fromkeys(one.cell.team for one in found))
    return tuple(
        MeasureTable(
            name,
            team,
            values.get(Cell(period, one.population, team, ALL)),
            _lines({key: values.get(Cell(period, name, team, key)) for key in one.categories}),
        )
        for team in teams
        for name, one in MEASURES.items()
    )


def _lines(counts: dict[str, int | None]) -> tuple[FigureLine, ...]:
    largest = max((count for count in counts.values() if count is not None), default=1)
    return tuple(
        FigureLine(category, count, 0 if count is None else _WIDEST * count // largest)
        for category, count in counts.items()
    )
