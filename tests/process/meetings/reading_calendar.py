"""A calendar program of the strict kind: refuses a file that is not RFC 5545 and RFC 5546 to the letter.

Shares nothing with the writer. What it keeps is what a person sees in a calendar after each file (RFC 5546
section 2.1.5): the newest version of each appointment, nothing of one that was called off.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

_LINE = re.compile(r"([A-Z][A-Z0-9-]*)((?:;[A-Z-]+=[^;:\"]+)*):(.*)")
_UTC = re.compile(r"\d{8}T\d{6}Z")
_ONCE = ("VERSION", "PRODID", "METHOD")
_COUNTS: dict[str, dict[str, tuple[int, int]]] = {
    "PUBLISH": {
        "DTSTAMP": (1, 1),
        "DTSTART": (1, 1),
        "ORGANIZER": (1, 1),
        "SUMMARY": (1, 1),
        "UID": (1, 1),
        "SEQUENCE": (0, 1),
        "ATTENDEE": (0, 0),
        "REQUEST-STATUS": (0, 0),
    },
    "CANCEL": {
        "DTSTAMP": (1, 1),
        "ORGANIZER": (1, 1),
        "SEQUENCE": (1, 1),
        "UID": (1, 1),
        "REQUEST-STATUS": (0, 0),
    },
    "REQUEST": {
        "ATTENDEE": (1, 1000),
        "DTSTAMP": (1, 1),
        "DTSTART": (1, 1),
        "ORGANIZER": (1, 1),
        "SUMMARY": (1, 1),
        "UID": (1, 1),
    },
}
"""How often a property stands in an event, by method (RFC 5546 sections 3.2.1, 3.2.2 and 3.2.5)."""
_AT_MOST_ONCE = ("DTEND", "LOCATION", "STATUS", "CLASS", "DESCRIPTION", "URL")


class NotValidError(AssertionError):
    """This file is no calendar file."""


@dataclass
class Event:
    """One appointment as it stands in a file."""

    method: str
    values: dict[str, str]

    def at(self, name: str) -> datetime:
        value = self.values[name]
        _need(_UTC.fullmatch(value), f"{name} is no moment")
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

    @property
    def version(self) -> tuple[int, datetime]:
        return int(self.values.get("SEQUENCE", "0")), self.at("DTSTAMP")


@dataclass
class Program:
    """What somebody sees who opened these files, in whatever order they came."""

    shown: dict[str, Event] = field(default_factory=dict)
    newest: dict[str, Event] = field(default_factory=dict)

    def open(self, file: bytes) -> None:
        event = read(file)
        uid = event.values["UID"]
        known = self.newest.get(uid)
        if known is not None:
            _need(known.values["ORGANIZER"] == event.values["ORGANIZER"], "somebody else's appointment")
            if known.version >= event.version:
                return
        self.newest[uid] = event
        if event.method == "CANCEL":
            self.shown.pop(uid, None)
        else:
            self.shown[uid] = event


def read(file: bytes) -> Event:
    """The one event of a file.

    Raises:
        NotValidError: it is not to the letter.
    """
    lines = _unfolded(file)
    properties = [_property(line) for line in lines]
    names = [name for name, _ in properties]
    _need(properties[0] == ("BEGIN", "VCALENDAR") and properties[-1] == ("END", "VCALENDAR"), "no calendar")
    _need(("BEGIN", "VEVENT") in properties and names.count("BEGIN") == 2, "not one event")
    begin, end = properties.index(("BEGIN", "VEVENT")), properties.index(("END", "VEVENT"))
    head, inside = properties[1:begin], properties[begin + 1 : end]
    _need(end == len(properties) - 2, "something after the event")
    _need(all([name for name, _ in head].count(one) == 1 for one in _ONCE), "the head")
    _need(dict(head)["VERSION"] == "2.0", "the version")
    return _event(dict(head)["METHOD"], inside)


def _event(method: str, inside: list[tuple[str, str]]) -> Event:
    counts = Counter(name for name, _ in inside)
    _need(method in _COUNTS, f"no method {method}")
    for name, (least, most) in _COUNTS[method].items():
        _need(least <= counts[name] <= most, f"{method} with {counts[name]} times {name}")
    _need(all(counts[name] <= 1 for name in _AT_MOST_ONCE), "twice the same")
    found = Event(method, dict(inside))
    _need(found.values["ORGANIZER"].startswith("mailto:"), "an organizer is an address")
    if "DTEND" in found.values:
        _need(found.at("DTSTART") < found.at("DTEND"), "it ends before it begins")
    if method == "CANCEL":
        _need(found.values.get("STATUS") == "CANCELLED", "called off without saying so")
    _need(found.version is not None, "no version")
    return found


def _unfolded(file: bytes) -> list[str]:
    _need(file.endswith(b"\r\n"), "the last line does not end")
    raw = file[:-2].split(b"\r\n")
    _need(all(b"\n" not in line and b"\r" not in line for line in raw), "a bare line end")
    _need(all(len(line) <= 75 for line in raw), "a long line")
    joined: list[bytes] = []
    for line in raw:
        if line[:1] in (b" ", b"\t"):
            joined[-1] += line[1:]
        else:
            joined.append(line)
    return [line.decode() for line in joined]


def _property(line: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    _need(found, f"no property: {line}")
    assert found is not None
    _need(not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line), "a control character")
    return found.group(1), found.group(3)


def _need(true: object, why: str) -> None:
    if not true:
        raise NotValidError(why)
