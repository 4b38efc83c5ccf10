"""What only a browser can tell: sizes, colours, sideways scrolling, the content policy and the quick exit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from consent_service.web.rendering import STATIC, render_text
from consent_service.web.security import security_headers
from tests.conftest import cannot_run
from tests.web.examples import context, examples
from tests.web.gallery import FLAGS

CHROMIUM = Path("/usr/bin/chromium")
ORIGIN = "http://pages.localhost"
NEUTRAL = "http://neutral.test/"
VIEWS = examples("nl")
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
TOO_SMALL = """() => [...document.querySelectorAll(
                "button, .button, select, textarea, input:not([type=hidden]), .back, .quick-exit, " +
                "summary, .frame-nav a"
            )].map((e) => e.closest(".option, .face") ?? e).filter((e) => e.checkVisibility() &&
                (e.getBoundingClientRect().height < 44 || e.getBoundingClientRect().width < 44))
              .map((e) => e.outerHTML.slice(0, 80))"""

pytestmark = [pytest.mark.browser, pytest.mark.untraced]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        cannot_run("how pages look needs Debian's chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 800, "height": 1280})
    opened.route(f"{ORIGIN}/**", _serve)
    opened.route(f"{NEUTRAL}**", lambda route: route.fulfill(body="<p>weather</p>", content_type="text/html"))
    yield opened
    opened.close()


def _serve(route: Route) -> None:
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0].partition("#")[0]
    headers = security_headers(https=False)
    if path == "/snel-weg":
        route.fulfill(status=303, headers={**headers, "location": NEUTRAL})
    elif path.startswith("/static/"):
        file = STATIC / path.removeprefix("/static/")
        route.fulfill(body=file.read_bytes(), headers={**headers, "content-type": TYPES[file.suffix]})
    else:
        name = path.removeprefix("/")
        html = render_text(VIEWS[name], context(name, "nl"))
        route.fulfill(body=html, headers={**headers, "content-type": "text/html; charset=utf-8"})


def test_no_page_scrolls_sideways_from_360_to_1920_pixels(tab: Page) -> None:
    wide = []
    for name in VIEWS:
        tab.goto(f"{ORIGIN}/{name}")
        for width in (360, 800, 1280, 1920):
            tab.set_viewport_size({"width": width, "height": 800})
            if tab.evaluate(SIDEWAYS):
                wide.append((name, width))

    assert wide == []


def test_every_button_field_and_option_is_at_least_44_pixels_high(tab: Page) -> None:
    small = {}
    for name in VIEWS:
        tab.goto(f"{ORIGIN}/{name}")
        small[name] = tab.evaluate(TOO_SMALL)

    assert {name: found for name, found in small.items() if found} == {}


def test_a_small_button_and_a_wide_block_are_seen(tab: Page) -> None:
    tab.goto(f"{ORIGIN}/intake-done")
    tab.evaluate("document.querySelector('.button').style.minHeight = 0")
    tab.evaluate("document.querySelector('.button').style.padding = 0")
    tab.evaluate("document.querySelector('h1').style.width = '3000px'")

    assert len(tab.evaluate(TOO_SMALL)) == 1
    assert tab.evaluate(SIDEWAYS)


def test_s43_ja_nee_and_later_look_exactly_the_same(tab: Page) -> None:
    looks = []
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        tab.goto(f"{ORIGIN}/intake-question")
        looks += tab.evaluate(
            """() => [...document.querySelectorAll(".choice")].map((e) => {
                const { width, height, top } = e.getBoundingClientRect();
                const s = getComputedStyle(e);
                return [Math.round(width), height, top, s.color, s.backgroundColor, s.fontWeight,
                        s.fontSize, s.border].join();
            })"""
        )

    assert len(looks) == 6
    assert len(set(looks[:3])) == len(set(looks[3:])) == 1


def test_the_choice_is_seen_without_scrolling_on_both_sides_of_the_tablet(tab: Page) -> None:
    for width, height in ((1280, 800), (800, 1280)):
        tab.set_viewport_size({"width": width, "height": height})
        tab.goto(f"{ORIGIN}/intake-question")
        bottom = tab.evaluate("document.querySelector('.choices').getBoundingClientRect().bottom")

        assert bottom < height


def test_styles_script_and_pictograms_work_under_the_content_policy(tab: Page) -> None:
    told: list[str] = []
    tab.on("console", lambda message: told.append(message.text))
    tab.on("pageerror", lambda error: told.append(str(error)))
    for name in ("intake-question", "shared-stijl", "intake-receipt", "shelter-register-wrong"):
        tab.goto(f"{ORIGIN}/{name}")

    drawn = tab.evaluate("document.querySelector('.back use').getBoundingClientRect().width")
    assert [line for line in told if "favicon" not in line] == []
    assert tab.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    assert tab.evaluate("getComputedStyle(document.querySelector('.button-primary')).backgroundColor") != (
        "rgba(0, 0, 0, 0)"
    )
    assert drawn > 0


def test_an_inline_script_that_got_in_anyway_does_not_run(tab: Page) -> None:
    tab.goto(f"{ORIGIN}/intake-question")

    with pytest.raises(Exception, match="TrustedHTML"):
        tab.evaluate("document.body.innerHTML = '<img src=x onerror=alert(1)>'")


def test_the_quick_exit_leaves_and_back_does_not_return_to_the_page(tab: Page) -> None:
    tab.goto(NEUTRAL)
    tab.goto(f"{ORIGIN}/intake-question")
    tab.click("text=Snel weg")
    tab.wait_for_url(NEUTRAL)
    tab.go_back()

    assert tab.url == NEUTRAL


def test_a_second_tap_does_not_send_a_form_twice(tab: Page) -> None:
    tab.goto(f"{ORIGIN}/intake-question")
    prevented = tab.evaluate(
        """() => {
            const form = document.querySelector(".choices").closest("form");
            const submit = () => new Event("submit", { bubbles: true, cancelable: true });
            return [1, 2].map(() => !form.dispatchEvent(submit()));
        }"""
    )

    assert prevented == [False, True]


def test_a_receipt_prints_without_buttons_and_exit(tab: Page) -> None:
    tab.goto(f"{ORIGIN}/intake-receipt")
    tab.emulate_media(media="print")

    assert not tab.locator(".quick-exit").is_visible()
    assert not tab.locator("text=Klaar").is_visible()
    assert tab.locator(".withdrawal-code").is_visible()
