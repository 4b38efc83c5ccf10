"""What verify.py says of logs that were closed, of looks at somebody's child, and on an older Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from consent_service.audit.events import InformationReleased, LogReopened
from consent_service.audit.merkle import root_of
from consent_service.audit.standalone.joining import verify_source
from consent_service.audit.standalone.telling import answer
from consent_service.foundation.ids import PersonId, RelationshipId
from tests.audit.standalone.forging import FATHER, MOTHER, Forge, a_forge, zipped
from tests.audit.standalone.restoring import put_back

CHILD = PersonId("018f0000-0000-7000-8000-0000000000dd")
LOOK = InformationReleased(
    RelationshipId("018f0000-0000-7000-8000-0000000000ee"), "support", "r", "school", "contact"
)


def _told(forge: Forge, folder: Path, *asked: str) -> str:
    path = folder / "bundle.zip"
    path.write_bytes(zipped(forge.members().items()))
    code, lines = answer([str(path), *asked])
    assert code == 0, lines
    return "\n".join(lines)


@pytest.mark.parametrize(
    "reason, lost, said",
    [
        ("compromised", 0, "GESLOTEN: zijn sleutel kan in verkeerde handen zijn. Verder in logboek 2"),
        ("compromised", 0, "begonnen omdat de sleutel van het logboek ervoor in verkeerde handen"),
        ("restored", 0, "hierna verder in logboek 2, dat deze stand noemt: de database werd teruggezet"),
        ("restored", 3, "3 regels van dit logboek gingen verloren toen de database werd teruggezet."),
        ("restored", 3, "hierna verder in logboek 2\n"),
    ],
)
def test_a_log_that_was_closed_or_goes_on_elsewhere_is_told(
    tmp_path: Path, reason: str, lost: int, said: str
) -> None:
    forge = a_forge(extra=2)
    first = forge.logs[0]
    root = "ab" * 32 if lost else root_of(first.hashes()).hex()
    put_back(forge, LogReopened(2, reason, len(first.leaves) + lost, root))  # type: ignore[arg-type]
    assert said in _told(forge, tmp_path)
    forge.details.popitem()
    put_back(forge, LogReopened(2, "restored", len(first.leaves), root_of(first.hashes()).hex()))
    assert "GESLOTEN" not in _told(forge, tmp_path)


def test_looks_at_somebody_else_are_told_apart_and_nothing_closed_passes_for_one(tmp_path: Path) -> None:
    """Only what its own person may find counts as a look; else the bundle is said to hold closed entries."""
    forge = a_forge(extra=2)
    del forge.details[forge.logs[0].ids[2]]  # what was released to her is not here now
    first = forge.logs[1]
    forge.entry(first, LOOK, shown_to=CHILD, subject=CHILD, opened=True)
    told = _told(forge, tmp_path)
    assert "Gegevens gegeven over iemand voor wie u beslist, elk met een bewijs: 1." in told
    assert "LET OP" not in told
    for closed in (
        {"event": LOOK, "shown_to": "officer", "subject": CHILD},
        {"event": LOOK, "shown_to": FATHER, "subject": CHILD},
        {"event": None, "shown_to": CHILD, "subject": CHILD},
    ):
        other = a_forge(extra=2)
        other.entry(other.logs[1], opened=True, **closed)
        told = _told(other, tmp_path)
        assert "LET OP: hier staan regels in die gesloten waren" in told
        assert "voor wie u beslist" not in told
    assert MOTHER.encode() in forge.members()["bundle.json"]


def test_an_older_python_is_told_so_in_words(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(verify_source(), encoding="utf-8")
    older = (
        "import sys; sys.version_info = (3, 8, 18); exec(open('verify.py').read(), {'__name__': '__main__'})"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-c", older], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("Kan niet: Python 3.9 of nieuwer is nodig.")
