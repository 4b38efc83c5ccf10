"""For `test_isolation`: attempts at breaches of another shelter, their people and their letters."""

from __future__ import annotations

from consent_service.foundation.ids import EntryId, RelationshipId
from consent_service.rights.breaches.model import NewBreach
from consent_service.rights.breaches.service import Description, Reported
from tests.organisations.log_attempts import Attempt
from tests.rights.breaches.stories import SAID, new_breach, of_actor, opened, reported
from tests.shelter import World


async def breach_attempts(own: World, other: World, relationship: RelationshipId) -> dict[str, Attempt]:
    """The second shelter's coordinator, with a breach of the first one's."""
    breach = await opened(own)
    await reported(own, breach)
    await own.services.breach_letters.prepare(own.officer, breach)
    seen = await own.services.breaches.view(own.officer, breach)
    page = await own.services.breach_letters.people(own.officer, breach)
    letter = next(one.letter.letter for family in page.families for one in family.people if one.letter)
    s, who, exam = other.services, other.officer, seen.exams[0].exam
    new: NewBreach = new_breach(other)
    said: Description = SAID
    done = Reported(other.clock.now(), "z1")

    async def opened_there() -> object:
        """A breach of its own; nothing of it is the first shelter's."""
        found = await s.breaches.open(who, new)
        return (await s.breaches.view(who, found)).breach.relationship

    async def by_itself() -> object:
        """An entry of the first shelter; in the second its place is nowhere, so it names no child."""
        async with s.installation.database.transaction() as conn:
            await s.breaches.open_by_itself(
                conn,
                other.tenant,
                EntryId("x"),
                other.clock.now(),
                kind="wrong_recipient",
                source="disowned",
                relationship=relationship,
            )
        return None

    async def words() -> object:
        return tuple(await s.breaches.check_words_of(other.tenant, seen))

    return {
        "breaches.open": opened_there,
        "breaches.open_by_itself": by_itself,
        "breaches.check_words_of": words,
        "breaches.view": lambda: s.breaches.view(who, breach),
        "breaches.devices": lambda: s.breaches.devices(who),
        "breaches.evidence": lambda: s.breaches.evidence(who, breach, exam),
        "breaches.examine": lambda: s.breaches.examine(who, breach, of_actor(own)),
        "breaches.drop": lambda: s.breaches.drop(who, breach, exam),
        "breaches.weigh": lambda: s.breaches.weigh(who, breach, "high"),
        "breaches.describe": lambda: s.breaches.describe(who, breach, said),
        "breaches.report": lambda: s.breaches.report(who, breach, done),
        "breaches.leave_unreported": lambda: s.breaches.leave_unreported(who, breach, "nothing_seen"),
        "breaches.look_again": lambda: s.breaches.look_again(who, breach),
        "breaches.tell": lambda: s.breaches.tell(who, breach),
        "breaches.close": lambda: s.breaches.close(who, breach),
        "breach_reporting.make": lambda: s.breach_reporting.make(who, breach),
        "breach_letters.people": lambda: s.breach_letters.people(who, breach),
        "breach_letters.prepare": lambda: s.breach_letters.prepare(who, breach),
        "breach_letters.allow": lambda: s.breach_letters.allow(who, breach, letter),
        "breach_letters.make": lambda: s.breach_letters.make(who, breach, letter),
        "breach_letters.give": lambda: s.breach_letters.give(who, breach, letter, "in_person"),
        "breach_letters.withhold": lambda: s.breach_letters.withhold(who, breach, letter, "safety"),
    }
