"""Letters to the people a breach is about (AVG 34): one for one person, printed and handed over by somebody.

Nothing is sent. Putting letters ready writes down who would get one and who is held; a held one is printed
only after somebody weighed it by hand, and safety is looked at again each time a letter is used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Final

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import OFFICER, AuditLog
from consent_service.families.model import Ages, age_on, authority_on
from consent_service.families.reading import (
    guardian_ids,
    is_family_shown,
    lock_family,
    read_authority,
    read_children,
)
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError
from consent_service.foundation.ids import FamilyId, PersonId, TenantId, new_id
from consent_service.identity.model import PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.looking import tenant_in
from consent_service.organisations.service import require
from consent_service.process.states import START
from consent_service.release.exits import ExitPermit
from consent_service.release.service import ReleaseService
from consent_service.rights.breaches.families import safety_by_family
from consent_service.rights.breaches.letters_model import (
    LETTER,
    Held,
    Letter,
    Standing,
    check_given,
    check_withheld,
    held_for,
)
from consent_service.rights.breaches.model import Breach
from consent_service.rights.breaches.people import (
    FamilyAffected,
    PeoplePage,
    languages_of,
    named,
    open_people,
)
from consent_service.rights.breaches.register import Officer
from consent_service.rights.breaches.rows import (
    Affected,
    breach_of,
    in_parts,
    letter_of,
    read_affected,
    read_affected_families,
    read_breach_row,
    read_letters,
)
from consent_service.rights.breaches.tables import breach_letters

_DUTCH: Final = "nl"
_FAMILIES_AT_ONCE: Final = 25
PAGE: Final = 20
"""Families on a page of people."""


class LetterPaper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a letter is made of. Never a child's name, a school, an address or what was leaked."""

    permit: ExitPermit
    letter: Letter
    name: str
    breach: Breach
    sender: str
    phone: str


class BreachLetterService:
    """Who is told, and how."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        ages: Ages,
        release: ReleaseService,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._ages = ages
        self._release = release

    # --- looking -----------------------------------------------------------------------------

    async def people(self, actor: Officer, breach: str, *, after: str = "") -> PeoplePage:
        """Some of the families it may be about, with names; that they were opened is an entry.

        Raises:
            NotAllowedError: not an officer of this shelter.
            NotFoundError: no such breach here.
        """
        require(actor, Action.VIEW_BREACHES, Circumstances(tenant=actor.tenant))
        tenant = actor.tenant
        async with self._database.transaction() as conn:
            await read_breach_row(conn, tenant, breach)
            event = events.BreachMoved(breach, "names")
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=None)
            families = await read_affected_families(conn, tenant, breach, after=after, limit=PAGE)
            affected = await read_affected(conn, tenant, breach, families=families)
            opened = await open_people(conn, self._ring, tenant, families)
            letters = await read_letters(conn, tenant, breach, breach_letters.c.family.in_(families))
            safety = await safety_by_family(conn, tenant, families)
        lines = named(affected, opened, letters)
        found = tuple(
            FamilyAffected(FamilyId(one), safety[one].level, safety[one].secret, tuple(lines[one]))
            for one in families
            if one in lines
        )
        return PeoplePage(found, families[-1] if len(families) == PAGE else "")

    # --- putting ready -----------------------------------------------------------------------

    async def prepare(self, actor: PrivacyCoordinator, breach: str) -> int:
        """Write down who gets a letter and who is held; how many were new. Nobody is sent anything.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such breach here.
            ConflictError: it is not reported on a ground, or everybody was told.
        """
        require(actor, Action.HANDLE_BREACH, Circumstances(tenant=actor.tenant))
        async with self._database.reading() as conn:
            self._require_untold(breach_of(await read_breach_row(conn, actor.tenant, breach)))
            families = await read_affected_families(conn, actor.tenant, breach)
        new = 0
        for some in in_parts(families, _FAMILIES_AT_ONCE):
            async with self._database.transaction() as conn:
                row = await read_breach_row(conn, actor.tenant, breach, lock=True)
                self._require_untold(breach_of(row))
                new += sum([await self._prepare_family(conn, actor, breach, one) for one in some])
        return new

    async def _prepare_family(
        self, conn: AsyncConnection, actor: PrivacyCoordinator, breach: str, family: str
    ) -> int:
        affected = await read_affected(conn, actor.tenant, breach, families=[family])
        there = {
            one.person
            for one in await read_letters(conn, actor.tenant, breach, breach_letters.c.family == family)
        }
        held = await self._held(conn, actor.tenant, FamilyId(family), affected)
        languages = await languages_of(conn, actor.tenant, FamilyId(family))
        new = [one for one in affected if one.person not in there and one.person in held]
        for one in new:
            await self._put(conn, actor, breach, one, (held[one.person], languages.get(one.person, _DUTCH)))
        return len(new)

    async def _put(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        breach: str,
        one: Affected,
        how: tuple[Held | None, str],
    ) -> None:
        held, language = how
        act, letter = "prepare" if held is None else "hold", new_id()
        await conn.execute(
            insert(breach_letters).values(
                tenant=actor.tenant,
                letter=letter,
                breach=breach,
                person=one.person,
                family=one.family,
                child=one.child,
                state=LETTER.after(START, act),
                held=held,
                weighed=False,
                language=language,
                made_at=self._clock.now(),
            )
        )
        await self._tell(conn, actor, (breach, letter, one.person), act, held or "")

    async def _held(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        family: FamilyId,
        affected: Iterable[Affected],
    ) -> Mapping[str, Held | None]:
        """Who of a family is written to, each with why it is held; children under the age are not."""
        today, those = local_date(self._clock.now()), tuple(affected)
        ages = {
            one.child: age_on(one.identity.birth_date, today)
            for one in await read_children(conn, self._ring, tenant, family=family)
            if one.identity.birth_date is not None
        }
        young = [one.person for one in those if one.child]
        alone = bool(young) and all(ages.get(one, 0) >= self._ages.alone_from for one in young)
        everyone = await guardian_ids(conn, tenant, family)
        deciding = await self._deciders(conn, tenant, young, everyone, today)
        found: dict[str, Held | None] = {}
        for one in those:
            if one.child:
                if ages.get(one.person, 0) >= self._ages.together_from:
                    found[one.person] = None
            else:
                shown = await is_family_shown(conn, tenant, family, one.person, day=today)
                found[one.person] = held_for(Standing(shown, not young or one.person in deciding, alone))
        return found

    async def _deciders(
        self,
        conn: AsyncConnection,
        tenant: TenantId,
        young: Iterable[PersonId],
        everyone: Iterable[PersonId],
        today: date,
    ) -> frozenset[str]:
        """Who decides about one of these children at least."""
        facts, all_of_them = await read_authority(conn, tenant, persons=young), tuple(everyone)
        return frozenset(
            who
            for child in young
            for who in authority_on(today, all_of_them, [one for one in facts if one.child == child]).deciders
        )

    # --- using -------------------------------------------------------------------------------

    async def allow(self, actor: PrivacyCoordinator, breach: str, letter: str) -> None:
        """A held letter may be given after all: the danger of doing so was weighed by hand.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such letter here.
            ConflictError: it is not held.
        """
        async with self._acting(actor, breach, letter) as (conn, one):
            await self._move(conn, actor, breach, one, "allow", {"weighed": True}, one.held or "")

    async def make(self, actor: PrivacyCoordinator, breach: str, letter: str) -> LetterPaper | None:
        """What is printed; None when it is held now, or the exit door gives no permit. It is an entry.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such letter here, or nobody any more.
            ConflictError: it is not ready, or was given.
        """
        async with self._acting(actor, breach, letter) as (conn, one):
            if await self._hold_again(conn, actor, breach, one):
                return None
            LETTER.after(one.state, "give")
            permit = await self._release.permit_for_member(
                conn, actor.tenant, actor.staff, "print", family=one.family, actor=actor
            )
            if permit is None:
                return None
            opened = await open_people(conn, self._ring, actor.tenant, [one.family])
            if one.person not in opened:
                raise NotFoundError("letter")
            await self._tell(conn, actor, (breach, letter, one.person), "print", one.language)
            about = breach_of(await read_breach_row(conn, actor.tenant, breach))
            tenant = await tenant_in(conn, actor.tenant)
        name = opened[one.person].identity.full_name
        return LetterPaper(permit, one, name, about, tenant.neutral_name, tenant.phone)

    async def give(self, actor: PrivacyCoordinator, breach: str, letter: str, how: str) -> bool:
        """Somebody handed it over; False when it is held now.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such letter here.
            ConflictError: it is not ready, or was settled already.
            InputError: it was not said how.
        """
        async with self._acting(actor, breach, letter) as (conn, one):
            if problems := check_given(how):
                raise InputError(problems)
            if await self._hold_again(conn, actor, breach, one):
                return False
            await self._move(conn, actor, breach, one, "give", {"ground": how}, how)
        return True

    async def withhold(self, actor: PrivacyCoordinator, breach: str, letter: str, ground: str) -> None:
        """This person gets none, on this ground.

        Raises:
            NotAllowedError: not a privacy coordinator of this shelter.
            NotFoundError: no such letter here.
            ConflictError: it was settled already.
            InputError: no ground was chosen.
        """
        async with self._acting(actor, breach, letter) as (conn, one):
            if problems := check_withheld(ground):
                raise InputError(problems)
            await self._move(conn, actor, breach, one, "withhold", {"ground": ground}, ground)

    # --- parts -------------------------------------------------------------------------------

    @asynccontextmanager
    async def _acting(
        self, actor: PrivacyCoordinator, breach: str, letter: str
    ) -> AsyncIterator[tuple[AsyncConnection, Letter]]:
        require(actor, Action.HANDLE_BREACH, Circumstances(tenant=actor.tenant))
        c = breach_letters.c
        query = select(breach_letters).where(c.tenant == actor.tenant, c.breach == breach, c.letter == letter)
        async with self._database.transaction() as conn:
            row = (await conn.execute(query)).first()
            if row is None:
                raise NotFoundError("letter")
            await lock_family(conn, actor.tenant, FamilyId(row.family))
            row = (await conn.execute(query.with_for_update())).first()
            if row is None:
                raise NotFoundError("letter")
            yield conn, letter_of(row)

    async def _hold_again(
        self, conn: AsyncConnection, actor: PrivacyCoordinator, breach: str, one: Letter
    ) -> bool:
        """Whether it must be weighed first: held, or safety or authority changed since it was put ready."""
        if one.state == "held":
            return True
        if one.state != "ready" or one.weighed:
            return False
        affected = await read_affected(conn, actor.tenant, breach, families=[one.family])
        held = (await self._held(conn, actor.tenant, one.family, affected)).get(one.person)
        if held is None:
            return False
        await self._move(conn, actor, breach, one, "hold", {"held": held}, held)
        return True

    async def _move(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        breach: str,
        one: Letter,
        act: str,
        change: Mapping[str, object],
        code: str,
    ) -> None:
        state, c = LETTER.after(one.state, act), breach_letters.c
        decided = {"decided_at": self._clock.now(), "decided_by": actor.staff}
        here = (c.tenant == actor.tenant, c.breach == breach, c.letter == one.letter)
        await conn.execute(update(breach_letters).where(*here).values(state=state, **decided, **change))
        await self._tell(conn, actor, (breach, one.letter, one.person), act, code)

    async def _tell(
        self,
        conn: AsyncConnection,
        actor: PrivacyCoordinator,
        about: tuple[str, str, PersonId],
        act: str,
        code: str,
    ) -> None:
        """Only the officers find it: who was told and who was not says where danger is seen."""
        breach, letter, person = about
        await self._log.append(
            conn,
            tenant=actor.tenant,
            event=events.BreachLetterMoved(breach, letter, act, code),
            by=by(actor),
            subject=await self._log.living(conn, actor.tenant, person),
            tagged_for=OFFICER,
        )

    def _require_untold(self, one: Breach) -> None:
        if one.state not in ("assessing", "reported"):
            raise ConflictError("whoever was to be told was told, or it is not reported")
