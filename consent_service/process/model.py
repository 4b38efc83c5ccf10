"""Which entries of the log give somebody something to do. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from consent_service.audit.events import (
    ConsentObjected,
    ConsentOpinion,
    Event,
    IntakeFinished,
    RecordShared,
    SubstituteAccess,
)
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import EntryId, FamilyId, RelationshipId

TaskKind = Literal[
    "objection_to_judge",
    "talk_with_child",
    "intake_again",
    "second_approval",
    "substitute_review",
]
Audience = Literal["privacy_coordinator", "counsellor", "approver"]

TITLES: dict[TaskKind, str] = {
    "objection_to_judge": N_("Een ouder maakt bezwaar. Beoordeel dit en wijs op artikel 1:253a BW."),
    "talk_with_child": N_("Het kind zegt nee. Praat met het kind."),
    "intake_again": N_("De ouder kon nu niet kiezen. Plan het gesprek opnieuw."),
    "second_approval": N_("Een collega vraagt uw goedkeuring voordat dit gedeeld wordt."),
    "substitute_review": N_("Iemand viel in bij een gezin. Kijk of dat nodig was."),
}
"""What the task asks, as a sentence to translate."""


ONCE: frozenset[TaskKind] = frozenset({"objection_to_judge", "talk_with_child"})
"""Tasks of which one relationship has at most one open at a time, however many types they are about."""


class NewTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to do for whoever has this audience."""

    kind: TaskKind
    audience: Audience
    family: FamilyId | None = None
    relationship: RelationshipId | None = None


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A task as its audience sees it; ids only, names come from the pages that may show them."""

    task: str
    kind: TaskKind
    audience: Audience
    family: FamilyId | None
    relationship: RelationshipId | None
    entry: EntryId
    created_at: datetime


def tasks_from(event: Event, *, second_approver: frozenset[str]) -> tuple[NewTask, ...]:
    """What has to be done because of one event; most events ask nothing.

    `second_approver` are the information types that a second person must approve.
    """
    match event:
        case ConsentObjected(relationship=relationship):
            return (NewTask("objection_to_judge", "privacy_coordinator", relationship=relationship),)
        case ConsentOpinion(opinion="no", relationship=relationship):
            return (NewTask("talk_with_child", "counsellor", relationship=relationship),)
        case IntakeFinished(outcome="not_now", family=family):
            return (NewTask("intake_again", "counsellor", family=family),)
        case SubstituteAccess(family=family):
            return (NewTask("substitute_review", "privacy_coordinator", family=family),)
        case RecordShared(information_type=kind, relationship=relationship) if kind in second_approver:
            return (NewTask("second_approval", "approver", relationship=relationship),)
        case _:
            return ()
