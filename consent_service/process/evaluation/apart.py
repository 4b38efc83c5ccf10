"""The same choice in another process: the solver keeps every thread of its process waiting.

`python -m consent_service.process.evaluation.apart` reads a table as JSON, writes what can be shown. If the
solver dies or takes too long, only that process does, and nothing is shown.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from consent_service.policy.candidate import limit_itself
from consent_service.process.evaluation.model import Cell
from consent_service.process.evaluation.withholding import NotPublishableError, Table, choose

CHOICE_SECONDS: Final = 300
"""A year of eight teams takes some ten seconds."""


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the other process found: figures to show, or that there is no way to show any."""

    shown: tuple[Cell, ...] = ()
    not_publishable: str = ""


def choose_apart(table: Table, *, seconds: float = CHOICE_SECONDS) -> tuple[Cell, ...]:
    """What `withholding.choose` says, found in another process.

    Raises:
        NotPublishableError: as there, and when that process dies or takes too long.
    """
    root = str(Path(__file__).resolve().parents[3])
    command = [sys.executable, "-m", "consent_service.process.evaluation.apart"]
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter and module, no argument
            command,
            env={"PYTHONPATH": root},
            input=msgspec.json.encode(table),
            capture_output=True,
            timeout=seconds,
            check=True,
        )
        told = msgspec.json.decode(run.stdout, type=Told)
    except (subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise NotPublishableError(f"the choice failed: {type(error).__name__}") from error
    if told.not_publishable:
        raise NotPublishableError(told.not_publishable)
    return told.shown


def answer(given: bytes) -> bytes:
    """What the other process writes about what it was given."""
    table = msgspec.json.decode(given, type=Table)
    try:
        return msgspec.json.encode(Told(choose(table)))
    except NotPublishableError as error:
        return msgspec.json.encode(Told(not_publishable=str(error)))


if __name__ == "__main__":
    limit_itself(seconds=CHOICE_SECONDS)
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
