"""The demo's servers without families, on free ports, and Debian's Chromium in front of them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import ConsoleMessage, Locator, Page, async_playwright, expect

from consent_service.demo.running import running
from consent_service.demo.state import make, settings_of
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.settings import load_settings
from consent_service.web.serving import any_free_port
from tests.conftest import cannot_run

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
TABLET = (800, 1280)
STEADY = """what => what.form ? "steady" in what.form.dataset
  : document.querySelector("[data-steady-notice]") !== null && what.closest("main") !== null"""
"""Whether a script sends this form or follows this link (`steady.js`)."""
expect.set_options(timeout=60_000)  # milliseconds: the machine may be busy


@dataclass
class Tab:
    """One window of a browser, photographed where a person looks; complaints are kept."""

    page: Page
    origin: str
    photographs: Path | None
    complaints: list[str]
    device: str = "tablet"
    taken: int = 0

    async def look(self, name: str) -> None:
        """Nothing runs off the side, however it is held; photographed when somebody wants to look too."""
        self.taken += 1
        held = self.page.viewport_size
        assert held is not None
        for width, height in ((held["height"], held["width"]), (held["width"], held["height"])):
            await self.page.set_viewport_size({"width": width, "height": height})
            assert not await self.page.evaluate(SIDEWAYS), f"{name} scrolls sideways at {width} x {height}"
            if self.photographs is not None:
                path = self.photographs / f"{self.taken:02}-{name}.{self.device}-{width}x{height}.png"
                await self.page.screenshot(path=path, full_page=True)

    async def press(self, words: str) -> None:
        """Press the button that says exactly this."""
        await self._go(self.page.get_by_role("button", name=words, exact=True))

    async def _go(self, what: Locator) -> None:
        """Tap this; where a lost connection is waited for, the next page comes a little later."""
        if not await what.evaluate(STEADY):
            await what.click()
            return
        async with self.page.expect_navigation():
            await what.click()

    async def begin(self) -> None:
        """Past the welcome and the questions with pictures."""
        await self.press("Beginnen")
        await self.follow("Overslaan")

    async def follow(self, words: str) -> None:
        """Tap the link that says this."""
        await self._go(self.page.get_by_role("link", name=words).first)

    async def heading(self) -> str:
        return (await self.page.get_by_role("heading", level=1).inner_text()).strip()

    async def log_in(self, who: str) -> None:
        """From the front door through the demo provider."""
        await self.page.goto(self.origin)
        await self.page.get_by_role("button", name="Demo").first.click()
        await self.page.get_by_role("button", name=who).first.click()


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[str]:
    """A shelter with two schools and everybody's login, and no families yet."""
    base = load_settings({"HOME": str(tmp_path)})
    settings = settings_of(tmp_path / "demo", base, port=any_free_port())
    settings.state_dir.mkdir()
    made = await make(settings.state_dir, settings, SystemClock(), families=False)
    async with running(settings, made.shelter, SystemClock(), provider_port=any_free_port()) as demo:
        yield demo.address


@pytest.fixture
def photographs() -> Path | None:
    """Where photographs go for whoever wants to look at them."""
    if not CHROMIUM.exists():
        cannot_run("browser tests need Debian's package chromium")
    wanted = os.environ.get("RUGGENSTEUN_SCREENSHOTS")
    folder = Path(wanted) if wanted else None
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def left_out() -> list[str]:
    """Which of Playwright's own options the browser goes without."""
    return []


@pytest.fixture
async def tab(photographs: Path | None, origin: str, left_out: list[str]) -> AsyncIterator[Tab]:
    """A tablet, turned at every look; at the end nothing was refused by the content policy or broke."""
    width, height = TABLET
    complaints: list[str] = []

    def keep(message: ConsoleMessage) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            complaints.append(message.text)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, ignore_default_args=left_out or None
        )
        page = await browser.new_page(
            viewport={"width": width, "height": height}, has_touch=True, locale="nl-NL"
        )
        page.set_default_timeout(60_000)
        page.on("console", keep)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield Tab(page, origin, photographs, complaints)
        await browser.close()
    assert complaints == []
