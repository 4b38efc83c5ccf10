"""What is counted about the way of working, over which periods, and which figures a table of it has. Pure.

The questions are those of the evaluation in Tilburg: how soon after the intake the school was reached, for
how many children the contacts are known, whether driegesprekken are held and followed up, and whether both
sides write. Every figure is a count of children or meetings; shares follow from counts. A table has a row
for the shelter and one for each team, and every period is made of whole quarters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

import msgspec

from consent_service.foundation.clock import local_midnight
from consent_service.foundation.errors import InputError, Problem

ALL: Final = "*"
"""Every team, or every category."""
NO_TEAM: Final = "-"
"""Of counsellors who are in no team."""
LEAST: Final = 5
"""Fewer than so many are not shown, and nothing may be worked out more closely than that."""
WAITING_DAYS: Final = 14
"""After the last day of a period, so that each child had the two weeks in which something is expected."""
_PERIOD: Final = re.compile(r"(20\d\d)(?:-(Q[1-4]|H[12]))?")


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who or what is divided (`population`) into which categories; each is in exactly one."""

    population: str
    categories: tuple[str, ...]


MEASURES: Final[Mapping[str, Measure]] = {
    "first_contact": Measure("registered", ("days_3", "days_7", "days_14", "later")),
    "contacts_known": Measure("registered", ("known", "unknown")),
    "meetings": Measure("held", ("followed_up", "not_followed_up")),
    "two_way": Measure("at_school", ("both", "to_school", "from_school", "none")),
}


def populations_of(measures: Mapping[str, Measure]) -> tuple[str, ...]:
    """What is divided, each once, in the order of the measures."""
    return tuple(dict.fromkeys(one.population for one in measures.values()))


POPULATIONS: Final = populations_of(MEASURES)


class Leaf(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """What nothing smaller adds up to: one category of one measure, of one team, in one quarter."""

    quarter: str
    measure: str
    team: str
    category: str


class Cell(msgspec.Struct, frozen=True, order=True, forbid_unknown_fields=True):
    """One figure of a table. A whole population has its own name as `measure`, and every category."""

    period: str
    measure: str
    team: str
    category: str


def quarters_of(period: str) -> tuple[str, ...]:
    """The quarters a period is made of: "2026-Q3", "2026-H2" or "2026".

    Raises:
        InputError: this is no period.
    """
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise InputError([Problem("period", "evaluation.period_unknown")])
    year, part = found.groups()
    if part is None:
        return tuple(f"{year}-Q{number}" for number in range(1, 5))
    number = int(part[1])
    if part[0] == "Q":
        return (period,)
    return (f"{year}-Q{2 * number - 1}", f"{year}-Q{2 * number}")


def first_day(quarter: str) -> date:
    """The day on which a quarter begins."""
    return date(int(quarter[:4]), 3 * int(quarter[6]) - 2, 1)


def day_after(quarter: str) -> date:
    """The first day that is not in the quarter any more."""
    return (first_day(quarter) + timedelta(days=95)).replace(day=1)


def bounds(quarter: str) -> tuple[datetime, datetime]:
    """The moments from which and until which something falls in the quarter, by the clock of the shelter."""
    return local_midnight(first_day(quarter)), local_midnight(day_after(quarter))


def publishable_on(period: str) -> date:
    """The first day on which the figures of this period can be fixed."""
    return day_after(quarters_of(period)[-1]) + timedelta(days=WAITING_DAYS)


def periods_of(year: int) -> tuple[str, ...]:
    """Every period of a year, the smallest first."""
    halves = tuple(f"{year}-H{number}" for number in (1, 2))
    return (*quarters_of(str(year)), *halves, str(year))


Measures = Mapping[str, Measure]
Teams = Mapping[str, tuple[str, ...]]
"""Which teams there were, per quarter."""


def cells_of(period: str, teams: Teams, measures: Measures = MEASURES) -> tuple[Cell, ...]:
    """Every figure of one period, the most important first: the shelter before teams, wholes before parts."""
    rows = sorted({team for quarter in quarters_of(period) for team in teams.get(quarter, ())})
    found = []
    for team in (ALL, *(rows if len(rows) > 1 else ())):
        found += [Cell(period, population, team, ALL) for population in populations_of(measures)]
        found += [
            Cell(period, name, team, category)
            for name, one in measures.items()
            for category in one.categories
        ]
    return tuple(found)


def population_of(cell: Cell, measures: Measures = MEASURES) -> str:
    """Of which children or meetings a figure tells."""
    measure = measures.get(cell.measure)
    return cell.measure if measure is None else measure.population


def whole_of(cell: Cell, measures: Measures = MEASURES) -> Cell:
    """The figure that this one is a part of; itself when it is a whole."""
    return msgspec.structs.replace(cell, measure=population_of(cell, measures), category=ALL)


def leaves_of(cell: Cell, teams: Teams, measures: Measures = MEASURES) -> frozenset[Leaf]:
    """What adds up to this figure. A population is counted by its first measure; the others agree."""
    measure = cell.measure
    categories: tuple[str, ...] = (cell.category,)
    if measure not in measures:
        measure = next(name for name, one in measures.items() if one.population == cell.measure)
        categories = measures[measure].categories
    return frozenset(
        Leaf(quarter, measure, team, category)
        for quarter in quarters_of(cell.period)
        for team in teams.get(quarter, ())
        if cell.team in (ALL, team)
        for category in categories
    )
