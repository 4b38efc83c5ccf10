"""The door to the log: append an entry in the act's own transaction, read the trail.

An entry exists exactly when its act does: both stand in one transaction, and nothing is released
before it is committed. Ordering and signing is `sequencer`, recomputing is `verify`, sentences are
`describe`, who may read the trail is `identity.permissions`.
"""

from __future__ import annotations

import enum
import secrets
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, bindparam, func, insert, literal, select, tuple_
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Row
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.dml import ReturningInsert

from consent_service.audit.details import (
    Attachment,
    DetailKey,
    SealedAttachment,
    SealedDetail,
    open_details,
    seal_attachment,
    seal_detail,
)
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
from consent_service.audit.happenings.upkeep import ADMINISTRATION
from consent_service.audit.log_keys import LogKey, current_log, open_log
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_details,
    audit_entries,
    audit_index,
    audit_sequence,
    transaction_number,
)
from consent_service.audit.traces import masked
from consent_service.audit.trail import TrailEntry as TrailEntry
from consent_service.audit.trail import TrailFilter as TrailFilter
from consent_service.audit.trail import is_for, joined, trail_entry, trail_rows
from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import LogUnavailableError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId
from consent_service.foundation.tracing import current_trace
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


class TrailPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Entries, newest first; pass `next` as `after` for the following page, None at the end."""

    entries: tuple[TrailEntry, ...]
    next: EntryId | None = None


class AuditLog:
    """Append to and read the log of any tenant.

    Of what `append` is given: `subject` is the data subject whose key seals the detail; the type of an event
    stands in clear only where outsiders must see it. `tagged_for` is whose view key finds the entry (default:
    the subject). `late_since` is when a stop was accepted in the journal. `attachment` is kept beside the
    entry, never shown with it, and sealed for its own person. With a `guard` nothing at all is written unless
    the guard finds a row; let it lock that row (`with_for_update(read=True)`).
    """

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
        attachment: Attachment | None = None,
    ) -> EntryId | None:
        """Write the entry in the transaction of the act; None when `guard` finds no row.

        Raises:
            LogUnavailableError: the log does not take the entry; release nothing.
            KeyDestroyedError: the subject's key, or the tenant's, is gone.
            KeyProviderUnavailableError: the key provider is away.
            OutsideProfileError: the event holds something that is no id, code, count or time.
        """
        now = self._clock.now()
        shown_to = tagged_for or subject or OFFICER
        told = Detail(
            v=1,
            tenant=tenant,
            entry=self._ids.next(milliseconds(now)),
            event=event,
            by=by,
            shown_to="officer" if isinstance(shown_to, Officer) else shown_to,
            subject=subject,
            relationship=relationship,
            late_since=late_since,
            bundle=bundle,
        )
        return await self._entered(conn, told, (shown_to, attachment, guard), now=now)

    async def _entered(
        self,
        conn: AsyncConnection,
        told: Detail,
        given: tuple[PersonId | Officer, Attachment | None, Select[Any] | None],
        *,
        now: datetime,
    ) -> EntryId | None:
        shown_to, attachment, guard = given
        keys = await self._keys(conn, told.tenant, told.subject, shown_to)
        attached, committed = await self._attached(conn, told.tenant, told.entry, attachment)
        trace = masked(self._ring, keys[0], told.entry, current_trace())
        detail = msgspec.structs.replace(told, attached=committed, trace=trace)
        leaf, sealed = self._sealed(detail, keys, bundle=told.bundle, now=now)
        return await _write(conn, leaf, detail, (sealed, attached), guard)

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

        A filter that only the opened detail answers must open what it skips; it gives up after 2,000
        entries with what it has, and `next` goes on from there. Reading the log is itself logged: see `view`.

        Raises:
            KeyProviderUnavailableError: the key provider is away.
        """
        found: list[TrailEntry] = []
        scanned = 0
        while scanned < _SCAN_LIMIT:
            rows = await trail_rows(conn, tenant, wanted, after, limit)
            for entry in await self._open_rows(conn, tenant, rows):
                after = entry.id
                if entry.fits(wanted) and is_for(entry, wanted):
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
        """Entries from place `start` on, in the order of the log; for followers.

        Places go on counting from one log of the tenant to the next. Where one ends, so does what is given.

        Raises:
            KeyProviderUnavailableError: the key provider is away.
        """
        log, seq = await _place_in_log(conn, tenant, start)
        query = joined(tenant, log).where(audit_sequence.c.seq >= seq)
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
            await self._ring.sealing_person_key(conn, tenant, subject)
            if subject
            else await self._ring.tenant_key(conn, tenant, "audit")
        )
        if shown_to == subject or (subject is None and isinstance(shown_to, Officer)):
            return sealing, sealing
        if isinstance(shown_to, Officer):
            return sealing, await self._ring.tenant_key(conn, tenant, "audit")
        return sealing, await self._ring.person_key(conn, tenant, shown_to)

    async def _attached(
        self, conn: AsyncConnection, tenant: TenantId, entry: EntryId, attachment: Attachment | None
    ) -> tuple[SealedAttachment | None, str]:
        """The attachment under the key of its person, and what the detail says of it."""
        if attachment is None:
            return None, ""
        key = await self._ring.sealing_person_key(conn, tenant, attachment.person)
        return seal_attachment(self._ring, key, attachment, entry=entry)

    def _sealed(
        self, detail: Detail, keys: tuple[DetailKey, DetailKey], *, bundle: str, now: datetime
    ) -> tuple[Leaf, SealedDetail]:
        """What the log shows of an entry to anybody, and the detail that it commits to."""
        entry, subject = detail.entry, detail.subject
        sealing, tagging = keys
        raw, salt = canonical_detail(detail), secrets.token_bytes(SALT_SIZE)
        is_shown = subject is None and isinstance(detail.event, ADMINISTRATION)
        leaf = Leaf(
            v=1,
            id=entry,
            time=instant(now),
            bundle=bundle,
            tag=hash_text(entry_tag(self._ring, tagging, entry)),
            com=commitment(salt, raw),
            type=event_type(detail.event) if is_shown else "",
        )
        sealed = seal_detail(self._ring, sealing, entry=entry, salt=salt, raw=raw)
        return leaf, SealedDetail(entry, subject, sealed)

    async def _open_rows(
        self, conn: AsyncConnection, tenant: TenantId, rows: Iterable[Row[*tuple[Any, ...]]]
    ) -> Iterator[TrailEntry]:
        sealed = [SealedDetail(row.id, row.person, row.sealed) for row in rows if row.sealed is not None]
        opened = await open_details(conn, self._ring, tenant, sealed)
        return (trail_entry(row, opened) for row in rows)


async def places_before(conn: AsyncConnection, tenant: TenantId, log: int) -> int:
    """How many places the tenant's logs before this one have: what `AuditLog.follow` counts first."""
    return sum([await _length(conn, tenant, number) for number in range(1, log)])


async def _place_in_log(conn: AsyncConnection, tenant: TenantId, place: int) -> tuple[int, int]:
    """Which log holds this place, counted over all of them, and its number there."""
    newest = await current_log(conn, tenant)
    for log in range(1, newest.log if newest else 1):
        length = await _length(conn, tenant, log)
        if place < length:
            return log, place
        place -= length
    return newest.log if newest else 0, place


async def _length(conn: AsyncConnection, tenant: TenantId, log: int) -> int:
    sequence = audit_sequence.c
    last = select(func.max(sequence.seq)).where(sequence.tenant == tenant, sequence.log == log)
    found: int | None = (await conn.execute(last)).scalar_one()
    return 0 if found is None else found + 1


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


async def _write(
    conn: AsyncConnection,
    leaf: Leaf,
    detail: Detail,
    content: tuple[SealedDetail, SealedAttachment | None],
    guard: Select[Any] | None,
) -> EntryId | None:
    """Only a guard may keep an entry out of the log."""
    try:
        written = await _insert(conn, leaf, detail, content, guard)
    except DBAPIError as failure:
        raise LogUnavailableError("the log does not take entries") from failure
    if written is None and guard is None:
        raise LogUnavailableError("the log dropped an entry")
    return written


async def _insert(
    conn: AsyncConnection,
    leaf: Leaf,
    detail: Detail,
    content: tuple[SealedDetail, SealedAttachment | None],
    guard: Select[Any] | None,
) -> EntryId | None:
    sealed, attached = content
    if guard is None:
        row = {"tenant": detail.tenant, "id": leaf.id, "leaf": encode_leaf(leaf), "of_tenant": detail.tenant}
        inserted = await conn.execute(_entry_statement(conn.dialect.name), row)
    else:
        inserted = await conn.execute(_guarded_statement(conn, detail.tenant, leaf, guard))
    if inserted.first() is None:
        return None
    await conn.execute(
        _DETAIL_STATEMENT,
        {
            "tenant": detail.tenant,
            "entry": leaf.id,
            "person": sealed.person,
            "sealed": sealed.sealed,
            "attached": attached and attached.sealed,
            "attached_for": attached and attached.person,
        },
    )
    rows = _index_rows(detail)
    if rows:
        await conn.execute(_INDEX_STATEMENT, rows)
    return detail.entry


_DETAIL_STATEMENT: Final = insert(audit_details)
_INDEX_STATEMENT: Final = insert(audit_index)


@cache
def _entry_statement(dialect: str) -> ReturningInsert[Any]:
    """Built once for each engine: every act is waiting for it."""
    values: dict[str, ColumnElement[Any]] = {"xid": transaction_number()}
    if dialect == sqlite.dialect.name:
        values["pos"] = _next_position(bindparam("of_tenant", type_=audit_entries.c.tenant.type))
    return insert(audit_entries).values(values).returning(audit_entries.c.id)


def _guarded_statement(
    conn: AsyncConnection, tenant: TenantId, leaf: Leaf, guard: Select[Any]
) -> ReturningInsert[Any]:
    columns = audit_entries.c
    values: dict[str, ColumnElement[Any]] = {
        "tenant": literal(tenant, columns.tenant.type),
        "id": literal(leaf.id, columns.id.type),
        "leaf": literal(encode_leaf(leaf), columns.leaf.type),
        "xid": transaction_number(),
    }
    if conn.dialect.name == sqlite.dialect.name:
        values["pos"] = _next_position(literal(tenant, columns.tenant.type))
    source = select(*values.values()).where(guard.exists())
    return insert(audit_entries).from_select(list(values), source).returning(columns.id)


def _next_position(tenant: ColumnElement[str]) -> ColumnElement[int]:
    """On SQLite, which has one writer at a time: nobody else takes this number."""
    own = audit_entries.alias("own")
    highest = select(func.coalesce(func.max(own.c.pos), 0) + 1)
    return highest.where(own.c.tenant == tenant, own.c.xid == 0).scalar_subquery()


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
