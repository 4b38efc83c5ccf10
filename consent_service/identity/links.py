"""Which login is which member of staff: a digest of (issuer, subject) to shelter, staff and kind.

Registered by the operator beforehand, so that a token alone never lets anybody in. Who staff *are*
is `organisations`; ending sessions when a link goes is `identity.service`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import assert_never

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConflictError, IntegrityError, Problem
from consent_service.foundation.ids import INSTALLATION, StaffId, TenantId
from consent_service.identity.establishment import works_at
from consent_service.identity.levels import needs_factor
from consent_service.identity.model import (
    Counsellor,
    Fg,
    PrivacyCoordinator,
    SchoolStaff,
    StaffActor,
    StaffKind,
)
from consent_service.identity.providers import Audience, Provider
from consent_service.identity.tables import passkeys, staff_links

SERVES: dict[Audience, frozenset[StaffKind]] = {
    "school": frozenset({"school_staff"}),
    "shelter": frozenset({"counsellor", "privacy_coordinator", "fg"}),
    "officer": frozenset({"privacy_coordinator", "fg"}),
    "any": frozenset({"counsellor", "school_staff", "privacy_coordinator", "fg"}),
    "guardian": frozenset(),
    "operator": frozenset(),
}
"""Which staff may log in through a provider: a school's provider never makes a counsellor."""


class Linked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody a login may act as; `establishment` is the code of the school, empty where there is none."""

    actor: StaffActor
    establishment: str = ""


def counting(linked: Iterable[Linked], schools: Collection[str]) -> tuple[StaffActor, ...]:
    """Everybody a login acts as that tells of these schools: who is of another school is left out."""
    return tuple(
        one.actor
        for one in linked
        if not isinstance(one.actor, SchoolStaff) or works_at(one.establishment, schools)
    )


def kind_of(actor: StaffActor) -> StaffKind:
    """The word by which a link remembers what somebody is."""
    match actor:
        case Counsellor():
            return "counsellor"
        case SchoolStaff():
            return "school_staff"
        case PrivacyCoordinator():
            return "privacy_coordinator"
        case Fg():
            return "fg"
        case _:
            assert_never(actor)


def problems_of_link(provider: Provider, subject: str, actor: StaffActor) -> tuple[Problem, ...]:
    """Everything wrong with a link, at once."""
    found: list[Problem] = []
    if not 1 <= len(subject.strip()) <= 255:
        found.append(Problem("subject", "identity.link_subject"))
    if kind_of(actor) not in SERVES[provider.audience]:
        found.append(Problem("provider", "identity.link_audience"))
    return tuple(found)


async def add_link(
    conn: AsyncConnection,
    clock: Clock,
    provider_id: str,
    subject: str,
    actor: StaffActor,
    *,
    establishment: str = "",
) -> None:
    """From now on this login (a digest) acts as `actor`; `establishment` is the code of the actor's school.

    Whoever becomes an officer begins without passkeys: those there are were added without a code, by
    whoever knew the password.

    Raises:
        ConflictError: it already does, perhaps as another kind.
    """
    school, role = (actor.school, actor.role) if isinstance(actor, SchoolStaff) else (None, None)
    known = await actors_of(conn, provider_id, subject)
    if any((one.tenant, one.staff) == (actor.tenant, actor.staff) for one in known):
        raise ConflictError("this login is already linked to this member of staff")
    if needs_factor(actor) and not any(needs_factor(one) for one in known):
        mine = (passkeys.c.provider == provider_id, passkeys.c.subject == subject)
        await conn.execute(delete(passkeys).where(passkeys.c.tenant == INSTALLATION, *mine))
    await conn.execute(
        insert(staff_links).values(
            tenant=INSTALLATION,
            provider=provider_id,
            subject=subject,
            shelter=actor.tenant,
            staff=actor.staff,
            kind=kind_of(actor),
            school=school,
            role=role,
            linked_at=clock.now(),
            establishment=establishment or None,
        )
    )


async def actors_of(conn: AsyncConnection, provider_id: str, subject: str) -> tuple[StaffActor, ...]:
    """Everybody this login is linked to, whichever schools it tells of, the oldest link first."""
    return tuple(one.actor for one in await links_of(conn, provider_id, subject))


async def links_of(conn: AsyncConnection, provider_id: str, subject: str) -> tuple[Linked, ...]:
    """Every link of this login, the oldest first."""
    query = (
        select(staff_links)
        .where(
            staff_links.c.tenant == INSTALLATION,
            staff_links.c.provider == provider_id,
            staff_links.c.subject == subject,
        )
        .order_by(staff_links.c.linked_at, staff_links.c.staff)
    )
    rows = (await conn.execute(query)).mappings()
    return tuple(Linked(linked_actor(row), row["establishment"] or "") for row in rows)


async def who_logs_in(
    conn: AsyncConnection, shelter: TenantId, staff: Collection[StaffId]
) -> frozenset[StaffId]:
    """Which of these members of staff are linked to a login."""
    query = select(staff_links.c.staff).where(
        staff_links.c.tenant == INSTALLATION,
        staff_links.c.shelter == shelter,
        staff_links.c.staff.in_(sorted(staff)),
    )
    return frozenset(StaffId(one) for one in (await conn.execute(query)).scalars())


async def is_of_colleague(conn: AsyncConnection, provider_id: str, subject: str, actor: StaffActor) -> bool:
    """Whether this login is that of another person of the same kind there: at the same shelter, or school."""
    for known in await actors_of(conn, provider_id, subject):
        alike = (known.tenant, kind_of(known)) == (actor.tenant, kind_of(actor))
        if alike and known.staff != actor.staff and _school_of(known) == _school_of(actor):
            return True
    return False


def _school_of(actor: StaffActor) -> str:
    return actor.school if isinstance(actor, SchoolStaff) else ""


async def remove_links(
    conn: AsyncConnection, shelter: TenantId, staff: StaffId
) -> tuple[tuple[str, str], ...]:
    """Forget every link of this member of staff; the (provider, subject) pairs whose sessions must end."""
    gone = await conn.execute(
        delete(staff_links)
        .where(
            staff_links.c.tenant == INSTALLATION,
            staff_links.c.shelter == shelter,
            staff_links.c.staff == staff,
        )
        .returning(staff_links.c.provider, staff_links.c.subject)
    )
    return tuple((row.provider, row.subject) for row in gone)


def linked_actor(row: RowMapping) -> StaffActor:
    """The actor a stored link stands for.

    Raises:
        IntegrityError: a kind this version does not know.
    """
    kind, shelter, staff = row["kind"], row["shelter"], row["staff"]
    if kind == "counsellor":
        return Counsellor(shelter, staff)
    if kind == "school_staff":
        return SchoolStaff(shelter, staff, row["school"], row["role"])
    if kind == "privacy_coordinator":
        return PrivacyCoordinator(shelter, staff)
    if kind == "fg":
        return Fg(shelter, staff)
    raise IntegrityError("a staff link is of an unknown kind")
