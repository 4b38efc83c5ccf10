"""The ceremony, backups, restoring and the drill, as an operator and five custodians type them."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import msgspec
import pytest
from pypdf import PdfReader

from consent_service.custody.backup_file import (
    finish,
    found_backups,
    read_backup,
    section,
    vouched_part,
)
from consent_service.custody.recovery_key import read_public_key
from consent_service.foundation.settings import PREFIX
from consent_service.keyring.providers.file import unlock_keystore
from tests.cli.conftest import Said, Shell, add_staff, onboard
from tests.factories import PASSPHRASE

ENTER = ""
_NUMBERED = re.compile(r"(\d+)\.\s+([a-z]+)")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
Line = str | Callable[[], str]


class People(io.TextIOBase):
    """Those at the keyboard: each line is what is typed next, or is made when it is."""

    def __init__(self, *lines: Line) -> None:
        self._lines = list(lines)

    def isatty(self) -> bool:
        return True

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
        if not self._lines:
            return ""
        line = self._lines.pop(0)
        return (line if isinstance(line, str) else line()) + "\n"


class Room:
    """An installation with people at its terminal; remembers what was on the screen."""

    def __init__(
        self, shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.shell = shell
        self.screens: list[str] = []
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def seen(self) -> str:
        """What was shown since the last time somebody looked."""
        self.screens.append(_ESCAPE.sub("", self._capsys.readouterr().out))
        return self.screens[-1]

    def type(self, *arguments: str, lines: tuple[Line, ...] = ()) -> Said:
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", People(*lines))
            patch.setattr(sys.stdout, "isatty", lambda: True)
            said = self.shell.type(*arguments)
        return Said(said.code, _ESCAPE.sub("", said.out), said.err)

    @property
    def recovery_key(self) -> Path:
        return Path(self.shell.environ[f"{PREFIX}STATE_DIR"]) / "recovery.pub"

    @property
    def backups(self) -> Path:
        return Path(self.shell.environ[f"{PREFIX}STATE_DIR"]) / "key-backups"


@pytest.fixture
def room(sqlite_shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Room:
    return Room(sqlite_shell, capsys, monkeypatch)


def on_paper(folder: Path, number: int) -> str:
    """The words a custodian reads from the printed sheet."""
    (page,) = PdfReader(folder / f"herstelblad-{number}.pdf").pages
    found = dict(_NUMBERED.findall(page.extract_text()))
    return " ".join(found[str(place)] for place in range(1, 34))


def printed_ceremony(room: Room, *extra: str, sheets: str = "sheets") -> tuple[Said, list[Path]]:
    """Sheets on paper, three typed back; also as files, for later."""
    folder = room.shell.folder / sheets
    lines: list[Line] = [ENTER, *(partial(on_paper, folder, number) for number in (5, 2, 4))]
    said = room.type("keys", "ceremony", "--sheets", str(folder), *extra, lines=tuple(lines))
    files = []
    for number in (1, 3, 5):
        files.append(folder / f"words-{number}")
        if folder.is_dir():
            files[-1].write_text(on_paper(folder, number))
    return said, files


def shares(files: list[Path]) -> list[str]:
    return [word for path in files for word in ("--shares", str(path))]


# --- the ceremony ----------------------------------------------------------------------------------------


def test_a_ceremony_on_paper_puts_the_key_into_use_and_logs_it(room: Room) -> None:
    onboard(room.shell)
    said, _ = printed_ceremony(room)
    assert said.code == 0, said
    key = read_public_key(room.recovery_key)
    assert room.recovery_key.stat().st_mode & 0o777 == 0o644
    assert key.shown_fingerprint in said.out
    folder = room.shell.folder / "sheets"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.pdf")} == {0o600}
    assert f"Wis nu de map {folder}" in said.out
    assert on_paper(folder, 1) not in said.out
    assert "OK: installatie, 1 regels" in room.shell.must("audit", "verify")


def test_a_ceremony_on_the_screen_shows_one_sheet_at_a_time_and_wipes_it(room: Room) -> None:
    words: dict[int, str] = {}

    def copy() -> str:
        found = dict(_NUMBERED.findall(room.seen()))
        words[len(words) + 1] = " ".join(found[str(place)] for place in range(1, 34))
        return ENTER

    def recite(number: int) -> Callable[[], str]:
        return lambda: words[number].upper()

    lines = (*[line for _ in range(5) for line in (ENTER, copy)], recite(3), recite(1), recite(4))
    said = room.type("keys", "ceremony", lines=lines)
    assert said.code == 0, said
    assert len(set(words.values())) == 5
    assert room.recovery_key.exists()
    assert not any(text in screen for screen in [said.out] for text in words.values())


def test_only_the_sheet_with_something_wrong_is_typed_again(room: Room) -> None:
    folder = room.shell.folder / "sheets"

    def with_a_slip() -> str:
        typed = on_paper(folder, 1).split()
        typed[11] = "aardappel"
        return " ".join(typed)

    def swapped() -> str:
        typed = on_paper(folder, 2).split()
        typed[20], typed[21] = typed[21], typed[20]
        return " ".join(typed)

    said = room.type(
        "keys",
        "ceremony",
        "--sheets",
        str(folder),
        lines=(
            ENTER,
            *(with_a_slip, partial(on_paper, folder, 1)),
            *(swapped, partial(on_paper, folder, 1), partial(on_paper, folder, 2)),
            *(lambda: " ".join(on_paper(folder, 3).split()[:30]), ENTER, partial(on_paper, folder, 3)),
        ),
    )
    assert said.code == 0, said
    again = "Alleen dit blad moet opnieuw."
    assert said.err.splitlines() == [
        *("Blad 1: woord 12 staat niet in de woordenlijst.", again),
        *("Blad 2: een woord is verkeerd, of er zijn twee woorden verwisseld.", again),
        *("Blad 2: dit is hetzelfde blad als blad 1.", again),
        *("Blad 3: er zijn 30 woorden getypt, dat moeten er 33 zijn.", again),
    ]
    assert "Blad 3 van 3 is goed." in said.out


def test_empty_lines_around_a_sheet_are_no_sheet(room: Room) -> None:
    folder = room.shell.folder / "sheets"

    def half(number: int, start: int, end: int) -> Callable[[], str]:
        return lambda: " ".join(on_paper(folder, number).split()[start:end])

    lines: list[Line] = [ENTER]
    for number in (1, 2, 3):
        lines += [ENTER, half(number, 0, 20), half(number, 20, 33), ENTER]
    said = room.type("keys", "ceremony", "--sheets", str(folder), lines=tuple(lines))
    assert (said.code, said.err) == (0, ""), said


def test_a_sheet_that_is_wrong_three_times_ends_it_and_says_what_now(room: Room) -> None:
    onboard(room.shell)
    _, files = printed_ceremony(room)
    room.shell.must("keys", "backup")
    first = files[0].read_text()
    said = room.type("keys", "drill", lines=(first, *["geen blad", ENTER] * 3))
    assert said.code == 1
    assert "Blad 2 was 3 keer niet goed. Goed waren er 1; die zijn nergens bewaard." in said.err


def test_ctrl_c_wipes_the_words_and_ends_with_one_sentence(room: Room) -> None:
    def stop() -> str:
        raise KeyboardInterrupt

    said = room.type("keys", "ceremony", lines=(ENTER, stop))
    assert said.code == 130
    assert said.err.splitlines() == [
        "De sleutel is niet in gebruik genomen. Vernietig deze bladen.",
        "Afgebroken.",
    ]
    assert not room.recovery_key.exists()


def test_ctrl_c_in_a_terminal_ends_a_ceremony_at_once(sqlite_shell: Shell) -> None:
    """The event loop would keep the signal until Enter; only a real terminal shows that."""
    command, ours = pty.fork()
    if command == 0:
        os.environ.update(sqlite_shell.environ, TERM="xterm")
        os.execv(sys.executable, [sys.executable, "-m", "consent_service", "keys", "ceremony"])  # noqa: S606
    seen = b""
    for awaited, typed in ((b"Druk op Enter", b"\n"), (b"Druk daarna op Enter", b"\x03")):
        while awaited not in seen:
            seen += os.read(ours, 4096)
        os.write(ours, typed)
        seen = seen.partition(awaited)[2]
    with suppress(OSError):  # the other end has closed
        while block := os.read(ours, 4096):
            seen += block
    assert os.waitstatus_to_exitcode(os.waitpid(command, 0)[1]) == 130
    os.close(ours)
    assert b"\x1b[3J" in seen
    assert b"Afgebroken." in seen
    assert b"Traceback" not in seen


def test_sheets_that_are_not_typed_back_three_times_make_no_key(room: Room) -> None:
    said = room.type(
        "keys", "ceremony", "--sheets", str(room.shell.folder / "sheets"),
        lines=(ENTER, *(["geen blad", ENTER] * 9)),
    )  # fmt: skip
    assert said.code == 1
    assert f"Vernietig deze bladen, ook die in de map {room.shell.folder / 'sheets'}." in said.err
    assert not room.recovery_key.exists()


def test_sheets_of_an_earlier_ceremony_do_not_confirm_this_one(room: Room) -> None:
    _, files = printed_ceremony(room)
    room.recovery_key.unlink()
    said = room.type(
        "keys", "ceremony", "--replace", "--sheets", str(room.shell.folder / "other"),
        lines=(ENTER, *([path.read_text() for path in files] * 3)),
    )  # fmt: skip
    assert said.code == 1
    assert "Blad 1: dit blad hoort bij een andere herstelsleutel." in said.err
    assert not room.recovery_key.exists()


def test_an_abandoned_ceremony_changes_nothing(room: Room) -> None:
    said = room.type("keys", "ceremony", "--sheets", str(room.shell.folder / "sheets"), lines=(ENTER,))
    assert (said.code, "Er is niets meer getypt" in said.err) == (2, True)
    assert not room.recovery_key.exists()


def test_a_second_ceremony_needs_to_be_meant(room: Room) -> None:
    printed_ceremony(room)
    first = read_public_key(room.recovery_key)
    said = room.type("keys", "ceremony")
    assert said.code == 2
    assert "Met --replace komt er een nieuwe" in said.err
    assert read_public_key(room.recovery_key) == first
    again, _ = printed_ceremony(room, "--replace", sheets="more")
    assert again.code == 0, again
    assert read_public_key(room.recovery_key) != first


def test_a_recovery_key_that_is_lost_is_put_back_or_replaced_and_not_made_anew(room: Room) -> None:
    printed_ceremony(room)
    kept, shown = room.recovery_key.read_bytes(), read_public_key(room.recovery_key).shown_fingerprint
    room.recovery_key.unlink()
    assert f"met vingerafdruk {shown}." in room.shell.must("keys", "status")
    assert re.search(r"let op +herstelsleutel", room.shell.must("check"))
    said = room.type("keys", "ceremony")
    assert (said.code, "keys ceremony --replace" in said.err, shown in said.err) == (2, True, True)
    room.recovery_key.write_bytes(kept)
    assert f"Herstelsleutel: {shown}" in room.shell.must("keys", "status")
    assert re.search(r"goed +herstelsleutel", room.shell.must("check"))
    room.recovery_key.write_text("iets anders")
    said = room.shell.type("check")
    assert said.code == 1
    assert re.search(r"mis +herstelsleutel", said.out)


def test_a_ceremony_needs_people_and_a_safe_folder(room: Room) -> None:
    said = room.shell.type("keys", "ceremony")
    assert (said.code, "in een terminal" in said.err) == (2, True)
    checkout = room.shell.folder / "checkout"
    (checkout / ".git").mkdir(parents=True)
    said = room.type("keys", "ceremony", "--sheets", str(checkout / "sheets"))
    assert (said.code, "git-map" in said.err) == (2, True)
    assert not (checkout / "sheets").exists()
    open_folder = room.shell.folder / "open"
    open_folder.mkdir(mode=0o755)
    open_folder.chmod(0o755)
    said = room.type("keys", "ceremony", "--sheets", str(open_folder))
    assert (said.code, f"chmod 700 {open_folder}" in said.err, said.out) == (2, True, "")
    assert list(open_folder.iterdir()) == []


def test_sheets_are_not_written_over_others(room: Room) -> None:
    printed_ceremony(room)
    said = room.type("keys", "ceremony", "--replace", "--sheets", str(room.shell.folder / "sheets"))
    assert (said.code, "liggen al bladen" in said.err) == (2, True)


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
