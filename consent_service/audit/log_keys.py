"""Which logs a tenant has had, the origin of each, and the keys that signed it.

A tenant has one log until a restored database opens the next (`heads.reopening`); earlier ones take no
entries any more and stay to be read. A rotation gives a log another key (`heads.rotating`). Both are new
rows: whose key signed a head of any day can always be told.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, insert, select
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.tables import audit_logs
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing
from consent_service.keyring.signing import new_log_key, sign_with


class LogKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A log of a tenant with its newest signing key, private part sealed."""

    tenant: TenantId
    log: int
    key_number: int
    origin: str
    public: bytes
    sealed: bytes


class KeyPeriod(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key that signs the heads of a log from `since` on, until the next one does."""

    number: int
    public: bytes
    since: datetime


class FreshKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signing key that nothing was signed with yet: public half, and the private one sealed."""

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
    return await _begin(conn, ring, _Place(tenant, 1, f"audit.{host}"), now)


async def open_next_log(conn: AsyncConnection, ring: KeyRing, before: LogKey, *, now: datetime) -> LogKey:
    """Begin the log that takes the tenant's entries from now on, under an origin and a key of its own."""
    host = before.origin.rpartition("/t/")[0]
    return await _begin(conn, ring, _Place(before.tenant, before.log + 1, host), now)


async def make_key(conn: AsyncConnection, ring: KeyRing, log: LogKey) -> FreshKey:
    """The next signing key of a log; it signs nothing before it is put in use.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    audit_key = await ring.tenant_key(conn, log.tenant, "audit")
    sealed, public = new_log_key(ring, audit_key, record=_record(log.log, log.key_number + 1))
    return FreshKey(public, sealed)


async def put_in_use(conn: AsyncConnection, log: LogKey, key: FreshKey, *, now: datetime) -> LogKey:
    """Let the fresh key sign from now on.

    Raises:
        sqlalchemy.exc.IntegrityError: somebody else put another next key in use.
    """
    renewed = LogKey(log.tenant, log.log, log.key_number + 1, log.origin, key.public, key.sealed)
    await _insert(conn, renewed, now)
    return renewed


async def current_log(conn: AsyncConnection, tenant: TenantId) -> LogKey | None:
    """The log that now takes this tenant's entries, with the key that now signs."""
    found = (await conn.execute(_rows(tenant).limit(1))).first()
    return None if found is None else _log_key(tenant, found)


async def logs_of(conn: AsyncConnection, tenant: TenantId) -> tuple[LogKey, ...]:
    """Every log the tenant has had, oldest first, each with its newest key."""
    newest: dict[int, LogKey] = {}
    for row in await conn.execute(_rows(tenant)):
        newest.setdefault(row.log, _log_key(tenant, row))
    return tuple(newest[number] for number in sorted(newest))


async def log_numbered(conn: AsyncConnection, tenant: TenantId, number: int) -> LogKey | None:
    """One log of the tenant, with its newest key."""
    found = (await conn.execute(_rows(tenant).where(audit_logs.c.log == number).limit(1))).first()
    return None if found is None else _log_key(tenant, found)


async def key_history(conn: AsyncConnection, log: LogKey) -> tuple[KeyPeriod, ...]:
    """Every key this log has had and since when, oldest first."""
    query = (
        select(audit_logs.c.key_number, audit_logs.c.public_key, audit_logs.c.at)
        .where(audit_logs.c.tenant == log.tenant, audit_logs.c.log == log.log)
        .order_by(audit_logs.c.key_number)
    )
    return tuple(KeyPeriod(row.key_number, row.public_key, row.at) for row in await conn.execute(query))


async def public_keys(conn: AsyncConnection, log: LogKey) -> tuple[bytes, ...]:
    """Every public key this log has had, oldest first."""
    return tuple(period.public for period in await key_history(conn, log))


async def sign_for_log(conn: AsyncConnection, ring: KeyRing, log: LogKey, message: bytes) -> bytes:
    """An Ed25519 signature with the log's newest key.

    Raises:
        KeyProviderUnavailableError: the provider is away; nothing is signed.
        IntegrityError: the sealed key is not this log's.
    """
    audit_key = await ring.tenant_key(conn, log.tenant, "audit")
    record = _record(log.log, log.key_number)
    return sign_with(ring, audit_key, record=record, sealed=log.sealed, message=message)


class _Place(msgspec.Struct, frozen=True):
    tenant: TenantId
    log: int
    host: str


async def _begin(conn: AsyncConnection, ring: KeyRing, place: _Place, now: datetime) -> LogKey:
    origin = f"{place.host}/t/{secrets.token_hex(16)}"
    audit_key = await ring.tenant_key(conn, place.tenant, "audit")
    sealed, public = new_log_key(ring, audit_key, record=_record(place.log, 1))
    key = LogKey(place.tenant, place.log, 1, origin, public, sealed)
    await _insert(conn, key, now)
    return key


async def _insert(conn: AsyncConnection, key: LogKey, now: datetime) -> None:
    await conn.execute(
        insert(audit_logs).values(
            tenant=key.tenant,
            log=key.log,
            key_number=key.key_number,
            origin=key.origin,
            public_key=key.public,
            sealed_key=key.sealed,
            at=now,
        )
    )


def _rows(tenant: TenantId) -> Select[*tuple[Any, ...]]:
    newest_first = (audit_logs.c.log.desc(), audit_logs.c.key_number.desc())
    return select(audit_logs).where(audit_logs.c.tenant == tenant).order_by(*newest_first)


def _log_key(tenant: TenantId, row: Row[*tuple[Any, ...]]) -> LogKey:
    return LogKey(tenant, row.log, row.key_number, row.origin, row.public_key, row.sealed_key)


def _record(log: int, key_number: int) -> str:
    return f"log-key/{log}/{key_number}"
