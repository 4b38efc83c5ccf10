"""Opening breaches, and what every part of the service does alike: lock the row, move it, tell the log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.reading import read_relationship
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, new_id
from consent_service.identity.model import Fg, PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.process.states import START
from consent_service.rights.breaches.model import BREACH, Breach, BreachKind, NewBreach, Source, check_new
from consent_service.rights.breaches.rows import breach_of, read_breach_row
from consent_service.rights.breaches.tables import breaches
from consent_service.rights.breaches.words import check_nobody_named, open_words, seal_words

Officer = PrivacyCoordinator | Fg


class BreachRegister:
    """The first part of `BreachService`."""

    def __init__(self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock

    async def open(self, actor: PrivacyCoordinator, new: NewBreach) -> str:
        """A breach is put into the register; its id, also when it stood there. The clock runs from then.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            InputError: every problem at once.
        """
        require(actor, Action.HANDLE_BREACH, Circumstances(tenant=actor.tenant))
        now = self._clock.now()
        words = {"nature": new.nature}
        problems = [*check_new(new, now=now), *check_nobody_named(words)]
        if problems:
            raise InputError(problems)
        breach = Breach(
            breach=new_id(),
            kind=new.kind,
            source="desk",
            state=BREACH.after(START, "open"),
            discovered_at=new.discovered_at,
            opened_at=now,
            opened_by=actor.staff,
            happened_from=new.happened_from,
            happened_until=new.happened_until,
        )
        async with self._database.transaction() as conn:
            there = await self._same(conn, actor.tenant, breach, words)
            if there is not None:
                return there
            await self._put(conn, actor.tenant, breach, words)
            await self._told_opened(conn, actor, actor.tenant, breach)
        return breach.breach

    async def open_by_itself(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        entry: EntryId,
        known_at: datetime,
        *,
        kind: BreachKind,
        source: Source,
        relationship: RelationshipId,
    ) -> bool:
        """Somebody said what may be a breach: it stands in the register at once, once for each entry.

        Nobody asks this; what the log tells is followed (`following`).
        """
        already = select(breaches.c.breach).where(
            breaches.c.tenant == tenant, breaches.c.source_entry == entry
        )
        if (await conn.execute(already)).first() is not None:
            return False
        breach = Breach(
            breach=new_id(),
            kind=kind,
            source=source,
            state=BREACH.after(START, "open"),
            discovered_at=known_at,
            opened_at=self._clock.now(),
            happened_until=local_date(known_at),
            source_entry=entry,
            relationship=relationship,
        )
        await self._put(conn, tenant, breach, {})
        await self._told_opened(conn, System(), tenant, breach)
        return True

    # --- parts -------------------------------------------------------------------------------

    async def _same(
        self, conn: AsyncConnection, tenant: TenantId, one: Breach, words: Mapping[str, str]
    ) -> str | None:
        """The breach that was entered a moment ago, in the same words: a form that was sent twice is one."""
        c = breaches.c
        query = select(c.breach, c.sealed).where(
            c.tenant == tenant,
            c.kind == one.kind,
            c.state == one.state,
            c.opened_by == one.opened_by,
            c.discovered_at == one.discovered_at,
            c.happened_from == one.happened_from,
            c.happened_until == one.happened_until,
        )
        for row in (await conn.execute(query)).all():
            if await open_words(conn, self._ring, tenant, row.breach, row.sealed) == words:
                return str(row.breach)
        return None

    async def _put(
        self, conn: AsyncConnection, tenant: TenantId, one: Breach, words: Mapping[str, str]
    ) -> None:
        """The row, and the key that seals what is written about this breach alone."""
        await self._ring.create_person_key(conn, tenant, PersonId(one.breach))
        sealed = (
            await seal_words(conn, self._ring, tenant, one.breach, words) if any(words.values()) else None
        )
        await conn.execute(
            insert(breaches).values(
                tenant=tenant,
                breach=one.breach,
                kind=one.kind,
                source=one.source,
                state=one.state,
                discovered_at=one.discovered_at,
                opened_at=one.opened_at,
                opened_by=one.opened_by,
                happened_from=one.happened_from,
                happened_until=one.happened_until,
                source_entry=one.source_entry,
                relationship=one.relationship,
                sealed=sealed,
            )
        )

    async def _told_opened(
        self, conn: AsyncConnection, who: PrivacyCoordinator | System, tenant: TenantId, one: Breach
    ) -> None:
        event = events.BreachOpened(one.breach, one.kind, one.source, one.discovered_at, one.relationship)
        await self._append(conn, who, tenant, event, one.relationship)

    async def _append(
        self,
        conn: AsyncConnection,
        who: Officer | System,
        tenant: TenantId,
        event: events.Event,
        relationship: RelationshipId | None,
    ) -> None:
        """For the officers only: until it is decided whom to tell, nobody reads of it on an own page."""
        place = None if relationship is None else await read_relationship(conn, tenant, relationship)
        subject = None if place is None else await self._log.living(conn, tenant, place.child)
        await self._log.append(
            conn,
            tenant=tenant,
            event=event,
            by=by(who),
            subject=subject,
            tagged_for=OFFICER,
            relationship=None if place is None else relationship,
        )

    @asynccontextmanager
    async def _acting(
        self, actor: PrivacyCoordinator, breach: str
    ) -> AsyncIterator[tuple[AsyncConnection, Breach, Row[Any]]]:
        require(actor, Action.HANDLE_BREACH, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            row = await read_breach_row(conn, actor.tenant, breach, lock=True)
            yield conn, breach_of(row), row

    async def _move(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        one: Breach,
        act: str,
        change: Mapping[str, object],
        code: str = "",
    ) -> None:
        """The step, its row and its entry, in one transaction.

        Raises:
            ConflictError: not a step of this state.
        """
        state, c = BREACH.after(one.state, act), breaches.c
        here = (c.tenant == actor.tenant, c.breach == one.breach)
        await conn.execute(update(breaches).where(*here).values(state=state, **change))
        event = events.BreachMoved(one.breach, act, code, one.relationship)
        await self._append(conn, actor, actor.tenant, event, one.relationship)
