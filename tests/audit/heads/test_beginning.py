"""Tests of `consent_service.audit.heads.beginning`: when known heads begin, and are gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table
from structlog.testing import capture_logs

from consent_service.audit.heads import beginning
from consent_service.audit.heads.beginning import are_gone, upgrade
from consent_service.audit.heads.known import HeadsGoneError, KnownHeads
from consent_service.audit.heads.publishing import HeadPublisher, Vouching
from consent_service.audit.sequencer import Sequencer
from consent_service.foundation.errors import IntegrityError
from tests.audit.factories import Desk


@pytest.fixture
def heads(tmp_path: Path) -> KnownHeads:
    return KnownHeads(tmp_path / "heads.jsonl")


async def _gone(desk: Desk, heads: KnownHeads) -> bool:
    async with desk.database.reading() as conn:
        return await are_gone(conn, heads)


async def test_it_begins_with_the_first_head_and_its_absence_later_stops_the_signing(
    desk: Desk, heads: KnownHeads
) -> None:
    sequencer = Sequencer(desk.database, desk.ring, desk.clock, heads)
    publisher = HeadPublisher(desk.database, desk.clock, heads, Vouching(), sequencer.metrics)
    assert not await _gone(desk, heads)
    await desk.append()
    assert await sequencer.run_once(desk.tenant) == 1
    assert heads.is_begun()
    await publisher.publish(desk.tenant)

    for damage in (heads.path.unlink, lambda: heads.path.write_bytes(b"")):
        damage()
        assert await _gone(desk, heads)
        await desk.append()
        with pytest.raises(HeadsGoneError):
            await sequencer.run_once(desk.tenant)
        with pytest.raises(HeadsGoneError):
            await publisher.publish(desk.tenant)
        with capture_logs() as told:
            await sequencer.run_all()
            await publisher.run_all()
        assert {one["failure"] for one in told} <= {"HeadsGoneError"}
        assert sequencer.metrics.standing("behind") == {desk.tenant}
        assert not heads.path.exists() or not heads.path.read_bytes()
    assert len(await desk.rows("SELECT * FROM audit_checkpoints")) == 1


async def test_another_process_may_have_begun_it_meanwhile(
    desk: Desk, heads: KnownHeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.append()
    assert await desk.sequence() == 1
    answers = [False, True]
    monkeypatch.setattr(heads, "is_begun", lambda: answers.pop(0))
    assert not await _gone(desk, heads)
    assert answers == []


async def test_a_database_from_before_heads_were_kept_outside_brings_its_own_once(
    desk: Desk, heads: KnownHeads, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.append_many(3)
    assert await desk.sequence() == 3
    await upgrade(desk.database, heads)  # it has this form: the file was lost, not unknown
    assert not heads.path.exists()

    with monkeypatch.context() as patch:
        patch.setattr(beginning, "audit_cosignatures", Table("not_there_yet", MetaData()))
        await upgrade(desk.database, heads)
        known = heads.newest(desk.key.origin)
        assert known is not None
        assert (known.size, heads.is_begun(), await _gone(desk, heads)) == (3, True, False)
        (row,) = await desk.rows("SELECT note FROM audit_checkpoints")
        await desk.tamper(
            ["audit_checkpoints"],
            "UPDATE audit_checkpoints SET note = :note",
            note=row.note.replace(b"\n3\n", b"\n4\n"),
        )
        with pytest.raises(IntegrityError):
            await upgrade(desk.database, heads)
