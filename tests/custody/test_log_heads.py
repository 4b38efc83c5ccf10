"""Tests of `consent_service.custody.log_heads`: who may touch the logs, and when a log is well."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from consent_service.audit.checkpoint import read_note
from consent_service.audit.events import Event, LogHeadAccepted, LogHeadLearned, WitnessDismissed
from consent_service.audit.heads.kept import keep_cosignature, keep_stamp, newest_signed
from consent_service.audit.heads.known import KnownHead, KnownHeads
from consent_service.audit.heads.publishing import Vouching
from consent_service.audit.heads.reopening import Reopening
from consent_service.audit.heads.rotating import KeyRotation
from consent_service.audit.heads.timestamps import Stamped, TimeStamper
from consent_service.audit.heads.witness import Cosigned
from consent_service.audit.leading import lead_by
from consent_service.audit.trail import TrailFilter
from consent_service.custody.log_heads import LogHeads
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import StaffId, TenantId, new_id
from consent_service.identity.model import Fg, Operator, PrivacyCoordinator, System
from consent_service.keyring.certificates import Authorities
from consent_service.keyring.service import KeyRing
from tests.audit.factories import Desk, open_desk
from tests.audit.heads.outsiders import TestWitness

OPERATOR = Operator("somebody")
WITNESS = "witness.example/w1"


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> Desk:
    return await open_desk(database, keyring, clock)


@pytest.fixture
def known(tmp_path: Path) -> KnownHeads:
    heads = KnownHeads(tmp_path / "heads.jsonl")
    heads.begin()
    return heads


@pytest.fixture
def made(desk: Desk, known: KnownHeads) -> Callable[..., LogHeads]:
    parts = {"database": desk.database, "ring": desk.ring, "log": desk.log, "clock": desk.clock}

    def make(*witnesses: TestWitness, stamper: TimeStamper | None = None) -> LogHeads:
        asked = tuple(one.at("https://nobody.example") for one in witnesses)
        return LogHeads(
            database=desk.database,
            log=desk.log,
            clock=desk.clock,
            heads=known,
            vouching=Vouching(asked, stamper),
            rotation=KeyRotation(**parts, sequencer=desk.sequencer),  # type: ignore[arg-type]
            reopening=Reopening(**parts, heads=known, lead=lead_by("auto")),  # type: ignore[arg-type]
        )

    return make


async def test_only_an_operator_rotates_reopens_learns_and_dismisses(
    desk: Desk, made: Callable[..., LogHeads]
) -> None:
    service, staff = made(), StaffId(new_id())
    for actor in (PrivacyCoordinator(desk.tenant, staff), Fg(desk.tenant, staff), System()):
        nobody = cast("Any", actor)
        with pytest.raises(NotAllowedError):
            await service.rotate(nobody, desk.tenant, urgency="planned")
        with pytest.raises(NotAllowedError):
            await service.reopen(nobody, desk.tenant, why="restored")
        with pytest.raises(NotAllowedError):
            await service.learn(nobody, b"")
        with pytest.raises(NotAllowedError):
            await service.dismiss(nobody, desk.tenant, WITNESS)
        with pytest.raises(NotAllowedError):
            await service.accept(nobody)

    assert (await service.rotate(OPERATOR, desk.tenant, urgency="planned")).key_number == 2
    assert (await service.reopen(OPERATOR, desk.tenant, why="compromised")).log.log == 2
    told = (await desk.trail(types=frozenset({"log.key_rotated.v1", "log.reopened.v1"}))).entries
    assert {entry.detail.by.kind for entry in told if entry.detail} == {"operator"}
    report = await desk.verify()
    assert report.ok, report.problems


async def test_a_log_is_well_until_it_is_refused_or_waits_too_long_for_a_witness(
    desk: Desk, known: KnownHeads, made: Callable[..., LogHeads], clock: MovableClock
) -> None:
    witness, second = (TestWitness(name, clock.now) for name in (WITNESS, "witness.example/w2"))
    trusted = TimeStamper("https://nobody.example", Authorities())
    alone, watched = made(), made(witness, second, stamper=trusted)
    empty = await alone.state(desk.tenant)
    assert empty is not None
    assert (empty.head.size, empty.known, empty.is_well) == (0, None, True)
    await desk.append_many(2)
    assert await desk.sequence() == 2
    clock.advance(timedelta(minutes=16))

    state, late = await alone.state(desk.tenant), await watched.state(desk.tenant)
    assert state is not None
    assert late is not None
    assert (state.waiting, state.is_well) == (None, True)
    assert (late.waiting, late.is_well) == (timedelta(minutes=16), False)
    async with desk.database.transaction() as conn:
        found = await newest_signed(conn, desk.key)
        assert found is not None
        line = witness.sign(read_note(found[1]))
        for given in (line, b"line"):  # of two answers the first one stays
            await keep_cosignature(conn, desk.key, 2, WITNESS, Cosigned(given, clock.now()))
    seen = await watched.state(desk.tenant)
    assert seen is not None
    assert seen.is_well
    assert [(name, vouched and vouched.size) for name, vouched in seen.cosigned] == [
        (WITNESS, 2),
        ("witness.example/w2", None),
    ]
    assert seen.stamped is None
    async with desk.database.transaction() as conn:
        await keep_cosignature(conn, desk.key, 2, "witness.example/w2", Cosigned(b"line", clock.now()))
        await keep_stamp(conn, desk.key, 2, Stamped(b"token", clock.now()))
    touched = await watched.state(desk.tenant)
    assert touched is not None
    assert touched.unfit == (("witness.example/w2", 2), ("", 2))
    assert (touched.waiting, touched.stamped, touched.is_well) == (None, None, False)

    known.claim(desk.key.origin, WITNESS, 9)
    refused = await alone.state(desk.tenant)
    assert refused is not None
    assert (refused.refused, refused.is_well, len(refused.claims)) == (True, False, 1)
    assert await alone.dismiss(OPERATOR, desk.tenant, WITNESS)
    assert not await alone.dismiss(OPERATOR, desk.tenant, WITNESS)  # nothing is logged of that
    known.claim(desk.key.origin, "w" * 200, 9)
    assert await alone.dismiss(OPERATOR, desk.tenant, "w" * 200)
    assert await _logged(desk, "log.witness_dismissed.v1") == [
        WitnessDismissed(log=1, witness=hashlib.sha256(b"w" * 200).hexdigest()),
        WitnessDismissed(log=1, witness=WITNESS),
    ]


async def _logged(desk: Desk, kind: str) -> list[Event]:
    async with desk.database.reading() as conn:
        page = await desk.log.trail(conn, desk.tenant, TrailFilter(types=frozenset({kind})))
    return [entry.detail.event for entry in page.entries if entry.detail is not None]


async def test_known_heads_that_are_gone_for_good_are_accepted_by_hand_and_that_is_logged(
    desk: Desk, known: KnownHeads, made: Callable[..., LogHeads], keyring: KeyRing, clock: MovableClock
) -> None:
    service, other = made(), await open_desk(desk.database, keyring, clock)
    for one in (desk, other):
        await one.append_many(2)
        assert await one.sequence() == 2
    assert await service.accept(OPERATOR) == ()  # nothing is gone
    known.path.unlink()
    gone = await service.state(desk.tenant)
    assert gone is not None
    assert (gone.gone, gone.refused, gone.is_well) == (True, False, False)

    known.remember(other.key.origin, 9, bytes(32))  # one of them is found to be behind what somebody kept
    accepted = await service.accept(OPERATOR)

    assert [(head.origin, head.size) for head in accepted] == [(desk.key.origin, 2)]
    assert known.newest(desk.key.origin) == KnownHead(desk.key.origin, 2, accepted[0].root)
    assert await _logged(desk, "log.head_accepted.v1") == [LogHeadAccepted(log=1, size=2)]
    assert await _logged(other, "log.head_accepted.v1") == []
    assert await _logged(desk, "log.head_learned.v1") == []
    states = [await service.state(one.tenant) for one in (desk, other)]
    assert [(state.gone, state.refused) for state in states if state] == [(False, False), (False, True)]


async def test_a_head_that_was_kept_elsewhere_is_learned_when_the_log_signed_it(
    desk: Desk, known: KnownHeads, made: Callable[..., LogHeads]
) -> None:
    service, nobody = made(), TenantId(new_id())
    await desk.append_many(2)
    assert await desk.sequence() == 2
    (row,) = await desk.rows("SELECT note FROM audit_checkpoints")
    learned = await service.learn(OPERATOR, row.note)
    assert (learned.head.size, learned.is_new) == (2, True)
    newest = known.newest(desk.key.origin)
    assert newest is not None
    assert newest.size == 2
    assert await _logged(desk, "log.head_learned.v1") == [LogHeadLearned(log=1, size=2)]

    assert not (await service.learn(OPERATOR, row.note)).is_new

    for note in (b"junk", row.note.replace(b"\n2\n", b"\n3\n")):
        with pytest.raises(IntegrityError):
            await service.learn(OPERATOR, note)
    with pytest.raises(NotFoundError):
        await service.learn(OPERATOR, row.note.replace(b"/t/", b"/u/", 1))
    assert await service.state(nobody) is None
    with pytest.raises(NotFoundError):
        await service.dismiss(OPERATOR, nobody, WITNESS)
