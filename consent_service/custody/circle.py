"""Whom and what an erasure is about: the people, and the children at schools whose keys end with them.

Looked up anew each time from what the database holds, because a database that was put back holds another
state of the family. What else is known of them is `rights`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.happenings.erasures import ErasureScope
from consent_service.families.model import Relationship
from consent_service.families.reading import (
    child_ids,
    guardian_ids,
    read_relationships,
    relationships_of_child,
)
from consent_service.families.tables import children, families, guardians
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.foundation.stop_journal import Stop


class Circle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everybody one erasure is about. `family` is theirs; it goes too when `whole`."""

    tenant: TenantId
    family: FamilyId
    whole: bool
    children: tuple[PersonId, ...] = ()
    guardians: tuple[PersonId, ...] = ()
    relationships: tuple[Relationship, ...] = ()

    @property
    def people(self) -> tuple[PersonId, ...]:
        """Children and guardians."""
        return (*self.children, *self.guardians)

    def targets(self) -> Mapping[str, str]:
        """Every pseudonym that is to be found nowhere any more, with what it is of."""
        found: dict[str, str] = {one.relationship: "relationship" for one in self.relationships}
        found.update(dict.fromkeys(self.children, "child"))
        found.update(dict.fromkeys(self.guardians, "guardian"))
        return {**found, self.family: "family"} if self.whole else found


async def circle_of(
    conn: AsyncConnection, tenant: TenantId, scope: ErasureScope, subject: str
) -> Circle | None:
    """Whom erasing this person (a guardian), child or family is about; None when it is not known here."""
    if scope == "family":
        return await _of_family(conn, tenant, FamilyId(subject))
    if scope == "child":
        return await _of_child(conn, tenant, PersonId(subject))
    return await _of_guardian(conn, tenant, PersonId(subject))


async def circle_of_stop(conn: AsyncConnection, stop: Stop) -> Circle | None:
    """Whom a journalled erasure is about: of a child's keys, or of everything there is about somebody."""
    tenant = TenantId(stop.tenant)
    if "erasure" in stop.subject:
        return await circle_of(conn, tenant, cast(ErasureScope, stop.subject["scope"]), stop.subject["who"])
    return await circle_of(conn, tenant, "child", stop.subject["child"])


async def _of_family(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> Circle | None:
    query = select(families.c.family).where(families.c.tenant == tenant, families.c.family == family)
    if (await conn.execute(query)).first() is None:
        return None
    return Circle(
        tenant,
        family,
        True,
        await child_ids(conn, tenant, family),
        await guardian_ids(conn, tenant, family),
        await read_relationships(conn, tenant, family=family),
    )


async def _of_child(conn: AsyncConnection, tenant: TenantId, child: PersonId) -> Circle | None:
    query = select(children.c.family).where(children.c.tenant == tenant, children.c.child == child)
    family = (await conn.execute(query)).scalar_one_or_none()
    if family is None:
        return None
    places = await relationships_of_child(conn, tenant, child)
    return Circle(tenant, FamilyId(family), False, (child,), relationships=places)


async def _of_guardian(conn: AsyncConnection, tenant: TenantId, guardian: PersonId) -> Circle | None:
    here = guardians.c
    query = select(here.family).where(here.tenant == tenant, here.guardian == guardian)
    family = (await conn.execute(query)).scalar_one_or_none()
    return None if family is None else Circle(tenant, FamilyId(family), False, guardians=(guardian,))
