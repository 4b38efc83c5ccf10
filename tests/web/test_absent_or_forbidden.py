"""What is not for somebody and what is not there: the same answer, after the same statements.

An id in an address is all somebody needs to ask. Each address with one is asked twice by everybody who may
come near it without being meant: once with the id of something that is there, once with an id of nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import httpx
import pytest

from consent_service.foundation.ids import new_id
from tests.statements import counted
from tests.web.visiting import Browser, Site
from tests.web.who_may_call import officer, school, shelter, tablet
from tests.web.who_may_call.roles import Role, Row
from tests.web.who_may_call.scene import Scene, make_scene

OF_SOMETHING: Final = frozenset(
    "family child relationship guardian person sitting record entry marker member meldcode matter".split()  # noqa: SIM905
)
"""The places in an address that stand for something that is there."""
ASKED: Final[Mapping[Role, Mapping[str, Row]]] = {
    "colleague": shelter.TABLE,
    "counsellor elsewhere": shelter.TABLE,
    "teacher": school.TABLE,
    "contact of another school": school.TABLE,
    "contact elsewhere": school.TABLE,
    "coordinator elsewhere": officer.TABLE,
    "guardian of another family": tablet.TABLE,
    "child": tablet.TABLE,
}
FILLED_IN: Final = {
    "POST /school/{tenant}/kinderen/{relationship}": {"purpose": "support"},
    "POST /school/{tenant}/kinderen/{relationship}/klopt-niet": {"wrong": "not_our_pupil"},
    "POST /opvang/{tenant}/gezinnen/{family}/stoppen": {"sure": "yes"},
}
"""A form that is right, where an empty one would not come as far as the question who asks."""


def calls(table: Mapping[str, Row]) -> Iterator[tuple[str, frozenset[str]]]:
    """The addresses of something, with the names of what they are of."""
    for call in table:
        of = OF_SOMETHING & set(re.findall(r"{(\w+)}", call))
        if of:
            yield call, of


async def asked(
    scene: Scene, browser: Browser, call: str, places: Mapping[str, str]
) -> tuple[int, str, list[str]]:
    """Status, page and statements of one request; ids and form tokens are left out of the page."""
    method, _, template = call.partition(" ")
    path = scene.address(template, **places)
    form = FILLED_IN.get(call, {})
    with counted(scene.site.world.services.installation.database) as said:
        answer = await (browser.post(path, form) if method == "POST" else browser.get(path))
    return answer.status_code, _shown(answer, {**scene.places, **places}), said


def _shown(answer: httpx.Response, places: Mapping[str, str]) -> str:
    text = f"{answer.headers.get('location', '')}\n{answer.text}"
    for name in OF_SOMETHING & places.keys():
        text = text.replace(places[name], "ID")
    return re.sub(r'name="(csrf|step)" value="[^"]*"', "", text)


@pytest.mark.parametrize("role", list(ASKED), ids=lambda role: role.replace(" ", "-"))
async def test_what_is_not_for_somebody_is_answered_as_what_is_not_there(site: Site, role: Role) -> None:
    scene = await make_scene(site)
    browser = await scene.browser(role)
    tenant = scene.elsewhere.tenant if role.endswith("elsewhere") else scene.places["tenant"]
    for call, of in calls(ASKED[role]):
        there = {"tenant": tenant}
        nothing = there | {name: new_id() for name in of}
        forbidden, absent = (
            await asked(scene, browser, call, there),
            await asked(scene, browser, call, nothing),
        )
        assert forbidden[:2] == absent[:2], call
        assert forbidden[2] == absent[2], call


async def test_what_is_for_somebody_is_told_from_what_is_not_there(site: Site) -> None:
    """So that the comparison above can fail."""
    scene = await make_scene(site)
    contact = await scene.browser("contact")
    call = "POST /school/{tenant}/kinderen/{relationship}"
    own = await asked(scene, contact, call, {})
    absent = await asked(scene, contact, call, {"relationship": new_id()})

    assert (own[0], absent[0]) == (200, 404)
    assert len(own[2]) > len(absent[2]) > 3
