"""docs/PROCESS.md says what the state tables say, and forgets none."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import consent_service
from consent_service.process.states import START, StateTable, Step
from tests.process_page import PAGE, TABLES, page


def test_the_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text() == page(), "do: .venv/bin/python -m tests.process_page"


def test_another_step_makes_another_page() -> None:
    first, *others = TABLES
    changed = StateTable(first.name, (*first.steps, Step("find", START, "found", ("system",))))
    assert page((changed, *others)) != page()
    assert "`find`" in page((changed, *others))


def test_every_state_table_is_on_the_page() -> None:
    assert {id(table) for table in _tables()} == {id(table) for table in TABLES}
    assert len({table.name for table in TABLES}) == len(TABLES)


def _tables() -> Iterator[StateTable]:
    """Every state table that a module of the service has."""
    for module in pkgutil.walk_packages(consent_service.__path__, "consent_service."):
        if module.name.startswith(("consent_service.process.", "consent_service.rights.")):
            yield from (one for one in vars(importlib.import_module(module.name)).values() if _is_table(one))


def _is_table(thing: object) -> bool:
    return isinstance(thing, StateTable)
