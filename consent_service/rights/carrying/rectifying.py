"""Putting right what is wrong (AVG 16), and telling the schools that read it (AVG 19).

What the shelter wrote is taken back and written anew by the counsellor, who gets a task; what a school wrote
is the school's to put right. What is wrong stands in the request; here are ids and types only.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.model import Relationship
from consent_service.families.reading import lock_family, read_relationships
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import RelationshipId, SchoolId, TypeKey, new_id
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.process.recalls_issuing import issue, last_read
from consent_service.records.tables import records
from consent_service.rights.carrying.whom import WhomReader
from consent_service.rights.cases.model import Case
from consent_service.rights.cases.service import CaseService
from consent_service.rights.tables import rectifications


class Written(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type about one child at one school that somebody wrote or read; `asked`: it is put right already."""

    relationship: RelationshipId
    school: SchoolId
    child_name: str
    information_type: TypeKey
    by_school: bool
    asked: bool

    @property
    def key(self) -> str:
        """What a form sends."""
        return f"{self.relationship}:{self.information_type}"


class PutRight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was asked to be put right because of one request."""

    rectification: str
    information_type: TypeKey
    asked_at: datetime


class RectificationService:
    """What can be put right, asking it, and what was asked."""

    def __init__(
        self, *, database: Database, log: AuditLog, clock: Clock, cases: CaseService, whom: WhomReader
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._cases = cases
        self._whom = whom

    async def written(self, actor: PrivacyCoordinator, case: str) -> tuple[Written, ...]:
        """What there is about the children of a granted request; logged before it is shown, without content.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request, or it was not granted.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._cases.granted(conn, actor.tenant, case, "rectification")
            await self._look(conn, actor, one)
            return await self._written(conn, actor, one)

    async def ask(self, actor: PrivacyCoordinator, case: str, wanted: Collection[str]) -> int:
        """The counsellor gets a task for each; schools that read or wrote it are told. How many are new.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request, or it was not granted.
            InputError: nothing was chosen, or something that is not there.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._cases.granted(conn, actor.tenant, case, "rectification")
            if one.family is None:
                raise NotFoundError("case")
            await lock_family(conn, actor.tenant, one.family)
            there = {line.key: line for line in await self._written(conn, actor, one)}
            if not wanted or not set(wanted) <= set(there):
                raise InputError([Problem("wrong", "form.choose")])
            places = {
                p.relationship: p for p in await read_relationships(conn, actor.tenant, family=one.family)
            }
            fresh = [there[key] for key in sorted(wanted) if not there[key].asked]
            for line in fresh:
                await self._put_right(conn, actor, case, line, places[line.relationship])
        return len(fresh)

    async def of_case(self, actor: PrivacyCoordinator | Fg, case: str) -> tuple[PutRight, ...]:
        """What was asked because of one request, oldest first.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_CASES, Circumstances(tenant=actor.tenant))
        here = rectifications.c
        query = select(rectifications).where(here.tenant == actor.tenant, here.case == case)
        async with self._database.reading() as conn:
            rows = (await conn.execute(query.order_by(here.asked_at, here.rectification))).all()
        return tuple(PutRight(row.rectification, TypeKey(row.information_type), row.asked_at) for row in rows)

    # --- parts -------------------------------------------------------------------------------

    async def _put_right(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        case: str,
        line: Written,
        about: Relationship,
    ) -> None:
        made, now, kind = new_id(), self._clock.now(), line.information_type
        await conn.execute(
            insert(rectifications).values(
                tenant=actor.tenant,
                rectification=made,
                case=case,
                relationship=line.relationship,
                information_type=kind,
                asked_by=actor.staff,
                asked_at=now,
            )
        )
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=events.RectificationAsked(line.relationship, made, kind, case),
            by=by(actor),
            subject=await self._log.living(conn, actor.tenant, about.child),
            tagged_for=OFFICER,
            relationship=line.relationship,
        )
        await self._tell_school(conn, actor, case, line, about)

    async def _tell_school(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        case: str,
        line: Written,
        about: Relationship,
    ) -> None:
        """Where somebody there read it or wrote it (AVG 19)."""
        now, kind = self._clock.now(), line.information_type
        seen = (await last_read(conn, self._log, about, now)).get(kind)
        if seen is not None or line.by_school:
            await issue(
                conn,
                self._log,
                self._clock,
                about,
                kind,
                cause="rectified",
                records=0,
                received_on=local_date(seen or now),
                who=by(actor),
                case=case,
            )

    async def _look(self, conn: AsyncConnection, actor: PrivacyCoordinator, one: Case) -> None:
        subject = None
        if one.requester is not None:
            subject = await self._log.living(conn, actor.tenant, one.requester)
        event = events.CaseMoved(one.case, "read")
        await self._log.append(
            conn, tenant=actor.tenant, event=event, by=by(actor), subject=subject, tagged_for=OFFICER
        )

    async def _written(
        self, conn: AsyncConnection, actor: PrivacyCoordinator, one: Case
    ) -> tuple[Written, ...]:
        if one.family is None:
            return ()
        names = {
            child.child: child.identity.given_names
            for child in await self._whom.children(conn, actor.tenant, one)
        }
        found = []
        for place in await read_relationships(conn, actor.tenant, family=one.family):
            if place.child in names:
                found += await self._at(conn, place, names[place.child], one.case)
        return tuple(found)

    async def _at(self, conn: AsyncConnection, place: Relationship, name: str, case: str) -> list[Written]:
        """Types with a record now, and those the school read, which may be gone here since."""
        r, asked = records.c, rectifications.c
        there = select(r.information_type, r.direction).where(
            r.tenant == place.tenant, r.relationship == place.relationship
        )
        ways: dict[TypeKey, set[str]] = {}
        for row in await conn.execute(there.distinct()):
            ways.setdefault(TypeKey(row.information_type), set()).add(row.direction)
        for kind in await last_read(conn, self._log, place, self._clock.now()):
            ways.setdefault(kind, {"s2c"})
        mine = select(asked.information_type).where(
            asked.tenant == place.tenant, asked.case == case, asked.relationship == place.relationship
        )
        done = set((await conn.execute(mine)).scalars())
        return [
            Written(place.relationship, place.school, name, kind, "c2s" in way, kind in done)
            for kind, way in sorted(ways.items())
        ]
