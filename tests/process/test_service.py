"""Tasks reach whom they are for, and only they finish them."""

from __future__ import annotations

import pytest

from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.ids import StaffId, new_id
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.process.tables import tasks
from tests.ledger import rows
from tests.shelter import OPERATOR, World


async def test_each_audience_sees_its_own_tasks_and_the_fg_only_looks(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    mother = world.guardian(view)
    sitting = await world.services.sittings.start(
        world.counsellor, family=view.family, guardian=mother.guardian, language="nl", interpreter="none"
    )
    await world.services.sittings.not_now(mother, sitting.sitting)
    await world.services.families.stand_in(world.colleague, view.family, "night_duty")
    await world.settle()
    fg = Fg(
        world.tenant,
        await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fem")),
    )
    door = world.services.tasks
    assert [task.kind for task in await door.open_tasks(world.counsellor)] == ["intake_again"]
    assert [task.kind for task in await door.open_tasks(world.colleague)] == ["intake_again"]
    (review,) = await door.open_tasks(world.officer)
    assert review.kind == "substitute_review"
    assert await door.open_tasks(fg) == (review,)
    for who in (world.counsellor, world.colleague):
        with pytest.raises(NotFoundError):
            await door.finish(who, review.task)
    with pytest.raises(NotAllowedError):
        await door.finish(fg, review.task)
    with pytest.raises(NotFoundError):
        await door.finish(world.officer, new_id())

    await door.finish(world.officer, review.task)
    with pytest.raises(NotFoundError):
        await door.finish(world.officer, review.task)
    (row,) = await rows(world, tasks, task=review.task)
    assert (row.done_by, row.done_at) == (world.officer.staff, world.clock.now())
    assert StaffId(row.done_by) == world.officer.staff
