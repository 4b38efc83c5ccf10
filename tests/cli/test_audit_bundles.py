"""What an operator takes out of the log for outsiders: bundles, proofs, what a view key finds."""

from __future__ import annotations

import base64
import re
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from consent_service.audit.checkpoint import read_note, signed_checkpoint
from consent_service.audit.finding import FoundEntries, FoundEntry
from consent_service.audit.merkle import leaf_hash, verify_consistency
from consent_service.audit.proof_text import check_proof, read_proof, write_proof
from consent_service.audit.protection import removal_statements
from consent_service.audit.standalone.kinds import KINDS
from consent_service.audit.verify import Report
from consent_service.cli.audit_bundles import _tell, entry_line
from consent_service.cli.audit_proofs import new_file
from consent_service.cli.audit_verify import verify_bundle
from consent_service.cli.terminal import Terminal
from consent_service.foundation.errors import InputError, IntegrityError, NotFoundError
from consent_service.foundation.ids import new_id
from consent_service.rights.exporting import BundleService
from tests.cli.conftest import Shell, add_school, add_staff, onboard

ENTRY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@pytest.fixture
def coordinator(shell: Shell) -> str:
    """A shelter with a school and a privacy coordinator; her id."""
    onboard(shell)
    add_school(shell)
    return add_staff(shell, "--kind", "privacy_coordinator", "--name", "Noor")


def _public_key(shell: Shell) -> tuple[str, bytes]:
    origin, _, encoded = shell.must("audit", "key", "--tenant", "Opvang Zuid").split()[-1].split("+", 2)
    return origin, base64.b64decode(encoded)[1:]


def _bundle(shell: Shell, coordinator: str, name: str = "pakket.zip", *more: str) -> Path:
    path = shell.folder / name
    shell.must("audit", "bundle", "--coordinator", coordinator, "--output", str(path), *more)
    return path


def test_a_bundle_checks_itself_and_is_logged(shell: Shell, coordinator: str) -> None:
    path = _bundle(shell, coordinator)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(shell.folder / "out")
        kept = archive.read("logs/1/checkpoint")
    origin, public = _public_key(shell)
    before = signed_checkpoint(read_note(kept), origin=origin, keys=[public])

    done = subprocess.run(
        [sys.executable, "-I", "-S", str(shell.folder / "out" / "verify.py"), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert f"{before.size} regels, uitkomst {before.root.hex()}" in done.stdout
    after = zipfile.ZipFile(_bundle(shell, coordinator, "nog-een.zip")).read("logs/1/checkpoint")
    assert read_note(after).checkpoint.size == before.size + 1  # the first bundle was logged
    assert shell.type("audit", "verify").code == 0


def test_a_bundle_is_for_a_shelter_that_decided_it_and_never_overwrites(
    shell: Shell, coordinator: str
) -> None:
    path = _bundle(shell, coordinator)
    order = ("audit", "bundle", "--output")
    content = path.read_bytes()

    assert shell.type(*order, str(path), "--coordinator", coordinator).err.startswith("--output:")
    assert path.read_bytes() == content
    new = str(shell.folder / "nieuw.zip")
    assert shell.type(*order, new, "--coordinator", "niemand").err.startswith("--coordinator:")
    assert shell.type(*order, new, "--coordinator", coordinator, "--hidden").err.startswith("--person:")
    unknown = shell.type(*order, new, "--coordinator", coordinator, "--person", "niemand")
    assert (unknown.code, unknown.err.split(":")[0]) == (2, "--person")
    folder = shell.type(*order, str(shell.folder), "--coordinator", coordinator)
    assert folder.err.startswith("--output: Dit is een map.")
    nowhere = shell.type(*order, str(shell.folder / "a" / "b.zip"), "--coordinator", coordinator)
    assert nowhere.err.startswith("--output:")
    assert [one.name for one in shell.folder.glob("*.zip*")] == ["pakket.zip"]
    assert not list(shell.folder.glob(".*zip*"))


def test_the_service_checks_a_bundle_as_outsiders_do(sqlite_shell: Shell) -> None:
    shell = sqlite_shell
    onboard(shell)
    path = _bundle(shell, add_staff(shell, "--kind", "privacy_coordinator", "--name", "Noor"))
    verify = ("audit", "verify", "--bundle", str(path))

    assert "OK: pakket.zip, logboek 1: " in shell.must(*verify)
    assert shell.type(*verify, "--tenant", "Opvang Zuid").err.startswith("--bundle: Een pakket wordt op")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"v":1', b'"v":2', 1))
    said = shell.type(*verify)
    assert (said.code, "NIET GOED: dit pakket klopt niet.\n  " in said.out) == (1, True)
    path.write_bytes(whole[:-30])
    cut = shell.type(*verify, "--language", "en")
    assert (cut.code, cut.out.splitlines()[1]) == (
        1,
        "  the file does not have the form of a bundle, or is damaged [zip_malformed]",
    )
    with zipfile.ZipFile(shell.folder / "vreemd.zip", "w") as foreign:
        foreign.writestr("iets.txt", "iets")
    for name in ("vreemd.zip", "passphrase"):
        refused = shell.type("audit", "verify", "--bundle", str(shell.folder / name))
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.startswith("--bundle: Dit is geen pakket, of het is opnieuw ingepakt.")


def test_an_entry_is_proved_in_a_text_that_stands_on_its_own(shell: Shell, coordinator: str) -> None:
    path = _bundle(shell, coordinator)
    raw = zipfile.ZipFile(path).read(
        next(one for one in zipfile.ZipFile(path).namelist() if "tile/entries" in one)
    )
    found = ENTRY.search(raw.decode("latin-1"))
    assert found is not None
    output = shell.folder / "bewijs.tlog-proof"

    shell.must("audit", "prove", "--entry", found[0], "--output", str(output))

    proof, (origin, public) = read_proof(output.read_bytes()), _public_key(shell)
    assert proof.index == 0
    assert found[0].encode() in proof.extra
    assert check_proof(proof, leaf_hash(proof.extra), origin, [public]).size > 0
    printed = read_proof(shell.must("audit", "prove", "--entry", found[0]).encode())
    assert (printed.index, printed.extra) == (proof.index, proof.extra)  # under a newer head: proving is told
    assert check_proof(printed, leaf_hash(printed.extra), origin, [public]).size > 0
    key = shell.must("audit", "key", "--tenant", "Opvang Zuid").split()[-1]
    check = ("audit", "check-proof", "--file", str(output), "--key")
    assert shell.must(*check, key).startswith(f"OK: {found[0]} van ")
    assert " is nr. 1, in een stand van " in shell.must(*check, key)
    other = shell.must("audit", "key").split("installatie: ")[1].splitlines()[1].strip()
    said = shell.type(*check, other)
    assert (said.code, said.out.startswith("NIET GOED: dit bewijs")) == (1, True)
    assert shell.type(*check, "sleutel").err.startswith("--key: Dit is geen sleutel")
    without = write_proof(proof.index, proof.path, proof.note)
    for wrong in (b"", b"niets", without, output.read_bytes() + b"x"):
        output.write_bytes(wrong)
        assert shell.type(*check, key).err.startswith("--file: Dit is geen bewijs")
    assert shell.type("audit", "prove", "--entry", coordinator).err.startswith("--entry:")


def test_the_log_of_now_extends_a_kept_head_and_is_verified_from_there(
    shell: Shell, coordinator: str
) -> None:
    kept = zipfile.ZipFile(_bundle(shell, coordinator)).read("logs/1/checkpoint")
    pin, changed = shell.folder / "stand.txt", shell.folder / "anders.txt"
    pin.write_bytes(kept)
    old, (origin, public) = read_note(kept).checkpoint, _public_key(shell)

    text = shell.must("audit", "consistency", "--since", str(pin)).encode()

    head, _, note = text.partition(b"\n\n")
    size, *path = head.decode().splitlines()
    new = signed_checkpoint(read_note(note), origin=origin, keys=[public])
    proof = [base64.b64decode(one) for one in path]
    assert size == f"old {old.size}"
    assert verify_consistency(old=old.size, size=new.size, old_root=old.root, root=new.root, proof=proof)
    said = shell.must("audit", "verify", "--since", str(pin))
    assert f"Gelezen vanaf nr. {old.size + 1}. De regels daarvoor zijn niet opnieuw gelezen" in said
    for wrong, sentence in {
        kept.replace(origin.encode(), b"audit.elders/t/1"): "is van een ander logboek",
        f"{origin}\n{old.size}\n{base64.b64encode(b'r' * 32).decode()}\n".encode(): "",
        f"{origin}\n9999\n{base64.b64encode(old.root).decode()}\n".encode(): "",
        kept[:-6] + (b"AAAA=\n" if kept[-6:-1] != b"AAAA=" else b"BBBB=\n"): "",
    }.items():
        changed.write_bytes(wrong)
        for command in ("verify", "consistency"):
            done = shell.type("audit", command, "--since", str(changed))
            assert done.code != 0
            assert sentence in done.out + done.err
            assert "OK" not in done.out
    changed.write_bytes(b"niets")
    assert shell.type("audit", "verify", "--since", str(changed)).err.startswith("--since:")


def _without_triggers(shell: Shell, table: str, statement: str) -> None:
    """Change a table that only grows, as somebody with all rights can."""
    with closing(sqlite3.connect(shell.database())) as connection:
        triggers = [
            sql
            for (sql,) in connection.execute(
                "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
            )
        ]
        for drop in removal_statements("sqlite", [table]):
            connection.execute(drop)
        connection.execute(statement)
        for made in triggers:
            connection.execute(made)
        connection.commit()


def test_what_is_not_proved_or_not_signed_is_said(sqlite_shell: Shell) -> None:
    shell = sqlite_shell
    onboard(shell)
    noor = add_staff(shell, "--kind", "privacy_coordinator", "--name", "Noor")
    pin = shell.folder / "stand.txt"
    pin.write_bytes(zipfile.ZipFile(_bundle(shell, noor)).read("logs/1/checkpoint"))
    with closing(sqlite3.connect(shell.database())) as connection:
        query = "SELECT entry FROM audit_sequence WHERE tenant <> '_' AND seq = 0"
        (entry,) = connection.execute(query).fetchone()
    prove = ("audit", "prove", "--entry", entry)
    _without_triggers(
        shell,
        "audit_entries",
        "UPDATE audit_entries SET leaf = CAST(replace(leaf, '\"v\":1', '\"v\":2') AS BLOB) "
        f"WHERE id = '{entry}'",
    )
    changed = shell.type(*prove)
    assert (changed.code, "niet wat er geschreven is" in changed.err) == (1, True), changed
    _without_triggers(shell, "audit_checkpoints", "DELETE FROM audit_checkpoints WHERE tenant <> '_'")
    unproved = shell.type(*prove)
    assert "nog niet getekend" in unproved.err, unproved
    unsigned = shell.type("audit", "consistency", "--since", str(pin))
    assert (unsigned.code, "loopt achter op wat van een logboek getekend is" in unsigned.err) == (1, True)
    assert unsigned.out == ""


def test_a_log_of_which_nothing_is_signed_gives_no_bundle(
    sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    onboard(sqlite_shell)
    noor = add_staff(sqlite_shell, "--kind", "privacy_coordinator", "--name", "Noor")

    async def nothing(*_asked: object) -> None:
        raise NotFoundError("log")

    monkeypatch.setattr(BundleService, "write", nothing)
    path = sqlite_shell.folder / "pakket.zip"
    said = sqlite_shell.type("audit", "bundle", "--coordinator", noor, "--output", str(path))
    assert (said.code, said.err) == (2, "Van dit logboek is nog niets getekend.\n")
    assert not path.exists()


def test_a_file_that_appears_while_another_is_written_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "bewijs"

    def write() -> None:
        with new_file(path) as file:
            file.write(b"nieuw")
            path.write_bytes(b"was er al")

    with pytest.raises(InputError, match=r"output: exports\.file_exists"):
        write()
    assert path.read_bytes() == b"was er al"
    assert [one.name for one in tmp_path.iterdir()] == ["bewijs"]


def test_a_bundle_that_only_the_modules_of_the_log_refuse_is_not_good(
    bare_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> Report:
        raise IntegrityError("a head is not signed")

    monkeypatch.setattr("consent_service.cli.audit_verify.check_bundle_file", refuse)
    assert verify_bundle(Terminal(bare_shell.environ), Path("pakket.zip")) == 1
    assert "Welk deel, zegt: python3 verify.py pakket.zip" in bare_shell.capture()[0]


def test_a_view_key_that_is_none_is_refused_and_another_finds_nothing(shell: Shell, coordinator: str) -> None:
    key = shell.folder / "view-key.txt"
    find = ("audit", "find", "--view-key", str(key), "--coordinator")
    key.write_bytes(b"A" * 43 + b"\n")

    assert shell.must(*find, coordinator).startswith("Regels met het merk van deze sleutel: 0, van de ")
    assert shell.type(*find, "niemand").err.startswith("--coordinator:")
    for wrong in (b"kort", b"A" * 42 + b"B\n", b"\xff" * 43, b""):
        key.write_bytes(wrong)
        assert shell.type(*find, coordinator).err.startswith("--view-key:")


def test_all_that_a_view_key_finds_is_told(bare_shell: Shell) -> None:
    at = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
    tagged, released = (FoundEntry(1, seq, new_id(), at, "consent.given.v1") for seq in (3, 9))
    for pruned, told in ((0, ""), (1, "1 regel wordt niet meer bewaard"), (256, "256 regels worden niet")):
        _tell(Terminal(bare_shell.environ), FoundEntries((tagged,), (released,), 20, pruned))
        said = bare_shell.capture()[0].splitlines()
        assert said[0] == "Regels met het merk van deze sleutel: 1, van de 20. Geen enkele ontbreekt."
        assert said[1].startswith("  logboek 1, nr. 4  ")
        assert said[2] == "Later vrijgegeven: 1"
        assert said[3].startswith("  logboek 1, nr. 10  ")
        assert "".join(said[4:]).startswith(told)


def test_what_a_view_key_finds_is_told_in_words() -> None:
    at, entry = datetime(2026, 9, 1, 8, 0, tzinfo=UTC), new_id()
    found = FoundEntry(log=1, seq=7, entry=entry, at=at, type="consent.given.v1")
    dutch, english = Terminal({}, language="nl"), Terminal({}, language="en")

    assert entry_line(dutch, found) == (
        f"  logboek 1, nr. 8  1 september 2026 08:00:00 UTC  {entry}  "
        f"{KINDS[found.type][0]} (consent.given.v1)"
    )
    assert f"{KINDS[found.type][1]} (consent.given.v1)" in entry_line(english, found)
    assert entry_line(dutch, FoundEntry(1, 7, entry, at)).endswith("(gesloten)")
