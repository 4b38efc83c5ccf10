"""The door to the log: append an entry in the act's own transaction, read the trail.

An entry exists exactly when its act does: both stand in one transaction, and nothing is released
before it is committed. Ordering and signing is `sequencer`, recomputing is `verify`, sentences are
`describe`, who may read the trail is `identity.permissions`.
"""

from __future__ import annotations

import enum
import secrets
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import ColumnElement, Select, and_, func, insert, literal, select, tuple_
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import DetailKey, Opening, SealedDetail, open_details, seal_detail
from consent_service.audit.encoding import (
    SALT_SIZE,
    Detail,
    Leaf,
    canonical_detail,
    commitment,
    decode_leaf,
    encode_leaf,
    hash_text,
    instant,
    leaf_time,
    milliseconds,
)
from consent_service.audit.events import By, Event, LogViewed, event_type
from consent_service.audit.log_keys import LogKey, current_log, open_log
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_details,
    audit_entries,
    audit_index,
    audit_sequence,
    transaction_number,
)
from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import IntegrityError, LogUnavailableError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.keyring.view_keys import entry_tag

PENDING_LIMIT: Final = timedelta(seconds=60)
"""When the oldest entry has waited longer for its place in the log, releases fail closed."""
_SCAN_LIMIT: Final = 2000
_RANDOM_BITS: Final = 74
_LOW_BITS: Final = 62


class Officer(enum.Enum):
    """Whose tag an entry carries that stays hidden from every guardian until it is released."""

    OFFICER = "officer"


OFFICER: Final = Officer.OFFICER


class TrailFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries are asked for; everything given must hold. `until` is exclusive.

    `shown_to` keeps to entries that carry this person's own tag: what a guardian's page may show.
    `sealed_for` finds the entries about a person without the index, by whose key seals them.
    """

    entry: EntryId | None = None
    person: PersonId | None = None
    shown_to: PersonId | None = None
    sealed_for: PersonId | None = None
    relationship: RelationshipId | None = None
    actor: str | None = None
    types: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def used(self) -> tuple[str, ...]:
        """The names of the filters in use; their values stay out of the log."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name))


class TrailEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One entry as a reader of the trail gets it; `detail` is None when `state` is not open.

    `seq` is its place in the log, None while it waits for one. `type` is known without the detail
    only where there is no data subject.
    """

    id: EntryId
    at: datetime
    bundle: str
    type: str
    state: Literal["open", "erased", "damaged"]
    seq: int | None = None
    detail: Detail | None = None


class TrailPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries, newest first; pass `next` as `after` for the following page, None at the end."""

    entries: tuple[TrailEntry, ...]
    next: EntryId | None = None


class AuditLog:
    """Append to and read the log of any tenant."""

    def __init__(self, ring: KeyRing, clock: Clock) -> None:
        self._ring = ring
        self._clock = clock
        self._ids = _EntryIds()

    async def open(self, conn: AsyncConnection, *, tenant: TenantId, host: str) -> LogKey:
        """Give a tenant its log: origin and signing key. Entries appended before wait for it."""
        return await open_log(conn, self._ring, tenant=tenant, host=host, now=self._clock.now())

    async def append(
        self,
        conn: AsyncConnection,
        *,
        tenant: TenantId,
        event: Event,
        by: By,
        subject: PersonId | None,
        tagged_for: PersonId | Officer | None = None,
        relationship: RelationshipId | None = None,
        bundle: str = "",
        late_since: datetime | None = None,
        guard: Select[Any] | None = None,
    ) -> EntryId | None:
        """Write the entry in the transaction of the act; None when `guard` finds no row.

        `subject` is the data subject whose key seals the detail; without one the event's type stands
        in clear. `tagged_for` is whose view key finds the entry (default: the subject). `late_since`
        is when a stop was accepted in the journal. With a guard nothing at all is written unless the
        guard finds a row; let it lock that row (`with_for_update(read=True)`).

        Raises:
            LogUnavailableError: the log does not take the entry; release nothing.
            KeyDestroyedError: the subject's key, or the tenant's, is gone.
            KeyProviderUnavailableError: the key provider is away.
            OutsideProfileError: the event holds something that is no id, code, count or time.
        """
        now = self._clock.now()
        entry = self._ids.next(milliseconds(now))
        shown_to = tagged_for or subject or OFFICER
        sealing, tagging = await self._keys(conn, tenant, subject, shown_to)
        detail = Detail(
            v=1,
            tenant=tenant,
            entry=entry,
            event=event,
            by=by,
            shown_to="officer" if isinstance(shown_to, Officer) else shown_to,
            subject=subject,
            relationship=relationship,
            late_since=late_since,
        )
        raw, salt = canonical_detail(detail), secrets.token_bytes(SALT_SIZE)
        leaf = Leaf(
            v=1,
            id=entry,
            time=instant(now),
            bundle=bundle,
            tag=hash_text(entry_tag(self._ring, tagging, entry)),
            com=commitment(salt, raw),
            type="" if subject else event_type(event),
        )
        sealed = SealedDetail(
            entry, subject, seal_detail(self._ring, sealing, entry=entry, salt=salt, raw=raw)
        )
        try:
            written = await _insert(conn, leaf, detail, sealed, guard)
        except DBAPIError as failure:
            raise LogUnavailableError("the log does not take entries") from failure
        if written is None and guard is None:
            raise LogUnavailableError("the log dropped an entry")
        return written

    async def living(self, conn: AsyncConnection, tenant: TenantId, person: PersonId) -> PersonId | None:
        """The `subject` of an entry about what must also be done once this person was erased: None then."""
        return person if await self._ring.person_keys(conn, tenant, [person]) else None

    async def trail(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        wanted: TrailFilter,
        *,
        after: EntryId | None = None,
        limit: int = 50,
    ) -> TrailPage:
        """Entries that fit the filter, newest first, opened where their keys still live.

        A filter on types must open what it skips; it gives up after 2,000 entries with what it has,
        and `next` goes on from there. Reading the log is itself logged: see `view`.

        Raises:
            KeyProviderUnavailableError: the key provider is away.
        """
        found: list[TrailEntry] = []
        scanned = 0
        while scanned < _SCAN_LIMIT:
            rows = await _trail_rows(conn, tenant, wanted, after, limit)
            for entry in await self._open_rows(conn, tenant, rows):
                after = entry.id
                if not wanted.types or entry.type in wanted.types:
                    found.append(entry)
                if len(found) == limit:
                    return TrailPage(tuple(found), after)
            if len(rows) < limit:
                return TrailPage(tuple(found))
            scanned += len(rows)
        return TrailPage(tuple(found), after)

    async def view(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        wanted: TrailFilter,
        *,
        by: By,
        after: EntryId | None = None,
        limit: int = 50,
    ) -> TrailPage:
        """The trail, together with the entry that says who looked; `conn` must be able to write."""
        page = await self.trail(conn, tenant, wanted, after=after, limit=limit)
        viewed = LogViewed(filters=wanted.used(), results=len(page.entries))
        await self.append(conn, tenant=tenant, event=viewed, by=by, subject=None)
        return page

    async def follow(
        self, conn: AsyncConnection, tenant: TenantId, start: int, *, limit: int
    ) -> tuple[TrailEntry, ...]:
        """Entries from place `start` of the newest log on, in the order of the log; for followers.

        Raises:
            KeyProviderUnavailableError: the key provider is away.
        """
        log = await current_log(conn, tenant)
        query = _joined(tenant, log.log if log else 0).where(audit_sequence.c.seq >= start)
        rows = (await conn.execute(query.order_by(audit_sequence.c.seq).limit(limit))).all()
        return tuple(await self._open_rows(conn, tenant, rows))

    async def oldest_pending(
        self, conn: AsyncConnection, tenant: TenantId, now: datetime
    ) -> timedelta | None:
        """How long the oldest entry without a place in the log has waited; None when none waits.

        Raises:
            IntegrityError: that entry cannot be read.
        """
        query = (
            select(audit_entries.c.leaf)
            .where(audit_entries.c.tenant == tenant, after_cursor(await read_cursor(conn, tenant)))
            .order_by(audit_entries.c.xid, audit_entries.c.pos)
            .limit(1)
        )
        leaf = (await conn.execute(query)).scalar_one_or_none()
        return None if leaf is None else now - leaf_time(decode_leaf(leaf))

    async def _keys(
        self, conn: AsyncConnection, tenant: TenantId, subject: PersonId | None, shown_to: PersonId | Officer
    ) -> tuple[DetailKey, DetailKey]:
        """The key that seals the detail and the key that tags the leaf."""
        sealing: DetailKey = (
            await self._ring.person_key(conn, tenant, subject)
            if subject
            else await self._ring.tenant_key(conn, tenant, "audit")
        )
        if shown_to == subject or (subject is None and isinstance(shown_to, Officer)):
            return sealing, sealing
        if isinstance(shown_to, Officer):
            return sealing, await self._ring.tenant_key(conn, tenant, "audit")
        return sealing, await self._ring.person_key(conn, tenant, shown_to)

    async def _open_rows(
        self, conn: AsyncConnection, tenant: TenantId, rows: Iterable[Row[*tuple[Any, ...]]]
    ) -> Iterator[TrailEntry]:
        sealed = [SealedDetail(row.id, row.person, row.sealed) for row in rows if row.sealed is not None]
        opened = await open_details(conn, self._ring, tenant, sealed)
        return (_trail_entry(row, opened) for row in rows)


async def read_cursor(conn: AsyncConnection, tenant: TenantId) -> tuple[int, int]:
    """How far the outbox has been put in order: (xid, pos) of the last entry taken."""
    query = (
        select(audit_checkpoints.c.cursor_xid, audit_checkpoints.c.cursor_pos)
        .where(audit_checkpoints.c.tenant == tenant)
        .order_by(audit_checkpoints.c.log.desc(), audit_checkpoints.c.size.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).first()
    return (0, 0) if row is None else (row.cursor_xid, row.cursor_pos)


def after_cursor(cursor: tuple[int, int]) -> ColumnElement[bool]:
    """The outbox rows that come after `cursor`."""
    place = tuple_(audit_entries.c.xid, audit_entries.c.pos)
    return place > tuple_(literal(cursor[0]), literal(cursor[1]))


class _EntryIds:
    """UUIDv7 that only go up within this process, so that ids order what happens in one millisecond."""

    def __init__(self) -> None:
        self._milliseconds = -1
        self._random = 0

    def next(self, now: int) -> EntryId:
        """The next id at `now` milliseconds since 1970 (RFC 9562 section 6.2, method 2)."""
        if now == self._milliseconds:
            self._random = (self._random + 1 + secrets.randbits(32)) % (1 << _RANDOM_BITS)
        else:  # the top bit is left free, so that adding within one millisecond does not overflow
            self._milliseconds, self._random = now, secrets.randbits(_RANDOM_BITS - 1)
        high, low = self._random >> _LOW_BITS, self._random & ((1 << _LOW_BITS) - 1)
        return EntryId(str(uuid.UUID(int=now << 80 | 0x7 << 76 | high << 64 | 0x2 << 62 | low)))


def _id_at(at: datetime) -> str:
    """The lowest id an entry written at `at` can have."""
    return str(uuid.UUID(int=milliseconds(at) << 80))


async def _insert(
    conn: AsyncConnection, leaf: Leaf, detail: Detail, sealed: SealedDetail, guard: Select[Any] | None
) -> EntryId | None:
    inserted = await conn.execute(_entry_statement(conn, detail.tenant, leaf, guard))
    if inserted.first() is None:
        return None
    await conn.execute(
        insert(audit_details).values(
            tenant=detail.tenant, entry=leaf.id, person=sealed.person, sealed=sealed.sealed
        )
    )
    rows = _index_rows(detail)
    if rows:
        await conn.execute(insert(audit_index), rows)
    return detail.entry


def _entry_statement(conn: AsyncConnection, tenant: TenantId, leaf: Leaf, guard: Select[Any] | None) -> Any:
    columns = audit_entries.c
    values: dict[str, ColumnElement[Any]] = {
        "tenant": literal(tenant, columns.tenant.type),
        "id": literal(leaf.id, columns.id.type),
        "leaf": literal(encode_leaf(leaf), columns.leaf.type),
        "xid": transaction_number(),
    }
    if conn.dialect.name == sqlite.dialect.name:  # one writer at a time: nobody else takes this number
        own = audit_entries.alias("own")
        highest = select(func.coalesce(func.max(own.c.pos), 0) + 1).where(
            own.c.tenant == tenant, own.c.xid == 0
        )
        values["pos"] = highest.scalar_subquery()
    source = select(*values.values())
    if guard is not None:
        source = source.where(guard.exists())
    return insert(audit_entries).from_select(list(values), source).returning(columns.id)


def index_keys_of(detail: Detail) -> list[tuple[str, str, bool]]:
    """By whom the entry can be found (person, relationship, actor), and whether it carries their tag."""
    keys: list[tuple[str, str, bool]] = []
    if detail.subject:
        keys.append(("person", detail.subject, detail.shown_to == detail.subject))
    if detail.shown_to not in ("officer", detail.subject):
        keys.append(("person", detail.shown_to, True))
    if detail.relationship:
        keys.append(("relationship", detail.relationship, False))
    if detail.by.id:
        keys.append(("actor", detail.by.id, False))
    return keys


def _index_rows(detail: Detail) -> list[dict[str, object]]:
    return [
        {"tenant": detail.tenant, "kind": kind, "key": key, "entry": detail.entry, "shown": shown}
        for kind, key, shown in index_keys_of(detail)
    ]


async def _trail_rows(
    conn: AsyncConnection, tenant: TenantId, wanted: TrailFilter, after: EntryId | None, limit: int
) -> list[Row[*tuple[Any, ...]]]:
    log = await current_log(conn, tenant)
    entry = audit_entries.c.id
    query = _joined(tenant, log.log if log else 0).where(*_conditions(tenant, wanted))
    if after is not None:
        query = query.where(entry < after)
    return list((await conn.execute(query.order_by(entry.desc()).limit(limit))).all())


def _joined(tenant: TenantId, log: int) -> Select[*tuple[Any, ...]]:
    """Entries with their sealed detail and their place in the log, where they have them."""
    entries, details, sequence = audit_entries.c, audit_details.c, audit_sequence.c
    return (
        select(entries.id, entries.leaf, details.person, details.sealed, sequence.seq)
        .join(
            audit_details,
            and_(details.tenant == entries.tenant, details.entry == entries.id),
            isouter=True,
        )
        .join(
            audit_sequence,
            and_(
                sequence.tenant == entries.tenant,
                sequence.log == log,
                sequence.entry == entries.id,
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
        yield entry.in_(_indexed(tenant, "person", wanted.shown_to).where(audit_index.c.shown))
    if wanted.sealed_for:
        yield audit_details.c.person == wanted.sealed_for
    if wanted.relationship:
        yield entry.in_(_indexed(tenant, "relationship", wanted.relationship))
    if wanted.actor:
        yield entry.in_(_indexed(tenant, "actor", wanted.actor))
    if wanted.since:
        yield entry >= _id_at(wanted.since)
    if wanted.until:
        yield entry < _id_at(wanted.until)


def _indexed(tenant: TenantId, kind: str, key: str) -> Select[tuple[str]]:
    return select(audit_index.c.entry).where(
        audit_index.c.tenant == tenant, audit_index.c.kind == kind, audit_index.c.key == key
    )


def _trail_entry(row: Row[*tuple[Any, ...]], opened: Mapping[str, Opening]) -> TrailEntry:
    opening = opened.get(row.id, "erased")
    try:
        leaf = decode_leaf(row.leaf)
    except IntegrityError:  # an officer must see the rest; `verify` says what is wrong with this one
        at = datetime.fromisoformat("1970-01-01T00:00:00Z")
        return TrailEntry(row.id, at, "", "", "damaged", row.seq)
    at = leaf_time(leaf)
    if isinstance(opening, str):
        return TrailEntry(row.id, at, leaf.bundle, leaf.type, opening, row.seq)
    kind = event_type(opening.detail.event)
    return TrailEntry(row.id, at, leaf.bundle, kind, "open", row.seq, opening.detail)
