"""Which log a tenant has now, its origin and its signing keys.

A restored database opens a new log and a rotation adds a key: both are new rows (issue of `custody`).
"""

from __future__ import annotations

import secrets
from datetime import datetime

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.tables import audit_logs
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing
from consent_service.keyring.signing import new_log_key, sign_with


class LogKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The newest signing key of the newest log of a tenant, private part sealed."""

    tenant: TenantId
    log: int
    key_number: int
    origin: str
    public: bytes
    sealed: bytes


async def open_log(
    conn: AsyncConnection, ring: KeyRing, *, tenant: TenantId, host: str, now: datetime
) -> LogKey:
    """Give the tenant its log; the origin's tenant part is random, so that it names no shelter.

    Returns the existing log when there is one.
    """
    existing = await current_log(conn, tenant)
    if existing is not None:
        return existing
    origin = f"audit.{host}/t/{secrets.token_hex(16)}"
    audit_key = await ring.tenant_key(conn, tenant, "audit")
    sealed, public = new_log_key(ring, audit_key, record=_record(1, 1))
    key = LogKey(tenant, 1, 1, origin, public, sealed)
    await conn.execute(
        insert(audit_logs).values(
            tenant=tenant,
            log=key.log,
            key_number=key.key_number,
            origin=origin,
            public_key=public,
            sealed_key=sealed,
            at=now,
        )
    )
    return key


async def current_log(conn: AsyncConnection, tenant: TenantId) -> LogKey | None:
    """The log that now takes this tenant's entries, with the key that now signs."""
    query = (
        select(audit_logs)
        .where(audit_logs.c.tenant == tenant)
        .order_by(audit_logs.c.log.desc(), audit_logs.c.key_number.desc())
        .limit(1)
    )
    row = (await conn.execute(query)).first()
    if row is None:
        return None
    return LogKey(tenant, row.log, row.key_number, row.origin, row.public_key, row.sealed_key)


async def public_keys(conn: AsyncConnection, log: LogKey) -> tuple[bytes, ...]:
    """Every public key this log has had, oldest first."""
    query = (
        select(audit_logs.c.public_key)
        .where(audit_logs.c.tenant == log.tenant, audit_logs.c.log == log.log)
        .order_by(audit_logs.c.key_number)
    )
    return tuple((await conn.execute(query)).scalars())


async def sign_for_log(conn: AsyncConnection, ring: KeyRing, log: LogKey, message: bytes) -> bytes:
    """An Ed25519 signature with the log's newest key.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing is signed.
        IntegrityError: the sealed key is not this log's.
    """
    audit_key = await ring.tenant_key(conn, log.tenant, "audit")
    record = _record(log.log, log.key_number)
    return sign_with(ring, audit_key, record=record, sealed=log.sealed, message=message)


def _record(log: int, key_number: int) -> str:
    return f"log-key/{log}/{key_number}"
