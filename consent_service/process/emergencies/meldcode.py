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
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.happenings.emergencies import MeldcodeAct
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.reading import child_ids, lock_family
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import FamilyId, PersonId, RecordId, StaffId, TenantId, new_id
from consent_service.identity.model import Counsellor, Fg, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.emergencies.model import (
    CODES,
    LEGAL_STEPS,
    MELDCODE,
    RECIPIENT,
    Meldcode,
    StepText,
    WrittenStep,
)
from consent_service.process.emergencies.reading import read_meldcodes
from consent_service.process.emergencies.report import report_file
from consent_service.process.emergencies.sealed_text import open_text, seal_text
from consent_service.process.states import START
from consent_service.process.tables_emergencies import meldcode_steps, meldcodes
from consent_service.release.service import ReleaseService

_DECIDES: Final[Mapping[str, str]] = {"decide_report": "report", "decide_help": "help"}


class MeldcodeService:
    """Walk the steps, and read what was written; never for a school."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        release: ReleaseService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._release = release

    async def begin(self, actor: Counsellor, family: FamilyId, child: PersonId, text: StepText) -> RecordId:
        """Step 1: map the signals about one child.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such child in it.
            InputError: what or why is missing.
        """
        async with self._database.transaction() as conn:
            await self._require_with(conn, actor, family)
            await lock_family(conn, actor.tenant, family)
            if child not in await child_ids(conn, actor.tenant, family):
                raise NotFoundError("child")
            _require_whole("map_signals", text)
            meldcode = RecordId(new_id())
            await conn.execute(
                insert(meldcodes).values(
                    tenant=actor.tenant,
                    meldcode=meldcode,
                    family=family,
                    child=child,
                    state=MELDCODE.after(START, "map_signals"),
                    opened_by=actor.staff,
                    opened_at=self._clock.now(),
                )
            )
            await self._tell(conn, actor, child, events.MeldcodeOpened(meldcode, family, child))
            await self._keep(conn, actor, (meldcode, child), "map_signals", text)
            await self._tell(conn, actor, child, events.MeldcodeMoved(meldcode, family, "map_signals"))
            return meldcode

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
            _require_whole(act, text)
            decided = {_DECIDES[act]: text.code} if act in _DECIDES else {}
            await self._update(conn, one, {"state": state, **decided}, actor.tenant)
            await self._keep(conn, actor, (meldcode, one.child), act, text)
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
        one, steps = await self.read(actor, meldcode)
        async with self._database.transaction() as conn:
            one = await self._locked(conn, actor, meldcode)
            if MELDCODE.after(one.state, "export") != one.state or one.report != "yes":
                raise ConflictError("meldcode: not to be reported")
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
        """Not open to the parents yet, for safety; looked at again on that day.

        Raises:
            InputError: no reason, or a day that is not after today.
            NotAllowedError, NotFoundError: as `take_step`.
        """
        problems = [] if why.strip() else [Problem("why", "why_missing")]
        if until <= local_date(self._clock.now()):
            problems.append(Problem("until", "review_not_later"))
        if problems:
            raise InputError(problems)
        async with self._database.transaction() as conn:
            one = await self._locked(conn, actor, meldcode)
            await self._update(conn, one, {"postponed_until": until}, actor.tenant)
            await self._keep(conn, actor, (meldcode, one.child), "postpone", StepText(what=why, why=why))
            event = events.MeldcodeMoved(meldcode, one.family, "postpone", on=until)
            await self._tell(conn, actor, one.child, event)

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

    async def of_family(self, actor: Counsellor, family: FamilyId) -> tuple[Meldcode, ...]:
        """The walks about the children of one family, newest first.

        Raises:
            NotAllowedError: not with this family.
        """
        async with self._database.reading() as conn:
            await self._require_with(conn, actor, family)
            return tuple(await read_meldcodes(conn, actor.tenant, meldcodes.c.family == family))

    async def read(self, actor: Counsellor, meldcode: RecordId) -> tuple[Meldcode, tuple[WrittenStep, ...]]:
        """What was written, oldest first.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such walk here.
        """
        async with self._database.reading() as conn:
            one = await self._found(conn, actor, meldcode)
            s = meldcode_steps.c
            query = select(meldcode_steps).where(s.tenant == actor.tenant, s.meldcode == meldcode)
            rows = (await conn.execute(query.order_by(s.at, s.step))).all()
            key = await self._ring.person_key(conn, actor.tenant, one.child)
            return one, tuple(self._written(key, row) for row in rows)

    async def overview(self, actor: PrivacyCoordinator | Fg) -> tuple[Meldcode, ...]:
        """Every walk of the shelter, newest first: metadata only."""
        require(actor, Action.VIEW_EMERGENCIES, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return tuple(await read_meldcodes(conn, actor.tenant))

    # --- parts -------------------------------------------------------------------------------

    def _written(self, key: WrappedPersonKey, row: Row[Any]) -> WrittenStep:
        said = open_text(self._ring, key, row.step, row.sealed)
        text = StepText(what=said.get("what", ""), why=said.get("why", ""), code=row.code)
        return WrittenStep(row.act, StaffId(row.by), row.at, text)

    async def _found(
        self, conn: AsyncConnection, actor: Counsellor, meldcode: RecordId, *, lock: bool = False
    ) -> Meldcode:
        found = await read_meldcodes(conn, actor.tenant, meldcodes.c.meldcode == meldcode, lock=lock)
        if not found:
            raise NotFoundError("meldcode")
        await self._require_with(conn, actor, found[0].family)
        return found[0]

    async def _locked(self, conn: AsyncConnection, actor: Counsellor, meldcode: RecordId) -> Meldcode:
        return await self._found(conn, actor, meldcode, lock=True)

    async def _update(
        self, conn: AsyncConnection, one: Meldcode, changed: Mapping[str, Any], tenant: TenantId
    ) -> None:
        m = meldcodes.c
        where = (m.tenant == tenant, m.meldcode == one.meldcode)
        await conn.execute(update(meldcodes).where(*where).values(**changed))

    async def _keep(
        self,
        conn: AsyncConnection,
        actor: Counsellor,
        place: tuple[RecordId, PersonId],
        act: MeldcodeAct,
        text: StepText,
    ) -> None:
        meldcode, child = place
        step = new_id()
        key = await self._ring.sealing_person_key(conn, actor.tenant, child)
        said = {name: value for name, value in msgspec.structs.asdict(text).items() if name != "code"}
        await conn.execute(
            insert(meldcode_steps).values(
                tenant=actor.tenant,
                step=step,
                meldcode=meldcode,
                child=child,
                act=act,
                code=text.code,
                by=actor.staff,
                at=self._clock.now(),
                sealed=seal_text(self._ring, key, step, said),
            )
        )

    async def _require_with(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
        require(actor, Action.WALK_MELDCODE, facts)

    async def _tell(
        self, conn: AsyncConnection, actor: Counsellor, child: PersonId, event: events.Event
    ) -> None:
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=event,
            by=by(actor),
            subject=await self._log.living(conn, actor.tenant, child),
            tagged_for=OFFICER,
        )


def _require_whole(act: str, text: StepText) -> None:
    """What and why of every step, and its choice where it has one; all problems at once."""
    problems = [
        Problem(name, f"{name}_missing")
        for name, value in (("what", text.what), ("why", text.why))
        if not value.strip()
    ]
    if text.code not in CODES.get(act, ("",)):
        problems.append(Problem("code", "choose_decision"))
    if problems:
        raise InputError(problems)
