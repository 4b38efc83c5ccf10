"""The real policies of this repository, loaded once, and a copy of them to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, load_bundle
from tests.policy.questions import POLICIES


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(POLICIES)


@pytest.fixture(scope="session")
def bundle(catalogue: Catalogue) -> Bundle:
    return load_bundle(POLICIES, catalogue=catalogue)


@pytest.fixture
def proposal(tmp_path: Path) -> Path:
    """A copy of the policies folder that a test may spoil."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))
