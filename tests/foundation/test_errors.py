"""Tests of `consent_service.foundation.errors`: one tree, a stable code each."""

from __future__ import annotations

from collections.abc import Iterator

from consent_service.foundation import settings
from consent_service.foundation.errors import ConsentServiceError, InputError, Problem


def _all(root: type[ConsentServiceError]) -> Iterator[type[ConsentServiceError]]:
    for error in root.__subclasses__():
        yield error
        yield from _all(error)


def test_every_error_is_named_as_one_and_has_a_code_of_its_own() -> None:
    declared = [error for error in _all(ConsentServiceError) if "code" in vars(error)]

    assert len(declared) >= 12
    assert len({error.code for error in declared}) == len(declared)
    assert all(error.__name__.endswith("Error") for error in _all(ConsentServiceError))
    assert settings.InvalidSettingsError.code == "configuration"


def test_wrong_input_carries_every_problem_and_no_value() -> None:
    error = InputError(
        [Problem("name", "missing"), Problem("birth_date", "not_a_date", {"example": "1-9-2018"})]
    )

    assert [problem.code for problem in error.problems] == ["missing", "not_a_date"]
    assert str(error) == "name: missing, birth_date: not_a_date"
