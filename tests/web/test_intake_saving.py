"""Tests of `Bewaren en later verder`: the turn ends, nothing is shared, another day goes on."""

from __future__ import annotations

from consent_service.identity.form_tokens import csrf_token
from tests.web.laying import lay
from tests.web.visiting import Site


async def test_saving_ends_the_turn_and_shares_nothing(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at())
    await table.parent.begin()
    await table.parent.press("Nee")
    await table.parent.press("Bewaren en later verder")

    assert table.parent.path == table.at("bewaard")
    for words in ("U gaat een andere dag verder.", "Er is nog niets gedeeld.", "Geef de tablet terug"):
        assert words in table.parent.text
    assert await table.answers() == {}
    again = await table.world.services.sittings.start(
        table.world.counsellor,
        family=table.family.family,
        guardian=table.actor.guardian,
        language="en",
        interpreter="none",
    )
    table.sitting = again
    await table.parent.open(table.at())
    await table.parent.press("Begin")
    assert table.parent.path == table.at("vraag", "2"), "where she was, in another language"


async def test_it_can_be_saved_at_the_check_and_twice_is_once(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    form = table.parent.form_with("Bewaren en later verder")
    sent = table.parent.sent_with(form, form.all("button")[0], {})
    await table.parent.send(table.at("bewaren"), sent)
    await table.parent.send(table.at("bewaren"), sent)

    assert table.parent.path == table.at("bewaard")
    assert len(await table.drafts()) == 5


async def test_what_was_signed_or_not_saved_is_not_said_to_be_kept(site: Site) -> None:
    table = await lay(site)
    await table.parent.open(table.at("bewaard"))
    assert table.parent.path == table.at("vraag", "1")
    await table.sign()
    sent = {"csrf": csrf_token(table.parent.token)}
    await table.parent.send(table.at("bewaren"), sent)
    assert table.parent.path == table.at("bewijs")
