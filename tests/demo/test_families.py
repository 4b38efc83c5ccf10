"""The invented families show what they are there to show, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from consent_service.app import Services
from consent_service.demo.families import Paper, write_families
from consent_service.demo.shelter import CAST, Shelter, furnish
from consent_service.families.model import FamilyView
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import NotFoundError
from consent_service.foundation.ids import RelationshipId
from consent_service.foundation.stop_journal import StopJournal
from consent_service.release.model import Refused, Released
from consent_service.release.service import Ask
from tests.shelter import make_services


class Village:
    """The demo's shelter with its families, over the real services."""

    def __init__(self, services: Services, shelter: Shelter, paper: Paper) -> None:
        self.services, self.shelter, self.paper = services, shelter, paper

    async def family(self, name: str) -> FamilyView:
        views = await self.services.families.families_of(self.shelter.counsellor())
        return next(view for view in views if view.guardians[0].identity.family_name == name)

    async def shown(self, login: str, relationship: RelationshipId) -> set[str]:
        """What somebody at school gets for support in class."""
        answer = await self.services.release.to_school(
            self.shelter.at_school(login), Ask(relationship, "support")
        )
        if isinstance(answer, Refused):
            return set()
        assert isinstance(answer, Released)
        return {str(record.information_type) for record in answer.records}


@pytest.fixture
async def village(
    database: Database, clock: MovableClock, stop_journal: StopJournal, tmp_path: Path
) -> Village:
    services = make_services(database, clock, stop_journal, tmp_path)
    await services.install()
    shelter = await furnish(services)
    return Village(services, shelter, await write_families(services, shelter))


async def test_the_objecting_parent_stops_what_the_other_allowed(village: Village) -> None:
    view = await village.family("Proef")
    (relationship,) = view.relationships

    assert len(view.guardians) == 2
    assert await village.shown("ida", relationship.relationship) == {"shelter_involvement"}


async def test_the_mother_in_hiding_has_a_secret_address_and_still_shares_what_she_chose(
    village: Village,
) -> None:
    view = await village.family("Voorbeeld")
    (relationship,) = view.relationships

    assert (view.safety.level, view.safety.secret_address) == ("danger", True)
    assert await village.shown("ida", relationship.relationship) == {
        "shelter_involvement",
        "support_advice",
        "care_signal",
    }
    deputies = [contact.deputy_for for contact in view.contacts[relationship.relationship]]
    assert village.shelter.at_school("ida").staff in deputies


async def test_siblings_go_to_two_schools_and_neither_school_sees_the_other_child(village: Village) -> None:
    view = await village.family("Testman")
    ids = [one.relationship for one in view.relationships]

    assert len(view.children) == 2
    assert len({one.school for one in view.relationships}) == 2
    lines = await village.services.release.children_of_contact(village.shelter.at_school("eva"), ids[1:])
    assert [line.full_name for line in lines] == ["Yusuf Testman"]
    with pytest.raises(NotFoundError):
        await village.shown("eva", ids[0])


async def test_a_teacher_reads_only_what_is_for_teachers(village: Village) -> None:
    view = await village.family("Voorbeeld")

    assert await village.shown("jip", view.relationships[0].relationship) == {"support_advice"}


async def test_the_paper_of_the_first_mother_stops_everything(village: Village) -> None:
    view = await village.family("Voorbeeld")

    await village.services.consent.withdraw_by_code(village.paper.code)

    assert await village.shown("ida", view.relationships[0].relationship) == set()


async def test_everybody_in_the_cast_works_there_and_the_log_holds(village: Village) -> None:
    async with village.services.installation.database.reading() as conn:
        staff = await village.services.organisations.staff_members(conn, village.shelter.tenant)

    assert sorted(one.name for one in staff) == sorted(member.name for member in CAST)
    officer = village.shelter.people["puk"]
    assert officer.tenant == village.shelter.tenant
    await village.services.sequencer.run_once(village.shelter.tenant)
    report = await village.services.supervision.verify(officer)  # type: ignore[arg-type]
    assert report.ok
