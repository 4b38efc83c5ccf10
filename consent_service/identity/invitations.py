"""Invitations: who holds the code may link a login of the right school to one member of staff, once.

No step of the walk can be skipped: an invitation is made and its code shown once; the code is typed in a
browser, which gets a token; that browser logs in, and the token changes; the person behind the login says to
be the one who was invited. Only then there is a link, and a session. Who works where is looked up by
`organisations`; the login itself is `identity.service`; pages are `web.invitation`.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.events import By
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    InputError,
    KeyDestroyedError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import INSTALLATION, PersonId, SchoolId, StaffId, TenantId, new_id
from consent_service.identity import invitation_rows as rows
from consent_service.identity import links
from consent_service.identity.admission import obstacle_now
from consent_service.identity.claims import tells_schools
from consent_service.identity.establishment import works_at
from consent_service.identity.invitation_codes import code_digest, new_code
from consent_service.identity.letting_in import LettingIn, Proved
from consent_service.identity.model import (
    Actor,
    LoginRefused,
    Operator,
    RefusalCode,
    SchoolStaff,
    StaffActor,
    StaffKind,
    System,
    by,
)
from consent_service.identity.page_tries import Pace, count_try, forget_tries, source_of
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.providers import Provider, find_provider
from consent_service.identity.sessions import Opened, digest, new_token
from consent_service.keyring.place_tags import place_tag
from consent_service.keyring.service import KeyRing

TYPED_LASTS: Final = timedelta(minutes=30)
"""From typing the code to coming back from the provider, and as long again to say yes or no."""
CODES: Final = Pace(free=20, longest=timedelta(minutes=10))
"""Codes from one place that fit nothing: a whole school may share one address."""
_ABOUT: Final = "invitation"

EndCode = Literal["replaced", "revoked", "declined", "expired", "left", "already_linked"]


class Invited(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code, which is shown once and kept nowhere, and until when it works."""

    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Invited(...)"


class OpenInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation that can still be used."""

    invitation: str
    staff: StaffId
    kind: StaffKind
    school: SchoolId | None
    created_at: datetime
    expires_at: datetime


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far a member of staff is: logs in, is invited, said not to be the one who was meant, or none."""

    is_linked: bool = False
    invited: OpenInvitation | None = None
    declined_at: datetime | None = None


class Typed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code fits; whoever has `token` may log in for it."""

    token: str
    lasts: timedelta = TYPED_LASTS

    def __repr__(self) -> str:
        return "Typed(...)"


class CodeRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No code of an invitation that is open; with `wait` it was not even looked at."""

    wait: timedelta = timedelta()


class ToConfirm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody logged in for an invitation; whoever has `token` may now say to be the one invited."""

    token: str
    lasts: timedelta = TYPED_LASTS

    def __repr__(self) -> str:
        return "ToConfirm(...)"


class Confirmable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an invitation is for. `is_linked`: this login acts for that member of staff already."""

    member: StaffActor
    provider: str
    is_linked: bool


class Invitations:
    """Inviting staff, and accepting it."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        clock: Clock,
        *,
        letting_in: LettingIn,
        lasts: timedelta,
    ) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock
        self._letting_in = letting_in
        self._lasts = lasts

    # --- for who invites ---------------------------------------------------------------------

    async def invite_in(
        self, conn: AsyncConnection, actor: Actor, member: StaffActor, *, establishment: str = ""
    ) -> Invited:
        """A code for this member of staff, inside the caller's transaction; an earlier one ends.

        The caller knows that the member works here now, and at which school (`establishment`).

        Raises:
            InputError: the member logs in already (an operator may still invite, for another login).
            NotAllowedError: not for this actor to invite.
        """
        kind = links.kind_of(member)
        _require(actor, member.tenant, kind)
        if not isinstance(actor, Operator) and await links.who_logs_in(conn, member.tenant, [member.staff]):
            raise InputError([Problem("staff", "identity.invite_linked")])
        await self.end_in(conn, actor, member.tenant, member.staff, "replaced")
        code, now = new_code(), self._clock.now()
        new = rows.NewInvitation(
            invitation=new_id(),
            member=member,
            establishment=establishment,
            code=code_digest(code),
            inviter=by(actor),
            lasts=(now, now + self._lasts),
        )
        await rows.add(conn, new)
        school = member.school if isinstance(member, SchoolStaff) else None
        await self._tell(conn, member.tenant, member.staff, events.StaffInvited(member.staff, school), actor)
        return Invited(code, now + self._lasts)

    async def end_in(
        self, conn: AsyncConnection, actor: Actor, tenant: TenantId, staff: StaffId, code: EndCode
    ) -> None:
        """No open invitation of this member works any more, inside the caller's transaction."""
        for row in await rows.end_of_staff(conn, tenant, staff, code, self._clock.now()):
            await self._tell_ended(conn, row, code, actor)

    async def open_of(self, actor: Actor, tenant: TenantId) -> tuple[OpenInvitation, ...]:
        """The invitations of a shelter that this actor may also make, the newest first."""
        async with self._database.reading() as conn:
            found = [_open_from(row) for row in await rows.all_open(conn, tenant, self._clock.now())]
        return tuple(one for one in found if not _denied(actor, tenant, one.kind))

    async def standings(
        self, actor: Actor, tenant: TenantId, staff: tuple[StaffId, ...]
    ) -> dict[StaffId, Standing]:
        """How far each of these members of school staff is.

        Raises:
            NotAllowedError: not for this actor to invite school staff.
        """
        _require(actor, tenant, "school_staff")
        async with self._database.reading() as conn:
            linked = await links.who_logs_in(conn, tenant, staff)
            declined = await rows.declined_of(conn, tenant, staff)
            waiting = {row["staff"]: row for row in await rows.all_open(conn, tenant, self._clock.now())}
        return {
            one: Standing(
                is_linked=one in linked,
                invited=_open_from(waiting[one]) if one in waiting else None,
                declined_at=declined.get(one),
            )
            for one in staff
        }

    async def revoke(self, actor: Actor, tenant: TenantId, invitation: str) -> None:
        """This invitation does not work any more.

        Raises:
            NotFoundError: no such open invitation in this shelter.
            NotAllowedError: not for this actor.
        """
        async with self._database.transaction() as conn:
            row = await rows.find(conn, tenant, invitation)
            if row is None:
                _require(actor, tenant, "school_staff")
                raise NotFoundError("invitation")
            _require(actor, tenant, row["kind"])
            if not await self._end(conn, row, "revoked", actor):
                raise NotFoundError("invitation")

    async def end_expired(self) -> int:
        """Say in the log of each invitation that ran out; how many there were. Run now and then."""
        now, ended = self._clock.now(), 0
        async with self._database.reading() as conn:
            over = await rows.all_expired(conn, now)
        for row in over:
            with suppress(KeyDestroyedError):
                async with self._database.transaction() as conn:
                    ended += await self._end(conn, row, "expired", System())
        async with self._database.transaction() as conn:
            await rows.forget_typed(conn, now)
        return ended

    # --- for who is invited ------------------------------------------------------------------

    async def find(self, entered: str, place: str) -> Typed | CodeRefused:
        """What a code gives to the browser it is typed in; `place` is where that is (`network_of`).

        A code that is nobody's, one that was used, ended or ran out, and a text that is no code are answered
        alike, after the same statements. Every try is counted before it is looked at.

        Raises:
            KeyProviderUnavailableError: the keys are away.
        """
        now = self._clock.now()
        async with self._database.transaction() as conn:
            key = await self._ring.tenant_key(conn, INSTALLATION, "index")
            source = source_of(place_tag(self._ring, key, place))
            wait = await count_try(conn, _ABOUT, source, CODES, now)
            if wait is not None:
                return CodeRefused(wait)
            row = await rows.with_code(conn, code_digest(entered), now)
            if row is None:
                return CodeRefused()
            await forget_tries(conn, _ABOUT, source)
            token = new_token()
            await rows.keep_typed(conn, row, digest(token), now, now + TYPED_LASTS)
        return Typed(token)

    async def providers_for(self, token: str, offered: tuple[Provider, ...]) -> tuple[Provider, ...] | None:
        """Where the invited may log in; None when this browser holds no invitation that is open."""
        async with self._database.reading() as conn:
            row = await rows.typed(conn, digest(token), self._clock.now())
        return None if row is None else tuple(one for one in offered if _serves(one, row["kind"]))

    async def keep_login(self, typed: str, provider: Provider, login: Proved) -> ToConfirm | LoginRefused:
        """Keep who logged in until that person says to be the one invited, under a token that is new.

        `typed` is the digest of the token with which the login began. The login must be of the school.
        """
        now, token = self._clock.now(), new_token()
        async with self._database.transaction() as conn:
            row = await rows.typed(conn, typed, now)
            if row is None or not _serves(provider, row["kind"]):
                return LoginRefused("invitation_invalid")
            if not _is_of_school(row, login):
                return LoginRefused("wrong_school")
            if await links.is_of_colleague(conn, login.provider, login.subject, links.linked_actor(row)):
                return LoginRefused("other_person")
            if not await rows.keep_login(conn, typed, digest(token), login, now + TYPED_LASTS):
                return LoginRefused("invitation_invalid")
        return ToConfirm(token)

    async def confirmable(self, token: str) -> Confirmable | None:
        """Whom to ask for; None when nobody logged in here for an invitation that is open."""
        async with self._database.reading() as conn:
            row = await rows.typed(conn, digest(token), self._clock.now())
            if row is None or row["subject"] is None:
                return None
            member = links.linked_actor(row)
            linked = await _is_linked(conn, row, member)
        return Confirmable(member, row["provider"], linked)

    async def accept(self, token: str, *, replaces: str | None = None) -> Opened | LoginRefused:
        """The person behind the login is the one invited: link it, and open a session.

        1. the login that was kept, once; 2. the invitation, once: of two browsers with one code, one;
        3. the same questions as before, for what may have changed; 4. the link, unless it is there; 5. in.
        """
        if await self._letting_in.is_with_another(replaces):
            return LoginRefused("invitation_invalid")
        now = self._clock.now()
        async with self._database.transaction() as conn:
            row = await rows.take_typed(conn, digest(token), now)  # 1
            if row is None:
                return LoginRefused("invitation_invalid")
            login, member = rows.login_of(row), links.linked_actor(row)
            obstacle = await _obstacle(conn, row, login, member)  # 3
            if obstacle is not None:
                return LoginRefused(obstacle)
            if await _is_linked(conn, row, member):  # 4
                if not await self._end(conn, row, "already_linked", member):
                    return LoginRefused("invitation_invalid")
                return await self._letting_in.let_in(conn, login, replaces=replaces)
            if not await rows.use(conn, row, now):  # 2
                return LoginRefused("invitation_invalid")
            await links.add_link(
                conn,
                self._clock,
                login.provider,
                login.subject,
                member,
                establishment=row["establishment"] or "",
            )
            event = events.StaffLinked(member.staff, login.provider, links.kind_of(member))
            await self._tell(conn, member.tenant, member.staff, event, member)
            return await self._letting_in.let_in(conn, login, replaces=replaces)  # 5

    async def decline(self, token: str) -> bool:
        """The person behind the login is somebody else: the code is in wrong hands, and works no more."""
        async with self._database.transaction() as conn:
            row = await rows.take_typed(conn, digest(token), self._clock.now())
            return row is not None and await self._end(conn, row, "declined", System())

    # --- entries -----------------------------------------------------------------------------

    async def _end(self, conn: AsyncConnection, row: RowMapping, code: EndCode, actor: Actor) -> bool:
        """End one invitation with its entry; False when it was used or ended meanwhile."""
        if not await rows.end(conn, row["shelter"], row["invitation"], code, self._clock.now()):
            return False
        await self._tell_ended(conn, row, code, actor)
        return True

    async def _tell_ended(self, conn: AsyncConnection, row: RowMapping, code: EndCode, actor: Actor) -> None:
        by_counsellor = code == "declined" and row["inviter_kind"] == "counsellor"
        inviter = StaffId(row["invited_by"]) if by_counsellor else None
        event = events.InvitationEnded(row["staff"], code, inviter)
        await self._tell(conn, row["shelter"], row["staff"], event, actor)

    async def _tell(
        self, conn: AsyncConnection, tenant: TenantId, staff: StaffId, event: events.Event, actor: Actor
    ) -> None:
        who: By = by(actor)
        await self._log.append(conn, tenant=tenant, event=event, by=who, subject=PersonId(staff))


def _serves(provider: Provider, kind: StaffKind) -> bool:
    """Whether somebody of this kind logs in there: for a school, one that can say of which."""
    is_served = kind in links.SERVES[provider.audience]
    return is_served and (kind != "school_staff" or tells_schools(provider.rules))


async def _obstacle(
    conn: AsyncConnection, row: RowMapping, login: Proved, member: StaffActor
) -> RefusalCode | None:
    """Why this login is not linked after all; None: nothing stands against it."""
    barred = await obstacle_now(conn, login.provider, login.there, login.authenticated_at)
    if barred is not None:
        return barred
    provider = await find_provider(conn, login.provider)
    if provider is None or not _serves(provider, row["kind"]):
        return "provider_disabled"
    if not _is_of_school(row, login):
        return "wrong_school"
    if await links.is_of_colleague(conn, login.provider, login.subject, member):
        return "other_person"
    return None


def _is_of_school(row: RowMapping, login: Proved) -> bool:
    return row["kind"] != "school_staff" or works_at(row["establishment"] or "", login.schools)


async def _is_linked(conn: AsyncConnection, row: RowMapping, member: StaffActor) -> bool:
    known = await links.actors_of(conn, row["provider"], row["subject"])
    return any((one.tenant, one.staff) == (member.tenant, member.staff) for one in known)


def _open_from(row: RowMapping) -> OpenInvitation:
    return OpenInvitation(
        invitation=row["invitation"],
        staff=row["staff"],
        kind=row["kind"],
        school=row["school"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
    )


def _denied(actor: Actor, tenant: TenantId, kind: StaffKind) -> str:
    answer = may(actor, Action.INVITE_STAFF, Circumstances(tenant=tenant, invited=kind))
    return answer.code if isinstance(answer, Denied) else ""


def _require(actor: Actor, tenant: TenantId, kind: StaffKind) -> None:
    if code := _denied(actor, tenant, kind):
        raise NotAllowedError(f"{Action.INVITE_STAFF}: {code}")
