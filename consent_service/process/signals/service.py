"""Care signals: sent, heard by whoever reads at the school, missed, called about, gone after some days.

What a school gets is one coded record (`records`), opened by `release` like any other. Here is when it must
be heard, by whom, and what happens when nobody did. Which days count, is `school_days`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import and_, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailEntry
from consent_service.families.attesting import SchoolTerms
from consent_service.families.listing import reading_contacts
from consent_service.families.model import Relationship
from consent_service.families.reading import read_contacts, read_relationship
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConsentServiceError,
    InputError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.ids import RelationshipId, StaffId, TenantId, TypeKey, new_id
from consent_service.identity.model import Actor, Counsellor, SchoolStaff, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue, ForSchoolDays
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.signals.model import (
    CareSignal,
    RouteSetting,
    SignalOutlook,
    SignalSent,
    SpokenTo,
)
from consent_service.process.signals.rows import region_of, route_in, running, signal_from
from consent_service.process.signals.school_days import gone_at, heard_by
from consent_service.process.signals.states import CARE_SIGNAL
from consent_service.process.signals.tables import care_signals, signal_hearers
from consent_service.process.signals.telling import Tell, ToHear, tell_nobody
from consent_service.process.states import START
from consent_service.process.walk import LogWalk
from consent_service.records.model import Shared, ShareRefused
from consent_service.records.retracting import retract_to_school
from consent_service.records.service import Along, Note, RecordService

CARE_SIGNAL_TYPE: Final = TypeKey("care_signal")
_WAITING: Final = ("sent", "unread")
_CODE_WORD: Final = {"code_word": "handle_with_care"}


class SignalService:
    """Send, follow, call about, and let go."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        records: RecordService,
        catalogue: Catalogue,
        school_terms: SchoolTerms,
        tell: Tell = tell_nobody,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._records = records
        self._gate = catalogue.gate.key
        self._days = _school_days(catalogue)
        self._school_terms = school_terms
        self._tell = tell
        self._walk = LogWalk("signals", self.on_entry, database=database, log=log)

    async def send(self, actor: Counsellor, relationship: RelationshipId) -> SignalSent | ShareRefused:
        """Ask the school for extra attention, without saying why.

        1. may this counsellor  2. until when, by the school's own calendar  3. write it (`records.share`:
        consent is asked there), and in the same transaction 4. who hears it, 5. the entry.

        Raises:
            InputError: the region of the school is not known, or its school days are not: nothing is sent.
            NotAllowedError: the counsellor is not with this family.
            ConflictError: the relationship has ended.
            UnavailableError: as `records.share`.
        """
        async with self._database.reading() as conn:
            about = await self._with_family(conn, actor, relationship)  # 1
            region = await region_of(conn, actor.tenant, about.school)
            if region is None:
                raise InputError([Problem("region", "school_region_missing")])
            setting = await route_in(conn, actor.tenant, region)
        now = self._clock.now()
        signal, due, gone = new_id(), heard_by(now, region), gone_at(now, region, days=self._days)  # 2

        async def also(conn: AsyncConnection, shared: Shared) -> None:
            await self._insert(conn, actor, about, setting, (signal, shared, due, gone))
            if setting.route == "direct":
                await self._let_hear(conn, about, signal)  # 4
            event = events.SignalSent(relationship, signal, setting.route, region)
            await self._log_entry(conn, actor, about, event)  # 5

        note = Note(CARE_SIGNAL_TYPE, _CODE_WORD)
        shared = await self._records.share(actor, relationship, note, along=Along(gone, also))  # 3
        if isinstance(shared, ShareRefused):
            return shared
        return SignalSent(signal, shared.entry, due, gone, call_first=setting.route != "direct")

    async def sent(
        self, actor: Counsellor, relationship: RelationshipId, *, also_gone: int = 0
    ) -> tuple[CareSignal, ...]:
        """The signals about this child that are not gone yet, newest first, with their receipts.

        `also_gone`: so many of those that are gone follow them; at the school nothing is left of these.

        Raises:
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: no such relationship.
            ConflictError: the relationship has ended.
        """
        async with self._database.reading() as conn:
            await self._with_family(conn, actor, relationship)
            query = (
                select(care_signals)
                .where(care_signals.c.tenant == actor.tenant, care_signals.c.relationship == relationship)
                .order_by(care_signals.c.sent_at.desc(), care_signals.c.signal)
            )
            found = [signal_from(row) for row in await conn.execute(query)]
        gone = [one for one in found if one.state == "gone"]
        return (*(one for one in found if one.state != "gone"), *gone[:also_gone])

    async def outlook(self, actor: Counsellor, relationship: RelationshipId) -> SignalOutlook:
        """What sending would do now, before anybody sends: the way, who hears it, until when.

        Whether the parents allow it is not asked here (`release.preview`), nor is anything written.

        Raises:
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: no such relationship.
            ConflictError: the relationship has ended.
        """
        now = self._clock.now()
        async with self._database.reading() as conn:
            about = await self._with_family(conn, actor, relationship)
            region = await region_of(conn, actor.tenant, about.school)
            setting = None if region is None else await route_in(conn, actor.tenant, region)
            lists = await read_contacts(conn, about.tenant, [about.relationship])
        if region is None:
            missing = Problem("region", "school_region_missing")
            return SignalOutlook(None, None, None, (), (), (missing,))
        try:
            due, gone = heard_by(now, region), gone_at(now, region, days=self._days)
        except InputError as unknown:
            return SignalOutlook(setting, None, None, (), (), tuple(unknown.problems))
        listed = lists[about.relationship]
        reading, then = (reading_contacts(listed, self._school_terms, at) for at in (now, due))
        return SignalOutlook(setting, due, gone, tuple(sorted(reading)), tuple(sorted(then)))

    async def recipient(self, actor: Counsellor, relationship: RelationshipId) -> RouteSetting | None:
        """Along which way a signal about this child goes, and whom to call; None without a region.

        Raises:
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: no such relationship.
        """
        async with self._database.reading() as conn:
            about = await self._with_family(conn, actor, relationship)
            region = await region_of(conn, actor.tenant, about.school)
            return None if region is None else await route_in(conn, actor.tenant, region)

    async def called(self, actor: Counsellor, signal: str, spoken_to: SpokenTo) -> RelationshipId:
        """The counsellor told it by phone, to whom by function; once.

        Raises:
            NotFoundError: no such signal of a family of this counsellor.
            ConflictError: it was read or called about already, or is gone.
        """
        async with self._database.transaction() as conn:
            row = await self._locked(conn, actor.tenant, signal)
            if row is None:
                raise NotFoundError("signal")
            about = await self._with_family(conn, actor, RelationshipId(row.relationship))
            await self._move(conn, row, "call", called_at=self._clock.now())
            event = events.SignalCalled(about.relationship, signal, spoken_to)
            await self._log_entry(conn, actor, about, event)
        return about.relationship

    # --- what time and the log bring ---------------------------------------------------------

    async def catch_up(self, tenant: TenantId) -> None:
        """Take note of what was read, and of what ends a signal, since the last time."""
        await self._walk.catch_up(tenant)

    async def on_entry(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        """A reading at school is the receipt; a withdrawal, an objection or an end is the end of it."""
        detail = entry.detail
        match None if detail is None else detail.event:
            case events.InformationReleased(reader_kind="school", records=records) if _by_school(entry):
                for one in records:
                    await self._was_read(conn, tenant, one.record, entry)
            case (
                events.ConsentWithdrawn(relationship=relationship, information_type=kind)
                | events.ConsentObjected(relationship=relationship, information_type=kind)
            ) if kind in (CARE_SIGNAL_TYPE, self._gate):
                await self._stop_all(conn, tenant, relationship, entry.at)
            case events.RelationshipEnded(relationship=relationship):
                await self._stop_all(conn, tenant, relationship, entry.at)
            case events.RecordRetracted(information_type=kind, record=record) if kind == CARE_SIGNAL_TYPE:
                await self._was_taken_back(conn, tenant, record)
            case _:
                return

    async def read_by(self, actor: SchoolStaff) -> frozenset[RelationshipId]:
        """About whom this person read every signal there is; told to nobody else, and opens nothing.

        Raises:
            NotAllowedError: not at this school.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        signal, hearer = care_signals.c, signal_hearers.c
        own = (hearer.tenant == signal.tenant, hearer.signal == signal.signal, hearer.staff == actor.staff)
        query = (
            select(signal.relationship, hearer.read_at)
            .outerjoin(signal_hearers, and_(*own))
            .where(signal.tenant == actor.tenant, signal.state != "gone")
        )
        async with self._database.reading() as conn:
            found = (await conn.execute(query)).all()
        unread = {row.relationship for row in found if row.read_at is None}
        return frozenset(RelationshipId(row.relationship) for row in found) - unread

    async def look(self, tenant: TenantId, now: datetime) -> int:
        """Let whoever reads now hear what waits, say what was missed, remove what is over; how many steps.

        Asked often: a deputy whose working day begins hears of it in that night (S47). One signal that
        cannot be looked at keeps no other waiting.

        Raises:
            UnavailableError: the database, the log or the keys are away; the next look goes on.
            ConsentServiceError: what kept one of the signals.
        """
        await self.catch_up(tenant)
        query = select(care_signals.c.signal).where(
            care_signals.c.tenant == tenant, care_signals.c.state != "gone"
        )
        async with self._database.reading() as conn:
            running_now = list((await conn.execute(query.order_by(care_signals.c.signal))).scalars())
        steps, failures = 0, list[ConsentServiceError]()
        for signal in running_now:
            try:
                async with self._database.transaction() as conn:
                    steps += await self._look_at(conn, tenant, signal, now)
            except UnavailableError:
                raise
            except ConsentServiceError as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        return steps

    # --- parts -------------------------------------------------------------------------------

    async def _look_at(self, conn: AsyncConnection, tenant: TenantId, signal: str, now: datetime) -> int:
        row = await self._locked(conn, tenant, signal)
        about = None
        if row is not None and row.state != "gone":
            about = await read_relationship(conn, tenant, RelationshipId(row.relationship))
        if row is None or about is None:
            return 0
        if row.gone_at <= now:
            await self._remove(conn, about, row, "expire")
            return 1
        steps = 0
        if row.state in _WAITING and row.route == "direct":
            steps += await self._let_hear(conn, about, signal)
        if row.state == "sent" and row.due_at <= now:
            await self._move(conn, row, "miss")
            await self._log_entry(conn, System(), about, events.SignalUnread(about.relationship, signal))
            steps += 1
        return steps

    async def _let_hear(self, conn: AsyncConnection, about: Relationship, signal: str) -> int:
        """Whoever reads at this moment and has not heard yet: each hears it once."""
        lists = await read_contacts(conn, about.tenant, [about.relationship])
        reading = reading_contacts(lists[about.relationship], self._school_terms, self._clock.now())
        query = select(signal_hearers.c.staff).where(
            signal_hearers.c.tenant == about.tenant, signal_hearers.c.signal == signal
        )
        heard = {StaffId(member) for member in (await conn.execute(query)).scalars()}
        for member in sorted(reading - heard):
            await conn.execute(
                insert(signal_hearers).values(
                    tenant=about.tenant, signal=signal, staff=member, at=self._clock.now()
                )
            )
            message = ToHear(about.tenant, member, about.relationship, signal, urgent=True)
            await self._tell(conn, message)
            event = events.SignalNoticed(about.relationship, signal, member)
            await self._log_entry(conn, System(), about, event)
        return len(reading - heard)

    async def _was_read(
        self, conn: AsyncConnection, tenant: TenantId, record: str, entry: TrailEntry
    ) -> None:
        place = (care_signals.c.tenant == tenant, care_signals.c.record == record)
        row = (await conn.execute(select(care_signals).where(*place).with_for_update())).first()
        if row is not None and entry.detail is not None:
            await self._note_reader(conn, tenant, row.signal, StaffId(entry.detail.by.id), entry.at)
        if row is None or "read" not in CARE_SIGNAL.acts_in(row.state):
            return
        about = await read_relationship(conn, tenant, RelationshipId(row.relationship))
        if about is None:
            return
        await self._move(conn, row, "read", read_at=entry.at)
        event = events.SignalRead(about.relationship, row.signal, entry.id)
        await self._log_entry(conn, System(), about, event)

    async def _note_reader(
        self, conn: AsyncConnection, tenant: TenantId, signal: str, member: StaffId, at: datetime
    ) -> None:
        """Who read it is not asked to read it again; others who read there still are."""
        hearer = signal_hearers.c
        place = (hearer.tenant == tenant, hearer.signal == signal, hearer.staff == member)
        noted = await conn.execute(update(signal_hearers).where(*place).values(read_at=at))
        if noted.rowcount == 0:
            row = {"tenant": tenant, "signal": signal, "staff": member}
            await conn.execute(insert(signal_hearers).values(**row, at=at, read_at=at))

    async def _was_taken_back(self, conn: AsyncConnection, tenant: TenantId, record: str) -> None:
        """Its record is gone already: there is nothing left to hear, and nobody has to call."""
        place = (care_signals.c.tenant == tenant, care_signals.c.record == record)
        row = (await conn.execute(select(care_signals).where(*place).with_for_update())).first()
        about = None
        if row is not None and row.state != "gone":
            about = await read_relationship(conn, tenant, RelationshipId(row.relationship))
        if row is None or about is None:
            return
        await self._move(conn, row, "stop")
        event = events.SignalGone(about.relationship, row.signal)
        await self._log_entry(conn, System(), about, event)

    async def _stop_all(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, at: datetime
    ) -> None:
        """Those sent before it; what was sent after a new yes stays."""
        query = (
            select(care_signals)
            .where(care_signals.c.tenant == tenant, care_signals.c.relationship == relationship)
            .where(care_signals.c.state != "gone", care_signals.c.sent_at <= at)
            .order_by(care_signals.c.signal)
        )
        rows = (await conn.execute(query.with_for_update())).all()
        about = await read_relationship(conn, tenant, relationship)
        for row in rows:
            if about is not None:
                await self._remove(conn, about, row, "stop")

    async def _remove(
        self,
        conn: AsyncConnection,
        about: Relationship,
        row: Row[tuple[object, ...]],
        act: Literal["expire", "stop"],
    ) -> None:
        """The record goes, and so does the signal: nothing of it stays readable."""
        before = row.sent_at + timedelta(milliseconds=1)
        await retract_to_school(
            conn,
            self._ring,
            self._log,
            about,
            [CARE_SIGNAL_TYPE],
            written_before=before,
            now=self._clock.now(),
        )
        await self._move(conn, row, act)
        event = events.SignalGone(about.relationship, row.signal)
        await self._log_entry(conn, System(), about, event)

    async def _insert(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        about: Relationship,
        setting: RouteSetting,
        made: tuple[str, Shared, datetime, datetime],
    ) -> None:
        signal, shared, due, gone = made
        await conn.execute(
            insert(care_signals).values(
                tenant=about.tenant,
                signal=signal,
                relationship=about.relationship,
                record=shared.record,
                state=CARE_SIGNAL.after(START, "send"),
                route=setting.route,
                sent_at=self._clock.now(),
                sent_by=actor.staff,
                due_at=due,
                gone_at=gone,
            )
        )

    async def _locked(
        self, conn: AsyncConnection, tenant: TenantId, signal: str
    ) -> Row[tuple[object, ...]] | None:
        place = (care_signals.c.tenant == tenant, care_signals.c.signal == signal)
        found: Row[tuple[object, ...]] | None = (
            await conn.execute(select(care_signals).where(*place).with_for_update())
        ).first()
        return found

    async def _move(
        self, conn: AsyncConnection, row: Row[tuple[object, ...]], act: str, **values: datetime
    ) -> None:
        await conn.execute(
            update(care_signals)
            .where(care_signals.c.tenant == row.tenant, care_signals.c.signal == row.signal)
            .values(state=CARE_SIGNAL.after(row.state, act), **values)
        )

    async def _with_family(
        self, conn: AsyncConnection, actor: Counsellor, relationship: RelationshipId
    ) -> Relationship:
        about = await running(conn, actor.tenant, relationship, self._clock)
        assigned = await self._organisations.is_assigned(conn, actor, about.family)
        facts = Circumstances(tenant=about.tenant, family=about.family, assigned=assigned)
        require(actor, Action.SEND_SIGNAL, facts)
        return about

    async def _log_entry(
        self, conn: AsyncConnection, actor: Actor, about: Relationship, event: events.SignalEvent
    ) -> None:
        await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=by(actor),
            subject=await self._log.living(conn, about.tenant, about.child),
            relationship=about.relationship,
        )


def _by_school(entry: TrailEntry) -> bool:
    """Somebody at the school read it, and not a counsellor who called."""
    return entry.detail is not None and entry.detail.by.kind == "school_staff"


def _school_days(catalogue: Catalogue) -> int:
    retention = catalogue.types[CARE_SIGNAL_TYPE].retention
    return retention.days if isinstance(retention, ForSchoolDays) else 1
