"""Drafts the next migration: compares the tables in the code with a freshly migrated database.

    python -m consent_service.migrations.draft "Say what changes"

A person reads, names and completes the draft: triggers, grants and data are not compared.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

import alembic.command
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from consent_service.foundation.database import Database
from consent_service.foundation.migrating import MIGRATIONS, alembic_config, migrate


async def draft(message: str, folder: Path = MIGRATIONS) -> None:
    """Write `versions/<number>_<message>.py` with the difference."""
    with tempfile.TemporaryDirectory() as scratch:
        database = Database(f"sqlite+aiosqlite:///{scratch}/draft.sqlite")
        try:
            await migrate(database, folder)
            async with database.transaction() as connection:
                await connection.run_sync(_write_draft, message, folder)
        finally:
            await database.close()


def _write_draft(connection: Connection, message: str, folder: Path) -> None:
    config = alembic_config(connection, folder)
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    count = len(list(ScriptDirectory(str(folder)).walk_revisions()))
    alembic.command.revision(config, message, autogenerate=True, rev_id=f"{count + 1:04d}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit('usage: python -m consent_service.migrations.draft "Say what changes"')
    asyncio.run(draft(sys.argv[1]))
