"""One readable situation among all that are possible: as ordinary as it can be, so that what differs matters.

Tries each ordinary thing in turn and keeps it while the situation stays possible. What makes a situation
count at all is `proving` and `comparing`; writing it down as a case is `cases`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, InformationType
from consent_service.policy.proofs.situation import FactValue, Situation
from consent_service.policy.proofs.terms import NotProvableError, Solver, Term
from consent_service.policy.proofs.vocabulary import ORDINARY, ordinary_question

_FEW: Final = 3
"""A family has few guardians: a count above this is not tried before one up to this."""
_BESIDE: Final[dict[str, FactValue]] = {"asked": 1, "preview": False}


def most_ordinary(
    solver: Solver, situation: Situation, catalogue: Catalogue, *wanted: Term
) -> dict[str, FactValue]:
    """The facts of a situation in which what is wanted holds; that one exists is known already.

    Raises:
        NotProvableError: the time is up.
    """
    ordinary = tuple(_ordinary(situation, catalogue))
    if solver.ask(*wanted, *_kept(solver, wanted, ordinary)) != "possible":
        raise NotProvableError("no answer in time")
    return situation.read(solver)


def _kept(solver: Solver, wanted: tuple[Term, ...], ordinary: tuple[Term, ...]) -> tuple[Term, ...]:
    """What is kept when each is tried in turn; as many at once as can be, because most are possible."""
    if not ordinary or solver.ask(*wanted, *ordinary) == "possible":
        return ordinary
    if len(ordinary) == 1:
        return ()
    middle = len(ordinary) // 2
    first = _kept(solver, wanted, ordinary[:middle])
    return first + _kept(solver, wanted + first, ordinary[middle:])


def _ordinary(situation: Situation, catalogue: Catalogue) -> Iterator[Term]:
    """What is ordinary, the most telling first: a real request, then a simple one, then one in order."""
    terms = situation.terms
    yield from (terms.at_most(terms.constant(0), number) for number in situation.numbers())
    for fits in (_own_level, _own_direction, _own_purpose, _own_part):
        yield terms.any_of(
            *(
                terms.all_of(situation.holds("key", key), fits(situation, kind))
                for key, kind in catalogue.types.items()
            )
        )
    yield _own_place(situation)
    usual = _usual(catalogue)
    yield from (situation.holds(name, usual[name]) for name in situation.names if name in usual)
    yield from (terms.at_most(number, terms.constant(_FEW)) for number in situation.numbers())


def _usual(catalogue: Catalogue) -> dict[str, FactValue]:
    """The ordinary value of each fact; a fact with a default has that."""
    first: TypeKey = next(iter(catalogue.types))
    question = ordinary_question(first)
    structs = (question, question.reader, question.relationship, question.types[0])
    facts = {name: getattr(one, name) for one in structs for name in one.__struct_fields__}
    return {**_BESIDE, **{name: facts[name] for name in facts if name not in {"key", "level", "purpose"}}}


def _own_level(situation: Situation, kind: InformationType) -> Term:
    return situation.holds("level", kind.level)


def _own_direction(situation: Situation, kind: InformationType) -> Term:
    return situation.terms.any_of(*(situation.holds("direction", one) for one in kind.directions))


def _own_purpose(situation: Situation, kind: InformationType) -> Term:
    return situation.terms.any_of(*(situation.holds("purpose", one) for one in kind.purposes))


def _own_part(situation: Situation, kind: InformationType) -> Term:
    """Only some types have an emergency part."""
    whole = situation.holds("emergency", value=False)
    return situation.terms.true if kind.has_emergency_part else whole


def _own_place(situation: Situation) -> Term:
    """A school is on a list, a counsellor is with the family, and each has the role that goes with it."""
    terms = situation.terms
    placed = {
        "school": (ORDINARY["role"], True, False),
        "shelter": ("counsellor", False, True),
        "guardian": ("holder", False, False),
    }
    return terms.any_of(
        *(
            terms.all_of(
                situation.holds("kind", kind),
                situation.holds("role", role),
                situation.holds("active_contact", listed),
                situation.holds("assigned", assigned),
            )
            for kind, (role, listed, assigned) in placed.items()
        )
    )
