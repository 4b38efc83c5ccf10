"""A passkey of Chromium's own authenticator: added, shown where a PIN is asked for, and removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import expect

from consent_service.demo.running import running
from consent_service.demo.state import make, settings_of
from consent_service.foundation.clock import SystemClock
from consent_service.foundation.settings import load_settings
from consent_service.web.serving import any_free_port
from tests.browser.conftest import Tab
from tests.browser.test_intake import come_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[str]:
    """As everywhere, at an address with a name: a number has no passkeys."""
    base = load_settings({"HOME": str(tmp_path)})
    settings = settings_of(tmp_path / "demo", base, port=any_free_port())
    settings = msgspec.structs.replace(settings, public_origin=f"http://localhost:{settings.port}")
    settings.state_dir.mkdir()
    made = await make(settings.state_dir, settings, SystemClock(), families=False)
    async with running(settings, made.shelter, SystemClock(), provider_port=any_free_port()):
        yield settings.public_origin


async def _authenticator(tab: Tab) -> None:
    """One that is built in, has a person who is there, and knows who that is."""
    devtools = await tab.page.context.new_cdp_session(tab.page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


async def test_a_passkey_takes_the_tablet_back_and_opens_the_screen(tab: Tab) -> None:
    await _authenticator(tab)
    await tab.log_in("Bo Begeleider")
    await tab.follow("Mijn sessies")
    await expect(tab.page.get_by_role("heading", name="Computer, Chrome")).to_be_visible()
    await tab.look("own-sessions")
    await tab.follow("Toegangssleutel toevoegen")
    await tab.look("add-passkey")
    await tab.press("Toevoegen")
    await expect(tab.page.get_by_role("status")).to_contain_text("De toegangssleutel is toegevoegd.")
    await tab.look("own-passkeys")

    await tab.page.goto(tab.origin)
    await come_in(tab)
    await tab.page.goto(f"{tab.origin}/tablet-terug")
    await tab.look("take-back")
    await tab.press("Terugnemen met toegangssleutel")
    await expect(tab.page.get_by_role("status")).to_contain_text("De tablet is weer van u.")

    await tab.page.clock.install()
    await tab.page.goto(f"{tab.origin}/mijn-sessies")
    await tab.page.clock.fast_forward(121_000)
    await expect(tab.page.get_by_role("heading", name="Dit scherm is op slot")).to_be_visible()
    await tab.look("locked-with-passkey")
    await tab.press("Verder met toegangssleutel")
    await expect(tab.page.get_by_role("heading", name="Dit scherm is op slot")).to_have_count(0)

    await tab.page.goto(f"{tab.origin}/mijn-sessies")
    await tab.press("Verwijderen Computer, Chrome")
    await expect(tab.page.get_by_role("status")).to_contain_text("De toegangssleutel is verwijderd.")
    await expect(tab.page.get_by_text("U hebt er nog geen.")).to_be_visible()
