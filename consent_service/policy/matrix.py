"""Who could ever get what: role by type by purpose, and what it takes, asked of the real decision.

Pure. Each cell is judged with everything in order, and again with one thing less at a time, so the table says
what the policies do and not what somebody wrote about them. A no that no fact can change is proved: the
policies are loosened until they look only at what a cell is about, and if even those say no, nothing ever is
a yes. Computing one column takes up to a quarter of a second, so a caller keeps it per bundle; showing it is
the officer's page. What would come out for one family now is `outlook`.

Not tried: holders left out under a safety marker (they count as if they said yes), a yes that lapsed (it
counts as none), and situations in which more than one thing is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final, Literal, cast, get_args

import msgspec

from consent_service.foundation.ids import RelationshipId, TenantId, TypeKey
from consent_service.information.model import Direction, InformationType, Purpose, SchoolRole
from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.decision import Allowance, Refusal, judge
from consent_service.policy.facts import (
    Action,
    Basis,
    ChildAnswer,
    Question,
    Reader,
    ReaderKind,
    RelationshipFacts,
    TypeFacts,
    Voice,
)
from consent_service.policy.lint import PolicyJson
from consent_service.policy.plain.sentences import Expression, chain_of, path_of
from consent_service.policy.rules import Rules

Say = Literal["one_holder", "all_holders", "own_guardian", "child"]
"""Whose yes: of one person with authority, of each of them, of the parent it is about (for a guardian: who
reads), of the child."""
Stop = Literal[
    "danger",
    "not_assessed",
    "secret_address",
    "one_person",
    "second_approval",
    "gate_closed",
    "authority_unknown",
    "objection",
    "child_no",
]
"""One thing that is not in order, named as it then is; `second_approval` and a second person are missing."""

ROLES: Final[tuple[tuple[ReaderKind, str], ...]] = (
    *(("school", role) for role in get_args(SchoolRole)),
    ("shelter", "counsellor"),
    ("guardian", "holder"),
)
"""Everybody who may come to ask, in the order of a table's columns."""

_STOPS: Final[Mapping[Stop, tuple[Mapping[str, object], Mapping[str, object]]]] = {
    "danger": ({"safety": "danger"}, {}),
    "not_assessed": ({"safety": "not_assessed"}, {}),
    "secret_address": ({"secret_address": True}, {}),
    "one_person": ({"break_glass_persons": 1}, {}),
    "second_approval": ({}, {"second_approved": False}),
    "gate_closed": ({}, {"gate": "closed"}),
    "authority_unknown": ({}, {"authority_known": False}),
    "objection": ({}, {"objecting": 1}),
    "child_no": ({}, {"child_answer": "no"}),
}
"""Per thing what it changes in the facts of the relationship, and in those of the type."""
_BIRTHDAY: Final[Mapping[str, object]] = {
    "child_answer": "none",
    "own_yes": False,
    "earlier_yes": 2,
    "gate": "meanwhile",
}
"""A birthday gave the child a say, it did not answer yet, and everybody had said yes before."""
_OF_A_CELL: Final = frozenset(
    {"principal", "principal.role", "action", "resource.direction", "resource.level", "resource.type"}
    | {"context.purpose", "context.basis"}
)
_HOLDERS: Final = 2
"""So that the yes of one and the yes of all are not the same."""


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks, what they want to do, and what for."""

    kind: ReaderKind
    role: str
    action: Action
    basis: Basis
    purpose: Purpose


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How it can happen, for a child of one voice and for the whole type or its emergency part.

    says: whose yes is enough; several are alternatives, and an empty one asks nobody. stops: what by itself
    makes it a no though everything else is in order. goes_on: it also goes on after a birthday, on what was
    said before, until the child answers.
    """

    voice: Voice
    emergency: bool
    says: tuple[frozenset[Say], ...]
    stops: frozenset[Stop]
    goes_on: bool
    obligations: tuple[str, ...] = ()


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One type in one direction in one column; without a way it is never, because of `cause`.

    proved: it is never, whatever the facts; without it, no situation that was tried gave a yes.
    preview_only: it can be seen that it is shared, and cannot be opened.
    """

    type: TypeKey
    direction: Direction
    ways: tuple[Way, ...] = ()
    cause: str = ""
    proved: bool = False
    preview_only: bool = False

    @property
    def ever(self) -> bool:
        """Some situation exists in which the answer is yes."""
        return bool(self.ways)

    @property
    def young(self) -> Way | None:
        """How it can happen for a child that only is heard: the whole type, or else its emergency part."""
        heard = sorted((way for way in self.ways if way.voice == "heard"), key=lambda way: way.emergency)
        return heard[0] if heard else None

    @property
    def young_emergency(self) -> Way | None:
        """The same of the emergency part, where the whole type can be too."""
        heard = {way.emergency: way for way in self.ways if way.voice == "heard"}
        return heard.get(True) if False in heard else None


class _Tried(msgspec.Struct, frozen=True):
    """One situation to be judged."""

    column: Column
    about: RelationshipFacts
    facts: TypeFacts
    preview: bool = False

    def otherwise(self, relationship: Mapping[str, object], type_: Mapping[str, object]) -> _Tried:
        about = msgspec.structs.replace(self.about, **relationship)
        return msgspec.structs.replace(self, about=about, facts=msgspec.structs.replace(self.facts, **type_))


def columns() -> Iterator[Column]:
    """Every column there is."""
    for action, basis, purpose in product(get_args(Action), get_args(Basis), get_args(Purpose)):
        yield from (Column(kind, role, action, basis, purpose) for kind, role in ROLES)


def column_cells(rules: Rules, column: Column) -> tuple[Cell, ...]:
    """Each type of the catalogue in each of its directions, in the order of the catalogue."""
    never = dict(_proved_never(rules, column))
    return tuple(
        Cell(key, direction, cause=never[key, direction], proved=True)
        if (key, direction) in never
        else _cell(rules, column, kind, direction)
        for key, kind in rules.catalogue.types.items()
        for direction in kind.directions
    )


def _proved_never(rules: Rules, column: Column) -> Iterator[tuple[tuple[TypeKey, Direction], str]]:
    """What even the loosened policies refuse, with the cause that is named first.

    Whatever the policies allow, the loosened ones allow too. An error proves nothing.
    """
    bundle = _loosened(rules.bundle)
    for direction in get_args(Direction):
        kinds = [kind for kind in rules.catalogue.types.values() if direction in kind.directions]
        types = tuple(_in_order(kind, direction, "heard", emergency=False) for kind in kinds)
        for answer in judge(bundle, _question(column, _relationship(column), *types), preview=False):
            if isinstance(answer, Refusal) and not answer.error:
                yield (answer.type, direction), answer.code


def _loosened(bundle: Bundle) -> Bundle:
    """Without the forbids, and without the conditions of permits, that look at more than a cell is about."""
    kept = {}
    for identifier, policy in bundle.source.items():
        if policy.effect == "permit":
            conditions = tuple(part for part in _conjuncts(policy) if _is_of_cell(part))
            annotations = policy.annotations | {"unmet": ""}
            kept[identifier] = msgspec.structs.replace(policy, conditions=conditions, annotations=annotations)
        elif _is_of_cell(policy.conditions):
            kept[identifier] = policy
    return with_policies(bundle, kept)


def _conjuncts(policy: PolicyJson) -> Iterator[Mapping[str, object]]:
    """What must all hold, each as a condition by itself."""
    for condition in cast(tuple[Mapping[str, object], ...], policy.conditions):
        if condition["kind"] == "when":
            yield from (
                {"kind": "when", "body": part} for part in chain_of("&&", cast(Expression, condition["body"]))
            )
        else:
            yield condition


def _cell(rules: Rules, column: Column, kind: InformationType, direction: Direction) -> Cell:
    bundle, cause = rules.bundle, ""
    for preview in (False, True) if column.kind == "guardian" else (False,):
        ways = []
        for tried in _best(column, kind, direction, preview=preview):
            answer = _judged(bundle, tried)
            if isinstance(answer, Allowance):
                ways.append(_way(bundle, tried, answer))
            else:
                cause = cause or answer.code
        if ways:
            return Cell(kind.key, direction, tuple(ways), preview_only=preview)
    return Cell(kind.key, direction, cause=cause)


def _best(column: Column, kind: InformationType, direction: Direction, *, preview: bool) -> Iterator[_Tried]:
    """Everything in order, for a child of each voice, for the whole type and its emergency part."""
    urgent = kind.has_emergency_part and column.action == "release"
    for emergency in (False, True) if urgent else (False,):
        for voice in get_args(Voice):
            facts = _in_order(kind, direction, voice, emergency=emergency)
            yield _Tried(column, _relationship(column), facts, preview)


def _way(bundle: Bundle, best: _Tried, answer: Allowance) -> Way:
    stops = (stop for stop, less in _STOPS.items() if not _allowed(bundle, best.otherwise(*less)))
    return Way(
        voice=best.facts.voice,
        emergency=best.facts.emergency,
        says=tuple(_says(bundle, best)),
        stops=frozenset(stops),
        goes_on=_goes_on(bundle, best),
        obligations=answer.obligations,
    )


def _goes_on(bundle: Bundle, best: _Tried) -> bool:
    """What was said before the birthday makes the difference."""
    birthday = best.otherwise({}, _BIRTHDAY)
    return _allowed(bundle, birthday) and not _allowed(bundle, birthday.otherwise({}, {"earlier_yes": 0}))


def _says(bundle: Bundle, best: _Tried) -> Iterator[frozenset[Say]]:
    """The smallest sets of people whose yes is enough, those of the fewest people first."""
    found: list[tuple[int, bool, bool]] = []
    answers: tuple[ChildAnswer, ChildAnswer] = ("none", "yes")
    for yes, own, child in sorted(product(range(_HOLDERS + 1), (False, True), (False, True)), key=sum):
        if any(y <= yes and o <= own and c <= child for y, o, c in found):
            continue
        less = {"yes": yes, "own_yes": own, "child_answer": answers[child]}
        if _allowed(bundle, best.otherwise({}, less)):
            found.append((yes, own, child))
            yield _named(yes, own=own, child=child)


def _named(yes: int, *, own: bool, child: bool) -> frozenset[Say]:
    says: list[tuple[Say, bool]] = [
        ("one_holder", yes == 1),
        ("all_holders", yes == _HOLDERS),
        ("own_guardian", own),
        ("child", child),
    ]
    return frozenset(say for say, needed in says if needed)


def _allowed(bundle: Bundle, tried: _Tried) -> bool:
    return isinstance(_judged(bundle, tried), Allowance)


def _judged(bundle: Bundle, tried: _Tried) -> Allowance | Refusal:
    (answer,) = judge(bundle, _question(tried.column, tried.about, tried.facts), preview=tried.preview)
    return answer


def _question(column: Column, about: RelationshipFacts, *types: TypeFacts) -> Question:
    reader = Reader(kind=column.kind, id="", role=column.role)
    return Question(column.action, reader, column.purpose, column.basis, about, types)


def _relationship(column: Column) -> RelationshipFacts:
    """A relationship in which everything is in order; in an emergency two persons have just decided."""
    urgent = column.basis == "vital_interest"
    return RelationshipFacts(
        tenant=TenantId(""),
        relationship=RelationshipId(""),
        active=True,
        agreement_valid=True,
        active_contact=True,
        assigned=True,
        safety="no_known_danger",
        secret_address=False,
        break_glass_persons=2 if urgent else 0,
        break_glass_running=urgent,
    )


def _in_order(kind: InformationType, direction: Direction, voice: Voice, *, emergency: bool) -> TypeFacts:
    """Everybody who can say yes said yes."""
    return TypeFacts(
        key=kind.key,
        level=kind.level,
        direction=direction,
        holders=_HOLDERS,
        authority_known=True,
        yes=_HOLDERS,
        objecting=0,
        own_yes=True,
        child_answer="yes",
        voice=voice,
        gate="open",
        second_approved=True,
        emergency=emergency,
    )


def _is_of_cell(part: object) -> bool:
    """Nothing it speaks of differs between two situations of one cell."""
    return all(path in _OF_A_CELL or path.startswith("resource.type.") for path in _paths(part))


def _paths(part: object) -> Iterator[str]:
    """Every fact in these expressions, by its path."""
    if isinstance(part, Mapping):
        path = path_of(part)
        if path is not None:
            yield path
            return
        for value in part.values():
            yield from _paths(value)
    elif isinstance(part, list | tuple):
        for value in part:
            yield from _paths(value)
