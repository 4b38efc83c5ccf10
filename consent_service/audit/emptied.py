"""Which details and attachments the end of a person's key shut: named, and committed to by the log.

Whatever is missing from the log, or stays shut, must be named here by an entry that tells of the end of a key
and commits to all it names. Only what opened with that key just before is named, so that nobody gets the
detail of somebody who lives named by saying beforehand that it is sealed for somebody else; an end for which
no key was there to try names nothing. The rows hold ids of entries only. Taking away what was shut is
`erasing`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import Column, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import opens_attachment, opens_detail
from consent_service.audit.encoding import hash_text
from consent_service.audit.stored import Part
from consent_service.audit.tables import audit_details, audit_emptied
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.keyring.service import KeyRing

Named = Mapping[tuple[str, Part], tuple[str, ...]]
"""By entry and what of it is gone, the entries that name it."""
_PAGE: Final = 500
_CHUNK: Final = 10_000


class Shut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the end of one key shuts: ids of entries, of their details and of their attachments."""

    details: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()

    def named(self) -> list[tuple[str, Part]]:
        """All of it."""
        details: list[tuple[str, Part]] = [(entry, "detail") for entry in self.details]
        return details + [(entry, "attached") for entry in self.attached]

    def digest(self) -> str:
        """What the entry that tells of the end says of it."""
        return digest_of(self.named())


def digest_of(named: Iterable[tuple[str, str]]) -> str:
    """SHA-256 over a line of id and kind for each, in their order, as base64url without padding."""
    lines = sorted(f"{entry} {what}\n" for entry, what in named)
    return hash_text(sha256("".join(lines).encode()).digest())


async def find_shut(conn: AsyncConnection, ring: KeyRing, tenant: TenantId, person: PersonId) -> Shut:
    """What the end of this person's key, which must follow in this transaction, shuts.

    The key is held, so that whoever seals something with it comes before or fails. Where it is gone already
    nothing can be tried, and nothing counts: what is said to be sealed for this person may be about anybody.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    key = await ring.hold_person_key(conn, tenant, person)
    if key is None:
        return Shut()
    here = audit_details.c
    details, attached = [], []
    async for entry, sealed in _stored(conn, tenant, person, here.person, here.sealed):
        if opens_detail(ring, key, entry, sealed):
            details.append(entry)
    async for entry, sealed in _stored(conn, tenant, person, here.attached_for, here.attached):
        if opens_attachment(ring, key, entry, sealed):
            attached.append(entry)
    return Shut(tuple(details), tuple(attached))


async def name_emptied(conn: AsyncConnection, tenant: TenantId, ending: str, shut: Shut) -> None:
    """Keep what the entry `ending` commits to."""
    rows = [
        {"tenant": tenant, "entry": entry, "what": what, "ending": ending} for entry, what in shut.named()
    ]
    for begin in range(0, len(rows), _CHUNK):
        await conn.execute(insert(audit_emptied), rows[begin : begin + _CHUNK])


async def read_emptied(conn: AsyncConnection, tenant: TenantId, entries: Collection[str]) -> Named:
    """Who names what of these entries."""
    if not entries:
        return {}
    here = audit_emptied.c
    query = select(here.entry, here.what, here.ending).where(
        here.tenant == tenant, here.entry.in_(sorted(entries))
    )
    found: dict[tuple[str, Part], tuple[str, ...]] = {}
    for row in await conn.execute(query.order_by(here.ending)):
        found[row.entry, row.what] = (*found.get((row.entry, row.what), ()), row.ending)
    return found


async def stored_digest(conn: AsyncConnection, tenant: TenantId, ending: str) -> str:
    """The digest of everything that is kept as named by this entry."""
    here = audit_emptied.c
    query = select(here.entry, here.what).where(here.tenant == tenant, here.ending == ending)
    return digest_of((row.entry, row.what) for row in await conn.execute(query))


async def _stored(
    conn: AsyncConnection, tenant: TenantId, person: str, whose: Column[str], what: Column[bytes]
) -> AsyncIterator[tuple[str, bytes]]:
    """What is said to be sealed for this person, in pages."""
    entry = audit_details.c.entry
    query = (
        select(entry, what.label("what"))
        .where(audit_details.c.tenant == tenant, whose == person, what.is_not(None))
        .order_by(entry)
        .limit(_PAGE)
    )
    after = ""
    while rows := (await conn.execute(query.where(entry > after))).all():
        for row in rows:
            yield row.entry, row.what
        after = rows[-1].entry
