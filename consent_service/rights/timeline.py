"""A timeline per child, made of the log: what happened, as far as whoever looks may know it now.

Which kind is shown to whom is `timeline_table`. A contact passes the release door first, and of each type
the door decides at this moment; a child it may not know of is not there. Looking is an entry of the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import Detail
from consent_service.audit.events import Event, InformationReleased, LogViewed
from consent_service.audit.log import AuditLog, TrailEntry, TrailFilter
from consent_service.families.reading import child_ids, is_family_shown, read_relationships
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import EntryId, FamilyId, PersonId, RelationshipId, TenantId
from consent_service.identity.model import (
    ChildActor,
    Counsellor,
    GuardianActor,
    PersonActor,
    SchoolStaff,
    by,
    person_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.meetings.service import MeetingService
from consent_service.release.service import ReleaseService
from consent_service.rights.model import OwnView
from consent_service.rights.service import RightsService
from consent_service.rights.timeline_table import (
    AtHome,
    AtSchool,
    shown_at_home,
    shown_to_counsellor,
    shown_to_school,
)

VIEWED: Final = "timeline"
"""How the log names this page among the views that were looked at."""
MOST: Final = 200
"""Lines on one timeline, the newest; there is no second page, so no page tells how many there are."""
Showing = Callable[[Detail], Event | None]


class Happened(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: what may be told of an entry to whoever looks. `kind` is in which capacity it was done."""

    entry: EntryId
    at: datetime
    event: Event
    kind: str
    relationship: RelationshipId | None


class TimelineService:
    """What happened about a child, per viewer."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        release: ReleaseService,
        meetings: MeetingService,
        rights: RightsService,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._release = release
        self._meetings = meetings
        self._rights = rights

    async def of_child(self, actor: Counsellor, family: FamilyId, child: PersonId) -> tuple[Happened, ...]:
        """Everything that is told on a timeline, newest first, for the counsellor who is with the family.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such child in it.
        """
        async with self._database.reading() as conn:
            with_them = await self._organisations.is_assigned(conn, actor, family)
            facts = Circumstances(tenant=actor.tenant, family=family, assigned=with_them)
            require(actor, Action.VIEW_FAMILY, facts)
            if child not in await child_ids(conn, actor.tenant, family):
                raise NotFoundError("child")
            places = await read_relationships(conn, actor.tenant, family=family)
            wanted = [
                TrailFilter(person=child),
                *(TrailFilter(relationship=one.relationship) for one in places if one.child == child),
            ]
            found = await self._found(conn, actor.tenant, wanted, shown_to_counsellor)
        await self._looked(actor, len(found))
        return found

    async def at_school(self, actor: SchoolStaff, relationship: RelationshipId) -> tuple[Happened, ...]:
        """What this contact may know now of what happened with this child, newest first.

        Raises:
            NotFoundError: no such child, or one that this contact may not know of now.
            UnavailableError: database, keys or log are away, or a stop is not replayed.
        """
        require(actor, Action.LIST_OWN_CHILDREN, Circumstances(tenant=actor.tenant, school=actor.school))
        permit = await self._release.may_tell_contact(
            None, actor.tenant, actor.staff, relationship, "page", actor=actor
        )
        if permit is None:
            raise NotFoundError("relationship")
        lines = await self._meetings.at_school(actor, [relationship])
        viewer = AtSchool(
            relationship,
            actor.staff,
            await self._release.readable_types(actor, relationship),
            frozenset(one.meeting for one in lines),
        )
        async with self._database.reading() as conn:
            wanted = [TrailFilter(relationship=relationship)]
            found = await self._found(
                conn, actor.tenant, wanted, lambda detail: shown_to_school(detail, viewer)
            )
        await self._looked(actor, len(found), relationship)
        return found

    async def own(self, actor: PersonActor) -> tuple[Happened, ...]:
        """What this person did, and what happened about the children on the own page, newest first.

        Nothing to a guardian who is answered by a person (S46). As with who looked, a look at the own page
        is logged when the page is opened.

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: nobody with this id in this family.
        """
        view = await self._rights.own_view(actor)
        if await self._is_by_hand(actor):
            return ()
        viewer = await self._at_home(actor, view)
        wanted = [TrailFilter(shown_to=one) for one in (viewer.person, *sorted(viewer.people))]
        async with self._database.reading() as conn:
            return await self._found(conn, actor.tenant, wanted, lambda detail: shown_at_home(detail, viewer))

    # --- parts -------------------------------------------------------------------------------

    async def _looked(
        self, actor: Counsellor | SchoolStaff, lines: int, relationship: RelationshipId | None = None
    ) -> None:
        """The entry that says who looked; it stands before anything is shown."""
        viewed = LogViewed(filters=(VIEWED,), results=lines)
        async with self._database.transaction() as conn:
            await self._log.append(
                conn,
                tenant=actor.tenant,
                event=viewed,
                by=by(actor),
                subject=None,
                relationship=relationship,
            )

    async def _at_home(self, actor: PersonActor, view: OwnView) -> AtHome:
        places = (*view.places, *view.earlier)
        own = person_of(actor)
        meetings = await self._meetings.own(actor) if isinstance(actor, GuardianActor) else ()
        return AtHome(
            own,
            frozenset(one.child for one in places) - {own},
            frozenset(one.relationship for one in places),
            frozenset(one.meeting for one in meetings),
        )

    async def _is_by_hand(self, actor: PersonActor) -> bool:
        if isinstance(actor, ChildActor):
            return False
        today = local_date(self._clock.now())
        async with self._database.reading() as conn:
            return not await is_family_shown(conn, actor.tenant, actor.family, actor.guardian, day=today)

    async def _found(
        self, conn: AsyncConnection, tenant: TenantId, wanted: Iterable[TrailFilter], showing: Showing
    ) -> tuple[Happened, ...]:
        """The newest lines of these parts of the log together, each entry once."""
        found: dict[EntryId, Happened] = {}
        for part in wanted:
            lines = 0
            async for entry in self._all(conn, tenant, part):
                line = _line(entry, showing)
                if line is not None:
                    found[entry.id] = line
                    lines += 1
                if lines == MOST:
                    break
        return tuple(sorted(found.values(), key=lambda one: one.entry, reverse=True)[:MOST])

    async def _all(
        self, conn: AsyncConnection, tenant: TenantId, wanted: TrailFilter
    ) -> AsyncIterator[TrailEntry]:
        after, more = None, True
        while more:
            page = await self._log.trail(conn, tenant, wanted, after=after, limit=MOST)
            for one in page.entries:
                yield one
            after, more = page.next, page.next is not None


def _line(entry: TrailEntry, showing: Showing) -> Happened | None:
    event = None if entry.detail is None else showing(entry.detail)
    if entry.detail is None or event is None:
        return None
    kind = entry.detail.by.kind
    if isinstance(event, InformationReleased) and event.reader_kind == "school":
        kind = "school_staff"
    return Happened(entry.id, entry.at, event, kind, entry.detail.relationship)
