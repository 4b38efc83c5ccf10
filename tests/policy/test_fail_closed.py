"""Whatever nobody declared, wherever it stands, is an error and never a yes; and never an exception."""

from __future__ import annotations

from typing import Any

import cedarpy
import msgspec
import pytest
from msgspec.structs import replace

from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, with_policies
from consent_service.policy.decision import Allowance, Refusal, decide, judge, preview
from consent_service.policy.facts import (
    Question,
    Reader,
    named_by_question,
    named_by_type,
    question_entities,
    requests,
)
from consent_service.policy.lint import PolicyJson
from consent_service.policy.vocabulary import vocabulary_of
from tests.policy.questions import NOW, question, relationship_facts, type_facts


@pytest.fixture(scope="module")
def anything(bundle: Bundle) -> Bundle:
    """Policies that forbid nothing: only what is checked beforehand can refuse."""
    return with_policies(bundle, {"test.all": parsed("permit (principal, action, resource);")})


def parsed(text: str) -> PolicyJson:
    """One policy in Cedar's JSON form, with what every policy says about itself."""
    annotations = '@id("test.all") @reason("yes_of_holder") @legal_basis("x") '
    found = msgspec.json.decode(cedarpy.policies_to_json_str(annotations + text))["staticPolicies"]
    return msgspec.convert(found["policy0"], PolicyJson)


def test_policies_that_permit_everything_do_permit_what_was_declared(anything: Bundle) -> None:
    (answer,) = judge(anything, question(), preview=False)
    assert isinstance(answer, Allowance)


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "delete"},
        {"purpose": "curiosity"},
        {"basis": "legitimate_interest"},
        {"reader": Reader("school", "reader", "headmaster")},
        {"reader": Reader("neighbour", "reader", "contact")},  # type: ignore[arg-type]
        {"relationship": relationship_facts(safety="unsure")},
        {"relationship": relationship_facts(safety=None)},
        {"relationship": relationship_facts(active=None)},
        {"relationship": relationship_facts(break_glass_persons=2**80)},
        {"reader": None},
        {"relationship": None},
    ],
)
def test_what_nobody_declared_about_the_question_refuses_every_type(
    anything: Bundle, changes: dict[str, Any]
) -> None:
    asked = question(type_facts(), type_facts("care_signal"), **changes)
    answers = judge(anything, asked, preview=False)
    assert [(one.code, getattr(one, "error", False)) for one in answers] == [("policy_error", True)] * 2


@pytest.mark.parametrize(
    "facts, code",
    [
        (type_facts("horoscope"), "unknown_type"),
        (type_facts(level="A11"), "policy_error"),
        (type_facts(direction="c2c"), "policy_error"),
        (type_facts(child_answer="perhaps"), "policy_error"),
        (type_facts(voice="loud"), "policy_error"),
        (type_facts(lapse="forgotten"), "policy_error"),
        (type_facts(gate="ajar"), "policy_error"),
        (type_facts(gate=None), "policy_error"),
    ],
)
def test_what_nobody_declared_about_a_type_refuses_that_type_only(
    anything: Bundle, facts: Any, code: str
) -> None:
    strange, ordinary = judge(anything, question(facts, type_facts("care_signal")), preview=False)
    assert strange == Refusal(facts.key, code, error=True)
    assert isinstance(ordinary, Allowance)


@pytest.mark.parametrize(
    "changes", [{"yes": "many"}, {"holders": None}, {"objecting": 2**80}, {"own_yes": 1}, {"emergency": "no"}]
)
def test_a_fact_of_another_kind_than_declared_refuses_everything(
    anything: Bundle, changes: dict[str, Any]
) -> None:
    asked = question(type_facts(**changes), type_facts("care_signal"))
    assert {one.code for one in judge(anything, asked, preview=False)} == {"policy_error"}
    assert decide(anything, asked, now=NOW).permit is None
    assert preview(anything, asked, now=NOW).types == frozenset()


@pytest.mark.parametrize(
    "scope",
    [
        'permit (principal == SchoolReader::"somebody", action, resource);',
        'permit (principal, action, resource == Requested::"pickup");',
        'permit (principal, action == Action::"delete", resource);',
        'permit (principal, action, resource) when { resource.type == InformationType::"horoscope" };',
        'permit (principal, action, resource) when { context.purpose == Purpose::"curiosity" };',
        'permit (principal, action, resource) unless { [Level::"A11"].contains(resource.level) };',
    ],
)
def test_a_policy_that_names_what_nobody_declared_refuses_everything(bundle: Bundle, scope: str) -> None:
    """Loading refuses it as well; this is what holds when something else lets it through."""
    both = {**bundle.source, "test.all": parsed(scope)}
    planted = with_policies(bundle, both)
    assert len(planted.vocabulary.strangers) == 1
    assert {one.code for one in judge(planted, question(), preview=False)} == {"policy_error"}
    assert not bundle.vocabulary.strangers


def test_every_entity_a_question_refers_to_is_looked_up(bundle: Bundle, catalogue: Catalogue) -> None:
    """What Cedar is sent names nothing else: an attribute that is added later cannot be forgotten."""
    asked = question()
    sent = requests(asked, asked.types, preview=False)
    documents = [question_entities(asked, asked.types), *(str(request["context"]) for request in sent)]
    referred = {name for text in documents for name in references(msgspec.json.decode(text))}
    looked_up = {*named_by_question(asked), *named_by_type(asked.types[0])} - {("Action", "release")}
    assert referred == looked_up
    assert looked_up <= vocabulary_of(bundle.schema, catalogue.types, {}).names


def references(part: Any) -> Any:
    """Every `__entity` in a document."""
    if isinstance(part, dict):
        if "__entity" in part:
            yield part["__entity"]["type"], part["__entity"]["id"]
        else:
            for value in part.values():
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def test_a_missing_entity_is_an_error_and_no_yes(bundle: Bundle) -> None:
    """The catalogue that Cedar has knows the type; the entity with its attributes is gone."""
    planted = replace(bundle, base=cedarpy.Entities.from_json_str("[]"))
    (answer,) = judge(planted, question(), preview=False)
    assert (answer.code, getattr(answer, "error", False)) == ("policy_error", True)


def test_an_attribute_that_is_missing_when_it_is_asked_is_an_error_and_no_yes(bundle: Bundle) -> None:
    """A schema that lets it be missing, and a forbid that reads it: without the error it would be a yes."""
    optional = str(bundle.schema).replace("own_yes: Bool,", "own_yes: Bool,\n  noted?: Bool,")
    keyed = {
        **bundle.source,
        "test.all": parsed("forbid (principal, action, resource) when { resource.noted };"),
    }
    planted = replace(with_policies(bundle, keyed), schema=cedarpy.Schema.from_str(optional))
    assert "noted?" in str(planted.schema)
    (answer,) = judge(planted, question(), preview=False)
    assert (answer.code, getattr(answer, "error", False)) == ("policy_error", True)


def test_a_policy_that_errs_for_one_type_leaves_the_others_judged(bundle: Bundle) -> None:
    overflow = parsed(
        "forbid (principal, action, resource) when { resource.holders * 4611686018427387904 > 0 };"
    )
    planted = with_policies(bundle, {**bundle.source, "test.all": overflow})
    asked = question(type_facts(holders=2), type_facts("care_signal", holders=0))
    failed, judged = judge(planted, asked, preview=False)
    assert (failed.code, getattr(failed, "error", False)) == ("policy_error", True)
    assert isinstance(judged, Allowance)


def test_no_more_types_are_asked_than_the_proofs_reckon_with(bundle: Bundle) -> None:
    """Made-up types are counted too: with enough of them, a forbid that minds the count would go silent."""
    address = bundle.source["safety.address"]
    bypass = parsed("forbid (principal, action, resource) unless { context.asked > 40 };").conditions
    planted = with_policies(
        bundle,
        {**bundle.source, "safety.address": replace(address, conditions=(*address.conditions, *bypass))},
    )

    unsafe = question(
        reader=Reader("school", "reader", "administration"),
        purpose="contact",
        relationship=relationship_facts(secret_address=True),
    )

    def of_address(asked: int) -> Allowance | Refusal:
        made_up = (type_facts(f"made_up_{number}") for number in range(asked - 1))
        types = (type_facts("postal_address"), *made_up)
        return judge(planted, replace(unsafe, types=types), preview=False)[0]

    most = len(bundle.types)
    assert most <= 40
    assert of_address(most).code == "address_protected"
    assert of_address(most + 1) == Refusal(TypeKey("postal_address"), "policy_error", error=True)
    assert of_address(46) == Refusal(TypeKey("postal_address"), "policy_error", error=True)


def test_an_emergency_part_is_no_type_more(anything: Bundle, catalogue: Catalogue) -> None:
    """A question about every type, and about the emergency part of each, is judged."""
    each = [type_facts(key, emergency=part) for key in catalogue.types for part in (False, True)]
    assert all(isinstance(one, Allowance) for one in judge(anything, question(*each), preview=False))


def test_a_question_that_cannot_even_be_counted_is_not_answered_with_a_yes(bundle: Bundle) -> None:
    asked: Question = question(types=(type_facts("support_advice", emergency="?"),))
    assert decide(bundle, asked, now=NOW).permit is None
