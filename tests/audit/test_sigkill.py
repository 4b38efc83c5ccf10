"""Writers and two competing sequencers are killed again and again: nothing lost, doubled or forked."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import msgspec
import pytest

from consent_service.audit.sequencer import Sequencer
from tests.audit.factories import Desk
from tests.audit.killed import heads_of

KILLS = 100
"""On each of two engines."""
ROLES = ("write", "write", "sequence", "sequence")
SOME = 3
"""So many times at most something has become certain in a process before it is killed."""
ANY_MOMENT = 0.02
"""Within so many seconds after that: in the middle of the next piece of work, or in its commit."""


class Told(msgspec.Struct, frozen=True):
    """What the killed processes said was certain."""

    entries: tuple[str, ...]
    heads: tuple[tuple[int, str], ...]


class Stored(msgspec.Struct, frozen=True):
    """What stands in the database afterwards."""

    entries: tuple[str, ...]
    sequence: tuple[tuple[int, str], ...]
    heads: tuple[tuple[int, str], ...]


def faults_of(told: Told, stored: Stored) -> set[str]:
    """What went wrong: an entry lost or doubled, a number skipped, two heads of one size."""
    placed = [entry for _, entry in stored.sequence]
    heads: dict[int, set[str]] = {}
    for size, root in (*told.heads, *stored.heads):
        heads.setdefault(size, set()).add(root)
    wrong = {
        "lost": not set(told.entries) <= set(stored.entries),
        "not in order": set(placed) != set(stored.entries),
        "doubled": any(count > 1 for count in Counter(placed).values()),
        "skipped": [seq for seq, _ in stored.sequence] != list(range(len(placed))),
        "forked": any(len(roots) > 1 for roots in heads.values()),
        "head lost": not {size for size, _ in told.heads} <= {size for size, _ in stored.heads},
    }
    return {name for name, is_so in wrong.items() if is_so}


class Crew:
    """Four processes at a time; says what each of them is certain of."""

    def __init__(self, process: subprocess.Popen[str], chance: random.Random) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders: IO[str] = process.stdin
        self._lines: IO[str] = process.stdout
        self._chance = chance
        self._waiting: list[list[str]] = []
        self.living: dict[int, str] = {}
        self.entries: list[str] = []
        self.heads: list[tuple[int, str]] = []

    def start(self, role: str) -> int:
        kind = f" {self._chance.choice(['auto', 'lease'])}" if role == "sequence" else ""
        self._orders.write(f"{role}{kind}\n")
        self._orders.flush()
        while (words := self._next())[0] != "forked":
            self._waiting.append(words)
        self.living[int(words[1])] = role
        return int(words[1])

    def wait_for(self, pid: int, times: int) -> None:
        """Until that process was certain of something so many times."""
        while times:
            words = self._waiting.pop(0) if self._waiting else self._next()
            times -= self._note(words) == pid

    def finish(self) -> None:
        """Kill everybody, and hear what they still said."""
        for pid in self.living:
            _kill(pid)
        self._orders.close()
        for words in (*self._waiting, *(line.split() for line in self._lines)):
            self._note(words)

    def kill(self, pid: int) -> str:
        time.sleep(self._chance.uniform(0, ANY_MOMENT))
        _kill(pid)
        return self.living.pop(pid)

    def _note(self, words: Sequence[str]) -> int:
        kind, pid, *rest = words
        assert kind != "failed", rest
        if kind == "wrote":
            self.entries.append(rest[0])
        else:
            self.heads.append((int(rest[0]), rest[1]))
        return int(pid)

    def _next(self) -> list[str]:
        line = self._lines.readline()
        assert line, "the process that makes the others is gone"
        return line.split()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@contextmanager
def _crew(url: str, folder: Path, desk: Desk, chance: random.Random) -> Iterator[Crew]:
    command = [sys.executable, "-m", "tests.audit.killed", url, str(folder), desk.tenant, desk.mother]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    crew = Crew(process, chance)
    try:
        yield crew
    finally:
        for pid in crew.living:
            _kill(pid)
        process.kill()
        process.wait()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()


@pytest.mark.slow
@pytest.mark.untraced
async def test_killed_writers_and_sequencers_lose_double_and_fork_nothing(
    desk: Desk, database_url: str, tmp_path: Path
) -> None:
    chance = random.Random(20)  # noqa: S311 - which process and how long; the rest is up to the machine
    with _crew(database_url, tmp_path, desk, chance) as crew:
        for role in ROLES:
            crew.start(role)
        for _ in range(KILLS):
            pid = chance.choice(sorted(crew.living))
            crew.wait_for(pid, chance.randint(1, SOME))
            crew.start(crew.kill(pid))
        crew.finish()
    last = Sequencer(desk.database, desk.ring, desk.clock, heads_of(tmp_path))
    while await last.run_once(desk.tenant):
        pass
    told, stored = Told(tuple(crew.entries), tuple(crew.heads)), await _stored(desk)
    assert faults_of(told, stored) == set()
    assert len(told.entries) > KILLS
    assert len(told.heads) > KILLS // 4
    report = await desk.verify()
    assert (report.problems, report.size, report.pending) == ((), len(stored.entries), 0)


async def _stored(desk: Desk) -> Stored:
    entries = await desk.rows("SELECT id FROM audit_entries WHERE tenant = :t", t=desk.tenant)
    sequence = await desk.rows(
        "SELECT seq, entry FROM audit_sequence WHERE tenant = :t ORDER BY seq", t=desk.tenant
    )
    heads = await desk.rows("SELECT size, root FROM audit_checkpoints WHERE tenant = :t", t=desk.tenant)
    return Stored(
        tuple(row.id for row in entries),
        tuple((row.seq, row.entry) for row in sequence),
        tuple((row.size, bytes(row.root).hex()) for row in heads),
    )


def test_each_fault_is_seen() -> None:
    told = Told(("a", "b"), ((1, "r1"), (2, "r2")))
    stored = Stored(("a", "b", "c"), ((0, "a"), (1, "b"), (2, "c")), ((1, "r1"), (2, "r2"), (3, "r3")))
    planted: dict[str, tuple[Told, Stored]] = {
        "lost": (Told(("a", "x"), told.heads), stored),
        "not in order": (told, msgspec.structs.replace(stored, sequence=stored.sequence[:2])),
        "doubled": (told, msgspec.structs.replace(stored, sequence=(*stored.sequence, (3, "a")))),
        "skipped": (told, msgspec.structs.replace(stored, sequence=((0, "a"), (1, "b"), (3, "c")))),
        "forked": (Told(told.entries, ((1, "r1"), (2, "other"))), stored),
        "head lost": (Told(told.entries, ((4, "r4"),)), stored),
    }
    assert faults_of(told, stored) == set()
    for name, (said, found) in planted.items():
        assert faults_of(said, found) == {name}
