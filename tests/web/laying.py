"""A guardian at the tablet, with a sitting that has begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from consent_service.consent.model import Sitting, Standing
from consent_service.consent.service import Key
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor
from tests.shelter import World
from tests.web.visiting import Site
from tests.web.walking import Walker

TYPES = 5
"""How many questions the first conversation has for each child."""


@dataclass
class Table:
    """A guardian with the tablet, at the start of a sitting."""

    site: Site
    world: World
    family: FamilyView
    relationship: RelationshipId
    actor: GuardianActor
    sitting: Sitting
    parent: Walker

    def at(self, *parts: str) -> str:
        return "/".join((f"/intake/{self.sitting.sitting}", *parts))

    async def answers(self) -> dict[Key, Standing]:
        """What counts now."""
        return await self.world.services.consent.own_answers(self.actor)

    async def drafts(self) -> dict[tuple[RelationshipId, TypeKey], str]:
        """What is noted and does not count yet."""
        now = await self.world.services.sittings.read(self.actor, self.sitting.sitting)
        return dict(now.answers)

    async def answer_all(self, words: str = "Ja") -> None:
        await self.parent.open(self.at())
        await self.parent.begin()
        while self.parent.page.all("button", name="answer"):
            await self.parent.press(words)

    async def sign(self) -> str:
        """Everything answered and signed; the code on the receipt."""
        await self.answer_all()
        await self.parent.follow("Ja, dit klopt")
        await self.parent.press("Ondertekenen", {"signature": "Samira Voorbeeld"})
        return self.code

    @property
    def code(self) -> str:
        (shown,) = [e.text() for e in self.parent.page.walk() if "withdrawal-code" in e.classes()]
        return shown


async def lay(
    site: Site,
    *,
    children: tuple[tuple[str, date], ...] = (("Noor", date(2018, 5, 4)),),
    language: str = "nl",
) -> Table:
    """A family of two guardians, the first of whom has the tablet."""
    world = site.world
    guardians = (("Samira", "holder"), ("Tarik", "holder"))
    family = await world.family(children=children, guardians=guardians)  # type: ignore[arg-type]
    at_school = [await world.at_school(one.child) for one in family.children]
    actor = world.guardian(family)
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=family.family,
        guardian=actor.guardian,
        language=language,
        interpreter="none",
    )
    browser = await site.with_tablet(family)
    return Table(site, world, family, at_school[0], actor, sitting, Walker(site, browser.token))
