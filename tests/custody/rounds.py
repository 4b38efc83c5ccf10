"""Epochs over a furnished shelter: opened anew as another process would, and what must hold after each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import insert, select

from consent_service.custody.epoch_rows import Epoch
from consent_service.custody.epochs import Epochs, Tell
from consent_service.custody.recovery_key import RecoveryKey, write_public_key
from consent_service.foundation.clock import MovableClock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.ids import PersonId, RelationshipId, TenantId, new_id
from consent_service.foundation.stop_journal import StopJournal
from consent_service.keyring import recovery
from consent_service.keyring.model import AnyKey
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions
from consent_service.keyring.wrapped_rows import OWNED, tenant_keys_in_use, tenants_with_keys
from tests.shelter import World, reopened

E = TypeVar("E", bound=Epochs)
Prints = dict[tuple[str, str, str], bytes]
"""A print of every key by tenant, kind and owner: the same print is the same key."""


def hold_ceremony(world: World) -> None:
    """A recovery key for the world, whose seed nobody has: these tests restore nothing."""
    path = world.services.installation.key_backups.recovery_key
    public = recovery.public_half(recovery.new_seed())
    write_public_key(path, RecoveryKey(public, local_date(world.clock.now())), replacing=True)


def epochs_of(world: World) -> Epochs:
    """Epochs of this world that do not wait for readers."""
    services = world.services
    return Epochs(
        database=services.installation.database,
        ring=services.installation.ring,
        log=services.log,
        clock=services.installation.clock,
        backups=services.key_backups,
        last_readers=0.0,
    )


def like(kind: type[E], world: World) -> E:
    """Epochs of this world, of a kind that does something in between."""
    made = kind.__new__(kind)
    made.__dict__.update(epochs_of(world).__dict__)
    return made


class Interrupted(Epochs):
    """Stops before the step from `at`, as if its process had ended there."""

    at = "open"

    async def rewrap(self, epoch: Epoch, tell: Tell) -> Epoch:
        self._stop_at("open")
        return await super().rewrap(epoch, tell)

    async def verify(self, epoch: Epoch, tell: Tell) -> Epoch:
        self._stop_at("rewrapped")
        return await super().verify(epoch, tell)

    async def back_up(self, epoch: Epoch, tell: Tell) -> Epoch:
        self._stop_at("verified")
        return await super().back_up(epoch, tell)

    async def destroy(self, epoch: Epoch, tell: Tell) -> Epoch:
        self._stop_at("backed_up")
        return await super().destroy(epoch, tell)

    def _stop_at(self, state: str) -> None:
        if self.at == state:
            raise RuntimeError("interrupted")


async def interrupt(world: World, at: str) -> None:
    epochs = like(Interrupted, world)
    epochs.at = at
    with pytest.raises(RuntimeError, match="interrupted"):
        await epochs.run(reason="nightly")


@asynccontextmanager
async def as_another_process(world: World, url: str, folder: Path) -> AsyncIterator[World]:
    """The same shelter as a process sees it that knows nothing of this one."""
    database = Database(url)
    try:
        clock = MovableClock(world.clock.now())
        yield reopened(world, database, clock, StopJournal(folder / "stops.jsonl"), folder)
    finally:
        await database.close()


async def make_relationship_key(world: World, tenant: TenantId | None = None) -> RelationshipId:
    relationship = RelationshipId(new_id())
    installation = world.services.installation
    async with installation.database.transaction() as conn:
        await installation.ring.create_relationship_key(conn, tenant or world.tenant, relationship)
    return relationship


async def make_person_key(world: World, tenant: TenantId | None = None) -> PersonId:
    person = PersonId(new_id())
    installation = world.services.installation
    async with installation.database.transaction() as conn:
        await installation.ring.create_person_key(conn, tenant or world.tenant, person)
    return person


async def destroy(world: World, relationship: RelationshipId, child: str = "nobody") -> None:
    """What `custody` leaves behind of a key: no row, and a destruction that waits for an epoch."""
    installation = world.services.installation
    async with installation.database.transaction() as conn:
        assert await installation.ring.destroy_relationship_key(conn, world.tenant, relationship)
        await conn.execute(
            insert(key_destructions).values(
                tenant=world.tenant,
                destruction=new_id(),
                kind="relationship",
                owner=relationship,
                child=child,
                destroyed_at=world.clock.now(),
            )
        )


async def prints(world: World) -> Prints:
    """A print of every living key, each unwrapped anew; for data keys of tenants only that they open."""
    installation = world.services.installation
    ring = installation.ring.remembering_nothing()
    found: Prints = {}
    async with installation.database.reading() as conn:
        for tenant in await tenants_with_keys(conn):
            for key in await tenant_keys_in_use(conn, tenant):
                kind = f"{key.purpose}-{key.version}"
                print_ = print_of(ring, key)
                found[tenant, "tenant", kind] = b"" if key.purpose == "data" else print_
            for owned in OWNED:
                for row in await conn.execute(owned.rows(tenant)):
                    found[tenant, owned.kind, row.owner] = print_of(ring, owned.key_from(row))
    return {place: print_ for place, print_ in found.items() if not place[2].startswith("data-")}


def print_of(ring: KeyRing, key: AnyKey) -> bytes:
    return ring.material.derived(key, "print").reveal()


async def destructions(world: World) -> list[tuple[int | None, bool]]:
    """(epoch, whether its path is dead) of every destruction, oldest first."""
    query = select(key_destructions).order_by(key_destructions.c.destroyed_at, key_destructions.c.destruction)
    async with world.services.installation.database.reading() as conn:
        rows = (await conn.execute(query)).all()
    return [(row.epoch, row.path_dead_at is not None) for row in rows]
