"""A calendar file with one appointment and nothing in it (RFC 5545, RFC 5546): pure bytes.

No name, no place, no telling title: a calendar is shared with colleagues, and shown on a phone at home.
It is published, not requested: a request names everybody who is invited and is answered by their calendars
(RFC 5546 section 3.2.2). What was published is replaced, and called off, by a later version of the same UID.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

import msgspec

Method = Literal["PUBLISH", "CANCEL"]
TITLE: Final = "Afspraak"
WHERE: Final = "zie de dienst"
_OCTETS: Final = 75


class Appointment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When, how long in minutes, and which version of which appointment.

    `organizer` is the neutral address that the mail comes from: every file must name one (RFC 5546 3.2.1).
    """

    uid: str
    sequence: int
    starts_at: datetime
    minutes: int
    stamp: datetime
    method: Method
    organizer: str


def calendar(one: Appointment) -> bytes:
    """The file: lines of at most 75 octets that end in CRLF (RFC 5545 section 3.1)."""
    return b"".join(part + b"\r\n" for line in _lines(one) for part in folded(line))


def escaped(text: str) -> str:
    """A value of type TEXT (RFC 5545 section 3.3.11)."""
    plain = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def folded(line: str) -> Iterator[bytes]:
    """A content line in parts of at most 75 octets, never through the middle of a character."""
    part = b""
    for character in line:
        octets = character.encode()
        if len(part) + len(octets) > _OCTETS:
            yield part
            part = b" "
        part += octets
    yield part


def _lines(one: Appointment) -> Iterator[str]:
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield "PRODID:-//-//-//NL"
    yield "CALSCALE:GREGORIAN"
    yield f"METHOD:{one.method}"
    yield "BEGIN:VEVENT"
    yield f"UID:{escaped(one.uid)}"
    yield f"SEQUENCE:{one.sequence}"
    yield f"DTSTAMP:{_utc(one.stamp)}"
    yield f"DTSTART:{_utc(one.starts_at)}"
    yield f"DTEND:{_utc(one.starts_at + timedelta(minutes=one.minutes))}"
    yield f"SUMMARY:{escaped(TITLE)}"
    yield f"LOCATION:{escaped(WHERE)}"
    yield f"ORGANIZER:mailto:{one.organizer}"
    yield f"STATUS:{'CANCELLED' if one.method == 'CANCEL' else 'CONFIRMED'}"
    yield "CLASS:PRIVATE"
    yield "END:VEVENT"
    yield "END:VCALENDAR"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
