"""Forget whole families whose every period is over, the way two coordinators would have it done.

The two who stand behind the periods stand behind each of these erasures (docs/decisions/0062).
"""

from __future__ import annotations

from consent_service.audit import events
from consent_service.custody.circle import circle_of
from consent_service.families.reading import lock_family
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import FamilyId, StaffId, TenantId, new_id
from consent_service.identity.model import System, by
from consent_service.rights.erasure import LOCK, ErasureService
from consent_service.rights.erasure_model import Erasure, scheduled
from consent_service.rights.erasure_rows import read_erasures, write_erasure
from consent_service.rights.retention.holding import refuse_held


class ScheduledErasures(ErasureService):
    """Erasures that nobody asks one by one."""

    async def forget_by_schedule(
        self, where: TenantId, family: FamilyId, behind: tuple[StaffId, StaffId]
    ) -> Erasure:
        """Forget a family whose every period is over; two coordinators stand behind the periods themselves.

        Part of a retention run, which knows that it is due. The steps are those of `execute`.

        Raises:
            NotFoundError: this shelter has no such family any more.
            InputError: it is held meanwhile.
            UnavailableError: as `execute`.
        """
        async with self._database.exclusive(LOCK):
            async with self._database.transaction() as conn:
                circle = await circle_of(conn, where, "family", family)
                if circle is None:
                    raise NotFoundError("family")
                await lock_family(conn, where, family)
                await refuse_held(conn, circle, "family")
                one = scheduled(new_id(), family, behind, self._clock.now())
                await write_erasure(conn, where, one)
                asked = events.ErasureAsked(one.erasure, one.scope, one.ground, one.asked_by)
                await self._append(conn, where, asked, by(System()))
                approved = events.ErasureApproved(one.erasure, one.approved_by or "")
                await self._append(conn, where, approved, by(System()))
                stop = await self._begin_journalled(conn, one, circle, by(System()))
            self._journal.mark_done(stop.id)
            return await self._finish(where, one.erasure, by(System()))

    async def finish_scheduled(self, where: TenantId) -> int:
        """Finish what a retention run that was broken off had begun; how many families."""
        async with self._database.reading() as conn:
            everything = await read_erasures(conn, where)
        broken = [one for one in everything if (one.state, one.typed) == ("running", "schedule")]
        for one in broken:
            async with self._database.exclusive(LOCK):
                await self._finish(where, one.erasure, by(System()))
        return len(broken)
