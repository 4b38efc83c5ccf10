"""Looking at families: search, a counsellor's families, a guardian's own, a school contact's children.

What changes them is `service`, which stands on this and is the only door.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.families.attesting import SchoolTerms
from consent_service.families.listing import asked_contacts, is_listed, reading_contacts
from consent_service.families.model import (
    NOT_ASSESSED,
    Ages,
    Child,
    Contact,
    FamilyView,
    Relationship,
    authority_on,
    is_competent,
    safety_of,
    voice_on,
)
from consent_service.families.reading import (
    guardian_ids,
    is_family_shown,
    open_lists,
    read_assessments,
    read_authority,
    read_children,
    read_competence,
    read_contacts,
    read_guardians,
    read_markers,
    read_relationship,
    read_relationships,
    relationship_from,
)
from consent_service.families.searching import candidates
from consent_service.families.tables import families, relationship_contacts, relationships
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, SchoolId, StaffId, TenantId
from consent_service.identity.model import (
    ChildActor,
    Counsellor,
    Fg,
    PersonActor,
    PrivacyCoordinator,
    SchoolStaff,
    by,
    person_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.blind_index import normalised_name
from consent_service.keyring.service import KeyRing
from consent_service.organisations.looking import school_of
from consent_service.organisations.service import OrganisationService, require

SEARCHES_PER_HOUR = 60
"""How often one counsellor may search; a blind index must not become a register."""


class OwnListing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a contact may know of the own listing besides that it is there."""

    away_until: date | None
    has_deputy: bool


class FamilyRegister:
    """What is known of families, as far as who asks may know it."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        ages: Ages,
        school_terms: SchoolTerms,
    ) -> None:
        self._ages = ages
        self._school_terms = school_terms
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._searches: dict[tuple[TenantId, StaffId], list[datetime]] = {}

    async def search(self, actor: Counsellor, *, names: str, birth_date: date | None) -> tuple[Child, ...]:
        """Children with exactly this full name and birth date, in this shelter; each search is logged.

        Raises:
            InputError: a name or date is missing, or too many searches this hour.
        """
        require(actor, Action.SEARCH_FAMILY, Circumstances(tenant=actor.tenant))
        problems = [Problem("names", "required")] if not normalised_name(names) else []
        if birth_date is None:
            raise InputError([*problems, Problem("birth_date", "required")])
        if problems:
            raise InputError(problems)
        self._count_search(actor)
        async with self._database.transaction() as conn:
            similar = await candidates(conn, self._ring, actor.tenant, names, birth_date)
            wanted = normalised_name(names)
            found = tuple(
                child
                for child in similar
                if child.identity.birth_date == birth_date
                and normalised_name(child.identity.full_name) == wanted
            )
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=events.FamilySearched(results=len(found)),
                by=by(actor),
                subject=PersonId(actor.staff),
            )
        return found

    async def families_of(self, actor: Counsellor) -> tuple[FamilyView, ...]:
        """The families this counsellor is with now."""
        async with self._database.reading() as conn:
            mine = await self._organisations.families_of(conn, actor)
            return tuple([await self._view(conn, actor.tenant, family) for family in mine])

    async def view(self, actor: Counsellor, family: FamilyId) -> FamilyView:
        """One family with opened names.

        Raises:
            NotAllowedError: the counsellor is not with this family.
        """
        async with self._database.reading() as conn:
            await self._require(conn, actor, Action.VIEW_FAMILY, family)
            return await self._view(conn, actor.tenant, family)

    async def own_family(self, actor: PersonActor, *, at_tablet: bool = False) -> FamilyView:
        """What a guardian sees of the family: oneself, and the children over whom one decides today.

        A child sees itself only. Never another guardian's data (S44) and never the safety assessment.
        Without authority, and of a child that decides alone (from 16, S9), one sees neither child nor
        school; nor until danger is ruled out, unless one is in danger oneself or the only guardian, nor
        when one is not contacted for safety: whoever asks then is answered by a person (S46). `at_tablet`:
        a counsellor handed it over (`is_shown`).

        Raises:
            NotFoundError: no such guardian or child in this family.
        """
        async with self._database.reading() as conn:
            return await self.own_family_in(conn, actor, at_tablet=at_tablet)

    async def own_family_in(
        self, conn: AsyncConnection, actor: PersonActor, *, at_tablet: bool = False
    ) -> FamilyView:
        """As `own_family`, as the caller's transaction finds it."""
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, Action.SEE_OWN_PAGE, facts)
        if isinstance(actor, ChildActor):
            return _as_shown_to_child(actor, await self._view(conn, actor.tenant, actor.family))
        if actor.guardian not in await guardian_ids(conn, actor.tenant, actor.family):
            raise NotFoundError("guardian")
        whole = await self._view(conn, actor.tenant, actor.family)
        today = local_date(self._clock.now())
        shown = await is_family_shown(
            conn, actor.tenant, actor.family, actor.guardian, day=today, at_tablet=at_tablet
        )
        return self._as_shown_to(actor.guardian, whole, today, by_hand=not shown)

    async def own_children(self, conn: AsyncConnection, actor: PersonActor) -> frozenset[PersonId]:
        """Whose matters are hers to know today: as `own_family`; oneself only who decides alone.

        Raises:
            NotFoundError: no such guardian or child in this family.
        """
        view = await self.own_family_in(conn, actor)
        today = local_date(self._clock.now())
        young = isinstance(actor, ChildActor)
        return frozenset(
            one.child for one in view.children if not young or self._decides_alone(one, view, today)
        )

    async def whole_family(self, conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> FamilyView:
        """A family with everything about it, for what a service decides; never for a page."""
        return await self._view(conn, tenant, family)

    def decided_by(self, whole: FamilyView, guardian: PersonId) -> frozenset[PersonId]:
        """The children over whom this guardian decides today, also where they are not shown (S46)."""
        today = local_date(self._clock.now())
        shown = self._as_shown_to(guardian, whole, today, by_hand=False)
        return frozenset(one.child for one in shown.children)

    async def relationship(self, tenant: TenantId, relationship: RelationshipId) -> Relationship:
        """One child at one school.

        Raises:
            NotFoundError: not in this tenant.
        """
        async with self._database.reading() as conn:
            found = await read_relationship(conn, tenant, relationship)
        if found is None:
            raise NotFoundError("relationship")
        return found

    async def school_children(
        self, tenant: TenantId, member: StaffId, school: SchoolId
    ) -> tuple[Relationship, ...]:
        """The active relationships of whose contact list this member of staff may read now (`listing`)."""
        now, terms = self._clock.now(), self._school_terms
        async with self._database.reading() as conn:
            found, lists = await self._on_lists(conn, tenant, member, school)
        return tuple(one for one in found if member in reading_contacts(lists[one.relationship], terms, now))

    async def asked_of(self, tenant: TenantId, member: StaffId, school: SchoolId) -> tuple[Relationship, ...]:
        """Of those, the ones this contact is asked to confirm for the term that has begun."""
        now, terms = self._clock.now(), self._school_terms
        async with self._database.reading() as conn:
            found, lists = await self._on_lists(conn, tenant, member, school)
        return tuple(
            one
            for one in found
            if member in reading_contacts(lists[one.relationship], terms, now)
            and member in {asked.staff for asked in asked_contacts(lists[one.relationship], terms, now)}
        )

    async def stands_in_at(
        self, tenant: TenantId, member: StaffId, relationships: Iterable[RelationshipId]
    ) -> frozenset[RelationshipId]:
        """Of these, the ones at which this member of staff stands in for somebody now."""
        now = self._clock.now()
        async with self._database.reading() as conn:
            lists = await read_contacts(conn, tenant, tuple(relationships))
        return frozenset(
            relationship
            for relationship, listed in lists.items()
            if any(one.staff == member and one.deputy_for and is_listed(one, now) for one in listed)
        )

    async def own_listing(self, actor: SchoolStaff, relationship: RelationshipId) -> OwnListing:
        """Until when this contact is away at one relationship, and whether anybody stands in then."""
        now = self._clock.now()
        async with self._database.reading() as conn:
            lists = await read_contacts(conn, actor.tenant, [relationship])
        listed = [one for one in lists[relationship] if is_listed(one, now)]
        until = next((one.away_until for one in listed if one.staff == actor.staff), None)
        passed = until is not None and until < local_date(now)
        return OwnListing(None if passed else until, any(one.deputy_for == actor.staff for one in listed))

    async def lists_of(self, actor: PrivacyCoordinator | Fg, member: StaffId) -> int:
        """On how many lists of children at a school this member of staff stands; which ones is not told.

        Raises:
            NotAllowedError: nobody of a school of this shelter, or the FG asks.
        """
        async with self._database.reading() as conn:
            school = await school_of(conn, actor.tenant, member)
            require(actor, Action.END_STAFF, Circumstances(tenant=actor.tenant, school=school))
            return len(await open_lists(conn, actor.tenant, member))

    @property
    def school_terms(self) -> SchoolTerms:
        """When a school term begins, and how long after that a contact may be confirmed."""
        return self._school_terms

    # --- parts -------------------------------------------------------------------------------

    async def _require(
        self, conn: AsyncConnection, actor: Counsellor, action: Action, family: FamilyId
    ) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        require(actor, action, Circumstances(tenant=actor.tenant, family=family, assigned=assigned))

    async def _on_lists(
        self, conn: AsyncConnection, tenant: TenantId, member: StaffId, school: SchoolId
    ) -> tuple[tuple[Relationship, ...], dict[RelationshipId, tuple[Contact, ...]]]:
        """The active relationships with this school on whose list the member ever stood, and the lists."""
        listing, child_at = relationship_contacts.c, relationships.c
        listed = select(listing.relationship).where(listing.tenant == tenant, listing.staff == member)
        query = (
            select(relationships)
            .where(child_at.tenant == tenant, child_at.school == school, child_at.ended_at.is_(None))
            .where(child_at.relationship.in_(listed))
            .order_by(child_at.started_at, child_at.relationship)
        )
        found = tuple(relationship_from(row) for row in await conn.execute(query))
        return found, await read_contacts(conn, tenant, [one.relationship for one in found])

    async def _view(self, conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> FamilyView:
        kids = await read_children(conn, self._ring, tenant, family=family)
        found = await read_relationships(conn, tenant, family=family)
        assessments = await read_assessments(conn, tenant, family=family)
        ended = await conn.execute(
            select(families.c.ended_at).where(families.c.tenant == tenant, families.c.family == family)
        )
        return FamilyView(
            tenant=tenant,
            family=family,
            children=kids,
            guardians=await read_guardians(conn, self._ring, tenant, family=family),
            relationships=found,
            authority=await read_authority(conn, tenant, persons=[kid.child for kid in kids]),
            safety=safety_of(assessments),
            contacts=await read_contacts(conn, tenant, [r.relationship for r in found]),
            ended_at=ended.scalar_one(),
            assessments=assessments,
            markers=await read_markers(conn, tenant, family=family),
            competence=await read_competence(conn, tenant, children=[kid.child for kid in kids]),
        )

    def _as_shown_to(
        self, guardian: PersonId, whole: FamilyView, today: date, *, by_hand: bool
    ) -> FamilyView:
        everyone = [one.guardian for one in whole.guardians]
        kids = tuple(
            child
            for child in whole.children
            if not by_hand and self._decides(guardian, child, everyone, whole, today)
        )
        shown = {child.child for child in kids}
        found = tuple(r for r in whole.relationships if r.child in shown)
        return msgspec.structs.replace(
            whole,
            children=kids,
            guardians=tuple(g for g in whole.guardians if g.guardian == guardian),
            relationships=found,
            authority=tuple(f for f in whole.authority if f.guardian == guardian and f.child in shown),
            safety=NOT_ASSESSED,
            contacts={r.relationship: whole.contacts[r.relationship] for r in found},
            assessments=(),
            markers=(),
            competence=(),
        )

    def _decides(
        self, guardian: PersonId, child: Child, everyone: list[PersonId], whole: FamilyView, today: date
    ) -> bool:
        facts = [fact for fact in whole.authority if fact.child == child.child]
        alone = self._decides_alone(child, whole, today)
        return not alone and guardian in authority_on(today, everyone, facts).deciders

    def _decides_alone(self, child: Child, whole: FamilyView, today: date) -> bool:
        competent = is_competent(one for one in whole.competence if one.child == child.child)
        born = child.identity.birth_date
        return born is not None and voice_on(born, today, self._ages, competent=competent) == "alone"

    def _count_search(self, actor: Counsellor) -> None:
        who, now = (actor.tenant, actor.staff), self._clock.now()
        recent = [at for at in self._searches.get(who, []) if at > now - timedelta(hours=1)]
        if len(recent) >= SEARCHES_PER_HOUR:
            raise InputError([Problem("names", "too_many_searches")])
        self._searches[who] = [*recent, now]


def _as_shown_to_child(actor: ChildActor, whole: FamilyView) -> FamilyView:
    """Itself and its own schools; no sibling, no guardian.

    Raises:
        NotFoundError: no such child in this family, or it was erased.
    """
    mine = tuple(one for one in whole.children if one.child == actor.child)
    if not mine:
        raise NotFoundError("child")
    found = tuple(r for r in whole.relationships if r.child == actor.child)
    return msgspec.structs.replace(
        whole,
        children=mine,
        guardians=(),
        relationships=found,
        authority=(),
        safety=NOT_ASSESSED,
        contacts={r.relationship: whole.contacts[r.relationship] for r in found},
        assessments=(),
        markers=(),
        competence=tuple(one for one in whole.competence if one.child == actor.child),
    )
