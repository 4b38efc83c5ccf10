"""After a child was erased every page of everybody still opens, and each link on them leads somewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from consent_service.consent.service import Target
from consent_service.custody.stops import forget_listed
from consent_service.families.model import FamilyView, SafetyAssessment, SchoolConfirmation
from consent_service.foundation.errors import KeyDestroyedError, NotFoundError
from consent_service.foundation.ids import PersonId, RelationshipId, StaffId, TypeKey
from consent_service.identity.model import Fg, StaffActor
from consent_service.organisations.model import NewStaff
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.model import Released
from consent_service.release.service import Ask
from consent_service.web.page.door import WHO_LOOKED
from tests.ledger import entries
from tests.scenarios.stories import SUPPORT, YES
from tests.shelter import EIK, OPERATOR, SECRET, World
from tests.web.page.owning import at_own_page
from tests.web.reading import Element, read
from tests.web.visiting import Site
from tests.web.walking import Walker

DANGER_TO_HER = SafetyAssessment("danger", False, False, None, date(2027, 1, 10))
NOOR, SEM = ("Noor", date(2014, 9, 3)), ("Sem", date(2018, 5, 4))
VIOLENCE, PICKUP = TypeKey("current_domestic_violence"), TypeKey("pickup")
CODED = {"status": "current", "meeting": "soon"}
GRANDMA = {"name": "Oma Voorbeeld", "relation": "grandparent", "moment": "always", "evidence_seen": "yes"}


class Household:
    """Two children with all that can be about them; Noor is the one who is erased."""

    def __init__(self, world: World, view: FamilyView, at: dict[str, RelationshipId], code: str) -> None:
        self.world = world
        self.view = view
        self.at = at
        self.code = code

    @property
    def noor(self) -> PersonId:
        return self.view.children[0].child


async def household(world: World) -> Household:
    """Everything that may still meet a child: answers, records, tasks, recalls, reminders, an own page."""
    services = world.services
    view = await world.family(children=(NOOR, SEM), guardians=(("Samira", "holder"), ("Karim", "holder")))
    noor, sem = (one.child for one in view.children)
    at = {
        "noor": await world.at_school(noor),
        "noor at eik": await world.at_school(noor, world.eik),
        "sem": await world.at_school(sem),
    }
    yes = (*YES, PICKUP, VIOLENCE)
    receipt = await world.intake(world.guardian(view), dict.fromkeys(yes, "yes"))
    await world.intake(world.guardian(view, 1), dict.fromkeys(yes, "yes"))
    for where in ("noor", "sem"):
        for key, fields in ((SUPPORT, {"helps": "Rust."}), (PICKUP, GRANDMA), (VIOLENCE, CODED)):
            shared = await services.records.share(world.counsellor, at[where], Note(key, fields))
            assert isinstance(shared, Shared)
        await services.release.to_school(world.contact, Ask(at[where], "safety"))
    await services.rights.report_wrong(world.guardian(view), at["noor"], SUPPORT)
    await world.settle()
    return Household(world, view, at, receipt.withdrawal_code)


class Wanderer(Walker):
    """Opens a page and everything it leads to, and so on."""

    async def everything_from(self, start: str) -> dict[str, int]:
        """Every address that was found, with the status it was answered with in the end."""
        waiting, found = [start], dict.fromkeys([start], 0)
        while waiting:
            asked = waiting.pop()
            found[asked] = await self._status(asked)
            for link in self.page.all("a"):
                path = link.attributes.get("href", "").partition("#")[0].partition("?")[0]
                if path.startswith("/") and path not in found and not path.startswith(_LEFT_OUT):
                    found[path] = 0
                    waiting.append(path)
        return found

    @classmethod
    def of(cls, site: Site, walker: Walker) -> Wanderer:
        """One who goes on with the browser of somebody who logged in."""
        made = cls(site, "")
        made._cookies = walker._cookies
        return made

    async def _status(self, path: str) -> int:
        answer = await self._send("GET", path, None)
        while answer.status_code == 303:
            answer = await self._send("GET", answer.headers["location"], None)
        self.page = read(answer.text) if "html" in answer.headers["content-type"] else Element("file", {})
        return answer.status_code


_LEFT_OUT = ("/uitloggen", "/taal", "/static")


async def staff_of(world: World) -> dict[str, StaffActor]:
    fg = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fem Fg"))
    return {
        "counsellor": world.counsellor,
        "colleague": world.colleague,
        "contact": world.contact,
        "contact of the other school": world.eik_contact,
        "coordinator": world.officer,
        "fg": Fg(world.tenant, StaffId(fg)),
    }


# One engine: thousands of pages, and what they read is read on both engines by the tests below.
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.untraced
async def test_every_page_of_everybody_still_opens_and_names_the_child_nowhere(site: Site) -> None:
    world = site.world
    home = await household(world)
    await world.services.custody.destroy_child(world.officer, home.noor)
    await world.settle()
    world.clock.advance(timedelta(days=24))
    await world.services.sequencer.run_once(world.tenant)
    await world.services.calendar.run(world.tenant, world.clock.now())
    await world.settle()
    walked = {}
    for who, actor in (await staff_of(world)).items():
        browser = await site.logged_in(actor)
        walked[who] = await Wanderer(site, browser.token).everything_from("/")
    tablet = await site.with_tablet(home.view)
    walked["guardian at the tablet"] = await Wanderer(site, tablet.token).everything_from("/")
    own = await at_own_page(site, world.guardian(home.view), home.code)
    walked["guardian at home"] = await Wanderer.of(site, own).everything_from(own.path)
    answers = [(who, path, status) for who, found in walked.items() for path, status in found.items()]
    assert [one for one in answers if one[2] != 200] == []
    assert len(answers) > 50
    assert not any(home.noor in path or home.at["noor"] in path for _, path, _ in answers)


async def test_what_stops_for_the_family_stops_although_a_child_of_it_was_erased(world: World) -> None:
    home = await household(world)
    services, family, at = world.services, home.view.family, home.at
    await services.custody.destroy_child(world.officer, home.noor)
    await world.settle()
    mother, father = world.guardian(home.view), world.guardian(home.view, 1)
    everything = Target(world.tenant, family, mother.guardian)
    await services.consent.object(father, Target(world.tenant, family, father.guardian), method="page")
    await services.consent.withdraw(world.counsellor, everything, method="page")
    await services.consent.withdraw(
        world.counsellor, Target(world.tenant, family, home.noor), method="page"
    )  # the child's own words
    await services.consent.withdraw_by_code(home.code)
    await services.families.assess_safety(world.counsellor, family, SECRET)
    await services.families.assess_guardian(world.counsellor, family, mother.guardian, DANGER_TO_HER)
    await services.families.declare_conflict(world.contact, at["noor"], world.contact.staff)
    said = [one.detail for one in await entries(world, "contact.conflict_declared.v1")]
    assert {one.relationship: one.subject for one in said if one is not None} == {
        at["noor"]: None,
        at["sem"]: home.view.children[1].child,
    }
    await services.families.disown(world.eik_contact, at["noor at eik"])
    await services.families.end_relationship(world.counsellor, at["noor"], "night_departure")
    await services.families.end_family(world.counsellor, family, "moved_out")
    await world.settle()
    assert await services.families.search(world.counsellor, names="Noor Voorbeeld", birth_date=NOOR[1]) == ()
    async with services.installation.database.transaction() as conn:
        await forget_listed(conn)
    assert await services.replay_stops() == len(services.installation.journal.all())
    assert services.installation.journal.pending() == ()
    ended = [one.detail for one in await entries(world, "relationship.ended.v1")]
    assert {one.relationship: one.subject for one in ended if one is not None} == {
        at["noor"]: None,
        at["noor at eik"]: None,
        at["sem"]: home.view.children[1].child,
    }
    assert (await services.supervision.verify(world.officer)).ok


async def test_what_is_about_the_child_itself_is_answered_as_if_it_never_was(world: World) -> None:
    home = await household(world)
    services, at = world.services, home.at
    (waiting, *_) = [
        one
        for one in await services.records.awaiting_approval(world.colleague)
        if one.relationship == at["noor"]
    ]
    await services.families.end_relationship(world.counsellor, at["noor at eik"], "changed_school")
    await services.custody.destroy_child(world.officer, home.noor)
    doors: dict[str, Callable[[], Awaitable[object]]] = {
        "release": lambda: services.release.to_school(world.contact, Ask(at["noor"], "support")),
        "preview": lambda: services.release.preview(world.guardian(home.view), at["noor"], language="nl"),
        "share": lambda: services.records.share(
            world.counsellor, at["noor"], Note(SUPPORT, {"helps": "Rust."})
        ),
        "written": lambda: services.records.written(world.counsellor, at["noor"]),
        "own view": lambda: services.rights.own_view(world.child(home.view)),
        "school": lambda: services.families.start_relationship(
            world.counsellor, home.noor, SchoolConfirmation(EIK.establishment_code, EIK.street, EIK.phone)
        ),
        "identity": lambda: services.families.change_identity(
            world.counsellor, home.view.family, home.noor, home.view.children[0].identity
        ),
        "approval": lambda: services.records.approve(world.colleague, at["noor"], waiting.record),
    }
    open_doors = [name for name, door in doors.items() if not await _is_shut(door)]
    assert open_doors == []
    listed = await services.release.children_of_contact(world.contact, [at["noor"], at["sem"]])
    assert [one.full_name for one in listed] == ["Sem Voorbeeld"]
    assert at["noor"] not in {
        one.relationship for one in await services.records.awaiting_approval(world.colleague)
    }
    answer = await services.release.to_school(world.contact, Ask(at["sem"], "support"))
    assert isinstance(answer, Released)


async def _is_shut(door: Callable[[], Awaitable[object]]) -> bool:
    try:
        await door()
    except (NotFoundError, KeyDestroyedError):
        return True
    return False


async def test_the_own_page_says_how_far_what_was_destroyed_is_gone(site: Site) -> None:
    world = site.world
    home = await household(world)
    walker = await at_own_page(site, world.guardian(home.view), home.code)
    await walker.open(WHO_LOOKED)
    assert "Wat is vernietigd?" not in walker.text
    await world.services.custody.destroy(world.officer, home.at["noor"])
    await walker.open(WHO_LOOKED)
    assert "Noor Voorbeeld, De Linde Sinds 1 september 2026 kan niemand dit hier nog lezen." in walker.text
    assert "tot wanneer is niet bekend" in walker.text, "there is no recovery key"
    await world.services.families.assess_guardian(
        world.counsellor, home.view.family, home.view.guardians[1].guardian, DANGER_TO_HER
    )
    assert await world.services.rights.destroyed(world.guardian(home.view)) == ()
