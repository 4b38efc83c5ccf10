"""`keys destroy`: an operator carries out what a privacy coordinator decided, and the log names both."""

from __future__ import annotations

import io
import sys
from datetime import date

import pytest
from sqlalchemy import delete, insert

from consent_service.app import Services
from consent_service.audit.faults import WRONG
from consent_service.audit.log import TrailFilter
from consent_service.audit.tables import audit_details
from consent_service.cli.opening import run_with
from consent_service.cli.terminal import Terminal
from consent_service.families.model import NewFamily, NewGuardian, PersonIdentity, SchoolConfirmation
from consent_service.families.tables import children, relationships
from consent_service.foundation.errors import DatabaseUnavailableError
from consent_service.foundation.ids import RelationshipId, StaffId, TenantId, TypeKey
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import Counsellor
from consent_service.keyring.tables import person_keys, relationship_keys
from consent_service.records.sealing import digest_of
from consent_service.records.tables import record_digests
from tests.cli.conftest import Shell, add_school, add_staff, onboard
from tests.cli.test_keys_data import values
from tests.custody.recovering import OPERATOR
from tests.shelter import SAFE


@pytest.fixture
def furnished(sqlite_shell: Shell) -> Shell:
    """A shelter, a privacy coordinator, and a child at a school."""
    shell = sqlite_shell
    tenant = TenantId(onboard(shell))
    add_school(shell)
    counsellor = Counsellor(
        tenant, StaffId(add_staff(shell, "--kind", "counsellor", "--name", "Bo Begeleider"))
    )
    add_staff(shell, "--kind", "privacy_coordinator", "--name", "Puk Privacy")

    async def fill(services: Services) -> None:
        guardian = NewGuardian(PersonIdentity("Samira", "Voorbeeld"), "holder", "register")
        kids = (PersonIdentity("Noor", "Voorbeeld", date(2018, 5, 4)),)
        family = await services.families.register_family(counsellor, NewFamily((guardian,), kids))
        await services.families.assess_safety(counsellor, family, SAFE)
        view = await services.families.view(counsellor, family)
        school = SchoolConfirmation("12AB00", "Lindelaan 1", "013-5550101", despite_other_parent=True)
        await services.families.start_relationship(counsellor, view.children[0].child, school)

    run_with(Terminal(shell.environ), fill)
    return shell


def staff_of(shell: Shell, kind: str) -> str:
    (line,) = [line for line in shell.must("staff", "list").splitlines() if kind in line]
    return next(word for word in line.split() if word.count("-") == 4)


def order(shell: Shell, what: str, *more: str) -> tuple[str, ...]:
    column = relationships.c.relationship if what == "relationship" else children.c.child
    (doomed,) = values(shell, column)
    coordinator = staff_of(shell, "Puk Privacy")
    return ("keys", "destroy", f"--{what}", str(doomed), "--coordinator", coordinator, *more)


def entries_of(shell: Shell, *types: str) -> list[object]:
    async def read(services: Services) -> list[object]:
        (tenant,) = await services.organisations.tenants()
        async with services.installation.database.reading() as conn:
            page = await services.log.trail(conn, tenant.tenant, TrailFilter(types=frozenset(types)))
        return [entry.detail.event for entry in page.entries if entry.detail is not None]

    return run_with(Terminal(shell.environ), read)


def test_a_relationship_is_destroyed_and_how_far_it_is_is_told(furnished: Shell) -> None:
    said = furnished.must(*order(furnished, "relationship", "--yes"))
    assert "De sleutels zijn vernietigd." in said
    assert "er viel niets na te kijken" in said
    assert "kan niemand dit hier nog lezen." in said
    assert "tot wanneer is niet bekend" in said, "there is no recovery key"
    assert values(furnished, relationship_keys.c.relationship) == []
    assert len(values(furnished, person_keys.c.person)) > 0
    (event,) = entries_of(furnished, "key.destroyed_on_order.v1")
    assert event.coordinator == staff_of(furnished, "Puk Privacy")  # type: ignore[attr-defined]
    again = furnished.must("--language", "en", *order(furnished, "relationship", "--yes"))
    assert "Since" in again
    assert len(entries_of(furnished, "key.destroyed_on_order.v1")) == 1


def test_of_a_child_it_is_proved_that_its_name_opens_no_more(furnished: Shell) -> None:
    said = furnished.must(*order(furnished, "child", "--yes"))
    assert "gaat hier niet meer open" in said
    assert len(entries_of(furnished, "key.destroyed_on_order.v1")) == 2
    assert "let op   gegevens tegen het logboek" not in furnished.must("check")  # nothing was written


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "Kies een kind op een school met --relationship, of een kind met --child."),
        (["--child", "x", "--relationship", "y"], "Kies een kind op een school"),
        (["--child", "x"], "Deze opvang kent geen kind met dit kenmerk."),
        (["--relationship", "x"], "Deze opvang kent geen kind op een school met dit kenmerk."),
    ],
)
def test_what_is_not_there_is_told_and_nothing_is_accepted(
    furnished: Shell, arguments: list[str], words: str
) -> None:
    coordinator = staff_of(furnished, "Puk Privacy")
    said = furnished.type("keys", "destroy", "--coordinator", coordinator, "--yes", *arguments)
    assert (said.code, words in said.err) == (2, True), said


def test_only_a_privacy_coordinator_of_the_shelter_decides(furnished: Shell) -> None:
    (relationship,) = values(furnished, relationships.c.relationship)
    counsellor = staff_of(furnished, "Bo Begeleider")
    for nobody in (counsellor, "somebody"):
        said = furnished.type(
            "keys", "destroy", "--relationship", str(relationship), "--coordinator", nobody, "--yes"
        )
        assert (said.code, "geen privacycoördinator" in said.err) == (2, True), said
    assert len(values(furnished, relationship_keys.c.relationship)) == 1


@pytest.mark.parametrize("typed, code", [("vernietigen\n", 0), ("ja\n", 2), (None, 2)])
def test_it_asks_for_a_word_that_nobody_types_by_accident(
    furnished: Shell, monkeypatch: pytest.MonkeyPatch, typed: str | None, code: int
) -> None:
    words = order(furnished, "relationship")
    answers = io.StringIO(typed or "")
    monkeypatch.setattr(answers, "isatty", lambda: typed is not None)
    monkeypatch.setattr(sys, "stdin", answers)
    assert furnished.type(*words).code == code
    assert len(values(furnished, relationship_keys.c.relationship)) == (1 if code else 0)


def test_at_once_needs_a_recovery_key_before_anything_is_destroyed(furnished: Shell) -> None:
    said = furnished.type(*order(furnished, "relationship", "--yes", "--at-once"))
    assert (said.code, "keys ceremony" in said.err) == (2, True), said
    assert len(values(furnished, relationship_keys.c.relationship)) == 1


def test_at_once_replaces_every_key_above_it_and_says_when_the_last_copy_goes(
    furnished: Shell,
) -> None:
    hold_ceremony(furnished)
    said = furnished.must(*order(furnished, "child", "--yes", "--at-once"))
    assert "is het ook in een oude kopie van de gegevens niet meer te lezen" in said
    assert "De laatste kopie van de sleutel wordt gewist op" in said


def test_keys_above_that_cannot_be_replaced_now_are_told(
    furnished: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold_ceremony(furnished)

    async def away(*_arguments: object, **_more: object) -> None:
        raise DatabaseUnavailableError("the database did not answer")

    monkeypatch.setattr("consent_service.custody.epochs.Epochs.run", away)
    said = furnished.type(*order(furnished, "child", "--yes", "--at-once"))
    assert (said.code, "Doe: consent-service keys rewrap" in said.out) == (1, True)
    assert "kan niemand dit hier nog lezen" in said.out


def test_with_the_keys_away_it_is_accepted_and_said_so(
    furnished: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = order(furnished, "child", "--yes")

    async def away(*_arguments: object, **_more: object) -> None:
        raise DatabaseUnavailableError("the database did not answer")

    with monkeypatch.context() as patch:
        patch.setattr("consent_service.custody.service.CustodyService._destroy", away)
        said = furnished.type(*words)
    assert (said.code, "wordt uitgevoerd zodra alles weer werkt" in said.out) == (1, True)
    furnished.must("staff", "list")  # starts up, and so replays
    assert values(furnished, relationship_keys.c.relationship) == []
    (first, _second) = entries_of(furnished, "key.destroyed_on_order.v1")
    assert first.coordinator == staff_of(furnished, "Puk Privacy")  # type: ignore[attr-defined]


def test_records_that_do_not_fit_are_found_by_check(furnished: Shell) -> None:
    (relationship,) = values(furnished, relationships.c.relationship)

    async def plant(services: Services) -> None:
        (tenant,) = await services.organisations.tenants()
        place = {"tenant": tenant.tenant, "relationship": relationship}
        async with services.installation.database.transaction() as conn:
            await conn.execute(
                insert(record_digests).values(information_type="pickup", digest=bytes(32), **place)
            )

    run_with(Terminal(furnished.environ), plant)
    said = furnished.type("check")
    assert (said.code, "mis      gegevens tegen het logboek" in said.out) == (1, True)
    assert f"{relationship}, pickup: iets is veranderd" in said.out
    furnished.must(*order(furnished, "relationship", "--yes"))
    said = furnished.type("check")
    assert said.code == 0
    assert "let op   gegevens tegen het logboek" in said.out
    assert "1 onderwerpen zijn niet meer na te kijken" in said.out


def test_an_older_copy_of_the_journal_is_told(furnished: Shell) -> None:
    journal = furnished.folder / "state" / "stops.jsonl"
    before = journal.read_bytes()
    furnished.must(*order(furnished, "relationship", "--yes"))
    furnished.must("staff", "list")
    assert "goed     stopjournaal" in furnished.must("check")
    journal.write_bytes(before)
    said = furnished.type("check")
    assert (said.code, "1 stops staan wel in de database" in said.out) == (1, True)


def test_content_taken_out_of_the_log_is_told_by_shelter_and_a_silent_log_is_no_lost_key(
    furnished: Shell,
) -> None:
    (relationship,) = values(furnished, relationships.c.relationship)

    async def plant(services: Services) -> None:
        (tenant,) = await services.organisations.tenants()
        key = {"tenant": tenant.tenant, "relationship": relationship, "information_type": "pickup"}
        async with services.installation.database.transaction() as conn:
            owner = await services.installation.ring.relationship_key(
                conn, tenant.tenant, RelationshipId(str(relationship))
            )
            digest = digest_of(services.installation.ring, owner, TypeKey("pickup"), ())
            await conn.execute(insert(record_digests).values(digest=digest, **key))

    async def take_away(services: Services) -> None:
        async with services.installation.database.transaction() as conn:
            await conn.execute(delete(audit_details))

    run_with(Terminal(furnished.environ), plant)
    said = furnished.must("check")
    assert "1 onderwerpen zijn niet na te kijken: het logboek zegt er niets over." in said
    run_with(Terminal(furnished.environ), take_away)
    said = furnished.type("check").out
    assert "mis      gegevens tegen het logboek" in said
    assert "van 1 onderwerpen is niet te zeggen of dit de laatste stand is" in said
    assert WRONG["detail_missing"] in furnished.type("audit", "verify").out


def test_the_journal_of_another_node_is_a_reminder_and_no_old_copy(furnished: Shell) -> None:
    journal = furnished.folder / "state" / "stops.jsonl"
    elsewhere = journal.with_name("elsewhere.jsonl")
    furnished.must(*order(furnished, "relationship", "--yes"))
    furnished.must("staff", "list")
    journal.rename(elsewhere)
    StopJournal(journal).begin()
    said = furnished.must("check")
    assert "let op   stopjournaal" in said
    assert "stops uit 1 andere stopjournalen" in said
    journal.write_bytes(journal.read_bytes() + elsewhere.read_bytes())
    assert "goed     stopjournaal" in furnished.must("check")


def hold_ceremony(shell: Shell) -> None:
    """A recovery key, so that key backups can be made."""

    async def hold(services: Services) -> None:
        ceremony = services.recovery_keys.begin(OPERATOR)
        assert await services.recovery_keys.accept(ceremony, ceremony.sheets[:3], actor=OPERATOR) == ()

    run_with(Terminal(shell.environ), hold)
