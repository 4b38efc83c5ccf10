"""Why no is no: permits that begin alike are asked once, and that changes no answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

import cedarpy
import msgspec
import pytest
from msgspec.structs import replace

from benchmarks.policies import MANY, grown
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.decision import NOT_PERMITTED, Refusal, judge
from consent_service.policy.facts import Question, TypeFacts, question_entities, requests
from consent_service.policy.lint import NOT_APPLICABLE, PolicyJson
from consent_service.policy.syntax import PolicySetJson
from tests.policy.chance import Chance
from tests.policy.questions import question, type_facts

REFUSALS: Final = 3_000
Grow = Callable[[Bundle], Mapping[str, PolicyJson]]


def as_they_are(bundle: Bundle) -> Mapping[str, PolicyJson]:
    return bundle.source


def with_copies(bundle: Bundle) -> Mapping[str, PolicyJson]:
    """Exceptions of which the new condition comes last: they begin as the policy they were copied from."""
    return grown(bundle, MANY)


def with_turned_copies(bundle: Bundle) -> Mapping[str, PolicyJson]:
    """Exceptions of which the new condition comes first, and does explain a no: nothing is alike."""
    made = grown(bundle, MANY)
    return made | {name: turned(made[name]) for name in made.keys() - bundle.source.keys()}


def turned(policy: PolicyJson) -> PolicyJson:
    conditions = (policy.conditions[-1], *policy.conditions[:-1])
    told = policy.annotation("unmet").removesuffix(" -")
    annotations = {**policy.annotations, "unmet": f"not_for_this_purpose {told}"} if told else {}
    return replace(policy, conditions=conditions, annotations=annotations or policy.annotations)


class Plain:
    """The same asked of every permit by itself, for each number of its conditions."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._told = {
            name: policy.annotation("unmet").split()
            for name, policy in bundle.source.items()
            if policy.effect == "permit"
        }
        self._beginnings = cedarpy.PolicySet.from_json_str(
            msgspec.json.encode(PolicySetJson(static_policies=self._first_conditions())).decode()
        )

    def _first_conditions(self) -> dict[str, PolicyJson]:
        return {
            f"{name} {held}": replace(
                self._bundle.source[name], conditions=self._bundle.source[name].conditions[:held]
            )
            for name, told in self._told.items()
            for held in range(len(told) + 1)
        }

    def code(self, asked: Question, facts: TypeFacts, refusal: Refusal, *, shown: bool) -> str:
        (request,) = requests(asked, [facts], preview=shown)
        entities = self._bundle.base.with_added_json_str(question_entities(asked, [facts]))
        held = set(cedarpy.is_authorized(request, self._beginnings, entities).diagnostics.reasons)
        causes = {self._bundle.notes[forbid].reason for forbid in refusal.determining}
        for name, told in self._told.items():
            most = max((number for number in range(len(told) + 1) if f"{name} {number}" in held), default=-1)
            if 0 <= most < len(told):
                causes.add(told[most])
        return self._bundle.causes.first(causes - {NOT_APPLICABLE}, otherwise=NOT_PERMITTED)


@pytest.mark.parametrize("grow", [as_they_are, with_copies, with_turned_copies])
def test_every_permit_asked_by_itself_gives_the_same_reason(
    bundle: Bundle, catalogue: Catalogue, grow: Grow
) -> None:
    real = with_policies(bundle, grow(bundle))
    plain, codes = Plain(real), Counter[str]()
    chance = Chance(catalogue, seed=3_000)
    while codes.total() < REFUSALS:
        asked, shown = chance.question()
        for facts, answer in zip(asked.types, judge(real, asked, preview=shown), strict=True):
            if isinstance(answer, Refusal) and not answer.error:
                assert answer.code == plain.code(asked, facts, answer, shown=shown), (asked, facts.place)
                codes[answer.code] += 1
    assert {"no_consent", "awaiting_child", "holders_missing", "one_thing_only"} <= codes.keys()


@pytest.mark.parametrize(
    "lacking", ["consent.all_holders", "consent.young_person", "break_glass.vital_interest"]
)
def test_a_permit_that_is_not_asked_is_missed(bundle: Bundle, catalogue: Catalogue, lacking: str) -> None:
    """Planted: one whose beginning is taken for that of another."""
    others = {name: note for name, note in bundle.explaining.items() if name != lacking}
    assert len(others) == len(bundle.explaining) - 1
    planted, chance = replace(bundle, explaining=others), Chance(catalogue, seed=1)
    asked = [chance.question() for _ in range(2_000)]
    assert any(
        judge(planted, one, preview=shown) != judge(bundle, one, preview=shown) for one, shown in asked
    )


def test_copies_that_begin_alike_are_asked_once(bundle: Bundle) -> None:
    assert len(with_policies(bundle, with_copies(bundle)).explaining) == len(bundle.explaining)
    assert len(with_policies(bundle, with_turned_copies(bundle)).explaining) > 30


@pytest.mark.parametrize(
    "change",
    [
        lambda policy: replace(policy, principal={"op": "is", "entity_type": "ShelterReader"}),
        lambda policy: replace(policy, conditions=policy.conditions[1:] + policy.conditions[:1]),
        lambda policy: replace(
            policy, annotations={**policy.annotations, "unmet": "- awaiting_child no_consent"}
        ),
    ],
)
def test_another_scope_condition_or_code_does_not_begin_alike(
    bundle: Bundle, change: Callable[[PolicyJson], PolicyJson]
) -> None:
    ordinary = bundle.source["consent.ordinary"]
    other = change(ordinary)
    other = replace(other, annotations={**other.annotations, "id": "test.other"})
    planted = with_policies(bundle, {**bundle.source, "test.other": other})
    assert set(planted.explaining) - set(bundle.explaining) == {"test.other"}


def test_a_permit_without_a_code_is_never_asked(bundle: Bundle) -> None:
    silent = {
        name: policy
        for name, policy in bundle.source.items()
        if not set(policy.annotation("unmet").split()) - {NOT_APPLICABLE}
    }
    planted = with_policies(bundle, silent)
    assert not planted.explaining
    (answer,) = judge(planted, question(type_facts(yes=0)), preview=False)
    assert answer.code == NOT_PERMITTED
