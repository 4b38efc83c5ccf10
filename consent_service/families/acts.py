"""What the rows of families state, and what the log tells of them (`audit.reconciling`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, func, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.reconciling import ALWAYS, Act, ActSource, Done, Told, day_text, streamed
from consent_service.families.reading import CONFLICT, PROMOTED
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
from consent_service.foundation.ids import TenantId
from consent_service.keyring.tables import key_destructions
from consent_service.organisations.tables import assignments, staff

_UNPLACED: Final = "children of no family"
"""What an act of a whole family is also about: an erased child whose family nothing tells any more."""
_FAMILY: Final = "family:"
_CHILDREN: Final = "children of "


class FamilyActs(ActSource):
    """Who is in a family, and who works with it."""

    tables = ("families", "children", "guardians", "authority_facts", "child_competence", "assignments")
    events = (
        events.FamilyRegistered,
        events.ChildRegistered,
        events.GuardianRegistered,
        events.AuthorityRecorded,
        events.CompetenceJudged,
        events.AssignmentStarted,
        events.SubstituteAccess,
    )

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every family and person, fact of authority, judgement and assignment."""
        async for row in streamed(conn, select(families).where(families.c.tenant == tenant)):
            yield Done(_of_all("family", (row.family,)), row.created_at)
        async for row in streamed(conn, select(children).where(children.c.tenant == tenant)):
            yield Done(Act("child", (row.child, row.family), (row.child,)), row.created_at)
        async for row in streamed(conn, select(guardians).where(guardians.c.tenant == tenant)):
            yield Done(Act("guardian", (row.guardian, row.family), (row.guardian,)), row.created_at)
        here = authority_facts
        async for row in streamed(conn, select(here).where(here.c.tenant == tenant)):
            yield Done(_authority(row), row.recorded_at)
        judged = child_competence
        async for row in streamed(conn, select(judged).where(judged.c.tenant == tenant)):
            facts = (row.child, str(row.competent), row.reason or "")
            yield Done(Act("competence", facts, (row.child,)), row.recorded_at)
        known = and_(families.c.tenant == assignments.c.tenant, families.c.family == assignments.c.family)
        query = select(assignments).join(families, known).where(assignments.c.tenant == tenant)
        async for row in streamed(conn, query):
            yield Done(_assignment(row.staff, row.family, row.reason), row.starts_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.FamilyRegistered(family=family):
                yield Told(_of_all("family", (family,)))
            case events.ChildRegistered(family=family, child=child):
                yield Told(Act("child", (child, family), (child,)))
            case events.GuardianRegistered(family=family, guardian=guardian):
                yield Told(Act("guardian", (guardian, family), (guardian,)))
            case events.AuthorityRecorded() as event:
                yield Told(_authority(event))
            case events.CompetenceJudged(child=child, competent=competent, reason=reason):
                yield Told(Act("competence", (child, str(competent), reason), (child,)))
            case events.AssignmentStarted(staff=member, family=family):
                yield Told(_assignment(member, family, None))
            case events.SubstituteAccess(family=family, reason=reason):
                yield Told(_assignment(detail.subject or "", family, reason))
            case _:
                return

    async def left_out(self, conn: AsyncConnection, tenant: TenantId) -> Mapping[str, datetime]:
        """Of a family with an erased child what was noted under that child's key, for all of them."""
        ended, at = key_destructions.c, func.max(key_destructions.c.destroyed_at).label("at")
        mine = and_(children.c.tenant == ended.tenant, children.c.child == ended.owner)
        query = (
            select(children.c.family, at)
            .select_from(key_destructions)
            .join(children, mine, isouter=True)
            .where(ended.tenant == tenant, ended.kind == "person")
            .group_by(children.c.family)
        )
        rows = (await conn.execute(query)).all()
        return {_UNPLACED if row.family is None else _CHILDREN + row.family: row.at for row in rows}

    async def gone(self, conn: AsyncConnection, tenant: TenantId, ids: Collection[str]) -> Collection[str]:
        """Families that were erased as a whole."""
        asked = {one.removeprefix(_FAMILY) for one in ids if one.startswith(_FAMILY)}
        if not asked:
            return ()
        query = select(families.c.family).where(
            families.c.tenant == tenant, families.c.family.in_(sorted(asked))
        )
        found = set((await conn.execute(query)).scalars())
        return {_FAMILY + one for one in asked - found}


class SafetyActs(ActSource):
    """How safe a family is, and whom to leave out."""

    tables = ("safety_assessments", "safety_markers")
    events = (
        events.SafetyAssessed,
        events.GuardianSafetyAssessed,
        events.MarkerRequested,
        events.MarkerDecided,
        events.MarkerEnded,
    )

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every assessment and every step of a marker."""
        here = safety_assessments
        async for row in streamed(conn, select(here).where(here.c.tenant == tenant)):
            facts = (row.family, row.level, day_text(row.review_on))
            if row.guardian is None:
                yield Done(_of_all("safety", (*facts, str(row.secret_address))), row.recorded_at)
            else:
                about = (row.guardian,)
                yield Done(Act("guardian_safety", (*about, *facts), about), row.recorded_at)
        marked = safety_markers
        async for row in streamed(conn, select(marked).where(marked.c.tenant == tenant)):
            facts, about = (row.marker, row.family, row.guardian), (row.guardian,)
            yield Done(Act("marker", facts, about), row.requested_at)
            if row.decided_at is not None:
                yield Done(Act("marker_decision", (*facts, str(row.approved)), about), row.decided_at)
            if row.ended_at is not None:
                yield Done(Act("marker_end", facts, about), row.ended_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """One act for each of these events."""
        match detail.event:
            case events.SafetyAssessed(family=family, state=state, review_on=review) as event:
                yield Told(_of_all("safety", (family, state, day_text(review), str(event.secret_address))))
            case events.GuardianSafetyAssessed(family=family, guardian=guardian, state=state) as event:
                facts = (guardian, family, state, day_text(event.review_on))
                yield Told(Act("guardian_safety", facts, (guardian,)))
            case events.MarkerRequested(marker=marker, family=family, guardian=guardian):
                yield Told(Act("marker", (marker, family, guardian), (guardian,)))
            case events.MarkerDecided(marker=marker, family=family, guardian=guardian, approved=approved):
                decided = (marker, family, guardian, str(approved))
                yield Told(Act("marker_decision", decided, (guardian,)))
            case events.MarkerEnded(marker=marker, family=family, guardian=guardian):
                yield Told(Act("marker_end", (marker, family, guardian), (guardian,)))
            case _:
                return


class RelationshipActs(ActSource):
    """A child at a school, and who there is its contact."""

    tables = ("relationships", "relationship_contacts", "contact_attestations", "contact_absences")
    events = (
        events.RelationshipStarted,
        events.RelationshipEnded,
        events.RelationshipSucceeded,
        events.ContactListed,
        events.ContactRemoved,
        events.ConflictDeclared,
        events.ContactAttested,
        events.ContactAway,
    )

    async def rows(self, conn: AsyncConnection, tenant: TenantId) -> AsyncIterator[Done]:
        """Every relationship where it is now, every listing, and what ended of both."""
        async for row in streamed(conn, select(relationships).where(relationships.c.tenant == tenant)):
            about = (row.relationship, row.child)
            yield Done(Act("relationship", about, about), row.started_at)
            yield Done(Act("place", (row.relationship, row.school), about[:1]), row.started_at)
            if row.ended_at is not None:
                facts = (row.relationship, row.end_reason or "")
                yield Done(Act("relationship_end", facts, about[:1]), row.ended_at)
        listed = relationship_contacts.c
        async for row in streamed(conn, select(relationship_contacts).where(listed.tenant == tenant)):
            contact = (row.relationship, row.staff, str(row.deputy_for is not None))
            yield Done(Act("contact", contact, contact[:1]), row.starts_at)
        ended = select(listed.relationship, listed.staff, listed.ends_at, listed.end_reason).distinct()
        async for row in streamed(conn, ended.where(listed.tenant == tenant, listed.ends_at.is_not(None))):
            if row.end_reason == PROMOTED:  # told by the listing that began
                continue
            yield Done(_contact_end("contact_end", row.relationship, row.staff), row.ends_at)
            if row.end_reason == CONFLICT:
                yield Done(_contact_end("conflict", row.relationship, row.staff), row.ends_at)
        said = contact_attestations.c
        async for row in streamed(conn, select(contact_attestations).where(said.tenant == tenant)):
            yield Done(Act("attested", (row.relationship, row.staff), (row.relationship,)), row.attested_at)
        away = contact_absences.c
        async for row in streamed(conn, select(contact_absences).where(away.tenant == tenant)):
            absence = (row.relationship, row.staff, day_text(row.until))
            yield Done(Act("away", absence, absence[:1]), row.noted_at)

    def told(self, detail: Detail) -> Iterable[Told]:
        """A succession takes a relationship from one place to another."""
        match detail.event:
            case events.RelationshipStarted(relationship=one, child=child, school=school):
                yield Told(Act("relationship", (one, child), (one, child)))
                yield Told(Act("place", (one, school), (one,)))
            case events.RelationshipSucceeded(relationship=one, school=school, successor=successor):
                yield Told(Act("place", (one, school), (one,)), times=-1)
                yield Told(Act("place", (one, successor), (one,)))
            case events.RelationshipEnded(relationship=one, reason=reason):
                yield Told(Act("relationship_end", (one, reason), (one,)))
            case events.ContactListed(relationship=one, staff=member, deputy=deputy):
                yield Told(Act("contact", (one, member, str(deputy)), (one,)))
            case events.ContactRemoved(relationship=one, staff=member):
                yield Told(_contact_end("contact_end", one, member))
            case events.ConflictDeclared(relationship=one, staff=member):
                yield Told(_contact_end("conflict", one, member))
            case events.ContactAttested(relationship=one, staff=member):
                yield Told(Act("attested", (one, member), (one,)))
            case events.ContactAway(relationship=one, staff=member, until=until):
                yield Told(Act("away", (one, member, day_text(until)), (one,)))
            case _:
                return

    async def left_out(self, conn: AsyncConnection, tenant: TenantId) -> Mapping[str, datetime]:
        """Relationships of erased children, and listings that ended because another school took over."""
        ended = key_destructions.c
        erased = select(ended.owner).where(ended.tenant == tenant, ended.kind == "person")
        noted = select(ended.owner).where(
            ended.tenant == tenant, ended.kind == "relationship", ended.child.in_(erased)
        )
        here = relationships.c
        left = select(here.relationship).where(here.tenant == tenant, here.child.in_(erased))
        listed = relationship_contacts.c
        elsewhere = (
            select(listed.relationship, listed.staff)
            .join(relationships, and_(here.tenant == listed.tenant, here.relationship == listed.relationship))
            .join(staff, and_(staff.c.tenant == listed.tenant, staff.c.staff == listed.staff))
            .where(listed.tenant == tenant, staff.c.school != here.school)
            .distinct()
        )
        found = {*(await conn.execute(noted)).scalars(), *(await conn.execute(left)).scalars()}
        found |= {f"{row.relationship}/{row.staff}" for row in (await conn.execute(elsewhere)).all()}
        return dict.fromkeys(found, ALWAYS)


def _of_all(kind: str, facts: tuple[str, ...]) -> Act:
    """An act of a whole family: its entry is sealed under the eldest child that was not erased then."""
    return Act(kind, facts, (_CHILDREN + facts[0], _UNPLACED))


def _authority(one: events.AuthorityRecorded | Row[Any]) -> Act:
    period = (day_text(one.valid_from), day_text(one.valid_until))
    facts = (one.child, one.guardian, one.kind, one.source, *period)
    return Act("authority", facts, (one.child, one.guardian))


def _assignment(member: str, family: str, reason: str | None) -> Act:
    return Act("assignment", (member, family, reason or ""), (member, _FAMILY + family))


def _contact_end(kind: str, relationship: str, member: str) -> Act:
    return Act(kind, (relationship, member), (relationship, f"{relationship}/{member}"))
