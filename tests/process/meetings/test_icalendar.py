"""The calendar file: RFC 5545 to the letter, and nothing of anybody in it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_service.process.meetings.icalendar import Appointment, calendar, escaped, folded
from tests.process.meetings.reading_calendar import NotValidError, Program, read

ONE = Appointment(
    uid="6f1d5e9c-2b1e-4c8a-9f58-0d2f6d0b7a11",
    sequence=0,
    starts_at=datetime(2026, 10, 27, 13, tzinfo=UTC),
    minutes=60,
    stamp=datetime(2026, 10, 20, 9, 30, tzinfo=UTC),
    method="PUBLISH",
    organizer="post@dienst.example",
)


def test_a_file_says_when_and_nothing_else() -> None:
    assert calendar(ONE).decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//-//-//NL",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{ONE.uid}",
        "SEQUENCE:0",
        "DTSTAMP:20261020T093000Z",
        "DTSTART:20261027T130000Z",
        "DTEND:20261027T140000Z",
        "SUMMARY:Afspraak",
        "LOCATION:zie de dienst",
        "ORGANIZER:mailto:post@dienst.example",
        "STATUS:CONFIRMED",
        "CLASS:PRIVATE",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


LATER = msgspec.structs.replace(
    ONE, sequence=1, starts_at=datetime(2026, 10, 28, 9, tzinfo=UTC), stamp=datetime(2026, 10, 21, tzinfo=UTC)
)
OFF = msgspec.structs.replace(LATER, method="CANCEL", sequence=2, stamp=datetime(2026, 10, 22, tzinfo=UTC))


@pytest.mark.parametrize("one", [ONE, LATER, OFF], ids=["published", "moved", "called off"])
def test_every_file_is_valid_and_names_nobody_who_is_invited(one: Appointment) -> None:
    event = read(calendar(one))
    assert event.method == one.method
    assert b"ATTENDEE" not in calendar(one)


def test_planted_a_request_without_whom_it_asks_is_not_valid() -> None:
    """What we wrote before: RFC 5546 section 3.2.2 asks for an organizer and at least one attendee."""
    asked = calendar(ONE).replace(b"METHOD:PUBLISH", b"METHOD:REQUEST")
    with pytest.raises(NotValidError, match="REQUEST with 0 times ATTENDEE"):
        read(asked)


@pytest.mark.parametrize(
    "given_, changed",
    [
        (b"ORGANIZER:mailto:post@dienst.example\r\n", b""),
        (b"CLASS:PRIVATE", b"ATTENDEE:mailto:iemand@school.example"),
        (b"\r\n", b"\n"),
        (b"Z\r\nDTEND", b"\r\nDTEND"),
        (b"SUMMARY:Afspraak", b"SUMMARY:" + b"a" * 80),
        (b"END:VEVENT\r\n", b"END:VEVENT\r\nX-NAME:Noor\r\n"),
    ],
    ids=["no organizer", "an attendee", "line ends", "local time", "long line", "more"],
)
def test_planted_what_is_not_to_the_letter_is_refused(given_: bytes, changed: bytes) -> None:
    with pytest.raises(NotValidError):
        read(calendar(ONE).replace(given_, changed))


@pytest.mark.parametrize(
    "files, when",
    [
        ([ONE], ONE.starts_at),
        ([ONE, LATER], LATER.starts_at),
        ([LATER, ONE], LATER.starts_at),
        ([ONE, LATER, OFF], None),
        ([ONE, OFF, LATER], None),
        ([OFF, ONE, LATER], None),
    ],
    ids=["one", "moved", "overtaken", "called off", "called off before the move came", "first of all"],
)
def test_whatever_comes_first_a_calendar_shows_what_stands(
    files: list[Appointment], when: datetime | None
) -> None:
    program = Program()
    for one in files:
        program.open(calendar(one))
    assert [event.at("DTSTART") for event in program.shown.values()] == ([] if when is None else [when])


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
