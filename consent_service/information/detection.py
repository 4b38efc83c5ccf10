"""What may hide in a sentence: a BSN, an address, a number to call, a link to a map, a diagnosis, a name.

Pure functions from text to yes or no; they see through other digit scripts, full-width and invisible
characters and number words. What follows from a yes is decided in `information.content`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from consent_service.information.dutch_words import (
    CAUSE_STEMS,
    DIAGNOSIS_ABBREVIATIONS,
    DIAGNOSIS_STEMS,
    NOT_A_STREET,
    NUMBER_WORDS,
    STREET_ENDINGS,
    STREET_OR_SCENERY_ENDINGS,
    TWO_LETTER_WORDS,
    UNITS,
)

_NUMBER_WORD_RUN: Final = re.compile(
    rf"\b(?:{'|'.join(NUMBER_WORDS)})(?:[\W_]+(?:{'|'.join(NUMBER_WORDS)})\b){{5,}}", re.IGNORECASE
)


def plain(text: str) -> str:
    """The text as a suspicious reader sees it: NFKC, nothing invisible, digits and number words as 0-9."""
    visible = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    digits = "".join(_ascii_digit(character) for character in visible)
    return _NUMBER_WORD_RUN.sub(_words_to_digits, digits)


def _ascii_digit(character: str) -> str:
    value = unicodedata.digit(character, None)
    return character if value is None else str(value)


def _words_to_digits(match: re.Match[str]) -> str:
    words = re.findall(r"\w+", match.group().casefold())
    return " ".join(NUMBER_WORDS[word] for word in words)


# --- BSN -------------------------------------------------------------------------------------------

_DIGITS: Final = re.compile(r"\d+")
_BETWEEN_DIGITS: Final = re.compile(r"[\W_]{1,4}")
_BSN_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def passes_eleven_test(digits: str) -> bool:
    """Nine digits are a possible BSN when their weighted sum (9 ... 2, -1) is a multiple of eleven."""
    if len(digits) != 9 or not digits.isdecimal() or digits == "000000000":
        return False
    return sum(weight * int(digit) for weight, digit in zip(_BSN_WEIGHTS, digits, strict=True)) % 11 == 0


def looks_like_bsn(text: str) -> bool:
    """Nine digits that pass the eleven-test, however they are spaced, dotted or dashed (UAVG 46).

    Every stretch of a long list of numbers counts, so such a list may raise the question for nothing.
    """
    runs = _digit_runs(plain(text))
    return any(passes_eleven_test(digits) for run in runs for digits in _joined(run, length=9))


def _digit_runs(text: str) -> Iterator[list[str]]:
    """Groups of digits, kept together while at most four characters that are no letters part them."""
    run: list[str] = []
    end = 0
    for match in _DIGITS.finditer(text):
        if run and not _BETWEEN_DIGITS.fullmatch(text, end, match.start()):
            yield run
            run = []
        run.append(match.group())
        end = match.end()
    if run:
        yield run


def _joined(run: Sequence[str], *, length: int) -> Iterator[str]:
    """Every stretch of whole groups that together has exactly this many digits."""
    for start in range(len(run)):
        digits = ""
        for group in run[start:]:
            digits += group
            if len(digits) >= length:
                break
        if len(digits) == length:
            yield digits


# --- Where somebody is --------------------------------------------------------------------------------

_POSTCODE: Final = re.compile(r"(?<!\w)[1-9](?: ?\d){3}[ \t.\-]{0,3}([A-Za-z] ?[A-Za-z])(?![A-Za-z0-9])")
_PREFIXED: Final = r"\w[\w'\-]{2,}"
_UNIT: Final = rf"(?!\s*(?:[x%:°€]|[.,:]\d|(?:{'|'.join(UNITS)})\b))"
_NUMBER: Final = rf"(?:[\s,]+(?:nr\.?|no\.?|nummer|huisnummer)?\s*)?\d{{1,5}}(?!\d){_UNIT}"
_STREETS: Final = "|".join(STREET_ENDINGS)
_SCENERY: Final = "|".join(STREET_OR_SCENERY_ENDINGS)
_CAPITAL: Final = f"(?-i:{'|'.join(ending.capitalize() for ending in STREET_OR_SCENERY_ENDINGS)})"
_WIND: Final = r"(?:[\- ](?:noord|oost|zuid|west|noordzijde|oostzijde|zuidzijde|westzijde))?"
_STREET_AND_NUMBER: Final = re.compile(
    rf"\b((?:[\w'\-]*(?:{_STREETS})|{_PREFIXED}(?:{_SCENERY})|{_CAPITAL}))(?![^\W\d])"
    rf"{_WIND}{_NUMBER}",
    re.IGNORECASE,
)
_DWELLING: Final = re.compile(
    r"\b(?:(?:woon|woont|wonen|verblijft|verblijven|logeert|logeren)\s+(?:nu\s+|tijdelijk\s+)?(?:op|aan|in)"
    rf"|adres(?:\s+is)?:?)\s+(?:(?:de|het)\s+)?[\w'\-]+{_NUMBER}",
    re.IGNORECASE,
)
_STREET_NAME: Final = re.compile(rf"\b([A-ZÀ-Þ][\w'\-]{{2,}}(?:{_STREETS}))\b")
_BOX: Final = re.compile(r"\b(?:postbus|p\.?o\.? ?box|antwoordnummer|huisnummer)\s*:?\s*\d", re.IGNORECASE)


def has_postcode(text: str) -> bool:
    """Four digits and two letters (1234 AB); small letters count unless they are a word or a unit."""
    return any(_reads_as_postcode(match.group(1)) for match in _POSTCODE.finditer(plain(text)))


def _reads_as_postcode(letters: str) -> bool:
    if letters.isupper():
        return True
    return " " not in letters and letters.casefold() not in TWO_LETTER_WORDS


def has_street(text: str) -> bool:
    """A street with a house number, a capitalised street name by itself, or a post-office box."""
    seen = plain(text)
    streets = [*_STREET_AND_NUMBER.finditer(seen), *_STREET_NAME.finditer(seen)]
    if _BOX.search(seen) or _DWELLING.search(seen):
        return True
    return any(match[1].casefold() not in NOT_A_STREET for match in streets)


_WHEREABOUTS: Final = re.compile(
    r"\b(?:woon(?:t|de|den|achtig)?|wonen|verblij(?:ft|ven|fplaats)|logeer(?:t|de)|logeren"
    r"|ondergedoken|schuil(?:t|en)|verhui(?:st|zen|sd)\s+naar"
    r"|liv(?:es|ed|ing)\s+(?:in|at|with|near)|stay(?:s|ed|ing)?\s+(?:in|at|with|near))\b",
    re.IGNORECASE,
)


def tells_whereabouts(text: str) -> bool:
    """A phrase that says where somebody lives or stays, with or without an address in it."""
    return _WHEREABOUTS.search(plain(text)) is not None


_LINK: Final = re.compile(
    r"https?:\s*//|\bwww\s?\.|\bgeo:\s*-?\d"
    r"|\b(?:[a-z0-9\-]+\.)*(?:goo\.gl|google\.[a-z]{2,3}/maps|openstreetmap\.org|osm\.org|what3words\.com|w3w\.co"
    r"|plus\.codes|waze\.com|maps\.apple\.com|bing\.com/maps|bit\.ly|tinyurl\.com|t\.ly)\b",
    re.IGNORECASE,
)
_THREE_WORDS: Final = re.compile(r"///\s?[^\W\d_]{3,}\.[^\W\d_]{3,}\.[^\W\d_]{3,}")
_PLUS_CODE: Final = re.compile(
    r"(?<![A-Z0-9])(?=[2-9+]*[CFGHJMPQRVWX])[23456789CFGHJMPQRVWX]{4,8}\+[23456789CFGHJMPQRVWX]{2,3}(?!\w)",
    re.IGNORECASE,
)
_DECIMAL_DEGREES: Final = re.compile(
    r"(?<![\d.,])[-+]?\d{1,2}[.,]\d{4,}\s*°?\s*[NSZ]?\s*[,;/ ]\s*[-+]?\d{1,3}[.,]\d{4,}"
    r"|(?<![\d.,])5[0-3][.,]\d{3}\s*°?\s*N?\s*[,;/ ]\s*[3-7][.,]\d{3}(?!\d)",
    re.IGNORECASE,
)
"""Four decimals anywhere on earth; three are enough within the Netherlands."""
_MINUTES_OF_ARC: Final = re.compile(r"\d{1,3}\s?°\s?\d{1,2}(?:[.,]\d+)?\s?['′]")
_PLACES: Final = (_LINK, _THREE_WORDS, _PLUS_CODE, _DECIMAL_DEGREES, _MINUTES_OF_ARC)


def has_place_link(text: str) -> bool:
    """A link of any kind (a short one may open a map), what3words, a plus code or coordinates (RFC 5870)."""
    seen = plain(text)
    return any(place.search(seen) for place in _PLACES)


# --- How somebody is reached -----------------------------------------------------------------------

_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:0?[1-9]|[12]\d|3[01])([\-/.])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d"
    r"|(?:19|20)\d\d([\-/.])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12]\d|3[01]))(?!\d)"
)
_HOUR: Final = r"(?:0?[7-9]|1\d|2[0-3])[.:][0-5]\d"
"""From seven in the morning: what starts with 06 is sooner a mobile number than an hour at school."""
_TIME: Final = re.compile(
    rf"\b(?:om|van|tot|rond|vanaf|na|voor|sinds|tegen|en)\s+{_HOUR}(?![\d.\-])"
    rf"|(?<![\d.]){_HOUR}\s*(?:[\-–]|tot|en)\s*{_HOUR}(?![\d.\-])|(?<![\d.]){_HOUR}(?=\s*(?:uur|u\b|h\b))",
    re.IGNORECASE,
)
_CALLABLE: Final = re.compile(r"\+?\s?\(?\d(?:[\s.\-–/()]{0,3}\d){6,17}")
_SERVICE_NUMBERS: Final = ("0800", "0900", "0906", "0909", "085", "088")
_EMAIL: Final = re.compile(
    r"[\w.+\-]+\s?(?:@|\(at\)|\[at\]|\bapenstaartje\b)\s?[\w\-]+(?:\s?(?:\.|\(dot\)|\[dot\]|\bpunt\b)\s?[\w\-]+)+",
    re.IGNORECASE,
)


def has_phone(text: str) -> bool:
    """A number one can call: Dutch (ten digits from 0), +31, 0031, any +country, or seven digits on end."""
    seen = _TIME.sub("|", _DATE.sub("|", plain(text)))
    return any(_reads_as_phone(match.group()) for match in _CALLABLE.finditer(seen))


def _reads_as_phone(number: str) -> bool:
    groups = _DIGITS.findall(number)
    digits = "".join(groups)
    if number.startswith("+"):
        return 8 <= len(digits) <= 15
    if any(len(group) >= 7 and not _is_compact_date(group) for group in groups):
        return True
    return any(_starts_dutch_number(groups[start:]) for start in range(len(groups)))


def _starts_dutch_number(groups: Sequence[str]) -> bool:
    digits = "".join(groups)
    if digits.startswith("00") and len(digits) >= 10 and digits[2] != "0":
        return True
    if digits.startswith(_SERVICE_NUMBERS) and len(digits) >= 8:
        return True
    return digits.startswith("0") and any(len(stretch) == 10 for stretch in _from_the_start(groups))


def _from_the_start(groups: Sequence[str]) -> Iterator[str]:
    digits = ""
    for group in groups:
        digits += group
        yield digits


def _is_compact_date(digits: str) -> bool:
    orders = (digits, f"{digits[4:]}{digits[2:4]}{digits[:2]}")
    return len(digits) == 8 and any(_is_date(order) for order in orders)


def _is_date(digits: str) -> bool:
    try:
        return 1900 <= date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}").year <= 2100
    except ValueError:
        return False


def has_email(text: str) -> bool:
    """An e-mail address, also one that is spelled with (at) and (dot)."""
    return bool(_EMAIL.search(plain(text)))


# --- What is said about the child --------------------------------------------------------------------

_DIAGNOSIS: Final = re.compile(rf"(?<![^\W_])(?:{'|'.join((*DIAGNOSIS_STEMS, *CAUSE_STEMS))})", re.IGNORECASE)
_ABBREVIATION: Final = re.compile(rf"(?<![^\W_])(?:{'|'.join(DIAGNOSIS_ABBREVIATIONS)})(?![^\W_])")


def names_diagnosis(text: str) -> bool:
    """A word for a disorder, its treatment or its cause; abbreviations count only in capitals."""
    seen = plain(text)
    return bool(_DIAGNOSIS.search(seen) or _ABBREVIATION.search(seen))


_LETTERS: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)


def _bare(text: str) -> str:
    """Without accents, case or the difference between hyphen and space."""
    stripped = text
    for _ in range(2):
        decomposed = unicodedata.normalize("NFKD", stripped)
        stripped = "".join(c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf")).casefold()
    return re.sub(r"[\s\-‐‑‒–]+", " ", stripped.translate(_LETTERS)).strip()


def names_somebody(text: str, names: Sequence[str]) -> bool:
    """One of the names stands in the text as a whole word, accents and case aside, also as a possessive."""
    seen = _bare(text)
    bare_names = [bare for name in names if (bare := _bare(name))]
    return any(re.search(rf"(?<!\w){re.escape(bare)}(?:['’`]?s)?(?!\w)", seen) for bare in bare_names)
