"""Processes that write to and sequence one log until they are killed, started by the hundred.

python -m tests.audit.killed DATABASE_URL FOLDER TENANT PERSON

Each line on its input (`write`, `sequence auto`, `sequence lease`) makes a process, by forking one in which
everything is imported and the keys are open. They share its output, one line each time something is certain:

    forked PID | wrote PID ENTRY | signed PID SIZE ROOT | failed PID KIND
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple, NoReturn

from consent_service.audit import leading
from consent_service.audit.heads.known import KnownHeads
from consent_service.audit.log import AuditLog
from consent_service.audit.log_keys import current_log
from consent_service.audit.sequencer import Sequencer
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import UnavailableError
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.foundation.settings import SequencerLock
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.service import KeyRing
from tests.audit.factories import COUNSELLOR, a_consent
from tests.factories import PASSPHRASE

SHORT_LEASE = timedelta(milliseconds=40)
"""So short that batches outlive it: then nothing but the primary keys stands between two histories."""


PAUSE = 0.004
"""Seconds after each piece of work: on SQLite whoever never pauses keeps the others from their turn."""


class Place(NamedTuple):
    url: str
    folder: Path
    tenant: TenantId
    person: PersonId
    ring: KeyRing
    parent: int

    def is_wanted(self) -> bool:
        """Nobody goes on after the test that started them."""
        return os.getppid() == self.parent


def heads_of(folder: Path) -> KnownHeads:
    """The file of heads that both sequencers share."""
    return KnownHeads(folder / "heads.jsonl")


def main() -> None:
    url, folder, tenant, person = sys.argv[1:]
    ring = KeyRing(unlock_keystore(Path(folder) / "keystore.json", PASSPHRASE), SystemClock())
    place = Place(url, Path(folder), TenantId(tenant), PersonId(person), ring, os.getpid())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who was killed is gone at once
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _work(place, line.split())
        _say("forked", str(child))


def _work(place: Place, wanted: list[str]) -> NoReturn:
    try:
        asyncio.run(_write(place) if wanted[0] == "write" else _sequence(place, wanted[1]))
    except BaseException as failure:  # noqa: BLE001 - told, whatever it is
        _say("failed", str(os.getpid()), type(failure).__name__)
    finally:
        os._exit(1)


async def _write(place: Place) -> None:
    database, log = Database(place.url, pool_size=1), AuditLog(place.ring, SystemClock())
    while place.is_wanted():
        try:
            async with database.transaction() as conn:
                entry = await log.append(
                    conn, tenant=place.tenant, event=a_consent(), by=COUNSELLOR, subject=place.person
                )
        except UnavailableError:
            continue
        _say("wrote", str(os.getpid()), str(entry))
        await asyncio.sleep(PAUSE)


async def _sequence(place: Place, lock: str) -> None:
    leading.LEASE, leading._RENEWED_BEFORE = SHORT_LEASE, SHORT_LEASE / 2  # type: ignore[misc]
    kind: SequencerLock = "lease" if lock == "lease" else "auto"
    database, heads = Database(place.url, pool_size=2), heads_of(place.folder)
    sequencer = Sequencer(database, place.ring, SystemClock(), heads, kind)
    async with database.reading() as conn:
        log = await current_log(conn, place.tenant)
    assert log is not None
    while place.is_wanted():
        try:
            done = await sequencer.run_once(place.tenant)
        except UnavailableError:
            continue
        head = heads.newest(log.origin)
        if done and head is not None:
            _say("signed", str(os.getpid()), str(head.size), head.root.hex())
        await asyncio.sleep(PAUSE)


def _say(*words: str) -> None:
    """One line in one piece, whoever else writes."""
    os.write(sys.stdout.fileno(), (" ".join(words) + "\n").encode())


if __name__ == "__main__":
    main()
