"""Whether rules may be proposed at all: the report of `checking`, read as a yes or a no."""

from __future__ import annotations

from pathlib import Path

from consent_service.policy.checking import check_candidate
from consent_service.policy.proposals import CheckFailed


def check_proposed(folder: Path, standing: Path) -> CheckFailed | None:
    """Everything wrong with the rules in a folder, except that nobody locked them; None when nothing is.

    An invariant that cannot be proved counts like one that is broken; so do those of the rules in force,
    which stand in a folder of their own.
    """
    report = check_candidate(folder, standing=standing)
    return None if report.passed else CheckFailed(report.problems, report.unproved)
