"""A request that was granted, its file made and looked through: shared by the tests of files."""

from __future__ import annotations

from consent_service.families.model import SafetyAssessment
from consent_service.identity.model import PersonActor
from consent_service.rights.access.document import AccessFile
from consent_service.rights.cases.model import About, Asked, CaseKind
from tests.shelter import World


async def granted(
    world: World,
    who: PersonActor,
    about: About = "everybody",
    *,
    kind: CaseKind = "access",
    child: str | None = None,
    weighed: bool = False,
) -> str:
    """A request from the own page that the coordinator granted."""
    cases = world.services.cases
    case = await cases.ask(who, Asked(kind, about, child))  # type: ignore[arg-type]
    await cases.decide(world.officer, case, "grant", weighed=weighed)
    return case


async def ready(world: World, case: str, *, weighed: bool = False, with_children: bool = False) -> None:
    """The file is made; every text stays, also those that seem to name somebody."""
    access = world.services.access
    await access.make(world.officer, case, weighed=weighed, with_children=with_children)
    view = await access.view(world.officer, case)
    await access.look_through(world.officer, case, view.file, dict.fromkeys(range(len(view.texts)), "keep"))


async def file_of(world: World, who: PersonActor, about: About = "everybody") -> AccessFile:
    """What somebody gets on the own page."""
    case = await granted(world, who, about)
    await ready(world, case)
    return await world.services.access.take(who, case)


DANGER = SafetyAssessment("danger", True, True, None, None)
