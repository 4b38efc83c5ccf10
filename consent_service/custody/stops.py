"""Replay of journalled stops: first of all at start and after a restore, and again while serving.

Stands here because it is the lowest place that knows every package that owns a kind of stop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from consent_service.foundation.errors import ConsentServiceError, IntegrityError
from consent_service.foundation.stop_journal import Stop, StopJournal

Replayer = Callable[[Stop], Awaitable[bool]]
"""Carries a stop out and says True, or says False because the stop is another package's."""


async def replay_stops(journal: StopJournal, replayers: Sequence[Replayer]) -> int:
    """Carry out every stop that has not reached the ledger, oldest first; how many there were.

    One that cannot be carried out holds none of the others back; it stays pending and is told at the end.

    Raises:
        UnavailableError: something is still away; what it concerns stays refused.
        IntegrityError: a stop nobody knows: written by a newer release, or damaged.
    """
    failures: list[ConsentServiceError] = []
    pending = journal.pending()
    for stop in pending:
        try:
            await _replay(stop, replayers)
        except ConsentServiceError as failure:
            failures.append(failure)
        else:
            journal.mark_done(stop.id)
    if failures:
        raise failures[0]
    return len(pending)


async def _replay(stop: Stop, replayers: Sequence[Replayer]) -> None:
    for replay in replayers:
        if await replay(stop):
            return
    raise IntegrityError(f"stop journal: nobody knows the stop {stop.id}")
