"""Seal and open what an entry says and what is attached to it; only here the log reads personal details.

A detail lies beside its random salt in one sealed value, under the person key of its data subject or
the tenant's audit key. When that key is destroyed the detail is gone and the leaf still verifies.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.encoding import SALT_SIZE, Detail, commitment, read_detail
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.keyring.model import WrappedPersonKey, WrappedTenantKey
from consent_service.keyring.opening import open_for_person, open_for_tenant
from consent_service.keyring.sealing import seal_for_person, seal_for_tenant
from consent_service.keyring.service import KeyRing

DetailKey = WrappedPersonKey | WrappedTenantKey
_PURPOSE = "audit-detail"
_ATTACHMENT = "audit-attachment"


class Attachment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept beside an entry for whoever examines it later, and is never shown with the entry.

    It is sealed under the key of `person`, whatever key seals the detail: it dies with that person's data.
    The detail commits to it, so that it cannot be replaced.
    """

    person: PersonId
    raw: bytes


class SealedAttachment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The attachment of `entry` as it is stored."""

    entry: str
    person: PersonId
    sealed: bytes


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


def seal_attachment(
    ring: KeyRing, key: WrappedPersonKey, attachment: Attachment, *, entry: str
) -> tuple[SealedAttachment, str]:
    """The sealed attachment, and the commitment to it for the detail.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing may be logged or released.
    """
    salt = secrets.token_bytes(SALT_SIZE)
    plaintext = salt + attachment.raw
    sealed = seal_for_person(ring, key, purpose=_ATTACHMENT, record=entry, plaintext=plaintext)
    return SealedAttachment(entry, attachment.person, sealed), commitment(salt, attachment.raw)


async def open_attachments(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, rows: Iterable[tuple[SealedAttachment, str]]
) -> dict[str, bytes | Literal["erased", "damaged"]]:
    """What was attached, by entry; each row comes with the commitment in its detail.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    wanted = tuple(rows)
    keys = await ring.person_keys(conn, tenant, [row.person for row, _ in wanted])
    return {row.entry: _open_attachment(ring, keys.get(row.person), row, said) for row, said in wanted}


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


def opens_detail(ring: KeyRing, key: WrappedPersonKey, entry: str, sealed: bytes) -> bool:
    """Whether this is a detail of that entry, sealed under this key.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return _opens(ring, key, _PURPOSE, entry, sealed)


def opens_attachment(ring: KeyRing, key: WrappedPersonKey, entry: str, sealed: bytes) -> bool:
    """Whether this is an attachment of that entry, sealed under this key.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return _opens(ring, key, _ATTACHMENT, entry, sealed)


def _opens(ring: KeyRing, key: WrappedPersonKey, purpose: str, entry: str, sealed: bytes) -> bool:
    try:
        open_for_person(ring, key, purpose=purpose, record=entry, envelope=sealed)
    except IntegrityError:
        return False
    return True


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


def _open_attachment(
    ring: KeyRing, key: WrappedPersonKey | None, row: SealedAttachment, committed: str
) -> bytes | Literal["erased", "damaged"]:
    if key is None:
        return "erased"
    try:
        plaintext = open_for_person(ring, key, purpose=_ATTACHMENT, record=row.entry, envelope=row.sealed)
    except IntegrityError:
        return "damaged"
    salt, raw = plaintext[:SALT_SIZE], plaintext[SALT_SIZE:]
    return raw if commitment(salt, raw) == committed else "damaged"
