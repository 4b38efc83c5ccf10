"""The parent's own forms, as typed values."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from consent_service.consent.codes import normalised_code
from consent_service.consent.service import Key
from consent_service.foundation.ids import RelationshipId, TypeKey, is_id
from consent_service.web.forms import FormReader

CODE = "code"
CODE_TOKEN = "code_token"  # noqa: S105 - the name of a field
TYPES = "types"
CODE_MISTAKEN = "form.withdrawal_code"
"""The same words for a typing error and for a code that is nobody's."""


def read_withdrawal_code(form: FormReader, field: str = CODE) -> str:
    """The code as it was issued, whatever was typed around it."""
    entered = form.text(field, max_length=60)
    code = normalised_code(entered)
    if entered and code is None:
        form.refuse(CODE, CODE_MISTAKEN)
    return code or ""


def read_withdrawal(form: FormReader, types: Collection[TypeKey]) -> tuple[Key, ...]:
    """What stops: nothing named is everything. Only the shape is judged: the rest needs the database."""
    if form.ticked("all"):
        return ()
    values = form.posted.several(TYPES)
    keys = tuple(key for value in values for key in _keys(value))
    if not values:
        form.refuse(TYPES, "form.choose_to_withdraw")
    elif any(not is_id(relationship) or kind not in types for relationship, kind in keys):
        form.refuse(TYPES, "form.choose")
    return keys


def value_of(keys: Iterable[Key]) -> str:
    """The value of one tick box: one type of one child, towards each school the child goes to."""
    return ",".join(f"{relationship}:{kind}" for relationship, kind in keys)


def _keys(value: str) -> Iterable[Key]:
    for pair in value.split(","):
        relationship, _, kind = pair.partition(":")
        yield RelationshipId(relationship), TypeKey(kind)
