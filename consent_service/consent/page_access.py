"""Who may get to the own page: choosing a second factor, and taking away and renewing what was lost.

Getting in is `page_login`; the factors themselves are `identity.page_factors`, what the page shows is
`rights` and `release`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Literal

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.consent.capacity import people_of
from consent_service.consent.codes import code_hash, code_of, new_code, normalised_code
from consent_service.consent.tables import withdrawal_codes
from consent_service.families.model import Ages, is_competent, voice_on
from consent_service.families.reading import (
    child_ids,
    lock_family,
    read_children,
    read_competence,
    read_guardians,
)
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    InputError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import INSTALLATION, FamilyId, PersonId, TenantId, new_id
from consent_service.foundation.notifier import Notifier
from consent_service.identity import pins
from consent_service.identity.model import ChildActor, Counsellor, PersonActor, by, person_of
from consent_service.identity.page_address import seal_address
from consent_service.identity.page_factors import (
    Channel,
    Factor,
    FactorKind,
    factor_of,
    keep_factor,
    new_factor,
    problems_of_new_pin,
    revoke_factors,
    safe_address,
)
from consent_service.identity.page_sessions import (
    PageSessions,
    forget_devices,
)
from consent_service.identity.page_tries import FACTOR, OLD_PINS, count_try, source_of, take_of
from consent_service.identity.permissions import Action, Circumstances
from consent_service.keyring.service import KeyRing
from consent_service.organisations.service import OrganisationService, require

RevokeReason = Literal["lost", "stolen", "seen_by_other", "factor_forgotten"]


class OnOwnPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the person chooses: on the own page, in this session, with the old PIN as typed.

    Without it, it is on the tablet, which the counsellor just gave to the person.
    """

    session: str
    old_pin: str = ""

    def __repr__(self) -> str:
        return "OnOwnPage(...)"


class PageAccess(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody has to get to the own page, for the counsellor: never the code itself."""

    person: PersonId
    is_child: bool
    has_code: bool
    factor: FactorKind | None = None


class PageAccessService:
    """Codes and second factors of the own page."""

    def __init__(
        self,
        *,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        sessions: PageSessions,
        ages: Ages,
        notifier: Notifier,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._sessions = sessions
        self._ages = ages
        self._notifier = notifier

    # --- choosing a second factor ------------------------------------------------------------

    def offered_channels(self) -> tuple[Channel, ...]:
        """Which messages this installation can send."""
        return self._notifier.offers

    async def chosen_factor(self, actor: PersonActor) -> FactorKind | None:
        """What this person chose; None: nothing (any more)."""
        async with self._database.reading() as conn:
            factor = await factor_of(conn, actor.tenant, person_of(actor))
        return None if factor is None else factor.kind

    async def choose_pin(
        self, actor: PersonActor, pin: str, again: str, *, where: OnOwnPage | None = None
    ) -> None:
        """From now on the code and this PIN open the own page, and nobody stays in who is not `where`.

        Raises:
            InputError: not six digits, a row, a birth date of the family, mistyped, or not the old PIN.
            NotAllowedError: somebody else's page.
        """
        await self._require_own(actor)
        problems = problems_of_new_pin(pin, again, born=await self._born(actor))
        if problems:
            raise InputError(problems)
        await self._require_old_pin(actor, where)
        hashed = await pins.hashed(pin, queue=pins.OWN_PAGE)
        async with self._database.transaction() as conn:
            await self._keep(conn, actor, new_factor("pin", self._clock.now(), pin=hashed), where)

    async def choose_channel(
        self,
        actor: PersonActor,
        kind: Channel,
        entered: str,
        *,
        only_mine: bool,
        where: OnOwnPage | None = None,
    ) -> None:
        """From now on the code and a message to this address open it, and nobody stays in but `where`.

        Raises:
            InputError: not an address, not offered here, others can read it, or not the old PIN.
            NotAllowedError: somebody else's page.
        """
        await self._require_own(actor)
        address = safe_address(kind, entered)
        problems = [] if only_mine else [Problem("only_mine", "page.not_only_you")]
        if kind not in self._notifier.offers:
            problems.append(Problem("factor", "page.not_offered"))
        if address is None or problems:
            wrong = Problem("address", "page.mail_form" if kind == "mail" else "page.sms_form")
            raise InputError([*problems, *([wrong] if address is None else [])])
        await self._require_old_pin(actor, where)
        name = new_id()
        async with self._database.transaction() as conn:
            key = await self._ring.person_key(conn, actor.tenant, person_of(actor))
            sealed = seal_address(self._ring, key, name, address)
            factor = new_factor(kind, self._clock.now(), sealed=sealed, name=name)
            await self._keep(conn, actor, factor, where)

    async def _born(self, actor: PersonActor) -> list[date]:
        """The birth dates in the family: parents know those of the children and of each other."""
        async with self._database.reading() as conn:
            kids = await read_children(conn, self._ring, actor.tenant, family=actor.family)
            parents = await read_guardians(conn, self._ring, actor.tenant, family=actor.family)
        people = [*(kid.identity for kid in kids), *(parent.identity for parent in parents)]
        return [one.birth_date for one in people if one.birth_date is not None]

    async def _require_old_pin(self, actor: PersonActor, where: OnOwnPage | None) -> None:
        """On the page itself the old PIN, if there is one: it may be a stranger at an open session."""
        if where is None:
            return
        now, person = self._clock.now(), person_of(actor)
        async with self._database.transaction() as conn:
            factor = await factor_of(conn, actor.tenant, person)
            if factor is None or factor.kind != "pin":
                return
            about, place = f"old-pin:{actor.tenant}:{person}", source_of(f"session:{where.session}")
            wait = await count_try(conn, about, place, FACTOR, now)
            left = None if wait is not None else await take_of(conn, about, OLD_PINS, now)
        if wait is not None or left is None:
            raise InputError([Problem("old_pin", "page.old_pin_wait")])
        if not await pins.fits(where.old_pin, factor.pin, queue=pins.OWN_PAGE):
            raise InputError([Problem("old_pin", "page.old_pin")])

    async def _keep(
        self, conn: AsyncConnection, actor: PersonActor, factor: Factor, where: OnOwnPage | None
    ) -> None:
        """Whoever was in with the old factor is out, and no browser is remembered."""
        person = person_of(actor)
        await keep_factor(conn, actor.tenant, person, factor)
        await forget_devices(conn, actor.tenant, person)
        but = None if where is None else where.session
        await self._sessions.end_all(conn, actor.tenant, person, but=but)
        event = events.PageAccessGiven(person, factor.kind)
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=person)

    # --- lost, stolen, seen ------------------------------------------------------------------

    async def access_of(self, actor: Counsellor, family: FamilyId) -> tuple[PageAccess, ...]:
        """What everybody of the family who may have an own page has for it.

        Raises:
            NotAllowedError: the counsellor is not with this family.
        """
        async with self._database.reading() as conn:
            await self._require_counsellor(conn, actor, family)
            kids = await self._old_enough(conn, actor.tenant, family)
            everyone = await people_of(conn, actor.tenant, family)
            young = set(await child_ids(conn, actor.tenant, family)) - kids
            return tuple(
                [
                    await _access(conn, actor.tenant, person, is_child=person in kids)
                    for person in sorted(everyone - young)
                ]
            )

    async def revoke(
        self, actor: Counsellor, family: FamilyId, person: PersonId, *, reason: RevokeReason
    ) -> None:
        """Nothing old opens the page any more, and nobody stays logged in.

        A code that nobody else had (lost, or its factor forgotten) still stops everything (0016).

        Raises:
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: nobody with this id in it.
        """
        async with self._acting(actor, family, person) as conn:
            await self._revoke(conn, actor, person, reason)

    async def renew(
        self,
        actor: Counsellor,
        family: FamilyId,
        person: PersonId,
        *,
        reason: RevokeReason,
        secret: str | None = None,
    ) -> str:
        """A new code, shown once; everything old stops at once, the second factor too.

        `secret` is what the code is made of (`codes.code_of`), for whoever must show it a second time.

        Raises:
            InputError: a child that is too young for a page of its own.
            NotAllowedError: the counsellor is not with this family.
            NotFoundError: nobody with this id in it.
        """
        code = new_code() if secret is None else code_of(secret)
        async with self._acting(actor, family, person) as conn:
            is_child = person in await child_ids(conn, actor.tenant, family)
            if is_child and person not in await self._old_enough(conn, actor.tenant, family):
                raise InputError([Problem("person", "page.too_young")])
            await self._revoke(conn, actor, person, reason)
            await conn.execute(
                insert(withdrawal_codes).values(
                    tenant=INSTALLATION,
                    code_hash=code_hash(normalised_code(code) or ""),
                    shelter=actor.tenant,
                    family=family,
                    guardian=person,
                    created_at=self._clock.now(),
                )
            )
            event = events.PageAccessGiven(person, "code")
            await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=person)
        return code

    async def _revoke(
        self, conn: AsyncConnection, actor: Counsellor, person: PersonId, reason: RevokeReason
    ) -> None:
        now = self._clock.now()
        mine = (withdrawal_codes.c.tenant == INSTALLATION, withdrawal_codes.c.shelter == actor.tenant)
        await conn.execute(
            update(withdrawal_codes)
            .where(*mine, withdrawal_codes.c.guardian == person, withdrawal_codes.c.revoked_at.is_(None))
            .values(revoked_at=now, revoked_because=reason)
        )
        await revoke_factors(conn, actor.tenant, person, now)
        await forget_devices(conn, actor.tenant, person)
        await self._sessions.end_all(conn, actor.tenant, person)
        event = events.PageAccessRevoked(person, reason)
        await self._log.append(conn, tenant=actor.tenant, event=event, by=by(actor), subject=person)

    # --- parts -------------------------------------------------------------------------------

    @asynccontextmanager
    async def _acting(
        self, actor: Counsellor, family: FamilyId, person: PersonId
    ) -> AsyncIterator[AsyncConnection]:
        async with self._database.transaction() as conn:
            await self._require_counsellor(conn, actor, family)
            await lock_family(conn, actor.tenant, family)
            if person not in await people_of(conn, actor.tenant, family):
                raise NotFoundError("person")
            yield conn

    async def _require_counsellor(self, conn: AsyncConnection, actor: Counsellor, family: FamilyId) -> None:
        assigned = await self._organisations.is_assigned(conn, actor, family)
        facts = Circumstances(tenant=actor.tenant, family=family, assigned=assigned)
        require(actor, Action.MANAGE_PAGE_ACCESS, facts)

    async def _require_own(self, actor: PersonActor) -> None:
        person = person_of(actor)
        facts = Circumstances(tenant=actor.tenant, family=actor.family, person=person)
        require(actor, Action.SECURE_OWN_PAGE, facts)
        async with self._database.reading() as conn:
            own = person in await people_of(conn, actor.tenant, actor.family)
            grown = not isinstance(actor, ChildActor) or person in await self._old_enough(
                conn, actor.tenant, actor.family
            )
        if not (own and grown):
            raise NotFoundError("person")

    async def _old_enough(self, conn: AsyncConnection, tenant: TenantId, family: FamilyId) -> set[PersonId]:
        """The children who decide along or alone today."""
        today = local_date(self._clock.now())
        kids = await read_children(conn, self._ring, tenant, family=family)
        judged = await read_competence(conn, tenant, children=[kid.child for kid in kids])
        return {
            kid.child
            for kid in kids
            if kid.identity.birth_date is not None
            and voice_on(
                kid.identity.birth_date,
                today,
                self._ages,
                competent=is_competent(one for one in judged if one.child == kid.child),
            )
            != "heard"
        }


async def _access(conn: AsyncConnection, tenant: TenantId, person: PersonId, *, is_child: bool) -> PageAccess:
    codes = select(withdrawal_codes.c.code_hash).where(
        withdrawal_codes.c.tenant == INSTALLATION,
        withdrawal_codes.c.shelter == tenant,
        withdrawal_codes.c.guardian == person,
        withdrawal_codes.c.revoked_at.is_(None),
    )
    has_code = (await conn.execute(codes.limit(1))).first() is not None
    factor = await factor_of(conn, tenant, person)
    return PageAccess(person, is_child, has_code, None if factor is None else factor.kind)
