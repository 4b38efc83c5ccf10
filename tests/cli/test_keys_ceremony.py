"""The ceremony, as an operator and five custodians type it."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from consent_service.custody.recovery_key import read_public_key
from tests.cli.conftest import Shell, onboard
from tests.cli.room import (
    ENTER,
    NUMBERED,
    Line,
    Room,
    on_paper,
    printed_ceremony,
)


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
    assert "OK: installatie, logboek 1: 1 regel," in room.shell.must("audit", "verify")


def test_a_ceremony_on_the_screen_shows_one_sheet_at_a_time_and_wipes_it(room: Room) -> None:
    words: dict[int, str] = {}

    def copy() -> str:
        found = dict(NUMBERED.findall(room.seen()))
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
        place = next(at for at in range(20, 32) if typed[at] != typed[at + 1])
        typed[place], typed[place + 1] = typed[place + 1], typed[place]
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
        while True:
            if not select.select([ours], [], [], 5)[0]:
                os.write(ours, b"\x03")  # Python loses an interrupt that comes while it clears away an object
            elif block := os.read(ours, 4096):
                seen += block
            else:
                break
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
