"""An installation one can log in to: keys, a shelter with staff, and the demo provider over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.keyring.service import KeyRing
from tests.identity.desk import Desk, open_desk
from tests.identity.serving import running


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> AsyncIterator[Desk]:
    """The identity service with a counsellor, a contact and a coordinator linked at the demo provider."""
    desk = await open_desk(database, keyring, clock)
    async with running(desk.provider.server(desk.port), desk.port):
        yield desk
    await desk.browser.aclose()
