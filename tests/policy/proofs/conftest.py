"""The two judges, made once."""

from __future__ import annotations

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle
from tests.policy.proofs.encoded import Judges


@pytest.fixture(scope="session")
def judges(bundle: Bundle, catalogue: Catalogue) -> Judges:
    return Judges(bundle, catalogue)
