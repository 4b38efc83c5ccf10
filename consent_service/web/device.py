"""What a device tells about a choice: when it was made and how long the question stood there.

A device's own time is never trusted to make anything newer; which device it is, is `identity.devices`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from consent_service.web.forms import Posted

TIME_FIELD = "device_time"
"""The hidden field that `app.js` adds to forms with `data-device-time`."""
_LONGEST = 40


def read_device_time(posted: Posted, *, now: datetime) -> datetime | None:
    """When the form was sent, as the device says: never later than now; nothing when it says no instant.

    A form without it (no JavaScript) counts from its arrival.
    """
    said = posted.first(TIME_FIELD)
    if not said or len(said) > _LONGEST:
        return None
    try:
        instant = datetime.fromisoformat(said)
    except ValueError:
        return None
    if instant.tzinfo is None:
        return None
    try:
        return min(instant.astimezone(UTC), now)
    except OverflowError:
        return None


def seconds_on_screen(shown_at: datetime, *, now: datetime) -> int:
    """How long a question was there before it was answered, measured here: whole seconds.

    `shown_at` is what `IdentityService.use_step` returned.
    """
    return max(0, int((now - shown_at).total_seconds()))
