"""What may leave for a school before its contact confirmed the pupil (S49). Pure.

Nothing, until the counsellor sent the first contact; then who the child is, to be confirmed. A care signal
(name, birth date, code word) waits for nobody, and neither does a break-glass: a life may depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from consent_service.foundation.ids import TypeKey
from consent_service.policy.projection import Asked
from consent_service.release.read import Situation

CARE_SIGNAL: Final = TypeKey("care_signal")
NOT_CONFIRMED: Final = "pupil_not_confirmed"
NOT_SENT: Final = "first_contact_not_sent"
_CONFIRMED: Final = frozenset({"confirmed", "read"})
_CLOSED: Final = "closed"
"""No pupil of theirs: the relationship ended with it, so that the decision refuses all of it."""


def is_confirmed(situation: Situation) -> bool:
    """Whether the contact said that this is a pupil of theirs."""
    return situation.start in _CONFIRMED


def is_to_confirm(situation: Situation) -> bool:
    """Whether the first contact waits for a yes or a no."""
    return situation.start == "sent"


def has_signal(situation: Situation, now: datetime) -> bool:
    """Whether a care signal is there that is not over; whether it is given is the decision's."""
    return any(
        one.information_type == CARE_SIGNAL
        and one.direction == "s2c"
        and (one.expires_at is None or now < one.expires_at)
        for one in situation.records
    )


def may_hear(situation: Situation, now: datetime) -> bool:
    """Whether somebody there may be told that something waits at all."""
    return is_confirmed(situation) or is_to_confirm(situation) or has_signal(situation, now)


def open_before(situation: Situation, asked: Sequence[Asked], now: datetime) -> list[Asked]:
    """Of what is asked all of it once the contact said yes or no; before that a care signal only."""
    if is_confirmed(situation) or situation.start == _CLOSED:
        return list(asked)
    return [one for one in asked if one[0] == CARE_SIGNAL and has_signal(situation, now)]
