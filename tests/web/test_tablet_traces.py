"""What a tablet keeps of who held it before: pages in memory, and the frame around an error."""

from __future__ import annotations

import pytest

from consent_service.foundation.ids import new_id
from tests.web.visiting import PIN, Site
from tests.web.walking import family_path
from tests.web.who_may_call.scene import make_scene

FORGET = ("clear-site-data", '"cache"')


async def test_whenever_somebody_else_is_there_the_browser_is_told_to_forget_its_pages(site: Site) -> None:
    view = await site.world.family()
    await site.world.at_school(view.children[0].child)
    tablet, counsellor = await site.with_tablet(view), await site.logged_in(site.world.counsellor)
    session = await site.world.services.identity.actor_for(counsellor.token)
    assert session is not None
    await site.world.services.identity.set_pin(session, PIN)
    hand_over = {
        "guardian": view.guardians[0].guardian,
        "language": "nl",
        "interpreter": "none",
    }
    answers = {
        "hand-over": await counsellor.post(family_path(site, view.family, "tablet"), hand_over),
        "take-back": await tablet.post("/tablet-terug", {"pin": PIN}),
        "quick exit": await (await site.with_tablet(view)).get("/snel-weg"),
        "logout": await (await site.logged_in(site.world.contact)).post("/uitloggen"),
    }
    told = {name: answer.headers.get(FORGET[0]) for name, answer in answers.items()}
    assert told == dict.fromkeys(answers, FORGET[1])
    assert {answer.status_code for answer in answers.values()} == {303}


async def test_an_ordinary_page_is_not_slowed_down_by_forgetting(site: Site) -> None:
    tablet = await site.with_tablet(await site.world.family())
    assert FORGET[0] not in (await tablet.get("/tablet-terug")).headers


@pytest.mark.parametrize("role", ["child", "young child"], ids=["older", "younger"])
async def test_an_error_at_a_lent_tablet_keeps_the_frame_with_the_way_out(site: Site, role: str) -> None:
    scene = await make_scene(site)
    browser = await scene.browser("child" if role == "child" else "young child")
    for path in ("/kind/nl/none", "/tablet-terug", f"/intake/{new_id()}"):
        answer = await browser.send("POST", path, {"csrf": "forged"})
        assert answer.status_code in (400, 405), path
        assert "data-quick-exit" in answer.text, path
        assert "/uitloggen" not in answer.text
