"""What is wrong with what was entered about authority: its evidence, its period, who else has it. Pure.

Who decides on a day is `model.authority_on`; writing it down is `service`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from consent_service.families.model import (
    AuthorityFact,
    AuthorityKind,
    NewAuthority,
    NewFamily,
    NewGuardian,
    check_body,
    check_identity,
    taking_over,
)
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId

_CHILDHOOD = 18
"""Years; authority neither began longer ago nor lasts longer (BW 1:233, 1:245)."""
_YEARS_AHEAD = 1
_PROVES: dict[AuthorityKind, frozenset[str]] = {
    "voogd": frozenset({"judgment", "register"}),
    "court_order": frozenset({"judgment"}),
}
_BODY_MAY_BE: frozenset[AuthorityKind] = frozenset({"voogd", "court_order", "gezinsvoogd", "none"})
Period = tuple[date, date | None]


def check_authority(fact: NewAuthority, *, day: date, body: bool = False) -> tuple[Problem, ...]:
    """Everything wrong with one fact, whatever else is known: period, evidence, who can have it.

    A voogd stands in the register or in a judgment (BW 1:280), a court's replacement consent in a
    judgment and for a time (BW 1:265e).
    """
    problems = list(_period_problems(fact, day))
    if fact.source not in _PROVES.get(fact.kind, {fact.source}):
        problems.append(Problem("source", f"{fact.kind}_needs_proof"))
    if fact.kind == "court_order" and fact.valid_until is None:
        problems.append(Problem("valid_until", "court_order_needs_end"))
    if fact.seen_on is not None and fact.seen_on > day:
        problems.append(Problem("seen_on", "date_future"))
    if body and fact.kind not in _BODY_MAY_BE:
        problems.append(Problem("kind", "body_is_no_parent"))
    return tuple(problems)


def check_guardianship(
    fact: NewAuthority, guardian: PersonId, recorded: Iterable[AuthorityFact]
) -> tuple[Problem, ...]:
    """Two guardians (voogden) of one child at one time are refused, unless they were appointed together.

    `recorded` are the facts about this child. Source: BW 1:282.
    """
    if fact.kind != "voogd" or fact.jointly:
        return ()
    by_guardian: dict[PersonId, list[AuthorityFact]] = {}
    for known in sorted(recorded, key=taking_over):
        by_guardian.setdefault(known.guardian, []).append(known)
    by_guardian.pop(guardian, None)
    mine = (fact.valid_from, fact.valid_until)
    for facts in by_guardian.values():
        if any(_overlap(mine, period) for period in _as_voogd(facts)):
            return (Problem("kind", "voogd_overlaps"),)
    return ()


def check_later(
    fact: NewAuthority, guardian: PersonId, recorded: Iterable[AuthorityFact], *, day: date
) -> tuple[Problem, ...]:
    """Whoever enters a fact is told of a decision that begins later, and says whether it stays.

    It would take over on its day, whatever is recorded now of before; what is wrong with it is corrected
    with a fact from that same day. `recorded` are the facts about this child.
    """
    ahead = {
        known.valid_from: known
        for known in sorted(recorded, key=taking_over)
        if known.guardian == guardian and known.valid_from > max(day, fact.valid_from)
    }
    for begins, known in sorted(ahead.items()):
        is_over = fact.valid_until is not None and fact.valid_until <= begins
        if known.kind != fact.kind and not is_over and not fact.keeps_later:
            return (Problem("keeps_later", "authority_overtakes_later", {"day": f"{begins:%d-%m-%Y}"}),)
    return ()


def check_guardian(new: NewGuardian, prefix: str, *, day: date) -> list[Problem]:
    """Everything wrong with one guardian; authority that rests on nothing is not recorded."""
    if new.body:
        problems = check_body(new.identity, prefix)
        if new.authority is None:
            problems.append(Problem(prefix + "kind", "body_is_no_parent"))
    else:
        problems = check_identity(new.identity, prefix, day=day, child=False)
    if new.authority is not None and new.source is None:
        problems.append(Problem(prefix + "source", "authority_source_missing"))
    if new.seen_on is not None and new.seen_on > day:
        problems.append(Problem(prefix + "seen_on", "date_future"))
    elif new.authority is not None and new.source is not None:
        fact = NewAuthority(new.authority, new.source, new.seen_on or day)
        found = check_authority(fact, day=day, body=new.body)
        problems += [Problem(prefix + one.field, one.code, one.params) for one in found]
    return problems


def check_family(new: NewFamily, *, day: date) -> tuple[Problem, ...]:
    """Everything wrong with a registration; a family has at least one guardian and one child."""
    problems: list[Problem] = []
    if not new.guardians:
        problems.append(Problem("guardians", "guardian_missing"))
    if not new.children:
        problems.append(Problem("children", "child_missing"))
    for number, guardian in enumerate(new.guardians):
        problems += check_guardian(guardian, f"guardian_{number}_", day=day)
    for number, child in enumerate(new.children):
        problems += check_identity(child, f"child_{number}_", day=day, child=True)
    voogden = [number for number, one in enumerate(new.guardians) if one.authority == "voogd"]
    problems += [Problem(f"guardian_{number}_kind", "voogd_overlaps") for number in voogden[1:]]
    return tuple(problems)


def _period_problems(fact: NewAuthority, day: date) -> Iterable[Problem]:
    if fact.valid_until is not None and fact.valid_until <= fact.valid_from:
        yield Problem("valid_until", "ends_before_start")
    elif fact.valid_until is not None and fact.valid_until > _years_from(day, _CHILDHOOD):
        yield Problem("valid_until", "authority_ends_too_late")
    if fact.valid_from < _years_from(day, -_CHILDHOOD):
        yield Problem("valid_from", "authority_too_long_ago")
    elif fact.valid_from > _years_from(day, _YEARS_AHEAD):
        yield Problem("valid_from", "authority_too_far_ahead")


def _as_voogd(facts: list[AuthorityFact]) -> Iterable[Period]:
    """When somebody is voogd by these facts, as they take over: what came later does as it begins."""
    for number, fact in enumerate(facts):
        if fact.kind != "voogd":
            continue
        ends = [later.valid_from for later in facts[number + 1 :]]
        until = min([*ends, *([] if fact.valid_until is None else [fact.valid_until])], default=None)
        if until is None or until > fact.valid_from:
            yield fact.valid_from, until


def _overlap(one: Period, other: Period) -> bool:
    return (one[1] is None or other[0] < one[1]) and (other[1] is None or one[0] < other[1])


def _years_from(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
