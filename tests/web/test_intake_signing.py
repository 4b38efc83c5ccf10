"""Tests of `consent_service.web.intake`: signing, the receipt and the withdrawal code."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from consent_service.audit import events
from consent_service.consent.evidence import open_evidence
from consent_service.consent.model import Evidence
from consent_service.consent.tables import consent_ledger, sittings
from consent_service.web.intake.routes import RECEIPT_LASTS
from tests.web.laying import TYPES, Table, lay
from tests.web.visiting import PIN, Site


async def test_signing_makes_every_answer_count_and_gives_a_code_that_works(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()

    assert {standing.answer for standing in (await table.answers()).values()} == {"yes"}
    holder = await table.world.services.consent.holder_of_code(code)
    assert holder.person == table.actor.guardian
    for words in ("Opvang Zuid", "Samira Voorbeeld", "Naam getypt", "/intrekken", "De Linde"):
        assert words in table.parent.text


async def test_the_receipt_names_the_newest_head_of_the_log(site: Site) -> None:
    table = await lay(site)
    await table.world.services.sequencer.run_once(table.world.tenant)
    await table.sign()
    (fact,) = [d for d in table.parent.page.all("dd") if d.text().startswith("Regels: ")]

    assert re.fullmatch(r"Regels: [1-9]\d*\. Uitkomst: \S{43}=", fact.text())


async def test_a_reload_shows_the_code_again_and_it_is_stored_nowhere(site: Site) -> None:
    table = await lay(site)
    code = await table.sign()

    await table.parent.again()
    assert table.code == code
    await table.parent.follow("Alleen de code")
    assert table.parent.text == f"Terug Code 1 september 2026 {code} PDF Printen"
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


async def test_a_signature_whose_answer_was_lost_shows_its_code_when_it_is_sent_again(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    form = table.parent.form_with("Ondertekenen")
    sent = table.parent.sent_with(form, form.all("button")[0], {"signature": "Samira"})
    await table.parent.send(table.at("tekenen"), sent)
    code = table.code
    table.parent._cookies.pop("bewijs")
    await table.parent.send(table.at("tekenen"), {**sent, "step": "guessed"})
    assert table.parent.path == table.at("klaar"), "only with the token it was signed with"

    await table.parent.send(table.at("tekenen"), sent)
    assert table.code == code
    table.parent._cookies.pop("bewijs")
    table.world.clock.advance(timedelta(seconds=RECEIPT_LASTS))
    await table.parent.send(table.at("tekenen"), sent)
    assert "bewijs" not in table.parent.path.rpartition("/")[2]


async def test_an_empty_name_is_no_signature(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Ondertekenen", {"signature": "  "}, status=400)

    assert "Typ uw naam, of laat uw begeleider tekenen als getuige." in table.parent.text
    assert await table.answers() == {}
    await table.parent.press("Ondertekenen", {"signature": "Samira"})
    assert table.code


@pytest.mark.parametrize("scribble", ["x", "7", "...", "1 2"])
async def test_a_scribble_is_no_name(site: Site, scribble: str) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Ondertekenen", {"signature": scribble}, status=400)

    assert await table.answers() == {}


async def test_the_receipt_shows_the_name_as_it_was_typed(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    await table.parent.press("Ondertekenen", {"signature": "سلمى <b>"})

    assert "Naam getypt: سلمى <b>" in table.parent.text
    assert "Stoppen of veranderen" not in table.parent.text


@pytest.mark.parametrize("words, agrees", [("Ja", True), ("Nee", False), ("Later", False)])
async def test_only_who_said_yes_signs_that_she_agrees(site: Site, words: str, agrees: bool) -> None:
    table = await lay(site)
    await table.answer_all(words)
    await table.parent.follow("Ja, dit klopt")
    assert ("U vindt het goed dat wij dit vertellen." in table.parent.text) is agrees
    assert ("U zei overal nee of later." in table.parent.text) is not agrees
    await table.parent.press("Ondertekenen", {"signature": "Samira"})

    evidence = await _evidence(table)
    assert ("U vindt het goed" in evidence.statement) is agrees
    assert ("U zei overal nee" in evidence.statement) is not agrees


async def test_a_signature_under_other_sentences_than_those_of_now_is_not_taken(site: Site) -> None:
    """Signed in one tab, after an answer was changed in another."""
    table = await lay(site)
    await table.answer_all("Nee")
    await table.parent.follow("Ja, dit klopt")
    form = table.parent.form_with("Ondertekenen")
    sent = table.parent.sent_with(form, form.all("button")[0], {"signature": "Samira"})
    await table.parent.open(table.at("vraag", "1"))
    await table.parent.press("Ja")
    await table.parent.send(table.at("tekenen"), sent)

    assert await table.answers() == {}
    assert table.parent.path == table.at("controle")


async def test_one_can_still_stop_at_the_check(site: Site) -> None:
    table = await lay(site)
    await table.answer_all()
    await table.parent.press("Nu niet. Ik wil stoppen.")

    assert "Er is niets gedeeld." in table.parent.text
    assert await table.answers() == {}


async def _evidence(table: Table) -> Evidence:
    services = table.world.services
    async with services.installation.database.reading() as conn:
        query = select(sittings.c.sealed_evidence).where(sittings.c.sitting == table.sitting.sitting)
        sealed = (await conn.execute(query)).scalar_one()
        key = await services.installation.ring.person_key(conn, table.world.tenant, table.actor.guardian)
    return open_evidence(services.installation.ring, key, table.sitting.sitting, sealed)


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
    assert "De pincode van de begeleider klopte te vaak niet." in table.parent.text

    await table.parent.open(table.at(), status=401)
    assert await table.answers() == {}
