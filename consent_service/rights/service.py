"""Who saw what about my child or me: the releases in the log, as a person may see them (AVG 15(1)(c)).

An organisation, a role, a time and a reason; the name of a member of staff only after weighing, which
is not done here. Entries that carry the officer's tag stay hidden, and so do refusals.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import BreakGlassRead, InformationReleased
from consent_service.audit.line_proofs import prove_lines
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.audit.proof_states import ProofState
from consent_service.custody.model import DestructionReport, Doomed
from consent_service.custody.service import read_report
from consent_service.families.model import Ages, Child, ChildVoice, Relationship, is_competent, voice_on
from consent_service.families.reading import (
    is_family_shown,
    read_children,
    read_competence,
    read_relationships,
)
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId, TypeKey
from consent_service.identity.model import ChildActor, GuardianActor, PersonActor, by, person_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import require
from consent_service.rights.model import Disclosure as Disclosure
from consent_service.rights.model import OwnPlace, OwnView
from consent_service.rights.releasing_entries import released_to

_RELEASED = "information.released.v1"
_URGENT = "break_glass.read.v1"
"""Names the entry of a release because a life could depend on it; it carries the tags of that entry."""


class RightsService:
    """What somebody may know about the use of the own data, and saying that it is not right."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        families: FamilyService,
        catalogue: Catalogue,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._families = families
        self._catalogue = catalogue
        self._ages = Ages(catalogue.terms.together_from, catalogue.terms.alone_from)

    async def own_view(self, actor: PersonActor) -> OwnView:
        """Whose page this is and which children at which schools it is about.

        A guardian sees the children over whom she decides today, and of one that decides alone nothing
        (S9); a child sees itself only.

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nobody with this id in this family.
        """
        if isinstance(actor, GuardianActor):
            family = await self._families.own_family(actor)
            name = family.guardians[0].identity.full_name
            return self._view(name, None, family.children, family.relationships)
        self._require(actor, Action.SEE_OWN_PAGE)
        async with self._database.reading() as conn:
            child = await self._own_child(conn, actor)
            judged = await read_competence(conn, actor.tenant, children=[child.child])
            found = await read_relationships(conn, actor.tenant, family=actor.family)
        born, today = child.identity.birth_date, local_date(self._clock.now())
        voice: ChildVoice = "heard"
        if born is not None:
            voice = voice_on(born, today, self._ages, competent=is_competent(judged))
        return self._view(child.identity.full_name, voice, (child,), found)

    async def who_looked(self, actor: PersonActor, *, limit: int = 50) -> tuple[Disclosure, ...]:
        """The newest releases about the person and the children shown to her, newest first.

        With what an officer released to this person. None to a guardian who is answered by a person
        (S46): a moment and a role already tell of a school.

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nobody with this id in this family.
        """
        view = await self.own_view(actor)
        if await self._is_by_hand(actor):
            return ()
        people = dict.fromkeys((person_of(actor), *(one.child for one in (*view.places, *view.earlier))))
        own = person_of(actor)
        found: dict[EntryId, TrailEntry] = {}
        async with self._database.reading() as conn:
            released = await released_to(conn, self._log, actor.tenant, own)
            for person in people:
                shown = TrailFilter(
                    shown_to=person,
                    released=released if person == own else frozenset(),
                    types=frozenset({_RELEASED}),
                )
                page = await self._log.trail(conn, actor.tenant, shown, limit=limit)
                found |= {one.id: one for one in page.entries if _is_look(one, people, own)}
            newest = sorted(found.values(), key=lambda one: one.id, reverse=True)[:limit]
            proofs = await prove_lines(conn, actor.tenant, [one.id for one in newest])
            urgent = await self._in_emergency(conn, actor.tenant, people)
        return tuple(_disclosures(newest, proofs, urgent))

    async def looks_at_children(self, actor: PersonActor) -> tuple[EntryId, ...]:
        """Every entry her page would show of who was given something about a child of hers, oldest first.

        Those carry the tag of the child, so her own view key finds none of them. A child has none of these,
        and so has a guardian who is answered by a person (S46).

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nobody with this id in this family.
        """
        view = await self.own_view(actor)
        own = person_of(actor)
        children = dict.fromkeys(one.child for one in (*view.places, *view.earlier) if one.child != own)
        if await self._is_by_hand(actor):
            return ()
        found: list[EntryId] = []
        async with self._database.reading() as conn:
            for child in children:
                shown = TrailFilter(shown_to=child, types=frozenset({_RELEASED}))
                all_of = self._all(conn, actor.tenant, shown)
                found += [one.id async for one in all_of if _is_look(one, [child], own)]
        return tuple(sorted(found))

    async def may_take_log(self, actor: PersonActor) -> bool:
        """Whether the page hands over the log: not to a guardian who is answered by a person (S46).

        Raises:
            NotAllowedError: not one's own page.
        """
        self._require(actor, Action.EXPORT_OWN_LOG)
        return not await self._is_by_hand(actor)

    async def destroyed(self, actor: PersonActor) -> tuple[tuple[OwnPlace, DestructionReport], ...]:
        """How far the destruction is of what was shared about each child and school on this page.

        None to a guardian who is answered by a person (S46).

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nobody with this id in this family.
        """
        view = await self.own_view(actor)
        if await self._is_by_hand(actor):
            return ()
        found, now = [], self._clock.now()
        async with self._database.reading() as conn:
            for place in (*view.places, *view.earlier):
                doomed = Doomed("relationship", place.relationship)
                report = await read_report(conn, actor.tenant, doomed, now=now)
                if report is not None:
                    found.append((place, report))
        return tuple(found)

    async def report_wrong(
        self, actor: PersonActor, relationship: RelationshipId, information_type: TypeKey
    ) -> None:
        """Something is not right; what, is told in a conversation, and nothing is typed here (AVG 16).

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: no such child at a school on this page, or no such type.
        """
        self._require(actor, Action.REPORT_WRONG)
        view = await self.own_view(actor)
        known = {one.relationship for one in (*view.places, *view.earlier)}
        if relationship not in known or information_type not in self._catalogue.types:
            raise NotFoundError("information")
        event = events.WrongInformationReported(relationship, information_type, person_of(actor))
        async with self._database.transaction() as conn:
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=event,
                by=by(actor),
                subject=person_of(actor),
                relationship=relationship,
            )

    # --- parts -------------------------------------------------------------------------------

    def _require(self, actor: PersonActor, action: Action) -> None:
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, action, facts)

    async def _all(
        self, conn: AsyncConnection, tenant: TenantId, wanted: TrailFilter
    ) -> AsyncIterator[TrailEntry]:
        after, more = None, True
        while more:
            page = await self._log.trail(conn, tenant, wanted, after=after)
            for one in page.entries:
                yield one
            after, more = page.next, page.next is not None

    async def _in_emergency(
        self, conn: AsyncConnection, tenant: TenantId, people: Iterable[PersonId]
    ) -> frozenset[EntryId]:
        """Which releases about these people were on the ground of a life that could depend on it (S29)."""
        found = set[EntryId]()
        for person in people:
            async for one in self._all(
                conn, tenant, TrailFilter(shown_to=person, types=frozenset({_URGENT}))
            ):
                if one.detail is not None and isinstance(one.detail.event, BreakGlassRead):
                    found.add(one.detail.event.entry)
        return frozenset(found)

    async def _is_by_hand(self, actor: PersonActor) -> bool:
        if isinstance(actor, ChildActor):
            return False
        today = local_date(self._clock.now())
        async with self._database.reading() as conn:
            return not await is_family_shown(conn, actor.tenant, actor.family, actor.guardian, day=today)

    async def _own_child(self, conn: AsyncConnection, actor: ChildActor) -> Child:
        for child in await read_children(conn, self._ring, actor.tenant, family=actor.family):
            if child.child == actor.child:
                return child
        raise NotFoundError("child")

    def _view(
        self,
        name: str,
        voice: ChildVoice | None,
        children: Iterable[Child],
        relationships: Iterable[Relationship],
    ) -> OwnView:
        names = {one.child: one.identity.full_name for one in children}
        now = self._clock.now()
        mine = [one for one in relationships if one.child in names]
        places = [
            (one.is_active(now), OwnPlace(one.relationship, one.child, names[one.child], one.school))
            for one in mine
        ]
        return OwnView(
            name,
            voice,
            places=tuple(place for active, place in places if active),
            earlier=tuple(place for active, place in places if not active),
        )


def _is_look(entry: TrailEntry, people: Collection[PersonId], own: PersonId) -> bool:
    """Whether the page tells of it: about somebody it names, and not what another guardian did.

    What an officer released may be about somebody this page names nothing of: that is in the bundle only.
    """
    event = None if entry.detail is None else entry.detail.event
    if entry.detail is None or not isinstance(event, InformationReleased):
        return False
    return entry.detail.subject in people and (event.reader_kind != "guardian" or event.reader == own)


def _disclosures(
    entries: Iterable[TrailEntry], proofs: Mapping[EntryId, ProofState], urgent: Collection[EntryId]
) -> Iterable[Disclosure]:
    for entry in entries:
        if entry.detail is None or entry.detail.subject is None:
            continue
        event = entry.detail.event
        if not isinstance(event, InformationReleased):
            continue
        yield Disclosure(
            entry=entry.id,
            at=entry.at,
            child=entry.detail.subject,
            relationship=event.relationship,
            reader_kind=event.reader_kind,
            role=event.role,
            purpose=event.purpose,
            types=event.types,
            proof=proofs[entry.id],
            emergency=entry.id in urgent,
        )
