"""The real policies of this repository, loaded once, and a copy of them to spoil."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from consent_service.information.catalogue import load_catalogue
from consent_service.information.model import Catalogue
from consent_service.policy.bundle import Bundle, load_bundle
from consent_service.policy.proofs.terms import SECONDS, Solver, Term, Terms
from tests.policy.questions import POLICIES


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue(POLICIES)


@pytest.fixture(scope="session")
def bundle(catalogue: Catalogue) -> Bundle:
    return load_bundle(POLICIES, catalogue=catalogue)


@pytest.fixture(scope="session", autouse=True)
def questions_may_take_long() -> Iterator[None]:
    """The solver counts by the clock on the wall, which runs on while a busy machine does something else.

    A limit that a test sets itself stays; `test_proving` holds ours to their time on the processor.
    """
    real = Solver.__init__

    def patient(self: Solver, terms: Terms, always: Iterable[Term], *, seconds: float = SECONDS) -> None:
        real(self, terms, always, seconds=12 * SECONDS if seconds == SECONDS else seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Solver, "__init__", patient)
        yield


@pytest.fixture
def proposal(tmp_path: Path) -> Path:
    """A copy of the policies folder that a test may spoil."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))
