"""The numbers of docs/KEYS.md: `make bench-keys`. One row per number: name | measured | target | met.

Ends with 1 when a target is missed. What a release reads is read by the service's own statements, from
SQLite; the base is the same without opening anything.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import create_engine, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.pairs import Ratio, ratio_of, ratio_of_steps, seconds
from benchmarks.table import Row, row_of, show
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import (
    RecordId,
    RelationshipId,
    StaffId,
    TenantId,
    TypeKey,
    new_id,
)
from consent_service.foundation.migrating import migrate
from consent_service.keyring.data_keys import DataKey
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import WrappedRelationshipKey
from consent_service.keyring.opening import type_key
from consent_service.keyring.primitives import new_key
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.providers.file import create_keystore
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import relationship_keys
from consent_service.records.model import OpenedRecord, SealedRecord
from consent_service.records.opening import open_records
from consent_service.records.reading import record_from
from consent_service.records.sealing import digest_of, seal_content
from consent_service.records.tables import record_digests, records

TENANT: Final = TenantId("0192a7c4-0000-7000-8000-000000000001")
TYPES: Final = tuple(map(TypeKey, ("support_advice", "absence", "pickup", "language", "child_voice")))
TEXT: Final = "Even naar buiten lopen helpt als het te druk wordt; daarna gaat het weer. " * 2
RELATIONSHIPS: Final = 40
ROUNDS: Final = 200
PASSPHRASE: Final = Secret(b"only for measuring, thrown away")
Digests = dict[TypeKey, bytes]
SOFTHSM: Final = Path("/usr/lib/softhsm/libsofthsm2.so")


class CountedProvider:
    """A provider that counts what is asked of it, but for whether it is there."""

    def __init__(self, provider: KeyProvider) -> None:
        self._provider = provider
        self.calls = 0

    def __getattr__(self, name: str) -> object:
        if name not in {"check", "development", "kind"}:
            self.calls += 1
        return getattr(self._provider, name)


class Shop:
    """A database with records of some relationships, and the ring they were sealed with."""

    def __init__(self, database: Database, provider: KeyProvider) -> None:
        self.database = database
        self.provider = provider
        self.ring = KeyRing(provider, SystemClock())
        self.relationships: list[RelationshipId] = []

    async def fill(self, path: Path) -> None:
        """Keys by the service; the records straight into their tables, without a family around them."""
        async with self.database.transaction() as conn:
            await self.ring.install(conn)
            await self.ring.create_tenant(conn, TENANT)
            keys = [
                await self.ring.create_relationship_key(conn, TENANT, RelationshipId(new_id()))
                for _ in range(RELATIONSHIPS)
            ]
        self.relationships = [RelationshipId(key.owner) for key in keys]
        rows = [one for key in keys for one in self._records(key)]
        engine = create_engine(f"sqlite:///{path}")
        with engine.begin() as plain:  # knows nothing of foreign keys
            fields = SealedRecord.__struct_fields__
            plain.execute(
                insert(records),
                [{"tenant": TENANT, **{name: getattr(one, name) for name in fields}} for one in rows],
            )
            plain.execute(
                insert(record_digests), [self._digest(key, one) for key in keys for one in rows_of(key, rows)]
            )
        engine.dispose()

    def _records(self, key: WrappedRelationshipKey) -> list[SealedRecord]:
        made = []
        for kind in TYPES:
            record = RecordId(new_id())
            envelope = seal_content(
                self.ring, key, information_type=kind, record=record, version=1, fields={"text": TEXT}
            )
            made.append(
                SealedRecord(
                    record=record,
                    relationship=RelationshipId(key.owner),
                    information_type=kind,
                    direction="s2c",
                    version=1,
                    author=StaffId(new_id()),
                    about=None,
                    approved_by=None,
                    written_at=datetime(2026, 9, 1, tzinfo=UTC),
                    expires_at=None,
                    envelope=envelope,
                )
            )
        return made

    def _digest(self, key: WrappedRelationshipKey, one: SealedRecord) -> dict[str, object]:
        return {
            "tenant": TENANT,
            "relationship": key.owner,
            "information_type": one.information_type,
            "digest": digest_of(self.ring, key, one.information_type, [one]),
        }

    async def read(
        self, relationship: RelationshipId
    ) -> tuple[WrappedRelationshipKey, list[SealedRecord], Digests]:
        """The statements of a release: the keys, the records and their digests."""
        async with self.database.reading() as conn:
            key = await self.ring.relationship_key(conn, TENANT, relationship)
            found = await conn.execute(
                select(records).where(records.c.tenant == TENANT, records.c.relationship == relationship)
            )
            sealed = [record_from(row) for row in found]
            stored = await conn.execute(
                select(record_digests).where(
                    record_digests.c.tenant == TENANT, record_digests.c.relationship == relationship
                )
            )
            digests = {TypeKey(row.information_type): row.digest for row in stored}
        return key, sealed, digests

    async def release(self, ring: KeyRing, relationship: RelationshipId) -> tuple[OpenedRecord, ...]:
        """The same, and everything opened as a permit for all five types would have it."""
        key, sealed, digests = await self.read(relationship)
        keys = {kind: type_key(ring, key, kind) for kind in TYPES}
        opened = open_records(keys, sealed, digests)
        assert len(opened) == len(TYPES)
        return opened


def rows_of(key: WrappedRelationshipKey, rows: list[SealedRecord]) -> list[SealedRecord]:
    """Those of one relationship."""
    return [one for one in rows if one.relationship == key.owner]


# --- seal and open -------------------------------------------------------------------------------


def sealing(size: int, calls: int) -> Ratio:
    """Seal and open against AES-256-GCM by itself: nonce, encrypt, decrypt, with as long a constant AAD."""
    owner, record = new_id(), new_id()
    key = DataKey(new_key(), tenant=TENANT, owner=owner, purpose="support_advice", version=1)
    place = length_prefixed("sc/v1", TENANT, owner, record, "support_advice", 1, 1)
    plaintext, aad = os.urandom(size), os.urandom(len(place))
    aesgcm = AESGCM(os.urandom(32))

    def raw() -> bytes:
        nonce = os.urandom(12)
        return aesgcm.decrypt(nonce, aesgcm.encrypt(nonce, plaintext, aad), aad)

    def ours() -> bytes:
        return key.open(record, 1, key.seal(record, 1, plaintext))

    assert raw() == ours() == plaintext
    return ratio_of(ours, raw, calls=calls, rounds=ROUNDS)


def added_bytes() -> Row:
    """What an envelope adds, before the filling up to 64 bytes: nothing is to be filled up here."""
    key = DataKey(new_key(), tenant=TENANT, owner=new_id(), purpose="support_advice", version=1)
    added = max(len(key.seal(new_id(), 1, bytes(size))) - size for size in range(60, 64 * 40, 64))
    return Row("bytes added, before padding", str(added), "<= 70", added <= 70)


# --- releases ------------------------------------------------------------------------------------


async def releases(shop: Shop) -> tuple[Ratio, int]:
    """(warm release by its SQL alone, provider calls in one warm release)."""
    relationship = shop.relationships[0]
    await shop.release(shop.ring, relationship)
    counted = CountedProvider(shop.provider)
    ring = KeyRing(counted, SystemClock())  # type: ignore[arg-type]
    await shop.release(ring, relationship)
    counted.calls = 0
    await shop.release(ring, relationship)
    ratio = await ratio_of_steps(
        lambda: seconds(shop.release(shop.ring, relationship)),
        lambda: seconds(shop.read(relationship)),
        rounds=ROUNDS,
    )
    return ratio, counted.calls


async def cold(shop: Shop, *, tenant_too: bool) -> Ratio:
    """A release whose relationship key (or tenant key as well) must be unwrapped, by a warm one."""
    warmed, relationship = shop.relationships[0], shop.relationships[1]

    async def once() -> float:
        ring = KeyRing(shop.provider, SystemClock())
        if not tenant_too:
            await shop.release(ring, warmed)
        return await seconds(shop.release(ring, relationship))

    async def warm() -> float:
        return await seconds(shop.release(shop.ring, relationship))

    await warm()
    return await ratio_of_steps(once, warm, rounds=ROUNDS)


async def cold_opening(shop: Shop, *, tenant_too: bool) -> str:
    """The same without the SQL around it: a remark, since a release never goes without."""
    warmed, mine = await shop.read(shop.relationships[0]), await shop.read(shop.relationships[1])

    def opening(ring: KeyRing, read: tuple[WrappedRelationshipKey, list[SealedRecord], Digests]) -> float:
        began = perf_counter()
        key, sealed, digests = read
        open_records({kind: type_key(ring, key, kind) for kind in TYPES}, sealed, digests)
        return perf_counter() - began

    def cold_ring() -> KeyRing:
        ring = KeyRing(shop.provider, SystemClock())
        if not tenant_too:
            opening(ring, warmed)
        return ring

    opening(shop.ring, mine)
    pairs = [(opening(shop.ring, mine), opening(cold_ring(), mine)) for _ in range(ROUNDS)]
    return f"without SQL {statistics.median(cold / warm for warm, cold in pairs):.1f}x"


async def rewrapping(shop: Shop) -> Ratio:
    """One relationship key wrapped anew, by reading and updating its row."""
    relationship = shop.relationships[2]
    mine = (relationship_keys.c.tenant == TENANT, relationship_keys.c.relationship == relationship)

    async def rewrap(conn: AsyncConnection) -> None:
        await shop.ring.rewrap_relationship_key(conn, TENANT, relationship)

    async def plain(conn: AsyncConnection) -> None:
        row = (await conn.execute(select(relationship_keys).where(*mine))).one()
        values = {"wrapped": row.wrapped, "parent_version": row.parent_version}
        await conn.execute(update(relationship_keys).where(*mine).values(**values))

    async def committed(work: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        async with shop.database.transaction() as conn:
            await work(conn)

    return await ratio_of_steps(
        lambda: seconds(committed(rewrap)), lambda: seconds(committed(plain)), rounds=2 * ROUNDS
    )


# --- the table -----------------------------------------------------------------------------------


async def cold_row(name: str, shop: Shop, most: float, *, tenant_too: bool) -> Row:
    """One cold release by a warm one."""
    ratio = await cold(shop, tenant_too=tenant_too)
    return row_of(name, ratio, most, beside=await cold_opening(shop, tenant_too=tenant_too))


async def with_file(folder: Path) -> list[Row]:
    """Everything measured with a keystore file."""
    provider = create_keystore(folder / "keystore.json", PASSPHRASE, development=True)
    database = Database(f"sqlite+aiosqlite:///{folder / 'file.sqlite'}")
    await migrate(database)
    shop = Shop(database, provider)
    await shop.fill(folder / "file.sqlite")
    warm, calls = await releases(shop)
    rows = [
        row_of("warm release, by its SQL without encryption", warm, 2.0),
        await cold_row("cold relationship, by warm", shop, 2.5, tenant_too=False),
        await cold_row("cold tenant, by warm (file)", shop, 3.5, tenant_too=True),
        row_of("re-wrap, by a read and an UPDATE", await rewrapping(shop), 3.5),
        Row("provider calls in a warm release", str(calls), "0", calls == 0),
    ]
    await database.close()
    return rows


async def with_token(folder: Path) -> Row:
    """The cold tenant with a SoftHSM2 token, or why not."""
    name, target = "cold tenant, by warm (SoftHSM2)", "<= 7.0x"
    in_ci = bool(os.environ.get("CI"))
    try:
        provider = _token(folder)
    except (ImportError, OSError, subprocess.CalledProcessError) as failure:
        return Row(name, f"skipped: SoftHSM2 is not here ({type(failure).__name__})", target, not in_ci)
    database = Database(f"sqlite+aiosqlite:///{folder / 'token.sqlite'}")
    await migrate(database)
    shop = Shop(database, provider)
    await shop.fill(folder / "token.sqlite")
    row = await cold_row(name, shop, 7.0, tenant_too=True)
    await database.close()
    return row


def _token(folder: Path) -> KeyProvider:
    """A fresh token in the scratch folder, with root generation 1 in it."""
    SOFTHSM.stat()
    tokens = folder / "tokens"
    tokens.mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    pin = "314159-pin"
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "bench", "--pin", pin, "--so-pin", "12345678"],
        check=True,
        capture_output=True,
    )
    from consent_service.keyring.providers.pkcs11 import prepare_token
    from consent_service.keyring.providers.pkcs11_session import Place

    return prepare_token(Place(SOFTHSM, "bench", "root"), Secret(pin.encode()))


async def measure(folder: Path) -> list[Row]:
    """Every row, in the order of the issue."""
    rows = [
        row_of("seal and open 200 B, by raw AES-GCM", sealing(200, 500), 3.0),
        row_of("seal and open 16 KiB, by raw AES-GCM", sealing(16 * 1024, 300), 1.6),
        *await with_file(folder),
    ]
    return [*rows[:5], await with_token(folder), *rows[5:], added_bytes()]


def main() -> int:
    """Print the table; 1 when a target is missed."""
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(measure(Path(folder)))
    return show(rows)


if __name__ == "__main__":
    sys.exit(main())
