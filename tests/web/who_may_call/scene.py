"""A scene in which every role has something to reach: a family, a child at school, a browser for each role.

The ids in the addresses are of things that are there, so that no refusal is about a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from litestar import Litestar
from litestar.routes import HTTPRoute

from consent_service.audit.log import TrailFilter
from consent_service.audit.log_keys import current_log
from consent_service.consent.model import Answer
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import PersonId, TypeKey, new_id
from consent_service.identity.handover import HandOver
from consent_service.identity.model import ChildActor, Fg, PersonActor, StaffActor
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import Opened
from consent_service.organisations.model import NewStaff
from consent_service.process.emergencies.model import NewBreakGlass, NewRequest, StepText
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.rights.cases.model import Asked
from tests.rights.breaches.stories import opened, reported
from tests.shelter import OPERATOR, World, furnish
from tests.web.visiting import COOKIE, PIN, Browser, Site
from tests.web.who_may_call.roles import Role

CHILDREN: Final = (("Noor", date(2018, 5, 4)), ("Yara", date(2012, 3, 7)))
"""The first is at school; the second is old enough for a tablet and an own page of its own."""

_YES: Final[dict[str, Answer]] = dict.fromkeys(
    ("shelter_involvement", "support_advice", "three_way_meeting"), "yes"
)

WRITTEN: Final = StepText(what="Wat wij zagen.", why="Daarom.")
ASKED: Final = NewRequest(asker="raad", ground="bw_1_240", name="Iemand", asked="Hoe het gaat.")


class Scene:
    """A family with an intake under way, a child at school, another shelter, and a browser for each role."""

    def __init__(
        self,
        site: Site,
        view: FamilyView,
        places: Mapping[str, str],
        *,
        other: FamilyView,
        elsewhere: World,
        fg: Fg,
    ) -> None:
        self.site = site
        self.view = view
        self.places = places
        self._other = other
        self.elsewhere = elsewhere
        self._fg = fg

    def child(self, name: str) -> ChildActor:
        """A child of the family, by its given name."""
        (child,) = (one.child for one in self.view.children if one.identity.given_names == name)
        return ChildActor(self.site.world.tenant, child, self.view.family)

    async def browser(self, role: Role) -> Browser:
        """A fresh session of this role."""
        here, elsewhere = self.site.world, self.elsewhere
        staff: dict[Role, StaffActor] = {
            "counsellor": here.counsellor,
            "colleague": here.colleague,
            "counsellor elsewhere": elsewhere.counsellor,
            "contact": here.contact,
            "teacher": here.teacher,
            "contact of another school": here.eik_contact,
            "contact elsewhere": elsewhere.contact,
            "coordinator": here.officer,
            "fg": self._fg,
            "coordinator elsewhere": elsewhere.officer,
        }
        if role in staff:
            return await self.site.logged_in(staff[role])
        match role:
            case "guardian":
                return await self.site.with_tablet(self.view)
            case "guardian of another family":
                return await self.site.with_tablet(self._other)
            case "child":
                return await self._tablet_of(self.child("Yara").child)
            case "young child":
                return await self._tablet_of(self.child("Noor").child)
            case "locked counsellor":
                return await self._locked(await self.site.logged_in(here.counsellor))
            case "locked guardian":
                return await self._locked(await self.site.with_tablet(self.view))
            case "guardian at home":
                return await self._own_page_of(here.guardian(self.view))
            case "child at home":
                return await self._own_page_of(self.child("Yara"))
            case _:
                return self.site.anyone()

    def address(self, template: str, **other: str) -> str:
        """The address with real ids in it; `other` puts other ones in their place."""
        for name, value in {**self.places, **other}.items():
            template = template.replace(f"{{{name}}}", value)
        return template

    async def _tablet_of(self, child: PersonId) -> Browser:
        identity, world = self.site.world.services.identity, self.site.world
        browser = await self.site.logged_in(world.counsellor)
        session = await identity.actor_for(browser.token)
        assert session is not None
        await identity.set_pin(session, PIN)
        facts = Circumstances(tenant=world.tenant, family=self.view.family, assigned=True)
        handed = await identity.hand_over(browser.token, HandOver(child, facts, is_child=True))
        assert isinstance(handed, Opened), handed
        return Browser(self.site.client, handed.token)

    async def _locked(self, browser: Browser) -> Browser:
        locked = await self.site.world.services.identity.lock(browser.token, "/")
        assert locked is not None
        assert locked.locked
        return browser

    async def _own_page_of(self, actor: PersonActor) -> Browser:
        services = self.site.world.services
        async with services.installation.database.transaction() as conn:
            opened = await services.identity.own_pages.open(conn, actor, replaces=None)
        return Browser(self.site.client, opened.token)


def _urgent(world: World) -> NewBreakGlass:
    """A colleague agreed by phone, so that the school reads it at once."""
    return NewBreakGlass(
        information_type=TypeKey("support_advice"),
        fields={"helps": "Heeft altijd een EpiPen bij zich."},
        reason="medical",
        why="De moeder belde.",
        approver=world.colleague.staff,
    )


async def _breach(world: World, view: FamilyView) -> dict[str, str]:
    """A breach that was reported, with its question and a letter that is ready."""
    breach = await opened(world)
    await reported(world, breach)
    await world.services.breach_letters.prepare(world.officer, breach)
    seen = await world.services.breaches.view(world.officer, breach)
    page = await world.services.breach_letters.people(world.officer, breach)
    mother = view.guardians[0].guardian
    letters = [one.letter for family in page.families for one in family.people if one.person == mother]
    assert letters[0] is not None
    return {"breach": breach, "exam": seen.exams[0].exam, "letter": letters[0].letter}


async def make_scene(site: Site) -> Scene:
    """The scene, over the real services."""
    world = site.world
    view = await world.family(children=CHILDREN)
    child = next(one.child for one in view.children if one.identity.given_names == "Noor")
    relationship = await world.at_school(child)
    await world.intake(world.guardian(view), _YES)
    note = Note(TypeKey("support_advice"), {"helps": "Een vast plekje."})
    shared = await world.services.records.share(world.counsellor, relationship, note)
    assert isinstance(shared, Shared)
    sitting = await world.services.sittings.start(
        world.counsellor,
        family=view.family,
        guardian=view.guardians[0].guardian,
        language="nl",
        interpreter="none",
        types=[TypeKey("support_advice")],
    )
    meeting = await world.services.meetings.propose(world.counsellor, relationship, "routine")
    meldcode = await world.services.meldcodes.begin(world.counsellor, view.family, child, WRITTEN)
    matter = await world.services.statutory_requests.receive(world.counsellor, view.family, child, ASKED)
    case = await world.services.cases.ask(world.guardian(view), Asked("access"))
    emergency = await world.services.break_glass.ask(world.counsellor, relationship, _urgent(world))
    fg = await world.services.organisations.add_staff(
        OPERATOR, world.tenant, NewStaff("fg", "Fenna Gegevens")
    )
    other = await world.family(family_name="Anders")
    elsewhere = await furnish(world.services, world.clock, "Opvang Noord")
    await world.settle()
    breach = await _breach(world, view)
    own = {
        **breach,
        "family": view.family,
        "child": child,
        "relationship": relationship,
        "guardian": view.guardians[0].guardian,
        "person": view.guardians[0].guardian,
        "sitting": sitting.sitting,
        "record": shared.record,
        "meeting": str(meeting),
        "case": case,
        "meldcode": meldcode,
        "matter": matter,
        "act": "gehouden",
        "emergency": str(emergency),
        "deed": "verteld",
        "decision": "approve",
    }
    places = await _places(world) | own
    return Scene(site, view, places, other=other, elsewhere=elsewhere, fg=Fg(world.tenant, fg))


async def _places(world: World) -> dict[str, str]:
    async with world.services.installation.database.reading() as conn:
        page = await world.services.log.trail(conn, world.tenant, TrailFilter(), limit=1)
        log = await current_log(conn, world.tenant)
    assert log is not None
    return {
        "tenant": world.tenant,
        "school": world.linde,
        "member": world.teacher.staff,
        "marker": new_id(),
        "recall": new_id(),
        "erasure": new_id(),
        "restriction": new_id(),
        "case": new_id(),
        "plan": new_id(),
        "signal": new_id(),
        "region": "midden",
        "period": "2026-Q1",
        "part": "register",
        "form": "pdf",
        "year": "2026",
        "number": "1",
        "kind": "support_advice",
        "key": "support_advice",
        "task": new_id(),
        "question": "wie-zag",
        "saved": new_id(),
        "sample": new_id(),
        "proposal": new_id(),
        "schedule": new_id(),
        "hold": new_id(),
        "bundle": "0" * 64,
        "entry": page.entries[0].id,
        "text": world.services.texts.of_type("nl", TypeKey("support_advice")).hash,
        "provider": "demo",
        "name": log.origin.rpartition("/")[2],
        "place": "0/000.p/1",
        "entries": "000.p/1",
        "path": "nope",
        "file_path": "app.css",
        "language": "nl",
        "interpreter": "none",
    }


LOCKS: Final = "POST /vergrendel"


def addresses(app: Litestar) -> Iterator[str]:
    """`GET /path` of every route; what a browser asks beforehand (OPTIONS) is no call."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for method in sorted(route.methods - {"OPTIONS"}):
                yield f"{method} {route.path_format}"


async def statuses(scene: Scene, role: Role, app: Litestar) -> dict[str, int]:
    """What every address answers this role to an empty form; a session that ends or locks is opened anew."""
    found: dict[str, int] = {}
    browser = await scene.browser(role)
    for call in addresses(app):
        method, _, template = call.partition(" ")
        path = scene.address(template)
        answer = await (browser.post(path) if method == "POST" else browser.send(method, path))
        found[call] = answer.status_code
        if f"{COOKIE}=" in answer.headers.get("set-cookie", "") or call == LOCKS:
            browser = await scene.browser(role)
    return found
