"""THE exit. `to_school`, `to_shelter`, `children_of_contact`, `preview`: nothing leaves any other way.

    1. load everything in one joined read            4. open, in memory, only what the Permit names
    2. may this actor ask this at all                5. append the entry, guarded by the version row
    3. project the facts, decide                     6. commit before the first byte leaves

Without an entry there is no release. A refusal is a value, is logged, and looks as ordinary as a yes;
a school is told only causes that lie in itself. What the decision makes of the records is `judging`,
the sentences are `wording`, the entries and their guard `entries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import Attachment
from consent_service.audit.log import OFFICER
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    IntegrityError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import EntryId, RelationshipId, is_id
from consent_service.identity.model import ChildActor, Counsellor, GuardianActor, SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Direction, Terms
from consent_service.organisations.service import require
from consent_service.policy.explain import Audience, explain
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Known, active_contacts, assigned_counsellors
from consent_service.policy.recorded import recorded, to_bytes
from consent_service.records.model import OpenedRecord
from consent_service.records.opening import open_records, type_keys_for
from consent_service.release.door import TRIES
from consent_service.release.entries import (
    Told,
    duties,
    emergencies,
    failed_event,
    guard,
    is_untold,
    refused,
    released,
    released_event,
    unlisted_event,
)
from consent_service.release.exits import Exits
from consent_service.release.judging import (
    Judged,
    asked_types,
    best_askings,
    for_reader,
    judged,
    urgent_line,
    urgent_purpose,
    urgent_types,
)
from consent_service.release.model import Ask as Ask
from consent_service.release.model import ChildLine, Refused, Released, TypePreview, UrgentLine
from consent_service.release.read import Situation, was_ever_listed
from consent_service.release.showing import child_of, only, require_shown, viewer_of, worded
from consent_service.release.wording import preview_line


class ReleaseService(Exits):
    """Every exit."""

    async def to_school(self, actor: SchoolStaff, ask: Ask) -> Released | Refused:
        """What the shelter shared with this member of school staff for this purpose.

        Who never stood on the list of this child is answered as if there were no such child: with the same
        statements, and the same entry for the officer. Who left the list gets a refusal.

        Raises:
            NotFoundError: no such relationship, or never on its list; or the child was erased.
            NotAllowedError: once on the list of a child that another school now goes on with.
            IntegrityError: something was tampered with or damaged; logged as a refusal.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        reader = Reader("school", actor.staff, actor.role)
        await self._require_ever_listed(actor, reader, ask)
        return await self._release(actor, reader, ask, "s2c", audience="school")

    async def to_shelter(self, actor: Counsellor, ask: Ask) -> Released | Refused:
        """What the school shared with this counsellor for this purpose.

        Raises:
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: no such relationship, or the child was erased.
            IntegrityError: something was tampered with or damaged; logged as a refusal.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        reader = Reader("shelter", actor.staff, "counsellor")
        return await self._release(actor, reader, ask, "c2s", audience="counsellor")

    async def to_phone(self, actor: Counsellor, ask: Ask) -> Released | Refused:
        """What this counsellor may say to the school by phone now: the decision a contact there would get.

        For a school without an account, and for who calls (S48). It is judged for a contact who reads now;
        the log says that it went by phone, and the counsellor who opened it.

        Raises:
            InputError: nobody is contact there now, so there is nobody to say it to.
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: no such relationship, or the child was erased.
            IntegrityError: something was tampered with or damaged; logged as a refusal.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        for _ in range(TRIES):
            self._refuse_while_stopping(actor.tenant, ask.relationship)
            async with self._database.reading() as conn:
                situation = await self._situation(conn, actor.tenant, ask.relationship)
                await self._require(conn, actor, situation, Action.CALL_SCHOOL, "s2c")
            situation = await self._renewed(situation)
            rules = await self._policies.in_force(situation.active_bundle)
            asked = asked_types(rules.catalogue, ask.purpose, "s2c")
            async with self._database.reading() as conn:
                readers = await self._readers(conn, situation.known, rules.catalogue.terms, "s2c")
            if not readers:
                raise InputError([Problem("contact", "call_no_contact")])
            reader = max(readers, key=lambda one: one.role == "contact")
            judgement = judged(situation, rules, reader, ask.purpose, asked=asked, now=self._clock.now())
            by_phone = Reader("school", reader.id, "phone")
            answer = await self._answer(actor, by_phone, ask, judgement, "counsellor")
            if answer is not None:
                return answer
        raise ConflictError("the situation keeps changing")

    async def children_of_contact(
        self, actor: SchoolStaff, relationships: Sequence[RelationshipId]
    ) -> tuple[ChildLine, ...]:
        """The children this contact may know about: the gate type decides, child by child (S45).

        Each child shown is one entry; a child that may not be known is not in the list and not counted.

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        reader = Reader("school", actor.staff, actor.role)
        lines = [await self._child_line(actor, reader, relationship) for relationship in relationships]
        known = (line for line in lines if line is not None)
        return tuple(sorted(known, key=lambda line: (line.full_name, line.birth_date, line.child)))

    async def urgent_of_contact(
        self, actor: SchoolStaff, relationships: Sequence[RelationshipId]
    ) -> tuple[UrgentLine, ...]:
        """What this contact may read now because a life may depend on it, with the child it is about (S29).

        Also of a child nobody said yes about. Each line is an entry; the item is asked with `to_school`.

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        reader = Reader("school", actor.staff, actor.role)
        lines = [await self._urgent_line(actor, reader, relationship) for relationship in relationships]
        return tuple(line for line in lines if line is not None)

    async def preview(
        self,
        actor: GuardianActor | ChildActor | Counsellor,
        relationship: RelationshipId,
        *,
        language: str,
        way: Direction = "s2c",
    ) -> tuple[TypePreview, ...]:
        """What the other side would get now, per type, by the very decision a request of theirs would get.

        `s2c`: a contact of the school asks; `c2s`: a counsellor who is with the family now asks.

        With until when that holds and what would change it. Opens nothing. A guardian who is not in danger,
        and a child, read of no other choice than their own.

        Raises:
            NotAllowedError: not one's own family; of a child: not its own school.
            NotFoundError: no such relationship, the child was erased, or this guardian is answered by a
                person (S46).
        """
        now = self._clock.now()
        async with self._database.reading() as conn:
            situation = await self._situation(conn, actor.tenant, relationship)
            rules = await self._policies.in_force(situation.active_bundle)
            await self._require(conn, actor, situation, Action.SEE_OWN_PAGE, way)
            require_shown(actor, situation.known, local_date(now))
            readers = await self._readers(conn, situation.known, rules.catalogue.terms, way)
        viewer, known = viewer_of(actor, situation.known, language)
        lines = {
            key: preview_line(explained)
            for asking in best_askings(known, rules, readers, way=way, now=now)
            for key, explained in explain(rules, known, asking, viewer, now=now).items()
        }
        return tuple(lines[key] for key in rules.catalogue.types if key in lines)

    async def _readers(
        self, conn: AsyncConnection, known: Known, terms: Terms, way: Direction
    ) -> list[Reader]:
        """Who could ask for something that goes this way, now."""
        now = self._clock.now()
        if way == "c2s":
            return [Reader("shelter", who, "counsellor") for who in sorted(assigned_counsellors(known, now))]
        tenant, listed = known.relationship.tenant, active_contacts(known, terms, now)
        members = await self._organisations.staff_members(conn, tenant, listed)
        return [Reader("school", member.staff, member.role or "contact") for member in members]

    # --- the walk ----------------------------------------------------------------------------

    async def _release(
        self,
        actor: SchoolStaff | Counsellor,
        reader: Reader,
        ask: Ask,
        direction: Direction,
        *,
        audience: Audience,
    ) -> Released | Refused:
        for _ in range(TRIES):
            self._refuse_while_stopping(actor.tenant, ask.relationship)
            judgement = await self._judge(actor, reader, ask, direction)
            answer = await self._answer(actor, reader, ask, judgement, audience)
            if answer is not None:
                return answer
        raise ConflictError("the situation keeps changing")

    async def _judge(
        self, actor: SchoolStaff | Counsellor, reader: Reader, ask: Ask, direction: Direction
    ) -> Judged:
        async with self._database.reading() as conn:
            situation = await self._situation(conn, actor.tenant, ask.relationship)  # 1
            await self._require(conn, actor, situation, Action.ASK_RELEASE, direction)  # 2
        situation = await self._renewed(situation)
        rules = await self._policies.in_force(situation.active_bundle)
        asked = asked_types(rules.catalogue, ask.purpose, direction)
        if ask.basis == "vital_interest":
            asked = urgent_types(situation, rules.catalogue)
        now = self._clock.now()
        return judged(situation, rules, reader, ask.purpose, asked=asked, now=now, basis=ask.basis)  # 3

    async def _answer(
        self,
        actor: SchoolStaff | Counsellor,
        reader: Reader,
        ask: Ask,
        judgement: Judged,
        audience: Audience,
    ) -> Released | Refused | None:
        """None when somebody acted in between and everything must be read again."""
        try:
            async with self._database.transaction() as conn:
                await self._require_living_log(conn, actor.tenant)
                opened = self._open(judgement)  # 4
                shown = only(judgement, opened)
                entry = await self._append(conn, actor, reader, ask, shown)  # 5
                if entry is None:
                    return None
                self._refuse_while_stopping(actor.tenant, ask.relationship)
        except IntegrityError as failure:
            event = failed_event(judgement, reader, ask.purpose, failure.code)
            told = Told(event, judgement.situation.known.relationship.child, hidden=True)
            async with self._database.transaction() as conn:
                await self._log_entry(conn, actor, judgement, told)
            raise
        return worded(ask, judgement, entry, opened, audience)  # 6: committed

    async def _child_line(
        self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId
    ) -> ChildLine | None:
        for _ in range(TRIES):
            self._refuse_while_stopping(actor.tenant, relationship)
            try:
                judgement = await self._judge_gate(actor, reader, relationship)
            except NotFoundError:
                return None
            if judgement.permit is None:
                return None
            event = released_event(judgement, reader, "contact", types=tuple(judgement.permit.types))
            async with self._database.transaction() as conn:
                await self._require_living_log(conn, actor.tenant)
                told = Told(event, judgement.situation.known.relationship.child)
                logged = await self._log_entry(conn, actor, judgement, told, guarded=True)
                await self._log_duties(conn, actor, judgement, told, logged)
                self._refuse_while_stopping(actor.tenant, relationship)
            if logged is not None:
                return child_of(judgement.situation)
        raise ConflictError("the situation keeps changing")

    async def _urgent_line(
        self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId
    ) -> UrgentLine | None:
        """Nothing is written where no break-glass runs: that is so for nearly every child."""
        for _ in range(TRIES):
            self._refuse_while_stopping(actor.tenant, relationship)
            try:
                judgement = await self._judge_urgent(actor, reader, relationship)
            except NotFoundError:
                return None
            if judgement is None or judgement.permit is None:
                return None
            event = released_event(
                judgement, reader, judgement.permit.purpose, types=tuple(judgement.permit.types)
            )
            async with self._database.transaction() as conn:
                await self._require_living_log(conn, actor.tenant)
                told = Told(event, judgement.situation.known.relationship.child, hidden=is_untold(judgement))
                logged = await self._log_entry(conn, actor, judgement, told, guarded=True)
                await self._log_duties(conn, actor, judgement, told, logged)
                self._refuse_while_stopping(actor.tenant, relationship)
            if logged is not None:
                return urgent_line(child_of(judgement.situation), judgement)
        raise ConflictError("the situation keeps changing")

    async def _judge_urgent(
        self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId
    ) -> Judged | None:
        async with self._database.reading() as conn:
            situation = await self._situation(conn, actor.tenant, relationship)
            await self._require(conn, actor, situation, Action.ASK_RELEASE, "s2c")
        situation = await self._renewed(situation)
        if situation.urgent is None:
            return None
        rules = await self._policies.in_force(situation.active_bundle)
        kind = rules.catalogue.types.get(situation.urgent.facts.information_type)
        if kind is None:
            return None
        asked = urgent_types(situation, rules.catalogue)
        answer = judged(
            situation, rules, reader, urgent_purpose(kind), asked=asked, now=self._clock.now(),
            basis="vital_interest",
        )  # fmt: skip
        return msgspec.structs.replace(answer, to_open=())

    async def _judge_gate(self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId) -> Judged:
        """Whether this reader may know that the family is being helped; see `door`."""
        async with self._database.reading() as conn:
            situation = await self._situation(conn, actor.tenant, relationship)
            await self._require(conn, actor, situation, Action.ASK_RELEASE, "s2c")
        return await self._at_the_gate(await self._renewed(situation), reader)

    # --- steps -------------------------------------------------------------------------------

    async def _require_ever_listed(self, actor: SchoolStaff, reader: Reader, ask: Ask) -> None:
        """Nobody learns from an answer that a child is here; that somebody tried is for the officer."""
        if not is_id(ask.relationship):
            raise NotFoundError("relationship")
        async with self._database.reading() as conn:
            listed = await was_ever_listed(conn, actor.tenant, ask.relationship, actor.staff)
        if listed:
            return
        event = unlisted_event(reader, ask, self._policies.proposal.catalogue.gate.key)
        async with self._database.transaction() as conn:
            await self._require_living_log(conn, actor.tenant)
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=event,
                by=by(actor),
                subject=None,
                relationship=event.relationship,
            )
        raise NotFoundError("relationship")

    async def _require(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor | GuardianActor | ChildActor,
        situation: Situation,
        action: Action,
        direction: Direction,
    ) -> None:
        about = situation.known.relationship
        match actor:
            case SchoolStaff():
                facts = Circumstances(tenant=about.tenant, school=about.school, way=direction)
            case Counsellor():
                assigned = await self._organisations.is_assigned(conn, actor, about.family)
                facts = Circumstances(
                    tenant=about.tenant, family=about.family, way=direction, assigned=assigned
                )
                action = Action.VIEW_FAMILY if action is Action.SEE_OWN_PAGE else action
            case GuardianActor():
                facts = Circumstances(
                    tenant=about.tenant, family=about.family, person=actor.guardian, way=direction
                )
            case ChildActor():
                facts = Circumstances(tenant=about.tenant, family=about.family, person=about.child)
            case _:
                assert_never(actor)
        require(actor, action, facts)

    async def _append(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor,
        reader: Reader,
        ask: Ask,
        judgement: Judged,
    ) -> EntryId | None:
        """Entries per data subject, each with the duties it gives, and one for what is refused.

        The guard of the first holds them all, and the decision is recorded with the first.
        """
        unavailable = refused(judgement, reader, ask.purpose)
        told = (*released(judgement, reader, ask.purpose), *([unavailable] if unavailable else []))
        first = await self._log_entry(conn, actor, judgement, told[0], guarded=True)
        if first is not None:
            await self._log_duties(conn, actor, judgement, told[0], first)
            for another in told[1:]:
                entry = await self._log_entry(conn, actor, judgement, another)
                await self._log_duties(conn, actor, judgement, another, entry)
        return first

    async def _log_duties(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor,
        judgement: Judged,
        told: Told,
        entry: EntryId | None,
    ) -> None:
        """What has to be done because of an entry stands in the log when that entry does."""
        if entry is not None:
            for duty in (*emergencies(judgement, told, entry), *duties(judgement, told, entry)):
                await self._log_entry(conn, actor, judgement, duty)

    async def _log_entry(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor,
        judgement: Judged,
        told: Told,
        *,
        guarded: bool = False,
    ) -> EntryId | None:
        about = judgement.situation.known.relationship
        return await self._log.append(
            conn,
            tenant=about.tenant,
            event=told.event,
            by=by(actor),
            subject=told.subject,
            tagged_for=OFFICER if told.hidden else None,
            relationship=about.relationship,
            bundle=judgement.rules.bundle.hash,
            guard=guard(judgement, self._clock.now()) if guarded else None,
            attachment=Attachment(about.child, to_bytes(recorded(judgement.decision))) if guarded else None,
        )

    def _open(self, judgement: Judged) -> tuple[OpenedRecord, ...]:
        """4. Everything the permit names is checked against its digest; what is due is kept."""
        situation = judgement.situation
        if judgement.permit is None or situation.key is None:
            return ()
        keys = type_keys_for(self._ring, judgement.permit, situation.key)
        opened = open_records(keys, situation.records, situation.digests)
        due = {one.record for one in judgement.to_open}
        kept = (one for one in opened if one.record in due)
        return for_reader(judgement.rules.catalogue, kept, judgement.permit)
