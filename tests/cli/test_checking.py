"""`check` looks at everything and says all that is wrong, not only the first."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from consent_service.audit.protection import removal_statements
from tests.cli.conftest import Shell, onboard


def test_a_sound_installation_is_good_apart_from_its_draft_texts(shell: Shell) -> None:
    onboard(shell)

    said = shell.must("check")

    assert said.count("goed") >= 6
    assert "mis " not in said
    assert "teksten zijn nog concept" in said


def test_it_looks_without_tying_a_fresh_database_to_the_keys(sqlite_shell: Shell) -> None:
    sqlite_shell.must("check")

    with closing(sqlite3.connect(sqlite_shell.database())) as connection:
        assert connection.execute("SELECT count(*) FROM key_roots").fetchone() == (0,)


def test_a_dropped_trigger_is_found_and_serving_is_refused(sqlite_shell: Shell) -> None:
    with closing(sqlite3.connect(sqlite_shell.database())) as connection:
        connection.execute(removal_statements("sqlite", ["audit_entries"])[0])
        connection.commit()

    said = sqlite_shell.type("check")

    assert said.code == 1
    assert "mis      bescherming van het logboek" in said.out
    refused = sqlite_shell.type("tenant", "list")
    assert (refused.code, "Het logboek is niet beschermd" in refused.err) == (2, True)


def test_several_things_wrong_are_all_told(bare_shell: Shell) -> None:
    said = bare_shell.type("check")

    assert said.code == 1
    assert "mis      keystore" in said.out
    assert "mis      database" in said.out
    assert "goed     regels en teksten" in said.out


def test_a_passphrase_that_others_can_read_is_remarked(sqlite_shell: Shell) -> None:
    (sqlite_shell.folder / "passphrase").chmod(0o644)

    assert "let op   instellingen" in sqlite_shell.must("check")
