"""What stands in a file, and that it is checked with Python alone."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from consent_service.rights.access.document import to_json
from consent_service.rights.access.package import write_zip
from tests.consent.receipt.reading import squeezed, tags, text_of
from tests.rights.access.filing import file_of
from tests.scenarios.stories import ADVICE, ask, told_family
from tests.shelter import World


async def test_a_file_tells_what_was_shared_who_looked_and_what_was_answered(world: World) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    made = await file_of(world, told.mother)
    raw = to_json(made).decode()
    assert ADVICE in raw
    assert [one.given_names for one in made.people] == ["Samira", "Noor"]


async def test_the_zip_checks_itself_in_a_python_without_anything_else(world: World, tmp_path: Path) -> None:
    told = await told_family(world)
    await ask(world, told.relationship)
    made = await file_of(world, told.mother)
    with zipfile.ZipFile(io.BytesIO(write_zip(made, world.services.texts.of("nl")))) as archive:
        archive.extractall(tmp_path)
    ran = subprocess.run(  # noqa: ASYNC221 - our own interpreter, nothing of ours in its path
        [sys.executable, "-I", "-S", str(tmp_path / "verify_access_export.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "no faults\n", "")
    pdf = (tmp_path / "dossier.pdf").read_bytes()
    assert squeezed(ADVICE) in text_of(pdf)
    assert {"/H1", "/H2", "/Table", "/TH"} <= {tag.kind for tag in tags(pdf)}
