"""What a step of the story comes to: a sentence when it went as told, an error when it did not."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """A Dutch sentence with its parameters, translated where it is shown."""

    sentence: str
    params: Mapping[str, object] = {}


def told(sentence: str, /, **params: object) -> Outcome:
    """The outcome of a step that went as told."""
    return Outcome(sentence, params)


class DifferentError(Exception):
    """The story went differently: what was expected, and what was there instead."""

    def __init__(self, expected: str, found: str) -> None:
        self.expected, self.found = expected, found
        super().__init__(f"{expected} <> {found}")


def expect(condition: bool, expected: str, found: str) -> None:
    """Go on only when the story goes as told.

    Raises:
        DifferentError: it does not.
    """
    if not condition:
        raise DifferentError(expected, found)
