"""Example views of the end of the work with a school, figures, recalls, and work addresses."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from consent_service.web.components import Option
from consent_service.web.ending import views as ending
from consent_service.web.evaluation import views as evaluation
from consent_service.web.pages import View
from tests.web.accountability_examples import accountability_examples
from tests.web.address_examples import address_examples
from tests.web.erasing_examples import erasing_examples
from tests.web.family_examples import wrong
from tests.web.retention_examples import retention_examples

_DAY = date(2026, 9, 1)
_LATER = date(2026, 12, 1)


def afterwards_examples(language: str) -> dict[str, View]:
    """Each page, full, empty and after a mistake."""
    others = {**address_examples(language), **retention_examples(language), **accountability_examples()}
    return {**_ending(language), **_evaluation(language), **others, **erasing_examples(language)}


def _ending(language: str) -> dict[str, View]:
    kinds = (Option("support_advice", "Wat helpt uw kind"), Option("pickup", "Ophalen"))
    plans = (
        ending.PlannedEnd("waiting", "changed_school", _DAY, None, "/gehoord", "/niet"),
        ending.PlannedEnd("cancelled", "moved_out", _DAY, _LATER, "", ""),
    )
    page = ending.EndingPage(
        action="/afronden",
        back_href="/gezin",
        child="Noor Haile",
        school="De Linde",
        stops=(
            ending.StopLine("Wat helpt uw kind", in_aftercare=True),
            ending.StopLine("Zorgen", in_aftercare=False),
        ),
        plans=(),
        share_href="/delen",
        new_school_href="/school",
        may_plan=True,
    )
    days = wrong(language, {"ends_on": "ending.day", "aftercare_until": "ending.aftercare"})
    copied = ending.CopiedPage("/overgenomen", "/gezin", "Noor Haile", "De Linde", kinds)
    never = wrong(language, {"information_type": "recall_never_read"})
    return {
        "shelter-ending": page,
        "shelter-ending-planned": replace(page, stops=(), plans=plans, may_plan=False),
        "shelter-ending-wrong": replace(page, form=days),
        "shelter-copied": copied,
        "shelter-copied-nothing": replace(copied, kinds=()),
        "shelter-copied-wrong": replace(copied, form=never),
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
    periods = (evaluation.PeriodLine("Kwartaal 3 van 2026", "/cijfers/2026-Q3", 12, 8),)
    waiting = (Option("2026-Q4", "Kwartaal 4 van 2026"), Option("2026", "2026"))
    page = evaluation.PeriodsPage(
        action="/cijfers", periods=periods, waiting=waiting, least=5, waiting_days=14
    )
    refused = wrong(language, {"period": "evaluation.not_publishable"})
    return {
        "officer-figures": page,
        "officer-figures-none": replace(page, action="", periods=(), waiting=()),
        "officer-figures-wrong": replace(page, form=refused),
        "officer-figures-period": evaluation.FiguresPage(
            back_href="/cijfers",
            csv_action="/csv",
            period="Kwartaal 3 van 2026",
            published_on=_DAY,
            shelter=tables,
            teams=teams,
            least=5,
        ),
        "officer-recalls": evaluation.RecallsListPage(rows),
        "officer-recalls-none": evaluation.RecallsListPage(()),
    }
