"""Putting keys back: what lives opens again, what was destroyed never does."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, select, update

from consent_service.audit.log import TrailFilter
from consent_service.custody import restoring
from consent_service.custody.backup_file import (
    Header,
    KeyBackup,
    KeyRows,
    encode_rows,
    finish,
    parse,
    section,
    vouched_part,
)
from consent_service.custody.key_choice import Unusable
from consent_service.custody.model import DestructionReport, Doomed
from consent_service.custody.restoring import Restored
from consent_service.custody.service import read_report
from consent_service.families.tables import children
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyProviderUnavailableError,
    NotAllowedError,
)
from consent_service.foundation.ids import INSTALLATION, PersonId
from consent_service.keyring import recovery
from consent_service.keyring.tables import (
    key_destructions,
    key_epochs,
    key_roots,
    relationship_keys,
    tenant_keys,
)
from tests.custody.recovering import (
    OPERATOR,
    backed_up,
    hold_ceremony,
    key_rows,
    put_back,
    seed_of,
    with_a_new_provider,
)
from tests.custody.rounds import destroy, epochs_of, make_person_key, make_relationship_key, prints
from tests.custody.test_closure import a_family, attacker, stolen
from tests.ledger import count
from tests.shelter import World

LATER = timedelta(hours=1)


async def restored(world: World, backup: KeyBackup, **how: object) -> Restored:
    done = await world.services.key_restoring.restore(backup, actor=OPERATOR, **how)  # type: ignore[arg-type]
    assert isinstance(done, Restored), done
    return done


async def refused(world: World, backup: KeyBackup, **how: object) -> Unusable:
    before = await key_rows(world)
    done = await world.services.key_restoring.restore(backup, actor=OPERATOR, **how)  # type: ignore[arg-type]
    assert isinstance(done, Unusable), done
    assert await key_rows(world) == before
    return done


async def owners(world: World) -> set[str]:
    return {row.relationship for row in (await key_rows(world)).relationships}


# --- a restore of data, the provider alive -----------------------------------------------------------


async def test_after_a_restore_of_data_from_before_an_epoch_the_keys_of_today_open_it_again(
    world: World,
) -> None:
    await hold_ceremony(world)
    kept, gone = await make_relationship_key(world), await make_relationship_key(world)
    yesterday, was = await key_rows(world), await prints(world)
    world.clock.advance(LATER)
    await destroy(world, gone)
    await epochs_of(world).run(reason="operator")
    backup = await backed_up(world)
    await put_back(world, yesterday)
    ring = world.services.installation.ring
    async with world.services.installation.database.transaction() as conn:
        with pytest.raises(ConfigurationError, match="keys restore"):
            await ring.install(conn)

    done = await restored(world, backup)

    assert (done.dropped, done.lost) == (1, 0)
    assert await owners(world) == {kept}
    now = await prints(world)
    del was[world.tenant, "relationship", gone]
    assert now == was
    async with world.services.installation.database.transaction() as conn:
        await ring.install(conn)
    roots = {row.generation: row.destroyed_at is not None for row in (await key_rows(world)).roots}
    assert roots == {1: True, 2: False}


async def test_a_restore_is_logged_and_a_second_one_changes_nothing(world: World) -> None:
    await hold_ceremony(world)
    await make_relationship_key(world)
    backup = await backed_up(world)
    done = await restored(world, backup)
    before = await key_rows(world)
    assert await restored(world, backup) == done
    assert await key_rows(world) == before
    async with world.services.installation.database.reading() as conn:
        wanted = TrailFilter(types=frozenset({"key.restored.v1"}))
        page = await world.services.log.trail(conn, INSTALLATION, wanted)
    assert len(page.entries) == 2
    assert page.entries[0].detail is not None
    assert page.entries[0].detail.event.keys == done.keys == before.keys  # type: ignore[union-attr]


async def test_rows_somebody_deleted_come_back_and_younger_keys_stay(world: World) -> None:
    await hold_ceremony(world)
    old = await make_relationship_key(world)
    person = await make_person_key(world)
    backup = await backed_up(world)
    world.clock.advance(LATER)
    young = await make_relationship_key(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(relationship_keys).where(relationship_keys.c.relationship == old))

    done = await restored(world, backup)

    assert (done.dropped, done.lost) == (0, 0)
    assert await owners(world) == {old, young}
    assert (world.tenant, "person", person) in await prints(world)


async def test_a_key_made_while_the_backup_was_made_is_not_taken_for_destroyed(world: World) -> None:
    await hold_ceremony(world)
    meanwhile = await make_relationship_key(world)  # committed only after the backup had read its rows
    world.clock.advance(timedelta(seconds=30))
    async with world.services.installation.database.transaction() as conn:
        row = (await conn.execute(select(relationship_keys))).mappings().one()
        await conn.execute(delete(relationship_keys))
    backup = await backed_up(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(relationship_keys.insert().values(**row))
    assert (await restored(world, backup)).dropped == 0
    assert await owners(world) == {meanwhile}


# --- what was destroyed --------------------------------------------------------------------------------


async def test_a_backup_from_before_a_destruction_does_not_bring_the_key_back(world: World) -> None:
    await hold_ceremony(world)
    gone = await make_relationship_key(world)
    backup = await backed_up(world)
    world.clock.advance(LATER)
    await destroy(world, gone)
    assert (await restored(world, backup)).dropped == 0
    assert await owners(world) == set()


async def test_the_stop_journal_alone_keeps_a_key_destroyed(world: World) -> None:
    await hold_ceremony(world)
    gone = await make_relationship_key(world)
    yesterday, backup = await key_rows(world), await backed_up(world)
    journal = world.services.installation.journal
    subject = {"relationship": str(gone)}
    for kind in ("withdrawal", "key_destruction"):
        stop = journal.accept(kind, tenant=world.tenant, at=world.clock.now(), subject=subject)
    journal.mark_done(stop.id)
    await put_back(world, yesterday)
    assert (await restored(world, backup)).dropped == 1
    assert await owners(world) == set()


async def test_an_erased_child_stays_erased_with_all_its_relationships(world: World) -> None:
    await hold_ceremony(world)
    view = await world.family(children=(("Noor", world.clock.now().date().replace(year=2018)),))
    child = view.children[0].child
    await world.at_school(child)
    yesterday, backup = await key_rows(world), await backed_up(world)
    world.clock.advance(LATER)
    await world.services.custody.destroy_child(world.officer, child)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(key_destructions))  # the database of yesterday knows nothing of it
    await put_back(world, yesterday)

    done = await restored(world, backup)

    assert done.dropped == 2
    assert await owners(world) == set()
    assert child not in {row.person for row in (await key_rows(world)).persons}
    assert await count(world, children) == 1


async def test_what_the_backup_says_was_destroyed_stays_so_in_an_older_database(world: World) -> None:
    await hold_ceremony(world)
    gone = await make_relationship_key(world)
    yesterday = await key_rows(world)
    await destroy(world, gone)
    backup = await backed_up(world)  # within the minutes in which absence proves nothing
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(key_destructions))
    await put_back(world, yesterday)
    assert (await restored(world, backup)).dropped == 1
    assert await owners(world) == set()


# --- the provider lost -----------------------------------------------------------------------------------


async def test_with_three_sheets_a_new_provider_holds_every_key_again(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    await make_relationship_key(world)
    await make_person_key(world)
    was, backup = await prints(world), await backed_up(world)
    after = with_a_new_provider(world, database, tmp_path)
    assert (await refused(after, backup)).why == "unopened"

    done = await restored(after, backup, seed=seed_of(ceremony))

    assert done.keys == backup.header.keys
    assert await prints(after) == was
    roots = {row.generation: row.destroyed_at is not None for row in (await key_rows(after)).roots}
    assert roots == {1: True, 2: False}
    assert after.services.installation.ring.rotation.generations() == (2,)
    async with database.transaction() as conn:
        await after.services.installation.ring.install(conn)
        with pytest.raises(ConfigurationError):
            await world.services.installation.ring.install(conn)


async def test_a_lost_provider_takes_what_is_younger_than_the_backup_with_it(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    old = await make_relationship_key(world)
    backup = await backed_up(world)
    world.clock.advance(LATER)
    gone = await make_relationship_key(world)
    await destroy(world, gone)
    await epochs_of(world).run(reason="operator")
    young = await make_relationship_key(world)
    after = with_a_new_provider(world, database, tmp_path)

    done = await restored(after, backup, seed=seed_of(ceremony))

    assert (done.dropped, done.lost) == (0, 1)
    assert await owners(after) == {old}
    assert young not in await owners(after)


async def test_after_a_recovery_no_earlier_data_key_lives_and_epochs_go_on(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    kept, gone = await make_relationship_key(world), await make_relationship_key(world)
    await destroy(world, gone)
    epochs = epochs_of(world)
    begun = await epochs.open("operator", everybody=False)
    await epochs.rewrap(begun, lambda _progress: None)
    backup = await backed_up(world)
    assert [row.version for row in backup.rows.tenants if row.purpose == "data"].count(1) == 2
    after = with_a_new_provider(world, database, tmp_path)

    await restored(after, backup, seed=seed_of(ceremony))

    rows = await key_rows(after)
    of_shelter = [row.version for row in rows.tenants if (row.tenant, row.purpose) == (world.tenant, "data")]
    assert of_shelter == [2]
    assert await count(after, key_epochs) == 0
    await epochs_of(after).run(reason="operator")
    assert await owners(after) == {kept}
    async with database.reading() as conn:
        dead = (await conn.execute(select(key_destructions.c.path_dead_at))).scalars().all()
    assert None not in dead


async def stage_of(world: World, child: PersonId) -> DestructionReport:
    async with world.services.installation.database.reading() as conn:
        report = await read_report(conn, world.tenant, Doomed("child", child), now=world.clock.now())
    assert report is not None
    return report


async def test_a_recovery_from_before_an_epoch_takes_back_what_that_epoch_told(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    child, owned = await a_family(world)
    backup = await backed_up(world)
    yesterday = await stolen(world)
    erased = attacker(world, yesterday).readable(owned)
    world.clock.advance(LATER)
    await world.services.custody.destroy_child(world.officer, child)
    await epochs_of(world).run(reason="operator")
    assert (await stage_of(world, child)).stage == "path_dead"
    assert not attacker(world, yesterday, await stolen(world)).readable() & erased

    new = with_a_new_provider(world, database, tmp_path)
    done = await restored(new, backup, seed=seed_of(ceremony))

    assert done.revived == len(owned)
    assert attacker(new, yesterday, await stolen(new)).readable() & erased  # it does live again
    report = await stage_of(new, child)
    assert (report.stage, report.backups_until) == ("live_dead", None)
    new.clock.advance(LATER)
    assert await epochs_of(new).is_wanted()
    await epochs_of(new).run(reason="operator")
    assert not attacker(new, yesterday, await stolen(new)).readable() & erased
    assert (await stage_of(new, child)).stage == "path_dead"


async def test_a_recovery_from_after_the_epoch_takes_nothing_back(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    gone = await make_relationship_key(world)
    world.clock.advance(LATER)
    await destroy(world, gone)
    await epochs_of(world).run(reason="operator")
    backup = await backed_up(world)
    new = with_a_new_provider(world, database, tmp_path)
    assert (await restored(new, backup, seed=seed_of(ceremony))).revived == 0
    assert not await epochs_of(new).is_wanted()


async def test_where_the_tenant_keys_were_lost_too_only_older_ones_revive_a_path(world: World) -> None:
    await hold_ceremony(world)
    gone = await make_relationship_key(world)
    world.clock.advance(LATER)
    await destroy(world, gone)
    world.clock.advance(LATER)
    await epochs_of(world).run(reason="operator")
    backup = await backed_up(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(tenant_keys))
    assert (await restored(world, backup)).revived == 0
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(tenant_keys))
        await conn.execute(update(key_destructions).values(destroyed_at=world.clock.now()))
    assert (await restored(world, backup)).revived == 1
    assert await epochs_of(world).is_wanted()


async def test_nobody_but_an_operator_puts_keys_back(world: World) -> None:
    await hold_ceremony(world)
    backup = await backed_up(world)
    before = await key_rows(world)
    with pytest.raises(NotAllowedError):
        await world.services.key_restoring.restore(backup, actor=world.officer)  # type: ignore[arg-type]
    assert await key_rows(world) == before


async def test_a_recovery_may_be_done_again(world: World, database: Database, tmp_path: Path) -> None:
    ceremony = await hold_ceremony(world)
    await make_relationship_key(world)
    backup = await backed_up(world)
    after = with_a_new_provider(world, database, tmp_path)
    after.services.installation.ring.rotation.make_generation(2)  # an earlier try that failed after this
    for _ in range(2):
        await restored(after, backup, seed=seed_of(ceremony))
    async with database.transaction() as conn:
        await after.services.installation.ring.install(conn)


# --- backups that are not used ----------------------------------------------------------------------------


def rebuilt(backup: KeyBackup, *, rows: KeyRows | None = None, sealed: bytes | None = None) -> KeyBackup:
    """As somebody makes it who can write to the folder: whole, with the mac of the original."""
    encoded = encode_rows(rows or backup.rows)
    content = sealed or backup.sealed
    header: Header = msgspec.structs.replace(backup.header, rows=section(encoded), sealed=section(content))
    return parse(finish(vouched_part(header, encoded, content), backup.mac))


async def test_a_backup_from_which_a_key_was_taken_out_is_not_used(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    await make_relationship_key(world)
    backup = await backed_up(world)
    less = rebuilt(backup, rows=msgspec.structs.replace(backup.rows, relationships=()))
    assert await refused(world, less) == Unusable("forged")
    after = with_a_new_provider(world, database, tmp_path)
    assert await refused(after, less, seed=seed_of(ceremony)) == Unusable("forged")


async def test_sections_of_two_backups_do_not_go_together(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    first, second = await backed_up(world), await backed_up(world)
    mixed = rebuilt(first, sealed=second.sealed)
    assert await refused(world, mixed) == Unusable("forged")
    after = with_a_new_provider(world, database, tmp_path)
    assert await refused(after, mixed, seed=seed_of(ceremony)) == Unusable("forged")


async def test_a_section_sealed_by_somebody_else_opens_nothing_of_ours(
    world: World, database: Database, tmp_path: Path
) -> None:
    ceremony = await hold_ceremony(world)
    await make_relationship_key(world)
    backup = await backed_up(world)
    after = with_a_new_provider(world, database, tmp_path)
    ring = after.services.installation.ring
    own = [
        msgspec.structs.replace(row.key, blob=blob, root_generation=generation)
        for row in backup.rows.tenants
        for generation, blob in [
            ring.material.wrap_tenant_key(recovery.new_seed(), row.tenant, row.purpose, row.version)
        ]
    ]
    sealed = recovery.seal_tenant_keys(ring, own, public=ceremony.key.public, info=backup.sealing_info)
    assert await refused(after, rebuilt(backup, sealed=sealed), seed=seed_of(ceremony)) == Unusable("forged")


async def test_sheets_of_another_ceremony_open_no_backup(world: World) -> None:
    await hold_ceremony(world)
    backup = await backed_up(world)
    assert await refused(world, backup, seed=recovery.new_seed()) == Unusable("other_sheets")


async def test_a_backup_without_the_key_that_vouches_for_it_is_forged(world: World) -> None:
    await hold_ceremony(world)
    backup = await backed_up(world)
    others = tuple(row for row in backup.rows.tenants if row.tenant != INSTALLATION)
    without = rebuilt(backup, rows=msgspec.structs.replace(backup.rows, tenants=others))
    assert await refused(world, without) == Unusable("forged")


async def test_a_key_that_was_damaged_before_the_backup_is_counted(world: World) -> None:
    await hold_ceremony(world)
    await make_relationship_key(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(relationship_keys).values(wrapped=bytes(60)))
    backup = await backed_up(world)
    assert await refused(world, backup) == Unusable("unopened", 1)


async def test_with_the_provider_away_nothing_is_changed(world: World, tmp_path: Path) -> None:
    await hold_ceremony(world)
    backup = await backed_up(world)
    before = await key_rows(world)
    (tmp_path / "keystore.json").rename(tmp_path / "unplugged")
    with pytest.raises(KeyProviderUnavailableError):
        await restored(world, backup)
    assert await key_rows(world) == before


async def test_keys_that_do_not_open_where_they_were_put_undo_everything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hold_ceremony(world)
    await make_relationship_key(world)
    backup = await backed_up(world)
    before = await key_rows(world)

    async def swallow(conn: object, chosen: object) -> None:
        await conn.execute(  # type: ignore[attr-defined]
            delete(tenant_keys).where(tenant_keys.c.tenant == world.tenant, tenant_keys.c.purpose == "data")
        )

    monkeypatch.setattr(restoring, "write_keys", swallow)
    with pytest.raises(IntegrityError, match="does not exist"):
        await restored(world, backup)
    assert await key_rows(world) == before


async def test_an_empty_database_gets_every_key_and_root(
    world: World, database: Database, tmp_path: Path
) -> None:
    await hold_ceremony(world)
    await make_relationship_key(world)
    backup = await backed_up(world)
    was = await prints(world)
    async with database.transaction() as conn:
        for table in (tenant_keys, relationship_keys, key_roots):
            await conn.execute(delete(table))
    await restored(world, backup)
    assert await prints(world) == was
