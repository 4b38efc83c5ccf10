"""Whether a child can weigh this itself: judged by a counsellor, dated, and never erasing anything (S42).

A child is taken to be able until somebody judged not. Then it is heard, and what its parents said goes on
counting; its own answers stay in the ledger. What follows for sharing is `policy.projection`.
"""

from __future__ import annotations

from sqlalchemy import func, insert, select

from consent_service.audit import events
from consent_service.families.acting import FamilyActs
from consent_service.families.model import IncompetenceReason
from consent_service.families.reading import child_ids
from consent_service.families.tables import child_competence
from consent_service.foundation.clock import strictly_after
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, new_id
from consent_service.identity.model import Counsellor, by
from consent_service.identity.permissions import Action
from consent_service.organisations.relationship_state import raise_family


class CompetenceActs(FamilyActs):
    """Judgements on whether a child can weigh this itself."""

    async def judge_competence(
        self,
        actor: Counsellor,
        family: FamilyId,
        child: PersonId,
        *,
        competent: bool,
        reason: IncompetenceReason | None = None,
    ) -> None:
        """Note the judgement; the latest one counts, and nothing older is changed (BW 7:465, assumed).

        Taking a child's say away has a reason, and the privacy coordinator looks at each (`process`).

        Raises:
            InputError: the child is not in this family, or a no has no reason.
            NotAllowedError: another counsellor's family.
        """
        async with self._acting(actor, Action.JUDGE_COMPETENCE, family) as conn:
            if child not in await child_ids(conn, actor.tenant, family):
                raise InputError([Problem("child", "child_unknown")])
            if not competent and reason is None:
                raise InputError([Problem("incompetence", "required")])
            now, mine = self._clock.now(), child_competence.c.child == child
            newest = select(func.max(child_competence.c.recorded_at)).where(
                child_competence.c.tenant == actor.tenant, mine
            )
            await conn.execute(
                insert(child_competence).values(
                    tenant=actor.tenant,
                    judgement=new_id(),
                    child=child,
                    competent=competent,
                    judged_by=actor.staff,
                    reason=None if competent else reason,
                    recorded_at=strictly_after(now, (await conn.execute(newest)).scalar_one()),
                )
            )
            await raise_family(conn, actor.tenant, family, now)
            event = events.CompetenceJudged(child, competent, "" if competent else reason or "")
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=child)
