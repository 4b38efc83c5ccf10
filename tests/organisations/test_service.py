"""Onboarding and leaving: by the operator only, all problems at once, with an entry for each act."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import AgreementId, FamilyId, SchoolId, StaffId, TenantId, new_id
from consent_service.identity.links import add_link
from consent_service.identity.model import Counsellor
from consent_service.identity.providers import NewProvider
from consent_service.identity.sessions import new_session, open_session
from consent_service.identity.tables import sessions, staff_links
from consent_service.organisations.model import NewStaff, SchoolDetails
from consent_service.organisations.tables import agreements, schools, staff, tenants
from tests.ledger import count, entries, rows
from tests.shelter import LINDE, OPERATOR, World

NOWHERE = TenantId(new_id())
TODAY = date(2026, 9, 1)


def codes(raised: pytest.ExceptionInfo[InputError]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in raised.value.problems]


async def test_only_the_operator_changes_organisations(world: World) -> None:
    door = world.services.organisations
    before = [await count(world, table) for table in (tenants, schools, agreements, staff)]
    for actor in (world.counsellor, world.officer, world.contact):
        for attempt in (
            door.register_tenant(actor, name="X", neutral_name="Y", phone="0800-5550000"),
            door.register_school(actor, world.tenant, LINDE),
            door.sign_agreement(
                actor, world.tenant, world.linde, valid_from=date(2026, 1, 1), valid_until=None
            ),
            door.end_agreement(actor, world.tenant, AgreementId(new_id())),
            door.add_staff(actor, world.tenant, NewStaff("fg", "X")),
            door.end_staff(actor, world.tenant, world.colleague.staff),
        ):
            with pytest.raises(NotAllowedError):
                await attempt
    assert [await count(world, table) for table in (tenants, schools, agreements, staff)] == before


async def test_mistakes_are_named_all_at_once_and_leave_nothing(world: World) -> None:
    door = world.services.organisations
    with pytest.raises(InputError) as raised:
        await door.register_tenant(OPERATOR, name="", neutral_name="", phone="")
    assert len(codes(raised)) == 3
    with pytest.raises(InputError) as raised:
        await door.register_school(OPERATOR, world.tenant, SchoolDetails("", "", "", "", ""))
    assert len(codes(raised)) == 5
    with pytest.raises(InputError) as raised:
        await door.register_school(OPERATOR, world.tenant, LINDE)
    assert codes(raised) == [("establishment_code", "establishment_code_taken")]
    with pytest.raises(InputError) as raised:
        await door.sign_agreement(
            OPERATOR, world.tenant, world.linde, valid_from=date(2026, 9, 2), valid_until=date(2026, 9, 1)
        )
    assert codes(raised) == [("valid_until", "ends_before_start")]
    with pytest.raises(InputError) as raised:
        await door.sign_agreement(
            OPERATOR, world.tenant, SchoolId(new_id()), valid_from=date(2026, 9, 2), valid_until=None
        )
    assert codes(raised) == [("school", "school_unknown")]
    with pytest.raises(InputError) as raised:
        await door.sign_agreement(
            OPERATOR, world.tenant, world.linde, valid_from=world.clock.now().date(), valid_until=None
        )
    assert codes(raised) == [("valid_from", "agreement_overlaps")]
    with pytest.raises(InputError) as raised:
        await door.add_staff(OPERATOR, world.tenant, NewStaff("school_staff", "  "))
    assert len(codes(raised)) == 3
    stranger = NewStaff("school_staff", "Ida", SchoolId(new_id()), "contact")
    with pytest.raises(InputError) as raised:
        await door.add_staff(OPERATOR, world.tenant, stranger)
    assert codes(raised) == [("school", "school_unknown")]
    assert [await count(world, table) for table in (tenants, schools, agreements)] == [1, 2, 2]


async def test_what_is_not_there_is_said_not_to_be_there(world: World) -> None:
    door = world.services.organisations
    (agreed,) = await rows(world, agreements, school=world.eik)
    await door.end_agreement(OPERATOR, world.tenant, AgreementId(agreed.agreement))
    await door.end_staff(OPERATOR, world.tenant, world.teacher.staff)
    for attempt in (
        door.register_school(OPERATOR, NOWHERE, LINDE),
        door.add_staff(OPERATOR, NOWHERE, NewStaff("fg", "Fem")),
        door.end_agreement(OPERATOR, world.tenant, AgreementId(new_id())),
        door.end_agreement(OPERATOR, world.tenant, AgreementId(agreed.agreement)),
        door.end_agreement(OPERATOR, NOWHERE, AgreementId(agreed.agreement)),
        door.end_staff(OPERATOR, world.tenant, StaffId(new_id())),
        door.end_staff(OPERATOR, world.tenant, world.teacher.staff),
        door.tenant(NOWHERE),
        door.school(world.tenant, SchoolId(new_id())),
        door.school(NOWHERE, world.linde),
    ):
        with pytest.raises(NotFoundError):
            await attempt


async def test_names_of_staff_are_sealed_and_open_for_their_own_shelter(world: World) -> None:
    assert all(b"Bo Begeleider" not in row.sealed_name for row in await rows(world, staff))
    door = world.services.organisations
    async with world.services.installation.database.reading() as conn:
        (bo,) = await door.staff_members(conn, world.tenant, [world.counsellor.staff])
        everyone = await door.staff_members(conn, world.tenant)
        at_linde = await door.staff_of_school(conn, world.tenant, world.linde)
        assert await door.staff_members(conn, NOWHERE, [world.counsellor.staff]) == ()
        assert await door.staff_members(conn, world.tenant, []) == ()
    assert (bo.name, bo.kind, bo.school, len(bo.working_days)) == ("Bo Begeleider", "counsellor", None, 5)
    assert len(everyone) == 6
    assert {member.name for member in at_linde} == {"Ida Intern", "Jip Juf"}


async def test_a_school_is_found_by_its_code_and_a_shelter_by_its_id(world: World) -> None:
    door = world.services.organisations
    found = await door.school_by_code(world.tenant, " 12-ab00 ")
    assert found is not None
    assert found == await door.school(world.tenant, world.linde)
    assert await door.school_by_code(world.tenant, "99ZZ99") is None
    assert await door.school_by_code(NOWHERE, "12AB00") is None
    assert [one.name for one in await door.schools(world.tenant)] == ["De Eik", "De Linde"]
    assert [one.name for one in await door.tenants()] == ["Opvang Zuid"]
    assert (await door.tenant(world.tenant)).neutral_name == "Hulporganisatie"
    async with world.services.installation.database.reading() as conn:
        (agreed,) = await door.agreements_with(conn, world.tenant, world.linde)
    assert (agreed.valid_from, agreed.ended_at) == (date(2026, 1, 1), None)


async def test_s15_who_left_loses_links_sessions_and_families_at_that_moment(world: World) -> None:
    view = await world.family()
    identity, now = world.services.identity, world.clock.now()
    await identity.register_provider(
        OPERATOR, NewProvider("shelter-login", "Zuid", "http://127.0.0.1:9", "client", audience="shelter")
    )
    async with world.services.installation.database.transaction() as conn:
        await add_link(conn, world.clock, "shelter-login", "d" * 64, world.counsellor)
        session = new_session(
            provider="shelter-login",
            subject="d" * 64,
            actors=(world.counsellor,),
            level="",
            authenticated_at=now,
            lasts=(now, now + timedelta(hours=8)),
        )
        await open_session(conn, session, "token")
    assert await identity.actor_for("token") is not None
    await world.services.families.stand_in(world.counsellor, view.family, "emergency")
    await world.services.organisations.end_staff(OPERATOR, world.tenant, world.counsellor.staff)

    assert await identity.actor_for("token") is None
    assert [await count(world, table) for table in (sessions, staff_links)] == [0, 0]
    async with world.services.installation.database.reading() as conn:
        assert await world.services.organisations.families_of(conn, world.counsellor) == ()
        assert not await world.services.organisations.is_assigned(conn, world.counsellor, view.family)
    (entry,) = await entries(world, "staff.ended.v1")
    assert entry.detail is not None
    assert entry.detail.by.id == OPERATOR.name


async def test_each_act_has_an_entry_by_the_operator(world: World) -> None:
    (agreed,) = await rows(world, agreements, school=world.eik)
    await world.services.organisations.end_agreement(OPERATOR, world.tenant, AgreementId(agreed.agreement))
    acts = {
        "tenant.registered.v1": 1,
        "school.registered.v1": 2,
        "agreement.signed.v1": 2,
        "agreement.ended.v1": 1,
        "staff.added.v1": 6,
    }
    for kind, times in acts.items():
        found = await entries(world, kind)
        assert len(found) == times, kind
        assert {entry.detail.by.kind for entry in found if entry.detail} == {"operator"}


async def test_a_counsellor_is_with_nobody_else_s_family(world: World) -> None:
    view = await world.family()
    door = world.services.organisations
    async with world.services.installation.database.reading() as conn:
        assert await door.families_of(conn, world.counsellor) == (view.family,)
        for stranger in (world.colleague, Counsellor(NOWHERE, world.counsellor.staff)):
            assert await door.families_of(conn, stranger) == ()
            assert not await door.is_assigned(conn, stranger, view.family)
        assert not await door.is_assigned(conn, world.counsellor, FamilyId(new_id()))
        assert (await conn.execute(select(tenants.c.tenant))).scalars().all() == [world.tenant]


async def test_who_only_stands_in_is_told_apart_from_who_is_assigned(world: World) -> None:
    view = await world.family()
    for who in (world.counsellor, world.colleague):
        await world.services.families.stand_in(who, view.family, "colleague_ill")
    door = world.services.organisations
    async with world.services.installation.database.reading() as conn:
        assert await door.stands_in_for(conn, world.counsellor) == frozenset()
        assert await door.stands_in_for(conn, world.colleague) == {view.family}


async def test_a_member_of_the_shelter_is_placed_in_a_team_and_taken_out_of_it(world: World) -> None:
    door = world.services.organisations
    member = await door.add_staff(OPERATOR, world.tenant, NewStaff("counsellor", "Daan", team="noord"))
    for team in ("noord", "zuid", ""):
        if team != "noord":
            await door.place_staff(OPERATOR, world.tenant, member, team)
        async with world.services.installation.database.reading() as conn:
            assert (await door.teams(conn, world.tenant))[member] == team
            (known,) = await door.staff_members(conn, world.tenant, [member])
        assert known.team == team
    placed = await entries(world, "staff.placed.v1")
    assert len(placed) == 2


async def test_nobody_of_a_school_and_nobody_who_left_is_placed_in_a_team(world: World) -> None:
    door = world.services.organisations
    await door.end_staff(OPERATOR, world.tenant, world.colleague.staff)
    for member in (world.contact.staff, world.colleague.staff, StaffId(new_id())):
        with pytest.raises(NotFoundError):
            await door.place_staff(OPERATOR, world.tenant, member, "noord")
    with pytest.raises(InputError) as wrong:
        await door.place_staff(OPERATOR, world.tenant, world.counsellor.staff, "Team Noord")
    assert codes(wrong) == [("team", "team_form")]
    with pytest.raises(NotAllowedError):
        await door.place_staff(world.officer, world.tenant, world.counsellor.staff, "noord")
    assert await entries(world, "staff.placed.v1") == ()
