"""An OpenID AuthZEN request put to our decision point (docs/decisions/0035): the answer of a real release.

Only what is asked comes from the request. Who somebody is, and every fact about the family, is loaded.
"""

from __future__ import annotations

import json
from typing import Any, Literal, get_args

import msgspec
import pytest

from consent_service.audit.events import InformationReleased, ReleaseRefused
from consent_service.foundation.ids import RelationshipId, StaffId, TypeKey
from consent_service.information.model import Purpose
from consent_service.organisations.model import StaffMember
from consent_service.policy.decision import Allowance, Decision, decide
from consent_service.policy.explain import is_told_to_school, sentence
from consent_service.policy.facts import Question, Reader
from consent_service.policy.projection import question_for
from consent_service.policy.rules import Rules
from consent_service.release.judging import asked_types
from consent_service.release.model import Ask
from consent_service.release.read import read_situation
from tests.scenarios.stories import SUPPORT, Told, told_family, trail
from tests.shelter import SECRET, World

Json = dict[str, Any]


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`id`: the member of staff. Which role that is, is not for the request to say."""

    type: Literal["school_staff"]
    id: StaffId


class ActionNamed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Literal["release"]


class Resource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`type`: an information type. `id`: one child at one school."""

    type: TypeKey
    id: RelationshipId


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the asker says it is for: all that a request may add."""

    purpose: Purpose


class OnlyResource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    resource: Resource


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each type stands alone, so there is no other way to go through them."""

    evaluations_semantic: Literal["execute_all"] = "execute_all"


class Evaluations(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The batch: one asker, one action, one purpose, one child, some types."""

    subject: Subject
    action: ActionNamed
    context: Context
    evaluations: tuple[OnlyResource, ...]
    options: Options = Options()


async def question_from(world: World, asked: Evaluations) -> tuple[Rules, Question]:
    """The request as a question: what it names is looked up, what decides is projected from our database."""
    installation = world.services.installation
    (relationship,) = {one.resource.id for one in asked.evaluations}
    async with installation.database.reading() as conn:
        found = await read_situation(conn, installation.ring, world.tenant, relationship)
        organisations = world.services.organisations
        (member,) = await organisations.staff_members(conn, world.tenant, [asked.subject.id])
        assert found is not None
        rules = await world.services.policies.rules(found.active_bundle)
    question = question_for(
        found.known,
        rules.catalogue,
        action=asked.action.name,
        reader=reader_of(member),
        purpose=asked.context.purpose,
        asked=[(one.resource.type, "s2c") for one in asked.evaluations],
        now=world.clock.now(),
    )
    return rules, question


def reader_of(member: StaffMember) -> Reader:
    """In which role, as the shelter registered it."""
    return Reader("school", member.staff, member.role or "contact")


async def answered(world: World, document: Json) -> Json:
    """The response of an endpoint that carries out no duty: it opens nothing."""
    asked = msgspec.json.decode(json.dumps(document), type=Evaluations)
    rules, question = await question_from(world, asked)
    decision = decide(rules.bundle, question, now=world.clock.now())
    return {"evaluations": [evaluation(rules, decision, one.resource.type) for one in asked.evaluations]}


def evaluation(rules: Rules, decision: Decision, key: TypeKey) -> Json:
    """A boolean; of a yes whether only the emergency part is meant, of a no what a school may be told."""
    permit = decision.permit
    if permit is not None and key in permit.types:
        return {"decision": True, **({"context": {"part": "emergency"}} if key in permit.emergency else {})}
    (refusal,) = (one for one in decision.refusals if one.type == key)
    told = sentence(rules.bundle, refusal, audience="school", language="nl")
    reason = {"code": refusal.code} if is_told_to_school(rules.bundle, refusal) else {}
    return {"decision": False, "context": {**reason, "reason_user": {"nl": told}}}


def batch(who: StaffId, relationship: RelationshipId, types: list[TypeKey], purpose: str = "support") -> Json:
    return {
        "subject": {"type": "school_staff", "id": who},
        "action": {"name": "release"},
        "context": {"purpose": purpose},
        "evaluations": [{"resource": {"type": key, "id": relationship}} for key in types],
    }


def types_for(world: World, purpose: Purpose) -> list[TypeKey]:
    return [key for key, _ in asked_types(world.services.policies.proposal.catalogue, purpose, "s2c")]


async def of_the_release(world: World, told: Told, purpose: Purpose) -> dict[TypeKey, str]:
    """What a real release made of it, from its own entries: allowed, or the true cause."""
    await world.services.release.to_school(world.contact, Ask(told.relationship, purpose))
    found: dict[TypeKey, str] = {}
    for entry in reversed(await trail(world, "information.released.v1", "release.refused.v1")):
        assert entry.detail is not None
        event = entry.detail.event
        if isinstance(event, ReleaseRefused):
            allowed = {"nothing_there": "allowed"}
            found |= {one.information_type: allowed.get(one.code, one.code) for one in event.refused}
        if isinstance(event, InformationReleased):
            found |= dict.fromkeys(event.types, "allowed")
    return found


@pytest.mark.parametrize("purpose", get_args(Purpose))
async def test_an_authzen_batch_gets_the_answer_of_the_release(world: World, purpose: Purpose) -> None:
    told = await told_family(world)
    asked = batch(world.contact.staff, told.relationship, types_for(world, purpose), purpose)
    rules, question = await question_from(world, msgspec.convert(asked, Evaluations))
    decision = decide(rules.bundle, question, now=world.clock.now())
    codes = {refusal.type: refusal.code for refusal in decision.refusals}
    if decision.permit is not None:
        codes |= dict.fromkeys(decision.permit.types, "allowed")
    assert codes == await of_the_release(world, told, purpose)
    response = await answered(world, asked)
    assert [one["decision"] for one in response["evaluations"]] == [
        codes[key] == "allowed" for key in types_for(world, purpose)
    ]


async def test_a_response_tells_a_school_no_more_than_the_release_does(world: World) -> None:
    told = await told_family(world)
    types = [SUPPORT, TypeKey("child_voice"), TypeKey("care_signal")]
    response = await answered(world, batch(world.teacher.staff, told.relationship, types))
    unavailable = {"reason_user": {"nl": "Niet beschikbaar."}}
    assert response["evaluations"][0]["decision"] is False
    assert response["evaluations"][0]["context"]["code"] == "not_active_contact"
    mine = await answered(world, batch(world.contact.staff, told.relationship, types))
    assert mine["evaluations"] == [
        {"decision": True},
        {"decision": False, "context": unavailable},
        {"decision": False, "context": unavailable},
    ]


SMUGGLED: list[tuple[str, Json]] = [
    ("context", {"safety": "no_known_danger"}),
    ("context", {"basis": "vital_interest"}),
    ("context", {"now": "2020-01-01T00:00:00Z"}),
    ("subject", {"properties": {"role": "contact"}}),
    ("action", {"properties": {"preview": True}}),
    ("options", {"evaluations_semantic": "permit_on_first_permit"}),
]


@pytest.mark.parametrize("part, facts", SMUGGLED)
async def test_a_request_that_brings_facts_along_is_refused(world: World, part: str, facts: Json) -> None:
    """Not ignored: whoever sends a fact that is not weighed should not believe that it was."""
    told = await told_family(world)
    asked = batch(world.contact.staff, told.relationship, [SUPPORT])
    asked[part] = {**asked.get(part, {}), **facts}
    with pytest.raises(msgspec.ValidationError):
        await answered(world, asked)


async def test_facts_of_a_resource_are_refused_too(world: World) -> None:
    told = await told_family(world)
    asked = batch(world.contact.staff, told.relationship, [SUPPORT])
    asked["evaluations"][0]["resource"]["properties"] = {"level": "O", "yes": 2}
    with pytest.raises(msgspec.ValidationError):
        await answered(world, asked)


async def test_the_facts_are_those_of_the_database_and_of_now(world: World) -> None:
    told = await told_family(world)
    asked = msgspec.convert(batch(world.contact.staff, told.relationship, [SUPPORT]), Evaluations)
    _, before = await question_from(world, asked)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    rules, after = await question_from(world, asked)
    assert (before.relationship.safety, before.types[0].yes) == ("no_known_danger", 1)
    assert (after.relationship.safety, after.types[0].yes) == ("danger", 0)
    decision = decide(rules.bundle, after, now=world.clock.now())
    assert not any(isinstance(answer, Allowance) for answer in decision.answers)


async def test_the_emergency_part_alone_is_said_to_be_no_more(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "child_health": "yes"})
    asked = batch(world.contact.staff, relationship, [TypeKey("child_health")])
    assert (await answered(world, asked))["evaluations"] == [
        {"decision": True, "context": {"part": "emergency"}}
    ]
