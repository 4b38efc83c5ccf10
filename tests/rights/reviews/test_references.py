"""The number of a case: of a fixed form, so that nothing personal can be written in it."""

from __future__ import annotations

import pytest

from consent_service.rights.reviews.references import problem_of_reference, read_reference


@pytest.mark.parametrize(
    "typed, kept",
    [
        (" z-2026-014 ", "Z-2026-014"),
        ("kl 2026", "KL2026"),
        ("AP-1", "AP-1"),
        ("9edec8", "9EDEC8"),
    ],
)
def test_a_number_of_a_case_is_kept_in_capitals(typed: str, kept: str) -> None:
    assert read_reference(typed) == kept
    assert problem_of_reference(kept, "case") == ()


@pytest.mark.parametrize(
    "typed",
    [
        *("", "Noor Voorbeeld", "NOOR", "NOORV1", "2026-014", "Z-1234567", "Z-", "Z-1-2-3-4"),
        *("BSN-111-222-333", "FACADE", "9EDEC", "9EDEC81"),
    ],
)
def test_words_and_numbers_of_persons_are_refused(typed: str) -> None:
    (problem,) = problem_of_reference(read_reference(typed), "case")
    assert (problem.field, problem.code) == ("case", "form.no_reference")
