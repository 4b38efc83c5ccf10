"""The erasures of a shelter as its desk sees them: asked from a request, and how far each has come (AVG 17).

Deciding and carrying out is `rights.erasure`; that the schools are told is part of it (AVG 19).
"""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.happenings.erasures import ErasureGround
from consent_service.audit.log import AuditLog
from consent_service.custody.model import DestructionReport
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, Problem
from consent_service.foundation.ids import TenantId
from consent_service.identity.model import Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.rights.carrying.whom import Whom, WhomReader
from consent_service.rights.cases.rows import case_of, read_case_row
from consent_service.rights.cases.service import CaseService
from consent_service.rights.coordinators import coordinators_of
from consent_service.rights.erasure import ErasureService
from consent_service.rights.erasure_model import Erasure, MissingCode, Wanted, missing
from consent_service.rights.erasure_rows import read_erasure, read_stages, read_targets


class ErasureView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One erasure now. `left`: how many ids are still looked for while it runs. `stages`: of its keys."""

    erasure: Erasure
    missing: MissingCode | None
    left: int
    stages: DestructionReport | None


class ErasingDesk:
    """What the pages on erasing ask."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        cases: CaseService,
        whom: WhomReader,
        erasures: ErasureService,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._cases = cases
        self._whom = whom
        self._erasures = erasures
        erasures.when_carried_out(self._refuse_without_say)

    async def _refuse_without_say(self, conn: AsyncConnection, tenant: TenantId, one: Erasure) -> None:
        """Who asked must still have a say when it is carried out: authority may have ended since (S6).

        Raises:
            InputError: nobody of this request would be offered for it now.
        """
        if one.case is None:
            return
        case = case_of(await read_case_row(conn, tenant, one.case))
        if case.requester is None:
            return
        if all(whom.subject != one.subject for whom in await self._whom.of(conn, tenant, case)):
            raise InputError([Problem("erasure", "erasures.withdrawn")])

    async def view(self, actor: PrivacyCoordinator | Fg, erasure: str) -> ErasureView:
        """How far one has come.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: this shelter has no such erasure.
        """
        require(actor, Action.VIEW_ERASURE, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            one = await read_erasure(conn, actor.tenant, erasure, lock=False)
            return ErasureView(
                one,
                missing(one, await coordinators_of(conn, actor.tenant)),
                len(await read_targets(conn, actor.tenant, erasure)),
                await read_stages(conn, actor.tenant, erasure, now=self._clock.now()),
            )

    async def whom(self, actor: PrivacyCoordinator, case: str) -> tuple[Whom, ...]:
        """Who can be forgotten because of a granted request, by given name; logged before it is shown.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request, or it was not granted.
        """
        require(actor, Action.ASK_ERASURE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = await self._cases.granted(conn, actor.tenant, case, "erasure")
            subject = (
                None if one.requester is None else await self._log.living(conn, actor.tenant, one.requester)
            )
            event = events.CaseMoved(case, "read")
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=subject)
            return await self._whom.of(conn, actor.tenant, one)

    async def ask(self, actor: PrivacyCoordinator, case: str, subject: str, ground: ErasureGround) -> str:
        """Ask what a granted request asks; the id of the erasure. Another coordinator decides on it.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request, or it was not granted.
            InputError: nobody of this request was chosen, or what `ErasureService.ask` refuses.
        """
        chosen = next((one for one in await self.whom(actor, case) if one.subject == subject), None)
        if chosen is None:
            raise InputError([Problem("subject", "form.choose")])
        return await self._erasures.ask(actor, Wanted(chosen.scope, chosen.subject, ground), case=case)
