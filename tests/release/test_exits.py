"""Permits of what leaves: decided now, logged first, and None for whoever may not know."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.families.model import AuthorityKind
from consent_service.foundation.errors import ConflictError, StopsPendingError
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, new_id
from consent_service.organisations.tables import relationship_state
from consent_service.release.exits import ExitPermit
from tests.scenarios.stories import told_family, trail
from tests.shelter import OPERATOR, SECRET, World


async def contact_permit(
    world: World, relationship: RelationshipId, staff: StaffId | None = None
) -> ExitPermit | None:
    return await world.services.release.may_tell_contact(
        None, world.tenant, staff or world.contact.staff, relationship, "mail"
    )


async def refusals(world: World) -> list[str]:
    """Why nothing left, newest first."""
    found = []
    for entry in await trail(world, "exit.refused.v1"):
        assert entry.detail is not None
        assert isinstance(entry.detail.event, events.ExitRefused)
        assert entry.detail.shown_to == "officer"
        found.append(entry.detail.event.code)
    return found


async def test_after_a_withdrawal_a_contact_is_told_nothing_any_more(world: World) -> None:
    told = await told_family(world)
    assert await contact_permit(world, told.relationship) is not None
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert await contact_permit(world, told.relationship) is None
    assert len(await refusals(world)) == 1


async def test_a_permit_names_the_entry_that_says_so(world: World) -> None:
    told = await told_family(world)
    permit = await contact_permit(world, told.relationship)
    assert permit is not None
    (entry,) = await trail(world, "exit.permitted.v1")
    assert (permit.entry, permit.kind, permit.recipient) == (entry.id, "mail", world.contact.staff)
    assert entry.detail is not None
    assert entry.detail.subject == told.view.children[0].child
    assert entry.bundle == world.services.policies.proposal.bundle.hash


async def test_within_the_callers_transaction_the_entry_goes_with_it(world: World) -> None:
    told = await told_family(world)
    database, release = world.services.installation.database, world.services.release
    async with database.transaction() as conn:
        permit = await release.may_tell_contact(
            conn, world.tenant, world.contact.staff, told.relationship, "mail"
        )
        assert permit is not None
        await conn.rollback()
    assert await trail(world, "exit.permitted.v1") == ()


async def test_strangers_people_who_left_and_children_that_are_not_there_give_no_permit(
    world: World,
) -> None:
    told = await told_family(world)
    nowhere = RelationshipId(new_id())
    assert await contact_permit(world, told.relationship, world.eik_contact.staff) is None
    assert await contact_permit(world, told.relationship, world.counsellor.staff) is None
    assert await contact_permit(world, nowhere) is None
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.contact.staff)
    assert await contact_permit(world, told.relationship) is None
    assert await refusals(world) == [
        "not_working_here",
        "not_active_contact",
        "not_working_here",
        "not_active_contact",
    ]


async def test_a_contact_taken_off_the_list_is_told_nothing(world: World) -> None:
    told = await told_family(world)
    families = world.services.families
    await families.remove_contact(world.counsellor, told.relationship, world.contact.staff)
    assert await contact_permit(world, told.relationship) is None


async def test_a_changing_situation_gives_no_permit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await told_family(world)
    append = AuditLog.append

    async def overtaken(self: AuditLog, conn: object, **given: object) -> object:
        await conn.execute(update(relationship_state).values(version=relationship_state.c.version + 1))  # type: ignore[attr-defined]
        return await append(self, conn, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(AuditLog, "append", overtaken)
    with pytest.raises(ConflictError):
        await contact_permit(world, told.relationship)


async def test_while_a_stop_is_carried_out_nothing_leaves(world: World) -> None:
    told = await told_family(world)
    journal, now = world.services.installation.journal, world.clock.now()
    journal.accept("withdrawal", tenant="_", at=now, subject={"code": "0" * 64})
    with pytest.raises(StopsPendingError):
        await contact_permit(world, told.relationship)
    with pytest.raises(StopsPendingError):
        await world.services.release.permit_for_guardian(None, world.tenant, told.mother.guardian, "inbox")


async def test_a_counsellor_is_told_of_the_own_families_only(world: World) -> None:
    told = await told_family(world)
    release = world.services.release

    async def permit(staff: StaffId, relationship: RelationshipId | None) -> ExitPermit | None:
        return await release.permit_for_member(None, world.tenant, staff, "mail", relationship=relationship)

    mine = await permit(world.counsellor.staff, told.relationship)
    assert mine is not None
    assert mine.family == told.view.family
    assert await permit(world.colleague.staff, told.relationship) is None
    assert await permit(world.counsellor.staff, RelationshipId(new_id())) is None
    assert await permit(world.officer.staff, None) is not None
    assert await permit(world.contact.staff, told.relationship) is not None
    assert await permit(world.contact.staff, None) is not None
    assert await permit(StaffId(new_id()), None) is None
    of_family = await release.permit_for_member(
        None, world.tenant, world.contact.staff, "mail", family=told.view.family
    )
    assert of_family is None


async def test_nobody_is_told_until_danger_is_ruled_out_but_whom_a_page_shows_to(world: World) -> None:
    two: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))
    for safety in (SECRET, None):  # danger; not assessed, which counts as danger
        view = await world.family(guardians=two, safety=safety)
        for guardian in view.guardians:
            assert not await world.services.release.permit_for_guardian(
                None, world.tenant, guardian.guardian, "inbox"
            )
    assert await refusals(world) == ["not_shown"] * 4


async def test_a_guardian_without_a_channel_called_safe_gets_no_mail_but_an_inbox(world: World) -> None:
    told = await told_family(world)
    release, person = world.services.release, told.mother.guardian
    assert await release.permit_for_guardian(None, world.tenant, person, "mail") is None
    inbox = await release.permit_for_guardian(
        None, world.tenant, person, "inbox", relationship=told.relationship
    )
    assert inbox is not None
    assert inbox.family == told.view.family
    other = await told_family(world, family_name="Anders")
    strange = await release.permit_for_guardian(
        None, world.tenant, person, "inbox", relationship=other.relationship
    )
    assert strange is None
    nobody = PersonId(new_id())
    assert await release.permit_for_guardian(None, world.tenant, nobody, "inbox") is None
    child = told.view.children[0].child
    assert await release.permit_for_guardian(None, world.tenant, child, "inbox") is not None
