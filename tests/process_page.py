"""Writes docs/PROCESS.md from the state tables. Nothing is typed.

.venv/bin/python -m tests.process_page
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from consent_service.process.emergencies.model import BREAK_GLASS, MELDCODE, REQUEST
from consent_service.process.ending.states import ENDING
from consent_service.process.meetings.states import AGREEMENT, MEETING
from consent_service.process.notices.states import NOTICE
from consent_service.process.recalls_model import RECALL
from consent_service.process.signals.states import CARE_SIGNAL, FIRST_CONTACT
from consent_service.process.states import StateTable
from consent_service.rights.breaches.letters_model import LETTER
from consent_service.rights.breaches.model import BREACH
from consent_service.rights.cases.model import CASE

PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "PROCESS.md"
TABLES: Final[tuple[StateTable, ...]] = (
    FIRST_CONTACT,
    CARE_SIGNAL,
    MEETING,
    AGREEMENT,
    BREAK_GLASS,
    MELDCODE,
    REQUEST,
    NOTICE,
    RECALL,
    ENDING,
    CASE,
    BREACH,
    LETTER,
)
"""Every state table of the service; a test looks for one that was forgotten."""
_HEAD: Final = """# What can happen, and who does it

This page is made from the state tables themselves (`.venv/bin/python -m tests.process_page`); a test
compares it byte for byte. What a table does not name is refused. Whether this person may do it in this
family is asked of the permission table ([PERMISSIONS.md](PERMISSIONS.md)) as well, and whether a school
reads any of it is decided by the policies at every reading ([POLICIES.md](POLICIES.md)).
"""


def page(tables: tuple[StateTable, ...] = TABLES) -> str:
    """The whole page, ending in one line break."""
    return "\n".join((_HEAD, *(line for table in tables for line in _section(table)))).rstrip("\n") + "\n"


def _section(table: StateTable) -> Iterator[str]:
    yield f"## {table.name.replace('_', ' ').capitalize()}\n"
    yield f"```mermaid\n{table.mermaid()}\n```\n"
    yield "| in | act | who | when | becomes |"
    yield "|---|---|---|---|---|"
    for step in table.steps:
        who = ", ".join(step.who)
        yield f"| `{step.frm}` | `{step.act}` | {who} | {step.when} | `{step.to}` |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page())
