"""The only module that speaks to the solver: terms over truth values and whole numbers, and questions.

The library is loaded when the first term is made, because most processes prove nothing. It has no types,
so a term is `Term` here and checked by what is built of it. What the terms mean is `encoding`.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Any, Final, Literal, TypeAlias

from consent_service.foundation.errors import ConsentServiceError

Term: TypeAlias = Any
"""A term of the solver: a truth value or a whole number that depends on the variables."""
Answer = Literal["possible", "impossible", "unknown"]

SECONDS: Final = 5.0
"""So long one question may take; what is not known by then is not proved."""
QUESTIONS_AT_FULL_LENGTH: Final = 8
"""And all questions to one solver together so many times that: then nothing more is known."""


class NotProvableError(ConsentServiceError):
    """Nothing can be proved here; the message says why. Whoever asked has to treat it as a failure."""

    code = "not_provable"


class Terms:
    """Makes terms. What is constant already is folded, so that short policies stay short terms."""

    def __init__(self) -> None:
        from cvc5 import Kind, TermManager

        self.manager = TermManager()
        self._kind = Kind
        self._boolean = self.manager.getBooleanSort()
        self._integer = self.manager.getIntegerSort()
        self.true: Term = self.manager.mkTrue()
        self.false: Term = self.manager.mkFalse()

    def truth(self, name: str) -> Term:
        """A variable that is true or false."""
        return self.manager.mkConst(self._boolean, name)

    def number(self, name: str) -> Term:
        """A variable that is a whole number."""
        return self.manager.mkConst(self._integer, name)

    def constant(self, value: int) -> Term:
        """This number."""
        return self.manager.mkInteger(str(value))

    def all_of(self, *terms: Term) -> Term:
        """Every one holds."""
        return self._joined(self._kind.AND, terms, neutral=self.true, decisive=self.false)

    def any_of(self, *terms: Term) -> Term:
        """At least one holds."""
        return self._joined(self._kind.OR, terms, neutral=self.false, decisive=self.true)

    def exactly_one(self, terms: Iterable[Term]) -> Term:
        """One holds and no other does."""
        given = tuple(terms)
        pairs = (
            self.negated(self.all_of(one, other))
            for index, one in enumerate(given)
            for other in given[index + 1 :]
        )
        return self.all_of(self.any_of(*given), *pairs)

    def negated(self, term: Term) -> Term:
        """It does not hold."""
        if term == self.true:
            return self.false
        return self.true if term == self.false else self.manager.mkTerm(self._kind.NOT, term)

    def chosen(self, condition: Term, then: Term, otherwise: Term) -> Term:
        """The number `then` where the condition holds, else `otherwise`."""
        if then == otherwise or condition == self.true:
            return then
        return self.manager.mkTerm(self._kind.ITE, condition, then, otherwise)

    def same(self, one: Term, other: Term) -> Term:
        """Two truth values, or two numbers, are equal."""
        return self.true if one == other else self.manager.mkTerm(self._kind.EQUAL, one, other)

    def less(self, one: Term, other: Term) -> Term:
        """The first number is the smaller one."""
        return self.manager.mkTerm(self._kind.LT, one, other)

    def at_most(self, one: Term, other: Term) -> Term:
        """The first number is not the greater one."""
        return self.manager.mkTerm(self._kind.LEQ, one, other)

    def sum(self, one: Term, other: Term) -> Term:
        """Both numbers together."""
        return self.manager.mkTerm(self._kind.ADD, one, other)

    def difference(self, one: Term, other: Term) -> Term:
        """The first number less the second."""
        return self.manager.mkTerm(self._kind.SUB, one, other)

    def product(self, one: Term, other: Term) -> Term:
        """The first number times the second."""
        return self.manager.mkTerm(self._kind.MULT, one, other)

    def _joined(self, kind: Any, terms: Iterable[Term], *, neutral: Term, decisive: Term) -> Term:
        kept = tuple(dict.fromkeys(term for term in terms if term != neutral))
        if decisive in kept:
            return decisive
        if len(kept) > 1:
            return self.manager.mkTerm(kind, *kept)
        return kept[0] if kept else neutral


class Solver:
    """Asks whether there is a situation in which all these terms hold, given what always holds."""

    def __init__(self, terms: Terms, always: Iterable[Term], *, seconds: float = SECONDS) -> None:
        from cvc5 import Solver as Engine

        self._terms = terms
        self._engine = Engine(terms.manager)
        self._engine.setOption("incremental", "true")
        self._engine.setOption("produce-models", "true")
        self._engine.setOption("tlimit-per", str(max(1, round(seconds * 1000))))
        self._engine.setLogic("ALL")
        self._left = seconds * QUESTIONS_AT_FULL_LENGTH
        for term in always:
            self._engine.assertFormula(term)

    def ask(self, *terms: Term) -> Answer:
        """Whether they can hold together; "unknown" when the time was too short.

        The library keeps every other thread of the process waiting meanwhile.
        """
        if self._left <= 0:
            return "unknown"
        began = monotonic()
        result = self._engine.checkSatAssuming(*terms)
        self._left -= monotonic() - began
        if result.isUnknown():
            return "unknown"
        return "possible" if result.isSat() else "impossible"

    def value(self, term: Term) -> bool | int:
        """What the term is in the situation found by the last question, which must have been "possible"."""
        found: bool | int = self._engine.getValue(term).toPythonObj()
        return found
