"""An impact assessment (AVG 35(7)), as far as the service can fill it in. Names nobody. Pure."""

from __future__ import annotations

from collections import Counter

from consent_service.rights.accountability.document import (
    Document,
    Grid,
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
from consent_service.rights.accountability.risks import RISKS


def dpia_of(register: ProcessingRegister) -> Document:
    """The assessment: description, necessity, risks, measures, and what is still to be answered."""
    return Document(
        name="dpia",
        title="DPIA: effecten op de bescherming van gegevens",
        about=(
            f"{register.controller.name}. De dienst vulde in wat hij weet. Wat gemarkeerd is, vult de "
            "organisatie in; zonder dat is dit geen DPIA."
        ),
        made_at=register.made_at,
        sections=(
            _why(register),
            *_description(register),
            _necessity(),
            _rights(),
            *_risks(register),
            section("Alle maatregelen", "AVG 35(7)(d), 32", measures_grid(register.measures)),
            _not_set(register),
            _advice(),
            section("Open in het register", "AVG 30", *(Open(one) for one in register.open_points)),
        ),
    )


def _why(register: ProcessingRegister) -> Section:
    levels = Counter(one.level_words for one in register.types)
    return section(
        "Waarom een DPIA nodig is",
        "AVG 35(1) en (3)",
        Said(
            "Kwetsbare mensen, kinderen, gevaar bij een lek, en gegevens van bijzondere aard. Twee of meer "
            "kenmerken van de lijst van de Autoriteit Persoonsgegevens gelden."
        ),
        Points(tuple(f"Niveau {words}: {count}." for words, count in levels.items())),
    )


def _description(register: ProcessingRegister) -> tuple[Section, ...]:
    activities = tuple(
        (one.title, joined(one.purposes), joined(one.data_subjects)) for one in register.activities
    )
    return (
        section(
            "Beschrijving van de verwerkingen",
            "AVG 35(7)(a)",
            Said(
                "Een opvang en een school delen informatie over een kind, zoals een ouder of jongere dat "
                f"beslist. Scholen met een afspraak die nu geldt: {len(register.schools)}."
            ),
            Grid(("Verwerking", "Doelen", "Over wie"), activities),
            Open("Hoeveel gezinnen en scholen dit in een jaar zijn, en in welke regio."),
        ),
        section("Welke informatie", "AVG 35(7)(a)", types_grid(register.types)),
        section(
            "Leveranciers en doorgifte",
            "AVG 35(7)(a), 28, 44",
            suppliers_grid(register.suppliers),
            Said(register.transfers),
        ),
    )


def _necessity() -> Section:
    return section(
        "Noodzaak en evenredigheid",
        "AVG 35(7)(b), 5, 6, 9",
        Points(
            (
                "Per soort informatie een eigen vraag, een eigen doel en een eigen termijn.",
                "De school leest alleen wat haar rol nodig heeft, en alleen zolang het ja geldt.",
                "Nooit: burgerservicenummer, geheim adres, verdenking, verblijfsstatus, geloof, afkomst.",
                "Keuzes waar het kan, vrije tekst waar het moet; die wordt nagekeken op diagnoses.",
                "Niets wordt automatisch besloten over een kind; de dienst beslist alleen of iets open mag.",
            )
        ),
        Open("Waarom dit niet met minder gegevens of zonder deze dienst kan."),
        Open("Bevestiging van elke grondslag en van elk beroepsgeheim door een jurist."),
    )


def _rights() -> Section:
    return section(
        "Rechten van betrokkenen",
        "AVG 12 tot en met 22, 35(7)(b)",
        Points(
            (
                "Vooraf uitleg in eenvoudige woorden en in meer talen (AVG 12, 13).",
                "Zien wie keek en waarom, op de eigen pagina (AVG 15).",
                "Stoppen kan altijd en meteen (AVG 7(3)); bezwaar ook (AVG 21).",
                "Verzoeken hebben een termijn die bewaakt wordt (AVG 12(3)).",
                "Scholen horen wat verbeterd, beperkt of gewist is (AVG 19).",
            )
        ),
        Open("Hoe iemand zonder telefoon, zonder Nederlands of met een bewindvoerder een verzoek doet."),
    )


def _risks(register: ProcessingRegister) -> tuple[Section, ...]:
    known = {one.code: one for one in register.measures}
    return tuple(
        section(
            f"Risico {number}. {risk.title}",
            "AVG 35(7)(c) en (d)",
            Said(risk.what),
            Points(
                (
                    *(
                        f"Aanwezig: {known[code].title}. {known[code].words}"
                        for code in risk.against
                        if known[code].state == "in_place"
                    ),
                    *(
                        f"NIET ingesteld: {known[code].title}."
                        for code in risk.against
                        if known[code].state == "not_set"
                    ),
                    f"Daarnaast: {risk.besides}",
                )
            ),
            Open("Kans en ernst (laag, midden, hoog), en of wat overblijft aanvaard wordt, door wie."),
        )
        for number, risk in enumerate(RISKS, start=1)
    )


def _not_set(register: ProcessingRegister) -> Section:
    missing = [one for one in register.measures if one.state == "not_set"]
    return section(
        "Wat niet is ingesteld",
        "AVG 32",
        Said(f"Aantal maatregelen dat hier niet is ingesteld: {len(missing)}."),
        *(Open(f"{one.title}: instellen en vanaf wanneer, of waarom niet.") for one in missing),
    )


def _advice() -> Section:
    return section(
        "Advies, mening en besluit",
        "AVG 35(2), (9) en (11), 36",
        Open("Advies van de functionaris gegevensbescherming, met datum."),
        Open("Mening van ouders, jongeren en scholen, of waarom die niet gevraagd is."),
        Open("Besluit van het bestuur, met datum, en of de toezichthouder vooraf geraadpleegd wordt."),
        Open("Wanneer deze beoordeling opnieuw bekeken wordt: in elk geval bij een nieuwe soort informatie."),
    )
