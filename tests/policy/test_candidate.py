from __future__ import annotations

import runpy
import sys
from pathlib import Path

import msgspec
import pytest

from consent_service.policy.candidate import main, problems_of
from consent_service.policy.reasons import PolicyProblem
from tests.policy.questions import POLICIES


def test_a_catalogue_that_cannot_be_used_is_a_problem(proposal: Path) -> None:
    (proposal / "information_types.toml").write_text('stray = "x"\n')
    assert {problem.code for problem in problems_of(proposal)} == {"catalogue"}


def test_the_problems_are_written_as_json(proposal: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    (proposal / "LOCK").unlink()
    main([str(proposal)])
    sys.stdout.flush()
    written = msgspec.json.decode(capfdbinary.readouterr().out, type=tuple[PolicyProblem, ...])
    assert [problem.code for problem in written] == ["lock_differs"]


@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
def test_it_runs_as_a_module(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(sys, "argv", ["candidate", str(POLICIES)])
    runpy.run_module("consent_service.policy.candidate", run_name="__main__")
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == b"[]"
