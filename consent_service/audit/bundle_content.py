"""Which entries are opened in a bundle for one person, and what they say.

Those are what the log itself rests on, what is shown to the person, and of what was given about somebody she
decides for, what her page shows.
An entry that only officers find is opened for its person once an entry shown to that person releases it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import and_, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import OpenedDetail, SealedDetail, open_details
from consent_service.audit.encoding import commitment, decode_leaf
from consent_service.audit.events import EntriesReleased, event_type
from consent_service.audit.tables import audit_details, audit_entries, audit_index, audit_sequence
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import EntryId, PersonId, TenantId
from consent_service.keyring.service import KeyRing

_AT_ONCE: Final = 500


class OpenedEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry with its place in a log, and what its leaf commits to: the salt and the canonical detail.

    `kind`, `shown_to`, `subject` and `released` stand in that detail, to which the leaf was found to commit.
    """

    entry: str
    log: int
    seq: int
    leaf: bytes
    salt: bytes
    raw: bytes
    kind: str
    shown_to: str
    subject: str | None = None
    released: tuple[str, ...] = ()


async def opened_entries(
    conn: AsyncConnection,
    ring: KeyRing,
    tenant: TenantId,
    person: PersonId | None,
    *,
    hidden: bool,
    own: Iterable[str],
    also: Iterable[EntryId] = (),
) -> tuple[OpenedEntry, ...]:
    """What can be opened, in the order of the logs; entries without a place yet are left out.

    `own` are the entries without which nobody can check the log; without a person only those are opened.
    `also` are entries about others that are shown to the person: of these only what says that information was
    given, and that whoever it is about may find.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    found = {one.entry: one for one in await open_entries(conn, ring, tenant, tuple(own))}
    if person is not None:
        indexed = await open_entries(
            conn, ring, tenant, await _entries_of(conn, tenant, person, hidden=hidden)
        )
        mine = [one for one in indexed if one.shown_to == person or (hidden and one.subject == person)]
        released = {entry for one in mine if one.shown_to == person for entry in one.released}
        later = await open_entries(conn, ring, tenant, sorted(released - {one.entry for one in mine}))
        others = await open_entries(conn, ring, tenant, sorted(also))
        about_others = [one for one in others if is_look(one.kind, one.shown_to, one.subject)]
        found |= {one.entry: one for one in (*mine, *later, *about_others)}
    return tuple(sorted(found.values(), key=lambda one: (one.log, one.seq)))


def is_look(kind: str, shown_to: str, subject: str | None) -> bool:
    """Whether an entry tells whom something was given about somebody, and carries that somebody's tag."""
    return kind == "information.released.v1" and subject is not None and shown_to == subject


async def open_entries(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, wanted: Sequence[str]
) -> list[OpenedEntry]:
    """Those of these entries that have a place in a log and can still be opened.

    Raises:
        IntegrityError: one says something else than it commits to.
        KeyProviderUnavailableError: the provider is away.
    """
    found: list[OpenedEntry] = []
    for at in range(0, len(wanted), _AT_ONCE):
        rows = (await conn.execute(_stored(tenant, wanted[at : at + _AT_ONCE]))).all()
        sealed = [SealedDetail(row.entry, row.person, row.sealed) for row in rows]
        opened = await open_details(conn, ring, tenant, sealed)
        for row in rows:
            content = opened[row.entry]
            if isinstance(content, OpenedDetail):
                found.append(_opened(row, content))
    return found


def _stored(tenant: TenantId, wanted: Sequence[str]) -> Any:
    sequence, entries, details = audit_sequence.c, audit_entries.c, audit_details.c
    return (
        select(sequence.entry, sequence.log, sequence.seq, entries.leaf, details.person, details.sealed)
        .join(audit_entries, and_(entries.tenant == sequence.tenant, entries.id == sequence.entry))
        .join(audit_details, and_(details.tenant == sequence.tenant, details.entry == sequence.entry))
        .where(sequence.tenant == tenant, sequence.entry.in_(wanted))
    )


def _opened(row: Row[*tuple[Any, ...]], content: OpenedDetail) -> OpenedEntry:
    """What an entry says counts only when its leaf commits to it: index and details can be changed."""
    detail = content.detail
    if commitment(content.salt, content.raw) != decode_leaf(row.leaf).com or detail.entry != row.entry:
        raise IntegrityError("an entry says something else than it commits to")
    return OpenedEntry(
        entry=row.entry,
        log=row.log,
        seq=row.seq,
        leaf=row.leaf,
        salt=content.salt,
        raw=content.raw,
        kind=event_type(detail.event),
        shown_to=detail.shown_to,
        subject=detail.subject,
        released=detail.event.entries if isinstance(detail.event, EntriesReleased) else (),
    )


async def _entries_of(
    conn: AsyncConnection, tenant: TenantId, person: PersonId, *, hidden: bool
) -> tuple[str, ...]:
    """The entries this person finds; with `hidden` also those about the person that only officers find."""
    index = audit_index.c
    query = select(index.entry).where(index.tenant == tenant, index.kind == "person", index.key == person)
    if not hidden:
        query = query.where(index.shown)
    return tuple((await conn.execute(query.order_by(index.entry))).scalars())
