"""The calendar file: RFC 5545 to the letter, and nothing of anybody in it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.process.meetings.icalendar import Appointment, calendar, escaped, folded

ONE = Appointment(
    uid="6f1d5e9c-2b1e-4c8a-9f58-0d2f6d0b7a11",
    sequence=0,
    starts_at=datetime(2026, 10, 27, 13, tzinfo=UTC),
    minutes=60,
    stamp=datetime(2026, 10, 20, 9, 30, tzinfo=UTC),
    method="REQUEST",
)


def test_a_file_says_when_and_nothing_else() -> None:
    assert calendar(ONE).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//-//-//NL",
        "CALSCALE:GREGORIAN",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        f"UID:{ONE.uid}",
        "SEQUENCE:0",
        "DTSTAMP:20261020T093000Z",
        "DTSTART:20261027T130000Z",
        "DTEND:20261027T140000Z",
        "SUMMARY:Afspraak",
        "LOCATION:zie de dienst",
        "STATUS:CONFIRMED",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_a_cancellation_is_the_same_appointment_in_a_later_version() -> None:
    file = calendar(
        msgspec.structs.replace(ONE, method="CANCEL", sequence=2, organizer="post@dienst.example")
    )
    lines = set(file.split(b"\r\n"))
    assert {b"METHOD:CANCEL", b"SEQUENCE:2", b"STATUS:CANCELLED"} <= lines
    assert b"ORGANIZER:mailto:post@dienst.example" in lines
    assert f"UID:{ONE.uid}".encode() in file


@pytest.mark.parametrize(
    "text, written",
    [("a,b;c", r"a\,b\;c"), ("a\\b", r"a\\b"), ("a\nb\r\nc\rd", r"a\nb\nc\nd"), ("é", "é")],
)
def test_text_is_escaped(text: str, written: str) -> None:
    assert escaped(text) == written


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=400))
def test_folding_keeps_lines_short_and_characters_whole(line: str) -> None:
    parts = list(folded(line))
    assert all(len(part) <= 75 for part in parts)
    assert all(part.startswith(b" ") for part in parts[1:])
    assert b"".join([parts[0], *(part[1:] for part in parts[1:])]).decode() == line
    for part in parts:
        part.decode()
