"""The service's own verifier and the one for outsiders agree on every tampered bundle."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.audit.bundle_check import check_bundle_file
from consent_service.foundation.errors import IntegrityError
from tests.audit.standalone.tampering import tampered_bundles


def _verdict(bundle: bytes, path: Path) -> str:
    path.write_bytes(bundle)
    try:
        return "good" if check_bundle_file(path).ok else "bad"
    except IntegrityError:
        return "bad"


def test_the_service_refuses_exactly_the_bundles_that_outsiders_refuse(tmp_path: Path) -> None:
    cases = tampered_bundles()

    said = {case.name: _verdict(case.bundle, tmp_path / "bundle.zip") for case in cases}

    assert said == {case.name: "good" if case.code == "good" else "bad" for case in cases}


def test_a_file_that_is_not_there_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(IntegrityError, match="unreadable"):
        check_bundle_file(tmp_path / "nowhere.zip")
