"""The stage of the play: a clock that runs and jumps, a browser for each person, a mail server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from playwright.async_api import Browser, expect

from consent_service.foundation.clock import AMSTERDAM
from tests.browser.conftest import Tab
from tests.postbox import Postbox

MONDAY = date(2026, 9, 7)
"""The play begins in a week of school; the tables of holidays know this year."""
SIZES = {"counsellor": (1280, 800), "mother": (800, 1280), "contact": (360, 740)}
"""A laptop, the tablet, and the telephone of somebody between two lessons: `look` turns each of them."""
_PATIENCE = 60.0


class JumpingClock:
    """Goes on as time does, and jumps ahead when the next scene begins."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._at = at(MONDAY, 9, 0)

    def now(self) -> datetime:
        return self._at + timedelta(seconds=time.monotonic() - self._began)

    def jump(self, to: datetime) -> None:
        """Never back."""
        assert to >= self.now()
        self._at, self._began = to, time.monotonic()


def at(day: date, hour: int, minute: int) -> datetime:
    """This moment on the wall in the Netherlands."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


@dataclass
class Stage:
    """What the acts share."""

    browser: Browser
    origin: str
    clock: JumpingClock
    postbox: Postbox
    photographs: Path | None
    complaints: list[str]
    code: str = ""

    async def tab_of(self, who: str) -> Tab:
        """A window of a browser of its own: no cookie of anybody else."""
        width, height = SIZES[who]
        context = await self.browser.new_context(
            viewport={"width": width, "height": height}, has_touch=True, locale="nl-NL"
        )
        page = await context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return Tab(page, self.origin, self.photographs, self.complaints, who)

    def digits(self) -> str:
        """The six digits of the newest mail to somebody."""
        return self.postbox.digits()

    async def mails(self, to: str, number: int) -> None:
        """Wait until this address has so many mails."""
        await wait_until(lambda: _mails_to(self.postbox, to) >= number)


async def wait_until(true: Callable[[], bool]) -> None:
    """Wait for what happens in the background."""
    async with asyncio.timeout(_PATIENCE):
        while not true():  # noqa: ASYNC110 - what happens there tells nobody
            await asyncio.sleep(0.2)


async def look_again_until(tab: Tab, seen: Callable[[], Awaitable[bool]]) -> None:
    """Load the page again until something stands there that is made in the background."""
    async with asyncio.timeout(_PATIENCE):
        while not await seen():
            await asyncio.sleep(0.5)
            await tab.page.reload()


async def fill_day(tab: Tab, name: str, day: date) -> None:
    for part in ("day", "month", "year"):
        await tab.page.locator(f"#{name}-{part}").fill(str(getattr(day, part)))


async def choose(tab: Tab, name: str, value: str) -> None:
    """Tap the words beside the dot, as people do."""
    await tab.page.locator(f'label[for="{name}-{value}"]').click()


async def status(tab: Tab, words: str) -> None:
    """The page says what was done."""
    await expect(tab.page.get_by_role("status")).to_contain_text(words)


def _mails_to(postbox: Postbox, to: str) -> int:
    return sum(to in envelope.rcpt_tos for envelope in postbox.envelopes)
