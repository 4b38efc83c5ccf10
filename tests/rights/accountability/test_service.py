"""The documents of one shelter, and the numbers of a year: who may, what is logged, what is withheld."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from datetime import date, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import insert

from consent_service.audit import events
from consent_service.audit.events import DocumentTaken, ReportFixed
from consent_service.foundation.errors import ConflictError, InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import RecordId, RelationshipId, StaffId, TypeKey, new_id
from consent_service.identity.model import Fg, Operator, by
from consent_service.organisations.model import NewStaff
from consent_service.process.evaluation.model import LEAST
from consent_service.process.evaluation.withholding import NotPublishableError, Table, choose
from consent_service.process.tables import erasure_notices
from consent_service.release.model import Refused, Released
from consent_service.rights.accountability import yearly
from consent_service.rights.accountability.document import markdown_of
from consent_service.rights.accountability.model import FORMS, Form, Kind, ProcessingRegister
from consent_service.rights.accountability.report_document import CATEGORIES, MEASURES
from consent_service.rights.accountability.reports import YearlyReports
from consent_service.rights.accountability.service import Wanted
from consent_service.rights.accountability.tables import yearly_figures, yearly_reports
from consent_service.rights.accountability.yearly import SOURCES
from consent_service.rights.accountability.yearly_desk import DESK_SOURCES
from consent_service.rights.cases.tables import rights_cases
from tests.ledger import rows
from tests.scenarios.stories import ask, told_family, trail
from tests.shelter import LINDE, OPERATOR, POLICIES, World, furnish

YEAR = 2026
ALL = (*SOURCES, *DESK_SOURCES)
CANARIES = ("Zonnestraal", "Quirijn", "Wolkenveld")


def reports_of(world: World, chosen: object = choose) -> YearlyReports:
    """The service, choosing in this process."""
    return YearlyReports(
        database=world.services.installation.database,
        log=world.services.log,
        clock=world.clock,
        sources=ALL,
        choose=chosen,  # type: ignore[arg-type]
    )


async def fg_of(world: World) -> Fg:
    new = NewStaff("fg", "Fenna Gegevens")
    return Fg(
        world.tenant, StaffId(await world.services.organisations.add_staff(OPERATOR, world.tenant, new))
    )


async def year_over(world: World) -> None:
    """It is the sixteenth of January of the next year."""
    await world.settle()
    now = world.clock.now()
    world.clock.advance(timedelta(days=(date(YEAR + 1, 1, 16) - now.date()).days))
    await world.settle()


async def taken(world: World) -> list[DocumentTaken]:
    found = await trail(world, "accountability.taken.v1")
    return [one.detail.event for one in found if one.detail and isinstance(one.detail.event, DocumentTaken)]


# --- documents ----------------------------------------------------------------------------------


async def test_the_register_of_a_shelter_is_made_of_its_own_rows(world: World) -> None:
    await fg_of(world)
    register = await world.services.accountability.register(world.officer)
    assert register.controller.name == "Opvang Zuid"
    assert register.officers == ("Fenna Gegevens",)
    assert [one.name for one in register.schools] == ["De Eik", "De Linde"]
    assert register.schools[1].establishment_code == LINDE.establishment_code
    assert register.base_uri == "tag:test.invalid,2026:verwerkingen/v1"


async def test_only_schools_with_an_agreement_of_today_are_in_it(world: World) -> None:
    organisations = world.services.organisations
    async with world.services.installation.database.reading() as conn:
        (agreed,) = await organisations.agreements_with(conn, world.tenant, world.linde)
    await organisations.end_agreement(OPERATOR, world.tenant, agreed.agreement)
    world.clock.advance(timedelta(minutes=1))
    register = await world.services.accountability.register(world.officer)
    assert [one.name for one in register.schools] == ["De Eik"]


async def test_another_shelter_is_in_nothing_and_gets_nothing(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    services = world.services.accountability
    with pytest.raises(NotAllowedError):
        await services.take(other.officer, world.tenant, Wanted("register", "json"))
    with pytest.raises(NotAllowedError):
        await services.take(OPERATOR, world.tenant, Wanted("register", "json", 0, other.officer.staff))
    for kind in ("register", "dpia", "annex"):
        assert b"Noord" not in markdown_of(await services.document(world.officer, kind))
    await year_over(world)
    reports = reports_of(world)
    await reports.fix(world.officer, YEAR)
    assert await reports.years(other.officer) == ()
    with pytest.raises(NotFoundError):
        await services.document(other.officer, "report", year=YEAR)


@pytest.mark.parametrize("actor", ["counsellor", "contact"])
async def test_nobody_else_reads_or_takes_them(world: World, actor: str) -> None:
    who, services = getattr(world, actor), world.services
    with pytest.raises(NotAllowedError):
        await services.accountability.register(who)
    with pytest.raises(NotAllowedError):
        await services.accountability.document(who, "dpia")
    with pytest.raises(NotAllowedError):
        await services.accountability.take(who, world.tenant, Wanted("dpia", "pdf"))
    for asked in (services.yearly_reports.years, services.yearly_reports.waiting):
        with pytest.raises(NotAllowedError):
            await asked(who)
    assert await taken(world) == []


async def test_every_document_is_taken_in_each_of_its_forms_and_logged(world: World) -> None:
    await year_over(world)
    await reports_of(world).fix(world.officer, YEAR)
    services, expected = world.services.accountability, []
    fg = await fg_of(world)
    for kind, forms in FORMS.items():
        for form in forms:
            year = YEAR if kind == "report" else 0
            file = await services.take(fg, world.tenant, Wanted(kind, form, year))
            assert file.content
            expected.append(DocumentTaken(kind, form, year))
            assert re.fullmatch(r"[a-z0-9-]+\.(json|pdf|md|csv)", file.name)
    assert sorted(map(str, await taken(world))) == sorted(map(str, expected))


@pytest.mark.parametrize("kind, form", [("register", "csv"), ("dpia", "json"), ("report", "markdown")])
async def test_a_form_that_is_not_there_and_a_year_not_fixed_are_not_found(
    world: World, kind: Kind, form: Form
) -> None:
    services = world.services.accountability
    with pytest.raises(NotFoundError):
        await services.take(world.officer, world.tenant, Wanted(kind, form))
    with pytest.raises(NotFoundError):
        await services.take(world.officer, world.tenant, Wanted("report", "csv", YEAR))
    assert await taken(world) == []


async def test_an_operator_takes_it_on_the_decision_of_a_coordinator(world: World) -> None:
    services = world.services.accountability
    operator: Operator = OPERATOR
    fg = await fg_of(world)
    for decided in (None, fg.staff, world.counsellor.staff):
        with pytest.raises(NotAllowedError):
            await services.take(operator, world.tenant, Wanted("register", "json", 0, decided))
    wanted = Wanted("register", "json", 0, world.officer.staff)
    file = await services.take(operator, world.tenant, wanted)
    assert msgspec.json.decode(file.content, type=ProcessingRegister).controller.name == "Opvang Zuid"
    assert await taken(world) == [DocumentTaken("register", "json", 0, world.officer.staff)]


async def test_no_document_holds_anybody_of_a_family(world: World) -> None:
    """With names of people everywhere in the database; the name of the FG is there, in the register only."""
    child, mother, family = CANARIES
    view = await world.family(
        children=((child, date(2018, 5, 4)),), guardians=((mother, "holder"),), family_name=family
    )
    await world.at_school(view.children[0].child)
    await fg_of(world)
    services = world.services.accountability
    for kind, forms in FORMS.items():
        if kind == "report":
            continue
        for form in forms:
            content = (await services.take(world.officer, world.tenant, Wanted(kind, form))).content
            for canary in (*CANARIES, view.family, "Bo Begeleider", "Puk Privacy", "Ida Intern"):
                assert canary.encode() not in content
        text = markdown_of(await services.document(world.officer, kind)).decode()
        assert not any(canary in text for canary in CANARIES)
        assert ("Fenna Gegevens" in text) == (kind == "register")


# --- the report of a year -----------------------------------------------------------------------


async def test_a_year_without_anything_is_all_too_small(world: World) -> None:
    await year_over(world)
    reports = reports_of(world)
    assert await reports.waiting(world.officer) == (YEAR,)
    await reports.fix(world.officer, YEAR)
    assert await reports.years(await fg_of(world)) == (YEAR,)
    assert await reports.waiting(world.officer) == ()
    found = {(row.measure, row.category): row.value for row in await rows(world, yearly_figures)}
    of_nobody = {name for source in ALL for name in source.of_nobody}
    people = {key: value for key, value in found.items() if key[0] not in of_nobody}
    assert set(people.values()) == {None}
    assert found["log", "entries"] > 0
    (row,) = await rows(world, yearly_reports)
    assert (row.shown, row.withheld) == (len(found) - len(people), len(people))
    (entry,) = await trail(world, "accountability.report_fixed.v1")
    assert entry.detail is not None
    assert entry.detail.event == ReportFixed(YEAR, len(found) - len(people), len(people))


async def test_a_year_is_fixed_once_by_the_coordinator_after_it_is_over(world: World) -> None:
    reports = reports_of(world)
    with pytest.raises(InputError):
        await reports.fix(world.officer, YEAR)
    await year_over(world)
    with pytest.raises(NotAllowedError):
        await reports.fix(await fg_of(world), YEAR)  # type: ignore[arg-type]
    for year in (YEAR - 1, YEAR + 1, 0):
        with pytest.raises(InputError):
            await reports.fix(world.officer, year)
    await reports.fix(world.officer, YEAR)
    before = await rows(world, yearly_figures)
    with pytest.raises(InputError):
        await reports.fix(world.officer, YEAR)
    assert await rows(world, yearly_figures) == before


async def test_two_who_fix_at_once_fix_it_once(world: World) -> None:
    await year_over(world)
    reports = reports_of(world)

    async def as_if(_actor: object) -> tuple[int, ...]:
        return (YEAR,)

    await reports.fix(world.officer, YEAR)
    reports.waiting = as_if  # type: ignore[method-assign, assignment]
    with pytest.raises(ConflictError):
        await reports.fix(world.officer, YEAR)


async def test_what_gives_something_away_is_not_fixed(world: World) -> None:
    await year_over(world)

    def nothing(_table: Table) -> tuple[()]:
        raise NotPublishableError("planted")

    with pytest.raises(InputError):
        await reports_of(world, nothing).fix(world.officer, YEAR)
    assert await rows(world, yearly_reports) == []


async def test_every_thing_is_counted_where_it_belongs(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    world.clock.advance(timedelta(minutes=1))
    await world.intake(told.mother, {"shelter_involvement": "yes", "support_advice": "no"})
    await world.settle()
    assert isinstance(await ask(world, told.relationship), Refused)
    await _planted(world)
    await year_over(world)

    found = await counted(world, world.clock.now())
    assert found["read_by", "school"] == 1
    assert (found["answers", "yes"], found["answers", "no"]) == (3, 7)
    assert sum(count for (name, _), count in found.items() if name == "refused_because") > 0
    assert (found["case_kinds", "access"], found["case_kinds", "erasure"]) == (2, 1)
    assert (found["case_outcomes", "grant"], found["case_outcomes", "withdrawn"]) == (1, 1)
    assert found["case_outcomes", "open"] == 1
    assert (found["case_in_time", "in_time"], found["case_in_time", "late"]) == (1, 1)
    assert found["case_in_time", "open"] == 1
    assert (found["recall_answers", "in_time"], found["recall_answers", "late"]) == (1, 1)
    assert found["recall_answers", "open"] == 2  # one of them asked back after that no


async def counted(world: World, until: datetime) -> yearly.Found:
    """What every source counts before `until`."""
    found = yearly.Found()
    async with world.services.installation.database.reading() as conn:
        since = until - timedelta(days=200)
        window = yearly.Window(conn, world.services.log, world.tenant, since, until)
        for source in ALL:
            found += await source.count(window)
    return found


async def test_what_began_in_a_year_is_counted_by_how_it_ended_until_two_weeks_after(world: World) -> None:
    """What began before is not counted, however it ends; what ends later than two weeks is still open."""
    end = world.clock.now() + timedelta(days=10)
    await _told(world, events.ErasureDropped("before", "withdrawn"), _glass_ended("before"))
    for name in ("done", "dropped", "open", "late"):
        await _told(world, events.ErasureAsked(name, "child", "requested"))
    for name in ("needed", "waiting"):
        await _told(world, _glass(name))
    await _told(world, events.LogVerified(3), events.LogVerified(3, 1), events.LogPinned(3))
    await _told(world, events.ErasureDropped("dropped", "withdrawn"))
    world.clock.advance(timedelta(days=12))
    await world.settle()
    await _told(
        world, _erased("done"), _glass_ended("needed"), events.ErasureAsked("next", "child", "requested")
    )
    world.clock.advance(timedelta(days=20))
    await world.settle()
    await _told(world, _erased("late"))
    found = await counted(world, end)
    ends = {key: count for key, count in found.items() if key[0] in ("erasure_ends", "break_glass_review")}
    assert ends == {
        ("erasure_ends", "executed"): 1,
        ("erasure_ends", "dropped"): 1,
        ("erasure_ends", "open"): 2,
        ("break_glass_review", "justified"): 1,
        ("break_glass_review", "not_reviewed"): 1,
    }
    upkeep = {name: found["log", name] for name in ("verified", "verified_bad", "pinned", "reopened")}
    assert upkeep == {"verified": 1, "verified_bad": 1, "pinned": 1, "reopened": 0}


async def _told(world: World, *happened: events.Event) -> None:
    """It stands in the log."""
    async with world.services.installation.database.transaction() as conn:
        for event in happened:
            who = by(world.officer)
            await world.services.log.append(conn, tenant=world.tenant, event=event, by=who, subject=None)


def _glass(name: str) -> events.BreakGlassAsked:
    place = RelationshipId("relationship")
    return events.BreakGlassAsked(RecordId(name), place, TypeKey("child_health"), "medical", untold=False)


def _glass_ended(name: str) -> events.BreakGlassMoved:
    place = RelationshipId("relationship")
    return events.BreakGlassMoved(RecordId(name), place, "review", code="justified")


def _erased(name: str) -> events.ErasureExecuted:
    return events.ErasureExecuted(name, "child", 1, 1, 1, 1, 1, ("a", "b"))


def a_case(world: World) -> dict[str, object]:
    """What every request has."""
    now = world.clock.now()
    return {
        "tenant": world.tenant,
        "about": "oneself",
        "capacity": "guardian",
        "channel": "page",
        "standing": "decides",
        "received_on": now.date(),
        "due_on": now.date() + timedelta(days=30),
        "opened_at": now,
    }


async def _planted(world: World) -> None:
    """Three requests and three things asked back, that ended in three ways."""
    now = world.clock.now()
    ended: tuple[dict[str, object], ...] = (
        {"kind": "access", "state": "done", "outcome": "grant", "ended_at": now + timedelta(days=3)},
        {"kind": "access", "state": "withdrawn", "ended_at": now + timedelta(days=40)},
        {"kind": "erasure", "state": "identified"},
    )
    asked = {
        "tenant": world.tenant, "school": world.linde, "information_type": "pickup", "issued_at": now,
        "received_on": now.date(),
    }  # fmt: skip
    async with world.services.installation.database.transaction() as conn:
        for one in ended:
            await conn.execute(insert(rights_cases).values(case=new_id(), **a_case(world), **one))
        for answered in (now + timedelta(hours=1), now + timedelta(days=40), None):
            await conn.execute(insert(erasure_notices).values(recall=new_id(), answered_at=answered, **asked))


async def test_shown_is_what_is_large_and_gives_nothing_away(world: World) -> None:
    """Seven who were answered in time, seven late, and one who waits: that one is not to be worked out."""
    now = world.clock.now()
    async with world.services.installation.database.transaction() as conn:
        for days in (*[1] * 7, *[60] * 7, None):
            ended = None if days is None else now + timedelta(days=days)
            one = {"kind": "access", "state": "done" if ended else "identified", "ended_at": ended}
            await conn.execute(insert(rights_cases).values(case=new_id(), **a_case(world), **one))
    await year_over(world)
    await reports_of(world).fix(world.officer, YEAR)
    wanted = Wanted("report", "csv", YEAR)
    file = await world.services.accountability.take(world.officer, world.tenant, wanted)
    lines = list(csv.reader(io.StringIO(file.content.decode())))
    assert lines[0] == ["year", "measure", "category", "count"]
    told = {(line[1], line[2]): line[3] for line in lines[1:]}
    assert told["case_in_time", "open"] == f"<{LEAST}"
    shown = [told["case_in_time", one] for one in ("in_time", "late", "*")]
    assert shown.count(f"<{LEAST}") >= 1
    assert "7" in shown or "15" in shown
    assert told["log", "reopened"] == "0"


def test_every_measure_category_and_reason_has_words() -> None:
    for source in ALL:
        for name, one in source.measures.items():
            assert name in MEASURES
            assert set(one.categories) <= CATEGORIES.keys()
            assert source.of_nobody <= source.measures.keys()
    codes = {one["code"] for one in tomllib.loads((POLICIES / "causes.toml").read_text())["causes"]}
    grouped = [code for group in yearly.REFUSED.values() for code in group]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) == codes
