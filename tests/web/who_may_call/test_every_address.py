"""Every address answers every role as the tables say; an address without a row fails."""

from __future__ import annotations

from typing import Final

import pytest
from litestar import Litestar, get

from consent_service.app import create_app, serving
from tests.web.visiting import Site
from tests.web.who_may_call import anybody, home, officer, school, shelter, tablet
from tests.web.who_may_call.roles import AT_HOME, AT_THE_TABLET, LOCKED, ROLES, STAFF, Role, Row
from tests.web.who_may_call.scene import addresses, make_scene, statuses

OF_STAFF: Final = {**shelter.TABLE, **school.TABLE, **officer.TABLE}
OF_FAMILIES: Final = {**tablet.TABLE, **home.TABLE}
TABLE: Final[dict[str, Row]] = {**OF_STAFF, **OF_FAMILIES, **anybody.TABLE}
OPENS_FOR: Final[tuple[tuple[dict[str, Row], frozenset[Role]], ...]] = (
    (shelter.TABLE, frozenset({"counsellor", "colleague"})),
    (school.TABLE, frozenset({"contact", "teacher", "contact of another school"})),
    (officer.TABLE, frozenset({"coordinator", "fg"})),
)


@pytest.mark.parametrize(
    "roles", [ROLES[:5], ROLES[5:12], ROLES[12:]], ids=["tablet", "home-and-shelter", "school-and-officers"]
)
async def test_every_address_answers_every_role_as_the_table_says(
    site: Site, roles: tuple[Role, ...]
) -> None:
    scene = await make_scene(site)
    for role in roles:
        found = await statuses(scene, role, site.app)
        assert found == {call: row[role] for call, row in TABLE.items()}, role


async def test_an_address_without_a_row_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an application with routes of its own: those of `site` are shared by every test of this process."""

    @get("/nieuw", include_in_schema=False)
    async def added() -> None:
        """A route that somebody added."""

    monkeypatch.setattr(serving, "Litestar", Litestar)
    app = create_app(site.world.services, site.settings)
    app.register(added)

    assert set(addresses(app)) - TABLE.keys() == {"GET /nieuw"}
    assert set(addresses(site.app)) == TABLE.keys()


def test_no_address_stands_in_two_tables_and_no_role_is_left_out() -> None:
    tables = (shelter, school, officer, tablet, home, anybody)

    assert sum(len(one.TABLE) for one in tables) == len(TABLE)
    assert all(row.keys() == set(ROLES) for row in TABLE.values())


def test_nobody_who_is_no_member_of_staff_reaches_a_page_of_staff() -> None:
    for call, row in OF_STAFF.items():
        assert row["nobody"] == 401, call
        assert {row[role] for role in (*AT_THE_TABLET, *LOCKED)} == {303}, call
        assert {row[role] for role in AT_HOME} == {404}, call


def test_no_member_of_staff_reaches_a_page_that_shows_a_family_its_own() -> None:
    open_to_all = {call for call, row in OF_FAMILIES.items() if row["nobody"] != 401}

    assert open_to_all == {
        "GET /intrekken",
        "POST /intrekken",
        "GET /intrekken/kies",
        "POST /intrekken/kies",
        "GET /mijn-pagina",
        "POST /mijn-pagina",
        "GET /mijn-pagina/cijfers",
        "POST /mijn-pagina/cijfers",
        "POST /mijn-pagina/weg",
    }
    for call in OF_FAMILIES.keys() - open_to_all:
        assert {OF_FAMILIES[call][role] for role in STAFF} == {401}, call
        assert {OF_FAMILIES[call][role] for role in LOCKED} <= {303, 401}, call


@pytest.mark.parametrize("role", LOCKED)
async def test_a_locked_screen_leads_to_the_pin_from_every_page_that_is_somebodys(
    site: Site, role: Role
) -> None:
    scene = await make_scene(site)
    browser = await scene.browser(role)
    for call in [call for call, row in {**OF_STAFF, **OF_FAMILIES}.items() if row["nobody"] == 401]:
        method, _, template = call.partition(" ")
        if method == "GET":
            answer = await browser.get(scene.address(template))
            assert (answer.status_code, answer.headers["location"]) == (303, "/vergrendeld"), call


def test_each_page_of_staff_is_not_there_for_every_other_kind_of_staff_and_other_shelters() -> None:
    for table, opens in OPENS_FOR:
        for call, row in table.items():
            assert {row[role] for role in STAFF if role not in opens} == {404}, call
