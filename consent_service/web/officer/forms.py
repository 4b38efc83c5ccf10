"""The privacy officer's filter, as typed values."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import msgspec

from consent_service.foundation.ids import is_id
from consent_service.web.forms import FormReader


class TrailFilterEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The filled fields of the filter; an empty field does not narrow. `until` is included."""

    person: str = ""
    relationship: str = ""
    actor: str = ""
    event: str = ""
    since: date | None = None
    until: date | None = None


def read_trail_filter(form: FormReader, *, event_types: Collection[str]) -> TrailFilterEntered:
    """The filter as ids, an event type and days; never a name."""
    return TrailFilterEntered(
        person=_id(form, "person"),
        relationship=_id(form, "relationship"),
        actor=_id(form, "actor"),
        event=form.choice("event", event_types, required=False),
        since=form.day("from", required=False),
        until=form.day("until", required=False),
    )


def _id(form: FormReader, name: str) -> str:
    value = form.text(name, required=False, max_length=36)
    if value and not is_id(value):
        form.refuse(name, "form.no_id")
    return value
