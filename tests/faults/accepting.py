"""A process of its own that accepts one withdrawal, says so, and then waits to be killed.

python -m tests.faults.accepting DATABASE_URL FOLDER code CODE
python -m tests.faults.accepting DATABASE_URL FOLDER guardian TENANT FAMILY GUARDIAN
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from consent_service.app import Installation, Services, build_services
from consent_service.consent.service import StopAccepted, Target
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import FamilyId, PersonId, TenantId
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import GuardianActor
from consent_service.identity.service import LoginRules
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.service import KeyRing
from tests.conftest import START
from tests.factories import PASSPHRASE, key_backup_rules
from tests.shelter import POLICIES


def services_of(url: str, folder: Path) -> Services:
    """The services of another process over the same database, keys and journal."""
    clock = MovableClock(START)
    return build_services(
        Installation(
            database=Database(url),
            ring=KeyRing(unlock_keystore(folder / "keystore.json", PASSPHRASE), clock),
            clock=clock,
            journal=StopJournal(folder / "stops.jsonl"),
            policies=POLICIES,
            login=LoginRules("http://127.0.0.1:8000", loopback_allowed=True),
            log_host="test.invalid",
            drafts_allowed=True,
            key_backups=key_backup_rules(folder),
        )
    )


async def accept(url: str, folder: Path, how: str, *about: str) -> StopAccepted:
    consent = services_of(url, folder).consent
    if how == "code":
        return await consent.withdraw_by_code(about[0])
    tenant, family, guardian = TenantId(about[0]), FamilyId(about[1]), PersonId(about[2])
    actor = GuardianActor(tenant, guardian, family)
    return await consent.withdraw(actor, Target(tenant, family, guardian), method="page")


def main() -> None:
    url, folder, how, *about = sys.argv[1:]
    accepted = asyncio.run(accept(url, Path(folder), how, *about))
    sys.stdout.write(f"accepted, written: {accepted.written}\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    main()
