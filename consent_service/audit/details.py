"""Seal and open what an entry says; the only part of the log that reads personal details.

A detail lies beside its random salt in one sealed value, under the person key of its data subject or
the tenant's audit key. When that key is destroyed the detail is gone and the leaf still verifies.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import SALT_SIZE, Detail, read_detail
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.model import WrappedPersonKey, WrappedTenantKey
from consent_service.keyring.opening import open_for_person, open_for_tenant
from consent_service.keyring.sealing import seal_for_person, seal_for_tenant
from consent_service.keyring.service import KeyRing

DetailKey = WrappedPersonKey | WrappedTenantKey
_PURPOSE = "audit-detail"


class SealedDetail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the deletable table; `person` is None under the tenant's audit key."""

    entry: str
    person: str | None
    sealed: bytes


class OpenedDetail(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A detail with what is needed to check the leaf's commitment to it."""

    salt: bytes
    raw: bytes
    detail: Detail


Opening = OpenedDetail | Literal["erased", "damaged"]
"""What came of opening a detail: it, its key is gone, or its bytes are not what was sealed."""


def seal_detail(ring: KeyRing, key: DetailKey, *, entry: str, salt: bytes, raw: bytes) -> bytes:
    """Seal the salt and the canonical detail together.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing may be logged or released.
    """
    plaintext = salt + raw
    if isinstance(key, WrappedPersonKey):
        return seal_for_person(ring, key, purpose=_PURPOSE, record=entry, plaintext=plaintext)
    return seal_for_tenant(ring, key, purpose=_PURPOSE, record=entry, plaintext=plaintext)


async def open_details(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, rows: Iterable[SealedDetail]
) -> dict[str, Opening]:
    """What each of these rows says, by entry; keys are looked up once for all of them.

    Raises:
        KeyProviderUnavailableError: the provider is away.
        KeyDestroyedError: the tenant itself has no audit key.
    """
    wanted = tuple(rows)
    if not wanted:
        return {}
    keys = await ring.person_keys(conn, tenant, [row.person for row in wanted if row.person])
    own = await ring.tenant_key(conn, tenant, "audit")
    return {row.entry: _open(ring, keys.get(row.person) if row.person else own, row) for row in wanted}


def _open(ring: KeyRing, key: DetailKey | None, row: SealedDetail) -> Opening:
    if key is None:
        return "erased"
    try:
        if isinstance(key, WrappedPersonKey):
            plaintext = open_for_person(ring, key, purpose=_PURPOSE, record=row.entry, envelope=row.sealed)
        else:
            plaintext = open_for_tenant(ring, key, purpose=_PURPOSE, record=row.entry, envelope=row.sealed)
        salt, raw = plaintext[:SALT_SIZE], plaintext[SALT_SIZE:]
        return OpenedDetail(salt, raw, read_detail(raw))
    except IntegrityError:
        return "damaged"
