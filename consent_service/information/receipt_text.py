"""The fixed words of a receipt, in one language: legal words, so they stand with the consent texts.

Reading the file they stand in is `information.texts`; what a receipt says about somebody, and how it
becomes paper, is `consent.receipt`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from consent_service.information.blocks import BlockProblem, Table, read_struct, table_of
from consent_service.information.model import hash_of

LISTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "answers": (
            "yes", "no", "later", "none", "withdrawn", "expired", "outdated", "suspended", "objected",
        ),
        "methods": ("tablet", "paper", "oral", "page", "code"),
        "evidence": ("typed", "drawn", "witness", "paper_form", "note", "session", "code", "none"),
        "interpreters": ("none", "professional", "telephone", "staff"),
        "capacities": ("holder", "voogd", "court_order", "gezinsvoogd", "without_authority", "child"),
    }
)  # fmt: skip
"""Every code that needs its words: the codes of `consent.model`, which stands above this package."""

PLACES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "until_date": frozenset({"date"}),
        "now": frozenset({"answer"}),
        "basis_consent": frozenset({"types"}),
        "address": frozenset({"address"}),
        "picture": frozenset({"address"}),
        "log_head": frozenset({"size", "root"}),
        "page": frozenset({"page", "pages"}),
        "evidence.typed": frozenset({"name"}),
    }
)
"""Which `{name}` each sentence has to have; every other sentence has none."""

FOR_CHILD: Final = (
    "title", "choices", "answer", "until_date", "basis_permission", "basis_consent", "code_known",
    "code_unknown", "address", "rights", "no_reason_needed", "your_rights", "complaint",
)  # fmt: skip
"""What `child` may say otherwise; the last three stand among the general texts for parents."""

_PLACE: Final = re.compile(r"\{(\w+)\}")
_HIDDEN: Final = frozenset({"id", "version", "review", "reviewer", "language", "child", "hash"})
_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {"version": "1", "review": '"draft" (or "reviewed")', "answers": '{ yes = "Ja" }'}
)


class ReceiptText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every word on a receipt that is not the family's own or one type's.

    `child` says some of them as one speaks to a child, where a language makes that difference.
    """

    id: str
    version: int
    review: Literal["draft", "reviewed"]
    reviewer: str
    language: str
    title: str
    draft: str
    keep_safe: str
    person: str
    organisation: str
    signed_at: str
    method: str
    signature: str
    interpreter: str
    capacity: str
    text_version: str
    printed_on: str
    choices: str
    information: str
    answer: str
    who_sees: str
    until: str
    until_date: str
    now: str
    basis_permission: str
    basis_consent: str
    nothing_told: str
    stop: str
    code_known: str
    code_unknown: str
    address: str
    picture: str
    rights: str
    log: str
    log_help: str
    log_head: str
    log_empty: str
    page: str
    answers: Mapping[str, str]
    methods: Mapping[str, str]
    evidence: Mapping[str, str]
    interpreters: Mapping[str, str]
    capacities: Mapping[str, str]
    child: Mapping[str, str] = MappingProxyType({})
    hash: str = ""

    @property
    def for_child(self) -> ReceiptText:
        """The same words on the receipt of a child."""
        own = {name: words for name, words in self.child.items() if name in self.__struct_fields__}
        return msgspec.structs.replace(self, **own)


def read_receipt_text(raw: Table, language: str, problems: list[BlockProblem]) -> ReceiptText | None:
    """The `[receipt]` table of one language; what is wrong with it is added to `problems`."""
    block = f"{language}.receipt"
    given = {"language": language, "hash": ""}
    table = table_of(raw, "receipt", block=block, problems=problems)
    text = read_struct(ReceiptText, table, block=block, given=given, examples=_EXAMPLES, problems=problems)
    if text is None:
        return None
    problems += _problems_of(text, block)
    words = dict(receipt_words(text))
    return msgspec.structs.replace(text, hash=hash_of([text.id, text.version, language, words]))


def receipt_words(text: ReceiptText) -> Iterator[tuple[str, str]]:
    """Every piece of text that somebody may read, with the place it stands in."""
    for name in text.__struct_fields__:
        value = getattr(text, name)
        if name in LISTS:
            yield from ((f"{name}.{code}", words) for code, words in sorted(value.items()))
        elif name not in _HIDDEN:
            yield name, value
    yield from ((f"child.{name}", words) for name, words in sorted(text.child.items()))


def _problems_of(text: ReceiptText, block: str) -> Iterator[BlockProblem]:
    if text.review == "reviewed" and not text.reviewer.strip():
        yield BlockProblem(block, "reviewed, but by nobody", 'reviewer = "A. Jansen"')
    if text.version < 1:
        yield BlockProblem(block, "`version` starts at 1", "version = 1")
    for name, codes in LISTS.items():
        given: Mapping[str, str] = getattr(text, name)
        for code in sorted(given.keys() ^ set(codes)):
            wrong = "has no words" if code in codes else "is not known here"
            yield BlockProblem(f"{block}.{name}", f"`{code}` {wrong}", ", ".join(codes))
    for name in sorted(set(text.child) - set(FOR_CHILD)):
        yield BlockProblem(f"{block}.child", f"`{name}` is not known here", ", ".join(FOR_CHILD))
    for name, words in receipt_words(text):
        needed = PLACES.get(name.removeprefix("child."), frozenset())
        if not words.strip():
            yield BlockProblem(block, f"`{name}` is empty", f'{name} = "..."')
        elif set(_PLACE.findall(words)) != needed:
            example = " ".join(f"{{{place}}}" for place in sorted(needed)) or "no {...}"
            yield BlockProblem(block, f"`{name}` has other places to fill in", example)
