"""The receipt on paper: PDF/UA-1 by typst, with our own fonts and nothing of the machine it runs on.

The full one has a part in the parent's language and a part in Dutch. The neutral one has a date and a
code, and that is all (S50). Words come from `policies/texts`, everything else from `receipt.model`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from babel import Locale, dates, lists

from consent_service.consent.drawing import svg_picture
from consent_service.consent.receipt.model import (
    ChildChoices,
    NeutralReceipt,
    ReceiptAnswer,
    SignedChoices,
)
from consent_service.consent.receipt.record import CONSENT_BASES
from consent_service.foundation.clock import AMSTERDAM, local_date
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TypeKey
from consent_service.information.child_text import ChildText, ChildWords
from consent_service.information.model import Catalogue
from consent_service.information.receipt_text import ReceiptText
from consent_service.information.texts import GeneralText, LanguageTexts, TypeText

if TYPE_CHECKING:
    import typst

_HERE: Final = Path(__file__).parent
FONTS: Final = _HERE / "fonts"
Direction = Literal["", "ltr", "rtl"]

_PLACE: Final = re.compile(r"\{(\w+)\}")
_UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
_JOINERS: Final = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Letters of a name hang together or apart by these; they turn nothing."""
_COVERED: Final[Sequence[tuple[int, int]]] = (
    (0x20, 0x7E), (0xA0, 0x24F), (0x259, 0x259), (0x2B9, 0x2BF), (0x300, 0x304), (0x306, 0x30C),
    (0x323, 0x323), (0x326, 0x328), (0x370, 0x377), (0x37A, 0x37F), (0x384, 0x38A), (0x38C, 0x38C),
    (0x38E, 0x3A1), (0x3A3, 0x3E1), (0x3F0, 0x45F), (0x490, 0x493), (0x49A, 0x49B), (0x4A2, 0x4A3),
    (0x4AE, 0x4B3), (0x4BA, 0x4BB), (0x4D8, 0x4D9), (0x4E8, 0x4E9), (0x606, 0x61B), (0x61E, 0x6D5),
    (0x6EE, 0x6FF),
    (0x1200, 0x1248), (0x124A, 0x124D), (0x1250, 0x1256), (0x1258, 0x1258), (0x125A, 0x125D),
    (0x1260, 0x1288), (0x128A, 0x128D), (0x1290, 0x12B0), (0x12B2, 0x12B5), (0x12B8, 0x12BE),
    (0x12C0, 0x12C0), (0x12C2, 0x12C5), (0x12C8, 0x12D6), (0x12D8, 0x1310), (0x1312, 0x1315),
    (0x1318, 0x135A), (0x135D, 0x137C),
    (0x1E00, 0x1EFF), (0x200C, 0x200D), (0x2010, 0x2014), (0x2018, 0x201E),
    (0x2022, 0x2022), (0x2026, 0x2026), (0x2039, 0x203A), (0x20AC, 0x20AC), (0x2116, 0x2116),
    (0x2122, 0x2122), (0xFFFD, 0xFFFD),
)  # fmt: skip
"""What the fonts that ship with the product can draw: Latin, Greek, Cyrillic, Arabic, Ethiopic."""


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Part of a sentence; one with a direction keeps it in whatever text it stands."""

    text: str
    direction: Direction = ""


class Part(msgspec.Struct, frozen=True):
    """Which words to use, for whoever reads this part: a child is spoken to as one speaks to a child."""

    texts: LanguageTexts
    to_child: bool = False

    @property
    def words(self) -> ReceiptText:
        receipt = self.texts.receipt
        return receipt.for_child if self.to_child else receipt

    @property
    def speaks(self) -> GeneralText | ChildText:
        """What stands on every page of whoever this is."""
        return self.texts.child if self.to_child else self.texts.general

    @property
    def nothing_told(self) -> str:
        return self.texts.child.nothing_told if self.to_child else self.words.nothing_told

    def about(self, key: TypeKey) -> TypeText | ChildWords:
        """The words of one type."""
        text = self.texts.types[key]
        return text.for_child if self.to_child else text

    def general(self, name: Literal["no_reason_needed", "your_rights", "complaint"]) -> str:
        """What is said to parents, or otherwise to a child, in the words of the receipt."""
        said: str = getattr(self.texts.general, name)
        return self.texts.receipt.child.get(name, said) if self.to_child else said

    def is_draft(self, used: Iterable[TypeKey]) -> bool:
        """Whether anything of it was reviewed by nobody."""
        types = (self.texts.types[key].review for key in used)
        return "draft" in (self.texts.receipt.review, self.texts.general.review, self.speaks.review, *types)

    @property
    def locale(self) -> Locale:
        return Locale.parse(self.texts.language)

    def day(self, moment: datetime) -> str:
        """A day in the Netherlands, in words that stay on one line."""
        day = local_date(moment)
        return dates.format_date(day, "d MMMM y", locale=self.locale).replace(" ", "\N{NO-BREAK SPACE}")

    def instant(self, moment: datetime) -> str:
        """Day and time of day in the Netherlands."""
        clock = dates.format_time(moment, "HH:mm", tzinfo=AMSTERDAM, locale=self.locale)
        return f"{self.day(moment)} {clock}"

    def listed(self, labels: Iterable[str]) -> str:
        """The labels, each once, as one reads a list aloud."""
        return lists.format_list(tuple(dict.fromkeys(labels)), locale=self.locale)


def write_full(
    choices: SignedChoices, *, code: str | None, parts: Sequence[LanguageTexts], catalogue: Catalogue
) -> bytes:
    """The whole receipt; `code` only while it is still known, because it is kept nowhere.

    Takes about a tenth of a second of one processor: run it in a thread.

    Raises:
        IntegrityError: it could not be written.
    """
    shown = [_part(choices, Part(texts, choices.by_child), code, catalogue) for texts in parts]
    document = {"title": shown[0]["title"], "picture": _qr_code(choices), "parts": shown}
    return _compile("full.typ", document, choices.made_at)


def write_neutral(receipt: NeutralReceipt) -> bytes:
    """Date and code, in the text and in everything around it (S50).

    Always in the same language, and made at midnight: neither tells anything about anybody.

    Raises:
        IntegrityError: it could not be written.
    """
    day: date = receipt.signed_on
    shown = {"date": f"{day.day}-{day.month}-{day.year}", "code": receipt.code}
    return _compile("neutral.typ", shown, datetime.combine(day, time(), UTC))


def printable(written: str) -> str:
    """The text without what cannot be drawn: PDF/UA has no place for a missing character.

    Characters that would turn the text around them (UAX 9) are left out.
    """
    composed = unicodedata.normalize("NFC", written)
    kept = (letter for letter in composed if letter in _JOINERS or not _is_control(letter))
    return "".join(letter if _is_covered(ord(letter)) else _UNKNOWN for letter in kept)


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf")


# --- what stands in one part -------------------------------------------------------------------------


def _part(choices: SignedChoices, part: Part, code: str | None, catalogue: Catalogue) -> dict[str, object]:
    words, speaks = part.words, part.speaks
    return {
        "language": part.texts.language,
        "direction": "rtl" if part.locale.text_direction == "rtl" else "ltr",
        "title": words.title,
        "draft": words.draft if part.is_draft(choices.types) else "",
        "keep_safe": words.keep_safe,
        "facts": [{"name": name, "value": value} for name, value in _facts(choices, part)],
        "drawing": svg_picture(choices.signed_drawing) if choices.signed_drawing else "",
        "drawing_said": words.evidence["drawn"],
        "choices": words.choices,
        "columns": [words.information, words.answer, words.who_sees, words.until],
        "children": [_child(child, part) for child in choices.children],
        "statement": _statement(choices, part, catalogue),
        "stop": words.stop,
        "code": code or "",
        "code_line": words.code_known if code else words.code_unknown,
        "address": _filled(words.address, address=Piece(_spoken(choices.withdraw_address), "ltr")),
        "no_reason": part.general("no_reason_needed"),
        "picture": words.picture.replace("{address}", _spoken(choices.withdraw_address)),
        "rights": words.rights,
        "rights_lines": [
            speaks.say_no,
            speaks.withdraw,
            speaks.see_who_looked,
            part.general("your_rights"),
            part.general("complaint"),
        ],
        "log": words.log,
        "log_line": _log_line(choices, words),
        "log_help": words.log_help,
        "page": [piece for piece in re.split(r"(\{\w+\})", words.page) if piece],
    }


def _facts(choices: SignedChoices, part: Part) -> Iterator[tuple[str, list[Piece]]]:
    words = part.words
    yield words.person, [_named(choices.name)]
    yield words.capacity, [Piece(part.listed(words.capacities[child.capacity] for child in choices.children))]
    yield words.organisation, [_named(choices.controller.name)]
    yield words.signed_at, [Piece(part.instant(choices.signed_at))]
    yield words.method, [Piece(words.methods[choices.method])]
    signed = _filled(words.evidence[choices.evidence], name=_named(choices.signed_name))
    if choices.signed_drawing and choices.signed_name:
        signed += [Piece(", "), _named(choices.signed_name)]
    yield words.signature, signed
    if choices.interpreter != "none":
        yield words.interpreter, [Piece(words.interpreters[choices.interpreter])]
    yield words.text_version, [Piece(f"{part.texts.language} {part.texts.hash[:16]}", "ltr")]
    yield words.printed_on, [Piece(part.instant(choices.made_at))]


def _child(child: ChildChoices, part: Part) -> dict[str, object]:
    return {
        "about": [_named(child.name), Piece(" \N{EN DASH} "), _named(child.school.name)],
        "answers": [_answer(answer, part) for answer in child.answers],
    }


def _answer(answer: ReceiptAnswer, part: Part) -> dict[str, str]:
    words, text = part.words, part.about(answer.information_type)
    now = words.answers[answer.now]
    ends = answer.valid_until if answer.answer == "yes" else None
    return {
        "label": text.label,
        "question": text.question,
        "answer": words.answers[answer.answer],
        "now": words.now.replace("{answer}", now) if answer.now != answer.answer else "",
        "who_sees": text.who_sees if answer.answer == "yes" else "",
        "never": text.never if answer.answer == "yes" else "",
        "until": text.until if answer.answer == "yes" else "",
        "ends": "" if ends is None else words.until_date.replace("{date}", part.day(ends)),
    }


def _statement(choices: SignedChoices, part: Part, catalogue: Catalogue) -> list[str]:
    """What was signed, and on what it rests: consent is named as basis only where it is the basis."""
    words = part.words
    said_yes = dict.fromkeys(
        one.information_type for child in choices.children for one in child.answers if one.answer == "yes"
    )
    if not said_yes:
        return [part.nothing_told]
    as_signed = choices.statement if choices.language == part.texts.language else ""
    told = [as_signed or part.speaks.statement]
    consented = [key for key in said_yes if catalogue.types[key].legal_basis in CONSENT_BASES]
    if len(consented) < len(said_yes):
        told.append(words.basis_permission)
    if consented:
        labels = part.listed(part.about(key).label for key in consented)
        told.append(words.basis_consent.replace("{types}", labels))
    return told


def _log_line(choices: SignedChoices, words: ReceiptText) -> list[Piece]:
    head = choices.head
    if head is None:
        return [Piece(words.log_empty)]
    return _filled(words.log_head, size=Piece(str(head.size), "ltr"), root=Piece(head.root, "ltr"))


def _named(name: str) -> Piece:
    """A name in the direction of its own script."""
    shown = printable(name)
    strong = (unicodedata.bidirectional(letter) for letter in shown)
    first = next((kind for kind in strong if kind in ("L", "R", "AL")), "L")
    return Piece(shown, "ltr" if first == "L" else "rtl")


def _filled(sentence: str, **values: Piece) -> list[Piece]:
    """The sentence in pieces, each place filled in."""
    pieces = _PLACE.split(sentence)
    return [values[piece] if number % 2 else Piece(piece) for number, piece in enumerate(pieces) if piece]


def _spoken(address: str) -> str:
    """An address as people read and type it."""
    return address.partition("://")[2] or address


def _qr_code(choices: SignedChoices) -> str:
    """The bare address as a picture: no code, no key, nothing about anybody."""
    import segno

    picture = segno.make(choices.withdraw_address, error="m", micro=False)
    return picture.svg_inline(scale=4, border=2, omitsize=False)


# --- typst -----------------------------------------------------------------------------------------


def _compile(template: str, shown: Mapping[str, object], made_at: datetime) -> bytes:
    import typst  # heavy, and needed by whoever prints only

    data = printable(msgspec.json.encode(shown).decode())
    try:
        return typst.compile(
            (_HERE / template).read_bytes(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": data},
            pdf_standards="ua-1",
            timestamp=int(made_at.timestamp()),
        )
    except typst.TypstError:
        # not "from": what typst says about it may quote a name
        raise IntegrityError(f"{template} could not be written as PDF/UA") from None


@cache
def _fonts() -> typst.Fonts:
    """Our fonts, and none of the machine's."""
    import typst

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _is_covered(code: int) -> bool:
    return any(first <= code <= last for first, last in _COVERED)
