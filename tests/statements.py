"""Counting what is said to the database: what forbidden costs must be what absent costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from sqlalchemy import event

from consent_service.foundation.database import Database

_SAID: Final[ContextVar[list[str] | None]] = ContextVar("said", default=None)


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Every statement of this task while this is open, in order, with placeholders where the values were.

    Of this task only: jobs in the background speak to the same database.
    """
    said: list[str] = []
    engine = database.engine.sync_engine
    opened = _SAID.set(said)
    event.listen(engine, "before_cursor_execute", _note)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", _note)
        _SAID.reset(opened)


def _note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    said = _SAID.get()
    if said is not None:
        said.append(statement)
