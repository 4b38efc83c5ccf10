"""Notes whether a run of pytest was the whole suite, for the gate on coverage: `-p tests.whole_run`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

NOTE = ".coverage-run.json"
"""Where the note lies, beside the data of coverage; `.coverage.x` would be combined with that data."""
_CHOOSING = {
    "keyword": "-k",
    "markexpr": "-m",
    "deselect": "--deselect",
    "ignore": "--ignore",
    "ignore_glob": "--ignore-glob",
    "lf": "--last-failed",
    "stepwise": "--stepwise",
    "collectonly": "--collect-only",
    "no_cov": "--no-cov",
}
"""Options, by the name pytest keeps them under, with which fewer tests run or nothing is measured."""


class RunNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the gate must know of a run.

    Attributes:
        data: SHA-256 of the data of coverage the run left, in hex; empty where it left none.
        parts: why it was not the whole suite; empty when it was.
        skipped: tests that were skipped, each with its reason.
    """

    data: str
    parts: tuple[str, ...]
    skipped: dict[str, str]


def digest_of(data: Path) -> str:
    """SHA-256 of a file in hex; empty where there is none."""
    return hashlib.sha256(data.read_bytes()).hexdigest() if data.is_file() else ""


class WholeRun:
    """Listens in the process that was started; its workers (xdist) report to it."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._skipped: dict[str, str] = {}
        (config.rootpath / NOTE).unlink(missing_ok=True)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skipped[report.nodeid] = report.longreprtext.rpartition("Skipped: ")[2].rstrip("')")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._skipped[report.nodeid] = report.longreprtext.rpartition("Skipped: ")[2].rstrip("')")

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        root = self._config.rootpath
        data = digest_of(root / ".coverage")
        note = RunNote(data, parts_of(self._config, exitstatus), self._skipped)
        (root / NOTE).write_bytes(msgspec.json.encode(note))


def parts_of(config: pytest.Config, exitstatus: int) -> tuple[str, ...]:
    """Why a run with this command line is not the whole suite; empty when it is."""
    parts = [f"it ended with {exitstatus}"] if exitstatus else []
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        parts.append(f"it was asked for {' '.join(config.args)}")
    chosen = {option for name, option in _CHOOSING.items() if config.getoption(name, default=None)}
    return (*parts, *sorted(chosen))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(WholeRun(config), "whole-run")
