"""Recalls: what told where a family is, and why a school is asked to remove it, told to nobody.

When danger is seen, when it is no longer ruled out, or when a family leaves at night, what was shared
before that may tell where it is is taken back, and the school is asked to remove its copy (S14, S51).
The words are the same whatever the cause, and name no child. That nothing of it is released meanwhile
is `policy`'s, at once; this follows the log.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog, TrailEntry, TrailFilter
from consent_service.families.model import Relationship
from consent_service.families.reading import ever_listed, read_relationship, read_relationships
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import (
    FamilyId,
    PersonId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.identity.model import SchoolStaff, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import require
from consent_service.policy.service import PolicyService
from consent_service.process.tables import recalls
from consent_service.process.walk import LogWalk
from consent_service.records.retracting import retract_to_school

RecallAnswer = Literal["done", "kept"]
KeptReason = Literal["nothing_found", "must_keep", "talk_first"]
KEPT_REASONS: tuple[KeptReason, ...] = ("nothing_found", "must_keep", "talk_first")
WORKING_DAYS = 3
"""How long a school has to answer before the counsellor is asked to call."""
_RELEASED = frozenset({"information.released.v1"})
_MOST_READINGS = 500


class RecallNotice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a school is asked to remove; never whose it is."""

    recall: str
    reference: str
    information_type: TypeKey
    received_on: date
    answer: RecallAnswer | None


class Overdue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recall that nobody answered in time; `due_on` was the last day."""

    recall: str
    relationship: RelationshipId
    family: FamilyId
    information_type: TypeKey
    due_on: date


class RecallService:
    """Issue, show, answer."""

    def __init__(
        self, *, database: Database, ring: KeyRing, log: AuditLog, clock: Clock, policies: PolicyService
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._policies = policies
        self._walk = LogWalk("recalls", self.on_entry, database=database, log=log)

    async def catch_up(self, tenant: TenantId) -> None:
        """Issue what everything logged since the last time asks for."""
        await self._walk.catch_up(tenant)

    async def on_entry(self, conn: AsyncConnection, tenant: TenantId, entry: TrailEntry) -> None:
        """Take back and ask to remove what one entry makes unsafe."""
        event = None if entry.detail is None else entry.detail.event
        match event:
            case events.SafetyAssessed(family=family) | events.GuardianSafetyAssessed(family=family):
                found = await read_relationships(conn, tenant, family=family)
            case events.RelationshipEnded(relationship=relationship, reason="night_departure"):
                ended = await read_relationship(conn, tenant, relationship)
                found = () if ended is None else (ended,)
            case _:
                return
        rules = await self._policies.active_rules(conn, tenant)
        kinds = unsafe_types(rules.catalogue, event)
        for about in found if kinds else ():
            await self._recall(conn, about, kinds, entry.at)

    # --- the school --------------------------------------------------------------------------

    async def notices(self, actor: SchoolStaff) -> tuple[RecallNotice, ...]:
        """What this contact is asked to remove, newest first; also of children who are gone.

        Raises:
            NotAllowedError: not school staff of this shelter's schools.
        """
        self._require(actor)
        async with self._database.reading() as conn:
            return tuple(_notice(row) for row in await self._for(conn, actor))

    async def answer(
        self, actor: SchoolStaff, recall: str, answer: RecallAnswer, reason: KeptReason | None = None
    ) -> None:
        """The school removed it, or says why not. What was removed stays removed: a retry changes nothing.

        Raises:
            InputError: kept, without a reason.
            NotFoundError: not asked of this contact.
        """
        self._require(actor)
        if answer == "kept" and reason not in KEPT_REASONS:
            raise InputError([Problem("recall_reason", "recall_reason_missing")])
        async with self._database.transaction() as conn:
            asked = {row.recall: row for row in await self._for(conn, actor)}
            if recall not in asked:
                raise NotFoundError("recall")
            if asked[recall].answer != "done":
                await self._acknowledge(
                    conn, actor, asked[recall], answer, reason if answer == "kept" else None
                )

    async def overdue(self, conn: AsyncConnection, tenant: TenantId, now: datetime) -> tuple[Overdue, ...]:
        """What no school answered within three working days, oldest first."""
        query = (
            select(recalls)
            .where(recalls.c.tenant == tenant, recalls.c.answered_at.is_(None))
            .order_by(recalls.c.issued_at, recalls.c.recall)
        )
        found = []
        for row in (await conn.execute(query)).all():
            due = last_day_to_answer(local_date(row.issued_at))
            about = await read_relationship(conn, tenant, RelationshipId(row.relationship))
            if about is not None and due < local_date(now):
                kind = TypeKey(row.information_type)
                found.append(Overdue(row.recall, about.relationship, about.family, kind, due))
        return tuple(found)

    # --- parts -------------------------------------------------------------------------------

    async def _recall(
        self, conn: AsyncConnection, about: Relationship, kinds: Collection[TypeKey], at: datetime
    ) -> None:
        """Retract what is there, and ask back that and what a school read before and was not asked back."""
        if about.child not in await self._ring.person_keys(conn, about.tenant, [about.child]):
            return
        since = at + timedelta(milliseconds=1)  # an entry knows no less than a millisecond
        gone = await retract_to_school(
            conn,
            self._ring,
            self._log,
            about,
            kinds,
            written_before=since,
            now=self._clock.now(),
        )
        read = await self._last_read(conn, about, since)
        asked = await self._last_asked(conn, about)
        for kind in sorted(kinds):
            mine = [one for one in gone if one.information_type == kind]
            seen = read.get(kind)
            if mine or (seen is not None and (kind not in asked or asked[kind] < seen)):
                received = seen or max(one.written_at for one in mine)
                await self._issue(conn, about, kind, records=len(mine), received_on=local_date(received))

    async def _last_read(
        self, conn: AsyncConnection, about: Relationship, before: datetime
    ) -> dict[TypeKey, datetime]:
        """When somebody at the school last read each type; what was read and replaced since counts too."""
        wanted = TrailFilter(relationship=about.relationship, types=_RELEASED, until=before)
        page = await self._log.trail(conn, about.tenant, wanted, limit=_MOST_READINGS)
        found: dict[TypeKey, datetime] = {}
        for entry in page.entries:
            event = None if entry.detail is None else entry.detail.event
            if isinstance(event, events.InformationReleased) and event.reader_kind == "school":
                for one in event.records:
                    found.setdefault(one.information_type, entry.at)
        return found

    async def _last_asked(self, conn: AsyncConnection, about: Relationship) -> dict[TypeKey, datetime]:
        query = (
            select(recalls.c.information_type, recalls.c.issued_at)
            .where(recalls.c.tenant == about.tenant, recalls.c.relationship == about.relationship)
            .order_by(recalls.c.issued_at)
        )
        return {TypeKey(row.information_type): row.issued_at for row in await conn.execute(query)}

    async def _issue(
        self, conn: AsyncConnection, about: Relationship, kind: TypeKey, *, records: int, received_on: date
    ) -> None:
        recall = new_id()
        await conn.execute(
            insert(recalls).values(
                tenant=about.tenant,
                recall=recall,
                relationship=about.relationship,
                school=about.school,
                information_type=kind,
                records=records,
                received_on=received_on,
                issued_at=self._clock.now(),
            )
        )
        await self._log.append(
            conn,
            tenant=about.tenant,
            event=events.RecallIssued(about.relationship, recall, kind, records),
            by=by(System()),
            subject=about.child,
            tagged_for=OFFICER,
            relationship=about.relationship,
        )

    def _require(self, actor: SchoolStaff) -> None:
        facts = Circumstances(tenant=actor.tenant, school=actor.school)
        require(actor, Action.ANSWER_RECALL, facts)

    async def _for(self, conn: AsyncConnection, actor: SchoolStaff) -> tuple[Row[Any], ...]:
        """Recalls about children for whom this person ever was contact at this school."""
        listed = await ever_listed(conn, actor.tenant, actor.staff)
        query = (
            select(recalls)
            .where(recalls.c.tenant == actor.tenant, recalls.c.school == actor.school)
            .where(recalls.c.relationship.in_(sorted(listed)))
            .order_by(recalls.c.issued_at.desc(), recalls.c.recall)
        )
        return tuple((await conn.execute(query)).all())

    async def _acknowledge(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff,
        row: Row[Any],
        answer: RecallAnswer,
        reason: KeptReason | None,
    ) -> None:
        relationship = RelationshipId(row.relationship)
        await raise_relationship(conn, actor.tenant, relationship, self._clock.now())
        await conn.execute(
            update(recalls)
            .where(recalls.c.tenant == actor.tenant, recalls.c.recall == row.recall)
            .values(
                answered_at=self._clock.now(),
                answered_by=StaffId(actor.staff),
                answer=answer,
                reason=reason,
            )
        )
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=events.RecallAcknowledged(relationship, row.recall, answer, reason or ""),
            by=by(actor),
            subject=await self._subject(conn, actor.tenant, relationship),
            tagged_for=OFFICER,
            relationship=relationship,
        )

    async def _subject(
        self, conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
    ) -> PersonId | None:
        """The child it was about, unless it was erased since."""
        about = await read_relationship(conn, tenant, relationship)
        if about is None or about.child not in await self._ring.person_keys(conn, tenant, [about.child]):
            return None
        return about.child


def unsafe_types(catalogue: Catalogue, event: events.Event) -> frozenset[TypeKey]:
    """Which types to a school one event makes unsafe: whatever locates, or with a secret address only that.

    Not assessed counts as danger: a flag that is set back recalls too.
    """
    to_school = [kind for kind in catalogue.types.values() if "s2c" in kind.directions]
    match event:
        case events.RelationshipEnded(reason="night_departure"):
            return frozenset(kind.key for kind in to_school if kind.locating)
        case events.SafetyAssessed(state=state) | events.GuardianSafetyAssessed(state=state) if (
            state != "no_known_danger"
        ):
            return frozenset(kind.key for kind in to_school if kind.locating)
        case events.SafetyAssessed(secret_address=True):
            return frozenset(kind.key for kind in to_school if "secret_address_denies" in kind.rules)
        case _:
            return frozenset()


def last_day_to_answer(issued_on: date) -> date:
    """Three working days (Monday to Friday) after the day on which the school was asked."""
    day, left = issued_on, WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day


def open_notices(notices: Iterable[RecallNotice]) -> tuple[RecallNotice, ...]:
    """Those that still ask for an answer."""
    return tuple(one for one in notices if one.answer is None)


def _notice(row: Row[Any]) -> RecallNotice:
    return RecallNotice(
        row.recall,
        row.recall[-6:].upper(),
        TypeKey(row.information_type),
        row.received_on,
        row.answer,
    )
