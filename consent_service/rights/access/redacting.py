"""Free texts of a draft, and leaving them out with a ground. Pure.

While a file is collected, each text that a person typed stands apart, with a token in its place. The privacy
coordinator looks at each; then the tokens are replaced by the text, or by what says that it is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

import msgspec

from consent_service.foundation.errors import InputError, Problem
from consent_service.rights.access.document import (
    ARTICLES,
    AccessFile,
    Redacted,
    RedactionGround,
    RedactionLine,
)

KEEP: Final = "keep"
CHOICES: Final[tuple[str, ...]] = (KEEP, *get_args(RedactionGround))
"""What the coordinator can say of one text: it stays, or a ground on which it is left out."""
_SHORTEST_NAME: Final = 3
_WORD: Final = re.compile(r"\w+")


class FreeText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A text that a person typed. `names`: it seems to name somebody the file is not about."""

    token: str
    place: str
    what: str
    text: str
    names: bool
    """Or may tell where somebody is: it does not stay by itself."""


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file that nobody looked through yet."""

    file: AccessFile
    texts: tuple[FreeText, ...]


class TextShelf:
    """Where texts are put apart while a file is collected; `prefix` is new for each file."""

    def __init__(self, prefix: str, others: Iterable[str]) -> None:
        self._prefix = prefix
        known = [one.casefold() for one in others if len(one) >= _SHORTEST_NAME]
        self._names = frozenset(one for one in known if one.isalpha())
        self._reach = frozenset(one for one in known if not one.isalpha())
        self.texts: list[FreeText] = []

    def put(self, place: str, what: str, text: str, *, asks: bool = False) -> str:
        """The token that stands in the place of a text; an empty text is just that.

        `asks`: somebody must say of it that it stays.
        """
        if not text.strip():
            return ""
        token = f"{self._prefix}:{len(self.texts)}"
        self.texts.append(
            FreeText(token=token, place=place, what=what, text=text, names=asks or self._names_others(text))
        )
        return token

    def _names_others(self, text: str) -> bool:
        """A name as a word of its own; a number or an address wherever it stands."""
        said = text.casefold()
        return not self._names.isdisjoint(_WORD.findall(said)) or any(one in said for one in self._reach)


def redacted(what: str, ground: RedactionGround) -> Redacted:
    """What stands where something is left out."""
    return Redacted(what, ground, ARTICLES[ground])


def line(place: str, what: str, ground: RedactionGround) -> RedactionLine:
    """The same in the list of everything that is left out."""
    return RedactionLine(place=place, redacted=what, ground=ground, article=ARTICLES[ground])


def looked_through(draft: Draft, chosen: Mapping[int, str]) -> AccessFile:
    """The file as it is handed over; `chosen` says of a text by its number whether it stays.

    A text that seems to name somebody else does not stay by itself.

    Raises:
        InputError: of every text that needs a choice and has none, or one that does not exist.
    """
    problems, filled, lines = [], dict[str, object](), list[RedactionLine]()
    for number, one in enumerate(draft.texts):
        choice = chosen.get(number, "" if one.names else KEEP)
        if choice not in CHOICES:
            problems.append(Problem(f"text-{number}", "access_choose_text"))
        elif choice == KEEP:
            filled[one.token] = one.text
        else:
            ground = next(ground for ground in ARTICLES if ground == choice)
            filled[one.token] = msgspec.to_builtins(redacted(one.what, ground))
            lines.append(line(one.place, one.what, ground))
    if problems:
        raise InputError(problems)
    plain = msgspec.json.decode(msgspec.json.encode(draft.file))
    made = msgspec.convert(_filled(plain, filled), AccessFile)
    return msgspec.structs.replace(made, redactions=(*made.redactions, *lines))


def _filled(node: Any, filled: Mapping[str, object]) -> Any:
    if isinstance(node, list):
        return [_filled(one, filled) for one in node]
    if isinstance(node, dict):
        return {name: _filled(value, filled) for name, value in node.items()}
    return filled.get(node, node) if isinstance(node, str) else node
