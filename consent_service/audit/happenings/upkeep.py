"""Events of the log itself, of keys, policies and stops."""

from __future__ import annotations

from datetime import datetime

from consent_service.audit.happenings.happening import Code, Happening


class LogViewed(Happening, frozen=True, tag="log.viewed.v1"):
    """Which filters were used and how many entries were shown."""

    filters: tuple[Code, ...] = ()
    results: int = 0


class LogVerified(Happening, frozen=True, tag="log.verified.v1"):
    size: int
    problems: int = 0


class KeyCreated(Happening, frozen=True, tag="key.created.v1"):
    kind: Code
    owner: Code
    version: int = 1


class KeyDestroyed(Happening, frozen=True, tag="key.destroyed.v1"):
    kind: Code
    owner: Code


class BundleActivated(Happening, frozen=True, tag="bundle.activated.v1"):
    bundle: Code
    approvers: tuple[Code, ...] = ()


class StopReplayed(Happening, frozen=True, tag="stop.replayed.v1"):
    """A stop accepted at `accepted_at` while the database, log or keys were away took effect."""

    stop: Code
    kind: Code
    accepted_at: datetime


LogEvent = LogViewed | LogVerified | KeyCreated | KeyDestroyed | BundleActivated | StopReplayed
