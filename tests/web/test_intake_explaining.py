"""Tests of the questions with pictures: a wrong answer explains again, never blocks, and is kept nowhere."""

from __future__ import annotations

import pytest

from consent_service.web.intake.explaining import COUNT
from tests.web.laying import lay
from tests.web.visiting import Site


async def test_right_answers_lead_to_the_first_question(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at())
    await table.parent.press("Beginnen")
    assert table.parent.heading == "Mag u nee zeggen?"
    assert "Goed." not in table.parent.text
    await table.parent.press("Ja, altijd")
    assert table.parent.heading == "Wat ziet de school?"
    assert "Goed. Zo is het." in table.parent.text
    await table.parent.press("Alleen waar ik ja op zeg")
    await table.parent.press("Ja, altijd")

    assert table.parent.path == table.at("vraag", "1")


async def test_a_wrong_answer_explains_again_and_goes_on(site: Site) -> None:
    table = await lay(site)
    before = await site.events()
    await table.parent.open(table.at())
    await table.parent.press("Beginnen")
    await table.parent.press("Nee, dan verlies ik mijn hulp")
    assert "U mag nee zeggen. U houdt uw plek en uw hulp." in table.parent.text
    await table.parent.follow("Verder")
    assert "Goed." not in table.parent.text, "an explanation is not praised as a right answer"
    await table.parent.press("Alles wat de opvang weet")
    assert "Al het andere blijft bij ons." in table.parent.text
    await table.parent.follow("Verder")
    await table.parent.press("Nee, ja blijft altijd ja")
    assert "U kunt een ja altijd stoppen." in table.parent.text
    await table.parent.follow("Verder")

    assert table.parent.path == table.at("vraag", "1")
    assert await site.events() == before, "nothing is kept of it"


async def test_they_can_be_left_out_and_come_once(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at())
    await table.parent.press("Beginnen")
    await table.parent.follow("Overslaan")
    assert table.parent.path == table.at("vraag", "1")
    await table.parent.press("Ja")
    await table.parent.open(table.at())
    await table.parent.press("Beginnen")

    assert table.parent.path == table.at("vraag", "2")


@pytest.mark.parametrize("number", ["0", str(COUNT + 1), "99"])
async def test_another_number_is_no_question(site: Site, number: str) -> None:
    table = await lay(site)
    await table.parent.open(table.at("uitleg", number))
    assert table.parent.path == table.at("vraag", "1")
    form = {"csrf": table.parent.values("csrf")[0], "understood": "right"}
    await table.parent.send(table.at("uitleg", number), form)
    assert table.parent.path == table.at("vraag", "1")


async def test_it_is_said_in_the_language_of_who_reads(site: Site) -> None:
    table = await lay(site, language="en")
    await table.parent.open(table.at("uitleg", "1"))

    assert table.parent.heading == "May you say no?"


async def test_after_the_end_nothing_is_asked(site: Site) -> None:
    table = await lay(site)
    await table.sign()
    await table.parent.open(table.at("uitleg", "1"))

    assert table.parent.path == table.at("bewijs")
