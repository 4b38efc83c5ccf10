"""Tests of `consent_service.foundation.ids` against RFC 9562 section 5.7."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.foundation.ids import INSTALLATION, is_id, new_id


@given(milliseconds=st.integers(0, 2**48 - 1))
def test_an_id_is_a_version_7_uuid_that_carries_only_its_time(milliseconds: int) -> None:
    value = uuid.UUID(new_id(milliseconds))

    assert (value.version, value.variant) == (7, uuid.RFC_4122)
    assert value.int >> 80 == milliseconds


def test_ids_sort_by_the_millisecond_in_which_they_were_made() -> None:
    ids = [new_id(milliseconds) for milliseconds in range(1000, 1100)]

    assert ids == sorted(ids)
    assert len({new_id(1000) for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "text",
    ["", "_", "x", "'; --", "0190F3C2-0000-7000-8000-000000000000", "{0190f3c2-0000-7000-8000-000000000000}"],
)
def test_only_the_one_written_form_is_an_id(text: str) -> None:
    assert is_id(new_id())
    assert not is_id(text)


def test_no_shelter_can_be_the_installation() -> None:
    assert not is_id(INSTALLATION)
