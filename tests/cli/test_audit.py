"""`audit verify` says OK with size and root, or names the first bad entry and ends with 1."""

from __future__ import annotations

import base64
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from consent_service.audit.faults import ALONE, WRONG
from consent_service.audit.protection import removal_statements
from consent_service.foundation.settings import PREFIX
from tests.cli.conftest import Shell, add_school, onboard


def _forge(path: Path) -> tuple[int, str]:
    """Change one byte of the second entry of a shelter's log, past its triggers."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in removal_statements("sqlite", ["audit_entries"]):
            connection.execute(statement)
        seq, entry = connection.execute(
            "SELECT seq, entry FROM audit_sequence WHERE tenant <> '_' AND seq = 1"
        ).fetchone()
        connection.execute(
            "UPDATE audit_entries SET leaf = CAST(replace(leaf, '\"v\":1', '\"v\":2') AS BLOB) WHERE id = ?",
            (entry,),
        )
        if not connection.execute("SELECT changes()").fetchone()[0]:
            raise AssertionError("nothing was forged")
        connection.commit()
    return int(seq), str(entry)


def test_a_forged_entry_in_a_copy_is_named_and_the_original_stays_ok(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    add_school(sqlite_shell)
    copy = sqlite_shell.folder / "copy.sqlite"
    with (
        closing(sqlite3.connect(sqlite_shell.database())) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    with closing(sqlite3.connect(copy)) as connection:
        leaf = connection.execute("SELECT leaf FROM audit_entries LIMIT 1").fetchone()[0]
        assert b'"v":1' in leaf
    seq, entry = _forge(copy)

    said = sqlite_shell.type("audit", "verify", "--copy", str(copy))

    assert said.code == 1
    assert f"Logboek 1, nr. {seq + 1} ({entry}): {WRONG['leaf_changed']}" in said.out
    assert sqlite_shell.type("audit", "verify").code == 0


def test_a_school_that_was_taken_out_of_a_copy_is_missed_by_the_log(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    add_school(sqlite_shell)
    copy = sqlite_shell.folder / "copy.sqlite"
    with (
        closing(sqlite3.connect(sqlite_shell.database())) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    with closing(sqlite3.connect(copy)) as connection:
        (school,) = connection.execute("SELECT school FROM schools LIMIT 1").fetchone()
        connection.execute("DELETE FROM schools WHERE school = ?", (school,))
        connection.commit()

    said = sqlite_shell.type("audit", "verify", "--copy", str(copy))

    assert said.code == 1
    assert f"school, {school}" in said.out
    assert ALONE["entry_without_act"] in said.out
    assert sqlite_shell.type("audit", "verify").code == 0


def test_what_is_attached_to_an_entry_that_speaks_of_nothing_is_named(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    add_school(sqlite_shell)
    with closing(sqlite3.connect(sqlite_shell.database())) as connection:
        entry = connection.execute(
            "SELECT entry FROM audit_sequence WHERE tenant <> '_' AND seq = 1"
        ).fetchone()[0]
        connection.execute(
            "UPDATE audit_details SET attached = x'00', attached_for = 'iemand' WHERE entry = ?", (entry,)
        )
        connection.commit()

    said = sqlite_shell.type("audit", "verify")

    assert said.code == 1
    assert f"Logboek 1, nr. 2 ({entry}): wat bij de regel bewaard is, is veranderd of weggehaald" in said.out


def test_before_there_is_a_shelter_there_is_nothing_to_verify_yet(shell: Shell) -> None:
    said = shell.must("audit", "verify")

    assert "er valt nog niets na te kijken" in said
    assert "NIET GOED" not in said


def test_a_log_that_was_taken_away_is_not_nothing_to_verify(sqlite_shell: Shell) -> None:
    """The shelter and its log are gone; the entries that are left say there was one."""
    onboard(sqlite_shell)
    with closing(sqlite3.connect(sqlite_shell.database())) as connection:
        for statement in removal_statements("sqlite", ["audit_logs"]):
            connection.execute(statement)
        connection.execute("DELETE FROM audit_logs")
        connection.execute("DELETE FROM tenants")
        connection.commit()

    assert sqlite_shell.type("audit", "verify").code == 1


def test_ok_comes_with_size_and_root_of_every_log(shell: Shell) -> None:
    onboard(shell)

    said = shell.must("audit", "verify")

    spelled = re.search(
        r"OK: Opvang Zuid, logboek 1: [1-9]\d* regels?, uitkomst (\S{44}) \(hex ([0-9a-f]{64})\)\n", said
    )
    assert spelled is not None
    assert base64.b64decode(spelled[1]).hex() == spelled[2]
    assert "OK: installatie" in said
    assert "installatie" not in shell.must("audit", "verify", "--tenant", "Opvang Zuid")


def test_without_content_what_was_not_checked_is_said_and_changed_content_passes(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    with closing(sqlite3.connect(sqlite_shell.database())) as connection:
        connection.execute("UPDATE audit_details SET sealed = x'00'")
        connection.commit()
    del sqlite_shell.environ[f"{PREFIX}PASSPHRASE_FILE"]  # no key is needed, and none is asked for

    said = sqlite_shell.must("audit", "verify", "--hashes")

    assert said.count("OK: ") == said.count("Er is geen inhoud geopend.") == 2
    for unread in ("vorm en tijd", "getuigen en tijdstempels", "of elke handeling een regel heeft."):
        assert unread in said.partition("Er is geen inhoud geopend.")[2]
    seq, entry = _forge(sqlite_shell.database())
    forged = sqlite_shell.type("audit", "verify", "--hashes", "--tenant", "Opvang Zuid")
    assert (forged.code, "NIET GOED: Opvang Zuid" in forged.out) == (1, True)
    assert f"Logboek 1, nr. {seq + 1} ({entry}): " in forged.out
    assert "Er is geen inhoud geopend." in forged.out


def test_another_database_can_be_named_by_its_address(shell: Shell) -> None:
    onboard(shell)
    address = shell.environ.pop(f"{PREFIX}DATABASE_URL")

    assert "OK: Opvang Zuid" in shell.must("audit", "verify", "--database", address)


def test_a_copy_made_with_another_keystore_is_not_ok(sqlite_shell: Shell, tmp_path: Path) -> None:
    """Its details cannot be opened by these keys; that is not passed over in silence."""
    onboard(sqlite_shell)
    shutil.copy(sqlite_shell.database(), tmp_path / "copy.sqlite")
    (sqlite_shell.folder / "keystore.json").unlink()
    sqlite_shell.must("keys", "init", "--development")

    assert sqlite_shell.type("audit", "verify", "--copy", str(tmp_path / "copy.sqlite")).code != 0


def test_wrong_questions_are_refused_beside_their_option(shell: Shell) -> None:
    both = ("--database", shell.environ[f"{PREFIX}DATABASE_URL"], "--copy", str(shell.folder / "passphrase"))

    assert shell.type("audit", "verify", *both).err.startswith("--copy: Noem een database of een kopie")
    assert shell.type("audit", "verify", "--database", "mysql://x").err.startswith(
        "--database: Schrijf het adres"
    )
    assert shell.type("audit", "verify", "--copy", str(shell.folder / "passphrase")).err.startswith(
        "--copy: Dit is geen database van SQLite."
    )
    assert shell.type("audit", "verify", "--copy", "/proc/self/mem").err.startswith("--copy: Dit is geen")
    assert shell.type("audit", "verify", "--copy", "/nergens/x").err == (
        "--copy: /nergens/x is er niet. Kijk na of de plaats klopt.\n"
    )
    assert shell.type("audit", "verify", "--tenant", "Nergens").err.startswith("--tenant:")


def test_the_public_keys_are_shown_as_other_tools_read_them(shell: Shell) -> None:
    onboard(shell)

    said = shell.must("audit", "key")
    assert re.search(
        r"Opvang Zuid: logboek 1, sleutel 1, sinds .* \(Nederlandse tijd\): tekent nu\n"
        r"  audit\.\S+/t/[0-9a-f]{32}\+[0-9a-f]{8}\+\S+\n",
        said,
    )
