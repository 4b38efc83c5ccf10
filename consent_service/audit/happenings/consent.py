"""Events of intake and consent: every decision of the ledger, and what follows from dates and texts."""

from __future__ import annotations

from datetime import date
from typing import Literal

from consent_service.audit.happenings.happening import Code, Direction, Happening
from consent_service.foundation.ids import (
    DecisionId,
    FamilyId,
    PersonId,
    RelationshipId,
    TypeKey,
)


class IntakeStarted(Happening, frozen=True, tag="intake.started.v1"):
    family: FamilyId
    guardian: PersonId


class IntakeFinished(Happening, frozen=True, tag="intake.finished.v1"):
    family: FamilyId
    guardian: PersonId
    yes: int = 0
    no: int = 0
    later: int = 0
    outcome: Code = ""


class DecisionEvent(Happening, frozen=True):
    """One answer to one question as it was shown; `screen_hash` is over the shown content."""

    decision: DecisionId
    relationship: RelationshipId
    information_type: TypeKey
    direction: Direction
    text_version: Code
    text_hash: Code
    screen_hash: Code
    language: Code
    method: Code


class ConsentGiven(DecisionEvent, frozen=True, tag="consent.given.v1"):
    pass


class ConsentRefused(DecisionEvent, frozen=True, tag="consent.refused.v1"):
    pass


class ConsentLater(DecisionEvent, frozen=True, tag="consent.later.v1"):
    pass


class ConsentWithdrawn(DecisionEvent, frozen=True, tag="consent.withdrawn.v1"):
    pass


class ConsentObjected(DecisionEvent, frozen=True, tag="consent.objected.v1"):
    pass


class ConsentObjectionLifted(DecisionEvent, frozen=True, tag="consent.objection_lifted.v1"):
    pass


class ConsentOpinion(DecisionEvent, frozen=True, tag="consent.opinion.v1"):
    """What a child says of it; `opinion` is yes or no, her words are never here."""

    opinion: Literal["yes", "no"] = "yes"


class ConsentInvalidated(DecisionEvent, frozen=True, tag="consent.invalidated.v1"):
    """`invalidates` was given by mistake or by the wrong person; not the same as withdrawn."""

    invalidates: DecisionId | None = None
    reason: Code = ""


class ConsentSuspended(DecisionEvent, frozen=True, tag="consent.suspended.v1"):
    """`concerns` rests on a text in doubt: it does not count until it is resumed or given anew.

    Not `standing`: a newer yes stood over it, and it would have counted again without that one.
    """

    concerns: DecisionId | None = None
    standing: bool = True


class ConsentResumed(DecisionEvent, frozen=True, tag="consent.resumed.v1"):
    """The text of `concerns` turned out to be right; `standing` when that is the answer that counts."""

    concerns: DecisionId | None = None
    standing: bool = True


class ConsentReevaluated(Happening, frozen=True, tag="consent.reevaluated.v1"):
    """Somebody's authority or a child's age changed: what the contacts of a school could get before and
    after; `cause` says what changed."""

    relationship: RelationshipId
    cause: Code
    before: tuple[TypeKey, ...] = ()
    after: tuple[TypeKey, ...] = ()


class TextSuspended(Happening, frozen=True, tag="text.suspended.v1"):
    """A text turned out to be faulty; `consents` answers rested on it."""

    text_hash: Code
    text_version: Code
    language: Code
    consents: int = 0


class TextResumed(Happening, frozen=True, tag="text.resumed.v1"):
    """The text is right after all."""

    text_hash: Code
    text_version: Code
    language: Code
    consents: int = 0


class CompetenceJudged(Happening, frozen=True, tag="competence.judged.v1"):
    """Whether a child can weigh this itself; a no has a reason and never erases what a parent said (S42)."""

    child: PersonId
    competent: bool
    reason: Code = ""


class ReminderDue(Happening, frozen=True, tag="reminder.due.v1"):
    """A date is near or has come: `kind` says which, `on` is the day itself."""

    kind: Code
    on: date
    family: FamilyId | None = None
    relationship: RelationshipId | None = None
    information_type: TypeKey | None = None
    person: PersonId | None = None


class ReceiptPrinted(Happening, frozen=True, tag="receipt.printed.v1"):
    """A receipt was made, to be shown or printed."""

    person: PersonId
    sitting: Code
    kind: Literal["full", "neutral", "record"]
    language: Code = ""


class WrongInformationReported(Happening, frozen=True, tag="information.reported_wrong.v1"):
    """Somebody pressed "this is not right" on the own page; what is wrong is told in a conversation."""

    relationship: RelationshipId
    information_type: TypeKey
    person: PersonId


class PatternSeen(Happening, frozen=True, tag="pattern.seen.v1"):
    """A way of asking that the privacy officer should look at; counts, never a conclusion."""

    kind: Code
    team: Code = ""
    count: int = 0


ConsentEvent = (
    IntakeStarted
    | IntakeFinished
    | ConsentGiven
    | ConsentRefused
    | ConsentLater
    | ConsentWithdrawn
    | ConsentObjected
    | ConsentObjectionLifted
    | ConsentOpinion
    | ConsentInvalidated
    | ConsentSuspended
    | ConsentResumed
    | ConsentReevaluated
    | TextSuspended
    | TextResumed
    | CompetenceJudged
    | ReminderDue
    | ReceiptPrinted
    | WrongInformationReported
    | PatternSeen
)
