"""The second factor of the own page: a PIN, or a one-time code to an address somebody called safe.

One factor at a time; a new one replaces it. Whose the first factor, the code on paper, is and who may
log in is `consent.page_access`; how often may be tried is `page_tries`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId, TenantId, new_id
from consent_service.identity.sessions import digest
from consent_service.identity.tables import page_challenges, page_factors

FactorKind = Literal["pin", "mail", "sms"]
Channel = Literal["mail", "sms"]
DIGITS: Final = 6
CODE_LASTS: Final = timedelta(minutes=10)
_MAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@(?!-)[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,24}")
_MOBILE = re.compile(r"\+[1-9][0-9]{7,14}")


class Factor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What proves, beside the code, that it is the person."""

    factor: str
    kind: FactorKind
    pin: str | None
    sealed_address: bytes | None
    set_at: datetime

    def __repr__(self) -> str:
        return f"Factor(kind={self.kind!r})"


def problems_of_new_pin(pin: str, again: str, *, born: Collection[date] = ()) -> tuple[Problem, ...]:
    """Six digits, typed twice, no row and nobody's birth date: the other parent knows those."""
    if not (pin.isascii() and pin.isdigit() and len(pin) == DIGITS):
        return (Problem("pin", "page.pin_form"),)
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    if steps in ({0}, {1}, {-1}) or len(set(pin)) == 1:
        return (Problem("pin", "identity.pin_too_simple"),)
    if any(pin in _as_digits(day) for day in born):
        return (Problem("pin", "page.pin_birth_date"),)
    return () if pin == again else (Problem("pin_again", "page.pin_differs"),)


def _as_digits(day: date) -> tuple[str, ...]:
    return tuple(day.strftime(form) for form in ("%d%m%y", "%y%m%d", "%m%d%y", "%y%d%m", "%Y%m", "%m%Y"))


def safe_address(kind: Channel, entered: str) -> str | None:
    """The address as it is used: an e-mail address, or a mobile number with its country; None: neither."""
    if kind == "mail":
        address = entered.strip()
        return address if _MAIL.fullmatch(address) and ".." not in address else None
    number = re.sub(r"[\s().-]", "", entered)
    number = re.sub(r"^00", "+", number)
    number = re.sub(r"^06(?=[0-9]{8}$)", "+316", number)
    return number if _MOBILE.fullmatch(number) else None


def new_one_time_code() -> str:
    """Six digits."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"


async def keep_factor(conn: AsyncConnection, tenant: TenantId, person: PersonId, factor: Factor) -> None:
    """From now on this is the second factor; what was there before is not."""
    await revoke_factors(conn, tenant, person, factor.set_at)
    await conn.execute(
        insert(page_factors).values(
            tenant=tenant,
            factor=factor.factor,
            person=person,
            kind=factor.kind,
            pin=factor.pin,
            sealed_address=factor.sealed_address,
            set_at=factor.set_at,
        )
    )


def new_factor(
    kind: FactorKind, now: datetime, *, pin: str | None = None, sealed: bytes | None = None, name: str = ""
) -> Factor:
    """A factor as it starts; `name` is its id where the address was sealed under it."""
    return Factor(name or new_id(), kind, pin, sealed, now)


async def factor_of(conn: AsyncConnection, tenant: TenantId, person: PersonId) -> Factor | None:
    """The factor in use; None when there is none (any more)."""
    query = (
        select(page_factors).where(*_in_use(tenant, person)).order_by(page_factors.c.set_at.desc()).limit(1)
    )
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    return Factor(row.factor, row.kind, row.pin, row.sealed_address, row.set_at)


async def revoke_factors(conn: AsyncConnection, tenant: TenantId, person: PersonId, now: datetime) -> None:
    """No factor opens this page any more, and no one-time code under way."""
    await conn.execute(
        update(page_factors)
        .where(*_in_use(tenant, person))
        .values(revoked_at=now, pin=None, sealed_address=None)
    )
    await conn.execute(
        delete(page_challenges).where(page_challenges.c.tenant == tenant, page_challenges.c.person == person)
    )


async def keep_challenge(
    conn: AsyncConnection, tenant: TenantId, person: PersonId, token: str, code: str, now: datetime
) -> None:
    """A one-time code was sent for the browser that holds `token`; `code` is its hash."""
    await conn.execute(
        delete(page_challenges).where(page_challenges.c.tenant == tenant, page_challenges.c.expires_at <= now)
    )
    await conn.execute(
        insert(page_challenges).values(
            tenant=tenant,
            challenge=digest(token),
            person=person,
            code=code,
            expires_at=now + CODE_LASTS,
        )
    )


async def challenge_of(
    conn: AsyncConnection, tenant: TenantId, person: PersonId, token: str, now: datetime
) -> str | None:
    """The hash of the one-time code that was sent for this browser, while it lasts."""
    query = select(page_challenges.c.code).where(
        page_challenges.c.tenant == tenant,
        page_challenges.c.challenge == digest(token),
        page_challenges.c.person == person,
        page_challenges.c.expires_at > now,
    )
    found: str | None = (await conn.execute(query)).scalar_one_or_none()
    return found


async def use_challenge(conn: AsyncConnection, tenant: TenantId, token: str) -> bool:
    """A one-time code is good for one login; False when it was used meanwhile."""
    used = await conn.execute(
        delete(page_challenges).where(
            page_challenges.c.tenant == tenant, page_challenges.c.challenge == digest(token)
        )
    )
    return used.rowcount == 1


def _in_use(tenant: TenantId, person: PersonId) -> tuple[ColumnElement[bool], ...]:
    mine = (page_factors.c.tenant == tenant, page_factors.c.person == person)
    return (*mine, page_factors.c.revoked_at.is_(None))
