"""Requests of the Raad, a GI and the police: each on its own ground in law, answered by a person.

Consent is not asked here, and nothing is sent: what was given, refused or asked back is written down. Every
entry carries the officer's tag until a coordinator releases it (decision 0045).
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.happenings.emergencies import RequestAct
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.reading import child_ids, lock_family
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, RecordId, StaffId, new_id
from consent_service.identity.model import Counsellor, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.emergencies.model import (
    ASKERS,
    GROUNDS,
    REQUEST,
    NewRequest,
    OpenedRequest,
    StatutoryRequest,
    WrittenAnswer,
)
from consent_service.process.emergencies.sealed_text import open_text, seal_text
from consent_service.process.states import START
from consent_service.process.tables_emergencies import statutory_requests

_PARTS: Final = 3
"""What each answer is made of: act, what and why."""


class StatutoryRequestService:
    """Write down what was asked and what was done about it."""

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

    async def receive(
        self, actor: Counsellor, family: FamilyId, child: PersonId, new: NewRequest
    ) -> RecordId:
        """Who asked what, on which ground.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such child in it.
            InputError: every problem at once; a ground of another body is one.
        """
        async with self._database.transaction() as conn:
            await self._require_with(conn, actor, family)
            await lock_family(conn, actor.tenant, family)
            if child not in await child_ids(conn, actor.tenant, family):
                raise NotFoundError("child")
            if problems := _problems(new):
                raise InputError(problems)
            request = RecordId(new_id())
            key = await self._ring.sealing_person_key(conn, actor.tenant, child)
            said = {"name": new.name, "asked": new.asked, "reference": new.reference}
            await conn.execute(
                insert(statutory_requests).values(
                    tenant=actor.tenant,
                    request=request,
                    family=family,
                    child=child,
                    state=REQUEST.after(START, "receive"),
                    asker=new.asker,
                    ground=new.ground,
                    received_by=actor.staff,
                    received_at=self._clock.now(),
                    sealed_request=seal_text(self._ring, key, request, said),
                )
            )
            event = events.StatutoryRequestReceived(request, family, child, new.asker, new.ground)
            await self._tell(conn, actor, child, event)
            return request

    async def answer(
        self, actor: Counsellor, request: RecordId, act: RequestAct, *, what: str, why: str
    ) -> None:
        """What was given, refused or asked back, and why so.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such request here.
            ConflictError: it was answered already.
            InputError: what or why is missing; or something is given although no ground was named.
        """
        async with self._database.transaction() as conn:
            row = await self._row(conn, actor, request, lock=True)
            state = REQUEST.after(row.state, act)
            problems = [
                Problem(name, f"{name}_missing")
                for name, value in (("what", what), ("why", why))
                if not value.strip()
            ]
            if act == "give" and row.ground == "none_named":
                problems.append(Problem("act", "no_ground_named"))
            if problems:
                raise InputError(problems)
            key = await self._ring.sealing_person_key(conn, actor.tenant, PersonId(row.child))
            said = {} if row.sealed_answer is None else open_text(self._ring, key, request, row.sealed_answer)
            number = len(said) // _PARTS + 1
            said |= {f"act_{number}": act, f"what_{number}": what, f"why_{number}": why}
            r = statutory_requests.c
            await conn.execute(
                update(statutory_requests)
                .where(r.tenant == actor.tenant, r.request == request)
                .values(
                    state=state,
                    answered_by=actor.staff,
                    answered_at=self._clock.now(),
                    sealed_answer=seal_text(self._ring, key, request, said),
                )
            )
            event = events.StatutoryRequestAnswered(request, FamilyId(row.family), act)
            await self._tell(conn, actor, PersonId(row.child), event)

    async def of_family(self, actor: Counsellor, family: FamilyId) -> tuple[StatutoryRequest, ...]:
        """The requests about the children of one family, newest first, without what they say.

        Raises:
            NotAllowedError: not with this family.
        """
        r = statutory_requests.c
        async with self._database.reading() as conn:
            await self._require_with(conn, actor, family)
            query = select(statutory_requests).where(r.tenant == actor.tenant, r.family == family)
            rows = await conn.execute(query.order_by(r.received_at.desc(), r.request.desc()))
            return tuple(_as_request(row) for row in rows)

    async def read(self, actor: Counsellor, request: RecordId) -> OpenedRequest:
        """What was asked and what was done about it; logged before it is shown.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: no such request here.
        """
        async with self._database.transaction() as conn:
            row = await self._row(conn, actor, request)
            one = _as_request(row)
            read = events.StatutoryTextRead("request", request, one.family)
            await self._tell(conn, actor, one.child, read)
            key = await self._ring.person_key(conn, actor.tenant, one.child)
            asked = open_text(self._ring, key, request, row.sealed_request)
            answered = (
                {} if row.sealed_answer is None else open_text(self._ring, key, request, row.sealed_answer)
            )
            return _opened(one, asked, answered)

    async def _row(
        self, conn: AsyncConnection, actor: Counsellor, request: RecordId, *, lock: bool = False
    ) -> Row[Any]:
        r = statutory_requests.c
        query = select(statutory_requests).where(r.tenant == actor.tenant, r.request == request)
        row = (await conn.execute(query.with_for_update() if lock else query)).first()
        if row is None:
            raise NotFoundError("request")
        await self._require_with(conn, actor, FamilyId(row.family))
        return row

    async def _require_with(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
        require(actor, Action.ANSWER_STATUTORY_REQUEST, facts)

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


def _problems(new: NewRequest) -> list[Problem]:
    found = [
        Problem(name, f"{name}_missing")
        for name, value in (("name", new.name), ("asked", new.asked))
        if not value.strip()
    ]
    if new.asker not in ASKERS:
        found.append(Problem("asker", "choose_asker"))
    if new.ground not in GROUNDS:
        found.append(Problem("ground", "choose_ground"))
    elif GROUNDS[new.ground][0] not in (None, new.asker):
        found.append(Problem("ground", "ground_of_another"))
    return found


def _as_request(row: Row[Any]) -> StatutoryRequest:
    return StatutoryRequest(
        request=RecordId(row.request),
        family=FamilyId(row.family),
        child=PersonId(row.child),
        state=row.state,
        asker=row.asker,
        ground=row.ground,
        received_by=StaffId(row.received_by),
        received_at=row.received_at,
        answered_by=None if row.answered_by is None else StaffId(row.answered_by),
        answered_at=row.answered_at,
    )


def _opened(one: StatutoryRequest, asked: dict[str, str], answered: dict[str, str]) -> OpenedRequest:
    numbers = range(1, len(answered) // _PARTS + 1)
    return OpenedRequest(
        request=one,
        name=asked["name"],
        asked=asked["asked"],
        reference=asked.get("reference", ""),
        answers=tuple(
            WrittenAnswer(answered[f"act_{n}"], answered[f"what_{n}"], answered[f"why_{n}"]) for n in numbers
        ),
    )
