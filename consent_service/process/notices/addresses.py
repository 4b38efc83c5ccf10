"""Where messages may go: an entered work address, or the channel somebody called safe. Opened only here.

An address that a mail server refused is never tried again: entering it anew makes another one of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.decoding import decoded_text
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, StaffId, TenantId, new_id
from consent_service.identity.page_address import open_address
from consent_service.identity.page_factors import factor_of
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing
from consent_service.process.notices.model import Notice
from consent_service.process.notices.tables import notice_addresses, notice_bounces

_PURPOSE = "notice-address"


AddressState = Literal["none", "works", "bounced"]
"""Whether there is an address for somebody, and whether it works as far as is known."""


class Destination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a message goes, and the id by which that address is remembered. Its `repr` holds neither."""

    address: str
    kind: Literal["mail", "sms"]
    to: str

    def __repr__(self) -> str:
        return f"Destination(kind={self.kind!r})"


async def keep_address(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, member: StaffId, to: str, now: datetime
) -> None:
    """From now on messages to this member of staff go here.

    Raises:
        KeyDestroyedError: this member's key is gone.
    """
    await forget_address(conn, tenant, member)
    name = new_id()
    key = await ring.person_key(conn, tenant, PersonId(member))
    sealed = seal_for_person(ring, key, purpose=_PURPOSE, record=name, plaintext=to.encode())
    await conn.execute(
        insert(notice_addresses).values(
            tenant=tenant, address=name, staff=member, sealed_address=sealed, entered_at=now
        )
    )


async def forget_address(conn: AsyncConnection, tenant: TenantId, member: StaffId) -> bool:
    """No message goes to this member of staff any more; whether one did."""
    gone = await conn.execute(
        delete(notice_addresses).where(
            notice_addresses.c.tenant == tenant, notice_addresses.c.staff == member
        )
    )
    return gone.rowcount > 0


async def state_of_address(conn: AsyncConnection, tenant: TenantId, member: StaffId) -> AddressState:
    """Whether there is an address for this member of staff, and whether it works as far as is known."""
    query = select(notice_addresses.c.address).where(
        notice_addresses.c.tenant == tenant, notice_addresses.c.staff == member
    )
    name: str | None = (await conn.execute(query)).scalar_one_or_none()
    if name is None:
        return "none"
    return "bounced" if await _is_bounced(conn, tenant, name) else "works"


async def destination_of(conn: AsyncConnection, ring: KeyRing, notice: Notice) -> Destination | None:
    """Where this message may go; None: there is no address, or it does not work.

    Raises:
        KeyProviderUnavailableError: the key provider is away.
    """
    found = (
        await _of_person(conn, ring, notice.tenant, notice.to_person)
        if notice.to_person is not None
        else await _of_staff(conn, ring, notice)
    )
    if found is None or await _is_bounced(conn, notice.tenant, found.address):
        return None
    return found


async def mark_bounced(
    conn: AsyncConnection, tenant: TenantId, address: str, code: str, now: datetime
) -> bool:
    """This address is not tried again; whether that was not known yet."""
    if await _is_bounced(conn, tenant, address):
        return False
    await conn.execute(insert(notice_bounces).values(tenant=tenant, address=address, code=code[:16], at=now))
    return True


async def _of_staff(conn: AsyncConnection, ring: KeyRing, notice: Notice) -> Destination | None:
    query = select(notice_addresses).where(
        notice_addresses.c.tenant == notice.tenant, notice_addresses.c.staff == notice.to_staff
    )
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return None
    keys = await ring.person_keys(conn, notice.tenant, [PersonId(row.staff)])
    if row.staff not in keys:
        return None
    return Destination(row.address, "mail", _opened(ring, keys[row.staff], row.address, row.sealed_address))


async def _of_person(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, person: PersonId
) -> Destination | None:
    """The address for one-time codes of the own page, which that person said nobody else reads."""
    factor = await factor_of(conn, tenant, person)
    keys = await ring.person_keys(conn, tenant, [person])
    if factor is None or factor.kind == "pin" or factor.sealed_address is None or person not in keys:
        return None
    to = open_address(ring, keys[person], factor.factor, factor.sealed_address)
    return Destination(factor.factor, factor.kind, to)


async def _is_bounced(conn: AsyncConnection, tenant: TenantId, address: str) -> bool:
    query = select(notice_bounces.c.at).where(
        notice_bounces.c.tenant == tenant, notice_bounces.c.address == address
    )
    return (await conn.execute(query)).first() is not None


def _opened(ring: KeyRing, key: WrappedPersonKey, name: str, sealed: bytes) -> str:
    to = decoded_text(open_for_person(ring, key, purpose=_PURPOSE, record=name, envelope=sealed))
    if to is None:
        raise IntegrityError("a sealed address cannot be read")
    return to
