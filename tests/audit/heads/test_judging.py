"""Every row that is said to vouch for a head is looked at: junk is a finding, and no exception."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from consent_service.audit.checkpoint import read_note
from consent_service.audit.heads import judging
from consent_service.audit.heads.judging import Vouchers, judge_kept, place_of
from consent_service.audit.heads.publishing import Vouching
from consent_service.audit.heads.timestamps import Stamped, TimeStamper
from consent_service.audit.tables import audit_cosignatures, audit_timestamps
from consent_service.keyring.certificates import read_authorities
from consent_service.rights.reconciliation import verify_log
from tests.audit.factories import Desk
from tests.audit.heads.outsiders import TestAuthority, TestWitness, serving


async def heads_of(desk: Desk) -> dict[int, bytes]:
    """Three signed heads by their size."""
    for count in (2, 1, 1):
        await desk.append_many(count)
        await desk.sequence()
    return {row.size: bytes(row.note) for row in await desk.rows("SELECT size, note FROM audit_checkpoints")}


async def kept(desk: Desk, table: Any, rows: list[dict[str, Any]]) -> None:
    now = desk.clock.now()
    async with desk.database.transaction() as conn:
        for row in rows:
            await conn.execute(insert(table).values({"tenant": desk.tenant, "log": 1, "at": now, **row}))


async def test_each_cosignature_is_looked_at(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_PAGE", 2)
    notes = await heads_of(desk)
    witness, stranger = TestWitness("witness.example", desk.clock.now), TestWitness("other", desk.clock.now)
    again = TestWitness("witness.example", desk.clock.now)  # the same name, and another key
    trusted = Vouching((witness.at("http://here"),)).vouchers
    sound = {size: witness.sign(read_note(note)) for size, note in notes.items()}
    await kept(
        desk,
        audit_cosignatures,
        [
            {"size": 2, "witness": "witness.example", "line": sound[2]},
            {"size": 2, "witness": "other", "line": stranger.sign(read_note(notes[2]))},
            {"size": 3, "witness": "witness.example", "line": again.sign(read_note(notes[3]))},
        ],
    )
    async with desk.database.reading() as conn:
        assert await judge_kept(conn, desk.tenant, trusted) == ()
    await kept(
        desk,
        audit_cosignatures,
        [
            {"size": 3, "witness": "other", "line": b"junk"},
            {"size": 3, "witness": "renamed", "line": sound[3]},
            {"size": 4, "witness": "witness.example", "line": sound[3]},  # of another head
            {"size": 4, "witness": "other", "line": sound[4][:-9] + b"\n"},
            {"size": 1 << 62, "witness": "witness.example", "line": sound[4]},
            {"size": -1, "witness": "witness.example", "line": sound[4]},
        ],
    )
    async with desk.database.reading() as conn:
        found = await judge_kept(conn, desk.tenant, trusted)
        assert [(bad.what, bad.seq) for bad in found] == [
            ("cosignature_unfit", seq) for seq in (0, 2, 2, 3, 3, (1 << 62) - 1)
        ]
        late = await judge_kept(conn, desk.tenant, trusted, after=(1, 3))
        assert [bad.seq for bad in late] == [3, 3, (1 << 62) - 1]
        assert len(await judge_kept(conn, desk.tenant, Vouchers())) == 5  # one verifies by no key we have
        monkeypatch.setattr(judging, "NAMED_LIMIT", 1)
        assert len(await judge_kept(conn, desk.tenant, trusted)) == 1
        pinned = read_note(notes[3]).checkpoint
        assert await place_of(conn, desk.tenant, pinned) == (1, 3)
        assert await place_of(conn, desk.tenant, None) == (0, -1)
    report = await verify_log(desk.database, desk.ring, desk.tenant, since=pinned, vouchers=trusted)
    assert not report.ok
    assert {bad.what for bad in report.problems} == {"cosignature_unfit"}


async def test_each_time_stamp_is_looked_at(desk: Desk, tmp_path: Path) -> None:
    notes = await heads_of(desk)
    ours, theirs = TestAuthority(tmp_path / "ours"), TestAuthority(tmp_path / "theirs")
    tokens, stampers = {}, []
    for authority in (ours, theirs):
        with serving(authority.answer) as url:
            stamper = TimeStamper(url, read_authorities(authority.ca_file, "timestamp_ca_file"))
            for size in (2, 3):
                given = await stamper.stamp(notes[size], datetime.now(UTC))
                assert isinstance(given, Stamped)
                tokens[authority, size] = given.token
        stampers.append(stamper)
    trusted = Vouching(stamper=stampers[0]).vouchers
    either_file = tmp_path / "either.pem"
    either_file.write_bytes(theirs.ca_file.read_bytes() + ours.ca_file.read_bytes())
    either = read_authorities(either_file, "timestamp_ca_file")
    await kept(desk, audit_timestamps, [{"size": 2, "token": tokens[ours, 2]}])
    for row, expected in (
        ({"size": 3, "token": tokens[theirs, 3]}, (["stamp_unfit"], [])),
        ({"size": 4, "token": tokens[ours, 3]}, (["stamp_unfit"], ["stamp_unfit"])),
        ({"size": 5, "token": tokens[ours, 3]}, (["stamp_unfit"], ["stamp_unfit"])),
        ({"size": 3, "token": b"junk"}, (["stamp_unfit"], ["stamp_unfit"])),
    ):
        async with desk.database.engine.connect() as conn:
            values = {"tenant": desk.tenant, "log": 1, "at": desk.clock.now(), **row}
            await conn.execute(insert(audit_timestamps).values(values))
            by_ours = await judge_kept(conn, desk.tenant, trusted)
            by_form = await judge_kept(conn, desk.tenant, Vouchers())
            by_either = await judge_kept(conn, desk.tenant, Vouchers(authorities=either))
            await conn.rollback()
        assert ([bad.what for bad in by_ours], [bad.what for bad in by_form]) == expected
        assert [bad.what for bad in by_either] == expected[
            1
        ]  # who moved, and left the former one in the file


async def test_what_is_no_head_vouches_for_nothing(desk: Desk) -> None:
    notes = await heads_of(desk)
    witness = TestWitness("witness.example", desk.clock.now)
    row = {"size": 3, "witness": "witness.example", "line": witness.sign(read_note(notes[3]))}
    await kept(desk, audit_cosignatures, [row])
    await desk.tamper(("audit_checkpoints", "audit_cosignatures"))
    plants = ["UPDATE audit_checkpoints SET note = :x WHERE size = 3"]
    plants += ["UPDATE audit_checkpoints SET note = (SELECT note FROM audit_checkpoints WHERE size = 2)"]
    if desk.database.is_sqlite:  # which also keeps a text there
        plants += [
            "UPDATE audit_cosignatures SET line = 'text'",
            "UPDATE audit_checkpoints SET note = 'text'",
        ]
    for statement in plants:
        async with desk.database.engine.connect() as conn:
            await conn.execute(text(statement), {"x": b"x"} if ":x" in statement else {})
            found = await judge_kept(conn, desk.tenant, Vouchers())
            await conn.rollback()
        assert [(bad.what, bad.seq) for bad in found] == [("cosignature_unfit", 2)], statement
