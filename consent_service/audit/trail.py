"""Which rows of the log fit a filter, and one row as a reader of the trail gets it.

The door to the log is `log`; opening what an entry says is `details`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import OpenedDetail, Opening
from consent_service.audit.encoding import Detail, Leaf, commitment, decode_leaf, leaf_time, milliseconds
from consent_service.audit.events import event_type
from consent_service.audit.filtering import Party
from consent_service.audit.filtering import TrailFilter as TrailFilter
from consent_service.audit.log_keys import current_log
from consent_service.audit.tables import audit_details, audit_entries, audit_index, audit_sequence
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, TenantId


class TrailEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as a reader of the trail gets it; `detail` is None when `state` is not open.

    `seq` is its place in log number `log`, None while it waits for one. `type` is known without the
    detail only where there is no data subject.
    """

    id: EntryId
    at: datetime
    bundle: str
    type: str
    state: Literal["open", "erased", "damaged"]
    seq: int | None = None
    detail: Detail | None = None
    log: int = 0

    def fits(self, wanted: TrailFilter) -> bool:
        """Whether what was asked for is this, as far as only the opened entry tells."""
        return wanted.fits(kind=self.type, bundle=self.bundle, detail=self.detail)


async def trail_rows(
    conn: AsyncConnection, tenant: TenantId, wanted: TrailFilter, after: EntryId | None, limit: int
) -> list[Row[*tuple[Any, ...]]]:
    """The rows that may fit, newest first, each with its place in the log that took it."""
    entry = audit_entries.c.id
    newest = await current_log(conn, tenant)
    logs = range(1, newest.log + 1) if newest else ()
    query = joined(tenant, *logs).where(*_conditions(tenant, wanted))
    if after is not None:
        query = query.where(entry < after)
    return list((await conn.execute(query.order_by(entry.desc()).limit(limit))).all())


def joined(tenant: TenantId, *logs: int) -> Select[*tuple[Any, ...]]:
    """Entries with their sealed detail and their place in one of these logs, where they have them.

    A log that is begun anew leaves what the older ones hold where it is: no entry is in two.
    """
    entries, details, sequence = audit_entries.c, audit_details.c, audit_sequence.c
    return (
        select(entries.id, entries.leaf, details.person, details.sealed, sequence.seq, sequence.log)
        .join(
            audit_details,
            and_(details.tenant == entries.tenant, details.entry == entries.id),
            isouter=True,
        )
        .join(
            audit_sequence,
            and_(
                sequence.tenant == entries.tenant,
                sequence.entry == entries.id,
                sequence.log.in_(logs),
            ),
            isouter=True,
        )
        .where(entries.tenant == tenant)
    )


def _conditions(tenant: TenantId, wanted: TrailFilter) -> Iterator[ColumnElement[bool]]:
    entry = audit_entries.c.id
    if wanted.entry:
        yield entry == wanted.entry
    if wanted.person:
        yield entry.in_(_indexed(tenant, "person", wanted.person))
    if wanted.shown_to:
        own = entry.in_(_indexed(tenant, "person", wanted.shown_to).where(audit_index.c.shown))
        yield or_(own, entry.in_(wanted.released)) if wanted.released else own
    if wanted.sealed_for:
        yield audit_details.c.person == wanted.sealed_for
    if wanted.relationship:
        yield entry.in_(_indexed(tenant, "relationship", wanted.relationship))
    if wanted.actor:
        yield entry.in_(_indexed(tenant, "actor", wanted.actor))
    if wanted.organisation is not None and wanted.organisation.school is not None:
        yield _may_concern(tenant, wanted.organisation)
    if wanted.since:
        yield entry >= first_id(wanted.since)
    if wanted.until:
        yield entry < first_id(wanted.until)


def _may_concern(tenant: TenantId, party: Party) -> ColumnElement[bool]:
    """What the index knows of a school's children and staff, and whatever has no data subject."""
    index = audit_index.c
    known = select(index.entry).where(
        index.tenant == tenant,
        or_(
            and_(index.kind == "relationship", index.key.in_(party.relationships)),
            and_(index.kind == "actor", index.key.in_(party.staff)),
        ),
    )
    return or_(audit_entries.c.id.in_(known), audit_details.c.person.is_(None))


def _indexed(tenant: TenantId, kind: str, key: str) -> Select[tuple[str]]:
    return select(audit_index.c.entry).where(
        audit_index.c.tenant == tenant, audit_index.c.kind == kind, audit_index.c.key == key
    )


def first_id(at: datetime) -> str:
    """The lowest id an entry written at `at` can have."""
    return str(uuid.UUID(int=milliseconds(at) << 80))


def trail_entry(row: Row[*tuple[Any, ...]], opened: Mapping[str, Opening]) -> TrailEntry:
    opening = opened.get(row.id, "erased")
    try:
        leaf = decode_leaf(row.leaf)
    except IntegrityError:  # an officer must see the rest; `verify` says what is wrong with this one
        at = datetime.fromisoformat("1970-01-01T00:00:00Z")
        return TrailEntry(row.id, at, "", "", "damaged", row.seq, log=row.log or 0)
    at = leaf_time(leaf)
    if not isinstance(opening, str) and not _is_of(leaf, opening):
        opening = "damaged"  # sealed by somebody who had the key, and yet not what the log commits to
    if isinstance(opening, str):
        return TrailEntry(row.id, at, leaf.bundle, leaf.type, opening, row.seq, log=row.log or 0)
    kind = event_type(opening.detail.event)
    return TrailEntry(row.id, at, leaf.bundle, kind, "open", row.seq, opening.detail, row.log or 0)


def _is_of(leaf: Leaf, opened: OpenedDetail) -> bool:
    return opened.detail.entry == leaf.id and commitment(opened.salt, opened.raw) == leaf.com


def is_for(one: TrailEntry, wanted: TrailFilter) -> bool:
    """Whether an opened entry says itself that it may be shown as asked; the index alone is not believed."""
    if wanted.shown_to is None or one.detail is None:
        return True
    return one.detail.shown_to == wanted.shown_to or one.id in wanted.released
