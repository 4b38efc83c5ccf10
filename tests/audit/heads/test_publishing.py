"""Tests of `consent_service.audit.heads.publishing` and `kept`: heads are shown, and what comes back kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from consent_service.audit.checkpoint import add_signatures, read_note
from consent_service.audit.cosignature import Cosigner, cosign, verify_cosignature
from consent_service.audit.heads import kept, publishing
from consent_service.audit.heads.kept import (
    UNFIT_TOLD,
    cosignature_age,
    cosigned_by,
    judge_cosignatures,
    judge_stamps,
    keep_cosignature,
    keep_stamp,
    newest_signed,
    stopped_logs,
)
from consent_service.audit.heads.known import Claim, KnownHead, KnownHeads
from consent_service.audit.heads.publishing import HERE, HeadPublisher, Vouching
from consent_service.audit.heads.timestamps import Stamped, open_stamper
from consent_service.audit.heads.witness import Cosigned, Witness
from consent_service.audit.sequencer import BehindKnownHeadError, Sequencer
from consent_service.audit.tables import audit_cosignatures
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.ids import TenantId
from consent_service.keyring.service import KeyRing
from tests.audit.factories import Desk, open_desk
from tests.audit.heads.outsiders import SIZE, TestAuthority, TestWitness, serving


class Outside:
    """A log with two witnesses, one of them away, and the file of known heads."""

    def __init__(self, desk: Desk, path: Path, urls: ExitStack) -> None:
        self.desk = desk
        self.heads = KnownHeads(path / "heads.jsonl")
        self.heads.begin()
        self.witness, self.other = (
            TestWitness(f"witness.example/w{number}", desk.clock.now) for number in (1, 2)
        )
        self.witnesses: tuple[Witness, ...] = tuple(
            one.at(urls.enter_context(serving(one.answer)) + "/submit") for one in (self.witness, self.other)
        )
        self.witness.logs[desk.key.origin] = desk.key.public
        desk.sequencer = Sequencer(desk.database, desk.ring, desk.clock, self.heads)
        self.publisher = self.publishing(Vouching(self.witnesses))

    @property
    def cosigners(self) -> tuple[Cosigner, ...]:
        return Vouching(self.witnesses).cosigners

    def publishing(self, vouching: Vouching) -> HeadPublisher:
        metrics = self.desk.sequencer.metrics
        return HeadPublisher(self.desk.database, self.desk.clock, self.heads, vouching, metrics)

    async def grow(self, count: int = 1) -> None:
        await self.desk.append_many(count)
        assert await self.desk.sequence() == count

    async def publish(self) -> None:
        await self.publisher.publish(self.desk.tenant)

    async def cosigned(self) -> dict[str, int]:
        async with self.desk.database.reading() as conn:
            found = await cosigned_by(conn, self.desk.key, self.cosigners)
        return {name: one.size for name, one in found.items()}

    async def age(self) -> timedelta | None:
        async with self.desk.database.reading() as conn:
            now = self.desk.clock.now()
            return await cosignature_age(conn, self.desk.tenant, self.cosigners, now)

    def claims(self) -> tuple[Claim, ...]:
        return self.heads.claims(self.desk.key.origin)


@pytest.fixture
def outside(desk: Desk, tmp_path: Path) -> Iterator[Outside]:
    with ExitStack() as urls:
        yield Outside(desk, tmp_path, urls)


async def test_each_new_head_is_cosigned_kept_and_known_outside(
    outside: Outside, clock: MovableClock
) -> None:
    assert await outside.age() is None
    await outside.publish()  # a log without a head is shown to nobody
    for count in (3, 260, 1):
        await outside.grow(count)
        clock.advance(timedelta(minutes=2))
        assert await outside.age() == timedelta(minutes=2)
        await outside.publish()
        await outside.publish()  # nothing new: nobody is asked
        assert await outside.age() is None

    assert await outside.cosigned() == {outside.witness.cosigner.name: 264}
    assert outside.witness.asked == [0, 3, 263]
    async with outside.desk.database.reading() as conn:
        found = await newest_signed(conn, outside.desk.key)
        rows = (await conn.execute(text("SELECT line, size FROM audit_cosignatures ORDER BY size"))).all()
    assert found is not None
    assert [row.size for row in rows] == [3, 263, 264]
    note = read_note(add_signatures(found[1], [rows[-1].line]))
    assert verify_cosignature(note, outside.witness.cosigner) == clock.now()
    assert outside.heads.newest(outside.desk.key.origin) == KnownHead(found[0].origin, 264, found[0].root)
    assert outside.claims() == ()


async def test_a_witness_that_stands_elsewhere_is_asked_from_there(outside: Outside) -> None:
    await outside.grow(5)
    await outside.publish()
    await outside.grow(4)
    outside.witness.seen.clear()  # it lost what it knew
    await outside.publish()
    assert await outside.cosigned() == {outside.witness.cosigner.name: 9}
    assert outside.witness.asked == [0, 5, 0]

    await outside.grow(1)
    outside.witness.replies = [
        (409, SIZE, b"%d\n" % size) for size in (1, 2, 1)
    ]  # it cannot make up its mind
    with capture_logs() as logs:
        await outside.publish()
    assert {"witness": "witness.example/w1", "why": "unusable"}.items() <= logs[0].items()
    assert outside.claims() == ()


async def test_rows_that_vouch_for_nothing_silence_nobody(outside: Outside, clock: MovableClock) -> None:
    """Who has the database writes rows in the name of a witness: they are told, and it is asked."""
    await outside.grow(3)
    await outside.publish()
    await outside.grow(2)
    async with outside.desk.database.reading() as conn:
        rows = (await conn.execute(select(audit_cosignatures.c.line))).scalars().all()
        head = await newest_signed(conn, outside.desk.key)
    assert head is not None
    witness, stranger = outside.witness, TestWitness(outside.witness.cosigner.name, clock.now)
    body = read_note(head[1]).body
    forged = cosign(body, witness.cosigner, clock.now(), stranger.key.sign)
    for size, line in ((1 << 62, b"junk"), (9, rows[0]), (5, forged), (4, b"\xff\n")):
        await _plant(outside, size, line)
    clock.advance(timedelta(minutes=16))

    assert await outside.age() == timedelta(minutes=16)
    assert await outside.cosigned() == {witness.cosigner.name: 3}
    async with outside.desk.database.reading() as conn:
        judged = await judge_cosignatures(conn, outside.desk.key, witness.cosigner)
        strange = await judge_cosignatures(conn, outside.desk.key, stranger.cosigner)
    assert judged.unfit == (1 << 62, 9, 5, 4)
    assert (strange.newest, strange.unfit) == (None, (1 << 62, 9, 4))  # the other lines are by another key
    await outside.grow(1)
    await outside.publish()
    assert witness.asked == [0, 3]
    assert await outside.age() is None
    for size in range(1000, 1000 + 2 * UNFIT_TOLD, 2):
        await _plant(outside, size, b"junk")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept, "_PAGE", 3)
        assert await outside.cosigned() == {witness.cosigner.name: 6}
    async with outside.desk.database.reading() as conn:
        judged = await judge_cosignatures(conn, outside.desk.key, witness.cosigner)
    assert (len(judged.unfit), judged.newest and judged.newest.at) == (UNFIT_TOLD, clock.now())


async def _plant(outside: Outside, size: int, line: bytes) -> None:
    """What somebody with the database writes."""
    key, witness = outside.desk.key, outside.witness.cosigner
    async with outside.desk.database.transaction() as conn:
        given = Cosigned(line, outside.desk.clock.now() + timedelta(days=9))
        await keep_cosignature(conn, key, size, witness.name, given)


async def test_after_fifteen_minutes_without_a_cosignature_there_is_an_alarm(
    outside: Outside, clock: MovableClock
) -> None:
    outside.witness.replies = [(503, "text/plain", b"")]
    await outside.grow()
    clock.advance(timedelta(minutes=15))
    metrics = outside.desk.sequencer.metrics
    with capture_logs() as quiet:
        await outside.publisher.run_all()
    assert metrics.standing("cosignature") == frozenset()
    assert b"cosignature_age_seconds 900.0" in metrics.exposed()
    clock.advance(timedelta(seconds=1))
    with capture_logs() as loud:
        await outside.publisher.run_all()
        await outside.publish()  # who did not answer in this round is not asked again
    assert metrics.standing("cosignature") == {outside.desk.tenant}
    outside.heads.path.unlink()
    outside.heads.begin()  # another machine takes over, and knows nothing yet
    with capture_logs() as alone:
        await outside.publishing(Vouching()).run_all()
    assert outside.heads.newest(outside.desk.key.origin) is not None

    refused = [one for one in quiet if one["event"] == "audit.heads.refused"]
    assert [(one["witness"][-2:], one["why"]) for one in refused] == [
        ("w1", "no_answer"),
        ("w2", "unknown_log"),
    ]
    assert "audit.heads.uncosigned" not in {one["event"] for one in quiet}
    assert [one["seconds"] for one in loud if one["event"] == "audit.heads.uncosigned"] == [901]
    assert [one["witness"] for one in loud if one.get("why") == "no_answer"] == ["witness.example/w1"]
    assert alone == []


async def test_a_witness_that_saw_another_log_stops_the_signing(outside: Outside) -> None:
    await outside.grow(8)
    origin = outside.desk.key.origin
    outside.witness.seen[origin] = (3, bytes(32))
    await outside.publish()
    assert outside.claims() == (Claim(origin, outside.witness.cosigner.name),)
    async with outside.desk.database.reading() as conn:
        assert await stopped_logs(conn, outside.heads) == (outside.desk.key,)

    await outside.desk.append()
    with pytest.raises(BehindKnownHeadError):
        await outside.desk.sequence()

    assert outside.heads.dismiss(origin, outside.witness.cosigner.name)
    async with outside.desk.database.reading() as conn:
        assert await stopped_logs(conn, outside.heads) == ()
    assert await outside.desk.sequence() == 1


async def test_a_witness_that_saw_more_stops_the_signing_once_nobody_else_signed_on(outside: Outside) -> None:
    await outside.grow(8)
    origin = outside.desk.key.origin
    outside.witness.seen[origin] = (12, bytes(32))
    shown = await outside.publisher._newest(outside.desk.tenant)
    assert shown is not None
    await outside.grow(4)
    await outside.publisher._ask(outside.witnesses[0], shown)  # read before another process signed on
    assert outside.claims() == ()

    outside.witness.seen[origin] = (13, bytes(32))
    await outside.publish()
    assert outside.claims() == (Claim(origin, outside.witness.cosigner.name, 13),)
    await outside.desk.append()
    with pytest.raises(BehindKnownHeadError):
        await outside.desk.sequence()


async def test_who_begins_to_sign_first_asks_what_witnesses_saw(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that was put back as a whole, with its file of known heads: only a witness knows more."""
    await outside.grow(8)
    await outside.publish()
    sequencer, heads = _started(outside)
    await outside.desk.append()
    assert await sequencer.run_once(outside.desk.tenant) == 1
    await outside.desk.append()
    assert await sequencer.run_once(outside.desk.tenant) == 1  # asked once, and nothing held it up
    assert outside.witness.asked == [0, 8]
    assert heads.claims(outside.desk.key.origin) == ()

    outside.witness.seen[outside.desk.key.origin] = (12, bytes(32))
    await outside.desk.append()
    put_back, heads = _started(outside)
    with pytest.raises(BehindKnownHeadError):
        await put_back.run_once(outside.desk.tenant)
    assert heads.claims(outside.desk.key.origin) == (
        Claim(outside.desk.key.origin, outside.witness.cosigner.name, 12),
    )

    heads.dismiss(outside.desk.key.origin, outside.witness.cosigner.name)
    held = threading.Event()
    monkeypatch.setattr(publishing, "FIRST_SECONDS", 0.2)
    with serving(lambda _path, _body: (503, "", b"") if held.wait(9) else (404, "", b"")) as url:
        outside.witnesses = (outside.witness.at(url + "/submit"),)
        with capture_logs() as logs:
            assert await _started(outside)[0].run_once(outside.desk.tenant) == 1
        held.set()
    assert [one["why"] for one in logs if one["event"] == "audit.heads.refused"] == ["no_answer"]


def _started(outside: Outside) -> tuple[Sequencer, KnownHeads]:
    """A process that was just started: its sequencer asks before it signs."""
    desk = outside.desk
    sequencer = Sequencer(desk.database, desk.ring, desk.clock, outside.heads)
    sequencer.ask_first(outside.publishing(Vouching(outside.witnesses)).ask_again)
    return sequencer, outside.heads


async def test_while_it_cannot_be_asked_what_others_saw_nothing_is_signed(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    await outside.grow(2)
    await outside.desk.append()
    sequencer, _ = _started(outside)

    async def fail(*_: object, **__: object) -> None:
        raise UnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(HeadPublisher, "_ask", fail)
        with pytest.raises(UnavailableError):
            await sequencer.run_once(outside.desk.tenant)
    assert await sequencer.run_once(outside.desk.tenant) == 1


async def test_a_database_behind_or_beside_what_is_known_here_is_not_shown(outside: Outside) -> None:
    await outside.grow(8)
    await outside.publish()
    origin, asked = outside.desk.key.origin, list(outside.witness.asked)
    outside.heads.remember(origin, 10, bytes(32))
    with pytest.raises(IntegrityError, match="behind"):
        await outside.publish()

    without = outside.publishing(Vouching(outside.witnesses))
    without._heads = KnownHeads(outside.heads.path.with_name("other.jsonl"))
    without._heads.remember(origin, 5, bytes(32))
    without._heads.begin()
    with pytest.raises(IntegrityError, match="does not extend"):
        await without.publish(outside.desk.tenant)
    assert without._heads.claims(origin) == (Claim(origin, HERE),)
    assert without._heads.refuses(origin, 8, bytes(32))
    assert outside.witness.asked == asked


async def test_a_head_that_the_log_did_not_sign_is_shown_to_nobody(outside: Outside) -> None:
    await outside.grow(2)
    note = "SELECT note FROM audit_checkpoints WHERE tenant = :tenant"
    (row,) = await outside.desk.rows(note, tenant=outside.desk.tenant)
    forged = row.note.replace(b"\n2\n", b"\n3\n")
    await outside.desk.tamper(
        ["audit_checkpoints"],
        "UPDATE audit_checkpoints SET note = :note WHERE tenant = :tenant",
        note=forged,
        tenant=outside.desk.tenant,
    )
    with pytest.raises(IntegrityError):
        await outside.publish()
    assert outside.witness.asked == []


async def test_a_growing_log_gets_a_time_stamp_an_hour(
    outside: Outside, clock: MovableClock, tmp_path: Path
) -> None:
    authority = TestAuthority(tmp_path / "authority")
    clock.set(datetime.now(UTC))
    with serving(authority.answer) as url:
        stamper = open_stamper(url, authority.ca_file)
        assert stamper is not None
        publisher = outside.publishing(Vouching(stamper=stamper))
        async with outside.desk.database.transaction() as conn:
            await keep_stamp(conn, outside.desk.key, 1 << 62, Stamped(b"junk", clock.now()))
        for minutes in (0, 0, 30, 40):
            clock.advance(timedelta(minutes=minutes))
            await outside.grow()
            with _stamping_at(publisher, clock):
                await publisher.run_all()
        clock.advance(timedelta(hours=2))
        await outside.grow()
        with capture_logs() as logs:
            for status in (404, 503):
                authority.reply = lambda _query, status=status: (status, "text/plain", b"")
                await publisher.run_all()
            await publisher.publish(outside.desk.tenant)
    rows = await outside.desk.rows(
        "SELECT t.size, t.token, c.note FROM audit_timestamps t JOIN audit_checkpoints c"
        " ON c.tenant = t.tenant AND c.log = t.log AND c.size = t.size ORDER BY t.size"
    )
    assert [row.size for row in rows] == [1, 4]
    assert all(authority.verifies(row.note, row.token) for row in rows)
    async with outside.desk.database.reading() as conn:
        judged = await judge_stamps(conn, outside.desk.key, stamper.authorities)
    assert judged.newest is not None
    assert (judged.newest.size, judged.unfit) == (4, (1 << 62,))
    assert [one["why"] for one in logs if one["event"] == "audit.heads.not_stamped"] == [
        "unusable",
        "no_answer",
    ]


@contextmanager
def _stamping_at(publisher: HeadPublisher, clock: MovableClock) -> Iterator[None]:
    """The authority has the time of this machine; the log's clock is moved by hand."""
    stamper = publisher._vouching.stamper
    assert stamper is not None
    ask = stamper.stamp
    with pytest.MonkeyPatch.context() as patch:

        async def stamp(note: bytes, _now: datetime) -> object:
            answer = await ask(note, datetime.now(UTC))
            return Stamped(answer.token, clock.now()) if isinstance(answer, Stamped) else answer

        patch.setattr(stamper, "stamp", stamp)
        yield


async def test_one_log_that_fails_keeps_no_other_waiting_and_the_job_ends_when_told(
    outside: Outside, database: Database, keyring: KeyRing, clock: MovableClock
) -> None:
    second = await open_desk(database, keyring, clock)
    await second.append_many(1)
    assert await second.sequence() == 1
    await outside.grow()
    outside.heads.remember(second.key.origin, 7, bytes(32))
    stop = asyncio.Event()
    with capture_logs() as logs:
        publish_all = outside.publisher.run_all

        async def once() -> None:
            await publish_all()
            stop.set()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outside.publisher, "run_all", once)
            await outside.publisher.run(stop)
    assert {"tenant": second.tenant, "failure": "IntegrityError"}.items() <= next(
        one for one in logs if one["event"] == "audit.heads.failed"
    ).items()
    assert await outside.cosigned() == {outside.witness.cosigner.name: 1}

    await database.close()
    with capture_logs() as logs, pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "reading", _away)
        await outside.publisher.run_all()
    assert [one["failure"] for one in logs] == ["OSError"]


def _away() -> None:
    raise OSError


async def test_a_tenant_without_a_log_has_nothing_to_show(outside: Outside) -> None:
    nobody = TenantId("018f0000-0000-7000-8000-00000000000f")
    await outside.publisher.publish(nobody)
    async with outside.desk.database.reading() as conn:
        assert await cosignature_age(conn, nobody, outside.cosigners, outside.desk.clock.now()) is None
