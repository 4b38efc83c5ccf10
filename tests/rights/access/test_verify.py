"""The schema as it is published, and the program that checks a file: what is planted is found."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from consent_service.rights.access import verify_access_export as program
from consent_service.rights.access.document import (
    SCHEMA_FILE,
    AccessFile,
    FieldLine,
    LawPart,
    LookLine,
    Person,
    PlaceLine,
    RecordLine,
    json_schema,
    to_json,
)
from consent_service.rights.access.redacting import line, redacted

DOCS: Final = Path(__file__).resolve().parents[3] / "docs" / "schemas"
AT: Final = datetime(2026, 11, 23, 9, tzinfo=UTC)
LAW: Final = LawPart(
    controller="Opvang Zuid",
    phone="0800-5550000",
    types=(),
    source="",
    rights=(),
    complaint="",
    automated="",
    transfers="",
)
FILE: Final = AccessFile(
    request="access",
    about="everybody",
    received_on=date(2026, 11, 1),
    made_at=AT,
    law=LAW,
    people=(
        Person(
            person="p1",
            role="requester",
            given_names="Samira",
            family_name="Voorbeeld",
            birth_date=None,
            phone="",
            email="",
        ),
    ),
    places=(
        PlaceLine(
            place="s1",
            child="p1",
            school=redacted("school", "safety"),
            address="Lindelaan 1",
            started_at=AT,
            ended_at=None,
        ),
    ),
    records=(
        RecordLine(
            place="s1",
            type="support_advice",
            label="Wat helpt",
            direction="shelter_to_school",
            written_at=AT,
            written_by=redacted("staff_name", "staff_name"),
            expires_at=None,
            fields=(FieldLine(field="helps", label="Wat helpt", value="Rust."),),
        ),
    ),
    looks=(
        LookLine(
            at=AT,
            person="p1",
            organisation="De Linde",
            role="contact",
            purpose="support",
            types=("support_advice",),
            emergency=False,
        ),
    ),
    redactions=(line("*", "names_of_staff", "staff_name"),),
)
SCHEMA: Final = json.loads(json_schema())
Change = Callable[[dict[str, Any]], object]
PLANTED: Final[dict[str, Change]] = {
    "a field too many": lambda file: file.update(bsn="123456782"),
    "a field too few": lambda file: file.pop("looks"),
    "another version": lambda file: file.update(version=2),
    "true for one": lambda file: file.update(version=True),
    "another schema": lambda file: file.update(schema="https://ruggensteun.example/other"),
    "no list": lambda file: file.update(records={}),
    "a number for words": lambda file: file["people"][0].update(given_names=7),
    "no such role": lambda file: file["people"][0].update(role="neighbour"),
    "no day": lambda file: file.update(received_on="2026-02-30"),
    "a day without hyphens": lambda file: file.update(received_on="20261101"),
    "no moment": lambda file: file.update(made_at="yesterday"),
    "a moment without a zone": lambda file: file["looks"][0].update(at="2026-11-23T09:00:00"),
    "a ground of its own": lambda file: file["redactions"][0].update(ground="because"),
    "left out without ground": lambda file: file["places"][0]["school"].pop("ground"),
    "left out with more": lambda file: file["places"][0]["school"].update(was="De Linde"),
    "a name of staff": lambda file: file["records"][0].update(written_by="Bo Begeleider"),
    "a person nobody is": lambda file: file["looks"][0].update(person="p9"),
    "a place nobody is": lambda file: file["records"][0].update(place="s9"),
    "words for yes": lambda file: file["looks"][0].update(emergency="no"),
}


def test_what_is_published_is_what_is_written() -> None:
    assert (DOCS / SCHEMA_FILE).read_bytes() == json_schema()
    assert (DOCS / "verify_access_export.py").read_bytes() == Path(program.__file__).read_bytes()


def test_a_file_fits_the_schema_and_reads_back() -> None:
    raw = to_json(FILE)
    assert program.check(json.loads(raw), SCHEMA) == []
    names = list(json.loads(raw))
    assert names == sorted(names)


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_fault_is_found(planted: str) -> None:
    file = json.loads(to_json(FILE))
    untouched = copy.deepcopy(file)
    PLANTED[planted](file)
    assert file != untouched or planted == "true for one"
    assert program.check(file, SCHEMA)


def test_the_program_says_what_it_found_and_leaves_with_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "schema.json").write_bytes(json_schema())
    (tmp_path / "good.json").write_bytes(to_json(FILE))
    (tmp_path / "bad.json").write_text(to_json(FILE).decode().replace('"p1"', "1"))
    assert program.main([str(tmp_path / "good.json"), str(tmp_path / "schema.json")]) == 0
    assert program.main([str(tmp_path / "bad.json"), str(tmp_path / "schema.json")]) == 1
    said = capsys.readouterr().out
    assert said.startswith("no faults\n")
    assert "$.people[0].person: is no string\n" in said


@pytest.mark.parametrize(
    "schema",
    [{"type": "string", "minLength": 2}, {"type": "string", "format": "email"}],
    ids=["word", "format"],
)
def test_a_schema_that_asks_more_than_the_program_checks_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(program.UnknownSchemaError):
        program.faults("x", schema, schema)


def test_every_keyword_of_the_schema_is_known() -> None:
    seen: set[str] = set()

    def look(node: object, *, names: bool) -> None:
        if isinstance(node, dict):
            for key, value in node.items():
                if not names:
                    seen.add(key)
                look(value, names=not names and key in ("properties", "$defs"))
        elif isinstance(node, list):
            for one in node:
                look(one, names=False)

    look(SCHEMA, names=False)
    assert seen == program.KNOWN
