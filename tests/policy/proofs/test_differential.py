"""The encoder against Cedar itself, on the real policies and on policies made up at random."""

from __future__ import annotations

import random

import pytest

from consent_service.policy.bundle import Bundle
from consent_service.policy.decision import Allowance, judge
from consent_service.policy.proofs.invariants import core_invariants
from consent_service.policy.proofs.situation import question_of
from tests.policy.proofs.encoded import Judges, condition, parsed
from tests.policy.proofs.inventing import Inventor


@pytest.mark.parametrize("seed", range(4))
def test_each_real_policy_is_what_cedar_says(judges: Judges, bundle: Bundle, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same requests each time
    core = {one.id: one.policy for one in core_invariants(bundle.schema)}
    asked = [judges.facts(chance) for _ in range(40)]
    assert judges.differing({**bundle.source, **core}, asked) == []


def test_the_decision_and_its_grounds_are_those_of_the_engine(judges: Judges, bundle: Bundle) -> None:
    chance = random.Random(33)  # noqa: S311 - the same requests each time
    encoded = judges.encoded(bundle.source)
    permitted = 0
    for _ in range(1200):
        facts = judges.facts(chance)
        ours = judges.by_encoding(encoded, facts)
        question, preview = question_of(facts, judges.catalogue.types)
        answer = judge(bundle, question, preview=preview)[0]
        hit = {name for name, outcome in ours.items() if outcome == "matches"}
        forbids = {name for name in hit if bundle.notes[name].effect == "forbid"}
        errs = "errs" in ours.values()
        allowed = bool(hit) and not forbids and not errs
        assert isinstance(answer, Allowance) is allowed
        assert set(answer.determining) == (set() if errs else forbids or hit)
        permitted += allowed
    assert permitted > 90


@pytest.mark.parametrize("seed", range(12))
def test_invented_policies_are_what_cedar_says(judges: Judges, seed: int) -> None:
    """Right and wrong types, overflow, entities that are not there: whatever evaluation may meet."""
    chance = random.Random(seed)  # noqa: S311 - the same policies each time
    inventor = Inventor(chance, judges.situation.types)
    policies = {f"{seed}.{number}": inventor.policy() for number in range(40)}
    texts = {name: next(iter(parsed(text).values())) for name, text in policies.items()}
    found = judges.differing(texts, [judges.facts(chance) for _ in range(10)])
    assert [f"{one} {policies[one.split(':')[0]]}" for one in found] == []


@pytest.mark.parametrize(
    "text",
    [
        "true",
        "!context.preview",
        "context.preview && context.assigned",
        "context.preview || resource.yes > 1",
        "resource.yes < 2 && resource.holders <= 1 && 3 > resource.excused && resource.yes >= 1",
        "resource.yes + resource.excused == resource.holders",
        "resource.yes - resource.excused != resource.holders",
        "resource.yes * 3 > 4",
        "resource.yes * resource.holders == 2",
        "-resource.yes < 0",
        "-(-9223372036854775808) > 0",
        "if context.preview then resource.yes == 1 else resource.yes == 2",
        "(if context.preview then resource.yes else resource.holders) == 2",
        "(if context.preview then resource.type.readers else resource.type.writers).contains(principal.role)",
        "(if resource.own_yes then 1 else true) == 1",
        'principal is SchoolReader && principal.role == Role::"contact"',
        'principal is SchoolReader in SchoolReader::"reader"',
        'principal in [SchoolReader::"reader", GuardianReader::"reader"]',
        'principal == SchoolReader::"reader" || SchoolReader::"reader" has role',
        'SchoolReader::"reader".role == Role::"contact"',
        'SchoolReader::"other" has role || SchoolReader::"other".role == Role::"contact"',
        'action in [Action::"release"] && action == Action::"release"',
        'resource == Requested::"pickup" || resource == Requested::"child_health#emergency"',
        'Requested::"pickup" == resource && resource == resource && resource is Requested',
        'resource in Requested::"pickup" || resource in resource',
        'resource.type == InformationType::"pickup" && InformationType::"pickup".locating',
        'InformationType::"unknown".locating',
        'InformationType::"unknown" has locating || resource.type has locating',
        "resource has yes && context has purpose && !(context has tenant) && !(resource has tenant)",
        "context.tenant == 1",
        "1 has yes",
        '"a" == "a" && "a" != "b"',
        '1 == "a" || true == 1',
        "[1, 2].contains(resource.yes) && [].isEmpty() && ![1].isEmpty()",
        "resource.type.readers.isEmpty()",
        'resource.type.readers.containsAll([Role::"contact", principal.role])',
        "resource.type.readers.containsAny(resource.type.writers)",
        "[resource.yes, 1] == [1] || [1, 1, 2] == [2, 1]",
        "[[1], [2]].contains([resource.yes])",
        '{a: resource.yes, b: "x"} == {b: "x", a: 1} && {a: 1} != {b: 1}',
        "{a: resource.yes}.a == 1 && {a: 1} has a && {a: {b: 2}}.a.b == 2",
        "context == {preview: true}",
        "1 + true == 2",
        "true < 2",
        "!1",
        "1 && true",
        "1 || true",
        "if 1 then true else false",
        "context.preview.yes",
        "1 in resource",
        "resource in 1",
        "resource in [1]",
        'resource in [resource, (if context.preview then resource else Role::"holder")]',
        "1 is Role",
        "context.preview.contains(2)",
        "[1].containsAll(1) || true.isEmpty()",
        "[1 + true].contains(1)",
        "[9223372036854775807 + resource.yes].contains(1)",
        "{a: 1 + true}.a == 1",
        "resource.yes",
    ],
)
def test_each_kind_of_expression_is_what_cedar_says(judges: Judges, text: str) -> None:
    chance = random.Random(text)  # noqa: S311 - the same requests each time
    assert judges.differing({text: condition(text)}, [judges.facts(chance) for _ in range(60)]) == []


@pytest.mark.parametrize(
    "scope",
    [
        "principal, action, resource",
        'principal == SchoolReader::"reader", action == Action::"share", resource',
        'principal in SchoolReader::"reader", action in [Action::"share", Action::"release"], resource',
        'principal is ShelterReader, action in Action::"release", resource is Requested',
        'principal is SchoolReader in SchoolReader::"reader", action, resource == Requested::"pickup"',
        'principal, action, resource is Requested in Requested::"support_advice"',
        'principal, action, resource in Requested::"support_advice#emergency"',
    ],
)
def test_each_scope_is_what_cedar_says(judges: Judges, scope: str) -> None:
    chance = random.Random(scope)  # noqa: S311 - the same requests each time
    (policy,) = parsed(f"forbid ({scope}) when {{ context.preview }} unless {{ resource.yes > 1 }};").values()
    assert judges.differing({scope: policy}, [judges.facts(chance) for _ in range(80)]) == []
