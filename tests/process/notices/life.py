"""The outbox with all that can happen to it: senders that die, a server in a mood, a withdrawal, a clock.

`Life` drives the real services on a real database. `Wire` is the mail server: it writes down what was handed
over, and knows what a person would hold against us.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.app import build_services
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import ConflictError, UnavailableError
from consent_service.foundation.notifier import Answer, MailSession, MessagesUnavailableError, Outgoing
from consent_service.foundation.stop_journal import StopJournal
from consent_service.process.notices.model import NoticeKind
from consent_service.process.notices.tables import notices
from tests.conftest import START, Furnished, sqlite_url
from tests.process.notices.mailing import addressed, queue
from tests.scenarios.stories import Told, told_family, trail
from tests.shelter import World, reopened

Mood = Literal["taken", "later", "refused", "unknown"]
Happens = Literal["die", "withdraw", "cancel"]
STEPS: Final = 12
"""A round has so many places at which something can happen, and more when much is sent."""
ENDED: Final = {"sent", "uncertain", "bounced", "not_sent", "inbox_only", "cancelled"}
SAYS: Final = ("notice.sent.v1", "notice.uncertain.v1", "notice.bounced.v1", "notice.not_sent.v1")


class DiedError(BaseException):
    """The process is gone: nothing of ours catches this."""


@dataclass
class Wire:
    """A mail server; `hook` is called before it is asked, and before and after it gets a mail."""

    hook: Callable[[bool], Awaitable[None]]
    moods: list[Mood] = field(default_factory=list)
    away: bool = False
    may_have: Counter[str] = field(default_factory=Counter)
    """How often a message may have reached somebody."""
    took: set[str] = field(default_factory=set)
    on_the_way: Callable[[str], Awaitable[list[str]]] | None = None
    too_late: Callable[[list[str]], list[str]] = lambda _found: []
    wrong: list[str] = field(default_factory=list)
    sender: str = "noreply@ruggensteun.example"
    offers: tuple[Literal["mail"], ...] = ("mail",)
    is_open: bool = True

    async def send_code(self, *_: Any) -> None:
        raise MessagesUnavailableError("no codes here")

    @asynccontextmanager
    async def session(self) -> AsyncIterator[MailSession]:
        await self.hook(True)
        if self.away:
            raise MessagesUnavailableError("away")
        yield self

    async def post_message(self, _kind: str, _address: str, message: Outgoing) -> Answer:
        assert self.on_the_way is not None
        found = await self.on_the_way(message.mail)
        await self.hook(False)
        mood = self.moods.pop(0) if self.moods else "taken"
        if mood in ("taken", "unknown"):
            self.may_have.update(found)
            self.wrong += self.too_late(found)
            self.took |= set(found) if mood == "taken" else set()
        await self.hook(False)
        return Answer(mood, "550" if mood == "refused" else "")


class Doorstep:
    """The database of a sender: something can happen before each transaction."""

    def __init__(self, database: Database, hook: Callable[[bool], Awaitable[None]]) -> None:
        self._database = database
        self._hook = hook

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        await self._hook(True)
        async with self._database.transaction() as conn:
            yield conn


@dataclass(frozen=True)
class Beginning:
    """A family of which something is shared, and two addresses: copied for each life."""

    place: Path
    furnished: World
    told: Told


async def make_beginning(furnished: Furnished, folder: Path) -> Beginning:
    """Made once, in a folder of its own: a life begins with a copy."""
    _copied(furnished.place, furnished.keystore, folder)
    database = Database(sqlite_url(folder / "ruggensteun.sqlite"))
    try:
        clock, journal = MovableClock(START), StopJournal(folder / "stops.jsonl")
        world = reopened(furnished.world, database, clock, journal, folder)
        told = await told_family(world)
        await addressed(world, world.contact.staff, "ida@linde.example")
        await addressed(world, world.counsellor.staff, "bo@opvang.example")
        return Beginning(folder, furnished.world, told)
    finally:
        await database.close()


class Life:
    """One outbox from then on."""

    def __init__(self, beginning: Beginning, folder: Path) -> None:
        folder.mkdir()
        _copied(beginning.place / "ruggensteun.sqlite", beginning.place / "keystore.json", folder)
        self.clock = MovableClock(START)
        self.database = Database(sqlite_url(folder / "ruggensteun.sqlite"))
        self.told = beginning.told
        journal = StopJournal(folder / "stops.jsonl")
        self._bare = reopened(beginning.furnished, self.database, self.clock, journal, folder)
        self.wire = Wire(self._reached, on_the_way=self._named, too_late=self._off)
        self.step = 0
        self.happens: dict[int, Happens] = {}
        self.withdrawn = False
        self.cancelled: set[str] = set()
        self.about: dict[str, str] = {}
        self.for_school: set[str] = set()
        self.spoil: Callable[[Any], None] = lambda _sender: None
        self.restart()

    @property
    def names(self) -> list[str]:
        """Every message there is."""
        return list(self.about)

    def restart(self) -> None:
        """Everything that stood in memory is gone."""
        parts = msgspec.structs.replace(self._bare.services.installation, notifier=self.wire)
        self.world = replace(self._bare, services=build_services(parts))
        sender: Any = self.world.services.notice_sender
        sender._database = Doorstep(self.database, self._reached)
        self.spoil(sender)

    async def queue(self, kind: NoticeKind, *, to_school: bool, about: str) -> None:
        """A message is put ready."""
        if to_school:
            to = self.world.contact.staff
            name = await queue(
                self.world, kind=kind, to_staff=to, relationship=self.told.relationship, about=about
            )
            self.for_school.add(name)
        else:
            name = await queue(self.world, kind=kind, to_staff=self.world.counsellor.staff, about=about)
        self.about[name] = about

    async def cancel(self, about: str) -> None:
        """What it is about is off: of what was not leaving yet nothing leaves any more."""
        waiting = {
            name
            for name, state in (await self.states()).items()
            if self.about[name] == about and state in ("waiting", "claimed")
        }
        async with self.database.transaction() as conn:
            await self.world.services.notices.cancel(conn, self.world.tenant, about)
        self.cancelled |= waiting

    async def withdraw(self) -> None:
        """From now on the school may know nothing."""
        self.withdrawn = True
        await self.world.services.consent.withdraw_by_code(self.told.receipt.withdrawal_code)

    async def move_clock(self, by: timedelta) -> None:
        """Later, or the clock was set back; the log goes on."""
        self.clock.advance(by)
        await self.world.services.sequencer.run_once(self.world.tenant)

    async def send(self, happens: dict[int, Happens] | None = None) -> None:
        """One round of a sender, and what happens at which step of it."""
        self.step, self.happens = 0, happens or {}
        await self.world.services.sequencer.run_once(self.world.tenant)
        try:
            await self.world.services.notice_sender.run_once(self.world.tenant)
        except DiedError:
            self.restart()
        except (ConflictError, UnavailableError):
            pass
        finally:
            self.happens = {}

    async def send_twice_at_once(self) -> None:
        """Two senders in the same round."""
        await self.world.services.sequencer.run_once(self.world.tenant)
        sender, tenant = self.world.services.notice_sender, self.world.tenant
        await asyncio.gather(sender.run_once(tenant), sender.run_once(tenant), return_exceptions=True)

    async def states(self) -> dict[str, str]:
        async with self.database.reading() as conn:
            rows = await conn.execute(select(notices.c.notice, notices.c.state))
            return {row.notice: row.state for row in rows}

    async def check(self) -> None:
        """What must hold at every moment."""
        twice = [name for name, times in self.wire.may_have.items() if times > 1]
        assert not twice, f"sent twice: {twice}"
        assert not self.wire.wrong, f"sent after it was off: {self.wire.wrong}"
        states = await self.states()
        assert set(states) == set(self.names), "a message disappeared"
        claimed_sent = {name for name, state in states.items() if state == "sent"}
        assert claimed_sent <= self.wire.took, "told as sent, and nobody has it"

    async def end(self) -> None:
        """In a fortnight of good weather each message comes to an end, and the log says which."""
        self.wire.away, self.wire.moods = False, []
        for _ in range(30):
            await self.move_clock(timedelta(hours=13))
            await self.send()
        await self.check()
        states = await self.states()
        assert set(states.values()) <= ENDED, f"on its way for ever: {states}"
        told: Counter[str] = Counter()
        for says in SAYS:
            entries = await trail(self.world, says)
            told.update(getattr(one.detail.event, "notice", "") for one in entries if one.detail is not None)
        silent = [name for name in self.names if told[name] == 0]
        assert not silent, f"lost in silence: {silent}"

    async def close(self) -> None:
        await self.database.close()

    # --- parts -------------------------------------------------------------------------------

    async def _reached(self, undecided: bool) -> None:
        """A step of a round. A withdrawal after the decision and before the mail is one that came later."""
        self.step += 1
        match self.happens.get(self.step):
            case "die":
                raise DiedError(self.step)
            case "withdraw" if undecided:
                await self.withdraw()
            case "cancel" if undecided and self.names:
                await self.cancel(self.about[self.names[-1]])

    async def _named(self, mail: str) -> list[str]:
        async with self.database.reading() as conn:
            rows = await conn.execute(select(notices.c.notice).where(notices.c.mail == mail))
            return list(rows.scalars())

    def _off(self, found: list[str]) -> list[str]:
        """Of what is handed over now, what was off before it was decided."""
        late = [name for name in found if name in self.cancelled]
        return late + [name for name in found if self.withdrawn and name in self.for_school]


def _copied(database: str | Path, keystore: Path, folder: Path) -> None:
    shutil.copyfile(database, folder / "ruggensteun.sqlite")
    shutil.copyfile(keystore, folder / "keystore.json")
    (folder / "keystore.json").chmod(0o600)
