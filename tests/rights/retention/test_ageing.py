"""A whole database grows old: after every day of jobs no row of any table is past its period."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, update

from consent_service.families.tables import families, relationships
from consent_service.foundation.database import metadata
from consent_service.foundation.ids import new_id
from consent_service.records.tables import records
from consent_service.rights.retention.model import AfterSchool, OfCatalogue, Own, WithFamily, WithStaff
from consent_service.rights.retention.register import REGISTER
from tests.rights.forgetting import whole
from tests.rights.retention.ageing import everything, left, too_old
from tests.rights.retention.household import Household, agreed_periods, answered, household, jobs, plant
from tests.shelter import OPERATOR, World

OF_PEOPLE = [
    name for name, kept in REGISTER.items() if isinstance(kept.period, OfCatalogue | AfterSchool | WithFamily)
]
"""Of these nothing is left of a family that is forgotten."""
FAR_BACK = timedelta(days=20 * 366)


async def live_until(world: World, *moments: datetime) -> None:
    """Time goes by in steps; after each, everything is looked at."""
    for moment in moments:
        world.clock.set(moment)
        await jobs(world)
        assert await too_old(world) == set(), moment


def years(*found: int) -> list[datetime]:
    return [datetime(year, month, 3, 9, tzinfo=UTC) for year in found for month in (2, 8)]


async def test_nothing_lives_past_its_period_in_any_table(world: World) -> None:
    home = await household(world)
    await agreed_periods(world, home.other)
    before = await everything(world)
    assert {name for name in OF_PEOPLE if not before[name]} == set()
    await live_until(
        world, *(datetime(2026, month, 28, 9, tzinfo=UTC) for month in (9, 10, 11, 12)), *years(2027)
    )
    await answered(world, home)
    await world.services.families.end_family(world.counsellor, home.view.family, "moved_out")
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.teacher.staff)
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.colleague.staff)
    await live_until(world, *years(2028, 2029, 2030, 2031))
    after = await everything(world)
    assert left(after, OF_PEOPLE).keys() >= {"families", "consent_ledger", "meetings", "sittings"}
    assert left(after, ["records", "relationship_keys", "care_signals", "notices"]) == {}
    await live_until(world, *years(2032, 2033, 2034, 2039))
    after = await everything(world)
    assert left(after, OF_PEOPLE) == {}
    assert {world.teacher.staff, world.colleague.staff}.isdisjoint(row["staff"] for row in after["staff"])
    (erasure,) = after["erasures"]
    assert (erasure["typed"], erasure["state"], erasure["subject"]) == ("schedule", "executed", None)
    assert {erasure["asked_by"], erasure["approved_by"]} == {world.officer.staff, home.other.staff}
    await whole(world)


async def test_each_kind_of_row_that_is_too_old_is_found_by_the_check(world: World) -> None:
    """The check of the test above sees one planted row in each kind of table."""
    home = await household(world)
    assert await too_old(world) == set()
    long_ago = world.clock.now() - FAR_BACK
    planted = set()
    for name, kept in REGISTER.items():
        if isinstance(kept.period, Own | WithStaff) and kept.since:
            own = await _values(world, home, name)
            await plant(world, name, **{**own, kept.since: _moment(name, kept.since, long_ago)})
            planted.add((name, "past its period"))
    assert await too_old(world) == planted
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(records).values(expires_at=long_ago))
    assert await too_old(world) == planted | {("records", "past its period")}
    await _end_long_ago(world, home, long_ago)
    found = {name for name, fault in await too_old(world) if fault == "past its period"}
    assert found >= set(OF_PEOPLE) - {"records"}


async def test_what_names_nobody_any_more_is_found_by_the_check(world: World) -> None:
    for name, column in (
        ("notices", "to_person"),
        ("tasks", "family"),
        ("page_factors", "person"),
        ("meetings", "child"),
        ("ending_plans", "relationship"),
        ("erasure_targets", "id"),
        ("person_keys", "person"),
        ("staff_invitations", "staff"),
        ("passkeys", "subject"),
        ("notice_addresses", "staff"),
        ("audit_details", "person"),
    ):
        await plant(world, name, **{column: new_id()})
        found = {table for table, _ in await too_old(world)}
        assert name in found, name


@pytest.mark.parametrize("asked", [False, True])
async def test_what_is_planted_is_gone_after_a_run(world: World, asked: bool) -> None:
    home = await household(world)
    await agreed_periods(world, home.other)
    long_ago = world.clock.now() - FAR_BACK
    for name, kept in REGISTER.items():
        if isinstance(kept.period, Own) and kept.remover == "run":
            own = await _values(world, home, name)
            await plant(world, name, **{**own, kept.since: _moment(name, kept.since, long_ago)})
    before = await world.services.retention.overview(world.officer)
    assert all(past.going > 0 for past in before.preview.tables.values() if past.held), before
    if asked:
        await world.services.retention.ask(world.officer)
    run = await world.services.retention.look(world.tenant)
    assert run is not None
    assert run.expected == before.preview.going == run.done.total
    assert {one for one in await too_old(world) if one[0] != "sessions"} == set()
    assert await world.services.retention.look(world.tenant) is None


def _moment(name: str, column: str, moment: datetime) -> datetime | date:
    is_day = str(metadata.tables[name].c[column].type) == "DATE"
    return moment.date() if is_day else moment


async def _values(world: World, home: Household, name: str) -> dict[str, object]:
    """Of somebody there is, so that only its age is wrong."""
    here = {"relationship": home.noor, "family": home.view.family, "person": home.view.guardians[0].guardian}
    found: dict[str, object] = {key: value for key, value in here.items() if key in metadata.tables[name].c}
    if name == "retention_runs":
        found["started_at"] = world.clock.now() - FAR_BACK
    if name == "access_files":
        found["case"] = (await everything(world))["rights_cases"][0]["case"]
    if name == "sitting_answers":
        after = await everything(world)
        found["sitting"] = after["sittings"][0]["sitting"]
        found["information_type"] = "planted"
    return found


async def _end_long_ago(world: World, home: Household, moment: datetime) -> None:
    """As if guidance ended then, and every record was gone."""
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(families).values(ended_at=moment))
        await conn.execute(update(relationships).values(ended_at=moment))
        await conn.execute(delete(records))
    await plant(
        world, "records", relationship=home.noor, expires_at=None, information_type="x", direction="s2c"
    )
    found = {name for name, _ in await too_old(world)}
    assert "records" in found
    assert "families" not in found, "one record is still kept"
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(records))
