"""What the own page proves of the lines it shows, and the log to take along, which checks itself."""

from __future__ import annotations

import asyncio
import io
import re
import sys
import zipfile
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from consent_service.audit.events import LogExported
from consent_service.rights.exporting import OWN_PER_HOUR
from tests.audit.factories import Desk
from tests.scenarios.stories import YES, ask, told_family
from tests.shelter import SECRET
from tests.web.page.owning import at_own_page
from tests.web.page.test_own_page_by_hand import TWO
from tests.web.visiting import Browser, Site

LOOKED, LOG = "/mijn-pagina/wie-keek", "/mijn-pagina/logboek"


async def test_each_line_says_whether_it_is_proved_and_nothing_claims_that_none_is_missing(
    site: Site,
) -> None:
    told = await told_family(site.world)
    await ask(site.world, told.relationship)
    await site.world.settle()
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.open(LOOKED)
    assert "Bewezen in het logboek" in parent.text
    assert "Dat er geen regel ontbreekt, laat deze pagina niet zien." in parent.text

    (seen,) = await site.world.services.rights.who_looked(told.mother)
    await _change_leaf(site, seen.entry)
    await parent.open(LOOKED)
    assert "Niet bewezen. Bel ons." in parent.text
    assert "Bewezen in het logboek" not in parent.text


async def test_the_log_is_taken_along_as_a_file_that_checks_itself(site: Site, tmp_path: Path) -> None:
    told = await told_family(site.world)
    await ask(site.world, told.relationship)
    await site.world.settle()
    parent = await at_own_page(site, told.mother, told.receipt.withdrawal_code)
    await parent.open(LOOKED)
    assert parent.form_with("Bestand downloaden").attributes == {
        **parent.form_with("Bestand downloaden").attributes,
        "method": "post",
        "action": LOG,
    }
    answer = await Browser(site.client, parent.token).post(LOG)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert answer.headers["content-disposition"] == 'attachment; filename="logboek.zip"'
    assert answer.headers["cache-control"] == "no-store"

    (tmp_path / "logboek.zip").write_bytes(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        (tmp_path / "verify.py").write_bytes(archive.read("verify.py"))
    checked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "verify.py", "logboek.zip"), cwd=tmp_path, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await checked.communicate()
    assert checked.returncode == 0, said.decode()
    taken = [one for one in await site.events() if isinstance(one, LogExported)]
    assert [one.kind for one in taken] == ["bundle"]
    await parent.open(LOG)
    assert parent.path == LOOKED
    for _ in range(OWN_PER_HOUR - 1):
        await site.world.services.bundles.write_own(told.mother, io.BytesIO())
    refused = await Browser(site.client, parent.token).post(LOG)
    assert refused.status_code == 429
    assert "Dit is het laatste uur al een paar keer gedaan. Over een uur kan het weer." in refused.text


async def test_s46_who_is_answered_by_a_person_takes_nothing_here(site: Site) -> None:
    world = site.world
    told = await told_family(world, guardians=TWO)
    father = world.guardian(told.view, 1)
    receipt = await world.intake(father, YES)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    await world.settle()
    parent = await at_own_page(site, father, receipt.withdrawal_code)
    await parent.open(LOOKED)
    assert not [one for one in parent.page.all("form") if one.attributes["action"] == LOG]
    assert (await Browser(site.client, parent.token).post(LOG)).status_code == 404
    assert not [one for one in await site.events() if isinstance(one, LogExported)]


async def _change_leaf(site: Site, entry: str) -> None:
    parts = site.world.services.installation
    desk = Desk(parts.database, parts.ring, site.world.clock)
    (row,) = await desk.rows("SELECT leaf FROM audit_entries WHERE id = :id", id=entry)
    later = re.sub(rb"T(\d\d):", b"T23:", bytes(row.leaf))
    assert later != bytes(row.leaf)
    change = "UPDATE audit_entries SET leaf = :leaf WHERE id = :id"
    await desk.tamper(["audit_entries"], change, leaf=later, id=entry)
