"""Acts about safety: the *Veiligheid* step, the danger of one guardian, and who is not contacted.

Nothing here contacts anybody. Leaving a holder out needs a second person, and never silences one who
objects: that is counted by `policy`.
"""

from __future__ import annotations

from datetime import date

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.acting import FamilyActs
from consent_service.families.model import SafetyAssessment, check_marker, check_safety
from consent_service.families.reading import (
    WaitingMarker,
    guardian_ids,
    lock_family,
    read_markers,
    read_safety,
    waiting_markers,
)
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, StaffId
from consent_service.identity.model import Counsellor, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.identity.tables import staff_links
from consent_service.organisations.service import require


class SafetyActs(FamilyActs):
    """Assessments and markers."""

    async def assess_safety(self, actor: Counsellor, family: FamilyId, assessment: SafetyAssessment) -> None:
        """The *Veiligheid* step for the family as a whole. Raising the flag is a stop; it holds at once.

        Raises:
            InputError: the review date is missing or past.
        """
        await self._assess(actor, family, msgspec.structs.replace(assessment, guardian=None))

    async def assess_guardian(
        self, actor: Counsellor, family: FamilyId, guardian: PersonId, assessment: SafetyAssessment
    ) -> None:
        """The danger one guardian is in; what counts for the family is the worst of all (`safety_of`).

        That the address is secret is of the family as a whole: there it also asks back what tells it.

        Raises:
            InputError: the review date is missing or past, the guardian is not in this family, or the
                address is called secret here.
        """
        if assessment.secret_address:
            raise InputError([Problem("secret_address", "secret_address_of_family")])
        async with self._database.reading() as conn:
            await self._require(conn, actor, Action.RECORD_SAFETY, family)
            known = await guardian_ids(conn, actor.tenant, family)
        if guardian not in known:
            raise InputError([Problem("guardian", "guardian_unknown")])
        await self._assess(actor, family, msgspec.structs.replace(assessment, guardian=guardian))

    # --- who is not contacted ----------------------------------------------------------------

    async def request_marker(
        self, actor: Counsellor, family: FamilyId, guardian: PersonId, review_on: date | None
    ) -> str:
        """Ask that this holder is not contacted, for safety. It counts once somebody else approved it.

        Raises:
            InputError: no danger was seen, the guardian is not in this family, or the review date is
                missing, past or more than three months away.
            ConflictError: it was asked already and is waiting or in force.
        """
        today = local_date(self._clock.now())
        async with self._acting(actor, Action.REQUEST_MARKER, family) as conn:
            safety = await read_safety(conn, actor.tenant, family=family)
            problems = list(check_marker(review_on=review_on, safety=safety, day=today))
            if guardian not in await guardian_ids(conn, actor.tenant, family):
                problems.append(Problem("guardian", "guardian_unknown"))
            if problems or review_on is None:
                raise InputError(problems)
            for known in await read_markers(conn, actor.tenant, family=family):
                if known.guardian == guardian and known.is_open(today):
                    raise ConflictError("this was asked already")
            return await self._writer.request_marker(conn, actor, family, guardian, review_on)

    async def waiting_markers(self, actor: Counsellor) -> tuple[WaitingMarker, ...]:
        """What waits for a second person: who asked and until when, never who the family is."""
        require(actor, Action.APPROVE_MARKER, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await waiting_markers(conn, actor.tenant)

    async def decide_marker(self, actor: Counsellor, marker: str, *, approve: bool) -> None:
        """The second person approves or refuses; nobody decides what he asked for himself, nor with the
        login under which it was asked.

        Raises:
            InputError: the same person asked for it.
            NotFoundError: nothing with this id waits here.
        """
        require(actor, Action.APPROVE_MARKER, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            before = _found(await waiting_markers(conn, actor.tenant), marker)
            await lock_family(conn, actor.tenant, before.family)
            waiting = _found(await waiting_markers(conn, actor.tenant), marker)
            if await self._is_same_person(conn, actor, waiting.requested_by):
                raise InputError([Problem("marker", "approve_own_marker")])
            await self._writer.decide_marker(conn, actor, waiting, approve=approve)

    async def end_marker(self, actor: Counsellor, family: FamilyId, marker: str) -> None:
        """Everybody who decides is waited for again, from now on.

        Raises:
            NotFoundError: no such marker of this family that still counts or waits.
        """
        async with self._acting(actor, Action.REQUEST_MARKER, family) as conn:
            for known in await read_markers(conn, actor.tenant, family=family):
                if known.marker == marker and known.ended_at is None and known.approved is not False:
                    await self._writer.end_marker(conn, actor.tenant, family, known, who=by(actor))
                    return
            raise NotFoundError("marker")

    # --- parts -------------------------------------------------------------------------------

    async def _is_same_person(self, conn: AsyncConnection, actor: Counsellor, other: StaffId) -> bool:
        """Whether one login stands for both: who works here twice does not approve for himself."""
        if other == actor.staff:
            return True
        mine, theirs = staff_links.alias(), staff_links.alias()
        same = (
            (mine.c.tenant == theirs.c.tenant)
            & (mine.c.provider == theirs.c.provider)
            & (mine.c.subject == theirs.c.subject)
        )
        query = (
            select(mine.c.staff)
            .join_from(mine, theirs, same)
            .where(mine.c.tenant == actor.tenant, mine.c.staff == actor.staff, theirs.c.staff == other)
        )
        return (await conn.execute(query.limit(1))).first() is not None

    async def _assess(self, actor: Counsellor, family: FamilyId, assessment: SafetyAssessment) -> None:
        await self._may(actor, Action.RECORD_SAFETY, family)
        problems = check_safety(assessment, day=local_date(self._clock.now()))
        if problems:
            raise InputError(problems)

        async def act() -> None:
            async with self._acting(actor, Action.RECORD_SAFETY, family) as conn:
                await self._writer.write_safety(
                    conn, actor.tenant, family, assessment, who=by(actor), assessor=actor.staff
                )

        if assessment.level == "no_known_danger" and not assessment.secret_address:
            await act()
            return
        subject: dict[str, str] = {"family": family, "assessor": actor.staff, "level": assessment.level}
        if assessment.guardian is not None:
            subject["guardian"] = assessment.guardian
        await self._stops.carry_out("safety_flag", actor.tenant, subject, act)


def _found(waiting: tuple[WaitingMarker, ...], marker: str) -> WaitingMarker:
    for one in waiting:
        if one.marker == marker:
            return one
    raise NotFoundError("marker")
