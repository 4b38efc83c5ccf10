"""Entries that only officers could find are released to somebody of the family they are about.

Hidden are a meldcode, an unsafe emergency access and another guardian's acts. The privacy coordinator
decides, for one entry and one person; the FG decides nothing (AVG 38(6)). Who is not shown the child and
its school (S46) gets nothing this way either: what an entry says may be where the child is.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import Detail
from consent_service.audit.events import EntriesReleased
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.families.reading import child_ids, guardian_ids, is_family_shown
from consent_service.families.tables import children, guardians, relationships
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, NotFoundError
from consent_service.foundation.ids import EntryId, FamilyId, PersonId, TenantId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require

_RELEASED = frozenset({"entries.released.v1"})
Standing = Literal["open", "released", "by_hand"]


class Recipient(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody of the family; `standing` is whether the entry can be, or was, released to this person.

    `by_hand`: a guardian who is answered by a person, to whom the page shows neither child nor school.
    """

    person: PersonId
    kind: Literal["guardian", "child"]
    standing: Standing


class EntryReleaseService:
    """What was hidden, and for whom it may stop being so."""

    def __init__(self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock

    async def recipients(self, actor: PrivacyCoordinator | Fg, entry: EntryId) -> tuple[Recipient, ...]:
        """The living people of the family a hidden entry is about; none where it is not hidden.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await self._recipients(conn, actor.tenant, entry)

    async def release(self, actor: PrivacyCoordinator, entry: EntryId, person: PersonId) -> None:
        """From now on this person finds the entry; the release itself is an entry she finds as well.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no hidden entry about this person's family.
            ConflictError: it was released to her before, or she is answered by a person.
        """
        require(actor, Action.RELEASE_ENTRIES, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            people = await self._recipients(conn, actor.tenant, entry)
            chosen = next((one for one in people if one.person == person), None)
            if chosen is None:
                raise NotFoundError("entry")
            if chosen.standing != "open":
                raise ConflictError("the entry cannot be released to this person")
            event = EntriesReleased(entries=(entry,))
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=person)

    async def _recipients(
        self, conn: AsyncConnection, tenant: TenantId, entry: EntryId
    ) -> tuple[Recipient, ...]:
        page = await self._log.trail(conn, tenant, TrailFilter(entry=entry), limit=1)
        detail = page.entries[0].detail if page.entries else None
        family = await _family_of(conn, tenant, detail) if detail is not None else None
        if family is None:
            return ()
        parents = await guardian_ids(conn, tenant, family)
        minors = await child_ids(conn, tenant, family)
        living = await self._ring.person_keys(conn, tenant, [*parents, *minors])
        found: list[Recipient] = []
        for person in (*parents, *minors):
            if person in living:
                kind: Literal["guardian", "child"] = "guardian" if person in parents else "child"
                standing = await self._standing(conn, tenant, entry, Recipient(person, kind, "open"), family)
                found.append(Recipient(person, kind, standing))
        return tuple(found)

    async def _standing(
        self, conn: AsyncConnection, tenant: TenantId, entry: EntryId, one: Recipient, family: FamilyId
    ) -> Standing:
        if entry in await released_to(conn, self._log, tenant, one.person):
            return "released"
        today = local_date(self._clock.now())
        if one.kind == "guardian" and not await is_family_shown(conn, tenant, family, one.person, day=today):
            return "by_hand"
        return "open"


async def released_to(
    conn: AsyncConnection, log: AuditLog, tenant: TenantId, person: PersonId
) -> frozenset[EntryId]:
    """Entries without this person's tag that an officer released to her.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    found: set[EntryId] = set()
    wanted, after, more = TrailFilter(shown_to=person, types=_RELEASED), None, True
    while more:
        page = await log.trail(conn, tenant, wanted, after=after)
        for one in page.entries:
            found.update(_named_in(one))
        after, more = page.next, page.next is not None
    return frozenset(found)


def _named_in(entry: TrailEntry) -> tuple[EntryId, ...]:
    event = None if entry.detail is None else entry.detail.event
    named = event.entries if isinstance(event, EntriesReleased) else ()
    return tuple(EntryId(one) for one in named)


async def _family_of(conn: AsyncConnection, tenant: TenantId, detail: Detail) -> FamilyId | None:
    """The family a hidden entry is about; None of one that is not hidden, or about nobody's family."""
    if detail.shown_to != "officer":
        return None
    for table, column, key in (
        (children, children.c.child, detail.subject),
        (guardians, guardians.c.guardian, detail.subject),
        (relationships, relationships.c.relationship, detail.relationship),
    ):
        family = await _family_in(conn, tenant, table, column, key) if key else None
        if family is not None:
            return family
    return None


async def _family_in(
    conn: AsyncConnection, tenant: TenantId, table: Table, column: ColumnElement[str], key: str
) -> FamilyId | None:
    query = select(table.c.family).where(table.c.tenant == tenant, column == key)
    found = (await conn.execute(query)).scalar_one_or_none()
    return None if found is None else FamilyId(found)
