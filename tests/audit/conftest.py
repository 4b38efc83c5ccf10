"""A log to test with: a tenant with keys, an open log, two persons and a sequencer."""

from __future__ import annotations

import pytest

from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.keyring.service import KeyRing
from tests.audit.factories import Desk, open_desk


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> Desk:
    return await open_desk(database, keyring, clock)
