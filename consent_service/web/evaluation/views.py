"""Views of figures over a period and of the list of recalls."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View


class FigureLine(Part, frozen=True):
    """One category; without a `count` it is too small to show. `width`: of the bar, 0 to 100."""

    category: str
    count: int | None
    width: int


class MeasureTable(Part, frozen=True):
    """One measure of the shelter or of one team: its whole, and how it divides."""

    measure: str
    team: str
    whole: int | None
    lines: tuple[FigureLine, ...]


class PeriodLine(Part, frozen=True):
    """A period whose figures are fixed; `period` is in words."""

    period: str
    href: str
    shown: int
    withheld: int


class PeriodsPage(View, frozen=True):
    """Which periods there are; `waiting` can be fixed now, by the coordinator only (`action`)."""

    template: ClassVar[str] = "evaluation/periods.html"
    action: str
    periods: tuple[PeriodLine, ...]
    waiting: tuple[Option, ...]
    least: int
    waiting_days: int
    form: FormState = EMPTY


class FiguresPage(View, frozen=True):
    """The figures of one period, as they were fixed."""

    template: ClassVar[str] = "evaluation/figures.html"
    back_href: str
    csv_action: str
    period: str
    published_on: date
    shelter: tuple[MeasureTable, ...]
    teams: tuple[MeasureTable, ...]
    least: int


class RecallRow(Part, frozen=True):
    """One recall: codes, dates and a school, never of whom."""

    reference: str
    school: str
    label: str
    cause: str
    issued_on: date
    state: str
    ground: str
    late: bool


class RecallsListPage(View, frozen=True):
    """Every recall and how it stands."""

    template: ClassVar[str] = "evaluation/recalls.html"
    rows: tuple[RecallRow, ...]
