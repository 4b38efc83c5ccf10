"""How often the second factor of the own page may be tried: slower and slower, and by strangers not for ever.

Tries count per code and per place they come from; a device that logged in before is slowed by its own
mistakes only. Addresses are cheap, so all places that are not such a device share one `Quota` per code and
day. A code that is nobody's is counted in the same way, so that waiting tells nothing. Stopping with the
code is not counted here at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
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
_CUSTOMER: Final = 48


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


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most `most` in any stretch of `within`, whoever asks; the last `kept` are for known devices only."""

    most: int
    within: timedelta
    kept: int = 0


STRANGERS: Final = Quota(50, REMEMBERED)
"""Comparisons of one code's digits by places that are no known device: a finder needs decades for a PIN."""
PERSON_MESSAGES: Final = Quota(5, timedelta(hours=1), kept=2)
"""Messages to one person; strangers who ask for them cannot use up those of a known device."""
OLD_PINS: Final = Quota(10, REMEMBERED)
"""Old PINs typed to change it, on a page that is open already: a stranger at her telephone guesses too."""
WRONG_PINS: Final = Quota(20, REMEMBERED)
"""Wrong PINs at the tablets of one login, however often it logs in anew: years for the digits."""
GUESSES: Final = 5
"""At one one-time code; then it is worth nothing."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a try comes from, as a digest; `known` when this person logged in there before."""

    digest: str
    known: bool = False


def source_of(place: str, *, known: bool = False) -> Source:
    """A device's mark, or the tag of an address: of a bare address a digest could be guessed back."""
    return Source(_digest("source", place), known)


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the /48 that one customer gets of IPv6 (RFC 6177).

    An IPv4 address stays whole: a street or a mobile network shares its neighbours.
    """
    try:
        parsed = IPv6Address(address.partition("%")[0])
    except AddressValueError:
        return _as_ipv4(address)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, _CUSTOMER), strict=False))


def _as_ipv4(address: str) -> str:
    try:
        return str(IPv4Address(address))
    except AddressValueError:
        return address


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


async def take_of(
    conn: AsyncConnection, about: str, quota: Quota, now: datetime, *, known: bool = False
) -> int | None:
    """Take one of the quota: how many are left, None when there was none. Parallel takers never share one."""
    about = _digest("quota", about)
    taken = select(page_tries.c.source).where(
        page_tries.c.tenant == INSTALLATION,
        page_tries.c.about == about,
        page_tries.c.last_at > now - quota.within,
    )
    used = set((await conn.execute(taken)).scalars())
    for place in _places(quota, known=known):
        if place not in used and await _take(conn, about, place, quota, now):
            return max(quota.most - len(used) - 1, 0)
    return None


def _places(quota: Quota, *, known: bool) -> Sequence[str]:
    """A known device takes the kept ones first, so that it leaves the others alone."""
    numbers = range(quota.most - 1, -1, -1) if known else range(quota.most - quota.kept)
    return [_digest("place", str(number)) for number in numbers]


async def _take(conn: AsyncConnection, about: str, place: str, quota: Quota, now: datetime) -> bool:
    keys = {"tenant": INSTALLATION, "about": about, "source": place}
    fresh = keys | {"known": True, "tries": 1, "last_at": now}
    insert = sqlite.insert if conn.dialect.name == "sqlite" else postgresql.insert
    taken = (
        insert(page_tries)
        .values(fresh)
        .on_conflict_do_update(
            index_elements=list(keys),
            set_={"last_at": now},
            where=page_tries.c.last_at <= now - quota.within,
        )
        .returning(page_tries.c.source)
    )
    return (await conn.execute(taken)).first() is not None


async def give_back(conn: AsyncConnection, about: str, now: datetime) -> None:
    """What was taken of a quota last was not used up after all."""
    mine = (page_tries.c.tenant == INSTALLATION, page_tries.c.about == _digest("quota", about))
    newest = select(page_tries.c.source).where(*mine, page_tries.c.last_at <= now)
    last = newest.order_by(page_tries.c.last_at.desc()).limit(1).scalar_subquery()
    await conn.execute(delete(page_tries).where(*mine, page_tries.c.source == last))


async def forget_quota(conn: AsyncConnection, about: str) -> None:
    """Begin anew: what was guessed at is no longer what it was."""
    mine = (page_tries.c.tenant == INSTALLATION, page_tries.c.about == _digest("quota", about))
    await conn.execute(delete(page_tries).where(*mine))


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
