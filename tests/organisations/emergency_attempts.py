"""For `test_isolation`: attempts at emergencies of another shelter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RecordId, RelationshipId, TypeKey
from consent_service.identity.model import GuardianActor
from consent_service.process.emergencies.afterwards import Afterwards
from consent_service.process.emergencies.model import AskRefused, NewBreakGlass, NewRequest, StepText
from tests.shelter import World

Attempt = Callable[[], Awaitable[object]]
NEED = NewBreakGlass(
    information_type=TypeKey("support_advice"), fields={"helps": "Rust."}, reason="medical", why="Nu nodig."
)
TEXT = StepText(what="Wat wij zagen.", why="Daarom.")
ASKED = NewRequest(asker="raad", ground="bw_1_240", name="Iemand", asked="Hoe het gaat.")


async def emergency_attempts(
    own: World, other: World, view: FamilyView, relationship: RelationshipId
) -> dict[str, Attempt]:
    """Each method of these doors, called for the second shelter with what is of the first."""
    s, who, family, child = other.services, other.counsellor, view.family, view.children[0].child
    one = await own.services.break_glass.ask(own.counsellor, relationship, NEED)
    assert not isinstance(one, AskRefused)
    walk = await own.services.meldcodes.begin(own.counsellor, family, child, TEXT)
    request = await own.services.statutory_requests.receive(own.counsellor, family, child, ASKED)
    asked = await own.services.break_glass.overview(own.officer)
    return {**_of_break_glass(other, one, view, relationship),
        "break_glass.afterwards": lambda: _nothing(s.break_glass.afterwards(other.officer, asked)),
        "meldcodes.begin": lambda: s.meldcodes.begin(who, family, child, TEXT),
        "meldcodes.take_step": lambda: s.meldcodes.take_step(who, walk, "consult", TEXT),
        "meldcodes.export": lambda: s.meldcodes.export(who, walk),
        "meldcodes.close": lambda: s.meldcodes.close(who, walk),
        "meldcodes.postpone": lambda: s.meldcodes.postpone(who, walk, "Gevaar.", date(2026, 10, 1)),
        "meldcodes.open_to_parents": lambda: s.meldcodes.open_to_parents(who, walk),
        "meldcodes.of_family": lambda: s.meldcodes.of_family(who, family),
        "meldcodes.read": lambda: s.meldcodes.read(who, walk),
        "meldcodes.overview": lambda: s.meldcodes.overview(other.officer),
        "statutory_requests.receive": lambda: s.statutory_requests.receive(who, family, child, ASKED),
        "statutory_requests.answer": lambda: s.statutory_requests.answer(
            who, request, "refuse", what="Niets.", why="Daarom."
        ),
        "statutory_requests.of_family": lambda: s.statutory_requests.of_family(who, family),
        "statutory_requests.read": lambda: s.statutory_requests.read(who, request),
        "meldcodes.own": lambda: s.meldcodes.own(
            GuardianActor(other.tenant, view.guardians[0].guardian, family)
        ),
    }  # fmt: skip


def _of_break_glass(
    other: World, one: RecordId, view: FamilyView, relationship: RelationshipId
) -> dict[str, Attempt]:
    s, who = other.services.break_glass, other.counsellor
    return {
        "break_glass.ask": lambda: s.ask(who, relationship, NEED),
        "break_glass.look": lambda: s.look(who, one),
        "break_glass.approve": lambda: s.approve(who, one),
        "break_glass.refuse": lambda: s.refuse(who, one),
        "break_glass.confirm": lambda: s.confirm(who, one, agreed=True),
        "break_glass.drop": lambda: s.drop(who, one),
        "break_glass.end": lambda: s.end(other.officer, one),
        "break_glass.tell_parent": lambda: s.tell_parent(who, one),
        "break_glass.review": lambda: s.review(other.officer, one, "justified"),
        "break_glass.run_out": lambda: _none(s.run_out(other.tenant)),
        "break_glass.of_family": lambda: s.of_family(who, view.family),
        "break_glass.waiting": lambda: s.waiting(who),
        "break_glass.overview": lambda: s.overview(other.officer),
    }


async def _none(counted: Awaitable[int]) -> int | None:
    return await counted or None


async def _nothing(found: Awaitable[dict[RecordId, Afterwards]]) -> tuple[Afterwards, ...]:
    """What was learned of a break-glass that is not of this shelter."""
    return tuple(one for one in (await found).values() if one != Afterwards(None, None, ""))
