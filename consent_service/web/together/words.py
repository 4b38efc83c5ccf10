"""The sentences of tasks outside the shelter. B1, and no more than whoever reads may know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_
from consent_service.rights.to_do import OwnTask, SchoolTask

AT_SCHOOL: Final[Mapping[SchoolTask, str]] = {
    "read_signal": N_("Er is een signaal. Lees het voor de les begint."),
    "confirm_pupil": N_("Is dit uw leerling? Zeg ja of nee."),
    "read_who_helps": N_("Lees wie er helpt en wie u kunt bellen."),
    "answer_recall": N_("Haal weg wat u eerder kreeg, of zeg waarom u het bewaart."),
    "attest_contact": N_("Zeg of u nog contactpersoon bent."),
    "agreement": N_("De school maakte een afspraak in een driegesprek. Kijk welke."),
}
AT_HOME: Final[Mapping[OwnTask, str]] = {
    "question": N_("U koos later. Wilt u nu kiezen?"),
    "meeting": N_("U heeft een gesprek met de school en uw begeleider."),
    "copy": N_("U kreeg de afspraken. Lees ze en zeg wat u ervan vindt."),
    "agreement": N_("Uw afspraak: {words}"),
}
TO_YOUNG: Final = N_("Je koos later. Wil je nu kiezen?")
