"""Past decisions judged by other rules: every change is found, once, under a key that holds no id."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent_service.foundation.ids import EntryId, RelationshipId, TenantId, TypeKey
from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import decide, judge
from consent_service.policy.facts import Question
from consent_service.policy.recorded import RecordedAnswer, RecordedDecision, recorded
from consent_service.policy.replay import EXAMPLES, Replay, change_key, judged_again, only
from consent_service.policy.rules import load_rules
from consent_service.policy.stored import laid_out
from tests.policy.changing import tighter_files
from tests.policy.questions import NOW, question, relationship_facts, type_facts


@pytest.fixture(scope="module")
def tighter() -> Bundle:
    with laid_out(tighter_files()) as folder:
        return load_rules(folder).bundle


def decided(bundle: Bundle, asked: Question) -> RecordedDecision:
    return recorded(decide(bundle, asked, now=NOW))


def entry(number: int) -> EntryId:
    return EntryId(f"entry-{number}")


def test_what_the_same_rules_decide_again_is_the_same(bundle: Bundle) -> None:
    replay = Replay(bundle, bundle)
    for number, holders in enumerate((1, 2, 3)):
        replay.add(entry(number), decided(bundle, question(type_facts(holders=holders))))
    report = replay.report(unreadable=4, other_engine=2, cut=True)
    assert (report.replayed, report.same, report.changes) == (3, 3, ())
    assert (report.unreadable, report.other_engine, report.cut) == (4, 2, True)


def test_a_change_names_the_facts_the_answers_and_the_entries(bundle: Bundle, tighter: Bundle) -> None:
    replay = Replay(tighter, bundle)
    replay.add(entry(1), decided(bundle, question(type_facts(holders=1), type_facts("shelter_involvement"))))
    replay.add(entry(2), decided(bundle, question(type_facts(holders=2))))
    report = replay.report()
    assert (report.replayed, report.same) == (2, 1)
    (change,) = report.changes
    assert (change.kind, change.action, change.reader_kind, change.role) == (
        "to_deny",
        "release",
        "school",
        "contact",
    )
    assert (change.purpose, change.basis, change.type, change.emergency) == (
        "support",
        "consent",
        "support_advice",
        False,
    )
    assert (change.before.code, change.before.determining) == ("yes_of_holder", ("consent.ordinary",))
    assert (change.after.code, change.after.determining) == ("holders_missing", ("consent.lone_holder",))
    assert change.question.types == (type_facts(holders=1),)
    assert (change.entries, change.count) == ((entry(1),), 1)
    assert report.of_kind("to_deny") == (change,)
    assert report.of_kind("to_allow") == ()


def test_the_other_way_it_would_be_allowed_and_another_reason_is_neither(
    bundle: Bundle, tighter: Bundle
) -> None:
    replay = Replay(bundle, tighter)
    replay.add(entry(1), decided(tighter, question(type_facts(holders=1))))
    replay.add(entry(2), decided(tighter, question(type_facts(holders=1, yes=0))))
    allow, otherwise = replay.report().changes
    assert (allow.kind, otherwise.kind) == ("to_allow", "otherwise")
    assert (otherwise.before.allowed, otherwise.after.allowed) == (False, False)
    assert (otherwise.before.determining, otherwise.after.determining) == (("consent.lone_holder",), ())


def test_an_answer_is_compared_with_the_rules_in_force_and_not_with_those_of_then(
    bundle: Bundle, tighter: Bundle
) -> None:
    """What was approved once is not asked again: the old refusal was made by rules that are long gone."""
    replay = Replay(bundle, bundle)
    replay.add(entry(1), decided(tighter, question(type_facts(holders=1))))
    assert replay.report().changes == ()


def test_without_rules_to_compare_with_the_recorded_answer_counts(bundle: Bundle, tighter: Bundle) -> None:
    replay = Replay(bundle, None)
    replay.add(entry(1), decided(tighter, question(type_facts(holders=1))))
    replay.add(entry(2), decided(bundle, question(type_facts(holders=2))))
    (change,) = replay.report().changes
    assert (change.kind, change.before.code, change.entries) == ("to_allow", "holders_missing", (entry(1),))


def test_a_type_that_the_new_catalogue_does_not_have_is_refused(bundle: Bundle) -> None:
    asked = question(type_facts("long_gone"))
    answers = (judged_again(bundle, question())[0],)
    replay = Replay(bundle, None)
    replay.add(entry(1), RecordedDecision(v=1, question=asked, answers=answers))
    (change,) = replay.report().changes
    assert (change.kind, change.after.code) == ("to_deny", "unknown_type")


def test_the_same_facts_of_many_families_are_one_change_under_a_key_without_ids(
    bundle: Bundle, tighter: Bundle
) -> None:
    replay = Replay(tighter, bundle)
    for number in range(EXAMPLES + 5):
        about = relationship_facts(
            tenant=TenantId(f"tenant-{number}"), relationship=RelationshipId(f"relationship-{number}")
        )
        asked = question(type_facts(holders=1), relationship=about)
        replay.add(entry(number), decided(bundle, asked))
    (change,) = replay.report().changes
    assert (change.count, len(change.entries)) == (EXAMPLES + 5, EXAMPLES)
    assert len(change.key) == 64
    raw = msgspec.json.encode(change).decode()
    assert "tenant-" not in raw
    assert "relationship-" not in raw


NO = RecordedAnswer(False, "no_consent")
YES = RecordedAnswer(True, "yes_of_holder", ("consent.ordinary",))


def test_the_key_of_a_change_holds_the_facts_how_many_were_asked_and_both_answers() -> None:
    """`context.asked` may decide, so one question among three is not the same as one by itself."""
    asked, other = question(type_facts(holders=1)), question(type_facts(holders=2))
    key = change_key(asked, 1, was=NO, now=YES)
    assert key == change_key(question(type_facts(holders=1)), 1, was=NO, now=YES)
    others = {
        change_key(other, 1, was=NO, now=YES),
        change_key(asked, 3, was=NO, now=YES),
        change_key(asked, 1, was=YES, now=NO),
        change_key(asked, 1, was=msgspec.structs.replace(NO, code="objection"), now=YES),
        change_key(asked, 1, was=NO, now=msgspec.structs.replace(YES, determining=("consent.other",))),
    }
    assert len(others | {key}) == 6
    assert only(question(type_facts(), type_facts("behaviour")), 1).types == (type_facts("behaviour"),)


def test_without_rules_to_compare_with_a_no_that_becomes_a_yes_hides_behind_no_newer_yes(
    bundle: Bundle,
) -> None:
    """On equal facts the rules of one time said yes for another reason, those of another time said no."""
    asked = question(type_facts(holders=1))
    replay = Replay(bundle, None)
    newer = RecordedAnswer(True, "yes_provisional", ("consent.gone",))
    for number, answer in enumerate((newer, newer, NO)):
        replay.add(entry(number), RecordedDecision(1, asked, (answer,)))
    allowed, otherwise = replay.report().changes
    assert (allowed.kind, allowed.before, allowed.entries) == ("to_allow", NO, (entry(2),))
    assert (otherwise.kind, otherwise.before, otherwise.count) == ("otherwise", newer, 2)


def test_a_question_is_judged_once_however_often_it_was_asked(
    bundle: Bundle, tighter: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: thousands of families in the same situation cost one judgement by each."""
    judged = count()

    def counting(rules: Bundle, asked: Question, *, preview: bool) -> object:
        next(judged)
        return judge(rules, asked, preview=preview)

    monkeypatch.setattr("consent_service.policy.replay.judge", counting)
    replay = Replay(tighter, bundle)
    one = decided(bundle, question(type_facts(holders=1)))
    for number in range(3_000):
        replay.add(entry(number), one)
    assert replay.report().changes[0].count == 3_000
    assert next(judged) == 2


facts = st.builds(
    type_facts,
    key=st.sampled_from(["support_advice", "shelter_involvement", "violence_information", "behaviour"]),
    holders=st.integers(0, 3),
    yes=st.integers(0, 3),
    objecting=st.integers(0, 1),
    gate=st.sampled_from(["open", "closed"]),
)
asked_questions = st.lists(facts, min_size=1, max_size=3, unique_by=lambda one: TypeKey(one.key)).map(
    lambda types: question(*types)
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(asked_questions, max_size=6))
def test_every_answer_that_differs_is_in_exactly_one_change(
    bundle: Bundle, tighter: Bundle, asked: list[Question]
) -> None:
    replay = Replay(tighter, bundle)
    differing = 0
    for number, one in enumerate(asked):
        decision = decided(bundle, one)
        replay.add(entry(number), decision)
        now = judged_again(tighter, decision.question)
        differing += sum(was != after for was, after in zip(decision.answers, now, strict=True))
    report = replay.report()
    assert sum(change.count for change in report.changes) == differing
    assert len({change.key for change in report.changes}) == len(report.changes)
    for change in report.changes:
        assert change.before != change.after
        assert (change.kind == "to_allow") == (change.after.allowed and not change.before.allowed)
