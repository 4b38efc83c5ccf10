"""Generations are found by name among whatever else lives at a provider."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.errors import (
    ConfigurationError,
    IntegrityError,
    KeyDestroyedError,
    KeyProviderUnavailableError,
)
from consent_service.keyring.providers import transit
from consent_service.keyring.providers.numbering import (
    key_called,
    numbers_among,
    require_above,
    require_living,
    require_not_current,
)

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9-]{0,10}[A-Za-z0-9])?", fullmatch=True)
numbers = st.integers(min_value=1, max_value=999_999_999)


@given(names, st.sets(numbers), st.lists(st.text()))
def test_what_was_named_is_found_and_nothing_else(name: str, living: set[int], others: list[str]) -> None:
    named = [key_called(name, number) for number in living]
    strangers = [other for other in others if not other.startswith(f"{name}-")]
    assert numbers_among([*strangers, *named], name) == tuple(sorted(living))


@given(names, names, numbers)
def test_keys_of_one_name_are_never_taken_for_those_of_another(one: str, other: str, number: int) -> None:
    if one != other:
        assert numbers_among([key_called(one, number)], other) == ()


@given(
    names, st.sampled_from(["-0", "-01", "-", "", "-1-", "-1\n", "--1", "-+1", "-1.0", "-١", "-1000000000"])
)
def test_a_number_is_written_in_one_way_only(name: str, ending: str) -> None:
    assert numbers_among([name + ending], name) == ()


@given(st.sets(numbers, min_size=1), numbers)
def test_numbers_rise_and_the_highest_stays(living: set[int], number: int) -> None:
    ordered = tuple(sorted(living))
    with pytest.raises(ConfigurationError):
        require_not_current(ordered[-1], ordered)
    if number <= ordered[-1]:
        with pytest.raises(ConfigurationError):
            require_above(number, ordered)
    else:
        require_above(number, ordered)
    if number not in living:
        with pytest.raises(KeyDestroyedError):
            require_living(number, ordered)


def test_where_no_key_is_to_be_seen_nothing_is_said_to_be_destroyed() -> None:
    for rule in (require_living, require_above, require_not_current):
        with pytest.raises(KeyProviderUnavailableError):
            rule(1, ())


@given(numbers, st.binary(min_size=1))
def test_a_servers_ciphertext_is_the_same_after_being_kept_as_bytes(version: int, sealed: bytes) -> None:
    blob = version.to_bytes(4, "big") + sealed
    assert transit._parts(transit._ciphertext(blob)) == (version, sealed)


@given(st.binary(max_size=4))
def test_what_is_too_short_to_be_one_never_reaches_the_server(blob: bytes) -> None:
    with pytest.raises(IntegrityError):
        transit._ciphertext(blob)
