"""The catalogue is read once, whole, and is refused with all its problems or not at all.

Adding an information type is one block in `information_types.toml`; no Python. What can never be a
type (BSN, secret location, suspect data, ...) is refused here by name. The words people see are in
`information.texts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Final

import msgspec

from consent_service.foundation.ids import TypeKey
from consent_service.information.blocks import (
    BlockProblem,
    BlocksError,
    Table,
    read_struct,
    read_toml,
    table_of,
)
from consent_service.information.model import (
    WRITTEN_KINDS,
    AfterDate,
    Catalogue,
    FieldSpec,
    InformationType,
    Terms,
    hash_of,
)

FILE_NAME: Final = "information_types.toml"
TERMS_FILE: Final = "terms.toml"

NEVER_WORDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "the BSN (UAVG 46)": ("bsn", "burgerservicenummer", "citizen_service_number", "social_security"),
        "a secret location or geodata": (
            "secret_location", "secret_address", "geheim_adres", "shelter_address", "shelter_location",
            "whereabouts", "verblijfplaats", "geo", "geodata", "geolocation", "gps", "coordinates",
            "latitude", "longitude", "what3words",
        ),
        "suspect or offence data": (
            "suspect", "verdachte", "perpetrator", "offender", "dader", "pleger", "aggressor", "offence",
            "offense", "crime", "criminal", "strafblad", "aangifte", "police_report",
        ),
        "residence status": (
            "residence_status", "residence_permit", "immigration", "verblijfsstatus", "verblijfsvergunning",
            "asylum", "asiel",
        ),
        "religion": ("religion", "religious", "faith", "church", "geloof", "godsdienst"),
        "origin": ("origin", "ethnicity", "ethnic", "race", "afkomst", "herkomst", "nationality"),
        "sexual life": ("sexual", "sexuality", "sexual_life", "gender_identity", "seksueel", "seksualiteit"),
        "raw case notes": ("case_notes", "case_note", "case_file", "casefile", "dossier", "raw_notes"),
        "a Veilig Thuis report or its reporter": (
            "veilig_thuis", "veiligthuis", "reporter", "melder", "meldcode_report", "vt_report",
        ),
        "other residents": ("other_residents", "other_resident", "residents", "medebewoners"),
        "the other parent's data": (
            "other_parent", "other_holder", "other_guardian", "ex_partner", "andere_ouder",
        ),
    }
)  # fmt: skip
"""What no type, field or choice may be called, and why: no key may ever exist for it."""

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")

_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "level": '"O" (or "O+", "A9", "A10")',
        "directions": '["s2c"] (or ["c2s"], ["s2c", "c2s"])',
        "purposes": '["support"] (contact, support, meeting, attendance, safety, transition)',
        "readers": '["contact"] (contact, teacher, director, administration, meldcode_officer)',
        "writers": '["contact"] (contact, teacher, director, administration, meldcode_officer)',
        "retention": '{ kind = "months", months = 3 }',
        "decided_by": '"one_holder" (or "all_holders", "own_guardian")',
        "legal_basis": '"public_task" (or "consent", "explicit_consent", ...)',
        "secrecy_release": '"permission" (or "not_needed")',
        "rules": '["no_diagnosis"]',
        "kind": '"text" (choice, date, time, yes_no, name, phone, address, email)',
        "choices": '["ill", "appointment"]',
        "roles": '["contact"]',
        "part": '"emergency"',
        "max_length": "200",
        "emergency_decided_by": '"one_holder"',
    }
    | dict.fromkeys(("required", "locating", "confirm", "gate", "first_intake", "free_text"), "true")
)

_TERMS_EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "together_from": "12",
        "alone_from": "16",
        "longest_months": "12",
        "oral_days": "14",
        "reminder_days": "[30, 7]",
        "birthday_notice_days": "30",
        "authority_reminder_days": "7",
        "pattern_minimum": "20",
        "term_starts": '["08-01", "02-01"]',
        "attest_grace_days": "42",
        "aftercare_types": '["shelter_involvement"]',
        "review_sample": "10",
    }
)

_GRACE_EXAMPLE: Final = f"attest_grace_days = {_TERMS_EXAMPLES['attest_grace_days']}"


def load_catalogue(folder: Path) -> Catalogue:
    """Read and validate `information_types.toml` and `terms.toml` in the policies folder.

    Raises:
        BlocksError: with every problem in the file, each naming its block and an example.
    """
    problems: list[BlockProblem] = []
    raw = read_toml(folder / FILE_NAME)
    for stray in raw.keys() - {"types"}:
        problems.append(BlockProblem(stray, "is not known here", "[types.support_advice]"))
    tables = table_of(raw, "types", block="types", problems=problems)
    kinds = [_read_type(key, tables, problems) for key in tables]
    types = {kind.key: kind for kind in kinds if kind is not None}
    for kind in types.values():
        problems += _problems_of_type(kind)
    if len(types) == len(tables):
        problems += _problems_of_gate(types)
    terms = _read_terms(folder, problems)
    if terms is not None and terms.aftercare_types is not msgspec.UNSET:
        for stray in sorted(set(terms.aftercare_types) - tables.keys()):
            example = f"aftercare_types = {_TERMS_EXAMPLES['aftercare_types']}"
            problem = f"`aftercare_types` names {stray}, which is no type"
            problems.append(BlockProblem(TERMS_FILE, problem, example))
    if problems or terms is None:
        raise BlocksError(FILE_NAME, problems)
    return Catalogue(types=MappingProxyType(types), hash=hash_of([types, terms]), terms=terms)


def _read_terms(folder: Path, problems: list[BlockProblem]) -> Terms | None:
    raw = read_toml(folder / TERMS_FILE)
    terms = read_struct(Terms, raw, block=TERMS_FILE, given={}, examples=_TERMS_EXAMPLES, problems=problems)
    if terms is None:
        return None
    for name in _TERMS_EXAMPLES:
        value = getattr(terms, name)
        if isinstance(value, int) and value < 1:
            problems.append(BlockProblem(TERMS_FILE, f"`{name}` is less than 1", f"{name} = 12"))
    if terms.together_from >= terms.alone_from:
        example = "together_from = 12, alone_from = 16"
        problems.append(BlockProblem(TERMS_FILE, "a child decides along before it decides alone", example))
    if not terms.reminder_days or min(terms.reminder_days) < 1:
        problems.append(BlockProblem(TERMS_FILE, "`reminder_days` names no day", "reminder_days = [30, 7]"))
    problems += _problems_of_school_terms(terms)
    return terms


def _problems_of_school_terms(terms: Terms) -> Iterator[BlockProblem]:
    """Both or neither; every day is one of every year, and a grace ends before the next term begins."""
    starts, grace = terms.term_starts, terms.attest_grace_days
    if starts is msgspec.UNSET or grace is msgspec.UNSET:
        if starts is not grace:
            yield BlockProblem(TERMS_FILE, "`term_starts` goes with `attest_grace_days`", _GRACE_EXAMPLE)
        return
    example = f"term_starts = {_TERMS_EXAMPLES['term_starts']}"
    try:
        days = sorted(date.fromisoformat(f"2001-{start}") for start in starts)
    except ValueError:
        yield BlockProblem(TERMS_FILE, "`term_starts` names what is not a day of every year", example)
        return
    if not days:
        yield BlockProblem(TERMS_FILE, "`term_starts` names no day", example)
        return
    following = [*days[1:], days[0].replace(year=2002)]
    if any((after - day).days <= grace for day, after in zip(days, following, strict=True)):
        yield BlockProblem(TERMS_FILE, "`attest_grace_days` reaches into the next term", _GRACE_EXAMPLE)


def _read_type(key: str, tables: Table, problems: list[BlockProblem]) -> InformationType | None:
    problems += _problems_of_name(key, block=key)
    raw = table_of(tables, key, block="types", problems=problems)
    specs = table_of(raw, "fields", block=key, problems=problems)
    fields = [_read_field(name, specs, key, problems) for name in specs]
    given: dict[str, object] = {
        "key": TypeKey(key),
        "fields": tuple(spec for spec in fields if spec is not None),
    }
    rest = {name: value for name, value in raw.items() if name != "fields"}
    kind = read_struct(InformationType, rest, block=key, given=given, examples=_EXAMPLES, problems=problems)
    return None if None in fields else kind


def _read_field(name: str, specs: Table, key: str, problems: list[BlockProblem]) -> FieldSpec | None:
    block = f"{key}.fields.{name}"
    problems += _problems_of_name(name, block=block)
    raw = table_of(specs, name, block=f"{key}.fields", problems=problems)
    return read_struct(
        FieldSpec, raw, block=block, given={"name": name}, examples=_EXAMPLES, problems=problems
    )


def _problems_of_name(name: str, *, block: str) -> Iterator[BlockProblem]:
    if not _KEY.fullmatch(name):
        yield BlockProblem(block, "the name is not lower-case words with underscores", "support_advice")
    padded = f"_{name.lower()}_"
    for what, words in NEVER_WORDS.items():
        if any(f"_{word}_" in padded for word in words):
            yield BlockProblem(block, f"`{name}` may never exist: {what} is not shared", "remove the block")


def _problems_of_type(kind: InformationType) -> Iterator[BlockProblem]:
    yield from _problems_of_roles(kind)
    yield from _problems_of_decision(kind)
    for spec in kind.fields:
        yield from _problems_of_field(kind, spec)
    block = kind.key
    if not kind.fields:
        yield BlockProblem(block, "has no fields", f'[types.{block}.fields] note = {{ kind = "text" }}')
    if kind.free_text != any(spec.kind == "text" for spec in kind.fields):
        yield BlockProblem(block, "`free_text` does not agree with its fields", "free_text = true")
    if any(spec.locating for spec in kind.fields) and not kind.locating:
        yield BlockProblem(block, "a field is locating, the type is not", "locating = true")
    if isinstance(kind.retention, AfterDate) and not _is_date_field(kind, kind.retention.field):
        example = 'retention = { kind = "after_date", field = "date", months = 1 }'
        yield BlockProblem(block, "`retention` counts from something that is no required date", example)


def _is_date_field(kind: InformationType, name: str) -> bool:
    spec = kind.field(name)
    return spec is not None and spec.kind == "date" and spec.required


def _problems_of_roles(kind: InformationType) -> Iterator[BlockProblem]:
    block = kind.key
    for name, values in (
        ("directions", kind.directions), ("purposes", kind.purposes), ("readers", kind.readers),
        ("writers", kind.writers), ("rules", kind.rules),
    ):  # fmt: skip
        if len(set(values)) != len(values):
            yield BlockProblem(block, f"`{name}` says something twice", f"{name} = {_EXAMPLES[name]}")
    for name, values in (("directions", kind.directions), ("purposes", kind.purposes)):
        if not values:
            yield BlockProblem(block, f"`{name}` is empty", f"{name} = {_EXAMPLES[name]}")
    if ("s2c" in kind.directions) != bool(kind.readers):
        yield BlockProblem(block, "`readers` and the direction s2c go together", 'readers = ["contact"]')
    if ("c2s" in kind.directions) != bool(kind.writers):
        yield BlockProblem(block, "`writers` and the direction c2s go together", 'writers = ["contact"]')
    for role in kind.readers:
        if kind.fields and not kind.fields_for(role):
            yield BlockProblem(
                block, f"reader `{role}` sees no field at all", 'roles = ["contact", "teacher"]'
            )


def _problems_of_decision(kind: InformationType) -> Iterator[BlockProblem]:
    block = kind.key
    if kind.level == "A9" and kind.decided_by == "one_holder":
        yield BlockProblem(
            block, "special categories need more than one holder", 'decided_by = "all_holders"'
        )
    if kind.level == "A10" and not kind.second_approver:
        yield BlockProblem(block, "level A10 needs a second approver", "second_approver = true")
    if kind.level == "A10" and any(spec.kind in WRITTEN_KINDS for spec in kind.fields):
        yield BlockProblem(
            block, "level A10 is coded only", 'status = { kind = "choice", choices = ["recent"] }'
        )
    if kind.exempt_from_gate and "s2c" in kind.directions:
        yield BlockProblem(block, "goes to the school, so it needs the gate", "exempt_from_gate = false")
    if any(spec.part == "emergency" for spec in kind.fields) != (kind.emergency_decided_by is not None):
        example = 'emergency_decided_by = "one_holder"'
        yield BlockProblem(block, "an emergency part and who decides on it go together", example)


def _problems_of_field(kind: InformationType, spec: FieldSpec) -> Iterator[BlockProblem]:
    block = f"{kind.key}.fields.{spec.name}"
    if (spec.kind == "choice") != bool(spec.choices):
        yield BlockProblem(block, "`choices` and the kind choice go together", 'choices = ["ill", "other"]')
    if len(set(spec.choices)) != len(spec.choices):
        yield BlockProblem(block, "`choices` says something twice", 'choices = ["ill", "other"]')
    for choice in spec.choices:
        yield from _problems_of_name(choice, block=block)
    if not 1 <= spec.max_length <= 2000:
        yield BlockProblem(block, "`max_length` is not between 1 and 2000", "max_length = 200")
    for role in set(spec.roles) - set(kind.readers):
        yield BlockProblem(block, f"`roles` names {role}, who does not read this type", 'roles = ["contact"]')
    if spec.confirm and (spec.kind != "yes_no" or not spec.required):
        yield BlockProblem(block, "`confirm` is for a required yes_no", 'kind = "yes_no", required = true')
    if spec.kind in ("phone", "address", "email") and not (spec.locating or kind.address_exempt):
        yield BlockProblem(block, f"a {spec.kind} says where somebody is", "locating = true")


def _problems_of_gate(types: Mapping[TypeKey, InformationType]) -> Iterator[BlockProblem]:
    gates = [kind for kind in types.values() if kind.gate]
    if len(gates) != 1:
        yield BlockProblem("types", f"{len(gates)} types are the gate; it is exactly one", "gate = true")
    for kind in gates:
        if kind.directions != ("s2c",) or not kind.first_intake:
            example = 'directions = ["s2c"], first_intake = true'
            yield BlockProblem(kind.key, "the gate goes to the school and is asked first", example)
