"""For `test_isolation`: attempts at erasing, restricting and putting right at another shelter."""

from __future__ import annotations

from consent_service.families.model import FamilyView
from consent_service.rights.carrying.restricting import ToRestrict
from consent_service.rights.cases.model import Asked
from tests.organisations.log_attempts import Attempt
from tests.shelter import World


async def carrying_attempts(own: World, other: World, view: FamilyView) -> dict[str, Attempt]:
    """Each method, called by the second shelter's coordinator with what is of the first."""
    s, who, here = other.services, other.officer, own.services
    mother, child = own.guardian(view), view.children[0].child
    cases = {
        kind: await here.cases.ask(mother, Asked(kind, words="Dit klopt niet."))
        for kind in ("erasure", "restriction", "rectification")
    }
    for case in cases.values():
        await here.cases.decide(own.officer, case, "grant")
    (place,) = await here.restrictions.places(own.officer, cases["restriction"])
    wanted = ToRestrict(child, "contested", information_type=None)
    made = await here.restrictions.restrict(own.officer, cases["restriction"], wanted)
    found = await here.restrictions.overview(own.officer)
    (erasure, *_) = [one.erasure for one in await here.erasures.overview(own.officer)]

    async def while_weighed() -> None:
        """By the service itself: of a request that is no objection nothing is stopped."""
        (one, *_) = await here.cases.overview(own.officer)
        async with s.installation.database.transaction() as conn:
            await s.restrictions.while_weighed(conn, other.tenant, one)
        return

    return {
        "erasing_desk.view": lambda: s.erasing_desk.view(who, erasure),
        "erasing_desk.whom": lambda: s.erasing_desk.whom(who, cases["erasure"]),
        "erasing_desk.ask": lambda: s.erasing_desk.ask(who, cases["erasure"], child, "requested"),
        "restrictions.overview": lambda: s.restrictions.overview(who),
        "restrictions.schools_of": lambda: s.restrictions.schools_of(who, found),
        "restrictions.places": lambda: s.restrictions.places(who, cases["restriction"]),
        "restrictions.restrict": lambda: s.restrictions.restrict(
            who, cases["restriction"], ToRestrict(child, "unlawful", place.relationships[0].relationship)
        ),
        "restrictions.tell": lambda: s.restrictions.tell(who, made, "letter"),
        "restrictions.lift": lambda: s.restrictions.lift(who, made),
        "restrictions.while_weighed": while_weighed,
        "rectifications.written": lambda: s.rectifications.written(who, cases["rectification"]),
        "rectifications.ask": lambda: s.rectifications.ask(who, cases["rectification"], ["x"]),
        "rectifications.of_case": lambda: s.rectifications.of_case(who, cases["rectification"]),
    }
