"""Every way in which it ends: another school (11), not their pupil (12), who left (15), related (16), at
night (27), a school that goes on as another (32)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.audit.events import (
    ConflictDeclared,
    InformationReleased,
    InvitationEnded,
    PupilDisowned,
    RelationshipSucceeded,
)
from consent_service.families.model import EndReason
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    KeyDestroyedError,
    NotAllowedError,
    NotFoundError,
)
from consent_service.foundation.ids import RelationshipId
from consent_service.foundation.stop_journal import Stop
from consent_service.identity.invitations import CodeRefused
from consent_service.identity.model import SchoolStaff
from consent_service.keyring.tables import relationship_keys
from consent_service.organisations.model import NewStaff, NewSuccession
from consent_service.records.model import ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.ledger import entries, rows
from tests.scenarios.stories import SUPPORT, YES, Told, ask, share, told_family, trail
from tests.shelter import OPERATOR, World


async def in_other_hands(
    world: World, relationship: RelationshipId, reader: SchoolStaff
) -> Released | Refused:
    """Somebody else asks what may help."""
    return await world.services.release.to_school(reader, Ask(relationship, "support"))


async def deputy(world: World, told: Told) -> SchoolStaff:
    """A second contact of the child, who stands in for the first."""
    added = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Dirk Deputy", world.linde, "contact")
    )
    await world.services.families.list_contact(
        world.counsellor, told.relationship, added, deputy_for=world.contact.staff
    )
    return SchoolStaff(world.tenant, added, world.linde, "contact")


# --- another school --------------------------------------------------------------------------


async def test_s11_a_new_school_sees_nothing_and_the_old_one_nothing_any_more(world: World) -> None:
    told = await told_family(world)
    child = told.view.children[0].child
    await world.services.families.end_relationship(world.counsellor, told.relationship, "changed_school")
    assert isinstance(await ask(world, told.relationship), Refused)
    there = await world.at_school(child, world.eik)
    assert isinstance(await in_other_hands(world, there, world.eik_contact), Refused)
    assert await world.services.release.children_of_contact(world.eik_contact, [there]) == ()
    answered = await world.services.consent.own_answers(told.mother)
    assert there not in {relationship for relationship, _ in answered}

    await world.intake(told.mother, YES)
    assert isinstance(await in_other_hands(world, there, world.eik_contact), Refused)  # not carried over
    await share(world, there, "Rust.")
    answer = await in_other_hands(world, there, world.eik_contact)
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": "Rust."}]
    assert isinstance(await ask(world, told.relationship), Refused)


async def test_s11_the_old_key_is_retired_and_seals_nothing_new(world: World) -> None:
    told = await told_family(world)
    await world.services.families.end_relationship(world.counsellor, told.relationship, "changed_school")
    ring = world.services.installation.ring
    async with world.services.installation.database.reading() as conn:
        with pytest.raises(KeyDestroyedError):
            await ring.sealing_key(conn, world.tenant, told.relationship)
        assert (await ring.relationship_key(conn, world.tenant, told.relationship)).version == 1
    (row,) = await rows(world, relationship_keys, relationship=told.relationship)
    assert row.retired_at == world.clock.now()
    refused = await world.services.records.share(
        world.counsellor, told.relationship, Note(SUPPORT, {"helps": "Toch nog iets."})
    )
    assert isinstance(refused, ShareRefused)
    assert refused.code == "relationship_ended"


# --- not their pupil -------------------------------------------------------------------------


async def test_s12_not_our_pupil_closes_everything_at_once_and_asks_somebody_to_weigh_it(
    world: World,
) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    await world.services.families.disown(world.contact, told.relationship)
    assert isinstance(await ask(world, told.relationship), Refused)
    assert await world.services.release.children_of_contact(world.contact, [told.relationship]) == ()
    with pytest.raises(NotAllowedError):
        await world.services.families.disown(world.contact, told.relationship)
    (entry,) = await trail(world, "pupil.disowned.v1")
    assert entry.detail is not None
    assert entry.detail.event == PupilDisowned(told.relationship, world.contact.staff)
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.officer)
    assert [(task.kind, task.relationship) for task in tasks] == [("breach_to_assess", told.relationship)]


async def test_s12_only_an_active_contact_can_say_so(world: World) -> None:
    told = await told_family(world)
    for stranger in (world.teacher, world.eik_contact):
        with pytest.raises(NotAllowedError):
            await world.services.families.disown(stranger, told.relationship)
    with pytest.raises(NotFoundError):
        await world.services.families.disown(world.contact, RelationshipId("no-such-relationship"))
    assert isinstance(await ask(world, told.relationship), Released)
    assert world.services.installation.journal.pending() == ()


async def test_s12_journalled_while_the_database_was_away_it_is_carried_out_later(world: World) -> None:
    told = await told_family(world)
    journal = world.services.installation.journal
    subject = {
        "relationship": str(told.relationship),
        "reason": "not_our_pupil",
        "staff": str(world.contact.staff),
    }
    stop: Stop = journal.accept(
        "relationship_end", tenant=world.tenant, at=world.clock.now(), subject=subject
    )
    assert await world.services.families.replay(stop)
    assert await world.services.families.replay(stop)  # a second time changes nothing
    (entry,) = await trail(world, "pupil.disowned.v1")
    assert entry.detail is not None
    assert entry.detail.late_since == stop.at
    journal.mark_done(stop.id)
    assert isinstance(await ask(world, told.relationship), Refused)


# --- who left --------------------------------------------------------------------------------


async def test_s15_who_left_is_refused_although_the_login_still_lives(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.contact.staff)
    answer = await ask(world, told.relationship)  # the same actor, as an old session would still say
    assert isinstance(answer, Refused)
    assert await world.services.release.children_of_contact(world.contact, [told.relationship]) == ()
    with pytest.raises(InputError):
        await world.services.families.list_contact(world.counsellor, told.relationship, world.contact.staff)


async def test_s15_who_left_uses_no_invitation_and_gets_none(world: World) -> None:
    services = world.services
    invited = await services.organisations.invite_staff(world.counsellor, world.tenant, world.teacher.staff)
    await services.organisations.end_staff(OPERATOR, world.tenant, world.teacher.staff)
    assert await services.identity.invitations.find(invited.code, "192.0.2.1") == CodeRefused()
    (ended,) = await trail(world, "staff.invitation_ended.v1")
    assert ended.detail is not None
    assert ended.detail.event == InvitationEnded(world.teacher.staff, "left")
    for actor in (world.counsellor, world.officer, OPERATOR):
        with pytest.raises(InputError) as refused:
            await services.organisations.invite_staff(actor, world.tenant, world.teacher.staff)
        assert [problem.code for problem in refused.value.problems] == ["identity.invitation_staff"]


async def test_s15_a_role_in_a_token_authorises_nothing_by_itself(world: World) -> None:
    told = await told_family(world)
    added = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("school_staff", "Nel Nieuw", world.linde, "contact")
    )
    newcomer = SchoolStaff(world.tenant, added, world.linde, "contact")
    with pytest.raises(NotFoundError):
        await world.services.release.to_school(newcomer, Ask(told.relationship, "support"))
    (tried,) = await trail(world, "release.refused.v1")
    assert tried.detail is not None
    assert tried.detail.by.id == added
    for entry in await entries(world, "information.released.v1"):
        assert entry.detail is not None
        assert isinstance(entry.detail.event, InformationReleased)
        assert entry.detail.event.reader != added


# --- related to the family -------------------------------------------------------------------


async def test_s16_who_is_related_loses_access_at_once_and_the_deputy_keeps_it(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    await world.services.families.declare_conflict(world.contact, told.relationship, world.contact.staff)
    assert isinstance(await ask(world, told.relationship), Refused)
    assert isinstance(await in_other_hands(world, told.relationship, other), Released)
    (entry,) = await trail(world, "contact.conflict_declared.v1")
    assert entry.detail is not None
    assert entry.detail.event == ConflictDeclared(told.relationship, world.contact.staff, 1)
    await world.settle()
    assert [task.kind for task in await world.services.tasks.open_tasks(world.counsellor)] == []
    with pytest.raises(InputError) as refused:
        await world.services.families.list_contact(world.counsellor, told.relationship, world.contact.staff)
    assert [problem.code for problem in refused.value.problems] == ["contact_has_conflict"]


async def test_s16_when_nobody_is_left_the_counsellor_has_to_find_somebody(world: World) -> None:
    told = await told_family(world)
    await world.services.families.declare_conflict(world.counsellor, told.relationship, world.contact.staff)
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert [(task.kind, task.relationship) for task in tasks] == [("contact_needed", told.relationship)]


async def test_s16_nobody_at_the_school_says_it_of_somebody_else(world: World) -> None:
    told = await told_family(world)
    other = await deputy(world, told)
    for actor, member in ((other, world.contact.staff), (world.teacher, world.teacher.staff)):
        with pytest.raises(NotAllowedError):
            await world.services.families.declare_conflict(actor, told.relationship, member)
    assert isinstance(await ask(world, told.relationship), Released)


async def test_s16_journalled_while_the_database_was_away_it_is_carried_out_later(world: World) -> None:
    told = await told_family(world)
    journal = world.services.installation.journal
    subject = {
        "relationship": str(told.relationship),
        "staff": str(world.contact.staff),
        "reason": "conflict",
    }
    stop = journal.accept("contact_removal", tenant=world.tenant, at=world.clock.now(), subject=subject)
    for _ in range(2):
        assert await world.services.families.replay(stop)
    assert len(await trail(world, "contact.conflict_declared.v1")) == 1


# --- at night --------------------------------------------------------------------------------


async def test_s27_a_family_that_leaves_at_night_shares_nothing_from_that_moment(world: World) -> None:
    told = await told_family(world)
    world.clock.advance(timedelta(hours=19, minutes=12))
    await world.services.sequencer.run_once(world.tenant)
    assert isinstance(await ask(world, told.relationship), Released)
    await world.services.families.end_family(world.counsellor, told.view.family, "night_departure")
    assert isinstance(await ask(world, told.relationship), Refused)
    assert await world.services.release.children_of_contact(world.contact, [told.relationship]) == ()
    refused = await world.services.records.share(
        world.contact, told.relationship, Note(SUPPORT, {"helps": "Een vast plekje."})
    )
    assert isinstance(refused, ShareRefused)
    with pytest.raises(ConflictError):
        await world.at_school(told.view.children[0].child, world.eik)


# --- a school that goes on as another --------------------------------------------------------


async def merger(world: World, *, decided_on: date = date(2026, 8, 1)) -> str:
    """De Linde goes on as De Eik."""
    new = NewSuccession(world.linde, world.eik, "merger_deed", decided_on)
    return await world.services.organisations.record_succession(OPERATOR, world.tenant, new)


async def test_s32_nothing_is_transferred_by_a_merger_itself(world: World) -> None:
    told = await told_family(world)
    await merger(world)
    assert isinstance(await ask(world, told.relationship), Released)
    with pytest.raises(NotFoundError):
        await in_other_hands(world, told.relationship, world.eik_contact)


async def test_s32_without_a_documented_succession_the_move_is_refused(world: World) -> None:
    told = await told_family(world)
    move = world.services.families.move_to_successor
    with pytest.raises(InputError) as refused:
        await move(world.counsellor, told.relationship, "no-such-succession")
    assert [problem.code for problem in refused.value.problems] == ["succession_unknown"]
    back = NewSuccession(world.eik, world.linde, "board_decision", date(2026, 8, 1))
    elsewhere = await world.services.organisations.record_succession(OPERATOR, world.tenant, back)
    with pytest.raises(InputError):
        await move(world.counsellor, told.relationship, elsewhere)
    with pytest.raises(NotAllowedError):
        await move(world.colleague, told.relationship, await merger(world))
    assert isinstance(await ask(world, told.relationship), Released)


async def test_s32_with_it_the_relationship_goes_on_under_the_same_consents(world: World) -> None:
    told = await told_family(world)
    (before,) = await rows(world, relationship_keys, relationship=told.relationship)
    succession = await merger(world)
    await world.services.families.move_to_successor(world.counsellor, told.relationship, succession)
    with pytest.raises(NotAllowedError):
        await ask(world, told.relationship)  # the old school's people are out
    with pytest.raises(NotFoundError):
        await in_other_hands(world, told.relationship, world.eik_contact)

    await world.services.families.list_contact(world.counsellor, told.relationship, world.eik_contact.staff)
    answer = await in_other_hands(world, told.relationship, world.eik_contact)
    assert isinstance(answer, Released)
    (after,) = await rows(world, relationship_keys, relationship=told.relationship)
    assert after.wrapped != before.wrapped  # wrapped anew, and it still opens what there is
    (entry,) = await trail(world, "relationship.succeeded.v1")
    assert entry.detail is not None
    assert entry.detail.event == RelationshipSucceeded(told.relationship, succession, world.linde, world.eik)


async def test_s32_the_succeeding_school_needs_an_agreement_of_its_own(world: World) -> None:
    told = await told_family(world)
    async with world.services.installation.database.reading() as conn:
        agreed = await world.services.organisations.agreements_with(conn, world.tenant, world.eik)
    await world.services.organisations.end_agreement(OPERATOR, world.tenant, agreed[0].agreement)
    await world.services.families.move_to_successor(world.counsellor, told.relationship, await merger(world))
    await world.services.families.list_contact(world.counsellor, told.relationship, world.eik_contact.staff)
    assert isinstance(await in_other_hands(world, told.relationship, world.eik_contact), Refused)
    await world.services.organisations.sign_agreement(
        OPERATOR, world.tenant, world.eik, valid_from=date(2026, 9, 1), valid_until=None
    )
    assert isinstance(await in_other_hands(world, told.relationship, world.eik_contact), Released)


async def test_s32_a_succession_that_nobody_decided_or_saw_is_refused_with_every_reason(world: World) -> None:
    new = NewSuccession(world.linde, world.linde, None, date(2026, 9, 2))
    with pytest.raises(InputError) as refused:
        await world.services.organisations.record_succession(OPERATOR, world.tenant, new)
    assert [problem.code for problem in refused.value.problems] == [
        "successor_is_school",
        "succession_document_missing",
        "date_future",
    ]
    await merger(world)
    with pytest.raises(InputError) as known:
        await merger(world)
    assert [problem.code for problem in known.value.problems] == ["succession_known"]
    back = NewSuccession(world.eik, world.linde, "merger_deed", date(2026, 1, 1))
    with pytest.raises(NotAllowedError):
        await world.services.organisations.record_succession(world.counsellor, world.tenant, back)


@pytest.mark.parametrize("reason", ["moved_out", "changed_school"])
async def test_s32_what_has_ended_does_not_go_on(world: World, reason: EndReason) -> None:
    told = await told_family(world)
    await world.services.families.end_relationship(world.counsellor, told.relationship, reason)
    with pytest.raises(ConflictError):
        await world.services.families.move_to_successor(
            world.counsellor, told.relationship, await merger(world)
        )
