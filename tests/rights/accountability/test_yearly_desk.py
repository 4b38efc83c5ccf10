"""The report of a year counts breaches and what samples of the log showed, whole."""

from __future__ import annotations

from datetime import timedelta

from consent_service.rights.accountability.report_document import csv_of, report_document
from consent_service.rights.accountability.reports import read_report
from consent_service.rights.accountability.yearly import Found, Source, Window
from consent_service.rights.accountability.yearly_desk import BREACHES, DESK_SOURCES, SAMPLES
from consent_service.rights.breaches.service import Reported
from consent_service.rights.reviews.judging import Judgement
from tests.rights.accountability.test_service import reports_of, year_over
from tests.rights.breaches.stories import SAID, of_actor, opened, reported
from tests.rights.reviews.test_samples import a_week
from tests.scenarios.stories import told_family
from tests.shelter import World


async def counted(world: World, source: Source) -> Found:
    now = world.clock.now()
    async with world.services.installation.database.reading() as conn:
        since = now - timedelta(days=200)
        return await source.count(Window(conn, world.services.log, world.tenant, since, now))


async def test_breaches_are_counted_by_kind_and_by_whether_they_were_reported_in_time(world: World) -> None:
    await told_family(world)
    service = world.services.breaches
    await reported(world, await opened(world))
    late = await opened(world, "leaked_backup")
    await service.examine(world.officer, late, of_actor(world))
    await service.describe(world.officer, late, SAID)
    world.clock.advance(timedelta(hours=72, minutes=1))
    await service.report(
        world.officer, late, Reported(world.clock.now(), "z2", late_reason="still_looking", late_note="Druk.")
    )
    await opened(world, "other")
    world.clock.advance(timedelta(minutes=1))
    assert await counted(world, BREACHES) == {
        ("breach_kinds", "lost_or_stolen_device"): 1,
        ("breach_kinds", "leaked_backup"): 1,
        ("breach_kinds", "other"): 1,
        ("breach_reports", "in_time"): 1,
        ("breach_reports", "late"): 1,
        ("breach_reports", "open"): 1,
    }


async def test_a_breach_that_is_not_reported_is_counted_as_that(world: World) -> None:
    breach, service = await opened(world, "leaked_backup"), world.services.breaches
    await service.examine(world.officer, breach, of_actor(world))
    await service.describe(world.officer, breach, SAID)
    await service.leave_unreported(world.officer, breach, "nothing_seen")
    world.clock.advance(timedelta(minutes=1))
    assert (await counted(world, BREACHES))["breach_reports", "not_reported"] == 1


async def test_of_each_entry_of_a_sample_the_last_word_counts(world: World) -> None:
    _, line = await a_week(world)
    reviews = world.services.reviews
    _, drawn = await reviews.sample(world.officer, line.sample)
    first, second, third, *rest = [one.entry.id for one in drawn]
    await reviews.judge(world.officer, line.sample, first, Judgement("asked", "no_reason"))
    await reviews.judge(world.officer, line.sample, first, Judgement("wrong", "too_much"))
    await reviews.judge(world.officer, line.sample, second, Judgement("in_order"))
    await reviews.judge(world.officer, line.sample, third, Judgement("asked", "no_reason"))
    world.clock.advance(timedelta(minutes=1))
    assert await counted(world, SAMPLES) == {
        ("sample_verdicts", "wrong"): 1,
        ("sample_verdicts", "in_order"): 1,
        ("sample_verdicts", "asked"): 1,
        ("sample_verdicts", "not_judged"): len(rest),
        ("sample_findings", "too_much"): 1,
    }


async def test_one_breach_stands_in_the_report_as_one(world: World) -> None:
    """Of nobody: a small number is not withheld."""
    await opened(world)
    await year_over(world)
    year = 2026
    await reports_of(world).fix(world.officer, year)
    async with world.services.installation.database.reading() as conn:
        report = await read_report(conn, DESK_SOURCES, world.tenant, year)
    lines = csv_of(report).decode().splitlines()
    assert f"{year},breach_kinds,lost_or_stolen_device,1" in lines
    assert f"{year},sample_verdicts,not_judged,0" in lines
    titles = [one.heading for one in report_document(report, "De Veilige Haven").sections]
    assert "Datalekken, naar soort" in titles
