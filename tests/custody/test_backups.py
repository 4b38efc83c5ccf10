"""A key backup: sealed, whole, read back, and gone again after its days."""

from __future__ import annotations

from consent_service.custody.backup_file import read_backup
from consent_service.custody.recovery_key import RecoveryKey, write_public_key
from consent_service.foundation.clock import local_date
from consent_service.keyring import recovery
from consent_service.keyring.secret import Secret
from tests.shelter import World


def hold_ceremony(world: World) -> Secret:
    """A recovery key for the world, without the sheets; its seed."""
    seed = recovery.new_seed()
    rules = world.services.installation.key_backups
    key = RecoveryKey(recovery.public_half(seed), local_date(world.clock.now()))
    write_public_key(rules.recovery_key, key, replacing=True)
    return seed


async def test_a_backup_holds_every_key_and_is_readable_by_nobody_else(world: World) -> None:
    hold_ceremony(world)
    view = await world.family()
    await world.at_school(view.children[0].child)
    made = await world.services.key_backups.make()
    backup = read_backup(made.path)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert backup.header.keys == made.keys == backup.rows.keys
    assert len(backup.rows.relationships) == 1
