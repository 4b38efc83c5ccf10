"""Which entries of the log tell that something about a family was shown to somebody. Pure."""

from __future__ import annotations

from typing import Final

import msgspec

from consent_service.audit import events
from consent_service.audit.encoding import Detail
from consent_service.audit.filtering import types_of
from consent_service.foundation.ids import TypeKey

SHOWN: Final[tuple[type[msgspec.Struct], ...]] = (
    events.InformationReleased,
    events.InformationPreviewed,
    events.BreakGlassRead,
    events.StatutoryTextRead,
    events.FirstContactConfirmed,
    events.FirstContactRead,
    events.SignalRead,
    events.CallMade,
    events.IdentityViewed,
    events.ReceiptPrinted,
    events.HandoverStarted,
    events.PageOpened,
    events.PupilDisowned,
)
"""A contact who says that this is no pupil has read name and birth date to be able to say so (S12)."""
SHOWN_TYPES: Final[frozenset[str]] = frozenset(str(one.__struct_config__.tag) for one in SHOWN)


class Sight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one entry tells: about whom, as far as it says, which types, how many records."""

    person: str | None
    relationship: str | None
    family: str | None
    types: frozenset[TypeKey]
    records: int


def sight_of(detail: Detail) -> Sight | None:
    """What was shown by this entry; None where it tells of nothing shown."""
    return named_in(detail) if isinstance(detail.event, SHOWN) else None


def named_in(detail: Detail) -> Sight:
    """Whom an entry is about, whatever it tells."""
    event = detail.event
    return Sight(
        person=detail.subject or getattr(event, "person", None),
        relationship=detail.relationship or getattr(event, "relationship", None),
        family=getattr(event, "family", None),
        types=types_of(event),
        records=len(getattr(event, "records", ())),
    )
