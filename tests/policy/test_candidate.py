"""The other process: what it writes, and within which limits it works."""

from __future__ import annotations

import resource
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from consent_service.policy.candidate import MEMORY_BYTES, limit_itself, main
from consent_service.policy.checking import CheckReport
from tests.policy.questions import POLICIES


@pytest.fixture
def limits() -> Iterator[None]:
    """The limits of the process that runs the tests, put back afterwards."""
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_CPU)
    before = {kind: resource.getrlimit(kind) for kind in kinds}
    yield
    for kind, limit in before.items():
        resource.setrlimit(kind, limit)


def test_the_report_is_written_as_json(proposal: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (proposal / "LOCK").unlink()
    main([str(proposal), "locked"])
    sys.stdout.flush()
    report = msgspec.json.decode(capfdbinary.readouterr().out, type=CheckReport)
    assert [problem.code for problem in report.problems] == ["lock_differs"]
    assert {proof.state for proof in report.proofs} == {"proved"}
    assert report.mutation is None


@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
def test_it_runs_as_a_module_and_limits_itself_first(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What the limits do is tested in processes of their own, below: this one has other tests to run."""
    limited: dict[int, int] = {}
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: limited.update({kind: limit[0]}))
    monkeypatch.setattr(sys, "argv", ["candidate", str(POLICIES)])
    runpy.run_module("consent_service.policy.candidate", run_name="__main__")
    sys.stdout.flush()
    assert msgspec.json.decode(capfdbinary.readouterr().out, type=CheckReport).passed
    assert limited.keys() == {resource.RLIMIT_AS, resource.RLIMIT_CPU}
    assert limited[resource.RLIMIT_AS] <= MEMORY_BYTES


@pytest.mark.usefixtures("limits")
def test_a_limit_that_is_lower_already_stays() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit_itself(memory=2**62, seconds=100_000)
    soft, after = resource.getrlimit(resource.RLIMIT_AS)
    assert after == hard
    assert soft == (2**62 if hard == resource.RLIM_INFINITY else min(2**62, hard))


@pytest.mark.parametrize(
    "limit, work, ended",
    [
        ("memory=2**28", "bytes(2**30)", 1),
        ("seconds=1", "exec('while True: pass')", -24),  # SIGXCPU
    ],
)
def test_more_than_it_may_take_ends_it(limit: str, work: str, ended: int) -> None:
    script = f"from consent_service.policy.candidate import limit_itself as go; go({limit}); {work}"
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, cwd=POLICIES.parent, capture_output=True, timeout=300)
    assert run.returncode == ended
