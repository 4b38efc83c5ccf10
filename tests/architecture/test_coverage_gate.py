"""The gate on coverage: what it holds a run to, and that it sees what is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests import coverage_gate
from tests.coverage_gate import (
    CHECKOUT,
    GateError,
    Measured,
    Rule,
    Summary,
    files_of,
    hold,
    read_note,
    read_rule,
    shortfalls,
)
from tests.whole_run import NOTE

RULE = Rule(least=90, whole=("shop/till/*",))
FULL = Measured(Summary(100.0), (), ())
PROJECT = """
[tool.pytest.ini_options]
testpaths = ["checks"]
[tool.coverage.run]
branch = true
source = ["shop"]
omit = ["shop/versions/*"]
[tool.coverage-gate]
least = 90
whole = ["shop/till/*"]
"""
TILL = """
def pays(sum, purse):
    if sum > purse:
        return False
    return True
"""
CHECKS = """
import pytest
from shop.till.paying import pays

def test_who_has_enough_pays():
    assert pays(1, 2)

def test_who_has_too_little_does_not():
    assert not pays(3, 2)
"""
AWAY = """
@pytest.mark.skip(reason="no scales here")
def test_weight():
    assert pays(1, 1)
"""
KNOWN = """
@pytest.mark.xfail
def test_credit():
    assert pays(3, 2)
"""


def test_a_file_falls_short_by_a_line_a_branch_or_by_not_being_measured() -> None:
    cases = {
        "shop/till/full.py": (FULL, None),
        "shop/till/line.py": (Measured(Summary(99.9), (4,), ((3, 4),)), "99.9% of 100%, missing 4"),
        "shop/till/branch.py": (Measured(Summary(99.9), (), ((3, 5),)), "99.9% of 100%, missing 3->5"),
        "shop/till/exit.py": (Measured(Summary(99.9), (), ((3, -1),)), "99.9% of 100%, missing 3->exit"),
        "shop/shelf.py": (Measured(Summary(90.0), (7, 8), ()), None),
        "shop/bare.py": (Measured(Summary(89.9), (7,), ((1, 3),)), "89.9% of 90%, missing 7, 1->3"),
    }
    measured = {path: found for path, (found, _) in cases.items()}
    told = {f"{path}: {words}" for path, (_, words) in cases.items() if words}

    assert set(shortfalls(RULE, measured, set(cases))) == told
    assert list(shortfalls(RULE, {}, {"shop/till/full.py"})) == ["shop/till/full.py: was not measured"]
    nobody = "[tool.coverage-gate]: no file is called shop/till/*"
    assert list(shortfalls(RULE, measured, {"shop/shelf.py"})) == [nobody]


def test_before_landing_a_race_may_hide_a_branch_and_no_more() -> None:
    rule = Rule(least=90, whole=("shop/till/*",), least_of_whole=95)
    measured = {
        "shop/till/raced.py": Measured(Summary(97.0), (), ((3, 5),)),
        "shop/till/gap.py": Measured(Summary(94.9), (4,), ()),
        "shop/shelf.py": Measured(Summary(89.0), (4,), ()),
    }
    told = list(shortfalls(rule, measured, set(measured)))
    assert told == [
        "shop/shelf.py: 89.0% of 90%, missing 4",
        "shop/till/gap.py: 94.9% of 95%, missing 4",
    ]


def test_each_pattern_of_the_repository_names_a_file_and_nothing_is_left_out_by_file() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    rule, files = read_rule(text), files_of(CHECKOUT)

    assert list(shortfalls(rule, dict.fromkeys(files, FULL), files)) == []
    assert rule.least >= 90
    for package in ("keyring", "audit", "release", "policy", "identity"):
        assert all(rule.is_whole(path) for path in files if path.startswith(f"consent_service/{package}/"))
    assert tomllib.loads(text)["tool"]["coverage"]["run"]["omit"] == ["consent_service/migrations/versions/*"]


def _without_reason(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            found = re.search(r"pragma:\s*no\s*(?:cover|branch)(.*)", line, re.IGNORECASE)
            if found and len(found[1].split()) < 4:
                yield f"{path.name}:{number}"


def test_a_line_that_need_not_be_walked_says_why(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("x = 1  # pragma: no cover\ny = 2  # pragma: no branch: the loop ends by its return\n")

    assert list(_without_reason(CHECKOUT / path for path in files_of(CHECKOUT))) == []
    assert list(_without_reason([planted])) == ["planted.py:1"]


def test_a_rule_that_is_missing_or_malformed_is_named() -> None:
    for text in (
        "",
        "[tool.coverage-gate]\nleast = 90\n",
        "[tool.coverage-gate]\nleast = 'x'\nwhole = []\n",
        "[",
    ):
        with pytest.raises(GateError, match="coverage-gate"):
            read_rule(text)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of its own, with one file that must be walked in whole and one that need not.

    What the run around this one allows itself is not allowed here.
    """
    monkeypatch.delenv(coverage_gate.LEAST_OF_WHOLE, raising=False)
    for path, text in {
        "pyproject.toml": PROJECT,
        "shop/__init__.py": "",
        "shop/till/__init__.py": "",
        "shop/till/paying.py": TILL,
        "shop/versions/__init__.py": "",
        "shop/versions/first.py": "x = 1\n",
        "checks/test_paying.py": CHECKS,
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / path).write_text(text)
    return tmp_path


def _run(project: Path, *options: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    command = (sys.executable, "-m", "pytest", "-q", "-p", "tests.whole_run", "--cov", "--cov-report=")
    subprocess.run(
        [*command, "-p", "no:cacheprovider", *options],
        cwd=project,
        env={**environment, "PYTHONPATH": f"{project}{os.pathsep}{CHECKOUT}"},
        capture_output=True,
        check=False,
    )


def test_only_a_whole_run_is_held_to_the_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _run(project, "-n", "2")
    assert list(hold(project, everything=True)) == []
    assert not capsys.readouterr().out

    for options, why in (
        (["-k", "enough"], "a part of the suite: -k"),
        (["checks"], "it was asked for checks"),
    ):
        _run(project, *options)
        assert list(hold(project, everything=False)) == []
        assert why in capsys.readouterr().out
        assert why in " ".join(hold(project, everything=True))


def test_a_test_that_was_taken_away_is_missed_and_one_that_was_skipped_is_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = project / "checks/test_paying.py"
    checks.write_text(CHECKS.partition("def test_who_has_too_little")[0] + KNOWN.replace("3", "2"))
    _run(project)
    assert list(hold(project, everything=False)) == ["shop/till/paying.py: 66.7% of 100%, missing 4"]

    checks.write_text(CHECKS + AWAY + KNOWN)
    _run(project, "-n", "2")
    capsys.readouterr()
    assert list(hold(project, everything=False)) == []
    assert "skipped: checks/test_paying.py::test_weight: no scales here\n" in capsys.readouterr().out
    assert len(list(hold(project, everything=True))) == 1

    checks.write_text("import pytest\npytest.skip('no shop', allow_module_level=True)\n")
    _run(project)
    assert "checks/test_paying.py: no shop" in " ".join(hold(project, everything=True))

    checks.write_text(CHECKS.replace("not pays", "pays"))
    _run(project)
    assert "it ended with 1" in " ".join(hold(project, everything=True))


def test_what_a_run_before_landing_may_lack_is_told_by_its_environment(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(coverage_gate.LEAST_OF_WHOLE, "60")
    (project / "checks/test_paying.py").write_text(CHECKS.partition("def test_who_has_too_little")[0])
    _run(project)
    assert list(hold(project, everything=False)) == []
    monkeypatch.setenv(coverage_gate.LEAST_OF_WHOLE, "95")
    assert list(hold(project, everything=False)) == ["shop/till/paying.py: 66.7% of 95%, missing 4"]


def test_data_of_another_run_is_not_taken_for_this_one(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(coverage_gate, "CHECKOUT", project)
    monkeypatch.delenv("CI", raising=False)

    assert coverage_gate.main() == 1
    assert "no run has noted anything" in capsys.readouterr().err
    (project / NOTE).write_text("{}")
    with pytest.raises(GateError, match="missing required field"):
        read_note(project)
    _run(project)
    assert coverage_gate.main() == 0
    (project / ".coverage").write_bytes(b"of another run")
    assert coverage_gate.main() == 1
    assert ".coverage is of another run" in capsys.readouterr().err
