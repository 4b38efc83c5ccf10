"""The rows of invitations, and of the browsers in which their codes were typed.

What may happen with them is `identity.invitations`. Of two transactions that use or end one invitation, one
finds it open: every change asks for that in its own statement.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Select, delete, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.events import By
from consent_service.foundation.ids import INSTALLATION, StaffId, TenantId
from consent_service.identity.letting_in import Proved
from consent_service.identity.links import kind_of
from consent_service.identity.model import SchoolStaff, StaffActor
from consent_service.identity.secrets import AtProvider
from consent_service.identity.tables import invitation_logins, staff_invitations

_invited = staff_invitations.c
_typed = invitation_logins.c


class NewInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation as it starts; `lasts` is from now until it runs out."""

    invitation: str
    member: StaffActor
    establishment: str
    code: str
    inviter: By
    lasts: tuple[datetime, datetime]


async def add(conn: AsyncConnection, new: NewInvitation) -> None:
    """Keep a new invitation."""
    member = new.member
    school, role = (member.school, member.role) if isinstance(member, SchoolStaff) else (None, None)
    now, until = new.lasts
    await conn.execute(
        insert(staff_invitations).values(
            tenant=member.tenant,
            invitation=new.invitation,
            staff=member.staff,
            kind=kind_of(member),
            school=school,
            role=role,
            establishment=new.establishment or None,
            code=new.code,
            invited_by=new.inviter.id,
            inviter_kind=new.inviter.kind,
            created_at=now,
            expires_at=until,
        )
    )


async def find(conn: AsyncConnection, tenant: TenantId, invitation: str) -> RowMapping | None:
    """One invitation of a shelter, open or not."""
    query = _all().where(_invited.tenant == tenant, _invited.invitation == invitation)
    return (await conn.execute(query)).mappings().first()


async def with_code(conn: AsyncConnection, code: str, now: datetime) -> RowMapping | None:
    """The open invitation with this digest of a code, whichever shelter's it is: the code alone finds it."""
    query = _all().where(_invited.code == code, *_is_open(now))
    return (await conn.execute(query)).mappings().first()


async def all_open(conn: AsyncConnection, tenant: TenantId, now: datetime) -> Sequence[RowMapping]:
    """The open invitations of a shelter, the newest first."""
    query = _all().where(_invited.tenant == tenant, *_is_open(now))
    ordered = query.order_by(_invited.created_at.desc(), _invited.invitation)
    return (await conn.execute(ordered)).mappings().all()


async def all_expired(conn: AsyncConnection, now: datetime) -> Sequence[RowMapping]:
    """Invitations of every shelter that ran out and were not ended yet, at most 500."""
    over = (_invited.used_at.is_(None), _invited.ended_at.is_(None), _invited.expires_at <= now)
    return (await conn.execute(_all().where(*over).limit(500))).mappings().all()


async def declined_of(
    conn: AsyncConnection, tenant: TenantId, staff: Collection[StaffId]
) -> dict[StaffId, datetime]:
    """Of whom the newest invitation was declined, and when."""
    query = (
        select(_invited.staff, _invited.ended_at, _invited.ended_code)
        .where(_invited.tenant == tenant, _invited.staff.in_(sorted(staff)))
        .order_by(_invited.created_at, _invited.invitation)
    )
    newest = {StaffId(row.staff): row for row in await conn.execute(query)}
    return {one: row.ended_at for one, row in newest.items() if row.ended_code == "declined"}


async def use(conn: AsyncConnection, row: RowMapping, now: datetime) -> bool:
    """Use an invitation up; False when it is not open any more."""
    one = (_invited.tenant == row["shelter"], _invited.invitation == row["invitation"])
    used = update(staff_invitations).where(*one, *_is_open(now)).values(used_at=now)
    return (await conn.execute(used)).rowcount == 1


async def end(conn: AsyncConnection, tenant: TenantId, invitation: str, code: str, now: datetime) -> bool:
    """End an invitation that was not used; False when it was, or ended before."""
    one = (_invited.tenant == tenant, _invited.invitation == invitation)
    waiting = (_invited.used_at.is_(None), _invited.ended_at.is_(None))
    ended = update(staff_invitations).where(*one, *waiting).values(ended_at=now, ended_code=code)
    return (await conn.execute(ended)).rowcount == 1


async def end_of_staff(
    conn: AsyncConnection, tenant: TenantId, staff: StaffId, code: str, now: datetime
) -> Sequence[RowMapping]:
    """End every invitation of this member that was not used; those that were ended."""
    ended = (
        update(staff_invitations)
        .where(_invited.tenant == tenant, _invited.staff == staff)
        .where(_invited.used_at.is_(None), _invited.ended_at.is_(None))
        .values(ended_at=now, ended_code=code)
        .returning(*staff_invitations.c, _invited.tenant.label("shelter"))
    )
    return (await conn.execute(ended)).mappings().all()


# --- browsers in which a code was typed ------------------------------------------------------


async def keep_typed(
    conn: AsyncConnection, row: RowMapping, token: str, now: datetime, until: datetime
) -> None:
    """The browser with this token (a digest) may log in for this invitation; those of long ago go."""
    await forget_typed(conn, now)
    await conn.execute(
        insert(invitation_logins).values(
            tenant=INSTALLATION,
            token=token,
            shelter=row["shelter"],
            invitation=row["invitation"],
            expires_at=until,
        )
    )


async def typed(conn: AsyncConnection, token: str, now: datetime) -> RowMapping | None:
    """The invitation this browser is at, with who logged in there; None when it is not open any more."""
    query = (
        select(
            *(column for column in invitation_logins.c if column.name not in ("tenant", "expires_at")),
            *(
                column
                for column in staff_invitations.c
                if column.name not in ("tenant", "invitation", "expires_at")
            ),
        )
        .join_from(
            invitation_logins,
            staff_invitations,
            (_invited.tenant == _typed.shelter) & (_invited.invitation == _typed.invitation),
        )
        .where(_typed.tenant == INSTALLATION, _typed.token == token, _typed.expires_at > now)
        .where(*_is_open(now))
    )
    return (await conn.execute(query)).mappings().first()


async def keep_login(conn: AsyncConnection, token: str, renewed: str, login: Proved, until: datetime) -> bool:
    """Note who logged in, under another token from now on; False when another login came first."""
    kept = (
        update(invitation_logins)
        .where(_typed.tenant == INSTALLATION, _typed.token == token)
        .values(
            token=renewed,
            expires_at=until,
            provider=login.provider,
            subject=login.subject,
            acr=login.level,
            authenticated_at=login.authenticated_at,
            schools=" ".join(sorted(login.schools)),
            sub=login.there.sub or None,
            sid=login.there.sid or None,
        )
    )
    return (await conn.execute(kept)).rowcount == 1


async def take_typed(conn: AsyncConnection, token: str, now: datetime) -> RowMapping | None:
    """`typed` of a browser in which somebody logged in, which then holds it no more."""
    row = await typed(conn, token, now)
    if row is None or row["subject"] is None:
        return None
    one = (_typed.tenant == INSTALLATION, _typed.token == token)
    taken = await conn.execute(delete(invitation_logins).where(*one))
    return row if taken.rowcount == 1 else None


def login_of(row: RowMapping) -> Proved:
    """The login that was kept."""
    return Proved(
        provider=row["provider"],
        subject=row["subject"],
        level=row["acr"],
        authenticated_at=row["authenticated_at"],
        schools=frozenset(row["schools"].split()),
        there=AtProvider(sub=row["sub"] or "", sid=row["sid"] or ""),
    )


async def forget_typed(conn: AsyncConnection, now: datetime) -> None:
    """Browsers that did not come back."""
    await conn.execute(
        delete(invitation_logins).where(_typed.tenant == INSTALLATION, _typed.expires_at <= now)
    )


def _all() -> Select[*tuple[object, ...]]:
    return select(*staff_invitations.c, _invited.tenant.label("shelter"))


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return _invited.used_at.is_(None), _invited.ended_at.is_(None), _invited.expires_at > now
