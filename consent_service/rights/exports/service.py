"""Take the log out in a form that others read: who may, what stands in the file, and that it is logged.

The order of things is always the same: 1. may this actor, 2. write and read back under another name,
3. log that it was taken out, 4. give the file its name, 5. write beside it what it should hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import EntriesReleased, LogExported
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.custody.durable_files import write_durably
from consent_service.families.reading import is_family_shown
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.i18n import Translator
from consent_service.foundation.ids import EntryId, PersonId
from consent_service.identity.model import Fg, Operator, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.pseudonyms import pseudonym
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.rights.coordinators import is_coordinator
from consent_service.rights.exports.access import access_record, users_in
from consent_service.rights.exports.activities import own_register
from consent_service.rights.exports.client import Sheet, client_lines
from consent_service.rights.exports.files import ExportFile
from consent_service.rights.exports.model import (
    STANDARDS,
    Form,
    Head,
    Manifest,
    Order,
    Wording,
    Written,
    is_register,
)
from consent_service.rights.exports.processing import Processing, people_in
from consent_service.rights.exports.reading import (
    count_waiting,
    family_of_guardian,
    heads_of,
    names_of,
    pages,
    school_names,
)

Exporter = PrivacyCoordinator | Fg | Operator
MANIFEST: Final = ".manifest.json"
"""Behind the name of the file, for what stands beside it."""
_RELEASED: Final = "entries.released.v1"
_LINES: Final = 500
_encoder = msgspec.json.Encoder()

Project = Callable[[tuple[TrailEntry, ...]], AsyncIterator[bytes]]
"""The lines that stand for a page of entries."""


class ExportService:
    """Files of the log."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        log_host: str,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._log_host = log_host

    async def processing(
        self,
        actor: Exporter,
        order: Order,
        target: Path,
        words: Wording,
        *,
        request_name: str,
        register: str = "",
    ) -> Written:
        """Records of Logboek Dataverwerkingen: per data subject, without users, one JSON object a line.

        `register` is where the shelter's register names its activities; without it a tag URI names them.

        Raises:
            NotAllowedError: not an officer of this shelter, nor on the decision of a coordinator.
            NotFoundError: nobody with this id, or nobody any more.
            InputError: `register` is no address.
            ConflictError: a file of this name exists.
            UnavailableError: the disk, the database or the keys are away; there is no file.
        """
        await self._require(actor, order)
        if register and not is_register(register):
            raise InputError([Problem("register", "exports.register")])
        async with self._database.reading() as conn:
            await self._require_person(conn, order)
            heads = await heads_of(conn, order.tenant)
            key = await self._ring.tenant_key(conn, order.tenant, "audit")
        records = Processing(
            register=register or own_register(self._log_host),
            origins={head.log: head.origin for head in heads},
            words=words,
            request_name=request_name,
            pseudonym=lambda person: pseudonym(self._ring, key, person),
        )
        return await self._write("ldv", actor, order, target, (heads, self._projected(records, order)))

    def _projected(self, records: Processing, order: Order) -> Project:
        async def project(page: tuple[TrailEntry, ...]) -> AsyncIterator[bytes]:
            async with self._database.reading() as conn:
                living = await self._ring.person_keys(conn, order.tenant, people_in(page))
            for entry in page:
                for record in records.records(entry, living):
                    yield _encoder.encode(record)

        return project

    async def access(self, actor: Exporter, order: Order, target: Path, words: Wording) -> Written:
        """Access records of NEN 7513, with the names of users, one JSON object a line.

        Raises:
            NotAllowedError: not an officer of this shelter, nor on the decision of a coordinator.
            NotFoundError: nobody with this id, or nobody any more.
            ConflictError: a file of this name exists.
            UnavailableError: the disk, the database or the keys are away; there is no file.
        """
        await self._require(actor, order)
        async with self._database.reading() as conn:
            await self._require_person(conn, order)
            heads = await heads_of(conn, order.tenant)
        origins = {head.log: head.origin for head in heads}

        async def project(page: tuple[TrailEntry, ...]) -> AsyncIterator[bytes]:
            users = {by for entry in page if entry.detail is not None for by in users_in(entry.detail)}
            async with self._database.reading() as conn:
                known = await names_of(conn, self._ring, self._organisations, order.tenant, users)
            for entry in page:
                record = access_record(entry, site=order.tenant, origins=origins, words=words, known=known)
                if record is not None:
                    yield _encoder.encode(record)

        return await self._write("nen7513", actor, order, target, (heads, project))

    async def client_view(
        self, actor: Exporter, order: Order, target: Path, words: Wording, said: Translator
    ) -> int:
        """What one person may know of it, in plain words; how many entries it tells of.

        Only what carries that person's own tag, or was released to her. A guardian who may not know child
        and school (S46) reads of no school by name.

        Raises:
            NotAllowedError: not an officer of this shelter, nor on the decision of a coordinator.
            NotFoundError: nobody with this id, or nobody any more.
            ConflictError: a file of this name exists.
            UnavailableError: the disk, the database or the keys are away; there is no file.
        """
        await self._require(actor, order)
        shelter = (await self._organisations.tenant(order.tenant)).neutral_name
        async with self._database.reading() as conn:
            person = await self._require_person(conn, order)
            if person is None:
                raise NotFoundError("person")
            entries = await self._shown_to(conn, order, person)
            schools = await self._schools_known_to(conn, order, person, entries)
        sheet = Sheet(order, self._clock.now(), shelter, schools)
        with ExportFile(target) as file:
            for line in client_lines(entries, sheet, words, said):
                file.write(line.encode())
            file.acknowledge()
            await self._log_export(actor, order, "nen7513", len(entries))
            file.publish()
        return len(entries)

    # --- parts -------------------------------------------------------------------------------

    async def _require(self, actor: Exporter, order: Order) -> None:
        decided = False
        if order.coordinator is not None:
            async with self._database.reading() as conn:
                decided = await is_coordinator(conn, order.tenant, order.coordinator)
        require(actor, Action.EXPORT_LOG, Circumstances(tenant=order.tenant, decided=decided))

    async def _require_person(self, conn: AsyncConnection, order: Order) -> PersonId | None:
        if order.person is not None and await self._log.living(conn, order.tenant, order.person) is None:
            raise NotFoundError("person")
        return order.person

    async def _write(
        self,
        form: Form,
        actor: Exporter,
        order: Order,
        target: Path,
        source: tuple[tuple[Head, ...], Project],
    ) -> Written:
        heads, project = source
        beside = target.with_name(target.name + MANIFEST)
        if beside.exists():
            raise ConflictError("a manifest of this name exists already")
        states: Counter[str] = Counter()
        with ExportFile(target) as file:
            async for page in pages(self._database, self._ring, heads, order):
                states.update(entry.state for entry in page)
                async for line in project(page):
                    file.write(line)
            file.acknowledge()
            async with self._database.reading() as conn:
                waiting = await count_waiting(conn, order)
            await self._log_export(actor, order, form, states["open"])
            file.publish()
        manifest = Manifest(
            form=form,
            standard=STANDARDS[form],
            made_at=self._clock.now(),
            since=order.since,
            until=order.until,
            logs=heads,
            records=file.lines,
            entries=states["open"],
            erased=states["erased"],
            damaged=states["damaged"],
            waiting=waiting,
            sha256=file.digest,
        )
        write_durably(beside, msgspec.json.format(_encoder.encode(manifest)) + b"\n", mode=0o600)
        return Written(target, manifest)

    async def _log_export(self, actor: Exporter, order: Order, form: Form, entries: int) -> None:
        async with self._database.transaction() as conn:
            event = LogExported(kind=form, entries=entries, coordinator=order.coordinator or "")
            await self._log.append(conn, tenant=order.tenant, event=event, by=by(actor), subject=order.person)

    async def _shown_to(
        self, conn: AsyncConnection, order: Order, person: PersonId
    ) -> tuple[TrailEntry, ...]:
        """What carries the person's tag or was released to her, oldest first."""
        releasing = TrailFilter(shown_to=person, types=frozenset({_RELEASED}))
        released = frozenset(
            EntryId(entry)
            for one in await self._whole_trail(conn, order, releasing)
            if one.detail is not None and isinstance(one.detail.event, EntriesReleased)
            for entry in one.detail.event.entries
        )
        wanted = TrailFilter(shown_to=person, released=released, since=order.since, until=order.until)
        return tuple(reversed(await self._whole_trail(conn, order, wanted)))

    async def _whole_trail(
        self, conn: AsyncConnection, order: Order, wanted: TrailFilter
    ) -> list[TrailEntry]:
        found: list[TrailEntry] = []
        after: EntryId | None = None
        while True:
            page = await self._log.trail(conn, order.tenant, wanted, after=after, limit=_LINES)
            found += page.entries
            if page.next is None:
                return found
            after = page.next

    async def _schools_known_to(
        self, conn: AsyncConnection, order: Order, person: PersonId, entries: tuple[TrailEntry, ...]
    ) -> dict[str, str]:
        """The names of the schools whose staff did something, unless this guardian may not know them."""
        family = await family_of_guardian(conn, order.tenant, person)
        today = local_date(self._clock.now())
        if family is not None and not await is_family_shown(conn, order.tenant, family, person, day=today):
            return {}
        members = [entry.detail.by.id for entry in entries if entry.detail is not None]
        return await school_names(conn, order.tenant, members)
