"""Entries stay where they were written: a log that is begun anew hides none of the older ones."""

from __future__ import annotations

from pathlib import Path

import msgspec
from sqlalchemy import insert, select, update

from consent_service.audit.details import OpenedDetail, SealedDetail, open_details, seal_detail
from consent_service.audit.encoding import canonical_detail
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.heads.reopening import Reopening
from consent_service.audit.leading import TransactionLock
from consent_service.audit.line_proofs import prove_lines
from consent_service.audit.tables import audit_details, audit_index
from tests.audit.factories import SYSTEM, Desk, a_consent


async def test_after_a_new_log_every_entry_is_found_and_proved_in_the_log_that_took_it(
    desk: Desk, tmp_path: Path
) -> None:
    old = [await desk.append(), await desk.append()]
    await desk.sequence()
    heads = KnownHeads(tmp_path / "heads.jsonl")
    parts = {"database": desk.database, "ring": desk.ring, "log": desk.log, "clock": desk.clock}
    reopening = Reopening(**parts, heads=heads, lead=TransactionLock())  # type: ignore[arg-type]
    await reopening.reopen(desk.tenant, why="restored", by=SYSTEM)
    new = await desk.append()
    await desk.sequence()
    waiting = await desk.append()

    page = await desk.trail()

    (reopened,) = [one.id for one in page.entries if one.type == "log.reopened.v1"]
    places = {one.id: (one.log, one.seq) for one in page.entries}
    assert places == {old[0]: (1, 0), old[1]: (1, 1), reopened: (2, 0), new: (2, 1), waiting: (0, None)}
    assert len(page.entries) == len(places)
    first, second = await desk.trail(limit=2), await desk.trail(limit=3, after=new)
    assert [one.id for one in (*first.entries, *second.entries)] == [waiting, new, reopened, *old[::-1]]
    async with desk.database.reading() as conn:
        proofs = await prove_lines(conn, desk.tenant, list(places))
    assert proofs == dict.fromkeys(places, "proved") | {waiting: "pending"}


async def test_content_that_the_leaf_does_not_commit_to_is_never_shown(desk: Desk) -> None:
    """Resealed under her own key by somebody inside: whole for the key, and yet not what was logged."""
    entry = await desk.append(a_consent(), subject=desk.mother)
    other = await desk.append(msgspec.structs.replace(a_consent(), language="en"), subject=desk.mother)
    assert [one.state for one in (await desk.trail()).entries] == ["open", "open"]
    async with desk.database.reading() as conn:
        query = select(audit_details.c.sealed).where(audit_details.c.entry == other)
        sealed = SealedDetail(other, desk.mother, (await conn.execute(query)).scalar_one())
        opened = (await open_details(conn, desk.ring, desk.tenant, [sealed]))[other]
        key = await desk.ring.person_key(conn, desk.tenant, desk.mother)
    assert isinstance(opened, OpenedDetail)
    lied = canonical_detail(msgspec.structs.replace(opened.detail, entry=entry))
    for salt in (opened.salt, bytes(32)):
        resealed = seal_detail(desk.ring, key, entry=entry, salt=salt, raw=lied)
        async with desk.database.transaction() as conn:
            await conn.execute(
                update(audit_details).where(audit_details.c.entry == entry).values(sealed=resealed)
            )
        states = {one.id: (one.state, one.detail) for one in (await desk.trail()).entries}
        assert states[entry] == ("damaged", None)
        assert states[other][0] == "open"


async def test_the_index_alone_shows_nobody_an_entry_of_another(desk: Desk) -> None:
    entry = await desk.append(a_consent(), subject=desk.mother)
    row = {"tenant": desk.tenant, "kind": "person", "key": desk.father, "entry": entry, "shown": True}
    async with desk.database.transaction() as conn:
        await conn.execute(insert(audit_index), [row])
    assert (await desk.trail(shown_to=desk.father)).entries == ()
    assert [one.id for one in (await desk.trail(shown_to=desk.mother)).entries] == [entry]
