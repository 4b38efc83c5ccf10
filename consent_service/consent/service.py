"""Withdrawing, objecting and the standing answers.

A withdrawal or objection is a stop: it stands in the journal before anybody is told "accepted", is
written to the ledger at once when everything is up, and replayed first of all when it was not.
Giving consent is `sittings`; whether an answer suffices is `policy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.consent.capacity import capacity_of, people_of
from consent_service.consent.codes import code_hash, required_code
from consent_service.consent.ledger import NewDecision, write_decisions
from consent_service.consent.model import (
    EVERYTHING,
    Capacity,
    Decision,
    InvalidReason,
    Method,
    Standing,
    can_be_invalidated,
    fold,
    moment_of_late_stop,
)
from consent_service.consent.page_access import RevokeReason
from consent_service.consent.reading import read_decisions, talked_about
from consent_service.consent.tables import consent_ledger, withdrawal_codes
from consent_service.families.reading import child_ids, lock_family, read_relationships
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem, UnavailableError
from consent_service.foundation.ids import (
    INSTALLATION,
    DecisionId,
    FamilyId,
    PersonId,
    RelationshipId,
    TenantId,
    TypeKey,
)
from consent_service.foundation.stop_journal import Stop, StopJournal
from consent_service.identity.model import ChildActor, Counsellor, GuardianActor, System, by, person_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.organisations.service import OrganisationService, require

Key = tuple[RelationshipId, TypeKey]
Person = GuardianActor | ChildActor
"""Who answers for oneself: a holder of authority, or a child that decides along or alone."""
_STOP_KINDS: dict[Literal["withdrawal", "objection"], Literal["withdrawn", "objected"]] = {
    "withdrawal": "withdrawn",
    "objection": "objected",
}


_STILL_STOPS: Final[tuple[RevokeReason, ...]] = ("lost", "factor_forgotten")
"""Why a code opens nothing any more and stops all the same: nobody else is known to have it."""


class StopAccepted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The stop holds. `written` is False while it stands in the journal only, to be replayed."""

    at: datetime
    written: bool


class CodeHolder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose receipt a code is on; who typed it may withdraw on that guardian's behalf, nothing else."""

    tenant: TenantId
    family: FamilyId
    person: PersonId
    is_child: bool = False


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whose answers a stop is about, and which: when `keys` is empty every type, asked before or not."""

    tenant: TenantId
    family: FamilyId
    person: PersonId
    keys: tuple[Key, ...] = ()


class ConsentService:
    """Stops and standing answers."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        journal: StopJournal,
        organisations: OrganisationService,
        catalogue: Catalogue,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._journal = journal
        self._organisations = organisations
        self._catalogue = catalogue

    # --- stopping ----------------------------------------------------------------------------

    async def withdraw(self, actor: Person | Counsellor, target: Target, *, method: Method) -> StopAccepted:
        """Take back what was given; no reason is asked, and it holds at once (AVG 7(3)).

        Without keys it is a no to every type: also to a yes on paper that is still to be entered, to one
        that waits for a signature, and to what goes on without this person ever having been asked (S37).
        A counsellor may pass a withdrawal on. With the database away the journal alone makes it hold,
        for a guardian whose session proved beforehand who she is.

        Raises:
            NotAllowedError: somebody else's answers.
            NotFoundError: no such information type; by a counsellor: no such guardian.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        self._require_types(target.keys)
        await self._require(actor, Action.WITHDRAW_CONSENT, target)
        return await self._stop("withdrawal", target, by(actor), method)

    async def object(self, actor: Person | Counsellor, target: Target, *, method: Method) -> StopAccepted:
        """A guardian objects. Whether it counts is judged on reading; the answer is the same for all (S4).

        Raises:
            NotAllowedError: on behalf of somebody else.
            NotFoundError: no such information type; by a counsellor: no such guardian.
            InputError: no child of the family is at a school yet, so there is nothing to object to.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        self._require_types(target.keys)
        await self._require(actor, Action.OBJECT, target)
        await self._require_school(target)
        return await self._stop("objection", target, by(actor), method)

    async def holder_of_code(self, entered: str) -> CodeHolder:
        """Whose code this is, of a code that opens something.

        Raises:
            InputError: a typing error, no such code, or one that was revoked; the same words for all.
            DatabaseUnavailableError: the database is away.
        """
        return await self._required_holder(entered, withdrawal_codes.c.revoked_at.is_(None))

    async def holder_to_stop(self, entered: str) -> CodeHolder:
        """Whose code this is, of a code that stops: also one that was revoked because it was lost.

        Raises:
            InputError: a typing error, no such code, or one that somebody else had; the same words for all.
            DatabaseUnavailableError: use `withdraw_by_code`, which then accepts any well-formed code.
        """
        revoked = withdrawal_codes.c
        unseen = revoked.revoked_at.is_(None) | revoked.revoked_because.in_(_STILL_STOPS)
        return await self._required_holder(entered, unseen)

    async def withdraw_by_code(self, entered: str, keys: Sequence[Key] = ()) -> StopAccepted:
        """Withdraw with the code on the receipt, without logging in; everything when no keys are named.

        With the database away a well-formed code is journalled as its hash and resolved on replay: what was
        accepted is carried out, whatever became of the code.

        Raises:
            InputError: a typing error, or no such code.
            NotFoundError: no such information type.
            UnavailableError: not even the journal could be written: it was NOT accepted.
        """
        code = required_code(entered)
        self._require_types(keys)
        try:
            holder = await self.holder_to_stop(code)
        except UnavailableError:
            subject = {"code": code_hash(code), "keys": _joined(keys)}
            for known in self._journal.pending():
                if known.subject == subject:
                    return StopAccepted(known.at, written=False)
            stop = self._journal.accept(
                "withdrawal", tenant=INSTALLATION, at=self._clock.now(), subject=subject
            )
            return StopAccepted(stop.at, written=False)
        target = Target(holder.tenant, holder.family, holder.person, tuple(keys))
        who = By("child" if holder.is_child else "guardian", holder.person)
        return await self._stop("withdrawal", target, who, "code")

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled stop; True when it is one of ours. Twice changes nothing."""
        if stop.kind not in ("withdrawal", "objection"):
            return False
        async with self._database.transaction() as conn:
            target = await self._target_of(conn, stop)
            if target is not None:
                await self._write_stop(conn, stop, target, by(System()), _method_of(stop), late=True)
        return True

    # --- correcting --------------------------------------------------------------------------

    async def invalidate(
        self,
        actor: Counsellor,
        target: Target,
        decision: DecisionId,
        *,
        reason: InvalidReason = "mistake",
    ) -> None:
        """A yes that was given by mistake or by the wrong person never counted; it was not withdrawn.

        Raises:
            NotFoundError: no such yes of this guardian; a no cannot be undone for her.
        """
        await self._require(actor, Action.WITHDRAW_CONSENT, target)
        now = self._clock.now()
        async with self._database.transaction() as conn:
            mine = await self._decisions_of(conn, target)
            wrong = next((row for row in mine if row.decision == decision), None)
            if wrong is None or not can_be_invalidated(wrong):
                raise NotFoundError("decision")
            correction = NewDecision(
                relationship=wrong.relationship,
                information_type=wrong.information_type,
                person=target.person,
                capacity=wrong.capacity,
                kind="invalidated",
                method="page",
                decided_at=now,
                concerns=decision,
                reason=reason,
            )
            await write_decisions(
                conn, self._log, tenant=target.tenant, by=by(actor), now=now, decisions=[correction]
            )

    async def lift_objection(self, actor: Person, target: Target) -> None:
        """The same person takes an objection back.

        Raises:
            NotAllowedError: on behalf of somebody else.
        """
        await self._require(actor, Action.LIFT_OBJECTION, target)
        now = self._clock.now()
        async with self._database.transaction() as conn:
            capacities = await self._capacities(conn, target, now)
            decisions = [
                NewDecision(
                    relationship=relationship,
                    information_type=key,
                    person=target.person,
                    capacity=capacities[relationship],
                    kind="objection_lifted",
                    method="page",
                    decided_at=now,
                )
                for (relationship, key), standing in (await self._standings_of(conn, target)).items()
                if standing.objecting and _wanted(target, (relationship, key))
            ]
            await write_decisions(
                conn, self._log, tenant=target.tenant, by=by(actor), now=now, decisions=decisions
            )

    # --- standing answers --------------------------------------------------------------------

    async def standing_answers(
        self, conn: AsyncConnection, tenant: TenantId, relationships: Iterable[RelationshipId]
    ) -> dict[Key, dict[PersonId, Standing]]:
        """Where everybody stands now, per relationship and type that somebody said something about."""
        about = tuple(relationships)
        rows = await read_decisions(conn, tenant, about)
        folded = fold_all(rows, self._catalogue, now=self._clock.now())
        wanted = await talked_about(conn, tenant, rows)
        return {key: people for key, people in folded.items() if key in wanted}

    async def own_answers(self, actor: Person) -> dict[Key, Standing]:
        """The guardian's own standing answers; never another's (S44)."""
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, Action.SEE_OWN_PAGE, facts)
        async with self._database.reading() as conn:
            return await self._standings_of(conn, Target(actor.tenant, actor.family, person_of(actor)))

    async def answers_by_code(self, entered: str) -> dict[Key, Standing]:
        """The standing answers of the guardian whose receipt carries this code.

        Raises:
            InputError: a typing error, or no such code.
        """
        holder = await self.holder_of_code(entered)
        async with self._database.reading() as conn:
            target = Target(holder.tenant, holder.family, holder.person)
            return await self._standings_of(conn, target)

    # --- parts -------------------------------------------------------------------------------

    async def _require(self, actor: Person | Counsellor, action: Action, target: Target) -> None:
        assigned = False
        if isinstance(actor, Counsellor):
            async with self._database.reading() as conn:
                assigned = await self._organisations.is_assigned(conn, actor, target.family)
                known = await people_of(conn, target.tenant, target.family)
                if action is Action.OBJECT:
                    known -= set(await child_ids(conn, target.tenant, target.family))
            if target.person not in known:
                raise NotFoundError("guardian")
        facts = Circumstances(
            tenant=target.tenant, family=target.family, person=target.person, assigned=assigned
        )
        require(actor, action, facts)

    async def _stop(
        self, kind: Literal["withdrawal", "objection"], target: Target, who: By, method: Method
    ) -> StopAccepted:
        """1. journal, flushed to disk. 2. ledger and entry. 3. mark done."""
        subject = {
            "family": target.family,
            "guardian": target.person,
            "keys": _joined(target.keys),
            "method": method,
        }
        stop = self._journal.accept(kind, tenant=target.tenant, at=self._clock.now(), subject=subject)
        try:
            async with self._database.transaction() as conn:
                await self._write_stop(conn, stop, target, who, method, late=False)
        except UnavailableError:
            return StopAccepted(stop.at, written=False)
        self._journal.mark_done(stop.id)
        return StopAccepted(stop.at, written=True)

    async def _write_stop(
        self,
        conn: AsyncConnection,
        stop: Stop,
        target: Target,
        who: By,
        method: Method,
        *,
        late: bool,
    ) -> None:
        if not await self._is_still_to_do(conn, stop, target):
            return
        now = self._clock.now()
        kind = _STOP_KINDS["objection" if stop.kind == "objection" else "withdrawal"]
        keys = target.keys or await self._every_key(conn, target)
        capacities = await self._capacities(conn, target, now)
        said = await self._decisions_of(conn, target) if late else ()
        decisions = [
            NewDecision(
                relationship=relationship,
                information_type=key,
                person=target.person,
                capacity=capacities[relationship],
                kind=kind,
                method=method,
                decided_at=moment_of_late_stop(stop.at, (relationship, key), said),
                reason=None if target.keys or kind == "objected" else EVERYTHING,
                stop=stop.id,
                late_since=stop.at if late else None,
            )
            for relationship, key in dict.fromkeys(keys)
            if relationship in capacities and key in self._catalogue.types
        ]
        await write_decisions(conn, self._log, tenant=target.tenant, by=who, now=now, decisions=decisions)

    async def _every_key(self, conn: AsyncConnection, target: Target) -> tuple[Key, ...]:
        """Every type at every school: of what is not known yet, an older yes may still come in (S37)."""
        found = await read_relationships(conn, target.tenant, family=target.family)
        return tuple((r.relationship, key) for r in found for key in self._catalogue.types)

    async def _is_still_to_do(self, conn: AsyncConnection, stop: Stop, target: Target) -> bool:
        """Takes the family's row first, so that of a live stop and its replay the second sees the first."""
        try:
            await lock_family(conn, target.tenant, target.family)
        except NotFoundError:
            return False
        if target.person not in await people_of(conn, target.tenant, target.family):
            return False
        written = select(consent_ledger.c.decision).where(
            consent_ledger.c.tenant == target.tenant, consent_ledger.c.stop == stop.id
        )
        return (await conn.execute(written.limit(1))).first() is None

    async def _target_of(self, conn: AsyncConnection, stop: Stop) -> Target | None:
        keys = _parted(stop.subject.get("keys", ""))
        if "code" in stop.subject:
            holder = await self._holder(conn, stop.subject["code"])
            if holder is None:
                return None
            return Target(holder.tenant, holder.family, holder.person, keys)
        return Target(
            TenantId(stop.tenant),
            FamilyId(stop.subject["family"]),
            PersonId(stop.subject["guardian"]),
            keys,
        )

    async def _required_holder(self, entered: str, usable: ColumnElement[bool]) -> CodeHolder:
        code = required_code(entered)
        async with self._database.reading() as conn:
            holder = await self._holder(conn, code_hash(code), usable)
        if holder is None:
            raise InputError([Problem("code", "code_unknown")])
        return holder

    async def _holder(
        self, conn: AsyncConnection, hashed: str, *usable: ColumnElement[bool]
    ) -> CodeHolder | None:
        """Whose code it is or, without `usable`, ever was."""
        query = select(withdrawal_codes).where(
            withdrawal_codes.c.tenant == INSTALLATION, withdrawal_codes.c.code_hash == hashed, *usable
        )
        row = (await conn.execute(query)).first()
        if row is None:
            return None
        tenant, family, person = TenantId(row.shelter), FamilyId(row.family), PersonId(row.guardian)
        is_child = person in await child_ids(conn, tenant, family)
        return CodeHolder(tenant, family, person, is_child=is_child)

    async def _decisions_of(self, conn: AsyncConnection, target: Target) -> tuple[Decision, ...]:
        found = await read_relationships(conn, target.tenant, family=target.family)
        rows = await read_decisions(conn, target.tenant, [r.relationship for r in found])
        return tuple(row for row in rows if row.person == target.person)

    async def _standings_of(self, conn: AsyncConnection, target: Target) -> dict[Key, Standing]:
        rows = await self._decisions_of(conn, target)
        folded = fold_all(rows, self._catalogue, now=self._clock.now())
        wanted = await talked_about(conn, target.tenant, rows)
        mine = target.person
        return {key: found[mine] for key, found in folded.items() if mine in found and key in wanted}

    async def _capacities(
        self, conn: AsyncConnection, target: Target, now: datetime
    ) -> dict[RelationshipId, Capacity]:
        """The relationships of the own family, and as what one speaks about each child."""
        kids = await child_ids(conn, target.tenant, target.family)
        return {
            found.relationship: await capacity_of(
                conn,
                target.tenant,
                family=target.family,
                guardian=target.person,
                child=found.child,
                now=now,
            )
            for found in await read_relationships(conn, target.tenant, family=target.family)
            if target.person not in kids or target.person == found.child
        }

    def _require_types(self, keys: Sequence[Key]) -> None:
        """Asked before a stop is journalled: what could never be carried out must not stand there."""
        if any(kind not in self._catalogue.types for _, kind in keys):
            raise NotFoundError("information type")

    async def _require_school(self, target: Target) -> None:
        try:
            async with self._database.reading() as conn:
                found = await read_relationships(conn, target.tenant, family=target.family)
        except UnavailableError:
            return
        if not found:
            raise InputError([Problem("guardian", "nothing_to_object_to")])


def fold_all(
    rows: Iterable[Decision], catalogue: Catalogue, *, now: datetime
) -> dict[Key, dict[PersonId, Standing]]:
    """Decisions of several relationships and types, each folded on its own."""
    grouped: dict[Key, list[Decision]] = {}
    for row in rows:
        grouped.setdefault((row.relationship, row.information_type), []).append(row)
    return {
        key: fold(decisions, now=now, text=catalogue.types[key[1]].text_id)
        for key, decisions in grouped.items()
        if key[1] in catalogue.types
    }


def _wanted(target: Target, key: Key) -> bool:
    return not target.keys or key in target.keys


def _joined(keys: Sequence[Key]) -> str:
    return ",".join(f"{relationship}:{kind}" for relationship, kind in keys)


def _parted(joined: str) -> tuple[Key, ...]:
    pairs = (item.partition(":") for item in joined.split(",") if item)
    return tuple((RelationshipId(relationship), TypeKey(kind)) for relationship, _, kind in pairs)


def _method_of(stop: Stop) -> Method:
    if "code" in stop.subject:
        return "code"
    method = stop.subject.get("method")
    return "tablet" if method == "tablet" else "code" if method == "code" else "page"
