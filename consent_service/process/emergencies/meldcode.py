"""The five steps of the meldcode (Wet verplichte meldcode huiselijk geweld en kindermishandeling; S28).

In their order, each with what and why. A report goes to Veilig Thuis only: nothing here takes a recipient.
Every entry carries the officer's tag until a coordinator releases it (decision 0045). The walk is open to the
parents unless that was postponed for safety until a day on which it is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec
from sqlalchemy import insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.happenings.emergencies import MeldcodeAct
from consent_service.families.reading import child_ids, lock_family
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import FamilyId, PersonId, RecordId, TenantId, new_id
from consent_service.identity.model import Counsellor
from consent_service.process.emergencies.meldcode_reading import MeldcodeReading
from consent_service.process.emergencies.model import (
    CODES,
    LEGAL_STEPS,
    MELDCODE,
    RECIPIENT,
    Meldcode,
    Postponement,
    StepText,
)
from consent_service.process.emergencies.report import report_file
from consent_service.process.emergencies.sealed_text import seal_text
from consent_service.process.states import START
from consent_service.process.tables_emergencies import meldcode_steps, meldcodes

_DECIDES: Final[Mapping[str, str]] = {"decide_report": "report", "decide_help": "help"}


class MeldcodeService(MeldcodeReading):
    """Walk the steps; reading is `meldcode_reading`. Never for a school."""

    async def begin(
        self,
        actor: Counsellor,
        family: FamilyId,
        child: PersonId,
        text: StepText,
        *,
        postponed: Postponement | None = None,
    ) -> RecordId:
        """Step 1: map the signals about one child; with `postponed` it never was open to the parents.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such child in it.
            InputError: what or why is missing, or what is wrong with the postponement.
        """
        async with self._database.transaction() as conn:
            await self._require_with(conn, actor, family)
            await lock_family(conn, actor.tenant, family)
            if child not in await child_ids(conn, actor.tenant, family):
                raise NotFoundError("child")
            problems = [*_problems_of_step("map_signals", text), *self._problems_of(postponed)]
            if problems:
                raise InputError(problems)
            one = await self._begun(conn, actor, family, child)
            await self._tell(conn, actor, child, events.MeldcodeOpened(one.meldcode, family, child))
            await self._keep(conn, actor, one, "map_signals", text)
            await self._tell(conn, actor, child, events.MeldcodeMoved(one.meldcode, family, "map_signals"))
            if postponed is not None:
                await self._postpone(conn, actor, one, postponed)
            return one.meldcode

    async def take_step(
        self, actor: Counsellor, meldcode: RecordId, act: MeldcodeAct, text: StepText
    ) -> None:
        """The next of the legal steps.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such walk here.
            ConflictError: another step comes first.
            InputError: what, why or the choice of this step is missing.
        """
        if act not in LEGAL_STEPS:
            raise ConflictError("meldcode: no legal step")
        async with self._database.transaction() as conn:
            one = await self._locked(conn, actor, meldcode)
            state = MELDCODE.after(one.state, act)
            if problems := _problems_of_step(act, text):
                raise InputError(problems)
            decided = {_DECIDES[act]: text.code} if act in _DECIDES else {}
            await self._update(conn, one, {"state": state, **decided}, actor.tenant)
            await self._keep(conn, actor, one, act, text)
            event = events.MeldcodeMoved(meldcode, one.family, act, text.code)
            await self._tell(conn, actor, one.child, event)

    async def export(self, actor: Counsellor, meldcode: RecordId) -> bytes:
        """The text for the report form of Veilig Thuis (UTF-8), once to report was decided.

        To nobody else: there is no recipient to give. Logged, and committed, before a byte leaves.

        Raises:
            NotAllowedError: not with this family, or the door gives no permit.
            NotFoundError: no such walk here.
            ConflictError: the steps are not done, or it was decided not to report.
        """
        async with self._database.transaction() as conn:
            one = await self._locked(conn, actor, meldcode)
            if MELDCODE.after(one.state, "export") != one.state or one.report != "yes":
                raise ConflictError("meldcode: not to be reported")
            steps = await self._steps(conn, actor.tenant, one)
            permit = await self._release.permit_for_member(
                conn, actor.tenant, actor.staff, "print", family=one.family, actor=actor
            )
            if permit is not None:
                event = events.MeldcodeMoved(meldcode, one.family, "export", RECIPIENT)
                await self._tell(conn, actor, one.child, event)
        if permit is None:
            raise NotAllowedError("export meldcode: no permit")
        return report_file(permit, steps)

    async def close(self, actor: Counsellor, meldcode: RecordId) -> None:
        """Nothing more is done about it here.

        Raises:
            NotAllowedError, NotFoundError, ConflictError: as `take_step`.
        """
        async with self._database.transaction() as conn:
            one = await self._locked(conn, actor, meldcode)
            await self._update(conn, one, {"state": MELDCODE.after(one.state, "close")}, actor.tenant)
            await self._tell(conn, actor, one.child, events.MeldcodeMoved(meldcode, one.family, "close"))

    async def postpone(self, actor: Counsellor, meldcode: RecordId, why: str, until: date) -> None:
        """Not open to the parents yet, for safety; looked at again on that day, and not open by itself then.

        Raises:
            InputError: no reason, or a day that is not after today.
            NotAllowedError, NotFoundError: as `take_step`.
        """
        postponed = Postponement(why, until)
        if problems := self._problems_of(postponed):
            raise InputError(problems)
        async with self._database.transaction() as conn:
            one = await self._locked(conn, actor, meldcode)
            await self._postpone(conn, actor, one, postponed)

    async def open_to_parents(self, actor: Counsellor, meldcode: RecordId) -> None:
        """It is safe now.

        Raises:
            NotFoundError: no such walk, or it is open already.
            NotAllowedError: not with this family.
        """
        async with self._database.transaction() as conn:
            one = await self._locked(conn, actor, meldcode)
            if one.postponed_until is None:
                raise NotFoundError("meldcode")
            await self._update(conn, one, {"postponed_until": None}, actor.tenant)
            event = events.MeldcodeMoved(meldcode, one.family, "open_to_parents")
            await self._tell(conn, actor, one.child, event)

    # --- parts -------------------------------------------------------------------------------

    async def _begun(
        self, conn: AsyncConnection, actor: Counsellor, family: FamilyId, child: PersonId
    ) -> Meldcode:
        one = Meldcode(
            meldcode=RecordId(new_id()),
            family=family,
            child=child,
            state=MELDCODE.after(START, "map_signals"),
            opened_by=actor.staff,
            opened_at=self._clock.now(),
            report=None,
            help=None,
            postponed_until=None,
        )
        await conn.execute(insert(meldcodes).values(tenant=actor.tenant, **msgspec.structs.asdict(one)))
        return one

    async def _postpone(
        self, conn: AsyncConnection, actor: Counsellor, one: Meldcode, postponed: Postponement
    ) -> None:
        await self._update(conn, one, {"postponed_until": postponed.until}, actor.tenant)
        text = StepText(what=postponed.why, why=postponed.why)
        await self._keep(conn, actor, one, "postpone", text)
        event = events.MeldcodeMoved(one.meldcode, one.family, "postpone", on=postponed.until)
        await self._tell(conn, actor, one.child, event)

    def _problems_of(self, postponed: Postponement | None) -> list[Problem]:
        if postponed is None:
            return []
        problems = [] if postponed.why.strip() else [Problem("why", "why_missing")]
        if postponed.until <= local_date(self._clock.now()):
            problems.append(Problem("until", "review_not_later"))
        return problems

    async def _locked(self, conn: AsyncConnection, actor: Counsellor, meldcode: RecordId) -> Meldcode:
        return await self._found(conn, actor, meldcode, lock=True)

    async def _update(
        self, conn: AsyncConnection, one: Meldcode, changed: Mapping[str, Any], tenant: TenantId
    ) -> None:
        m = meldcodes.c
        where = (m.tenant == tenant, m.meldcode == one.meldcode)
        await conn.execute(update(meldcodes).where(*where).values(**changed))

    async def _keep(
        self, conn: AsyncConnection, actor: Counsellor, one: Meldcode, act: MeldcodeAct, text: StepText
    ) -> None:
        step = new_id()
        key = await self._ring.sealing_person_key(conn, actor.tenant, one.child)
        said = {name: value for name, value in msgspec.structs.asdict(text).items() if name != "code"}
        await conn.execute(
            insert(meldcode_steps).values(
                tenant=actor.tenant,
                step=step,
                meldcode=one.meldcode,
                child=one.child,
                act=act,
                code=text.code,
                by=actor.staff,
                at=self._clock.now(),
                sealed=seal_text(self._ring, key, step, said),
            )
        )


def _problems_of_step(act: str, text: StepText) -> list[Problem]:
    """What and why of every step, and its choice where it has one; all problems at once."""
    problems = [
        Problem(name, f"{name}_missing")
        for name, value in (("what", text.what), ("why", text.why))
        if not value.strip()
    ]
    if text.code not in CODES.get(act, ("",)):
        problems.append(Problem("code", "choose_decision"))
    return problems
