"""Tests of the languages of a page: a family's and staff's are chosen, remembered and offered apart."""

from __future__ import annotations

import re

import pytest

from consent_service.foundation.i18n import FAMILY, SUPPORTED
from consent_service.web.languages import is_of_family, languages_at
from tests.web.visiting import Site


@pytest.mark.parametrize(
    "path", ["/intake", "/intake/x/vraag/1", "/intrekken", "/kind/ar/none", "/mijn-pagina"]
)
def test_a_family_is_offered_its_languages(path: str) -> None:
    assert is_of_family(path)
    assert languages_at(path, drafts=True) == FAMILY
    assert languages_at(path, drafts=False) == ("nl",)


@pytest.mark.parametrize(
    "path", ["/", "/inloggen", "/intakes", "/opvang/x/intake", "/kinderen", "/tablet-terug"]
)
def test_staff_are_offered_theirs_also_where_the_address_looks_like_it(path: str) -> None:
    assert not is_of_family(path)
    assert languages_at(path, drafts=True) == languages_at(path, drafts=False) == SUPPORTED


def _language(page: str) -> str:
    found = re.search(r'<html lang="(\w+)" dir="(\w+)"', page)
    assert found is not None
    assert (found[2] == "rtl") == (found[1] == "ar")
    return found[1]


async def test_what_a_family_chose_says_nothing_about_what_staff_read(site: Site) -> None:
    anyone = site.anyone()
    for family, staff in (("ar", "en"), ("en", "nl")):
        for cookie, language, back in (("leestaal", family, "/intrekken"), ("taal", staff, "/inloggen")):
            answer = await anyone.post("/taal", {"language": language, "back": back})
            assert answer.headers["set-cookie"].startswith(f"{cookie}={language};")
            anyone.kept[cookie] = language
        assert _language((await anyone.get("/intrekken")).text) == family
        assert _language((await anyone.get("/inloggen")).text) == staff
        assert _language((await anyone.get("/intake/nergens")).text) == family


async def test_a_language_that_is_not_offered_there_is_not_taken(site: Site) -> None:
    anyone = site.anyone()
    for language, back in (("ar", "/inloggen"), ("xx", "/intrekken")):
        answer = await anyone.post("/taal", {"language": language, "back": back})
        assert "set-cookie" not in answer.headers
        anyone.kept = {"taal": language, "leestaal": language}
        assert _language((await anyone.get(back)).text) == "nl"


async def test_a_browser_is_heard_as_far_as_we_have_its_language(site: Site) -> None:
    somebody, heard = site.anyone(language=""), "ar-SY,ar;q=0.9,en;q=0.5"

    assert _language((await somebody.get("/intrekken", accept_language=heard)).text) == "ar"
    assert _language((await somebody.get("/inloggen", accept_language=heard)).text) == "en"


async def test_the_menu_names_each_language_in_itself_and_a_draft_is_marked(site: Site) -> None:
    page = (await site.anyone(language="ar").get("/intrekken")).text

    for code, name in (("nl", "Nederlands"), ("en", "English")):
        assert f'value="{code}" lang="{code}">{name}</button>' in page, code
    marked = "Proefversie: deze vertaling is nog niet door een mens nagekeken."
    assert marked not in (await site.anyone(language="nl").get("/intrekken")).text
    assert "Trial version" in (await site.anyone(language="en").get("/intrekken")).text
