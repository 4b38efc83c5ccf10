"""Sheets on paper: readable by everybody, complete, and kept from everybody else."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
import typst

from consent_service.custody.recovery_key import RecoveryKey
from consent_service.custody.shares import split
from consent_service.custody.sheets import sheet_pdf, write_sheets
from consent_service.foundation.errors import (
    ConfigurationError,
    ConflictError,
    IntegrityError,
    UnavailableError,
)
from consent_service.keyring import recovery
from consent_service.keyring.secret import Secret
from tests.consent.receipt.reading import (
    catalog,
    everything_in,
    opened,
    resources_of,
    squeezed,
    tags,
    text_of,
)
from tests.keyring.captured import captured_by, shown_to

SEED = Secret(bytes(range(32)))
KEY = RecoveryKey(recovery.public_half(SEED), date(2026, 11, 22))
SHEETS = split(SEED)
PDF = sheet_pdf(KEY, 2, SHEETS[1], host="ruggensteun.example")


def test_a_sheet_is_one_page_of_a4_and_has_every_word_with_its_number() -> None:
    (page,) = opened(PDF).pages
    assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
    found = dict(re.findall(r"(\d+)\.\s+([a-z]+)", page.extract_text()))
    words = SHEETS[1].reveal().decode().split()
    assert [found[str(number)] for number in range(1, 34)] == words


def test_a_sheet_says_whose_it_is_what_for_and_what_to_do_when_it_is_lost() -> None:
    said = text_of(PDF)
    for told in (
        "Herstelblad 2 van 5",
        "bewaarder nummer 2",
        "22 november 2026",
        "ruggensteun.example",
        KEY.shown_fingerprint,
        "Waar dit blad voor is",
        "Waar dit blad niet voor is",
        "Kwijt, gezien door een ander, of geeft u dit blad over",
        "privacycoördinator",
    ):
        assert squeezed(told) in said


def test_a_screen_reader_finds_language_title_headings_and_lists() -> None:
    kinds = [tag.kind for tag in tags(PDF)]
    assert {tag.language for tag in tags(PDF)} == {"nl"}
    assert str(catalog(PDF)["/Lang"]) == "nl"
    assert catalog(PDF)["/MarkInfo"]["/Marked"]
    metadata = opened(PDF).metadata
    assert metadata is not None
    assert metadata.title == "Herstelblad 2 van 5"
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") == 5
    assert kinds.count("/LI") == 33
    assert "pdfuaid" in everything_in(PDF)


def test_the_fonts_are_ours_and_go_along() -> None:
    (page,) = opened(PDF).pages
    fonts = [font.get_object() for font in resources_of(page)["/Font"].values()]
    assert fonts
    assert all("NotoSans" in str(font["/BaseFont"]) for font in fonts)


def test_nothing_of_the_machine_and_no_other_sheet_stands_in_it() -> None:
    said = everything_in(PDF)
    for never in ("/work", "/tmp", "sheet.typ"):
        assert never not in said
    assert " ".join(SHEETS[0].reveal().decode().split()[6:9]) not in said


def test_a_sheet_is_the_same_each_time_it_is_written() -> None:
    assert sheet_pdf(KEY, 2, SHEETS[1], host="ruggensteun.example") == PDF


def test_five_files_are_written_for_this_user_only(tmp_path: Path) -> None:
    written = write_sheets(tmp_path / "sheets", KEY, SHEETS, host="ruggensteun.example")
    assert [path.name for path in written] == [f"herstelblad-{number}.pdf" for number in range(1, 6)]
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
    assert (tmp_path / "sheets").stat().st_mode & 0o777 == 0o700
    assert written[1].read_bytes() == PDF
    with pytest.raises(ConflictError):
        write_sheets(tmp_path / "sheets", KEY, SHEETS, host="ruggensteun.example")


def test_an_open_folder_and_a_git_tree_get_no_sheets(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    with pytest.raises(UnavailableError):
        write_sheets(tmp_path / "open", KEY, SHEETS, host="x")
    (tmp_path / "checkout" / ".git").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="git"):
        write_sheets(tmp_path / "checkout" / "sheets", KEY, SHEETS, host="x")
    assert not (tmp_path / "checkout" / "sheets").exists()
    assert list((tmp_path / "open").iterdir()) == []


def test_a_sheet_that_cannot_be_written_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> bytes:
        raise typst.TypstError("quotes " + SHEETS[1].reveal().decode(), "")

    monkeypatch.setattr(typst, "compile", fail)
    with pytest.raises(IntegrityError) as caught:
        sheet_pdf(KEY, 2, SHEETS[1], host="x")
    words = SHEETS[1].reveal().decode().split()
    in_a_row = [" ".join(words[at : at + 2]) for at in range(len(words) - 1)]
    captured = [str(one) for one in captured_by(caught.value)]
    assert "sheet_pdf" in shown_to(caught.value)
    assert not set(words) & set(captured)
    assert not [pair for pair in in_a_row if any(pair in one for one in captured)]


def test_a_sheet_that_fails_leaves_nothing_of_those_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def fail_at_the_fourth(*_: object, **__: object) -> bytes:
        made.append(len(made))
        if len(made) == 4:
            raise typst.TypstError("no", "")
        return b"a sheet"

    folder = tmp_path / "sheets"
    with monkeypatch.context() as patch:
        patch.setattr(typst, "compile", fail_at_the_fourth)
        with pytest.raises(IntegrityError):
            write_sheets(folder, KEY, SHEETS, host="x")
    assert list(folder.iterdir()) == []
    (folder / "herstelblad-4.pdf").write_bytes(b"of another ceremony")
    monkeypatch.setattr(typst, "compile", lambda *_, **__: b"a sheet")
    with pytest.raises(ConflictError):
        write_sheets(folder, KEY, SHEETS, host="x")
    assert [path.read_bytes() for path in folder.iterdir()] == [b"of another ceremony"]
