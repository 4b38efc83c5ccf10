"""What members of staff call their devices and passkeys: sealed under their own key, opened only here."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.decoding import decoded_text
from consent_service.foundation.errors import IntegrityError, KeyDestroyedError
from consent_service.foundation.ids import PersonId, StaffId, TenantId
from consent_service.identity.model import StaffActor
from consent_service.keyring.opening import open_for_person
from consent_service.keyring.sealing import seal_for_person
from consent_service.keyring.service import KeyRing

LONGEST = 40
"""Characters of such a name."""
_PURPOSE = "given-name"


async def seal_given_name(
    conn: AsyncConnection, ring: KeyRing, owner: StaffActor, record: str, name: str
) -> bytes:
    """The sealed name of one device or passkey.

    Raises:
        KeyProviderUnavailableError: the keys are away; nothing was sealed.
        KeyDestroyedError: the owner was erased.
    """
    key = await ring.sealing_person_key(conn, owner.tenant, PersonId(owner.staff))
    return seal_for_person(ring, key, purpose=_PURPOSE, record=record, plaintext=name.encode())


async def open_given_name(
    conn: AsyncConnection, ring: KeyRing, owner: tuple[TenantId, StaffId], record: str, sealed: bytes
) -> str:
    """What the owner called it; empty when the owner was erased.

    Raises:
        IntegrityError: the bytes are not this name.
        KeyProviderUnavailableError: the keys are away.
    """
    tenant, staff = owner
    try:
        key = await ring.person_key(conn, tenant, PersonId(staff))
    except KeyDestroyedError:
        return ""
    name = decoded_text(open_for_person(ring, key, purpose=_PURPOSE, record=record, envelope=sealed))
    if name is None:
        raise IntegrityError("a sealed name cannot be read")
    return name
