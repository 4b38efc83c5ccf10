"""A day and a time in the Netherlands as one moment: never past, never one that does not exist. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final, Literal

from consent_service.foundation.clock import AMSTERDAM
from consent_service.foundation.errors import InputError, Problem

Which = Literal["", "first", "second"]
"""Of an hour that comes twice in the night the clock goes back: before or after that."""
_TIME: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
_FAR: Final = 366


def moment(day: date | None, clock_time: str, *, which: Which, now: datetime) -> datetime:
    """The instant (UTC) of a local day and time `HH:MM`.

    Raises:
        InputError: something is missing, past or over a year away; a time that the clock skips; or one that
            comes twice, and `which` does not say which of both.
    """
    problems = [] if day is not None else [Problem("day", "required")]
    if not _TIME.fullmatch(clock_time):
        problems.append(Problem("time", "meeting_time"))
    if problems or day is None:
        raise InputError(problems)
    local = datetime.combine(day, time.fromisoformat(clock_time))
    earlier, later = (local.replace(tzinfo=AMSTERDAM, fold=fold) for fold in (0, 1))
    if _returns_otherwise(earlier, local):
        raise InputError([Problem("time", "meeting_time_skipped")])
    if earlier.utcoffset() != later.utcoffset() and not which:
        raise InputError([Problem("which", "meeting_time_twice")])
    found = (later if which == "second" else earlier).astimezone(UTC)
    if found <= now:
        raise InputError([Problem("day", "meeting_past")])
    if (day - now.astimezone(AMSTERDAM).date()).days > _FAR:
        raise InputError([Problem("day", "meeting_far")])
    return found


def _returns_otherwise(aware: datetime, local: datetime) -> bool:
    """A local time that the clock skips comes back from UTC as another (PEP 495)."""
    return aware.astimezone(UTC).astimezone(AMSTERDAM).replace(tzinfo=None, fold=0) != local
