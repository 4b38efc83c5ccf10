"""Breaches: "not our pupil" (12), erased since (22), an emergency that was not needed (29), what leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from consent_service.audit.events import BreachOpened
from consent_service.families.tables import relationships
from consent_service.foundation.errors import ConflictError
from consent_service.foundation.i18n import translator
from consent_service.process.emergencies.model import AskRefused
from consent_service.process.tables import tasks
from consent_service.rights.breaches.model import Question, clock_of
from consent_service.rights.breaches.reporting import to_json
from consent_service.rights.breaches.service import Reported
from consent_service.rights.breaches.tables import breaches
from consent_service.rights.erasure_model import Wanted
from consent_service.web.breaches.letter_words import paragraphs
from tests.ledger import entries, rows
from tests.organisations.emergency_attempts import NEED
from tests.rights.breaches.stories import SAID, of_actor, opened, reported
from tests.rights.forgetting import erased
from tests.scenarios.stories import ask, told_family
from tests.shelter import SAFE, SECRET, World


async def disowned(world: World, *, secret: bool = False) -> str:
    """A family at the wrong school, whose contact said so; the breach that stands in the register since."""
    told = await told_family(world, safety=SECRET if secret else SAFE)
    await ask(world, told.relationship)
    await world.services.families.disown(world.contact, told.relationship)
    await world.settle()
    (one,) = await world.services.breaches.overview(world.officer)
    return one.breach


async def test_s12_not_our_pupil_opens_a_breach_whose_clock_runs_since_the_contact_said_so(
    world: World,
) -> None:
    said_at = world.clock.now()
    breach = await disowned(world)
    world.clock.advance(timedelta(hours=5))
    one = (await world.services.breaches.view(world.officer, breach)).breach
    assert (one.kind, one.source, one.state) == ("wrong_recipient", "disowned", "assessing")
    assert one.discovered_at == said_at
    assert clock_of(one, world.clock.now()).hours == 67
    (entry,) = await entries(world, "breach.opened.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, BreachOpened)
    assert entry.detail.shown_to == "officer"
    await world.settle()
    assert len(await world.services.breaches.overview(world.officer)) == 1


async def test_s12_assessed_reported_and_closed_the_task_is_done(world: World) -> None:
    breach = await disowned(world)
    service = world.services.breaches
    one = (await service.view(world.officer, breach)).breach
    exam = await service.examine(world.officer, breach, Question(kind="entry", entry=one.source_entry))
    seen = await service.view(world.officer, breach)
    assert (seen.numbers.children, seen.numbers.guardians, seen.level) == (1, 1, "risk")
    assert "support_advice" in seen.exams[0].types
    page = await service.evidence(world.officer, breach, exam)
    assert {one.type for one in page.entries} == {"information.released.v1", "pupil.disowned.v1"}
    await service.describe(world.officer, breach, SAID)
    await service.report(world.officer, breach, Reported(world.clock.now(), "z2026-1"))
    await service.close(world.officer, breach)
    assert (await service.view(world.officer, breach)).breach.state == "closed"
    await world.settle()
    (task,) = await rows(world, tasks, kind="breach_to_assess")
    assert task.done_at is not None


async def test_s12_with_a_secret_address_it_is_reported_and_told_or_stays_open(world: World) -> None:
    breach = await disowned(world, secret=True)
    service = world.services.breaches
    one = (await service.view(world.officer, breach)).breach
    await reported(world, breach, Question(kind="entry", entry=one.source_entry))
    assert (await service.view(world.officer, breach)).level == "high"
    await world.services.breach_letters.prepare(world.officer, breach)
    page = await world.services.breach_letters.people(world.officer, breach)
    (mother,) = [who for who in page.families[0].people if not who.child]
    assert mother.letter is not None
    await world.services.breach_letters.give(world.officer, breach, mother.letter.letter, "in_person")
    await service.tell(world.officer, breach)
    await service.close(world.officer, breach)
    assert (await service.view(world.officer, breach)).breach.state == "closed"


async def test_s12_what_was_assessed_before_there_was_a_register_is_not_opened_again(world: World) -> None:
    told = await told_family(world)
    await world.services.families.disown(world.contact, told.relationship)
    await world.services.sequencer.run_once(world.tenant)
    await world.services.follower.catch_up(world.tenant)
    (task,) = await world.services.tasks.open_tasks(world.officer)
    await world.services.tasks.finish(world.officer, task.task)
    await world.settle()
    assert await rows(world, breaches) == []


async def test_s22_after_an_erasure_the_register_stays_and_leads_to_nobody(world: World) -> None:
    breach = await disowned(world)
    one = (await world.services.breaches.view(world.officer, breach)).breach
    await reported(world, breach, Question(kind="entry", entry=one.source_entry))
    (place,) = await rows(world, relationships, relationship=one.relationship)
    await erased(world, Wanted("family", place.family, "no_longer_needed"))
    seen = await world.services.breaches.view(world.officer, breach)
    assert (seen.breach.relationship, seen.numbers.people) == (None, 0)
    assert (seen.breach.children, seen.breach.guardians) == (1, 1)
    report = await world.services.breach_reporting.make(world.officer, breach)
    assert report.subjects.children == 1


async def test_s29_an_emergency_that_was_not_needed_is_a_breach_too(world: World) -> None:
    told = await told_family(world)
    glass = await world.services.break_glass.ask(world.counsellor, told.relationship, NEED)
    assert not isinstance(glass, AskRefused)
    await world.services.break_glass.approve(world.colleague, glass)
    await world.services.break_glass.end(world.officer, glass)
    await world.services.break_glass.review(world.officer, glass, "not_justified")
    await world.settle()
    (one,) = await world.services.breaches.overview(world.officer)
    assert (one.kind, one.source) == ("wrong_person_saw", "break_glass")
    with pytest.raises(ConflictError):
        await world.services.breaches.tell(world.officer, one.breach)


async def test_neither_report_nor_letter_tells_who_or_where(world: World) -> None:
    """With a positive control: what was planted is found where it may stand."""
    told = await told_family(world, safety=SECRET, guardians=(("Samira", "holder"), ("Karim", "holder")))
    breach = await opened(world)
    await reported(world, breach, of_actor(world))
    await world.services.breach_letters.prepare(world.officer, breach)
    report = to_json(await world.services.breach_reporting.make(world.officer, breach)).decode()
    page = await world.services.breach_letters.people(world.officer, breach)
    letters = {who.name: who.letter for family in page.families for who in family.people if who.letter}
    ready = next(letter for letter in letters.values() if letter.state == "held")
    await world.services.breach_letters.allow(world.officer, breach, ready.letter)
    paper = await world.services.breach_letters.make(world.officer, breach, ready.letter)
    assert paper is not None
    written = " ".join(paragraphs(paper, translator("nl")))
    for canary in ("Noor", "Voorbeeld", "Lindelaan", "De Linde", told.relationship, told.view.family):
        assert canary not in report
    for canary in ("Noor", "Lindelaan", "De Linde", "Opvang Zuid", told.view.family):
        assert canary not in written
    assert "Voorbeeld" in written  # her own name
    assert "Opvang Zuid" in report  # who reports
    assert {who.name for family in page.families for who in family.people} >= {"Noor Voorbeeld"}
