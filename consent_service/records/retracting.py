"""Taking records back because of what happened to the family, not because of a mistake in them.

Part of an act of `process`, inside its transaction: who may ask it, and that the school is asked to
remove its copy, stands there.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.model import Relationship
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.foundation.ids import PersonId, RecordId, TypeKey
from consent_service.identity.model import System, by
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.records.service import write_digest
from consent_service.records.tables import records


class Retracted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One record that is gone."""

    record: RecordId
    version: int
    information_type: TypeKey
    written_at: datetime
    about: PersonId | None


async def retract_to_school(
    conn: AsyncConnection,
    ring: KeyRing,
    log: AuditLog,
    about: Relationship,
    kinds: Collection[TypeKey],
    *,
    written_before: datetime,
    now: datetime,
) -> tuple[Retracted, ...]:
    """Every record of these types for the school that was written before; its entries are the officer's."""
    place = (records.c.tenant == about.tenant, records.c.relationship == about.relationship)
    await raise_relationship(conn, about.tenant, about.relationship, now)
    removed = await conn.execute(
        delete(records)
        .where(*place, records.c.direction == "s2c", records.c.information_type.in_(sorted(kinds)))
        .where(records.c.written_at < written_before)
        .returning(
            records.c.record,
            records.c.version,
            records.c.information_type,
            records.c.written_at,
            records.c.about,
        )
    )
    gone = tuple(
        Retracted(RecordId(row.record), row.version, TypeKey(row.information_type), row.written_at, row.about)
        for row in removed
    )
    await _tell(conn, ring, log, about, gone)
    return gone


async def retract_one(
    conn: AsyncConnection,
    ring: KeyRing,
    log: AuditLog,
    about: Relationship,
    record: RecordId,
    *,
    who: By,
    now: datetime,
) -> Retracted | None:
    """One record for the school that was shared wrongly; its entry is the officer's. None: no such record."""
    place = (records.c.tenant == about.tenant, records.c.relationship == about.relationship)
    await raise_relationship(conn, about.tenant, about.relationship, now)
    removed = await conn.execute(
        delete(records)
        .where(*place, records.c.record == record, records.c.direction == "s2c")
        .returning(
            records.c.record,
            records.c.version,
            records.c.information_type,
            records.c.written_at,
            records.c.about,
        )
    )
    row = removed.first()
    if row is None:
        return None
    kind = TypeKey(row.information_type)
    gone = Retracted(RecordId(row.record), row.version, kind, row.written_at, row.about)
    await _tell(conn, ring, log, about, (gone,), who=who)
    return gone


async def retract_about(
    conn: AsyncConnection, ring: KeyRing, log: AuditLog, place: Relationship, guardian: PersonId
) -> int:
    """Every record about this guardian at this school, as a part of erasing them; how many there were.

    The entries name version 0: what told of these records is erased with the guardian.
    """
    here = (records.c.tenant == place.tenant) & (records.c.relationship == place.relationship)
    removed = await conn.execute(
        delete(records)
        .where(here, records.c.about == guardian)
        .returning(records.c.record, records.c.information_type, records.c.written_at)
    )
    gone = tuple(
        Retracted(RecordId(row.record), 0, TypeKey(row.information_type), row.written_at, None)
        for row in removed
    )
    await _tell(conn, ring, log, place, gone)
    return len(gone)


async def expire_records(
    conn: AsyncConnection,
    ring: KeyRing,
    log: AuditLog,
    about: Relationship,
    found: Collection[RecordId],
    *,
    now: datetime,
) -> int:
    """Records whose period is over, of either direction; how many. Their entries are the officer's."""
    here = (records.c.tenant == about.tenant) & (records.c.relationship == about.relationship)
    await raise_relationship(conn, about.tenant, about.relationship, now)
    removed = await conn.execute(
        delete(records)
        .where(here, records.c.record.in_(sorted(found)))
        .returning(
            records.c.record,
            records.c.version,
            records.c.information_type,
            records.c.written_at,
            records.c.about,
        )
    )
    gone = tuple(
        Retracted(RecordId(row.record), row.version, TypeKey(row.information_type), row.written_at, row.about)
        for row in removed
    )
    await _tell(conn, ring, log, about, gone, event=events.RecordExpired)
    return len(gone)


async def _tell(
    conn: AsyncConnection,
    ring: KeyRing,
    log: AuditLog,
    about: Relationship,
    gone: Collection[Retracted],
    *,
    who: By | None = None,
    event: type[events.RecordRetracted | events.RecordExpired] = events.RecordRetracted,
) -> None:
    """New digests over what stays, and an entry for each record that is gone, which only officers see."""
    digests = {
        kind: await _digest(conn, ring, about, kind)
        for kind in sorted({one.information_type for one in gone})
    }
    for one in gone:
        kind = one.information_type
        await log.append(
            conn,
            tenant=about.tenant,
            event=event(about.relationship, one.record, one.version, kind, digests[kind]),
            by=who or by(System()),
            subject=await log.living(conn, about.tenant, one.about or about.child),
            tagged_for=OFFICER,
            relationship=about.relationship,
        )


async def _digest(conn: AsyncConnection, ring: KeyRing, about: Relationship, kind: TypeKey) -> str:
    """Empty once the key is destroyed: then nobody can open what there is, or check it."""
    try:
        return (await write_digest(conn, ring, about.tenant, about.relationship, kind)).hex()
    except KeyDestroyedError:
        return ""
