"""The one joined read: everything a release decides on, in one statement and so at one moment.

Each section of the UNION is one table's rows for this relationship, in columns of one common shape.
Only this module may read the tables of other features.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    LargeBinary,
    Select,
    String,
    cast,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.consent.model import Decision
from consent_service.consent.tables import consent_ledger
from consent_service.families.identity_data import open_identity
from consent_service.families.model import (
    AuthorityFact,
    Competence,
    Contact,
    PersonIdentity,
    Relationship,
    SafetyAssessment,
    SafetyMarker,
    protected_of,
    safety_of,
)
from consent_service.families.reading import confirmed, weekdays_of
from consent_service.families.restrictions import restricted_from
from consent_service.families.tables import (
    authority_facts,
    child_competence,
    children,
    contact_absences,
    contact_attestations,
    guardians,
    relationship_contacts,
    relationships,
    safety_assessments,
    safety_markers,
)
from consent_service.families.tables_restrictions import restrictions
from consent_service.families.tables_starting import first_contacts
from consent_service.foundation.database import UtcDateTime
from consent_service.foundation.errors import IntegrityError, KeyDestroyedError
from consent_service.foundation.ids import (
    AgreementId,
    DecisionId,
    FamilyId,
    PersonId,
    RecordId,
    RelationshipId,
    SchoolId,
    StaffId,
    TenantId,
    TypeKey,
)
from consent_service.keyring.model import WrappedPersonKey, WrappedRelationshipKey, WrappedTenantKey
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import person_keys, relationship_keys, tenant_keys
from consent_service.organisations.model import Agreement
from consent_service.organisations.tables import agreements, assignments, relationship_state, staff
from consent_service.policy.projection import Assigned, Known
from consent_service.policy.tables import active_bundles
from consent_service.records.emergencies import RUNNING
from consent_service.records.model import SealedRecord
from consent_service.records.tables import record_digests, records
from consent_service.records.tables_emergencies import break_glasses
from consent_service.release.urgent import Urgent, urgent_of

_SHAPE: tuple[tuple[str, Any], ...] = (
    *((f"k{number}", String()) for number in range(1, 10)),
    *((f"n{number}", Integer()) for number in (1, 2)),
    *((f"t{number}", UtcDateTime()) for number in range(1, 6)),
    *((f"d{number}", Date()) for number in (1, 2)),
    *((f"b{number}", LargeBinary()) for number in (1, 2)),
)
Rows = Mapping[str, list[Row[Any]]]


class Situation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was read: the facts, the version they stand on, and what is needed to open the records.

    `key` is None once it was destroyed: what was shared can be opened by nobody. `urgent` stands beside the
    records, never among them. `start`: how far the first contact with the school is, None before it.
    """

    known: Known
    identity: PersonIdentity
    version: int
    next_change_at: datetime
    active_bundle: str
    key: WrappedRelationshipKey | None
    records: tuple[SealedRecord, ...]
    digests: dict[TypeKey, bytes]
    urgent: Urgent | None = None
    start: str | None = None


async def read_situation(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, relationship: RelationshipId
) -> Situation | None:
    """One statement; None when this tenant has no such relationship or no active policies.

    Raises:
        KeyDestroyedError: the key of the child is gone.
        IntegrityError: a key or the child's identity is not what was written.
        KeyProviderUnavailableError: the provider is away.
    """
    rows: dict[str, list[Row[Any]]] = {}
    for row in await conn.execute(_statement(tenant, relationship)):
        rows.setdefault(row.section, []).append(row)
    if "relationship" not in rows or "bundle" not in rows:
        return None
    (head,) = rows["relationship"]
    parents = {
        row.n1: WrappedTenantKey(tenant, "data", row.n1, row.n2, row.b1) for row in rows.get("tenant_key", [])
    }
    identity = _identity(rows, ring, tenant, parents)
    sealed = tuple(_record(row, relationship) for row in rows.get("record", []))
    urgent = urgent_of(rows.get("emergency", []), relationship)
    return Situation(
        known=_known(rows, tenant, relationship, identity, sealed, urgent),
        identity=identity,
        version=head.n1,
        next_change_at=head.t3,
        active_bundle=rows["bundle"][0].k1,
        key=_relationship_key(rows, tenant, relationship, parents),
        records=sealed,
        digests={TypeKey(row.k1): row.b1 for row in rows.get("digest", [])},
        urgent=urgent,
        start=rows["start"][0].k1 if "start" in rows else None,
    )


async def was_ever_listed(
    conn: AsyncConnection, tenant: TenantId, relationship: RelationshipId, member: StaffId
) -> bool:
    """Whether this member of staff stands or ever stood on the contact list; one statement."""
    c = relationship_contacts.c
    query = select(literal(1)).where(c.tenant == tenant, c.relationship == relationship, c.staff == member)
    return (await conn.execute(query.limit(1))).first() is not None


def _section(name: str, source: Any, *, key: tuple[ColumnElement[bool], ...], **columns: Any) -> Select[Any]:
    """One table's rows in the common shape: the columns not given are NULL of the right type."""
    chosen = [columns.get(label, cast(null(), kind)).label(label) for label, kind in _SHAPE]
    return select(literal(name).label("section"), *chosen).select_from(source).where(*key)


def _statement(tenant: TenantId, relationship: RelationshipId) -> Any:
    r, s = relationships.c, relationship_state.c
    here = (r.tenant == tenant, r.relationship == relationship)
    child = select(r.child).where(*here).scalar_subquery()
    family = select(r.family).where(*here).scalar_subquery()
    school = select(r.school).where(*here).scalar_subquery()
    same_child = select(r.relationship).where(r.tenant == tenant, r.child == child)
    state = relationships.join(
        relationship_state, (r.tenant == s.tenant) & (r.relationship == s.relationship)
    )
    return union_all(
        _section(
            "relationship", state, key=here, k1=r.child, k2=r.family, k3=r.school,
            n1=s.version, n2=cast(r.transition_held, Integer), t1=r.started_at, t2=r.ended_at,
            t3=s.next_change_at, t4=r.ends_at, t5=r.aftercare_from,
        ),
        *_key_sections(tenant, relationship, child),
        *_family_sections(tenant, relationship, child, family),
        *_organisation_sections(tenant, relationship, family, school),
        *_record_sections(tenant, relationship, same_child),
        _emergency_section(tenant, relationship),
        _start_section(tenant, relationship),
    )  # fmt: skip


def _key_sections(tenant: str, relationship: str, child: Any) -> tuple[Select[Any], ...]:
    k, rk, pk, c = tenant_keys.c, relationship_keys.c, person_keys.c, children.c
    return (
        _section(
            "tenant_key", tenant_keys, key=(k.tenant == tenant, k.purpose == "data"),
            n1=k.version, n2=k.root_generation, b1=k.wrapped,
        ),
        _section(
            "relationship_key", relationship_keys,
            key=(rk.tenant == tenant, rk.relationship == relationship),
            n1=rk.version, n2=rk.parent_version, b1=rk.wrapped,
        ),
        _section(
            "person_key", person_keys, key=(pk.tenant == tenant, pk.person == child),
            k1=pk.person, n1=pk.version, n2=pk.parent_version, b1=pk.wrapped,
        ),
        _section(
            "child", children, key=(c.tenant == tenant, c.child == child), k1=c.child,
            b1=c.sealed_identity,
        ),
    )  # fmt: skip


def _family_sections(tenant: str, relationship: str, child: Any, family: Any) -> tuple[Select[Any], ...]:
    g, a, s = guardians.c, authority_facts.c, safety_assessments.c
    m, j, x = safety_markers.c, child_competence.c, restrictions.c
    return (
        _section("guardian", guardians, key=(g.tenant == tenant, g.family == family), k1=g.guardian),
        _section(
            "authority", authority_facts, key=(a.tenant == tenant, a.child == child),
            k1=a.child, k2=a.guardian, k3=a.kind, k4=a.source, t1=a.recorded_at,
            d1=a.valid_from, d2=a.valid_until,
        ),
        _section(
            "safety", safety_assessments, key=(s.tenant == tenant, s.family == family),
            k1=s.level, k2=s.guardian, k3=s.assessment, n1=cast(s.secret_address, Integer),
            n2=cast(s.other_parent_at_school, Integer), t1=s.recorded_at, d1=s.court_order_until,
            d2=s.review_on,
        ),
        _section(
            "marker", safety_markers,
            key=(m.tenant == tenant, m.family == family, m.approved.is_(True), m.ended_at.is_(None)),
            k1=m.marker, k2=m.guardian, k3=m.requested_by, k4=m.decided_by, t1=m.requested_at,
            d1=m.review_on,
        ),
        _section(
            "competence", child_competence, key=(j.tenant == tenant, j.child == child),
            k1=j.child, n1=cast(j.competent, Integer), t1=j.recorded_at,
        ),
        _section(
            "restricted", restrictions,
            key=(
                x.tenant == tenant, x.child == child, x.lifted_at.is_(None),
                or_(x.relationship.is_(None), x.relationship == relationship),
            ),
            k1=x.information_type,
        ),
    )  # fmt: skip


def _organisation_sections(
    tenant: str, relationship: str, family: Any, school: Any
) -> tuple[Select[Any], ...]:
    a, c, w, x, b = (
        agreements.c,
        relationship_contacts.c,
        staff.c,
        assignments.c,
        active_bundles.c,
    )
    v, y = contact_attestations.c, contact_absences.c
    listed = relationship_contacts.join(staff, (c.tenant == w.tenant) & (c.staff == w.staff))
    return (
        _section(
            "agreement", agreements, key=(a.tenant == tenant, a.school == school),
            k1=a.agreement, k2=a.school, t1=a.ended_at, d1=a.valid_from, d2=a.valid_until,
        ),
        _section(
            "contact", listed,
            key=(c.tenant == tenant, c.relationship == relationship, w.ended_at.is_(None)),
            k1=c.staff, k2=c.deputy_for, n1=w.working_days, t1=c.starts_at, t2=c.ends_at, t3=c.confirmed_at,
        ),
        _section(
            "attested", contact_attestations, key=(v.tenant == tenant, v.relationship == relationship),
            k1=v.staff, t1=v.attested_at,
        ),
        _section(
            "absence", contact_absences, key=(y.tenant == tenant, y.relationship == relationship),
            k1=y.staff, k2=y.absence, t1=y.noted_at, d1=y.until,
        ),
        _section(
            "assigned", assignments, key=(x.tenant == tenant, x.family == family),
            k1=x.staff, t1=x.starts_at, t2=x.ends_at,
        ),
        _section("bundle", active_bundles, key=(b.tenant == tenant,), k1=b.hash),
    )  # fmt: skip


def _record_sections(tenant: str, relationship: str, same_child: Select[Any]) -> tuple[Select[Any], ...]:
    d, o, g = consent_ledger.c, records.c, record_digests.c
    return (
        _section(
            "decision", consent_ledger, key=(d.tenant == tenant, d.relationship.in_(same_child)),
            k1=d.decision, k2=d.relationship, k3=d.information_type, k4=d.person, k5=d.capacity,
            k6=d.kind, k7=d.concerns, k8=d.text_version, k9=d.method, t1=d.decided_at,
            t2=d.recorded_at, t3=d.valid_until,
        ),
        _section(
            "record", records, key=(o.tenant == tenant, o.relationship == relationship),
            k1=o.record, k2=o.information_type, k3=o.direction, k4=o.author, k5=o.about,
            k6=o.approved_by, n1=o.version, t1=o.written_at, t2=o.expires_at, b1=o.envelope,
        ),
        _section(
            "digest", record_digests, key=(g.tenant == tenant, g.relationship == relationship),
            k1=g.information_type, b1=g.digest,
        ),
    )  # fmt: skip


def _emergency_section(tenant: str, relationship: str) -> Select[Any]:
    """What a second person agreed to and nobody ended, with who of both still works here."""
    e, one, two = break_glasses.c, staff.alias("one"), staff.alias("two")
    first = (one.c.tenant == e.tenant) & (one.c.staff == e.requested_by) & one.c.ended_at.is_(None)
    second = (two.c.tenant == e.tenant) & (two.c.staff == e.approver) & two.c.ended_at.is_(None)
    return _section(
        "emergency", break_glasses.outerjoin(one, first).outerjoin(two, second),
        key=(e.tenant == tenant, e.relationship == relationship, e.state.in_(RUNNING)),
        k1=e.break_glass, k2=e.information_type, k3=e.requested_by, k4=e.approver, k5=one.c.staff,
        k6=two.c.staff, n1=cast(e.untold, Integer), t1=e.starts_at, t2=e.ends_at, t3=e.requested_at,
        b1=e.envelope, b2=e.digest,
    )  # fmt: skip


def _start_section(tenant: str, relationship: str) -> Select[Any]:
    f = first_contacts.c
    here = (f.tenant == tenant, f.relationship == relationship)
    return _section("start", first_contacts, key=here, k1=f.state)


def _identity(
    rows: Rows, ring: KeyRing, tenant: str, parents: Mapping[int, WrappedTenantKey]
) -> PersonIdentity:
    if "person_key" not in rows or "child" not in rows:
        raise KeyDestroyedError("this child's data no longer exists")
    row = rows["person_key"][0]
    key = WrappedPersonKey(tenant, row.k1, row.n1, row.b1, _parent(parents, row.n2))
    return open_identity(ring, key, rows["child"][0].b1)


def _relationship_key(
    rows: Rows, tenant: str, relationship: str, parents: Mapping[int, WrappedTenantKey]
) -> WrappedRelationshipKey | None:
    if "relationship_key" not in rows:
        return None
    row = rows["relationship_key"][0]
    return WrappedRelationshipKey(tenant, relationship, row.n1, row.b1, _parent(parents, row.n2))


def _parent(parents: Mapping[int, WrappedTenantKey], version: int) -> WrappedTenantKey:
    try:
        return parents[version]
    except KeyError as missing:
        raise IntegrityError("a key names a tenant key that does not exist") from missing


def _known(
    rows: Rows,
    tenant: TenantId,
    relationship: RelationshipId,
    identity: PersonIdentity,
    sealed: tuple[SealedRecord, ...],
    urgent: Urgent | None,
) -> Known:
    if identity.birth_date is None:
        raise IntegrityError("a child without a birth date")
    decisions = tuple(_decision(row) for row in rows.get("decision", []))
    return Known(
        relationship=_relationship(rows["relationship"][0], tenant, relationship),
        birth_date=identity.birth_date,
        guardians=tuple(PersonId(row.k1) for row in rows.get("guardian", [])),
        authority=tuple(_authority(row) for row in rows.get("authority", [])),
        safety=safety_of(_assessments(rows)),
        protected=protected_of(_assessments(rows)),
        markers=tuple(_marker(row) for row in rows.get("marker", [])),
        competence=tuple(
            Competence(PersonId(row.k1), bool(row.n1), row.t1) for row in rows.get("competence", [])
        ),
        agreements=tuple(_agreement(row, tenant) for row in rows.get("agreement", [])),
        contacts=_contacts(rows),
        assigned=tuple(Assigned(StaffId(row.k1), row.t1, row.t2) for row in rows.get("assigned", [])),
        decisions=tuple(row for row in decisions if row.relationship == relationship),
        objections=tuple(row for row in decisions if row.relationship != relationship),
        approved=_approved(sealed),
        owners=_owners(sealed),
        emergency=None if urgent is None else urgent.facts,
        restricted=restricted_from(row.k1 for row in rows.get("restricted", [])),
    )


def _relationship(head: Row[Any], tenant: TenantId, relationship: RelationshipId) -> Relationship:
    child, family, school = PersonId(head.k1), FamilyId(head.k2), SchoolId(head.k3)
    ends = (head.t4, head.t5, bool(head.n2))
    return Relationship(tenant, relationship, child, family, school, head.t1, head.t2, *ends)


def _approved(sealed: tuple[SealedRecord, ...]) -> frozenset[TypeKey]:
    """Types of which at least one record was approved; the others are not released with them."""
    return frozenset(one.information_type for one in sealed if one.approved_by is not None)


def _owners(sealed: tuple[SealedRecord, ...]) -> dict[TypeKey, frozenset[PersonId]]:
    owners: dict[TypeKey, set[PersonId]] = {}
    for one in sealed:
        if one.about is not None:
            owners.setdefault(one.information_type, set()).add(one.about)
    return {key: frozenset(people) for key, people in owners.items()}


def _assessments(rows: Rows) -> tuple[SafetyAssessment, ...]:
    """In the order they were recorded."""
    found = sorted(rows.get("safety", []), key=lambda row: (row.t1, row.k3))
    return tuple(
        SafetyAssessment(
            row.k1,
            bool(row.n1),
            bool(row.n2),
            row.d1,
            row.d2,
            guardian=None if row.k2 is None else PersonId(row.k2),
        )
        for row in found
    )


def _marker(row: Row[Any]) -> SafetyMarker:
    return SafetyMarker(
        marker=row.k1,
        guardian=PersonId(row.k2),
        requested_by=StaffId(row.k3),
        requested_at=row.t1,
        review_on=row.d1,
        approved=True,
        decided_by=StaffId(row.k4),
    )


def _authority(row: Row[Any]) -> AuthorityFact:
    return AuthorityFact(PersonId(row.k1), PersonId(row.k2), row.k3, row.k4, row.d1, row.d2, row.t1)


def _agreement(row: Row[Any], tenant: TenantId) -> Agreement:
    return Agreement(tenant, AgreementId(row.k1), SchoolId(row.k2), row.d1, row.d2, row.t1)


def _contacts(rows: Rows) -> tuple[Contact, ...]:
    """Each listing with when it was last confirmed, and until when this contact is away."""
    attested = {row.k1: row.t1 for row in sorted(rows.get("attested", []), key=lambda row: row.t1)}
    absences = sorted(rows.get("absence", []), key=lambda row: (row.t1, row.k2))
    away = {row.k1: row.d1 for row in absences}
    return tuple(
        confirmed(_contact(row), attested.get(row.k1), away_until=away.get(row.k1))
        for row in rows.get("contact", [])
    )


def _contact(row: Row[Any]) -> Contact:
    return Contact(
        StaffId(row.k1),
        None if row.k2 is None else StaffId(row.k2),
        row.t1,
        row.t2,
        confirmed_at=row.t3,
        weekdays=weekdays_of(row.n1),
    )


def _decision(row: Row[Any]) -> Decision:
    return Decision(
        decision=DecisionId(row.k1),
        relationship=RelationshipId(row.k2),
        information_type=TypeKey(row.k3),
        person=PersonId(row.k4),
        capacity=row.k5,
        kind=row.k6,
        decided_at=row.t1,
        recorded_at=row.t2,
        valid_until=row.t3,
        concerns=None if row.k7 is None else DecisionId(row.k7),
        text_version=row.k8,
        method=row.k9,
    )


def _record(row: Row[Any], relationship: RelationshipId) -> SealedRecord:
    return SealedRecord(
        record=RecordId(row.k1),
        relationship=relationship,
        information_type=TypeKey(row.k2),
        direction=row.k3,
        version=row.n1,
        author=StaffId(row.k4),
        about=None if row.k5 is None else PersonId(row.k5),
        approved_by=None if row.k6 is None else StaffId(row.k6),
        written_at=row.t1,
        expires_at=row.t2,
        envelope=row.b1,
    )
