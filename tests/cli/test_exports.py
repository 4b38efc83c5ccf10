"""`audit export`: a file, on the decision of a privacy coordinator; every mistake beside its option."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from consent_service.app import Services
from consent_service.cli.exports import tell
from consent_service.cli.opening import run_with
from consent_service.cli.terminal import Terminal
from consent_service.families.model import NewFamily, NewGuardian, PersonIdentity
from consent_service.foundation.ids import StaffId, TenantId
from consent_service.identity.model import Counsellor
from consent_service.rights.exports.model import Manifest, Written
from tests.cli.conftest import Shell, add_staff, onboard


class Office:
    """A shelter with one family, a coordinator, and a folder for files."""

    def __init__(self, shell: Shell, coordinator: str, guardian: str) -> None:
        self.shell = shell
        self.coordinator = coordinator
        self.guardian = guardian
        self.folder = shell.folder / "files"
        self.folder.mkdir()

    def options(self, name: str) -> tuple[str, ...]:
        return ("--coordinator", self.coordinator, "--output", str(self.folder / name))


@pytest.fixture
def office(sqlite_shell: Shell) -> Office:
    tenant = TenantId(onboard(sqlite_shell))
    counsellor = Counsellor(
        tenant, StaffId(add_staff(sqlite_shell, "--kind", "counsellor", "--name", "Bo Begeleider"))
    )
    coordinator = add_staff(sqlite_shell, "--kind", "privacy_coordinator", "--name", "Puk Privacy")

    async def fill(services: Services) -> str:
        kids = (PersonIdentity("Noor", "Voorbeeld", date(2018, 5, 4)),)
        new = NewFamily((NewGuardian(PersonIdentity("Samira", "Voorbeeld"), "holder", "register"),), kids)
        family = await services.families.register_family(counsellor, new)
        return (await services.families.view(counsellor, family)).guardians[0].guardian

    return Office(sqlite_shell, coordinator, run_with(Terminal(sqlite_shell.environ), fill))


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_each_form_is_written_and_said_to_be_read_back(office: Office) -> None:
    said = office.shell.must("audit", "export", "ldv", *office.options("ldv.jsonl"), "--since", "2020-01-01")
    assert f"Geschreven en teruggelezen: {office.folder / 'ldv.jsonl'}" in said
    found = records(office.folder / "ldv.jsonl")
    assert {"Gezin ingeschreven", "Medewerker toegevoegd"} <= {one["name"] for one in found}
    commands = [one for one in found if one["name"] == "Verzoek of opdracht"]
    assert len(commands) >= 4, "each command is a chain of its own"
    assert len({one["trace_id"] for one in commands}) == len(commands)
    assert {one["trace_id"] for one in found} == {one["trace_id"] for one in commands}
    assert f"records daarover: {len(found)}." in said
    assert office.coordinator not in (office.folder / "ldv.jsonl").read_text()

    office.shell.must("audit", "export", "nen7513", *office.options("nen.jsonl"))
    text = (office.folder / "nen.jsonl").read_text()
    assert "Bo Begeleider" in text
    assert '"log.exported.v1"' in text, "that the first file was made"

    said = office.shell.must(
        "audit", "export", "nen7513", *office.options("client.txt"),
        "--person", office.guardian, "--client-view", "--language", "en",
    )  # fmt: skip
    assert "entries of the log, in Dutch. Read it before you hand it over." in said
    client = (office.folder / "client.txt").read_text()
    assert client.startswith("Wat er met uw gegevens gebeurde\n\nVan: Hulporganisatie\n")
    assert "Begeleider: Ouder of voogd ingeschreven." in client
    assert "Bo " not in client


def test_every_mistake_stands_beside_its_option_and_leaves_no_file(office: Office) -> None:
    there = office.folder / "there"
    there.write_text("another")
    somebody = "01990000-0000-7000-8000-000000000001"
    cases: list[tuple[tuple[str, ...], str]] = [
        (("ldv", *office.options("x"), "--register", "register.example.nl"), "--register: "),
        (("ldv", "--coordinator", somebody, "--output", str(office.folder / "x")), "--coordinator: "),
        (("ldv", *office.options("there")), "--output: Dit bestand is er al."),
        (("nen7513", *office.options("nowhere/x")), "--output: In deze map"),
        (("nen7513", *office.options("x"), "--person", somebody), "--person: Niemand heeft hier"),
        (("nen7513", *office.options("x"), "--client-view"), "--person: "),
        (("ldv", *office.options("x"), "--since", "2026-09-02", "--until", "2026-09-01"), "--until: "),
        (("ldv", *office.options("x"), "--tenant", "elsewhere"), "--tenant: "),
        (("ldv",), "--output: "),
    ]
    for arguments, wrong in cases:
        said = office.shell.type("audit", "export", *arguments)
        assert said.code == 2, said
        assert wrong in said.err, said
    assert list(office.folder.iterdir()) == [there]
    assert there.read_text() == "another"


def test_what_is_not_in_the_file_is_said(bare_shell: Shell) -> None:
    manifest = Manifest(
        form="ldv",
        standard="",
        made_at=datetime(2026, 9, 1, tzinfo=UTC),
        since=None,
        until=None,
        logs=(),
        records=5,
        entries=4,
        erased=1,
        damaged=0,
        waiting=3,
        sha256="ab" * 32,
    )
    terminal = Terminal(bare_shell.environ)
    assert tell(terminal, Written(Path("ldv.jsonl"), manifest)) == 0
    said = bare_shell.capture()[0]
    assert "Regels van het logboek: 4; records daarover: 5. SHA-256: abab" in said
    assert "1 regel is gewist" in said
    assert "geen enkele regel" not in said
    assert "3 regels hadden nog geen plaats" in said
    assert tell(terminal, Written(Path("ldv.jsonl"), msgspec.structs.replace(manifest, damaged=2))) == 1
    assert "LET OP: 2 regels zijn beschadigd" in bare_shell.capture()[0]
    assert tell(terminal, Written(Path("ldv.jsonl"), msgspec.structs.replace(manifest, entries=0))) == 0
    assert "LET OP: er staat geen enkele regel in." in bare_shell.capture()[0]
