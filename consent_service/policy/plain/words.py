"""The words in which policies are told, per language, and whether everything a policy can say has its own.

Reads `words/<lang>.toml`. Words decide nothing, so they are not in the bundle's hash, and policies without
them are still judged: what has no words is shown as Cedar. That every word is there is asked of a proposal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import cedarpy
import msgspec

from consent_service.policy.lint import KNOWN_OBLIGATIONS
from consent_service.policy.plain.speakable import FactSpec, Speakable, speakable
from consent_service.policy.reasons import REQUIRED_LANGUAGE, PolicyProblem, read_toml_struct

WORDS_FOLDER: Final = "words"
ITEM: Final = "{item}"


Text = Annotated[str, msgspec.Meta(pattern=r"^[^{}]+$")]
"""Words that stand as they are."""


class Both(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One statement as a sentence without its full stop, said when it holds (`yes`) and when not (`no`)."""

    yes: Text
    no: Text

    def said(self, *, holds: bool) -> str:
        return self.yes if holds else self.no


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One fact: `noun` is what it is called within a sentence, `yes` and `no` state it.

    Of a choice or a set these two have `{item}`; `members` states one name in a way of its own.
    """

    noun: str = ""
    yes: str = ""
    no: str = ""
    members: Mapping[str, Both] = {}

    def stated(self, *, holds: bool) -> str:
        return self.yes if holds else self.no


class Asker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who asks: `noun` begins a heading ("Een school"), `yes` and `no` state it within a condition."""

    noun: Text
    yes: Text
    no: Text


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands around: headings by effect and scope, the words before conditions and lists, comparisons.

    `{who}` an asker, `{what}` an action; `{left}` and `{right}` what is compared; `{list}` several names.
    `forbid_always` is about everybody and every action. `other_subject` explains an `@unmet` of "-".
    """

    permit_anyone: str
    permit_one: str
    forbid_always: str
    forbid_anyone: str
    forbid_one: str
    when: str
    unless: str
    all_of: str
    one_of: str
    depends: str
    condition: str
    consequence: str
    alternative: str
    always: str
    never: str
    equal: str
    unequal: str
    less: str
    at_most: str
    more: str
    at_least: str
    plus: str
    minus: str
    times: str
    among: str
    not_among: str
    separator: str
    last_separator: str
    other_subject: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All words of one language. `any_action` stands for every action at once; `names` per kind of name."""

    frame: Frame
    any_action: Text
    actions: Mapping[str, Text]
    askers: Mapping[str, Asker]
    obligations: Mapping[str, Text]
    names: Mapping[str, Mapping[str, Text]]
    facts: Mapping[str, Fact]

    def name(self, kind: str, name: str) -> str | None:
        """What this name is called; names that no schema lists (information types) stand as they are."""
        return self.names[kind].get(name) if kind in self.names else f'"{name}"'

    def statement(self, path: str, kind: str, name: str, *, holds: bool) -> str | None:
        """That the choice at this path is (not) this name; None without words for it."""
        fact, called = self.facts.get(path), self.name(kind, name)
        if fact is None:
            return None
        if name in fact.members:
            return fact.members[name].said(holds=holds)
        stated = fact.stated(holds=holds)
        return stated.replace(ITEM, called) if stated and called else None


_FRAME_ITEMS: Final = {
    "permit_anyone": ("{what}",),
    "permit_one": ("{who}", "{what}"),
    "forbid_anyone": ("{what}",),
    "forbid_one": ("{who}", "{what}"),
    **dict.fromkeys(("equal", "unequal", "less", "at_most", "more", "at_least"), ("{left}", "{right}")),
    **dict.fromkeys(("plus", "minus", "times"), ("{left}", "{right}")),
    **dict.fromkeys(("among", "not_among"), (ITEM, "{list}")),
}
_PLACEHOLDER: Final = re.compile(r"\{[^{}]*\}?|\}")


def read_words(folder: Path, schema: cedarpy.Schema, *, problems: list[PolicyProblem]) -> Mapping[str, Words]:
    """The words per language; every language has words for exactly what the schema lets a policy say."""
    known = speakable(schema)
    words: dict[str, Words] = {}
    for path in sorted((folder / WORDS_FOLDER).glob("*.toml")):
        where = f"{WORDS_FOLDER}/{path.name}"
        found: list[PolicyProblem] = []
        read = read_toml_struct(path, Words, problems=found)
        problems += [msgspec.structs.replace(problem, where=where) for problem in found]
        if read is not None:
            words[path.stem] = read
            problems += _problems_of_words(where, read, known)
    if REQUIRED_LANGUAGE not in words:
        problems.append(PolicyProblem(WORDS_FOLDER, "language_missing", f"{REQUIRED_LANGUAGE}.toml"))
    return words


def _problems_of_words(where: str, words: Words, known: Speakable) -> Iterator[PolicyProblem]:
    facts = {path for path, fact in known.facts.items() if fact.kind != "other"}
    yield from _keys(where, "facts", words.facts, facts)
    yield from _keys(where, "askers", words.askers, set(known.askers))
    yield from _keys(where, "actions", words.actions, set(known.actions))
    yield from _keys(where, "obligations", words.obligations, set(KNOWN_OBLIGATIONS))
    yield from _keys(where, "names", words.names, set(known.names))
    for kind in sorted(words.names.keys() & known.names.keys()):
        yield from _keys(where, f"names.{kind}", words.names[kind], set(known.names[kind]))
    for path in sorted(words.facts.keys() & facts):
        yield from _fact_problems(f'{where} facts."{path}"', words.facts[path], known.facts[path], known)
    yield from _frame_problems(where, words.frame)
    for text, times in Counter(_told(words, known)).items():
        if text and times > 1:
            yield PolicyProblem(where, "word_twice", f'"{text}": two things that cannot be told apart')


def _keys(where: str, table: str, has: Mapping[str, object], needs: set[str]) -> Iterator[PolicyProblem]:
    for missing in sorted(needs - has.keys()):
        yield PolicyProblem(where, "word_missing", f"{table}: {missing}")
    for unused in sorted(has.keys() - needs):
        yield PolicyProblem(where, "word_unused", f"{table}: {unused} is not in the schema")


def _fact_problems(where: str, fact: Fact, spec: FactSpec, known: Speakable) -> Iterator[PolicyProblem]:
    """Numbers have a noun, yes-or-no facts both statements, choices all three, sets both statements."""
    needs = {"yes_no": "yes no", "number": "noun", "choice": "noun yes no", "several": "yes no"}
    wanted = set(needs[spec.kind].split())
    for part in ("noun", "yes", "no"):
        text = getattr(fact, part)
        if bool(text) != (part in wanted):
            yield PolicyProblem(where, "word_unused" if text else "word_missing", part)
        items = (ITEM,) if part != "noun" and spec.kind in ("choice", "several") else ()
        if text:
            yield from _placeholders(where, part, text, items)
    for name in sorted(fact.members.keys() - set(known.names.get(spec.named, ()))):
        yield PolicyProblem(where, "word_unused", f"members: {name} is not in the schema")


def _frame_problems(where: str, frame: Frame) -> Iterator[PolicyProblem]:
    for part, text in msgspec.structs.asdict(frame).items():
        items = _FRAME_ITEMS.get(part, ())
        if not text:
            yield PolicyProblem(where, "word_missing", f"frame: {part}")
        yield from _placeholders(where, f"frame: {part}", text, items)


def _placeholders(where: str, part: str, text: str, items: Sequence[str]) -> Iterator[PolicyProblem]:
    """Each placeholder once, and no other brace."""
    found = _PLACEHOLDER.findall(text)
    for missing in sorted(set(items) - set(found)):
        yield PolicyProblem(where, "placeholder_missing", f"{part}: {missing}")
    if len(found) > len(set(items)):
        yield PolicyProblem(where, "malformed", f"{part}: {' '.join(found)}")


def _told(words: Words, known: Speakable) -> Iterator[str | None]:
    """Everything that can stand in a sentence, once for each thing it can mean."""
    for asker in words.askers.values():
        yield from (asker.noun, asker.yes, asker.no)
    yield from (words.any_action, *words.actions.values(), *words.obligations.values())
    for kind, names in words.names.items():
        yield from (f"{kind}: {text}" for text in names.values())
    for path, fact in words.facts.items():
        spec = known.facts.get(path, FactSpec("other"))
        yield from (fact.noun, fact.yes, fact.no)
        for name in known.names.get(spec.named, ()) if spec.kind == "choice" else ():
            yield from (words.statement(path, spec.named, name, holds=holds) for holds in (True, False))
    yield from msgspec.structs.astuple(words.frame)
