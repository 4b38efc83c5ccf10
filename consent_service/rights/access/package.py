"""The file as it is taken along: readable and for machines, the schema, and a program that checks it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Final

from consent_service.foundation.i18n import N_, translator
from consent_service.information.texts import LanguageTexts
from consent_service.rights.access.document import SCHEMA_FILE, AccessFile, json_schema, to_json
from consent_service.rights.access.reading import write_pdf

JSON_FILE: Final = "inzage.json"
PDF_FILE: Final = "dossier.pdf"
READ_ME: Final = "LEESMIJ.txt"
CHECKER: Final = Path(__file__).with_name("verify_access_export.py")
_EXPLAINED: Final = (
    N_("Dit is uw dossier."),
    N_("dossier.pdf kunt u lezen of printen."),
    N_("inzage.json is hetzelfde voor een computer. Hoe het in elkaar zit, staat in het schema."),
    N_("Nagaan of het bestand klopt: python3 verify_access_export.py"),
    N_("Bewaar dit waar niemand anders het leest."),
)


def write_zip(file: AccessFile, words: LanguageTexts) -> bytes:
    """Everything in one file; takes processor time, so run it in a thread.

    Raises:
        IntegrityError: it could not be written.
    """
    said, made = translator(words.language), file.made_at.timetuple()[:6]
    parts = {
        PDF_FILE: write_pdf(file, words),
        JSON_FILE: to_json(file),
        SCHEMA_FILE: json_schema(),
        CHECKER.name: CHECKER.read_bytes(),
        READ_ME: ("\n".join(said.text(one) for one in _EXPLAINED) + "\n").encode(),
    }
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, made), content, zipfile.ZIP_DEFLATED)
    return whole.getvalue()
