"""The register as a document: part 1 of the controller, part 2 of the processor. Pure."""

from __future__ import annotations

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
from consent_service.rights.accountability.model import (
    ActivityRow,
    Measure,
    ProcessingRegister,
    Supplier,
    TypeRow,
)

_STATES = {"in_place": "ja", "not_set": "nee"}
_SCHOOLS = "Scholen met een afspraak, gezamenlijk of zelfstandig verantwoordelijk volgens die afspraak:"
_UNTIL_ENDED = "tot hij eindigt"


def register_document(register: ProcessingRegister) -> Document:
    """Everything of the register, in the order of AVG 30."""
    return Document(
        name="verwerkingsregister",
        title="Register van verwerkingen",
        about=f"{register.controller.name}. Gemaakt uit de dienst zelf; catalogus {register.catalogue[:12]}.",
        made_at=register.made_at,
        sections=(
            section("Deel 1. Wie verantwoordelijk is", "AVG 30(1)(a)", *_who(register)),
            *(_activity(one) for one in register.activities),
            section(
                "Soorten informatie die gedeeld worden",
                "AVG 30(1)(c), (d) en (f)",
                types_grid(register.types),
            ),
            section("Leveranciers", "AVG 30(1)(d), 28", suppliers_grid(register.suppliers)),
            section("Doorgifte buiten de EER", "AVG 30(1)(e)", Said(register.transfers)),
            section("Beveiliging", "AVG 30(1)(g), 32", measures_grid(register.measures)),
            section("Deel 2. Register van de verwerker", "AVG 30(2)", *_of_processor(register)),
            section("Nog open", "", *(Open(one) for one in register.open_points)),
        ),
    )


def types_grid(types: tuple[TypeRow, ...]) -> Grid:
    """Every information type with level, ways, ground, secrecy and period."""
    return Grid(
        ("Soort", "Niveau", "Waarheen", "Wie", "Grondslag (aangenomen)", "Beroepsgeheim", "Bewaren"),
        tuple(
            (
                one.title,
                one.level_words,
                joined(one.directions),
                joined(dict.fromkeys((*one.readers, *one.writers))),
                f"{one.basis.words} ({one.basis.article})",
                one.secrecy,
                one.retention,
            )
            for one in types
        ),
    )


def suppliers_grid(suppliers: tuple[Supplier, ...]) -> Grid:
    """Who else processes, by kind."""
    return Grid(
        ("Soort leverancier", "Aantal", "Ziet", "Naam"),
        tuple((one.title, str(one.number), one.sees, one.name or "in te vullen") for one in suppliers),
    )


def measures_grid(measures: tuple[Measure, ...]) -> Grid:
    """Every measure and whether it is there."""
    return Grid(
        ("Maatregel", "Hier", "Wat het doet"),
        tuple((one.title, _STATES[one.state], one.words) for one in measures),
    )


def schools_grid(register: ProcessingRegister) -> Grid:
    """The schools with an agreement that is valid now."""
    return Grid(
        ("School", "Vestiging", "Bereikbaar", "Afspraak geldt"),
        tuple(
            (
                one.name,
                one.establishment_code,
                one.contact,
                f"van {one.agreement_from:%d-%m-%Y} "
                + (f"tot en met {one.agreement_until:%d-%m-%Y}" if one.agreement_until else _UNTIL_ENDED),
            )
            for one in register.schools
        ),
    )


def _who(register: ProcessingRegister) -> tuple[Said | Points | Grid, ...]:
    officers = joined(register.officers) or "niet aangemeld"
    return (
        Points(
            (
                f"Verwerkingsverantwoordelijke: {register.controller.name}, {register.controller.contact}.",
                f"Functionaris gegevensbescherming: {officers}, via {register.controller.contact}.",
            )
        ),
        Said(_SCHOOLS if register.schools else "Er is met geen school een afspraak die nu geldt."),
        schools_grid(register),
    )


def _activity(one: ActivityRow) -> Section:
    rows = [
        ("Adres van deze verwerking", one.uri),
        ("Doelen", joined(one.purposes)),
        ("Over wie", joined(one.data_subjects)),
        ("Welke gegevens", joined(one.personal_data)),
        ("Grondslagen (aangenomen)", joined(f"{basis.words} ({basis.article})" for basis in one.bases)),
        ("Ontvangers", joined(one.recipients)),
        ("Bewaren", joined(one.retention)),
    ]
    if one.types:
        rows.insert(4, ("Soorten informatie", f"{len(one.types)}: zie de lijst hieronder"))
    return section(one.title, "AVG 30(1)(b) tot en met (f)", Grid(("Wat", "Hoe"), tuple(rows)))


def _of_processor(register: ProcessingRegister) -> tuple[Points | Said, ...]:
    clients = (register.controller.name, *(one.name for one in register.schools))
    return (
        Points(
            (
                f"Verwerker: {register.processor.name or 'in te vullen'}.",
                f"Voor: {joined(clients)}.",
                f"Categorieën van verwerking: {joined(one.title for one in register.activities)}.",
                "Leveranciers, doorgifte en beveiliging: als in deel 1.",
            )
        ),
    )
