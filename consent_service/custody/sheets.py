"""Recovery sheets on paper: one page of A4 for each custodian, PDF/UA-1 by typst, in Dutch.

The words pass through this module and stand in the file it writes, so the folder must be private and
outside any git work tree; who prints is told to remove it. What the words are is `shares`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

import msgspec
from babel import dates

from consent_service.consent.receipt.document import FONTS
from consent_service.custody.durable_files import in_git_tree, private_folder, write_durably
from consent_service.custody.recovery_key import SHARES, RecoveryKey
from consent_service.foundation.errors import ConfigurationError, IntegrityError
from consent_service.keyring.secret import Secret

_TEMPLATE: Final = Path(__file__).with_name("sheet.typ")
_COLUMNS: Final = 3


def write_sheets(folder: Path, key: RecoveryKey, sheets: Sequence[Secret], *, host: str) -> tuple[Path, ...]:
    """Five files, one for each custodian, readable by this user only; all of them or none.

    Raises:
        ConfigurationError: the folder lies inside a git work tree.
        ConflictError: there are sheets already.
        IntegrityError: a sheet could not be written as PDF/UA.
        UnavailableError: others may look into the folder, or the disk does not take the files.
    """
    if in_git_tree(folder):
        raise ConfigurationError(f"sheets: {folder} lies inside a git work tree; choose another folder")
    private_folder(folder)
    written: list[Path] = []
    try:
        for number, words in enumerate(sheets, 1):
            path = folder / f"herstelblad-{number}.pdf"
            write_durably(path, sheet_pdf(key, number, words, host=host), mode=0o600)
            written.append(path)
    except BaseException:
        for path in written:  # a ceremony that ends here leaves no sheets that somebody could find
            path.unlink(missing_ok=True)
        raise
    return tuple(written)


def sheet_pdf(key: RecoveryKey, number: int, words: Secret, *, host: str) -> bytes:
    """The page of custodian `number`.

    Raises:
        IntegrityError: it could not be written.
    """
    page = _compiled(key, number, words, host)
    if page is None:  # told here, where no words are: what typst says may quote them, and so do its frames
        raise IntegrityError("a recovery sheet could not be written as PDF/UA")
    return page


def _compiled(key: RecoveryKey, number: int, words: Secret, host: str) -> bytes | None:
    import typst  # heavy, and needed at a ceremony only

    shown = {
        "title": f"Herstelblad {number} van {SHARES}",
        "number": str(number),
        "made_on": dates.format_date(key.made_on, "d MMMM y", locale="nl"),
        "host": host,
        "fingerprint": textwrap.wrap(key.shown_fingerprint, 40),
        "columns": _in_columns(words.reveal().decode().split()),
    }
    try:
        return typst.compile(
            _TEMPLATE.read_bytes(),
            font_paths=typst.Fonts(
                include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS]
            ),
            ignore_system_fonts=True,
            sys_inputs={"data": msgspec.json.encode(shown).decode()},
            pdf_standards="ua-1",
            timestamp=int(datetime.combine(key.made_on, time(), UTC).timestamp()),
        )
    except typst.TypstError:
        return None


def _in_columns(words: Sequence[str]) -> list[dict[str, object]]:
    """Read downwards: 1 to 11, 12 to 22, 23 to 33."""
    height = -(-len(words) // _COLUMNS)
    return [
        {"start": start + 1, "words": words[start : start + height]} for start in range(0, len(words), height)
    ]
