"""Keeps the columns of the table of who may ever get what: each takes a moment to compute."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from consent_service.policy.matrix import Cell, Column, column_cells
from consent_service.policy.rules import Rules

_KEPT: Final = 400
"""Columns in memory: those of two bundles."""


class MatrixKeeper:
    """Columns that were computed, by the hash of their bundle."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, Column], tuple[Cell, ...]] = {}

    async def cells(self, rules: Rules, columns: Sequence[Column]) -> tuple[tuple[Cell, ...], ...]:
        """The cells of each column."""
        return tuple([await self._column(rules, column) for column in columns])

    async def _column(self, rules: Rules, column: Column) -> tuple[Cell, ...]:
        key = rules.bundle.hash, column
        if key not in self._known:
            found = await asyncio.to_thread(column_cells, rules, column)
            self._known = dict([*self._known.items(), (key, found)][-_KEPT:])
        return self._known[key]
