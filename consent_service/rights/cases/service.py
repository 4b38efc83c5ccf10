"""See who asks, decide within the month, and answer (AVG 12).

The privacy coordinator decides; the FG advises (AVG 38(6), 39). Taking a request is `taking`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, get_args

import msgspec
from sqlalchemy import delete, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.identity.model import (
    Counsellor,
    Fg,
    PersonActor,
    PrivacyCoordinator,
    person_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.organisations.service import require
from consent_service.process.emergencies.sealed_text import open_text
from consent_service.rights.access.tables import access_files
from consent_service.rights.cases.model import (
    CASE,
    Case,
    CaseKind,
    CaseView,
    Channel,
    Extension,
    IdentityCheck,
    Opinion,
    Outcome,
    RefusalGround,
    Standing,
    check_ground,
    due_on,
)
from consent_service.rights.cases.rows import case_of, read_case_row, read_cases
from consent_service.rights.cases.tables import rights_cases
from consent_service.rights.cases.taking import CaseTaking

Officer = PrivacyCoordinator | Fg
_WEIGHED: Final[frozenset[Standing]] = frozenset({"by_hand", "without_authority", "child_decides"})
"""Who is answered only after a person has weighed it (S21, S46)."""


class CaseService(CaseTaking):
    """Requests of one shelter, from asking to answer."""

    # --- looking -----------------------------------------------------------------------------

    async def overview(self, actor: Officer) -> tuple[Case, ...]:
        """Every request of the shelter, what must be answered first before others.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_CASES, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            return await read_cases(conn, actor.tenant)

    async def view(self, actor: Officer, case: str) -> CaseView:
        """One request with its words; logged before it is shown.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such request here.
        """
        require(actor, Action.VIEW_CASES, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            row = await read_case_row(conn, actor.tenant, case)
            one = case_of(row)
            await self._tell(conn, actor, one, events.CaseMoved(case, "read"))
            return CaseView(
                one, await self._words(conn, actor.tenant, row), await self._now(conn, actor, one)
            )

    async def own(self, actor: PersonActor) -> tuple[Case, ...]:
        """What somebody asked, newest first.

        Raises:
            NotAllowedError: not one's own page.
        """
        self._require_own(actor)
        async with self._database.reading() as conn:
            found = await read_cases(conn, actor.tenant, rights_cases.c.requester == person_of(actor))
        return tuple(sorted(found, key=lambda one: one.case, reverse=True))

    async def of_family(self, actor: Counsellor, family: FamilyId) -> tuple[Case, ...]:
        """What somebody of the family asked and waits for.

        Raises:
            NotAllowedError: not with this family.
        """
        async with self._database.reading() as conn:
            assigned = await self._organisations.is_assigned(conn, actor, family)
            facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
            require(actor, Action.CARRY_CASE, facts)
            return await read_cases(conn, actor.tenant, rights_cases.c.family == family)

    # --- deciding ----------------------------------------------------------------------------

    async def identify(self, actor: PrivacyCoordinator, case: str, how: IdentityCheck) -> None:
        """It was seen who asks; of a document nothing is kept (AVG 12(6), UAVG 46).

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request here.
            ConflictError: it was seen already, or it has ended.
            InputError: no way was chosen; or nobody here fits, who then cannot be identified either.
        """
        async with self._acting(actor, case) as (conn, one):
            if how not in ("document", "known"):
                raise InputError([Problem("how", "choose_identity")])
            if one.requester is None:
                raise InputError([Problem("how", "nobody_to_identify")])
            change = {"identity": how, "identified_at": self._clock.now()}
            await self._move(conn, actor, one, "identify", how, change)
            seen = msgspec.structs.replace(one, identity=how)
            await self._on_identified(conn, actor.tenant, seen)

    async def extend(self, actor: PrivacyCoordinator, case: str, why: Extension) -> None:
        """Two months more, told within the first with the reason (AVG 12(3)).

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request here.
            ConflictError: it was decided already.
            InputError: no reason; a second time; or the first month is over.
        """
        async with self._acting(actor, case) as (conn, one):
            problems = [] if why in get_args(Extension) else [Problem("why", "choose_extension")]
            if one.extended is not None:
                problems.append(Problem("why", "extended_already"))
            elif local_date(self._clock.now()) > one.due_on:
                problems.append(Problem("why", "extend_too_late"))
            if problems:
                raise InputError(problems)
            change = {"extended": why, "due_on": due_on(one.received_on, extended=True)}
            await self._move(conn, actor, one, "extend", why, change)

    async def advise(self, actor: Fg, case: str, opinion: Opinion) -> None:
        """What the FG thinks of a request; it decides nothing.

        Raises:
            NotAllowedError: not the FG of this shelter.
            NotFoundError: no such request here.
            ConflictError: it was decided already.
            InputError: no opinion was chosen.
        """
        require(actor, Action.ADVISE_ON_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            one = case_of(await read_case_row(conn, actor.tenant, case, lock=True))
            if opinion not in get_args(Opinion):
                raise InputError([Problem("opinion", "choose_opinion")])
            await self._move(conn, actor, one, "advise", opinion, {"opinion": opinion})

    async def decide(
        self,
        actor: PrivacyCoordinator,
        case: str,
        outcome: Outcome,
        *,
        ground: RefusalGround | None = None,
        weighed: bool = False,
    ) -> None:
        """Yes, in part, or no with a ground. `weighed`: the interests of the others were weighed by hand, and
        the log will say so.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request here.
            ConflictError: it was decided already, or nobody has seen who asks.
            InputError: the ground does not fit, or it must be weighed first.
        """
        async with self._acting(actor, case) as (conn, one):
            if outcome not in get_args(Outcome):
                raise InputError([Problem("outcome", "choose_case_outcome")])
            problems = check_ground(one, outcome, ground)
            if outcome != "refuse" and one.identity is None:
                code = "nobody_to_identify" if one.requester is None else "identify_first"
                problems.append(Problem("outcome", code))
            by_hand = outcome != "refuse" and await self._now(conn, actor, one) in _WEIGHED
            if by_hand and not weighed:
                problems.append(Problem("weighed", "weigh_by_hand"))
            if problems:
                raise InputError(problems)
            decided = {"decided_by": actor.staff, "decided_at": self._clock.now()}
            change = {"outcome": outcome, "ground": ground, **decided}
            await self._move(conn, actor, one, outcome, ground or ("weighed" if by_hand else ""), change)

    async def finish(self, actor: PrivacyCoordinator, case: str, channel: Channel) -> None:
        """What was asked is done or handed over, or the refusal was given: the request has ended.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request here.
            ConflictError: it was not decided, or has ended.
            InputError: no way was chosen; it is too early for the neutral answer; or what was granted is not
                carried out: a file ends its request by being handed over, an erasure by being done.
        """
        async with self._acting(actor, case) as (conn, one):
            problems = [] if channel in get_args(Channel) else [Problem("channel", "choose_channel")]
            if one.answer_from is not None and local_date(self._clock.now()) < one.answer_from:
                day = {"day": f"{one.answer_from:%d-%m-%Y}"}
                problems.append(Problem("channel", "answer_not_yet", day))
            if one.done_elsewhere:
                problems.append(Problem("channel", "carry_out_first"))
            if problems:
                raise InputError(problems)
            act = "answer" if one.state == "refused" else "carry_out"
            change = {"ended_at": self._clock.now(), "delivered": channel}
            await self._move(conn, actor, one, act, channel, change)

    async def withdraw(self, actor: PersonActor | PrivacyCoordinator, case: str) -> None:
        """Who asked takes it back, or says so to the coordinator.

        Raises:
            NotAllowedError: somebody else's request.
            NotFoundError: no such request here.
            ConflictError: it has ended, or was refused; before the day of a neutral answer nobody can tell.
        """
        async with self._database.transaction() as conn:
            one = case_of(await read_case_row(conn, actor.tenant, case, lock=True))
            if isinstance(actor, PrivacyCoordinator):
                require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
            else:
                self._require_own(actor)
                if one.requester != person_of(actor):
                    raise NotFoundError("case")
            untold = not isinstance(actor, PrivacyCoordinator) and one.is_untold(
                local_date(self._clock.now())
            )
            if one.state == "refused" and not untold:
                raise ConflictError("it was refused")
            await self._move(conn, actor, one, "withdraw", "", {"ended_at": self._clock.now()})
            c = access_files.c
            await conn.execute(delete(access_files).where(c.tenant == actor.tenant, c.case == case))

    async def reopen(self, actor: PrivacyCoordinator, case: str) -> None:
        """What it was granted on has changed, so it is decided anew; what was made for it goes.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such request here.
            ConflictError: it was not granted, or has ended.
        """
        async with self._acting(actor, case) as (conn, one):
            nothing = dict.fromkeys(("outcome", "ground", "decided_by", "decided_at"))
            await self._move(conn, actor, one, "reopen", "", nothing)
            c = access_files.c
            await conn.execute(delete(access_files).where(c.tenant == actor.tenant, c.case == case))

    # --- for what carries it out -------------------------------------------------------------

    async def granted(self, conn: AsyncConnection, tenant: TenantId, case: str, *kinds: CaseKind) -> Case:
        """A request that may be carried out now.

        Raises:
            NotFoundError: no such request of these kinds here, or it was not granted.
        """
        one = case_of(await read_case_row(conn, tenant, case, lock=True))
        if one.kind not in kinds or one.state != "granted":
            raise NotFoundError("case")
        return one

    async def carried_out(
        self, conn: AsyncConnection, actor: PrivacyCoordinator | PersonActor, one: Case, channel: Channel
    ) -> None:
        """It was handed over, in the caller's transaction; handed over once more it stays as it ended."""
        if one.state == "done":
            await self.tell(conn, actor, one, "handed_over", channel)
            return
        change = {"ended_at": self._clock.now(), "delivered": channel}
        await self._move(conn, actor, one, "carry_out", channel, change)

    async def tell(
        self, conn: AsyncConnection, actor: Officer | PersonActor, one: Case, act: str, code: str = ""
    ) -> None:
        """That something was done for a request and left it in its state, in the caller's transaction."""
        await self._tell(conn, actor, one, events.CaseMoved(one.case, act, code))

    # --- parts -------------------------------------------------------------------------------

    @asynccontextmanager
    async def _acting(
        self, actor: PrivacyCoordinator, case: str
    ) -> AsyncIterator[tuple[AsyncConnection, Case]]:
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            yield conn, case_of(await read_case_row(conn, actor.tenant, case, lock=True))

    async def _words(self, conn: AsyncConnection, tenant: TenantId, row: Row[Any]) -> str:
        if row.sealed is None or row.requester is None:
            return ""
        key = await self._ring.person_key(conn, tenant, PersonId(row.requester))
        return open_text(self._ring, key, row.case, row.sealed)["words"]

    async def _now(self, conn: AsyncConnection, actor: Officer, one: Case) -> Standing:
        if one.requester is None or one.family is None:
            return "unknown"
        return await self._standing.of(conn, actor.tenant, one.family, one.requester, one.child)

    async def _move(
        self,
        conn: AsyncConnection,
        actor: Officer | PersonActor,
        one: Case,
        act: str,
        code: str,
        change: Mapping[str, object],
    ) -> None:
        state = CASE.after(one.state, act)
        c = rights_cases.c
        here = (c.tenant == actor.tenant, c.case == one.case)
        await conn.execute(update(rights_cases).where(*here).values(state=state, **change))
        await self._tell(conn, actor, one, events.CaseMoved(one.case, act, code))
