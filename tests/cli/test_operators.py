"""Operators at a terminal: who is let through, who is not, and what is said and written about it."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select

from consent_service.app import Services, build_services, open_installation
from consent_service.audit.log import TrailFilter
from consent_service.cli import operators as orders
from consent_service.cli.admission import admit
from consent_service.cli.failing import FAILED, NOT_ADMITTED
from consent_service.cli.terminal import Terminal
from consent_service.foundation.ids import INSTALLATION
from consent_service.foundation.settings import load_settings
from consent_service.identity.operators import AskedGrant, OperatorArrived
from consent_service.identity.tables_operators import operators
from tests.cli.conftest import Shell, onboard
from tests.factories import PASSPHRASE
from tests.identity import factories as f
from tests.ledger import whole_trail

T = TypeVar("T")
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}")


@pytest.fixture
def strict(sqlite_shell: Shell) -> Shell:
    """An installation with one operator, ops-1, where commands ask who types them."""
    rules = sqlite_shell.folder / "rules.toml"
    rules.write_text('second_factor_acrs = ["high"]\n')
    sqlite_shell.must(
        "provider", "add", "--id", "beheer", "--name", "Beheer", "--issuer", "https://login.example",
        "--client-id", "x", "--audience", "operator", "--rules", str(rules),
    )  # fmt: skip
    sqlite_shell.environ["RUGGENSTEUN_OPERATOR_APPROVAL"] = "required"
    add(sqlite_shell, "ops-1", "een")
    return sqlite_shell


def add(shell: Shell, code: str, subject: str) -> None:
    shell.must("operator", "add", "--code", code, "--provider", "beheer", "--subject", subject)


def within(shell: Shell, work: Callable[[Services], Awaitable[T]]) -> T:
    """What another process does meanwhile."""

    async def doing() -> T:
        services = build_services(open_installation(load_settings(shell.environ), PASSPHRASE))
        try:
            return await work(services)
        finally:
            await services.installation.database.close()

    return asyncio.run(doing())


async def approve(services: Services, code: str, who: str = "ops-1", *, yes: bool = True) -> None:
    """The operator does so in a browser."""
    identity = services.identity
    async with services.installation.database.reading() as conn:
        query = select(operators.c.subject).where(operators.c.operator == who)
        subject = (await conn.execute(query)).scalar_one()
    (provider,) = await identity.providers()
    arrived = await identity.operators.arrive(provider, f.make_login(provider, subject, "high"))
    assert isinstance(arrived, OperatorArrived)
    assert isinstance(await identity.operators.decide(arrived.token, code, approve=yes), AskedGrant)


def logged_in(shell: Shell, who: str = "ops-1") -> None:
    code = CODE.search(shell.must("operator", "login", "--no-wait"))
    assert code is not None
    within(shell, lambda services: approve(services, code[0], who))


def trail(shell: Shell, tenant: str = INSTALLATION) -> list[tuple[str, str]]:
    """What stands in a log, the newest first: what happened and by whom."""

    async def read(services: Services) -> list[tuple[str, str]]:
        async with services.installation.database.reading() as conn:
            told = await whole_trail(services.log, conn, tenant, TrailFilter())  # type: ignore[arg-type]
        return [(type(one.detail.event).__name__, one.detail.by.id) for one in told if one.detail is not None]

    return within(shell, read)


def refused(shell: Shell, sentence: str, *command: str) -> None:
    said = shell.type(*(command or ("tenant", "list")))
    assert (said.code, said.out) == (NOT_ADMITTED, ""), said
    assert sentence in said.err


# --- who is let through -----------------------------------------------------------------------


def test_the_first_operator_is_added_by_whoever_sets_up_and_that_is_said(
    sqlite_shell: Shell,
) -> None:
    sqlite_shell.environ["RUGGENSTEUN_OPERATOR_APPROVAL"] = "required"
    said = sqlite_shell.type("tenant", "list")
    assert said.code == 0
    assert "Er is nog geen beheerder opgenomen" in said.err
    nobody = sqlite_shell.type("operator", "login")
    assert nobody.code != 0
    assert "Er is nog geen beheerder" in nobody.err
    assert "operator add" in nobody.err


def test_from_then_on_commands_wait_for_a_browser_and_carry_the_code_of_the_operator(strict: Shell) -> None:
    before = trail(strict)
    refused(strict, "operator login")
    refused(strict, "operator login", "operator", "add", "--code", "b", "--provider", "x", "--subject", "y")
    assert trail(strict) == before, "nothing was done and nothing was written"
    logged_in(strict)
    onboard(strict)
    assert [one for one in trail(strict) if one[0] == "OperatorAdmitted"] == [("OperatorAdmitted", "ops-1")]
    add(strict, "ops-2", "twee")
    assert trail(strict)[0] == ("OperatorAdded", "ops-1")
    shown = strict.must("operator", "list")
    assert "ops-1" in shown
    assert "ops-2" in shown
    assert "beëindigd" in strict.must("operator", "logout")
    assert "geen toelating" in strict.must("operator", "logout")
    refused(strict, "operator login")


@pytest.mark.parametrize(
    "happened,sentence",
    [
        ("expired", "De toelating is voorbij"),
        ("ended", "De toelating is beëindigd"),
        ("waiting", "nog niet goedgekeurd"),
        ("refused", "De toelating is geweigerd"),
    ],
)
def test_why_a_grant_does_not_work_is_said(strict: Shell, happened: str, sentence: str) -> None:
    if happened in ("waiting", "refused"):
        code = CODE.search(strict.must("operator", "login", "--no-wait"))
        assert code is not None
        if happened == "refused":
            within(strict, lambda services: approve(services, code[0], yes=False))
    else:
        logged_in(strict)
        if happened == "expired":
            with sqlite3.connect(strict.database()) as conn:
                conn.execute("UPDATE operator_grants SET expires_at = '2020-01-01 00:00:00.000000'")
            conn.close()
        else:
            add(strict, "ops-2", "twee")
            strict.must("operator", "end", "--code", "ops-1")
    refused(strict, sentence)


def test_an_operator_that_is_not_there_or_is_the_last_is_not_ended(strict: Shell) -> None:
    logged_in(strict)
    for command, problem in (
        (("operator", "end", "--code", "ops-9"), "--code: Deze beheerder is er niet"),
        (("operator", "end", "--code", "ops-1"), "--code: Dit is de laatste beheerder"),
        (
            ("operator", "add", "--code", "ops-1", "--provider", "beheer", "--subject", "x"),
            "--code: Dez",
        ),
        (("operator", "add", "--code", "ops-3", "--provider", "weg", "--subject", "x"), "--provider: "),
    ):
        said = strict.type(*command)
        assert said.code == 2
        assert said.err.startswith(problem)


# --- the file with the secret -----------------------------------------------------------------


def test_the_secret_is_for_this_user_alone_and_any_other_file_is_not_used(strict: Shell) -> None:
    logged_in(strict)
    path = Path(strict.environ["RUGGENSTEUN_STATE_DIR"]) / "operator-grant"
    assert path.stat().st_mode & 0o777 == 0o600
    strict.must("tenant", "list")
    path.chmod(0o640)
    refused(strict, f"Het bestand {path} is van iemand anders")
    assert strict.type("keys", "check").code == 0, "what asks nobody goes on"
    secret = path.read_text()
    path.unlink()
    elsewhere = strict.folder / "elsewhere"
    elsewhere.write_text(secret)
    elsewhere.chmod(0o600)
    path.symlink_to(elsewhere)
    refused(strict, "is van iemand anders")
    path.unlink()
    os.mkfifo(path, 0o600)
    refused(strict, "is van iemand anders")
    path.unlink()
    path.write_text("x" * 43)  # of another installation
    path.chmod(0o600)
    refused(strict, "vraagt een beheerder die is ingelogd")


def test_a_secret_that_cannot_be_kept_admits_nobody(strict: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(orders, "keep_secret", broken)
    said = strict.type("operator", "login")
    assert said.code == 2
    assert "kan niet geschreven worden" in said.err
    assert CODE.search(said.out) is None


# --- waiting ----------------------------------------------------------------------------------


@pytest.mark.parametrize("yes", [True, False], ids=["approved", "refused"])
def test_logging_in_waits_for_the_browser_and_says_what_came_of_it(
    strict: Shell, yes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    keep = orders._keep

    def kept(terminal: object, asked: object) -> None:
        keep(terminal, asked)  # type: ignore[arg-type]
        shown.append(asked.code)  # type: ignore[attr-defined]

    async def meanwhile(_seconds: float) -> None:
        services = build_services(open_installation(load_settings(strict.environ), PASSPHRASE))
        await approve(services, shown[0], yes=yes)
        await services.installation.database.close()

    monkeypatch.setattr(orders, "_keep", kept)
    monkeypatch.setattr(orders, "pause", meanwhile)
    said = strict.type("operator", "login")
    if yes:
        assert said.code == 0
        assert "U geeft opdrachten als ops-1, tot " in said.out
    else:
        assert said.code == FAILED
        assert "Er is niemand toegelaten" in said.err
    assert "/beheer" in said.out


# --- what goes on without ---------------------------------------------------------------------


def test_where_nobody_is_asked_the_log_says_so_once_there_are_operators(strict: Shell) -> None:
    strict.environ["RUGGENSTEUN_OPERATOR_APPROVAL"] = "off"
    strict.must("tenant", "list")
    assert trail(strict)[0] == ("OperatorAdmitted", "command-line")
    logged_in(strict)
    strict.must("tenant", "list")
    assert trail(strict)[0] == ("OperatorAdmitted", "ops-1"), "who is logged in acts as that also then"


def test_emergency_work_asks_nobody_and_is_logged_as_that(strict: Shell) -> None:
    terminal = Terminal(strict.environ)
    terminal.admission = "emergency"
    within(strict, lambda services: admit(terminal, services))
    newest = ("OperatorAdmitted", "command-line")
    assert trail(strict)[0] == newest
    logged_in(strict)
    within(strict, lambda services: admit(terminal, services))
    assert trail(strict).count(newest) == 1, "an operator who proved it acts as that"


def test_looking_whether_all_is_well_asks_nobody(strict: Shell) -> None:
    before = trail(strict)
    for command in (("keys", "check"), ("keys", "status"), ("db", "status"), ("audit", "key")):
        assert strict.type(*command).code == 0, command
    assert trail(strict) == before


# --- looking into the log ---------------------------------------------------------------------


def test_who_looks_into_the_log_stands_in_it(strict: Shell) -> None:
    logged_in(strict)
    tenant = onboard(strict)
    refused_before = trail(strict, tenant)
    verified = strict.must("audit", "verify", "--tenant", "Opvang Zuid")
    sizes = re.findall(r"logboek 1: (\d+) regel", verified)
    assert trail(strict, tenant)[0] == ("LogVerified", "ops-1")
    assert int(sizes[0]) == len(refused_before), "it ends where it was verified"
    strict.must("audit", "heads", "--tenant", "Opvang Zuid")
    assert trail(strict, tenant)[0] == ("LogViewed", "ops-1")
    strict.must("school", "list")  # gives new entries their place

    async def oldest(services: Services) -> str:
        async with services.installation.database.reading() as conn:
            told = await whole_trail(services.log, conn, tenant, TrailFilter())  # type: ignore[arg-type]
        return told[-1].id

    strict.must("audit", "prove", "--entry", within(strict, oldest))
    assert trail(strict, tenant)[0] == ("LogExported", "ops-1")


def test_a_copy_and_hashes_alone_ask_nobody_and_change_nothing(strict: Shell) -> None:
    refused(strict, "operator login", "audit", "verify")
    copy = strict.folder / "copy.sqlite"
    source, target = sqlite3.connect(strict.database()), sqlite3.connect(copy)
    with source, target:
        source.backup(target)
    source.close()
    target.close()
    before, whole = trail(strict), copy.read_bytes()
    assert strict.type("audit", "verify", "--copy", str(copy)).code == 0
    assert strict.type("audit", "verify", "--hashes").code == 0
    assert trail(strict) == before
    assert copy.read_bytes() == whole


def test_a_log_that_cannot_be_written_is_verified_all_the_same(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    with read_only(sqlite_shell.database()):
        said = sqlite_shell.type("audit", "verify")
    assert said.code == 0, said
    assert "OK: Opvang Zuid" in said.out
    assert "daarin kan nu niet geschreven worden" in said.err


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """As a disk that takes nothing: also for who may write everything, by a trigger of the database."""
    with sqlite3.connect(path) as conn:
        conn.execute(
            "CREATE TRIGGER full BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    conn.close()
    yield
    with sqlite3.connect(path) as conn:
        conn.execute("DROP TRIGGER full")
    conn.close()
