"""Replacing what lies above keys: root generations and the data keys of tenants.

A key itself never changes here, and neither does what is sealed under it. Each call is one small piece
of work in the caller's transaction, and doing it twice changes nothing; in which order, and when the old
is destroyed, is `custody.epochs`. Everything that is wrapped anew is unwrapped again at once and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, bindparam, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.clock import Clock
from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.foundation.ids import INSTALLATION
from consent_service.keyring.damage import damage_of
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.material import Material
from consent_service.keyring.model import AnyKey, WrappedTenantKey
from consent_service.keyring.primitives import new_key
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.secret import Secret
from consent_service.keyring.tables import key_epochs, key_roots, tenant_keys
from consent_service.keyring.wrapped_rows import (
    OWNED,
    AnyOwnedTable,
    held_tenant_key,
    newest_version,
    tenant_keys_in_use,
)

_REMEMBERED: Final = 256
"""Enough for the tenant keys in use; the working cache of the ring is not flooded."""
_FOREIGN: Final = (
    "keystore: this is not the keystore the database was made with; point `keystore` to the right file"
)
_RESTORED: Final = (
    "keystore: the root keys this database needs do not live any more; point `keystore` to the right file. "
    "If this database was restored from a backup, run: consent-service keys restore"
)


class Recognised(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the database knows of the provider it was opened with; `known` is false for a fresh database.

    `undead` are the roots it marks as destroyed and that live, ascending. Of those, `came_back` are the ones
    that no epoch was stopped in the middle of destroying: an older copy of the keystore was put back.
    """

    known: bool
    undead: tuple[int, ...] = ()
    came_back: tuple[int, ...] = ()


class Rotation:
    """The root generations and what they wrap; made by `KeyRing`."""

    def __init__(self, provider: KeyProvider, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._material = Material(provider, entries=_REMEMBERED)

    # --- root generations -------------------------------------------------------------------

    def generations(self) -> tuple[int, ...]:
        """The living generations at the provider, ascending; the last wraps what is new."""
        return self._provider.generations()

    def make_generation(self, number: int) -> None:
        """Have the provider make a generation, which is current from now on; twice changes nothing."""
        self._provider.create_generation(number)

    def destroy_generations_before(self, number: int) -> None:
        """Have the provider forget every generation below `number`; twice changes nothing."""
        for generation in self._provider.generations():
            if generation < number:
                self._provider.destroy_generation(generation)

    def make_probe(self, epoch: int) -> tuple[int, bytes]:
        """(generation, blob): random bytes that nothing but that generation can open."""
        return self._provider.wrap(new_key(), _probe_aad(epoch))

    def probe_opens(self, epoch: int, generation: int, probe: bytes) -> bool:
        """Whether the provider still opens a probe.

        Raises:
            IntegrityError: another key stands under the same number, or the probe was changed.
            KeyProviderUnavailableError: it cannot be told now.
        """
        try:
            self._provider.unwrap(generation, probe, _probe_aad(epoch))
        except KeyDestroyedError:
            return False
        return True

    async def recognise(self, conn: AsyncConnection) -> Recognised:
        """Whether the database knows this provider, and which roots live at it that should not.

        A newer generation it does not know was made by an epoch that was stopped before it could say so:
        it is noted. Nothing is destroyed here, so that a look may be undone: `destroy_again` does.

        Raises:
            ConfigurationError: another keystore, or a database from before its keys were replaced.
        """
        query = select(key_roots).where(key_roots.c.tenant == INSTALLATION)
        known = {row.generation: row for row in await conn.execute(query)}
        living = {number: self._provider.check_value(number) for number in self._provider.generations()}
        both = known.keys() & living.keys()
        gone = {number for number in both if known[number].destroyed_at is not None}
        if any(known[number].check_value != living[number] for number in both):
            raise ConfigurationError(_FOREIGN)
        if known and both == gone:
            raise ConfigurationError(_RESTORED)
        if await _hangs_elsewhere(conn, living.keys() - gone):
            raise ConfigurationError(_RESTORED)
        for number in living:
            if number > max(known, default=0):
                await self.note_root(conn, number)
        being_destroyed = await _being_destroyed(conn)
        came_back = tuple(sorted(gone - being_destroyed))
        return Recognised(known=bool(known), undead=tuple(sorted(gone)), came_back=came_back)

    def destroy_again(self, recognised: Recognised) -> None:
        """Have the provider forget what the database knows as destroyed: what was told to be gone is gone."""
        for number in recognised.undead:
            self._provider.destroy_generation(number)

    async def note_root(self, conn: AsyncConnection, generation: int) -> None:
        """Write down that this generation exists; twice changes nothing."""
        row = {
            "tenant": INSTALLATION,
            "generation": generation,
            "check_value": self._provider.check_value(generation),
            "created_at": self._clock.now(),
        }
        insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
        await conn.execute(insert(key_roots).values(row).on_conflict_do_nothing())

    async def hold_root(self, conn: AsyncConnection, generation: int) -> None:
        """Keep a generation from being destroyed until the transaction ends: something is wrapped under it.

        Raises:
            KeyProviderUnavailableError: it is to be destroyed; the provider here does not know yet.
        """
        query = select(key_roots.c.destroyed_at).where(
            key_roots.c.tenant == INSTALLATION, key_roots.c.generation == generation
        )
        row = (await conn.execute(query.with_for_update(read=True))).first()
        if row is None:
            await self.note_root(conn, generation)
            row = (await conn.execute(query.with_for_update(read=True))).one()
        if row.destroyed_at is not None:
            raise KeyProviderUnavailableError("the key provider has not noticed its newest generation yet")

    # --- what lives, under what is new --------------------------------------------------------

    async def rewrap_tenant(
        self, conn: AsyncConnection, tenant: str, generation: int, *, fresh: bool
    ) -> bool:
        """One key of the tenant under `generation`, or with `fresh` a new data key; False when all are.

        One at a time, so that a transaction holds one row only and cannot wait for somebody in a circle.
        Earlier versions of the data key stay behind, under what wraps them: nothing new hangs on them.

        Raises:
            KeyProviderUnavailableError: the provider wraps under another generation.
            DamagedKeyError: a key does not open.
            IntegrityError: one does not open alike after it was wrapped anew.
        """
        for key in await tenant_keys_in_use(conn, tenant):
            if key.root_generation != generation:
                if fresh and key.purpose == "data":
                    await self._add_data_key(conn, tenant, key.version + 1, generation)
                else:
                    await self._rewrap(conn, key, generation)
                return True
        return False

    async def rewrap_owned(self, conn: AsyncConnection, tenant: str, *, limit: int) -> int:
        """At most `limit` relationship and person keys under the newest data key; 0 when all are.

        Raises:
            DamagedKeyError: a key does not open.
            IntegrityError: one does not open alike after it was wrapped anew.
        """
        parent = await held_tenant_key(conn, tenant, "data")
        moved = 0
        for owned in OWNED:
            older = owned.table.c.parent_version != parent.version
            query = owned.rows(tenant).where(older).order_by(owned.owner).limit(limit - moved)
            rows = (await conn.execute(query.with_for_update(of=owned.table))).all()
            await self._rewrap_rows(conn, owned, rows, parent)
            moved += len(rows)
        return moved

    # --- what is old, and its end -----------------------------------------------------------

    async def close(self, conn: AsyncConnection, generation: int, *, fresh: frozenset[str]) -> None:
        """Let nothing hang on what is older than `generation`, and mark it: nobody wraps under it any more.

        1. wait for whoever still wraps under it, and keep everybody else from beginning
        2. what came to hang on it meanwhile moves: tenants in `fresh` to their new data key
        3. delete the earlier data keys and mark the older generations  4. look whether nothing hangs on them

        Raises:
            IntegrityError: something does.
        """
        roots = and_(
            key_roots.c.tenant == INSTALLATION,
            key_roots.c.generation < generation,
            key_roots.c.destroyed_at.is_(None),
        )
        await conn.execute(select(key_roots.c.generation).where(roots).with_for_update())  # 1
        older = or_(tenant_keys.c.root_generation != generation, _earlier_data_key())
        found = await conn.execute(select(tenant_keys.c.tenant).where(older).with_for_update())
        touched = sorted(set(found.scalars()))
        for tenant in touched:  # 2
            while await self.rewrap_tenant(conn, tenant, generation, fresh=tenant in fresh):
                pass
            while await self.rewrap_owned(conn, tenant, limit=500):
                pass
        await conn.execute(delete(tenant_keys).where(_earlier_data_key()))  # 3
        await conn.execute(update(key_roots).where(roots).values(destroyed_at=self._clock.now()))
        if await _hangs_elsewhere(conn, [generation]) or await _orphans(conn, touched):  # 4
            raise IntegrityError("a key still hangs on what is about to be destroyed")

    def require_opens(self, key: AnyKey) -> None:
        """Unwrap the key.

        Raises:
            DamagedKeyError: it does not open, or what wraps it is gone.
        """
        self._fingerprint(key)

    # --- parts ------------------------------------------------------------------------------

    async def _add_data_key(self, conn: AsyncConnection, tenant: str, version: int, generation: int) -> None:
        made, blob = self._material.wrap_tenant_key(new_key(), tenant, "data", version)
        _require_generation(made, generation)
        await conn.execute(
            tenant_keys.insert().values(
                tenant=tenant,
                purpose="data",
                version=version,
                root_generation=generation,
                wrapped=blob,
                created_at=self._clock.now(),
            )
        )

    async def _rewrap(self, conn: AsyncConnection, key: WrappedTenantKey, generation: int) -> None:
        with _naming(key):
            same = self._material.tenant_material(key)
        made, blob = self._material.wrap_tenant_key(same, key.tenant, key.purpose, key.version)
        _require_generation(made, generation)
        self._require_same(key, WrappedTenantKey(key.tenant, key.purpose, key.version, made, blob))
        await conn.execute(
            update(tenant_keys)
            .where(
                tenant_keys.c.tenant == key.tenant,
                tenant_keys.c.purpose == key.purpose,
                tenant_keys.c.version == key.version,
                tenant_keys.c.wrapped == key.blob,
            )
            .values(root_generation=made, wrapped=blob)
        )

    async def _rewrap_rows(
        self, conn: AsyncConnection, owned: AnyOwnedTable, rows: Sequence[Row[Any]], parent: WrappedTenantKey
    ) -> None:
        """Compare and set: a row that somebody else changed meanwhile stays as he left it."""
        moves = [self._move(owned, row, parent) for row in rows]
        if moves:
            where = and_(
                owned.table.c.tenant == parent.tenant,
                owned.owner == bindparam("the_owner"),
                owned.table.c.wrapped == bindparam("was"),
            )
            values = {"wrapped": bindparam("becomes"), "parent_version": parent.version}
            await conn.execute(update(owned.table).where(where).values(values), moves)

    def _move(self, owned: AnyOwnedTable, row: Row[Any], parent: WrappedTenantKey) -> dict[str, object]:
        key = owned.key_from(row)
        with _naming(key):
            blob = self._material.rewrap_owned_key(key, parent, owned.kind)
        self._require_same(key, owned.key(key.tenant, key.owner, key.version, blob, parent))
        return {"the_owner": key.owner, "was": key.blob, "becomes": blob}

    def _require_same(self, before: AnyKey, after: AnyKey) -> None:
        if self._fingerprint(before) != self._fingerprint(after):
            raise IntegrityError("a key wrapped anew is another key")

    def _fingerprint(self, key: AnyKey) -> Secret:
        with _naming(key):
            return self._material.derived(key, "same-key/v1")


@contextmanager
def _naming(key: AnyKey) -> Iterator[None]:
    """Say which key it is that does not open.

    Raises:
        DamagedKeyError: it does not, or what wraps it is gone.
    """
    try:
        yield
    except (IntegrityError, KeyDestroyedError) as failure:
        raise damage_of(key) from failure


def _require_generation(made: int, wanted: int) -> None:
    if made != wanted:
        raise KeyProviderUnavailableError("the key provider wraps under another generation")


def _probe_aad(epoch: int) -> bytes:
    return length_prefixed("probe/v1", epoch)


def _earlier_data_key() -> ColumnElement[bool]:
    """A version of a data key that a later one succeeded."""
    newest = newest_version(tenant_keys.c.tenant, "data")
    return and_(tenant_keys.c.purpose == "data", tenant_keys.c.version < newest)


async def _being_destroyed(conn: AsyncConnection) -> frozenset[int]:
    """The root that an epoch which has not ended replaces."""
    query = select(key_epochs.c.from_generation).where(
        key_epochs.c.tenant == INSTALLATION, key_epochs.c.state != "destroyed"
    )
    return frozenset((await conn.execute(query)).scalars())


async def _hangs_elsewhere(conn: AsyncConnection, generations: Iterable[int]) -> bool:
    """Whether a tenant key is wrapped by a generation other than these."""
    query = select(tenant_keys.c.tenant).where(tenant_keys.c.root_generation.not_in(list(generations)))
    return (await conn.execute(query.limit(1))).first() is not None


async def _orphans(conn: AsyncConnection, tenants: list[str]) -> bool:
    """Whether a key of these tenants names a data key that is not the newest."""
    for tenant in tenants:
        for owned in OWNED:
            query = select(owned.owner).where(
                owned.table.c.tenant == tenant,
                owned.table.c.parent_version != newest_version(tenant, "data"),
            )
            if (await conn.execute(query.limit(1))).first() is not None:
                return True
    return False
