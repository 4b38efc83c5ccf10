"""Starting up: what must hold before the first request."""

from __future__ import annotations

import pytest

from consent_service.app import start_up
from consent_service.foundation.errors import ConfigurationError
from tests.scenarios.stories import told_family
from tests.shelter import World


async def test_it_does_not_start_without_the_journal_of_stops_that_were_accepted(world: World) -> None:
    await start_up(world.services)
    told = await told_family(world)
    await world.services.consent.withdraw_by_code(told.receipt.withdrawal_code)
    journal = world.services.installation.journal.path
    kept = journal.read_bytes()
    journal.unlink()
    with pytest.raises(ConfigurationError, match="stop journal"):
        await start_up(world.services)
    journal.write_bytes(kept)
    await start_up(world.services)


async def test_a_fresh_installation_begins_its_journal(world: World) -> None:
    world.services.installation.journal.path.unlink(missing_ok=True)
    await start_up(world.services)
    assert world.services.installation.journal.path.exists()
