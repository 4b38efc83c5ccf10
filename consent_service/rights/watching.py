"""Looks for patterns in how consent is asked: for the officer's page, and once a week by itself.

What counts as a pattern is `patterns`. Who looks is logged; what is found by itself becomes an entry of
the log, of which the officer's task is made.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.consent.asking import read_asked, read_signed
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.ids import TenantId
from consent_service.identity.devices import devices_of_staff
from consent_service.identity.model import Fg, PrivacyCoordinator, System, by
from consent_service.identity.permissions import Action, Circumstances
from consent_service.information.model import Catalogue
from consent_service.information.texts import Texts, TypeText
from consent_service.organisations.service import OrganisationService, require
from consent_service.rights.patterns import LOOKS_BACK, Pattern, Seen, find_patterns
from consent_service.rights.tables import pattern_marks

Officer = PrivacyCoordinator | Fg
VIEWED = "patterns"
"""How the log names this page among the views that were looked at."""


class WatchingService:
    """Patterns per team, without a name."""

    def __init__(
        self,
        *,
        database: Database,
        log: AuditLog,
        clock: Clock,
        organisations: OrganisationService,
        catalogue: Catalogue,
        texts: Texts,
    ) -> None:
        self._database = database
        self._log = log
        self._clock = clock
        self._organisations = organisations
        self._minimum = catalogue.terms.pattern_minimum
        self._words = words_on_screen(texts)
        self._noticed: dict[TenantId, date] = {}

    async def patterns(self, actor: Officer) -> tuple[Pattern, ...]:
        """What stands out now; one entry says that it was looked at.

        Raises:
            NotAllowedError: not an officer of this shelter.
        """
        require(actor, Action.VIEW_PATTERNS, Circumstances(tenant=actor.tenant))
        async with self._database.transaction() as conn:
            found = await self._find(conn, actor.tenant, self._clock.now())
            viewed = events.LogViewed(filters=(VIEWED,), results=len(found))
            await self._log.append(conn, tenant=actor.tenant, event=viewed, by=by(actor), subject=None)
        return found

    async def notice(self, tenant: TenantId, now: datetime) -> int:
        """Log each pattern once a week; how many were new. Running it again does nothing."""
        async with self._database.reading() as conn:
            found = await self._find(conn, tenant, now)
        if not found:
            return 0
        new = 0
        async with self._database.transaction() as conn:
            for pattern in found:
                if await _is_new_this_week(conn, tenant, pattern, week_of(local_date(now))):
                    event = events.PatternSeen(pattern.kind, pattern.team, pattern.count)
                    await self._log.append(conn, tenant=tenant, event=event, by=by(System()), subject=None)
                    new += 1
        return new

    async def notice_daily(self, tenant: TenantId, now: datetime) -> int:
        """`notice` for a job that runs often: looks once a day and after a start."""
        if self._noticed.get(tenant) == local_date(now):
            return 0
        new = await self.notice(tenant, now)
        self._noticed[tenant] = local_date(now)
        return new

    async def _find(self, conn: AsyncConnection, tenant: TenantId, now: datetime) -> tuple[Pattern, ...]:
        since = now - LOOKS_BACK
        return find_patterns(
            Seen(
                now=now,
                minimum=self._minimum,
                answers=await read_asked(conn, tenant, since),
                sittings=await read_signed(conn, tenant, since),
                teams=await self._organisations.teams(conn, tenant),
                staff_devices=await devices_of_staff(conn, tenant),
                words=self._words,
            )
        )


def words_on_screen(texts: Texts) -> dict[str, int]:
    """How many words one reads before answering, per hash of a text in force."""
    return {
        text.hash: _words_of(text)
        for language in texts.languages.values()
        for text in language.types.values()
    }


def week_of(day: date) -> date:
    """The Monday of the week in which this day lies."""
    return day - timedelta(days=day.weekday())


def _words_of(text: TypeText) -> int:
    shown = (text.question, text.explanation, text.who_sees, text.until)
    return sum(len(sentence.split()) for sentence in shown)


async def _is_new_this_week(conn: AsyncConnection, tenant: TenantId, pattern: Pattern, week: date) -> bool:
    """Marks it, and says whether it was not marked yet: of two processes one logs it."""
    values = {"tenant": tenant, "kind": pattern.kind, "team": pattern.team, "week": week}
    if conn.dialect.name == "sqlite":
        done = await conn.execute(sqlite.insert(pattern_marks).values(values).on_conflict_do_nothing())
    else:
        done = await conn.execute(postgresql.insert(pattern_marks).values(values).on_conflict_do_nothing())
    return done.rowcount == 1
