"""The policies against the same rules written once more, in plain Python, by another hand."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis import example, given, settings
from msgspec.structs import replace

from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue, Direction, InformationType, Level, Purpose
from consent_service.policy.bundle import Bundle, with_policies
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
from consent_service.policy.lint import KNOWN_OBLIGATIONS
from tests.policy.chance import Chance
from tests.policy.plain_rules import NAMED_FIRST, Verdict, verdict
from tests.policy.questions import NOW, POLICIES, question, relationship_facts

REQUESTS = 20_000
OF_THE_DECISION = ("policy_error", "unknown_type", "not_permitted")
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
    "break_glass_persons": COUNT,
    "break_glass_running": st.just(False),
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
        basis=draw(st.sampled_from(["consent", "consent", "vital_interest"])),
        relationship=relationship_facts(break_glass_persons=2, break_glass_running=True),
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


def as_verdict(answer: Allowance | Refusal) -> Verdict:
    if isinstance(answer, Allowance):
        return Verdict(True, answer.code, answer.determining, False, answer.obligations)
    return Verdict(False, answer.code, answer.determining, answer.error)


@given(asked=questions(), shown=st.booleans())
@settings(max_examples=300)
@example(asked=question(), shown=False)
def test_the_policies_and_the_plain_rules_agree(
    bundle: Bundle, catalogue: Catalogue, asked: Question, shown: bool
) -> None:
    """The same as below for few questions, of which the smallest that differs is shown."""
    got = [as_verdict(answer) for answer in judge(bundle, asked, preview=shown)]
    assert got == [verdict(asked, facts, catalogue, shown=shown) for facts in asked.types]


def test_twenty_thousand_random_requests_are_decided_as_the_plain_rules_say(
    bundle: Bundle, catalogue: Catalogue
) -> None:
    """Yes or no, the code, every rule that decided, duties and errors; each rule and code comes up."""
    chance = Chance(catalogue, seed=20_000)
    codes: Counter[str] = Counter()
    rules: set[str] = set()
    while codes.total() < REQUESTS:
        asked, shown = chance.question()
        for facts, answer in zip(asked.types, judge(bundle, asked, preview=shown), strict=True):
            expected = verdict(asked, facts, catalogue, shown=shown)
            assert as_verdict(answer) == expected, (asked, facts.place)
            codes[expected.code] += 1
            rules |= set(expected.determining)
    assert rules == bundle.notes.keys()
    assert codes.keys() == {*NAMED_FIRST, *bundle.causes.grounds, *OF_THE_DECISION}


@pytest.mark.parametrize(
    "left_out", ["access.relationship", "release.guardian_own", "consent.provisional", "consent.meanwhile"]
)
def test_a_rule_that_is_left_out_differs_even_where_another_one_decides_alike(
    bundle: Bundle, catalogue: Catalogue, left_out: str
) -> None:
    keyed = {rule: policy for rule, policy in bundle.source.items() if rule != left_out}
    planted, chance = with_policies(bundle, keyed), Chance(catalogue, seed=1)
    asked = [chance.question() for _ in range(500)]
    assert any(
        as_verdict(answer) != verdict(one, facts, catalogue, shown=shown)
        for one, shown in asked
        for facts, answer in zip(one.types, judge(planted, one, preview=shown), strict=True)
    )


@given(asked=questions())
@settings(max_examples=300)
def test_each_type_is_either_permitted_or_refused_and_a_preview_agrees(
    bundle: Bundle, asked: Question
) -> None:
    decided = decide(bundle, asked, now=NOW, duties=KNOWN_OBLIGATIONS)
    permitted = decided.permit.types if decided.permit else frozenset()
    refused = {refusal.type for refusal in decided.refusals}
    assert permitted | refused == {facts.key for facts in asked.types}
    assert not permitted & refused
    if asked.reader.kind != "guardian":
        assert preview(bundle, asked, now=NOW, duties=KNOWN_OBLIGATIONS).types == permitted


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


def test_a_family_cause_that_counts_as_the_schools_own_would_be_seen(bundle: Bundle) -> None:
    """Planted: that a second person did not decide is told to the school."""
    planted = replace(
        bundle,
        causes=replace(
            bundle.causes,
            causes=tuple(
                replace(cause, about="self") if cause.code == "second_person_missing" else cause
                for cause in bundle.causes.causes
            ),
        ),
    )
    asked = question(basis="vital_interest")
    one, two = (
        replace(asked, relationship=relationship_facts(break_glass_running=running, break_glass_persons=1))
        for running in (True, False)
    )
    answers = [judge(planted, each, preview=False)[0] for each in (one, two)]
    assert len({told(planted, answer) for answer in answers if isinstance(answer, Refusal)}) == 2
    assert len({told(bundle, answer) for answer in answers if isinstance(answer, Refusal)}) == 1
