"""A policy without a fault, to spoil and to plant in a copy of the policies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from consent_service.information.model import Catalogue
from consent_service.policy.bundle import BundleError, load_bundle
from consent_service.policy.reasons import PolicyProblem

GOOD = '@id("consent.extra") @legal_basis("x") @reason("objection")\n'
NEVER = (
    "forbid (principal, action, resource)"
    ' when { context.basis == Basis::"consent" } when { resource.yes > 99 };'
)


def codes(problems: Sequence[PolicyProblem]) -> set[str]:
    return {problem.code for problem in problems}


def problems_of(folder: Path, catalogue: Catalogue) -> tuple[PolicyProblem, ...]:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder, catalogue=catalogue)
    return caught.value.problems


def plant(folder: Path, text: str, *, where: str = "consent/planted.cedar") -> None:
    (folder / where).write_text(text, encoding="utf-8")
