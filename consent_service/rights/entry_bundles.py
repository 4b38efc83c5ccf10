"""Who may read the log's entries as they stand in it: officers, people with a page of their own, systems.

Leaves name nobody: without a view key they are noise, and with one's own they show what is about oneself
and that nothing is missing. A guardian who is answered by a person (S46) gets them from that person. That
somebody takes them is itself logged. Heads and hash tiles are for everybody and not logged (`audit.served`).
"""

from __future__ import annotations

from asyncio import Lock
from datetime import date, datetime, timedelta
from typing import Final, Protocol
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.checkpoint import read_note
from consent_service.audit.events import LogExported
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import LogKey
from consent_service.audit.served import entry_bundle, log_named
from consent_service.audit.tiles import TilePlace
from consent_service.audit.tree import newest_head
from consent_service.families.reading import is_family_shown
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.foundation.pacing import Pace
from consent_service.identity.model import (
    Actor,
    Fg,
    GuardianActor,
    MachineClient,
    PersonActor,
    PrivacyCoordinator,
    by,
    person_of,
    tenant_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.identity.sessions import Session
from consent_service.organisations.service import require

BUNDLES_PER_MINUTE: Final = 600
"""Of 256 entries each: who takes a log of ten million with a program is at it for about an hour."""
SITTING: Final = timedelta(hours=12)
"""After this long the same session is told of anew; no session lasts longer."""


class Reader(Protocol):
    """Whoever asks: a session of a person, or a machine client with a token."""

    @property
    def id(self) -> str: ...

    def acting_in(self, tenant: TenantId) -> Actor | None: ...


class ClientReader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine client that asks about one shelter; in every other one it is nobody."""

    actor: MachineClient
    asked: TenantId

    @property
    def id(self) -> str:
        """The client, not its token, which lasts five minutes: so that reading is told once per sitting."""
        return f"client/{self.actor.tenant}/{self.actor.client}"

    def acting_in(self, tenant: TenantId) -> Actor | None:
        """The client in its own shelter, when that is the one it asks about."""
        return self.actor if tenant == self.asked == self.actor.tenant else None


class EntryBundles:
    """Hands entry bundles out. That somebody takes them is logged once per sitting and log, before the first.

    What was logged is remembered in this process: another one logs it once more.
    """

    def __init__(self, *, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._pace = Pace(clock, times=BUNDLES_PER_MINUTE, within=timedelta(minutes=1))
        self._told: dict[tuple[str, str], datetime] = {}
        self._telling: WeakValueDictionary[tuple[str, str], Lock] = WeakValueDictionary()

    async def read(self, reader: Reader, name: str, place: TilePlace) -> bytes:
        """An entry bundle of the log with this random name, for who asks, if that one belongs there.

        Raises:
            NotFoundError: no such log or bundle, who asks does not belong to its shelter, or this
                guardian is answered by a person.
            NotAllowedError: whoever does may not read the log.
            PrunedError: these entries are kept no more.
            TooOftenError: more bundles in a minute than a program needs.
        """
        sitting = (reader.id, name)
        if not self._is_told(sitting):
            telling = self._telling.setdefault(sitting, Lock())
            async with telling:  # what is asked for at the same time waits until that is told
                if not self._is_told(sitting):
                    return await self._read_first(reader, name, place)
        async with self._database.reading() as conn:
            _, _, bundle, _ = await self._read(conn, reader, name, place)
        return bundle

    def _is_told(self, sitting: tuple[str, str]) -> bool:
        told = self._told.get(sitting)
        return told is not None and self._clock.now() - told < SITTING

    async def _read_first(self, reader: Reader, name: str, place: TilePlace) -> bytes:
        """The same, told in the log."""
        now = self._clock.now()
        async with self._database.transaction() as conn:
            actor, log, bundle, person = await self._read(conn, reader, name, place)
            note = await newest_head(conn, log)
            size = read_note(note).checkpoint.size if note is not None else 0
            taken = LogExported(kind="entries", entries=size)
            await self._log.append(conn, tenant=log.tenant, event=taken, by=by(actor), subject=person)
        self._told = {key: at for key, at in self._told.items() if now - at < SITTING}
        self._told[reader.id, name] = now
        return bundle

    async def _read(
        self, conn: AsyncConnection, reader: Reader, name: str, place: TilePlace
    ) -> tuple[Actor, LogKey, bytes, PersonId | None]:
        log = await log_named(conn, name)
        actor = _actor_of(reader, log.tenant) if log else None
        if log is None or actor is None:
            raise NotFoundError("log")
        person = await _allowed(conn, actor, local_date(self._clock.now()))
        self._pace.count((log.tenant, by(actor)))
        return actor, log, await entry_bundle(conn, log, place.index, place.width), person


def _actor_of(reader: Reader, tenant: TenantId) -> Actor | None:
    """Who reads: the officer, of somebody who works there as something else too."""
    officer = reader.acting_as(tenant, PrivacyCoordinator | Fg) if isinstance(reader, Session) else None
    return officer or reader.acting_in(tenant)


async def _allowed(conn: AsyncConnection, actor: Actor, day: date) -> PersonId | None:
    """Officers read the log of their own shelter; people of a family, then given, that of their shelter.

    Raises:
        NotAllowedError: anybody else.
        NotFoundError: there is nothing here for this guardian now.
    """
    if isinstance(actor, PersonActor):
        person = person_of(actor)
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person)
        require(actor, Action.EXPORT_OWN_LOG, facts)
        if isinstance(actor, GuardianActor) and not await is_family_shown(
            conn, actor.tenant, actor.family, actor.guardian, day=day
        ):
            raise NotFoundError("log")
        return person
    require(actor, Action.READ_ENTRIES, Circumstances(tenant=tenant_of(actor)))
    return None
