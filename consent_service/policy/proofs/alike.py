"""Situations that differ in nothing but some facts, told as one: every combination of these values.

What is alike is as much as can be shown with certainty: in all of it the same holds, whichever the values.
So nothing that was not shown is approved, and nobody reads a hundred situations that are one. What has to
hold is `comparing`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from consent_service.policy.proofs.situation import FactValue, Situation
from consent_service.policy.proofs.terms import Solver, Term

Alike: TypeAlias = dict[str, tuple[FactValue, ...]]
"""The values of each fact; together every combination of them."""

_PLACE: Final = frozenset({"action", "basis", "key", "level"})
"""What every situation is told for by itself; the level comes with the type."""
_COUNTED: Final = ("yes", "objecting", "earlier_yes")
"""Of these it matters whether there is one."""


class Likeness:
    """Tells what is alike in one situation."""

    def __init__(self, solver: Solver, situation: Situation) -> None:
        self._solver, self._situation, self._terms = solver, situation, situation.terms

    def of(self, facts: Mapping[str, FactValue], wanted: Term) -> Alike:
        """What these facts can be changed into, in every combination, with what is wanted still holding."""
        alike: Alike = {name: (facts[name],) for name in self._telling()}
        for name in alike:
            others = tuple(value for value in self._values(name, facts) if value != facts[name])
            if self._holds_in(facts, {**alike, name: (facts[name], *others)}, wanted):
                alike[name] = (facts[name], *others)
                continue
            for value in others if len(others) > 1 else ():
                more = {**alike, name: (*alike[name], value)}
                if self._holds_in(facts, more, wanted):
                    alike = more
        return alike

    def is_among(self, alike: Alike) -> Term:
        """The situation is one of these; of what is counted it matters only whether there is one."""
        return self._terms.all_of(
            *(self._terms.any_of(*(self._is(name, value) for value in alike[name])) for name in alike)
        )

    def _holds_in(self, facts: Mapping[str, FactValue], alike: Alike, wanted: Term) -> bool:
        """In no combination it fails to hold, with every other fact as it is."""
        rest = (self._situation.holds(name, facts[name]) for name in facts if name not in alike)
        combined = (
            self._terms.any_of(*(self._situation.holds(name, value) for value in alike[name]))
            for name in alike
        )
        return self._solver.ask(self._terms.negated(wanted), *rest, *combined) == "impossible"

    def _telling(self) -> Iterator[str]:
        names = (name for name in self._situation.names if name not in _PLACE)
        return (name for name in names if name in _COUNTED or not self._situation.is_number(name))

    def _values(self, name: str, facts: Mapping[str, FactValue]) -> tuple[FactValue, ...]:
        if self._situation.is_number(name):
            return (0, facts[name] or 1)
        return self._situation.values(name)

    def _is(self, name: str, value: FactValue) -> Term:
        if not self._situation.is_number(name):
            return self._situation.holds(name, value)
        none = self._situation.is_none(name)
        return self._terms.negated(none) if value else none
