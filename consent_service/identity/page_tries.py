"""How often the second factor of the own page may be tried: slower and slower, never locked for good.

Tries count per code and per place they come from, so that nobody can make somebody else wait: a device
that logged in before is slowed by its own mistakes only. A code that is nobody's is counted in the same
way, so that waiting tells nothing. Stopping with the code is not counted here at all.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import INSTALLATION
from consent_service.identity.tables import page_tries

REMEMBERED: Final = timedelta(hours=24)
LONGEST_WAIT: Final = timedelta(hours=1)
ANY_CODE: Final = "*"
"""What is counted over all codes together."""
_STEP: Final = timedelta(minutes=1)
_DOUBLINGS: Final = 10


class Pace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`free` tries, then a minute, two, four ... up to `longest` between two tries.

    pressed_after: from so many tries in a day by unknown places together, each of these waits longest.
    """

    free: int
    longest: timedelta
    pressed_after: int | None = None


FACTOR: Final = Pace(free=5, longest=LONGEST_WAIT, pressed_after=30)
"""Six digits against 24 tries a day and place: years for a finder of the code."""
MESSAGES: Final = Pace(free=3, longest=timedelta(minutes=15), pressed_after=10)
"""Messages with a one-time code: nobody's telephone rings all night."""
EVERYTHING: Final = Pace(free=30, longest=timedelta(minutes=10))
"""All codes from one place: hashing costs memory, and a whole shelter may share one address."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a try comes from, as a digest; `known` when this person logged in there before."""

    digest: str
    known: bool = False


def source_of(place: str, *, known: bool = False) -> Source:
    """A device's mark, or the tag of an address: of a bare address a digest could be guessed back."""
    return Source(_digest("source", place), known)


def wait_after(tries: int, pace: Pace, *, pressed: bool = False) -> timedelta:
    """How long after the last of so many wrong tries the next one is looked at."""
    if pressed:
        return pace.longest
    if tries < pace.free:
        return timedelta()
    doublings = min(tries - pace.free, _DOUBLINGS)
    return min(_STEP * (1 << doublings), pace.longest)


async def count_try(
    conn: AsyncConnection, about: str, source: Source, pace: Pace, now: datetime
) -> timedelta | None:
    """Count a try before it is looked at, so that parallel ones count too; else how long to wait."""
    about = _digest("about", about)
    tries, last_at = await _taken(conn, about, source, now)
    pressed = not source.known and await _is_pressed(conn, about, pace, now)
    left = last_at + wait_after(tries, pace, pressed=pressed) - now
    if tries and left > timedelta():
        return left
    mine = _mine(about, source)
    await conn.execute(
        update(page_tries).where(*mine).values(tries=tries + 1, last_at=now, known=source.known)
    )
    return None


async def forget_tries(conn: AsyncConnection, about: str, source: Source) -> None:
    """It was right: earlier mistakes from this place no longer count."""
    await conn.execute(delete(page_tries).where(*_mine(_digest("about", about), source)))


async def forget_old_tries(conn: AsyncConnection, now: datetime) -> None:
    """What is older than a day no longer counts."""
    old = page_tries.c.last_at <= now - REMEMBERED
    await conn.execute(delete(page_tries).where(page_tries.c.tenant == INSTALLATION, old))


async def _taken(conn: AsyncConnection, about: str, source: Source, now: datetime) -> tuple[int, datetime]:
    """The row of this place, held until the transaction ends; older than a day starts anew."""
    keys = {"tenant": INSTALLATION, "about": about, "source": source.digest}
    fresh = keys | {"known": source.known, "tries": 0, "last_at": now}
    if conn.dialect.name == "sqlite":
        await conn.execute(sqlite.insert(page_tries).values(fresh).on_conflict_do_nothing())
    else:
        await conn.execute(postgresql.insert(page_tries).values(fresh).on_conflict_do_nothing())
    row = (
        await conn.execute(
            select(page_tries.c.tries, page_tries.c.last_at).where(*_mine(about, source)).with_for_update()
        )
    ).one()
    return (0, now) if row.last_at <= now - REMEMBERED else (row.tries, row.last_at)


async def _is_pressed(conn: AsyncConnection, about: str, pace: Pace, now: datetime) -> bool:
    if pace.pressed_after is None:
        return False
    strangers = select(func.coalesce(func.sum(page_tries.c.tries), 0)).where(
        page_tries.c.tenant == INSTALLATION,
        page_tries.c.about == about,
        page_tries.c.known.is_(False),
        page_tries.c.last_at > now - REMEMBERED,
    )
    return int((await conn.execute(strangers)).scalar_one()) >= pace.pressed_after


def _mine(about: str, source: Source) -> tuple[ColumnElement[bool], ...]:
    return (
        page_tries.c.tenant == INSTALLATION,
        page_tries.c.about == about,
        page_tries.c.source == source.digest,
    )


def _digest(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}/v1|{value}".encode(errors="replace")).hexdigest()
