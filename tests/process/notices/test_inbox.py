"""Who reads what in the inbox, and who may say where messages go."""

from __future__ import annotations

import pytest

from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import StaffId, new_id
from consent_service.process.notices.addresses import state_of_address
from consent_service.process.notices.hours import Wishes
from consent_service.process.notices.inbox import InboxActor
from tests.process.notices.mailing import all_notices, queue
from tests.scenarios.stories import told_family
from tests.shelter import OPERATOR, World, furnish


async def test_s45_an_inbox_and_its_number_hold_only_what_may_be_known_now(world: World) -> None:
    told = await told_family(world)
    inbox = world.services.notice_inbox
    readers: tuple[InboxActor, ...] = (world.contact, world.teacher, world.counsellor, world.colleague)
    for reader in (world.contact, world.teacher, world.counsellor, world.colleague):
        await queue(world, kind="something_new", to_staff=reader.staff, relationship=told.relationship)
    await queue(world, kind="answer_needed", to_guardian=told.mother.guardian)
    shown = [len(await inbox.inbox(reader)) for reader in (*readers, told.mother)]
    assert shown == [1, 0, 1, 0, 1]
    assert [await inbox.unread(reader) for reader in (*readers, told.mother)] == shown
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    assert await inbox.inbox(world.contact) == ()
    assert await inbox.unread(world.contact) == 0


async def test_what_is_read_is_counted_no_more_and_what_is_cancelled_is_not_there(world: World) -> None:
    inbox, me = world.services.notice_inbox, world.counsellor
    name = await queue(world, kind="task_due", to_staff=me.staff, about="one")
    await queue(world, kind="task_due", to_staff=me.staff, about="two")
    with pytest.raises(NotFoundError):
        await inbox.read(world.colleague, name)
    await inbox.read(me, name)
    first = (await all_notices(world))[0].read_at
    await inbox.read(me, name)
    assert (await all_notices(world))[0].read_at == first
    async with world.services.installation.database.transaction() as conn:
        await world.services.notices.cancel(conn, world.tenant, "two")
    assert [line.is_read for line in await inbox.inbox(me)] == [True]
    assert await inbox.unread(me) == 0


async def test_who_may_enter_whose_address(world: World) -> None:
    inbox, database = world.services.notice_inbox, world.services.installation.database
    other = await furnish(world.services, world.clock, "Opvang Noord")
    tenant, to = world.tenant, "ida@linde.example"
    for actor, member in (
        (OPERATOR, world.counsellor.staff),
        (world.officer, world.colleague.staff),
        (world.counsellor, world.contact.staff),
        (world.contact, world.contact.staff),
    ):
        await inbox.enter_address(actor, tenant, member, to)
        async with database.reading() as conn:
            assert await state_of_address(conn, tenant, member) == "works"
        await inbox.enter_address(actor, tenant, member, " ")
        assert await inbox.address_state(world.contact) == "none"
    for actor, member in (
        (world.counsellor, world.colleague.staff),
        (world.contact, world.teacher.staff),
        (other.officer, world.contact.staff),
        (other.counsellor, world.contact.staff),
    ):
        with pytest.raises(NotAllowedError):
            await inbox.enter_address(actor, tenant, member, to)
    assert await inbox.address_states(world.counsellor, [world.contact.staff]) == {
        world.contact.staff: "none"
    }
    for reader, member in (
        (world.counsellor, world.colleague.staff),
        (other.officer, world.contact.staff),
        (world.contact, world.teacher.staff),
    ):
        with pytest.raises((NotAllowedError, NotFoundError)):
            await inbox.address_states(reader, [member])
    for member, entered in ((world.contact.staff, "ida"), (StaffId(new_id()), to)):
        with pytest.raises(InputError):
            await inbox.enter_address(OPERATOR, tenant, member, entered)


@pytest.mark.parametrize(
    "wishes",
    [
        Wishes("xx"),
        Wishes("nl", safe_from=60),
        Wishes("nl", safe_from=60, safe_until=60),
        Wishes("nl", safe_from=60, safe_until=24 * 60),
    ],
)
async def test_wishes_that_cannot_be_are_refused(world: World, wishes: Wishes) -> None:
    with pytest.raises(InputError):
        await world.services.notice_inbox.wish(world.counsellor, wishes)
