"""A household with a trace in every table that may ever name somebody of it, and years that go by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Boolean, Date, Integer, LargeBinary, Table, insert

from consent_service.consent.service import Target
from consent_service.consent.sittings import Setting
from consent_service.families.model import FamilyView
from consent_service.foundation.clock import local_date
from consent_service.foundation.database import UtcDateTime, metadata
from consent_service.foundation.ids import INSTALLATION, RelationshipId, StaffId, TypeKey, new_id
from consent_service.identity.model import PrivacyCoordinator
from consent_service.process.emergencies.model import NewBreakGlass, NewRequest, StepText
from consent_service.process.ending.states import NewEnd
from consent_service.process.meetings.model import MeetingRefused, NewAgreement, Preparation
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.service import Ask
from consent_service.rights.cases.model import Asked
from consent_service.rights.pruning import PruningOrder, years_before
from tests.rights.breaches.stories import opened, reported
from tests.rights.forgetting import second_coordinator
from tests.scenarios.stories import SUPPORT
from tests.shelter import OPERATOR, World

NOOR, SEM = ("Noor", date(2014, 9, 3)), ("Sem", date(2018, 5, 4))
ANSWERS = (
    "shelter_involvement",
    "support_advice",
    "pickup",
    "current_domestic_violence",
    "care_signal",
    "three_way_meeting",
    "move_or_new_school",
)
NOTES: tuple[tuple[str, dict[str, str]], ...] = (
    ("shelter_involvement", {"status": "involved", "shown_as": "neutral"}),
    ("support_advice", {"helps": "Even naar buiten lopen helpt."}),
    (
        "pickup",
        {"name": "Oma Voorbeeld", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"},
    ),
    ("current_domestic_violence", {"status": "current", "meeting": "soon"}),
    ("move_or_new_school", {"what": "moving", "date": "2027-01-31"}),
)
NEED = NewBreakGlass(
    information_type=SUPPORT,
    fields={"helps": "Heeft een EpiPen bij zich."},
    reason="medical",
    why="Noten gegeten.",
)
REQUEST = NewRequest(asker="raad", ground="bw_1_240", name="Mevrouw De Raad", asked="Hoe gaat het?")
STEP = StepText(what="Bang om naar huis te gaan.", why="Twee keer gezien.")


@dataclass(frozen=True)
class Household:
    """Who they are, and the two coordinators."""

    view: FamilyView
    noor: RelationshipId
    sem: RelationshipId
    other: PrivacyCoordinator


def filled(table: Table, now: datetime, **values: Any) -> dict[str, Any]:
    """A row with these values, and something in every other column that cannot be empty."""
    made = dict(values)
    for column in table.columns:
        if column.name in made or column.nullable or column.server_default is not None:
            continue
        if isinstance(column.type, UtcDateTime):
            made[column.name] = now
        elif isinstance(column.type, Date):
            made[column.name] = local_date(now)
        elif isinstance(column.type, Boolean):
            made[column.name] = False
        elif isinstance(column.type, Integer):
            made[column.name] = 1
        elif isinstance(column.type, LargeBinary):
            made[column.name] = b"sealed"
        else:
            made[column.name] = new_id()[-(column.type.length or 36) :]  # type: ignore[attr-defined]
    return made


async def plant(world: World, name: str, **values: Any) -> None:
    """A row that no service wrote."""
    table = metadata.tables[name]
    row = filled(table, world.clock.now(), **{"tenant": world.tenant, **values})
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(insert(table).values(row))


async def household(world: World) -> Household:
    """Two guardians, two children at school, and everything that can be done with and about them."""
    services = world.services
    view = await world.family(children=(NOOR, SEM), guardians=(("Samira", "holder"), ("Karim", "holder")))
    noor, sem = [await world.at_school(one.child) for one in view.children]
    other = await second_coordinator(world)
    home = Household(view, noor, sem, other)
    for number in (0, 1):
        await world.intake(world.guardian(view, number), dict.fromkeys(ANSWERS, "yes"))
    await services.signal_routing.place_school(world.officer, world.linde, "midden")
    for where in (noor, sem):
        for key, fields in NOTES:
            assert isinstance(
                await services.records.share(world.counsellor, where, Note(TypeKey(key), fields)), Shared
            )
    await services.signals.send(world.counsellor, noor)
    for where in (noor, sem):
        await services.release.to_school(world.contact, Ask(where, "support"))
    await services.rights.report_wrong(world.guardian(view), noor, SUPPORT)
    await world.settle()
    await services.cases.ask(world.guardian(view), Asked("access", words="Alles graag."))
    await _emergencies(world, home)
    await _meeting(world, home)
    await _unfinished(world, home)
    await _breach(world)
    await _planted(world, home)
    await services.recall_desk.report_copied(world.counsellor, noor, SUPPORT)
    await world.settle()
    taken = Target(world.tenant, view.family, view.guardians[0].guardian, ((sem, SUPPORT),))
    await services.consent.withdraw(world.guardian(view), taken, method="page")
    await world.settle()
    return home


async def _emergencies(world: World, home: Household) -> None:
    services, noor = world.services, home.view.children[0].child
    break_glass = await services.break_glass.ask(world.counsellor, home.noor, NEED)
    await services.break_glass.approve(world.colleague, break_glass)  # type: ignore[arg-type]
    await services.meldcodes.begin(world.counsellor, home.view.family, noor, STEP)
    await services.statutory_requests.receive(world.counsellor, home.view.family, noor, REQUEST)


async def _meeting(world: World, home: Household) -> None:
    service, mother = world.services.meetings, home.view.guardians[0].guardian
    meeting = await service.propose(world.counsellor, home.noor, "routine")
    assert not isinstance(meeting, MeetingRefused)
    prepared = Preparation("Hoe gaat het in de klas?", (mother,), (world.contact.staff,))
    await service.prepare(world.counsellor, meeting, prepared)
    day = local_date(world.clock.now())
    await service.plan(world.counsellor, meeting, day + timedelta(days=2), "14:00")
    world.clock.advance(timedelta(days=3))
    await service.hold(world.counsellor, meeting)
    agreement = NewAgreement("Elke dag vragen hoe het gaat.", "school", day + timedelta(days=10))
    await service.agree(world.counsellor, meeting, (agreement,))


async def _unfinished(world: World, home: Household) -> None:
    """A sitting that nobody signs."""
    actor, key = world.guardian(home.view), TypeKey("pickup")
    sitting = await world.services.sittings.prepare(world.counsellor, actor, Setting("nl"), types=[key])
    shown = world.shown(key, "nl")
    await world.services.sittings.answer(
        actor, sitting.sitting, sitting.questions[0], answer="yes", shown=shown
    )


async def _breach(world: World) -> None:
    """A device is stolen; whom it may be about is written to."""
    breach = await opened(world)
    await reported(world, breach)
    await world.services.breach_letters.prepare(world.officer, breach)


async def answered(world: World, home: Household) -> None:
    """What still kept this family comes to its end: its request and the breach."""
    services = world.services
    for case in await services.cases.own(world.guardian(home.view)):
        await services.cases.withdraw(world.guardian(home.view), case.case)
    (one,) = await services.breaches.overview(world.officer)
    for family in (await services.breach_letters.people(world.officer, one.breach)).families:
        for person in family.people:
            if person.letter is not None:
                await services.breach_letters.withhold(
                    world.officer, one.breach, person.letter.letter, "safety"
                )
    await services.breaches.tell(world.officer, one.breach)
    await services.breaches.close(world.officer, one.breach)


async def _planted(world: World, home: Household) -> None:
    """What comes from browsers, phones and mail."""
    family, noor = home.view.family, home.view.children[0].child
    mother, now = home.view.guardians[0].guardian, world.clock.now()
    ends = NewEnd("moved_out", local_date(now) + timedelta(days=60), None)
    await world.services.endings.plan(world.counsellor, home.sem, ends)
    for person in (mother, noor):
        await plant(world, "page_devices", person=person)
        await plant(world, "page_challenges", person=person, code="x")
        await plant(world, "page_factors", person=person, kind="mail", sealed_address=b"mail")
        await plant(world, "notice_wishes", recipient=person, language="nl", digest=True)
    session = new_id()
    here = {"tenant": INSTALLATION, "provider": "x", "subject": "x"}
    await plant(world, "sessions", id=session, own_person=mother, own_family=family, **here)
    await plant(world, "step_tokens", tenant=INSTALLATION, session=session, step=f"sign:{mother}")
    await plant(world, "login_attempts", return_to=f"/opvang/{family}", tenant=INSTALLATION, provider="x")
    await plant(world, "phone_calls", relationship=home.noor, staff=world.counsellor.staff, types="pickup")
    await plant(world, "first_day_ticks", relationship=home.noor, ticked_by=world.contact.staff)
    await plant(world, "child_competence", child=noor, judged_by=world.counsellor.staff)
    await plant(world, "contact_absences", relationship=home.noor, staff=world.contact.staff)
    await plant(
        world, "contact_attestations",
        relationship=home.noor, staff=world.contact.staff, by_kind="counsellor",
    )  # fmt: skip
    await plant(world, "safety_markers", family=family, guardian=mother, review_on=date(2027, 1, 1))
    await plant(world, "passed_on_statements", family=family, person=mother)
    await plant(world, "notices", kind="something_new", to_person=mother, family=family, state="inbox_only")
    await plant(world, "staff_devices", staff=world.counsellor.staff)
    await plant(world, "meeting_remarks", relationship=home.noor, guardian=mother)
    await plant(world, "restrictions", family=family, child=noor, relationship=home.noor)
    await plant(world, "rectifications", relationship=home.noor)
    await plant(world, "review_notes", about=mother)
    await plant(world, "pattern_marks", kind="x", team="x")
    await plant(world, "notice_bounces", code="unknown")
    await plant(world, "enrolments", staff=world.teacher.staff)
    await plant(world, "notice_wishes", recipient=world.teacher.staff, language="nl", digest=True)


async def jobs(world: World) -> None:
    """What runs by itself, once, and letting old entries go."""
    services, now = world.services, world.clock.now()
    await world.settle()
    await services.endings.run(world.tenant)
    await services.break_glass.run_out(world.tenant)
    await services.calendar.run(world.tenant, now)
    await services.watching.notice_daily(world.tenant, now)
    await services.signals.look(world.tenant, now)
    await world.settle()
    await services.identity.forget_expired()
    await services.retention.look(world.tenant)
    await world.settle()
    before = years_before(local_date(now), 5)
    await services.pruning.prune(OPERATOR, PruningOrder(world.tenant, StaffId(world.officer.staff), before))


async def agreed_periods(world: World, other: PrivacyCoordinator) -> None:
    """Two coordinators stand behind the periods."""
    schedule = await world.services.retention.propose(world.officer)
    await world.services.retention.approve(other, schedule)
