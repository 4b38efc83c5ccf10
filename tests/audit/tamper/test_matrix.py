"""The tamper matrix: what somebody with all rights on the database does, and who finds it.

One log per engine, built once; each row works in a savepoint that is rolled back. `start` is the check of the
triggers when the service starts, the others are as in `detectors`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import LogViewed
from consent_service.audit.log import OFFICER
from consent_service.audit.log_keys import current_log
from consent_service.audit.merkle import leaf_hash
from consent_service.audit.tables import audit_entries, audit_logs
from consent_service.consent.tables import consent_ledger
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.ids import PersonId, new_id
from consent_service.identity.model import by
from consent_service.keyring.primitives import new_signing_key
from consent_service.keyring.tables import key_destructions
from consent_service.rights.erasure_model import Wanted
from tests.audit.tamper import shredding as shredding
from tests.audit.tamper.detectors import Detectors, HeadKeeper, Parent, served_head
from tests.audit.tamper.forging import Forger, Place
from tests.audit.tamper.rows import ROWS, row, viewed
from tests.rights.forgetting import erased
from tests.scenarios.stories import ask, told_family
from tests.shelter import OPERATOR, World

BUNDLE: Final = (b'"bundle":""', b'"bundle":"' + b"ab" * 32 + b'"')
"""What no detail speaks of: nothing but a hash can tell that it was changed."""
OUTSIDE: Final = {"pin", "parent", "witness"}
ALL: Final = {"verify", *OUTSIDE}
EDITED: Final = 3
"""The number of an entry before every head that somebody kept."""


# --- entries changed, taken away, put in -------------------------------------------------------


@row("edit row", "verify", "parent")
async def _edit(forger: Forger) -> None:
    await forger.edit(EDITED, *BUNDLE)


@row("edit row and leaf hash", "verify", "parent")
async def _edit_and_hash(forger: Forger) -> None:
    places = await forger.edit(EDITED, *BUNDLE)
    statement = "UPDATE audit_sequence SET leaf_hash = :h WHERE entry = :e"
    await forger.do(statement, h=leaf_hash(places[EDITED].leaf), e=places[EDITED].entry)


@row("re-sign newest", *ALL)
async def _sign_newest(forger: Forger) -> None:
    places, sizes = await forger.edit(EDITED, *BUNDLE), await forger.sizes()
    await forger.reorder(places, sign_at=sizes[-1:], keep=sizes[:-1])


@row("re-sign all with a stolen key", *OUTSIDE)
async def _sign_all(forger: Forger) -> None:
    await forger.reorder(await forger.edit(EDITED, *BUNDLE), sign_at=await forger.sizes())


@row("delete", "verify", "parent")
async def _delete(forger: Forger) -> None:
    await forger.drop([(await forger.places())[EDITED].entry])


@row("delete, and re-sign all", *ALL)
async def _delete_entry_only(forger: Forger) -> None:
    await _take_out(forger, await _decision(forger))


@row("delete with its act, and re-sign all", *OUTSIDE)
async def _delete_with_act(forger: Forger) -> None:
    entry = await _decision(forger)
    said = await forger.said(entry)
    await _take_out(forger, entry)
    await forger.do("DELETE FROM consent_ledger WHERE decision = :d", d=said.event.decision)


@row("swap", "verify", "parent")
async def _swap(forger: Forger) -> None:
    one, other = (await forger.places())[EDITED : EDITED + 2]
    statement = "UPDATE audit_entries SET leaf = :leaf WHERE id = :id"
    await forger.do(statement, leaf=other.leaf, id=one.entry)
    await forger.do(statement, leaf=one.leaf, id=other.entry)


@row("swap, and re-sign all", *OUTSIDE)
async def _swap_places(forger: Forger) -> None:
    places = await forger.places()
    places[EDITED : EDITED + 2] = reversed(places[EDITED : EDITED + 2])
    await forger.reorder(places, sign_at=await forger.sizes())


@row("insert in the middle, and re-sign all", *ALL)
async def _insert(forger: Forger) -> None:
    places = await forger.places()
    entry = new_id()
    forged = places[EDITED].leaf.replace(places[EDITED].entry.encode(), entry.encode())
    await forger.put(Place(entry, forged))
    await forger.reorder(
        [*places[: EDITED + 1], Place(entry, forged), *places[EDITED + 1 :]], sign_at=await forger.sizes()
    )


@row("truncate", *ALL)
async def _truncate(forger: Forger) -> None:
    places = await forger.places()
    await forger.drop(place.entry for place in places[EDITED:])
    await forger.reorder(places[:EDITED], sign_at=[EDITED])


@row("duplicate key in a leaf", "verify", "parent")
async def _duplicate_key(forger: Forger) -> None:
    await _append_spelt(forger, b'"v":1}', b'"v":1,"v":1}')


@row("white space in a leaf", "verify", "parent")
async def _white_space(forger: Forger) -> None:
    await _append_spelt(forger, b'"v":1', b'"v": 1')


@row("replay", "verify", "parent")
async def _replay(forger: Forger) -> None:
    """An old entry once more, under another name."""
    again = Place(new_id(), (await forger.places())[EDITED].leaf)
    await forger.put(again)
    await forger.go_on(again)


@row("another tenant's leaf", "verify")
async def _foreign(forger: Forger) -> None:
    """An entry of another shelter, with what is sealed beside it."""
    found = select(audit_entries).where(audit_entries.c.tenant != forger.log.tenant).limit(1)
    foreign = (await forger.conn.execute(found)).one()
    await forger.put(Place(foreign.id, foreign.leaf))
    await forger.do(
        "INSERT INTO audit_details (tenant, entry, sealed)"
        " SELECT :tenant, entry, sealed FROM audit_details WHERE entry = :e",
        tenant=forger.log.tenant,
        e=foreign.id,
    )
    await forger.go_on(Place(foreign.id, foreign.leaf))


@row("backdate", "verify")
async def _backdate(forger: Forger) -> None:
    """An entry by the service itself, on a machine whose clock was put back."""
    now = forger.clock.now()
    await forger.go_on(await viewed(forger, MovableClock(now - timedelta(days=30))))


# --- the whole put back, or shown in two ways --------------------------------------------------


@row("roll back a snapshot", *OUTSIDE)
async def _roll_back(forger: Forger) -> None:
    places, size = await forger.places(), forger.snapshot
    await forger.drop(place.entry for place in places[size:])
    await forger.reorder(places[:size], sign_at=[size])


@row("roll back and go on", *OUTSIDE)
async def _roll_back_and_go_on(forger: Forger) -> None:
    """By as many entries as there were, and more."""
    size = len(await forger.places())
    await _roll_back(forger)
    kept = len(await forger.places())
    await forger.go_on(*[await viewed(forger) for _ in range(size - kept + 5)])


@row("split view", "witness")
async def _splitviewed(forger: Forger) -> None:
    """One entry for the witness, and another in its place for everybody else."""
    step = await forger.conn.begin_nested()
    await forger.go_on(await viewed(forger))
    forger.shown_to_witness = await served_head(forger.conn, forger.log)
    await step.rollback()
    await forger.go_on(await viewed(forger))


@row("stale checkpoint", "verify", "witness")
async def _stale(forger: Forger) -> None:
    await forger.do("DELETE FROM audit_checkpoints WHERE size = :s", s=(await forger.sizes())[-1])


@row("interior tile corrupted", "verify", "pin")
async def _corrupt(forger: Forger) -> None:
    await forger.do("UPDATE audit_tiles SET hashes = :h", h=b"x" * 32 * 256)


# --- acts, details, keys -----------------------------------------------------------------------


@row("act without entry", "verify")
async def _act_only(forger: Forger) -> None:
    found = (await forger.conn.execute(select(consent_ledger).limit(1))).mappings().one()
    await forger.conn.execute(insert(consent_ledger).values({**found, "decision": new_id()}))


@row("entry without act", "verify")
async def _entry_only(forger: Forger) -> None:
    await forger.do(
        "DELETE FROM consent_ledger WHERE decision = :d",
        d=(await forger.said(await _decision(forger))).event.decision,
    )


@row("swapped details", "verify", "parent")
async def _swap_details(forger: Forger) -> None:
    one, other = await forger.sealed_for(forger.mother, 2)
    statement = "UPDATE audit_details SET sealed = :s WHERE entry = :e"
    await forger.do(statement, s=other.sealed, e=one.entry)
    await forger.do(statement, s=one.sealed, e=other.entry)


@row("shredded details without an erasure entry", "verify")
async def _shred(forger: Forger) -> None:
    await _shred_child(forger)


@row("shredded details of one's own", "verify", "parent")
async def _shred_own(forger: Forger) -> None:
    (one,) = await forger.sealed_for(forger.mother, 1)
    await forger.do("DELETE FROM audit_details WHERE entry = :e", e=one.entry)


@row("shredded details and a destruction of which no entry tells", "verify")
async def _shred_noted(forger: Forger) -> None:
    child = await _shred_child(forger)
    await forger.conn.execute(
        insert(key_destructions).values(
            tenant=forger.log.tenant,
            destruction=new_id(),
            kind="person",
            owner=child,
            child=child,
            destroyed_at=forger.clock.now(),
        )
    )


@row("rogue key", *ALL)
async def _rogue(forger: Forger) -> None:
    await forger.go_on(await viewed(forger), key=new_signing_key())


@row("unannounced key swap", *ALL)
async def _swap_key(forger: Forger) -> None:
    """Another key for the log, and heads that it signs."""
    private, public = new_signing_key()
    await _add_key(forger, 2, public)
    await forger.go_on(await viewed(forger), key=(private, public))


@row("key put in the place of the first, and re-sign all", *OUTSIDE)
async def _replace_key(forger: Forger) -> None:
    private, public = new_signing_key()
    await forger.do("UPDATE audit_logs SET public_key = :p", p=public)
    places = await forger.places()
    await forger.reorder(places, sign_at=await forger.sizes(), key=(private, public))


@row("unannounced key that signs nothing yet", "verify")
async def _add_unused_key(forger: Forger) -> None:
    await _add_key(forger, 2, new_signing_key()[1])


# --- triggers ----------------------------------------------------------------------------------


@row("trigger switched off", "start")
async def _off(forger: Forger) -> None:
    await forger.guard(on=False)


@row("trigger edited", "start")
async def _edited(forger: Forger) -> None:
    """It stands there under its own name, and refuses nothing."""
    if forger.conn.dialect.name == "sqlite":
        await forger.do("DROP TRIGGER audit_entries_no_update")
        harmless = "CREATE TRIGGER audit_entries_no_update BEFORE UPDATE ON audit_entries WHEN 0"
        await forger.do(f"{harmless} BEGIN SELECT RAISE(ABORT, 'audit_entries is insert-only'); END")
    else:
        await forger.do(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql"
            " AS $$BEGIN RETURN NEW; END;$$"
        )


@row("trigger switched off, row edited, trigger switched on", "verify", "parent")
async def _off_and_on(forger: Forger) -> None:
    """As in every other row: what was done meanwhile is found all the same."""
    await forger.guard(on=False)
    await forger.edit(EDITED, *BUNDLE)
    await forger.guard(on=True)


# --- parts -------------------------------------------------------------------------------------


async def _decision(forger: Forger) -> str:
    """The entry of what the mother said first."""
    for one in await forger.sealed_for(forger.mother, 50):
        if hasattr((await forger.said(one.entry)).event, "decision"):
            return str(one.entry)
    raise AssertionError("the mother decided nothing")


async def _take_out(forger: Forger, entry: str) -> None:
    """Out of the log, as if it had never been there."""
    places, sizes = await forger.places(), await forger.sizes()
    await forger.drop([entry])
    rest = [place for place in places if place.entry != entry]
    await forger.reorder(rest, sign_at=[size - 1 for size in sizes])


async def _append_spelt(forger: Forger, usual: bytes, other: bytes) -> None:
    """A fresh entry in another spelling than the only one, signed like any other."""
    place = await viewed(forger)
    spelt = Place(place.entry, place.leaf.replace(usual, other))
    assert spelt != place
    await forger.do("UPDATE audit_entries SET leaf = :leaf WHERE id = :id", leaf=spelt.leaf, id=spelt.entry)
    await forger.go_on(spelt)


async def _shred_child(forger: Forger) -> PersonId:
    """Key, details and index of somebody else than the mother."""
    child = forger.told.view.children[0].child
    await forger.do(
        "DELETE FROM person_keys WHERE person = :p",
        "DELETE FROM audit_details WHERE person = :p",
        "DELETE FROM audit_index WHERE key = :p",
        p=child,
    )
    return child


async def _add_key(forger: Forger, number: int, public: bytes) -> None:
    values = {"log": forger.log.log, "origin": forger.log.origin, "sealed_key": b"x"}
    await forger.conn.execute(
        insert(audit_logs).values(
            tenant=forger.log.tenant,
            key_number=number,
            public_key=public,
            at=forger.clock.now(),
            **values,
        )
    )


_LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout", "transaction_timeout")
"""Of the engine that serves: a whole matrix in one transaction takes longer on a busy machine."""


# --- the log, and every row of the matrix ------------------------------------------------------


async def _more_entries(world: World, count: int) -> None:
    """Entries without an act, under one more head."""
    log = world.services.log
    async with world.services.installation.database.transaction() as conn:
        for _ in range(count):
            looked = LogViewed(results=1)
            await log.append(conn, tenant=world.tenant, event=looked, by=by(world.officer), subject=None)
    await world.services.sequencer.run_once(world.tenant)


async def _hidden(world: World, mother: PersonId) -> str:
    """An entry about the mother that she cannot see and no act has a row of."""
    async with world.services.installation.database.transaction() as conn:
        entry = await world.services.log.append(
            conn,
            tenant=world.tenant,
            event=LogViewed(results=1),
            by=by(world.officer),
            subject=mother,
            tagged_for=OFFICER,
        )
    assert entry is not None
    return entry


async def _kept_by_outsiders(world: World, mother: PersonId, *counts: int) -> Detectors:
    """A parent, an officer and a witness each keep a head, with so many more entries before each."""
    database, ring = world.services.installation.database, world.services.installation.ring
    async with database.reading() as conn:
        log = await current_log(conn, world.tenant)
    assert log is not None
    kept = []
    for count in counts:
        await _more_entries(world, count)
        async with database.reading() as conn:
            kept.append(await served_head(conn, log))
    receipt, pin, newest = kept
    parent = Parent(log, ring, mother, receipt)
    return Detectors(
        ring=ring,
        log=log,
        clock=world.clock,
        officer=world.officer,
        pin=HeadKeeper(log, pin),
        parent=parent,
        witness=HeadKeeper(log, newest),
    )


@asynccontextmanager
async def _unguarded(world: World) -> AsyncIterator[AsyncConnection]:
    """A transaction that foreign keys do not hold, nor any limit of time, and of which nothing is kept."""
    database = world.services.installation.database
    async with database.engine.connect() as conn:
        if database.is_sqlite:
            await conn.execute(text("PRAGMA defer_foreign_keys = ON"))
        else:
            await conn.execute(text("SET LOCAL session_replication_role = replica"))
            unlimited = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name = ANY(:names)"
            await conn.execute(text(unlimited), {"names": list(_LIMITS)})
        yield conn
        await conn.rollback()


async def _found_in(forger: Forger, name: str, detectors: Detectors) -> set[str]:
    """Who finds what this row of the matrix does; triggers are off for it, and on again after it."""
    step = await forger.conn.begin_nested()
    about_triggers = name.startswith("trigger")
    if not about_triggers:
        await forger.guard(on=False)
    await ROWS[name][0](forger)
    if not about_triggers:
        await forger.guard(on=True)
    if forger.shown_to_witness is not None:
        witness = HeadKeeper(detectors.log, forger.shown_to_witness)
        detectors = replace(detectors, witness=witness)
        forger.shown_to_witness = None
    found = await detectors.who(forger.conn)
    await step.rollback()
    return found


@pytest.mark.untraced
async def test_the_tamper_matrix(world: World) -> None:
    neighbours = await told_family(world, family_name="Buur")
    told = await told_family(world)
    await ask(world, told.relationship)
    another = {"name": "Andere opvang", "neutral_name": "Anders", "phone": "013-5550303"}
    await world.services.organisations.register_tenant(OPERATOR, **another)
    mother = PersonId(told.mother.guardian)
    before, hidden = await _kept_by_outsiders(world, mother, 1, 2, 3), await _hidden(world, mother)
    world.clock.advance(timedelta(hours=1))
    await erased(world, Wanted("family", neighbours.view.family, "requested"))
    world.clock.advance(timedelta(hours=1))
    await world.settle()
    async with _unguarded(world) as conn:
        assert await before.who(conn) == set()  # lawful erasure passes all of them
        snapshot = (await served_head(conn, before.log)).size
    detectors = await _kept_by_outsiders(world, mother, 5, 5, 200)
    async with _unguarded(world) as conn:
        forger = Forger(conn, world, told, detectors.log, mother, snapshot, hidden)
        step = await conn.begin_nested()  # what was read must be closed before triggers are dropped
        assert await detectors.who(conn) == set()
        await step.rollback()
        found = {name: await _found_in(forger, name, detectors) for name in ROWS}
        assert await detectors.who(conn) == set()
    assert found == {name: by_whom for name, (_, by_whom) in ROWS.items()}
