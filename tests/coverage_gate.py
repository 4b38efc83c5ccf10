"""Holds each file to `[tool.coverage-gate]` after a whole run: `python -m tests.coverage_gate`."""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

import msgspec
from coverage import Coverage

from tests.whole_run import NOTE, RunNote, digest_of

CHECKOUT = Path(__file__).parent.parent


class GateError(Exception):
    """The gate cannot be held: its rule or what a run left behind is missing or does not fit."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each file must reach.

    Attributes:
        least: the percentage of lines and branches together that every file must reach.
        whole: patterns of paths, where `*` also stands for folders, of files of which every line and every
            branch is walked.
        least_of_whole: what those must reach; less than all only where a change is about to land.
    """

    least: float
    whole: tuple[str, ...]
    least_of_whole: float = 100.0

    def is_whole(self, path: str) -> bool:
        """Whether nothing of this file may be missed."""
        return any(fnmatch(path, pattern) for pattern in self.whole)


LEAST_OF_WHOLE = "LEAST_OF_WHOLE"
"""Set by `.ci/run`: a branch that only a race walks must not stop a change that is not its own."""


class Summary(msgspec.Struct, frozen=True):
    """Figures of a file, as `coverage json` has them."""

    percent_covered: float


class Measured(msgspec.Struct, frozen=True):
    """What of a file was walked, as `coverage json` has it; a branch leads from a line to a line."""

    summary: Summary
    missing_lines: tuple[int, ...]
    missing_branches: tuple[tuple[int, int], ...]


class _Report(msgspec.Struct, frozen=True):
    files: dict[str, Measured]


def read_rule(text: str) -> Rule:
    """The rule in a `pyproject.toml`.

    Raises:
        GateError: it is not there, or not as it should be.
    """
    try:
        return msgspec.convert(tomllib.loads(text)["tool"]["coverage-gate"], Rule)
    except (KeyError, msgspec.ValidationError, tomllib.TOMLDecodeError) as fault:
        raise GateError(f"[tool.coverage-gate] of pyproject.toml: {fault!r}") from fault


def shortfalls(rule: Rule, measured: Mapping[str, Measured], files: set[str]) -> Iterator[str]:
    """A line for each file that falls short, for each that was not measured, and each pattern without files.

    Args:
        files: every file that the rule is about, as paths from the checkout.
    """
    for path in sorted(files):
        if path not in measured:
            yield f"{path}: was not measured"
        elif line := _shortfall(rule, path, measured[path]):
            yield line
    for pattern in rule.whole:
        if not any(fnmatch(path, pattern) for path in files):
            yield f"[tool.coverage-gate]: no file is called {pattern}"


def _shortfall(rule: Rule, path: str, found: Measured) -> str | None:
    missed = [str(line) for line in found.missing_lines]
    missed += [
        f"{came}->{'exit' if went < 0 else went}"
        for came, went in found.missing_branches
        if not {came, went} & set(found.missing_lines)
    ]
    if rule.is_whole(path):
        is_missed = bool(found.missing_lines or found.missing_branches)
        asked, percent = rule.least_of_whole, found.summary.percent_covered
        short = is_missed and (asked == 100.0 or percent < asked)
    else:
        asked, short = rule.least, found.summary.percent_covered < rule.least
    if not short:
        return None
    return f"{path}: {found.summary.percent_covered:.1f}% of {asked:.0f}%, missing {', '.join(missed)}"


def read_note(root: Path) -> RunNote:
    """What the last run noted, about the very data that lies beside it.

    Raises:
        GateError: there is no note, or another run has written the data since.
    """
    try:
        note = msgspec.json.decode((root / NOTE).read_bytes(), type=RunNote)
    except FileNotFoundError as absent:
        raise GateError(f"{NOTE}: no run has noted anything; `make test` runs the suite and this") from absent
    except msgspec.DecodeError as fault:
        raise GateError(f"{NOTE}: {fault}") from fault
    if note.data != digest_of(root / ".coverage"):
        raise GateError(f"{NOTE}: .coverage is of another run")
    return note


def measured_files(root: Path) -> dict[str, Measured]:
    """What the data of coverage in `root` says, by path from there."""
    coverage = Coverage(data_file=str(root / ".coverage"), config_file=str(root / "pyproject.toml"))
    coverage.load()
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "coverage.json"
        coverage.json_report(outfile=str(written))
        files = msgspec.json.decode(written.read_bytes(), type=_Report).files
    here = root.resolve()
    return {Path(path).resolve().relative_to(here).as_posix(): found for path, found in files.items()}


def files_of(root: Path) -> set[str]:
    """Each file that coverage is asked to measure, as paths from `root`."""
    coverage = Coverage(config_file=str(root / "pyproject.toml"))
    sources, omitted = coverage.get_option("run:source"), coverage.get_option("run:omit")
    assert isinstance(sources, list)
    assert isinstance(omitted, list)
    paths = (path for source in sources for path in (root / source).rglob("*.py"))
    found = {path.relative_to(root).as_posix() for path in paths}
    return {path for path in found if not any(fnmatch(path, pattern) for pattern in omitted)}


def hold(root: Path, *, everything: bool) -> Iterator[str]:
    """What is wrong after the last run, one line each.

    A run of a part of the suite, and one that lacked something for some tests, is held to nothing unless
    `everything` must run, as in CI; the first lines say so.

    Raises:
        GateError: there is nothing to hold to the rule, or no rule.
    """
    rule = read_rule((root / "pyproject.toml").read_text(encoding="utf-8"))
    rule = msgspec.structs.replace(rule, least_of_whole=float(os.environ.get(LEAST_OF_WHOLE, "100")))
    note = read_note(root)
    missed = [f"a part of the suite: {part}" for part in note.parts]
    missed += [f"skipped: {test}: {reason}" for test, reason in sorted(note.skipped.items())]
    if missed:
        print("coverage: not held to its rule, as not every test ran", *missed, sep="\n  ")
        if everything:
            yield from missed
        return
    yield from shortfalls(rule, measured_files(root), files_of(root))


def main() -> int:
    """0 where each file is covered as it should be, or the run was no whole one; 1 otherwise."""
    try:
        wrong = list(hold(CHECKOUT, everything=bool(os.environ.get("CI"))))
    except GateError as fault:
        wrong = [str(fault)]
    if wrong:
        print(f"coverage: {len(wrong)} short of [tool.coverage-gate]", *wrong, sep="\n  ", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
