"""The annex to an agreement between controller and processor (AVG 28(3)), from what is set up. Pure."""

from __future__ import annotations

from consent_service.rights.accountability.document import (
    Document,
    Open,
    Points,
    Said,
    Section,
    joined,
    section,
)
from consent_service.rights.accountability.model import ProcessingRegister
from consent_service.rights.accountability.register_document import (
    measures_grid,
    suppliers_grid,
    types_grid,
)


def annex_of(register: ProcessingRegister) -> Document:
    """Everything that AVG 28(3) asks such an agreement to say, as far as it is known."""
    return Document(
        name="bijlage-verwerkersovereenkomst",
        title="Bijlage bij de verwerkersovereenkomst",
        about=f"Tussen {register.controller.name} en {register.processor.name or 'de verwerker'}.",
        made_at=register.made_at,
        sections=(
            _parties(register),
            *_subject(register),
            *_duties(register),
            *_after(),
        ),
    )


def _parties(register: ProcessingRegister) -> Section:
    controller = f"Verwerkingsverantwoordelijke: {register.controller.name}, {register.controller.contact}."
    if register.processor.name:
        return section(
            "Partijen", "AVG 28(3)", Points((controller, f"Verwerker: {register.processor.name}."))
        )
    return section(
        "Partijen", "AVG 28(3)", Points((controller,)), Open("Naam en bereikbaarheid van de verwerker.")
    )


def _subject(register: ProcessingRegister) -> tuple[Section, ...]:
    return (
        section(
            "Onderwerp, aard en doel",
            "AVG 28(3)",
            Said("De dienst draaien waarmee opvang en scholen toestemming vragen en informatie delen."),
            Points(tuple(f"{one.title}: {joined(one.purposes)}." for one in register.activities)),
        ),
        section("Duur", "AVG 28(3)", Open("Ingangsdatum, einde en opzegging van de overeenkomst.")),
        section(
            "Betrokkenen",
            "AVG 28(3)",
            Points(tuple(dict.fromkeys(who for one in register.activities for who in one.data_subjects))),
        ),
        section("Soorten gegevens", "AVG 28(3)", types_grid(register.types)),
    )


def _duties(register: ProcessingRegister) -> tuple[Section, ...]:
    return (
        section(
            "Instructies",
            "AVG 28(3)(a)",
            Said(
                "De spelregels van de dienst zijn de instructie. Een wijziging vraagt twee coördinatoren "
                "van de opvang en staat in het logboek."
            ),
            Said(register.transfers),
        ),
        section(
            "Geheimhouding",
            "AVG 28(3)(b)",
            Said("Een beheerder kan namen en inhoud niet lezen op een pagina van de dienst."),
            Open("Geheimhouding van wie er bij de verwerker werkt, wie bij server en sleutels kan."),
        ),
        section("Beveiliging", "AVG 28(3)(c), 32", measures_grid(register.measures)),
        section(
            "Subverwerkers",
            "AVG 28(2) en (4), 28(3)(d)",
            suppliers_grid(register.suppliers),
            Open("Naam, land en overeenkomst per subverwerker, en hoe een nieuwe vooraf gemeld wordt."),
        ),
        section(
            "Hulp bij rechten, lekken en een DPIA",
            "AVG 28(3)(e) en (f)",
            Points(
                (
                    "Verzoeken van betrokkenen handelt de opvang in de dienst zelf af.",
                    "Het logboek zegt na een lek wie wat gezien kan hebben.",
                    "De gegevens voor register en DPIA komen uit de dienst.",
                )
            ),
            Open("Binnen hoeveel uur de verwerker een lek meldt, en aan wie (AVG 33(2))."),
        ),
    )


def _after() -> tuple[Section, ...]:
    return (
        section(
            "Wissen of teruggeven aan het einde",
            "AVG 28(3)(g)",
            Points(
                (
                    "De opvang neemt haar logboek mee als bestand dat zonder deze dienst na te rekenen is.",
                    "Sleutels worden vernietigd; daarmee gaat niets meer open, ook geen oude kopie.",
                    "Daarna verdwijnen de gegevens zelf, en met hun termijn de reservekopieën.",
                )
            ),
            Open("Binnen hoeveel dagen, en wie schriftelijk bevestigt dat het gebeurd is."),
        ),
        section(
            "Controle",
            "AVG 28(3)(h)",
            Points(
                (
                    "De opvang rekent het logboek zelf na, op elk moment.",
                    "Standen van het logboek liggen bij getuigen, als die zijn ingesteld.",
                    "De programmatuur om na te rekenen staat los van deze dienst.",
                )
            ),
            Open("Hoe vaak en door wie ter plaatse gecontroleerd wordt, en wie dat betaalt."),
        ),
        section("Ondertekening", "", Open("Namen, functies, datum en handtekeningen van beide partijen.")),
    )
