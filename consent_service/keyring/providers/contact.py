"""How long a provider elsewhere is waited for and its answer believed, and what of a failure gets out.

Providers are asked synchronously: keys are needed in the middle of database transactions, and almost
always come from a cache. So one question may take `LIMIT` seconds, a provider that was just away gets
`PATIENCE` seconds, and within `QUIET` seconds after a failure nobody is asked at all.
See docs/decisions/0029-providers-are-asked-synchronously.md.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from consent_service.foundation.errors import (
    ConfigurationError,
    ConsentServiceError,
    KeyProviderUnavailableError,
)

LIMIT: Final = 3.0
"""Seconds for one question to a provider that answered last time, or was never asked."""
PATIENCE: Final = 0.25
"""Seconds for one that did not; its answer still counts when it comes within `LIMIT`."""
TRUSTED: Final = 5.0
"""For this many seconds after an answer the provider is taken to be there."""
QUIET: Final = 1.0
"""For this many seconds after a failure it is taken to be away."""

MOST_QUESTIONS: Final = 8
"""So many may be unanswered at the same time in this process; each has a thread."""

T = TypeVar("T")


class _Last(msgspec.Struct, frozen=True):
    """How the last question ended."""

    answered: bool
    at: float


class _Worker:
    """A thread that does one job after another and never ends: a thread that ends while another one forks
    may hold a lock of the cryptographic library, for ever as far as the child is concerned.
    """

    def __init__(self, workers: _Workers) -> None:
        self._workers = workers
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="key-provider", daemon=True).start()

    def do(self, job: Callable[[], None]) -> None:
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            self._jobs.get()()
            self._workers.take_back(self)


class _Workers:
    """The threads of one process, `MOST_QUESTIONS` at the most, made when they are needed."""

    def __init__(self) -> None:
        self._free = threading.Semaphore(MOST_QUESTIONS)
        self._idle: deque[_Worker] = deque()

    def do(self, job: Callable[[], None], seconds: float) -> bool:
        """Have a thread do `job`; False when none is free for so long."""
        if not self._free.acquire(timeout=seconds):
            return False
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = _Worker(self)
        worker.do(job)
        return True

    def take_back(self, worker: _Worker) -> None:
        self._idle.append(worker)
        self._free.release()


_workers = _Workers()


def _begin_in_child() -> None:
    """The threads are the parent's, and so is whoever holds their locks."""
    global _workers
    _workers = _Workers()


os.register_at_fork(after_in_child=_begin_in_child)


class Contact:
    """The line to one provider. A question has a thread to itself, so that none is waited for longer than
    `limit` seconds; when too many threads hang, nobody is asked.

    Whatever goes wrong in that thread is turned into a fresh error by `explain` and raised without the
    original: tokens and keys stand in the local variables of client libraries.
    """

    def __init__(
        self,
        explain: Callable[[Exception], ConsentServiceError],
        *,
        limit: float = LIMIT,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._explain = explain
        self.limit = limit
        self._monotonic = monotonic
        self._last: _Last | None = None
        self._established = False

    def establish(self) -> None:
        """Opening is over: what would have been a fault in the settings is an outage from now on."""
        self._established = True

    def check(self, question: Callable[[], object]) -> None:
        """Ask only when the last answer is too old to go by.

        Raises:
            KeyProviderUnavailableError: the provider is away, too slow or answers nonsense.
        """
        last = self._last
        if last is None or not last.answered or self._monotonic() - last.at > TRUSTED:
            self.ask(question)

    def ask(self, question: Callable[[], T]) -> T:
        """The answer to a question that may raise anything.

        Raises:
            KeyProviderUnavailableError: the provider is away, too slow or answers nonsense.
        """
        last = self._last
        if last is not None and not last.answered and self._monotonic() - last.at < QUIET:
            raise KeyProviderUnavailableError("the key provider was away a moment ago")
        outcome = self._outcome(question, PATIENCE if last is not None and not last.answered else self.limit)
        if isinstance(outcome, ConsentServiceError):
            raise outcome
        return outcome

    def _outcome(self, question: Callable[[], T], seconds: float) -> T | ConsentServiceError:
        """A failure counts when somebody still waits for it, an answer always: the provider is there."""
        outcomes: queue.SimpleQueue[T | ConsentServiceError] = queue.SimpleQueue()

        def asking() -> None:
            outcome = self._answer(question)
            if not isinstance(outcome, KeyProviderUnavailableError):
                self._remember(answered=True)
            outcomes.put(outcome)

        outcome: T | ConsentServiceError = KeyProviderUnavailableError(
            "the key provider does not answer in time"
        )
        until = time.monotonic() + seconds
        if _workers.do(asking, seconds):
            with suppress(queue.Empty):
                outcome = outcomes.get(timeout=max(0.0, until - time.monotonic()))
        if isinstance(outcome, KeyProviderUnavailableError):
            self._remember(answered=False)
        return outcome

    def _answer(self, question: Callable[[], T]) -> T | ConsentServiceError:
        try:
            return question()
        except Exception as failure:  # noqa: BLE001 - whatever a library raises, nothing is opened or sealed
            error = failure if isinstance(failure, ConsentServiceError) else self._explain(failure)
        if self._established and isinstance(error, ConfigurationError):
            return KeyProviderUnavailableError(str(error))
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)

    def _remember(self, *, answered: bool) -> None:
        self._last = _Last(answered, self._monotonic())
