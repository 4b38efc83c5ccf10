"""One run of the command line: its language, its settings, and where its sentences go."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from rich.console import Console
from rich.table import Table

from consent_service.foundation.errors import ConsentServiceError
from consent_service.foundation.i18n import N_, SOURCE, SUPPORTED, Counted, translator
from consent_service.foundation.settings import Settings, load_settings

_LANGUAGE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_WIDTH_OF_A_FILE: Final = 240
"""Where output goes to a file or a pipe, no line is broken."""


class CommandError(ConsentServiceError):
    """The command could not be carried out; the Dutch sentence is translated where it is shown."""

    code = "command"

    def __init__(self, sentence: str, /, **params: object) -> None:
        self.sentence = sentence
        self.params = params
        super().__init__(sentence)


class NotAdmittedError(CommandError):
    """The command asks for an operator who proved who it is; nothing was done."""

    code = "not_admitted"


Admission = Literal["operator", "anybody", "emergency"]
"""Who may type a command: an operator who proved who it is; anybody with the keys, or without; anybody while
something is broken, which is then logged."""


class Terminal:
    """What every command gets: it reads the settings once and speaks the operator's language."""

    def __init__(self, environ: Mapping[str, str], *, language: str | None = None) -> None:
        self.environ = environ
        self.chosen = language or language_of(environ)
        self.config: Path | None = None
        self.admission: Admission = "operator"
        self._settings: Settings | None = None
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    @property
    def language(self) -> str:
        """What was asked for, else what the installation speaks."""
        if self.chosen is None and self._settings is not None:
            return self._settings.default_language
        return self.chosen or SOURCE

    @property
    def settings(self) -> Settings:
        """The settings of this installation.

        Raises:
            ConfigurationError: with every problem at once.
        """
        if self._settings is None:
            self._settings = load_settings(self.environ, self.config)
        return self._settings

    def use(self, settings: Settings) -> None:
        """Work with these settings instead of those of the environment."""
        self._settings = settings

    def text(self, sentence: str | Counted, /, **params: object) -> str:
        """A Dutch sentence in the language of this run."""
        return translator(self.language).text(sentence, **params)

    def moment(self, instant: datetime) -> str:
        """Day and time of day in the Netherlands, and that it is that: machines stand elsewhere too."""
        written = translator(self.language).instant(instant, "medium")
        return self.text(N_("{moment} (Nederlandse tijd)"), moment=written)

    def say(self, sentence: str | Counted, /, **params: object) -> None:
        """One line about what happened."""
        self.out.print(self.text(sentence, **params))

    def show(self, line: str) -> None:
        """A line that needs no translation: an address, a key, a name."""
        self.out.print(line)

    def complain(self, line: str) -> None:
        """One line about what went wrong, already in the right language."""
        self.err.print(line)

    def table(self, headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """A table with Dutch headings; nothing at all is shown as one sentence by the caller."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            table.add_column(self.text(heading), overflow="fold")
        for row in rows:
            table.add_row(*row)
        self.out.print(table)


def language_of(environ: Mapping[str, str]) -> str | None:
    """The language of the terminal (POSIX locale variables), when it is one we speak."""
    for name in _LANGUAGE_VARIABLES:
        if value := environ.get(name):
            language = re.split(r"[_.@]", value)[0].lower()
            return language if language in SUPPORTED else None
    return None


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDTH_OF_A_FILE
    return Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True, width=width)
