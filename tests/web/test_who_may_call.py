"""Who may call what: every address and every role, with the exact status. A new route needs a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from litestar import Litestar, get
from litestar.routes import HTTPRoute

from consent_service.audit.log import TrailFilter
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import TypeKey, new_id
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from tests.shelter import OPERATOR
from tests.web.visiting import Browser, Site

ROLES: Final = ("nobody", "counsellor", "guardian", "contact", "coordinator", "fg")
"""Nobody logged in; a counsellor with the family; the tablet handed to a guardian; an active contact."""
Statuses = tuple[int, int, int, int, int, int]

# nobody, counsellor, guardian, contact, coordinator, fg
EVERYBODY: Final[Statuses] = (200, 200, 200, 200, 200, 200)
SENT_ON: Final[Statuses] = (303, 303, 303, 303, 303, 303)
EVERYBODY_WRONG: Final[Statuses] = (400, 400, 400, 400, 400, 400)
REFUSED: Final[Statuses] = (403, 403, 403, 403, 403, 403)
NOTHING: Final[Statuses] = (404, 404, 404, 404, 404, 404)
PARENT: Final[Statuses] = (401, 401, 200, 401, 401, 401)
PARENT_WRONG: Final[Statuses] = (401, 401, 400, 401, 401, 401)
PARENT_SENT_ON: Final[Statuses] = (401, 401, 303, 401, 401, 401)
PARENT_NONE: Final[Statuses] = (401, 401, 404, 401, 401, 401)
OWN_ONLY: Final[Statuses] = (401, 401, 401, 401, 401, 401)
"""The own page needs its own login; nobody's other session opens it, a lent tablet neither."""
SHELTER: Final[Statuses] = (401, 200, 303, 404, 404, 404)
SHELTER_WRONG: Final[Statuses] = (401, 400, 303, 404, 404, 404)
SHELTER_SENT_ON: Final[Statuses] = (401, 303, 303, 404, 404, 404)
SHELTER_NONE: Final[Statuses] = (401, 404, 303, 404, 404, 404)
SCHOOL: Final[Statuses] = (401, 404, 303, 200, 404, 404)
SCHOOL_WRONG: Final[Statuses] = (401, 404, 303, 400, 404, 404)
OFFICER: Final[Statuses] = (401, 404, 303, 404, 200, 200)
OFFICER_SENT_ON: Final[Statuses] = (401, 404, 303, 404, 303, 303)
COORDINATOR_NONE: Final[Statuses] = (401, 404, 303, 404, 404, 403)
COORDINATOR: Final[Statuses] = (401, 404, 303, 404, 200, 403)
COORDINATOR_SENT_ON: Final[Statuses] = (401, 404, 303, 404, 303, 403)
"""An empty form is `_WRONG` (400), an id that is nowhere `_NONE` (404): whoever gets there is let in."""

CHILD_ONLY: Final[Statuses] = (401, 401, 401, 401, 401, 401)
"""The faces are for a child that holds the tablet; see `test_child_routes`."""
_VOICE: Final = "/opvang/{tenant}/gezinnen/{family}/kinderen/{child}/stem"
_WRITTEN: Final = "/opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/gedeeld"
TABLE: Final[dict[str, Statuses]] = {
    "GET /": SENT_ON,
    "GET /inloggen": EVERYBODY,
    "GET /inloggen/{provider}": SENT_ON,
    "POST /inloggen/{provider}": (403, 403, 303, 403, 403, 403),
    "GET /inloggen/{provider}/terug": REFUSED,
    "POST /uitloggen": SENT_ON,
    "POST /taal": SENT_ON,
    "GET /snel-weg": SENT_ON,
    "GET /tablet-terug": PARENT,
    "POST /tablet-terug": PARENT_WRONG,
    "GET /stijl": EVERYBODY,
    "GET /jwks.json": EVERYBODY,
    "GET /opvang/{tenant}": SHELTER,
    "GET /opvang/{tenant}/taken": SHELTER,
    "POST /opvang/{tenant}/taken/{task}/klaar": SHELTER_NONE,
    "GET /opvang/{tenant}/zoeken": SHELTER,
    "POST /opvang/{tenant}/zoeken": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/invallen": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/invallen": SHELTER_WRONG,
    "GET /opvang/{tenant}/goedkeuren": SHELTER,
    "POST /opvang/{tenant}/goedkeuren/{relationship}/{record}": SHELTER_NONE,
    "GET /opvang/{tenant}/gezinnen/{family}": SHELTER,
    "GET /opvang/{tenant}/gezinnen/{family}/veiligheid": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/veiligheid": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/veiligheid/{guardian}": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/veiligheid/{guardian}": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/niet-benaderen": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/niet-benaderen": SHELTER_WRONG,
    "POST /opvang/{tenant}/gezinnen/{family}/niet-benaderen/{marker}/stop": SHELTER_NONE,
    "POST /opvang/{tenant}/niet-benaderen/{marker}": SHELTER_NONE,
    "GET /opvang/{tenant}/gezinnen/{family}/stoppen": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/stoppen": SHELTER_WRONG,
    "GET /opvang/{tenant}/inschrijven": SHELTER,
    "POST /opvang/{tenant}/inschrijven": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/kind": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/kind": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/ouder": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/ouder": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/personen/{person}": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/personen/{person}": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/antwoorden": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/antwoorden": SHELTER_WRONG,
    "POST /opvang/{tenant}/gezinnen/{family}/antwoorden/controle": SHELTER_WRONG,
    "POST /opvang/{tenant}/gezinnen/{family}/antwoorden/vastleggen": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/gezag": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/gezag": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/einde": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/einde": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/kinderen/{child}/school": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/kinderen/{child}/school": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/kinderen/{child}/school/{school}": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/kinderen/{child}/school/{school}": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/contacten": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/contacten": SHELTER_WRONG,
    "POST /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/contacten/{member}/weg": SHELTER_SENT_ON,
    "POST /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/contacten/{member}/bekend": (
        SHELTER_SENT_ON
    ),
    "GET /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/opvolger": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/opvolger": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/einde": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/einde": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/delen/{kind}": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/delen/{kind}": SHELTER_SENT_ON,
    "GET /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/gedeeld": SHELTER,
    f"GET {_WRITTEN}/{{record}}/terughalen": SHELTER_NONE,
    f"POST {_WRITTEN}/{{record}}/terughalen": SHELTER_NONE,
    "GET /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/gekregen": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/scholen/{relationship}/gekregen": SHELTER_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/tablet": SHELTER_SENT_ON,
    "POST /opvang/{tenant}/gezinnen/{family}/tablet": SHELTER_SENT_ON,
    "GET /opvang/{tenant}/gezinnen/{family}/pincode": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/pincode": SHELTER_WRONG,
    "GET /intake": PARENT_SENT_ON,
    "GET /intake/{sitting}": PARENT,
    "POST /intake/{sitting}/begin": PARENT_SENT_ON,
    "POST /intake/{sitting}/taal": PARENT_SENT_ON,
    "GET /intake/{sitting}/vraag/{number}": PARENT,
    "POST /intake/{sitting}/vraag/{number}": PARENT_SENT_ON,
    "POST /intake/{sitting}/nu-niet": PARENT_SENT_ON,
    "POST /intake/{sitting}/zelf": PARENT_SENT_ON,
    "GET /intake/{sitting}/zelf-vertellen": PARENT_SENT_ON,
    "GET /kind/{language}/{interpreter}": CHILD_ONLY,
    "POST /kind/{language}/{interpreter}": CHILD_ONLY,
    "GET /kind/{language}/{interpreter}/klaar": CHILD_ONLY,
    f"GET {_VOICE}": SHELTER,
    f"POST {_VOICE}/tablet": SHELTER_SENT_ON,
    f"POST {_VOICE}/oordeel": SHELTER_WRONG,
    "GET /intake/{sitting}/controle": PARENT_SENT_ON,
    "GET /intake/{sitting}/tekenen": PARENT_SENT_ON,
    "POST /intake/{sitting}/tekenen": PARENT_SENT_ON,
    "GET /intake/{sitting}/bewijs": PARENT_SENT_ON,
    "GET /intake/{sitting}/bewijs/code": PARENT_SENT_ON,
    "GET /intake/{sitting}/klaar": PARENT,
    "GET /intake/{sitting}/bewijs.pdf": PARENT_NONE,
    "GET /intake/{sitting}/bewijs/code.pdf": PARENT_NONE,
    "GET /intake/{sitting}/bewijs.json": PARENT_NONE,
    "GET /opvang/{tenant}/gezinnen/{family}/bewijzen": SHELTER,
    "GET /opvang/{tenant}/gezinnen/{family}/bewijzen/{sitting}/keuzes.pdf": SHELTER_NONE,
    "GET /opvang/{tenant}/gezinnen/{family}/bewijzen/{sitting}/keuzes.json": SHELTER_NONE,
    "GET /intrekken": EVERYBODY,
    "POST /intrekken": EVERYBODY_WRONG,
    "GET /intrekken/kies": SENT_ON,
    "POST /intrekken/kies": EVERYBODY_WRONG,
    "GET /mijn-pagina": EVERYBODY,
    "POST /mijn-pagina": EVERYBODY_WRONG,
    "GET /mijn-pagina/cijfers": SENT_ON,
    "POST /mijn-pagina/cijfers": EVERYBODY_WRONG,
    "GET /mijn-pagina/keuzes": OWN_ONLY,
    "POST /mijn-pagina/stoppen": OWN_ONLY,
    "POST /mijn-pagina/bezwaar": OWN_ONLY,
    "POST /mijn-pagina/bezwaar/weg": OWN_ONLY,
    "GET /mijn-pagina/vraag": OWN_ONLY,
    "POST /mijn-pagina/vraag": OWN_ONLY,
    "GET /mijn-pagina/vraag/antwoord": OWN_ONLY,
    "POST /mijn-pagina/vraag/antwoord": OWN_ONLY,
    "GET /mijn-pagina/wie-keek": OWN_ONLY,
    "GET /mijn-pagina/klopt-niet": OWN_ONLY,
    "POST /mijn-pagina/klopt-niet": OWN_ONLY,
    "GET /mijn-pagina/pincode": OWN_ONLY,
    "POST /mijn-pagina/pincode": OWN_ONLY,
    "POST /mijn-pagina/weg": SENT_ON,
    "GET /intake/eigen-pagina": PARENT,
    "POST /intake/eigen-pagina": PARENT_WRONG,
    "GET /opvang/{tenant}/gezinnen/{family}/toegang": SHELTER,
    "POST /opvang/{tenant}/gezinnen/{family}/toegang": SHELTER_WRONG,
    "GET /intake/mijn-keuzes": PARENT,
    "POST /intake/mijn-keuzes": PARENT_WRONG,
    "GET /intake/wie-keek-mee": PARENT,
    "GET /school/{tenant}": SCHOOL,
    "GET /school/{tenant}/kinderen/{relationship}": SCHOOL,
    "POST /school/{tenant}/kinderen/{relationship}": SCHOOL_WRONG,
    "GET /school/{tenant}/kinderen/{relationship}/geschreven": SCHOOL,
    "GET /school/{tenant}/kinderen/{relationship}/schrijven/{key}": SCHOOL,
    "POST /school/{tenant}/kinderen/{relationship}/schrijven/{key}": SCHOOL_WRONG,
    "GET /school/{tenant}/kinderen/{relationship}/klopt-niet": SCHOOL,
    "POST /school/{tenant}/kinderen/{relationship}/klopt-niet": SCHOOL_WRONG,
    "GET /school/{tenant}/teruggeroepen": SCHOOL,
    "POST /school/{tenant}/teruggeroepen/{recall}": (401, 404, 303, 400, 404, 404),
    "GET /toezicht/{tenant}": OFFICER,
    "GET /toezicht/{tenant}/regels/{entry}": OFFICER,
    "GET /toezicht/{tenant}/controle": OFFICER_SENT_ON,
    "POST /toezicht/{tenant}/controle": OFFICER,
    "GET /toezicht/{tenant}/patronen": OFFICER,
    "GET /toezicht/{tenant}/taken": OFFICER,
    "POST /toezicht/{tenant}/taken/{task}/klaar": COORDINATOR_NONE,
    "GET /toezicht/{tenant}/teksten": OFFICER,
    "GET /toezicht/{tenant}/teksten/{text}": OFFICER,
    "GET /toezicht/{tenant}/teksten/{text}/fout": COORDINATOR,
    "POST /toezicht/{tenant}/teksten/{text}/fout": COORDINATOR_SENT_ON,
    "POST /toezicht/{tenant}/teksten/{text}/goed": COORDINATOR_SENT_ON,
    "GET /v1/health": EVERYBODY,
    "HEAD /v1/health": EVERYBODY,
    "GET /v1/logs/{tenant}/checkpoint": EVERYBODY,
    "HEAD /v1/logs/{tenant}/checkpoint": EVERYBODY,
    "GET /static/{file_path}": EVERYBODY,
    "HEAD /static/{file_path}": EVERYBODY,
    "GET /v1/openapi.json": EVERYBODY,
    "GET /v1": EVERYBODY,
    "GET /v1/{path}": NOTHING,
}


class Scene:
    """A family with an intake under way, a child at school, and a browser for each role."""

    def __init__(self, site: Site, view: FamilyView, places: dict[str, str], staff: Fg) -> None:
        self.site = site
        self._view = view
        self._places = places
        self._fg = staff

    async def browser(self, role: str) -> Browser:
        """A fresh session each time: some of these addresses end it."""
        world = self.site.world
        match role:
            case "counsellor":
                return await self.site.logged_in(world.counsellor)
            case "guardian":
                return await self.site.with_tablet(self._view)
            case "contact":
                return await self.site.logged_in(world.contact)
            case "coordinator":
                return await self.site.logged_in(world.officer)
            case "fg":
                return await self.site.logged_in(self._fg)
            case _:
                return self.site.anyone()

    def address(self, template: str) -> str:
        """The address with real ids in it, so that no refusal is about a wrong one."""
        for name, value in self._places.items():
            template = template.replace(f"{{{name}}}", value)
        return template


async def make_scene(site: Site) -> Scene:
    world = site.world
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), {"shelter_involvement": "yes"})
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=view.family,
        guardian=view.guardians[0].guardian,
        language="nl",
        interpreter="none",
        types=[TypeKey("support_advice")],
    )
    staff = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("fg", "Fenna Gegevens")
    )
    async with world.services.installation.database.reading() as conn:
        page = await world.services.log.trail(conn, world.tenant, TrailFilter(), limit=1)
    places = {
        "tenant": world.tenant,
        "family": view.family,
        "child": view.children[0].child,
        "relationship": relationship,
        "school": world.linde,
        "member": world.teacher.staff,
        "guardian": view.guardians[0].guardian,
        "person": view.guardians[0].guardian,
        "marker": new_id(),
        "recall": new_id(),
        "sitting": sitting.sitting,
        "number": "1",
        "kind": "support_advice",
        "key": "support_advice",
        "record": new_id(),
        "task": new_id(),
        "entry": page.entries[0].id,
        "text": world.services.texts.of_type("nl", TypeKey("support_advice")).hash,
        "provider": "demo",
        "path": "nope",
        "file_path": "app.css",
    }
    return Scene(site, view, places, Fg(world.tenant, staff))


def addresses(app: Litestar) -> Iterator[str]:
    """`GET /path` of every route; what a browser asks beforehand (OPTIONS) is no call."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method in sorted(route.methods - {"OPTIONS"}):
                yield f"{method} {route.path_format}"


async def statuses(scene: Scene, role: str, app: Litestar) -> dict[str, int]:
    found: dict[str, int] = {}
    browser = await scene.browser(role)
    for call in addresses(app):
        method, _, template = call.partition(" ")
        path = scene.address(template)
        answer = await (browser.post(path) if method == "POST" else browser.send(method, path))
        found[call] = answer.status_code
        if "set-cookie" in answer.headers:
            browser = await scene.browser(role)
    return found


async def test_every_address_answers_every_role_as_the_table_says(site: Site) -> None:
    scene = await make_scene(site)
    for column, role in enumerate(ROLES):
        found = await statuses(scene, role, site.app)
        assert found == {call: row[column] for call, row in TABLE.items()}, role


async def test_an_address_without_a_row_is_found(site: Site) -> None:
    @get("/nieuw", include_in_schema=False)
    async def added() -> None:
        """A route that somebody added."""

    site.app.register(added)

    assert set(addresses(site.app)) - TABLE.keys() == {"GET /nieuw"}


def test_nobody_and_a_guardian_reach_no_page_of_staff() -> None:
    of_staff = [row for call, row in TABLE.items() if re.search(r" /(opvang|school|toezicht)/", call)]

    assert len(of_staff) > 40
    assert {(nobody, guardian) for nobody, _, guardian, *_ in of_staff} == {(401, 303)}


def test_each_page_of_staff_opens_for_one_kind_of_staff_only() -> None:
    opens = {"opvang": {1}, "school": {3}, "toezicht": {4, 5}}
    for call, row in TABLE.items():
        found = re.search(r" /(opvang|school|toezicht)/", call)
        if found:
            others = {1, 3, 4, 5} - opens[found[1]]
            assert {row[column] for column in others} == {404}, call
