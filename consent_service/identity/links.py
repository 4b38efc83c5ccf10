"""Which login is which member of staff: a digest of (issuer, subject) to shelter, staff and kind.

Registered by the operator beforehand, so that a token alone never lets anybody in. Who staff *are*
is `organisations`; ending sessions when a link goes is `identity.service`.
"""

from __future__ import annotations

from typing import assert_never

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import ConflictError, IntegrityError, Problem
from consent_service.foundation.ids import INSTALLATION, StaffId, TenantId
from consent_service.identity.model import (
    Counsellor,
    Fg,
    PrivacyCoordinator,
    SchoolStaff,
    StaffActor,
    StaffKind,
)
from consent_service.identity.providers import Audience, Provider
from consent_service.identity.tables import staff_links

SERVES: dict[Audience, frozenset[StaffKind]] = {
    "school": frozenset({"school_staff"}),
    "shelter": frozenset({"counsellor", "privacy_coordinator", "fg"}),
    "officer": frozenset({"privacy_coordinator", "fg"}),
    "any": frozenset({"counsellor", "school_staff", "privacy_coordinator", "fg"}),
}
"""Which staff may log in through a provider: a school's provider never makes a counsellor."""


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
    conn: AsyncConnection, clock: Clock, provider_id: str, subject: str, actor: StaffActor
) -> None:
    """From now on this login (a digest) acts as `actor`.

    Raises:
        ConflictError: it already does, perhaps as another kind.
    """
    school, role = (actor.school, actor.role) if isinstance(actor, SchoolStaff) else (None, None)
    known = await actors_of(conn, provider_id, subject)
    if any((one.tenant, one.staff) == (actor.tenant, actor.staff) for one in known):
        raise ConflictError("this login is already linked to this member of staff")
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
        )
    )


async def actors_of(conn: AsyncConnection, provider_id: str, subject: str) -> tuple[StaffActor, ...]:
    """Everybody this login may act as, the oldest link first."""
    query = (
        select(staff_links)
        .where(
            staff_links.c.tenant == INSTALLATION,
            staff_links.c.provider == provider_id,
            staff_links.c.subject == subject,
        )
        .order_by(staff_links.c.linked_at, staff_links.c.staff)
    )
    return tuple(linked_actor(row) for row in (await conn.execute(query)).mappings())


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
