"""Asks for a word that nobody types by accident, before something that cannot be undone."""

from __future__ import annotations

import sys

from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.i18n import N_


def confirm(terminal: Terminal, sentence: str, *, word: str) -> None:
    """Go on when the `word` is typed; both are Dutch sources, and the sentence has a place for `{word}`.

    Raises:
        CommandError: another word, or nobody to ask.
    """
    if not sys.stdin.isatty():
        raise CommandError(N_("Niemand kan bevestigen. Start dit in een terminal, of noem --yes."))
    wanted = terminal.text(word)
    terminal.say(sentence, word=wanted)
    if sys.stdin.readline().strip().casefold() != wanted:
        raise CommandError(N_("Er is niets gedaan."))
