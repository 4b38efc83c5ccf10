"""Tests of what is installed on the tablet: a manifest that says nothing, and a screen that stays on."""

from __future__ import annotations

import json

from consent_service.web.rendering import STATIC, static_address
from tests.web.laying import lay
from tests.web.visiting import Site
from tests.web.walking import counsellor_at

MANIFEST = "keuzes.webmanifest"
_TELLING = ("ruggensteun", "opvang", "shelter", "school", "gezin", "intake", "hulp", "consent")


async def test_the_manifest_is_neutral_and_can_be_installed(site: Site) -> None:
    answer = await site.client.get(static_address(MANIFEST))
    assert answer.headers["content-type"].startswith("application/manifest+json")
    said = json.loads(answer.content)
    assert (said["name"], said["short_name"], said["display"]) == ("Keuzes", "Keuzes", "fullscreen")
    assert said["start_url"] == said["scope"] == said["id"] == "/"
    assert not [word for word in _TELLING if word in answer.text.lower()]
    for icon in said["icons"]:
        picture = await site.client.get(f"/static/{icon['src']}")
        assert picture.headers["content-type"].startswith("image/svg+xml")
        assert picture.text == (STATIC / icon["src"]).read_text()


async def test_a_family_and_a_counsellor_have_it_and_others_have_not(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at())
    counsellor = await counsellor_at(site)
    await counsellor.open(f"/opvang/{site.world.tenant}")
    stranger = await site.anyone().get("/")

    linked = [[one.attributes["href"] for one in walker.page.all("link", rel="manifest")] for walker in
              (table.parent, counsellor)]  # fmt: skip
    assert linked == [[static_address(MANIFEST)]] * 2
    assert MANIFEST not in stranger.text
    assert "manifest-src 'self'" in stranger.headers["content-security-policy"]


async def test_the_screen_stays_on_only_while_somebody_chooses(site: Site) -> None:
    table = await lay(site)
    awake = {}
    for path in (table.at(), table.at("vraag", "1"), table.at("uitleg", "1"), "/intake/eigen-pagina", "/"):
        answer = await table.parent._send("GET", path, None)
        awake[path] = "screen-wake-lock=(self)" in answer.headers["permissions-policy"]
        assert ("connect-src 'self'" in answer.headers["content-security-policy"]) is awake[path]
        assert ("awake.js" in answer.text) is awake[path]

    assert list(awake.values()) == [True, True, True, False, False]
