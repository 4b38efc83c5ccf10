"""A family with a trace in every table, and looking whether anything of it is left anywhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Table, insert, select

from consent_service.custody.checking import RecordCheck
from consent_service.foundation.database import metadata
from consent_service.foundation.ids import INSTALLATION, StaffId, new_id
from consent_service.identity.model import PrivacyCoordinator
from consent_service.identity.tables import (
    login_attempts,
    page_challenges,
    page_devices,
    page_factors,
    sessions,
    step_tokens,
)
from consent_service.organisations.model import NewStaff
from consent_service.process.tables import calendar_marks, recalls
from consent_service.rights.erasure_model import Erasure, Wanted
from consent_service.rights.erasure_places import KEPT
from consent_service.rights.reconciliation import reconcile_acts, verify_log
from tests.scenarios.stories import Told, ask, told_family
from tests.shelter import OPERATOR, World

LEFT = {(column.table.name, column.name) for column in KEPT}


PLANTED = {"page_factor", "recall"}
"""Kinds of acts of which `traced_family` plants rows that nobody did."""


async def whole(world: World) -> None:
    """The log verifies, every act that is left has its entry, and every digest is the one in the log."""
    await world.settle()
    parts = world.services.installation
    report = await verify_log(parts.database, parts.ring, world.tenant)
    assert report.ok, report.problems
    reconciled = await reconcile_acts(parts.database, parts.ring, world.tenant)
    assert {one.kind for one in reconciled.mismatches} <= PLANTED, reconciled.mismatches
    check = RecordCheck(database=parts.database, ring=parts.ring, log=world.services.log)
    compared = await check.everything()
    assert (compared.differences, compared.unknown) == ((), 0)


async def second_coordinator(world: World, name: str = "Ties Tweede") -> PrivacyCoordinator:
    new = NewStaff("privacy_coordinator", name)
    staff = await world.services.organisations.add_staff(OPERATOR, world.tenant, new)
    return PrivacyCoordinator(world.tenant, StaffId(staff))


async def decided(world: World, wanted: Wanted, approver: PrivacyCoordinator | None = None) -> str:
    """An erasure that was asked by one coordinator and approved by another."""
    door = world.services.erasures
    erasure = await door.ask(world.officer, wanted)
    await door.approve(approver or await second_coordinator(world), erasure)
    return erasure


async def erased(world: World, wanted: Wanted) -> Erasure:
    return await world.services.erasures.execute(world.officer, await decided(world, wanted))


@dataclass(frozen=True)
class Traces:
    """Who somebody is in the tables, and what is sealed about them."""

    ids: frozenset[str]
    sealed: frozenset[bytes]


async def traced_family(world: World, family_name: str = "Voorbeeld") -> Told:
    """Two guardians, a child at school that was told something and looked; a row wherever one can be."""
    guardians: Any = (("Samira", "holder"), ("Karim", None))
    told = await told_family(world, guardians=guardians, family_name=family_name)
    await ask(world, told.relationship)
    child, family = told.view.children[0].child, told.view.family
    now, day = world.clock.now(), date(2026, 9, 1)
    rows: list[tuple[Table, dict[str, Any]]] = []
    for person in (child, *(one.guardian for one in told.view.guardians)):
        own = {"tenant": world.tenant, "person": person}
        rows += [
            (page_devices, {**own, "device": new_id(), "last_used_at": now}),
            (page_challenges, {**own, "challenge": new_id(), "code": "x", "expires_at": now}),
            (
                page_factors,
                {**own, "factor": new_id(), "kind": "mail", "sealed_address": person.encode(), "set_at": now},
            ),
        ]
        rows += _session(now, own_person=person, own_family=family)
        rows.append((login_attempts, _attempt(now, f"/school/{world.tenant}/{person}")))
    rows += _session(now, proves_for=f"/opvang/{world.tenant}/gezinnen/{family}")
    rows += _session(now, relationship=told.relationship)
    rows.append((login_attempts, _attempt(now, f"/school/{world.tenant}/{told.relationship}")))
    rows.append((login_attempts, _attempt(now, f"/shelter/{family}")))
    mark = {"tenant": world.tenant, "mark": f"expiry:{told.relationship}:pickup:30", "at": now}
    rows.append((calendar_marks, mark))
    recall = {"recall": new_id(), "relationship": told.relationship, "school": world.linde, "records": 1}
    rows.append(
        (
            recalls,
            {
                **recall,
                "tenant": world.tenant,
                "information_type": "pickup",
                "received_on": day,
                "issued_at": now,
            },
        )
    )
    async with world.services.installation.database.transaction() as conn:
        for table, values in rows:
            await conn.execute(insert(table).values(values))
    await world.settle()
    return told


def _attempt(now: Any, where: str) -> dict[str, Any]:
    return {
        "tenant": INSTALLATION,
        "state": new_id(),
        "provider": "x",
        "return_to": where,
        "expires_at": now,
    }


def _session(now: Any, **whose: str) -> list[tuple[Table, dict[str, Any]]]:
    session = new_id()
    moments = dict.fromkeys(("authenticated_at", "created_at", "last_seen_at", "expires_at"), now)
    plain = {"tenant": INSTALLATION, "id": session, "token": new_id(), "provider": "x", "subject": "x"}
    step = {"tenant": INSTALLATION, "session": session, "step": "sign", "token": "x", "issued_at": now}
    return [
        (sessions, {**plain, **moments, **whose, "acr": "x", "pin_tries": 0}),
        (step_tokens, step),
    ]


async def traces(world: World, ids: Collection[str]) -> Traces:
    """Everything sealed that stands in a row with one of these ids."""
    sealed: set[bytes] = set()
    async for table, row in _every_row(world):
        if _names(table, row, ids):
            sealed |= {
                getattr(row, column.name)
                for column in table.columns
                if column.info["personal"] == "sealed" and getattr(row, column.name)
            }
    return Traces(frozenset(ids), frozenset(sealed))


async def left_of(world: World, gone: Traces) -> set[tuple[str, str]]:
    """Every column of every table in which an id or a sealed value of theirs is still found."""
    found: set[tuple[str, str]] = set()
    async for table, row in _every_row(world):
        for column in table.columns:
            value = getattr(row, column.name)
            if isinstance(value, bytes) and value:
                hit = value in gone.sealed or any(one.encode() in value for one in gone.ids)
            else:
                hit = isinstance(value, str) and any(one in value for one in gone.ids)
            if hit:
                found.add((table.name, column.name))
    return found


async def tables_naming(world: World, ids: Collection[str]) -> set[str]:
    """The tables with a pseudonym column in which one of these ids stands."""
    return {table.name async for table, row in _every_row(world) if _names(table, row, ids)}


def ids_of(told: Told) -> frozenset[str]:
    """Everybody and everything of a family that has an id."""
    guardians = (one.guardian for one in told.view.guardians)
    return frozenset((told.view.family, told.view.children[0].child, told.relationship, *guardians))


def _names(table: Table, row: Any, ids: Iterable[str]) -> bool:
    held = [
        str(getattr(row, column.name)) for column in table.columns if column.info["personal"] == "pseudonym"
    ]
    return any(one in value for value in held for one in ids)


async def _every_row(world: World) -> Any:
    async with world.services.installation.database.reading() as conn:
        for table in metadata.tables.values():
            for row in (await conn.execute(select(table))).all():
                yield table, row
