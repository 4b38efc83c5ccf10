"""What stood in a database before working together (0015) comes through 0016 to 0020, and means the same."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select
from sqlalchemy.engine import Connection

from consent_service.families.tables import relationships
from consent_service.foundation.database import Database, metadata
from consent_service.foundation.migrating import MIGRATIONS, migrate, require_current_schema
from consent_service.process.tables import recalls
from tests.foundation.test_upgrading import CLEARED, _fill, _rows

NEW = {
    "meetings",
    "meeting_participants",
    "meeting_agreements",
    "meeting_remarks",
    "notices",
    "notice_addresses",
    "notice_bounces",
    "notice_wishes",
    "first_contacts",
    "first_day_ticks",
    "phone_calls",
    "care_signals",
    "signal_hearers",
    "school_regions",
    "signal_routes",
    "break_glasses",
    "meldcodes",
    "meldcode_steps",
    "statutory_requests",
    "erasure_notices",
    "ending_plans",
    "evaluation_counts",
    "evaluation_publications",
    "evaluation_figures",
}


@pytest.fixture
async def empty(empty_database_url: str) -> AsyncIterator[Database]:
    database = Database(empty_database_url)
    yield database
    await database.close()


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The migrations of the release before."""
    folder = tmp_path / "before"
    (folder / "versions").mkdir(parents=True)
    names = [one for one in sorted((MIGRATIONS / "versions").glob("0*.py")) if one.name < "0016"]
    for path in (MIGRATIONS / "env.py", MIGRATIONS / "script.py.mako"):
        shutil.copy(path, folder / path.name)
    for path in names:
        shutil.copy(path, folder / "versions" / path.name)
    return folder


async def _filled(database: Database, folder: Path) -> dict[str, list[dict[str, Any]]]:
    """A database of before with a row in every table; what stands in it."""
    await migrate(database, folder)
    async with database.transaction() as conn:
        await conn.run_sync(_fill)
    async with database.reading() as conn:
        return await conn.run_sync(_rows)


async def test_every_row_of_before_is_still_there_and_unchanged(empty: Database, before: Path) -> None:
    kept = await _filled(empty, before)
    assert not NEW & kept.keys()
    await migrate(empty)
    async with empty.reading() as conn:
        after = await conn.run_sync(_rows)
    assert after.keys() >= kept.keys() | NEW
    for table, rows in kept.items():
        if table not in CLEARED | {"alembic_version"}:
            assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table
    for table in NEW:
        assert after[table] == [], f"{table} begins with something"
    await require_current_schema(empty)


async def test_what_was_asked_back_before_was_unsafe_and_no_end_is_planned(
    empty: Database, before: Path
) -> None:
    """Until then danger was the only cause; nobody was held back, and nothing had a day."""
    await _filled(empty, before)
    await migrate(empty)
    async with empty.reading() as conn:
        (asked,) = (await conn.execute(select(recalls))).all()
        (at,) = (await conn.execute(select(relationships))).all()
    assert asked.cause == "unsafe"
    assert (at.aftercare_from, at.ends_at, at.transition_held) == (None, None, False)


async def test_a_row_of_each_new_table_can_be_written_and_read(empty: Database, before: Path) -> None:
    """On both engines the upgrade makes what the tables of the code say."""
    await _filled(empty, before)
    await migrate(empty)

    def columns(connection: Connection) -> dict[str, set[str]]:
        seen = inspect(connection)
        return {name: {one["name"] for one in seen.get_columns(name)} for name in NEW}

    async with empty.reading() as conn:
        there = await conn.run_sync(columns)
    for name in NEW:
        assert there[name] == set(metadata.tables[name].columns.keys()), name


def test_every_table_since_is_named_here() -> None:
    """Whoever adds a table to these migrations adds it to `NEW`."""
    added = set()
    for path in sorted((MIGRATIONS / "versions").glob("0*.py")):
        if "0016" <= path.name < "0021":
            lines = path.read_text().splitlines()
            added |= {
                following.strip().strip('",')
                for line, following in itertools.pairwise(lines)
                if line.strip() == "op.create_table("
            }
    assert added == NEW
