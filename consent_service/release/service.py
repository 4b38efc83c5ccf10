"""THE exit. `to_school`, `to_shelter`, `children_of_contact`, `preview`: nothing leaves any other way.

    1. load everything in one joined read            4. append the entry, guarded by the version row
    2. may this actor ask this at all                5. open only what the Permit names
    3. project the facts, decide                     6. commit before the first byte leaves

Without an entry there is no release. A refusal is a value, is logged, and looks as ordinary as a yes;
a school is told only causes that lie in itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, assert_never

import msgspec
from sqlalchemy import Select, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    IntegrityError,
    KeyDestroyedError,
    LogUnavailableError,
    NotFoundError,
    StopsPendingError,
)
from consent_service.foundation.i18n import N_, translator
from consent_service.foundation.ids import EntryId, RelationshipId, TypeKey
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Counsellor, GuardianActor, SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue, Direction, Purpose
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import set_next_change
from consent_service.organisations.service import OrganisationService, require
from consent_service.organisations.tables import relationship_state
from consent_service.policy.decision import Permit, Preview, Refusal, decide, preview
from consent_service.policy.explain import Audience, sentence
from consent_service.policy.facts import Question, Reader
from consent_service.policy.projection import (
    Asked,
    active_contacts,
    next_change,
    owners_with_yes,
    question_for,
)
from consent_service.policy.service import PolicyService, Rules
from consent_service.policy.tables import active_bundles
from consent_service.records.model import OpenedRecord, SealedRecord
from consent_service.records.opening import open_records
from consent_service.release.model import ChildLine, RefusedLine, Refused, Released, TypePreview
from consent_service.release.read import Situation, read_situation

OLDEST_PENDING_SECONDS = 60
"""Entries waiting longer than this for their place in the log mean that nothing is released."""
_TRIES = 3
_NOTHING_THERE = "nothing_there"
NOTHING_SHARED = N_("Hier is nog niets gedeeld.")


class _Judged(msgspec.Struct, frozen=True):
    """One decision on one situation, with what may be opened and what is refused."""

    situation: Situation
    rules: Rules
    permit: Permit | None
    refusals: tuple[Refusal, ...]
    to_open: tuple[SealedRecord, ...]


class Ask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a reader asks: about which child at which school, why, and in which language to answer."""

    relationship: RelationshipId
    purpose: Purpose
    language: str = "nl"


class ReleaseService:
    """Every exit."""

    def __init__(  # noqa: PLR0913 - the one place where these meet
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

    async def to_school(self, actor: SchoolStaff, ask: Ask) -> Released | Refused:
        """What the shelter shared with this member of school staff for this purpose.

        Raises:
            NotAllowedError: not the actor's school.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        reader = Reader("school", actor.staff, actor.role)
        return await self._release(actor, reader, ask, "s2c", audience="school")

    async def to_shelter(self, actor: Counsellor, ask: Ask) -> Released | Refused:
        """What the school shared with this counsellor for this purpose.

        Raises:
            NotAllowedError: the counsellor is not with this family.
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        reader = Reader("shelter", actor.staff, "counsellor")
        return await self._release(actor, reader, ask, "c2s", audience="counsellor")

    async def children_of_contact(
        self, actor: SchoolStaff, relationships: Sequence[RelationshipId]
    ) -> tuple[ChildLine, ...]:
        """The children this contact may know about: the gate type decides, child by child (S45).

        Each child shown is one entry; a child that may not be known is not in the list and not counted.

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        reader = Reader("school", actor.staff, actor.role)
        lines = []
        for relationship in relationships:
            line = await self._child_line(actor, reader, relationship)
            if line is not None:
                lines.append(line)
        return tuple(sorted(lines, key=lambda line: (line.full_name, line.birth_date)))

    async def preview(
        self, actor: GuardianActor | Counsellor, relationship: RelationshipId, *, language: str
    ) -> tuple[TypePreview, ...]:
        """What the school would get now, per type, by the very decision a contact's request would get.

        Opens nothing. Other causes than one's own choice are worded neutrally for a guardian.

        Raises:
            NotAllowedError: not one's own family.
        """
        async with self._database.reading() as conn:
            situation = await self._situation(conn, actor, relationship)
            rules = await self._policies.rules(situation.active_bundle)
            await self._require(conn, actor, situation, Action.SEE_OWN_PAGE, "s2c")
            readers = sorted(active_contacts(situation.known, self._clock.now()))
            members = await self._organisations.staff_members(conn, actor.tenant, readers)
        audience: Audience = "guardian" if isinstance(actor, GuardianActor) else "counsellor"
        found: dict[TypeKey, TypePreview] = {}
        for member in members:
            reader = Reader("school", member.staff, member.role or "contact")
            for seen in self._previews(situation, rules, reader):
                for line in _preview_lines(rules, seen, audience, language):
                    before = found.get(line.information_type)
                    if before is None or not before.shared:
                        found[line.information_type] = line
        return tuple(found[key] for key in rules.catalogue.types if key in found)

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
        for _ in range(_TRIES):
            self._refuse_while_stopping(ask.relationship)
            judged = await self._judge(actor, reader, ask, direction)
            answer = await self._answer(actor, reader, ask, judged, audience)
            if answer is not None:
                return answer
        raise ConflictError("the situation keeps changing")

    async def _judge(
        self, actor: SchoolStaff | Counsellor, reader: Reader, ask: Ask, direction: Direction
    ) -> _Judged:
        async with self._database.reading() as conn:
            situation = await self._situation(conn, actor, ask.relationship)  # 1
            await self._require(conn, actor, situation, Action.ASK_RELEASE, direction)  # 2
        situation = await self._renewed(situation)
        rules = await self._policies.rules(situation.active_bundle)
        asked = _asked(rules.catalogue, ask.purpose, direction)
        return self._decide(situation, rules, reader, ask.purpose, asked)  # 3

    async def _answer(
        self,
        actor: SchoolStaff | Counsellor,
        reader: Reader,
        ask: Ask,
        judged: _Judged,
        audience: Audience,
    ) -> Released | Refused | None:
        """None when somebody acted in between and everything must be read again."""
        refused = _refused_lines(judged, audience, ask.language)
        try:
            async with self._database.transaction() as conn:
                await self._require_living_log(conn, actor)
                entry = await self._append(conn, actor, reader, ask, judged)  # 4
                if entry is None:
                    return None
                if judged.permit is None or not judged.to_open:
                    answer: Released | Refused = Refused(ask.relationship, ask.purpose, entry, refused)
                else:
                    opened = self._open(judged, judged.permit, reader)  # 5
                    answer = Released(ask.relationship, ask.purpose, entry, opened, refused)
                self._refuse_while_stopping(ask.relationship)
        except IntegrityError as failure:
            await self._append_failure(actor, reader, ask, judged, failure)
            raise
        return answer  # 6: committed

    async def _child_line(
        self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId
    ) -> ChildLine | None:
        for _ in range(_TRIES):
            self._refuse_while_stopping(relationship)
            async with self._database.reading() as conn:
                try:
                    situation = await self._situation(conn, actor, relationship)
                except (KeyDestroyedError, NotFoundError):
                    return None
                await self._require(conn, actor, situation, Action.ASK_RELEASE, "s2c")
            situation = await self._renewed(situation)
            rules = await self._policies.rules(situation.active_bundle)
            gate = rules.catalogue.gate.key
            judged = self._decide(situation, rules, reader, "contact", [(gate, "s2c")])
            if judged.permit is None:
                return None
            ask = Ask(relationship, "contact")
            async with self._database.transaction() as conn:
                await self._require_living_log(conn, actor)
                event = _released_event(reader, ask, situation, (gate,), ())
                logged = await self._log_release(conn, actor, judged, event)
                self._refuse_while_stopping(relationship)
            if logged is not None:
                known = situation.known.relationship
                return ChildLine(
                    known.tenant,
                    relationship,
                    known.child,
                    known.school,
                    situation.identity.full_name,
                    situation.known.birth_date,
                )
        return None

    # --- steps -------------------------------------------------------------------------------

    async def _situation(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor | GuardianActor,
        relationship: RelationshipId,
    ) -> Situation:
        found = await read_situation(conn, self._ring, actor.tenant, relationship)
        if found is None:
            raise NotFoundError("relationship")
        return found

    async def _require(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor | GuardianActor,
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
            case _:
                assert_never(actor)
        require(actor, action, facts)

    async def _renewed(self, situation: Situation) -> Situation:
        """When time alone may have changed something, compute anew until when decisions hold."""
        now = self._clock.now()
        if now < situation.next_change_at:
            return situation
        until = next_change(situation.known, now)
        about = situation.known.relationship
        async with self._database.transaction() as conn:
            await set_next_change(
                conn,
                about.tenant,
                about.relationship,
                version=situation.version,
                next_change_at=until,
            )
        return msgspec.structs.replace(situation, next_change_at=until)

    def _decide(
        self,
        situation: Situation,
        rules: Rules,
        reader: Reader,
        purpose: Purpose,
        asked: Sequence[Asked],
    ) -> _Judged:
        now = self._clock.now()
        question: Question = question_for(
            situation.known,
            rules.catalogue,
            action="release",
            reader=reader,
            purpose=purpose,
            asked=asked,
            now=now,
        )
        decision = decide(rules.bundle, question, now=now)
        directions = dict(asked)
        to_open = tuple(
            one
            for one in situation.records
            if decision.permit is not None
            and one.information_type in decision.permit.types
            and one.direction == directions[one.information_type]
            and (one.expires_at is None or now < one.expires_at)
            and _is_due(situation, rules, one, now=now)
        )
        return _Judged(situation, rules, decision.permit, decision.refusals, to_open)

    async def _append(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor,
        reader: Reader,
        ask: Ask,
        judged: _Judged,
    ) -> EntryId | None:
        """One entry for what is released and one for what is refused; the last id is returned."""
        entry: EntryId | None = None
        if judged.to_open:
            types = tuple(dict.fromkeys(one.information_type for one in judged.to_open))
            versions = tuple(
                events.RecordVersion(one.record, one.version, one.information_type)
                for one in judged.to_open
            )
            event = _released_event(reader, ask, judged.situation, types, versions)
            entry = await self._log_release(conn, actor, judged, event)
            if entry is None:
                return None
        unavailable = _refused_types(judged)
        if unavailable or entry is None:
            refused = events.ReleaseRefused(
                ask.relationship, ask.purpose, reader.id, reader.kind, reader.role, unavailable
            )
            logged = await self._log_release(conn, actor, judged, refused)
            entry = entry or logged
        return entry

    async def _log_release(
        self,
        conn: AsyncConnection,
        actor: SchoolStaff | Counsellor,
        judged: _Judged,
        event: events.Event,
    ) -> EntryId | None:
        about = judged.situation.known.relationship
        return await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=by(actor),
            subject=about.child,
            relationship=about.relationship,
            bundle=judged.rules.bundle.hash,
            guard=self._guard(judged),
        )

    def _guard(self, judged: _Judged) -> Select[Any]:
        """The version, the moment and the bundle that decided must still stand; their rows are locked.

        A withdrawal in flight holds the version row, so this waits for it and then finds no row.
        """
        about = judged.situation.known.relationship
        state, active = relationship_state.c, active_bundles.c
        return (
            select(literal(1))
            .select_from(
                relationship_state.join(active_bundles, active.tenant == state.tenant)
            )
            .where(state.tenant == about.tenant, state.relationship == about.relationship)
            .where(state.version == judged.situation.version)
            .where(state.next_change_at > self._clock.now())
            .where(active.hash == judged.rules.bundle.hash)
            .with_for_update(read=True)
        )

    def _open(self, judged: _Judged, permit: Permit, reader: Reader) -> tuple[OpenedRecord, ...]:
        """5. Everything the permit names is checked against its digest; what is due is kept."""
        due = {one.record for one in judged.to_open}
        opened = open_records(
            self._ring,
            permit,
            judged.situation.key,
            judged.situation.records,
            judged.situation.digests,
        )
        return tuple(
            _for_role(judged.rules.catalogue, one, reader) for one in opened if one.record in due
        )

    async def _append_failure(
        self,
        actor: SchoolStaff | Counsellor,
        reader: Reader,
        ask: Ask,
        judged: _Judged,
        failure: IntegrityError,
    ) -> None:
        """What could not be opened unharmed is a refusal for the log, and an alarm for the operator."""
        types = tuple(
            events.RefusedType(key, failure.code)
            for key in dict.fromkeys(one.information_type for one in judged.to_open)
        )
        event = events.ReleaseRefused(
            ask.relationship, ask.purpose, reader.id, reader.kind, reader.role, types
        )
        about = judged.situation.known.relationship
        async with self._database.transaction() as conn:
            await self._log.append(
                conn,
                tenant=about.tenant,
                event=event,
                by=by(actor),
                subject=about.child,
                relationship=about.relationship,
                bundle=judged.rules.bundle.hash,
            )

    def _refuse_while_stopping(self, relationship: RelationshipId) -> None:
        for stop in self._journal.pending():
            if stop.subject.get("relationship", relationship) == relationship:
                raise StopsPendingError("a stop is being carried out")

    async def _require_living_log(
        self, conn: AsyncConnection, actor: SchoolStaff | Counsellor
    ) -> None:
        waiting = await self._log.oldest_pending(conn, actor.tenant, self._clock.now())
        if waiting is not None and waiting.total_seconds() > OLDEST_PENDING_SECONDS:
            raise LogUnavailableError("entries wait too long for their place in the log")

    def _previews(self, situation: Situation, rules: Rules, reader: Reader) -> Iterable[Preview]:
        purposes = dict.fromkeys(p for kind in rules.catalogue.types.values() for p in kind.purposes)
        for purpose in purposes:
            asked = _asked(rules.catalogue, purpose, "s2c")
            now = self._clock.now()
            question = question_for(
                situation.known,
                rules.catalogue,
                action="release",
                reader=reader,
                purpose=purpose,
                asked=asked,
                now=now,
            )
            yield preview(rules.bundle, question, now=now)


def _asked(catalogue: Catalogue, purpose: Purpose, direction: Direction) -> list[Asked]:
    """Every type that goes this way for this purpose; which of them the reader gets is policy."""
    return [
        (kind.key, direction)
        for kind in catalogue.types.values()
        if purpose in kind.purposes and direction in kind.directions
    ]


def _is_due(situation: Situation, rules: Rules, one: SealedRecord, *, now: datetime) -> bool:
    """Of a type with a second approver only approved records; about one guardian only with that yes."""
    kind = rules.catalogue.types[one.information_type]
    if kind.second_approver and one.approved_by is None:
        return False
    return one.about is None or one.about in owners_with_yes(situation.known, kind.key, now)


def _released_event(
    reader: Reader,
    ask: Ask,
    situation: Situation,
    types: tuple[TypeKey, ...],
    versions: tuple[events.RecordVersion, ...],
) -> events.InformationReleased:
    agreements = situation.known.agreements
    return events.InformationReleased(
        relationship=ask.relationship,
        purpose=ask.purpose,
        reader=reader.id,
        reader_kind=reader.kind,
        role=reader.role,
        types=types,
        records=versions,
        agreement=agreements[-1].agreement if agreements else None,
    )


def _refused_types(judged: _Judged) -> tuple[events.RefusedType, ...]:
    given = {one.information_type for one in judged.to_open}
    empty = () if judged.permit is None else sorted(judged.permit.types - given)
    return (
        *(
            events.RefusedType(refusal.type, refusal.code, refusal.determining)
            for refusal in judged.refusals
        ),
        *(events.RefusedType(key, _NOTHING_THERE) for key in empty),
    )


def _refused_lines(judged: _Judged, audience: Audience, language: str) -> tuple[RefusedLine, ...]:
    """The order of the catalogue; a type that is allowed but empty looks to a school like any refusal."""
    given = {one.information_type for one in judged.to_open}
    sentences = {
        refusal.type: sentence(judged.rules.bundle, refusal, audience=audience, language=language)
        for refusal in judged.refusals
    }
    unavailable = Refusal(TypeKey(""), "not_permitted")
    for key in () if judged.permit is None else judged.permit.types - given:
        sentences[key] = (
            sentence(judged.rules.bundle, unavailable, audience=audience, language=language)
            if audience == "school"
            else translator(language).text(NOTHING_SHARED)
        )
    return tuple(
        RefusedLine(key, sentences[key]) for key in judged.rules.catalogue.types if key in sentences
    )


def _preview_lines(
    rules: Rules, seen: Preview, audience: Audience, language: str
) -> Iterable[TypePreview]:
    for allowance in seen.allowed:
        text = sentence(rules.bundle, allowance, audience=audience, language=language)
        yield TypePreview(allowance.type, shared=True, sentence=text)
    for refusal in seen.refusals:
        text = sentence(rules.bundle, refusal, audience=audience, language=language)
        yield TypePreview(refusal.type, shared=False, sentence=text)


def _for_role(catalogue: Catalogue, one: OpenedRecord, reader: Reader) -> OpenedRecord:
    """A school role sees only the fields meant for it."""
    if reader.kind != "school":
        return one
    kind = catalogue.types[one.information_type]
    visible = {
        spec.name for role in kind.readers if role == reader.role for spec in kind.fields_for(role)
    }
    kept = {name: value for name, value in one.fields.items() if name in visible}
    return msgspec.structs.replace(one, fields=kept)
