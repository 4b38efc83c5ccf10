"""Mistakes in policies are made, and the cases notice them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import cedarpy
import msgspec
import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.coverage import AskedCase, asked_cases, load_cases
from consent_service.policy.lint import PolicyJson
from consent_service.policy.mutants import DUTY_DROPPED, Mutant, fact_path, mutants_of
from consent_service.policy.mutation import REQUIRED_SCORE, MutationReport, mutate
from consent_service.policy.plain.speakable import Speakable, speakable
from consent_service.policy.proofs.comparing import is_equivalent
from consent_service.policy.rules import Rules
from tests.policy.questions import POLICIES

TABLE = load_cases(POLICIES, problems=[])


@pytest.fixture(scope="module")
def speech(bundle: Bundle) -> Speakable:
    return speakable(bundle.schema)


@pytest.fixture(scope="module")
def cases(catalogue: Catalogue) -> tuple[AskedCase, ...]:
    return asked_cases(TABLE, catalogue=catalogue, problems=[])


def written(text: str, *, head: str = "forbid (principal, action, resource)") -> PolicyJson:
    policies = msgspec.json.decode(cedarpy.policies_to_json_str(f"{head} {text};"))
    return msgspec.convert(policies["staticPolicies"]["policy0"], PolicyJson)


def bodies(text: str, speech: Speakable) -> dict[str, list[Any]]:
    """Per change what stands in the one condition of the policy instead."""
    found: dict[str, list[Any]] = {}
    for mutant in mutants_of(written(f"when {{ {text} }}"), speech):
        if mutant.policy is not None:
            (condition,) = msgspec.to_builtins(mutant.policy.conditions)
            found.setdefault(mutant.change, []).append(condition["body"])
    return found


def body(text: str) -> Any:
    (condition,) = msgspec.to_builtins(written(f"when {{ {text} }}").conditions)
    return condition["body"]


@pytest.mark.parametrize(
    "text, change, others",
    [
        ("a && b", "&& -> ||", ["a || b"]),
        ("a || b", "|| -> &&", ["a && b"]),
        ("a && b", "&&: one side dropped", ["a", "b"]),
        ("a || b", "||: one side dropped", ["a", "b"]),
        ("!a", "negation dropped", ["a"]),
        ("a == 1", "== -> !=", ["a != 1"]),
        ("a != 1", "!= -> ==", ["a == 1"]),
        ("a == 1", "== -> >=", ["a >= 1"]),
        ("a < 1", "< -> <=", ["a <= 1"]),
        ("a <= 1", "<= -> <", ["a < 1"]),
        ("a > 1", "> -> >=", ["a >= 1"]),
        ("a >= 1", ">= -> >", ["a > 1"]),
        ("a >= 1", ">= -> <", ["a < 1"]),
        ("a >= 1", "one more", ["a >= 2"]),
        ("a >= 1", "one less", ["a >= 0"]),
        ("a + b == 1", "+ -> -", ["a - b == 1"]),
        ("a - b == 1", "- -> +", ["a + b == 1"]),
        ("a * b == 1", "* -> +", ["a + b == 1"]),
        ("a + b == 1", "+: one side dropped", ["a == 1", "b == 1"]),
        ("true", "true <-> false", ["false"]),
        ("if a then b else c", "then <-> else", ["if a then c else b"]),
        ("if a then b else c", "negated", [
            "if !a then b else c", "if a then !b else c", "if a then b else !c",
        ]),
        ("a && b", "negated", ["!a && b", "a && !b"]),
        ("a == b", "negated", []),
        ("a.contains(b)", "negated", ["!(a.contains(b))"]),
        ("context.assigned", "negated", ["!context.assigned"]),
        ('resource.gate == Gate::"open"', "another name of its kind", [
            'resource.gate == Gate::"closed"', 'resource.gate == Gate::"meanwhile"',
        ]),
        ('resource.yes == 1', "another fact of its kind", [
            f"resource.{other} == 1" for other in ("earlier_yes", "excused", "holders", "objecting")
        ]),
        ("resource.type.readers.contains(principal.role)", "another fact of its kind", [
            "resource.type.writers.contains(principal.role)"
        ]),
        ("principal is SchoolReader", "is of another", [
            "principal is GuardianReader", "principal is ShelterReader"
        ]),
        ("resource.gate == Nobody::\"x\"", "another name of its kind", []),
        ('[1, 2].contains(resource.yes)', "one more", []),
        ('a == "x"', "another name of its kind", []),
    ],
)  # fmt: skip
def test_a_condition_is_made_wrong(speech: Speakable, text: str, change: str, others: list[str]) -> None:
    expected = [body(_spelt(other)) for other in others]
    assert bodies(_spelt(text), speech).get(change, []) == expected


def _spelt(text: str) -> str:
    """`a`, `b` and `c` stand for facts that no schema knows, so that they have nothing of their kind."""
    return re.sub(r"\b([abc])\b", r"context.\1", text)


def test_a_condition_is_dropped_and_turned_round(speech: Speakable) -> None:
    found = {mutant.change: mutant for mutant in mutants_of(written("unless { context.assigned }"), speech)}
    assert found["condition dropped"].policy == written("when { true }")
    assert found["when <-> unless"].policy == written("when { context.assigned }")
    assert found["policy dropped"] == Mutant("policy dropped", None)


def test_effect_and_scope_are_changed(speech: Speakable) -> None:
    policy = written("", head='permit (principal is SchoolReader, action == Action::"release", resource)')
    heads = {
        "permit <-> forbid": ['forbid (principal is SchoolReader, action == Action::"release", resource)'],
        "scope of who asks": [
            'permit (principal, action == Action::"release", resource)',
            'permit (principal is GuardianReader, action == Action::"release", resource)',
            'permit (principal is ShelterReader, action == Action::"release", resource)',
        ],
        "scope of what is done": [
            "permit (principal is SchoolReader, action, resource)",
            'permit (principal is SchoolReader, action == Action::"share", resource)',
        ],
    }
    for change, expected in heads.items():
        found = [mutant.policy for mutant in mutants_of(policy, speech) if mutant.change == change]
        assert found == [written("", head=head) for head in expected]


def test_no_two_mutants_are_the_same_and_none_is_the_policy_itself(bundle: Bundle, speech: Speakable) -> None:
    for policy in bundle.source.values():
        found = [mutant.policy for mutant in mutants_of(policy, speech)]
        assert policy not in found
        assert all(one not in found[:place] for place, one in enumerate(found))


def test_a_fact_is_known_by_its_path_and_nothing_else_is() -> None:
    assert fact_path(body("resource.type.locating")) == "resource.type.locating"
    assert fact_path(body("[1].contains(1)")) == ""
    assert fact_path({".": {"left": {"Set": []}, "attr": "x"}}) == ""


@pytest.mark.slow
def test_our_cases_notice_the_mistakes_that_can_be_made_in_our_policies(
    bundle: Bundle, catalogue: Catalogue, cases: Sequence[AskedCase]
) -> None:
    """Nine in ten is asked of anybody; of our own a little more, so that a slip is seen here first."""
    rules = Rules(bundle, catalogue)
    report = mutate(bundle, cases, is_equivalent=lambda one, other: is_equivalent(one, other, rules=rules))
    assert report.valid > 900
    assert report.score >= 0.98, report.survivors
    assert report.equivalent < 10


def test_what_no_case_notices_is_listed_with_what_was_changed(
    bundle: Bundle, catalogue: Catalogue, cases: Sequence[AskedCase]
) -> None:
    blind = [asked for asked in cases if not catalogue.types[asked.case.type].locating]
    report = mutate(bundle, blind, is_equivalent=lambda *_: False, among={"safety.location"})
    survivors = {survivor.change: survivor for survivor in report.survivors}
    turned = survivors["another fact of its kind"]
    assert turned.lines[0].startswith("- when { (resource.type).locating }")
    assert turned.lines[1].startswith("+ when { (resource.type).")
    assert (turned.policy, turned.reason) == ("safety.location", "differs")
    assert report.score < 1
    assert report.killed + len(report.survivors) == report.valid


def test_without_cases_nothing_is_noticed(bundle: Bundle) -> None:
    report = mutate(bundle, [], is_equivalent=lambda *_: None, among={"access.agreement"})
    assert (report.killed, report.score, report.enough) == (0, 0.0, False)
    reasons = {survivor.change: survivor.reason for survivor in report.survivors}
    assert reasons["policy dropped"] == "differs"
    assert reasons["condition dropped"] == "not_provable"


def test_a_case_that_is_wrong_already_notices_nothing(bundle: Bundle, cases: Sequence[AskedCase]) -> None:
    wrong = [
        msgspec.structs.replace(asked, case=msgspec.structs.replace(asked.case, expect="bad_weather"))
        for asked in cases
    ]
    report = mutate(bundle, wrong, is_equivalent=lambda *_: False, among={"access.agreement"})
    assert report.killed == 0


def test_what_is_proved_to_change_nothing_does_not_count(bundle: Bundle) -> None:
    report = mutate(bundle, [], is_equivalent=lambda *_: True, among={"access.agreement"})
    assert [survivor.change for survivor in report.survivors] == ["policy dropped"]
    assert report.equivalent == report.valid - 1


def test_a_mistake_in_one_condition_is_noticed_by_the_case_about_it(
    bundle: Bundle, cases: Sequence[AskedCase]
) -> None:
    named = [asked for asked in cases if asked.case.by == ("consent.gate",)]
    few = mutate(bundle, named, is_equivalent=lambda *_: False, among={"consent.gate"})
    all_cases = mutate(bundle, cases, is_equivalent=lambda *_: False, among={"consent.gate"})
    assert 0 < few.killed < all_cases.killed == all_cases.valid


@pytest.mark.parametrize(
    "killed, equivalent, score, enough",
    [(9, 0, 0.9, True), (8, 0, 0.8, False), (8, 2, 1.0, True), (0, 10, 1.0, True)],
)
def test_the_score_is_of_what_could_be_noticed(
    killed: int, equivalent: int, score: float, enough: bool
) -> None:
    report = MutationReport(10, killed, equivalent, ())
    assert (report.score, report.enough) == (score, enough)
    assert REQUIRED_SCORE == 0.9


def test_what_cedar_cannot_read_does_not_count(bundle: Bundle) -> None:
    largest = written("when { resource.yes < 9223372036854775807 }")
    with_it = with_policies(bundle, {"consent.largest": largest})
    report = mutate(with_it, [], is_equivalent=lambda *_: False)
    changes = [survivor.change for survivor in report.survivors]
    assert ("one less" in changes, "one more" in changes) == (True, False)


def test_a_duty_that_is_dropped_is_a_mistake_though_it_matches_the_same(
    bundle: Bundle, cases: Sequence[AskedCase]
) -> None:
    def same(one: PolicyJson, other: PolicyJson) -> bool:
        return one.conditions == other.conditions and one.effect == other.effect

    unasked = [
        msgspec.structs.replace(one, case=msgspec.structs.replace(one.case, duties=None)) for one in cases
    ]
    among = {"break_glass.vital_interest"}
    lost = mutate(bundle, unasked, is_equivalent=same, among=among)
    assert DUTY_DROPPED in {survivor.change for survivor in lost.survivors}
    noticed = mutate(bundle, cases, is_equivalent=same, among=among)
    assert DUTY_DROPPED not in {survivor.change for survivor in noticed.survivors}
    assert noticed.killed == lost.killed + 1
