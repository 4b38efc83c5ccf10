"""Somebody who opens the own page in a browser, with a code and a PIN."""

from __future__ import annotations

from consent_service.identity.model import PersonActor
from tests.shelter import World
from tests.web.visiting import Site
from tests.web.walking import Walker

PIN = "580241"
HOME = "/mijn-pagina/keuzes"


async def secured(world: World, actor: PersonActor, pin: str = PIN) -> None:
    """The person chose a PIN."""
    await world.services.page_access.choose_pin(actor, pin, pin)


async def typed(site: Site, code: str, pin: str = PIN, *, language: str = "nl", status: int = 200) -> Walker:
    """A browser after the code and the digits were typed."""
    walker = Walker(site, "", language)
    await walker.open("/mijn-pagina")
    await walker.send("/mijn-pagina", {"code": code})
    fields = {name: walker.values(name)[0] for name in ("code_token", "challenge")}
    await walker.send("/mijn-pagina/cijfers", fields | {"digits": pin, "remember": "yes"}, status=status)
    return walker


async def at_own_page(site: Site, actor: PersonActor, code: str, *, language: str = "nl") -> Walker:
    """A browser on the own page."""
    if await site.world.services.page_access.chosen_factor(actor) is None:
        await secured(site.world, actor)
    walker = await typed(site, code, language=language)
    assert walker.path == HOME, walker.text
    return walker


async def ask_again(walker: Walker, relationship: str, key: str, *, status: int = 200) -> None:
    """The question of one type again; a browser sends what stands in the form, not an address."""
    token = walker.values("csrf")[0]
    await walker.send("/mijn-pagina/vraag", {"csrf": token, "keys": f"{relationship}:{key}"}, status=status)
