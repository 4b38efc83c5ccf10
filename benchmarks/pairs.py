"""Ratios that hold on a busy machine: medians of interleaved measurements, with a control beside them.

Base, subject and base again are measured in turn, many times in one run, every other time in reverse, so
that neither base always follows the subject. The ratio is the median of subject by base; the control, base
by base, says whether the machine was quiet enough to believe it.
"""

from __future__ import annotations

import gc
import statistics
import timeit
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from time import perf_counter
from typing import Final, NamedTuple

CONTROL: Final = (0.97, 1.03)
RUNS: Final = 5
Step = Callable[[], Awaitable[float]]
"""Does it once and answers how many seconds what counts of it took."""


class Ratio(NamedTuple):
    """How many times the base the subject takes, and the base by itself, over `runs` runs."""

    subject: float
    control: float
    runs: int

    @property
    def is_believable(self) -> bool:
        """The machine was quiet enough in the last run."""
        return CONTROL[0] <= self.control <= CONTROL[1]


def ratio_of(subject: Callable[[], object], base: Callable[[], object], *, calls: int, rounds: int) -> Ratio:
    """For what takes microseconds: each measurement is the time of `calls` calls, without the collector."""
    ratio = Ratio(0.0, 0.0, 0)
    for run in range(1, RUNS + 1):
        taken = [
            tuple(timeit.timeit(step, number=calls) for step in (base, subject, base)) for _ in range(rounds)
        ]
        ratio = _ratio(taken, run)
        if ratio.is_believable:
            break
    return ratio


async def ratio_of_steps(subject: Step, base: Step, *, rounds: int, limit: float = inf) -> Ratio:
    """For what takes milliseconds and awaits something; no run begins later than `limit` seconds from now."""
    ratio, until = Ratio(0.0, 0.0, 0), perf_counter() + limit
    for run in range(1, RUNS + 1):
        with _without_collector():
            taken = [(await base(), await subject(), await base()) for _ in range(rounds)]
        ratio = _ratio(taken, run)
        if ratio.is_believable or perf_counter() > until:
            break
    return ratio


async def seconds(work: Awaitable[object]) -> float:
    """How long it took."""
    began = perf_counter()
    await work
    return perf_counter() - began


def _ratio(taken: Sequence[tuple[float, ...]], run: int) -> Ratio:
    turned = [one if number % 2 else one[::-1] for number, one in enumerate(taken)]
    subject = statistics.median(subject / base for base, subject, _ in turned)
    control = statistics.median(again / base for base, _, again in turned)
    return Ratio(subject, control, run)


@contextmanager
def _without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
