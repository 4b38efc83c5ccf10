"""Codes with which a member of staff adds a first passkey: somebody else vouches that it is the right person.

Without one, whoever stole a password would make a second factor of its own. Keeping a passkey is
`identity.passkeys`, which asks here; what a second factor opens is `identity.sessions`.
"""

from __future__ import annotations

import hashlib
import secrets as random
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotAllowedError
from consent_service.foundation.ids import INSTALLATION, PersonId, StaffId, TenantId
from consent_service.identity.levels import needs_factor
from consent_service.identity.model import Actor, PrivacyCoordinator, by
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.sessions import Session
from consent_service.identity.tables import enrolments, staff_links

ENROLMENT_LASTS: Final = timedelta(hours=24)
"""Long enough to read a code out to somebody who then logs in; a new one is given in a minute."""
_LETTERS: Final = "23456789ABCDEFGHJKMNPQRSTWXYZ"
"""Without what is taken for something else on paper or by telephone: no 0, O, 1, I, L, U, V."""
_GROUPS: Final = 4
"""Of four letters each: 77 random bits."""


class Enrolments:
    """The codes of the whole installation; only digests are kept."""

    def __init__(self, database: Database, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._log = log
        self._clock = clock

    async def give(self, actor: Actor, tenant: TenantId, staff: StaffId) -> str:
        """A code for this member of staff, told once; an earlier one does not work any more.

        Raises:
            NotAllowedError: only an operator or a privacy coordinator, and never for oneself.
        """
        answer = may(actor, Action.ENROL_FACTOR, Circumstances(tenant=tenant))
        if isinstance(answer, Denied):
            raise NotAllowedError(f"{Action.ENROL_FACTOR}: {answer.code}")
        code, now = _new_code(), self._clock.now()
        async with self._database.transaction() as conn:
            if isinstance(actor, PrivacyCoordinator) and await _same_person(conn, tenant, actor.staff, staff):
                raise NotAllowedError(f"{Action.ENROL_FACTOR}: oneself")
            await forget_enrolments(conn, tenant, staff)
            await conn.execute(
                insert(enrolments).values(
                    tenant=tenant,
                    code=_digest(code),
                    staff=staff,
                    given_at=now,
                    expires_at=now + ENROLMENT_LASTS,
                )
            )
            event = events.EnrolmentGiven(staff)
            await self._log.append(conn, tenant=tenant, event=event, by=by(actor), subject=PersonId(staff))
        return code

    async def take(self, conn: AsyncConnection, session: Session, code: str) -> bool:
        """Use up this code for the login of `session`; False when it is of no officer of it, or too old."""
        for actor in filter(needs_factor, session.linked):
            used = await conn.execute(
                delete(enrolments).where(
                    enrolments.c.tenant == actor.tenant,
                    enrolments.c.code == _digest(code),
                    enrolments.c.staff == actor.staff,
                    enrolments.c.expires_at > self._clock.now(),
                )
            )
            if used.rowcount == 1:
                return True
        return False


async def forget_enrolments(conn: AsyncConnection, tenant: TenantId, staff: StaffId) -> None:
    """No code of this member of staff works any more."""
    await conn.execute(delete(enrolments).where(enrolments.c.tenant == tenant, enrolments.c.staff == staff))


async def _same_person(conn: AsyncConnection, tenant: TenantId, one: StaffId, other: StaffId) -> bool:
    """Whether both are the same member of staff, or log in with the same login."""
    if one == other:
        return True
    theirs = staff_links.alias()
    same_login = (theirs.c.provider == staff_links.c.provider) & (theirs.c.subject == staff_links.c.subject)
    query = select(staff_links.c.staff).where(
        staff_links.c.tenant == INSTALLATION,
        theirs.c.tenant == INSTALLATION,
        same_login,
        staff_links.c.shelter == tenant,
        staff_links.c.staff == one,
        theirs.c.shelter == tenant,
        theirs.c.staff == other,
    )
    return (await conn.execute(query)).first() is not None


def _new_code() -> str:
    groups = ("".join(random.choice(_LETTERS) for _ in range(4)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(entered: str) -> str:
    """What is stored of a code, however it was typed: in small letters, with spaces, without dashes."""
    code = "".join(letter for letter in entered.upper() if letter.isalnum())
    return hashlib.sha256(b"enrolment/v1:" + code.encode(errors="replace")).hexdigest()
