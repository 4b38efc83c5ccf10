"""What the rules in force make of one situation: which records a reader gets now. Pure.

Judging itself is `policy`; the moment of reading, the log and the transaction are `service`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, Direction, InformationType, Purpose
from consent_service.policy.decision import Allowance, Decision, Permit, Refusal, decide
from consent_service.policy.explain import is_told_to_school
from consent_service.policy.facts import Basis, Reader
from consent_service.policy.outlook import Asking, answers
from consent_service.policy.projection import Asked, Known, owners_with_yes, question_for
from consent_service.policy.rules import Rules
from consent_service.records.model import OpenedRecord, SealedRecord
from consent_service.release.model import ChildLine, UrgentLine
from consent_service.release.read import Situation

KEY_DESTROYED = "key_destroyed"
"""Why something allowed is refused after all: nobody can open it any more."""
CARRIED_OUT: Final = frozenset({"officer_review"})
"""The duties that this exit carries out for what it opens; a permit that asks another opens nothing.

officer_review: a privacy coordinator looks at it, at the latest on the next working day. It is written into
the log with the release (`entries.duties`); from there it is a task (`process`).
"""


class Judged(msgspec.Struct, frozen=True):
    """One decision on one situation, with what may be opened and what is refused.

    `permit` and `refusals` are those of the decision, unless the key is gone: then all of it is refused.
    """

    situation: Situation
    rules: Rules
    decision: Decision
    permit: Permit | None
    refusals: tuple[Refusal, ...]
    to_open: tuple[SealedRecord, ...] = ()
    basis: Basis = "consent"


def asked_types(
    catalogue: Catalogue, purpose: Purpose, direction: Direction, *, only: TypeKey | None = None
) -> list[Asked]:
    """Every type that goes this way for this purpose, or `only` one; which the reader gets is policy."""
    return [
        (kind.key, direction)
        for kind in catalogue.types.values()
        if purpose in kind.purposes and direction in kind.directions and only in (None, kind.key)
    ]


def judged(
    situation: Situation,
    rules: Rules,
    reader: Reader,
    purpose: Purpose,
    *,
    asked: Sequence[Asked],
    now: datetime,
    basis: Basis = "consent",
) -> Judged:
    """The decision, and of what it allows the records that are due; without a key nothing is.

    On the ground of vital interest there are no records but the one item of the break-glass.
    """
    if basis == "vital_interest":
        situation = in_need(situation)
    question = question_for(
        situation.known,
        rules.catalogue,
        action="release",
        reader=reader,
        purpose=purpose,
        asked=asked,
        now=now,
        basis=basis,
    )
    decision = decide(rules.bundle, question, now=now, duties=CARRIED_OUT)
    if decision.permit is None:
        return Judged(situation, rules, decision, None, decision.refusals, basis=basis)
    if situation.key is None:
        gone = tuple(Refusal(key, KEY_DESTROYED) for key in sorted(decision.permit.types))
        return Judged(situation, rules, decision, None, (*decision.refusals, *gone), basis=basis)
    allowed = {asking for asking in asked if asking[0] in decision.permit.types}
    to_open = tuple(
        one
        for one in situation.records
        if (one.information_type, one.direction) in allowed and _is_due(situation, rules, one, now=now)
    )
    return Judged(situation, rules, decision, decision.permit, decision.refusals, to_open, basis)


def urgent_types(situation: Situation, catalogue: Catalogue) -> list[Asked]:
    """The one type of the break-glass; without one the gate type, for the refusal to be about something."""
    urgent = situation.urgent
    return [(catalogue.gate.key if urgent is None else urgent.facts.information_type, "s2c")]


def urgent_purpose(kind: InformationType) -> Purpose:
    """For what a break-glass gives a type: for safety where the type knows that purpose."""
    return "safety" if "safety" in kind.purposes else kind.purposes[0]


def urgent_line(child: ChildLine, answer: Judged) -> UrgentLine | None:
    """What may be read of this child, from a decision that allows it; None where none does."""
    urgent, permit = answer.situation.urgent, answer.permit
    if urgent is None or permit is None:
        return None
    return UrgentLine(child, urgent.facts.information_type, permit.purpose, urgent.facts.until)


def in_need(situation: Situation) -> Situation:
    """The same situation with the item of the break-glass instead of all records, approved by who agreed."""
    urgent = situation.urgent
    if urgent is None:
        return msgspec.structs.replace(situation, records=(), digests={})
    kind = urgent.facts.information_type
    known = msgspec.structs.replace(situation.known, approved=frozenset({kind}), owners={})
    return msgspec.structs.replace(
        situation, known=known, records=(urgent.item,), digests={kind: urgent.digest}
    )


def best_askings(
    known: Known, rules: Rules, readers: Sequence[Reader], *, way: Direction, now: datetime
) -> tuple[Asking, ...]:
    """Who of these, for which purpose, gets most of each type now; of equals the first. Opens nothing.

    Most: the type; then a no that lies in the family; then one that lies in the reader, who would never
    get it. Each type that goes this way for any purpose stands in one of these.
    """
    best: dict[TypeKey, tuple[int, Reader, Purpose]] = {}
    for reader in readers:
        for purpose in _purposes(rules.catalogue):
            asked = tuple(asked_types(rules.catalogue, purpose, way))
            asking = Asking(reader, purpose, asked, duties=CARRIED_OUT)
            for key, answer in answers(rules, known, asking, now=now).items():
                got = _nearness(rules, answer)
                if key not in best or got > best[key][0]:
                    best[key] = (got, reader, purpose)
    grouped: dict[tuple[Reader, Purpose], list[Asked]] = {}
    for key, (_, reader, purpose) in best.items():
        grouped.setdefault((reader, purpose), []).append((key, way))
    return tuple(
        Asking(reader, purpose, tuple(asked), duties=CARRIED_OUT)
        for (reader, purpose), asked in grouped.items()
    )


def _nearness(rules: Rules, answer: Allowance | Refusal) -> int:
    if isinstance(answer, Allowance):
        return 2
    return 0 if is_told_to_school(rules.bundle, answer) else 1


def _purposes(catalogue: Catalogue) -> tuple[Purpose, ...]:
    return tuple(dict.fromkeys(purpose for kind in catalogue.types.values() for purpose in kind.purposes))


def readings(situation: Situation, rules: Rules, reader: Reader, *, now: datetime) -> Iterable[Judged]:
    """What this reader would be given for each purpose in turn, of the types its role reads."""
    kinds = [kind for kind in rules.catalogue.types.values() if reader.role in kind.readers]
    for purpose in dict.fromkeys(purpose for kind in kinds for purpose in kind.purposes):
        asked: list[Asked] = [
            (kind.key, "s2c") for kind in kinds if purpose in kind.purposes and "s2c" in kind.directions
        ]
        if asked:
            yield judged(situation, rules, reader, purpose, asked=asked, now=now)


def writing(situation: Situation, rules: Rules, reader: Reader, *, now: datetime) -> Judged | None:
    """That the rules let this reader write something about the child; the first type that they allow.

    Only while the school may know of the child at all, by what its contact would get. Opens nothing.
    """
    gate, known = rules.catalogue.gate, situation.known
    contact = Reader(reader.kind, reader.id, gate.readers[0])
    if judged(situation, rules, contact, "contact", asked=[(gate.key, "s2c")], now=now).permit is None:
        return None
    for kind in rules.catalogue.types.values():
        if reader.role not in kind.writers or "c2s" not in kind.directions:
            continue
        question = question_for(
            known,
            rules.catalogue,
            action="share",
            reader=reader,
            purpose=kind.purposes[0],
            asked=[(kind.key, "c2s")],
            now=now,
        )
        decision = decide(rules.bundle, question, now=now)
        if decision.permit is not None:
            return Judged(situation, rules, decision, decision.permit, decision.refusals)
    return None


def refused_types(answer: Judged) -> dict[TypeKey, Refusal | None]:
    """What is not opened and why; None where it is allowed and there is nothing to open."""
    given = {one.information_type for one in answer.to_open}
    empty = () if answer.permit is None else sorted(answer.permit.types - given)
    return {**{refusal.type: refusal for refusal in answer.refusals}, **dict.fromkeys(empty)}


def for_reader(
    catalogue: Catalogue, opened: Iterable[OpenedRecord], permit: Permit
) -> tuple[OpenedRecord, ...]:
    """Only fields that the permit and the reader's role allow; of a record without any not that it exists."""
    limited = (_limited(catalogue, one, permit) for one in opened)
    return tuple(one for one in limited if one.fields)


def _limited(catalogue: Catalogue, one: OpenedRecord, permit: Permit) -> OpenedRecord:
    kind = catalogue.types[one.information_type]
    visible = {spec.name for spec in kind.fields}
    if permit.reader.kind == "school":
        role = permit.reader.role
        visible = {spec.name for known in kind.readers if known == role for spec in kind.fields_for(known)}
    if kind.key in permit.emergency:
        visible &= {spec.name for spec in kind.fields if spec.part == "emergency"}
    kept = {name: value for name, value in one.fields.items() if name in visible}
    return msgspec.structs.replace(one, fields=kept)


def _is_due(situation: Situation, rules: Rules, one: SealedRecord, *, now: datetime) -> bool:
    """Not expired; approved where a second person must; about one guardian only with that one's yes."""
    if one.expires_at is not None and one.expires_at <= now:
        return False
    kind = rules.catalogue.types[one.information_type]
    if kind.second_approver and one.approved_by is None:
        return False
    return one.about is None or one.about in owners_with_yes(situation.known, kind, now)
