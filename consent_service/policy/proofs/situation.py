"""One request in which every fact is a variable, and the question that a found one stands for.

Two catalogues can share a situation (`World`): the facts are the same, what the catalogue says about a type
is not. What a policy makes of it is `encoding`; choosing a readable one among many is `examples`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, InformationType
from consent_service.policy.facts import Question, TypeFacts
from consent_service.policy.proofs.operations import Operations
from consent_service.policy.proofs.terms import NotProvableError, Solver, Term, Terms
from consent_service.policy.proofs.values import Asked, Entity, Fields, Number, Symbolic, Truth
from consent_service.policy.proofs.vocabulary import (
    ORDINARY,
    Fact,
    catalogue_attributes,
    question_of_facts,
    reference,
    vocabulary,
)

FactValue = str | int | bool
_ASKED: Final = "asked"
_PREVIEW: Final = "preview"


class Situation:
    """The variables of a request about one of these types."""

    def __init__(self, terms: Terms, types: Iterable[TypeKey]) -> None:
        self.types = tuple(sorted(set(types)))
        self.words = vocabulary(self.types)
        self.terms = terms
        self.operations = Operations(terms, self._is_asked)
        self._choices: dict[str, dict[str, Term]] = {}
        self._single: dict[str, Term] = {}
        self._counts: list[str] = []
        self._choice("action", self.words.actions)
        self._choice("kind", tuple(self.words.readers))
        self._symbolic = {fact.attribute: self._variable(fact) for fact in self.words.facts}

    @property
    def names(self) -> tuple[str, ...]:
        """Every fact that is a variable, by the name it has in a question."""
        return (*self._choices, *self._single)

    def is_number(self, name: str) -> bool:
        """This fact counts something."""
        return name in self._counts

    def values(self, name: str) -> tuple[FactValue, ...]:
        """What a fact can be, of one that is no number."""
        return tuple(self._choices[name]) if name in self._choices else (False, True)

    def is_none(self, name: str) -> Term:
        """Nothing was counted, of a fact that is a number and never below zero."""
        return self.terms.at_most(self._single[name], self.terms.constant(0))

    def numbers(self) -> tuple[Term, ...]:
        """Every fact that counts something."""
        return tuple(self._single[name] for name in self._counts)

    def holds(self, name: str, value: FactValue) -> Term:
        """The fact has this value."""
        if name in self._choices:
            return self._choices[name].get(str(value), self.terms.false)
        term = self._single[name]
        if isinstance(value, bool):
            return term if value else self.terms.negated(term)
        return self.terms.same(term, self.terms.constant(int(value)))

    def always(self) -> tuple[Term, ...]:
        """What holds in every request: one of each choice, Longs, and so many types as there are."""
        asked = self._single[_ASKED]
        return (
            *(self.terms.exactly_one(choice.values()) for choice in self._choices.values()),
            *(self.operations.in_range(number) for number in self.numbers()),
            self.terms.at_most(self.terms.constant(1), asked),
            self.terms.at_most(asked, self.terms.constant(len(self.types))),
        )

    def in_practice(self) -> tuple[Term, ...]:
        """The same, and nothing that is counted is below zero."""
        zero = self.terms.constant(0)
        return (*self.always(), *(self.terms.at_most(zero, number) for number in self.numbers()))

    def principal(self) -> Symbolic:
        """Who asks."""
        kinds = self._choices["kind"]
        cases = tuple((kinds[kind], Entity(*name)) for kind, name in self.words.readers.items())
        return Symbolic(cases, self.terms.false)

    def action(self) -> Symbolic:
        """What for."""
        cases = tuple((term, Entity("Action", name)) for name, term in self._choices["action"].items())
        return Symbolic(cases, self.terms.false)

    def resource(self) -> Symbolic:
        """The type that is asked for."""
        return self.operations.one(Asked(self.words.requested))

    def context(self) -> Symbolic:
        """All facts about the relationship and the request."""
        return self.operations.record(self.attributes(self.words.of_context))

    def attributes(self, facts: tuple[Fact, ...]) -> dict[str, Symbolic]:
        """These facts by the names that policies have for them."""
        return {fact.attribute: self._symbolic[fact.attribute] for fact in facts}

    def is_kind_of(self, entity: Entity) -> Term | None:
        """When this entity is the one who asks; None when it never can be."""
        for kind, name in self.words.readers.items():
            if name == (entity.type, entity.id):
                return self._choices["kind"][kind]
        return None

    def read(self, solver: Solver) -> dict[str, FactValue]:
        """Every fact in the situation that the solver found."""
        chosen: dict[str, FactValue] = {
            name: next(value for value, term in choice.items() if solver.value(term))
            for name, choice in self._choices.items()
        }
        return chosen | {name: solver.value(term) for name, term in self._single.items()}

    def _is_asked(self, entity: Entity) -> Term:
        """The place of what is asked (a type, or its emergency part) is this entity's id."""
        if entity.type != self.words.requested:
            return self.terms.false
        places = (
            self.terms.all_of(self.holds("key", key), self.holds("emergency", emergency))
            for key in self.types
            for emergency in (False, True)
            if _place(key, emergency=emergency) == entity.id
        )
        return self.terms.any_of(*places)

    def _choice(self, name: str, values: tuple[str, ...]) -> dict[str, Term]:
        self._choices[name] = {value: self.terms.truth(f"{name}={value}") for value in values}
        return self._choices[name]

    def _variable(self, fact: Fact) -> Symbolic:
        if fact.values:
            choice = self._choice(fact.name, fact.values)
            cases = tuple((term, Entity(fact.kind, value)) for value, term in choice.items())
            return Symbolic(cases, self.terms.false)
        if fact.kind == "Bool":
            self._single[fact.name] = self.terms.truth(fact.name)
            return self.operations.one(Truth(self._single[fact.name]))
        self._counts.append(fact.name)
        self._single[fact.name] = self.terms.number(fact.name)
        return self.operations.one(Number(self._single[fact.name]))


class World:
    """A situation together with one catalogue: what each entity carries."""

    def __init__(self, situation: Situation, catalogue: Catalogue) -> None:
        self.situation = situation
        self.operations = situation.operations
        self._types = {
            key: {name: self._constant(value) for name, value in attributes.items()}
            for key, attributes in catalogue_attributes(catalogue.types).items()
        }

    def has_type(self) -> Term:
        """The type asked for is in this catalogue."""
        keys = [self.situation.holds("key", key) for key in self._types]
        return self.situation.terms.any_of(*keys)

    def attribute(self, of: object, name: str) -> Symbolic | None:
        """What this record or entity carries under the name; an error where the entity is not there.

        Raises:
            NotProvableError: about something that is asked for beside the one thing this is about.
        """
        situation = self.situation
        match of:
            case Fields():
                return dict(of.fields).get(name)
            case Asked():
                return situation.attributes(situation.words.of_requested).get(name)
            case Entity(type="InformationType"):
                return self._types.get(of.id, {}).get(name)
            case Entity() if of.type == situation.words.requested:
                raise NotProvableError(f'{of.type}::"{of.id}" is not what is asked for')
            case Entity():
                return self._of_reader(of, name)
            case _:
                return None

    def _of_reader(self, entity: Entity, name: str) -> Symbolic | None:
        present = self.situation.is_kind_of(entity)
        found = self.situation.attributes(self.situation.words.of_reader).get(name)
        if present is None or found is None:
            return None
        return msgspec.structs.replace(found, error=self.situation.terms.negated(present))

    def _constant(self, value: object) -> Symbolic:
        """A value of the catalogue: a Bool, a reference or a set of references."""
        if isinstance(value, list):
            return self.operations.collection(tuple(self._constant(element) for element in value))
        referred = reference(value)
        if referred is not None:
            return self.operations.one(Entity(*referred))
        terms = self.situation.terms
        return self.operations.one(Truth(terms.true if value is True else terms.false))


def question_of(
    found: Mapping[str, FactValue], types: Mapping[TypeKey, InformationType]
) -> tuple[Question, bool]:
    """The question with these facts and whether it is a preview, about as many types as it says.

    The first type is the one the facts are about; the rest is only there to be counted.
    """
    given = {**ORDINARY, **{name: value for name, value in found.items() if name not in {_ASKED, _PREVIEW}}}
    question = question_of_facts(given)
    (first,) = question.types
    others = [key for key in types if key != first.key][: int(found[_ASKED]) - 1]
    beside = tuple(msgspec.structs.replace(first, key=key, level=types[key].level) for key in others)
    return msgspec.structs.replace(question, types=(first, *beside)), bool(found[_PREVIEW])


def _place(key: TypeKey, *, emergency: bool) -> str:
    facts = question_of_facts({**ORDINARY, "key": key, "level": "O", "purpose": "support"}).types[0]
    placed: TypeFacts = msgspec.structs.replace(facts, emergency=emergency)
    return placed.place
