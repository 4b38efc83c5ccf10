"""The rows of a benchmark: `name | measured | target | met`, with a remark; 1 when one is missed.

A row for information has no target: it stands beside one that has, so that nobody reads that one as more.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from benchmarks.pairs import CONTROL, RUNS, Ratio


class Row(NamedTuple):
    """One line of the table."""

    name: str
    measured: str
    target: str
    met: bool
    remark: str = ""


def row_of(name: str, ratio: Ratio, most: float, *, beside: str = "") -> Row:
    """A row that is met when the ratio is small enough and the control says it can be believed."""
    remark = f"{beside}; control {ratio.control:.3f}" if beside else f"control {ratio.control:.3f}"
    if ratio.runs > 1:
        remark += f", run {ratio.runs} of at most {RUNS}"
    if not ratio.is_believable:
        remark += f", outside {CONTROL[0]}-{CONTROL[1]}: this machine is too busy"
    return Row(
        name, f"{ratio.subject:.2f}x", f"<= {most}x", ratio.is_believable and ratio.subject <= most, remark
    )


def row_at_least(name: str, ratio: Ratio, least: float, *, beside: str = "") -> Row:
    """A row about what is done in the same time: met when the subject does enough of it by the base."""
    row = row_of(name, ratio, 1 / least, beside=beside)
    return row._replace(measured=f"{1 / ratio.subject:.2f}x", target=f">= {least:.2f}x")


def row_for_information(name: str, ratio: Ratio, *, beside: str = "") -> Row:
    """A row that can be neither met nor missed."""
    remark = f"{beside}; control {ratio.control:.3f}" if beside else f"control {ratio.control:.3f}"
    return Row(name, f"{ratio.subject:.2f}x", "", met=True, remark=remark)


def rate_for_information(name: str, ratio: Ratio) -> Row:
    """As `row_for_information`, about what is done in the same time."""
    return row_for_information(name, ratio)._replace(measured=f"{1 / ratio.subject:.2f}x")


def show(rows: Iterable[Row]) -> int:
    """Print the table; 1 when a target is missed."""
    missed = 0
    for row in rows:
        met = ("yes" if row.met else "NO") if row.target else "for information"
        missed += not row.met
        remark = f"   ({row.remark})" if row.remark else ""
        print(f"{row.name} | {row.measured} | {row.target or '-'} | {met}{remark}")
    return 1 if missed else 0
