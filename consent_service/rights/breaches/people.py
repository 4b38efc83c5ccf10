"""Names of whom a breach may be about, opened for the officer who handles it and for nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.tables import sittings
from consent_service.families.model import Child, Guardian
from consent_service.families.reading import read_children, read_guardians
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.rights.breaches.letters_model import Letter
from consent_service.rights.breaches.rows import Affected


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One person with the name, whether the log is certain, and the letter where there is one."""

    person: PersonId
    name: str
    child: bool
    certain: bool
    times: int
    letter: Letter | None = None


class FamilyAffected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One family: what counts for its safety, and its people."""

    family: FamilyId
    safety: str
    secret: bool
    people: tuple[Named, ...]


class PeoplePage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some families; `next` is from where the following page goes on."""

    families: tuple[FamilyAffected, ...]
    next: str = ""


async def open_people(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, families: Iterable[str]
) -> Mapping[str, Child | Guardian]:
    """Everybody of these families whose key lives, with the name opened."""
    found: dict[str, Child | Guardian] = {}
    for family in families:
        for child in await read_children(conn, ring, tenant, family=FamilyId(family)):
            found[child.child] = child
        for guardian in await read_guardians(conn, ring, tenant, family=FamilyId(family)):
            found[guardian.guardian] = guardian
    return found


def named(
    affected: Iterable[Affected],
    opened: Mapping[str, Child | Guardian],
    letters: Collection[Letter],
) -> dict[str, list[Named]]:
    """By family; who was erased meanwhile is left out."""
    by_person = {one.person: one for one in letters}
    found: dict[str, list[Named]] = {}
    for one in affected:
        known = opened.get(one.person)
        if known is not None:
            line = Named(
                one.person,
                known.identity.full_name,
                one.child,
                one.certain,
                one.times,
                by_person.get(one.person),
            )
            found.setdefault(one.family, []).append(line)
    return found


async def languages_of(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> Mapping[str, str]:
    """In which language each person of a family last sat; who never did is not in it."""
    c = sittings.c
    query = select(c.guardian, c.language).where(c.tenant == tenant, c.family == family)
    rows = await conn.execute(query.order_by(c.started_at, c.sitting))
    return {row.guardian: row.language for row in rows}
