"""What an operator watches of the logs of all tenants together. Counts and seconds: no tenant, no person.

Who may read them is `app.metrics`; what to do at an alarm stands in docs/AUDIT.md.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from consent_service.audit.log import PENDING_LIMIT
from consent_service.foundation.clock import Clock
from consent_service.foundation.ids import TenantId

Alarm = Literal[
    "pending",  # the oldest entry has waited so long that releases are refused
    "watermark",  # somebody else's transaction holds entries up
    "behind",  # the database is behind a head known outside: nothing is signed
    "damaged",  # the newest head is not what the log signed
    "failed",  # something is away
    "cosignature",  # no witness has cosigned for too long
]
_OF_BATCHES: Final[tuple[Alarm, ...]] = ("behind", "damaged", "failed")
CONTENT_TYPE: Final = "text/plain; version=1.0.0"
"""Litestar adds the charset, which is UTF-8."""
COSIGNATURE_LIMIT: Final = timedelta(minutes=15)
"""How old the newest cosignature may become before it is an alarm."""
_SECONDS: Final = (0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ENTRIES: Final = (1, 2, 5, 10, 50, 100, 500, 1000, 2500, 5000)


class LogMetrics:
    """Measurements of one process in a registry of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._registry = CollectorRegistry()
        self._standing: dict[Alarm, set[TenantId | None]] = {alarm: set() for alarm in get_args(Alarm)}
        self._oldest: datetime | None = None
        self._passed: datetime | None = None
        self._cosigned: datetime | None = None
        self._batch = Histogram(
            "ruggensteun_audit_batch_entries",
            "Entries put in order in one batch",
            buckets=_ENTRIES,
            registry=self._registry,
        )
        self._integration = Histogram(
            "ruggensteun_audit_integration_seconds",
            "From the oldest entry of a batch to the signed head that covers it",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._failures = Counter(
            "ruggensteun_audit_failures",
            "Batches that could not be put in order",
            registry=self._registry,
        )
        self._add_gauges()

    def _add_gauges(self) -> None:
        """Ages are computed when they are read: a sequencer that stands still shows as one."""
        ages = {
            "ruggensteun_audit_oldest_pending_seconds": (
                "How long the oldest entry waits for its place; 0 when none does",
                lambda: self._age(self._oldest) or 0.0,
            ),
            "ruggensteun_audit_last_pass_seconds": (
                "Since the sequencer last looked at every log; NaN before that",
                lambda: _or_nan(self._age(self._passed)),
            ),
            "ruggensteun_audit_cosignature_age_seconds": (
                "Since a witness cosigned, for the log for which that is longest ago; NaN without witnesses",
                lambda: _or_nan(self._age(self._cosigned)),
            ),
        }
        for name, (meaning, age) in ages.items():
            Gauge(name, meaning, registry=self._registry).set_function(age)
        alarms = Gauge(
            "ruggensteun_audit_alarm", "Logs for which an alarm stands", ["alarm"], registry=self._registry
        )
        for alarm in self._standing:
            alarms.labels(alarm).set_function(partial(self._count, alarm))

    def note_batch(self, entries: int, oldest: datetime) -> None:
        """A batch was signed; `oldest` is when its oldest entry was written."""
        self._batch.observe(entries)
        self._integration.observe(max(0.0, (self._clock.now() - oldest).total_seconds()))

    def note_failure(self, tenant: TenantId | None, alarm: Alarm) -> None:
        """A batch of this tenant could not be put in order, for this reason; None: of any tenant."""
        self._failures.inc()
        self.clear(tenant)
        self._standing[alarm].add(tenant)

    def clear(self, tenant: TenantId | None) -> None:
        """What kept a batch of this tenant from being put in order is over."""
        for alarm in _OF_BATCHES:
            self._standing[alarm].discard(tenant)

    def note_pass(
        self, waiting: Collection[tuple[TenantId, datetime]], *, held_up: Collection[TenantId]
    ) -> None:
        """Every log was looked at: where an entry waits, since when, and where the watermark holds it up."""
        self._passed = self._clock.now()
        self._oldest = min((since for _, since in waiting), default=None)
        late = self._passed - PENDING_LIMIT
        self._standing["pending"] = {tenant for tenant, since in waiting if since < late}
        self._standing["watermark"] = set(held_up)

    def note_cosigned(self, newest: Collection[tuple[TenantId, datetime]]) -> None:
        """When a witness last cosigned each log that has witnesses (or since when it should have)."""
        self._cosigned = min((at for _, at in newest), default=None)
        late = self._clock.now() - COSIGNATURE_LIMIT
        self._standing["cosignature"] = {tenant for tenant, at in newest if at < late}

    def standing(self, alarm: Alarm) -> frozenset[TenantId | None]:
        """The tenants for whose log this alarm stands."""
        return frozenset(self._standing[alarm])

    def exposed(self) -> bytes:
        """Everything in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _count(self, alarm: Alarm) -> float:
        return float(len(self._standing[alarm]))

    def _age(self, since: datetime | None) -> float | None:
        return None if since is None else max(0.0, (self._clock.now() - since).total_seconds())


def _or_nan(seconds: float | None) -> float:
    return float("nan") if seconds is None else seconds
