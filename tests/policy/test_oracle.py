"""The policies against the same rules written once more, in plain Python, by another hand."""

from __future__ import annotations

from typing import get_args

import hypothesis.strategies as st
from hypothesis import example, given, settings
from msgspec.structs import replace

from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue, Direction, InformationType, Level, Purpose
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Allowance, Refusal, decide, judge, preview
from consent_service.policy.explain import sentence
from consent_service.policy.facts import (
    Action,
    ChildAnswer,
    Gate,
    Lapse,
    Question,
    Reader,
    ReaderKind,
    Safety,
    TypeFacts,
    Voice,
)
from tests.policy.questions import NOW, POLICIES, question, relationship_facts

ROLES = ("contact", "teacher", "director", "administration", "meldcode_officer", "counsellor", "holder", "?")
BY_KEY = load_catalogue(POLICIES).types
TYPES = tuple(BY_KEY.values())


INCOMING: dict[ReaderKind, Direction] = {"school": "s2c", "guardian": "s2c", "shelter": "c2s"}
OUTGOING: dict[ReaderKind, Direction] = {"school": "c2s", "shelter": "s2c"}
COUNT = st.integers(0, 3)

OF_RELATIONSHIP: dict[str, st.SearchStrategy[object]] = {
    "active": st.just(False),
    "agreement_valid": st.just(False),
    "active_contact": st.just(False),
    "assigned": st.just(False),
    "safety": st.sampled_from(get_args(Safety)),
    "secret_address": st.just(True),
}
OF_TYPE: dict[str, st.SearchStrategy[object]] = {
    "level": st.sampled_from(get_args(Level)),
    "direction": st.sampled_from(get_args(Direction)),
    "holders": COUNT,
    "authority_known": st.just(False),
    "yes": COUNT,
    "objecting": COUNT,
    "own_yes": st.just(False),
    "child_answer": st.sampled_from(get_args(ChildAnswer)),
    "earlier_yes": COUNT,
    "excused": COUNT,
    "lapse": st.sampled_from(get_args(Lapse)),
    "gate": st.sampled_from(get_args(Gate)),
    "second_approved": st.just(False),
}


def type_in_order(draw: st.DrawFn, kind: InformationType, direction: Direction) -> TypeFacts:
    """Everybody said yes to it, whoever has to."""
    holders = draw(st.integers(1, 3))
    return TypeFacts(
        key=kind.key,
        level=kind.level,
        direction=direction,
        holders=holders,
        authority_known=True,
        yes=holders,
        objecting=0,
        own_yes=True,
        child_answer="yes",
        voice=draw(st.sampled_from(get_args(Voice))),
        gate="open",
        second_approved=True,
    )


@st.composite
def questions_in_order(draw: st.DrawFn) -> Question:
    """One to three types that this reader may read or write for this purpose."""
    action: Action = draw(st.sampled_from(get_args(Action)))
    who: ReaderKind = draw(st.sampled_from(["school", *INCOMING]))
    direction = (INCOMING if action == "release" else OUTGOING).get(who, "s2c")
    first = draw(st.sampled_from([kind for kind in TYPES if direction in kind.directions]))
    purpose = draw(st.sampled_from(first.purposes))
    others = [kind for kind in TYPES if direction in kind.directions and purpose in kind.purposes]
    kinds = draw(st.lists(st.sampled_from(others), min_size=1, max_size=3, unique_by=lambda kind: kind.key))
    of_school = kinds[0].readers if action == "release" else kinds[0].writers
    fitting = {"school": of_school or ROLES, "shelter": ("counsellor",), "guardian": ("holder",)}
    types = [type_in_order(draw, kind, direction) for kind in kinds]
    urgent = [replace(facts, emergency=True) for facts in types if BY_KEY[facts.key].has_emergency_part]
    return Question(
        action=action,
        reader=Reader(kind=who, id="reader", role=draw(st.sampled_from(fitting[who]))),
        purpose=purpose,
        basis="consent",
        relationship=relationship_facts(),
        types=(*types, *urgent) if action == "release" else tuple(types),
    )


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question in order of which up to four things are changed: each rare rule is reached often."""
    asked = draw(questions_in_order())
    if draw(st.integers(0, 7)) == 0:
        asked = replace(asked, reader=replace(asked.reader, role=draw(st.sampled_from(ROLES))))
    if draw(st.integers(0, 7)) == 0:
        asked = replace(asked, purpose=draw(st.sampled_from(get_args(Purpose))))
    names = draw(st.sets(st.sampled_from([*OF_RELATIONSHIP, *OF_TYPE]), max_size=4))
    of_relationship = {name: draw(OF_RELATIONSHIP[name]) for name in sorted(names & OF_RELATIONSHIP.keys())}
    types = tuple(
        replace(facts, **{name: draw(OF_TYPE[name]) for name in sorted(names & OF_TYPE.keys())})
        for facts in asked.types
    )
    return replace(asked, relationship=replace(asked.relationship, **of_relationship), types=types)


def cause_in_reader(asked: Question, facts: TypeFacts, kind: InformationType, shown: bool) -> str:
    """The first cause that lies in who asks, or nothing."""
    about, who, role = asked.relationship, asked.reader.kind, asked.reader.role
    expected = INCOMING if asked.action == "release" else OUTGOING
    if not about.agreement_valid:
        return "no_agreement"
    if who == "school" and not about.active_contact:
        return "not_active_contact"
    if who == "shelter" and not about.assigned:
        return "not_assigned"
    if (who, role) not in {("shelter", "counsellor"), ("guardian", "holder")} and who != "school":
        return "role_not_allowed"
    if facts.direction != expected.get(who):
        return "wrong_direction"
    if facts.direction not in kind.directions:
        return "direction_not_of_type"
    if who == "school" and asked.action == "release" and role not in kind.readers:
        return "role_may_not_read"
    if who == "school" and asked.action == "share" and role not in kind.writers:
        return "role_may_not_write"
    if asked.purpose not in kind.purposes:
        return "purpose_not_of_type"
    if who == "guardian" and asked.action == "release" and not shown:
        return "preview_only"
    return ""


def cause_in_family(asked: Question, facts: TypeFacts, kind: InformationType) -> str:
    """The first cause that lies in the family, or nothing: then it is a yes."""
    about = asked.relationship
    flagged = about.safety in ("danger", "not_assessed")
    own = kind.decided_by == "own_guardian"
    alone = facts.voice == "alone" and not own
    carries_on = "continues_at_birthday" in kind.rules or facts.emergency
    if asked.reader.kind == "guardian" and asked.action == "release" and not facts.own_yes:
        return "not_your_answer"
    if kind.key == "postal_address" and (about.secret_address or flagged):
        return "address_protected"
    if kind.locating and flagged:
        return "location_protected"
    if not about.active:
        return "relationship_ended"
    if facts.lapse == "suspended":
        return "suspended"
    if facts.objecting and not own and facts.voice != "alone":
        return "objection"
    if facts.child_answer == "no":
        return "child_refused"
    open_enough = ("open", "meanwhile") if carries_on else ("open",)
    gated = facts.direction == "s2c" and not (kind.gate or kind.exempt_from_gate)
    if gated and facts.gate not in open_enough:
        return "gate_closed"
    if needs_known_authority(facts, kind, alone=alone) and not facts.authority_known:
        return "authority_unknown"
    if facts.lapse != "none":
        return {"outdated": "text_changed", "expired": "consent_expired"}[facts.lapse]
    answer = missing_answer(facts, kind, own=own, alone=alone)
    if answer and not (carries_on and is_only_the_birthday(facts)):
        return answer
    approved = facts.second_approved or asked.action == "share"
    return "" if approved or not (kind.second_approver or facts.level == "A10") else "second_approval_missing"


def needs_known_authority(facts: TypeFacts, kind: InformationType, *, alone: bool) -> bool:
    """Special categories and criminal risk; an emergency waits for nobody's papers."""
    if facts.emergency or alone:
        return False
    return facts.level in ("A9", "A10") or kind.decided_by == "all_holders"


def is_only_the_birthday(facts: TypeFacts) -> bool:
    """Nobody said no; the child, who has a say since a birthday, has just not been asked."""
    has_say = facts.voice in ("together", "alone")
    return has_say and facts.child_answer == "none" and facts.earlier_yes > 0 and facts.objecting == 0


def missing_answer(facts: TypeFacts, kind: InformationType, *, own: bool, alone: bool) -> str:
    """Whose yes it still takes, or nothing."""
    if own:
        return "" if facts.own_yes else "own_answer_missing"
    if alone:
        return "" if facts.child_answer == "yes" else "awaiting_young_person"
    if facts.yes < 1:
        return "no_consent"
    if facts.emergency:
        return ""
    everybody = kind.decided_by == "all_holders" or facts.level == "A9"
    if everybody and facts.yes + facts.excused != facts.holders:
        return "holders_missing"
    if facts.voice == "together" and facts.child_answer != "yes":
        return "awaiting_child"
    return ""


def expected_code(asked: Question, facts: TypeFacts, catalogue: Catalogue, *, shown: bool) -> str:
    kind = catalogue.types[facts.key]
    return cause_in_reader(asked, facts, kind, shown) or cause_in_family(asked, facts, kind)


@given(asked=questions(), shown=st.booleans())
@settings(max_examples=2000)
@example(asked=question(), shown=False)
def test_the_policies_and_the_plain_rules_agree(
    bundle: Bundle, catalogue: Catalogue, asked: Question, shown: bool
) -> None:
    answers = judge(bundle, asked, preview=shown)
    got = ["" if isinstance(answer, Allowance) else answer.code for answer in answers]
    assert got == [expected_code(asked, facts, catalogue, shown=shown) for facts in asked.types]


@given(asked=questions())
@settings(max_examples=300)
def test_each_type_is_either_permitted_or_refused_and_a_preview_agrees(
    bundle: Bundle, asked: Question
) -> None:
    decided = decide(bundle, asked, now=NOW)
    permitted = decided.permit.types if decided.permit else frozenset()
    refused = {refusal.type for refusal in decided.refusals}
    assert permitted | refused == {facts.key for facts in asked.types}
    assert not permitted & refused
    if asked.reader.kind != "guardian":
        assert preview(bundle, asked, now=NOW).types == permitted


@given(one=questions(), other=questions())
@settings(max_examples=300)
def test_what_a_school_reads_when_refused_never_depends_on_the_family(
    bundle: Bundle, one: Question, other: Question
) -> None:
    """The same reader, agreement, list, purpose and type; two families: one sentence."""
    first = of_school(one, family=one)
    second = of_school(one, family=other)
    for left, right in zip(
        judge(bundle, first, preview=False), judge(bundle, second, preview=False), strict=True
    ):
        if isinstance(left, Refusal) and isinstance(right, Refusal):
            assert told(bundle, left) == told(bundle, right)


def of_school(asked: Question, *, family: Question) -> Question:
    """The first type of `asked`, asked by a school, with everything about the family from elsewhere."""
    whose, about = asked.types[0], asked.relationship
    facts = replace(family.types[0], key=whose.key, level=whose.level, direction=whose.direction)
    relationship = replace(
        family.relationship, agreement_valid=about.agreement_valid, active_contact=about.active_contact
    )
    reader = Reader(kind="school", id="reader", role=asked.reader.role)
    return replace(asked, reader=reader, relationship=relationship, types=(facts,))


def told(bundle: Bundle, refusal: Refusal) -> str:
    return sentence(bundle, refusal, audience="school", language="nl")
