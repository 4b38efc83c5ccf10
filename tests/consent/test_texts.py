"""What consents rest on stays provable, and a wrong text takes every consent to it out of force, once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import insert

from consent_service.audit.events import TextResumed, TextSuspended
from consent_service.audit.log import AuditLog
from consent_service.consent.ledger import NewDecision
from consent_service.consent.model import Answer, Signature
from consent_service.consent.service import Target
from consent_service.consent.tables import consent_ledger, suspended_texts, text_versions
from consent_service.consent.texts import TextService, keep_texts
from consent_service.families.model import FamilyView
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import DecisionId, PersonId, RelationshipId, TypeKey, new_id
from consent_service.identity.model import Fg, GuardianActor
from consent_service.information.texts import TypeText, words_of
from consent_service.organisations.model import NewStaff
from consent_service.process.tables import tasks
from tests.ledger import count, entries, rows, version
from tests.shelter import OPERATOR, World, furnish

SUPPORT = TypeKey("support_advice")
YES: dict[str, Answer] = {"shelter_involvement": "yes", "support_advice": "yes"}


@dataclass
class Asked:
    """A family whose mother was asked."""

    view: FamilyView
    relationship: RelationshipId
    mother: GuardianActor


async def asked(
    world: World, name: str, answers: dict[str, Answer] | None = None, *, language: str = "nl"
) -> Asked:
    view = await world.family(family_name=name)
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), YES if answers is None else answers, language=language)
    return Asked(view, relationship, world.guardian(view))


def text_of(world: World, language: str = "nl", key: TypeKey = SUPPORT) -> TypeText:
    return world.services.texts.of_type(language, key)


async def suspended(world: World) -> set[tuple[str, str]]:
    """Relationship and decision of every row that suspends."""
    found = await rows(world, consent_ledger, kind="suspended")
    return {(row.relationship, row.concerns) for row in found}


def fresh(world: World) -> TextService:
    """Another process's door to the same texts."""
    parts = world.services.installation
    return TextService(
        database=parts.database,
        ring=parts.ring,
        log=world.services.log,
        clock=parts.clock,
        catalogue=world.services.policies.proposal.catalogue,
        texts=world.services.texts,
    )


async def test_every_hash_in_the_ledger_is_proved_by_words_that_were_kept_with_the_first_decision(
    world: World,
) -> None:
    await asked(world, "Een")
    first = world.clock.now()
    world.clock.advance(timedelta(days=1))
    await asked(world, "Twee")
    await asked(world, "Drie", language="en")

    kept = {row.text_hash: row for row in await rows(world, text_versions)}
    assert {row.text_hash for row in await rows(world, consent_ledger)} == kept.keys()
    assert all(hashlib.sha256(row.content.encode()).hexdigest() == row.text_hash for row in kept.values())
    ours = kept[text_of(world).hash]
    assert (ours.first_used_at, ours.text_id, ours.language) == (first, "consent.support_advice", "nl")
    assert ours.content == words_of(text_of(world))
    assert {row.language for row in kept.values()} == {"nl", "en"}


async def test_no_words_stay_of_a_signature_that_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise LogUnavailableError("planted")

    view = await world.family()
    await world.at_school(view.children[0].child)
    with monkeypatch.context() as patch:
        patch.setattr("consent_service.consent.sittings.write_decisions", away)
        with pytest.raises(LogUnavailableError):
            await world.intake(world.guardian(view), YES)
    assert await count(world, text_versions) == 0


async def test_words_that_nobody_is_asked_with_are_not_kept_as_if(world: World) -> None:
    new = NewDecision(
        relationship=RelationshipId(new_id()),
        information_type=SUPPORT,
        person=PersonId(new_id()),
        capacity="holder",
        kind="refused",
        method="tablet",
        shown=msgspec.structs.replace(world.shown(SUPPORT), text_hash="f" * 64),
        decided_at=world.clock.now(),
    )
    async with world.services.installation.database.transaction() as conn:
        with pytest.raises(ConflictError):
            await keep_texts(conn, world.tenant, world.services.texts, [new], at=world.clock.now())
    assert await count(world, text_versions) == 0


async def test_only_a_standing_yes_to_this_very_text_is_suspended(world: World) -> None:
    told = await asked(world, "Een")
    also = await asked(world, "Twee")
    said_no = await asked(world, "Drie", {"shelter_involvement": "yes", "support_advice": "no"})
    english = await asked(world, "Vier", language="en")
    stopped = await asked(world, "Vijf")
    target = Target(world.tenant, stopped.view.family, stopped.mother.guardian)
    await world.services.consent.withdraw(stopped.mother, target, method="page")
    world.clock.advance(timedelta(minutes=1))

    door = world.services.wording
    assert (await door.preview(world.officer, text_of(world).hash)).resting == 2
    before = await version(world, told.relationship)
    assert await door.suspend(world.officer, text_of(world).hash) == 2

    assert {relationship for relationship, _ in await suspended(world)} == {
        told.relationship,
        also.relationship,
    }
    assert await version(world, told.relationship) > before
    answers = await world.services.consent.own_answers(told.mother)
    assert answers[told.relationship, SUPPORT].answer == "suspended"
    assert answers[told.relationship, TypeKey("shelter_involvement")].is_yes
    for other in (said_no, english):
        standing = (await world.services.consent.own_answers(other.mother))[other.relationship, SUPPORT]
        assert standing.answer == ("no" if other is said_no else "yes")
    (entry,) = await entries(world, "text.suspended.v1")
    assert entry.detail is not None
    assert entry.detail.subject is None
    assert entry.detail.event == TextSuspended(
        text_of(world).hash, "consent.support_advice@1", "nl", consents=2
    )


async def test_another_shelters_consents_to_the_same_words_stay(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    there = await asked(other, "Elders")
    await asked(world, "Hier")
    assert await world.services.wording.suspend(world.officer, text_of(world).hash) == 1
    standing = (await other.services.consent.own_answers(there.mother))[there.relationship, SUPPORT]
    assert standing.is_yes
    await asked(other, "Nog elders")


async def test_cut_off_between_two_batches_the_rest_follows_and_nothing_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Een", "Twee", "Drie"):
        await asked(world, name)
    monkeypatch.setattr("consent_service.consent.texts._BATCH", 1)
    whole, done = AuditLog.append, list[object]()

    async def cut_off(*about: object, **values: object) -> object:
        done.append(about)
        if len(done) == 3:  # the mark, the first family, and here it stops
            raise LogUnavailableError("planted")
        return await whole(*about, **values)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(AuditLog, "append", cut_off)
        with pytest.raises(LogUnavailableError):
            await world.services.wording.suspend(world.officer, text_of(world).hash)
    assert len(await suspended(world)) == 1

    assert await fresh(world).finish(world.tenant) == 2
    assert await fresh(world).finish(world.tenant) == 0
    assert len(await rows(world, consent_ledger, kind="suspended")) == 3


async def test_a_yes_that_was_on_its_way_while_its_text_was_taken_away_is_suspended_as_well(
    world: World,
) -> None:
    told = await asked(world, "Een")
    await world.services.wording.suspend(world.officer, text_of(world).hash)
    (yes,) = await rows(world, consent_ledger, kind="given", information_type=SUPPORT)
    late = yes._asdict() | {"decision": new_id(), "recorded_at": world.clock.now()}
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(insert(consent_ledger).values(late | {"decided_at": world.clock.now()}))

    world.clock.advance(timedelta(seconds=30))
    assert await fresh(world).finish(world.tenant) == 1
    standing = (await world.services.consent.own_answers(told.mother))[told.relationship, SUPPORT]
    assert standing.answer == "suspended"
    (mark,) = await rows(world, suspended_texts)
    assert mark.state == "suspended"
    assert await fresh(world).finish(world.tenant) == 0


async def test_nobody_is_asked_with_it_at_any_step_and_another_language_still_can(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    mother, sittings = world.guardian(view), world.services.sittings

    async def start(language: str) -> str:
        opened = await sittings.start(
            world.counsellor,
            family=view.family,
            guardian=mother.guardian,
            language=language,
            interpreter="none",
            types=[SUPPORT],
        )
        return opened.sitting

    answered, begun, english = await start("nl"), await start("nl"), await start("en")
    (question,) = (await sittings.read(mother, answered)).questions
    await sittings.answer(mother, answered, question, answer="yes", shown=world.shown(SUPPORT))
    await world.services.wording.suspend(world.officer, text_of(world).hash)

    refused = (
        start("nl"),
        sittings.answer(mother, begun, question, answer="yes", shown=world.shown(SUPPORT)),
        sittings.choose_language(mother, english, "nl"),
        sittings.sign(mother, answered, Signature("typed", "Samira")),
    )
    for step in refused:
        with pytest.raises(InputError) as caught:
            await step
        assert [problem.code for problem in caught.value.problems] == ["text_suspended"]
    assert await count(world, consent_ledger) == 0
    await sittings.answer(mother, english, question, answer="yes", shown=world.shown(SUPPORT, "en"))
    await sittings.sign(mother, english, Signature("typed", "Samira"))
    assert await count(world, consent_ledger) == 1


async def test_resuming_gives_back_what_nobody_decided_otherwise_about_meanwhile(world: World) -> None:
    same, withdrew, again = [await asked(world, name) for name in ("Een", "Twee", "Drie")]
    door = world.services.wording
    await door.suspend(world.officer, text_of(world).hash)
    world.clock.advance(timedelta(days=1))
    target = Target(world.tenant, withdrew.view.family, withdrew.mother.guardian)
    await world.services.consent.withdraw(withdrew.mother, target, method="page")
    await world.intake(again.mother, {**YES, "support_advice": "no"}, language="en")
    world.clock.advance(timedelta(days=1))

    found = await door.preview(world.officer, text_of(world).hash)
    assert (found.state, found.resting, found.waiting) == ("suspending", 0, 1)
    assert await door.resume(world.officer, text_of(world).hash) == 1

    said = [
        (await world.services.consent.own_answers(one.mother))[one.relationship, SUPPORT]
        for one in (same, withdrew, again)
    ]
    assert [standing.answer for standing in said] == ["yes", "no", "no"]
    assert said[0].is_yes
    (entry,) = await entries(world, "text.resumed.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, TextResumed)
    assert entry.detail.event.consents == 1
    await asked(world, "Vier")
    world.clock.advance(timedelta(seconds=30))
    assert await door.finish(world.tenant) == 0
    assert await count(world, suspended_texts) == 0
    assert await door.suspend(world.officer, text_of(world).hash) == 2


async def test_one_consent_is_one_task_and_giving_it_back_or_answering_settles_it(world: World) -> None:
    told, also = await asked(world, "Een"), await asked(world, "Twee")
    await world.services.wording.suspend(world.officer, text_of(world).hash)
    await world.settle()
    open_now = await world.services.tasks.open_tasks(world.counsellor)
    assert {(one.kind, one.relationship, one.information_type, one.person) for one in open_now} == {
        ("ask_again", told.relationship, SUPPORT, told.mother.guardian),
        ("ask_again", also.relationship, SUPPORT, also.mother.guardian),
    }
    await world.intake(told.mother, YES, language="en")
    await world.settle()
    (left,) = await world.services.tasks.open_tasks(world.counsellor)
    assert left.relationship == also.relationship
    await world.services.wording.resume(world.officer, text_of(world).hash)
    await world.settle()
    assert await world.services.tasks.open_tasks(world.counsellor) == ()
    assert await count(world, tasks) == 2


async def superseded(world: World) -> tuple[Asked, DecisionId]:
    """A yes to the Dutch text, and a newer one to the English text that stands; its id."""
    told = await asked(world, "Een")
    world.clock.advance(timedelta(days=1))
    await world.intake(told.mother, YES, language="en")
    newest = await rows(world, consent_ledger, kind="given", information_type=SUPPORT, language="en")
    world.clock.advance(timedelta(days=1))
    return told, DecisionId(newest[0].decision)


async def answer_of(world: World, told: Asked) -> str:
    return (await world.services.consent.own_answers(told.mother))[told.relationship, SUPPORT].answer


async def test_a_yes_to_a_faulty_text_does_not_come_back_when_the_newer_yes_is_invalidated(
    world: World,
) -> None:
    told, newer = await superseded(world)
    assert await world.services.wording.suspend(world.officer, text_of(world).hash) == 0
    assert await answer_of(world, told) == "yes"

    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.invalidate(world.counsellor, target, newer)
    assert await answer_of(world, told) == "suspended"

    assert await world.services.wording.resume(world.officer, text_of(world).hash) == 1
    assert await answer_of(world, told) == "yes"


async def test_a_yes_that_does_not_stand_is_no_task_counts_nowhere_and_is_given_back_too(
    world: World,
) -> None:
    told, newer = await superseded(world)
    dutch, english, door = text_of(world).hash, text_of(world, "en").hash, world.services.wording
    await door.suspend(world.officer, dutch)
    await world.settle()
    assert await world.services.tasks.open_tasks(world.counsellor) == ()
    assert (await door.preview(world.officer, dutch)).waiting == 0
    assert await fresh(world).finish(world.tenant) == 0
    assert len(await suspended(world)) == 1

    assert await door.suspend(world.officer, english) == 1
    assert await door.resume(world.officer, dutch) == 0
    await world.settle()
    (left,) = await world.services.tasks.open_tasks(world.counsellor)
    assert left.kind == "ask_again"
    target = Target(world.tenant, told.view.family, told.mother.guardian)
    await world.services.consent.invalidate(world.counsellor, target, newer)
    assert await answer_of(world, told) == "yes"


async def test_the_fg_looks_and_decides_nothing_and_nobody_else_looks(world: World) -> None:
    await asked(world, "Een")
    staff = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fem"))
    fg, door, text = Fg(world.tenant, staff), world.services.wording, text_of(world).hash
    assert (await door.used(fg))[0].resting == 1
    assert (await door.preview(fg, text)).resting == 1
    for decide in (door.suspend(fg, text), door.resume(fg, text), door.to_suspend(fg, text)):
        with pytest.raises(NotAllowedError):
            await decide
    for look in (door.used(world.counsellor), door.preview(world.counsellor, text)):  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            await look
    assert await count(world, suspended_texts) == 0


async def test_an_unknown_text_a_second_time_and_a_text_in_use_are_refused(world: World) -> None:
    door, text = world.services.wording, text_of(world).hash
    with pytest.raises(NotFoundError):
        await door.suspend(world.officer, "0" * 64)
    with pytest.raises(ConflictError):
        await door.resume(world.officer, text)
    assert await door.suspend(world.officer, text) == 0  # nobody has answered it, and now nobody will
    with pytest.raises(ConflictError):
        await door.suspend(world.officer, text)
    with pytest.raises(ConflictError):
        await door.to_suspend(world.officer, text)
    assert len(await entries(world, "text.suspended.v1")) == 1


async def test_what_most_rests_on_comes_first_and_the_words_are_the_words(world: World) -> None:
    await asked(world, "Een")
    await asked(world, "Twee", {"shelter_involvement": "yes"})
    found = await world.services.wording.used(world.officer)
    assert [(one.text_id, one.resting) for one in found[:2]] == [
        ("consent.shelter_involvement", 2),
        ("consent.support_advice", 1),
    ]
    assert {one.resting for one in found[2:]} == {0}
    languages = world.services.texts.languages
    assert len(found) == sum(len(spoken.types) for spoken in languages.values())
    ours = next(one for one in found if one.text_hash == text_of(world).hash)
    assert dict(ours.words)["question"] == text_of(world).question
    assert (ours.state, ours.current, ours.review) == ("in_use", True, "draft")
