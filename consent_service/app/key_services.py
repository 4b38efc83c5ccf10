"""The services that keep, renew and destroy keys, put together."""

from __future__ import annotations

from typing import TypedDict

from consent_service.app.installation import Installation
from consent_service.app.shared import Shared
from consent_service.audit.log import AuditLog
from consent_service.custody.backups import KeyBackups
from consent_service.custody.drill import KeyDrill
from consent_service.custody.epochs import Epochs
from consent_service.custody.recovery import RecoveryKeys
from consent_service.custody.reencrypt import Reencryption
from consent_service.custody.reindex import Reindexing
from consent_service.custody.restoring import KeyRestoring
from consent_service.custody.service import CustodyService


class KeyServices(TypedDict):
    """The services of `Services` that keep, renew and destroy keys."""

    custody: CustodyService
    epochs: Epochs
    reencryption: Reencryption
    reindexing: Reindexing
    key_backups: KeyBackups
    recovery_keys: RecoveryKeys
    key_restoring: KeyRestoring
    key_drill: KeyDrill


def of_keys(parts: Installation, shared: Shared) -> KeyServices:
    """Put them together; opens nothing and starts nothing."""
    database, ring, log, clock = parts.database, parts.ring, shared.log, parts.clock
    backups = _key_backups(parts, log)
    epochs = Epochs(database=database, ring=ring, log=log, clock=clock, backups=backups)
    return KeyServices(
        custody=_custody(shared, epochs),
        epochs=epochs,
        reencryption=Reencryption(database=database, ring=ring, log=log, clock=clock),
        reindexing=Reindexing(database=database, ring=ring, log=log, clock=clock),
        key_backups=backups,
        recovery_keys=RecoveryKeys(
            database=database, log=log, clock=clock, path=parts.key_backups.recovery_key
        ),
        key_restoring=_key_restoring(shared),
        key_drill=KeyDrill(database=database, log=log, clock=clock, journal=parts.journal),
    )


def _custody(shared: Shared, epochs: Epochs) -> CustodyService:
    return CustodyService(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
        epochs=epochs,
    )


def _key_backups(parts: Installation, log: AuditLog) -> KeyBackups:
    return KeyBackups(
        database=parts.database,
        ring=parts.ring,
        log=log,
        clock=parts.clock,
        recovery_key=parts.key_backups.recovery_key,
        folder=parts.key_backups.folder,
        days=parts.key_backups.days,
    )


def _key_restoring(shared: Shared) -> KeyRestoring:
    return KeyRestoring(
        database=shared.database,
        ring=shared.ring,
        log=shared.log,
        clock=shared.clock,
        journal=shared.journal,
    )
