"""Replacing what lies above keys: root generations and the data keys of tenants.

A key itself never changes here, and neither does what is sealed under it. Each call is one small piece
of work in the caller's transaction, and doing it twice changes nothing; in which order, and when the old
is destroyed, is `custody.epochs`. Everything that is wrapped anew is unwrapped again at once and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
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
    tenant_key_from,
    tenant_keys_in_use,
)

_SAME: Final = "same-key/v1"
_STAND_IN: Final = "stand-in"
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


class _Replaced(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A data key as it stood in its row, and random bytes wrapped under it."""

    key: WrappedTenantKey
    stand_in: bytes


class _Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is tried when an epoch has ended; in the database as MessagePack."""

    root: bytes
    replaced: tuple[_Replaced, ...] = ()


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

    # --- what is tried after the end ----------------------------------------------------------

    def make_probe(self, epoch: int) -> tuple[int, bytes]:
        """(generation, probe): random bytes that nothing but that generation can open."""
        generation, blob = self._provider.wrap(new_key(), _probe_aad(epoch))
        return generation, msgspec.msgpack.encode(_Probe(blob))

    async def with_replaced_keys(self, conn: AsyncConnection, probe: bytes) -> bytes:
        """The probe with every data key that a later one succeeded, and random bytes wrapped under each.

        These bytes stand in for a destroyed key, whose own row is gone: they hang where it hung.

        Raises:
            DamagedKeyError: such a data key does not open.
            IntegrityError: the probe was changed.
        """
        found = await conn.execute(select(tenant_keys).where(_earlier_data_key()))
        replaced = tuple(self._replaced(tenant_key_from(row)) for row in found)
        return msgspec.msgpack.encode(msgspec.structs.replace(_probe_from(probe), replaced=replaced))

    def replaced_in(self, probe: bytes) -> frozenset[str]:
        """The tenants of which the probe holds a replaced data key."""
        return frozenset(old.key.tenant for old in _probe_from(probe).replaced)

    def without_replaced_keys(self, probe: bytes) -> bytes:
        """The probe as it was made: what was tried is not kept."""
        return msgspec.msgpack.encode(_Probe(_probe_from(probe).root))

    def probe_opens(self, epoch: int, generation: int, probe: bytes) -> bool:
        """Whether the provider still opens a probe.

        Raises:
            IntegrityError: another key stands under the same number, or the probe was changed.
            KeyProviderUnavailableError: it cannot be told now.
        """
        try:
            self._provider.unwrap(generation, _probe_from(probe).root, _probe_aad(epoch))
        except KeyDestroyedError:
            return False
        return True

    async def replaced_keys_open(self, conn: AsyncConnection, probe: bytes) -> dict[str, bool]:
        """By tenant: whether anything that lives opens its replaced data key, or what hung on that.

        Tried are its row as it was, with the number it names and with every living root generation, and the
        random bytes, with every data key the tenant has. A tenant of which nothing was kept is left out.

        Raises:
            IntegrityError: the probe was changed, or a living data key does not open.
            KeyProviderUnavailableError: it cannot be told now.
        """
        opens: dict[str, bool] = {}
        for old in _probe_from(probe).replaced:
            where = tenant_keys.c.tenant == old.key.tenant, tenant_keys.c.purpose == "data"
            living = [tenant_key_from(row) for row in await conn.execute(select(tenant_keys).where(*where))]
            opened = self._some_root_opens(old.key) or self._some_key_opens(old, living)
            opens[old.key.tenant] = opened or opens.get(old.key.tenant, False)
        return opens

    def _replaced(self, key: WrappedTenantKey) -> _Replaced:
        with _naming(key):
            blob = self._material.wrap_owned_key(new_key(), key, _STAND_IN, _STAND_IN, 1)
        return _Replaced(key, blob)

    def _some_root_opens(self, key: WrappedTenantKey) -> bool:
        fresh = Material(self._provider, entries=1)
        for number in {*self._provider.generations(), key.root_generation}:
            with suppress(IntegrityError, KeyDestroyedError):
                fresh.tenant_material(msgspec.structs.replace(key, root_generation=number))
                return True
        return False

    def _some_key_opens(self, old: _Replaced, living: Iterable[WrappedTenantKey]) -> bool:
        return any(
            self._material.opens_owned_key(old.stand_in, _STAND_IN, _STAND_IN, parent=old.key, key=key)
            for key in living
        )

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

    async def fits(self, conn: AsyncConnection) -> bool:
        """Whether the database knows this provider, or none yet; only looks, unlike `recognise`."""
        query = select(key_roots.c.generation, key_roots.c.check_value).where(
            key_roots.c.tenant == INSTALLATION
        )
        known = {row.generation: row.check_value for row in await conn.execute(query)}
        both = known.keys() & set(self._provider.generations())
        return not known or (bool(both) and all(self._provider.check_value(n) == known[n] for n in both))

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
            DamagedKeyError: it does not open.
            KeyDestroyedError: what wraps it is gone.
        """
        try:
            self._material.derived(key, _SAME)
        except IntegrityError as failure:
            raise damage_of(key) from failure

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
            return self._material.derived(key, _SAME)


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


def _probe_from(probe: bytes) -> _Probe:
    try:
        return msgspec.msgpack.decode(probe, type=_Probe)
    except msgspec.DecodeError as failure:
        raise IntegrityError("the probe of an epoch was changed") from failure


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
