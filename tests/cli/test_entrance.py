"""Every mistake is told at once, in the operator's language, and nothing is half done."""

from __future__ import annotations

import ast
import re
import runpy
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import pytest

from consent_service.cli import entrance
from consent_service.cli.entering import Entry, Order
from consent_service.cli.entrance import commands
from consent_service.cli.opening import knows_roots, make_private_folder, sqlite_path
from consent_service.cli.terminal import CommandError, language_of
from consent_service.foundation import process_protection
from consent_service.foundation.settings import PREFIX, load_settings
from tests.cli.conftest import Shell, onboard
from tests.conftest import sqlite_url
from tests.factories import PASSPHRASE


def test_every_wrong_missing_and_unknown_option_is_told_at_once(shell: Shell) -> None:
    said = shell.type("tenant", "add", "--name", " ", "--phone", "12", "--nmae", "x")

    assert said.code == 2
    assert said.err.splitlines() == [
        "--name: Vul dit in.",
        "--phone: Dit is geen telefoonnummer. Gebruik cijfers, bijvoorbeeld 013 123 45 67.",
        "--neutral-name: Vul dit in.",
        "--nmae: Deze optie bestaat hier niet. Bedoelt u --name?",
    ]
    assert "Opvang" not in shell.must("tenant", "list")
    for typed, told in (
        (("tenant", "add", "--name"), "--name: Noem hierachter een waarde.\n"),
        (("audit", "verify", "--bogus"), "--bogus: Deze optie bestaat hier niet. Bedoelt u --help?\n"),
    ):
        assert shell.type(*typed).err == told


def test_what_only_the_database_knows_stands_beside_its_option_too(shell: Shell) -> None:
    onboard(shell)

    said = shell.type("agreement", "sign", "--school", "99ZZ99", "--valid-from", "2026-01-01")

    assert (said.code, said.err.partition(":")[0]) == (2, "--school")


@pytest.mark.parametrize(
    "arguments,sentence",
    [
        (("tenant", "lst"), "De opdracht consent-service tenant lst bestaat niet."),
        (("keys", "frob"), "Welke er wel zijn zegt: consent-service keys --help"),
        (
            ("keys", "drill", "--shares", __file__, "--shares", "/nowhere/b"),
            "--shares: /nowhere/b is er niet.",
        ),
        (("serv",), "Bedoelt u consent-service serve?"),
        (("--verbose",), "--verbose: Deze optie bestaat hier niet."),
        (("staff", "add", "--kind", "boss"), "--kind: Kies een van deze: counsellor, school_staff"),
        (
            ("agreement", "sign", "--valid-from", "morgen"),
            "--valid-from: Schrijf een datum als jaar-maand-dag",
        ),
        (("demo", "--postgresql"), "--postgresql: Dit hoort bij --script."),
    ],
)
def test_a_typing_error_gets_one_clear_sentence(
    bare_shell: Shell, arguments: tuple[str, ...], sentence: str
) -> None:
    said = bare_shell.type(*arguments)

    assert said.code == 2
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_an_unknown_setting_is_named_with_the_nearest(bare_shell: Shell) -> None:
    bare_shell.environ[f"{PREFIX}PROT"] = "1"
    bare_shell.environ[f"{PREFIX}ENVIRONMENT"] = "test"

    said = bare_shell.type("db", "status")

    assert said.code == 2
    assert len(said.err.splitlines()) == 2
    assert f"{PREFIX}PROT: deze instelling bestaat niet. Bedoelt u port?" in said.err


def test_without_a_database_nothing_is_made(bare_shell: Shell) -> None:
    said = bare_shell.type("tenant", "list")

    assert said.code == 2
    assert "Doe: consent-service db upgrade" in said.err
    assert not (bare_shell.folder / "state").exists()


def test_without_a_keystore_the_command_says_how_to_make_one(bare_shell: Shell) -> None:
    bare_shell.must("db", "upgrade")

    said = bare_shell.type("tenant", "list")

    assert said.code == 2
    assert "Is dit een nieuwe installatie, doe dan: consent-service keys init." in said.err


def test_a_wrong_passphrase_is_said_in_one_sentence(sqlite_shell: Shell) -> None:
    (sqlite_shell.folder / "passphrase").write_text("something else entirely")

    said = sqlite_shell.type("tenant", "list")

    assert said.code == 2
    assert said.err.startswith("De wachtzin past niet bij de keystore")
    assert len(said.err.splitlines()) == 1


def test_without_a_terminal_a_missing_passphrase_is_no_endless_wait(
    sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    del sqlite_shell.environ[f"{PREFIX}PASSPHRASE_FILE"]
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)

    assert "Er is geen wachtzin." in sqlite_shell.type("tenant", "list").err


def test_a_systemd_credential_unlocks(sqlite_shell: Shell) -> None:
    del sqlite_shell.environ[f"{PREFIX}PASSPHRASE_FILE"]
    sqlite_shell.environ["CREDENTIALS_DIRECTORY"] = str(sqlite_shell.folder)

    sqlite_shell.must("tenant", "list")


@pytest.mark.parametrize("version,sentence", [("9999", "nieuwer dan deze versie"), (None, "nog leeg")])
def test_a_database_of_another_release_is_refused(
    sqlite_shell: Shell, version: str | None, sentence: str
) -> None:
    with closing(sqlite3.connect(sqlite_shell.database())) as connection:
        connection.execute("DELETE FROM alembic_version")
        if version:
            connection.execute("INSERT INTO alembic_version VALUES (?)", (version,))
        connection.commit()

    for command in (("tenant", "list"), ("audit", "verify"), ("serve",), ("db", "status")):
        said = sqlite_shell.type(*command)
        assert said.code != 0
        assert sentence in said.out + said.err


def test_another_keystore_is_refused(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    (sqlite_shell.folder / "keystore.json").unlink()
    sqlite_shell.must("keys", "init", "--development")

    said = sqlite_shell.type("tenant", "list")

    assert said.code == 2
    assert said.err.startswith("Deze database is met andere hoofdsleutels gemaakt. Wijs met keystore")
    assert said.err.strip().endswith("consent-service keys restore --recover")


@pytest.mark.parametrize("how", [("LANG", "en_GB.UTF-8"), ("LC_ALL", "en_US")])
def test_the_terminal_s_language_is_spoken(bare_shell: Shell, how: tuple[str, str]) -> None:
    bare_shell.environ[how[0]] = how[1]

    assert "The database" in bare_shell.type("tenant", "list").err


def test_the_language_can_be_asked_for_before_and_after_the_command(bare_shell: Shell) -> None:
    assert "The database" in bare_shell.type("--language", "en", "tenant", "list").err
    assert "The database" in bare_shell.type("tenant", "list", "--language", "en").err
    assert "Fill this in." in bare_shell.type("tenant", "add", "--language", "en").err


def test_a_language_we_do_not_speak_leaves_the_choice_to_the_installation() -> None:
    assert language_of({"LANG": "de_DE.UTF-8"}) is None
    assert language_of({"LC_ALL": "en", "LANG": "nl_NL"}) == "en"


def _orders(group: click.Group, name: str = "") -> dict[str, Order]:
    found: dict[str, Order] = {}
    for part, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= _orders(command, f"{name} {part}")
        else:
            assert isinstance(command, Order)
            found[f"{name} {part}".strip()] = command
    return found


def test_every_option_reports_like_the_others_and_every_command_has_help() -> None:
    orders = _orders(commands())

    assert len(orders) > 20
    for name, order in orders.items():
        assert order.help, name
        for param in order.params:
            assert isinstance(param, Entry), (name, param.name)
            assert param.help, (name, param.name)


def test_help_is_in_the_language_of_the_run(bare_shell: Shell) -> None:
    dutch, english = bare_shell.must("school", "add", "--help"), bare_shell.must("--language", "en", "--help")

    assert "Neem een school op." in dutch
    assert re.search(r"--town TEKST +De plaats\. \(verplicht\)", dutch)
    assert "Commands:" in english


def test_no_command_takes_a_passphrase_as_argument_or_variable() -> None:
    for name, order in _orders(commands()).items():
        for param in order.params:
            assert "passphrase" not in (param.name or ""), name
            assert param.envvar is None, name


def test_no_module_of_the_command_line_is_longer_than_three_hundred_lines() -> None:
    folder = Path(__file__).resolve().parents[2] / "consent_service" / "cli"

    for path in folder.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300, path.name
        assert ast.get_docstring(ast.parse(text)), path.name


def test_what_was_broken_off_and_what_was_half_typed_end_as_shells_expect(
    sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sqlite_shell.type().code == 2
    assert "Usage" in sqlite_shell.said[-1].err or "Gebruik" in sqlite_shell.said[-1].err
    half = sqlite_shell.type("serve", "extra")
    assert half.code == 2
    assert "extra" in half.err

    def broken_off(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("consent_service.cli.serve.require_free_port", broken_off)
    said = sqlite_shell.type("serve")
    assert (said.code, said.err.strip()) == (130, "Afgebroken.")


def test_a_file_of_settings_is_read(bare_shell: Shell) -> None:
    file = bare_shell.folder / "own.toml"
    file.write_text('environment = "elsewhere"\n')
    said = bare_shell.type("--config", str(file), "db", "status")
    assert said.code == 2
    assert "environment" in said.err


def test_a_passphrase_is_asked_where_somebody_sits_and_an_unreadable_file_is_named(
    sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked: list[tuple[str, object]] = []

    def prompt(question: str, *, confirmation_prompt: object, **_how: object) -> str:
        asked.append((question, confirmation_prompt))
        return PASSPHRASE.reveal().decode()

    monkeypatch.setattr("click.prompt", prompt)
    del sqlite_shell.environ[f"{PREFIX}PASSPHRASE_FILE"]
    sqlite_shell.must("tenant", "list")
    assert asked == [("Wachtzin van de keystore", False)]

    sqlite_shell.environ[f"{PREFIX}PASSPHRASE_FILE"] = str(sqlite_shell.folder)
    said = sqlite_shell.type("tenant", "list")
    assert (said.code, said.err.strip()) == (
        2,
        f"De wachtzin in {sqlite_shell.folder} kan niet gelezen worden.",
    )


async def test_whether_a_database_knows_keys_is_no_when_nobody_can_tell(tmp_path: Path) -> None:
    before = load_settings({f"{PREFIX}DATABASE_URL": sqlite_url(tmp_path / "none.sqlite")})
    assert not await knows_roots(before)
    (tmp_path / "none.sqlite").touch()
    assert not await knows_roots(before)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError):
        make_private_folder(tmp_path / "file" / "state")
    monkeypatch.setattr("os.access", lambda *_given: False)
    with pytest.raises(CommandError):
        make_private_folder(tmp_path / "state")
    assert sqlite_path("postgresql+asyncpg://x@/y") is None


def test_the_command_protects_itself_and_gives_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[object] = []
    monkeypatch.setattr("os.umask", done.append)
    monkeypatch.setattr(process_protection, "protect_process", lambda: done.append("protected"))

    def run(arguments: list[str], _environ: object) -> int:
        done.append(arguments)
        return 7

    monkeypatch.setattr(entrance, "run", run)
    monkeypatch.setattr("sys.argv", ["consent-service", "db", "status"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("consent_service", run_name="__main__")
    assert ended.value.code == 7
    assert done == [0o077, "protected", ["db", "status"]]
