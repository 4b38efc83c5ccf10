"""Events of keys over time: their end in three stages, epochs, backups, recovery, new wrappings."""

from __future__ import annotations

from datetime import date
from typing import Literal

from consent_service.audit.happenings.happening import Code, Happening

Attempt = Literal["refused", "opened", "not_tried"]
"""What came of trying to use a key that should be gone. `refused` is the proof."""


class KeyDestroyedOnOrder(Happening, frozen=True, tag="key.destroyed_on_order.v1"):
    """An operator carried out what the privacy coordinator `coordinator` decided; else as `KeyDestroyed`."""

    kind: Code
    owner: Code
    coordinator: Code
    details: int = -1
    emptied: Code = ""


class KeyPathDestroyed(Happening, frozen=True, tag="key.path_destroyed.v1"):
    """Every key above a destroyed one was replaced: an old copy of the data opens with no living key.

    `attempt` is what came of trying the replaced data key of this shelter, as its row was, with every living
    root, and random bytes that had been wrapped under it with every data key the shelter has. The destroyed
    key itself was deleted before, so these bytes stand in for it. Backups of keys made before live until
    `backups_until`.
    """

    kind: Code
    owner: Code
    epoch: int
    attempt: Attempt
    backups_until: date


class KeyBackupsExpired(Happening, frozen=True, tag="key.backups_expired.v1"):
    """The last backup of keys that still held the path to a destroyed one is gone."""

    kind: Code
    owner: Code


class KeyEpochBegun(Happening, frozen=True, tag="key.epoch_begun.v1"):
    epoch: int
    from_generation: int
    to_generation: int
    reason: Code


class KeyEpochEnded(Happening, frozen=True, tag="key.epoch_ended.v1"):
    """The old root generation is destroyed; `attempt` is what came of using it afterwards."""

    epoch: int
    destroyed_generation: int
    tenants: int
    keys: int
    backup: Code
    attempt: Attempt


class KeyRootReturned(Happening, frozen=True, tag="key.root_returned.v1"):
    """At start the key provider held a destroyed root generation: an older copy of it had been put back.

    It is destroyed again at once. While it was there, an old copy of the data opened with it.
    """

    generation: int


class KeysBackedUp(Happening, frozen=True, tag="key.backed_up.v1"):
    """`recovery` is the fingerprint of the public key it was sealed to."""

    backup: Code
    keys: int
    recovery: Code


class KeysRestored(Happening, frozen=True, tag="key.restored.v1"):
    """`dropped`: keys the restored data had and the backup no longer: they had been destroyed.

    `revived`: destroyed keys whose path had been told dead, and lives again until the next epoch.
    """

    backup: Code
    keys: int
    dropped: int
    revived: int = 0


class RecoveryKeyMade(Happening, frozen=True, tag="key.recovery_made.v1"):
    recovery: Code
    shares: int
    threshold: int


class RecoveryDrilled(Happening, frozen=True, tag="key.recovery_drilled.v1"):
    """How much opened in the scratch place, and how much that should have opened did not."""

    backup: Code
    keys: int
    opened: int
    failed: int


class RecordsReencrypted(Happening, frozen=True, tag="key.records_reencrypted.v1"):
    """Everything of a relationship under a fresh key; `digests` in the order of `types`."""

    relationship: Code
    key_version: int
    records: int
    types: tuple[Code, ...] = ()
    digests: tuple[Code, ...] = ()


class IndexKeyRotated(Happening, frozen=True, tag="key.index_rotated.v1"):
    version: int
    bits: int
    persons: int


KeyEvent = (
    KeyDestroyedOnOrder
    | KeyPathDestroyed
    | KeyBackupsExpired
    | KeyEpochBegun
    | KeyEpochEnded
    | KeyRootReturned
    | KeysBackedUp
    | KeysRestored
    | RecoveryKeyMade
    | RecoveryDrilled
    | RecordsReencrypted
    | IndexKeyRotated
)
