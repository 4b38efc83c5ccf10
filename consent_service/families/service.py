"""The door to families: register, change, record authority, end the guidance; with safety and schools.

Every act asks the permission table, raises the version row of what it touches and writes its entry,
all in one transaction (`writing`). Acts that take something away (safety flag, contact removed,
relationship ended) are stops: they stand in the stop journal first and hold even when the database is
away (`stops`). Looking, without changing anything, is `looking`; acts about safety are `safety`, about
schools and contacts `schools`.
"""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.families.authority import (
    check_authority,
    check_family,
    check_guardian,
    check_guardianship,
    check_later,
)
from consent_service.families.competence import CompetenceActs
from consent_service.families.confirming import ConfirmingActs
from consent_service.families.model import (
    EndReason,
    NewAuthority,
    NewFamily,
    NewGuardian,
    PersonIdentity,
    check_body,
    check_identity,
)
from consent_service.families.reading import (
    bodies_of,
    child_ids,
    guardian_ids,
    lock_family,
    read_authority,
)
from consent_service.families.safety import SafetyActs
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, new_id
from consent_service.foundation.stop_journal import Stop
from consent_service.identity.model import Counsellor, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.model import SubstituteReason
from consent_service.organisations.relationship_state import raise_family
from consent_service.organisations.service import require

SUBSTITUTE_PERIOD = timedelta(hours=12)
"""How long standing in for a colleague lasts before a reason is asked again."""


class FamilyService(SafetyActs, ConfirmingActs, CompetenceActs):
    """Children, guardians, authority, safety, relationships and their contact lists."""

    # --- who is who --------------------------------------------------------------------------

    async def register_family(self, actor: Counsellor, new: NewFamily) -> FamilyId:
        """A family with its guardians and children; the counsellor who registers it is assigned.

        Raises:
            InputError: every problem at once.
        """
        require(actor, Action.REGISTER_FAMILY, Circumstances(tenant=actor.tenant))
        problems = check_family(new, day=local_date(self._clock.now()))
        if problems:
            raise InputError(problems)
        family = FamilyId(new_id())
        async with self._database.transaction() as conn:
            await self._writer.add_family(conn, actor, family)
            eldest, *_ = [await self._writer.add_child(conn, actor, family, child) for child in new.children]
            for guardian in new.guardians:
                await self._writer.add_guardian(conn, actor, family, guardian)
            await self._organisations.assign_in(
                conn, actor, tenant=actor.tenant, member=actor.staff, family=family
            )
            event = events.FamilyRegistered(family)
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=eldest)
        return family

    async def add_child(self, actor: Counsellor, family: FamilyId, identity: PersonIdentity) -> PersonId:
        """Another child of the family; who decides about it is still to be recorded.

        Raises:
            InputError: every problem at once.
        """
        problems = check_identity(identity, "child_0_", day=local_date(self._clock.now()), child=True)
        async with self._acting(actor, Action.REGISTER_CHILD, family) as conn:
            if problems:
                raise InputError(problems)
            return await self._writer.add_child(conn, actor, family, identity)

    async def add_guardian(self, actor: Counsellor, family: FamilyId, new: NewGuardian) -> PersonId:
        """Another guardian of the family; two with one name stay two persons (S41).

        Raises:
            InputError: every problem at once.
        """
        today = local_date(self._clock.now())
        problems = check_guardian(new, "guardian_0_", day=today)
        async with self._acting(actor, Action.REGISTER_GUARDIAN, family) as conn:
            if new.authority == "voogd" and await self._has_voogd(conn, actor, family, new.seen_on or today):
                problems.append(Problem("guardian_0_kind", "voogd_overlaps"))
            if problems:
                raise InputError(problems)
            return await self._writer.add_guardian(conn, actor, family, new)

    async def change_identity(
        self, actor: Counsellor, family: FamilyId, person: PersonId, identity: PersonIdentity
    ) -> None:
        """Correct who a child or guardian is said to be.

        Raises:
            InputError: every problem at once.
            NotFoundError: nobody with this id in this family.
        """
        async with self._acting(actor, Action.CHANGE_FAMILY, family) as conn:
            is_child = person in await child_ids(conn, actor.tenant, family)
            if person in await bodies_of(conn, actor.tenant, family):
                problems = check_body(identity, "")
            else:
                problems = check_identity(identity, "", day=local_date(self._clock.now()), child=is_child)
            if problems:
                raise InputError(problems)
            await self._writer.change_identity(conn, actor, family, person, identity)

    async def end_family(self, actor: Counsellor, family: FamilyId, reason: EndReason) -> None:
        """The guidance ends, and every relationship with it, at once (S27)."""
        await self._may(actor, Action.CHANGE_FAMILY, family)
        subject: dict[str, str] = {"family": family, "reason": reason}

        async def act() -> None:
            async with self._acting(actor, Action.CHANGE_FAMILY, family) as conn:
                await self._writer.end_family(
                    conn, actor.tenant, family, reason, who=by(actor), begun_until=self._clock.now()
                )

        await self._stops.carry_out("relationship_end", actor.tenant, subject, act)

    # --- authority ---------------------------------------------------------------------------

    async def record_authority(
        self,
        actor: Counsellor,
        family: FamilyId,
        *,
        child: PersonId,
        guardian: PersonId,
        fact: NewAuthority,
    ) -> None:
        """What was seen of a guardian's authority over a child, from when to when.

        Raises:
            InputError: every problem at once: the period, the evidence, a guardianship that overlaps
                another one, a decision that begins later and of which nobody said that it stays, or
                somebody who is not in this family.
        """
        async with self._acting(actor, Action.RECORD_AUTHORITY, family) as conn:
            body = guardian in await bodies_of(conn, actor.tenant, family)
            problems = list(check_authority(fact, day=local_date(self._clock.now()), body=body))
            if guardian not in await guardian_ids(conn, actor.tenant, family):
                problems.append(Problem("guardian", "guardian_unknown"))
            if child not in await child_ids(conn, actor.tenant, family):
                problems.append(Problem("child", "child_unknown"))
            else:
                recorded = await read_authority(conn, actor.tenant, persons=[child])
                problems += check_guardianship(fact, guardian, recorded)
                problems += check_later(fact, guardian, recorded, day=local_date(self._clock.now()))
            if problems:
                raise InputError(problems)
            await self._writer.record_authority(conn, actor, child=child, guardian=guardian, fact=fact)
            await raise_family(conn, actor.tenant, family, self._clock.now())

    async def stand_in(self, actor: Counsellor, family: FamilyId, reason: SubstituteReason) -> None:
        """Access to a colleague's family for twelve hours, with a reason that is logged first.

        Raises:
            NotFoundError: no such family in this shelter.
        """
        require(actor, Action.STAND_IN, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            await lock_family(conn, actor.tenant, family)
            await self._organisations.assign_in(
                conn,
                actor,
                tenant=actor.tenant,
                member=actor.staff,
                family=family,
                kind="substitute",
                reason=reason,
                ends_at=self._clock.now() + SUBSTITUTE_PERIOD,
            )

    async def replay(self, stop: Stop) -> bool:
        """Carry out a journalled stop that did not reach the ledger; True when it is one of ours.

        Replaying what already took effect changes nothing.
        """
        return await self._stops.replay(stop)

    async def _has_voogd(
        self, conn: AsyncConnection, actor: Counsellor, family: FamilyId, since: date
    ) -> bool:
        """Whether any child of the family has a guardian (voogd) from `since` on."""
        kids = await child_ids(conn, actor.tenant, family)
        recorded = await read_authority(conn, actor.tenant, persons=kids)
        wanted = NewAuthority("voogd", "judgment", since)
        return any(
            check_guardianship(wanted, PersonId(""), [fact for fact in recorded if fact.child == child])
            for child in kids
        )
