"""Messages by commands: what waits, an address, and a mail that came back."""

from __future__ import annotations

import io

import pytest

from tests.cli.conftest import Shell, add_staff, onboard
from tests.process.notices.test_bounces import NAME, a_report


def test_what_waits_is_counted_and_what_is_no_report_marks_nothing(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    assert "Stand" in sqlite_shell.must("notices", "status")
    assert "geen melding" in sqlite_shell.must("notices", "bounce")
    said = sqlite_shell.type("notices", "address", "--staff", "nobody", "--mail", "ida@linde.example")
    assert said.code != 0


def test_an_address_is_entered_for_somebody_and_a_wrong_one_is_told(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    bo = add_staff(sqlite_shell, "--kind", "counsellor", "--name", "Bo Begeleider")
    assert "bewaard" in sqlite_shell.must("notices", "address", "--staff", bo, "--mail", "bo@opvang.example")
    assert "bewaard" in sqlite_shell.must("notices", "address", "--staff", bo)
    wrong = sqlite_shell.type("notices", "address", "--staff", bo, "--mail", "geen adres")
    assert wrong.code != 0
    assert "geen adres" not in wrong.err


def test_a_mail_that_came_back_is_looked_for(sqlite_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    onboard(sqlite_shell)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(a_report(NAME))))
    assert "0 berichten" in sqlite_shell.must("notices", "bounce")
