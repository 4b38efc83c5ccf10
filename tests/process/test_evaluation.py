"""Figures are counted once, fixed by the coordinator, and the same for everybody and for ever."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError
from consent_service.foundation.ids import EntryId, StaffId
from consent_service.identity.model import Fg
from consent_service.process.evaluation.counting import count_quarter
from consent_service.process.evaluation.model import ALL, Cell
from consent_service.process.evaluation.service import EvaluationService
from consent_service.process.evaluation.withholding import NotPublishableError, Table, choose
from consent_service.process.tables_evaluation import evaluation_counts, evaluation_figures
from consent_service.release.exits import ExitPermit
from consent_service.web.evaluation.csv_file import csv_of
from tests.ledger import rows
from tests.process.meetings.stories import agreed
from tests.scenarios.stories import ask, told_family
from tests.shelter import World

PERIOD = "2026-Q3"
CHILDREN = tuple((name, date(2018, 5, 4)) for name in ("Adam", "Bilal", "Chiara", "Daan", "Ella", "Fien"))


def service(world: World, chosen: object = choose) -> EvaluationService:
    """The service, choosing in this process."""
    parts = world.services.installation
    return EvaluationService(
        database=parts.database,
        log=world.services.log,
        clock=world.clock,
        choose=chosen,  # type: ignore[arg-type]
    )


async def a_quarter(world: World) -> None:
    """Six children of whom nobody knows a contact, and one whose school read and is known; it is over."""
    await world.family(children=CHILDREN)
    told = await told_family(world)
    await ask(world, told.relationship)
    await world.settle()
    world.clock.advance(timedelta(days=60))


async def test_what_was_counted_is_shown_as_far_as_nothing_small_follows(world: World) -> None:
    await a_quarter(world)
    evaluation = service(world)
    assert await evaluation.publishable(world.officer) == (PERIOD,)
    await evaluation.publish(world.officer, PERIOD)
    counts = {
        (row.measure, row.category): row.value for row in await rows(world, evaluation_counts) if row.value
    }
    assert counts == {
        ("first_contact", "days_3"): 1,
        ("first_contact", "later"): 6,
        ("contacts_known", "known"): 1,
        ("contacts_known", "unknown"): 6,
        ("two_way", "to_school"): 1,
    }
    found = {one.cell: one.value for one in await evaluation.figures(world.officer, PERIOD)}
    assert {cell: value for cell, value in found.items() if value is not None} == {
        Cell(PERIOD, "registered", ALL, ALL): 7
    }
    (line,) = await evaluation.published(world.officer)
    assert (line.period, line.shown, line.withheld) == (PERIOD, 1, len(found) - 1)


@pytest.mark.parametrize("followed", [True, False])
async def test_a_meeting_is_counted_by_whether_anybody_looked_at_it_since(
    world: World, followed: bool
) -> None:
    met = await agreed(world)
    if followed:
        (agreement,) = (await world.services.meetings.view(world.counsellor, met.meeting)).agreements
        await world.services.meetings.follow_up(
            world.counsellor, met.meeting, agreement.agreement, "done", None
        )
    await world.settle()
    async with world.services.installation.database.reading() as conn:
        counted = await count_quarter(conn, world.services.log, world.tenant, PERIOD)
    meetings = {leaf.category: number for leaf, number in counted.items() if leaf.measure == "meetings"}
    assert meetings == {"followed_up": int(followed), "not_followed_up": int(not followed)}


async def test_one_more_child_afterwards_changes_nothing_and_it_is_fixed_once(world: World) -> None:
    await a_quarter(world)
    evaluation = service(world)
    await evaluation.publish(world.officer, PERIOD)
    before = await rows(world, evaluation_figures)
    await world.family(family_name="Later")
    with pytest.raises(InputError):
        await evaluation.publish(world.officer, PERIOD)
    assert await rows(world, evaluation_figures) == before


async def test_only_the_coordinator_fixes_and_only_what_is_over(world: World) -> None:
    evaluation = service(world)
    fg = Fg(world.tenant, StaffId("fg"))
    with pytest.raises(NotAllowedError):
        await evaluation.publish(fg, PERIOD)  # type: ignore[arg-type]
    for wrong in (PERIOD, "2026", "nonsense"):
        with pytest.raises(InputError):
            await evaluation.publish(world.officer, wrong)
    assert await evaluation.figures(fg, PERIOD) == ()
    with pytest.raises(NotAllowedError):
        await evaluation.published(world.counsellor)  # type: ignore[arg-type]


async def test_what_cannot_be_chosen_shows_nothing(world: World) -> None:
    await a_quarter(world)

    def none(_table: Table) -> tuple[Cell, ...]:
        raise NotPublishableError("planted")

    with pytest.raises(InputError):
        await service(world, none).publish(world.officer, PERIOD)
    assert await rows(world, evaluation_figures) == []


async def test_of_two_at_once_one_fixes_it(world: World) -> None:
    await a_quarter(world)
    evaluation = service(world)

    table = await evaluation._counted(world.tenant, PERIOD)
    await evaluation.publish(world.officer, PERIOD)
    with pytest.raises(ConflictError):
        await evaluation._write(world.officer, PERIOD, table, frozenset(choose(table)))


async def test_the_file_needs_a_permit_for_a_file_and_says_what_is_too_small(world: World) -> None:
    await a_quarter(world)
    evaluation = service(world)
    await evaluation.publish(world.officer, PERIOD)
    found = await evaluation.figures(world.officer, PERIOD)
    release = world.services.release
    permit = await release.permit_for_member(
        None, world.tenant, world.officer.staff, "csv", actor=world.officer
    )
    assert permit is not None
    lines = csv_of(found, permit).decode().splitlines()
    assert lines[:2] == ["period,measure,team,category,count", f"{PERIOD},registered,*,*,7"]
    assert {line.rpartition(",")[2] for line in lines[2:]} == {"<5"}
    mail = ExitPermit("mail", world.tenant, world.officer.staff, EntryId("e"))
    with pytest.raises(ValueError, match="another way"):
        csv_of(found, mail)
