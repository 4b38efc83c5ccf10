"""Rows of the tamper matrix: what an entry says is taken away as if it had been erased lawfully."""

from __future__ import annotations

import re
from typing import Final

import pytest
from sqlalchemy import Table, insert, select, text

from consent_service.audit.erasing import forget_batch
from consent_service.audit.tables import audit_cosignatures, audit_timestamps
from consent_service.custody.circle import Circle
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, new_id
from consent_service.identity.model import by
from consent_service.keyring.tables import key_destructions
from consent_service.rights.tables import erasures
from tests.audit.tamper.forging import Forger, Place
from tests.audit.tamper.rows import row, viewed


@row("attachment replaced as if its child were erased", "verify")
async def _attach_for_another(forger: Forger) -> None:
    await forger.do(
        "UPDATE audit_details SET attached = :z, attached_for = ("
        "SELECT owner FROM key_destructions WHERE kind = 'person' LIMIT 1) WHERE attached IS NOT NULL",
        z=b"z",
    )


@row("somebody's detail replaced as if sealed for somebody erased", "verify")
async def _relabel_with_nothing(forger: Forger) -> None:
    await _relabel(forger, await _hidden_view(forger), sealed=b"z")


@row("somebody's detail said to be sealed for somebody erased", "verify")
async def _relabel_only(forger: Forger) -> None:
    """One from long before the end of that key; no act has a row of it."""
    await _relabel(forger, forger.hidden_entry)


@row("detail about nobody said to be sealed for somebody erased", "verify")
async def _relabel_of_nobody(forger: Forger) -> None:
    oldest = "SELECT min(entry) FROM audit_details WHERE tenant = :t AND person IS NULL"
    entry = (await forger.conn.execute(text(oldest), {"t": forger.log.tenant})).scalar_one()
    await _relabel(forger, entry)


@row("detail taken away, and one put where an erased one was", "verify")
async def _fill_the_gap(forger: Forger) -> None:
    await forger.do("DELETE FROM audit_index WHERE entry = :e", e=forger.hidden_entry)
    gone = (
        "SELECT e.id FROM audit_entries e LEFT JOIN audit_details d ON d.tenant = e.tenant AND d.entry = e.id"
        " WHERE e.tenant = :t AND d.entry IS NULL ORDER BY e.id LIMIT 1"
    )
    await forger.do(
        f"UPDATE audit_details SET entry = ({gone}), person = ({_DESTROYED}) WHERE entry = :e",
        t=forger.log.tenant,
        e=forger.hidden_entry,
    )


@row("detail taken away, and an erasure made up that runs", "verify")
async def _made_up_erasure(forger: Forger) -> None:
    await forger.do(
        "DELETE FROM audit_details WHERE entry = :e",
        "DELETE FROM audit_index WHERE entry = :e",
        e=forger.hidden_entry,
    )
    now = forger.clock.now()
    ids = {name: new_id() for name in ("erasure", "asked_by", "approved_by")}
    row = {"scope": "child", "ground": "requested", "state": "running", "details": 100_000, **ids}
    dates = dict.fromkeys(("asked_at", "approved_at", "late_since"), now)
    await forger.conn.execute(insert(erasures).values(tenant=forger.log.tenant, **row, **dates))


@row("detail taken away, and an erasure that had ended made to run again", "verify")
async def _ended_erasure(forger: Forger) -> None:
    await forger.do(
        "DELETE FROM audit_details WHERE entry = :e",
        "DELETE FROM audit_index WHERE entry = :e",
        "UPDATE erasures SET state = 'running', details = details + 1",
        e=forger.hidden_entry,
    )


@row("detail taken away, and named as shut by the end of a key", "verify")
async def _name(forger: Forger) -> None:
    await forger.do(
        "DELETE FROM audit_details WHERE entry = :e",
        "DELETE FROM audit_index WHERE entry = :e",
        "INSERT INTO audit_emptied (tenant, entry, what, ending)"
        " SELECT tenant, :e, 'detail', min(ending) FROM audit_emptied GROUP BY tenant",
        e=forger.hidden_entry,
    )


@row("detail taken away in the name of one that the end of a key shut", "verify")
async def _rename(forger: Forger) -> None:
    await forger.do(
        "DELETE FROM audit_details WHERE entry = :e",
        "DELETE FROM audit_index WHERE entry = :e",
        "UPDATE audit_emptied SET entry = :e WHERE what = 'detail'"
        " AND entry = (SELECT min(entry) FROM audit_emptied WHERE what = 'detail')",
        e=forger.hidden_entry,
    )


@row("what the end of a key shut said to be of another key", "verify")
async def _rename_end(forger: Forger) -> None:
    await forger.do(
        "UPDATE audit_emptied SET ending = (SELECT max(ending) FROM audit_emptied)"
        " WHERE ending = (SELECT min(ending) FROM audit_emptied)"
    )


@row("what the end of a key shut forgotten", "verify")
async def _forget_names(forger: Forger) -> None:
    await forger.do("DELETE FROM audit_emptied")


@row("attachment of somebody who lives taken away", "verify")
async def _detach(forger: Forger) -> None:
    await forger.do("UPDATE audit_details SET attached = NULL, attached_for = NULL")


@row("attachment taken away, and named as shut by the end of a key", "verify")
async def _detach_named(forger: Forger) -> None:
    await forger.do(
        "INSERT INTO audit_emptied (tenant, entry, what, ending)"
        " SELECT d.tenant, d.entry, 'attached', (SELECT min(ending) FROM audit_emptied)"
        " FROM audit_details d WHERE d.attached IS NOT NULL",
        "UPDATE audit_details SET attached = NULL, attached_for = NULL",
    )


@row("detail taken away in a second end of a key, whose first was made unknown", "verify")
async def _end_again(forger: Forger) -> None:
    """Written anew, it would name what is said to be sealed with a key that nobody can try any more."""
    child = await _forget_child(forger)
    noted = select(key_destructions).where(key_destructions.c.owner == child)
    (gone,) = (await forger.conn.execute(noted)).all()
    await _relabel_as(forger, child)
    await forger.do("DELETE FROM key_destructions WHERE owner = :child", child=child)
    with pytest.raises(IntegrityError, match="key_destructions"):
        await _end(forger, child)
    await forger.conn.execute(insert(key_destructions).values(dict(gone._mapping)))
    await _take_away(forger)


@row("detail taken away in the end of a key that was made away with before", "verify")
async def _end_untried(forger: Forger) -> None:
    child = forger.told.view.children[0].child
    await _relabel_as(forger, child)
    await forger.do("DELETE FROM person_keys WHERE person = :child", child=child)
    await _end(forger, child)
    named = "SELECT entry FROM audit_emptied WHERE entry = :e"
    assert (await forger.conn.execute(text(named), {"e": forger.hidden_entry})).all() == []
    await _take_away(forger)


async def _end(forger: Forger, child: PersonId) -> None:
    """As the service does it, in this very transaction."""
    circle = Circle(forger.log.tenant, forger.told.view.family, whole=False, children=(child,))
    await forger.world.services.custody.destroy_all(forger.conn, circle, who=by(forger.world.officer))


async def _forget_child(forger: Forger) -> PersonId:
    """A child of the family, forgotten lawfully."""
    child = forger.told.view.children[0].child
    await _end(forger, child)
    while not (await forget_batch(forger.conn, forger.log.tenant, [child], limit=500)).is_nothing:
        pass
    return child


async def _relabel_as(forger: Forger, child: PersonId) -> None:
    hidden = {"child": child, "e": forger.hidden_entry}
    await forger.do("UPDATE audit_details SET person = :child WHERE entry = :e", **hidden)


async def _take_away(forger: Forger) -> None:
    await forger.do(
        "DELETE FROM audit_details WHERE entry = :e",
        "DELETE FROM audit_index WHERE entry = :e",
        e=forger.hidden_entry,
    )


@row("rules swapped before it is put in order", "verify")
async def _swap_rules(forger: Forger) -> None:
    place = await viewed(forger, bundle="ab" * 32)
    swapped = Place(place.entry, place.leaf.replace(b"ab" * 32, b"cd" * 32))
    assert swapped != place
    await forger.do(
        "UPDATE audit_entries SET leaf = :leaf WHERE id = :id", leaf=swapped.leaf, id=swapped.entry
    )
    await forger.go_on(swapped)


@row("cosignature that nobody gave", "verify")
async def _cosign(forger: Forger) -> None:
    await _vouch(forger, audit_cosignatures, witness="witness.example", line=b"junk")


@row("time stamp that nobody gave", "verify")
async def _stamp(forger: Forger) -> None:
    await _vouch(forger, audit_timestamps, token=b"junk")


async def _vouch(forger: Forger, table: Table, **values: object) -> None:
    """For the newest head."""
    size = (await forger.sizes())[-1]
    place = {"tenant": forger.log.tenant, "log": forger.log.log, "size": size, "at": forger.clock.now()}
    await forger.conn.execute(insert(table).values({**place, **values}))


@row("tag of nobody, before it is put in order", "verify")
async def _tag(forger: Forger) -> None:
    """An entry that the mother should find, and does not."""
    place = await viewed(forger, about=forger.mother)
    tagged = Place(place.entry, re.sub(rb'"tag":"[^"]{4}', b'"tag":"AAAA', place.leaf))
    await forger.do("UPDATE audit_entries SET leaf = :leaf WHERE id = :id", leaf=tagged.leaf, id=tagged.entry)
    await forger.go_on(tagged)


_DESTROYED: Final = "SELECT owner FROM key_destructions WHERE kind = 'person' ORDER BY owner LIMIT 1"


async def _relabel(forger: Forger, entry: str, *, sealed: bytes | None = None) -> None:
    """As if this detail had been sealed for somebody whose key is gone."""
    await forger.do(f"UPDATE audit_details SET person = ({_DESTROYED}) WHERE entry = :e", e=entry)
    if sealed is not None:
        await forger.do("UPDATE audit_details SET sealed = :s WHERE entry = :e", s=sealed, e=entry)


async def _hidden_view(forger: Forger) -> str:
    """Somebody looked at what the log says of the mother, and she cannot see that; just now."""
    place = await viewed(forger, about=forger.mother, hidden=True)
    await forger.go_on(place)
    return place.entry
