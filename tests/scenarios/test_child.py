"""The child: twelve (8), sixteen (9), a no below twelve (10), judged not able to weigh it (42)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from consent_service.consent.model import Answer, Face, Signature
from consent_service.consent.opinions import Opinion
from consent_service.consent.sittings import Setting
from consent_service.consent.tables import consent_ledger, sitting_answers
from consent_service.families.model import AuthorityKind, FamilyView
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import ChildActor
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Ask, Refused, Released
from tests.ledger import count, rows
from tests.scenarios.stories import (
    ADVICE,
    NOT_AVAILABLE,
    SUPPORT,
    YES,
    ask,
    everything_said,
    sentence_of,
    share,
    trail,
)
from tests.shelter import World

GATE = TypeKey("shelter_involvement")
HEALTH, PICKUP = TypeKey("child_health"), TypeKey("pickup")
TWELVE = date(2014, 9, 2)
"""Becomes twelve on 2 September 2026; the tests begin on 1 September."""
SIXTEEN = date(2010, 9, 2)
MIDNIGHT = datetime(2026, 9, 1, 22, 0, tzinfo=UTC)
"""00:00 of 2 September in Amsterdam, which has summer time then."""


async def at_school(world: World, born: date, **family: object) -> tuple[FamilyView, RelationshipId]:
    view = await world.family(children=(("Noor", born),), **family)  # type: ignore[arg-type]
    return view, await world.at_school(view.children[0].child)


async def hear(
    world: World, actor: ChildActor, relationship: RelationshipId, faces: dict[str, Face], words: str = ""
) -> None:
    opinion = Opinion(
        relationship=relationship,
        counsellor=world.counsellor.staff,
        faces={TypeKey(key): face for key, face in faces.items()},
        shown={TypeKey(key): world.shown(key) for key in faces},
        words=words,
    )
    await world.services.opinions.record(actor, opinion)


async def until(world: World, moment: datetime) -> None:
    """What was logged before gets its place, and then it is this moment."""
    await world.settle()
    world.clock.set(moment)


async def reasons(world: World) -> dict[str, str]:
    """Per type, why the newest release was refused, as the officer reads it."""
    (entry, *_) = await trail(world, "release.refused.v1")
    assert entry.detail is not None
    return {one.information_type: one.code for one in entry.detail.event.refused}  # type: ignore[union-attr]


# --- 8: twelve -----------------------------------------------------------------------------------


async def test_s08_at_local_midnight_of_twelve_everything_waits_for_the_child(world: World) -> None:
    view, relationship = await at_school(world, TWELVE)
    await world.intake(world.guardian(view), YES)
    await share(world, relationship)
    await until(world, MIDNIGHT - timedelta(seconds=1))
    assert isinstance(await ask(world, relationship), Released)

    await until(world, MIDNIGHT)
    answer = await ask(world, relationship)
    assert isinstance(answer, Refused)
    assert sentence_of(answer) == NOT_AVAILABLE
    await world.settle()
    why = await reasons(world)
    assert (why[GATE], why[SUPPORT]) == ("awaiting_child", "gate_closed")

    await world.intake(world.child(view), YES)
    assert isinstance(await ask(world, relationship), Released)


async def test_s08_a_yes_the_child_gave_as_an_opinion_is_no_decision(world: World) -> None:
    view, relationship = await at_school(world, TWELVE)
    await world.intake(world.guardian(view), YES)
    await share(world, relationship)
    await hear(world, world.child(view), relationship, {GATE: "yes", SUPPORT: "yes"})
    assert isinstance(await ask(world, relationship), Released)
    await until(world, MIDNIGHT)
    assert isinstance(await ask(world, relationship), Refused)


async def test_s08_a_no_of_before_goes_on_pausing_until_the_child_says_yes(world: World) -> None:
    view, relationship = await at_school(world, TWELVE)
    await world.intake(world.guardian(view), YES)
    await share(world, relationship)
    child = world.child(view)
    await hear(world, child, relationship, {SUPPORT: "no"})
    await until(world, MIDNIGHT)
    await ask(world, relationship)
    await world.settle()
    assert (await reasons(world))[SUPPORT] == "child_refused"
    await world.intake(child, YES)
    assert isinstance(await ask(world, relationship), Released)


async def test_s08_without_the_parents_the_childs_yes_is_not_enough(world: World) -> None:
    view, relationship = await at_school(world, date(2013, 5, 4))
    await world.intake(world.child(view), YES)
    refused = await world.services.records.share(
        world.counsellor, relationship, Note(SUPPORT, {"helps": ADVICE})
    )
    assert isinstance(refused, ShareRefused)
    assert refused.code in ("gate_closed", "no_consent")


async def test_s08_both_asked_and_the_child_says_no_or_later_nothing_is_shared(world: World) -> None:
    said: tuple[Answer, ...] = ("no", "later")
    for answer in said:
        view, relationship = await at_school(world, date(2013, 5, 4), family_name=f"Voorbeeld {answer}")
        await world.intake(world.guardian(view), YES)
        await world.intake(world.child(view), {GATE: "yes", SUPPORT: answer})
        refused = await world.services.records.share(
            world.counsellor, relationship, Note(SUPPORT, {"helps": ADVICE})
        )
        assert isinstance(refused, ShareRefused)
        assert refused.code == ("child_refused" if answer == "no" else "awaiting_child")


async def test_s08_the_childs_rows_are_its_own_with_the_words_it_read(world: World) -> None:
    view, _ = await at_school(world, date(2013, 5, 4))
    receipt = await world.intake(world.child(view), YES)
    child = view.children[0].child
    kept = await rows(world, consent_ledger)
    assert {(row.person, row.capacity, row.method) for row in kept} == {(child, "child", "tablet")}
    shown = {row.information_type: (row.text_version, row.text_hash) for row in kept}
    text = world.services.texts.of_type("nl", SUPPORT)
    assert shown[SUPPORT] == ("consent.support_advice@1", text.hash)
    holder = await world.services.consent.holder_of_code(receipt.withdrawal_code)
    assert (holder.person, holder.is_child) == (child, True)


async def test_s08_the_child_withdraws_with_its_own_code_and_the_parents_yes_stays(world: World) -> None:
    view, relationship = await at_school(world, date(2013, 5, 4))
    mother = world.guardian(view)
    await world.intake(mother, YES)
    receipt = await world.intake(world.child(view), YES)
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)
    await world.services.consent.withdraw_by_code(receipt.withdrawal_code)
    assert isinstance(await ask(world, relationship), Refused)
    assert (await world.services.consent.own_answers(mother))[relationship, SUPPORT].answer == "yes"


# --- 9: sixteen ----------------------------------------------------------------------------------


async def test_s09_at_sixteen_the_parents_yes_stops_counting_and_they_are_asked_nothing(
    world: World,
) -> None:
    view, relationship = await at_school(world, SIXTEEN)
    mother, child = world.guardian(view), world.child(view)
    await world.intake(mother, YES)
    await world.intake(child, YES)
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)

    await until(world, MIDNIGHT)
    assert isinstance(await ask(world, relationship), Refused)
    await world.settle()
    why = await reasons(world)
    assert (why[GATE], why[SUPPORT]) == ("awaiting_young_person", "gate_closed")
    assert (await world.services.families.own_family(mother)).children == ()
    with pytest.raises(InputError) as refused:
        await world.intake(mother, YES)
    assert [problem.code for problem in refused.value.problems] == ["nothing_to_decide"]

    await world.intake(child, YES)
    assert isinstance(await ask(world, relationship), Released)


async def test_s09_pickup_and_emergency_health_go_on_meanwhile_and_nothing_else(world: World) -> None:
    view, relationship = await at_school(world, SIXTEEN)
    mother, child = world.guardian(view), world.child(view)
    everything: dict[str, Answer] = {**YES, PICKUP: "yes", HEALTH: "yes"}
    await world.intake(mother, everything)
    await world.intake(child, everything)
    await share(world, relationship)
    picking_up = {"name": "Oma", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}
    for note in (
        Note(PICKUP, picking_up),
        Note(HEALTH, {"allergy": "Pinda's", "care_at_school": "Rustig eten."}),
    ):
        assert isinstance(await world.services.records.share(world.counsellor, relationship, note), Shared)

    await until(world, MIDNIGHT)
    for purpose, shown in (("safety", {PICKUP, HEALTH}), ("support", {HEALTH})):
        answer = await world.services.release.to_school(
            world.contact,
            Ask(relationship, purpose),  # type: ignore[arg-type]
        )
        assert isinstance(answer, Released)
        assert {record.information_type for record in answer.records} == shown
        assert "Rustig eten" not in everything_said(answer)
    await world.intake(child, {GATE: "no", PICKUP: "no", HEALTH: "no"})
    answer = await world.services.release.to_school(world.contact, Ask(relationship, "safety"))
    assert isinstance(answer, Refused)


async def test_s09_a_sitting_that_goes_on_past_midnight_writes_nothing_about_the_young_person(
    world: World,
) -> None:
    children = (("Lotte", SIXTEEN), ("Noor", date(2018, 5, 4)))
    view = await world.family(children=children)
    at = [await world.at_school(one.child) for one in view.children]
    mother, sittings = world.guardian(view), world.services.sittings
    types = [GATE, SUPPORT]
    sitting = await sittings.prepare(world.counsellor, mother, Setting("nl"), types=types)
    assert {question.relationship for question in sitting.questions} == set(at)
    for question in sitting.questions:
        shown = world.shown(question.information_type)
        await sittings.answer(mother, sitting.sitting, question, answer="yes", shown=shown)
    await until(world, MIDNIGHT)
    assert {q.relationship for q in (await sittings.read(mother, sitting.sitting)).questions} == {at[1]}
    receipt = await sittings.sign(mother, sitting.sitting, Signature("typed", "Samira"))
    assert {line.relationship for line in receipt.lines} == {at[1]}
    assert {row.relationship for row in await rows(world, consent_ledger)} == {at[1]}
    assert await count(world, sitting_answers) == 0


async def test_s09_with_only_a_young_person_left_there_is_nothing_to_sign(world: World) -> None:
    view, _ = await at_school(world, SIXTEEN)
    mother, sittings = world.guardian(view), world.services.sittings
    sitting = await sittings.prepare(world.counsellor, mother, Setting("nl"), types=[GATE])
    (question,) = sitting.questions
    await sittings.answer(mother, sitting.sitting, question, answer="yes", shown=world.shown(GATE))
    await until(world, MIDNIGHT)
    with pytest.raises(InputError) as refused:
        await sittings.sign(mother, sitting.sitting, Signature("typed", "Samira"))
    assert [problem.code for problem in refused.value.problems] == ["nothing_to_decide"]
    assert await count(world, consent_ledger) == 0


# --- 10: a no below twelve -----------------------------------------------------------------------


async def test_s10_a_no_of_a_young_child_pauses_at_once_and_asks_for_a_conversation(world: World) -> None:
    view, relationship = await at_school(world, date(2019, 3, 7))
    await world.intake(world.guardian(view), YES)
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)

    words = "Mijn konijn heet Stamppot en ik slaap slecht."
    await hear(world, world.child(view), relationship, {GATE: "yes", SUPPORT: "no"}, words)
    answer = await ask(world, relationship)
    assert isinstance(answer, Refused)
    assert sentence_of(answer) == NOT_AVAILABLE
    await world.settle()
    assert (await reasons(world))[SUPPORT] == "child_refused"
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert ("talk_with_child", relationship) in {(task.kind, task.relationship) for task in tasks}
    assert "Stamppot" not in everything_said(list(await trail(world)))


async def test_s10_so_so_neither_lifts_a_no_nor_makes_one_and_a_smile_lifts_it(world: World) -> None:
    view, relationship = await at_school(world, date(2019, 3, 7))
    await world.intake(world.guardian(view), YES)
    await share(world, relationship)
    child = world.child(view)
    await hear(world, child, relationship, {SUPPORT: "so_so"})
    assert isinstance(await ask(world, relationship), Released)
    await hear(world, child, relationship, {SUPPORT: "no"})
    await hear(world, child, relationship, {SUPPORT: "so_so"})
    assert isinstance(await ask(world, relationship), Refused)
    await hear(world, child, relationship, {SUPPORT: "yes"})
    assert isinstance(await ask(world, relationship), Released)


async def test_s10_a_smile_opens_nothing_without_the_parents(world: World) -> None:
    view, relationship = await at_school(world, date(2019, 3, 7))
    await hear(world, world.child(view), relationship, {GATE: "yes", SUPPORT: "yes"})
    refused = await world.services.records.share(
        world.counsellor, relationship, Note(SUPPORT, {"helps": ADVICE})
    )
    assert isinstance(refused, ShareRefused)


async def test_s10_a_no_of_a_child_that_decides_asks_for_a_conversation_too_and_a_parents_does_not(
    world: World,
) -> None:
    view, relationship = await at_school(world, date(2013, 5, 4))
    await world.intake(world.guardian(view), {}, otherwise="no")
    await world.settle()
    kinds = {task.kind for task in await world.services.tasks.open_tasks(world.counsellor)}
    assert "talk_with_child" not in kinds
    await world.intake(world.child(view), {}, otherwise="no")
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert [t.relationship for t in tasks if t.kind == "talk_with_child"] == [relationship]


async def test_s10_a_parent_who_is_not_the_protected_one_never_reads_what_the_child_chose(
    world: World,
) -> None:
    guardians: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))
    view, relationship = await at_school(world, date(2013, 5, 4), guardians=guardians)
    mother, father = world.guardian(view), world.guardian(view, 1)
    before: list[tuple[str, str]] = []
    after: list[tuple[str, str]] = []
    await world.intake(mother, YES)
    await world.intake(father, YES)
    for said in (before, after):
        world.clock.advance(timedelta(minutes=1))
        for parent in (mother, father):
            lines = await world.services.release.preview(parent, relationship, language="nl")
            said += [
                (line.sentence, line.explanation)
                for line in lines
                if line.information_type in (GATE, SUPPORT)
            ]
        await world.intake(world.child(view), {}, otherwise="no")
    assert before == after, "a no of the child reads as no answer of the child"


# --- 42: judged ----------------------------------------------------------------------------------


async def test_s42_judged_not_able_to_weigh_it_the_parents_yes_stays_and_counts(world: World) -> None:
    view, relationship = await at_school(world, date(2013, 5, 4))
    mother, child = world.guardian(view), view.children[0].child
    await world.intake(mother, YES)
    refused = await world.services.records.share(
        world.counsellor, relationship, Note(SUPPORT, {"helps": ADVICE})
    )
    assert isinstance(refused, ShareRefused)
    before = await rows(world, consent_ledger)

    await world.services.families.judge_competence(
        world.counsellor, view.family, child, competent=False, reason="too_upset"
    )
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)
    assert (await world.services.consent.own_answers(mother))[relationship, SUPPORT].answer == "yes"
    assert await rows(world, consent_ledger) == before
    with pytest.raises(InputError) as raised:
        await world.intake(world.child(view), YES)
    assert [problem.code for problem in raised.value.problems] == ["child_is_heard"]


async def test_s42_its_no_goes_on_pausing_and_a_new_judgement_asks_it_again(world: World) -> None:
    view, relationship = await at_school(world, date(2009, 5, 4))  # seventeen
    mother, child = world.guardian(view), world.child(view)
    judge = world.services.families.judge_competence
    await world.intake(child, {GATE: "yes", SUPPORT: "no"})
    await judge(world.counsellor, view.family, child.child, competent=False, reason="too_upset")
    await world.intake(mother, YES)
    refused = await world.services.records.share(
        world.counsellor, relationship, Note(SUPPORT, {"helps": ADVICE})
    )
    assert isinstance(refused, ShareRefused)
    assert refused.code == "child_refused"
    await judge(world.counsellor, view.family, child.child, competent=True)
    await world.intake(child, YES)
    await share(world, relationship)
    assert isinstance(await ask(world, relationship), Released)
