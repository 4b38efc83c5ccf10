"""Rows of families as structs. Used by the service and, for its joined read, by `release.read`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.identity_data import open_identity
from consent_service.families.listing import is_listed
from consent_service.families.model import (
    AuthorityFact,
    Child,
    Competence,
    Contact,
    Guardian,
    Relationship,
    SafetyAssessment,
    SafetyMarker,
    is_left_out,
    is_shown,
    protected_of,
    safety_of,
)
from consent_service.families.tables import (
    authority_facts,
    child_competence,
    children,
    contact_absences,
    contact_attestations,
    families,
    guardians,
    relationship_contacts,
    relationships,
    safety_assessments,
    safety_markers,
)
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, SchoolId, StaffId, TenantId
from consent_service.keyring.service import KeyRing
from consent_service.organisations.tables import staff

CONFLICT = "conflict"
"""Why a listing ended: this person is related to the family and is listed for none of its children again."""
PROMOTED = "promoted"
"""Why a listing ended: the one for whom this person stood in is related to the family; a new one began."""


async def read_children(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, *, family: FamilyId
) -> tuple[Child, ...]:
    """The children of a family whose key still exists, eldest registration first."""
    query = (
        select(children)
        .where(children.c.tenant == tenant, children.c.family == family)
        .order_by(children.c.child)
    )
    return await open_children(conn, ring, tenant, (await conn.execute(query)).all())


async def open_children(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, rows: Iterable[Row[Any]]
) -> tuple[Child, ...]:
    """Rows of `children` with their identity opened; erased ones are left out."""
    found = list(rows)
    keys = await ring.person_keys(conn, tenant, [row.child for row in found])
    return tuple(
        Child(
            PersonId(row.child),
            FamilyId(row.family),
            open_identity(ring, keys[row.child], row.sealed_identity),
        )
        for row in found
        if row.child in keys
    )


async def read_guardians(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, *, family: FamilyId
) -> tuple[Guardian, ...]:
    """The guardians of a family whose key still exists, eldest registration first."""
    query = (
        select(guardians)
        .where(guardians.c.tenant == tenant, guardians.c.family == family)
        .order_by(guardians.c.guardian)
    )
    rows = (await conn.execute(query)).all()
    keys = await ring.person_keys(conn, tenant, [row.guardian for row in rows])
    return tuple(
        Guardian(
            PersonId(row.guardian),
            FamilyId(row.family),
            open_identity(ring, keys[row.guardian], row.sealed_identity),
            body=row.body,
        )
        for row in rows
        if row.guardian in keys
    )


async def read_relationships(
    conn: AsyncConnection, tenant: TenantId, *, family: FamilyId
) -> tuple[Relationship, ...]:
    """Every child-at-school of a family, also those that ended."""
    query = (
        select(relationships)
        .where(relationships.c.tenant == tenant, relationships.c.family == family)
        .order_by(relationships.c.started_at, relationships.c.relationship)
    )
    return tuple(relationship_from(row) for row in await conn.execute(query))


async def read_relationship(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId
) -> Relationship | None:
    """One child at one school, or None within this tenant."""
    query = select(relationships).where(
        relationships.c.tenant == tenant, relationships.c.relationship == relationship
    )
    row = (await conn.execute(query)).first()
    return None if row is None else relationship_from(row)


async def relationships_of_child(
    conn: AsyncConnection, tenant: TenantId, child: PersonId
) -> tuple[Relationship, ...]:
    """This child at every school, also where it ended."""
    query = (
        select(relationships)
        .where(relationships.c.tenant == tenant, relationships.c.child == child)
        .order_by(relationships.c.started_at, relationships.c.relationship)
    )
    return tuple(relationship_from(row) for row in await conn.execute(query))


async def read_authority(
    conn: AsyncConnection, tenant: TenantId, *, persons: Iterable[PersonId]
) -> tuple[AuthorityFact, ...]:
    """What was recorded on authority over these children, oldest first."""
    query = (
        select(authority_facts)
        .where(authority_facts.c.tenant == tenant, authority_facts.c.child.in_(sorted(set(persons))))
        .order_by(authority_facts.c.recorded_at, authority_facts.c.fact)
    )
    return tuple(
        AuthorityFact(
            PersonId(row.child),
            PersonId(row.guardian),
            row.kind,
            row.source,
            row.valid_from,
            row.valid_until,
            row.recorded_at,
            seen_on=row.seen_on,
            jointly=row.jointly,
        )
        for row in await conn.execute(query)
    )


async def read_assessments(
    conn: AsyncConnection, tenant: TenantId, *, family: FamilyId
) -> tuple[SafetyAssessment, ...]:
    """Every assessment of the family as a whole and of each guardian, in the order of recording."""
    query = (
        select(safety_assessments)
        .where(safety_assessments.c.tenant == tenant, safety_assessments.c.family == family)
        .order_by(safety_assessments.c.recorded_at, safety_assessments.c.assessment)
    )
    return tuple(
        SafetyAssessment(
            row.level,
            row.secret_address,
            row.other_parent_at_school,
            row.court_order_until,
            row.review_on,
            guardian=None if row.guardian is None else PersonId(row.guardian),
        )
        for row in await conn.execute(query)
    )


async def read_safety(conn: AsyncConnection, tenant: TenantId, *, family: FamilyId) -> SafetyAssessment:
    """What counts for the family now; `not_assessed` when nobody assessed it."""
    return safety_of(await read_assessments(conn, tenant, family=family))


async def read_markers(
    conn: AsyncConnection, tenant: TenantId, *, family: FamilyId
) -> tuple[SafetyMarker, ...]:
    """Every request not to contact a holder, in the order asked, decided or not."""
    query = (
        select(safety_markers)
        .where(safety_markers.c.tenant == tenant, safety_markers.c.family == family)
        .order_by(safety_markers.c.requested_at, safety_markers.c.marker)
    )
    return tuple(
        SafetyMarker(
            marker=row.marker,
            guardian=PersonId(row.guardian),
            requested_by=StaffId(row.requested_by),
            requested_at=row.requested_at,
            review_on=row.review_on,
            approved=row.approved,
            decided_by=None if row.decided_by is None else StaffId(row.decided_by),
            ended_at=row.ended_at,
        )
        for row in await conn.execute(query)
    )


async def is_family_shown(
    conn: AsyncConnection,
    tenant: TenantId,
    family: FamilyId,
    guardian: PersonId,
    *,
    day: date,
    at_tablet: bool = False,
) -> bool:
    """Whether this guardian is shown child and school today (`is_shown`), and is not left out."""
    assessments = await read_assessments(conn, tenant, family=family)
    safety = safety_of(assessments).level
    if is_left_out(guardian, await read_markers(conn, tenant, family=family), day, safety=safety):
        return False
    return is_shown(
        guardian,
        guardians=await guardian_ids(conn, tenant, family),
        safety=safety,
        protected=protected_of(assessments),
        at_tablet=at_tablet,
    )


class WaitingMarker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A request not to contact a holder that nobody decided yet; for the approver without any name."""

    marker: str
    family: FamilyId
    guardian: PersonId
    requested_by: StaffId
    requested_at: datetime
    review_on: date


async def waiting_markers(conn: AsyncConnection, tenant: TenantId) -> tuple[WaitingMarker, ...]:
    """The requests of this shelter that wait for a second person, oldest first."""
    query = (
        select(safety_markers)
        .where(safety_markers.c.tenant == tenant, safety_markers.c.approved.is_(None))
        .where(safety_markers.c.ended_at.is_(None))
        .order_by(safety_markers.c.requested_at, safety_markers.c.marker)
    )
    return tuple(
        WaitingMarker(
            row.marker,
            FamilyId(row.family),
            PersonId(row.guardian),
            StaffId(row.requested_by),
            row.requested_at,
            row.review_on,
        )
        for row in await conn.execute(query)
    )


async def read_competence(
    conn: AsyncConnection, tenant: TenantId, *, children: Iterable[PersonId]
) -> tuple[Competence, ...]:
    """Every judgement on whether these children can weigh this themselves."""
    query = (
        select(child_competence)
        .where(child_competence.c.tenant == tenant, child_competence.c.child.in_(sorted(children)))
        .order_by(child_competence.c.recorded_at, child_competence.c.judgement)
    )
    return tuple(
        Competence(PersonId(row.child), row.competent, row.recorded_at) for row in await conn.execute(query)
    )


async def read_contacts(
    conn: AsyncConnection, tenant: TenantId, wanted: Iterable[RelationshipId]
) -> dict[RelationshipId, tuple[Contact, ...]]:
    """The contact list of each relationship, also listings that ended; who left stands on none."""
    listing = relationship_contacts.c
    query = (
        select(relationship_contacts, staff.c.ended_at.label("left_at"), staff.c.working_days)
        .join(staff, (staff.c.tenant == listing.tenant) & (staff.c.staff == listing.staff))
        .where(listing.tenant == tenant, listing.relationship.in_(sorted(set(wanted))))
        .order_by(listing.starts_at, listing.listing)
    )
    lists: dict[RelationshipId, list[Contact]] = {relationship: [] for relationship in wanted}
    attested, away = await _attested(conn, tenant, lists), await _away(conn, tenant, lists)
    for row in await conn.execute(query):
        about = (row.relationship, row.staff)
        deputy_for = None if row.deputy_for is None else StaffId(row.deputy_for)
        listed = Contact(
            StaffId(row.staff),
            deputy_for,
            row.starts_at,
            row.ends_at or row.left_at,
            confirmed_at=row.confirmed_at,
            weekdays=weekdays_of(row.working_days),
        )
        lists[RelationshipId(row.relationship)].append(
            confirmed(listed, attested.get(about), away_until=away.get(about))
        )
    return {relationship: tuple(contacts) for relationship, contacts in lists.items()}


def confirmed(listed: Contact, attested_at: datetime | None, *, away_until: date | None) -> Contact:
    """A listing with the newest moment at which it was confirmed: its beginning, or what was said since.

    Until when this person is away holds for every listing on the same list.
    """
    said = [listed.confirmed_at or listed.starts_at, *([] if attested_at is None else [attested_at])]
    return msgspec.structs.replace(listed, confirmed_at=max(said), away_until=away_until)


def weekdays_of(working_days: int) -> frozenset[int]:
    """The seven bits of `staff.working_days` as days, Monday is 0."""
    return frozenset(day for day in range(7) if working_days >> day & 1)


async def _attested(
    conn: AsyncConnection, tenant: TenantId, wanted: Iterable[RelationshipId]
) -> Mapping[tuple[str, str], datetime]:
    """When it was last said of each person on each of these lists."""
    said = contact_attestations.c
    query = (
        select(said.relationship, said.staff, said.attested_at)
        .where(said.tenant == tenant, said.relationship.in_(sorted(set(wanted))))
        .order_by(said.attested_at)
    )
    return {(row.relationship, row.staff): row.attested_at for row in await conn.execute(query)}


async def _away(
    conn: AsyncConnection, tenant: TenantId, wanted: Iterable[RelationshipId]
) -> Mapping[tuple[str, str], date | None]:
    """The last day of the newest absence of each person on each of these lists."""
    said = contact_absences.c
    query = (
        select(said.relationship, said.staff, said.until)
        .where(said.tenant == tenant, said.relationship.in_(sorted(set(wanted))))
        .order_by(said.noted_at, said.absence)
    )
    return {(row.relationship, row.staff): row.until for row in await conn.execute(query)}


async def bodies_of(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> frozenset[PersonId]:
    """The guardians of a family that are organisations."""
    query = select(guardians.c.guardian).where(
        guardians.c.tenant == tenant, guardians.c.family == family, guardians.c.body.is_(True)
    )
    return frozenset(PersonId(guardian) for guardian in (await conn.execute(query)).scalars())


async def active_listings(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, now: datetime
) -> frozenset[StaffId]:
    """Who stands on the contact list of a relationship now and still works there, reading or not."""
    lists = await read_contacts(conn, tenant, [relationship])
    return frozenset(contact.staff for contact in lists[relationship] if is_listed(contact, now))


async def open_lists(conn: AsyncConnection, tenant: TenantId, member: StaffId) -> tuple[RelationshipId, ...]:
    """The relationships that go on and on whose list this member of staff stands, also who left meanwhile."""
    listing, child_at = relationship_contacts.c, relationships.c
    query = (
        select(listing.relationship)
        .join(
            relationships,
            (child_at.tenant == listing.tenant) & (child_at.relationship == listing.relationship),
        )
        .where(listing.tenant == tenant, listing.staff == member, listing.ends_at.is_(None))
        .where(child_at.ended_at.is_(None))
        .order_by(listing.relationship)
        .distinct()
    )
    return tuple(RelationshipId(found) for found in (await conn.execute(query)).scalars())


async def ever_listed(conn: AsyncConnection, tenant: TenantId, member: StaffId) -> frozenset[RelationshipId]:
    """Where this member of staff stands or stood on the list; of a family he is related to, nowhere."""
    listing, child_at = relationship_contacts.c, relationships.c
    query = (
        select(listing.relationship, child_at.family, listing.end_reason)
        .join(
            relationships,
            (child_at.tenant == listing.tenant) & (child_at.relationship == listing.relationship),
        )
        .where(listing.tenant == tenant, listing.staff == member)
    )
    rows = (await conn.execute(query)).all()
    related = {row.family for row in rows if row.end_reason == CONFLICT}
    return frozenset(RelationshipId(row.relationship) for row in rows if row.family not in related)


async def has_conflict(
    conn: AsyncConnection, tenant: TenantId, family: FamilyId, members: Iterable[StaffId]
) -> bool:
    """Whether one of these left a list of any child of the family because of being related to it."""
    listing, child_at = relationship_contacts.c, relationships.c
    query = (
        select(listing.listing)
        .join(
            relationships,
            (child_at.tenant == listing.tenant) & (child_at.relationship == listing.relationship),
        )
        .where(listing.tenant == tenant, listing.staff.in_(sorted(set(members))))
        .where(child_at.family == family, listing.end_reason == CONFLICT)
        .limit(1)
    )
    return (await conn.execute(query)).first() is not None


async def child_ids(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> tuple[PersonId, ...]:
    """The children of a family, also erased ones, eldest registration first."""
    query = (
        select(children.c.child)
        .where(children.c.tenant == tenant, children.c.family == family)
        .order_by(children.c.created_at, children.c.child)
    )
    return tuple(PersonId(child) for child in (await conn.execute(query)).scalars())


async def guardian_ids(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> tuple[PersonId, ...]:
    """The guardians of a family, also erased ones, eldest registration first."""
    query = (
        select(guardians.c.guardian)
        .where(guardians.c.tenant == tenant, guardians.c.family == family)
        .order_by(guardians.c.created_at, guardians.c.guardian)
    )
    return tuple(PersonId(guardian) for guardian in (await conn.execute(query)).scalars())


async def lock_family(conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> datetime | None:
    """Take the family's row until the transaction ends, so that acts on one family follow each other.

    Returns when the guidance ended. Raises:
        NotFoundError: no such family in this tenant.
    """
    query = (
        select(families.c.ended_at)
        .where(families.c.tenant == tenant, families.c.family == family)
        .with_for_update(key_share=True)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFoundError("family")
    ended_at: datetime | None = row.ended_at
    return ended_at


def relationship_from(row: Row[Any]) -> Relationship:
    """A row of `relationships` as a struct."""
    return Relationship(
        TenantId(row.tenant),
        RelationshipId(row.relationship),
        PersonId(row.child),
        FamilyId(row.family),
        SchoolId(row.school),
        row.started_at,
        row.ended_at,
        row.ends_at,
        row.aftercare_from,
        row.transition_held,
    )
