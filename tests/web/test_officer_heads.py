"""The head an officer keeps outside, the proof of one entry, and what was hidden: over the whole service."""

from __future__ import annotations

import base64
import html
import json
import re

import httpx

from consent_service.audit.checkpoint import read_note, read_note_key, verify_note
from consent_service.audit.events import EntriesReleased, LogExported, LogPinned, LogViewed
from consent_service.audit.merkle import leaf_hash, verify_consistency
from consent_service.audit.proof_text import check_proof, read_proof
from consent_service.foundation.ids import new_id
from consent_service.identity.model import Fg
from consent_service.organisations.model import NewStaff
from tests.rights.test_releasing_entries import hidden
from tests.shelter import OPERATOR
from tests.web.visiting import Browser, Site, words_of


async def _entry(officer: Browser, home: str, event: str) -> str:
    page = await officer.post(f"{home}/zoeken", {"event": event})
    return html.unescape(re.findall(r'href="([^"]+/regels/[^"]+)"', page.text)[0])


async def test_a_head_is_handed_out_with_what_shows_how_the_log_grew(site: Site) -> None:
    await site.world.family()
    await site.world.settle()
    officer = await site.logged_in(site.world.officer)
    home = f"/toezicht/{site.world.tenant}"
    page = await officer.get(f"{home}/stand")
    first = json.loads((await officer.get(f"{home}/stand/nu")).content)
    kept = read_note(first["note"].encode())
    key = read_note_key(first["keys"][0])
    saved = await officer.post(f"{home}/stand", {"size": str(kept.checkpoint.size)})
    await site.world.family()
    await site.world.settle()
    grown = json.loads((await officer.get(f"{home}/stand/nu?sinds={kept.checkpoint.size}")).content)
    now = read_note(grown["note"].encode())

    assert "connect-src 'self'" in page.headers["content-security-policy"]
    assert "connect-src" not in (await officer.get(home)).headers["content-security-policy"]
    assert verify_note(kept, origin=key.name, public=key.public)
    assert verify_note(now, origin=key.name, public=key.public)
    assert verify_consistency(
        old=kept.checkpoint.size,
        size=now.checkpoint.size,
        old_root=kept.checkpoint.root,
        root=now.checkpoint.root,
        proof=[base64.b64decode(one) for one in grown["path"]],
    )
    assert saved.content == first["note"].encode()
    assert saved.headers["content-disposition"].startswith("attachment;")
    events = await site.events()
    assert [one.size for one in events if isinstance(one, LogPinned)] == [kept.checkpoint.size]
    assert [one.filters for one in events if isinstance(one, LogViewed)] == [("head",), ("head",), ()]


async def test_what_no_log_has_is_not_found_and_nothing_is_logged_as_kept(site: Site) -> None:
    await site.world.family()
    await site.world.settle()
    officer = await site.logged_in(site.world.officer)
    home = f"/toezicht/{site.world.tenant}"
    for size in ("0", "-1", "x", "999999", "9" * 17, "²"):
        assert (await officer.post(f"{home}/stand", {"size": size})).status_code == 404, size
    for since in ("-1", "x", "9" * 17):
        assert (await officer.get(f"{home}/stand/nu?sinds={since}")).status_code == 404, since
    ahead = await officer.get(f"{home}/stand/nu?sinds=999999")
    assert json.loads(ahead.content)["path"] == []
    assert not [one for one in await site.events() if isinstance(one, LogPinned)]
    early = await officer.get(f"{home}/stand", sec_purpose="prefetch")
    assert early.status_code != 200


async def test_the_proof_of_an_entry_is_a_file_that_checks_without_the_service(site: Site) -> None:
    await site.world.family()
    await site.world.settle()
    officer = await site.logged_in(site.world.officer)
    home = f"/toezicht/{site.world.tenant}"
    address = await _entry(officer, home, "family.registered.v1")
    page = await officer.get(address)
    answer = await officer.get(f"{address}/bewijs")
    proof = read_proof(answer.content)
    keys = json.loads((await officer.get(f"{home}/stand/nu")).content)["keys"]
    key = read_note_key(keys[0])
    leaf = html.unescape(re.findall(r'<dd class="code">(\{.*?\})</dd>', page.text)[0])
    check_proof(proof, leaf_hash(proof.extra), key.name, [key.public])
    assert proof.extra == leaf.encode()

    assert f"Nr. {proof.index + 1}, in een ondertekende stand van " in words_of(page)
    assert key.name in page.text
    assert answer.headers["content-disposition"].endswith('.tlog-proof"')
    assert (await officer.get(f"{home}/regels/{new_id()}/bewijs")).status_code == 404
    assert (await officer.get(f"{home}/regels/niets/bewijs")).status_code == 404
    assert LogExported("entries", 1) in await site.events()


async def test_a_coordinator_releases_a_hidden_entry_and_the_fg_only_looks(site: Site) -> None:
    world = site.world
    view = await world.family()
    child = view.children[0].child
    relationship = await world.at_school(child)
    entry = await hidden(world, child, relationship)
    await world.settle()
    staff = await world.services.organisations.add_staff(OPERATOR, world.tenant, NewStaff("fg", "Fenna"))
    fg, officer = await site.logged_in(Fg(world.tenant, staff)), await site.logged_in(world.officer)
    address = f"/toezicht/{world.tenant}/regels/{entry}"
    mother = view.guardians[0].guardian

    for reader, may in ((fg, False), (officer, True)):
        page = await reader.get(address)
        assert "Wie mag deze regel vinden?" in words_of(page)
        assert (mother in _values(page)) is may
    assert (await fg.post(f"{address}/vrijgeven", {"person": mother})).status_code == 403
    assert (await officer.post(f"{address}/vrijgeven", {"person": "Samira"})).status_code == 404
    assert (await officer.post(f"{address}/vrijgeven", {"person": new_id()})).status_code == 404
    done = await officer.post(f"{address}/vrijgeven", {"person": mother})
    again = await officer.get(done.headers["location"])
    assert "De regel is vrijgegeven." in words_of(again)
    assert "Kan deze regel vinden: hij is vrijgegeven." in words_of(again)
    assert mother not in _values(again)
    assert (await officer.post(f"{address}/vrijgeven", {"person": mother})).status_code == 409
    assert EntriesReleased((entry,)) in await site.events()
    other = await _entry(officer, f"/toezicht/{world.tenant}", "child.registered.v1")
    assert "Wie mag deze regel vinden?" not in words_of(await officer.get(other))


def _values(page: httpx.Response) -> list[str]:
    return re.findall(r'name="person" value="([^"]+)"', page.text)
