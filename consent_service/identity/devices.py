"""Which devices counsellors work at, so that a parent's own choice made at one of them can be seen (S35).

A device is a random number that only its browser has; here is a digest of it, per shelter. Only a
counsellor's login makes a device known: a parent's own telephone gets no mark at all.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import OrderedDict
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity.model import Counsellor
from consent_service.identity.tables import staff_devices

REMEMBERED = 1000
"""How many visits of today a process remembers, so that not every page writes."""
_MARK = re.compile(r"[A-Za-z0-9_-]{22}")


def new_device_mark() -> str:
    """128 random bits for the cookie of one browser; they say nothing about it."""
    return secrets.token_urlsafe(16)


def is_device_mark(mark: str) -> bool:
    """Whether this can be one of ours."""
    return _MARK.fullmatch(mark) is not None


def device_of(mark: str, tenant: TenantId) -> str | None:
    """What is stored of a device; another value at each shelter, so that they cannot be compared.

    A plain SHA-256 is enough: of 128 random bits nothing can be guessed, so no key is needed for it.
    """
    if not is_device_mark(mark):
        return None
    return hashlib.sha256(f"device/v1|{tenant}|{mark}".encode()).hexdigest()


class DevicesSeen:
    """Who was seen where today, as far as this process knows."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[TenantId, str, str], date] = OrderedDict()

    def knows(self, actor: Counsellor, device: str, today: date) -> bool:
        """Whether this counsellor was noted at this device today."""
        return self._seen.get((actor.tenant, device, actor.staff)) == today

    def add(self, actor: Counsellor, device: str, today: date) -> None:
        """It was noted."""
        place = (actor.tenant, device, actor.staff)
        self._seen[place] = today
        self._seen.move_to_end(place)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


async def note_staff_device(conn: AsyncConnection, actor: Counsellor, device: str, today: date) -> None:
    """The counsellor works at this device; one row each, with the last day."""
    keys = {"tenant": actor.tenant, "device": device, "staff": actor.staff}
    seen = {"last_seen_on": today}
    if conn.dialect.name == "sqlite":
        lite = sqlite.insert(staff_devices).values(keys | seen)
        await conn.execute(lite.on_conflict_do_update(index_elements=list(keys), set_=seen))
    else:
        full = postgresql.insert(staff_devices).values(keys | seen)
        await conn.execute(full.on_conflict_do_update(index_elements=list(keys), set_=seen))


async def is_staff_device(conn: AsyncConnection, mark: str) -> bool:
    """Whether a counsellor of any shelter worked at the browser with this mark."""
    if not is_device_mark(mark):
        return False
    shelters = (await conn.execute(select(staff_devices.c.tenant).distinct())).scalars()
    devices = [device_of(mark, TenantId(one)) for one in shelters]
    query = select(staff_devices.c.staff).where(staff_devices.c.device.in_(devices)).limit(1)
    return (await conn.execute(query)).first() is not None


async def devices_of_staff(conn: AsyncConnection, tenant: TenantId) -> dict[str, frozenset[StaffId]]:
    """Every device at which counsellors of this shelter worked, and who did."""
    found: dict[str, set[StaffId]] = {}
    query = select(staff_devices.c.device, staff_devices.c.staff).where(staff_devices.c.tenant == tenant)
    for row in await conn.execute(query):
        found.setdefault(row.device, set()).add(StaffId(row.staff))
    return {device: frozenset(staff) for device, staff in found.items()}
