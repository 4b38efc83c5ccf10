"""The way of working: why and how on the page where a step is done, and all steps on one page."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from consent_service.foundation.settings import TRAINED, InvalidSettingsError, load_settings
from consent_service.web.pages import PageContext
from consent_service.web.rendering import render_text
from consent_service.web.together.method_words import METHOD_TABLES
from consent_service.web.together.views import MethodPage
from tests.web.visiting import PIN, Site, words_of


def test_each_step_has_a_why_and_a_how_of_two_sentences() -> None:
    for table in ("method_why", "method_how"):
        assert set(METHOD_TABLES[table]) == set(METHOD_TABLES["method_step"]) == set(TRAINED)
        for said in METHOD_TABLES[table].values():
            assert len(re.findall(r"[.?!](?: |$)", said)) == 2, said


def test_without_a_setting_there_is_no_link_to_training() -> None:
    view = MethodPage("/", TRAINED)
    assert "Training" not in render_text(view, PageContext())
    shown = render_text(view, PageContext(training={"signals": "https://leren.example/s"}))
    assert shown.count('href="https://leren.example/s"') == shown.count("Training over deze stap") == 1


def test_a_link_to_training_is_over_https(tmp_path: Path) -> None:
    home = {"RUGGENSTEUN_STATE_DIR": str(tmp_path)}
    link = "https://leren.example/intake"
    assert load_settings({**home, "RUGGENSTEUN_TRAINING_INTAKE": link}).training == {"intake": link}
    with pytest.raises(InvalidSettingsError) as refused:
        load_settings({**home, "RUGGENSTEUN_TRAINING_END": "http://leren.example/"})
    assert [one.code for one in refused.value.problems] == ["settings.training_https"]


async def test_the_steps_stand_in_order_at_the_shelter_and_at_school(site: Site) -> None:
    world = site.world
    for actor, page in (
        (world.counsellor, f"/opvang/{world.tenant}/werkwijze"),
        (world.contact, f"/school/{world.tenant}/werkwijze"),
    ):
        said = words_of(await (await site.logged_in(actor)).get(page))
        places = [said.index(title) for title in METHOD_TABLES["method_step"].values()]
        assert places == sorted(places)
    assert msgspec.structs.asdict(site.settings)["training_intake"] == ""


async def test_a_step_is_explained_where_it_is_done(site: Site) -> None:
    world = site.world
    view = await world.family()
    place = await world.at_school(view.children[0].child)
    counsellor = await site.logged_in(world.counsellor)
    session = await world.services.identity.actor_for(counsellor.token)
    assert session is not None
    await world.services.identity.set_pin(session, PIN)
    family = f"/opvang/{world.tenant}/gezinnen/{view.family}"
    for page, step in (
        (f"{family}/tablet", "intake"),
        (f"{family}/gesprekken", "meeting"),
        (f"{family}/scholen/{place}/eerste-contact", "first_contact"),
        (f"{family}/scholen/{place}/signaal", "signals"),
        (f"{family}/scholen/{place}/afronden", "end"),
    ):
        assert METHOD_TABLES["method_why"][step] in words_of(await counsellor.get(page)), page
