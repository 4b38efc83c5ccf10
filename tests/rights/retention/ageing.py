"""Looks at every row of every table and says which are older than the register allows. Shares no query with
the service: it reads whole tables and counts by the calendar in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.database import metadata
from consent_service.information.model import AfterGuidance
from consent_service.rights.retention.model import (
    AfterSchool,
    Always,
    OfCatalogue,
    OfLog,
    Own,
    Period,
    WhileUsed,
    WithFamily,
    WithStaff,
)
from consent_service.rights.retention.register import REGISTER
from tests.shelter import World

Row = Mapping[str, Any]
Tables = Mapping[str, list[Row]]
PEOPLE = {"families": "family", "children": "child", "guardians": "guardian", "relationships": "relationship"}
"""Where whoever and whatever belongs to a family has its row."""


async def everything(world: World) -> Tables:
    """Every row of every table."""
    found: dict[str, list[Row]] = {}
    async with world.services.installation.database.reading() as conn:
        for name, table in metadata.tables.items():
            found[name] = [dict(row) for row in (await conn.execute(select(table))).mappings()]
    return found


async def too_old(world: World) -> set[tuple[str, str]]:
    """The tables with a row that is past its period, or that names what is gone; with what is wrong."""
    looker = _Looker(world, await everything(world))
    return {
        (table, fault)
        for table, rows in looker.tables.items()
        for row in rows
        if (fault := looker.fault(table, row)) is not None
    }


class _Looker:
    def __init__(self, world: World, tables: Tables) -> None:
        self.tables = tables
        self._now = world.clock.now()
        self._types = world.services.policies.proposal.catalogue.types
        self._ended = {row["relationship"]: row["ended_at"] for row in tables["relationships"]}
        self._staff = {row["staff"]: row["ended_at"] for row in tables["staff"]}
        self._breaches = {row["breach"] for row in tables["breaches"]}
        self._logins = {(row["provider"], row["subject"]) for row in tables["staff_links"]}
        self._family = {row[key]: row["family"] for name, key in PEOPLE.items() for row in tables[name]}
        keys = {row["person"] for row in tables["person_keys"]}
        self._shut = {row["owner"] for row in tables["key_destructions"]} - keys
        kept = {self._family[row["relationship"]] for row in tables["records"]}
        self._gone = {
            row["family"]
            for row in tables["families"]
            if row["family"] not in kept and self._over(row["ended_at"], 60)
        }

    def fault(self, table: str, row: Row) -> str | None:
        """What is wrong with this row."""
        kept = REGISTER[table]
        if self._is_past(table, kept.period, row.get(kept.since)):
            return "past its period"
        match kept.period:
            case OfCatalogue():
                return "past its period" if self._is_record_past(row) else self._orphan(table, row)
            case AfterSchool():
                return "past its period" if self._is_key_past(row) else self._orphan(table, row)
            case WithFamily() | Own():
                return self._orphan(table, row)
            case WithStaff():
                return None if row["staff"] in self._staff else "of nobody"
            case WhileUsed():
                return self._unused(table, row)
            case Always() | OfLog():
                return self._named(table, row)

    def _is_past(self, _table: str, period: Period, moment: datetime | date | None) -> bool:
        match period:
            case Own(months=0, days=days):
                return isinstance(moment, datetime) and moment < self._now - timedelta(days=days)
            case Own(months=months) | WithStaff(months=months):
                return self._over(moment, months)
            case _:
                return False

    def _over(self, moment: datetime | date | None, months: int) -> bool:
        if moment is None:
            return False
        day = local_date(moment) if isinstance(moment, datetime) else moment
        return local_midnight(_later(day, months)) <= self._now

    def _is_record_past(self, row: Row) -> bool:
        if row["expires_at"] is not None:
            return bool(row["expires_at"] <= self._now)
        kind = self._types.get(row["information_type"])
        months = kind.retention.months if kind and isinstance(kind.retention, AfterGuidance) else 0
        return self._over(self._ended[row["relationship"]], months)

    def _is_key_past(self, row: Row) -> bool:
        left = any(one["relationship"] == row["relationship"] for one in self.tables["records"])
        return not left and self._over(self._ended[row["relationship"]], 6)

    def _orphan(self, table: str, row: Row) -> str | None:
        """Names somebody of a family that should be gone, or nobody any more."""
        for name in _NAMING.get(table, ()):
            one = row[name]
            if one is None or one in self._staff:
                continue
            if one not in self._family:
                return "of nobody"
            if self._family[one] in self._gone:
                return "past its period"
        return None

    def _unused(self, table: str, row: Row) -> str | None:
        known = self._staff.keys() | self._family.keys()
        if table == "person_keys":
            return None if row["person"] in known | self._breaches else "of nobody"
        if table in ("notice_addresses", "notice_wishes"):
            who = row.get("staff", row.get("recipient"))
            ended = self._staff.get(who)
            return "of who left" if who not in known or (ended is not None and ended <= self._now) else None
        if table in ("return_pins", "passkeys", "session_devices"):
            return None if (row["provider"], row["subject"]) in self._logins else "of no login"
        if table == "staff_links":
            return None if self._staff.get(row["staff"], self._now) is None else "of who left"
        return "left behind" if table == "erasure_targets" else None

    def _named(self, table: str, row: Row) -> str | None:
        """What stays for ever names nobody of a family; the log who is known, or what nobody can open."""
        if table == "audit_details":
            named = {row["person"], row["attached_for"]} - {None}
            known = self._family.keys() | self._staff.keys() | self._shut
            return None if named <= known else "of nobody"
        families = {row.get(name) for name in ("family", "child", "guardian", "relationship")} - {None}
        lasting = table != "key_destructions" and bool(families - self._family.keys())
        return "of nobody" if lasting else None


_FAMILIAR = {"family", "child", "guardian", "relationship", "to_person", "person"}
_ELSEWHERE = {("person_keys", "person")}
_BY_ANOTHER_NAME = {("review_notes", "about")}
_NAMING: Mapping[str, tuple[str, ...]] = {
    name: tuple(
        column.name
        for column in table.columns
        if column.info["personal"] == "pseudonym"
        and (column.name in _FAMILIAR or (name, column.name) in _BY_ANOTHER_NAME)
        and (name, column.name) not in _ELSEWHERE
    )
    for name, table in metadata.tables.items()
}


def _later(day: date, months: int) -> date:
    """So many months later; the last of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in range(day.day, day.day - 4, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError(day)


def left(tables: Tables, names: Iterable[str]) -> dict[str, int]:
    """How many rows these tables have, of those that have any."""
    return {name: len(tables[name]) for name in names if tables[name]}
