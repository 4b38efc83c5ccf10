"""Which figures are withheld, so that nobody can work out a small one from those that are shown. Pure.

Shown is what is at least five and leaves at least five of its whole. That alone is not enough: what is left
out can be had by subtracting, within a table, between teams and the shelter, between a half year and its
quarters, and between measures that divide the same children. So each withheld figure is put to a solver,
with everything that was ever shown of that year: are there two ways to fill in the counts, both in keeping
with all of it, in which this figure differs by five? As long as there are not, more is withheld.

A reader is thought to know how the tables add up and that no count is negative, and nothing about anybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import reduce
from typing import Final

import msgspec

from consent_service.foundation.errors import ConsentServiceError
from consent_service.policy.proofs.terms import Solver, Term, Terms
from consent_service.process.evaluation.model import (
    ALL,
    LEAST,
    MEASURES,
    Cell,
    Leaf,
    Measure,
    Measures,
    Teams,
    leaves_of,
    population_of,
    populations_of,
    whole_of,
)

QUESTION_SECONDS: Final = 4.0


class NotPublishableError(ConsentServiceError):
    """No choice was found that gives nothing away: nothing is shown of this period."""

    code = "evaluation.not_publishable"


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counts of a year so far, what was shown and withheld of it before, and what is asked for now.

    `measures`: those of the way of working, unless it is a table of something else.
    """

    counts: tuple[tuple[Leaf, int], ...]
    teams: dict[str, tuple[str, ...]]
    shown: tuple[Cell, ...]
    withheld: tuple[Cell, ...]
    wanted: tuple[Cell, ...]
    measures: dict[str, Measure] = msgspec.field(default_factory=lambda: dict(MEASURES))


def choose(table: Table) -> tuple[Cell, ...]:
    """Those of the wanted figures that can be shown, in their order.

    Raises:
        NotPublishableError: even withholding all of them leaves something that can be worked out.
    """
    counts = dict(table.counts)
    found: set[Cell] = set()
    for population in populations_of(table.measures):
        part = _of_population(table, population)
        found |= _Choice(part, counts).made()
    return tuple(cell for cell in table.wanted if cell in found)


def value_of(cell: Cell, counts: Mapping[Leaf, int], teams: Teams, measures: Measures = MEASURES) -> int:
    """The count of a figure."""
    return sum(counts.get(leaf, 0) for leaf in leaves_of(cell, teams, measures))


def is_large(cell: Cell, counts: Mapping[Leaf, int], teams: Teams, measures: Measures = MEASURES) -> bool:
    """At least five, and at least five of its whole are something else."""
    value = value_of(cell, counts, teams, measures)
    rest = value_of(whole_of(cell, measures), counts, teams, measures) - value
    return value >= LEAST and (cell.category == ALL or rest >= LEAST)


class Audit:
    """What a reader of the shown figures can work out about others, all of one population."""

    def __init__(
        self,
        shown: Mapping[Cell, int],
        among: Collection[Cell],
        teams: Teams,
        measures: Measures = MEASURES,
    ) -> None:
        self._teams = teams
        self._measures = measures
        self._terms = Terms()
        self._ways: tuple[dict[Leaf, Term], dict[Leaf, Term]] = ({}, {})
        self._sums = [{cell: self._sum(way, cell) for cell in (*shown, *among)} for way in (0, 1)]
        always = [term for way in (0, 1) for term in self._known(way, shown)]
        self._solver = Solver(self._terms, always, seconds=QUESTION_SECONDS)

    def opened(self, cell: Cell, others: Collection[Cell]) -> frozenset[Cell]:
        """Those of the figures that are shown to differ by five while this one does: none if it cannot.

        Not known in time counts as no.
        """
        one, other = self._sums[0][cell], self._sums[1][cell]
        apart = self._terms.at_most(self._terms.constant(LEAST), self._terms.difference(other, one))
        if self._solver.ask(apart) != "possible":
            return frozenset()
        return frozenset({cell, *(each for each in others if self._differs(each))})

    def is_told(self, cell: Cell) -> bool:
        """Whether the shown figures say exactly what it is: showing it says nothing more."""
        differ = self._terms.negated(self._terms.same(self._sums[0][cell], self._sums[1][cell]))
        return self._solver.ask(differ) == "impossible"

    def _differs(self, cell: Cell) -> bool:
        one, other = (self._solver.value(self._sums[way][cell]) for way in (0, 1))
        return abs(one - other) >= LEAST

    def _known(self, way: int, shown: Mapping[Cell, int]) -> list[Term]:
        """Every shown figure, that measures divide the same children, and that no count is negative."""
        terms, zero = self._terms, self._terms.constant(0)
        told = [terms.same(self._sums[way][cell], terms.constant(value)) for cell, value in shown.items()]
        same = self._same_population(way)
        return [*told, *same, *(terms.at_most(zero, term) for term in self._ways[way].values())]

    def _same_population(self, way: int) -> list[Term]:
        """Per quarter and team the measures of a population add up to the same number."""
        found = []
        measures = self._measures
        for quarter, team, population in sorted(
            {(leaf.quarter, leaf.team, measures[leaf.measure].population) for leaf in self._ways[way]}
        ):
            first, *others = [name for name, one in measures.items() if one.population == population]
            whole = self._added(way, self._line(quarter, first, team))
            found += [
                self._terms.same(whole, self._added(way, self._line(quarter, other, team)))
                for other in others
            ]
        return found

    def _line(self, quarter: str, measure: str, team: str) -> list[Leaf]:
        return [Leaf(quarter, measure, team, category) for category in self._measures[measure].categories]

    def _sum(self, way: int, cell: Cell) -> Term:
        return self._added(way, sorted(leaves_of(cell, self._teams, self._measures)))

    def _added(self, way: int, leaves: Collection[Leaf]) -> Term:
        each = [self._variable(way, leaf) for leaf in leaves]
        return reduce(self._terms.sum, each, self._terms.constant(0))

    def _variable(self, way: int, leaf: Leaf) -> Term:
        known = self._ways[way]
        if leaf not in known:
            name = f"{way}/{leaf.quarter}/{leaf.measure}/{leaf.team}/{leaf.category}"
            known[leaf] = self._terms.number(name)
        return known[leaf]


class _Choice:
    """Begins with everything that is large, and takes away until nothing can be worked out."""

    def __init__(self, table: Table, counts: Mapping[Leaf, int]) -> None:
        self._table = table
        self._values = {
            cell: value_of(cell, counts, table.teams, table.measures)
            for cell in (*table.shown, *table.withheld, *table.wanted)
        }
        self._large = {cell for cell in table.wanted if is_large(cell, counts, table.teams, table.measures)}
        self._rank = {cell: place for place, cell in enumerate(table.wanted)}
        self._open: set[Cell] = set()
        """What cannot be worked out. Withholding more never changes that."""

    def made(self) -> set[Cell]:
        """The figures to show."""
        chosen = set(self._large)
        while (told := self._first_told(chosen)) is not None:
            given_up = self._next_to_withhold(chosen, told)
            if given_up is None:
                raise NotPublishableError("a figure can be worked out from what was shown before")
            chosen.discard(given_up)
        return chosen | self._already_told(chosen)

    def _first_told(self, chosen: set[Cell]) -> Cell | None:
        """A withheld figure of which too much can be worked out; None when there is none.

        What is large and follows exactly from what is shown is no secret, and is shown in the end.
        """
        audit = self._audit(chosen)
        hidden = [cell for cell in (*self._table.withheld, *self._table.wanted) if cell not in chosen]
        for cell in hidden:
            if cell in self._open:
                continue
            opened = audit.opened(cell, hidden)
            self._open |= opened
            if not opened and not (cell in self._large and audit.is_told(cell)):
                return cell
        return None

    def _next_to_withhold(self, chosen: set[Cell], told: Cell) -> Cell | None:
        """The least important figure that adds up with it, the smallest of those; else any."""
        near = [cell for cell in chosen if _adds_up_with(cell, told)] or list(chosen)
        return max(
            near, key=lambda cell: (_weight(cell), -self._values[cell], self._rank[cell]), default=None
        )

    def _already_told(self, chosen: set[Cell]) -> set[Cell]:
        audit = self._audit(chosen)
        return {cell for cell in sorted(self._large - chosen) if audit.is_told(cell)}

    def _audit(self, chosen: set[Cell]) -> Audit:
        shown = {cell: self._values[cell] for cell in (*self._table.shown, *sorted(chosen))}
        return Audit(shown, tuple(self._values), self._table.teams, self._table.measures)


def _of_population(table: Table, population: str) -> Table:
    def mine(cells: Collection[Cell]) -> tuple[Cell, ...]:
        return tuple(cell for cell in cells if population_of(cell, table.measures) == population)

    return msgspec.structs.replace(
        table, shown=mine(table.shown), withheld=mine(table.withheld), wanted=mine(table.wanted)
    )


def _adds_up_with(one: Cell, other: Cell) -> bool:
    """Within a row, or down a column of the same table."""
    return (one.measure == other.measure or ALL in (one.category, other.category)) and (
        one.team == other.team or one.category == other.category
    )


def _weight(cell: Cell) -> int:
    """What is given up first: a part before a whole, a team before the shelter."""
    return 2 * (cell.team != ALL) + (cell.category != ALL)
