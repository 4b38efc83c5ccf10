"""Tests of `consent_service.migrations.draft`: the next migration holds what the tables have more."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

from consent_service.foundation.migrating import MIGRATIONS
from consent_service.migrations import draft as drafting


async def test_a_draft_has_the_next_number_and_makes_what_the_tables_have_more(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").symlink_to(MIGRATIONS / "env.py")
    shutil.copy(MIGRATIONS / "script.py.mako", folder)
    first = sorted((MIGRATIONS / "versions").glob("0001_*.py"))[0]
    shutil.copy(first, folder / "versions")

    await drafting.draft("Say what changes", folder)

    (written,) = (folder / "versions").glob("0002_*.py")
    text = written.read_text(encoding="utf-8")
    assert written.name == "0002_say_what_changes.py"
    compile(text, written.name, "exec")
    assert "from consent_service.foundation.database import UtcDateTime" in text
    assert "UtcDateTime()" in text
    assert "op.create_table" in text


def test_without_a_message_nothing_is_drafted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["draft"])
    with pytest.raises(SystemExit, match="usage"):
        runpy.run_path(str(MIGRATIONS / "draft.py"), run_name="__main__")
