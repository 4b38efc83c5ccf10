"""Every page at a lent tablet, left in every way: locked, Back, reload, unlocked, taken back, another family.

The pages are those of the application's routes: one without a case here fails. What is looked for are a
family's names, what was typed and not sent, the code on the receipt, and the counsellor's own words. The
browser keeps pages in memory for Back, as the tablet's does.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import date

import pytest
from litestar.handlers import HTTPRouteHandler
from playwright.async_api import expect

from consent_service.app import serving
from tests.browser.conftest import Tab
from tests.browser.test_intake import PIN, TODAY, assess_safety, choose, fill_day
from tests.browser.test_tablet import OF_COUNSELLOR, _turn, register, shows_none_of, take_back
from tests.browser.test_tablet import hand_over as give_to_parent

AT_THE_TABLET = re.compile(r"/(intake|kind|tablet-terug|vergrendeld)(/|$)")
NO_PAGES = (".pdf", ".json")
TYPED = "Ooievaarsnest"
"""Typed on every page and never sent."""
FIRST, SECOND = "Haile", "Tesfay"
NAMES = ("Selam", "Noor", "Sem ", "Sem<", FIRST)
LOCKED = "Dit scherm is op slot"
MOST_BACK = 60
"""A browser keeps fifty steps."""
Step = Callable[[Tab], Awaitable[object]]


async def _stay(_tab: Tab) -> None:
    """It is shown already."""


def _press(words: str) -> Step:
    return lambda tab: tab.press(words)


def _follow(words: str) -> Step:
    return lambda tab: tab.follow(words)


def _goto(path: str) -> Step:
    return lambda tab: tab.page.goto(f"{tab.origin}{path}")


async def _answer_all(tab: Tab) -> None:
    while "/vraag/" in tab.page.url:
        before = tab.page.url
        await tab.press("Ja")
        await expect(tab.page).not_to_have_url(before)


async def _sign(tab: Tab) -> None:
    await tab.page.locator("#signature").fill("Selam Haile")
    await tab.press("Ondertekenen")
    await expect(tab.page.locator(".withdrawal-code")).to_be_visible()


async def _finish(tab: Tab) -> None:
    await tab.follow("Terug")
    await tab.follow("Klaar")


async def _save(tab: Tab) -> None:
    await tab.begin()
    await tab.press("Bewaren en later verder")


async def _tell_it(tab: Tab) -> None:
    await tab.page.goto(f"{tab.origin}/intake")
    await tab.press("Ik vertel het zelf")


async def _say(tab: Tab) -> None:
    for key in ("shelter_involvement", "support_advice", "contact_persons"):
        await choose(tab, f"face-{key}", "yes")
    await tab.press("Klaar")


PARENT: dict[str, Step] = {
    "/intake/{sitting}": _stay,
    "/intake/{sitting}/uitleg/{number}": _press("Beginnen"),
    "/intake/{sitting}/vraag/{number}": _follow("Overslaan"),
    "/intake/{sitting}/controle": _answer_all,
    "/intake/{sitting}/tekenen": _follow("Ja, dit klopt"),
    "/intake/{sitting}/bewijs": _sign,
    "/intake/{sitting}/bewijs/code": _follow("Alleen de code op papier"),
    "/intake/{sitting}/klaar": _finish,
    "/intake": _goto("/intake"),
    "/intake/eigen-pagina": _goto("/intake/eigen-pagina"),
    "/intake/mijn-keuzes": _goto("/intake/mijn-keuzes"),
    "/intake/wie-keek-mee": _goto("/intake/wie-keek-mee"),
    "/tablet-terug": _goto("/tablet-terug"),
}
OLDER_CHILD: dict[str, Step] = {
    "/intake/{sitting}/bewaard": _save,
    "/intake/{sitting}/zelf-vertellen": _tell_it,
}
YOUNGER_CHILD: dict[str, Step] = {
    "/kind/{language}/{interpreter}": _stay,
    "/kind/{language}/{interpreter}/klaar": _say,
}
IN_EVERY_CASE = "/vergrendeld"
NOT_RESUMED = {"/tablet-terug": "/intake"}
"""Where one goes on instead, when it locked on this page."""


def tablet_pages() -> set[str]:
    """The pages at a lent tablet, as the application has them: `/intake/{sitting}`."""
    handlers = [one for one in serving._routes() if isinstance(one, HTTPRouteHandler)]
    paths = {path for one in handlers if "GET" in one.http_methods for path in one.paths}
    pages = {re.sub(r":\w+}", "}", path) for path in paths if AT_THE_TABLET.match(path)}
    return {path for path in pages if not path.endswith(NO_PAGES)}


def test_every_page_at_the_tablet_has_a_case() -> None:
    assert {*PARENT, *OLDER_CHILD, *YOUNGER_CHILD, IN_EVERY_CASE} == tablet_pages()


@pytest.fixture
def left_out() -> list[str]:
    """Playwright's browsers keep no page in memory for Back; people's do."""
    return ["--disable-back-forward-cache"]


def _matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path) is not None


def _path(tab: Tab) -> str:
    return tab.page.url.removeprefix(tab.origin).partition("?")[0]


async def _type(tab: Tab) -> None:
    """Something in every field that takes words."""
    fields = tab.page.locator("main input:not([type=hidden], [type=radio], [type=checkbox]), main textarea")
    for field in await fields.all():
        if await field.is_visible():
            await field.fill(TYPED)


async def _lock(tab: Tab) -> None:
    await tab.page.evaluate("document.querySelector('form[data-lock-after]').submit()")
    await expect(tab.page.get_by_role("heading", name=LOCKED)).to_be_visible()


async def _left_and_come_back_to(tab: Tab, template: str) -> None:
    """Locked with something typed: Back, Forward and reload show nobody; the PIN opens the same page."""
    path, said = _path(tab), (*OF_COUNSELLOR, TYPED)
    assert _matches(template, path), (template, path)
    await shows_none_of(tab, said, path)
    await _type(tab)
    await _lock(tab)
    for turn in (tab.page.go_back, tab.page.go_forward, tab.page.reload):
        await _turn(turn)
        await shows_none_of(tab, (*said, *NAMES), f"{path}, locked")
        await expect(tab.page.get_by_role("heading", name=LOCKED)).to_be_visible()
    await tab.page.locator("#pin").fill(PIN)
    await tab.press("Verder waar u was")
    await expect(tab.page).to_have_url(re.compile(re.escape(NOT_RESUMED.get(path, path))))
    await shows_none_of(tab, said, f"{path}, open again")
    await _turn(tab.page.go_back)
    await shows_none_of(tab, said, f"{path}, open again and back")
    await tab.page.goto(f"{tab.origin}{path}")


async def _each(tab: Tab, pages: dict[str, Step], seen: dict[str, None]) -> None:
    for template, go in pages.items():
        await go(tab)
        await tab.page.wait_for_load_state()
        seen[_path(tab)] = None
        await _left_and_come_back_to(tab, template)


async def _give_to_child(tab: Tab, number: int) -> None:
    await tab.page.get_by_role("link", name="De stem van het kind").nth(number).click()
    await tab.page.get_by_text("Nederlands", exact=True).first.click()
    await choose(tab, "interpreter", "none")
    await tab.press("Tablet aan het kind geven")


async def _register_two_children(tab: Tab) -> None:
    await tab.page.goto(f"{tab.origin}/")
    await tab.follow("Gezin inschrijven")
    await tab.page.locator("#guardian-0-given_names").fill("Selam")
    await tab.page.locator("#guardian-0-family_name").fill(FIRST)
    await choose(tab, "guardian-0-capacity", "holder")
    await choose(tab, "guardian-0-authority_source", "register")
    await tab.press("Nog een kind")
    for number, (name, years) in enumerate((("Noor", 17), ("Sem", 7))):
        await tab.page.locator(f"#child-{number}-given_names").fill(name)
        await tab.page.locator(f"#child-{number}-family_name").fill(FIRST)
        await fill_day(tab, f"child-{number}-birth_date", date(TODAY.year - years, 1, 1))
    await tab.press("Inschrijven")
    await assess_safety(tab)
    for _ in range(2):
        await tab.follow("School kiezen")
        await tab.page.locator("#school").fill("12ab00")
        await tab.press("Zoeken")
        await tab.follow("De Linde")
        for what in ("code", "street", "phone"):
            await choose(tab, "confirmed", what)
        await tab.page.get_by_text("Ida Intern").click()
        await tab.press("Ja, dit is de school")


async def _walk_all_the_way_back(tab: Tab, words: tuple[str, ...], where: str) -> None:
    """As far as the browser remembers, or until the page of the login provider."""
    for step in range(MOST_BACK):
        await _turn(tab.page.go_back)
        if not tab.page.url.startswith(tab.origin):
            break
        await shows_none_of(tab, words, f"{where}, {step + 1} back")


async def _shows_the_next_family_nothing(tab: Tab, seen: dict[str, None]) -> None:
    """The same addresses, and Back as far as it goes, in the hands of another family."""
    await take_back(tab)
    await register(tab, SECOND, "Marta", "Abel")
    await give_to_parent(tab, "Marta", with_pin=False)
    words = (*NAMES, *OF_COUNSELLOR, TYPED)
    for path in seen:
        await tab.page.goto(f"{tab.origin}{path}")
        await shows_none_of(tab, words, f"{path} for the second family")
    await _walk_all_the_way_back(tab, words, "the second family")


@pytest.mark.browser
@pytest.mark.slow
async def test_no_page_of_a_parent_shows_who_had_the_tablet_before_or_what_was_typed(tab: Tab) -> None:
    seen: dict[str, None] = {}
    await tab.log_in("Bo Begeleider")
    await register(tab, FIRST, "Selam", "Noor")
    await give_to_parent(tab, "Selam", with_pin=True)
    await _each(tab, PARENT, seen)
    await _shows_the_next_family_nothing(tab, seen)


@pytest.mark.browser
@pytest.mark.slow
async def test_no_page_of_a_child_shows_who_had_the_tablet_before_or_what_was_typed(tab: Tab) -> None:
    seen: dict[str, None] = {}
    await tab.log_in("Bo Begeleider")
    await _register_two_children(tab)
    await give_to_parent(tab, "Selam", with_pin=True)  # chooses the PIN
    for number, pages in enumerate((OLDER_CHILD, YOUNGER_CHILD)):
        await take_back(tab)
        await _give_to_child(tab, number)
        await _each(tab, pages, seen)
    await _shows_the_next_family_nothing(tab, seen)
