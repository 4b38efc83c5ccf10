"""Before the contact confirmed the pupil nothing of the child leaves, by no way: 12, 29, 45, 48, 49."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from consent_service.audit import events
from consent_service.consent.service import Target
from consent_service.families.model import SchoolConfirmation
from consent_service.families.tables_starting import first_contacts
from consent_service.foundation.errors import ConflictError, NotFoundError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.organisations.tables import relationship_state
from consent_service.process.emergencies.model import NewBreakGlass
from consent_service.process.signals.states import FIRST_CONTACT
from consent_service.release.exits import ExitKind
from consent_service.release.model import Ask, Refused, Released, WaitingLine
from consent_service.release.service import ReleaseService
from tests.scenarios.stories import ADVICE, SUPPORT, YES, Told, told_family, trail
from tests.shelter import LINDE, World

CONFIRMED = SchoolConfirmation(LINDE.establishment_code, LINDE.street, LINDE.phone)
ITEM = "Heeft altijd een EpiPen bij zich."
WAYS: tuple[ExitKind, ...] = ("mail", "inbox", "page", "calendar_file", "csv", "print")


async def not_begun(world: World) -> Told:
    return await told_family(world, begun=False)


async def send(world: World, told: Told) -> None:
    await world.services.starts.send_first_contact(world.counsellor, told.relationship, CONFIRMED)


async def signal(world: World, told: Told) -> None:
    await world.intake(told.mother, {**YES, "care_signal": "yes"})
    await world.services.signal_routing.place_school(world.officer, world.linde, "midden")
    await world.services.signals.send(world.counsellor, told.relationship)


async def ways_open(world: World, told: Told) -> set[str]:
    """By which ways somebody at the school may be told something about this child now."""
    release, contact = world.services.release, world.contact
    return {
        way
        for way in WAYS
        if await release.may_tell_contact(None, world.tenant, contact.staff, told.relationship, way)
    }


async def waiting(world: World, told: Told) -> tuple[WaitingLine, ...]:
    return await world.services.release.waiting_of_contact(world.contact, [told.relationship])


async def counted(world: World, told: Told) -> int:
    return len(await world.services.release.known_to(world.contact, {(told.relationship, None)}))


async def state_of(world: World, told: Told) -> str | None:
    async with world.services.installation.database.reading() as conn:
        query = select(first_contacts.c.state).where(first_contacts.c.relationship == told.relationship)
        found: str | None = (await conn.execute(query)).scalar_one_or_none()
        return found


async def test_s49_before_it_is_sent_no_way_out_is_open(world: World) -> None:
    told = await not_begun(world)
    release = world.services.release
    with pytest.raises(NotFoundError):
        await release.to_school(world.contact, Ask(told.relationship, "support"))
    assert await release.children_of_contact(world.contact, [told.relationship]) == ()
    assert await waiting(world, told) == ()
    assert await ways_open(world, told) == set()
    assert await counted(world, told) == 0
    assert await world.services.meetings.at_school(world.contact, [told.relationship]) == ()
    refused = [one.detail.event for one in await trail(world, "exit.refused.v1") if one.detail]
    codes = {one.code for one in refused if isinstance(one, events.ExitRefused)}
    assert codes == {"first_contact_not_sent"}


async def test_s49_once_sent_only_that_something_waits_and_who_it_is_about(world: World) -> None:
    told = await not_begun(world)
    await send(world, told)
    release = world.services.release
    (line,) = await waiting(world, told)
    assert (line.child.full_name, line.to_confirm, line.signal) == ("Noor Voorbeeld", True, False)
    assert await ways_open(world, told) == {"mail", "inbox"}
    assert await counted(world, told) == 1
    assert await release.children_of_contact(world.contact, [told.relationship]) == ()
    with pytest.raises(NotFoundError):
        await release.to_school(world.contact, Ask(told.relationship, "support"))
    (entry,) = await trail(world, "information.released.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, events.InformationReleased)
    assert (entry.detail.event.reader, entry.detail.event.records) == (world.contact.staff, ())


async def test_s49_after_the_yes_everything_is_as_it_was_allowed(world: World) -> None:
    told = await not_begun(world)
    await send(world, told)
    await world.services.starts.confirm_pupil(world.contact, told.relationship)
    answer = await world.services.release.to_school(world.contact, Ask(told.relationship, "support"))
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ADVICE}]
    assert await waiting(world, told) == ()
    assert await ways_open(world, told) == set(WAYS)


async def test_s49_a_withdrawal_between_sent_and_yes_leaves_nothing_to_confirm(world: World) -> None:
    told = await not_begun(world)
    await send(world, told)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert await waiting(world, told) == ()
    assert await ways_open(world, told) == set()


async def test_a_child_that_is_not_there_waits_for_nobody(world: World) -> None:
    nowhere = RelationshipId("01990000-0000-7000-8000-000000000001")
    assert await world.services.release.waiting_of_contact(world.contact, [nowhere]) == ()


async def test_a_changing_situation_names_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    told = await not_begun(world)
    await send(world, told)
    judge = ReleaseService._judge_gate

    async def overtaken(self: ReleaseService, *asked: object) -> object:
        answer = await judge(self, *asked)  # type: ignore[arg-type]
        async with world.services.installation.database.transaction() as conn:
            state = relationship_state
            await conn.execute(state.update().values(version=state.c.version + 1))
        return answer

    monkeypatch.setattr(ReleaseService, "_judge_gate", overtaken)
    with pytest.raises(ConflictError):
        await waiting(world, told)
    assert await trail(world, "information.released.v1") == ()


async def test_a_care_signal_waits_for_no_start_and_brings_nothing_else(world: World) -> None:
    told = await not_begun(world)
    await signal(world, told)
    (line,) = await waiting(world, told)
    assert (line.to_confirm, line.signal) == (False, True)
    assert await ways_open(world, told) == {"mail", "inbox"}
    answer = await world.services.release.to_school(world.contact, Ask(told.relationship, "support"))
    assert isinstance(answer, Released)
    assert [one.information_type for one in answer.records] == ["care_signal"]
    with pytest.raises(NotFoundError):
        await world.services.release.to_school(world.contact, Ask(told.relationship, "contact"))


async def test_s29_a_break_glass_waits_for_no_start(world: World) -> None:
    told = await not_begun(world)
    new = NewBreakGlass(
        information_type=SUPPORT, fields={"helps": ITEM}, reason="medical", why="De moeder belde."
    )
    emergencies = world.services.break_glass
    asked = await emergencies.ask(world.counsellor, told.relationship, new)
    assert isinstance(asked, str)
    await emergencies.approve(world.colleague, asked)
    release = world.services.release
    (line,) = await release.urgent_of_contact(world.contact, [told.relationship])
    assert line.child.full_name == "Noor Voorbeeld"
    answer = await release.to_school(world.contact, Ask(told.relationship, "support", basis="vital_interest"))
    assert isinstance(answer, Released)
    assert [one.fields for one in answer.records] == [{"helps": ITEM}]


# --- 12: not our pupil -----------------------------------------------------------------------


@pytest.mark.parametrize("came_to", ["sent", "confirmed", "read"])
async def test_s12_not_our_pupil_closes_the_start_whatever_it_came_to(world: World, came_to: str) -> None:
    told = await not_begun(world)
    starts = world.services.starts
    await send(world, told)
    if came_to != "sent":
        await starts.confirm_pupil(world.contact, told.relationship)
    if came_to == "read":
        await starts.read_who_helps(world.contact, told.relationship)
    await world.services.families.disown(world.contact, told.relationship)
    assert await state_of(world, told) == FIRST_CONTACT.after(came_to, "disown")
    assert await waiting(world, told) == ()
    answer = await world.services.release.to_school(world.contact, Ask(told.relationship, "support"))
    assert isinstance(answer, Refused)
    with pytest.raises(ConflictError):
        await starts.confirm_pupil(world.contact, told.relationship)
    assert len(await trail(world, "pupil.disowned.v1")) == 1


async def test_s12_without_a_start_there_is_none_to_close(world: World) -> None:
    told = await not_begun(world)
    await world.services.families.disown(world.contact, told.relationship)
    assert await state_of(world, told) is None


# --- 48: what was told by phone is with the school -------------------------------------------


async def withdraw(world: World, told: Told) -> None:
    mother = told.mother
    target = Target(world.tenant, mother.family, mother.guardian, ((told.relationship, SUPPORT),))
    await world.services.consent.withdraw(mother, target, method="page")
    await world.settle()


async def asked_back(world: World) -> list[TypeKey]:
    return [one.information_type for one in await world.services.recalls.notices(world.contact)]


async def test_s48_what_was_told_by_phone_is_asked_back(world: World) -> None:
    told = await not_begun(world)
    starts = world.services.starts
    card = await starts.call_card(world.counsellor, told.relationship, "support")
    await starts.note_call(world.counsellor, card.call, "director", [SUPPORT])
    await withdraw(world, told)
    assert await asked_back(world) == [SUPPORT]


async def test_s48_a_card_that_was_only_opened_is_not_asked_back(world: World) -> None:
    told = await not_begun(world)
    starts = world.services.starts
    card = await starts.call_card(world.counsellor, told.relationship, "support")
    await starts.note_call(world.counsellor, card.call, "administration", [])
    await withdraw(world, told)
    assert await asked_back(world) == []
