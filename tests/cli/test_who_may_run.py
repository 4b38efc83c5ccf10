"""Who may run what: every command, what it needs, and what it asks of the permission table.

An operator is whoever has the keys: the passphrase, the PIN of the token or the token of the transit server.
Another user of the machine has none of these and gets nowhere where keys are needed. An operator sees no
content: no command says a word that is kept sealed about a family.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from consent_service.audit.log import TrailFilter
from consent_service.cli.entering import DAY, PHONE, Order, Orders
from consent_service.cli.entrance import commands
from consent_service.identity import permissions
from consent_service.identity.model import Actor, Operator
from consent_service.identity.permissions import PERMISSIONS, Action, Condition, on_a_decision
from tests.cli.commands import TABLE, WITHOUT_A_COMMAND
from tests.cli.conftest import Shell
from tests.faults.test_canary import search, whole_story
from tests.shelter import World

NO_KEYS = "Er is geen wachtzin."
NOT_RUN = frozenset({"demo", "serve", "keys ceremony", "keys init", "policies check"})
"""What goes on running or asks people something; and what takes long, and is walked by tests of its own."""
WRITES_RULES = frozenset({"policies lock", "policies texts review"})
"""What writes into the folder of the rules, which here is that of the repository."""


def orders(group: Orders, *above: str) -> Iterator[tuple[str, click.Command]]:
    """Every command with its whole name."""
    for name, one in sorted(group.commands.items()):
        if isinstance(one, Orders):
            yield from orders(one, *above, name)
        else:
            yield " ".join((*above, name)), one


def typed(name: str, folder: Path, known: Mapping[str, str]) -> list[str]:
    """The least that is right in form: a value for what must be given, and every yes."""
    words = [*name.split(), *(known.get(word, word) for word in TABLE[name].typed)]
    for option in dict(orders(commands()))[name].params:
        if option.required:
            words += [option.opts[0], _value(option, folder, known)]
        elif option.opts[0] == "--yes":
            words.append("--yes")
    return words


def _value(option: click.Parameter, folder: Path, known: Mapping[str, str]) -> str:
    kind: Any = option.type
    name = option.name or ""
    if kind is DAY:
        return "2020-01-01"
    if kind is PHONE:
        return "0800-5550000"
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.Path):
        path = folder / f"{name}.txt"
        path.unlink(missing_ok=True)
        if kind.exists:
            path.write_text(known.get(name, "x") + "\n")
        return str(path)
    return known.get(name, "x")


FORMS: Mapping[str, str] = {
    "establishment_code": "12AB00",
    "issuer": "https://login.example",
    "view_key": "A" * 43,
    "since": "x/log/0\n0\n" + "A" * 43 + "=\n",
}


# --- the table -------------------------------------------------------------------------------


def test_a_command_without_a_row_is_found_and_no_row_is_of_nothing() -> None:
    assert {name for name, _ in orders(commands())} == TABLE.keys()


def test_a_coordinator_is_named_exactly_where_the_table_says_so() -> None:
    named = {
        name
        for name, command in orders(commands())
        if any(option.opts[0] == "--coordinator" and option.required for option in command.params)
    }
    assert named == {name for name, row in TABLE.items() if row.needs == "coordinator"}


def test_commands_ask_what_an_operator_may_and_a_decision_where_one_is_needed() -> None:
    allowed = {action: row[Operator] for action, row in PERMISSIONS.items() if Operator in row}
    asked = {action for row in TABLE.values() for action in row.actions}

    assert asked == allowed.keys() - WITHOUT_A_COMMAND
    for name, row in TABLE.items():
        needs_one = any(allowed[action] is on_a_decision for action in row.actions)
        assert needs_one == (row.needs == "coordinator"), name


def test_who_must_prove_to_be_an_operator_stands_in_the_table() -> None:
    told = {name: command.admission for name, command in orders(commands()) if isinstance(command, Order)}
    assert told == {name: row.admission for name, row in TABLE.items()}
    assert all(row.admission == "operator" for row in TABLE.values() if row.needs == "coordinator")
    changing = {name for name, row in TABLE.items() if row.actions and row.admission != "operator"}
    assert changing == {"keys restore"}, "what an operator is asked about changes something"


# --- without keys ----------------------------------------------------------------------------


def test_who_has_no_keys_gets_nowhere_where_they_are_needed(sqlite_shell: Shell) -> None:
    del sqlite_shell.environ["RUGGENSTEUN_PASSPHRASE_FILE"]
    before = _state(sqlite_shell)
    for name in [*sorted(TABLE.keys() - NOT_RUN - WRITES_RULES), "serve"]:
        said = sqlite_shell.type(*typed(name, sqlite_shell.folder, FORMS))
        refused = said.code == 2 and said.err.startswith(NO_KEYS)
        if TABLE[name].needs in ("keys", "coordinator") and name != "audit consistency":
            assert refused, (name, said)
        elif TABLE[name].needs == "nothing":
            assert not refused, (name, said)
        assert _state(sqlite_shell) == before, name


def test_no_command_without_keys_makes_new_ones_over_the_old(sqlite_shell: Shell) -> None:
    before = _state(sqlite_shell)
    assert sqlite_shell.type("keys", "init").code == 2
    assert _state(sqlite_shell) == before


# --- with keys -------------------------------------------------------------------------------


async def test_an_operator_sees_no_content_and_asks_only_what_the_table_says(
    world: World, bare_shell: Shell, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command over a shelter in which each sealed place holds a word that is looked for."""
    await whole_story(world, bare_shell.folder)
    known = await _known(world)
    await world.services.installation.database.close()
    bare_shell.environ["RUGGENSTEUN_DATABASE_URL"] = database_url
    state = bare_shell.folder / "state"
    state.mkdir()
    for file in bare_shell.folder.glob("*.jsonl"):
        shutil.copy(file, state)
    asked: set[Action] = set()
    monkeypatch.setattr(permissions, "PERMISSIONS", Watched(asked))
    told: dict[str, set[str]] = {}
    worked: set[str] = set()
    for name in sorted(TABLE.keys() - NOT_RUN - WRITES_RULES):
        asked.clear()
        said = await asyncio.to_thread(bare_shell.type, *typed(name, bare_shell.folder, known))
        assert not said.err.startswith(NO_KEYS), name
        assert asked <= set(TABLE[name].actions), (name, asked)
        told[name] = set(search([f"{said.out}\n{said.err}".encode()]))
        worked |= {name} if said.code == 0 else set()
    assert told.pop("staff list") == {"staff"}, "who works here an operator must know"
    assert not [name for name, words in told.items() if words]
    assert len(worked) > 20


class Watched(dict[Action, Mapping[type[Actor], Condition]]):
    """The permission table, noting which of its rows were asked."""

    def __init__(self, asked: set[Action]) -> None:
        super().__init__(PERMISSIONS)
        self._asked = asked

    def get(self, action: Action, default: Any = None) -> Any:
        self._asked.add(action)
        return super().get(action, default)


async def _known(world: World) -> dict[str, str]:
    services = world.services
    async with services.installation.database.reading() as conn:
        page = await services.log.trail(conn, world.tenant, TrailFilter(), limit=1)
    (view,) = await services.families.families_of(world.counsellor)
    return {
        **FORMS,
        "coordinator": world.officer.staff,
        "staff": world.teacher.staff,
        "entry": page.entries[0].id,
        "x": view.family,
    }


def _state(shell: Shell) -> str:
    with sqlite3.connect(shell.database()) as conn:
        dump = "\n".join(conn.iterdump())
    conn.close()
    keystore = (shell.folder / "keystore.json").read_bytes()
    return hashlib.sha256(dump.encode() + keystore).hexdigest()
