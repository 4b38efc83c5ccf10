"""Until when somebody is a contact of a child without saying so again: once every school term. Pure.

Where a term begins and how long after that one may still say so are data (`policies/terms.toml`). A lapse is
a day, and so begins at local midnight: no decision holds longer than until the next one
(`policy.projection.next_change`).
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

import msgspec

from consent_service.foundation.clock import local_date, local_midnight


class SchoolTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Days on which a school term begins, as "MM-DD" of every year, and days of grace after it.

    Without a day nobody is asked anything, and nobody lapses.
    """

    starts: tuple[str, ...] = ()
    grace_days: int = 0


NO_TERMS = SchoolTerms()


def next_term(terms: SchoolTerms, confirmed_at: datetime) -> date | None:
    """The first day of a term after the day of confirming; None when no term ever begins.

    Raises:
        ValueError: a start is not of the form MM-DD, or no day of every year.
    """
    said = local_date(confirmed_at)
    years = (said.year, said.year + 1)
    days = [date.fromisoformat(f"{year:04}-{start}") for year in years for start in terms.starts]
    return min((day for day in days if day > said), default=None)


def lapses_at(terms: SchoolTerms, confirmed_at: datetime) -> datetime | None:
    """The moment (local midnight, UTC) from which this confirmation no longer counts; None: never."""
    begins = next_term(terms, confirmed_at)
    return None if begins is None else local_midnight(begins + timedelta(days=terms.grace_days))


def is_attested(terms: SchoolTerms, confirmed_at: datetime, now: datetime) -> bool:
    """Whether a confirmation of then still counts now."""
    ends_at = lapses_at(terms, confirmed_at)
    return ends_at is None or now < ends_at


def is_asked(terms: SchoolTerms, confirmed_at: datetime, now: datetime) -> bool:
    """Whether a term has begun since, for which nobody confirmed yet; also after the lapse."""
    begins = next_term(terms, confirmed_at)
    return begins is not None and begins <= local_date(now)
