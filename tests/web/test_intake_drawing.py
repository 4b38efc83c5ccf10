"""Tests of the drawn signature: on the tablet, on the receipt, sealed, and gone with whoever drew it."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select

from consent_service.consent.evidence import open_evidence
from consent_service.consent.model import Evidence, Signature
from consent_service.consent.tables import consent_ledger, sittings
from consent_service.foundation.errors import KeyDestroyedError
from consent_service.web.rendering import STATIC, static_address
from tests.web.laying import Table, lay
from tests.web.visiting import Site

DRAWN = "[[10,10,300,300,600,20],[700,50,710,350]]"
PATH = "M10 10 L300 300 L600 20 M700 50 L710 350"
SHA_256 = "e3ad651350055083e8f635d07598bc3a96f1e7be075977b49067d28803066af4"
"""Of dist/signature_pad.umd.min.js in signature_pad 5.1.4, as published (npm)."""


async def _at_signing(site: Site) -> Table:
    table = await lay(site)
    await table.answer_all()
    await table.parent.follow("Ja, dit klopt")
    return table


async def _sealed(table: Table) -> bytes:
    async with table.world.services.installation.database.reading() as conn:
        query = select(sittings.c.sealed_evidence).where(sittings.c.sitting == table.sitting.sitting)
        sealed: bytes = (await conn.execute(query)).scalar_one()
    return sealed


async def _evidence(table: Table) -> Evidence:
    ring = table.world.services.installation.ring
    async with table.world.services.installation.database.reading() as conn:
        key = await ring.person_key(conn, table.world.tenant, table.actor.guardian)
    return open_evidence(ring, key, table.sitting.sitting, await _sealed(table))


async def test_a_drawing_signs_and_stands_on_the_receipt(site: Site) -> None:
    table = await _at_signing(site)
    await table.parent.press("Ondertekenen", {"drawing": DRAWN})

    assert "Handtekening getekend" in table.parent.text
    (path,) = [one for one in table.parent.page.all("path") if one.attributes.get("d", "").startswith("M")]
    assert path.attributes["d"] == PATH
    assert (await _evidence(table)).signature == Signature("drawn", DRAWN)
    assert b"300,300" not in await _sealed(table)
    async with table.world.services.installation.database.reading() as conn:
        kinds = (await conn.execute(select(consent_ledger.c.evidence).distinct())).scalars().all()
    assert kinds == ["drawn"]


async def test_a_name_beside_the_drawing_is_kept_with_it(site: Site) -> None:
    table = await _at_signing(site)
    await table.parent.press("Ondertekenen", {"drawing": DRAWN, "signature": "Samira"})

    assert "Handtekening getekend: Samira" in table.parent.text
    assert (await _evidence(table)).signature == Signature("drawn", DRAWN, "Samira")


async def test_a_dot_beside_a_name_is_a_typed_name(site: Site) -> None:
    table = await _at_signing(site)
    await table.parent.press("Ondertekenen", {"drawing": "[[4,4]]", "signature": "Samira"})

    assert "Naam getypt: Samira" in table.parent.text


@pytest.mark.parametrize(
    "drawing, name, sentence",
    [
        ("[]", "", "Teken eerst uw handtekening, of typ uw naam."),
        ('<svg onload="x">', "", "Teken eerst uw handtekening, of typ uw naam."),
        ("", "", "Typ uw naam, of laat uw begeleider tekenen als getuige."),
        ("9" * 60_001, "Samira", "Deze handtekening is te groot. Teken opnieuw, of typ uw naam."),
    ],
)
async def test_what_is_no_drawing_signs_nothing(site: Site, drawing: str, name: str, sentence: str) -> None:
    table = await _at_signing(site)
    sent = {"drawing": drawing, "signature": name}
    await table.parent.press("Ondertekenen", sent, status=400)

    assert sentence in table.parent.text
    assert "onload" not in "".join(one.tag for one in table.parent.page.walk())
    assert await table.answers() == {}
    await table.parent.press("Ondertekenen", {"drawing": DRAWN})
    assert table.code


async def test_the_library_is_the_published_one_and_is_what_is_served(site: Site) -> None:
    kept = (STATIC / "vendor/signature_pad.umd.min.js").read_bytes()
    assert hashlib.sha256(kept).hexdigest() == SHA_256
    assert "MIT License" in (STATIC / "vendor/signature_pad.LICENSE").read_text()

    table = await _at_signing(site)
    linked = [one.attributes["src"] for one in table.parent.page.all("script")]
    assert static_address("vendor/signature_pad.umd.min.js") in linked
    served = await site.client.get(static_address("vendor/signature_pad.umd.min.js"))
    assert served.content == kept


async def test_erasing_who_drew_leaves_nothing_that_opens(site: Site) -> None:
    table = await _at_signing(site)
    await table.parent.press("Ondertekenen", {"drawing": DRAWN})
    installation = table.world.services.installation
    async with installation.database.transaction() as conn:
        await installation.ring.destroy_person_key(conn, table.world.tenant, table.actor.guardian)

    with pytest.raises(KeyDestroyedError):
        await _evidence(table)
