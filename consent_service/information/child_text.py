"""The words a child reads, in the je-form: what stands on every page, and its own question per type.

They stand in the same files as the parents' words and are hashed with them. How old a child is and what
its answer does, is `families` and `policy`; the pages are `web.child`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from consent_service.information.blocks import BlockProblem, Table, read_struct, table_of
from consent_service.information.model import InformationType, hash_of

_HIDDEN: Final = frozenset({"id", "version", "review", "reviewer", "language", "hash"})
_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id": '"consent.child"',
        "version": "1",
        "review": '"draft" (or "reviewed")',
        "question": '"Mogen de school en wij delen wat jou helpt?"',
    }
)


class ChildWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One type in words for the child. `who_sees` and `until` are the parents' when they stay empty."""

    label: str
    question: str
    explanation: str
    never: str
    who_sees: str = ""
    until: str = ""


class ChildText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands on every page of a child, whatever the type.

    `heard`, `together` and `alone` say what its parents and counsellor see of its answers at that age.
    """

    id: str
    version: int
    review: Literal["draft", "reviewed"]
    reviewer: str
    language: str
    say_no: str
    who_we_are: str
    why_we_ask: str
    heard: str
    together: str
    alone: str
    withdraw: str
    see_who_looked: str
    statement: str
    nothing_told: str
    own_words: str
    own_words_help: str
    hash: str = ""


def is_asked_of_children(kind: InformationType) -> bool:
    """What is about one parent is decided by that parent alone, whatever the child's age."""
    return kind.decided_by != "own_guardian"


def read_child_text(raw: Table, language: str, problems: list[BlockProblem]) -> ChildText | None:
    """The `[child]` table of one language; what is wrong with it is added to `problems`."""
    block = f"{language}.child"
    table = table_of(raw, "child", block=language, problems=problems)
    given = {"language": language, "hash": ""}
    text = read_struct(ChildText, table, block=block, given=given, examples=_EXAMPLES, problems=problems)
    if text is None:
        return None
    if text.review == "reviewed" and not text.reviewer.strip():
        problems.append(BlockProblem(block, "reviewed, but by nobody", 'reviewer = "A. Jansen"'))
    if text.version < 1:
        problems.append(BlockProblem(block, "`version` starts at 1", "version = 1"))
    words = dict(child_words(text))
    problems += _empty(words, block)
    return msgspec.structs.replace(text, hash=hash_of([text.id, text.version, language, words]))


def read_words(
    kind: InformationType, raw: Table, block: str, problems: list[BlockProblem]
) -> ChildWords | None:
    """The `child` table of one type; there is none for a type that no child is asked about."""
    if not is_asked_of_children(kind):
        if "child" in raw:
            problems.append(BlockProblem(block, "no child is asked about this type", "remove child"))
        return None
    table = table_of(raw, "child", block=block, problems=problems)
    here = f"{block}.child"
    words = read_struct(ChildWords, table, block=here, given={}, examples=_EXAMPLES, problems=problems)
    if words is not None:
        must = {name: getattr(words, name) for name in ("label", "question", "explanation", "never")}
        problems += _empty(must, here)
    return words


def child_words(text: ChildText | ChildWords) -> Iterator[tuple[str, str]]:
    """Every piece of text that a child may read, with the place it stands in."""
    for name in text.__struct_fields__:
        if name not in _HIDDEN:
            yield name, getattr(text, name)


def speaks_formally(words: str) -> bool:
    """Whether Dutch words address somebody with `u`, as one does not address a child."""
    return re.search(r"\b(u|uw|uzelf)\b", words, re.IGNORECASE) is not None


def _empty(words: Mapping[str, str], block: str) -> Iterator[BlockProblem]:
    for name, said in words.items():
        if not said.strip():
            yield BlockProblem(block, f"`{name}` is empty", f"{name} = {_EXAMPLES.get(name, '...')}")
