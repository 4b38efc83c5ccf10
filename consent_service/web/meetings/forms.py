"""Reads the forms of a meeting. What is wrong with it as a whole is said by `process.meetings`."""

from __future__ import annotations

from typing import cast

from consent_service.foundation.ids import PersonId, StaffId
from consent_service.process.meetings.model import (
    MOST_WORDS,
    NOT_DONE,
    OWNERS,
    PLACES,
    NewAgreement,
    NotDone,
    Outcome,
    Owner,
    Place,
    Preparation,
)
from consent_service.process.meetings.moments import Which
from consent_service.web.forms import FormReader

AGREEMENT_LINES = 3
"""How many agreements the form has room for at once."""


def read_preparation(
    form: FormReader, *, guardians: tuple[str, ...], contacts: tuple[str, ...]
) -> Preparation:
    """Agenda and who takes part."""
    return Preparation(
        agenda=form.text("agenda", max_length=MOST_WORDS),
        guardians=tuple(PersonId(one) for one in form.several("guardians", guardians, required=True)),
        contacts=tuple(StaffId(one) for one in form.several("school_contacts", contacts, required=True)),
        interpreter=form.text("interpreter_language", required=False, max_length=40),
        place=cast(Place, form.choice("meeting_place", PLACES) or "school"),
        child_present=form.ticked("child_present"),
    )


def read_which(form: FormReader) -> Which:
    """Before or after the clock goes back; empty where that was not asked."""
    return cast(Which, form.choice("which", ("first", "second"), required=False))


def read_agreements(form: FormReader) -> tuple[NewAgreement, ...]:
    """Every line in which something stands."""
    found = []
    for number in range(1, AGREEMENT_LINES + 1):
        words = form.text(f"words_{number}", required=False, max_length=MOST_WORDS)
        if words:
            owner = form.choice(f"owner_{number}", OWNERS)
            due_on = form.day(f"due_on_{number}")
            found.append(NewAgreement(words, cast(Owner, owner or "shelter"), due_on))
    return tuple(found)


def read_outcome(form: FormReader) -> tuple[Outcome, NotDone | None]:
    """Kept, or why not."""
    outcome = form.choice("outcome", ("done", "not_done"))
    reason = form.choice("not_done", NOT_DONE, required=False)
    return cast(Outcome, outcome or "not_done"), cast(NotDone, reason) if reason else None
