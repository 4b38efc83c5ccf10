"""The forms of the start, as typed values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, cast, get_args

import msgspec

from consent_service.families.model import SchoolConfirmation
from consent_service.foundation.ids import TypeKey
from consent_service.information.model import Catalogue, Purpose
from consent_service.process.signals.model import AT_SCHOOL, FIRST_DAY, FirstDayItem, SpokenTo
from consent_service.web.forms import FormReader

PupilAnswer = Literal["yes", "not_our_pupil", "related"]
PUPIL_ANSWERS: tuple[PupilAnswer, ...] = get_args(PupilAnswer)


class CallEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call about one card; `shown` are the types on that card, to show the form again."""

    call: str
    spoken_to: SpokenTo
    told: tuple[TypeKey, ...]
    shown: tuple[TypeKey, ...]


def to_school(catalogue: Catalogue) -> tuple[TypeKey, ...]:
    """The types that can go to a school at all."""
    return tuple(kind.key for kind in catalogue.types.values() if "s2c" in kind.directions)


def card_purposes(catalogue: Catalogue) -> tuple[Purpose, ...]:
    """For what something can be said to a school, in the order of the catalogue's own words."""
    known: set[Purpose] = {
        purpose for key in to_school(catalogue) for purpose in catalogue.types[key].purposes
    }
    return tuple(purpose for purpose in get_args(Purpose) if purpose in known)


def read_confirmation(form: FormReader) -> SchoolConfirmation:
    """Code, street and phone, typed once more: never filled in beforehand (S49)."""
    return SchoolConfirmation(
        form.text("establishment_code", max_length=12),
        form.text("street", max_length=120),
        form.text("phone", max_length=32),
    )


def read_card_purpose(form: FormReader, purposes: Iterable[Purpose]) -> Purpose:
    """Why the counsellor calls; nothing chosen is a problem, never a default."""
    return cast("Purpose", form.choice("purpose", tuple(purposes)))


def read_call(form: FormReader, catalogue: Catalogue) -> CallEntered:
    """Whom by function, and which types; a call in which nothing was told is a call too."""
    known = to_school(catalogue)
    shown = [TypeKey(key) for key in form.posted.several("shown") if key in known]
    return CallEntered(
        call=form.posted.first("call"),
        spoken_to=cast("SpokenTo", form.choice("spoken_to", AT_SCHOOL)),
        told=tuple(TypeKey(key) for key in form.several("types", known)),
        shown=tuple(dict.fromkeys(shown)),
    )


def read_types(form: FormReader, catalogue: Catalogue) -> tuple[TypeKey, ...]:
    """About what the parent talks with the school: at least one thing."""
    return tuple(TypeKey(key) for key in form.several("types", tuple(catalogue.types), required=True))


def read_pupil(form: FormReader) -> PupilAnswer:
    """Whether it is a pupil of this school; nothing chosen is a problem, never a yes."""
    return cast("PupilAnswer", form.choice("pupil", PUPIL_ANSWERS))


def read_ticks(form: FormReader) -> tuple[FirstDayItem, ...]:
    """What was done of the list of the first day."""
    return tuple(cast("FirstDayItem", item) for item in form.several("items", FIRST_DAY))
