"""The same comparison in another process: the solver keeps every thread of its process waiting.

`python -m consent_service.policy.proofs.apart` reads both sides as JSON and writes what it found. If the
solver dies or takes too long, only that process does. What the comparison is, is `comparing`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from consent_service.policy.candidate import limit_itself
from consent_service.policy.proofs.comparing import (
    Asked,
    Told,
    Widening,
    confirmed,
    differences,
    side,
)
from consent_service.policy.proofs.terms import NotProvableError
from consent_service.policy.rules import Rules

COMPARISON_SECONDS: Final = 60
"""On a busy machine; without other work it takes a second."""


def widenings_apart(old: Rules, new: Rules, *, seconds: float = COMPARISON_SECONDS) -> tuple[Widening, ...]:
    """What `comparing.widenings` says, found in another process and confirmed in this one.

    Raises:
        NotProvableError: as there, and when that process dies or takes too long.
    """
    asked = msgspec.json.encode(Asked(side(old), side(new)))
    root = str(Path(__file__).resolve().parents[3])
    command = [sys.executable, "-m", "consent_service.policy.proofs.apart"]
    try:
        run = subprocess.run(  # noqa: S603 - our own interpreter and module, no argument
            command, env={"PYTHONPATH": root}, input=asked, capture_output=True, timeout=seconds, check=True
        )
        told = msgspec.json.decode(run.stdout, type=Told)
    except (subprocess.SubprocessError, msgspec.DecodeError) as error:
        raise NotProvableError(f"the comparison failed: {type(error).__name__}") from error
    if told.not_provable:
        raise NotProvableError(told.not_provable)
    return confirmed(told.found, old, new)


def answer(given: bytes) -> bytes:
    """What the other process writes about what it was given."""
    asked = msgspec.json.decode(given, type=Asked)
    try:
        return msgspec.json.encode(Told(differences(asked.old, asked.new)))
    except NotProvableError as error:
        return msgspec.json.encode(Told(not_provable=str(error)))


if __name__ == "__main__":
    limit_itself(seconds=COMPARISON_SECONDS)
    sys.stdout.buffer.write(answer(sys.stdin.buffer.read()))
