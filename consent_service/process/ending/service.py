"""The end of the work with a school: planned with its day, and carried out when that day is over.

The day itself stands with the relationship and decides at every reading, whether somebody carried it out or
not. What may still be told in aftercare is decided by the policies' own list. A departure at night or another
end at once is `families`; a plan that finds the work ended already follows it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.families.attesting import SchoolTerms
from consent_service.families.model import Relationship, authority_on
from consent_service.families.reading import (
    lock_family,
    read_authority,
    read_relationship,
    read_relationships,
)
from consent_service.families.tables import guardians, relationships
from consent_service.families.writing import FamilyWriter
from consent_service.foundation.clock import Clock, local_date, local_midnight
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, TenantId, TypeKey, new_id
from consent_service.identity.model import Counsellor, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.relationship_state import raise_relationship
from consent_service.organisations.service import OrganisationService, require
from consent_service.policy.service import PolicyService
from consent_service.process.ending.states import (
    ENDING,
    OPEN,
    EndPlan,
    EndState,
    NewEnd,
    check_end,
    waits,
)
from consent_service.process.reevaluation import readers_of, types_for
from consent_service.process.states import START
from consent_service.process.tables_ending import ending_plans
from consent_service.release.read import read_situation


class Stops(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the school may read now, and what of it still in aftercare; after the end that is nothing."""

    now: tuple[TypeKey, ...]
    in_aftercare: tuple[TypeKey, ...]


class EndingService:
    """Plan, change one's mind, carry out."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        policies: PolicyService,
        school_terms: SchoolTerms,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._policies = policies
        self._writer = FamilyWriter(ring=ring, log=log, clock=clock, terms=school_terms)

    async def plan(self, actor: Counsellor, relationship: RelationshipId, new: NewEnd) -> EndPlan:
        """Write down when it ends. Going to another school waits until every holder was heard (S39).

        While it waits nothing about moving or a new school is told, whatever was said yes to.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such relationship.
            InputError: days that cannot be, each of them.
            ConflictError: it has ended, or an end is planned already.
        """
        async with self._about(actor, relationship) as (conn, about):
            if problems := check_end(new, today=local_date(self._clock.now())):
                raise InputError(problems)
            if not about.is_active(self._clock.now()) or await _open_plan(conn, about) is not None:
                raise ConflictError("it has ended, or an end is planned already")
            waiting = waits(new, await self._holders(conn, about))
            state: EndState = "waiting" if waiting else "planned"
            ENDING.after(START, "warn" if waiting else "plan")
            planned = await self._write(conn, about, new, state, actor)
            await self._set_days(conn, about, planned)
            days = (new.ends_on, new.aftercare_until)
            event = events.EndPlanned(relationship, about.family, planned.plan, new.reason, *days, waiting)
            await self._note(conn, about, event, by(actor))
            return planned

    async def hear_holder(self, actor: Counsellor, plan: str) -> None:
        """The other holder agrees: the plan counts from now on.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such plan.
            InputError: its day has come meanwhile: plan it anew.
            ConflictError: it does not wait for anybody.
        """
        async with self._of_plan(actor, plan) as (conn, about, found):
            state = ENDING.after(found.state, "hear_holder")
            if found.ends_on < local_date(self._clock.now()):
                raise InputError([Problem("ends_on", "ending.day")])
            await self._move(conn, about, found, "hear_holder", state, by(actor))

    async def cancel(self, actor: Counsellor, plan: str) -> None:
        """It does not end then after all: everything goes on as it was.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such plan.
            ConflictError: aftercare began, or it has ended.
        """
        async with self._of_plan(actor, plan) as (conn, about, found):
            await self._move(conn, about, found, "cancel", ENDING.after(found.state, "cancel"), by(actor))

    async def plans(self, actor: Counsellor, family: FamilyId) -> tuple[EndPlan, ...]:
        """What was planned for this family, the newest first.

        Raises:
            NotAllowedError: not with this family.
        """
        async with self._database.reading() as conn:
            await self._require(conn, actor, family)
            query = select(ending_plans).where(
                ending_plans.c.tenant == actor.tenant, ending_plans.c.family == family
            )
            rows = await conn.execute(query.order_by(ending_plans.c.planned_at.desc(), ending_plans.c.plan))
            return tuple(_plan(row) for row in rows)

    async def stops(self, actor: Counsellor, relationship: RelationshipId) -> Stops:
        """What the school may read now and in aftercare, as the very policies decide.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such relationship, or it can be opened by nobody any more.
        """
        async with self._about(actor, relationship) as (conn, _):
            situation = await read_situation(conn, self._ring, actor.tenant, relationship)
            if situation is None:
                raise NotFoundError("relationship")
            rules = await self._policies.rules(situation.active_bundle)
            now = self._clock.now()
            readers = await readers_of(conn, self._organisations, situation, rules.catalogue.terms, now)
        known = situation.known
        later = msgspec.structs.replace(known.relationship, aftercare_from=now)
        return Stops(
            types_for(known, rules, readers, now=now),
            types_for(msgspec.structs.replace(known, relationship=later), rules, readers, now=now),
        )

    async def run(self, tenant: TenantId) -> int:
        """Carry out what its day asks for; how many plans moved. A second run finds nothing to do."""
        async with self._database.reading() as conn:
            query = select(ending_plans).where(
                ending_plans.c.tenant == tenant, ending_plans.c.state.in_(sorted(OPEN))
            )
            waiting = [_plan(row) for row in await conn.execute(query.order_by(ending_plans.c.plan))]
        moved = 0
        for one in waiting:
            async with self._database.transaction() as conn:
                moved += await self._carry_out(conn, tenant, one.plan)
        return moved

    # --- parts -------------------------------------------------------------------------------

    async def _write(
        self, conn: AsyncConnection, about: Relationship, new: NewEnd, state: EndState, actor: Counsellor
    ) -> EndPlan:
        plan = new_id()
        await conn.execute(
            insert(ending_plans).values(
                tenant=about.tenant,
                plan=plan,
                relationship=about.relationship,
                family=about.family,
                **msgspec.structs.asdict(new),
                state=state,
                planned_by=actor.staff,
                planned_at=self._clock.now(),
            )
        )
        days = (new.ends_on, new.aftercare_until)
        return EndPlan(plan, about.relationship, about.family, new.reason, *days, state)

    async def _carry_out(self, conn: AsyncConnection, tenant: TenantId, plan: str) -> bool:
        found = await _read(conn, tenant, plan)
        if found is None:
            return False
        await lock_family(conn, tenant, found.family)
        about = await read_relationship(conn, tenant, found.relationship)
        current = await _read(conn, tenant, plan)
        act = None if about is None or current is None else _due(current, about, self._clock.now())
        if about is None or current is None or act is None:
            return False
        if act == "end" and about.ended_at is None:
            await self._writer.end_relationship(conn, about, current.reason, who=by(System()))
            await self._end_guidance(conn, about, current)
        await self._move(conn, about, current, act, ENDING.after(current.state, act), by(System()))
        return True

    async def _end_guidance(self, conn: AsyncConnection, about: Relationship, plan: EndPlan) -> None:
        """Who moved out has no guidance any more, once no school of the family is left."""
        everywhere = await read_relationships(conn, about.tenant, family=about.family)
        if plan.reason == "moved_out" and all(one.ended_at is not None for one in everywhere):
            await self._writer.end_family(
                conn,
                about.tenant,
                about.family,
                plan.reason,
                who=by(System()),
                begun_until=self._clock.now(),
            )

    async def _move(
        self,
        conn: AsyncConnection,
        about: Relationship,
        plan: EndPlan,
        act: str,
        state: str,
        who: By,
    ) -> None:
        await conn.execute(
            update(ending_plans)
            .where(ending_plans.c.tenant == about.tenant, ending_plans.c.plan == plan.plan)
            .values(state=state)
        )
        moved = msgspec.convert({**msgspec.to_builtins(plan), "state": state}, EndPlan)
        await self._set_days(conn, about, moved)
        await self._note(conn, about, events.EndMoved(about.relationship, plan.plan, act, state), who)

    async def _set_days(self, conn: AsyncConnection, about: Relationship, plan: EndPlan) -> None:
        """With the relationship, where every decision reads it."""
        await raise_relationship(conn, about.tenant, about.relationship, self._clock.now())
        counts = plan.state in ("planned", "aftercare", "ended")
        ended = about.ended_at is not None
        after = _after(plan.ends_on)
        until = after if plan.aftercare_until is None else _after(plan.aftercare_until)
        here = relationships.c
        await conn.execute(
            update(relationships)
            .where(here.tenant == about.tenant, here.relationship == about.relationship)
            .values(
                aftercare_from=after if counts and plan.aftercare_until is not None and not ended else None,
                ends_at=until if counts and not ended else None,
                transition_held=plan.state == "waiting",
            )
        )

    async def _note(self, conn: AsyncConnection, about: Relationship, event: events.Event, who: By) -> None:
        await self._log.append(
            conn,
            tenant=about.tenant,
            event=event,
            by=who,
            subject=await self._log.living(conn, about.tenant, about.child),
            relationship=about.relationship,
        )

    async def _holders(self, conn: AsyncConnection, about: Relationship) -> int:
        """How many persons decide about the child today."""
        query = select(guardians.c.guardian).where(
            guardians.c.tenant == about.tenant, guardians.c.family == about.family
        )
        people = tuple(PersonId(one) for one in (await conn.execute(query)).scalars())
        facts = await read_authority(conn, about.tenant, persons=[about.child])
        return len(authority_on(local_date(self._clock.now()), people, facts).deciders)

    async def _require(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
        require(actor, Action.PLAN_END, facts)

    @asynccontextmanager
    async def _about(
        self, actor: Counsellor, relationship: RelationshipId
    ) -> AsyncIterator[tuple[AsyncConnection, Relationship]]:
        async with self._database.transaction() as conn:
            about = await read_relationship(conn, actor.tenant, relationship)
            if about is None:
                raise NotFoundError("relationship")
            await self._require(conn, actor, about.family)
            await lock_family(conn, actor.tenant, about.family)
            yield conn, about

    @asynccontextmanager
    async def _of_plan(
        self, actor: Counsellor, plan: str
    ) -> AsyncIterator[tuple[AsyncConnection, Relationship, EndPlan]]:
        async with self._database.reading() as conn:
            known = await _read(conn, actor.tenant, plan)
        if known is None:
            raise NotFoundError("plan")
        async with self._about(actor, known.relationship) as (conn, about):
            found = await _read(conn, actor.tenant, plan)
            if found is None:
                raise NotFoundError("plan")
            yield conn, about, found


def _due(plan: EndPlan, about: Relationship, now: datetime) -> str | None:
    """What the day, or an end that came otherwise, asks of a plan."""
    today = local_date(now)
    if about.ended_at is not None:
        return "end"
    last = plan.ends_on if plan.aftercare_until is None else plan.aftercare_until
    if plan.state != "waiting" and last < today:
        return "end"
    return "begin_aftercare" if plan.state == "planned" and plan.ends_on < today else None


def _after(day: date) -> datetime:
    return local_midnight(day + timedelta(days=1))


def _plan(row: Row[Any]) -> EndPlan:
    return EndPlan(
        row.plan,
        RelationshipId(row.relationship),
        FamilyId(row.family),
        row.reason,
        row.ends_on,
        row.aftercare_until,
        row.state,
    )


async def _read(conn: AsyncConnection, tenant: TenantId, plan: str) -> EndPlan | None:
    query = select(ending_plans).where(ending_plans.c.tenant == tenant, ending_plans.c.plan == plan)
    row = (await conn.execute(query)).first()
    return None if row is None else _plan(row)


async def _open_plan(conn: AsyncConnection, about: Relationship) -> EndPlan | None:
    query = (
        select(ending_plans)
        .where(ending_plans.c.tenant == about.tenant, ending_plans.c.relationship == about.relationship)
        .where(ending_plans.c.state.in_(sorted(OPEN)))
    )
    row = (await conn.execute(query.limit(1))).first()
    return None if row is None else _plan(row)
