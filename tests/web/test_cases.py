"""Requests over the whole application: officer, parent and counsellor; S21 and S46 through the desk."""

from __future__ import annotations

import re
from datetime import date, timedelta

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import StaffId
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from consent_service.rights.cases.model import NEUTRAL_AFTER, Asked
from consent_service.web.page import door
from tests.shelter import OPERATOR, SAFE, SECRET
from tests.web.test_timeline import own_page
from tests.web.visiting import Browser, Site, words_of

WORDS = "Noor heet Noor en niet Nora."
BORN = date(2018, 5, 4)


async def family_of(site: Site) -> FamilyView:
    return await site.world.family(
        children=(("Noor", BORN),), guardians=(("Samira", "holder"), ("Karim", "holder")), safety=SAFE
    )


def typed(view: FamilyView, **changes: str) -> dict[str, str]:
    """A letter of the first guardian, as it is typed over."""
    letter = {
        "case_kind": "access",
        "case_channel": "letter",
        "case_capacity": "guardian",
        "asker": view.guardians[0].identity.full_name,
        "child_names": view.children[0].identity.full_name,
        "words": WORDS,
    }
    for name, day in (("received_on", date(2026, 9, 1)), ("birth_date", BORN)):
        letter |= {
            f"{name}-day": str(day.day),
            f"{name}-month": str(day.month),
            f"{name}-year": str(day.year),
        }
    return letter | changes


def step_in(page: str) -> str:
    found = re.search(r'name="step" value="([^"]+)"', page)
    return found[1] if found else ""


async def type_over(site: Site, officer: Browser, letter: dict[str, str]) -> str:
    """The page that follows a letter."""
    here = f"/toezicht/{site.world.tenant}/verzoek"
    answer = await officer.post(here, {**letter, "step": step_in((await officer.get(here)).text)})
    assert answer.status_code == 303, words_of(answer)
    return str(answer.headers["location"])


async def test_a_letter_is_typed_over_weighed_and_answered_on_the_desk(site: Site) -> None:
    view = await family_of(site)
    officer = await site.logged_in(site.world.officer)
    here = f"/toezicht/{site.world.tenant}/verzoek"
    wrong = await officer.post(here, {"step": step_in((await officer.get(here)).text), "asker": "Samira"})
    assert wrong.status_code == 400
    for said in ("Kies wat er gevraagd wordt.", "Kies hoe.", "Kies wie het vraagt.", 'value="Samira"'):
        assert said in wrong.text
    place = await type_over(site, officer, typed(view))
    page = words_of(await officer.get(place))
    assert WORDS in page
    assert "Heeft gezag" in page
    assert "Nog niet nagegaan" in page
    case = place.partition("?")[0]
    assert (await officer.post(case, {"act": "identify"})).status_code == 400
    assert (await officer.post(case, {"act": "identify", "how": "document"})).status_code == 303
    assert (await officer.post(case, {"act": "extend", "why": "complex"})).status_code == 303
    refused = await officer.post(case, {"act": "decide", "case_outcome": "grant", "ground": "law"})
    assert refused.status_code == 400
    assert (await officer.post(case, {"act": "decide", "case_outcome": "grant"})).status_code == 303
    again = await officer.post(case, {"act": "decide", "case_outcome": "grant"})
    assert again.headers["location"] == case
    not_done = await officer.post(case, {"act": "finish", "case_channel": "letter"})
    assert not_done.status_code == 400
    assert "Het is nog niet gedaan." in words_of(not_done)
    assert (await officer.post(case, {"act": "reopen"})).status_code == 303
    no = {"act": "decide", "case_outcome": "refuse", "ground": "excessive"}
    assert (await officer.post(case, no)).status_code == 303
    assert (await officer.post(case, {"act": "finish", "case_channel": "letter"})).status_code == 303
    assert "Klaar" in words_of(await officer.get(case))
    assert "AVG 15" in words_of(await officer.get(f"/toezicht/{site.world.tenant}/verzoeken"))
    assert (await officer.post(case, {"act": "dance"})).status_code == 404


async def test_s04_a_stranger_a_child_not_known_and_no_authority_get_the_same_page(site: Site) -> None:
    view = await family_of(site)
    officer = await site.logged_in(site.world.officer)
    shown = set()
    for changes in (
        {"asker": "Iemand Anders"},
        {"child_names": "Niemand Bekend"},
        {"birth_date-year": "2001"},
        {"case_capacity": "representative", "asker": "Mr. Raadsman"},
    ):
        place = await type_over(site, officer, typed(view, **changes, case_kind="access"))
        case = place.partition("?")[0]
        await officer.post(case, {"act": "decide", "case_outcome": "refuse", "ground": "unknown"})
        page = words_of(await officer.get(case)).replace("Iemand namens een ouder", "Een ouder of voogd")
        shown.add(re.sub(r"Nummer \w+", "", page))
        early = await officer.post(case, {"act": "finish", "case_channel": "letter"})
        assert early.status_code == 400
        assert "vanaf 15-09-2026" in words_of(early)
    assert len(shown) == 1


async def test_s21_the_other_holder_under_a_flag_is_weighed_by_hand_and_reads_nothing(site: Site) -> None:
    view = await family_of(site)
    await site.world.services.families.assess_safety(site.world.counsellor, view.family, SECRET)
    father = await own_page(site, site.world.guardian(view, 1))
    page = await father.get(door.RIGHTS)
    assert "Noor" not in page.text
    sent = {"step": step_in(page.text), "case_kind": "access", "about": "everybody"}
    assert (await father.post(door.RIGHTS, sent)).status_code == 303
    officer = await site.logged_in(site.world.officer)
    (one,) = await site.world.services.cases.overview(site.world.officer)
    case = f"/toezicht/{site.world.tenant}/verzoeken/{one.case}"
    assert "Weeg dit met de hand." in words_of(await officer.get(case))
    granted = await officer.post(case, {"act": "decide", "case_outcome": "grant"})
    assert "Weeg dit eerst met de hand" in words_of(granted)
    before = words_of(await father.get(door.RIGHTS))
    assert "Wij kijken ernaar" in before
    await officer.post(case, {"act": "decide", "case_outcome": "refuse", "ground": "safety"})
    assert words_of(await father.get(door.RIGHTS)) == before, "the day of the answer tells nothing either"
    site.world.clock.advance(NEUTRAL_AFTER)
    father = await own_page(site, site.world.guardian(view, 1))
    after = words_of(await father.get(door.RIGHTS))
    assert "Wij geven u geen gegevens." in after
    assert "Noor" not in after
    assert "De Linde" not in after


async def test_a_mother_asks_follows_and_takes_back_on_her_own_page(site: Site) -> None:
    view = await family_of(site)
    mother = await own_page(site, site.world.guardian(view))
    assert f'href="{door.RIGHTS}"' in (await mother.get(door.HOME)).text
    page = await mother.get(door.RIGHTS)
    nothing = await mother.post(door.RIGHTS, {"step": step_in(page.text), "words": WORDS})
    assert nothing.status_code == 400
    assert WORDS in nothing.text
    sent = {"step": step_in(nothing.text), "case_kind": "rectification", "about": "everybody", "words": WORDS}
    assert (await mother.post(door.RIGHTS, sent)).status_code == 303
    assert (await mother.post(door.RIGHTS, sent)).headers["location"] == door.RIGHTS, "sent twice, asked once"
    shown = await mother.get(door.RIGHTS)
    assert words_of(shown).count("Wij kijken ernaar") == 1
    again = {**sent, "step": step_in(shown.text)}
    assert "Dit is al gevraagd op" in words_of(await mother.post(door.RIGHTS, again))
    (one,) = await site.world.services.cases.own(site.world.guardian(view))
    assert (await mother.get(door.RIGHTS_BACK)).status_code == 303
    assert (await mother.post(door.RIGHTS_BACK, {"case": one.case})).status_code == 303
    assert (await mother.post(door.RIGHTS_BACK, {"case": one.case})).headers["location"] == door.RIGHTS
    assert "Ingetrokken" in words_of(await mother.get(door.RIGHTS))


async def test_a_counsellor_passes_on_and_sees_how_it_stands(site: Site) -> None:
    view = await site.world.family(children=(("Noor", BORN),), safety=SAFE)
    counsellor = await site.logged_in(site.world.counsellor)
    family = f"/opvang/{site.world.tenant}/gezinnen/{view.family}"
    here = f"{family}/eigen-gegevens"
    assert here in (await counsellor.get(family)).text
    page = (await counsellor.get(here)).text
    assert "Kies wie het vraagt." in words_of(await counsellor.post(here, {"step": step_in(page)}))
    sent = {"case_requester": view.guardians[0].guardian, "case_kind": "erasure", "case_channel": "letter"}
    sent["about"] = view.children[0].child
    wrong = await counsellor.post(here, {**sent, "case_channel": "", "step": step_in(page)})
    assert "Kies hoe." in words_of(wrong)
    token = step_in(wrong.text)
    assert (await counsellor.post(here, {**sent, "step": token})).status_code == 303
    assert (await counsellor.post(here, {**sent, "step": token})).headers["location"] == here
    assert "Nog te beslissen" in words_of(await counsellor.get(here))


async def test_the_fg_reads_and_advises_and_the_desk_shows_what_is_late(site: Site) -> None:
    view = await site.world.family(safety=SAFE)
    case = await site.world.services.cases.ask(site.world.guardian(view), Asked("access"))
    member = await site.world.services.organisations.add_staff(
        OPERATOR, site.world.tenant, NewStaff("fg", "Fem")
    )
    fg = await site.logged_in(Fg(site.world.tenant, StaffId(member)))
    here = f"/toezicht/{site.world.tenant}/verzoeken/{case}"
    page = await fg.get(here)
    assert "Besluit vastleggen" not in page.text
    assert (await fg.post(here, {"act": "advise"})).status_code == 400
    assert (await fg.post(here, {"act": "advise", "opinion": "agree"})).status_code == 303
    assert (await fg.post(here, {"act": "decide", "case_outcome": "grant"})).status_code == 403
    site.world.clock.advance(timedelta(days=40))
    officer = await site.logged_in(site.world.officer)
    desk = words_of(await officer.get(f"/toezicht/{site.world.tenant}/bureau"))
    assert "Te laat" in desk
    assert "AVG 12(3)" in desk
    assert (await officer.post(here, {"act": "advise", "opinion": "agree"})).status_code == 404
    assert (await officer.post(here, {"act": "withdraw"})).status_code == 303


async def test_who_chose_nobody_did_not_choose_everybody(site: Site) -> None:
    view = await family_of(site)
    mother = await own_page(site, site.world.guardian(view))
    page = await mother.get(door.RIGHTS)
    sent = {"step": step_in(page.text), "case_kind": "erasure", "about": "", "words": WORDS}
    refused = await mother.post(door.RIGHTS, sent)
    assert refused.status_code == 400
    assert WORDS in refused.text
    assert await site.world.services.cases.own(site.world.guardian(view)) == ()
