"""On which days primary schools teach, per region of the Netherlands. Pure; other years are refused.

Holidays: Rijksoverheid, "Overzicht schoolvakanties per schooljaar" (the Regeling vaststelling schoolvakanties
on the Wpo, article 15(2)): 2027-2028 and 2028-2029 read at rijksoverheid.nl/onderwerpen/schoolvakanties;
2025-2026 and 2026-2027 as opendata.rijksoverheid.nl has them, held against rosters that schools published.
Summer, Christmas and one week in May are fixed for every school; autumn and spring are the dates that are
advised, from which a school may depart. Days off by law: Algemene termijnenwet article 3(1), with 5 May of
every year. Good Friday, a second week in May and a school's own days off are for each school to choose; they
are not known here and count as school days, so that what must be gone is gone sooner, never later.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final, Literal, get_args

from consent_service.foundation.clock import AMSTERDAM, local_date, local_midnight
from consent_service.foundation.errors import InputError, Problem

Region = Literal["noord", "midden", "zuid"]
REGIONS: Final[tuple[Region, ...]] = get_args(Region)
BELL: Final = time(8)
"""When a school should know: eight o'clock, local time, before the lessons."""
_Days = tuple[date, date]
_ALL: Final[dict[int, tuple[_Days, ...]]] = {
    2025: ((date(2025, 12, 20), date(2026, 1, 4)), (date(2026, 4, 25), date(2026, 5, 3))),
    2026: ((date(2026, 12, 19), date(2027, 1, 3)), (date(2027, 4, 24), date(2027, 5, 2))),
    2027: ((date(2027, 12, 25), date(2028, 1, 9)), (date(2028, 4, 29), date(2028, 5, 7))),
    2028: ((date(2028, 12, 23), date(2029, 1, 7)), (date(2029, 4, 28), date(2029, 5, 6))),
}
"""Christmas and May, the same in every region, by the year in which the school year begins; both days in."""
_OWN: Final[dict[tuple[int, Region], tuple[_Days, ...]]] = {
    (2025, "noord"): (
        (date(2025, 10, 18), date(2025, 10, 26)),
        (date(2026, 2, 21), date(2026, 3, 1)),
        (date(2026, 7, 4), date(2026, 8, 16)),
    ),
    (2025, "midden"): (
        (date(2025, 10, 18), date(2025, 10, 26)),
        (date(2026, 2, 14), date(2026, 2, 22)),
        (date(2026, 7, 18), date(2026, 8, 30)),
    ),
    (2025, "zuid"): (
        (date(2025, 10, 11), date(2025, 10, 19)),
        (date(2026, 2, 14), date(2026, 2, 22)),
        (date(2026, 7, 11), date(2026, 8, 23)),
    ),
    (2026, "noord"): (
        (date(2026, 10, 10), date(2026, 10, 18)),
        (date(2027, 2, 20), date(2027, 2, 28)),
        (date(2027, 7, 10), date(2027, 8, 22)),
    ),
    (2026, "midden"): (
        (date(2026, 10, 17), date(2026, 10, 25)),
        (date(2027, 2, 20), date(2027, 2, 28)),
        (date(2027, 7, 17), date(2027, 8, 29)),
    ),
    (2026, "zuid"): (
        (date(2026, 10, 17), date(2026, 10, 25)),
        (date(2027, 2, 13), date(2027, 2, 21)),
        (date(2027, 7, 24), date(2027, 9, 5)),
    ),
    (2027, "noord"): (
        (date(2027, 10, 16), date(2027, 10, 24)),
        (date(2028, 2, 19), date(2028, 2, 27)),
        (date(2028, 7, 15), date(2028, 8, 27)),
    ),
    (2027, "midden"): (
        (date(2027, 10, 16), date(2027, 10, 24)),
        (date(2028, 2, 26), date(2028, 3, 5)),
        (date(2028, 7, 8), date(2028, 8, 20)),
    ),
    (2027, "zuid"): (
        (date(2027, 10, 23), date(2027, 10, 31)),
        (date(2028, 2, 26), date(2028, 3, 5)),
        (date(2028, 7, 22), date(2028, 9, 3)),
    ),
    (2028, "noord"): (
        (date(2028, 10, 14), date(2028, 10, 22)),
        (date(2029, 2, 17), date(2029, 2, 25)),
        (date(2029, 7, 21), date(2029, 9, 2)),
    ),
    (2028, "midden"): (
        (date(2028, 10, 21), date(2028, 10, 29)),
        (date(2029, 2, 17), date(2029, 2, 25)),
        (date(2029, 7, 7), date(2029, 8, 19)),
    ),
    (2028, "zuid"): (
        (date(2028, 10, 21), date(2028, 10, 29)),
        (date(2029, 2, 10), date(2029, 2, 18)),
        (date(2029, 7, 14), date(2029, 8, 26)),
    ),
}
"""Autumn, spring and summer of each region, in that order; both days in."""
_BY_LAW: Final = frozenset(
    {
        *(date(2026, 4, 6), date(2026, 4, 27), date(2026, 5, 5), date(2026, 5, 14), date(2026, 5, 25)),
        *(date(2027, 3, 29), date(2027, 4, 27), date(2027, 5, 5), date(2027, 5, 6), date(2027, 5, 17)),
        *(date(2028, 4, 17), date(2028, 4, 27), date(2028, 5, 5), date(2028, 5, 25), date(2028, 6, 5)),
        *(date(2029, 4, 2), date(2029, 4, 27), date(2029, 5, 10), date(2029, 5, 21)),
    }
)
"""Second Easter day, King's day, 5 May, Ascension, second Whit day; others fall in a holiday or weekend."""
FIRST_DAY: Final = date(2025, 8, 1)
"""The first day of which the table knows (Wpo: a school year runs from 1 August to 31 July)."""


def last_day(region: Region) -> date:
    """The last day of which the table knows: the end of the last summer it has."""
    return max(own[-1][1] for (_, where), own in _OWN.items() if where == region)


def is_school_day(day: date, region: Region) -> bool:
    """Whether schools of this region teach on this day.

    Raises:
        InputError: the holidays of that school year are not in the table; nothing is guessed.
    """
    if not FIRST_DAY <= day <= last_day(region):
        raise InputError([Problem("region", "school_days_missing")])
    if day.weekday() > 4 or day in _BY_LAW:
        return False
    if day < date(2025, 8, 31) and day <= _SUMMER_2025[region]:
        return False
    own = (days for (_, where), found in _OWN.items() if where == region for days in found)
    shared = (days for found in _ALL.values() for days in found)
    return not any(first <= day <= last for first, last in (*own, *shared))


def is_closed(day: date, region: Region) -> bool | None:
    """Whether schools of this region are closed on this day; None: the table has no such year."""
    try:
        return not is_school_day(day, region)
    except InputError:
        return None


def school_day_from(day: date, region: Region) -> date:
    """This day, or the first school day after it.

    Raises:
        InputError: the table ends before one is found.
    """
    while not is_school_day(day, region):
        day += timedelta(days=1)
    return day


def heard_by(sent: datetime, region: Region) -> datetime:
    """Eight o'clock of the first school morning after `sent`: by then somebody at the school has read it.

    Raises:
        InputError: the table ends before that.
    """
    day = local_date(sent)
    if sent.astimezone(AMSTERDAM).time() >= BELL:
        day += timedelta(days=1)
    found = school_day_from(day, region)
    return datetime.combine(found, BELL, tzinfo=AMSTERDAM)


def gone_at(sent: datetime, region: Region, *, days: int) -> datetime:
    """The local midnight after `days` school days, of which today is the first when the school teaches today.

    Raises:
        InputError: the table ends before that.
    """
    day = school_day_from(local_date(sent), region)
    for _ in range(days - 1):
        day = school_day_from(day + timedelta(days=1), region)
    return local_midnight(day + timedelta(days=1))


_SUMMER_2025: Final[dict[Region, date]] = {
    "noord": date(2025, 8, 24),
    "midden": date(2025, 8, 31),
    "zuid": date(2025, 8, 17),
}
"""The last day of the summer before the first school year here."""
