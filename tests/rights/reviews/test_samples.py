"""The sample of each week: drawn by a head that was signed after it, judged by whose it is, and counted."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from consent_service.audit.events import SampleDrawn, SampleJudged
from consent_service.audit.log import TrailEntry
from consent_service.foundation.clock import local_date, local_midnight
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import EntryId, RecordId, new_id
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.erasure_model import Wanted
from consent_service.rights.reviews.drawing import SAMPLE_SIZE, Candidate, draw, seed_of, stratum_of, week_of
from consent_service.rights.reviews.judging import Judgement, SampleLine
from consent_service.rights.reviews.sampling import SampleDrawing
from consent_service.rights.reviews.tables import review_judgements, review_notes, review_samples
from tests.ledger import count, entries, rows
from tests.scenarios.stories import Told, told_family
from tests.shelter import OPERATOR, World, furnish


async def the_fg(world: World) -> Fg:
    added = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna"))
    return Fg(world.tenant, added)


async def next_week(world: World) -> date:
    """The Monday of the week that is over then; something happened since, so that a head is signed."""
    week = week_of(local_date(world.clock.now()))
    monday = local_midnight(week + timedelta(days=7)) + timedelta(hours=9)
    world.clock.advance(monday - world.clock.now())
    await world.services.families.search(world.counsellor, names="Iemand", birth_date=date(2018, 1, 1))
    await world.settle()
    return week


async def a_week(world: World) -> tuple[Told, SampleLine]:
    """A week in which a family was told of, and the officer's sample of it."""
    told = await told_family(world)
    await world.settle()
    await next_week(world)
    assert await world.services.reviews.drawing.draw_due(world.tenant) == 1
    (line,) = await world.services.reviews.samples(world.officer)
    return told, line


async def test_nothing_is_drawn_before_a_head_was_signed_after_the_week(world: World) -> None:
    await told_family(world)
    drawing = world.services.reviews.drawing
    assert await drawing.draw_due(world.tenant) == 0
    world.clock.advance(timedelta(days=7))
    assert await drawing.draw_due(world.tenant) == 0
    assert await count(world, review_samples) == 0


async def test_whoever_has_the_head_and_the_entries_draws_the_same(world: World) -> None:
    _, line = await a_week(world)
    (told,) = [one.detail.event for one in await entries(world, "sample.drawn.v1") if one.detail]
    assert isinstance(told, SampleDrawn)
    begins, ends = local_midnight(line.week), local_midnight(line.week + timedelta(days=7))
    week = [one for one in await entries(world) if begins <= one.at < ends]
    seed = seed_of(bytes.fromhex(told.root), world.officer.staff, told.week)
    drawn = draw(seed, [Candidate(one.id, stratum_of(one.type)) for one in week], SAMPLE_SIZE)
    assert told.entries == tuple(one.entry for one in drawn)
    assert len(told.entries) == SAMPLE_SIZE
    assert (told.officer, told.size, told.root) == (world.officer.staff, line.size, line.root)
    _, shown = await world.services.reviews.sample(world.officer, line.sample)
    assert tuple(one.entry.id for one in shown) == told.entries
    assert {one.proof for one in shown} == {"proved"}
    assert "release" in {one.stratum for one in shown} or not [
        one for one in week if stratum_of(one.type) == "release"
    ]


async def test_it_is_drawn_once_for_each_officer_and_missed_weeks_afterwards(world: World) -> None:
    await a_week(world)
    drawing = world.services.reviews.drawing
    assert await drawing.draw_due(world.tenant) == 0
    fg = await the_fg(world)
    assert await drawing.draw_due(world.tenant) == 1
    await next_week(world)
    await next_week(world)
    assert await drawing.draw_due(world.tenant) == 4
    lines = await world.services.reviews.samples(fg)
    assert len([one for one in lines if one.officer == fg.staff]) == 3
    mine, theirs = (
        {one.root for one in lines if one.officer == who} for who in (fg.staff, world.officer.staff)
    )
    assert mine == theirs
    assert len(await entries(world, "sample.drawn.v1")) == len(lines) == 6


async def test_a_week_without_entries_has_no_sample(world: World) -> None:
    await a_week(world)
    world.clock.advance(timedelta(days=14))
    await next_week(world)
    await world.services.reviews.drawing.draw_due(world.tenant)
    weeks = {one.week for one in await world.services.reviews.samples(world.officer)}
    assert all((later - earlier).days % 7 == 0 for earlier in weeks for later in weeks)
    empty = [week for week in weeks if not await _drawn(world, week)]
    assert empty == []


async def _drawn(world: World, week: date) -> int:
    return sum(one.drawn for one in await world.services.reviews.samples(world.officer) if one.week == week)


async def test_each_entry_is_judged_once_and_a_question_that_was_asked_waits(world: World) -> None:
    _, line = await a_week(world)
    reviews, officer = world.services.reviews, world.officer
    _, drawn = await reviews.sample(officer, line.sample)
    first, second = drawn[0].entry.id, drawn[1].entry.id

    await reviews.judge(officer, line.sample, first, Judgement("asked", "no_reason"))
    await reviews.judge(officer, line.sample, first, Judgement("asked", "no_reason"))
    (now,) = await reviews.samples(officer)
    assert (now.waiting, now.asked, now.wrong, now.is_open) == (SAMPLE_SIZE - 1, 1, 0, True)
    await reviews.judge(officer, line.sample, first, Judgement("wrong", "too_much"))
    await reviews.judge(officer, line.sample, second, Judgement("in_order"))
    with pytest.raises(ConflictError):
        await reviews.judge(officer, line.sample, second, Judgement("wrong", "too_much"))
    with pytest.raises(ConflictError):
        await reviews.judge(officer, line.sample, first, Judgement("in_order"))
    (now,) = await reviews.samples(officer)
    assert (now.waiting, now.asked, now.wrong) == (SAMPLE_SIZE - 2, 0, 1)
    said = [one.detail.event for one in await entries(world, "sample.judged.v1") if one.detail]
    assert [(one.verdict, one.finding, one.left) for one in said if isinstance(one, SampleJudged)] == [
        ("in_order", "", SAMPLE_SIZE - 2),
        ("wrong", "too_much", SAMPLE_SIZE - 1),
        ("asked", "no_reason", SAMPLE_SIZE),
    ]
    assert (await world.services.supervision.verify(officer)).ok


async def test_the_task_of_the_week_goes_when_all_was_reviewed_and_is_not_ticked_off(world: World) -> None:
    _, line = await a_week(world)
    await world.settle()
    tasks = world.services.tasks
    (task,) = [one for one in await tasks.open_tasks(world.officer) if one.kind == "sample_to_review"]
    assert task.due_on == line.due_on == line.week + timedelta(days=13)
    with pytest.raises(NotFoundError):
        await tasks.finish(world.officer, task.task)
    _, drawn = await world.services.reviews.sample(world.officer, line.sample)
    for one in drawn:
        await world.services.reviews.judge(world.officer, line.sample, one.entry.id, Judgement("in_order"))
    await world.settle()
    assert "sample_to_review" not in {one.kind for one in await tasks.open_tasks(world.officer)}
    figures = await world.services.reviews.figures(world.officer, line.week.year)
    assert (figures.samples, figures.finished, figures.drawn, figures.reviewed) == (1, 1, 10, 10)
    assert figures.findings == {}
    assert (await world.services.reviews.figures(world.officer, 1999)).samples == 0


async def test_only_whose_sample_it_is_judges_it_and_the_other_officer_reads_along(world: World) -> None:
    _, line = await a_week(world)
    fg, reviews = await the_fg(world), world.services.reviews
    _, drawn = await reviews.sample(fg, line.sample)
    entry = drawn[0].entry.id
    with pytest.raises(NotAllowedError):
        await reviews.judge(fg, line.sample, entry, Judgement("in_order"))
    with pytest.raises(NotAllowedError):
        await reviews.judge(world.counsellor, line.sample, entry, Judgement("in_order"))  # type: ignore[arg-type]
    other = await furnish(world.services, world.clock, "Opvang Noord")
    for nobody in (other.officer, Fg(other.tenant, fg.staff)):
        with pytest.raises(NotFoundError):
            await reviews.sample(nobody, line.sample)
        with pytest.raises(NotFoundError):
            await reviews.judge(nobody, line.sample, entry, Judgement("in_order"))
    with pytest.raises(NotFoundError):
        await reviews.judge(world.officer, line.sample, EntryId(new_id()), Judgement("in_order"))
    with pytest.raises(NotFoundError):
        await reviews.judge(world.officer, RecordId(new_id()), entry, Judgement("in_order"))
    with pytest.raises(InputError) as refused:
        await reviews.judge(world.officer, line.sample, entry, Judgement("wrong", "", "x" * 501))
    assert [one.field for one in refused.value.problems] == ["finding", "note"]
    assert await count(world, review_judgements) == 0


async def test_a_note_is_sealed_for_whom_the_entry_is_about_and_goes_with_that_person(world: World) -> None:
    told, line = await a_week(world)
    reviews, child = world.services.reviews, told.view.children[0].child
    _, drawn = await reviews.sample(world.officer, line.sample)
    family = {child, told.mother.guardian}
    about = next(one for one in drawn if one.entry.detail is not None and one.entry.detail.subject in family)
    nobody = [one for one in drawn if not one.may_note]  # the draw decides whether there is one
    said = Judgement("wrong", "too_much", "Kanarievogel vroeg te veel.")
    await reviews.judge(
        world.officer, line.sample, about.entry.id, Judgement("asked", "no_reason", "Gebeld.")
    )
    await reviews.judge(world.officer, line.sample, about.entry.id, said)
    for one in nobody:
        with pytest.raises(ConflictError):
            await reviews.judge(world.officer, line.sample, one.entry.id, said)
    kept = await rows(world, review_notes)
    assert len(kept) == 2
    assert b"Kanarie" not in b"".join(row.sealed for row in kept)
    _, again = await reviews.sample(world.officer, line.sample)
    (shown,) = [one for one in again if one.note]
    assert shown.note == "Gebeld.\nKanarievogel vroeg te veel."

    second = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("privacy_coordinator", "Pim Privacy")
    )
    asked = await world.services.erasures.ask(world.officer, Wanted("family", told.view.family, "requested"))
    await world.services.erasures.approve(type(world.officer)(world.tenant, second), asked)
    await world.services.erasures.execute(world.officer, asked)
    assert await count(world, review_notes) == 0
    _, left = await reviews.sample(world.officer, line.sample)
    assert [one.note for one in left] == [""] * SAMPLE_SIZE
    assert [one.verdict for one in left if one.verdict] == ["wrong"]


async def test_of_two_processes_at_once_one_draws(world: World) -> None:
    await told_family(world)
    await world.settle()
    await next_week(world)
    drawing = world.services.reviews.drawing
    drawn = await asyncio.gather(drawing.draw_due(world.tenant), drawing.draw_due(world.tenant))
    assert sorted(drawn) == [0, 1]
    assert await count(world, review_samples) == 1
    assert len(await entries(world, "sample.drawn.v1")) == 1


async def test_a_week_of_which_an_entry_waits_for_its_place_is_drawn_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told_family(world)
    await world.settle()
    await next_week(world)
    drawing, whole = world.services.reviews.drawing, SampleDrawing._entries

    async def one_waits(*wanted: Any) -> list[TrailEntry]:
        found = await whole(*wanted)
        return [msgspec.structs.replace(found[0], seq=None), *found[1:]]

    monkeypatch.setattr(SampleDrawing, "_entries", one_waits)
    assert await drawing.draw_due(world.tenant) == 0
    monkeypatch.undo()
    assert await drawing.draw_due(world.tenant) == 1
