"""A device is known by a digest of a random mark, per shelter, and only through a counsellor's login."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity.devices import (
    REMEMBERED,
    DevicesSeen,
    device_of,
    devices_of_staff,
    is_device_mark,
    new_device_mark,
    note_staff_device,
)
from consent_service.identity.model import Counsellor
from consent_service.identity.tables import staff_devices
from tests.shelter import World

HERE, THERE = TenantId("here"), TenantId("there")
ANN = Counsellor(HERE, StaffId("ann"))
TODAY = date(2026, 9, 1)


def test_a_mark_is_random_and_what_is_stored_differs_per_shelter() -> None:
    mark, other = new_device_mark(), new_device_mark()
    assert mark != other
    found = {device_of(mark, HERE), device_of(mark, THERE), device_of(other, HERE)}
    assert len(found) == 3
    assert mark not in str(found)
    assert device_of(mark, HERE) == device_of(mark, HERE)


@pytest.mark.parametrize("mark", ["", "x", "a" * 21, "a" * 23, "a" * 21 + "\n", "é" * 22, "../" * 8])
def test_what_is_no_mark_of_ours_is_no_device(mark: str) -> None:
    assert not is_device_mark(mark)
    assert device_of(mark, HERE) is None


def test_somebody_is_noted_at_a_device_once_a_day() -> None:
    seen = DevicesSeen()
    assert not seen.knows(ANN, "d", TODAY)
    seen.add(ANN, "d", TODAY)
    assert seen.knows(ANN, "d", TODAY)
    assert not seen.knows(ANN, "d", TODAY + timedelta(days=1))
    assert not seen.knows(ANN, "other", TODAY)
    assert not seen.knows(Counsellor(THERE, ANN.staff), "d", TODAY)


def test_a_process_remembers_only_so_many() -> None:
    seen = DevicesSeen()
    for number in range(REMEMBERED + 1):
        seen.add(ANN, str(number), TODAY)
    assert not seen.knows(ANN, "0", TODAY)
    assert seen.knows(ANN, str(REMEMBERED), TODAY)


async def test_a_device_has_one_row_per_counsellor_with_the_last_day(world: World) -> None:
    today = local_date(world.clock.now())
    async with world.services.installation.database.transaction() as conn:
        for who, days in ((world.counsellor, 0), (world.counsellor, 2), (world.colleague, 1)):
            await note_staff_device(conn, who, "d", today + timedelta(days=days))
        rows = (await conn.execute(select(staff_devices))).all()
        found = await devices_of_staff(conn, world.tenant)
        elsewhere = await devices_of_staff(conn, TenantId("elsewhere"))
    assert {(row.staff, row.last_seen_on) for row in rows} == {
        (world.counsellor.staff, today + timedelta(days=2)),
        (world.colleague.staff, today + timedelta(days=1)),
    }
    assert found == {"d": {world.counsellor.staff, world.colleague.staff}}
    assert elsewhere == {}
