"""Messages as values: which kinds there are and when each may leave. Nothing says what one is about."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import FamilyId, PersonId, RelationshipId, StaffId, TenantId
from consent_service.process.notices.states import NoticeState

NoticeKind = Literal[
    "something_new",
    "meeting_invitation",
    "meeting_moved",
    "meeting_cancelled",
    "care_signal",
    "task_due",
    "answer_needed",
    "agreement_due",
    "review_due",
    "recall",
    "decide_along",
]
"""Whoever needs another kind adds a line here and one in `WORDS`."""
KINDS: Final[tuple[NoticeKind, ...]] = get_args(NoticeKind)
AT_ONCE: Final[frozenset[NoticeKind]] = frozenset(
    {"meeting_invitation", "meeting_moved", "meeting_cancelled", "care_signal", "recall", "decide_along"}
)
"""Kinds that wait for no digest; quiet hours hold for all but what is urgent."""
URGENT: Final[frozenset[NoticeKind]] = frozenset({"care_signal", "decide_along"})
"""Kinds that are urgent whatever is said when they are queued."""
WORDS: Final[dict[NoticeKind, str]] = {
    "something_new": N_("Er is iets nieuws voor u."),
    "meeting_invitation": N_("U bent uitgenodigd voor een gesprek."),
    "meeting_moved": N_("Een gesprek is verplaatst."),
    "meeting_cancelled": N_("Een gesprek gaat niet door."),
    "care_signal": N_("Een kind heeft vandaag extra aandacht nodig."),
    "task_due": N_("U heeft een taak."),
    "answer_needed": N_("Iemand wacht op uw antwoord."),
    "agreement_due": N_("U heeft een afspraak die nu nodig is."),
    "review_due": N_("Het is tijd om iets opnieuw te bekijken."),
    "recall": N_("U wordt gevraagd iets te verwijderen."),
    "decide_along": N_("Een collega vraagt u nu mee te beslissen."),
}
"""What the inbox says of each kind. A mail says none of this."""


class NewNotice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something waits for exactly one person: a member of staff, or a guardian or young person.

    `about` is the id of a meeting, signal, recall ...: by it `cancel` finds what was not sent yet. `urgent`
    ignores quiet hours and digests, never the hours a guardian called safe.
    """

    kind: NoticeKind
    tenant: TenantId
    to_staff: StaffId | None = None
    to_guardian: PersonId | None = None
    relationship: RelationshipId | None = None
    family: FamilyId | None = None
    about: str | None = None
    urgent: bool = False

    def __post_init__(self) -> None:
        if (self.to_staff is None) == (self.to_guardian is None):
            raise ValueError("a message is for exactly one person")

    @property
    def recipient(self) -> str:
        """The id of whom it is for."""
        return self.to_staff or self.to_guardian or ""


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A message as it stands in the outbox."""

    notice: str
    kind: NoticeKind
    tenant: TenantId
    to_staff: StaffId | None
    to_person: PersonId | None
    relationship: RelationshipId | None
    family: FamilyId | None
    about: str | None
    urgent: bool
    state: NoticeState
    tries: int
    created_at: datetime
    read_at: datetime | None = None
    mail: str | None = None
    address: str | None = None

    @property
    def recipient(self) -> str:
        """The id of whom it is for."""
        return self.to_staff or self.to_person or ""


class InboxLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message in somebody's inbox: a sentence of its kind, and where to read on. No name."""

    notice: str
    kind: NoticeKind
    created_at: datetime
    is_read: bool
    relationship: RelationshipId | None = None
    family: FamilyId | None = None
    about: str | None = None

    @property
    def words(self) -> str:
        """The Dutch sentence of its kind, to be translated."""
        return WORDS[self.kind]
