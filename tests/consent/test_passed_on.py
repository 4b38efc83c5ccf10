"""What a counsellor types in for somebody else: never more than was said, never newer than it was said."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import msgspec
import pytest
from sqlalchemy import insert

from consent_service.consent.evidence import open_passed_on
from consent_service.consent.passed_on import still_to_confirm
from consent_service.consent.reading import read_decisions
from consent_service.consent.service import Target
from consent_service.consent.statement import Answered
from consent_service.consent.tables import (
    consent_ledger,
    passed_on_statements,
    suspended_texts,
    text_versions,
)
from consent_service.families.model import NewAuthority
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.errors import IntegrityError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import PersonId, RelationshipId, TypeKey, new_id
from tests.consent.passed import SUPPORT, AtTheDesk, at_the_desk
from tests.ledger import count, entries, rows
from tests.shelter import World, furnish

TEENAGER = (("Noor", date(2013, 5, 4)),)
YOUNG_ADULT = (("Noor", date(2010, 5, 4)),)


async def withdraw(desk: AtTheDesk) -> None:
    mine = Target(desk.world.tenant, desk.view.family, desk.mother.guardian)
    await desk.world.services.consent.withdraw(desk.mother, mine, method="tablet")


# --- whose yes, and how old ------------------------------------------------------------------


async def test_a_form_signed_before_a_withdrawal_and_typed_in_after_it_changes_nothing(world: World) -> None:
    desk = await at_the_desk(world)
    await world.intake(desk.mother, {"shelter_involvement": "yes", SUPPORT: "yes"})
    monday = desk.today
    world.clock.advance(timedelta(days=1))
    await withdraw(desk)
    world.clock.advance(timedelta(days=1))
    said = desk.statement(said_on=monday)
    passed = await world.services.passed_on.record(world.counsellor, said)
    assert await desk.answer() == "no"
    assert passed.overtaken == ((desk.relationship, TypeKey(SUPPORT)),)


async def test_a_form_signed_on_the_day_of_a_withdrawal_changes_nothing_either(world: World) -> None:
    desk = await at_the_desk(world)
    await world.intake(desk.mother, {SUPPORT: "yes"})
    world.clock.advance(timedelta(hours=2))
    await withdraw(desk)
    world.clock.advance(timedelta(hours=1))
    await desk.record(desk.statement())
    assert await desk.answer() == "no"


async def test_a_no_of_long_ago_counts_from_the_moment_it_is_typed_in(world: World) -> None:
    desk = await at_the_desk(world)
    await world.intake(desk.mother, {SUPPORT: "yes"})
    world.clock.advance(timedelta(hours=1))
    said = desk.statement({SUPPORT: "no"}, said_on=desk.days_ago(200))
    passed = await world.services.passed_on.record(world.counsellor, said)
    assert (await desk.answer(), passed.overtaken) == ("no", ())


async def test_a_later_takes_the_place_of_an_earlier_yes(world: World) -> None:
    desk = await at_the_desk(world)
    await world.intake(desk.mother, {SUPPORT: "yes"})
    world.clock.advance(timedelta(hours=1))
    await desk.record(desk.statement({SUPPORT: "later"}, method="oral"))
    assert await desk.answer() == "later"


async def test_the_ledger_says_who_typed_it_in_and_how_it_was_said(world: World) -> None:
    desk = await at_the_desk(world)
    said = desk.statement(method="oral", reason="cannot_write", interpreter="telephone")
    statement = await desk.record(said)
    (row,) = await rows(world, consent_ledger)
    shown = world.shown(SUPPORT)
    assert (row.person, row.entered_by) == (desk.mother.guardian, world.counsellor.staff)
    assert (row.kind, row.capacity, row.method) == ("given", "holder", "oral")
    assert (row.evidence, row.reason, row.interpreter) == ("note", "cannot_write", "telephone")
    assert (row.language, row.text_version, row.text_hash) == ("nl", shown.text_version, shown.text_hash)
    assert (row.sitting, row.device_at) == (statement, local_midnight(desk.today))
    await world.settle()
    (entry,) = await entries(world, "consent.given.v1")
    assert entry.detail is not None
    assert (entry.detail.by.kind, entry.detail.by.id) == ("counsellor", world.counsellor.staff)


async def test_a_paper_form_is_evidence_by_itself(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement(said_on=desk.days_ago(2)))
    (row,) = await rows(world, consent_ledger)
    assert (row.method, row.evidence, row.reason) == ("paper", "paper_form", None)
    assert row.decided_at == local_midnight(desk.days_ago(2))


async def test_a_child_that_decides_along_speaks_about_itself(world: World) -> None:
    desk = await at_the_desk(world, children=(*TEENAGER, ("Sami", date(2018, 5, 4))))
    child = desk.view.children[0].child
    await desk.record(desk.statement(person=child))
    (row,) = await rows(world, consent_ledger)
    assert (row.person, row.capacity, row.kind) == (child, "child", "given")
    other = await world.at_school(desk.view.children[1].child)
    sister = Answered(other, TypeKey(SUPPORT), "yes", world.shown(SUPPORT).text_version)
    assert await desk.refused(desk.statement(person=child, answers=(sister,))) == [
        ("answers", "passed_on.question_unknown")
    ]


async def test_a_child_is_not_asked_what_is_about_a_parent(world: World) -> None:
    desk = await at_the_desk(world, children=TEENAGER)
    child = desk.view.children[0].child
    asked = await world.services.passed_on.questions(world.counsellor, desk.view.family, child, language="nl")
    keys = {one.information_type for one in asked}
    assert {"support_advice", "child_voice"} <= keys
    assert "parent_circumstances" not in keys
    said = desk.statement({"parent_circumstances": "no"}, person=child)
    assert await desk.refused(said) == [("answers", "passed_on.question_unknown")]


async def test_a_child_that_was_too_young_when_it_signed_is_asked_again(world: World) -> None:
    desk = await at_the_desk(world, children=(("Noor", date(2014, 8, 31)),))
    child = desk.view.children[0].child
    said = desk.statement(person=child, said_on=desk.days_ago(2))
    assert await desk.refused(said) == [("person", "passed_on.child_too_young")]
    await desk.record(msgspec.structs.replace(said, said_on=desk.today))


async def test_the_words_of_an_answer_are_kept_for_good(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement())
    (kept,) = await rows(world, text_versions)
    assert kept.text_hash == world.shown(SUPPORT).text_hash


# --- what is refused ---------------------------------------------------------------------------


async def test_everything_wrong_is_told_at_once_and_nothing_is_recorded(world: World) -> None:
    desk = await at_the_desk(world)
    said = desk.statement(
        {"child_health": "yes", "contact_persons": "yes"},
        method="oral",
        said_on=desk.today + timedelta(days=1),
        reason=None,
        note="x" * 501,
    )
    assert await desk.refused(said) == [
        ("said_on", "passed_on.date_future"),
        ("reason", "passed_on.reason_missing"),
        ("note", "too_long"),
        (f"answer-{desk.relationship}-child_health", "passed_on.needs_signature"),
    ]


@pytest.mark.parametrize("language", ["xx", "", "../nl"])
async def test_a_language_that_nobody_can_be_asked_in_is_refused(world: World, language: str) -> None:
    desk = await at_the_desk(world)
    assert await desk.refused(desk.statement(language=language)) == [("language", "language_unknown")]


async def test_a_yes_of_more_than_ninety_days_ago_is_refused(world: World) -> None:
    desk = await at_the_desk(world)
    assert await desk.refused(desk.statement({"contact_persons": "yes"}, said_on=desk.days_ago(91))) == [
        ("said_on", "passed_on.date_too_old")
    ]


async def test_a_yes_to_words_that_have_changed_is_refused(world: World) -> None:
    desk = await at_the_desk(world)
    old = desk.answered(SUPPORT, "yes", version="consent.support_advice@0")
    assert await desk.refused(desk.statement(answers=(old,))) == [
        (f"answer-{desk.relationship}-{SUPPORT}", "passed_on.text_changed")
    ]


async def test_a_no_to_words_that_have_changed_is_taken(world: World) -> None:
    desk = await at_the_desk(world)
    old = desk.answered(SUPPORT, "no", version="consent.support_advice@0")
    await desk.record(desk.statement(answers=(old,)))
    (row,) = await rows(world, consent_ledger)
    assert (row.kind, row.text_version, row.text_hash) == ("refused", "consent.support_advice@0", "")


async def test_a_yes_to_a_text_in_doubt_is_refused_and_a_no_is_taken(world: World) -> None:
    desk = await at_the_desk(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(
            insert(suspended_texts).values(
                tenant=world.tenant,
                text_hash=world.shown(SUPPORT).text_hash,
                state="suspended",
                decided_by=world.officer.staff,
                decided_at=world.clock.now(),
            )
        )
    assert await desk.refused(desk.statement()) == [
        (f"answer-{desk.relationship}-{SUPPORT}", "passed_on.text_suspended")
    ]
    await desk.record(desk.statement({SUPPORT: "no"}))
    assert await desk.answer() == "no"


@pytest.mark.parametrize("kind", ["none", "gezinsvoogd"])
async def test_a_yes_of_who_does_not_decide_is_refused(world: World, kind: str) -> None:
    desk = await at_the_desk(world, guardians=(("Samira", "holder"), ("Karim", None)))
    karim, child = desk.view.guardians[1].guardian, desk.view.children[0].child
    fact = NewAuthority(kind, "judgment", date(2026, 1, 1))  # type: ignore[arg-type]
    await world.services.families.record_authority(
        world.counsellor, desk.view.family, child=child, guardian=karim, fact=fact
    )
    field = f"answer-{desk.relationship}-{SUPPORT}"
    assert await desk.refused(desk.statement(person=karim)) == [(field, "passed_on.no_say")]
    await desk.record(desk.statement({SUPPORT: "no"}, person=karim))
    (row,) = await rows(world, consent_ledger)
    assert (row.kind, row.capacity) == ("refused", "gezinsvoogd" if kind != "none" else "without_authority")


async def test_who_got_authority_after_signing_has_to_be_asked_again(world: World) -> None:
    desk = await at_the_desk(world, guardians=(("Samira", "holder"), ("Karim", "none")))
    karim, child = desk.view.guardians[1].guardian, desk.view.children[0].child
    signed = desk.today
    world.clock.advance(timedelta(days=2))
    fact = NewAuthority("holder", "judgment", desk.today)
    await world.services.families.record_authority(
        world.counsellor, desk.view.family, child=child, guardian=karim, fact=fact
    )
    field = f"answer-{desk.relationship}-{SUPPORT}"
    said = desk.statement(person=karim, said_on=signed)
    assert await desk.refused(said) == [(field, "passed_on.no_say")]
    await desk.record(msgspec.structs.replace(said, said_on=desk.today))


async def test_nobody_says_yes_for_who_decides_alone(world: World) -> None:
    desk = await at_the_desk(world, children=YOUNG_ADULT)
    field = f"answer-{desk.relationship}-{SUPPORT}"
    assert await desk.refused(desk.statement()) == [(field, "passed_on.child_decides")]
    await desk.record(desk.statement(person=desk.view.children[0].child))


async def test_a_child_that_does_not_decide_along_is_heard_elsewhere(world: World) -> None:
    desk = await at_the_desk(world)
    child = desk.view.children[0].child
    assert await desk.refused(desk.statement(person=child)) == [("person", "passed_on.child_too_young")]


async def test_a_child_of_another_family_and_a_type_that_is_none_are_refused(world: World) -> None:
    desk, elsewhere = await at_the_desk(world), await at_the_desk(world, family_name="Anders")
    for relationship, key in (
        (elsewhere.relationship, SUPPORT),
        (RelationshipId(new_id()), SUPPORT),
        (desk.relationship, "bsn"),
    ):
        for answer in ("yes", "no"):
            wrong = Answered(relationship, TypeKey(key), answer, "x@1")
            assert await desk.refused(desk.statement(answers=(wrong,))) == [
                ("answers", "passed_on.question_unknown")
            ]


async def test_two_answers_to_one_question_are_refused(world: World) -> None:
    desk = await at_the_desk(world)
    both = (desk.answered(SUPPORT, "yes"), desk.answered(SUPPORT, "no"))
    assert await desk.refused(desk.statement(answers=both)) == [
        (f"answer-{desk.relationship}-{SUPPORT}", "passed_on.answered_twice")
    ]


async def test_a_relationship_that_ended_takes_no_answers(world: World) -> None:
    desk = await at_the_desk(world)
    await world.services.families.end_relationship(world.counsellor, desk.relationship, "moved_out")
    assert await desk.refused(desk.statement()) == [("answers", "passed_on.question_unknown")]


async def test_a_colleague_and_another_shelter_pass_nothing_on(world: World) -> None:
    desk = await at_the_desk(world)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    said = desk.statement()
    for who in (world.colleague, other.counsellor):
        for attempt in (
            world.services.passed_on.record(who, said),
            world.services.passed_on.check(who, said),
            world.services.passed_on.questions(who, said.family, said.person, language="nl"),
            world.services.passed_on.to_confirm(who, said.family),
            world.services.passed_on.earlier(who, said.family),
        ):
            with pytest.raises(NotAllowedError):
                await attempt
    assert await count(world, consent_ledger) == 0


async def test_somebody_of_another_family_is_nobody_here(world: World) -> None:
    desk, elsewhere = await at_the_desk(world), await at_the_desk(world, family_name="Anders")
    with pytest.raises(NotFoundError):
        await desk.record(desk.statement(person=elsewhere.mother.guardian))
    with pytest.raises(NotFoundError):
        await desk.record(desk.statement(person=PersonId(new_id())))


async def test_checking_tells_the_same_and_writes_nothing(world: World) -> None:
    desk = await at_the_desk(world)
    await world.services.passed_on.check(world.counsellor, desk.statement())
    assert await count(world, consent_ledger) == 0
    assert await count(world, passed_on_statements) == 0


# --- twice is once -----------------------------------------------------------------------------


async def test_the_same_form_sent_twice_at_once_is_written_once(world: World) -> None:
    desk = await at_the_desk(world)
    said = desk.statement()
    done = await asyncio.gather(*(world.services.passed_on.record(world.counsellor, said) for _ in range(3)))
    assert len({one.statement for one in done}) == 1
    assert sorted(one.again for one in done) == [False, True, True]
    assert (await count(world, consent_ledger), await count(world, passed_on_statements)) == (1, 1)


async def test_the_same_answers_typed_in_again_the_same_day_are_written_once(world: World) -> None:
    desk = await at_the_desk(world)
    first = await desk.record(desk.statement())
    world.clock.advance(timedelta(minutes=5))
    assert await desk.record(desk.statement()) == first
    assert await count(world, consent_ledger) == 1


async def test_a_no_that_is_repeated_after_a_yes_is_written_again(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement({SUPPORT: "no"}, method="oral"))
    world.clock.advance(timedelta(minutes=5))
    await world.intake(desk.mother, {SUPPORT: "yes"})
    world.clock.advance(timedelta(minutes=5))
    await desk.record(desk.statement({SUPPORT: "no"}, method="oral"))
    assert await desk.answer() == "no"


async def test_other_answers_on_the_same_day_are_another_statement(world: World) -> None:
    desk = await at_the_desk(world)
    first = await desk.record(desk.statement({SUPPORT: "no"}))
    world.clock.advance(timedelta(minutes=5))
    second = await desk.record(desk.statement({SUPPORT: "no", "contact_persons": "yes"}))
    assert first != second
    assert await count(world, consent_ledger) == 3


async def test_the_same_answers_the_next_day_are_another_statement(world: World) -> None:
    desk = await at_the_desk(world)
    said = desk.statement({SUPPORT: "no"})
    first = await desk.record(said)
    world.clock.advance(timedelta(days=1))
    assert await desk.record(msgspec.structs.replace(said, form=new_id())) != first


# --- said aloud --------------------------------------------------------------------------------


async def test_a_yes_that_was_only_said_ends_after_some_days(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement(method="oral"))
    world.clock.set(local_midnight(desk.today + timedelta(days=14)) - timedelta(seconds=1))
    standing = await desk.standing()
    assert standing is not None
    assert standing.is_yes
    world.clock.advance(timedelta(seconds=1))
    standing = await desk.standing()
    assert standing is not None
    assert standing.expired


async def test_a_yes_that_was_said_too_long_ago_would_be_over(world: World) -> None:
    desk = await at_the_desk(world)
    said = desk.statement(method="oral", said_on=desk.days_ago(14))
    assert await desk.refused(said) == [(f"answer-{desk.relationship}-{SUPPORT}", "passed_on.already_over")]


async def test_what_was_only_said_is_listed_until_the_same_person_confirms_it(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement({SUPPORT: "yes", "contact_persons": "no"}, method="oral"))
    (waiting,) = await world.services.passed_on.to_confirm(world.counsellor, desk.view.family)
    assert (waiting.person, waiting.information_type) == (desk.mother.guardian, SUPPORT)
    assert waiting.until == desk.today + timedelta(days=14)
    world.clock.advance(timedelta(days=1))
    await world.intake(desk.mother, {SUPPORT: "yes"})
    assert await world.services.passed_on.to_confirm(world.counsellor, desk.view.family) == ()
    standing = await desk.standing()
    assert standing is not None
    assert standing.valid_until is not None
    assert local_date(standing.valid_until) > desk.today + timedelta(days=14)


async def test_a_signed_form_confirms_what_was_said_on_that_day(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement(method="oral"))
    world.clock.advance(timedelta(hours=1))
    await desk.record(desk.statement())
    assert await world.services.passed_on.to_confirm(world.counsellor, desk.view.family) == ()


async def test_a_yes_said_aloud_is_not_prolonged_by_saying_it_again(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement(method="oral"))
    field = f"answer-{desk.relationship}-{SUPPORT}"
    for _ in range(2):
        world.clock.advance(timedelta(days=13))
        again = desk.statement({SUPPORT: "yes", "contact_persons": "no"}, method="oral")
        assert await desk.refused(again) == [(field, "passed_on.oral_not_confirmed")]
    standing = await desk.standing()
    assert standing is not None
    assert standing.expired
    await desk.record(desk.statement({SUPPORT: "no"}, method="oral"))  # a no is taken, and confirms nothing
    world.clock.advance(timedelta(days=1))
    assert await desk.refused(desk.statement(method="oral")) == [(field, "passed_on.oral_not_confirmed")]


@pytest.mark.parametrize("how", ["tablet", "paper", "page"])
async def test_after_an_own_word_somebody_can_say_yes_aloud_again(world: World, how: str) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement(method="oral"))
    world.clock.advance(timedelta(days=1))
    if how == "tablet":
        await world.intake(desk.mother, {SUPPORT: "later"})
    elif how == "paper":
        await desk.record(desk.statement())
    else:
        await withdraw(desk)
    world.clock.advance(timedelta(days=1))
    await desk.record(desk.statement(method="oral"))


async def test_a_form_signed_before_somebody_said_yes_aloud_confirms_nothing(world: World) -> None:
    desk = await at_the_desk(world)
    yesterday = desk.days_ago(1)
    await desk.record(desk.statement(method="oral"))
    world.clock.advance(timedelta(hours=1))
    await desk.record(desk.statement({SUPPORT: "yes"}, said_on=yesterday))
    world.clock.advance(timedelta(days=1))
    field = f"answer-{desk.relationship}-{SUPPORT}"
    assert await desk.refused(desk.statement(method="oral")) == [(field, "passed_on.oral_not_confirmed")]


async def test_the_word_of_one_parent_is_not_confirmed_by_the_other(world: World) -> None:
    desk = await at_the_desk(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    await desk.record(desk.statement(method="oral"))
    world.clock.advance(timedelta(days=1))
    await world.intake(world.guardian(desk.view, 1), {SUPPORT: "yes"})
    (waiting,) = await world.services.passed_on.to_confirm(world.counsellor, desk.view.family)
    assert waiting.person == desk.mother.guardian


async def test_what_was_taken_back_or_has_ended_needs_no_confirmation(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement(method="oral"))
    async with world.services.installation.database.reading() as conn:
        decisions = await read_decisions(conn, world.tenant, [desk.relationship])
    catalogue = world.services.policies.proposal.catalogue
    later = world.clock.now() + timedelta(days=15)
    assert still_to_confirm(decisions, catalogue, now=later) == ()
    world.clock.advance(timedelta(hours=1))
    await withdraw(desk)
    assert await world.services.passed_on.to_confirm(world.counsellor, desk.view.family) == ()


# --- evidence ----------------------------------------------------------------------------------


async def test_the_evidence_is_sealed_and_opens_for_its_own_statement_only(world: World) -> None:
    desk = await at_the_desk(world)
    statement = await desk.record(desk.statement(kept="family_file", note="In het bijzijn van haar zus."))
    (row,) = await rows(world, passed_on_statements)
    assert b"zus" not in row.sealed_evidence
    assert row.form != desk.statement().form
    (kept,) = await world.services.passed_on.earlier(world.counsellor, desk.view.family)
    assert (kept.statement, kept.evidence.kept) == (statement, "family_file")
    assert kept.evidence.note == "In het bijzijn van haar zus."
    assert kept.evidence.answers == {f"{desk.relationship}:{SUPPORT}": "yes"}
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        key = await ring.person_key(conn, world.tenant, desk.mother.guardian)
    with pytest.raises(IntegrityError):
        open_passed_on(ring, key, new_id(), row.sealed_evidence)


async def test_the_statement_of_somebody_who_was_erased_is_no_longer_listed(world: World) -> None:
    desk = await at_the_desk(world)
    await desk.record(desk.statement())
    ring = world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        await ring.destroy_person_key(conn, world.tenant, desk.mother.guardian)
    assert await world.services.passed_on.earlier(world.counsellor, desk.view.family) == ()
