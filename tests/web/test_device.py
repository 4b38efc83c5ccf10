"""What a device says about a choice: never later than now, and only counsellors leave a mark on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie

import httpx
import pytest

from consent_service.identity.devices import device_of, is_device_mark
from consent_service.identity.tables import staff_devices
from consent_service.web.device import read_device_time, seconds_on_screen
from consent_service.web.forms import Posted
from tests.ledger import rows
from tests.shelter import World
from tests.web.visiting import COOKIE, Browser, Site

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
DEVICE = "apparaat-8080"


def said(value: str) -> datetime | None:
    return read_device_time(Posted({"device_time": (value,)}), now=NOW)


@pytest.mark.parametrize(
    "value, expected",
    [
        ("2026-09-01T07:59:30.500Z", NOW - timedelta(seconds=29, milliseconds=500)),
        ("2026-09-01T09:30:00+02:00", NOW - timedelta(minutes=30)),
        ("2026-09-01T08:00:01Z", NOW),
        ("2999-01-01T00:00:00Z", NOW),
        ("2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
    ids=["a moment ago", "another zone", "a second ahead", "far ahead", "far behind"],
)
def test_a_clock_that_is_ahead_says_now_and_one_that_is_behind_says_what_it_says(
    value: str, expected: datetime
) -> None:
    assert said(value) == expected


@pytest.mark.parametrize(
    "value",
    ["", "nu", "2026-09-01", "2026-09-01T08:00:00", "1756713600000", "0001-01-01T00:00:00+23:59", "2" * 41],
)
def test_what_is_no_instant_is_left_out(value: str) -> None:
    assert said(value) is None


def test_a_form_without_it_counts_from_its_arrival() -> None:
    assert read_device_time(Posted({}), now=NOW) is None


@pytest.mark.parametrize(
    "after, seconds", [(timedelta(), 0), (timedelta(seconds=9.9), 9), (timedelta(seconds=-5), 0)]
)
def test_how_long_a_question_stood_there_is_whole_seconds_and_never_less_than_none(
    after: timedelta, seconds: int
) -> None:
    assert seconds_on_screen(NOW, now=NOW + after) == seconds


def mark_in(answer: httpx.Response) -> str:
    """The mark the browser is given, if any."""
    cookie: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_list("set-cookie"):
        cookie.load(line)
    return cookie[DEVICE].value if DEVICE in cookie else ""


async def visit_with(browser: Browser, path: str, site: Site, mark: str) -> httpx.Response:
    cookies = f"{COOKIE}={browser.token}; {DEVICE}={mark}"
    return await site.client.get(path, headers={"cookie": cookies})


async def test_a_counsellors_device_gets_a_mark_and_is_remembered_from_then_on(site: Site) -> None:
    world, browser = site.world, await site.logged_in(site.world.counsellor)
    home = f"/opvang/{world.tenant}"
    first = await browser.get(home)
    mark = mark_in(first)
    assert is_device_mark(mark)
    (line,) = (one for one in first.headers.get_list("set-cookie") if one.startswith(DEVICE))
    assert "httponly" in line.lower()
    assert await rows(world, staff_devices) == []
    for _ in range(2):
        again = await visit_with(browser, home, site, mark)
        assert mark_in(again) == ""
    (row,) = await rows(world, staff_devices)
    assert (row.device, row.staff) == (device_of(mark, world.tenant), world.counsellor.staff)
    assert mark not in str(row)


async def test_a_mark_that_is_not_ours_is_replaced(site: Site) -> None:
    browser = await site.logged_in(site.world.counsellor)
    answer = await visit_with(browser, f"/opvang/{site.world.tenant}", site, "forged")
    assert is_device_mark(mark_in(answer))
    assert await rows(site.world, staff_devices) == []


async def test_nobody_else_leaves_a_mark_on_a_device(site: Site) -> None:
    world: World = site.world
    view = await world.family()
    await world.at_school(view.children[0].child)
    pages = {
        "/inloggen": site.anyone(),
        f"/toezicht/{world.tenant}": await site.logged_in(world.officer),
        f"/school/{world.tenant}": await site.logged_in(world.contact),
        "/intake": await site.with_tablet(view),
    }
    for path, browser in pages.items():
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert mark_in(answer) == "", path
    assert await rows(world, staff_devices) == []


async def test_each_page_says_the_servers_time_to_count_on_from(site: Site) -> None:
    page = await site.anyone().get("/inloggen")
    assert f'data-server-time="{site.world.clock.now().isoformat(timespec="milliseconds")}"' in page.text
