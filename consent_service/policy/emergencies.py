"""When a break-glass runs, and how many persons stand behind it. Pure (AVG 6(1)(d)).

Asking, approving and ending one is `process.emergencies`; whether a school reads it is
decided by the policies.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from consent_service.foundation.ids import RecordId, StaffId, TypeKey

LASTS: Final = timedelta(hours=24)
"""Nothing is read on this ground longer than this after a second person agreed, whatever a row says."""


class Emergency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item of one type that a school may read because a life may depend on it.

    persons: who decided it, of those who still work here. hidden: the parents are not told, for safety.
    """

    break_glass: RecordId
    information_type: TypeKey
    persons: frozenset[StaffId]
    starts_at: datetime
    ends_at: datetime
    hidden: bool

    @property
    def until(self) -> datetime:
        """The first moment at which it no longer runs."""
        return min(self.ends_at, self.starts_at + LASTS)

    def is_running(self, now: datetime) -> bool:
        """Decided before `now`, less than 24 hours ago, and ended by nobody."""
        return self.starts_at <= now < self.until
