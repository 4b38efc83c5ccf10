"""Core dumps are off before a passphrase is read; tried in processes of their own, as it cannot be undone."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from consent_service.foundation import process_protection
from tests.conftest import cannot_run

_STATE = """
import ctypes, json, os, resource
def state():
    return [resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)]
"""
PROTECTED = [[0, 0], 0]


@pytest.fixture
def linux() -> None:
    """Elsewhere a process cannot be closed to other programs of its user, nor asked whether it is."""
    if sys.platform != "linux":
        cannot_run("whether a process may be looked into is asked by prctl, which is Linux's")


def _run(script: str) -> object:
    run = subprocess.run([sys.executable, "-c", _STATE + script], capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@pytest.mark.usefixtures("linux")
def test_a_process_and_the_children_it_forks_leave_no_core_dump() -> None:
    script = """
resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
from consent_service.foundation.process_protection import protect_process
before = state()
protection = protect_process()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    os.write(writing, json.dumps(state()).encode())
    os._exit(0)
os.waitpid(child, 0)
inherited = json.loads(os.read(reading, 1000))
held = [protection.no_core_dumps, protection.closed_to_other_programs]
print(json.dumps([before[1], state(), inherited, held]))
"""
    assert _run(script) == [1, PROTECTED, PROTECTED, [True, True]]


@pytest.mark.usefixtures("linux")
def test_the_command_line_is_protected_before_anything_is_read(tmp_path: Path) -> None:
    script = f"""
import sys
from consent_service import __main__
def run(_arguments, _environ):
    print(json.dumps(state()))
    return 0
__main__.run = run
sys.argv = ["consent-service"]
os.chdir({str(tmp_path)!r})
try:
    __main__.main()
except SystemExit:
    pass
"""
    assert _run(script) == PROTECTED


def test_elsewhere_it_says_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(resource, "setrlimit", lambda *_given: None)
    protection = process_protection.protect_process()
    assert protection == process_protection.Protection(no_core_dumps=True, closed_to_other_programs=False)


@pytest.mark.parametrize("refused", [0, -1])
def test_on_linux_it_says_whether_the_kernel_took_it(monkeypatch: pytest.MonkeyPatch, refused: int) -> None:
    asked: list[tuple[int, ...]] = []

    class Library:
        def __init__(self, *_given: object, **_how: object) -> None:
            return

        def prctl(self, *given: int) -> int:
            asked.append(given)
            return refused

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(resource, "setrlimit", lambda *_given: None)
    monkeypatch.setattr("ctypes.CDLL", Library)
    assert process_protection.protect_process().closed_to_other_programs is (refused == 0)
    assert asked == [(4, 0, 0, 0, 0)]
