"""What was just done, by a short code in the address: the code is all that travels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consent_service.foundation.i18n import N_

NOTICES: Final[Mapping[str, str]] = {
    "gezin": N_("Het gezin is vastgelegd."),
    "persoon": N_("De persoon is toegevoegd."),
    "gewijzigd": N_("De gegevens zijn verbeterd."),
    "gezag": N_("Het gezag is vastgelegd."),
    "einde": N_("De begeleiding is beëindigd. Er wordt niets meer gedeeld over dit gezin."),
    "veiligheid": N_("De veiligheid is vastgelegd."),
    "school": N_("De school is gekoppeld."),
    "gedeeld": N_("Dit staat klaar voor de school."),
    "teruggehaald": N_("Dit is teruggehaald. De school krijgt het niet meer."),
    "teruggevraagd": N_("De school krijgt de vraag om dit weg te halen."),
    "gepland": N_("Het einde is gepland. Tot die dag blijft alles zoals het is."),
    "wacht": N_("Let op: iemand anders met gezag is niet gehoord. Er gebeurt nog niets."),
    "gaat-door": N_("Het einde gaat niet door. Alles blijft zoals het was."),
    "cijfers": N_("De cijfers zijn vastgesteld. Ze veranderen niet meer."),
    "goedkeuren": N_("Dit wacht op goedkeuring van een tweede persoon."),
    "goedgekeurd": N_("Dit is goedgekeurd. De school kan het nu zien."),
    "geschreven": N_("Dit staat klaar voor de hulporganisatie."),
    "invallen": N_("U valt in. Dit is vastgelegd met de reden."),
    "pin": N_("Uw pincode is bewaard."),
    "sessie-weg": N_("Op dat apparaat bent u uitgelogd."),
    "sessies-weg": N_("U bent alleen nog hier ingelogd."),
    "bericht-gelezen": N_("Dit bericht is gelezen."),
    "berichten-ingesteld": N_("Zo krijgt u voortaan bericht."),
    "apparaat": N_("De naam van het apparaat is bewaard."),
    "sleutel": N_("De toegangssleutel is toegevoegd."),
    "sleutel-weg": N_("De toegangssleutel is verwijderd."),
    "terug": N_("De tablet is weer van u."),
    "gesprek": N_("Het gesprek is bijgewerkt."),
    "opmerking": N_("Uw opmerking is bewaard."),
    "klaar": N_("De taak is klaar."),
    "vrijgegeven": N_("De regel is vrijgegeven. Dat staat in het logboek."),
    "beeindigd": N_("Het delen met deze school is gestopt."),
    "uitnodiging-weg": N_("De uitnodiging is ingetrokken. De code werkt niet meer."),
    "contact": N_("De contactpersonen zijn bijgewerkt."),
    "contact-bevestigd": N_("De contactpersonen zijn bevestigd."),
    "afwezig": N_("De afwezigheid is bijgewerkt."),
    "vertrokken": N_("Deze persoon staat op geen lijst meer en kan niet meer inloggen."),
    "gevraagd": N_("Uw vraag is gesteld. Een collega beslist mee."),
    "weer-benaderen": N_("Deze ouder wordt weer benaderd."),
    "goedgekeurd-veiligheid": N_("Dit is goedgekeurd. Deze ouder wordt niet benaderd."),
    "afgekeurd-veiligheid": N_("Dit is niet goedgekeurd. Er verandert niets."),
    "opvolger": N_("Het delen gaat verder met de nieuwe school. Kies nu de contactpersonen."),
    "doorgegeven": N_("Dank u. U ziet niets meer over dit kind."),
    "beantwoord": N_("Dank u. Uw antwoord is vastgelegd."),
    "bezwaar": N_("Wij hebben het bericht ontvangen."),
    "ingetrokken": N_("De toestemming is ingetrokken."),
    "tekst_fout": N_("De tekst is uit gebruik. Antwoorden die erop rustten, tellen niet meer."),
    "tekst_goed": N_("De tekst is weer in gebruik."),
    "regels-voorgesteld": N_("Het voorstel is bewaard. Er is nog niets veranderd."),
    "regels-goedgekeurd": N_("Uw goedkeuring is vastgelegd."),
    "regels-ingetrokken": N_("Het voorstel is ingetrokken. Er verandert niets."),
    "regels-ingevoerd": N_("Deze regels gelden vanaf nu."),
    "antwoorden": N_("De antwoorden zijn vastgelegd."),
    "antwoorden-nieuwer": N_(
        "De antwoorden zijn vastgelegd. Let op: deze persoon gaf zelf op die dag of later een ander "
        "antwoord. Dat nieuwere antwoord blijft gelden. Laat de persoon het zo nodig opnieuw kiezen op de "
        "tablet."
    ),
    "gestopt": N_("Het is gestopt."),
    "oordeel": N_("Het oordeel is vastgelegd."),
    "keuze": N_("Uw keuze is bewaard."),
    "bezwaar-weg": N_("Uw bezwaar is ingetrokken."),
    "eigen-pagina": N_("De eigen pagina is klaar voor gebruik."),
    "toegang-weg": N_("De oude code werkt niet meer."),
    "uitgelogd": N_("U bent uitgelogd."),
}
