"""Example views of the end of the work with a school, of figures, and of the list of recalls."""

from __future__ import annotations

from datetime import date

from consent_service.web.components import Option
from consent_service.web.ending import views as ending
from consent_service.web.evaluation import views as evaluation
from consent_service.web.pages import View
from tests.web.family_examples import wrong

_DAY = date(2026, 9, 1)
_LATER = date(2026, 12, 1)


def afterwards_examples(language: str) -> dict[str, View]:
    """Each page, full, empty and after a mistake."""
    return {**_ending(language), **_evaluation(language)}


def _ending(language: str) -> dict[str, View]:
    kinds = (Option("support_advice", "Wat helpt uw kind"), Option("pickup", "Ophalen"))
    plans = (
        ending.PlannedEnd("waiting", "changed_school", _DAY, None, "/gehoord", "/niet"),
        ending.PlannedEnd("cancelled", "moved_out", _DAY, _LATER, "", ""),
    )
    stops = (
        ending.StopLine("Wat helpt uw kind", in_aftercare=True),
        ending.StopLine("Zorgen", in_aftercare=False),
    )
    place = {"action": "/afronden", "back_href": "/gezin", "child": "Noor Haile", "school": "De Linde"}
    links = {"share_href": "/delen", "new_school_href": "/school"}
    return {
        "shelter-ending": ending.EndingPage(**place, **links, stops=stops, plans=(), may_plan=True),
        "shelter-ending-planned": ending.EndingPage(**place, **links, stops=(), plans=plans, may_plan=False),
        "shelter-ending-wrong": ending.EndingPage(
            **place,
            **links,
            stops=stops,
            plans=(),
            may_plan=True,
            form=wrong(language, ("ends_on", "ending.day"), ("aftercare_until", "ending.aftercare")),
        ),
        "shelter-copied": ending.CopiedPage(**place, kinds=kinds),
        "shelter-copied-nothing": ending.CopiedPage(**place, kinds=()),
        "shelter-copied-wrong": ending.CopiedPage(
            **place, kinds=kinds, form=wrong(language, ("information_type", "recall_never_read"))
        ),
    }


def _evaluation(language: str) -> dict[str, View]:
    lines = tuple(
        evaluation.FigureLine(category, count, width)
        for category, count, width in (("days_3", 12, 100), ("days_7", None, 0), ("days_14", 6, 50))
    )
    tables = (evaluation.MeasureTable("first_contact", "*", 23, lines),)
    teams = (evaluation.MeasureTable("first_contact", "team-noord", None, lines),)
    rows = (
        evaluation.RecallRow("A1B2C3", "De Linde", "Ophalen", "unsafe", _DAY, "open", "", late=True),
        evaluation.RecallRow("D4E5F6", "De Eik", "Zorgen", "erased", _DAY, "kept", "pupil_file", late=False),
    )
    periods = (evaluation.PeriodLine("2026-Q3", "/cijfers/2026-Q3", 12, 8),)
    settings = {"least": 5, "waiting_days": 14}
    return {
        "officer-figures": evaluation.PeriodsPage(
            action="/cijfers", periods=periods, waiting=("2026-Q4", "2026"), **settings
        ),
        "officer-figures-none": evaluation.PeriodsPage(action="", periods=(), waiting=(), **settings),
        "officer-figures-wrong": evaluation.PeriodsPage(
            action="/cijfers",
            periods=(),
            waiting=("2026-Q4",),
            **settings,
            form=wrong(language, ("period", "evaluation.not_publishable")),
        ),
        "officer-figures-period": evaluation.FiguresPage(
            back_href="/cijfers",
            csv_action="/csv",
            period="2026-Q3",
            published_on=_DAY,
            shelter=tables,
            teams=teams,
            least=5,
        ),
        "officer-recalls": evaluation.RecallsListPage(rows),
        "officer-recalls-none": evaluation.RecallsListPage(()),
    }
