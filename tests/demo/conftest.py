"""Where the demo's tests keep their state."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.foundation.settings import Settings, load_settings


@pytest.fixture
def base(tmp_path: Path) -> Settings:
    """The settings of a machine on which nothing was set."""
    return load_settings({"HOME": str(tmp_path)})
