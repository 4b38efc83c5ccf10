"""Words of recovery sheets on the command line: shown to one custodian at a time, typed or read from files.

Never from an argument or a variable, which other processes can see. What is on the screen is wiped
after each custodian.
"""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from consent_service.cli.entering import entry
from consent_service.cli.opening import remark_on_readers
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.custody.recovery_key import SHARES, THRESHOLD
from consent_service.custody.shares import WORDS_ON_A_SHEET, SheetProblem, What, combine
from consent_service.foundation.i18n import N_
from consent_service.keyring.secret import Secret

SHARE_FILES: Final = entry(
    "--shares",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    words=N_("Een bestand met de woorden van een blad; drie keer te noemen. Anders wordt erom gevraagd."),
)
TRIES: Final = 3
"""For each sheet; a slip of the finger is no reason to let the others type theirs again."""
_COLUMNS: Final = 3
_WIPE_SCROLLED: Final = "\x1b[3J"
"""ECMA-48 erase in display, parameter 3 as xterm defines it: also what scrolled off."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_WRONG: Final[Mapping[What, str]] = {
    "unknown_word": N_("Blad {sheet}: woord {number} staat niet in de woordenlijst."),
    "length": N_("Blad {sheet}: er zijn {number} woorden getypt, dat moeten er {words} zijn."),
    "checksum": N_("Blad {sheet}: een woord is verkeerd, of er zijn twee woorden verwisseld."),
    "other_kind": N_("Blad {sheet}: dit is geen blad van een herstelsleutel van deze dienst."),
    "other_ceremony": N_("Blad {sheet}: dit blad hoort bij een andere herstelsleutel."),
    "twice": N_("Blad {sheet}: dit is hetzelfde blad als blad {number}."),
    "too_few": N_("Goede bladen: {number}. Het moeten er {threshold} zijn."),
    "misfit": N_("De bladen passen niet bij elkaar."),
}
_ALL_OF_ANOTHER: Final = N_("Deze bladen horen bij een andere herstelsleutel.")


def require_terminal(otherwise: str) -> None:
    """Words are shown to and asked of people only.

    Raises:
        CommandError: nobody is looking; `otherwise` says what to do.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise CommandError(otherwise)


def wait_for(terminal: Terminal, sentence: str, **params: object) -> None:
    """Say what is next, and go on when somebody presses Enter.

    Raises:
        CommandError: there is no more input.
    """
    with _ended_by_ctrl_c(terminal):
        terminal.say(sentence, **params)
        _line()


def wipe(terminal: Terminal) -> None:
    """Leave nothing of what was shown on the screen; there is one: see `require_terminal`."""
    terminal.out.clear()
    terminal.out.file.write(_WIPE_SCROLLED)
    terminal.out.file.flush()


def show_sheet(terminal: Terminal, number: int, words: Secret) -> None:
    """One sheet on the screen, numbered in columns, until its custodian has written it down."""
    wait_for(
        terminal,
        N_("Blad {number} van {shares}. Alleen bewaarder {number} kijkt nu. Druk op Enter."),
        number=number,
        shares=SHARES,
    )
    with _ended_by_ctrl_c(terminal), _wiped(terminal):
        _show_words(terminal, words)
        wait_for(
            terminal,
            N_("Schrijf de woorden over en kijk ze na. Druk daarna op Enter; het scherm wordt leeg."),
        )


@contextmanager
def _wiped(terminal: Terminal) -> Iterator[None]:
    try:
        yield
    finally:
        wipe(terminal)


def _show_words(terminal: Terminal, words: Secret) -> None:
    listed = words.reveal().decode().split()
    height = -(-len(listed) // _COLUMNS)
    for row in range(height):
        places = range(row, len(listed), height)
        terminal.show("   ".join(f"{place + 1:>2}. {listed[place]:<10}" for place in places))


def typed_sheets(terminal: Terminal, *, sample: Secret | None = None) -> tuple[Secret, ...] | None:
    """What three custodians type one after the other, each looked at when it was typed.

    Only a sheet with something wrong is asked for again; None when one failed every time, and that was told.
    With a `sample` each must be of the same ceremony as that sheet.

    Raises:
        Abort: somebody pressed Ctrl-C; the screen is empty.
        CommandError: there is nobody to ask.
    """
    require_terminal(
        N_("Er zijn drie bladen nodig. Start dit in een terminal, of noem bestanden met --shares.")
    )
    good: tuple[Secret, ...] = ()
    while len(good) < THRESHOLD:
        typed = _good_sheet(terminal, good, sample)
        if typed is None:
            _give_up(terminal, len(good))
            return None
        good = (*good, typed)
    return good


def recovered_seed(terminal: Terminal, files: Sequence[Path]) -> Secret | None:
    """The recovery seed from three sheets; None when it does not come out, and why was told.

    Raises:
        Abort: somebody pressed Ctrl-C; the screen is empty.
        CommandError: a file cannot be read, or there is nobody to ask.
    """
    sheets = tuple(_from_file(terminal, path) for path in files) if files else typed_sheets(terminal)
    if sheets is None:
        return None
    outcome = combine(sheets)
    if isinstance(outcome, Secret):
        return outcome
    tell_problems(terminal, outcome)
    return None


def tell_problems(terminal: Terminal, problems: Sequence[SheetProblem]) -> None:
    """Everything that is wrong with the sheets, one line each."""
    for one in problems:
        sentence = _WRONG[one.what] if one.sheet or one.what != "other_ceremony" else _ALL_OF_ANOTHER
        place = {"sheet": one.sheet, "number": one.number}
        terminal.complain(terminal.text(sentence, **place, words=WORDS_ON_A_SHEET, threshold=THRESHOLD))


def _good_sheet(terminal: Terminal, good: tuple[Secret, ...], sample: Secret | None) -> Secret | None:
    """The next sheet; None when it was wrong as often as it may be."""
    place = len(good) + 1
    for left in reversed(range(TRIES)):
        typed = _typed(terminal, place)
        problems = _wrong_with(good, typed, sample)
        if not problems:
            terminal.say(N_("Blad {place} van {threshold} is goed."), place=place, threshold=THRESHOLD)
            return typed
        tell_problems(terminal, problems)
        if left:
            terminal.complain(terminal.text(N_("Alleen dit blad moet opnieuw.")))
    return None


def _wrong_with(good: tuple[Secret, ...], typed: Secret, sample: Secret | None) -> tuple[SheetProblem, ...]:
    """What is wrong with one sheet after those that were good; with the last, also with all together."""
    place = len(good) + 1
    if sample is not None and (stranger := _found(combine((sample, typed)), "other_ceremony")):
        return tuple(SheetProblem(one.what, place) for one in stranger)
    outcome = combine((*good, typed))
    if isinstance(outcome, Secret):
        return ()
    return tuple(problem for problem in outcome if problem.what != "too_few")


def _found(outcome: Secret | tuple[SheetProblem, ...], what: What) -> tuple[SheetProblem, ...]:
    return () if isinstance(outcome, Secret) else tuple(one for one in outcome if one.what == what)


def _give_up(terminal: Terminal, good: int) -> None:
    terminal.complain(
        terminal.text(
            N_(
                "Blad {place} was {tries} keer niet goed. Goed waren er {good}; die zijn nergens bewaard. "
                "Vergelijk de datum en de vingerafdruk op de bladen: hoort een blad bij een andere "
                "herstelsleutel, neem dan een ander. Begin daarna opnieuw."
            ),
            place=good + 1,
            tries=TRIES,
            good=good,
        )
    )


def _typed(terminal: Terminal, place: int) -> Secret:
    lines: list[str] = []
    try:
        with _ended_by_ctrl_c(terminal):
            terminal.say(
                N_(
                    "Blad {place} van {threshold}: typ de {words} woorden in volgorde, op zoveel regels als "
                    "u wilt. Van elk woord zijn vier letters genoeg. Na het laatste woord gaat het vanzelf "
                    "verder. Klopt er iets niet, begin dit blad dan opnieuw met een lege regel."
                ),
                place=place,
                threshold=THRESHOLD,
                words=WORDS_ON_A_SHEET,
            )
            while len(_WORD.findall(" ".join(lines))) < WORDS_ON_A_SHEET:
                line = _line()
                if line:
                    lines.append(line)
                elif lines:
                    break
            return Secret(" ".join(lines).encode())
    finally:
        lines.clear()  # an error keeps the locals it passed
        wipe(terminal)


@contextmanager
def _ended_by_ctrl_c(terminal: Terminal) -> Iterator[None]:
    """Ctrl-C wipes the screen and ends the command at once; an event loop would wait for Enter."""
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        wipe(terminal)
        raise click.Abort from None  # as an ordinary error, so that everything is closed on the way
    finally:
        signal.signal(signal.SIGINT, kept)


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise CommandError(N_("Er is niets meer getypt; er is niets gedaan."))
    return line.strip()


def _from_file(terminal: Terminal, path: Path) -> Secret:
    sentence = N_("Anderen op deze machine kunnen het blad in {path} lezen.")
    for remark in remark_on_readers(terminal, path, sentence):
        terminal.complain(remark)
    try:
        return Secret(path.read_bytes())
    except OSError as failure:
        raise CommandError(N_("Het blad in {path} kan niet gelezen worden."), path=path) from failure
