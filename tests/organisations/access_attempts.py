"""For `test_isolation`: attempts at files and letters of a request at another shelter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId
from consent_service.identity.model import GuardianActor
from consent_service.rights.cases.model import Asked
from tests.organisations.log_attempts import Attempt
from tests.rights.access.filing import ready
from tests.shelter import World


async def access_attempts(
    own: World, other: World, view: FamilyView, at: RelationshipId
) -> dict[str, Attempt]:
    """The second shelter's coordinator and a thief, with a request of the first whose file lies ready."""
    s, who, mother = other.services, other.officer, own.guardian(view)
    case = await own.services.cases.ask(mother, Asked("access"))
    await own.services.cases.decide(own.officer, case, "grant")
    await ready(own, case)
    thief = GuardianActor(other.tenant, mother.guardian, mother.family)

    async def inside(act: Callable[[AsyncConnection], Awaitable[Any]]) -> object:
        async with s.installation.database.transaction() as conn:
            return await act(conn)

    return {
        "access.view": lambda: s.access.view(who, case),
        "access.make": lambda: s.access.make(who, case),
        "access.look_through": lambda: s.access.look_through(who, case, case, {}),
        "access.print_out": lambda: s.access.print_out(who, case, "letter"),
        "access.own": lambda: s.access.own(thief),
        "access.take": lambda: s.access.take(thief, case),
        "access.tidy": lambda: _nothing(s.access.tidy(other.tenant)),
        "cases.reopen": lambda: s.cases.reopen(who, case),
        "case_letters.refusal": lambda: s.case_letters.refusal(who, case, "nl"),
        "release.held_for": lambda: inside(lambda conn: s.release.held_for(conn, who, at, mother.guardian)),
    }


async def _nothing(answer: Awaitable[object]) -> object:
    """A zero or a refusal tells nothing."""
    return (await answer) or None
