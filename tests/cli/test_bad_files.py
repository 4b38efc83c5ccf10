"""Files that somebody spoiled, given to a command: refused in words, never a traceback, never OK."""

from __future__ import annotations

import io
import random
import zipfile

from tests.audit.standalone.spoiling import spoiled
from tests.cli.conftest import Shell, add_staff, onboard


def test_spoiled_pins_bundles_and_view_keys_are_refused_in_words(sqlite_shell: Shell) -> None:
    shell = sqlite_shell
    onboard(shell)
    coordinator = add_staff(shell, "--kind", "privacy_coordinator", "--name", "Noor")
    whole = shell.folder / "pakket.zip"
    shell.must("audit", "bundle", "--coordinator", coordinator, "--output", str(whole))
    head = zipfile.ZipFile(whole).read("logs/1/checkpoint")
    given = shell.folder / "gegeven"
    find = ("audit", "find", "--coordinator", coordinator, "--view-key")
    commands = {
        ("audit", "verify", "--since"): head,
        ("audit", "consistency", "--since"): head,
        ("audit", "verify", "--bundle"): whole.read_bytes(),
        find: b"A" * 43 + b"\n",
    }
    chosen = random.Random(6)  # noqa: S311 - the same files each time
    for command, sample in commands.items():
        for _ in range(8):
            given.write_bytes(changed := spoiled(sample, chosen))
            if _says_the_same(changed, sample):
                continue
            said = shell.type(*command, str(given))
            assert said.code in (1, 2), (command, changed)
            assert said.out + said.err
            assert "Traceback" not in said.out + said.err
            assert not said.out.startswith("OK"), (command, changed)


def _says_the_same(changed: bytes, sample: bytes) -> bool:
    """Nothing was changed, or only what nobody reads: the date of a member, or its version."""
    if not sample.startswith(b"PK") or not zipfile.is_zipfile(io.BytesIO(changed)):
        return changed == sample
    try:
        return _members(changed) == _members(sample)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError):
        return False


def _members(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
