"""The register from what is known: nothing of it is typed by anybody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, get_args

from consent_service.information.model import InformationType, retention_code
from consent_service.rights.accountability.activity_words import ACTIVITIES, PEOPLE
from consent_service.rights.accountability.facts import Facts
from consent_service.rights.accountability.measures import measures_of, suppliers_of
from consent_service.rights.accountability.model import (
    ActivityRow,
    Party,
    ProcessingRegister,
    School,
    TypeRow,
)
from consent_service.rights.accountability.words import DIRECTIONS, GROUNDS, LEVELS, ROLES, SECRECY, kept
from consent_service.rights.exports.activities import Activity, activity_id
from consent_service.rights.retention.register import FAMILY_MONTHS, STAFF_MONTHS, months_of

NO_TRANSFERS = (
    "Deze dienst geeft zelf niets door naar een land buiten de Europese Economische Ruimte. Waar de "
    "leveranciers in deze lijst staan, weet de dienst niet."
)

_COORDINATORS = 2
_YEAR: Final = 12
"""Months."""


def register_of(facts: Facts) -> ProcessingRegister:
    """Both parts of the register (AVG 30(1) and (2)) of one shelter, as it is now."""
    types = tuple(_type_row(kind, facts.labels[kind.key]) for kind in facts.catalogue.types.values())
    names: tuple[Activity, ...] = get_args(Activity)
    return ProcessingRegister(
        format="ruggensteun-register/1",
        made_at=facts.at,
        base_uri=facts.base_uri,
        catalogue=facts.catalogue.hash,
        controller=Party(facts.tenant.name, facts.tenant.phone),
        schools=tuple(
            School(
                school.name,
                school.establishment_code,
                f"{school.street}, {school.town}, {school.phone}",
                agreement.valid_from,
                agreement.valid_until,
            )
            for school, agreement in facts.schools
        ),
        officers=facts.officers,
        processor=Party(facts.configured.processor),
        activities=tuple(_activity_row(name, types, facts) for name in names),
        types=types,
        suppliers=suppliers_of(facts),
        transfers=NO_TRANSFERS,
        measures=measures_of(facts),
        open_points=tuple(_open_points(facts)),
    )


def _activity_row(name: Activity, types: tuple[TypeRow, ...], facts: Facts) -> ActivityRow:
    about = ACTIVITIES[name]
    periods = _periods(facts)
    grounds = {code: GROUNDS[code] for code in about.grounds}
    if about.from_catalogue:
        grounds |= {one.basis.code: one.basis for one in types}  # type: ignore[misc]
    return ActivityRow(
        uri=activity_id(facts.base_uri, name),
        name=name,
        title=about.title,
        purposes=about.purposes,
        data_subjects=tuple(PEOPLE[one] for one in about.people),
        personal_data=about.data,
        types=tuple(one.key for one in types) if about.from_catalogue else (),
        bases=tuple(grounds.values()),
        recipients=about.recipients,
        retention=tuple(one.format_map(periods) for one in about.kept),
    )


def _periods(facts: Facts) -> Mapping[str, int | str]:
    """The numbers in the words of `activity_words`, from where they are in force."""
    return {
        "longest_months": facts.catalogue.terms.longest_months,
        "key_backup_days": facts.configured.key_backup_days or "?",
        "family_years": FAMILY_MONTHS // _YEAR,
        "staff_years": STAFF_MONTHS // _YEAR,
        "log_years": months_of("audit_entries") // _YEAR,
        "case_years": months_of("rights_cases") // _YEAR,
        "breach_years": months_of("breaches") // _YEAR,
        "file_months": months_of("access_files"),
    }


def _type_row(kind: InformationType, label: str) -> TypeRow:
    return TypeRow(
        key=kind.key,
        title=label,
        level=kind.level,
        level_words=LEVELS[kind.level],
        directions=tuple(DIRECTIONS[one] for one in kind.directions),
        fields=len(kind.fields),
        readers=tuple(ROLES[one] for one in kind.readers),
        writers=tuple(ROLES[one] for one in kind.writers),
        basis=GROUNDS[kind.legal_basis],
        secrecy=SECRECY[kind.secrecy_release],
        retention_code=retention_code(kind.retention),
        retention=kept(kind.retention),
    )


def _open_points(facts: Facts) -> Iterator[str]:
    """What the law asks and nothing here knows."""
    if not facts.officers:
        yield "Naam en bereikbaarheid van de functionaris gegevensbescherming: er is er geen aangemeld."
    if facts.coordinators < _COORDINATORS:
        yield "Een tweede privacycoördinator: wissen en andere spelregels vragen er twee."
    if not facts.configured.processor:
        yield "Wie deze dienst voor de opvang beheert (verwerker): de instelling processor is leeg."
    if not facts.configured.hosting:
        yield "Op wiens machines de dienst draait: de instelling hosting is leeg."
    if facts.schools:
        yield (
            "Per school: of zij gezamenlijk (AVG 26) of zelfstandig verantwoordelijk is. Dat staat in de "
            "afspraak met de school."
        )
    else:
        yield "Er is met geen school een afspraak die nu geldt."
    yield "De grondslagen en bewaartermijnen zijn aangenomen: een jurist en de FG bevestigen ze."
    if suppliers_of(facts):
        yield "Per leverancier: naam, land, en de overeenkomst (AVG 28 en hoofdstuk V)."
