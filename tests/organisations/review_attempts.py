"""For `test_isolation`: attempts at questions to the log and samples of another shelter.

A sample that was drawn there is tried in tests/rights/reviews/test_samples.py.
"""

from __future__ import annotations

from datetime import date

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import EntryId, RecordId, new_id
from consent_service.rights.reviews.asking import CaseSearch
from consent_service.rights.reviews.judging import Judgement
from consent_service.rights.reviews.questions import Asked
from consent_service.rights.reviews.saved import Kept
from tests.organisations.log_attempts import Attempt
from tests.shelter import World


async def review_attempts(own: World, other: World, view: FamilyView) -> dict[str, Attempt]:
    """The second shelter's officer, with a child and a kept question of the first."""
    s, who, child = other.services, other.officer, view.children[0]
    await own.services.saved_questions.keep(own.officer, Kept("refusals", "week"))
    (kept,) = await own.services.saved_questions.own(own.officer)
    today = own.clock.now().date()
    born = child.identity.birth_date or date.min
    search = CaseSearch("Z-2026-1", "access", child.identity.full_name, born)

    async def lines() -> object:
        asked = Asked("who_saw", date(2020, 1, 1), today, child.child)
        return (await s.questions.ask(who, asked)).lines

    async def staff() -> object:
        theirs = {own.contact.staff, own.counsellor.staff, own.officer.staff}
        return tuple(one for one in await s.questions.staff(who) if one.staff in theirs)

    async def figures() -> object:
        return (await s.reviews.figures(who, today.year)).samples or None

    return {
        "questions.ask": lines,
        "questions.staff": staff,
        "questions.find_for_case": lambda: s.questions.find_for_case(who, search),
        "saved_questions.own": lambda: s.saved_questions.own(who),
        "saved_questions.one": lambda: s.saved_questions.one(who, kept.saved),
        "saved_questions.keep": lambda: s.saved_questions.keep(who, Kept("who_saw", "week")),
        "saved_questions.remove": lambda: s.saved_questions.remove(who, kept.saved),
        "reviews.samples": lambda: s.reviews.samples(who),
        "reviews.figures": figures,
        "reviews.sample": lambda: s.reviews.sample(who, RecordId(new_id())),
        "reviews.judge": lambda: s.reviews.judge(
            who, RecordId(new_id()), EntryId(new_id()), Judgement("in_order")
        ),
    }
