"""The receipt on paper: readable by everybody, in two languages, and neutral where it has to be."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import msgspec
import pytest

from consent_service.consent.receipt import document
from consent_service.consent.receipt.document import FONTS, printable, write_full, write_neutral
from consent_service.consent.receipt.model import NeutralReceipt, ReceiptAnswer, SignedChoices
from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import TypeKey
from consent_service.information.texts import LANGUAGES
from tests.consent.receipt.examples import (
    CATALOGUE,
    CODE,
    ROOT,
    TEXTS,
    answered,
    child_choices,
    choices,
    first_intake,
)
from tests.consent.receipt.reading import (
    catalog,
    everything_in,
    opened,
    resources_of,
    squeezed,
    tags,
    text_of,
)

SUPPORT = TypeKey("support_advice")
FOUND_BY_FATHER = NeutralReceipt(date(2026, 11, 20), CODE)


def full(made: SignedChoices | None = None, *languages: str, code: str | None = CODE) -> bytes:
    parts = [TEXTS.of(language) for language in dict.fromkeys((*languages, "nl"))]
    return write_full(made or choices(), code=code, parts=parts, catalogue=CATALOGUE)


# --- the neutral version -------------------------------------------------------------------------


def test_s50_the_neutral_version_shows_a_date_and_a_code_and_nothing_else() -> None:
    pdf = write_neutral(FOUND_BY_FATHER)
    (page,) = opened(pdf).pages
    assert "".join(page.extract_text().split()) == f"20-11-2026{CODE}"
    assert [tag.kind for tag in tags(pdf)] == ["/Document", "/P", "/P"]
    assert "/XObject" not in resources_of(page)
    assert "/Annots" not in page


def test_s50_what_is_said_about_the_neutral_version_names_nobody_and_nothing() -> None:
    pdf = write_neutral(FOUND_BY_FATHER)
    info = {key: str(value) for key, value in (opened(pdf).metadata or {}).items()}
    moments = {info.pop("/CreationDate"), info.pop("/ModDate")}
    assert moments == {"D:20261120000000Z"}
    assert info.pop("/Creator").startswith("Typst ")
    assert info == {"/Title": "Code"}
    root = catalog(pdf)
    assert str(root["/Lang"]) == "nl"
    said = everything_in(pdf).lower()
    for never in ("ruggensteun", "consent", "opvang", "intrekken", "http://127", "keuze", "samira", "noor",
                  ".typ", "/work", "home", "neutral"):  # fmt: skip
        assert never not in said.replace("http://ns.adobe.com", "")
    assert "dc:creator" not in said
    assert "dc:description" not in said
    assert "pdf:keywords" not in said


def test_s50_two_families_get_the_same_paper_save_for_the_code() -> None:
    mine = write_neutral(FOUND_BY_FATHER)
    again = write_neutral(FOUND_BY_FATHER)
    other = write_neutral(NeutralReceipt(date(2026, 11, 20), "7K3M-9QXA-2B4C-8DEG"))
    assert mine == again
    assert opened(mine).metadata == opened(other).metadata


def test_the_search_for_telling_words_does_find_them_in_a_full_receipt() -> None:
    said = everything_in(full())
    assert "keuzes" in said
    assert squeezed("Samira Voorbeeld") in said


# --- accessible (PDF/UA-1, ISO 14289-1) ---------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_receipt_is_tagged_titled_and_in_a_language(language: str) -> None:
    pdf = full(choices(language=language), language)
    root = catalog(pdf)
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert str(root["/Lang"]) == language
    assert opened(pdf).metadata["/Title"] == TEXTS.of(language).receipt.title  # type: ignore[index]
    assert b"<pdfuaid:part>1</pdfuaid:part>" in pdf
    kinds = [tag.kind for tag in tags(pdf)]
    for kind in ("/H1", "/H2", "/H3", "/Table", "/TH", "/TD", "/L", "/LI", "/Figure"):
        assert kind in kinds


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_says_in_words_what_it_is(language: str) -> None:
    figures = [tag for tag in tags(full(choices(language=language), language)) if tag.kind == "/Figure"]
    assert len(figures) == (1 if language == "nl" else 2)
    assert all(tag.alt is not None and "toestemming.example/intrekken" in tag.alt for tag in figures)


def test_a_drawn_signature_is_a_picture_with_the_name_that_was_typed_beside_it() -> None:
    made = msgspec.structs.replace(
        choices(), evidence="drawn", signed_drawing="[[0,0,400,300,800,20]]", signed_name="Samira"
    )
    pdf = full(made)
    alts = [tag.alt for tag in tags(pdf) if tag.kind == "/Figure"]

    assert TEXTS.of("nl").receipt.evidence["drawn"] in alts
    assert squeezed("Getekend met de hand, Samira") in text_of(pdf)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_each_part_is_marked_with_its_own_language(language: str) -> None:
    headings = [tag.language for tag in tags(full(choices(language=language), language)) if tag.kind == "/H1"]
    assert headings == [language, "nl"]


def test_nothing_of_the_machine_is_needed_to_draw_it() -> None:
    fonts = set()
    for page in opened(full(choices(name="سميرة ሰላም"), "ar")).pages:
        used = resources_of(page)["/Font"].values()
        fonts |= {str(font["/BaseFont"]).partition("+")[2] for font in used}
    assert {name.partition("-")[0] for name in fonts} == {"NotoSans", "NotoNaskhArabic", "NotoSansEthiopic"}


def test_the_fonts_are_small_and_come_with_their_licence() -> None:
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert sum(font.stat().st_size for font in FONTS.glob("*.ttf")) < 400_000


# --- what it says ----------------------------------------------------------------------------------------


def test_a_receipt_says_everything_in_both_languages() -> None:
    said = text_of(full(choices(language="en"), "en"))
    for language in ("en", "nl"):
        texts = TEXTS.of(language)
        words = [texts.general.statement, texts.receipt.title, texts.general.withdraw]
        for answer in first_intake():
            text = texts.types[answer.information_type]
            words += [text.label, text.question]
            words += [text.who_sees, text.until, text.never] if answer.answer == "yes" else []
        for word in words:
            assert squeezed(word) in said
    for fact in ("Samira Voorbeeld", "Noor Voorbeeld", "De Linde", "Opvang Zuid", CODE, "1042", ROOT,
                 "20 november 2026 10:05", "1 August 2027", "toestemming.example/intrekken"):  # fmt: skip
        assert squeezed(fact) in said


def test_a_receipt_is_in_arabic_for_who_reads_arabic() -> None:
    said = text_of(full(choices(language="ar", name="سميرة"), "ar"))
    for word in ("نعم", "لا", "لاحق", "المدرسة", "التوقف"):
        assert word in said
    assert CODE in said
    assert squeezed("U vindt het goed dat wij dit vertellen.") in said


def test_consent_is_claimed_only_for_what_rests_on_consent() -> None:
    ordinary = text_of(full(choices(child_choices(answered("support_advice", "yes")))))
    assert "toestemming(AVG)" not in ordinary
    assert squeezed(TEXTS.of("nl").receipt.basis_permission) in ordinary
    health = text_of(full(choices(child_choices(answered("child_health", "yes")))))
    assert (
        squeezed("Gezondheid van uw kind: dit mag alleen met uw uitdrukkelijke toestemming (AVG).") in health
    )
    assert squeezed(TEXTS.of("nl").receipt.basis_permission) not in health


def test_a_child_is_spoken_to_as_one_speaks_to_a_child() -> None:
    def to_child(*answers: ReceiptAnswer) -> str:
        return text_of(full(choices(child_choices(*answers), person="child-1", name="Noor Voorbeeld")))

    said = to_child(*first_intake())
    child = TEXTS.of("nl").child
    for words in (
        "Jouw keuzes",
        child.statement,
        child.say_no,
        TEXTS.of_type("nl", SUPPORT).for_child.question,
    ):
        assert squeezed(words) in said
    for formal in ("Uw ", "Mag de school weten dat een hulporganisatie uw gezin helpt?", "U mag"):
        assert squeezed(formal) not in said
    assert squeezed(child.nothing_told) in to_child(answered("support_advice", "no"))


def test_who_said_yes_to_nothing_is_not_made_to_agree() -> None:
    said = text_of(full(choices(child_choices(answered("support_advice", "no")))))
    assert squeezed("U vindt het goed") not in said
    assert squeezed("U zei nergens ja.") in said


def test_a_later_receipt_prints_without_the_code_and_says_so() -> None:
    said = text_of(full(code=None))
    assert CODE not in said
    assert squeezed(TEXTS.of("nl").receipt.code_unknown) in said


def test_what_was_stopped_since_is_told_beside_what_was_signed() -> None:
    assert squeezed("Nu: Gestopt") in text_of(full())


def test_without_a_signed_log_the_receipt_says_that() -> None:
    assert squeezed("Het logboek is nog niet ondertekend.") in text_of(full(choices(head=None)))


# --- nasty names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["*Noor* #panic() $x$ _y_ `z`", "]\\ #read(\"/etc/passwd\")", "<script>", "Zoë Ćirić-Łukasz",
     "Ömer Şahin", "Марія Ґудзь", "Ελένη", "Trần Thị Bưởi", "O’Neill", "سميرة الأحمد",
     "ሰላም ኣብርሃ", "{address}"],
)  # fmt: skip
def test_a_name_is_printed_as_it_is_and_never_obeyed(name: str) -> None:
    assert printable(name) == name
    made = choices(child_choices(*first_intake(), name=name), signed_name=name)
    said = text_of(full(made))
    assert squeezed(name) in said or "سميرة" in name


@pytest.mark.parametrize(
    "name, shown",
    [
        ("שלום Noor", "���� Noor"),
        ("李 Noor 🙂", "� Noor �"),
        ("Noor\u202egniw", "Noorgniw"),
        ("No\x00or\n", "Noor"),
        ("Noe\u0308l", "Noël"),
        ("علی\u200cرضا", "علی\u200cرضا"),
    ],
)
def test_what_cannot_be_drawn_shows_as_such_and_turns_no_text_around(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert full(choices(name=name))


def test_every_character_that_is_called_printable_can_be_drawn() -> None:
    every = [chr(code) for first, last in document._COVERED for code in range(first, last + 1)]
    for start in range(0, len(every), 200):
        assert full(choices(name="a" + " ".join(every[start : start + 200])))


def test_a_character_no_font_has_would_break_the_receipt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "_COVERED", ((0, 0x10FFFF),))
    with pytest.raises(IntegrityError) as raised:
        full(choices(name="李"))
    assert "李" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_typst_is_loaded_only_by_who_prints() -> None:
    code = (
        "import sys, consent_service.consent.receipt.document;"
        "assert not {'typst', 'segno'} & set(sys.modules), 'loaded too early'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[3])
