"""Ready questions to the log, answered from it with proofs; that and what was asked is itself an entry.

Only metadata: who opened which types of information when, never what stood in them. A child is chosen by its
number, or, for a case that is named and logged, found by exact name and birth date (S36).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, Literal, get_args

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import PersonSought, QuestionAsked
from consent_service.audit.line_proofs import prove_lines
from consent_service.audit.log import OFFICER, AuditLog, TrailEntry, TrailFilter
from consent_service.families.model import Child
from consent_service.families.reading import guardian_ids
from consent_service.families.searching import candidates
from consent_service.families.tables import relationships
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import EntryId, PersonId, RelationshipId, TenantId
from consent_service.foundation.pacing import Pace, TooOftenError
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.blind_index import normalised_name
from consent_service.keyring.service import KeyRing
from consent_service.organisations.model import StaffMember
from consent_service.organisations.service import OrganisationService, require
from consent_service.rights.reviews.answering import Answer, answer_of
from consent_service.rights.reviews.questions import TYPES, Asked, is_outside_hours, problems_of
from consent_service.rights.reviews.references import problem_of_reference
from consent_service.rights.reviews.safety_then import SafetyThen

Officer = PrivacyCoordinator | Fg
CasePurpose = Literal["complaint", "access", "breach", "supervisor", "court"]
PURPOSES: Final[tuple[CasePurpose, ...]] = get_args(CasePurpose)
SEARCHES_PER_HOUR: Final = 30
"""How often one officer may look somebody up; cases are few."""
PART: Final = 200
"""Entries in one part of an answer."""
_ROUNDS: Final = 10
"""Each reads up to 2,000 entries; what then is left is asked for with the following part."""


class CaseSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is looked for, and the case that it is for."""

    case: str
    purpose: CasePurpose
    names: str
    birth_date: date | None


class FoundPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody of the family that was looked for, by number only."""

    person: PersonId
    kind: Literal["child", "guardian"]


class _Part(msgspec.Struct, frozen=True):
    found: tuple[TrailEntry, ...]
    unknown: int
    next: EntryId | None


class QuestionService:
    """What privacy coordinator and FG can ask of the log without searching it themselves."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._pace = Pace(clock, times=SEARCHES_PER_HOUR, within=timedelta(hours=1))

    async def ask(self, actor: Officer, asked: Asked, *, after: EntryId | None = None) -> Answer:
        """A part of the answer, the newest first; one entry says who asked which question about whom.

        Raises:
            NotAllowedError: not an officer of this shelter.
            InputError: the choices do not make a question.
            NotFoundError: no such member of staff.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        problems = problems_of(asked, local_date(self._clock.now()))
        if asked.case:
            problems += problem_of_reference(asked.case, "case")
        if problems:
            raise InputError(problems)
        async with self._database.transaction() as conn:
            if asked.staff is not None and not await self._staff(conn, actor.tenant, asked):
                raise NotFoundError("staff")
            part = await self._find(conn, actor.tenant, asked, after)
            proofs = await prove_lines(conn, actor.tenant, [one.id for one in part.found])
            await self._tell(conn, actor, asked, len(part.found))
        return answer_of(part.found, proofs, following=part.next, unknown=part.unknown)

    async def find_for_case(self, actor: Officer, search: CaseSearch) -> tuple[FoundPerson, ...]:
        """The numbers of the child with exactly this name and birth date, and of its guardians; logged.

        Nobody's name is given back. A child that is not known here gives nothing.

        Raises:
            NotAllowedError: not an officer of this shelter.
            InputError: something is missing, or too many were looked up this hour.
        """
        require(actor, Action.FIND_FOR_CASE, Circumstances(tenant=actor.tenant))
        problems = [*problem_of_reference(search.case, "case")]
        if not normalised_name(search.names):
            problems.append(Problem("names", "required"))
        born = search.birth_date
        if born is None:
            raise InputError([*problems, Problem("birth_date", "required")])
        if problems:
            raise InputError(problems)
        try:
            self._pace.count((actor.tenant, actor.staff))
        except TooOftenError as often:
            raise InputError([Problem("names", "too_many_searches")]) from often
        async with self._database.transaction() as conn:
            children = _exactly(
                await candidates(conn, self._ring, actor.tenant, search.names, born), search.names, born
            )
            found = await self._people(conn, actor.tenant, children)
            about = children[0].child if len(children) == 1 else None
            event = PersonSought(search.case, search.purpose, len(children))
            await self._log.append(
                conn, tenant=actor.tenant, event=event, by=by(actor), subject=about, tagged_for=OFFICER
            )
        return found

    async def staff(self, actor: Officer) -> tuple[StaffMember, ...]:
        """Everybody who works or worked for the shelter or for a school with it, to choose from.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_TRAIL, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await self._organisations.staff_members(conn, actor.tenant)

    # --- parts -------------------------------------------------------------------------------

    async def _staff(self, conn: AsyncConnection, tenant: TenantId, asked: Asked) -> bool:
        members = [] if asked.staff is None else [asked.staff]
        return bool(await self._organisations.staff_members(conn, tenant, members))

    async def _people(
        self, conn: AsyncConnection, tenant: TenantId, children: Sequence[Child]
    ) -> tuple[FoundPerson, ...]:
        found = [FoundPerson(one.child, "child") for one in children]
        for family in dict.fromkeys(one.family for one in children):
            parents = await guardian_ids(conn, tenant, family)
            living = await self._ring.person_keys(conn, tenant, parents)
            found += [FoundPerson(one, "guardian") for one in parents if one in living]
        return tuple(found)

    async def _tell(self, conn: AsyncConnection, actor: Officer, asked: Asked, results: int) -> None:
        """About whom it was is the subject, so that who asks about that person later finds this too."""
        about = None
        if asked.person is not None:
            about = await self._log.living(conn, actor.tenant, asked.person)
        event = QuestionAsked(asked.question, asked.since, asked.until, results, asked.case)
        await self._log.append(
            conn, tenant=actor.tenant, event=event, by=by(actor), subject=about, tagged_for=OFFICER
        )

    async def _find(
        self, conn: AsyncConnection, tenant: TenantId, asked: Asked, after: EntryId | None
    ) -> _Part:
        """As much as one part holds; each round goes on where the one before it stopped."""
        wanted = await self._filters(conn, tenant, asked)
        safety = SafetyThen(self._ring, tenant)
        found: list[TrailEntry] = []
        unknown = 0
        for _ in range(_ROUNDS):
            entries, after = await self._round(conn, tenant, wanted, after)
            if asked.question == "outside_hours":
                entries = [one for one in entries if is_outside_hours(one.at)]
            if asked.question == "safety_releases":
                entries, unclear = await safety.flagged(conn, entries)
                unknown += unclear
            found += entries
            if after is None or len(found) >= PART:
                break
        return _Part(tuple(found), unknown, after)

    async def _round(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        wanted: Sequence[TrailFilter],
        after: EntryId | None,
    ) -> tuple[list[TrailEntry], EntryId | None]:
        """What several filters find, newest first, down to where the first of them stopped looking."""
        pages = [await self._log.trail(conn, tenant, one, after=after, limit=PART) for one in wanted]
        stopped = max((page.next for page in pages if page.next is not None), default=None)
        found = {one.id: one for page in pages for one in page.entries}
        newest = sorted(found, reverse=True)
        return [found[key] for key in newest if stopped is None or key >= stopped], stopped

    async def _filters(
        self, conn: AsyncConnection, tenant: TenantId, asked: Asked
    ) -> tuple[TrailFilter, ...]:
        """About a child also what was opened of it at a school, whoever's data that were."""
        wanted = TrailFilter(
            person=asked.person if asked.question == "who_saw" else None,
            actor=asked.staff if asked.question == "what_opened" else None,
            types=TYPES[asked.question],
            since=asked.begins,
            until=asked.ends,
        )
        if wanted.person is None:
            return (wanted,)
        places = await _places(conn, tenant, wanted.person)
        return (
            wanted,
            *(msgspec.structs.replace(wanted, person=None, relationship=place) for place in places),
        )


def _exactly(similar: Iterable[Child], names: str, born: date) -> tuple[Child, ...]:
    wanted = normalised_name(names)
    return tuple(
        one
        for one in similar
        if one.identity.birth_date == born and normalised_name(one.identity.full_name) == wanted
    )


async def _places(conn: AsyncConnection, tenant: TenantId, person: PersonId) -> tuple[RelationshipId, ...]:
    query = select(relationships.c.relationship).where(
        relationships.c.tenant == tenant, relationships.c.child == person
    )
    return tuple(RelationshipId(one) for one in (await conn.execute(query)).scalars())
