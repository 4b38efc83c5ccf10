"""The words of the letters a parent gives to the school; each paragraph is one sentence to translate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_
from consent_service.rights.letters import LetterKind

LETTER_TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "letter": {"leave": N_("Verlof vragen"), "end_of_help": N_("De hulp is klaar")}
}
PARAGRAPHS: Final[Mapping[LetterKind, tuple[str, ...]]] = {
    "leave": (
        N_("Aan de directeur van {school}"),
        N_("Ik vraag verlof voor mijn kind {child}."),
        N_("Van: ____________________ tot en met: ____________________"),
        N_("De reden kan ik mondeling toelichten. Wilt u die niet opschrijven?"),
        N_("Wilt u mij laten weten of het goed is? Dat kan als ik mijn kind kom brengen of halen."),
    ),
    "end_of_help": (
        N_("Aan de contactpersoon van {school}"),
        N_("De hulp voor mij en mijn kind {child} is klaar."),
        N_("Dit geldt vanaf: ____________________"),
        N_("Vragen over mijn kind stelt u vanaf dan aan mij."),
        N_("Dank u voor wat u voor mijn kind deed."),
    ),
}
SIGNED: Final = N_("Naam: {guardian}")
DATE: Final = N_("Datum en handtekening: ____________________")
