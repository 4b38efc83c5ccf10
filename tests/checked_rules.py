"""Rules are checked and compared once for all tests of a process, as each takes another process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_CHECKED: dict[tuple[str, str], Any] = {}


@pytest.fixture
def checked_anew() -> Iterator[None]:
    """For a test in which the check itself goes wrong."""
    _CHECKED.clear()
    yield
    _CHECKED.clear()


@pytest.fixture(scope="session", autouse=True)
def checked_once() -> Iterator[None]:
    """Another process checks and compares the same rules once, and not again for every test.

    What those processes do is tested by itself, on `check_candidate` and `comparing`.
    """
    from consent_service.policy.proofs.apart import widenings_apart
    from consent_service.policy.vetting import check_proposed

    checked, compared = _CHECKED, dict[tuple[str, str], Any]()

    def check_once(folder: Path, standing: Path) -> Any:
        key = (_content_of(folder), _content_of(standing))
        if key not in checked:
            checked[key] = check_proposed(folder, standing)
        return checked[key]

    def compare_once(old: Any, new: Any) -> Any:
        key = (old.bundle.hash, new.bundle.hash)
        if key not in compared:
            compared[key] = widenings_apart(old, new)
        return compared[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("consent_service.app.assembly.check_proposed", check_once)
        patch.setattr("consent_service.app.assembly.widenings_apart", compare_once)
        yield


def _content_of(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()
