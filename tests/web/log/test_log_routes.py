"""The addresses of C2SP tlog-tiles: who gets what, in the exact spelling only, kept as long as allowed."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import insert, select, text

from consent_service.audit.checkpoint import read_note, verify_note
from consent_service.audit.events import LogExported
from consent_service.audit.log_keys import LogKey, current_log
from consent_service.audit.merkle import leaf_hash, root_of
from consent_service.audit.protection import removal_statements
from consent_service.audit.tables import audit_checkpoints, audit_prunings
from consent_service.audit.tiles import bundle_path, decode_bundle, split_hashes, tile_path
from consent_service.foundation.ids import new_id
from consent_service.web.log.routes import TILE_CACHING
from tests.shelter import World
from tests.web.visiting import Site

NOWHERE = (
    "tile/0/001",
    "tile/0/000.p/255",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/0",
    "tile/0/0000",
    "tile/0/x000/000",
    "tile/0/x001x000",
    "tile/00/000.p/1",
    "tile/64/000.p/1",
    "tile/-1/000.p/1",
    "tile/x/000.p/1",
    "tile/0/000.p/1/more",
    "tile/0/" + "x999/" * 7 + "999",
    "tile/0",
    "checkpoints",
)


async def signed_log(world: World) -> LogKey:
    """The world's log, with everything so far in it signed."""
    while await world.services.sequencer.run_once(world.tenant):
        pass
    async with world.services.installation.database.reading() as conn:
        log = await current_log(conn, world.tenant)
    assert log is not None
    return log


async def test_anybody_reads_the_head_and_the_hashes_and_can_check_them(site: Site) -> None:
    log = await signed_log(site.world)
    anyone, at = site.anyone(), f"/log/{log.origin[-32:]}"
    head = await anyone.get(f"{at}/checkpoint")
    note = read_note(head.content)
    assert verify_note(note, origin=log.origin, public=log.public)
    assert head.headers["content-type"] == "text/plain; charset=utf-8"
    assert head.headers["cache-control"] == "no-store"
    size = note.checkpoint.size
    tile = await anyone.get(f"{at}/{tile_path(0, 0, size)}")
    assert root_of(split_hashes(tile.content)) == note.checkpoint.root
    assert tile.headers["content-type"] == "application/octet-stream"
    assert tile.headers["cache-control"] == TILE_CACHING
    same = await anyone.get(f"/{log.origin.partition('/')[2]}/{tile_path(0, 0, size)}")
    assert same.content == tile.content, "the origin itself is an address"
    assert (await anyone.send("HEAD", f"{at}/checkpoint")).status_code == 200
    unsigned = await anyone.get(f"{at}/{tile_path(0, 0, size + 1)}")
    assert (unsigned.status_code, unsigned.headers["cache-control"]) == (404, "no-store")
    assert (await anyone.get(f"{at}/{bundle_path(0, size)}")).status_code == 401


async def test_every_other_spelling_and_place_gets_one_and_the_same_answer(site: Site) -> None:
    log = await signed_log(site.world)
    officer, at = await site.logged_in(site.world.officer), f"/log/{log.origin[-32:]}"
    nothing = await officer.get(f"{at}/tile/1/000")
    assert (nothing.status_code, nothing.text) == (404, "Not Found\n")
    other = f"/log/{'0' * 32}"
    strangers = [f"{other}/checkpoint", f"/log/{'%25' * 16}/checkpoint", f"{other}/tile/0/000"]
    within = [f"{at}/{place}" for place in NOWHERE]
    bundles = [place.replace("/tile/0/", "/tile/entries/") for place in within if "/tile/0/" in place]
    for address in strangers + within[:-2] + bundles:
        answer = await officer.get(address)
        assert (answer.status_code, answer.content) == (404, nothing.content), address
    for address in within[-2:]:
        assert (await officer.get(address)).status_code == 404


async def test_entries_are_for_officers_and_for_somebody_of_the_family_and_each_look_is_logged(
    site: Site,
) -> None:
    world = site.world
    view = await world.family()
    log = await signed_log(world)
    size = read_note((await site.anyone().get(f"/log/{log.origin[-32:]}/checkpoint")).content).checkpoint.size
    at = f"/log/{log.origin[-32:]}"
    for browser in (await site.logged_in(world.officer), await site.with_tablet(view)):
        plain = await browser.get(f"{at}/{bundle_path(0, size)}", accept_encoding="identity")
        packed = await browser.get(f"{at}/{bundle_path(0, size)}", accept_encoding="gzip")
        tile = await browser.get(f"{at}/{tile_path(0, 0, size)}")
        leaves = decode_bundle(plain.content)
        assert b"".join(map(leaf_hash, leaves)) == tile.content
        assert packed.content == plain.content
        assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "Accept-Encoding")
        assert plain.headers["cache-control"] == "no-store"
        assert "content-encoding" not in plain.headers
    told = [event for event in await site.events() if isinstance(event, LogExported)]
    assert [event.kind for event in told] == ["entries"] * 2  # once a sitting
    signed = await _signed_sizes(world)  # the log goes on meanwhile
    assert {event.entries for event in told} <= {one for one in signed if one >= size}
    ahead = await (await site.logged_in(world.officer)).get(
        f"{at}/{bundle_path(0, size)}", sec_purpose="prefetch"
    )
    assert ahead.status_code == 503


async def _signed_sizes(world: World) -> set[int]:
    heads = audit_checkpoints.c
    async with world.services.installation.database.reading() as conn:
        found = await conn.execute(select(heads.size).where(heads.tenant == world.tenant))
        return set(found.scalars())


async def test_nobody_else_gets_entries_and_the_answer_does_not_say_why(site: Site) -> None:
    log = await signed_log(site.world)
    path = f"/log/{log.origin[-32:]}/{bundle_path(0, 1)}"
    for actor in (site.world.counsellor, site.world.contact):
        answer = await (await site.logged_in(actor)).get(path)
        assert (answer.status_code, answer.text) == (404, "Not Found\n")
    for tried in (path, path.replace("entries/000", "entries/zzz"), path.replace(log.origin[-32:], "0" * 32)):
        answer = await site.anyone().get(tried)
        assert (answer.status_code, answer.text) == (401, "Unauthorized\n")
    assert not [event for event in await site.events() if isinstance(event, LogExported)]


async def test_what_was_pruned_is_said_to_be_gone_and_what_is_damaged_to_be_away(site: Site) -> None:
    world = site.world
    log = await signed_log(world)
    officer, at = await site.logged_in(world.officer), f"/log/{log.origin[-32:]}"
    await _run(world, removal_statements(world.services.installation.database.engine.dialect.name, _KEPT))
    await _run(
        world, ["DELETE FROM audit_entries WHERE id IN (SELECT entry FROM audit_sequence WHERE seq = 0)"]
    )
    damaged = await officer.get(f"{at}/{bundle_path(0, 1)}")
    assert (damaged.status_code, damaged.text) == (503, "Service Unavailable\n")
    async with world.services.installation.database.transaction() as conn:
        values = {"tenant": world.tenant, "log": log.log, "entry": new_id(), "at": world.clock.now()}
        await conn.execute(insert(audit_prunings).values(minimum=1, **values))
    gone = await officer.get(f"{at}/{bundle_path(0, 1)}")
    assert (gone.status_code, gone.text) == (410, "Gone\n")
    assert (await officer.get(f"{at}/{tile_path(0, 0, 1)}")).status_code == 200


_KEPT = ("audit_entries",)


async def _run(world: World, statements: Iterable[str]) -> None:
    async with world.services.installation.database.transaction() as conn:
        for statement in statements:
            await conn.execute(text(statement))
