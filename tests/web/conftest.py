"""The application in front of the world, for tests of the pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.shelter import World
from tests.web.visiting import Site, open_site


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    """The whole application over a fresh world, on each engine."""
    async with open_site(world, tmp_path) as opened:
        yield opened
