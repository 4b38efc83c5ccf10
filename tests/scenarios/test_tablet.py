"""At the tablet: an older yes and a newer no (37), told by herself (52), a diagnosis attested (18).

*Nu niet* (55) and the gezinsvoogd (53) are with the dates and the authority; here is what they leave.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.audit.events import IntakeFinished, RecordAttested
from consent_service.consent.drafts import NOT_SEEN, Seen
from consent_service.consent.model import Answer, Signature, Sitting
from consent_service.consent.service import Target
from consent_service.consent.sittings import Setting
from consent_service.consent.tables import consent_ledger, sitting_answers, withdrawal_codes
from consent_service.foundation.errors import ConflictError, InputError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import PersonActor
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from tests.ledger import count, entries, rows
from tests.scenarios.stories import SUPPORT, YES, ask, row_counts, share, told_family, trail
from tests.shelter import World

GATE = TypeKey("shelter_involvement")
SIGNED = Signature("typed", "Samira Voorbeeld")


async def sit(world: World, actor: PersonActor, types: tuple[TypeKey, ...] = (GATE, SUPPORT)) -> Sitting:
    return await world.services.sittings.prepare(world.counsellor, actor, Setting("nl"), types=types)


async def answer_all(
    world: World, actor: PersonActor, sitting: Sitting, said: Answer, seen: Seen = NOT_SEEN
) -> None:
    for question in sitting.questions:
        shown = world.shown(question.information_type)
        await world.services.sittings.answer(
            actor, sitting.sitting, question, answer=said, shown=shown, seen=seen
        )


# --- 37 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["code", "page", "another sitting"])
async def test_s37_a_no_between_the_answer_and_the_signature_wins(world: World, by: str) -> None:
    told = await told_family(world)
    mother, services = told.mother, world.services
    late = await sit(world, mother)
    await answer_all(world, mother, late, "yes")
    world.clock.advance(timedelta(minutes=2))
    if by == "code":
        await services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    elif by == "page":
        target = Target(world.tenant, told.view.family, mother.guardian)
        await services.consent.withdraw(mother, target, method="page")
    else:
        await world.intake(mother, {}, otherwise="no")
    world.clock.advance(timedelta(minutes=2))
    receipt = await services.sittings.sign(mother, late.sitting, SIGNED)

    assert {(line.answer, line.stands) for line in receipt.lines} == {("yes", False)}
    places = {(told.relationship, key) for key in (GATE, SUPPORT)}
    assert await services.sittings.overruled(mother, late.sitting) == places
    assert (await services.consent.own_answers(mother))[told.relationship, SUPPORT].answer == "no"
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s37_with_both_at_one_moment_the_no_wins(world: World) -> None:
    told = await told_family(world)
    late = await sit(world, told.mother)
    await answer_all(world, told.mother, late, "yes")
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    receipt = await world.services.sittings.sign(told.mother, late.sitting, SIGNED)
    assert not any(line.stands for line in receipt.lines)
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s37_a_yes_the_tablet_kept_for_an_hour_loses_to_a_no_of_half_an_hour_ago(world: World) -> None:
    told = await told_family(world)
    world.clock.advance(timedelta(hours=2))
    hour_ago = world.clock.now() - timedelta(hours=1)
    world.clock.set(hour_ago + timedelta(minutes=30))
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    world.clock.advance(timedelta(minutes=30))
    late = await sit(world, told.mother)
    await answer_all(world, told.mother, late, "yes", Seen(device_at=hour_ago, seconds_shown=9))
    receipt = await world.services.sittings.sign(told.mother, late.sitting, SIGNED)
    assert not any(line.stands for line in receipt.lines)
    kept = [row for row in await rows(world, consent_ledger) if row.sitting == late.sitting]
    assert {(row.device_at, row.seconds_shown) for row in kept} == {(hour_ago, 9)}
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s37_a_yes_after_the_no_stands(world: World) -> None:
    told = await told_family(world)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    again = await world.intake(told.mother, YES)
    assert all(line.stands for line in again.lines)
    assert isinstance(await ask(world, told.relationship), Released)


async def test_s37_a_no_in_a_sitting_signed_late_is_the_newest_word(world: World) -> None:
    told = await told_family(world)
    late = await sit(world, told.mother)
    await answer_all(world, told.mother, late, "no")
    await world.intake(told.mother, YES)
    await world.services.sittings.sign(told.mother, late.sitting, SIGNED)
    assert isinstance(await ask(world, told.relationship), Refused)


# --- 52 ------------------------------------------------------------------------------------------


async def test_s52_who_tells_it_herself_sends_nothing_and_changes_nothing(world: World) -> None:
    told = await told_family(world)
    before, counts = await rows(world, consent_ledger), await row_counts(world)
    sitting = await sit(world, told.mother)
    await answer_all(world, told.mother, sitting, "yes")
    await world.services.sittings.tell_myself(told.mother, sitting.sitting)

    assert await rows(world, consent_ledger) == before
    assert await count(world, sitting_answers) == 0
    assert await count(world, withdrawal_codes) == counts["withdrawal_codes"]
    ended = await world.services.sittings.read(told.mother, sitting.sitting)
    assert (ended.outcome, ended.answers) == ("tell_myself", {})
    (finished,) = (
        entry.detail.event
        for entry in await entries(world, "intake.finished.v1")
        if entry.detail is not None
        and isinstance(entry.detail.event, IntakeFinished)
        and entry.detail.event.outcome == "tell_myself"
    )
    assert (finished.yes, finished.no, finished.later) == (0, 0, 0)
    assert isinstance(await ask(world, told.relationship), Released), "what she chose before goes on"
    for act in (
        world.services.sittings.sign(told.mother, sitting.sitting, SIGNED),
        world.services.sittings.tell_myself(told.mother, sitting.sitting),
    ):
        with pytest.raises(ConflictError):
            await act


async def test_s52_a_first_conversation_that_ends_so_leaves_the_school_with_nothing(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    sitting = await sit(world, mother)
    await answer_all(world, mother, sitting, "yes")
    await world.services.sittings.tell_myself(mother, sitting.sitting)
    assert isinstance(await ask(world, relationship), Refused)
    assert await count(world, consent_ledger) == 0


# --- 55 and 53: what they leave ------------------------------------------------------------------


async def test_s55_a_child_that_is_not_fit_to_decide_leaves_nothing_either(world: World) -> None:
    view = await world.family(children=(("Noor", date(2013, 5, 4)),))
    await world.at_school(view.children[0].child)
    child = world.child(view)
    sitting = await sit(world, child)
    await answer_all(world, child, sitting, "yes")
    await world.services.sittings.not_now(child, sitting.sitting)
    assert await count(world, consent_ledger) == 0
    await world.settle()
    (task,) = await world.services.tasks.open_tasks(world.counsellor)
    assert (task.kind, task.family) == ("intake_again", view.family)


async def test_s53_the_counsellor_is_told_what_a_gezinsvoogd_would_need(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Gijs", "gezinsvoogd")))
    await world.at_school(view.children[0].child)
    with pytest.raises(InputError) as refused:
        await sit(world, world.guardian(view, 1))
    assert [problem.code for problem in refused.value.problems] == ["court_order_needed"]


async def test_s04_somebody_without_authority_gets_a_sentence_that_says_nothing(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "none")))
    await world.at_school(view.children[0].child)
    with pytest.raises(InputError) as refused:
        await sit(world, world.guardian(view, 1))
    assert [problem.code for problem in refused.value.problems] == ["nothing_to_decide"]


# --- 18 ------------------------------------------------------------------------------------------


async def _share(
    world: World, relationship: RelationshipId, text: str, attested: frozenset[str] = frozenset()
) -> Shared:
    note = Note(SUPPORT, {"helps": text}, attested=attested)
    shared = await world.services.records.share(world.counsellor, relationship, note)
    assert isinstance(shared, Shared)
    return shared


async def test_s18_a_diagnosis_in_support_advice_is_warned_about_and_may_be_attested(world: World) -> None:
    told = await told_family(world)
    text = "Zij leest graag het boek Mijn broer heeft ADHD."
    with pytest.raises(InputError) as refused:
        await _share(world, told.relationship, text)
    assert [problem.code for problem in refused.value.problems] == ["content.diagnosis_words"]
    with pytest.raises(InputError):
        await _share(world, told.relationship, text, frozenset({"not_a_bsn"}))

    shared = await _share(world, told.relationship, text, frozenset({"no_diagnosis", "invented"}))
    (entry,) = await trail(world, "record.attested.v1")
    assert entry.detail is not None
    event = entry.detail.event
    assert isinstance(event, RecordAttested)
    assert (event.record, event.version, event.attested) == (shared.record, 1, ("no_diagnosis",))


async def test_s18_what_nobody_was_asked_to_attest_is_not_recorded_as_attested(world: World) -> None:
    told = await told_family(world)
    await _share(world, told.relationship, "Rust helpt.", frozenset({"no_diagnosis", "not_a_bsn"}))
    await share(world, told.relationship)
    assert await trail(world, "record.attested.v1") == ()
