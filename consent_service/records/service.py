"""The one door to write, for both directions: from shelter to school and from school to shelter.

Consent is asked of `policy` before anything is sealed; whether a reader gets it is decided again, by
`release`, at the moment of reading.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

import msgspec
from sqlalchemy import ColumnElement, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.details import Attachment
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.model import Relationship
from consent_service.families.reading import read_relationship
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    LogUnavailableError,
    NotFoundError,
    Problem,
    StopsPendingError,
)
from consent_service.foundation.ids import (
    EntryId,
    PersonId,
    RecordId,
    RelationshipId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Counsellor, SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.content import attested_in
from consent_service.information.model import Direction, ForSchoolDays, InformationType
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import relationship_keys
from consent_service.organisations.looking import tenant_in
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import OrganisationService, require
from consent_service.policy.decision import Decision, decide
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Known, active_contacts, question_for
from consent_service.policy.recorded import recorded, to_bytes
from consent_service.policy.rules import Rules
from consent_service.policy.service import PolicyService
from consent_service.records.along import Along as Along
from consent_service.records.fitting import Note as Note
from consent_service.records.fitting import Writer, require_fit
from consent_service.records.model import SealedRecord, Shared, ShareRefused, WrittenRecord, expires
from consent_service.records.reading import read_known, read_records, read_written, record_from
from consent_service.records.sealing import digest_of, seal_content
from consent_service.records.tables import record_digests, records


class RecordService:
    """Write, replace and approve records."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        organisations: OrganisationService,
        policies: PolicyService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._journal = journal
        self._organisations = organisations
        self._policies = policies

    async def share(
        self, actor: Writer, relationship: RelationshipId, note: Note, *, along: Along | None = None
    ) -> Shared | ShareRefused:
        """Write something for the other side to read; what is done `along` with it stands or falls with it.

        1. who may ask  2. is the content fit to be sealed  3. may it be shared  4. seal and write
        5. entry  6. commit. A refusal is logged and returned, never raised.

        Raises:
            NotAllowedError: the permission table has no row for this.
            InputError: every problem with the fields, at once; nothing was sealed. Also what is kept for some
                school days and comes without its process, which alone knows the school's calendar (`Along`).
            ConflictError: other rules came into force at this moment; nothing was written.
            UnavailableError: keys, log or database are away, or a stop is not replayed yet.
        """
        if self._journal.concerning(actor.tenant, relationship):
            raise StopsPendingError("a stop is being carried out")
        direction: Direction = "s2c" if isinstance(actor, Counsellor) else "c2s"
        async with self._database.transaction() as conn:
            rules = await self._policies.active_rules(conn, actor.tenant)
            kind = rules.catalogue.types.get(note.information_type)
            about = await read_relationship(conn, actor.tenant, relationship)
            if kind is None or about is None:
                raise NotFoundError("relationship")
            known, children = await read_known(conn, self._ring, self._organisations, about)
            await self._require(conn, actor, known, direction)  # 1
            shelter = (await tenant_in(conn, actor.tenant)).name
            today = local_date(self._clock.now())
            require_fit(actor, kind, note, known, children=children, organisation=shelter, today=today)  # 2
            owned = _with_owner(known, kind, note.about)
            decision = self._decide(rules, owned, actor, kind, note)  # 3
            if decision.permit is None:
                return await self._refused(conn, actor, about, direction, decision)
            _require_process(kind, along)
            shared = await self._write(conn, actor, about, kind, note, decision, along)  # 4, 5
            if along is not None:
                await along.do(conn, shared)
            return shared

    async def approve(self, actor: Counsellor, relationship: RelationshipId, record: RecordId) -> None:
        """A second person approves what a colleague wrote; only then can it be released.

        Raises:
            NotFoundError: no such record waiting.
            InputError: one cannot approve one's own writing.
        """
        async with self._database.transaction() as conn:
            about = await read_relationship(conn, actor.tenant, relationship)
            facts = Circumstances(tenant=actor.tenant, family=None if about is None else about.family)
            require(actor, Action.APPROVE_RECORD, facts)
            rules = await self._policies.active_rules(conn, actor.tenant)
            await raise_relationship(conn, actor.tenant, relationship, self._clock.now())
            waiting = await _waiting_record(conn, actor.tenant, relationship, record)
            if about is None or waiting is None:
                raise NotFoundError("record")
            if not rules.catalogue.types[waiting.information_type].second_approver:
                raise NotFoundError("record")
            if waiting.author == actor.staff:
                raise InputError([Problem("record", "approve_own")])
            await conn.execute(
                update(records)
                .where(_place(actor.tenant, relationship, record))
                .values(approved_by=actor.staff)
            )
            kind = waiting.information_type
            digest = await write_digest(conn, self._ring, actor.tenant, relationship, kind)
            event = events.RecordApproved(relationship, record, waiting.version, kind, digest.hex())
            await self._log_entry(conn, actor, about, event, hidden=True)

    async def retract(self, actor: Writer, relationship: RelationshipId, record: RecordId) -> None:
        """Take back what one's own side wrote: nobody reads it from now on.

        A mistake must be mendable at once, so no policy is asked; what was read before stays logged.

        Raises:
            NotAllowedError: not with this family, or not an active contact.
            NotFoundError: no such record of one's own side.
        """
        direction: Direction = "s2c" if isinstance(actor, Counsellor) else "c2s"
        async with self._database.transaction() as conn:
            about = await read_relationship(conn, actor.tenant, relationship)
            if about is None:
                raise NotFoundError("relationship")
            known, _ = await read_known(conn, self._ring, self._organisations, about)
            await self._require(conn, actor, known, direction)
            await raise_relationship(conn, actor.tenant, relationship, self._clock.now())
            gone = await conn.execute(
                delete(records)
                .where(_place(actor.tenant, relationship, record), records.c.direction == direction)
                .returning(records.c.version, records.c.information_type, records.c.about)
            )
            row = gone.first()
            if row is None:
                raise NotFoundError("record")
            kind = TypeKey(row.information_type)
            digest = await write_digest(conn, self._ring, actor.tenant, relationship, kind)
            event = events.RecordRetracted(relationship, record, row.version, kind, digest.hex())
            await self._log_entry(conn, actor, about, event, subject=row.about)

    async def written(self, actor: Writer, relationship: RelationshipId) -> tuple[WrittenRecord, ...]:
        """What the actor's own side wrote here, newest first; for whoever may write here.

        Raises:
            NotAllowedError: not with this family, or not an active contact.
            NotFoundError: no such relationship, or the child was erased.
        """
        direction: Direction = "s2c" if isinstance(actor, Counsellor) else "c2s"
        async with self._database.reading() as conn:
            about = await read_relationship(conn, actor.tenant, relationship)
            if about is None:
                raise NotFoundError("relationship")
            known, _ = await read_known(conn, self._ring, self._organisations, about)
            await self._require(conn, actor, known, direction)
            own = records.c.direction == direction
            return await read_written(conn, actor.tenant, records.c.relationship == relationship, own)

    async def awaiting_approval(self, actor: Counsellor) -> tuple[WrittenRecord, ...]:
        """What colleagues wrote that a second person must approve, newest first; nothing destroyed."""
        require(actor, Action.APPROVE_RECORD, Circumstances(tenant=actor.tenant))
        living = select(relationship_keys.c.relationship).where(relationship_keys.c.tenant == actor.tenant)
        async with self._database.reading() as conn:
            rules = await self._policies.active_rules(conn, actor.tenant)
            kinds = [kind.key for kind in rules.catalogue.types.values() if kind.second_approver]
            return await read_written(
                conn,
                actor.tenant,
                records.c.information_type.in_(kinds),
                records.c.approved_by.is_(None),
                records.c.author != actor.staff,
                records.c.relationship.in_(living),
            )

    # --- parts -------------------------------------------------------------------------------

    async def _require(
        self, conn: AsyncConnection, actor: Writer, known: Known, direction: Direction
    ) -> None:
        match actor:
            case Counsellor():
                facts = Circumstances(
                    tenant=actor.tenant,
                    family=known.relationship.family,
                    way=direction,
                    assigned=await self._organisations.is_assigned(conn, actor, known.relationship.family),
                )
            case SchoolStaff():
                terms = self._policies.proposal.catalogue.terms
                facts = Circumstances(
                    tenant=actor.tenant,
                    school=known.relationship.school,
                    way=direction,
                    active_contact=actor.staff in active_contacts(known, terms, self._clock.now()),
                )
            case _:
                assert_never(actor)
        require(actor, Action.SHARE_RECORD, facts)

    async def _refused(
        self,
        conn: AsyncConnection,
        actor: Writer,
        about: Relationship,
        direction: Direction,
        decision: Decision,
    ) -> ShareRefused:
        (refusal,) = decision.refusals
        event = events.RecordShareRefused(
            about.relationship, refusal.type, direction, refusal.code, refusal.determining
        )
        entry = await self._log_entry(
            conn, actor, about, event, decision.bundle, hidden=True, decision=decision
        )
        return ShareRefused(refusal.type, refusal.code, entry)

    def _decide(
        self, rules: Rules, known: Known, actor: Writer, kind: InformationType, note: Note
    ) -> Decision:
        now = self._clock.now()
        direction: Direction = "s2c" if isinstance(actor, Counsellor) else "c2s"
        question = question_for(
            known,
            rules.catalogue,
            action="share",
            reader=_reader(actor),
            purpose=kind.purposes[0],
            asked=[(kind.key, direction)],
            now=now,
            emergency="only" if _is_for_emergencies(kind, note) else "never",
        )
        return decide(rules.bundle, question, now=now)

    async def _write(
        self,
        conn: AsyncConnection,
        actor: Writer,
        about: Relationship,
        kind: InformationType,
        note: Note,
        decision: Decision,
        along: Along | None,
    ) -> Shared:
        """The version row is raised first: its lock makes writers of one relationship take turns.

        Two that compute the digest side by side would each leave the other's record out of it. A switch of
        the rules takes the same lock, so after it the rules that decided must still be in force.
        """
        await raise_relationship(conn, about.tenant, about.relationship, self._clock.now())
        if (await self._policies.active_rules(conn, about.tenant)).bundle.hash != decision.bundle:
            raise ConflictError("other rules came into force meanwhile")
        direction: Direction = "s2c" if isinstance(actor, Counsellor) else "c2s"
        record, version = await self._next_version(conn, actor, about, note)
        await self._insert(conn, actor, about, kind, note, (record, version, direction), along)
        digest = await write_digest(conn, self._ring, about.tenant, about.relationship, kind.key)
        event = events.RecordShared(about.relationship, record, version, kind.key, direction, digest.hex())
        owner = note.about if kind.decided_by == "own_guardian" else None
        entry = await self._log_entry(
            conn,
            actor,
            about,
            event,
            decision.bundle,
            subject=owner,
            hidden=kind.level == "A10",
            decision=decision,
        )
        attested = attested_in(kind, note.fields, note.attested)
        if attested:
            declared = events.RecordAttested(about.relationship, record, version, kind.key, attested)
            await self._log_entry(conn, actor, about, declared, decision.bundle, subject=owner, hidden=True)
        return Shared(record, version, entry, needs_approval=kind.second_approver)

    async def _insert(
        self,
        conn: AsyncConnection,
        actor: Writer,
        about: Relationship,
        kind: InformationType,
        note: Note,
        place: tuple[RecordId, int, Direction],
        along: Along | None,
    ) -> None:
        record, version, direction = place
        now = self._clock.now()
        key = await self._ring.sealing_key(conn, about.tenant, about.relationship)
        await conn.execute(
            insert(records).values(
                tenant=about.tenant,
                relationship=about.relationship,
                record=record,
                information_type=kind.key,
                direction=direction,
                version=version,
                author=actor.staff,
                about=note.about if kind.decided_by == "own_guardian" else None,
                approved_by=None,
                written_at=now,
                expires_at=_kept_until(kind, note, now, along),
                envelope=seal_content(
                    self._ring,
                    key,
                    information_type=kind.key,
                    record=record,
                    version=version,
                    fields=note.fields,
                ),
            )
        )

    async def _log_entry(
        self,
        conn: AsyncConnection,
        actor: Writer,
        about: Relationship,
        event: events.Event,
        bundle: str = "",
        *,
        subject: PersonId | None = None,
        hidden: bool = False,
        decision: Decision | None = None,
    ) -> EntryId:
        """About the child unless a guardian is the `subject`; `hidden` from every guardian's view key.

        With a `decision` it is recorded beside the entry.
        """
        entry = await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=by(actor),
            subject=subject or about.child,
            tagged_for=OFFICER if hidden else None,
            relationship=about.relationship,
            bundle=bundle,
            attachment=Attachment(about.child, to_bytes(recorded(decision))) if decision else None,
        )
        if entry is None:
            raise LogUnavailableError("the log took no entry")
        return entry

    async def _next_version(
        self, conn: AsyncConnection, actor: Writer, about: Relationship, note: Note
    ) -> tuple[RecordId, int]:
        """A fresh record, or the earlier one taken out to make place for its next version."""
        if note.record is None:
            return RecordId(new_id()), 1
        removed = await conn.execute(
            delete(records)
            .where(
                _place(about.tenant, about.relationship, note.record),
                records.c.information_type == note.information_type,
                records.c.author == actor.staff,
            )
            .returning(records.c.version)
        )
        earlier: int | None = removed.scalar_one_or_none()
        if earlier is None:
            raise NotFoundError("record")
        return note.record, earlier + 1


async def write_digest(
    conn: AsyncConnection,
    ring: KeyRing,
    tenant: TenantId,
    relationship: RelationshipId,
    information_type: TypeKey,
) -> bytes:
    """Store the digest over the current records of one type; part of every act that changes them."""
    key = await ring.relationship_key(conn, tenant, relationship)
    current = await read_records(conn, tenant, relationship, information_type)
    digest = digest_of(ring, key, information_type, current)
    place = (
        (record_digests.c.tenant == tenant)
        & (record_digests.c.relationship == relationship)
        & (record_digests.c.information_type == information_type)
    )
    changed = await conn.execute(update(record_digests).where(place).values(digest=digest))
    if changed.rowcount == 0:
        await conn.execute(
            insert(record_digests).values(
                tenant=tenant,
                relationship=relationship,
                information_type=information_type,
                digest=digest,
            )
        )
    return digest


def _kept_until(kind: InformationType, note: Note, now: datetime, along: Along | None) -> datetime | None:
    """By the school's own calendar, where somebody knows it."""
    if along is not None and isinstance(kind.retention, ForSchoolDays):
        return along.until
    return expires(kind, dict(note.fields), now)


def _require_process(kind: InformationType, along: Along | None) -> None:
    """What is kept for school days is written by the process that counts them and sees it is heard.

    Raises:
        InputError: it came another way.
    """
    if along is None and isinstance(kind.retention, ForSchoolDays):
        raise InputError([Problem("information_type", "signal_page_only")])


def _is_for_emergencies(kind: InformationType, note: Note) -> bool:
    """Only fields of the emergency part are filled, so that only that part is decided on."""
    filled = {name for name, value in note.fields.items() if value.strip()}
    return bool(filled) and filled <= {spec.name for spec in kind.fields if spec.part == "emergency"}


def _with_owner(known: Known, kind: InformationType, about: PersonId | None) -> Known:
    """Of a type that only the guardian it is about decides on, the yes that counts is that one's."""
    if kind.decided_by != "own_guardian" or about is None:
        return known
    return msgspec.structs.replace(known, owners={kind.key: frozenset({about})})


async def _waiting_record(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, record: RecordId
) -> SealedRecord | None:
    query = select(records).where(_place(tenant, relationship, record), records.c.approved_by.is_(None))
    row = (await conn.execute(query)).first()
    return None if row is None else record_from(row)


def _place(tenant: str, relationship: str, record: str) -> ColumnElement[bool]:
    return and_(
        records.c.tenant == tenant,
        records.c.relationship == relationship,
        records.c.record == record,
    )


def _reader(actor: Writer) -> Reader:
    match actor:
        case Counsellor():
            return Reader("shelter", actor.staff, "counsellor")
        case SchoolStaff():
            return Reader("school", actor.staff, actor.role)
        case _:
            assert_never(actor)
