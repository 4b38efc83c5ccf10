"""Figures as a file that a spreadsheet reads (RFC 4180), for who holds a permit. Numbers and codes only."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from consent_service.process.evaluation.model import LEAST
from consent_service.process.evaluation.service import Figure
from consent_service.release.exits import ExitPermit

WITHHELD = f"<{LEAST}"
"""Stands for a figure that is too small, or from which a small one would follow."""
_HEAD = ("period", "measure", "team", "category", "count")


def csv_of(figures: Iterable[Figure], permit: ExitPermit) -> bytes:
    """UTF-8, one line per figure in the order of the page.

    Raises:
        ValueError: the permit is for another way out.
    """
    if permit.kind != "csv":
        raise ValueError("a permit for another way out")
    written = io.StringIO(newline="")
    lines = csv.writer(written)
    lines.writerow(_HEAD)
    for one in figures:
        value = WITHHELD if one.value is None else one.value
        cell = one.cell
        lines.writerow((cell.period, cell.measure, cell.team, cell.category, value))
    return written.getvalue().encode()
