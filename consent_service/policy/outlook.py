"""Until when a decision holds, and what would change it: the very same decision, put again. Pure.

Nothing here is guessed. Time is moved to each moment at which something could change, and what people
may still do is supposed one act at a time; the policies answer each time. Wording is `explain`.

Who may know neither another person's choice nor anything of safety, gets the outlook of a world in which
those do not exist (`own_outlooks`): it cannot depend on what it does not contain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial, reduce
from typing import Final

import msgspec

from consent_service.consent.model import CLOCKS_DIFFER, Standing
from consent_service.consent.states import DecisionKind
from consent_service.families.model import birthday_on
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.information.model import Catalogue, InformationType, Purpose
from consent_service.policy.decision import NO_DUTIES, Allowance, Refusal, preview
from consent_service.policy.facts import Action, Reader
from consent_service.policy.projection import Asked, Known, question_for, standings_on
from consent_service.policy.reasons import ChangeCode
from consent_service.policy.rules import Rules
from consent_service.policy.supposing import (
    DANGER,
    SAFE,
    agreed,
    authority_now,
    established,
    gate_opened,
    gate_shut,
    lifted,
    own_records,
    own_view,
    resumed,
    said,
    staying,
)

Answer = Allowance | Refusal
Answers = Mapping[TypeKey, Answer]
Change = Callable[[Known], Known]

_ONE_DAY: Final = timedelta(days=1)


class Asking(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question that can be put again: who asks, for what purpose, about which types.

    duties: those that whoever opens carries out.
    """

    reader: Reader
    purpose: Purpose
    asked: tuple[Asked, ...]
    action: Action = "release"
    duties: frozenset[str] = NO_DUTIES


class Outlook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The answer on one type now, until when time leaves it as it is, and what else would change it.

    ends_at, then: the first moment at which less is shared than now, and the answer from that moment on.
    begins_at: of a no, the first moment at which time alone makes it a yes.
    changes: each item is enough to change the answer; an item of several codes takes all of them.
    """

    answer: Answer
    ends_at: datetime | None = None
    then: Answer | None = None
    begins_at: datetime | None = None
    changes: tuple[tuple[ChangeCode, ...], ...] = ()

    @property
    def shared(self) -> bool:
        """Whether anything of the type is shared now."""
        return isinstance(self.answer, Allowance)


class Supposition(msgspec.Struct, frozen=True):
    """One thing that could be otherwise; how that is called per type, for the types it is about."""

    change: Change
    called: Mapping[TypeKey, ChangeCode]


def outlooks(rules: Rules, known: Known, asking: Asking, *, now: datetime) -> dict[TypeKey, Outlook]:
    """The outlook of each asked type."""
    found: dict[TypeKey, Outlook] = {}
    for part in _parts(rules, asking):
        found |= _outlooks(rules, known, part, now=now)
    return {key: found[key] for key, _ in asking.asked}


def own_outlooks(
    rules: Rules, known: Known, asking: Asking, *, person: PersonId, now: datetime
) -> dict[TypeKey, Outlook]:
    """What one person may know: the answers as they are, and beside them only the own choices.

    `changes` holds only what this person can do, or what is nobody's choice.
    """
    found: dict[TypeKey, Outlook] = {}
    for part in _parts(rules, asking):
        found |= _own_outlooks(rules, known, part, person=person, now=now)
    return {key: found[key] for key, _ in asking.asked}


def _parts(rules: Rules, asking: Asking) -> Iterator[Asking]:
    """The gate type is supposed about by itself: a yes to it opens the others, which is another reason."""
    for is_gate in (True, False):
        asked = tuple(one for one in asking.asked if rules.catalogue.types[one[0]].gate is is_gate)
        if asked:
            yield msgspec.structs.replace(asking, asked=asked)


def _own_outlooks(
    rules: Rules, known: Known, asking: Asking, *, person: PersonId, now: datetime
) -> dict[TypeKey, Outlook]:
    kinds = [rules.catalogue.types[key] for key, _ in asking.asked]
    own = own_view(known, rules.catalogue, kinds, person, now)
    silent = own_view(msgspec.structs.replace(known, decisions=()), rules.catalogue, kinds, person, now)
    real = answers(rules, own_records(known, person), asking, now=now)
    alone = _outlooks(rules, own, asking, now=now)
    unsaid = answers(rules, silent, asking, now=now)
    agreed_to = said(own, kinds, person, "given", now)
    agreed = answers(rules, agreed_to, asking, now=now)
    stopped = answers(rules, _stopped(agreed_to, kinds, person, now), asking, now=now)
    is_child = person == known.relationship.child
    own_no: ChangeCode = "you_say_no" if is_child else "you_object"
    return {
        key: _own(
            answer,
            alone[key] if _rank(unsaid[key]) == 0 else msgspec.structs.replace(alone[key], ends_at=None),
            names=_OWN_OF_CHILD if is_child else _OWN_OF_GUARDIAN,
            stop=own_no if _rank(stopped[key]) < _rank(agreed[key]) else None,
        )
        for key, answer in real.items()
    }


_OWN_OF_GUARDIAN: Final[Mapping[ChangeCode, ChangeCode]] = {
    "holder_yes": "you_say_yes",
    "own_yes": "you_say_yes",
    "renewed": "you_say_yes",
    "text_answered": "you_say_yes",
    "text_cleared": "text_cleared",
    "objection_lifted": "you_lift_objection",
    "yes_withdrawn": "you_withdraw",
    "own_withdrawn": "you_withdraw",
    "holder_objects": "you_object",
    "agreement": "agreement",
    "authority_established": "authority_established",
}
_OWN_OF_CHILD: Final[Mapping[ChangeCode, ChangeCode]] = {
    "child_yes": "you_say_yes",
    "child_no": "you_say_no",
    "text_cleared": "text_cleared",
    "agreement": "agreement",
}
"""How one's own acts are called to oneself. What is not here is not told to who may know only the own."""


def _own(
    answer: Answer, own: Outlook, *, names: Mapping[ChangeCode, ChangeCode], stop: ChangeCode | None
) -> Outlook:
    """Of the own world only what fits the answer as it is: where that differs, others made it so."""
    shared = isinstance(answer, Allowance)
    if shared is not own.shared:
        return Outlook(answer, changes=((stop,),) if shared and stop is not None else ())
    items = [tuple(names[code] for code in item) for item in own.changes if set(item) <= names.keys()]
    return Outlook(answer, ends_at=own.ends_at, changes=tuple(dict.fromkeys(items)))


def _stopped(own: Known, kinds: Sequence[InformationType], person: PersonId, now: datetime) -> Known:
    """What this person can always do, whatever was said before."""
    kind: DecisionKind = "opinion_no" if person == own.relationship.child else "objected"
    return said(own, kinds, person, kind, now)


# --- putting the question again ------------------------------------------------------------------


def answers(rules: Rules, known: Known, asking: Asking, *, now: datetime) -> dict[TypeKey, Answer]:
    """One answer a type, as this reader would get it now; opens nothing."""
    question = question_for(
        known,
        rules.catalogue,
        action=asking.action,
        reader=asking.reader,
        purpose=asking.purpose,
        asked=asking.asked,
        now=now,
    )
    seen = preview(rules.bundle, question, now=now, duties=asking.duties)
    found: dict[TypeKey, Answer] = {refusal.type: refusal for refusal in seen.refusals}
    return found | {allowance.type: allowance for allowance in seen.allowed}


def _rank(answer: Answer) -> int:
    """Nothing, the emergency part only, or all of the type."""
    if isinstance(answer, Refusal):
        return 0
    return 1 if answer.emergency else 2


def _outlooks(rules: Rules, known: Known, asking: Asking, *, now: datetime) -> dict[TypeKey, Outlook]:
    present = answers(rules, known, asking, now=now)
    later = [
        (moment, answers(rules, staying(known, asking.reader), asking, now=moment))
        for moment in turning_points(known, rules.catalogue, asking.reader, now)
    ]
    changes = _changes(rules, known, asking, present, now)
    return {
        key: _outlook(answer, [(at, told[key]) for at, told in later], changes[key])
        for key, answer in present.items()
    }


def _outlook(
    answer: Answer, later: Sequence[tuple[datetime, Answer]], changes: Iterable[tuple[ChangeCode, ...]]
) -> Outlook:
    less = next(((at, told) for at, told in later if _rank(told) < _rank(answer)), None)
    begins = None if _rank(answer) else next((at for at, told in later if _rank(told)), None)
    ends_at, then = less if less is not None else (None, None)
    return Outlook(answer, ends_at, then, begins, tuple(dict.fromkeys(changes)))


def turning_points(known: Known, catalogue: Catalogue, reader: Reader, now: datetime) -> tuple[datetime, ...]:
    """Every moment after `now` at which time alone could change an answer to this reader, in order."""
    about, terms = known.relationship, catalogue.terms
    days: list[date | None] = [birthday_on(known.birth_date, terms.together_from)]
    days.append(birthday_on(known.birth_date, terms.alone_from))
    days += [day for fact in known.authority for day in (fact.valid_from, fact.valid_until)]
    days += [agreement.valid_from for agreement in known.agreements]
    days += [_day_after(agreement.valid_until) for agreement in known.agreements]
    days += [_day_after(marker.review_on) for marker in known.markers]
    moments: list[datetime | None] = [local_midnight(day) for day in days if day is not None]
    moments += [about.started_at, about.ended_at, about.ends_at, about.aftercare_from]
    moments += [agreement.ended_at for agreement in known.agreements]
    moments += [at for one in known.contacts if one.staff == reader.id for at in (one.starts_at, one.ends_at)]
    moments += [at for one in known.assigned if one.staff == reader.id for at in (one.starts_at, one.ends_at)]
    for row in (*known.decisions, *known.objections):
        moments += [row.valid_until, max(row.decided_at, row.recorded_at) - CLOCKS_DIFFER]
    return tuple(sorted({moment for moment in moments if moment is not None and moment > now}))


def _day_after(day: date | None) -> date | None:
    return None if day is None else day + _ONE_DAY


# --- supposing -----------------------------------------------------------------------------------


def _changes(
    rules: Rules, known: Known, asking: Asking, present: Answers, now: datetime
) -> dict[TypeKey, list[tuple[ChangeCode, ...]]]:
    """Per type what is enough: each supposition that changes the answer; else the fewest together."""
    kinds = [rules.catalogue.types[key] for key in present]
    ranks = {_rank(answer) for answer in present.values()}
    up = list(_towards_yes(rules.catalogue, known, kinds, now)) if ranks - {2} else []
    down = list(_towards_no(rules.catalogue, known, kinds, now)) if ranks - {0} else []
    found: dict[TypeKey, list[tuple[ChangeCode, ...]]] = {key: [] for key in present}
    for supposition, sign in [*((one, 1) for one in up), *((one, -1) for one in down)]:
        told = answers(rules, supposition.change(known), asking, now=now)
        for key, code in supposition.called.items():
            if sign * (_rank(told[key]) - _rank(present[key])) > 0:
                found[key].append((code,))
    stuck = [key for key, answer in present.items() if isinstance(answer, Refusal) and not found[key]]
    for key, codes in _together(rules, known, asking, up, stuck, now=now):
        found[key].append(codes)
    return found


def _together(
    rules: Rules,
    known: Known,
    asking: Asking,
    suppositions: Sequence[Supposition],
    keys: Sequence[TypeKey],
    *,
    now: datetime,
) -> Iterator[tuple[TypeKey, tuple[ChangeCode, ...]]]:
    """What it takes together, without what is not needed; of a type nothing if all do not suffice.

    One after the other is left out, for all types at once that still need the same.
    """

    def sufficing(chosen: Sequence[Supposition], of: Sequence[TypeKey]) -> list[TypeKey]:
        supposed = reduce(lambda so_far, one: one.change(so_far), chosen, known)
        part = tuple(one for one in asking.asked if one[0] in of)
        told = answers(rules, supposed, msgspec.structs.replace(asking, asked=part), now=now)
        return [key for key in of if _rank(told[key]) > 0]

    groups = [(tuple(suppositions), sufficing(suppositions, keys))] if keys else []
    for one in suppositions:
        left_out = []
        for needed, of in groups:
            without = tuple(other for other in needed if other is not one)
            enough = sufficing(without, of) if of else []
            left_out += [(without, enough), (needed, [key for key in of if key not in enough])]
        groups = [group for group in left_out if group[1]]
    for needed, of in groups:
        for key in of:
            codes = [one.called[key] for one in needed]
            yield key, tuple("holders_yes" if codes.count(c) > 1 else c for c in dict.fromkeys(codes))


def _towards_yes(
    catalogue: Catalogue, known: Known, kinds: Sequence[InformationType], now: datetime
) -> Iterator[Supposition]:
    """Every single thing that might make a no a yes."""
    keys = [kind.key for kind in kinds]
    yield Supposition(_made_safe, dict.fromkeys(keys, "safe"))
    yield Supposition(partial(established, now=now), dict.fromkeys(keys, "authority_established"))
    yield Supposition(partial(agreed, now=now), dict.fromkeys(keys, "agreement"))
    yield Supposition(partial(_approved, keys=keys), dict.fromkeys(keys, "second_approval"))
    yield Supposition(partial(lifted, kinds=kinds, now=now), dict.fromkeys(keys, "objection_lifted"))
    yield Supposition(partial(resumed, kinds=kinds, now=now), dict.fromkeys(keys, "text_cleared"))
    if not any(kind.gate for kind in kinds):
        opened = partial(gate_opened, catalogue=catalogue, now=now)
        yield Supposition(opened, dict.fromkeys(keys, "gate_yes"))
    for person in _speakers(known, kinds, now):
        called = {
            kind.key: _yes_of(known, kind, person, now)
            for kind in kinds
            if person in _deciders_on(known, kind, now)
        }
        saying = partial(said, kinds=kinds, person=person, kind="given", now=now)
        yield Supposition(saying, called)
    child = known.relationship.child
    agreeing = partial(said, kinds=kinds, person=child, kind=_child_says(catalogue, known, now), now=now)
    yield Supposition(agreeing, dict.fromkeys(keys, "child_yes"))


def _towards_no(
    catalogue: Catalogue, known: Known, kinds: Sequence[InformationType], now: datetime
) -> Iterator[Supposition]:
    """Every single thing that might make a yes a no; of several who said yes also all of them together."""
    keys = [kind.key for kind in kinds]
    yield Supposition(_in_danger, dict.fromkeys(keys, "danger"))
    people = _speakers(known, kinds, now)
    for group in (*((person,) for person in people), people):
        called = {kind.key: _no_of(kind) for kind in kinds if set(group) & _deciders_on(known, kind, now)}
        yield Supposition(partial(_all_say, group, kinds=kinds, kind="withdrawn", now=now), called)
    for person in authority_now(known, now).deciders:
        objecting = partial(said, kinds=kinds, person=person, kind="objected", now=now)
        yield Supposition(objecting, dict.fromkeys(keys, "holder_objects"))
    refusing = partial(said, kinds=kinds, person=known.relationship.child, kind="opinion_no", now=now)
    yield Supposition(refusing, dict.fromkeys(keys, "child_no"))
    if not any(kind.gate for kind in kinds):
        shut = partial(gate_shut, catalogue=catalogue, now=now)
        yield Supposition(shut, dict.fromkeys(keys, "gate_no"))


def _speakers(known: Known, kinds: Iterable[InformationType], now: datetime) -> tuple[PersonId, ...]:
    """The grown-ups who have anything to say about any of these types."""
    return tuple(sorted({person for kind in kinds for person in _deciders_on(known, kind, now)}))


def _deciders_on(known: Known, kind: InformationType, now: datetime) -> frozenset[PersonId]:
    if kind.decided_by == "own_guardian":
        return known.owners.get(kind.key, frozenset())
    return frozenset(authority_now(known, now).deciders)


def _yes_of(known: Known, kind: InformationType, person: PersonId, now: datetime) -> ChangeCode:
    """What a yes of this person would be: a first one, the same once more, or one to a new text."""
    standing = standings_on(known, kind, now).get(person, Standing(person))
    if standing.answer == "suspended" or standing.outdated:
        return "text_answered"
    if standing.expired:
        return "renewed"
    return "own_yes" if kind.decided_by == "own_guardian" else "holder_yes"


def _no_of(kind: InformationType) -> ChangeCode:
    return "own_withdrawn" if kind.decided_by == "own_guardian" else "yes_withdrawn"


def _child_says(catalogue: Catalogue, known: Known, now: datetime) -> DecisionKind:
    heard = known.voice(catalogue.terms, local_date(now)) == "heard"
    return "opinion_yes" if heard else "given"


def _all_say(
    group: Iterable[PersonId],
    known: Known,
    *,
    kinds: Sequence[InformationType],
    kind: DecisionKind,
    now: datetime,
) -> Known:
    for person in group:
        known = said(known, kinds, person, kind, now)
    return known


def _made_safe(known: Known) -> Known:
    return msgspec.structs.replace(known, safety=SAFE)


def _in_danger(known: Known) -> Known:
    return msgspec.structs.replace(known, safety=DANGER)


def _approved(known: Known, *, keys: Iterable[TypeKey]) -> Known:
    return msgspec.structs.replace(known, approved=known.approved | frozenset(keys))
