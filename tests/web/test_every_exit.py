"""S45: with the release door nailed shut nobody outside the shelter is told of a child, on no way out.

Every address of a school and of a family is asked by who may come there: first as always, so that it is known
which pages tell of the child, then while each way through `release` raises. What is still told went round it.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import httpx
import pytest
from litestar import Litestar, Response, get

from consent_service.app import create_app, serving
from consent_service.foundation.errors import UnavailableError
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.process.notices.claiming import LEASE
from consent_service.records.model import Shared
from consent_service.records.service import Note
from consent_service.release.service import ReleaseService
from tests.process.meetings.stories import planned
from tests.process.notices.mailing import IDA, addressed, mailing, send
from tests.shelter import World
from tests.web.visiting import COOKIE, Browser, Site
from tests.web.who_may_call import home, school
from tests.web.who_may_call.roles import Role
from tests.web.who_may_call.scene import Scene, make_scene

OF_THE_CHILD: Final = ("Noor", "Yara", "Een vast plekje", "EpiPen")
FROM_SCHOOL: Final = "Zij zit graag vooraan."
_CHILD: Final = "/school/{tenant}/kinderen/{relationship}"
_AT_SCHOOL: Final = "/opvang/{tenant}/gezinnen/{family}/scholen/{relationship}"
_LETTERS: Final = f"POST {_AT_SCHOOL}/brieven"
_CALL_CARD: Final = f"POST {_AT_SCHOOL}/belkaart"
_RECEIVED: Final = f"POST {_AT_SCHOOL}/gekregen"
FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    f"POST {_CHILD}": {"purpose": "support"},
    _CALL_CARD: {"purpose": "support"},
    _RECEIVED: {"purpose": "support"},
    _LETTERS: {"letter": "leave", "guardian": "{guardian}", "letter_language": "nl"},
}
"""A form that is right, where an empty one asks nothing of the door."""


def nail_shut(patch: pytest.MonkeyPatch) -> None:
    """Every public way through the door raises from now on."""

    async def shut(*_given: object, **_named: object) -> NoReturn:
        raise UnavailableError("nailed shut")

    for name, _ in inspect.getmembers(ReleaseService, inspect.iscoroutinefunction):
        if not name.startswith("_"):
            patch.setattr(ReleaseService, name, shut)


async def answer_of(scene: Scene, browser: Browser, call: str) -> Any:
    method, _, template = call.partition(" ")
    form = {name: scene.address(value) for name, value in FORMS.get(call, {}).items()}
    path = scene.address(template)
    return await (browser.post(path, form) if method == "POST" else browser.get(path))


async def telling(
    scene: Scene, role: Role, calls: Mapping[str, object], words: tuple[str, ...] = OF_THE_CHILD
) -> set[str]:
    """The addresses whose answer to this role holds one of the words."""
    found, browser = set(), await scene.browser(role)
    for call in calls:
        answer = await answer_of(scene, browser, call)
        if any(word in answer.text for word in words):
            found.add(call)
        if f"{COOKIE}=" in answer.headers.get("set-cookie", ""):
            browser = await scene.browser(role)
    return found


async def test_s45_a_school_is_told_of_a_child_through_the_door_only(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await make_scene(site)
    shown = await telling(scene, "contact", school.TABLE)
    assert len(shown) >= 19
    assert {call for call in school.TABLE if _CHILD in call and call.startswith("GET")} - shown == {
        f"GET {_CHILD}/bevestigen",  # confirmed before: leads on
        f"GET {_CHILD}/noodgeval",  # leads to where it is asked for
    }
    nail_shut(monkeypatch)
    assert await telling(scene, "contact", school.TABLE) == set()


async def test_s45_a_family_is_told_at_home_what_passed_the_door(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await make_scene(site)
    assert len(await telling(scene, "guardian at home", home.TABLE)) >= 2
    nail_shut(monkeypatch)
    assert await telling(scene, "guardian at home", home.TABLE) == set()
    assert await telling(scene, "child at home", home.TABLE) == set()


async def test_s45_letters_call_cards_and_what_a_school_shared_pass_the_door(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await make_scene(site)
    note, place = Note(TypeKey("support_advice"), {"helps": FROM_SCHOOL}), scene.places["relationship"]
    written = await site.world.services.records.share(site.world.contact, RelationshipId(place), note)
    assert isinstance(written, Shared)
    calls: dict[str, tuple[str, ...]] = {
        _LETTERS: ("Noor Voorbeeld",),
        _CALL_CARD: ("Een vast plekje",),
        _RECEIVED: (FROM_SCHOOL,),
    }
    for call, words in calls.items():
        assert await telling(scene, "counsellor", {call: None}, words) == {call}
    nail_shut(monkeypatch)
    for call, words in calls.items():
        assert await telling(scene, "counsellor", {call: None}, words) == set()


async def test_s45_no_mail_and_no_calendar_file_leaves_but_through_the_door(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mailing(world) as (world, postbox):
        await addressed(world, world.contact.staff, IDA)
        await planned(world)
        with monkeypatch.context() as patch:
            nail_shut(patch)
            with pytest.raises(UnavailableError):
                await send(world)
        assert postbox.envelopes == []
        await world.settle()
        world.clock.advance(LEASE)
        assert await send(world) == 1


async def test_s45_a_planted_page_round_the_door_is_seen(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an application with routes of its own: those of `site` are shared by every test of this process."""
    scene = await make_scene(site)

    @get("/school/lijst", include_in_schema=False)
    async def planted() -> Response[str]:
        return Response("Noor")

    monkeypatch.setattr(serving, "Litestar", Litestar)
    app = create_app(site.world.services, site.settings)
    app.register(planted)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # type: ignore[arg-type]
    monkeypatch.setattr(site.client, "_transport", transport)
    nail_shut(monkeypatch)
    assert await telling(scene, "contact", {"GET /school/lijst": None}) == {"GET /school/lijst"}
