"""What an operator watches of messages: how sending ended, and whether the mail server answers. No person."""

from __future__ import annotations

from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

Outcome = Literal[
    "taken", "later", "refused", "unknown", "gave_up", "not_permitted", "no_address", "came_back"
]
"""Taken, later, refused, unknown: what the mail server said. Not permitted: the exit door refused."""
_PREFIX: Final = "ruggensteun_notices"


class NoticeMetrics:
    """Counts of one process in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._ended = Counter(
            f"{_PREFIX}", "Messages by how sending ended", ["outcome"], registry=self._registry
        )
        for outcome in get_args(Outcome):
            self._ended.labels(outcome)
        self._answers = Gauge(
            f"{_PREFIX}_server_answers", "1: the mail server answers, 0: it is away", registry=self._registry
        )
        self._answers.set(1)

    def count(self, outcome: Outcome, times: int = 1) -> None:
        """So many more."""
        self._ended.labels(outcome).inc(times)

    def server_answers(self, *, answers: bool) -> None:
        """Whether the mail server was there the last time."""
        self._answers.set(int(answers))

    def exposed(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self._registry)
