"""Who belongs to whom, and how safe families are, for many at once: ids and codes, no names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import SafetyAssessment, safety_of
from consent_service.families.tables import children, families, guardians, relationships, safety_assessments
from consent_service.foundation.ids import TenantId


class Belonging(msgspec.Struct, frozen=True):
    """Every family of a shelter: its children and guardians, and of which child each place at a school is."""

    children: dict[str, str]
    guardians: dict[str, str]
    places: dict[str, tuple[str, str]]
    by_family: dict[str, tuple[list[str], list[str]]]

    def family_of(self, person: str | None) -> str | None:
        """Of which family somebody is."""
        if person is None:
            return None
        return self.children.get(person) or self.guardians.get(person)


async def belonging(conn: AsyncConnection, tenant: TenantId) -> Belonging:
    """As it is now; who was erased is nowhere."""
    young, old, at = children.c, guardians.c, relationships.c
    kids = {
        row.child: row.family
        for row in await conn.execute(select(young.child, young.family).where(young.tenant == tenant))
    }
    adults = {
        row.guardian: row.family
        for row in await conn.execute(select(old.guardian, old.family).where(old.tenant == tenant))
    }
    places = {
        row.relationship: (row.child, row.family)
        for row in await conn.execute(select(at.relationship, at.child, at.family).where(at.tenant == tenant))
    }
    by_family: dict[str, tuple[list[str], list[str]]] = {}
    for child, family in kids.items():
        by_family.setdefault(family, ([], []))[0].append(child)
    for guardian, family in adults.items():
        by_family.setdefault(family, ([], []))[1].append(guardian)
    return Belonging(kids, adults, places, by_family)


async def begun_before(conn: AsyncConnection, tenant: TenantId, moment: datetime) -> frozenset[str]:
    """The families that were there at this moment and still are."""
    query = select(families.c.family).where(families.c.tenant == tenant, families.c.created_at < moment)
    return frozenset((await conn.execute(query)).scalars())


class Safety(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The worst of several families."""

    secret: bool = False
    level: str = "no_known_danger"


_ORDER = {"danger": 2, "not_assessed": 1, "no_known_danger": 0}


def worst(found: Iterable[Safety]) -> Safety:
    """The worst of these; nothing of nobody."""
    those = [*found, Safety()]
    return Safety(
        any(one.secret for one in those),
        max((one.level for one in those), key=lambda one: _ORDER.get(one, 1)),
    )


async def safety_by_family(
    conn: AsyncConnection, tenant: TenantId, wanted: Collection[str]
) -> dict[str, Safety]:
    """How safe each of these families is now; one that nobody assessed counts as not assessed."""
    kept = safety_assessments.c
    query = (
        select(safety_assessments).where(kept.tenant == tenant).order_by(kept.recorded_at, kept.assessment)
    )
    by_family: dict[str, list[SafetyAssessment]] = {family: [] for family in wanted}
    for row in await conn.execute(query):
        if row.family in by_family:
            by_family[row.family].append(
                SafetyAssessment(
                    row.level,
                    row.secret_address,
                    row.other_parent_at_school,
                    row.court_order_until,
                    row.review_on,
                    guardian=row.guardian,
                )
            )
    found = {family: safety_of(those) for family, those in by_family.items()}
    return {family: Safety(one.secret_address, one.level) for family, one in found.items()}
