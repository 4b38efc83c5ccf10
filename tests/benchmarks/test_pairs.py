"""A number counts only when it is small enough and was measured in quiet."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks import keys
from benchmarks.pairs import RUNS, Ratio, ratio_of, ratio_of_steps
from benchmarks.table import Row, row_for_information, row_of, show


@pytest.mark.parametrize(
    "ratio, met",
    [
        (Ratio(1.9, 1.0, 1), True),
        (Ratio(2.0, 0.97, 4), True),
        (Ratio(2.01, 1.0, 1), False),
        (Ratio(1.0, 1.04, 5), False),
        (Ratio(1.0, 0.96, 5), False),
    ],
)
def test_a_row_is_met_when_small_enough_and_believable(ratio: Ratio, met: bool) -> None:
    row = row_of("warm", ratio, 2.0)
    assert row.met is met
    assert ("run" in row.remark) is (ratio.runs > 1)
    assert ("too busy" in row.remark) is not ratio.is_believable


def test_a_row_for_information_is_neither_met_nor_missed(capsys: pytest.CaptureFixture[str]) -> None:
    assert show([row_for_information("beside", Ratio(9.0, 1.5, 5))]) == 0
    assert capsys.readouterr().out == "beside | 9.00x | - | for information   (control 1.500)\n"


@pytest.mark.parametrize("met, code", [(True, 0), (False, 1)])
def test_a_missed_target_ends_in_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], met: bool, code: int
) -> None:
    async def measured(folder: object) -> list[Row]:
        return [Row("one", "1", "1", True), Row("two", "3.00x", "<= 2.0x", met, "control 1.000")]

    monkeypatch.setattr(keys, "measure", measured)
    assert keys.main() == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "one | 1 | 1 | yes"
    assert lines[1] == f"two | 3.00x | <= 2.0x | {'yes' if met else 'NO'}   (control 1.000)"


def test_a_busy_machine_is_tried_again_and_then_given_up() -> None:
    """Each base takes twice the one before it, so no control ever fits."""
    taken = iter(range(10_000))

    async def longer() -> float:
        return 2.0 ** (next(taken) % 500)

    ratio = asyncio.run(ratio_of_steps(longer, longer, rounds=9))
    assert ratio.runs == RUNS
    assert not ratio.is_believable


def test_the_ratio_is_subject_by_base(monkeypatch: pytest.MonkeyPatch) -> None:
    async def base() -> float:
        return 2.0

    async def subject() -> float:
        return 5.0

    assert asyncio.run(ratio_of_steps(subject, base, rounds=3)) == Ratio(2.5, 1.0, 1)
    monkeypatch.setattr("benchmarks.pairs.timeit.timeit", lambda step, number: step() * number)
    assert ratio_of(lambda: 5.0, lambda: 2.0, calls=7, rounds=3) == Ratio(2.5, 1.0, 1)


def test_without_softhsm_the_row_says_so_and_ci_does_not_let_it_pass(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(keys, "SOFTHSM", Path("/nonexistent/libsofthsm2.so"))
    for ci, met in (("", True), ("true", False)):
        monkeypatch.setenv("CI", ci)
        row = asyncio.run(keys.with_token(tmp_path))
        assert row.met is met
        assert row.measured.startswith("skipped: ")
