"""The words a family reads before deciding, versioned and hashed, so that what was shown can be proved.

Each type has a text of its own; the general text holds what stands on every screen. A text is draft
until a named human reviewed it, and production refuses drafts (that refusal is `consent`'s). Buttons
and other words of the interface are `foundation.i18n`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from consent_service.foundation.i18n import FAMILY
from consent_service.foundation.ids import TypeKey
from consent_service.information.blocks import (
    BlockProblem,
    BlocksError,
    Table,
    read_struct,
    read_toml,
    table_of,
)
from consent_service.information.catalogue import load_catalogue
from consent_service.information.child_text import (
    ChildText,
    ChildWords,
    child_words,
    read_child_text,
    read_words,
)
from consent_service.information.model import Catalogue, InformationType, canonical, hash_of
from consent_service.information.receipt_text import ReceiptText, read_receipt_text

LANGUAGES: Final = FAMILY
"""Every language a family reads has words of its own."""
Review = Literal["draft", "reviewed"]


class FieldText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one field is called, how to fill it in, and what its choices are called."""

    label: str
    help: str
    choices: Mapping[str, str] = MappingProxyType({})


class TypeText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked about one information type, in one language and one version.

    `hash` covers the identity (id, version, language) and every word; review state is not shown and
    not in it. A changed purpose or recipient needs a new id (fresh consent), a typo a new version.
    """

    id: str
    version: int
    review: Review
    reviewer: str
    language: str
    label: str
    question: str
    explanation: str
    who_sees: str
    until: str
    never: str
    fields: Mapping[str, FieldText]
    child: ChildWords | None = None
    """The same in words for the child; None for a type that no child is asked about."""
    hash: str = ""

    @property
    def for_child(self) -> ChildWords:
        """What a child reads about this type; where it has no words of its own, the parents'.

        Raises:
            KeyError: no child is asked about this type.
        """
        if self.child is None:
            raise KeyError(self.id)
        return msgspec.structs.replace(
            self.child,
            who_sees=self.child.who_sees or self.who_sees,
            until=self.child.until or self.until,
        )


class GeneralText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for every type; `say_no` stands on every screen with a question."""

    id: str
    version: int
    review: Review
    reviewer: str
    language: str
    say_no: str
    who_we_are: str
    why_we_ask: str
    no_answer_is_no: str
    one_by_one: str
    withdraw: str
    no_reason_needed: str
    see_who_looked: str
    your_rights: str
    complaint: str
    reporting_duty: str
    statement: str
    hash: str = ""


class LanguageTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every text in one language."""

    language: str
    general: GeneralText
    types: Mapping[TypeKey, TypeText]
    receipt: ReceiptText
    child: ChildText
    hash: str

    def drafts(self) -> tuple[str, ...]:
        """The ids of texts that no human has reviewed; real use needs none."""
        texts: tuple[GeneralText | TypeText | ReceiptText | ChildText, ...] = (
            self.general,
            *self.types.values(),
            self.receipt,
            self.child,
        )
        return tuple(text.id for text in texts if text.review == "draft")


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every text in every language, and one hash over all of them."""

    languages: Mapping[str, LanguageTexts]
    hash: str

    def of(self, language: str) -> LanguageTexts:
        """The texts in `language`.

        Raises:
            KeyError: there are no texts in that language.
        """
        return self.languages[language]

    def of_type(self, language: str, key: TypeKey) -> TypeText:
        """The text of one type.

        Raises:
            KeyError: no such language or type.
        """
        return self.languages[language].types[key]


_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id": '"consent.support_advice"',
        "version": "1",
        "review": '"draft" (or "reviewed")',
        "reviewer": '"" (the name of who reviewed it)',
        "label": '"Wat helpt uw kind"',
        "question": '"Mogen de school en wij delen wat uw kind helpt?"',
        "choices": '{ ill = "Ziek" }',
    }
)


def load_texts(folder: Path) -> Texts:
    """Read and validate `texts/<language>.toml` in the policies folder against its catalogue.

    Every type, field and choice has its words in every language, and nothing else has.

    Raises:
        BlocksError: with every problem in all languages.
    """
    catalogue = load_catalogue(folder)
    problems: list[BlockProblem] = []
    found = [_read_language(folder, language, catalogue, problems) for language in LANGUAGES]
    languages = {texts.language: texts for texts in found if texts is not None}
    if problems:
        raise BlocksError("texts", problems)
    hashes = {language: texts.hash for language, texts in languages.items()}
    return Texts(languages=MappingProxyType(languages), hash=hash_of(hashes))


def _read_language(
    folder: Path, language: str, catalogue: Catalogue, problems: list[BlockProblem]
) -> LanguageTexts | None:
    raw = read_toml(folder / "texts" / f"{language}.toml")
    for stray in raw.keys() - {"general", "types", "receipt", "child"}:
        problems.append(BlockProblem(f"{language}.{stray}", "is not known here", "[types.support_advice]"))
    general = _read_general(raw, language, problems)
    receipt = read_receipt_text(raw, language, problems)
    child = read_child_text(raw, language, problems)
    tables = table_of(raw, "types", block=language, problems=problems)
    problems += _differences(tables, catalogue.types, block=f"{language}.types")
    types: dict[TypeKey, TypeText] = {}
    for key, kind in catalogue.types.items():
        text = _read_type(kind, tables, language, problems) if key in tables else None
        if text is not None:
            types[key] = text
    if general is None or receipt is None or child is None:
        return None
    hashes = {"general": general.hash, "receipt": receipt.hash, "child": child.hash} | {
        str(key): text.hash for key, text in types.items()
    }
    return LanguageTexts(
        language=language,
        general=general,
        types=MappingProxyType(types),
        receipt=receipt,
        child=child,
        hash=hash_of(hashes),
    )


def _read_general(raw: Table, language: str, problems: list[BlockProblem]) -> GeneralText | None:
    block = f"{language}.general"
    table = table_of(raw, "general", block=language, problems=problems)
    given = {"language": language, "hash": ""}
    text = read_struct(GeneralText, table, block=block, given=given, examples=_EXAMPLES, problems=problems)
    if text is None:
        return None
    problems += _problems_of_text(text, block=block)
    return msgspec.structs.replace(text, hash=_hash_of_text(text))


def _read_type(
    kind: InformationType, tables: Table, language: str, problems: list[BlockProblem]
) -> TypeText | None:
    block = f"{language}.{kind.key}"
    raw = table_of(tables, kind.key, block=f"{language}.types", problems=problems)
    labels = table_of(raw, "fields", block=block, problems=problems)
    given = {
        "language": language,
        "hash": "",
        "fields": _read_fields(kind, labels, block, problems),
        "child": read_words(kind, raw, block, problems),
    }
    rest = {name: value for name, value in raw.items() if name not in ("fields", "child")}
    text = read_struct(TypeText, rest, block=block, given=given, examples=_EXAMPLES, problems=problems)
    if text is None:
        return None
    if text.id != kind.text_id:
        wrong = "`id` is not the text of the catalogue"
        problems.append(BlockProblem(block, wrong, f'id = "{kind.text_id}"'))
    problems += _problems_of_text(text, block=block)
    return msgspec.structs.replace(text, hash=_hash_of_text(text))


def _read_fields(
    kind: InformationType, labels: Table, block: str, problems: list[BlockProblem]
) -> Mapping[str, FieldText]:
    specs = {spec.name: spec for spec in kind.fields}
    problems += _differences(labels, specs, block=f"{block}.fields")
    found: dict[str, FieldText] = {}
    for name in specs.keys() & labels.keys():
        raw = table_of(labels, name, block=f"{block}.fields", problems=problems)
        here = f"{block}.fields.{name}"
        text = read_struct(FieldText, raw, block=here, given={}, examples=_EXAMPLES, problems=problems)
        if text is None:
            continue
        problems += _differences(text.choices, dict.fromkeys(specs[name].choices), block=f"{here}.choices")
        found[name] = text
    ordered = {name: found[name] for name in specs if name in found}
    return MappingProxyType(ordered)


def _differences(
    have: Mapping[str, object], need: Mapping[TypeKey, object] | Mapping[str, object], *, block: str
) -> Iterator[BlockProblem]:
    for name in need.keys() - have.keys():
        yield BlockProblem(block, f"`{name}` has no words", f'{name} = "..."')
    for name in have.keys() - need.keys():
        yield BlockProblem(block, f"`{name}` is not in the catalogue", f"remove {name}")


def _problems_of_text(text: GeneralText | TypeText, *, block: str) -> Iterator[BlockProblem]:
    if text.review == "reviewed" and not text.reviewer.strip():
        yield BlockProblem(block, "reviewed, but by nobody", 'reviewer = "A. Jansen"')
    if text.version < 1:
        yield BlockProblem(block, "`version` starts at 1", "version = 1")
    for name, words in shown_words(text):
        if not words.strip():
            yield BlockProblem(block, f"`{name}` is empty", f"{name} = {_EXAMPLES.get(name, '...')}")


def shown_words(text: GeneralText | TypeText) -> Iterator[tuple[str, str]]:
    """Every piece of text that somebody may read, with the place it stands in."""
    hidden = {"id", "review", "reviewer", "language", "hash"}
    for name in text.__struct_fields__:
        value = getattr(text, name)
        if isinstance(value, str) and name not in hidden:
            yield name, value
    if isinstance(text, TypeText):
        if text.child is not None:
            yield from ((f"child.{name}", words) for name, words in child_words(text.for_child))
        for name, words in text.fields.items():
            yield f"fields.{name}.label", words.label
            yield f"fields.{name}.help", words.help
            yield from ((f"fields.{name}.choices.{code}", label) for code, label in words.choices.items())


def words_of(text: GeneralText | TypeText) -> str:
    """The text as canonical JSON: what it is (id, version, language) and every word, exactly as read.

    `hash` is SHA-256 of these bytes (UTF-8), so whoever has the words can prove which they were.
    """
    shown = [text.id, text.version, text.language, dict(shown_words(text))]
    return canonical(shown).decode()


def _hash_of_text(text: GeneralText | TypeText) -> str:
    return hashlib.sha256(words_of(text).encode()).hexdigest()
