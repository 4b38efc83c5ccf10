"""Take a request: on the own page, through a counsellor, or typed over from a letter.

What cannot be matched to somebody here is kept without a name, and answered like a request of somebody who
may know nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.reading import child_ids, guardian_ids, lock_family, read_guardians
from consent_service.families.searching import candidates
from consent_service.families.service import FamilyService
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError, Problem
from consent_service.foundation.ids import FamilyId, PersonId, TenantId, new_id
from consent_service.identity.model import (
    Counsellor,
    Fg,
    GuardianActor,
    PersonActor,
    PrivacyCoordinator,
    by,
    person_of,
)
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.blind_index import normalised_name
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require
from consent_service.process.emergencies.sealed_text import seal_text
from consent_service.process.states import START
from consent_service.rights.cases.model import (
    CASE,
    OPEN,
    About,
    Asked,
    Capacity,
    Case,
    Channel,
    IdentityCheck,
    Received,
    Standing,
    check_asked,
    check_received,
    due_on,
)
from consent_service.rights.cases.rows import StandingReader, read_cases
from consent_service.rights.cases.tables import rights_cases

Officer = PrivacyCoordinator | Fg
LOOKUPS_PER_HOUR: Final = 30
"""Requests that one coordinator types over in an hour: each looks for somebody by name and birth date."""


Stopping = Callable[[AsyncConnection, TenantId, Case], Awaitable[None]]
"""Stops what a request asks to stop, in the transaction that takes it in."""


async def _nothing_stops(_conn: AsyncConnection, _tenant: TenantId, _case: Case) -> None:
    """Until the wiring says what does."""


class _Asker:
    """Whom a request is of and about, as far as that is known here."""

    def __init__(
        self, capacity: Capacity, family: FamilyId | None, who: PersonId | None, child: PersonId | None
    ) -> None:
        self.capacity: Capacity = capacity
        self.family = family
        self.who = who
        self.child = child


class CaseTaking:
    """The first half of `CaseService`."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        families: FamilyService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._families = families
        self._standing = StandingReader(families=families, clock=clock)
        self._on_identified: Stopping = _nothing_stops
        self._lookups: dict[tuple[str, str], list[datetime]] = {}

    def stop_while_weighed(self, stopping: Stopping) -> None:
        """What an objection stops as soon as it is known who asks: part of the same transaction."""
        self._on_identified = stopping

    # --- asking ------------------------------------------------------------------------------

    async def ask(self, actor: PersonActor, asked: Asked) -> str:
        """Somebody asks on the own page; the id of the request.

        Raises:
            NotAllowedError: not one's own page.
            NotFoundError: a child that is not shown there.
            InputError: every problem at once; the same was asked already and waits.
        """
        self._require_own(actor)
        if problems := check_asked(asked):
            raise InputError(problems)
        who = person_of(actor)
        async with self._database.transaction() as conn:
            await lock_family(conn, actor.tenant, actor.family)
            if asked.child is not None and asked.child not in (
                await self._families.own_children(conn, actor) | {who}
            ):
                raise NotFoundError("child")
            capacity: Capacity = "guardian" if isinstance(actor, GuardianActor) else "child"
            asker = _Asker(capacity, actor.family, who, asked.child)
            return await self._open(conn, actor, asked, asker, ("page", "page"))

    async def pass_on(
        self, actor: Counsellor, family: FamilyId, requester: PersonId, asked: Asked, channel: Channel
    ) -> str:
        """A counsellor passes on what somebody of the family asks; the id of the request.

        Raises:
            NotAllowedError: not with this family.
            NotFoundError: nobody with this id in this family.
            InputError: every problem at once; the same was asked already and waits.
        """
        async with self._database.transaction() as conn:
            assigned = await self._organisations.is_assigned(conn, actor, family)
            facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
            require(actor, Action.CARRY_CASE, facts)
            await lock_family(conn, actor.tenant, family)
            guardians = await guardian_ids(conn, actor.tenant, family)
            young = await child_ids(conn, actor.tenant, family)
            if requester not in (*guardians, *young) or asked.child not in (None, *young):
                raise NotFoundError("person")
            problems = check_asked(asked)
            if channel not in ("conversation", "letter"):
                problems.append(Problem("channel", "choose_channel"))
            if problems:
                raise InputError(problems)
            capacity: Capacity = "guardian" if requester in guardians else "child"
            asker = _Asker(capacity, family, requester, asked.child)
            return await self._open(conn, actor, asked, asker, (channel, "known"))

    async def receive(self, actor: PrivacyCoordinator, received: Received) -> str:
        """A request by letter or in a conversation is typed over; the id of the request.

        The names are compared with who is known here, exactly; what does not fit is kept as a request of
        somebody unknown, in the same way and without any name.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            InputError: every problem at once; too many in an hour; the same was asked already and waits.
        """
        require(actor, Action.DECIDE_CASE, Circumstances(tenant=actor.tenant))
        problems = check_received(received, today=local_date(self._clock.now()))
        if problems:
            raise InputError(problems)
        self._count_lookup(actor)
        async with self._database.transaction() as conn:
            asker = await self._matched(conn, actor.tenant, received)
            about: About = "child" if asker.child is not None else "everybody"
            asked = Asked(received.kind, about, asker.child, received.words if asker.who else "")
            return await self._open(conn, actor, asked, asker, (received.channel, None), received)

    # --- parts -------------------------------------------------------------------------------

    def _require_own(self, actor: PersonActor) -> None:
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person_of(actor))
        require(actor, Action.ASK_CASE, facts)

    def _count_lookup(self, actor: PrivacyCoordinator) -> None:
        who, now = (actor.tenant, actor.staff), self._clock.now()
        recent = [at for at in self._lookups.get(who, []) if at > now - timedelta(hours=1)]
        if len(recent) >= LOOKUPS_PER_HOUR:
            raise InputError([Problem("child_names", "too_many_searches")])
        self._lookups[who] = [*recent, now]

    async def _matched(self, conn: AsyncConnection, tenant: TenantId, received: Received) -> _Asker:
        """Who of those known here it is; nobody where a name or the birth date differs."""
        born = received.birth_date or date.min
        named, asker = normalised_name(received.child_names), normalised_name(received.asker)
        found = [
            child
            for child in await candidates(conn, self._ring, tenant, received.child_names, born)
            if normalised_name(child.identity.full_name) == named and child.identity.birth_date == born
        ]
        for child in found:
            if received.capacity == "child" and asker == named:
                return _Asker("child", child.family, child.child, child.child)
            for one in await read_guardians(conn, self._ring, tenant, family=child.family):
                if received.capacity != "child" and normalised_name(one.identity.full_name) == asker:
                    return _Asker(received.capacity, child.family, one.guardian, child.child)
        return _Asker(received.capacity, None, None, None)

    async def _open(
        self,
        conn: AsyncConnection,
        actor: PersonActor | Counsellor | PrivacyCoordinator,
        asked: Asked,
        asker: _Asker,
        way: tuple[Channel, IdentityCheck | None],
        received: Received | None = None,
    ) -> str:
        now, (channel, identity) = self._clock.now(), way
        await self._refuse_twice(conn, actor.tenant, asked, asker)
        standing: Standing = "unknown"
        if asker.who is not None and asker.family is not None:
            standing = await self._standing.of(conn, actor.tenant, asker.family, asker.who, asker.child)
        case, received_on = new_id(), local_date(now) if received is None else received.received_on
        one = Case(
            case=case,
            kind=asked.kind,
            state=CASE.after(START, "receive" if identity is None else "ask"),
            about=asked.about,
            capacity=asker.capacity,
            channel=channel,
            standing=standing,
            family=asker.family,
            requester=asker.who,
            child=asker.child,
            received_on=received_on,
            due_on=due_on(received_on, extended=False),
            opened_at=now,
            opened_by=by(actor).id,
            identity=identity,
            identified_at=None if identity is None else now,
        )
        sealed = await self._sealed(conn, actor.tenant, one, asked.words)
        values = msgspec.structs.asdict(one)
        await conn.execute(insert(rights_cases).values(tenant=actor.tenant, sealed=sealed, **values))
        told = events.CaseOpened(case, one.kind, one.capacity, channel, standing, one.due_on)
        await self._tell(conn, actor, one, told)
        await self._on_identified(conn, actor.tenant, one)
        return case

    async def _refuse_twice(
        self, conn: AsyncConnection, tenant: TenantId, asked: Asked, asker: _Asker
    ) -> None:
        """What waits already is not asked again; who is unknown is not compared with anybody."""
        if asker.who is None:
            return
        c = rights_cases.c
        same = (c.requester == asker.who, c.kind == asked.kind, c.child.is_not_distinct_from(asker.child))
        waiting = await read_cases(conn, tenant, *same, c.state.in_(OPEN))
        if waiting:
            day = {"day": f"{waiting[0].received_on:%d-%m-%Y}"}
            raise InputError([Problem("kind", "asked_already", day)])

    async def _sealed(self, conn: AsyncConnection, tenant: TenantId, one: Case, words: str) -> bytes | None:
        if one.requester is None or not words.strip():
            return None
        key = await self._ring.sealing_person_key(conn, tenant, one.requester)
        return seal_text(self._ring, key, one.case, {"words": words})

    async def _tell(
        self,
        conn: AsyncConnection,
        actor: Officer | PersonActor | Counsellor,
        one: Case,
        event: events.Event,
    ) -> None:
        """About who asked; nobody else finds it, and of one that a person weighs only the officers do."""
        subject = None
        if one.requester is not None:
            subject = await self._log.living(conn, actor.tenant, one.requester)
        hidden = OFFICER if one.standing not in ("oneself", "decides", "authority_unknown") else None
        await self._log.append(
            conn, tenant=actor.tenant, event=event, by=by(actor), subject=subject, tagged_for=hidden
        )
