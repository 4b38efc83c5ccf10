"""Choosing how to get in again: an address for messages, and a code that is not this person's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from consent_service.identity.model import GuardianActor
from consent_service.web.page import factor_routes
from consent_service.web.page.door import CHOOSE
from consent_service.web.page.factor_routes import CODE_COOKIE
from consent_service.web.page.forms import ChosenFactor
from tests.web.visiting import COOKIE, Site


async def test_an_address_goes_to_the_service_as_it_was_chosen(site: Site) -> None:
    view = await site.world.family()
    actor = site.world.guardian(view)
    kept: list[tuple[Any, ...]] = []

    async def choose_channel(who: GuardianActor, kind: str, address: str, **more: object) -> None:
        kept.append((who, kind, address, more))

    access = SimpleNamespace(choose_channel=choose_channel)
    visit: Any = SimpleNamespace(services=SimpleNamespace(page_access=access))
    chosen = ChosenFactor("mail", address="ik@example.nl", only_mine=True)
    await factor_routes._keep(visit, actor, chosen, None)
    assert kept == [(actor, "mail", "ik@example.nl", {"only_mine": True, "where": None})]


async def test_a_code_that_nobody_has_is_not_shown(site: Site) -> None:
    tablet = await site.with_tablet(await site.world.family())
    cookies = f"{COOKIE}={tablet.token}; {CODE_COOKIE}=of-another-sitting"
    page = await site.client.get(CHOOSE, headers={"cookie": cookies})
    assert page.status_code == 200
    assert "withdrawal-code" not in page.text
