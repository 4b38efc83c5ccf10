"""Asking for the own data (20, 21, 44, 46): what is given, what is left out, and what nobody confirms."""

from __future__ import annotations

import asyncio
import io
import json
import re
import sys
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import httpx
import pytest

from consent_service.audit.events import CaseMoved, ExitPermitted, InformationReleased
from consent_service.families.model import (
    NOT_ASSESSED,
    AuthorityKind,
    NewAuthority,
    PersonIdentity,
    SafetyAssessment,
)
from consent_service.foundation.clock import local_date
from consent_service.identity.model import GuardianActor
from consent_service.rights.cases.model import Asked
from tests.consent.receipt.reading import everything_in, squeezed, text_of
from tests.rights.access.filing import file_of, granted
from tests.scenarios.stories import ADVICE, YES, Told, ask, share, told_family, trail
from tests.shelter import SECRET, World
from tests.web.page.owning import at_own_page
from tests.web.visiting import Browser, Site, main_of, open_site, words_of

TWO: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))
FATHER = PersonIdentity("Karim", "Elders", phone="0687654321", email="karim@elders.example")
MOTHER = PersonIdentity("Mirjam", "Verborgen", phone="0612345678", email="samira@hier.example")
HERS = SafetyAssessment("danger", False, True, None, date(2027, 3, 1))
CANARIES = ("Elders", "0687654321", "karim@elders.example", "Sem", "2019-01-02", "2 januari 2019")
STAFF = ("Bo Begeleider", "Ida Intern", "Puk Privacy", "Begeleider Bo")
OWN = "/mijn-pagina/dossier"


@dataclass
class Both:
    """A family of two parents and two children, of whom the mother decides over one."""

    told: Told
    father: GuardianActor
    code: str


@pytest.fixture
async def site(world: World, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(world, tmp_path) as opened:
        yield opened


async def both(world: World) -> Both:
    """The father has an address, a phone and answers of his own; the brother is not hers to decide about."""
    told = await told_family(world, guardians=TWO)
    families, family = world.services.families, told.view.family
    father = world.guardian(told.view, 1)
    await families.change_identity(world.counsellor, family, father.guardian, FATHER)
    await families.change_identity(world.counsellor, family, told.mother.guardian, MOTHER)
    brother = await families.add_child(
        world.counsellor, family, PersonIdentity("Sem", "Voorbeeld", date(2019, 1, 2))
    )
    none = NewAuthority("none", "judgment", local_date(world.clock.now()), seen_on=None)
    await families.record_authority(
        world.counsellor, family, child=brother, guardian=told.mother.guardian, fact=none
    )
    elsewhere = await world.at_school(brother, world.eik)
    receipt = await world.intake(father, YES)
    await share(world, elsewhere, "Graag een vaste plek.")
    return Both(told, father, receipt.withdrawal_code)


def desk(world: World, case: str, *parts: str) -> str:
    return "/".join((f"/toezicht/{world.tenant}/verzoeken/{case}/dossier", *parts))


def unpacked(answer: httpx.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def checked(folder: Path, files: dict[str, bytes]) -> str:
    """What the program in the file says, in a Python with nothing but the standard library."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    program = str(folder / "verify_access_export.py")
    ran = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await ran.communicate()
    return said.decode()


async def test_s20_she_gets_her_file_through_the_desk_with_who_looked_and_without_anybody_else(
    site: Site, tmp_path: Path
) -> None:
    world = site.world
    here = await both(world)
    await share(world, here.told.relationship, "Karim brengt haar soms weg.")
    await ask(world, here.told.relationship)
    case = await granted(world, here.told.mother)
    officer = await site.logged_in(world.officer)

    assert (await officer.post(desk(world, case, "maken"))).status_code == 303
    page = await officer.get(desk(world, case))
    assert "Karim brengt haar soms weg." in words_of(page)
    assert words_of(page).count("Noemt misschien een ander") == 1
    draft = {"file": _draft_of(page)}
    unsaid = await officer.post(desk(world, case, "nakijken"), draft)
    assert unsaid.status_code == 400
    assert "Kies of hij blijft staan." in words_of(unsaid)
    field = _field_of(unsaid, "Karim brengt haar soms weg.")
    done = await officer.post(desk(world, case, "nakijken"), draft | {field: "other_guardian"})
    assert done.status_code == 303

    parent = await at_own_page(site, here.told.mother, here.told.receipt.withdrawal_code)
    await parent.open(OWN)
    taken = await Browser(site.client, parent.token).post(OWN, {"case": case, "kind": "zip"})
    assert (taken.status_code, taken.headers["content-type"]) == (200, "application/zip")
    assert taken.headers["cache-control"] == "no-store"
    files = unpacked(taken)
    assert await checked(tmp_path, files) == "no faults\n"
    made = json.loads(files["inzage.json"])
    assert [one["given_names"] for one in made["people"]] == ["Mirjam", "Noor"]
    assert [(one["organisation"], one["role"]) for one in made["looks"]] == [
        ("De Linde", "contact"),
        ("Opvang Zuid", "privacy_coordinator"),
    ]
    left_out = {"article": "AVG 15(4), UAVG 41(1)(i)", "ground": "other_guardian", "redacted": "Wat helpt"}
    values = [field["value"] for record in made["records"] for field in record["fields"]]
    assert {str(one) for one in values} == {ADVICE, str(left_out)}
    for secret in (*CANARIES, *STAFF, "Karim", here.father.guardian, "De Eik", world.eik):
        assert secret not in files["inzage.json"].decode(), secret
        assert squeezed(secret) not in everything_in(files["dossier.pdf"]), secret
    assert "[weggelaten:Wathelpt,gaatovereenandereouderofvoogd" in text_of(files["dossier.pdf"])
    assert (await world.services.cases.own(here.told.mother))[0].state == "done"


def _draft_of(page: httpx.Response) -> str:
    """Which draft the page shows."""
    found = re.search(r'name="file" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def _fields(page: httpx.Response) -> list[str]:
    """The names of the texts to look through."""
    return list(dict.fromkeys(re.findall(r'name="(text-\d+)"', page.text)))


def _field_of(page: httpx.Response, words: str) -> str:
    """The field of the one text that says this."""
    (card,) = [one for one in main_of(page).split('<div class="card">') if words in one]
    found = re.search(r'name="(text-\d+)"', card)
    assert found is not None
    return found[1]


async def test_s20_each_reading_and_each_handing_over_is_an_entry(world: World) -> None:
    here = await both(world)
    await file_of(world, here.told.mother)
    released = [
        one.detail.event
        for one in await trail(world, "information.released.v1")
        if one.detail is not None and isinstance(one.detail.event, InformationReleased)
    ]
    told = [(one.reader_kind, one.role, one.purpose, one.reader) for one in released]
    assert told == [
        ("guardian", "guardian", "access", here.told.mother.guardian),
        ("shelter", "privacy_coordinator", "access", world.officer.staff),
    ]
    moved = [
        one.detail.event.act
        for one in await trail(world, "case.moved.v1")
        if one.detail is not None and isinstance(one.detail.event, CaseMoved)
    ]
    assert moved == ["carry_out", "file_ready", "texts_read", "file_made", "grant"]
    left = await trail(world, "exit.permitted.v1")
    assert [
        (one.detail.event.exit, one.detail.event.recipient)
        for one in left
        if one.detail is not None and isinstance(one.detail.event, ExitPermitted)
    ] == [("page", here.told.mother.guardian)]


@pytest.mark.parametrize("safety", [SECRET, NOT_ASSESSED], ids=["danger", "not assessed"])
async def test_s21_s46_the_other_holder_gets_nothing_but_on_paper_after_a_person_weighed_it(
    site: Site, safety: SafetyAssessment
) -> None:
    world = site.world
    here = await both(world)
    families, family = world.services.families, here.told.view.family
    await families.assess_safety(world.counsellor, family, safety)
    if safety is SECRET:
        await families.assess_guardian(world.counsellor, family, here.told.mother.guardian, HERS)
    case = await world.services.cases.ask(here.father, Asked("access"))
    await world.services.cases.decide(world.officer, case, "grant", weighed=True)
    officer = await site.logged_in(world.officer)

    refused = await officer.post(desk(world, case, "maken"))
    assert refused.status_code == 400
    assert "Weeg eerst zelf" in words_of(refused)
    sent = {"weighed": "yes", "with_children": "yes"}
    assert (await officer.post(desk(world, case, "maken"), sent)).status_code == 303
    page = await officer.get(desk(world, case))
    form = {"file": _draft_of(page)} | dict.fromkeys(_fields(page), "keep")
    assert (await officer.post(desk(world, case, "nakijken"), form)).status_code == 303

    parent = await at_own_page(site, here.father, here.code)
    await parent.open(OWN)
    assert "Er staat nu niets klaar." in parent.text
    browser = Browser(site.client, parent.token)
    nothing = await browser.post(OWN, {"case": case, "kind": "pdf"})
    absent = await browser.post(OWN, {"case": world.linde, "kind": "pdf"})
    assert (nothing.status_code, absent.status_code) == (404, 404)
    assert words_of(nothing) == words_of(absent)

    paper = await officer.post(
        desk(world, case, "papier"), {"channel": "conversation", "file_language": "nl"}
    )
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    said = everything_in(paper.content)
    for secret in (
        "Mirjam", "Verborgen", "0612345678", "samira@hier.example", "De Linde", "Lindelaan", "De Eik", *STAFF,
        here.told.mother.guardian, here.told.relationship,
    ):  # fmt: skip
        assert squeezed(secret) not in said, secret
    assert "[weggelaten:school,veiligheidvaneenander,AVG23(1)(i),UAVG41(1)(i)]" in text_of(paper.content)
    permits = [
        one.detail.event.exit
        for one in await trail(world, "exit.permitted.v1")
        if one.detail is not None and isinstance(one.detail.event, ExitPermitted)
    ]
    assert permits == ["print"]
