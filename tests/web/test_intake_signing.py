"""Tests of `consent_service.web.intake`: signing, the receipt and the withdrawal code."""

from __future__ import annotations

from sqlalchemy import select

from consent_service.audit import events
from consent_service.consent.tables import consent_ledger
from tests.web.laying import TYPES, lay
from tests.web.visiting import PIN, Site


async def test_signing_makes_every_answer_count_and_gives_a_code_that_works(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()

    assert {standing.answer for standing in (await table.answers()).values()} == {"yes"}
    holder = await table.world.services.consent.holder_of_code(code)
    assert holder.guardian == table.actor.guardian
    for words in ("Opvang Zuid", "Samira Voorbeeld", "Naam getypt", "/intrekken", "De Linde"):
        assert words in table.parent.text


async def test_the_receipt_names_the_newest_head_of_the_log(site: Site) -> None:
    table = await lay(site)
    await table.world.services.sequencer.run_once(table.world.tenant)
    await table.sign()
    (fact,) = [d for d in table.parent.page.all("dd") if d.text().split()[0].isdecimal()]

    size, root = fact.text().split()
    assert int(size) > 0
    assert len(root) == 44


async def test_a_reload_shows_the_code_again_and_it_is_stored_nowhere(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()

    await table.parent.again()
    assert table.code == code
    await table.parent.follow("Alleen de code")
    assert table.parent.text == f"Terug Code 1 september 2026 {code} Printen"
    await table.parent.open(table.at("klaar"))
    await table.parent.open(table.at("bewijs"))
    assert table.parent.path == table.at("klaar"), "after the end the code is gone"


async def test_a_secret_that_was_never_signed_with_shows_no_code(site: Site) -> None:
    table = await lay(site)
    await table.sign()
    table.parent._cookies["bewijs"] = ("typed.guessed", table.at())

    await table.parent.open(table.at("bewijs"))
    assert table.parent.path == table.at("klaar")


async def test_signing_twice_signs_once(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    form = table.parent.form_with("Ondertekenen")
    sent = table.parent.sent_with(form, form.all("button")[0], {"signature": "Samira"})

    await table.parent.send(table.at("tekenen"), sent)
    code = table.code
    await table.parent.send(table.at("tekenen"), sent)

    assert table.code == code
    signed = [e for e in await site.events() if isinstance(e, events.IntakeFinished)]
    assert [(e.outcome, e.yes) for e in signed] == [("signed", TYPES)]


async def test_an_empty_name_is_no_signature(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Ondertekenen", {"signature": "  "}, status=400)

    assert "Typ uw naam, of laat uw begeleider tekenen als getuige." in table.parent.text
    assert await table.answers() == {}
    await table.parent.press("Ondertekenen", {"signature": "Samira"})
    assert table.code


async def test_a_witness_signs_with_the_pin_and_stands_in_the_ledger(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Tekenen als getuige", {"pin": "110033"}, status=400)
    assert "nog 4 keer" in table.parent.text
    assert await table.answers() == {}
    await table.parent.press("Tekenen als getuige", {"pin": PIN})

    assert "Begeleider was getuige" in table.parent.text
    query = select(consent_ledger.c.witness).distinct()
    async with table.world.services.installation.database.reading() as conn:
        witnesses = (await conn.execute(query)).scalars().all()
    assert witnesses == [table.world.counsellor.staff]
    await table.parent.follow("Klaar")
    await table.parent.follow("Ik ben de begeleider")
    await table.parent.press("Terugnemen", {"pin": PIN})
    assert table.parent.path.startswith("/opvang/"), "the tries of the witness were forgotten"


async def test_five_wrong_pins_end_the_session_and_sign_nothing(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    for _ in range(4):
        await table.parent.press("Tekenen als getuige", {"pin": "110033"}, status=400)
    await table.parent.press("Tekenen als getuige", {"pin": "110033"}, status=401)

    await table.parent.open(table.at(), status=401)
    assert await table.answers() == {}
