"""The other process in which `checking` looks at policies.

`python -m consent_service.policy.candidate FOLDER [mutation] [locked] [standing=FOLDER]` writes the report as
JSON. If the parser or the solver dies on them, or takes more time or memory than it may, only this process
does.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path
from typing import Final

import msgspec

from consent_service.policy.checking import LOCKED, MUTATION, MUTATION_SECONDS, STANDING, inspect

MEMORY_BYTES: Final = 2 * 1024**3
"""Address space; the whole check of our own policies takes a quarter of it."""


def limit_itself(*, memory: int = MEMORY_BYTES, seconds: int = MUTATION_SECONDS) -> None:
    """From here on this process may take no more than that; what it wants beyond is refused or ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + seconds
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, until)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def main(arguments: list[str]) -> None:
    """Write the report about the one folder that is named."""
    folder, *wanted = arguments
    standing = [Path(name.removeprefix(STANDING)) for name in wanted if name.startswith(STANDING)]
    report = inspect(
        Path(folder),
        mutation=MUTATION in wanted,
        locked=LOCKED in wanted,
        standing=standing[0] if standing else None,
    )
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    limit_itself()
    main(sys.argv[1:])
