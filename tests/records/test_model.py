"""How long a record is kept, per kind of retention, in local days."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from consent_service.foundation.ids import TypeKey
from consent_service.information.catalogue import load_catalogue
from consent_service.records.model import expires
from tests.shelter import POLICIES

TYPES = load_catalogue(POLICIES).types


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "key, fields, written, ends",
    [
        # by the end of guidance, or until it changes: no date
        ("shelter_involvement", {}, "2026-09-01T08:00", None),
        ("pickup", {}, "2026-09-01T08:00", None),
        # months, counted from the local day; the last day of a shorter month
        ("concerns", {}, "2026-09-01T08:00", "2026-11-30T23:00"),
        ("concerns", {}, "2026-09-01T22:30", "2026-12-01T23:00"),
        ("concerns", {}, "2026-11-30T12:00", "2027-02-27T23:00"),
        # five school days: from a Tuesday, a Friday and a Saturday
        ("care_signal", {}, "2026-09-01T08:00", "2026-09-07T22:00"),
        ("care_signal", {}, "2026-09-04T08:00", "2026-09-10T22:00"),
        ("care_signal", {}, "2026-09-05T08:00", "2026-09-11T22:00"),
        # the school year ends on 31 July
        ("support_advice", {}, "2026-07-31T12:00", "2026-07-31T22:00"),
        ("support_advice", {}, "2026-08-01T12:00", "2027-07-31T22:00"),
        # a month after the day of the move, never before a month after writing
        ("move_or_new_school", {"date": "2026-10-05"}, "2026-09-01T08:00", "2026-11-04T23:00"),
        ("move_or_new_school", {"date": "2026-01-05"}, "2026-09-01T08:00", "2026-09-30T22:00"),
        ("move_or_new_school", {"date": ""}, "2026-09-01T08:00", "2026-09-30T22:00"),
        ("move_or_new_school", {}, "2026-09-01T08:00", "2026-09-30T22:00"),
    ],
)
def test_a_record_is_kept_as_long_as_its_type_says(
    key: str, fields: dict[str, str], written: str, ends: str | None
) -> None:
    assert expires(TYPES[TypeKey(key)], fields, at(written)) == (None if ends is None else at(ends))
