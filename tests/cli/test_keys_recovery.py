"""Backups, restoring and the drill, as an operator and custodians type them."""

from __future__ import annotations

import fcntl
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from consent_service.custody.backup_file import (
    finish,
    found_backups,
    read_backup,
    section,
    vouched_part,
)
from consent_service.foundation.settings import PREFIX
from consent_service.keyring.providers.file import unlock_keystore
from tests.cli.conftest import add_staff, onboard
from tests.cli.room import (
    Room,
    printed_ceremony,
    shares,
)
from tests.factories import PASSPHRASE

# --- backups and restoring --------------------------------------------------------------------------------


def test_a_backup_needs_a_recovery_key(room: Room) -> None:
    onboard(room.shell)
    said = room.shell.type("keys", "backup")
    assert (said.code, "consent-service keys ceremony" in said.err) == (2, True)
    printed_ceremony(room)
    assert "6 sleutels staan in" in room.shell.must("keys", "backup")
    room.recovery_key.write_text("iets anders")
    said = room.shell.type("keys", "backup")
    assert (said.code, "is geen herstelsleutel" in said.err) == (2, True)


def test_the_newest_backup_is_put_back_after_a_word(room: Room) -> None:
    onboard(room.shell)
    printed_ceremony(room)
    room.shell.must("keys", "backup")
    with closing(sqlite3.connect(room.shell.database())) as connection, connection:
        connection.execute("DELETE FROM tenant_keys WHERE tenant != '_'")
    said = room.type("keys", "restore", lines=("nee",))
    assert (said.code, "Er is niets gedaan." in said.err) == (2, True)
    said = room.type("keys", "restore", lines=("Terugzetten",))
    assert said.code == 0, said
    assert "6 sleutels staan er weer" in said.out
    assert "horen bij deze database" in room.shell.must("keys", "check")


def test_without_a_terminal_a_restore_must_be_meant(room: Room) -> None:
    onboard(room.shell)
    printed_ceremony(room)
    room.shell.must("keys", "backup")
    said = room.shell.type("keys", "restore")
    assert (said.code, "--yes" in said.err) == (2, True)
    assert "staan er weer" in room.shell.must("keys", "restore", "--yes")


def test_keys_are_not_put_back_while_the_service_runs(room: Room) -> None:
    onboard(room.shell)
    printed_ceremony(room)
    room.shell.must("keys", "backup")
    database = room.shell.database()
    with database.with_name(f"{database.name}.serving.lock").open("w") as serving:
        fcntl.flock(serving, fcntl.LOCK_SH)
        said = room.shell.type("keys", "restore", "--yes")
    assert (said.code, "De dienst draait nog op deze database." in said.err) == (2, True)
    assert "staan er weer" in room.shell.must("keys", "restore", "--yes")


def test_with_a_lost_keystore_three_sheets_bring_everything_back(room: Room) -> None:
    onboard(room.shell)
    _, files = printed_ceremony(room)
    room.shell.must("keys", "backup")
    keystore = Path(room.shell.environ[f"{PREFIX}KEYSTORE"])
    keystore.unlink()
    said = room.shell.type("serve")
    assert (said.code, f"in {room.backups} liggen sleutelkopieën" in said.err) == (2, True), said
    assert "consent-service keys restore --recover" in said.err
    said = room.shell.type("keys", "init")
    assert (said.code, "Deze database kent al andere hoofdsleutels." in said.err) == (0, True), said
    said = room.shell.type("keys", "status")
    assert (said.code, "met andere hoofdsleutels gemaakt" in said.err) == (1, True), said
    said = room.shell.type("check")
    assert "consent-service keys restore --recover" in said.out

    said = room.shell.type("keys", "restore", "--yes")
    assert (said.code, "6 sleutels uit deze kopie gaan hier niet open" in said.err) == (1, True)
    said = room.shell.type("keys", "restore", "--yes", "--recover")
    assert (said.code, "Er zijn drie bladen nodig" in said.err) == (2, True)
    said = room.shell.type("keys", "restore", "--yes", "--recover", *shares(files[:2]))
    assert (said.code, "Goede bladen: 2." in said.err) == (1, True)
    said = room.shell.type("keys", "restore", "--yes", "--recover", *shares(files))
    assert said.code == 0, said
    assert "De dienst kan weer starten." in said.out
    assert unlock_keystore(keystore, PASSPHRASE).generations() == (2,)
    room.shell.must("keys", "check")
    assert "OK: installatie" in room.shell.must("audit", "verify")


def test_what_stays_away_and_what_is_lost_is_told(room: Room) -> None:
    onboard(room.shell)
    printed_ceremony(room)
    add_staff(room.shell, "--kind", "counsellor", "--name", "Fatima Voorbeeld")
    room.shell.must("keys", "backup")
    add_staff(room.shell, "--kind", "counsellor", "--name", "Sanne Voorbeeld")
    with closing(sqlite3.connect(room.shell.database())) as connection, connection:
        (young,) = connection.execute("SELECT max(person) FROM person_keys").fetchone()
        (old,) = connection.execute("SELECT min(person) FROM person_keys").fetchone()
        connection.execute("UPDATE person_keys SET wrapped = zeroblob(60) WHERE person = ?", [young])
        connection.execute(
            "INSERT INTO key_destructions (tenant, destruction, kind, owner, child, destroyed_at) "
            "SELECT tenant, person, 'person', person, person, created_at FROM person_keys WHERE person = ?",
            [old],
        )
    out = room.shell.must("keys", "restore", "--yes")
    assert "1 sleutels waren vernietigd en blijven weg." in out
    assert "1 sleutels waren jonger dan de kopie en zijn verloren." in out


def test_a_backup_that_was_tampered_with_is_not_used_for_anything(room: Room) -> None:
    onboard(room.shell)
    _, files = printed_ceremony(room)
    room.shell.must("keys", "backup")
    (found,) = found_backups(room.backups)
    backup = read_backup(found.path)
    damaged = bytearray(backup.vouched)
    damaged[-1] ^= 1
    sections = bytes(damaged).partition(b"\n")[2]
    sealed = sections[backup.header.rows.size :]
    header = msgspec.structs.replace(backup.header, sealed=section(sealed))
    forged = room.shell.folder / "forged.backup"
    vouched = vouched_part(header, sections[: backup.header.rows.size], sealed)
    forged.write_bytes(finish(vouched, backup.mac))
    for command in (["restore", "--yes", "--recover"], ["drill"]):
        said = room.shell.type("keys", *command, "--backup", str(forged), *shares(files))
        assert (said.code, "is veranderd. Er is niets teruggezet." in said.err) == (1, True), said
    said = room.shell.type("keys", "restore", "--yes", "--backup", str(forged))
    assert (said.code, "is veranderd. Er is niets teruggezet." in said.err) == (1, True), said


def test_a_damaged_stop_journal_is_not_told_as_a_forged_backup(room: Room) -> None:
    onboard(room.shell)
    printed_ceremony(room)
    room.shell.must("keys", "backup")
    journal = room.recovery_key.with_name("stops.jsonl")
    journal.write_text("nothing of ours\nnor this\n")
    said = room.shell.type("keys", "restore", "--yes")
    assert (said.code, "is beschadigd. Er is niets teruggezet." in said.err) == (2, True), said
    assert "niet hier gemaakt" not in said.err


def test_a_drill_takes_no_password_from_its_arguments(room: Room) -> None:
    for address in (
        "postgresql+asyncpg://somebody:hunter2@localhost/copy",
        "postgresql+asyncpg://localhost/copy?user=somebody&password=hunter2",
    ):
        said = room.shell.type("keys", "drill", "--database", address)
        assert (said.code, "~/.pgpass" in said.err) == (2, True), said
        assert "hunter2" not in said.err
    said = room.shell.type("keys", "drill", "--database", "postgresql+asyncpg://localhost:no/copy")
    assert (said.code, "Schrijf het adres zoals in database_url" in said.err) == (2, True), said


def test_a_sheet_that_cannot_be_read_is_told(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    onboard(room.shell)
    _, files = printed_ceremony(room)
    room.shell.must("keys", "backup")
    real = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path == files[1]:
            raise PermissionError(path)
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    said = room.shell.type("keys", "drill", *shares(files))
    assert (said.code, f"Het blad in {files[1]} kan niet gelezen worden." in said.err) == (2, True)


def test_sheets_can_be_typed_for_a_recovery(room: Room) -> None:
    onboard(room.shell)
    _, files = printed_ceremony(room)
    room.shell.must("keys", "backup")
    said = room.type("keys", "restore", "--yes", "--recover", lines=tuple(path.read_text() for path in files))
    assert said.code == 0, said


def test_sheets_of_another_key_and_files_that_are_no_backup_are_refused(room: Room) -> None:
    onboard(room.shell)
    _, old = printed_ceremony(room)
    said = room.shell.type("keys", "restore", "--yes")
    assert (said.code, "is geen sleutelkopie" in said.err) == (2, True)
    printed_ceremony(room, "--replace", sheets="more")
    room.shell.must("keys", "backup")
    said = room.shell.type("keys", "restore", "--yes", "--recover", *shares(old))
    assert (said.code, "horen niet bij deze sleutelkopie" in said.err) == (1, True)
    (newest,) = found_backups(room.backups)
    torn = room.shell.folder / "torn.backup"
    torn.write_bytes(newest.path.read_bytes()[:-100])
    said = room.shell.type("keys", "restore", "--yes", "--backup", str(torn))
    assert (said.code, "is geen sleutelkopie, of is beschadigd" in said.err) == (2, True)


# --- the drill ----------------------------------------------------------------------------------------------


def test_a_drill_tells_what_would_open(room: Room) -> None:
    onboard(room.shell)
    room.shell.must("staff", "add", "--kind", "counsellor", "--name", "Fatima Voorbeeld")
    _, files = printed_ceremony(room)
    room.shell.must("keys", "backup")
    said = room.shell.type("keys", "drill", *shares(files))
    assert said.code == 0, said
    assert "GOED: met deze kopie en drie bladen" in said.out
    assert re.search(r"Namen +1 +1", said.out)
    copy = room.shell.folder / "copy.sqlite"
    shutil.copyfile(room.shell.database(), copy)
    again = room.shell.type("keys", "drill", "--database", f"sqlite+aiosqlite:///{copy}", *shares(files))
    assert again.code == 0, again


def test_a_drill_that_finds_something_unreadable_fails(room: Room) -> None:
    onboard(room.shell)
    room.shell.must("staff", "add", "--kind", "counsellor", "--name", "Fatima Voorbeeld")
    _, files = printed_ceremony(room)
    room.shell.must("keys", "backup")
    with closing(sqlite3.connect(room.shell.database())) as connection, connection:
        connection.execute("UPDATE staff SET sealed_name = zeroblob(200)")
    said = room.shell.type("keys", "drill", *shares(files))
    assert (said.code, "NIET GOED: 1 keer" in said.out) == (1, True)


def test_a_drill_says_which_sheets_and_databases_do_not_do(room: Room) -> None:
    onboard(room.shell)
    _, files = printed_ceremony(room)
    said = room.shell.type("keys", "drill", *shares(files))
    assert (said.code, "is geen sleutelkopie" in said.err) == (2, True)
    room.shell.must("keys", "backup")
    missing = f"sqlite+aiosqlite:///{room.shell.folder / 'nowhere.sqlite'}"
    said = room.shell.type("keys", "drill", "--database", missing, *shares(files))
    assert (said.code, "is er niet" in said.err) == (2, True)
    assert not (room.shell.folder / "nowhere.sqlite").exists()
    said = room.shell.type("keys", "drill", *shares(files[:1]))
    assert (said.code, "Goede bladen: 1." in said.err) == (1, True)
    _, other = printed_ceremony(room, "--replace", sheets="more")
    said = room.shell.type("keys", "drill", *shares(other))
    assert "NIET GOED" in said.out
    assert (said.code, "horen niet bij deze sleutelkopie" in said.err) == (1, True)
    files[0].chmod(0o000)
    files[0].unlink()
    files[0].mkdir()
    assert room.shell.type("keys", "drill", *shares(files)).code == 2
