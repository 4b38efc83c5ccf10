"""Events of what leaves outside a page: permits of the exit door, and messages that say that one waits."""

from __future__ import annotations

from consent_service.audit.happenings.happening import Code, Happening
from consent_service.foundation.ids import FamilyId, RelationshipId, StaffId


class ExitPermitted(Happening, frozen=True, tag="exit.permitted.v1"):
    """Something may leave now by `exit` (mail, calendar file, print ...) to this recipient."""

    exit: Code
    recipient: Code
    relationship: RelationshipId | None = None
    family: FamilyId | None = None


class ExitRefused(Happening, frozen=True, tag="exit.refused.v1"):
    """Nothing may leave by `exit` to this recipient; `code` says why."""

    exit: Code
    recipient: Code
    code: Code
    relationship: RelationshipId | None = None
    family: FamilyId | None = None


class NoticeQueued(Happening, frozen=True, tag="notice.queued.v1"):
    """A message was put ready for somebody; whether it leaves is decided when it does."""

    notice: Code
    kind: Code
    recipient: Code


class NoticeSent(Happening, frozen=True, tag="notice.sent.v1"):
    """The mail server took the message that something waits."""

    notice: Code
    kind: Code
    recipient: Code


class NoticeNotSent(Happening, frozen=True, tag="notice.not_sent.v1"):
    """No message was sent and none will be; `code` says why. In the service itself it may still be read."""

    notice: Code
    kind: Code
    recipient: Code
    code: Code
    relationship: RelationshipId | None = None
    family: FamilyId | None = None


class NoticeUncertain(Happening, frozen=True, tag="notice.uncertain.v1"):
    """Whether the message arrived is not known, so it is not sent again."""

    notice: Code
    kind: Code
    recipient: Code
    relationship: RelationshipId | None = None
    family: FamilyId | None = None


class NoticeBounced(Happening, frozen=True, tag="notice.bounced.v1"):
    """The address of this recipient does not work; it is not tried again until one is entered anew."""

    recipient: Code
    code: Code
    notice: Code = ""
    relationship: RelationshipId | None = None
    family: FamilyId | None = None


class NoticeAddressEntered(Happening, frozen=True, tag="notice.address_entered.v1"):
    """A work address for messages was entered for a member of staff, or taken away (`code`: removed)."""

    staff: StaffId
    code: Code = ""


NoticeEvent = (
    ExitPermitted
    | ExitRefused
    | NoticeQueued
    | NoticeSent
    | NoticeNotSent
    | NoticeUncertain
    | NoticeBounced
    | NoticeAddressEntered
)
