"""Which children somebody at a school may know of: decided child by child, each one an entry.

Before the contact confirmed the pupil, a child is in no list but the one of what waits (`starting`, S49).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.details import Attachment
from consent_service.audit.log import OFFICER
from consent_service.foundation.errors import ConflictError, NotFoundError
from consent_service.foundation.ids import EntryId, RelationshipId, TypeKey
from consent_service.identity.model import ChildActor, Counsellor, GuardianActor, SchoolStaff, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Direction
from consent_service.organisations.service import require
from consent_service.policy.facts import Reader
from consent_service.policy.recorded import recorded, to_bytes
from consent_service.release.door import TRIES
from consent_service.release.entries import Told, duties, emergencies, guard, is_untold, released_event
from consent_service.release.exits import Exits
from consent_service.release.judging import Judged, judged, urgent_line, urgent_purpose, urgent_types
from consent_service.release.model import ChildLine, UrgentLine, WaitingLine
from consent_service.release.read import Situation
from consent_service.release.showing import child_of
from consent_service.release.starting import CARE_SIGNAL, has_signal, is_confirmed, is_to_confirm


class Lists(Exits):
    """Of whom a contact may know, and why."""

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

    async def waiting_of_contact(
        self, actor: SchoolStaff, relationships: Sequence[RelationshipId]
    ) -> tuple[WaitingLine, ...]:
        """The children whom nobody here confirmed yet: to confirm, or because a care signal waits (S49).

        Name and birth date only; each child shown is one entry. Who is confirmed is not among them.

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        reader = Reader("school", actor.staff, actor.role)
        lines = [await self._waiting_line(actor, reader, relationship) for relationship in relationships]
        known = (line for line in lines if line is not None)
        return tuple(sorted(known, key=lambda line: (line.child.full_name, line.child.child)))

    async def signals_of_contact(
        self, actor: SchoolStaff, relationships: Sequence[RelationshipId]
    ) -> tuple[ChildLine, ...]:
        """The children about whom a care signal waits that this contact may open now, confirmed or not (S47).

        Each line is an entry and no reading: what waits is asked with `to_school`.

        Raises:
            UnavailableError: database, keys or log are away, or a stop is not replayed: nothing leaves.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        reader = Reader("school", actor.staff, actor.role)
        lines = [await self._signal_line(actor, reader, relationship) for relationship in relationships]
        known = (line for line in lines if line is not None)
        return tuple(sorted(known, key=lambda line: (line.full_name, line.birth_date, line.child)))

    # --- parts -------------------------------------------------------------------------------

    async def _signal_line(
        self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId
    ) -> ChildLine | None:
        for _ in range(TRIES):
            self._refuse_while_stopping(actor.tenant, relationship)
            try:
                gate = await self._judge_gate(actor, reader, relationship)
            except NotFoundError:
                return None
            judgement = None if gate.permit is None else self._signal(gate, reader)
            if judgement is None:
                return None
            if await self._name(actor, judgement, reader, (CARE_SIGNAL,)):
                return child_of(judgement.situation)
        raise ConflictError("the situation keeps changing")

    async def _child_line(
        self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId
    ) -> ChildLine | None:
        for _ in range(TRIES):
            self._refuse_while_stopping(actor.tenant, relationship)
            try:
                judgement = await self._judge_gate(actor, reader, relationship)
            except NotFoundError:
                return None
            if judgement.permit is None or not is_confirmed(judgement.situation):
                return None
            types = tuple(judgement.permit.types)
            if await self._name(actor, judgement, reader, types):
                return child_of(judgement.situation)
        raise ConflictError("the situation keeps changing")

    async def _waiting_line(
        self, actor: SchoolStaff, reader: Reader, relationship: RelationshipId
    ) -> WaitingLine | None:
        for _ in range(TRIES):
            self._refuse_while_stopping(actor.tenant, relationship)
            try:
                judgement = await self._judge_gate(actor, reader, relationship)
            except NotFoundError:
                return None
            if judgement.permit is None or is_confirmed(judgement.situation):
                return None
            confirm = is_to_confirm(judgement.situation)
            signal = self._signal(judgement, reader) is not None
            if not (confirm or signal):
                return None
            if await self._name(actor, judgement, reader, tuple(judgement.permit.types)):
                return WaitingLine(child_of(judgement.situation), to_confirm=confirm, signal=signal)
        raise ConflictError("the situation keeps changing")

    def _signal(self, judgement: Judged, reader: Reader) -> Judged | None:
        """The decision that gives this reader a care signal that waits, if one does; opens nothing."""
        situation, rules, now = judgement.situation, judgement.rules, self._clock.now()
        kind = rules.catalogue.types.get(CARE_SIGNAL)
        if kind is None or not has_signal(situation, now):
            return None
        asked: list[tuple[TypeKey, Direction]] = [(CARE_SIGNAL, "s2c")]
        answer = judged(situation, rules, reader, kind.purposes[0], asked=asked, now=now)
        return msgspec.structs.replace(answer, to_open=()) if answer.to_open else None

    async def _name(
        self, actor: SchoolStaff, judgement: Judged, reader: Reader, types: tuple[TypeKey, ...]
    ) -> bool:
        """The entry of a child in a list; False when somebody acted in between."""
        event = released_event(judgement, reader, "contact", types=types)
        return await self._logged(actor, judgement, Told(event, judgement.situation.known.relationship.child))

    async def _logged(self, actor: SchoolStaff, judgement: Judged, told: Told) -> bool:
        async with self._database.transaction() as conn:
            await self._require_living_log(conn, actor.tenant)
            logged = await self._log_entry(conn, actor, judgement, told, guarded=True)
            await self._log_duties(conn, actor, judgement, told, logged)
            about = judgement.situation.known.relationship.relationship
            self._refuse_while_stopping(actor.tenant, about)
        return logged is not None

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
            told = Told(event, judgement.situation.known.relationship.child, hidden=is_untold(judgement))
            if await self._logged(actor, judgement, told):
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
