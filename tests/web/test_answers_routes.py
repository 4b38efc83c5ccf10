"""Passing answers on: nothing preselected, the exact words, checked once more, recorded once."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from consent_service.consent.tables import consent_ledger, passed_on_statements
from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId, TypeKey
from tests.ledger import count, rows
from tests.web.visiting import Browser, Site, main_of, names_in, words_of

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Desk:
    site: Site
    view: FamilyView
    relationship: RelationshipId
    browser: Browser

    @property
    def home(self) -> str:
        return f"/opvang/{self.site.world.tenant}/gezinnen/{self.view.family}/antwoorden"

    @property
    def question(self) -> str:
        return f"answer-{self.relationship}-support_advice"

    def about(self, **changed: str) -> dict[str, str]:
        """The first page as it is filled in for a paper form of today."""
        return {
            "person": self.view.guardians[0].guardian,
            "method": "paper",
            "kept": "family_file",
            "language": "nl",
            "interpreter": "none",
            "said_on-day": "1",
            "said_on-month": "9",
            "said_on-year": "2026",
            **changed,
        }

    async def answered(self, answer: str = "yes", **changed: str) -> dict[str, str]:
        """The last form, as the check page offers it."""
        questions = await self.browser.post(self.home, self.about(**changed))
        assert questions.status_code == 200, words_of(questions)
        form = dict(_HIDDEN.findall(questions.text)) | {self.question: answer}
        form.pop("csrf")
        check = await self.browser.post(f"{self.home}/controle", form)
        assert check.status_code == 200, words_of(check)
        return {name: value for name, value in _HIDDEN.findall(main_of(check)) if name != "csrf"}


@pytest.fixture
async def desk(site: Site) -> Desk:
    view = await site.world.family(guardians=(("Samira", "holder"), ("Karim", "none")))
    relationship = await site.world.at_school(view.children[0].child)
    return Desk(site, view, relationship, await site.logged_in(site.world.counsellor))


async def test_nothing_is_chosen_beforehand_and_each_question_stands_there_in_full(desk: Desk) -> None:
    start = await desk.browser.get(desk.home)
    questions = await desk.browser.post(desk.home, desk.about())
    assert " checked" not in start.text
    assert " checked" not in questions.text
    words = words_of(questions)
    for text in desk.site.world.services.texts.of("nl").types.values():
        assert text.question in words
        assert f"{text.id}@{text.version}" in words


async def test_the_words_are_those_of_the_language_of_the_form(desk: Desk) -> None:
    questions = await desk.browser.post(desk.home, desk.about(language="en"))
    assert desk.site.world.services.texts.of_type("en", TypeKey("support_advice")).question in words_of(
        questions
    )


async def test_a_yes_on_paper_is_recorded_once_however_often_the_form_is_sent(desk: Desk) -> None:
    form = await desk.answered()
    for _ in range(2):
        done = await desk.browser.post(f"{desk.home}/vastleggen", {**form, "confirmed": "yes"})
        assert (done.status_code, done.headers["location"].partition("?")[0]) == (303, desk.home)
    (row,) = await rows(desk.site.world, consent_ledger)
    assert (row.kind, row.method, row.entered_by) == ("given", "paper", desk.site.world.counsellor.staff)
    assert await count(desk.site.world, passed_on_statements) == 1
    assert "In het dossier van het gezin" in words_of(await desk.browser.get(desk.home))


async def test_without_the_tick_nothing_is_recorded(desk: Desk) -> None:
    form = await desk.answered()
    again = await desk.browser.post(f"{desk.home}/vastleggen", form)
    assert again.status_code == 400
    assert "Zet een vinkje" in words_of(again)
    assert await count(desk.site.world, consent_ledger) == 0


async def test_a_form_that_was_never_made_records_nothing(desk: Desk) -> None:
    form = await desk.answered()
    for step in ("", "nonsense", "a.b"):
        done = await desk.browser.post(f"{desk.home}/vastleggen", {**form, "step": step, "confirmed": "yes"})
        assert (done.status_code, done.headers["location"]) == (303, desk.home)
    assert await count(desk.site.world, consent_ledger) == 0


async def test_changing_an_answer_starts_from_what_was_chosen(desk: Desk) -> None:
    form = await desk.answered("later")
    form.pop("step")
    questions = await desk.browser.post(desk.home, form)
    (chosen,) = re.findall(r"<input[^>]* checked>", questions.text)
    assert f'name="{desk.question}" value="later"' in chosen


async def test_everything_wrong_on_the_first_page_is_told_at_once(desk: Desk) -> None:
    refused = await desk.browser.post(desk.home, {"method": "oral", "said_on-day": "40"})
    assert refused.status_code == 400
    for field in ("person", "language", "interpreter", "said_on", "reason"):
        assert f'href="#{field}"' in refused.text


async def test_a_child_that_does_not_decide_along_is_refused_on_the_first_page(desk: Desk) -> None:
    refused = await desk.browser.post(desk.home, desk.about(person=desk.view.children[0].child))
    assert refused.status_code == 400
    assert "Dit kind beslist nog niet mee." in words_of(refused)


async def test_a_yes_of_a_parent_without_authority_is_refused_with_why_and_nothing_else(desk: Desk) -> None:
    about = desk.about(person=desk.view.guardians[1].guardian)
    questions = await desk.browser.post(desk.home, about)
    form = dict(_HIDDEN.findall(questions.text)) | {desk.question: "yes"}
    form.pop("csrf")
    refused = await desk.browser.post(f"{desk.home}/controle", form)
    assert refused.status_code == 400
    assert "Deze persoon beslist nu niet over dit kind. Er is niets vastgelegd." in words_of(refused)
    assert "Samira" not in words_of(refused)
    assert await count(desk.site.world, consent_ledger) == 0


async def test_a_word_alone_offers_no_yes_where_a_signature_is_needed(desk: Desk) -> None:
    about = desk.about(method="oral", reason="urgent")
    questions = await desk.browser.post(desk.home, about)
    health = f"answer-{desk.relationship}-child_health"
    assert names_in(questions.text).count(health) == 2
    form = dict(_HIDDEN.findall(questions.text)) | {health: "yes"}
    form.pop("csrf")
    refused = await desk.browser.post(f"{desk.home}/controle", form)
    assert refused.status_code == 400
    assert "Voor een ja is hier een handtekening nodig." in words_of(refused)


async def test_a_question_about_a_child_of_another_family_is_refused(desk: Desk) -> None:
    other = await desk.site.world.family(family_name="Anders")
    elsewhere = await desk.site.world.at_school(other.children[0].child)
    for name in (f"answer-{elsewhere}-support_advice", f"answer-{desk.relationship}-bsn"):
        refused = await desk.browser.post(f"{desk.home}/controle", {**desk.about(), name: "yes"})
        assert refused.status_code == 400
        assert "hoort niet bij dit gezin" in words_of(refused)
    for page in ("controle", "vastleggen"):
        refused = await desk.browser.post(f"{desk.home}/{page}", {**desk.about(), name: "no"})
        assert refused.status_code == 400


async def test_what_was_only_said_stands_on_the_page_until_it_is_confirmed(desk: Desk) -> None:
    form = await desk.answered(method="oral", reason="urgent")
    await desk.browser.post(f"{desk.home}/vastleggen", {**form, "confirmed": "yes"})
    assert "vóór 15 september 2026" in words_of(await desk.browser.get(desk.home))


async def test_no_name_and_no_answer_stands_in_an_address(desk: Desk) -> None:
    form = await desk.answered()
    done = await desk.browser.post(f"{desk.home}/vastleggen", {**form, "confirmed": "yes"})
    assert done.headers["location"] == f"{desk.home}?gedaan=antwoorden"


async def test_the_family_page_says_what_has_to_be_confirmed_and_leads_to_passing_on(desk: Desk) -> None:
    family = desk.home.removesuffix("/antwoorden")
    before = await desk.browser.get(family)
    assert f'href="{desk.home}"' in before.text
    assert "Nog te bevestigen" not in words_of(before)
    form = await desk.answered(method="oral", reason="urgent")
    await desk.browser.post(f"{desk.home}/vastleggen", {**form, "confirmed": "yes"})
    said = words_of(await desk.browser.get(family))
    assert "Nog te bevestigen" in said
    assert "vóór 15 september 2026" in said
