"""The comparison itself, with rows that stand nowhere: what is erased, pruned, replaced or under way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import reconciling
from consent_service.audit.encoding import Detail
from consent_service.audit.events import LoginRefused, LogPruned, StaffEnded
from consent_service.audit.reconciling import (
    ALWAYS,
    Act,
    ActSource,
    Done,
    Mismatch,
    Reconciled,
    Told,
    reconcile,
)
from consent_service.audit.tables import audit_prunings
from consent_service.foundation.ids import PersonId, StaffId, TenantId
from tests.audit.factories import Desk

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class Stays(ActSource):
    """Acts of which the end of a stay tells; its rows are given."""

    events = (StaffEnded,)

    def __init__(self, *rows: tuple[str, str], at: datetime = AT, times: int = 1, once: bool = False) -> None:
        self._rows = rows
        self._at = at
        self._times = times
        self._once = once
        self.erased: dict[str, datetime] = {}
        self.vanished: set[str] = set()
        self.loose: list[Mismatch] = []

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        for name, person in self._rows:
            yield Done(Act("stay", (name,), (f"of {name}",), person), self._at)

    def told(self, detail: Detail) -> Iterable[Told]:
        assert isinstance(detail.event, StaffEnded)
        name = detail.event.staff
        yield Told(Act("stay", (name,), (f"of {name}",), detail.subject or ""), self._times, self._once)

    async def left_out(self, conn: AsyncConnection, tenant: TenantId) -> Mapping[str, datetime]:
        return self.erased

    async def gone(self, conn: AsyncConnection, tenant: TenantId, ids: Collection[str]) -> Collection[str]:
        return self.vanished & set(ids)

    async def dangling(self, conn: AsyncConnection, tenant: TenantId) -> Iterable[Mismatch]:
        return self.loose


class Nothing(ActSource):
    """As whoever writes a source begins."""


async def compared(desk: Desk, *sources: ActSource) -> Reconciled:
    return await reconcile(desk.database, desk.ring, desk.tenant, sources)


def named(found: Reconciled) -> list[tuple[str, str, str]]:
    return sorted((one.what, one.id, one.entry) for one in found.mismatches)


async def ended(desk: Desk, name: str, person: PersonId | None) -> str:
    return await desk.append(StaffEnded(StaffId(name)), subject=person)


async def test_what_both_state_cancels_out_and_what_one_states_is_named(desk: Desk) -> None:
    first, second = await ended(desk, "a", desk.mother), await ended(desk, "b", desk.mother)
    mine = desk.mother
    assert (await compared(desk, Stays(("a", mine), ("b", mine)))).ok
    assert named(await compared(desk, Stays(("a", mine)))) == [("entry_without_act", "b", second)]
    assert named(await compared(desk, Stays(("a", mine), ("b", mine), ("b", mine)))) == [
        ("act_without_entry", "b", "")
    ]
    assert named(await compared(desk, Stays(("a", desk.father), ("b", mine)))) == [
        ("act_without_entry", "a", ""),
        ("entry_without_act", "a", first),
    ]


async def test_what_has_one_row_however_many_tell_of_it_is_counted_once(desk: Desk) -> None:
    for _ in range(3):
        await ended(desk, "a", desk.mother)
    assert (await compared(desk, Stays(("a", desk.mother), once=True))).ok
    twice = await compared(desk, Stays(("a", desk.mother), ("a", desk.mother), once=True))
    assert named(twice) == [("act_without_entry", "a", "")]


async def test_of_somebody_erased_entries_and_acts_may_be_missing(desk: Desk) -> None:
    nobodys = await ended(desk, "late", None)
    await ended(desk, "unread", desk.father)
    father = desk.father
    stays = Stays(("late", father), ("forgotten", father), ("unread", father))
    assert not (await compared(desk, stays)).ok
    stays.erased = {father: ALWAYS}
    found = await compared(desk, stays)
    assert (found.ok, found.left_out, found.acts) == (True, 3, 3)
    lost = Stays(("unread", father))
    lost.erased = {father: ALWAYS}
    assert named(await compared(desk, lost)) == [("entry_without_act", "late", nobodys)]
    lost.vanished = {"of late"}
    assert (await compared(desk, lost)).ok
    early = Stays(("unread", father), at=AT + timedelta(days=1))
    early.erased = {father: AT - timedelta(days=1), "of late": ALWAYS}
    assert (await compared(desk, early)).ok  # both are from after it, and both are there


async def test_what_was_pruned_is_missed_by_nobody(desk: Desk) -> None:
    await desk.append_many(3)
    pruning = await desk.append(LogPruned(log=1, minimum=2))
    await desk.sequence()
    old = Stays(("old", desk.mother), at=AT - timedelta(days=9))
    near = Stays(("near", desk.mother), at=AT + timedelta(hours=1))
    late = Stays(("late", desk.mother), at=AT + timedelta(days=9))
    for stays in (old, near, late):
        assert named(await compared(desk, stays))[0][0] == "act_without_entry"
    async with desk.database.transaction() as conn:
        values = {"log": 1, "minimum": 2, "entry": pruning, "at": AT}
        await conn.execute(insert(audit_prunings).values(tenant=desk.tenant, **values))
    assert [(await compared(desk, stays)).ok for stays in (old, near, late)] == [True, True, False]
    await ended(desk, "replaced", desk.mother)  # its first version was written before
    assert (await compared(desk, Stays(times=-1))).ok
    near.loose = [Mismatch("act_without_entry", "task", "t", pruning)]
    near.loose += [Mismatch("act_without_entry", "task", "u", "01000000-0000-7000-8000-000000000000")]
    found = await compared(desk, near)
    assert [one.id for one in found.mismatches if one.kind == "task"] == []


async def test_a_row_that_names_an_entry_there_is_not_is_told(desk: Desk) -> None:
    stays = Stays()
    stays.loose = [Mismatch("act_without_entry", "task", "t", "01000000-0000-7000-8000-000000000000")]
    assert (await compared(desk, stays)).mismatches == tuple(stays.loose)


async def test_a_replaced_act_that_never_was_is_told_of_its_entry(desk: Desk) -> None:
    entry = await ended(desk, "a", desk.mother)
    assert named(await compared(desk, Stays(times=-1))) == [("entry_without_act", "a", entry)]


async def test_page_after_page_is_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "_PAGE", 2)
    names: Sequence[str] = "abcde"
    for name in names:
        await ended(desk, name, desk.mother)
    await desk.append(LoginRefused(provider="x", code="y"))
    seen: list[tuple[int, int]] = []
    found = await reconcile(
        desk.database,
        desk.ring,
        desk.tenant,
        [Stays(*((name, desk.mother) for name in names))],
        progress=lambda *done: seen.append(done),
    )
    assert (found.ok, found.entries, seen) == (True, 5, [(2, 6), (4, 6), (6, 6)])


def test_a_source_says_itself_what_its_rows_and_events_are() -> None:
    with pytest.raises(TypeError, match=r"rows.*told"):
        Nothing()  # type: ignore[abstract]
