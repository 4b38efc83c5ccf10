"""A sender that is killed while the mail server has its mail: python -m tests.process.notices.killed ..."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from consent_service.app import Installation, build_services
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.foundation.notifier import MailNotifier, MailServer
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.service import LoginRules
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.service import KeyRing
from tests.conftest import START
from tests.factories import PASSPHRASE, key_backup_rules
from tests.postbox import SENDER
from tests.shelter import POLICIES


async def _run(url: str, folder: Path, tenant: TenantId, port: int) -> None:
    clock = MovableClock(START)
    ring = KeyRing(unlock_keystore(folder / "keystore.json", PASSPHRASE), clock)
    services = build_services(
        Installation(
            database=Database(url),
            ring=ring,
            clock=clock,
            journal=StopJournal(folder / "stops.jsonl"),
            policies=POLICIES,
            login=LoginRules("http://127.0.0.1:8000", loopback_allowed=True),
            log_host="test.invalid",
            drafts_allowed=True,
            key_backups=key_backup_rules(folder),
            notifier=MailNotifier(MailServer("127.0.0.1", port, SENDER)),
        )
    )
    await services.notice_sender.run_once(tenant)


if __name__ == "__main__":
    asyncio.run(_run(sys.argv[1], Path(sys.argv[2]), TenantId(sys.argv[3]), int(sys.argv[4])))
