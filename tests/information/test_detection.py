"""What hides in text is found in every spelling, and ordinary notes are left alone."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.information import detection
from tests.information.notes import ORDINARY_NOTES

SCRIPTS = (string.digits, "٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "０１２３４５６７８９", "०१२३४५६७८९", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
GAPS = ("", "", "", " ", "  ", ".", "-", " - ", "–", "/", "\u200b", "\u00ad", "\u2060", "\u00a0", "\n", "_")


def _with_check_digit(first_eight: str) -> str | None:
    """The nine digits, or None when no last digit passes; written apart from the code under test."""
    total = sum((9 - place) * int(digit) for place, digit in enumerate(first_eight))
    return f"{first_eight}{total % 11}" if total % 11 < 10 and int(first_eight) else None


eight_digits = st.text(string.digits, min_size=8, max_size=8)
bsns = eight_digits.map(_with_check_digit).filter(bool).map(str)


@given(
    bsn=bsns,
    gaps=st.lists(st.sampled_from(GAPS), min_size=8, max_size=8),
    script=st.sampled_from(SCRIPTS),
    before=st.sampled_from(("", "BSN ", "bsn:", "nr.", "(", "In groep 5, ")),
    after=st.sampled_from(("", ".", " is van hem", ")", ", zie groep 6")),
)
def test_any_bsn_is_found_in_any_spacing_and_script(
    bsn: str, gaps: list[str], script: str, before: str, after: str
) -> None:
    spaced = "".join(digit + gap for digit, gap in zip(bsn, [*gaps, ""], strict=True))
    written = spaced.translate(str.maketrans(string.digits, script))
    assert detection.looks_like_bsn(f"{before}{written}{after}")


@given(bsn=bsns, place=st.integers(0, 7), other=st.sampled_from(string.digits))
def test_one_wrong_digit_is_no_bsn(bsn: str, place: int, other: str) -> None:
    wrong = f"{bsn[:place]}{other}{bsn[place + 1 :]}"
    assert detection.passes_eleven_test(wrong) == (wrong == bsn)


@pytest.mark.parametrize(
    "text",
    [
        "een twee drie vier vijf zes zeven acht twee",
        "één, twee, drie, vier, vijf, zes, zeven, acht, twee",
        "1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣2️⃣",
        "①②③④⑤⑥⑦⑧②",
        "123.45.67.82",
        "klas 5 1 2 3 4 5 6 7 8 2",
    ],
)
def test_a_bsn_is_found_in_words_and_in_fancy_digits(text: str) -> None:
    assert detection.looks_like_bsn(text)


@pytest.mark.parametrize("text", ["000000000", "12345678", "1234567820", "123456789", "123 abc 456782", ""])
def test_what_is_not_nine_passing_digits_is_no_bsn(text: str) -> None:
    assert not detection.looks_like_bsn(text)


@pytest.mark.parametrize("note", ORDINARY_NOTES)
def test_an_ordinary_note_raises_no_question(note: str) -> None:
    found = [
        rule.__name__
        for rule in (
            detection.looks_like_bsn,
            detection.has_postcode,
            detection.has_street,
            detection.has_phone,
            detection.has_email,
            detection.has_place_link,
            detection.names_diagnosis,
        )
        if rule(note)
    ]
    assert found == []


@given(
    note=st.sampled_from(ORDINARY_NOTES),
    number=st.integers(1000, 9999),
    letters=st.text(string.ascii_uppercase, min_size=2, max_size=2),
    gap=st.sampled_from(("", " ", "  ", "\u00a0", "\u200b", "-")),
)
def test_a_postcode_is_found_anywhere_in_a_note(note: str, number: int, letters: str, gap: str) -> None:
    assert detection.has_postcode(f"{note} Post naar {number}{gap}{letters}.")


@pytest.mark.parametrize(
    "text",
    [
        "5038ab",
        "5038 ab",
        "50 38 AB",
        "５０３８ ＡＢ",
        "٥٠٣٨ AB",
        "5038\u200bAB",
        "postcode 5038AB Tilburg",
        "5038 A B",
    ],
)
def test_a_postcode_is_found_in_every_spelling(text: str) -> None:
    assert detection.has_postcode(text)


@pytest.mark.parametrize(
    "text",
    [
        "Kerkstraat 12",
        "Kerkstraat12",
        "Kerkstraat,12",
        "Kerkstr. 12",
        "Kerkstr.12",
        "kerkstr 12",
        "kerkstraat 12",
        "KERKSTRAAT 12",
        "Kerkstraat nr. 12",
        "Kerkstraat, 12",
        "Kerkstraat 12-bis",
        "Kerk\u200bstraat 12",
        "in de Kerkstraat",
        "Lange Weg 3",
        "Burgemeester Jansenlaan 104a",
        "Ringbaan-Oost 12",
        "Ringbaan Oost 12",
        "aan de Markt 12",
        "Heuvel 12",
        "Besterdring 4",
        "Postbus 90",
        "PO Box 12",
        "Antwoordnummer 1234",
        "woont op nummer 12",
        "verblijft in kamer 12",
        "adres: Rozenhof 7",
        "'t Laantje 3",
        "straat １２",
        "Piushaven 22",
        "van Goghplein 1",
    ],
)
def test_a_street_is_found(text: str) -> None:
    assert detection.has_street(f"Let op: {text}")


@pytest.mark.parametrize(
    "text",
    [
        "06-12345678",
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "0 6 1 2 3 4 5 6 7 8",
        "06/12345678",
        "(013) 543 21 09",
        "013-5432109",
        "+31612345678",
        "+31 6 1234 5678",
        "+31 (0)6 12345678",
        "0031 6 12345678",
        "+49 30 1234567",
        "0044 20 7946 0958",
        "+963 944 123 456",
        "0900-1234",
        "6 12345678",
        "5432109",
        "٠٦١٢٣٤٥٦٧٨",
        "０６１２３４５６７８",
        "06\u200b123\u200b45678",
        "nul zes een twee drie vier vijf zes zeven acht",
    ],
)
def test_a_telephone_number_is_found(text: str) -> None:
    assert detection.has_phone(f"Bel {text} als het niet gaat, 2 keer.")


@given(
    digits=st.text(string.digits, min_size=8, max_size=8),
    gaps=st.lists(st.sampled_from(("", "", " ", "-", ".", "\u200b")), min_size=9, max_size=9),
    script=st.sampled_from(SCRIPTS),
)
def test_any_mobile_number_is_found_in_any_grouping(digits: str, gaps: list[str], script: str) -> None:
    number = "".join(digit + gap for digit, gap in zip(f"06{digits}", [*gaps, ""], strict=True))
    could_be_a_date = any(f"{gap}{century}" in number for gap in "-." for century in ("19", "20"))
    if not could_be_a_date:
        assert detection.has_phone(f"Nummer {number.translate(str.maketrans(string.digits, script))}")


@pytest.mark.parametrize(
    "text", ["20260901", "01092026", "112", "01-09-2026", "2026/09/01 4", "08:30 - 14:15"]
)
def test_a_date_a_time_or_the_emergency_number_is_no_telephone_number(text: str) -> None:
    assert not detection.has_phone(text)


@pytest.mark.parametrize(
    "text",
    [
        "mama@huis.nl",
        "ma.ma+1@huis.co.uk",
        "mama (at) huis.nl",
        "mama [at] huis punt nl",
        "mama＠huis.nl",
        "mama@\u200bhuis.nl",
        "mama apenstaartje huis punt nl",
    ],
)
def test_an_email_address_is_found(text: str) -> None:
    assert detection.has_email(f"Schrijf naar {text}.")


@pytest.mark.parametrize(
    "text",
    [
        "https://maps.app.goo.gl/abc",
        "maps.google.nl/maps?q=x",
        "google.com/maps/@51.5,5.0",
        "https://bit.ly/3x",
        "www.openstreetmap.org/#map=1",
        "what3words.com/tafel.lamp.stoel",
        "///tafel.lamp.stoel",
        "9F37H2X2+5Q",
        "H2X2+5Q Tilburg",
        "geo:51.5,5.09",
        "51.5606, 5.0919",
        "51,5606 5,0919",
        "51.5606° N, 5.0919° E",
        "51°33'38\"N 5°5'31\"E",
        "ｈｔｔｐｓ：//x.nl",
        "-33.8688;151.2093",
    ],
)
def test_a_link_or_place_on_the_map_is_found(text: str) -> None:
    assert detection.has_place_link(f"Hier: {text}")


@pytest.mark.parametrize(
    "text",
    [
        "heeft ADHD",
        "heeft adhd",
        "autisme",
        "Hij is autistisch",
        "dyslexie",
        "PTSS",
        "een angststoornis",
        "ASS",
        "door het geweld thuis",
        "is mishandeld",
        "slikt ritalin",
        "downsyndroom",
        "A\u200bDHD",
    ],
)
def test_a_diagnosis_or_a_cause_is_found(text: str) -> None:
    assert detection.names_diagnosis(text)


@pytest.mark.parametrize(
    "text", ["Toetst alles na", "een tas vol boeken", "was blij", "Add him to the list", "cd's"]
)
def test_a_word_that_resembles_a_diagnosis_is_left_alone(text: str) -> None:
    assert not detection.names_diagnosis(text)


@pytest.mark.parametrize(
    "text, name",
    [
        ("Zoë was stil", "Zoe"),
        ("zoe was stil", "ZOË"),
        ("De jas van José.", "Jose"),
        ("Daans jas", "Daan"),
        ("Sara's tas", "Sara"),
        ("met Anne-Marie", "Anne Marie"),
        ("met anne marie", "Anne-Marie"),
        ("Łukasz kwam", "Lukasz"),
        ("IŞIL kwam", "Işıl"),
        ("(Tim)", "Tim"),
        ("Ti\u200bm kwam", "Tim"),
        ("مع أحمد اليوم", "أحمد"),
        ("Ｓａｒａ kwam", "Sara"),
    ],
)
def test_a_name_is_found_whatever_its_accents_and_case(text: str, name: str) -> None:
    assert detection.names_somebody(text, ["Iemand", name])


@pytest.mark.parametrize(
    "text, name", [("Timmeren is leuk", "Tim"), ("samen", "Sam"), ("Tim", ""), ("a b", " ")]
)
def test_part_of_a_word_is_no_name(text: str, name: str) -> None:
    assert not detection.names_somebody(text, [name])


@given(text=st.text(max_size=300))
def test_no_text_at_all_makes_the_search_fail(text: str) -> None:
    for rule in (
        detection.looks_like_bsn,
        detection.has_postcode,
        detection.has_street,
        detection.has_phone,
        detection.has_email,
        detection.has_place_link,
        detection.names_diagnosis,
    ):
        assert rule(text) in (True, False)
