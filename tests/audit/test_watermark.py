"""Who holds entries up is named: a process by its number, without what it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
from structlog.testing import capture_logs

from consent_service.audit.watermark import ALARM_AFTER, Blocker, WatermarkAlarm, blocker
from consent_service.foundation.database import Database
from tests.audit.factories import Desk

SECRET = "Kanariekind"


@asynccontextmanager
async def _writing(database: Database, **options: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody else's transaction that has written and stays open."""
    url = database.engine.url
    connection = await asyncpg.connect(
        host=url.query["host"], user="postgres", database=url.database, server_settings=options
    )
    try:
        async with connection.transaction():
            await connection.execute(f"SELECT pg_current_xact_id(), '{SECRET}'")
            yield connection
    finally:
        await connection.close()


async def test_entries_that_wait_for_somebody_elses_transaction_raise_an_alarm_with_its_number(
    desk: Desk,
) -> None:
    if desk.database.is_sqlite:
        await _nobody_blocks(desk.database)
        return
    sequencer = desk.sequencer
    async with _writing(desk.database, application_name="slow import \u00e9\n") as other:
        await desk.append()
        with capture_logs() as early:
            await sequencer.run_all()
        desk.clock.advance(ALARM_AFTER + timedelta(seconds=1))
        with capture_logs() as told:
            for _ in range(3):
                await sequencer.run_all()
        pid = other.get_server_pid()
    assert early == []
    (alarm,) = told
    assert (alarm["event"], alarm["pid"], alarm["waited_seconds"]) == ("audit.watermark.held", pid, 11)
    assert alarm["application"].startswith("slow import ")
    assert alarm["application"].isascii()
    assert SECRET not in str(alarm)
    assert sequencer.metrics.standing("watermark") == {desk.tenant}
    with capture_logs() as free:
        await sequencer.run_all()
        await sequencer.run_all()
    assert free == [{"event": "audit.watermark.free", "log_level": "info", "pid": pid}]
    assert sequencer.metrics.standing("watermark") == frozenset()
    assert (await desk.verify()).size == 1


async def _nobody_blocks(database: Database) -> None:
    async with database.transaction() as conn:
        assert await blocker(conn) is None


async def test_somebody_without_rights_to_see_sessions_still_learns_the_number(
    database: Database,
) -> None:
    if database.is_sqlite:  # it has one writer, and no sessions to see
        await _nobody_blocks(database)
        return
    async with database.reading() as conn:
        assert await blocker(conn) is None
    async with _writing(database) as other, database.long_transaction() as conn:
        await conn.exec_driver_sql("CREATE ROLE onlooker")
        await conn.exec_driver_sql("SET LOCAL ROLE onlooker")
        found = await blocker(conn)
        await conn.exec_driver_sql("RESET ROLE")
        await conn.exec_driver_sql("DROP ROLE onlooker")
    assert found is not None
    assert (found.pid, found.seconds) == (other.get_server_pid(), None)


def test_another_holder_is_told_anew_and_a_name_is_cut_to_what_is_safe() -> None:
    alarm, waited = WatermarkAlarm(), timedelta(seconds=20)
    with capture_logs() as told:
        alarm.tell(None, waited)
        alarm.tell(Blocker(1, 20.4, "a"), waited)
        alarm.tell(Blocker(1, 21.4, "a"), waited)
        alarm.tell(Blocker(None, None, "prepared transaction"), waited)
        alarm.tell(None, timedelta())
    assert [(one["event"].rpartition(".")[2], one["pid"]) for one in told] == [
        ("held", 1),
        ("held", None),
        ("free", None),
    ]
    assert (told[0]["open_seconds"], told[1]["open_seconds"]) == (20, None)
    assert not alarm.is_on
