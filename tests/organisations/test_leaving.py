"""Who left leaves nothing that opens anything: every column that names staff or a login is accounted for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Column, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import UtcDateTime
from consent_service.identity.links import add_link
from consent_service.identity.model import Counsellor, SchoolStaff, StaffActor
from consent_service.identity.tables import enrolments, return_pins, sessions
from consent_service.migrations.schema import complete_metadata
from consent_service.process.notices.addresses import keep_address
from tests.rights.test_erasure_places import OF_STAFF
from tests.shelter import OPERATOR, World, furnish

Columns = dict[str, set[str]]
PROVIDER, SUBJECT, SHARED = "surf", "5" * 64, "6" * 64
_TWO = (("Noor", date(2018, 5, 4)), ("Naomi", date(2018, 5, 4)))

GONE: Final[Columns] = {
    "enrolments": {"staff"},
    "notice_addresses": {"staff"},
    "passkeys": OF_STAFF["passkeys"],
    "session_devices": {"device", "named_by", "subject"},
    "return_pins": {"subject"},
    "sessions": {"device", "id", "sid", "sub", "subject", "handed_by", "acts_as"},
    "staff_links": {"subject", "staff"},
    "step_tokens": {"session"},
}
"""Rows that are no longer there."""
ENDED: Final[Columns] = {
    "assignments": {"staff"},
    "relationship_contacts": {"staff"},
    "staff": {"staff"},
    "staff_invitations": {"staff"},
}
"""Rows that say until when it was so."""
COUNTS_NO_MORE: Final[dict[str, str]] = {
    "contact_absences": "of a listing",
    "contact_attestations": "of a listing",
    "login_attempts": "of a session that has ended, for minutes",
    "logout_tokens_seen": "who logged out at the provider, for minutes: it only keeps a login out",
    "passkey_challenges": "of a session that has ended, for minutes",
    "invitation_logins": "of an invitation that was ended: nobody can confirm it any more",
    "notices": "what waits for who left is not sent: tests/process/notices",
    "relationship_contacts": "whom somebody stood in for",
}
STAYS: Final[dict[str, str]] = {
    "breaches": "who opened and decided it",
    "breach_exams": "who asked, and of whom it was asked",
    "breach_letters": "who gave it or did not",
    "retention_holds": "who placed and lifted it",
    "retention_runs": "who asked for it",
    "retention_schedules": "who stands behind the periods",
    "access_files": "who made it, until it is handed over",
    "authority_facts": "who saw it",
    "break_glasses": "who asked and agreed; of who left the release counts no agreement",
    "care_signals": "who sent it",
    "child_competence": "who judged it",
    "consent_ledger": "who was there, and on which device",
    "ending_plans": "who planned it",
    "erasure_notices": "who answered",
    "evaluation_publications": "who fixed the figures",
    "erasures": "who asked and approved",
    "meetings": "who proposed and led it: it is for the family, and goes on with a colleague",
    "meldcode_steps": "who took it",
    "meldcodes": "who began it",
    "first_contacts": "who sent, confirmed and read it",
    "first_day_ticks": "who ticked it",
    "operator_grants": "an operator is nobody's staff: `operator end` ends one",
    "operator_logins": "an operator is nobody's staff",
    "operators": "an operator is nobody's staff",
    "page_devices": "a device of a family",
    "page_tries": "a place of a family",
    "passed_on_statements": "who entered it",
    "phone_calls": "who called",
    "policy_approvals": "who approved: `policy.changes` asks anew whether they still are coordinators",
    "policy_proposals": "who proposed it",
    "recalls": "who answered",
    "rectifications": "who asked it",
    "rights_cases": "who decided",
    "restrictions": "who set, told and lifted it",
    "records": "who wrote and approved it",
    "review_samples": "whose sample it was",
    "safety_assessments": "who assessed it",
    "saved_questions": "of an officer who left nobody reads them; about whom else it was, is a question",
    "safety_markers": "who asked and decided",
    "signal_hearers": "who heard of a signal",
    "sittings": "who handed the tablet over, and which",
    "staff_devices": "at which devices counsellors worked, for patterns in how was asked; opens nothing",
    "staff_invitations": "whom somebody invited: for others, and theirs to use",
    "statutory_requests": "who received and answered it",
    "suspended_texts": "who decided it",
    "tasks": "who did it",
}
"""What somebody did stays true; none of it lets anybody in."""


def uncovered(of_staff: Columns) -> set[tuple[str, str]]:
    """Columns of staff of which nobody says what leaving does with them."""
    found = {(table, column) for table, columns in of_staff.items() for column in columns}
    said = {(table, column) for known in (GONE, ENDED) for table in known for column in known[table]}
    whole = {(t, c) for t in (*COUNTS_NO_MORE, *STAYS) for c in of_staff.get(t, set())}
    return found ^ (said | whole)


def test_of_every_column_that_names_staff_it_is_said_what_leaving_does() -> None:
    """That `OF_STAFF` is complete, `tests/rights/test_erasure_places` holds against the tables."""
    assert uncovered(OF_STAFF) == set()
    assert {*COUNTS_NO_MORE, *STAYS} <= OF_STAFF.keys()
    assert uncovered(OF_STAFF | {"planted": {"staff"}}) == {("planted", "staff")}


async def _filled(conn: AsyncConnection, world: World, actor: StaffActor, subject: str) -> None:
    """A link, a session with an open form, one on a lent tablet, and a PIN."""
    await add_link(conn, world.clock, PROVIDER, subject, actor)
    now = world.clock.now()
    common: dict[str, Any] = {
        "tenant": "_",
        "provider": PROVIDER,
        "subject": subject,
        "acr": "",
        "pin_tries": 0,
    }
    times = dict.fromkeys(("authenticated_at", "created_at", "last_seen_at", "expires_at"), now)
    for number, handed_by in enumerate((None, actor.staff)):
        name = f"{subject[:30]}{number}"
        row = {
            "id": name,
            "token": name.ljust(64, "0"),
            "handed_by": handed_by,
            "sub": subject,
            "sid": subject,
        }
        await conn.execute(insert(sessions).values(**common, **times, **row))
    for table in ("passkeys", "session_devices", "return_pins"):
        known = complete_metadata().tables[table]
        values = {column.name: _some(column, now, subject) for column in known.columns if not column.nullable}
        values |= {"tenant": "_", "provider": PROVIDER, "subject": subject}
        await conn.execute(insert(known).values(**values))


async def _code(conn: AsyncConnection, world: World, actor: StaffActor) -> None:
    """A code to add a first passkey that nobody used, and where messages go."""
    values = {"tenant": world.tenant, "code": str(actor.staff), "staff": actor.staff}
    times = dict.fromkeys(("given_at", "expires_at"), world.clock.now())
    await conn.execute(insert(enrolments).values(**values, **times))
    ring, to = world.services.installation.ring, "ida@linde.example"
    await keep_address(conn, ring, world.tenant, actor.staff, to, world.clock.now())


def _some(column: Column[Any], now: datetime, subject: str) -> object:
    """A value of the right type; one that is another's for another login."""
    if isinstance(column.type, UtcDateTime):
        return now
    kinds: dict[type[Any], object] = {bytes: subject.encode(), int: 1, bool: False}
    return kinds.get(column.type.python_type, subject[:36])


async def test_who_left_leaves_nothing_that_opens_anything(world: World) -> None:
    view = await world.family()
    await world.at_school(view.children[0].child)
    subjects: dict[SchoolStaff | Counsellor, str] = {world.contact: SUBJECT, world.counsellor: "7" * 64}
    for actor in subjects:
        await world.services.organisations.invite_staff(OPERATOR, world.tenant, actor.staff)
    async with world.services.installation.database.transaction() as conn:
        for actor, subject in subjects.items():
            await _filled(conn, world, actor, subject)
            await _code(conn, world, actor)
    ended = set()
    for actor, subject in subjects.items():
        await world.services.organisations.end_staff(OPERATOR, world.tenant, actor.staff)
        tables = complete_metadata().tables
        async with world.services.installation.database.reading() as conn:
            for table, columns in GONE.items():
                for column in columns:
                    held = tables[table].c[column]
                    if held.type.python_type is bytes:
                        continue  # its row is found by the login
                    query = select(held).where(held.in_([actor.staff, subject, f"{subject[:30]}0"]))
                    assert (await conn.execute(query)).all() == [], (table, column)
            for table in ENDED:
                query = select(tables[table]).where(tables[table].c.staff == actor.staff)
                for row in await conn.execute(query):
                    until = row.ended_at if table.startswith("staff") else row.ends_at
                    assert until is not None
                    assert until <= world.clock.now()
                    ended.add(table)
    assert ended == ENDED.keys()


async def test_a_login_that_still_works_at_another_shelter_keeps_its_pin(world: World) -> None:
    other = await furnish(world.services, world.clock, "Opvang Noord")
    async with world.services.installation.database.transaction() as conn:
        await _filled(conn, world, world.contact, SHARED)
        await add_link(conn, world.clock, PROVIDER, SHARED, other.contact)
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.contact.staff)
    async with world.services.installation.database.reading() as conn:
        assert len((await conn.execute(select(return_pins))).all()) == 1


async def test_a_coordinator_takes_somebody_of_a_school_off_every_list(world: World) -> None:
    view = await world.family(children=_TWO)
    places = [await world.at_school(one.child) for one in view.children]
    families = world.services.families
    assert await families.lists_of(world.officer, world.contact.staff) == 2
    await world.settle()
    await world.services.organisations.end_staff(world.officer, world.tenant, world.contact.staff)
    assert await families.school_children(world.tenant, world.contact.staff, world.linde) == ()
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    assert {(one.kind, one.relationship) for one in tasks} == {("contact_stepped_off", p) for p in places}
    async with world.services.installation.database.transaction() as conn:
        table = complete_metadata().tables["relationship_contacts"]
        await conn.execute(update(table).values(ends_at=None))  # a listing alone gives nothing back
    assert await families.school_children(world.tenant, world.contact.staff, world.linde) == ()
