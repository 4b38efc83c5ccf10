"""A tablet whose clock is wrong says the right time: `app.js` counts on from the server's (S37)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, Route, sync_playwright

from consent_service.web.device import read_device_time
from consent_service.web.forms import Posted
from consent_service.web.rendering import STATIC
from consent_service.web.security import security_headers
from tests.conftest import cannot_run
from tests.web.gallery import FLAGS
from tests.web.test_looks import CHROMIUM

ORIGIN = "http://clock.localhost"
SERVED_AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
WAITED = 1200
"""Milliseconds between the page and the tap."""
PAGE = f"""<!doctype html><html lang="nl" data-server-time="{SERVED_AT.isoformat(timespec="milliseconds")}">
<script src="/static/app.js" defer></script>
<form method="post" action="/timed" data-device-time><button>Ja</button></form>
<form method="post" action="/plain"><button>Nee</button></form></html>"""
SKEWED = """(() => {{ const Real = Date; const off = {skew};
  globalThis.Date = class extends Real {{
    constructor(...given) {{ given.length ? super(...given) : super(Real.now() + off); }}
    static now() {{ return Real.now() + off; }}
  }}; }})()"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        cannot_run("what a tablet says needs Debian's chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def sent_by(browser: Browser, skew: timedelta, button: str) -> dict[str, list[str]]:
    """The form that a tablet sends whose clock is off by so much."""
    sent: list[str] = []

    def serve(route: Route) -> None:
        if route.request.method == "POST":
            sent.append(route.request.post_data or "")
            route.fulfill(status=204)
        elif "/static/" in route.request.url:
            body = (STATIC / "app.js").read_bytes()
            headers = {**security_headers(https=False), "content-type": "text/javascript"}
            route.fulfill(body=body, headers=headers)
        else:
            headers = {**security_headers(https=False), "content-type": "text/html"}
            route.fulfill(body=PAGE, headers=headers)

    tab = browser.new_page()
    tab.add_init_script(SKEWED.format(skew=int(skew.total_seconds() * 1000)))
    tab.route(f"{ORIGIN}/**", serve)
    tab.goto(f"{ORIGIN}/")
    tab.wait_for_timeout(WAITED)
    with tab.expect_request(lambda request: request.method == "POST"):
        tab.get_by_role("button", name=button).click()
    tab.wait_for_timeout(100)
    tab.close()
    return parse_qs(sent[0])


@pytest.mark.parametrize(
    "skew", [timedelta(days=-2), timedelta(0), timedelta(days=2)], ids=["behind", "right", "ahead"]
)
def test_the_time_of_a_choice_does_not_hang_on_the_clock_of_the_tablet(
    browser: Browser, skew: timedelta
) -> None:
    sent = sent_by(browser, skew, "Ja")
    posted = Posted({name: tuple(values) for name, values in sent.items()})
    said = read_device_time(posted, now=SERVED_AT + timedelta(minutes=5))
    assert said is not None
    passed = said - SERVED_AT
    assert timedelta(milliseconds=WAITED - 200) < passed < timedelta(seconds=30)


def test_a_form_that_asks_for_no_time_sends_none(browser: Browser) -> None:
    assert "device_time" not in sent_by(browser, timedelta(0), "Nee")
