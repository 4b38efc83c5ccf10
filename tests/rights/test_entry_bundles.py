"""Entry bundles: for officers and families of the shelter, each time with an entry that says so."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from consent_service.audit.log_keys import current_log
from consent_service.audit.tiles import TilePlace, decode_bundle
from consent_service.foundation.errors import LogUnavailableError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import TenantId, new_id
from consent_service.foundation.pacing import TooOftenError
from consent_service.identity import sessions
from consent_service.identity.model import Actor, ChildActor, Fg, GuardianActor, PersonActor, by
from consent_service.rights.entry_bundles import BUNDLES_PER_MINUTE, SITTING
from tests.ledger import entries
from tests.shelter import SECRET, World

PLACE = TilePlace(0, 0, 1)


def session_of(world: World, actor: Actor) -> sessions.Session:
    now, own = world.clock.now(), actor if isinstance(actor, PersonActor) else None
    staff = () if own else (actor,)
    return sessions.new_session(
        provider="demo",
        subject="s",
        actors=staff,  # type: ignore[arg-type]
        level="",
        authenticated_at=now,
        lasts=(now, now),
        own=own,
        factor="acr",
    )


async def test_who_belongs_to_the_log_reads_its_entries_and_every_reading_is_logged(world: World) -> None:
    view = await world.family(guardians=(("Samira", "holder"), ("Karim", "holder")))
    await world.services.sequencer.run_once(world.tenant)
    async with world.services.installation.database.reading() as conn:
        current = await current_log(conn, world.tenant)
    assert current is not None
    name = current.origin[-32:]
    guardian, child = world.guardian(view), world.child(view)
    may: tuple[Actor, ...] = (world.officer, Fg(world.tenant, world.officer.staff), guardian, child)

    async def read(actor: Actor, of: str = name) -> bytes:
        return await world.services.bundles.entries.read(session_of(world, actor), of, PLACE)

    bundles = {await read(actor) for actor in may}
    assert [len(decode_bundle(bundle)) for bundle in bundles] == [1]
    told = await entries(world, "log.exported.v1")
    assert [(entry.detail.by.kind, entry.detail.subject) for entry in reversed(told) if entry.detail] == [
        ("privacy_coordinator", None),
        ("fg", None),
        ("guardian", guardian.guardian),
        ("child", child.child),
    ]
    for stranger in (world.counsellor, world.contact):
        with pytest.raises(NotAllowedError):
            await read(stranger)
    other = TenantId(new_id())
    elsewhere = (
        GuardianActor(other, guardian.guardian, view.family),
        ChildActor(other, child.child, view.family),
    )
    for outsider in elsewhere:
        with pytest.raises(NotFoundError):
            await read(outsider)
    with pytest.raises(NotFoundError):
        await read(world.officer, "0" * 32)
    assert len(await entries(world, "log.exported.v1")) == len(may)
    await world.services.families.assess_safety(world.counsellor, view.family, SECRET)
    with pytest.raises(NotFoundError):  # answered by a person (S46)
        await read(guardian)
    await read(child)
    assert len(await entries(world, "log.exported.v1")) == len(may) + 1


async def test_a_sitting_is_logged_once_and_a_minute_has_an_end(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often somebody asks: the log does not grow by it, and nothing is given that was not logged."""
    await world.settle()
    async with world.services.installation.database.reading() as conn:
        current = await current_log(conn, world.tenant)
    assert current is not None
    bundles, name = world.services.bundles.entries, current.origin[-32:]
    first, second = session_of(world, world.officer), session_of(world, world.officer)

    async def refuse(*_arguments: object, **_more: object) -> None:
        raise LogUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.services.log), "append", refuse)
        for _ in range(2):
            with pytest.raises(LogUnavailableError):
                await bundles.read(first, name, PLACE)
    for _ in range(2):
        await asyncio.gather(*(bundles.read(first, name, PLACE) for _ in range(6)))
    assert len(await entries(world, "log.exported.v1")) == 1
    assert not bundles._telling
    await bundles.read(second, name, PLACE)
    assert len(await entries(world, "log.exported.v1")) == 2
    world.clock.advance(SITTING)
    await bundles.read(first, name, PLACE)
    assert len(await entries(world, "log.exported.v1")) == 3

    for _ in range(BUNDLES_PER_MINUTE - 1):
        bundles._pace.count((world.tenant, by(world.officer)))
    with pytest.raises(TooOftenError):
        await bundles.read(first, name, PLACE)
    world.clock.advance(timedelta(minutes=1))
    await bundles.read(first, name, PLACE)
