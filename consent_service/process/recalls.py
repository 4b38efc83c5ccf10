"""Recalls: what told where a family is, and why a school is asked to remove it, told to nobody.

When danger is seen, when it is no longer ruled out, or when a family leaves at night, what was shared
before that may tell where it is is taken back, and the school is asked to remove its copy (S14, S51).
The words are the same whatever the cause, and name no child. That nothing of it is released meanwhile
is `policy`'s, at once; this follows the log.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog, TrailEntry
from consent_service.families.model import Relationship
from consent_service.families.reading import ever_listed, read_relationship, read_relationships
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TenantId, TypeKey
from consent_service.identity.model import SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import OrganisationService, require
from consent_service.policy.service import PolicyService
from consent_service.process.recalls_issuing import issue, last_asked, last_read, notice_from
from consent_service.process.recalls_model import (
    KEPT_REASONS,
    OFFICER_WORKING_DAYS,
    RECALL,
    KeptReason,
    Overdue,
    RecallAnswer,
    RecallNotice,
    act_of,
    last_day_to_answer,
    state_of,
)
from consent_service.process.reevaluation import readers_of, types_for
from consent_service.process.tables import erasure_notices, recalls
from consent_service.process.walk import LogWalk
from consent_service.records.retracting import retract_to_school
from consent_service.records.tables import records
from consent_service.release.read import read_situation

_PICKUP = TypeKey("pickup")


class RecallService:
    """Issue, show, answer."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        policies: PolicyService,
        organisations: OrganisationService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._policies = policies
        self._organisations = organisations
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
            case events.ConsentWithdrawn() | events.ConsentObjected() | events.ConsentRefused():
                await self._withdrawn(conn, tenant, event, entry.at)
                return
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
            rows = [*await self._for(conn, actor), *await self._erased_for(conn, actor)]
        return tuple(notice_from(row) for row in sorted(rows, key=_newest_first))

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
        ground = reason if answer == "kept" else None
        async with self._database.transaction() as conn:
            named = {row.recall: row for row in await self._for(conn, actor)}
            unnamed = {row.recall: row for row in await self._erased_for(conn, actor)}
            row = named.get(recall) or unnamed.get(recall)
            if row is None:
                raise NotFoundError("recall")
            state = state_of(row.answer, row.reason)
            if state == "removed":
                return
            RECALL.after(state, act_of(answer, ground))
            if recall in named:
                await self._acknowledge(conn, actor, row, answer, ground)
            else:
                await self._acknowledge_erasure(conn, actor, recall, answer, ground)

    async def call_first_at(self, actor: SchoolStaff) -> frozenset[RelationshipId]:
        """Where a pick-up list was asked back and none was given since: call first (S51).

        Raises:
            NotAllowedError: not school staff of this shelter's schools.
        """
        self._require(actor)
        kept = records.c
        async with self._database.reading() as conn:
            asked: dict[RelationshipId, datetime] = {}
            for row in reversed(await self._for(conn, actor)):
                if row.information_type == _PICKUP:
                    asked[RelationshipId(row.relationship)] = row.issued_at
            query = select(kept.relationship, kept.written_at).where(
                kept.tenant == actor.tenant,
                kept.relationship.in_(sorted(asked)),
                kept.information_type == _PICKUP,
            )
            given = [(row.relationship, row.written_at) for row in await conn.execute(query)]
        newer = {RelationshipId(place) for place, at in given if at > asked[RelationshipId(place)]}
        return frozenset(asked.keys() - newer)

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
                long = last_day_to_answer(local_date(row.issued_at), OFFICER_WORKING_DAYS) < local_date(now)
                found.append(Overdue(row.recall, about.relationship, about.family, kind, due, long))
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
        read = await last_read(conn, self._log, about, since)
        asked = await last_asked(conn, about)
        for kind in sorted(kinds):
            mine = [one for one in gone if one.information_type == kind]
            seen = read.get(kind)
            if mine or (seen is not None and (kind not in asked or asked[kind] < seen)):
                received = local_date(seen or max(one.written_at for one in mine))
                await issue(
                    conn,
                    self._log,
                    self._clock,
                    about,
                    kind,
                    cause="unsafe",
                    records=len(mine),
                    received_on=received,
                )

    async def _withdrawn(
        self, conn: AsyncConnection, tenant: TenantId, event: events.DecisionEvent, at: datetime
    ) -> None:
        """Ask back what the school read and may not read any more; a no to the gate is about everything.

        What is still allowed by somebody else's yes is not asked back: the policies decide.
        """
        about = await read_relationship(conn, tenant, event.relationship)
        if about is None or about.child not in await self._ring.person_keys(conn, tenant, [about.child]):
            return
        read = await last_read(conn, self._log, about, at + timedelta(milliseconds=1))
        situation = await read_situation(conn, self._ring, tenant, about.relationship) if read else None
        if situation is None:
            return
        rules = await self._policies.rules(situation.active_bundle)
        now = self._clock.now()
        readers = await readers_of(conn, self._organisations, situation, rules.catalogue.terms, now)
        allowed = types_for(situation.known, rules, readers, now=now)
        asked = await last_asked(conn, about)
        gate = event.information_type == rules.catalogue.gate.key
        for kind, seen in sorted(read.items()):
            said = gate or kind == event.information_type
            if said and kind not in allowed and (kind not in asked or asked[kind] < seen):
                await issue(
                    conn,
                    self._log,
                    self._clock,
                    about,
                    kind,
                    cause="withdrawn",
                    records=0,
                    received_on=local_date(seen),
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

    async def _erased_for(self, conn: AsyncConnection, actor: SchoolStaff) -> tuple[Row[Any], ...]:
        """Notices of erasure: they name nobody, so that whoever is contact at the school answers them."""
        if actor.role != "contact":
            return ()
        query = select(erasure_notices).where(
            erasure_notices.c.tenant == actor.tenant, erasure_notices.c.school == actor.school
        )
        return tuple((await conn.execute(query)).all())

    async def _acknowledge_erasure(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff,
        recall: str,
        answer: RecallAnswer,
        reason: KeptReason | None,
    ) -> None:
        """About nobody: the entry tells which notice, and no more."""
        await conn.execute(
            update(erasure_notices)
            .where(erasure_notices.c.tenant == actor.tenant, erasure_notices.c.recall == recall)
            .values(answered_at=self._clock.now(), answered_by=actor.staff, answer=answer, reason=reason)
        )
        event = events.ErasureNoticeAnswered(recall, answer, reason or "")
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=None)

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


def _newest_first(row: Row[Any]) -> tuple[float, str]:
    return -row.issued_at.timestamp(), row.recall
