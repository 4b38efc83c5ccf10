"""The door to write: who may, versions, approval by a second person, one's own guardian, stops."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock

import pytest
from msgspec.structs import replace

from consent_service.audit.events import InformationReleased, RecordApproved, RecordShared
from consent_service.consent.model import Answer
from consent_service.consent.service import Target
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    KeyDestroyedError,
    LogUnavailableError,
    NotAllowedError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.ids import PersonId, RecordId, RelationshipId, TypeKey, new_id
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.service import Note
from consent_service.records.tables import records
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import count
from tests.scenarios.stories import ADVICE, SUPPORT, YES, Told, ask, everything_said, told_family, trail
from tests.shelter import World, furnish

VIOLENCE = TypeKey("current_domestic_violence")
CODED = {"status": "current", "meeting": "soon"}
OWN = TypeKey("parent_circumstances")


async def told_of_violence(world: World) -> tuple[Told, Shared]:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, "current_domestic_violence": "yes"})
    shared = await world.services.records.share(world.counsellor, told.relationship, Note(VIOLENCE, CODED))
    assert isinstance(shared, Shared)
    return told, shared


async def ask_safety(world: World, told: Told) -> Released | Refused:
    return await world.services.release.to_school(world.contact, Ask(told.relationship, "safety"))


async def test_who_is_not_with_the_family_or_on_the_list_writes_nothing(world: World) -> None:
    told = await told_family(world)
    note = Note(SUPPORT, {"helps": "Rust."})
    for writer in (world.colleague, world.teacher, world.eik_contact):
        with pytest.raises(NotAllowedError):
            await world.services.records.share(writer, told.relationship, note)


async def test_what_the_log_does_not_take_is_not_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    before = await count(world, records)
    monkeypatch.setattr("consent_service.audit.log.AuditLog.append", AsyncMock(return_value=None))
    with pytest.raises(LogUnavailableError):
        await world.services.records.share(
            world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Rust."})
        )
    assert await count(world, records) == before


async def test_another_shelter_does_not_know_the_relationship(world: World) -> None:
    told = await told_family(world)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    with pytest.raises(NotFoundError):
        await world.services.records.share(
            other.counsellor, told.relationship, Note(SUPPORT, {"helps": "Rust."})
        )
    with pytest.raises(NotFoundError):
        await world.services.records.approve(other.counsellor, told.relationship, told.record)


async def test_an_unknown_type_or_relationship_is_not_found(world: World) -> None:
    told = await told_family(world)
    with pytest.raises(NotFoundError):
        await world.services.records.share(
            world.counsellor, told.relationship, Note(TypeKey("bsn"), {"number": "1"})
        )
    with pytest.raises(NotFoundError):
        await world.services.records.share(
            world.counsellor, RelationshipId(new_id()), Note(SUPPORT, {"helps": "Rust."})
        )


async def test_both_directions_use_one_door_and_stay_apart(world: World) -> None:
    told = await told_family(world)
    written = await world.services.records.share(
        world.contact, told.relationship, Note(SUPPORT, {"helps": "In de klas: vooraan zitten."})
    )
    assert isinstance(written, Shared)
    to_shelter = await world.services.release.to_shelter(world.counsellor, Ask(told.relationship, "support"))
    to_school = await ask(world, told.relationship)
    assert isinstance(to_shelter, Released)
    assert isinstance(to_school, Released)
    assert [one.fields["helps"] for one in to_shelter.records] == ["In de klas: vooraan zitten."]
    assert [one.fields["helps"] for one in to_school.records] == [ADVICE]
    assert [one.direction for one in to_shelter.records] == ["c2s"]
    (sent,) = await trail(world, "record.shared.v1", actor=world.contact.staff)
    assert sent.detail is not None
    assert isinstance(sent.detail.event, RecordShared)
    assert len(sent.detail.event.digest) == 64


async def test_a_next_version_takes_the_place_of_the_earlier_one(world: World) -> None:
    told = await told_family(world)
    for version in (2, 3):
        shared = await world.services.records.share(
            world.counsellor,
            told.relationship,
            Note(SUPPORT, {"helps": f"Versie {version}."}, record=told.record),
        )
        assert isinstance(shared, Shared)
        assert (shared.record, shared.version) == (told.record, version)
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [(one.version, one.fields["helps"]) for one in answer.records] == [(3, "Versie 3.")]


async def test_nobody_replaces_what_a_colleague_wrote(world: World) -> None:
    told = await told_family(world)
    await world.services.families.stand_in(world.colleague, told.view.family, "colleague_ill")
    with pytest.raises(NotFoundError):
        await world.services.records.share(
            world.colleague, told.relationship, Note(SUPPORT, {"helps": "Anders."}, record=told.record)
        )


async def test_what_needs_a_second_person_is_not_released_before_that(world: World) -> None:
    told, shared = await told_of_violence(world)
    assert shared.needs_approval
    assert isinstance(await ask_safety(world, told), Refused)
    await world.services.records.approve(world.colleague, told.relationship, shared.record)
    answer = await ask_safety(world, told)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [CODED]
    (entry,) = await trail(world, "record.approved.v1")
    assert entry.detail is not None
    event = entry.detail.event
    assert isinstance(event, RecordApproved)
    assert event == RecordApproved(told.relationship, shared.record, 1, VIOLENCE, event.digest)
    assert len(event.digest) == 64
    assert entry.detail.by.id == world.colleague.staff


async def test_a_new_version_has_to_be_approved_again(world: World) -> None:
    told, shared = await told_of_violence(world)
    await world.services.records.approve(world.colleague, told.relationship, shared.record)
    again = await world.services.records.share(
        world.counsellor,
        told.relationship,
        Note(VIOLENCE, {**CODED, "status": "recent"}, record=shared.record),
    )
    assert isinstance(again, Shared)
    assert again.needs_approval
    assert isinstance(await ask_safety(world, told), Refused)


async def test_of_two_records_only_the_approved_one_is_released(world: World) -> None:
    told, _ = await told_of_violence(world)
    second = await world.services.records.share(
        world.counsellor, told.relationship, Note(VIOLENCE, {**CODED, "status": "recent"})
    )
    assert isinstance(second, Shared)
    await world.services.records.approve(world.colleague, told.relationship, second.record)
    answer = await ask_safety(world, told)
    assert isinstance(answer, Released)
    assert [one.record for one in answer.records] == [second.record]


async def test_nobody_approves_what_he_wrote_himself(world: World) -> None:
    told, shared = await told_of_violence(world)
    with pytest.raises(InputError) as refused:
        await world.services.records.approve(world.counsellor, told.relationship, shared.record)
    assert [problem.code for problem in refused.value.problems] == ["approve_own"]
    assert isinstance(await ask_safety(world, told), Refused)


async def test_only_what_waits_for_approval_can_be_approved(world: World) -> None:
    told, shared = await told_of_violence(world)
    approve = world.services.records.approve
    await approve(world.colleague, told.relationship, shared.record)
    for relationship, record in (
        (told.relationship, shared.record),  # approved already
        (told.relationship, told.record),  # of a type that needs no approval
        (told.relationship, RecordId(new_id())),
        (RelationshipId(new_id()), shared.record),
    ):
        with pytest.raises(NotFoundError):
            await approve(world.colleague, relationship, record)


async def test_only_a_counsellor_of_the_shelter_approves(world: World) -> None:
    told, shared = await told_of_violence(world)
    school: object = world.contact
    with pytest.raises(NotAllowedError):
        await world.services.records.approve(
            school,  # type: ignore[arg-type]
            told.relationship,
            shared.record,
        )
    assert isinstance(await ask_safety(world, told), Refused)


async def test_a_parents_own_situation_needs_to_say_whose_it_is(world: World) -> None:
    told = await told_family(world)
    await world.intake(told.mother, {**YES, OWN: "yes"})
    fields = {"words": "Ik slaap slecht.", "parent_saw_text": "yes"}
    for about in (None, PersonId(new_id()), told.view.children[0].child):
        with pytest.raises(InputError) as refused:
            await world.services.records.share(
                world.counsellor, told.relationship, Note(OWN, fields, about=about)
            )
        assert [(problem.field, problem.code) for problem in refused.value.problems] == [
            ("about", "about_missing")
        ]


async def test_a_parents_own_situation_is_shown_with_that_parents_own_yes_only(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = world.guardian(told.view, 1)
    answers: dict[str, Answer] = {**YES, OWN: "yes"}
    await world.intake(told.mother, answers)
    await world.intake(father, answers)
    for guardian, words in ((told.mother, "Ik slaap slecht."), (father, "Ik zoek werk.")):
        fields = {"words": words, "parent_saw_text": "yes"}
        shared = await world.services.records.share(
            world.counsellor, told.relationship, Note(OWN, fields, about=guardian.guardian)
        )
        assert isinstance(shared, Shared)
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    words_of = {one.fields["words"] for one in answer.records if one.information_type == OWN}
    assert words_of == {"Ik slaap slecht.", "Ik zoek werk."}

    released = [
        version.information_type
        for entry in await trail(world, "information.released.v1")
        if entry.detail is not None and isinstance(entry.detail.event, InformationReleased)
        for version in entry.detail.event.records
    ]
    assert sorted(released) == [OWN, OWN, SUPPORT]
    own = Target(world.tenant, told.view.family, father.guardian, ((told.relationship, OWN),))
    await world.services.consent.withdraw(father, own, method="page")
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    words_of = {one.fields["words"] for one in answer.records if one.information_type == OWN}
    assert words_of == {"Ik slaap slecht."}


async def test_one_parents_yes_is_not_the_others(world: World) -> None:
    told = await told_family(world, guardians=(("Samira", "holder"), ("Karim", "holder")))
    father = world.guardian(told.view, 1)
    await world.intake(told.mother, {**YES, OWN: "yes"})
    fields = {"words": "Hij zoekt werk.", "parent_saw_text": "yes"}
    refused = await world.services.records.share(
        world.counsellor, told.relationship, Note(OWN, fields, about=father.guardian)
    )
    assert isinstance(refused, ShareRefused)
    assert refused.code == "own_answer_missing"


async def test_nothing_is_written_while_a_stop_waits(world: World) -> None:
    told, other = await told_family(world), await told_family(world, family_name="Anders")
    world.services.installation.journal.accept(
        "key_destruction",
        tenant=world.tenant,
        at=world.clock.now(),
        subject={"relationship": told.relationship},
    )
    note = Note(SUPPORT, {"helps": "Rust."})
    with pytest.raises(StopsPendingError):
        await world.services.records.share(world.counsellor, told.relationship, note)
    elsewhere = await world.services.records.share(world.counsellor, other.relationship, note)
    assert isinstance(elsewhere, Shared)  # a stop that names one relationship stops only that one
    assert isinstance(await ask(world, other.relationship), Released)


async def test_a_signal_is_written_by_its_own_process_only(world: World) -> None:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes", "care_signal": "yes"})
    before = await count(world, records)
    with pytest.raises(InputError) as refused:
        await world.services.records.share(
            world.counsellor, relationship, Note(TypeKey("care_signal"), {"code_word": "handle_with_care"})
        )
    assert [one.code for one in refused.value.problems] == ["signal_page_only"]
    assert await count(world, records) == before
    assert isinstance(await ask(world, relationship), Refused)


async def test_what_has_no_key_any_more_takes_nothing_new(world: World) -> None:
    told = await told_family(world)
    await world.services.custody.destroy(world.officer, told.relationship)
    note = Note(SUPPORT, {"helps": "Rust."})
    with pytest.raises(KeyDestroyedError):
        await world.services.records.share(world.counsellor, told.relationship, note)
    other = await told_family(world, family_name="Anders")
    ring = world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        await ring.destroy_person_key(conn, world.tenant, other.view.children[0].child)
    with pytest.raises(KeyDestroyedError):
        await world.services.records.share(world.counsellor, other.relationship, note)


async def test_every_problem_is_named_at_once(world: World) -> None:
    told = await told_family(world)
    with pytest.raises(InputError) as refused:
        await world.services.records.share(
            world.counsellor,
            told.relationship,
            Note(SUPPORT, {"moment": "never", "avoid": "x" * 400, "colour": "red"}),
        )
    assert {problem.field for problem in refused.value.problems} == {"helps", "moment", "avoid", "colour"}


async def test_a_school_writes_what_the_parents_allow_and_nothing_else(world: World) -> None:
    told = await told_family(world)
    kind = world.services.policies.proposal.catalogue.types[TypeKey("school_absence")]
    given = {
        spec.name: spec.choices[0] if spec.choices else "2026-09-01" for spec in kind.fields if spec.required
    }
    refused = await world.services.records.share(world.contact, told.relationship, Note(kind.key, given))
    assert isinstance(refused, ShareRefused)
    assert refused.code == "no_consent"
    (entry,) = await trail(world, "record.share_refused.v1")
    assert entry.detail is not None
    assert entry.detail.by.kind == "school_staff"


async def test_each_side_sees_that_it_wrote_something_and_not_what(world: World) -> None:
    told = await told_family(world)
    world.clock.advance(timedelta(seconds=1))
    theirs = await world.services.records.share(
        world.contact, told.relationship, Note(SUPPORT, {"helps": "Vooraan zitten."})
    )
    assert isinstance(theirs, Shared)
    records = world.services.records
    (ours,) = await records.written(world.counsellor, told.relationship)
    (of_school,) = await records.written(world.contact, told.relationship)
    assert (ours.record, ours.author) == (told.record, world.counsellor.staff)
    assert (of_school.record, of_school.author) == (theirs.record, world.contact.staff)
    assert ADVICE not in everything_said(ours)
    for stranger in (world.colleague, world.teacher, world.eik_contact):
        with pytest.raises(NotAllowedError):
            await records.written(stranger, told.relationship)
    with pytest.raises(NotFoundError):
        await records.written(world.counsellor, RelationshipId(new_id()))


async def test_a_colleague_finds_what_waits_for_approval_and_the_writer_does_not(world: World) -> None:
    told, shared = await told_of_violence(world)
    records = world.services.records
    (waiting,) = await records.awaiting_approval(world.colleague)
    assert (waiting.record, waiting.relationship, waiting.information_type) == (
        shared.record,
        told.relationship,
        VIOLENCE,
    )
    assert await records.awaiting_approval(world.counsellor) == ()
    await records.approve(world.colleague, told.relationship, shared.record)
    assert await records.awaiting_approval(world.colleague) == ()


async def test_nothing_is_written_by_rules_that_others_replaced_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A switch between judging and writing: the rules that decided are no longer in force."""
    told = await told_family(world)
    in_force, asked = PolicyService.active_rules, []

    async def replaced_after_the_first(policies: PolicyService, *where: Any) -> Rules:
        rules = await in_force(policies, *where)
        asked.append(rules)
        earlier = replace(rules, bundle=replace(rules.bundle, hash="0" * 64))
        return earlier if len(asked) == 1 else rules

    monkeypatch.setattr(PolicyService, "active_rules", replaced_after_the_first)
    with pytest.raises(ConflictError):
        await world.services.records.share(
            world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Rust."})
        )
    assert len(asked) == 2
    assert len(await trail(world, "record.shared.v1", actor=world.counsellor.staff)) == 1
    await world.services.records.share(world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Rust."}))
    assert len(await trail(world, "record.shared.v1", actor=world.counsellor.staff)) == 2
