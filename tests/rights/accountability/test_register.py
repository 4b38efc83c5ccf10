"""The register holds everything that is processed, and changes only where what it is made of changed."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import typst

from consent_service.foundation.errors import IntegrityError
from consent_service.foundation.ids import AgreementId, SchoolId, TenantId
from consent_service.foundation.settings import InvalidSettingsError, load_settings
from consent_service.information.blocks import BlocksError
from consent_service.information.catalogue import FILE_NAME, load_catalogue
from consent_service.information.model import LegalBasis
from consent_service.information.texts import load_texts
from consent_service.organisations.model import Agreement, School, Tenant
from consent_service.rights.accountability.activity_words import ACTIVITIES
from consent_service.rights.accountability.annex import annex_of
from consent_service.rights.accountability.configured import Configured, configured_by
from consent_service.rights.accountability.document import Document, Open, markdown_of
from consent_service.rights.accountability.dpia import dpia_of
from consent_service.rights.accountability.facts import Facts
from consent_service.rights.accountability.generating import register_of
from consent_service.rights.accountability.measures import ALWAYS, measures_of
from consent_service.rights.accountability.model import ProcessingRegister
from consent_service.rights.accountability.printing import pdf_of
from consent_service.rights.accountability.register_document import register_document
from consent_service.rights.accountability.risks import RISKS
from consent_service.rights.accountability.words import GROUNDS, kept
from consent_service.rights.exports.activities import Activity, activity_of
from consent_service.rights.retention.register import FAMILY_MONTHS, months_of
from tests.audit.test_describe import an_example
from tests.audit.test_events import ALL
from tests.rights.accountability import published
from tests.shelter import POLICIES

BASE = "tag:test.invalid,2026:verwerkingen/v1"
URIS = """\
tag:test.invalid,2026:verwerkingen/v1/samenwerking
tag:test.invalid,2026:verwerkingen/v1/gezin
tag:test.invalid,2026:verwerkingen/v1/veiligheid
tag:test.invalid,2026:verwerkingen/v1/noodgeval
tag:test.invalid,2026:verwerkingen/v1/inzage
tag:test.invalid,2026:verwerkingen/v1/toestemming
tag:test.invalid,2026:verwerkingen/v1/delen
tag:test.invalid,2026:verwerkingen/v1/inloggen
tag:test.invalid,2026:verwerkingen/v1/logboek
tag:test.invalid,2026:verwerkingen/v1/sleutels
tag:test.invalid,2026:verwerkingen/v1/spelregels
tag:test.invalid,2026:verwerkingen/v1/verantwoording
tag:test.invalid,2026:verwerkingen/v1/verzoeken
tag:test.invalid,2026:verwerkingen/v1/datalekken
tag:test.invalid,2026:verwerkingen/v1/wissen
"""
"""Other registers name these addresses: none of them ever goes away."""
SET = Configured(
    production=True,
    https=True,
    key_provider="pkcs11",
    key_backup_days=7,
    recovery_key=True,
    second_factor=True,
    operator_approval=True,
    mail=True,
    text_messages=True,
    witnesses=2,
    time_stamps=True,
    server_database=True,
    lock_minutes=2,
    idle_minutes=15,
    processor="Stichting Beheer, 013-5550100",
    hosting="Datacentrum Zuid",
)
CATALOGUE, TEXTS = load_catalogue(POLICIES), load_texts(POLICIES)
EVERYTHING = Facts(
    tenant=Tenant(TenantId("t"), "Opvang Zuid", "Hulporganisatie", "0800-5550000"),
    schools=(
        (
            School(
                TenantId("t"), SchoolId("s"), "12AB00", "De Linde", "Lindelaan 1", "Tilburg", "013-5550101"
            ),
            Agreement(TenantId("t"), AgreementId("a"), SchoolId("s"), date(2026, 1, 1), None, None),
        ),
    ),
    officers=("Fenna Gegevens",),
    coordinators=2,
    login_providers=1,
    epochs=3,
    key_backups=1,
    configured=SET,
    catalogue=CATALOGUE,
    labels={key: TEXTS.of_type("nl", key).label for key in CATALOGUE.types},
    base_uri=BASE,
    at=datetime(2026, 9, 1, 8, tzinfo=UTC),
)
NOTHING = msgspec.structs.replace(
    EVERYTHING, schools=(), officers=(), coordinators=1, login_providers=0, epochs=0, key_backups=0,
    configured=Configured(),
)  # fmt: skip


def documents(facts: Facts) -> tuple[Document, ...]:
    register = register_of(facts)
    return register_document(register), dpia_of(register), annex_of(register)


def test_every_activity_and_every_information_type_is_in_the_register() -> None:
    register = register_of(EVERYTHING)
    assert {one.name for one in register.activities} == set(get_args(Activity)) == ACTIVITIES.keys()
    assert {one.key for one in register.types} == CATALOGUE.types.keys()
    (sharing,) = (one for one in register.activities if one.name == "delen")
    assert set(sharing.types) == CATALOGUE.types.keys()
    for one in register.activities:
        told = (one.title, one.purposes, one.data_subjects, one.personal_data, one.bases, one.recipients)
        assert all(told), one.name
        assert one.retention, one.name
        assert "{" not in "".join(one.retention), one.name


def test_every_event_falls_under_an_activity_of_the_register() -> None:
    uris = {one.uri for one in register_of(EVERYTHING).activities}
    for kind in ALL:
        assert f"{BASE}/{activity_of(an_example(kind))}" in uris, kind


def test_addresses_of_activities_stay_what_they_are() -> None:
    assert "".join(f"{one.uri}\n" for one in register_of(EVERYTHING).activities) == URIS


def test_what_is_told_of_a_type_comes_from_the_catalogue() -> None:
    register = register_of(EVERYTHING)
    for key, kind in CATALOGUE.types.items():
        row = register.type(key)
        assert (row.level, row.basis.code, row.fields) == (kind.level, kind.legal_basis, len(kind.fields))
        assert row.retention == kept(kind.retention)
        assert len(row.directions) == len(kind.directions)
        assert bool(row.readers) == bool(kind.readers)
    assert set(get_args(LegalBasis)) <= GROUNDS.keys()


def test_periods_are_those_of_the_register_of_tables() -> None:
    told = {one.name: " ".join(one.retention) for one in register_of(EVERYTHING).activities}
    assert "{" not in "".join(told.values())
    assert f"tot {FAMILY_MONTHS // 12} jaar na de begeleiding" in told["gezin"]
    assert f"tot {months_of('rights_cases') // 12} jaar na het antwoord" in told["verzoeken"]
    assert f"dat klaarligt {months_of('access_files')} maanden" in told["verzoeken"]
    assert months_of("relationship_keys") == 0


def test_a_new_type_without_a_basis_comes_into_no_register(tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    path = folder / FILE_NAME
    new = re.sub(r'legal_basis = "\w+"\n', "", path.read_text(), count=1)
    path.write_text(new)
    with pytest.raises(BlocksError, match="legal_basis"):
        load_catalogue(folder)


def test_json_is_as_the_published_schema_says() -> None:
    assert published.SCHEMA.read_bytes() == published.made(), "make it anew; another version if readers break"
    schema = msgspec.json.decode(published.SCHEMA.read_bytes())
    for facts in (EVERYTHING, NOTHING):
        written = msgspec.json.encode(register_of(facts))
        assert list(published.problems(msgspec.json.decode(written), schema, schema)) == []
        assert msgspec.json.decode(written, type=ProcessingRegister) == register_of(facts)


@pytest.mark.parametrize(
    "field, wrong",
    [
        ("format", "ruggensteun-register/2"),
        ("activities", [{"uri": 1}]),
        ("controller", {"name": "x", "stray": "y"}),
        ("schools", "none"),
        ("open_points", [1]),
    ],
    ids=["format", "activity", "stray", "no list", "number"],
)
def test_planted_what_is_not_as_the_schema_says_is_seen(field: str, wrong: object) -> None:
    schema = msgspec.json.decode(published.SCHEMA.read_bytes())
    value = msgspec.json.decode(msgspec.json.encode(register_of(EVERYTHING))) | {field: wrong}
    assert list(published.problems(value, schema, schema))
    del value[field]
    assert list(published.problems(value, schema, schema)) == [f": {field} is missing"]


# --- what is set up, and what is not ------------------------------------------------------------


def test_what_is_set_up_is_a_measure_and_what_is_not_an_open_point() -> None:
    assert {one.state for one in measures_of(EVERYTHING)} == {"in_place"}
    missing = {one.code for one in measures_of(NOTHING) if one.state == "not_set"}
    assert missing == {one.code for one in measures_of(NOTHING)} - {code for code, *_ in ALWAYS}
    sections = dpia_of(register_of(NOTHING)).sections
    told = {block.text for one in sections for block in one.blocks if isinstance(block, Open)}
    for one in measures_of(NOTHING):
        asked = f"{one.title}: instellen en vanaf wanneer, of waarom niet."
        assert (asked in told) == (one.state == "not_set")


@pytest.mark.parametrize("field", ["processor", "hosting", "key_provider", "witnesses", "second_factor"])
def test_a_missing_setting_is_told_as_open(field: str) -> None:
    without = msgspec.structs.replace(SET, **{field: getattr(Configured(), field)})
    facts = msgspec.structs.replace(EVERYTHING, configured=without)
    assert dpia_of(register_of(facts)).open_points > dpia_of(register_of(EVERYTHING)).open_points


def test_without_an_officer_a_second_coordinator_or_a_school_the_register_says_so() -> None:
    open_points = " ".join(register_of(NOTHING).open_points)
    for words in ("functionaris", "tweede privacycoördinator", "geen school", "processor", "hosting"):
        assert words in open_points
    assert "tweede" not in " ".join(register_of(EVERYTHING).open_points)


def test_suppliers_are_kinds_and_numbers_never_addresses(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "RUGGENSTEUN_SMTP_HOST": "mail.secret.example",
        "RUGGENSTEUN_SMTP_FROM": "noreply@secret.example",
        "RUGGENSTEUN_SMS_GATEWAY": "sms.secret.example",
        "RUGGENSTEUN_KEY_PROVIDER": "transit",
        "RUGGENSTEUN_TRANSIT_URL": "https://vault.secret.example",
        "RUGGENSTEUN_KEY_NAME": "secret-root",
        "RUGGENSTEUN_PROCESSOR": "Stichting Beheer",
    }
    configured = configured_by(load_settings(environ), witnesses=1)
    facts = msgspec.structs.replace(EVERYTHING, configured=configured)
    register = register_of(facts)
    assert [one.kind for one in register.suppliers] == ["hosting", "mail", "sms", "login", "keys", "witness"]
    assert register.processor.name == "Stichting Beheer"
    written = msgspec.json.encode(register) + b"".join(map(markdown_of, documents(facts)))
    assert b"secret" not in written
    assert str(tmp_path).encode() not in written


@pytest.mark.parametrize("value", ["x" * 161, "two\nlines"], ids=["too long", "two lines"])
def test_who_processes_is_one_line(value: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettingsError) as refused:
        load_settings({"HOME": str(tmp_path), "RUGGENSTEUN_PROCESSOR": value})
    assert [one.code for one in refused.value.problems] == ["settings.line"]


# --- documents ----------------------------------------------------------------------------------


def test_every_risk_names_measures_that_there_are() -> None:
    known = {one.code for one in measures_of(NOTHING)}
    assert {code for risk in RISKS for code in risk.against} <= known
    assert {code for risk in RISKS for code in risk.against} >= {code for code, *_ in ALWAYS}


def test_the_dpia_and_the_annex_name_nobody() -> None:
    for document in documents(EVERYTHING)[1:]:
        assert b"Fenna" not in markdown_of(document)
    assert b"Fenna Gegevens" in markdown_of(documents(EVERYTHING)[0])


def test_the_annex_has_everything_of_article_28() -> None:
    told = " ".join(one.article for one in annex_of(register_of(EVERYTHING)).sections)
    for letter in "abcdefgh":
        assert f"({letter})" in told, letter


@pytest.mark.parametrize("facts", [EVERYTHING, NOTHING], ids=["all set", "nothing set"])
def test_each_document_is_pdf_ua_and_text(facts: Facts) -> None:
    for document in documents(facts):
        written = pdf_of(document)
        assert written.startswith(b"%PDF-")
        assert b"pdfuaid" in written or b"/MarkInfo" in written
        assert pdf_of(document) == written
        assert b"In te vullen door de organisatie" in markdown_of(document)


def test_a_name_makes_no_table_and_no_link() -> None:
    shelter = msgspec.structs.replace(EVERYTHING.tenant, name="Opvang | [x](http://evil)\n# <b>")
    text = markdown_of(documents(msgspec.structs.replace(EVERYTHING, tenant=shelter))[0]).decode()
    assert "Opvang \\| \\[x\\](http://evil) \\# \\<b\\>" in text
    assert not re.search(r"^# <b>", text, re.MULTILINE)


def test_what_cannot_be_printed_says_nothing_of_what_stood_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bytes:
        raise typst.TypstError("Fenna Gegevens", "Fenna")

    monkeypatch.setattr(typst, "compile", broken)
    with pytest.raises(IntegrityError) as told:
        pdf_of(documents(EVERYTHING)[0])
    assert "Fenna" not in str(told.value)
