"""Stopping with the paper code or on the tablet, and who looked: for parents, whatever is away."""

from __future__ import annotations

import html
import re
from contextlib import AbstractAsyncContextManager
from datetime import date, timedelta

import pytest

from consent_service.consent.codes import new_code
from consent_service.foundation.ids import TypeKey, new_id
from consent_service.records.service import Note
from consent_service.release.model import Ask, Refused, Released
from tests.faults.failures import database_away
from tests.scenarios.stories import ask, told_family
from tests.shelter import World
from tests.web.visiting import Browser, Site, main_of, words_of

ANSWERS = {"shelter_involvement": "yes", "support_advice": "yes", "wellbeing_at_school": "no"}


class Paper:
    """What lies on the kitchen table after an intake."""

    def __init__(self, world: World, relationship: str, code: str) -> None:
        self.world = world
        self.relationship = relationship
        self.code = code

    async def school_gets(self) -> bool:
        """Whether the school still opens something."""
        ask = Ask(self.relationship, "support")  # type: ignore[arg-type]
        answer = await self.world.services.release.to_school(self.world.contact, ask)
        return isinstance(answer, Released)


async def _paper(world: World) -> Paper:
    view = await world.family()
    relationship = await world.at_school(view.children[0].child)
    receipt = await world.intake(world.guardian(view), ANSWERS)  # type: ignore[arg-type]
    note = Note(TypeKey("support_advice"), {"helps": "Rust."})
    await world.services.records.share(world.counsellor, relationship, note)
    return Paper(world, relationship, receipt.withdrawal_code)


def _values(page: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(r'name="types" value="([^"]+)"', page)]


def _token(page: str) -> str:
    found = re.search(r'name="code_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def _database_away(site: Site) -> AbstractAsyncContextManager[None]:
    """Background work keeps on knocking, so the database must refuse rather than be moved."""
    return database_away(site.world.services.installation.database, "unreadable")


async def test_everything_stops_in_two_steps_without_logging_in(site: Site) -> None:
    paper = await _paper(site.world)
    anyone = site.anyone()
    assert await paper.school_gets()
    assert (await anyone.get("/intrekken")).status_code == 200
    choose = await anyone.post("/intrekken", {"code": paper.code.lower().replace("-", " ")})
    done = await anyone.post("/intrekken/kies", {"code_token": _token(choose.text), "all": "yes"})

    assert (choose.status_code, done.status_code) == (200, 200)
    assert "Het is gestopt" in words_of(done)
    assert not await paper.school_gets()


async def test_who_finds_the_paper_learns_no_name_no_school_no_child_and_no_choice(site: Site) -> None:
    paper = await _paper(site.world)
    anyone = site.anyone()
    choose = await anyone.post("/intrekken", {"code": paper.code})
    done = await anyone.post("/intrekken/kies", {"code_token": paper.code, "all": "yes"})
    nothing_runs = await anyone.post("/intrekken", {"code": paper.code})

    told = ("Noor", "Samira", "Voorbeeld", "De Linde", "Opvang Zuid", "Kind 1", "Hulp voor uw gezin")
    for page in (choose, done):
        for word in (*told, "Wat helpt uw kind"):
            assert word not in page.text
    assert words_of(nothing_runs) == words_of(choose)


async def test_the_code_never_stands_in_an_address(site: Site) -> None:
    paper = await _paper(site.world)
    anyone = site.anyone()
    answers = [
        await anyone.post("/intrekken", {"code": paper.code}),
        await anyone.post("/intrekken/kies", {"code_token": paper.code, "all": "yes"}),
        await anyone.get(f"/intrekken?code={paper.code}"),
    ]
    bare = paper.code.replace("-", "")
    for answer in answers:
        assert not re.search(rf'(?:href|action)="[^"]*{bare}', answer.text)
        assert bare not in answer.headers.get("location", "")
    assert 'name="code"' in answers[2].text
    assert bare not in answers[2].text


async def test_a_typing_error_and_an_unknown_code_read_the_same(site: Site) -> None:
    anyone = site.anyone()
    mistyped = await anyone.post("/intrekken", {"code": "7K3M-9QXA-ABCD-EFGH"})
    unknown = await anyone.post("/intrekken", {"code": new_code()})
    empty = await anyone.post("/intrekken", {"code": ""})

    for answer in (mistyped, unknown):
        assert answer.status_code == 400
        assert "Deze code klopt niet." in words_of(answer)
    assert "7K3M-9QXA-ABCD-EFGH" in mistyped.text
    assert "Vul dit in." in words_of(empty)
    forged = await anyone.post("/intrekken/kies", {"code_token": "nonsense", "all": "yes"})
    assert (forged.status_code, "Deze code klopt niet." in words_of(forged)) == (400, True)


async def test_nothing_ticked_stops_nothing_and_says_what_to_do(site: Site) -> None:
    paper = await _paper(site.world)
    answer = await site.anyone().post("/intrekken/kies", {"code_token": paper.code})

    assert answer.status_code == 400
    assert "Kies wat u wilt stoppen, of kies Alles stoppen." in words_of(answer)
    assert await paper.school_gets()


async def test_another_familys_answers_cannot_be_stopped_with_ones_own_code(site: Site) -> None:
    mine, theirs = await _paper(site.world), await _paper(site.world)
    foreign = f"{theirs.relationship}:support_advice"
    await site.anyone().post("/intrekken/kies", {"code_token": mine.code, "types": [foreign]})

    assert await theirs.school_gets()


async def test_with_the_database_away_a_stop_is_accepted_says_so_and_holds_before_the_next_release(
    site: Site,
) -> None:
    paper = await _paper(site.world)
    anyone = site.anyone()
    async with _database_away(site):
        opened = await anyone.get("/intrekken")
        choose = await anyone.post("/intrekken", {"code": paper.code})
        done = await anyone.post("/intrekken/kies", {"code_token": _token(choose.text), "all": "yes"})
        assert len(site.world.services.installation.journal.pending()) == 1
        assert (await anyone.get("/v1/health")).json()["stops"] == "pending"

    assert (opened.status_code, choose.status_code, done.status_code) == (200, 200, 200)
    assert "Stoppen kan wel." in words_of(choose)
    assert "Uw keuze staat vast en geldt nu al." in words_of(done)
    await site.world.services.replay_stops()
    assert not await paper.school_gets()


async def test_with_the_database_away_a_typing_error_is_still_told(site: Site) -> None:
    async with _database_away(site):
        answer = await site.anyone().post("/intrekken", {"code": "7K3M-9QXA-ABCD-EFGH"})

    assert answer.status_code == 400
    assert "Deze code klopt niet." in words_of(answer)


async def test_a_staff_session_does_not_get_in_the_way_with_the_database_away(site: Site) -> None:
    paper = await _paper(site.world)
    counsellor = await site.logged_in(site.world.counsellor)
    async with _database_away(site):
        done = await counsellor.post("/intrekken/kies", {"code_token": paper.code, "all": "yes"})

    assert done.status_code == 200


async def test_many_wrong_codes_must_wait_a_little_but_a_code_that_fits_never_does(site: Site) -> None:
    paper = await _paper(site.world)
    anyone = site.anyone()
    for _ in range(20):
        assert (await anyone.post("/intrekken", {"code": new_code()})).status_code == 400
    waiting = await anyone.post("/intrekken", {"code": new_code()})
    right = await anyone.post("/intrekken", {"code": paper.code})
    stopped = await anyone.post("/intrekken/kies", {"code_token": paper.code, "all": "yes"})
    still = await paper.school_gets()
    site.world.clock.advance(timedelta(minutes=10))
    later = await anyone.post("/intrekken", {"code": new_code()})

    assert (waiting.status_code, right.status_code, stopped.status_code) == (429, 200, 200)
    assert later.status_code == 400
    assert "Wacht een paar minuten" in words_of(waiting)
    assert not still


async def test_with_the_database_away_nobody_waits_and_one_code_is_noted_once(site: Site) -> None:
    paper = await _paper(site.world)
    anyone = site.anyone()
    async with _database_away(site):
        for _ in range(30):
            other = await anyone.post("/intrekken/kies", {"code_token": new_code(), "all": "yes"})
            mine = await anyone.post("/intrekken/kies", {"code_token": paper.code, "all": "yes"})
            assert (other.status_code, mine.status_code) == (200, 200)
        assert len(site.world.services.installation.journal.pending()) == 31


async def test_right_codes_are_not_counted(site: Site) -> None:
    paper = await _paper(site.world)
    anyone = site.anyone()
    for _ in range(25):
        assert (await anyone.post("/intrekken", {"code": paper.code})).status_code == 200


async def test_back_to_the_address_of_an_answer_starts_again(site: Site) -> None:
    assert (await site.anyone().get("/intrekken/kies")).headers["location"] == "/intrekken"


# --- with the tablet -------------------------------------------------------------------------


async def _tablet(site: Site) -> tuple[Browser, str]:
    world = site.world
    parents = (("Samira", "holder"), ("Karel", "holder"))
    view = await world.family(guardians=parents)  # type: ignore[arg-type]
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), ANSWERS)  # type: ignore[arg-type]
    await world.intake(world.guardian(view, 1), {"shelter_involvement": "no"})
    return await site.with_tablet(view), relationship


async def test_my_choices_are_my_own_and_stop_as_easily(site: Site) -> None:
    tablet, relationship = await _tablet(site)
    mine = await tablet.get("/intake/mijn-keuzes")
    value = f"{relationship}:support_advice"
    stopped = await tablet.post("/intake/mijn-keuzes", {"types": [value]})
    after = await tablet.get(stopped.headers["location"])

    assert (mine.status_code, stopped.status_code) == (200, 303)
    assert "Noor" in words_of(mine)
    assert "De Linde" in words_of(mine)
    assert value in _values(mine.text)
    assert value not in _values(after.text)
    assert "De toestemming is ingetrokken." in words_of(after)
    for other in ("Karel", "Bo Begeleider"):
        assert other not in main_of(mine)


async def test_stopping_on_the_tablet_with_the_database_away_is_accepted(site: Site) -> None:
    tablet, _ = await _tablet(site)
    await tablet.get("/intake/mijn-keuzes")
    async with _database_away(site):
        done = await tablet.post("/intake/mijn-keuzes", {"all": "yes"})
        pending = site.world.services.installation.journal.pending()

    assert done.status_code == 200
    assert "Uw keuze staat vast en geldt nu al." in words_of(done)
    assert [stop.subject["method"] for stop in pending] == ["tablet"]


async def test_nothing_ticked_on_the_tablet_is_told(site: Site) -> None:
    tablet, _ = await _tablet(site)
    answer = await tablet.post("/intake/mijn-keuzes", {})

    assert answer.status_code == 400
    assert "Kies wat u wilt stoppen" in words_of(answer)


async def test_the_other_parents_answers_cannot_be_stopped_from_here(site: Site) -> None:
    tablet, _ = await _tablet(site)
    foreign = f"{new_id()}:support_advice"
    assert (await tablet.post("/intake/mijn-keuzes", {"types": [foreign]})).status_code == 303
    standings = re.findall(r"tag-calm", (await tablet.get("/intake/mijn-keuzes")).text)
    assert standings


async def test_who_looked_names_organisation_and_role_and_no_member_of_staff(site: Site) -> None:
    world = site.world
    view = await world.family(children=(("Noor", date(2018, 5, 4)), ("Sam", date(2019, 5, 4))))
    relationship = await world.at_school(view.children[0].child)
    await world.intake(world.guardian(view), ANSWERS)  # type: ignore[arg-type]
    await world.services.records.share(
        world.counsellor, relationship, Note(TypeKey("support_advice"), {"helps": "Rust."})
    )
    await world.services.release.to_school(world.contact, Ask(relationship, "support"))
    refused = await world.services.release.to_school(world.contact, Ask(relationship, "transition"))
    assert isinstance(refused, Refused)
    tablet = await site.with_tablet(view)
    page = await tablet.get("/intake/wie-keek-mee")
    words = words_of(page)

    assert page.status_code == 200
    assert "De Linde Over Noor" in words
    assert "Contactpersoon van de school" in words
    assert "Waarvoor Steun in de klas" in words
    assert "Wat helpt uw kind" in words
    assert "Ida" not in page.text


@pytest.mark.parametrize("path", ["/intake/mijn-keuzes", "/intake/wie-keek-mee"])
async def test_a_parents_page_has_the_quick_exit_and_ends_with_the_session(site: Site, path: str) -> None:
    tablet, _ = await _tablet(site)
    page = await tablet.get(path)
    left = await tablet.get("/snel-weg")
    after = await tablet.get(path)

    assert 'href="/snel-weg"' in page.text
    assert left.status_code == 303
    assert left.headers["location"] == site.settings.neutral_site
    assert after.status_code == 401
    assert "Noor" not in after.text


async def test_a_code_that_was_lost_and_replaced_still_stops_in_two_steps(site: Site) -> None:
    told = await told_family(site.world)
    await site.world.services.page_access.renew(
        site.world.counsellor, told.view.family, told.mother.guardian, reason="lost"
    )
    anyone = site.anyone()
    choose = await anyone.post("/intrekken", {"code": told.receipt.withdrawal_code})
    done = await anyone.post("/intrekken/kies", {"code_token": _token(choose.text), "all": "yes"})
    assert "Het is gestopt" in words_of(done)
    assert isinstance(await ask(site.world, told.relationship), Refused)
