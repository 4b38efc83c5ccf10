"""What `make bench-audit` measures proofs on is a tree, and each number of the log has its row."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from benchmarks import audit
from benchmarks.log import Synthetic
from benchmarks.pairs import Ratio
from benchmarks.table import Row, row_at_least
from consent_service.audit.log_keys import LogKey
from consent_service.audit.merkle import CompactRange
from consent_service.foundation.ids import TenantId

KEY = LogKey(TenantId("tenant"), 1, 1, "audit.example.org/t/0", b"p" * 32, b"")


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 65_535, 65_536, 65_792, 66_000, 131_072])
def test_the_remembered_edge_of_a_synthetic_log_is_that_of_its_leaves(size: int) -> None:
    log = Synthetic(KEY, size)
    assert log.edge() == CompactRange().extend(log.leaf(index) for index in range(size))


@pytest.mark.parametrize(
    "ratio, met, measured",
    [
        (Ratio(1 / 0.75, 1.0, 1), True, "0.75x"),
        (Ratio(1.0, 1.0, 1), True, "1.00x"),
        (Ratio(1 / 0.74, 1.0, 1), False, "0.74x"),
        (Ratio(1.0, 1.1, 5), False, "1.00x"),
    ],
)
def test_more_in_the_same_time_meets_what_is_at_least_asked(ratio: Ratio, met: bool, measured: str) -> None:
    row = row_at_least("inserts", ratio, 0.75)
    assert (row.met, row.measured, row.target) == (met, measured, ">= 0.75x")


def test_a_missed_number_ends_in_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def measured(folder: Path, size: audit.Size) -> list[Row]:
        assert size.logs == ((1_000_000, 3.0), (10_000_000, 5.0))
        return [Row("drain", "19,999 leaves/s", ">= 20,000 leaves/s", met=False)]

    monkeypatch.setattr(audit, "measure", measured)
    assert audit.main() == 1
    assert capsys.readouterr().out == "drain | 19,999 leaves/s | >= 20,000 leaves/s | NO\n"


@pytest.mark.parametrize(
    "part, name",
    [("verification-sqlite", "on_sqlite"), ("verification-postgresql", "verification_on_postgresql")],
)
def test_verification_can_be_measured_by_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str, name: str
) -> None:
    async def measured(_folder: Path, size: audit.Size) -> list[Row]:
        assert size == audit.WHOLE
        return [Row(name, "1.50x", "<= 2.0x", met=True)]

    monkeypatch.setattr(audit, name, measured)
    assert audit.main(part) == 0
    assert capsys.readouterr().out == f"{name} | 1.50x | <= 2.0x | yes\n"


def test_an_act_is_done_by_its_workers_and_the_rest_is_put_in_order_before_the_base() -> None:
    """The base never pays for what the sequencer has left."""
    done: list[str] = []

    class Opened:
        database = ring = None

        async def drain(self) -> int:
            done.append("drain")
            return 0

    async def act(name: str) -> None:
        done.append(name)

    size = audit.Size(transactions=6, rounds=1)
    ratio = asyncio.run(_measured(Opened(), size, act))
    assert ratio.runs >= 1
    begin = [*["base"] * 6, *["subject"] * 6, "drain", *["base"] * 6]
    assert done[13 : 13 + len(begin)] == begin


async def _measured(opened: object, size: audit.Size, act: object) -> Ratio:
    async def subject(_work: float) -> None:
        await act("subject")  # type: ignore[operator]

    async def base(_work: float) -> None:
        await act("base")  # type: ignore[operator]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "sequencing", _nothing_runs)
        patch.setattr(audit, "Sequencer", lambda *_: None)
        return await audit.inserting(opened, size, workers=3, work=0.0, subject=subject, base=base)  # type: ignore[arg-type]


class _nothing_runs:  # noqa: N801 - stands for a function
    def __init__(self, _sequencer: object) -> None:
        pass

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *_: object) -> None:
        pass
