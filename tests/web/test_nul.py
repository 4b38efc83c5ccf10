"""A NUL in an address or a form: no database takes one, and PostgreSQL says so loudly."""

from __future__ import annotations

import pytest

from tests.web.visiting import Site

PATHS = (
    "/inloggen/a%00b",
    "/inloggen/a%00b/terug",
    "/inloggen/demo/terug?state=a%00b",
    "/v1/logs/a%00b/checkpoint",
    "/intake/a%00b",
    "/intake/a%00b/bewijs.pdf",
)


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_at_an_address_with_a_nul(site: Site, path: str) -> None:
    view = await site.world.family()
    for browser in (site.anyone(), await site.with_tablet(view)):
        assert (await browser.get(path)).status_code == 404
    assert (await site.anyone().post("/inloggen/a%00b/afgemeld")).status_code in (400, 404)


async def test_a_family_with_a_nul_is_as_absent_as_any_other(site: Site) -> None:
    browser = await site.logged_in(site.world.counsellor)
    home = f"/opvang/{site.world.tenant}/gezinnen"
    assert (await browser.get(f"{home}/a%00b")).status_code == 404


async def test_a_nul_that_is_posted_is_left_out(site: Site) -> None:
    tablet = await site.with_tablet(await site.world.family())
    assert (await tablet.post("/tablet-terug", {"pin": "12\x0034"})).status_code == 400
    assert (await tablet.post("/intake/welkom", {"step": "a\x00b"})).status_code < 500
