"""Reads the form that an information type's field schema generates, for both writing directions.

Whether the content is acceptable is `information.content`'s; whether it may be shared, the policy's.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from consent_service.web.components import Option, ShareField
from consent_service.web.forms import FormReader, Posted

ATTESTED = "attested"
"""Name of the tick boxes with which the writer answers a warning."""
FIELD_PREFIX = "field-"
"""Schema fields are sent under this prefix, so that none can stand in for a field of the form itself."""


class ShareEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the writer entered: filled fields only, days as ISO dates, and the warnings answered."""

    fields: dict[str, str]
    attested: frozenset[str]


def read_share(form: FormReader, posted: Posted, fields: Sequence[ShareField]) -> ShareEntered:
    """The entered fields of one item; problems are collected in `form` under the form's own names."""
    entered = {field.name: _entered(form, field) for field in fields}
    return ShareEntered(
        fields={name: value for name, value in entered.items() if value},
        attested=frozenset(posted.several(ATTESTED)),
    )


def field_labels(fields: Sequence[ShareField]) -> dict[str, str]:
    """Form name -> label of each generated field, for the error summary."""
    return {FIELD_PREFIX + field.name: field.label for field in fields}


def _entered(form: FormReader, field: ShareField) -> str:
    name = FIELD_PREFIX + field.name
    match field.kind:
        case "choice":
            return form.choice(name, [o.value for o in field.options], required=field.required)
        case "yes_no":
            return form.choice(name, ("yes", "no"), required=field.required)
        case "date":
            day = form.day(name, required=field.required)
            return day.isoformat() if day else ""
        case "time":
            return form.matching(name, r"([01]\d|2[0-3]):[0-5]\d", code="form.time", required=field.required)
        case _:
            return form.text(name, required=field.required, max_length=field.max_length)


def options(*pairs: tuple[str, str]) -> tuple[Option, ...]:
    """Options from value and label."""
    return tuple(Option(value, label) for value, label in pairs)
