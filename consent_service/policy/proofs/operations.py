"""What Cedar's operators do with values that depend on a request, errors included.

Follows Cedar's evaluation and not its type checker: a wrong type is an error there, in the cases in which
it occurs. `&&`, `||` and `if` look no further than they have to, so an error behind them does not count.
Which operator an expression has is `encoding`; what entities carry is `situation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product
from typing import Final

from consent_service.policy.proofs.terms import Term, Terms
from consent_service.policy.proofs.values import (
    Asked,
    Entity,
    Fields,
    Many,
    Number,
    Symbolic,
    Text,
    Truth,
    Value,
)

LEAST: Final = -(2**63)
GREATEST: Final = 2**63 - 1
"""Between these a Long stands; what leads outside is an error."""


class Operations:
    """The operators over one set of terms. `is_asked`: when the thing asked for is this entity."""

    def __init__(self, terms: Terms, is_asked: Callable[[Entity], Term]) -> None:
        self._terms = terms
        self._is_asked = is_asked

    def one(self, value: Value, error: Term | None = None) -> Symbolic:
        """This value, whatever the request."""
        return Symbolic(((self._terms.true, value),), self._terms.false if error is None else error)

    def merged(self, cases: Iterable[tuple[Term, Value]], error: Term) -> Symbolic:
        """The same choice with equal values taken together, and all Bools and all Longs."""
        guards: dict[Value, Term] = {}
        truths: list[tuple[Term, Term]] = []
        numbers: list[tuple[Term, Term]] = []
        for guard, value in cases:
            if isinstance(value, Truth):
                truths.append((guard, value.term))
            elif isinstance(value, Number):
                numbers.append((guard, value.term))
            elif guard != self._terms.false:
                guards[value] = self._terms.any_of(guards.get(value, self._terms.false), guard)
        found = [(guard, value) for value, guard in guards.items()]
        if truths:
            term = self._terms.any_of(*(self._terms.all_of(*pair) for pair in truths))
            found.append((self._terms.any_of(*(guard for guard, _ in truths)), Truth(term)))
        if numbers:
            term = numbers[-1][1]
            for guard, number in reversed(numbers[:-1]):
                term = self._terms.chosen(guard, number, term)
            found.append((self._terms.any_of(*(guard for guard, _ in numbers)), Number(term)))
        return Symbolic(tuple(found), error)

    def truth(self, given: Symbolic) -> tuple[Term, Term]:
        """When it is true, and when it is no Bool or an error."""
        holds = [
            self._terms.all_of(guard, value.term) for guard, value in given.cases if isinstance(value, Truth)
        ]
        return self._terms.any_of(*holds), self._wrong(given, Truth)

    def number(self, given: Symbolic) -> tuple[Term, Term]:
        """The number it is, and when it is no Long or an error."""
        cases = [(guard, value) for guard, value in given.cases if isinstance(value, Number)]
        found = self.merged(cases, self._terms.false).cases
        term = found[0][1].term if found and isinstance(found[0][1], Number) else self._terms.constant(0)
        return term, self._wrong(given, Number)

    def negation(self, given: Symbolic) -> Symbolic:
        """`!`."""
        holds, error = self.truth(given)
        return self.one(Truth(self._terms.negated(holds)), error)

    def both(self, left: Symbolic, right: Symbolic) -> Symbolic:
        """`&&`: the right side does not count where the left one is false."""
        (one, wrong), (other, wrong_too) = self.truth(left), self.truth(right)
        error = self._terms.any_of(wrong, self._terms.all_of(one, wrong_too))
        return self.one(Truth(self._terms.all_of(one, other)), error)

    def either(self, left: Symbolic, right: Symbolic) -> Symbolic:
        """`||`: the right side does not count where the left one is true."""
        (one, wrong), (other, wrong_too) = self.truth(left), self.truth(right)
        error = self._terms.any_of(wrong, self._terms.all_of(self._terms.negated(one), wrong_too))
        return self.one(Truth(self._terms.any_of(one, other)), error)

    def choice(self, condition: Symbolic, then: Symbolic, otherwise: Symbolic) -> Symbolic:
        """`if then else`: only the side that is taken counts."""
        holds, wrong = self.truth(condition)
        fails = self._terms.negated(holds)
        cases = [(self._terms.all_of(holds, guard), value) for guard, value in then.cases]
        cases += [(self._terms.all_of(fails, guard), value) for guard, value in otherwise.cases]
        errors = (self._terms.all_of(holds, then.error), self._terms.all_of(fails, otherwise.error))
        return self.merged(cases, self._terms.any_of(wrong, *errors))

    def equality(self, left: Symbolic, right: Symbolic) -> Symbolic:
        """`==`: what is of another type is not equal, and that is no error."""
        return self.one(Truth(self._equal(left, right)), self._terms.any_of(left.error, right.error))

    def comparison(self, left: Symbolic, right: Symbolic, *, or_equal: bool) -> Symbolic:
        """`<` and `<=`, for Longs only."""
        (one, wrong), (other, wrong_too) = self.number(left), self.number(right)
        compared = self._terms.at_most(one, other) if or_equal else self._terms.less(one, other)
        return self.one(Truth(compared), self._terms.any_of(wrong, wrong_too))

    def arithmetic(self, left: Symbolic, right: Symbolic, counted: Callable[[Term, Term], Term]) -> Symbolic:
        """`+`, `-` and `*`: for Longs only, and an error where the outcome is no Long."""
        (one, wrong), (other, wrong_too) = self.number(left), self.number(right)
        result = counted(one, other)
        outside = self._terms.negated(self.in_range(result))
        return self.one(Number(result), self._terms.any_of(wrong, wrong_too, outside))

    def in_range(self, number: Term) -> Term:
        """It is a Long."""
        least, greatest = self._terms.constant(LEAST), self._terms.constant(GREATEST)
        return self._terms.all_of(self._terms.at_most(least, number), self._terms.at_most(number, greatest))

    def collection(self, elements: tuple[Symbolic, ...]) -> Symbolic:
        """`[...]`: an error in one element is an error of the whole."""
        return self.one(Many(elements), self._terms.any_of(*(element.error for element in elements)))

    def record(self, fields: dict[str, Symbolic]) -> Symbolic:
        """`{...}`: an error in one field is an error of the whole."""
        error = self._terms.any_of(*(field.error for field in fields.values()))
        return self.one(Fields(tuple(sorted(fields.items()))), error)

    def contains(self, left: Symbolic, right: Symbolic) -> Symbolic:
        """`.contains()`."""
        held = [
            self._terms.all_of(guard, self._among(right, value))
            for guard, value in left.cases
            if isinstance(value, Many)
        ]
        error = self._terms.any_of(self._wrong(left, Many), right.error)
        return self.one(Truth(self._terms.any_of(*held)), error)

    def contains_all(self, left: Symbolic, right: Symbolic) -> Symbolic:
        """`.containsAll()`."""
        return self._of_sets(left, right, self._includes)

    def contains_any(self, left: Symbolic, right: Symbolic) -> Symbolic:
        """`.containsAny()`."""
        return self._of_sets(left, right, self._overlaps)

    def is_empty(self, given: Symbolic) -> Symbolic:
        """`.isEmpty()`."""
        empty = [guard for guard, value in given.cases if isinstance(value, Many) and not value.elements]
        return self.one(Truth(self._terms.any_of(*empty)), self._wrong(given, Many))

    def of_type(self, given: Symbolic, name: str) -> Symbolic:
        """`is`, for entities only."""
        same = [
            guard for guard, value in given.cases if isinstance(value, Entity | Asked) and value.type == name
        ]
        return self.one(Truth(self._terms.any_of(*same)), self._wrong(given, Entity, Asked))

    def within(self, left: Symbolic, right: Symbolic) -> Symbolic:
        """`in` an entity or a set of them: nothing we ask about has a parent, so it is being one of them."""
        held, errors = [], [self._wrong(left, Entity, Asked), right.error]
        for guard, value in right.cases:
            if isinstance(value, Many):
                held.append(self._terms.all_of(guard, self._among(left, value)))
                errors += [
                    self._terms.all_of(guard, self._wrong(element, Entity, Asked))
                    for element in value.elements
                ]
            elif isinstance(value, Entity | Asked):
                held.append(self._terms.all_of(guard, self._equal(left, self.one(value))))
            else:
                errors.append(guard)
        return self.one(Truth(self._terms.any_of(*held)), self._terms.any_of(*errors))

    def _wrong(self, given: Symbolic, *kinds: type[Value]) -> Term:
        """It is an error, or of none of these kinds."""
        others = [guard for guard, value in given.cases if not isinstance(value, kinds)]
        return self._terms.any_of(given.error, *others)

    def _of_sets(self, left: Symbolic, right: Symbolic, compared: Callable[[Many, Many], Term]) -> Symbolic:
        held = [
            self._terms.all_of(guard, guard_too, compared(one, other))
            for (guard, one), (guard_too, other) in product(left.cases, right.cases)
            if isinstance(one, Many) and isinstance(other, Many)
        ]
        error = self._terms.any_of(self._wrong(left, Many), self._wrong(right, Many))
        return self.one(Truth(self._terms.any_of(*held)), error)

    def _among(self, given: Symbolic, many: Many) -> Term:
        return self._terms.any_of(*(self._equal(element, given) for element in many.elements))

    def _includes(self, many: Many, others: Many) -> Term:
        return self._terms.all_of(*(self._among(element, many) for element in others.elements))

    def _overlaps(self, many: Many, others: Many) -> Term:
        return self._terms.any_of(*(self._among(element, many) for element in others.elements))

    def _equal(self, left: Symbolic, right: Symbolic) -> Term:
        return self._terms.any_of(
            *(
                self._terms.all_of(guard, guard_too, self._alike(one, other))
                for (guard, one), (guard_too, other) in product(left.cases, right.cases)
            )
        )

    def _alike(self, one: Value, other: Value) -> Term:
        match one, other:
            case Truth(), Truth():
                return self._terms.same(one.term, other.term)
            case Number(), Number():
                return self._terms.same(one.term, other.term)
            case Asked(), Entity():
                return self._is_asked(other)
            case Entity(), Asked():
                return self._is_asked(one)
            case Many(), Many():
                return self._terms.all_of(self._includes(one, other), self._includes(other, one))
            case Fields(), Fields():
                return self._alike_records(dict(one.fields), dict(other.fields))
            case (Text(), Text()) | (Entity(), Entity()) | (Asked(), Asked()):
                return self._terms.true if one == other else self._terms.false
            case _:
                return self._terms.false

    def _alike_records(self, one: dict[str, Symbolic], other: dict[str, Symbolic]) -> Term:
        if one.keys() != other.keys():
            return self._terms.false
        return self._terms.all_of(*(self._equal(one[name], other[name]) for name in one))
