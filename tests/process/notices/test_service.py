"""Queueing and cancelling, in the caller's own transaction."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from consent_service.audit import events
from consent_service.foundation.ids import TenantId
from consent_service.process.notices.model import NewNotice
from consent_service.process.notices.rows import found
from consent_service.process.notices.tables import notices
from tests.scenarios.stories import told_family, trail
from tests.shelter import World


async def test_what_was_not_committed_was_never_queued(world: World) -> None:
    notice = NewNotice(kind="task_due", tenant=world.tenant, to_staff=world.counsellor.staff)
    async with world.services.installation.database.transaction() as conn:
        await world.services.notices.queue(conn, notice)
        await conn.rollback()
    async with world.services.installation.database.reading() as conn:
        assert (await conn.execute(select(notices))).all() == []
    assert await trail(world, "notice.queued.v1") == ()


async def test_the_log_says_for_whom_and_of_which_child_but_not_what(world: World) -> None:
    told = await told_family(world)
    async with world.services.installation.database.transaction() as conn:
        name = await world.services.notices.queue(
            conn,
            NewNotice(
                kind="something_new",
                tenant=world.tenant,
                to_staff=world.contact.staff,
                relationship=told.relationship,
            ),
        )
        await world.services.notices.queue(
            conn, NewNotice(kind="answer_needed", tenant=world.tenant, to_guardian=told.mother.guardian)
        )
    hers, school = await trail(world, "notice.queued.v1")
    assert school.detail is not None
    assert school.detail.event == events.NoticeQueued(name, "something_new", world.contact.staff)
    assert (school.detail.subject, school.detail.shown_to) == (told.view.children[0].child, "officer")
    assert hers.detail is not None
    assert (hers.detail.subject, hers.detail.shown_to) == (told.mother.guardian, told.mother.guardian)


async def test_what_is_cancelled_is_cancelled_for_this_matter_and_shelter_only(world: World) -> None:
    database, service = world.services.installation.database, world.services.notices

    def about(matter: str) -> NewNotice:
        to = world.counsellor.staff
        return NewNotice(kind="meeting_invitation", tenant=world.tenant, to_staff=to, about=matter)

    async with database.transaction() as conn:
        for matter in ("one", "one", "two"):
            await service.queue(conn, about(matter))
    async with database.transaction() as conn:
        assert await service.cancel(conn, TenantId("elsewhere"), "one") == 0
        assert await service.cancel(conn, world.tenant, "one") == 2
        assert await service.cancel(conn, world.tenant, "one") == 0
        states = {(one.about, one.state) for one in await found(conn, world.tenant)}
    assert states == {("one", "cancelled"), ("two", "waiting")}
    assert len(await trail(world, "notice.not_sent.v1")) == 2


def test_a_message_is_for_exactly_one_person(world: World) -> None:
    with pytest.raises(ValueError, match="exactly one"):
        NewNotice(kind="task_due", tenant=world.tenant)
