"""Rows of requests, and what the asker is to whom it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import authority_on
from consent_service.families.reading import child_ids, guardian_ids, is_family_shown, read_authority
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.identity.model import GuardianActor
from consent_service.rights.cases.model import OPEN, Case, Standing
from consent_service.rights.cases.tables import rights_cases


async def read_case_row(
    conn: AsyncConnection, tenant: TenantId, case: str, *, lock: bool = False
) -> Row[Any]:
    """One request of this shelter.

    Raises:
        NotFoundError: there is none.
    """
    query = select(rights_cases).where(rights_cases.c.tenant == tenant, rights_cases.c.case == case)
    row = (await conn.execute(query.with_for_update() if lock else query)).first()
    if row is None:
        raise NotFoundError("case")
    return row


async def read_cases(
    conn: AsyncConnection, tenant: TenantId, *where: ColumnElement[bool]
) -> tuple[Case, ...]:
    """Requests of this shelter, what must be answered first before others, then the newest."""
    query = select(rights_cases).where(rights_cases.c.tenant == tenant, *where)
    order = (rights_cases.c.ended_at.is_not(None), rights_cases.c.due_on, rights_cases.c.case.desc())
    return tuple(case_of(row) for row in await conn.execute(query.order_by(*order)))


async def families_asking(conn: AsyncConnection, tenant: TenantId) -> frozenset[FamilyId]:
    """Families of which a request is not answered yet: none is forgotten before its answer (AVG 12(3))."""
    here = rights_cases.c
    query = select(here.family).where(here.tenant == tenant, here.state.in_(OPEN), here.family.is_not(None))
    return frozenset(FamilyId(one) for one in (await conn.execute(query)).scalars())


def case_of(row: Row[Any]) -> Case:
    """A row as it is told; the sealed words stay behind."""
    return Case(
        case=row.case,
        kind=row.kind,
        state=row.state,
        about=row.about,
        capacity=row.capacity,
        channel=row.channel,
        standing=row.standing,
        family=None if row.family is None else FamilyId(row.family),
        requester=None if row.requester is None else PersonId(row.requester),
        child=None if row.child is None else PersonId(row.child),
        received_on=row.received_on,
        due_on=row.due_on,
        opened_at=row.opened_at,
        opened_by=row.opened_by or "",
        identity=row.identity,
        identified_at=row.identified_at,
        extended=row.extended,
        opinion=row.opinion,
        outcome=row.outcome,
        ground=row.ground,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        ended_at=row.ended_at,
        delivered=row.delivered,
    )


class StandingReader:
    """What somebody is, today, to whom a request is about."""

    def __init__(self, *, families: FamilyService, clock: Clock) -> None:
        self._families = families
        self._clock = clock

    async def of(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, who: PersonId, child: PersonId | None
    ) -> Standing:
        """Of a guardian or child of this family, about one child, or about the own data and children."""
        if who not in await guardian_ids(conn, tenant, family):
            return "oneself" if who in await child_ids(conn, tenant, family) else "unknown"
        today = local_date(self._clock.now())
        if not await is_family_shown(conn, tenant, family, who, day=today):
            return "by_hand"
        own = await self._families.own_children(conn, GuardianActor(tenant, who, family))
        if child is not None:
            return await self._of_child(conn, tenant, family, (who, child), own)
        return await self._known(conn, tenant, family, own) if own else "oneself"

    async def _of_child(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        of: tuple[PersonId, PersonId],
        own: frozenset[PersonId],
    ) -> Standing:
        who, child = of
        if child in own:
            return await self._known(conn, tenant, family, [child])
        facts = await read_authority(conn, tenant, persons=[child])
        everyone = await guardian_ids(conn, tenant, family)
        decides = authority_on(local_date(self._clock.now()), everyone, facts).deciders
        return "child_decides" if who in decides else "without_authority"

    async def _known(
        self, conn: AsyncConnection, tenant: TenantId, family: FamilyId, about: Iterable[PersonId]
    ) -> Standing:
        """Whether anything shows that the guardians have authority, of everybody it is about."""
        facts = await read_authority(conn, tenant, persons=about)
        everyone, today = await guardian_ids(conn, tenant, family), local_date(self._clock.now())
        known = all(
            authority_on(today, everyone, [one for one in facts if one.child == child]).known
            for child in about
        )
        return "decides" if known else "authority_unknown"
