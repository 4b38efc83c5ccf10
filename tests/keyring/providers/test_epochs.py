"""An epoch over each kind of provider: the old root is gone there, and other processes go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert

from consent_service.audit.log import AuditLog
from consent_service.custody.backups import KeyBackups
from consent_service.custody.epochs import EpochDone, Epochs
from consent_service.custody.recovery_key import RecoveryKey, write_public_key
from consent_service.foundation.clock import MovableClock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import KeyDestroyedError, UnavailableError
from consent_service.foundation.ids import INSTALLATION, PersonId, TenantId, new_id
from consent_service.keyring import recovery
from consent_service.keyring.model import WrappedPersonKey
from consent_service.keyring.service import KeyRing
from consent_service.keyring.tables import key_destructions
from tests.keyring.providers.places import Ways

TENANT, CHILD = TenantId("tenant-1"), PersonId("person-1")
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def epochs_over(ring: KeyRing, database: Database, clock: MovableClock, folder: Path) -> Epochs:
    log = AuditLog(ring, clock)
    public, backups = folder / "recovery.pub", folder / "key-backups"
    if not public.exists():
        seed = recovery.new_seed()
        key = RecoveryKey(recovery.public_half(seed), local_date(clock.now()))
        write_public_key(public, key, replacing=False)
    kept = KeyBackups(
        database=database, ring=ring, log=log, clock=clock, recovery_key=public, folder=backups, days=7
    )
    return Epochs(database=database, ring=ring, log=log, clock=clock, backups=kept, last_readers=0.0)


async def furnish(ring: KeyRing, database: Database, clock: MovableClock) -> None:
    """A shelter with a child, and a key that was destroyed."""
    log = AuditLog(ring, clock)
    async with database.transaction() as conn:
        await ring.install(conn)
        await ring.create_tenant(conn, TENANT)
        await ring.create_person_key(conn, TENANT, CHILD)
        for tenant in (INSTALLATION, TENANT):
            await log.open(conn, tenant=tenant, host="test.invalid")
        destroyed = {"kind": "person", "owner": "gone", "child": "gone", "destroyed_at": clock.now()}
        await conn.execute(insert(key_destructions).values(tenant=TENANT, destruction=new_id(), **destroyed))


async def key_of_the_child(ring: KeyRing, database: Database) -> tuple[WrappedPersonKey, bytes]:
    async with database.reading() as conn:
        key = await ring.person_key(conn, TENANT, CHILD)
    return key, ring.material.derived(key, "print").reveal()


async def test_the_old_root_is_gone_at_the_provider_and_another_worker_goes_on(
    place: Ways, database: Database, clock: MovableClock, tmp_path: Path
) -> None:
    provider = place.make()
    ring, other = KeyRing(provider, clock), KeyRing(place.open(), clock)
    await furnish(ring, database, clock)
    old, before = await key_of_the_child(other, database)

    done = await epochs_over(ring, database, clock, tmp_path).run(reason="nightly")

    assert isinstance(done, EpochDone)
    assert place.open().generations() == (2,)
    place.wait()
    assert (await key_of_the_child(other, database))[1] == before
    async with database.transaction() as conn:
        fresh = await other.create_person_key(conn, TENANT, PersonId("person-2"))
        await other.create_tenant(conn, TenantId("tenant-2"))
    other.remembering_nothing().rotation.require_opens(fresh)
    for one in (ring, KeyRing(place.open(), clock)):
        with pytest.raises(KeyDestroyedError):
            one.remembering_nothing().rotation.require_opens(old)


async def test_a_provider_in_trouble_stops_an_epoch_which_goes_on_when_it_is_back(
    place: Ways, database: Database, clock: MovableClock, tmp_path: Path
) -> None:
    ring = KeyRing(place.make(), clock)
    await furnish(ring, database, clock)
    _, before = await key_of_the_child(ring, database)
    for trouble in place.troubles.values():
        with trouble():
            place.wait()
            with pytest.raises(UnavailableError):
                await epochs_over(ring, database, clock, tmp_path).run(reason="operator", everybody=True)
        place.wait()
        assert (await key_of_the_child(ring.remembering_nothing(), database))[1] == before
    assert isinstance(await epochs_over(ring, database, clock, tmp_path).run(reason="nightly"), EpochDone)
    assert (await key_of_the_child(ring.remembering_nothing(), database))[1] == before
