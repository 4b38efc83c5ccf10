"""The counsellor's forms as typed values; what they mean is judged by the services."""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from consent_service.web.forms import FormReader
from consent_service.web.vocabulary import (
    AUTHORITY_SOURCES,
    CAPACITIES,
    SAFETY,
    SUBSTITUTE_REASONS,
)

NOBODY_BORN_BEFORE = date(1900, 1, 1)
"""Stands in for a day that was not entered well; a form with problems is never used."""
CONFIRMED = ("code", "street", "phone")


class Entered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a form was filled in with."""


class ChildEntered(Entered, frozen=True):
    """A child: full name and birth date, as on the school's list."""

    given_names: str
    family_name: str
    birth_date: date


class GuardianEntered(Entered, frozen=True):
    """A guardian with what was seen of the authority."""

    given_names: str
    family_name: str
    birth_date: date | None
    capacity: str
    authority_source: str
    seen_on: date | None
    contact_safe: bool


class FamilyEntered(Entered, frozen=True):
    """A family as it is registered."""

    guardians: tuple[GuardianEntered, ...]
    children: tuple[ChildEntered, ...]


class SafetyEntered(Entered, frozen=True):
    """The Veiligheid step."""

    safety: str
    secret_address: bool
    other_parent_near_school: bool
    court_order_until: date | None
    review_on: date | None


class SchoolConfirmed(Entered, frozen=True):
    """The school was confirmed by code, street and phone; `contacts` are the chosen contact values."""

    contacts: tuple[str, ...]


def read_search(form: FormReader, *, today: date) -> ChildEntered:
    """Exact name and birth date."""
    return ChildEntered(
        given_names=form.text("given_names"),
        family_name=form.text("family_name"),
        birth_date=form.day("birth_date", not_after=today) or NOBODY_BORN_BEFORE,
    )


def read_family(form: FormReader, *, today: date) -> FamilyEntered:
    """Every guardian and child block that holds anything; at least one of each."""
    return FamilyEntered(
        guardians=tuple(
            read_guardian(form, prefix, today=today) for prefix in form.rows("guardian", key="given_names")
        ),
        children=tuple(
            read_child(form, prefix, today=today) for prefix in form.rows("child", key="given_names")
        ),
    )


def read_guardian(form: FormReader, prefix: str = "guardian-0", *, today: date) -> GuardianEntered:
    """One guardian block."""
    return GuardianEntered(
        given_names=form.text(f"{prefix}-given_names"),
        family_name=form.text(f"{prefix}-family_name"),
        birth_date=form.day(f"{prefix}-birth_date", required=False, not_after=today),
        capacity=form.choice(f"{prefix}-capacity", CAPACITIES),
        authority_source=form.choice(f"{prefix}-authority_source", AUTHORITY_SOURCES),
        seen_on=form.day(f"{prefix}-seen_on", required=False, not_after=today),
        contact_safe=form.yes_no(f"{prefix}-contact_safe"),
    )


def read_child(form: FormReader, prefix: str = "child-0", *, today: date) -> ChildEntered:
    """One child block."""
    return ChildEntered(
        given_names=form.text(f"{prefix}-given_names"),
        family_name=form.text(f"{prefix}-family_name"),
        birth_date=form.day(f"{prefix}-birth_date", not_after=today) or NOBODY_BORN_BEFORE,
    )


def read_safety(form: FormReader) -> SafetyEntered:
    """The Veiligheid step; a review date is always needed."""
    return SafetyEntered(
        safety=form.choice("safety", SAFETY),
        secret_address=form.yes_no("secret_address"),
        other_parent_near_school=form.yes_no("other_parent_near_school"),
        court_order_until=form.day("court_order_until", required=False),
        review_on=form.day("review_on"),
    )


def read_school_search(form: FormReader) -> str:
    """An establishment code or a part of the school's name."""
    return form.text("school", max_length=100)


def read_school_confirmation(form: FormReader, *, contacts: tuple[str, ...]) -> SchoolConfirmed:
    """All three of code, street and phone ticked, and who is contact.

    `contacts` are the values that may be chosen; a school without any is accepted without.
    """
    if len(form.several("confirmed", CONFIRMED)) < len(CONFIRMED):
        form.refuse("confirmed", "form.confirm_school")
    return SchoolConfirmed(form.several("contacts", contacts, required=bool(contacts)))


def read_substitute_reason(form: FormReader) -> str:
    """A code of `vocabulary.SUBSTITUTE_REASONS`: the log takes no free text."""
    return form.choice("reason", SUBSTITUTE_REASONS)


def read_pin(form: FormReader) -> str:
    """The six digits with which the tablet is taken back."""
    return form.matching("pin", r"[0-9]{6}", code="form.pin")


def read_new_pin(form: FormReader) -> str:
    """A new PIN, entered twice."""
    pin = read_pin(form)
    if pin != form.text("pin_again"):
        form.refuse("pin_again", "form.pin_differs")
    return pin


def wanted_block(form: FormReader) -> Literal["", "guardian", "child"]:
    """Which block the counsellor asked to be added, if the button for that was pressed."""
    match form.text("more", required=False):
        case "guardian":
            return "guardian"
        case "child":
            return "child"
        case _:
            return ""
