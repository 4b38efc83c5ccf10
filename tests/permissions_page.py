"""Writes docs/PERMISSIONS.md from the tables that decide and the tables that are tested. Nothing is typed.

.venv/bin/python -m tests.permissions_page
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from consent_service.identity.model import Actor
from consent_service.identity.permissions import KINDS, PERMISSIONS, Condition, anywhere
from tests.cli import commands
from tests.web.who_may_call import anybody, home, machines, officer, roles, school, shelter, tablet
from tests.web.who_may_call.roles import AT_HOME, AT_THE_TABLET, LOCKED, ROLES, WHO, Role, Row

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "PERMISSIONS.md"
AUDIENCES: Final = (shelter, school, officer, tablet, home, anybody)
_HEAD: Final = """# Who may do what

This page is made from the tables themselves (`.venv/bin/python -m tests.permissions_page`); a test compares
it byte for byte. The tables: `consent_service/identity/permissions.py`, which services ask before anything
else, and those of addresses and commands in `tests/web/who_may_call/` and `tests/cli/commands.py`, which are
tried out on the whole application.

A permission says who may *ask*. Whether information passes is decided by the policies at every reading
([POLICIES.md](POLICIES.md)); whether a member of school staff is on the list of a child is looked up then.
"""


def page() -> str:
    """The whole page, ending in one line break."""
    return "\n".join((_HEAD, *_actions(), *_addresses(), *_commands())).rstrip("\n") + "\n"


def _actions() -> Iterator[str]:
    yield "## Actions\n"
    yield "Empty: refused. `System`, the service by itself, has no row: it asks nobody, and is logged.\n"
    shown = [kind for kind in KINDS if any(kind in row for row in PERMISSIONS.values())]
    yield from _table(
        ("action", *(f"`{kind.__name__}`" for kind in shown)),
        ((f"`{action}`", *(_condition(row, kind) for kind in shown)) for action, row in PERMISSIONS.items()),
    )
    yield "The conditions:\n"
    for condition in dict.fromkeys(one for row in PERMISSIONS.values() for one in row.values()):
        yield f"- **{_words(condition)}**: {inspect.getdoc(condition)}".replace("\n\n", " ").replace(
            "\n", " "
        )
    yield ""


def _condition(row: Mapping[type[Actor], Condition], kind: type[Actor]) -> str:
    if kind not in row:
        return ""
    return "yes" if row[kind] is anywhere else _words(row[kind])


def _words(condition: Condition) -> str:
    return "yes" if condition is anywhere else inspect.unwrap(condition).__name__.replace("_", " ")


def _addresses() -> Iterator[str]:
    yield "## Addresses\n"
    yield f"{inspect.getdoc(roles)}\n".replace("\n\n", "\n").split("\n", 1)[1]
    yield f"{WHO}\n"
    for table in AUDIENCES:
        yield f"### {str(inspect.getdoc(table)).rstrip('.')}\n"
        yield from _table(
            ("address", "answers"), ((f"`{call}`", _row(row)) for call, row in table.TABLE.items())
        )
    yield f"### {str(inspect.getdoc(machines)).rstrip('.')}\n"
    yield "Everything else answers a machine as it answers nobody.\n"
    yield from _table(
        ("address", *machines.MACHINES),
        (
            (f"`{call}`", *(str(row[machine]) for machine in machines.MACHINES))
            for call, row in machines.TABLE.items()
        ),
    )


def _row(row: Row) -> str:
    """Each status with who gets it; the status that most get has no names."""
    by_status: dict[int, list[str]] = {}
    for name, members in _groups(row):
        by_status.setdefault(row[members[0]], []).append(name)
    most = max(by_status, key=lambda status: len(by_status[status]))
    some = [f"{status}: {', '.join(who)}" for status, who in sorted(by_status.items()) if status != most]
    return "; ".join([*some, f"{most}: everybody{' else' if some else ''}"])


def _groups(row: Row) -> Iterator[tuple[str, tuple[Role, ...]]]:
    """The roles, those at a tablet or at home as one where they get the same."""
    together = {"at a lent tablet": AT_THE_TABLET, "at home": AT_HOME, "at a locked screen": LOCKED}
    for name, members in together.items():
        if len({row[role] for role in members}) == 1:
            yield name, members
        else:
            yield from ((role, (role,)) for role in members)
    yield from ((role, (role,)) for role in ROLES if role not in (*AT_THE_TABLET, *AT_HOME, *LOCKED))


def _commands() -> Iterator[str]:
    yield "## Commands\n"
    yield (
        "What a command needs: nothing; the keys (whoever has the passphrase, the PIN of the token or the\n"
        "token of the transit server is an operator); the keys and a privacy coordinator who decided it, by\n"
        "id; or a key backup, with the keys or with three custodians. No command shows content of a family.\n"
    )
    yield from _table(
        ("command", "needs", "asks"),
        (
            (f"`{name}`", row.needs, ", ".join(f"`{action}`" for action in row.actions))
            for name, row in commands.TABLE.items()
        ),
    )


def _table(heading: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
