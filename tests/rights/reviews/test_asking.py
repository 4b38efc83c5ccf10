"""Questions to the log, answered with proofs and logged themselves; a child is found for a case only."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import delete

from consent_service.audit.attachments import Attached
from consent_service.audit.events import PersonSought, QuestionAsked
from consent_service.families.tables import safety_assessments
from consent_service.foundation.clock import local_date
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, new_id
from consent_service.identity.model import Fg, PrivacyCoordinator
from consent_service.organisations.model import NewStaff
from consent_service.release.model import Released
from consent_service.release.service import Ask
from consent_service.rights.reviews import asking, safety_then
from consent_service.rights.reviews.asking import CaseSearch
from consent_service.rights.reviews.questions import Asked, QuestionKind
from consent_service.rights.reviews.saved import MOST_KEPT, Kept
from tests.ledger import entries
from tests.scenarios.stories import Told, told_family
from tests.scenarios.test_break_glass import opened, running
from tests.shelter import OPERATOR, SAFE, SECRET, World, furnish

NOOR = ("Noor Voorbeeld", date(2018, 5, 4))


def asked(world: World, kind: QuestionKind, **choices: object) -> Asked:
    today = local_date(world.clock.now())
    return Asked(kind, today - timedelta(days=31), today, **choices)  # type: ignore[arg-type]


async def the_fg(world: World) -> Fg:
    added = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna"))
    return Fg(world.tenant, added)


async def read_by_school(world: World, told: Told) -> None:
    await world.services.release.to_school(world.contact, Ask(told.relationship, "support"))
    await world.settle()


def child_of(told: Told) -> PersonId:
    return told.view.children[0].child


async def test_who_saw_this_child_is_answered_with_who_when_why_what_and_the_proof(world: World) -> None:
    told = await told_family(world)
    await read_by_school(world, told)
    await read_by_school(world, told)

    answer = await world.services.questions.ask(world.officer, asked(world, "who_saw", person=child_of(told)))

    by_school = [one for one in answer.lines if one.by.id == world.contact.staff]
    (line,) = [one for one in by_school if one.purpose == "support"]
    assert (len(line.entries), line.role, line.proof) == (2, "contact", "proved")
    assert "support_advice" in line.types
    assert line.day == local_date(world.clock.now())
    assert answer.total == sum(len(one.entries) for one in answer.lines) == sum(n for _, n in answer.days)
    assert (answer.next, answer.unknown) == (None, 0)


async def test_another_child_has_nothing_of_it_and_an_unknown_number_nothing_at_all(world: World) -> None:
    told = await told_family(world)
    await read_by_school(world, told)
    other = await told_family(world, family_name="Anders")
    fg = await the_fg(world)
    for person in (child_of(other), PersonId(new_id())):
        answer = await world.services.questions.ask(fg, asked(world, "who_saw", person=person))
        assert [one for one in answer.lines if one.by.id == world.contact.staff] == []


async def test_asking_is_an_entry_about_the_child_that_the_next_who_asks_finds(world: World) -> None:
    told = await told_family(world)
    person = child_of(told)
    await world.services.questions.ask(world.officer, asked(world, "who_saw", person=person, case="Z-2026-1"))
    (entry,) = await entries(world, "question.asked.v1")
    assert entry.detail is not None
    assert entry.detail.subject == person
    assert entry.detail.shown_to == "officer"
    event = entry.detail.event
    assert isinstance(event, QuestionAsked)
    assert (event.question, event.case) == ("who_saw", "Z-2026-1")
    answer = await world.services.questions.ask(await the_fg(world), asked(world, "who_saw", person=person))
    assert world.officer.staff in {one.by.id for one in answer.lines}


async def test_what_somebody_opened_is_found_by_who_it_is(world: World) -> None:
    told = await told_family(world)
    await read_by_school(world, told)
    await world.services.families.search(world.counsellor, names=NOOR[0], birth_date=NOOR[1])
    question = asked(world, "what_opened", staff=world.contact.staff)
    answer = await world.services.questions.ask(world.officer, question)
    assert {one.by.id for one in answer.lines} == {world.contact.staff}
    searched = await world.services.questions.ask(
        world.officer, asked(world, "what_opened", staff=world.counsellor.staff)
    )
    assert "family.searched.v1" in {one.kind for one in searched.lines}
    with pytest.raises(NotFoundError):
        await world.services.questions.ask(
            world.officer, asked(world, "what_opened", staff=StaffId(new_id()))
        )


async def in_danger(world: World) -> Told:
    """A family in danger, of which the school reads an item because a life may depend on it."""
    told = await told_family(world)
    await read_by_school(world, told)
    await world.services.families.assess_safety(world.counsellor, told.mother.family, SECRET)
    world.clock.advance(timedelta(minutes=1))
    await running(world, told.relationship)
    assert isinstance(await opened(world, told.relationship), Released)
    world.clock.advance(timedelta(minutes=1))
    await world.services.families.assess_safety(world.counsellor, told.mother.family, SAFE)
    await world.settle()
    return told


@pytest.mark.parametrize("recorded", [True, False], ids=["in the decision", "as it was assessed"])
async def test_a_release_is_flagged_by_the_facts_of_its_own_moment(
    world: World, monkeypatch: pytest.MonkeyPatch, recorded: bool
) -> None:
    if not recorded:
        monkeypatch.setattr(safety_then, "read_attached_of", nothing_attached)
    await in_danger(world)
    answer = await world.services.questions.ask(world.officer, asked(world, "safety_releases"))
    assert {one.by.id for one in answer.lines} == {world.contact.staff}
    assert (answer.total, answer.unknown) == (1, 0)
    emergencies = await world.services.questions.ask(world.officer, asked(world, "emergencies"))
    assert {one.kind for one in emergencies.lines} >= {"break_glass.asked.v1", "break_glass.read.v1"}


async def nothing_attached(*_: object) -> dict[str, object]:
    return {}


async def damaged(*wanted: Any) -> dict[str, Attached]:
    entry = wanted[3][0]
    return {entry: Attached(entry, datetime.now(UTC), "", "open", b"no decision")}


async def test_a_release_about_a_family_not_assessed_or_no_more_there_is_in_the_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    await read_by_school(world, told)
    monkeypatch.setattr(safety_then, "read_attached_of", damaged)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(delete(safety_assessments).where(safety_assessments.c.tenant == world.tenant))
    question = asked(world, "safety_releases")
    answer = await world.services.questions.ask(world.officer, question)
    assert (answer.total, answer.unknown) == (1, 0)
    async with world.services.installation.database.reading() as conn:
        entry = (await entries(world, "information.released.v1"))[0]
        assert entry.detail is not None
        safety = safety_then.SafetyThen(world.services.installation.ring, world.tenant)
        nowhere = msgspec.structs.replace(
            entry, detail=msgspec.structs.replace(entry.detail, relationship=RelationshipId(new_id()))
        )
        nobody = msgspec.structs.replace(entry, detail=None)
        for unknown in (nowhere, nowhere, nobody):
            assert await safety.flagged(conn, [unknown]) == ([unknown], 1)


async def test_refusals_nights_and_emergencies_are_each_their_own_kind(world: World) -> None:
    told = await told_family(world)
    await world.services.families.assess_safety(world.counsellor, told.mother.family, SECRET)
    await read_by_school(world, told)
    refused = await world.services.questions.ask(world.officer, asked(world, "refusals"))
    assert {one.kind for one in refused.lines} == {"release.refused.v1"}
    emergencies = await world.services.questions.ask(world.officer, asked(world, "emergencies"))
    assert emergencies.lines == ()
    at_night = world.clock.now().replace(hour=22)
    world.clock.advance(at_night - world.clock.now())
    await world.services.families.search(world.counsellor, names=NOOR[0], birth_date=NOOR[1])
    night = await world.services.questions.ask(world.officer, asked(world, "outside_hours"))
    assert {one.kind for one in night.lines} == {"family.searched.v1"}


async def test_a_long_answer_comes_in_parts_without_gaps_or_doubles(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(world)
    for _ in range(7):
        await read_by_school(world, told)
    question = asked(world, "who_saw", person=child_of(told))
    whole = await world.services.questions.ask(world.officer, question)
    monkeypatch.setattr(asking, "PART", 3)
    seen: list[str] = []
    after = None
    while True:
        part = await world.services.questions.ask(world.officer, question, after=after)
        seen += [entry.id for line in part.lines for entry in line.entries]
        after = part.next
        if after is None:
            break
    assert len(seen) == len(set(seen))
    assert {entry.id for line in whole.lines for entry in line.entries} <= set(seen)


async def test_what_is_wrong_with_a_question_is_told_at_once_and_nothing_is_logged(world: World) -> None:
    today = local_date(world.clock.now())
    later = today + timedelta(days=1)
    with pytest.raises(InputError) as refused:
        await world.services.questions.ask(world.officer, Asked("who_saw", later, today, case="Noor"))
    assert [one.field for one in refused.value.problems] == ["person", "from", "until", "case"]
    assert await entries(world, "question.asked.v1") == ()


async def test_a_child_is_found_for_a_case_by_number_and_with_its_parents(world: World) -> None:
    told = await told_family(world)
    search = CaseSearch("Z-2026-014", "complaint", "  noor   VOORBEELD ", NOOR[1])
    found = await world.services.questions.find_for_case(world.officer, search)
    assert [(one.kind, one.person) for one in found] == [
        ("child", child_of(told)),
        ("guardian", told.mother.guardian),
    ]
    (entry,) = await entries(world, "person.sought.v1")
    assert entry.detail is not None
    assert entry.detail.event == PersonSought("Z-2026-014", "complaint", 1)
    assert (entry.detail.subject, entry.detail.shown_to) == (child_of(told), "officer")


async def test_a_child_that_is_not_known_gives_nothing_and_is_logged_alike(world: World) -> None:
    await told_family(world)
    for names, born in ((NOOR[0], date(2018, 5, 5)), ("Niemand Hier", NOOR[1])):
        search = CaseSearch("Z-1", "access", names, born)
        assert await world.services.questions.find_for_case(world.officer, search) == ()
    found = await entries(world, "person.sought.v1")
    assert [one.detail and one.detail.event for one in found] == [PersonSought("Z-1", "access", 0)] * 2


async def test_a_search_needs_a_case_a_name_and_a_date_and_is_not_done_often(world: World) -> None:
    questions = world.services.questions
    with pytest.raises(InputError) as missing:
        await questions.find_for_case(world.officer, CaseSearch("Noor", "access", " ", None))
    assert [one.field for one in missing.value.problems] == ["case", "names", "birth_date"]
    with pytest.raises(InputError):
        await questions.find_for_case(world.officer, CaseSearch("Z-1", "access", " ", NOOR[1]))
    for _ in range(asking.SEARCHES_PER_HOUR):
        await questions.find_for_case(world.officer, CaseSearch("Z-1", "access", "Nobody", NOOR[1]))
    with pytest.raises(InputError) as often:
        await questions.find_for_case(world.officer, CaseSearch("Z-1", "access", *NOOR))
    assert [one.code for one in often.value.problems] == ["too_many_searches"]


async def test_officers_of_another_shelter_find_nothing_here(world: World) -> None:
    told = await told_family(world)
    await read_by_school(world, told)
    other = await furnish(world.services, world.clock, "Opvang Noord")
    questions = world.services.questions
    answer = await questions.ask(other.officer, asked(world, "who_saw", person=child_of(told)))
    assert answer.lines == ()
    assert await questions.find_for_case(other.officer, CaseSearch("Z-1", "access", *NOOR)) == ()
    with pytest.raises(NotFoundError):
        await questions.ask(other.officer, asked(world, "what_opened", staff=world.contact.staff))
    with pytest.raises(NotAllowedError):
        await questions.ask(world.counsellor, asked(world, "refusals"))  # type: ignore[arg-type]
    mine = {one.staff for one in await questions.staff(other.officer)}
    assert world.contact.staff not in mine


async def test_a_question_is_kept_asked_again_and_removed_by_its_own_officer_only(world: World) -> None:
    saved, today = world.services.saved_questions, local_date(world.clock.now())
    kept = Kept("refusals", "month", "Z-2026-7")
    await saved.keep(world.officer, kept)
    await saved.keep(world.officer, kept)
    (one,) = await saved.own(world.officer)
    assert await saved.one(world.officer, one.saved) == kept
    assert kept.asked(today) == Asked("refusals", today - timedelta(days=31), today, case="Z-2026-7")
    fg = await the_fg(world)
    assert await saved.own(fg) == ()
    await saved.remove(fg, one.saved)
    with pytest.raises(NotFoundError):
        await saved.one(fg, one.saved)
    assert await saved.own(world.officer) == (one,)
    await saved.remove(world.officer, one.saved)
    await saved.remove(world.officer, one.saved)
    assert await saved.own(world.officer) == ()


async def test_words_and_too_many_questions_are_not_kept(world: World) -> None:
    saved, today = world.services.saved_questions, local_date(world.clock.now())
    with pytest.raises(InputError) as refused:
        await saved.keep(world.officer, Kept("who_saw", "month", "NOOR VOORBEELD"))
    assert [one.field for one in refused.value.problems] == ["person", "reference"]
    for number in range(MOST_KEPT):
        await saved.keep(world.officer, Kept("refusals", "days", f"Z-{number}", None, None, today, today))
    with pytest.raises(InputError):
        await saved.keep(world.officer, Kept("refusals", "week"))
    stranger = PrivacyCoordinator(world.tenant, StaffId(new_id()))
    assert await saved.own(stranger) == ()
