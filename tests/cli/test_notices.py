"""Messages by commands: what waits, an address, and a mail that came back."""

from __future__ import annotations

from tests.cli.conftest import Shell, onboard


def test_what_waits_is_counted_and_what_is_no_report_marks_nothing(sqlite_shell: Shell) -> None:
    onboard(sqlite_shell)
    assert "Stand" in sqlite_shell.must("notices", "status")
    assert "geen melding" in sqlite_shell.must("notices", "bounce")
    said = sqlite_shell.type("notices", "address", "--staff", "nobody", "--mail", "ida@linde.example")
    assert said.code != 0
