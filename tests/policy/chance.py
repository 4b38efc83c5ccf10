"""Random questions over everything that can be asked, and a little that cannot. The same ones every time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, TypeVar, cast, get_args

from msgspec.structs import replace

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, Direction, InformationType, Level, Purpose
from consent_service.policy.facts import (
    Action,
    Basis,
    ChildAnswer,
    Gate,
    Lapse,
    Question,
    Reader,
    ReaderKind,
    RelationshipFacts,
    Safety,
    TypeFacts,
    Voice,
)
from tests.policy.plain_rules import READS, ROLES, WRITES
from tests.policy.questions import relationship_facts

T = TypeVar("T")
STRANGE: Final = {
    "role": "headmaster",
    "purpose": "curiosity",
    "basis": "legitimate_interest",
    "action": "delete",
    "safety": "unsure",
}
STRANGE_FACTS: Final = {
    "level": "A11",
    "direction": "c2c",
    "child_answer": "perhaps",
    "voice": "loud",
    "gate": "ajar",
    "lapse": "forgotten",
}


class Chance:
    """Half of the questions are in order but for a few facts, to reach rare rules; the others are wild."""

    def __init__(self, catalogue: Catalogue, *, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chosen at random, but the same each time
        self._kinds = tuple(catalogue.types.values())

    def question(self) -> tuple[Question, bool]:
        """A question about one to four types or emergency parts, and whether it is only a preview."""
        asked = self._wild() if self._happens(0.5) else self._nearly_in_order()
        if self._happens(0.02):
            asked = self._with_something_strange(asked)
        return asked, self._happens(0.5)

    def _happens(self, share: float) -> bool:
        return self._random.random() < share

    def _one(self, values: Sequence[T]) -> T:
        return self._random.choice(values)

    def _wild(self) -> Question:
        return Question(
            action=self._one(get_args(Action)),
            reader=Reader(self._one(get_args(ReaderKind)), "reader", self._one(ROLES)),
            purpose=self._one(get_args(Purpose)),
            basis=self._one(get_args(Basis)),
            relationship=self._relationship(),
            types=self._types([self._facts(kind) for kind in self._some(self._kinds)]),
        )

    def _nearly_in_order(self) -> Question:
        action: Action = self._one(get_args(Action))
        who: ReaderKind = self._one(("school", "school", "shelter", "guardian"))
        way = cast(Direction, (READS if action == "release" else WRITES).get(who, "s2c"))
        first = self._one([kind for kind in self._kinds if way in kind.directions])
        purpose = self._one(first.purposes)
        fitting = [kind for kind in self._kinds if way in kind.directions and purpose in kind.purposes]
        types = [self._nearly(self._in_order(kind, way)) for kind in self._some(fitting)]
        of_school = first.readers if action == "release" else first.writers
        roles = {"school": of_school or ROLES, "shelter": ("counsellor",), "guardian": ("holder",)}
        return Question(
            action=action,
            reader=Reader(who, "reader", self._one(roles[who] if self._happens(0.9) else ROLES)),
            purpose=purpose,
            basis="consent" if self._happens(0.75) else "vital_interest",
            relationship=self._nearly_relationship(),
            types=self._types(types),
        )

    def _some(self, kinds: Sequence[InformationType]) -> list[InformationType]:
        return self._random.sample(kinds, min(len(kinds), self._one((1, 1, 2, 3))))

    def _types(self, facts: list[TypeFacts]) -> tuple[TypeFacts, ...]:
        """Of some also the emergency part, or only that."""
        told: list[TypeFacts] = []
        for one in facts:
            part = replace(one, emergency=True)
            told += self._one(((one,), (one,), (one, part), (part,)))
        return tuple(told)

    def _in_order(self, kind: InformationType, way: Direction) -> TypeFacts:
        holders = self._one((1, 2, 3))
        return TypeFacts(
            key=kind.key,
            level=kind.level,
            direction=way,
            holders=holders,
            authority_known=True,
            yes=holders,
            objecting=0,
            own_yes=True,
            child_answer=self._one(("yes", "yes", "none")),
            voice=self._one(get_args(Voice)),
            gate="open",
            second_approved=True,
            earlier_yes=self._one((0, holders)),
        )

    def _nearly(self, facts: TypeFacts) -> TypeFacts:
        wild = self._facts_of(facts.key, facts.level, facts.direction)
        names = self._random.sample(TypeFacts.__struct_fields__, self._one((0, 1, 2, 3)))
        return replace(facts, **{name: getattr(wild, name) for name in names})

    def _facts(self, kind: InformationType) -> TypeFacts:
        return self._facts_of(kind.key, self._one((kind.level, *get_args(Level))), self._one(("s2c", "c2s")))

    def _facts_of(self, key: TypeKey, level: Level, direction: Direction) -> TypeFacts:
        return TypeFacts(
            key=key,
            level=level,
            direction=direction,
            holders=self._one((0, 1, 2, 3)),
            authority_known=self._happens(0.5),
            yes=self._one((0, 1, 2)),
            objecting=self._one((0, 0, 1, 2)),
            own_yes=self._happens(0.5),
            child_answer=self._one(get_args(ChildAnswer)),
            voice=self._one(get_args(Voice)),
            gate=self._one(get_args(Gate)),
            second_approved=self._happens(0.5),
            lapse=self._one(get_args(Lapse)),
            excused=self._one((0, 0, 1, 2)),
            earlier_yes=self._one((0, 1, 2)),
        )

    def _relationship(self) -> RelationshipFacts:
        return relationship_facts(
            active=self._happens(0.7),
            agreement_valid=self._happens(0.7),
            active_contact=self._happens(0.7),
            assigned=self._happens(0.7),
            safety=self._one(get_args(Safety)),
            secret_address=self._happens(0.5),
            break_glass_persons=self._one((0, 1, 2, 3)),
            break_glass_running=self._happens(0.6),
        )

    def _nearly_relationship(self) -> RelationshipFacts:
        wild = self._relationship()
        names = ["active", "agreement_valid", "active_contact", "assigned", "safety", "secret_address"]
        chosen = self._random.sample(names, self._one((0, 0, 1, 2)))
        return relationship_facts(
            **{name: getattr(wild, name) for name in chosen},
            break_glass_persons=self._one((1, 2, 2, 3)),
            break_glass_running=self._happens(0.8),
        )

    def _with_something_strange(self, asked: Question) -> Question:
        """One value that nobody declared, or a type that does not exist."""
        name = self._one((*STRANGE, *STRANGE_FACTS, "key"))
        if name == "role":
            return replace(asked, reader=replace(asked.reader, role=STRANGE[name]))
        if name == "safety":
            return replace(asked, relationship=replace(asked.relationship, safety=STRANGE[name]))
        if name in STRANGE:
            return replace(asked, **{name: STRANGE[name]})
        first, *others = asked.types
        strange = replace(first, **{name: STRANGE_FACTS.get(name, "horoscope")})
        return replace(asked, types=(strange, *(one for one in others if one.key != first.key)))
