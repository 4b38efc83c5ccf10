"""What AVG 15(1) and (2) say must be told beside the data, in Dutch sentences that a page can translate."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from consent_service.foundation.i18n import N_
from consent_service.information.model import Catalogue
from consent_service.information.texts import LanguageTexts
from consent_service.organisations.model import Tenant
from consent_service.rights.access.document import LawPart, TypeLine

SOURCE: Final = N_(
    "De gegevens komen van uzelf, van uw kind, van uw begeleider en van de school van uw kind. Bij elk stuk "
    "staat van wie het komt."
)
RIGHTS: Final = (
    N_("U mag vragen om gegevens te verbeteren (AVG 16)."),
    N_("U mag vragen om gegevens te wissen (AVG 17)."),
    N_("U mag vragen om het gebruik te beperken (AVG 18)."),
    N_("U mag bezwaar maken (AVG 21)."),
    N_("U mag uw toestemming altijd intrekken (AVG 7(3))."),
)
COMPLAINT: Final = N_(
    "Niet tevreden? U kunt een klacht sturen naar de Autoriteit Persoonsgegevens, Postbus 93374, "
    "2509 AJ Den Haag, autoriteitpersoonsgegevens.nl."
)
AUTOMATED: Final = N_(
    "Een programma gaat na of iets gedeeld mag worden: of er een ja is, of niemand bezwaar maakte en of het "
    "veilig is. Dat programma beslist nooit over u of uw kind. Wat u mag of krijgt, beslist altijd een mens."
)
TRANSFERS: Final = N_("Wij geven niets door aan landen buiten de Europese Unie.")


def law_part(tenant: Tenant, words: LanguageTexts, catalogue: Catalogue, used: Collection[str]) -> LawPart:
    """For the categories that the file holds something of, in the order of the catalogue."""
    types = [
        TypeLine(
            type=key,
            label=words.types[key].label,
            level=kind.level,
            purposes=kind.purposes,
            legal_basis=kind.legal_basis,
            secrecy_release=kind.secrecy_release,
            recipients=words.types[key].who_sees,
            kept=words.types[key].until,
        )
        for key, kind in catalogue.types.items()
        if key in used and key in words.types
    ]
    return LawPart(
        controller=tenant.name,
        phone=tenant.phone,
        types=tuple(types),
        source=SOURCE,
        rights=RIGHTS,
        complaint=COMPLAINT,
        automated=AUTOMATED,
        transfers=TRANSFERS,
    )
