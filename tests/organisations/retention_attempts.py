"""For `test_isolation`: attempts at holds, schedules and keys of another shelter."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import date

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import PersonId, RelationshipId
from consent_service.rights.retention.model import NewHold
from tests.organisations.log_attempts import Attempt
from tests.shelter import World

REVIEW = date(2026, 12, 1)


async def retention_attempts(
    own: World, other: World, view: FamilyView, at: RelationshipId
) -> dict[str, Attempt]:
    """The second shelter's coordinator, with a family of the first."""
    s, theirs = other.services, own.services.retention
    held = await own.family(family_name="Vast")
    hold = await theirs.hold(own.officer, NewHold(held.family, "claim", REVIEW))
    schedule = await theirs.propose(own.officer)

    async def done_with(own_act: Awaitable[object]) -> None:
        """What a shelter may do for itself; it tells of no other."""
        await own_act

    async def end_owner() -> None:
        async with s.installation.database.transaction() as conn:
            await s.custody.end_owner(conn, other.tenant, PersonId(own.teacher.staff))

    return {
        "retention.hold": lambda: s.retention.hold(other.officer, NewHold(view.family, "claim", REVIEW)),
        "retention.hold of a child": lambda: s.retention.hold(
            other.officer, NewHold(view.children[0].child, "claim", REVIEW)
        ),
        "retention.hold at a school": lambda: s.retention.hold(other.officer, NewHold(at, "claim", REVIEW)),
        "retention.lift": lambda: s.retention.lift(other.officer, hold),
        "retention.approve": lambda: s.retention.approve(other.officer, schedule),
        "retention.ask": lambda: done_with(s.retention.ask(other.officer)),
        "retention.propose": lambda: done_with(s.retention.propose(other.officer)),
        "custody.retire": lambda: s.custody.retire(other.tenant, at),
        "custody.end_owner": end_owner,
    }
