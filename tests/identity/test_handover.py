from __future__ import annotations

import pytest

from consent_service.identity.handover import problems_of_pin


@pytest.mark.parametrize("pin", ["0000", "1234", "4321", "99999999", "23456789"])
def test_a_pin_somebody_guesses_first_is_refused(pin: str) -> None:
    assert [problem.code for problem in problems_of_pin(pin)] == ["identity.pin_too_simple"]


@pytest.mark.parametrize("pin", ["", "123", "123456789", "12a4", "१२३४", "48 26", "48260\n"])
def test_a_pin_is_four_to_eight_digits(pin: str) -> None:
    assert [problem.code for problem in problems_of_pin(pin)] == ["identity.pin_form"]


@pytest.mark.parametrize("pin", ["4826", "2580", "19283746"])
def test_an_ordinary_pin_is_taken(pin: str) -> None:
    assert problems_of_pin(pin) == ()
