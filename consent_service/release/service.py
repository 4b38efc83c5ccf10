"""THE exit. `to_school`, `to_shelter`, `preview` and the lists of `lists`: nothing leaves any other way.

    1. load everything in one joined read            4. open, in memory, only what the Permit names
    2. may this actor ask this at all                5. append the entry, guarded by the version row
    3. project the facts, decide                     6. commit before the first byte leaves

Without an entry there is no release. A refusal is a value, is logged, and looks as ordinary as a yes;
a school is told only causes that lie in itself. What the decision makes of the records is `judging`,
the sentences are `wording`, the entries and their guard `entries`.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

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
from consent_service.identity.permissions import Action
from consent_service.information.model import Direction, Terms
from consent_service.policy.explain import Audience, explain
from consent_service.policy.facts import Reader
from consent_service.policy.projection import Known, active_contacts, assigned_counsellors
from consent_service.records.model import OpenedRecord
from consent_service.records.opening import open_records, type_keys_for
from consent_service.release.door import TRIES
from consent_service.release.entries import (
    NEVER_LISTED,
    Told,
    failed_event,
    refused,
    released,
    unlisted_event,
)
from consent_service.release.held import HeldRecords
from consent_service.release.judging import (
    Judged,
    asked_types,
    best_askings,
    for_reader,
    judged,
    urgent_types,
)
from consent_service.release.model import Ask as Ask
from consent_service.release.model import Refused, Released, TypePreview
from consent_service.release.read import was_ever_listed
from consent_service.release.showing import only, require_shown, viewer_of, worded
from consent_service.release.starting import NOT_CONFIRMED, open_before
from consent_service.release.wording import preview_line


class ReleaseService(HeldRecords):
    """Every exit."""

    async def to_school(self, actor: SchoolStaff, ask: Ask) -> Released | Refused:
        """What the shelter shared with this member of school staff for this purpose.

        Who never stood on the list of this child is answered as if there were no such child: with the same
        statements, and the same entry for the officer. Who left the list gets a refusal.

        Raises:
            NotFoundError: no such relationship, or never on its list; or the child was erased; or nobody
                there confirmed the pupil yet, and what is asked is no care signal (S49).
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
            if judgement is None:
                await self._refuse_unknown(actor, reader, ask, NOT_CONFIRMED)
                raise NotFoundError("relationship")
            answer = await self._answer(actor, reader, ask, judgement, audience)
            if answer is not None:
                return answer
        raise ConflictError("the situation keeps changing")

    async def _judge(
        self, actor: SchoolStaff | Counsellor, reader: Reader, ask: Ask, direction: Direction
    ) -> Judged | None:
        """None where a school asks about a pupil whom nobody there confirmed (`starting`)."""
        async with self._database.reading() as conn:
            situation = await self._situation(conn, actor.tenant, ask.relationship)  # 1
            await self._require(conn, actor, situation, Action.ASK_RELEASE, direction)  # 2
        situation = await self._renewed(situation)
        rules = await self._policies.in_force(situation.active_bundle)
        asked = asked_types(rules.catalogue, ask.purpose, direction, only=ask.only)
        if ask.basis == "vital_interest":
            asked = urgent_types(situation, rules.catalogue)
        now = self._clock.now()
        if reader.kind == "school" and ask.basis == "consent":
            asked = open_before(situation, asked, now)
            if not asked:
                return None
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

    # --- steps -------------------------------------------------------------------------------

    async def _require_ever_listed(self, actor: SchoolStaff, reader: Reader, ask: Ask) -> None:
        """Nobody learns from an answer that a child is here; that somebody tried is for the officer."""
        if not is_id(ask.relationship):
            raise NotFoundError("relationship")
        async with self._database.reading() as conn:
            listed = await was_ever_listed(conn, actor.tenant, ask.relationship, actor.staff)
        if not listed:
            await self._refuse_unknown(actor, reader, ask, NEVER_LISTED)
            raise NotFoundError("relationship")

    async def _refuse_unknown(
        self, actor: SchoolStaff | Counsellor, reader: Reader, ask: Ask, code: str
    ) -> None:
        """The entry of somebody who is answered as if there were no such child."""
        event = unlisted_event(reader, ask, self._policies.proposal.catalogue.gate.key, code)
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
