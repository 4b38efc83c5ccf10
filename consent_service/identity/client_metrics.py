"""What an operator watches of machine clients: how often a token was asked for, and how that ended.

No client, no shelter, no place: who a known client is stands in the log of its shelter.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, generate_latest

Outcome = Literal["admitted", "refused", "unknown", "too_many"]
"""Refused: by somebody who says to be a known client, rightly or not."""
_NAME: Final = "ruggensteun_client_tokens_asked"


class ClientMetrics:
    """Counts of one process in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._asked = Counter(
            _NAME, "Tokens asked for by machine clients, by outcome", ["outcome"], registry=self._registry
        )
        for outcome in get_args(Outcome):
            self._asked.labels(outcome)

    def note(self, outcome: Outcome) -> None:
        """One more."""
        self._asked.labels(outcome).inc()

    def exposed(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self._registry)
