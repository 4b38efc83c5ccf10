"""The form that an information type's field schema generates, for both writing directions.

Nothing is judged here: the entered text goes as it is to `information.content`, which tells every
problem at once; whether it may be shared is the policy's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import N_, problem_sentence, translator
from consent_service.information.content import ATTESTATIONS
from consent_service.information.model import FieldSpec, InformationType
from consent_service.information.texts import TypeText
from consent_service.web.components import Attestation, Option, ShareField
from consent_service.web.forms import DAY_PARTS, FormReader, FormState, Posted

ATTESTED: Final = "attested"
"""Name of the tick boxes with which the writer answers a warning."""
FIELD_PREFIX: Final = "field-"
"""Schema fields are sent under this prefix, so that none can stand in for a field of the form itself."""
_DECLARATIONS: Final[Mapping[str, str]] = {
    "not_a_bsn": N_("Dit is geen BSN."),
    "no_diagnosis": N_("Hier staat geen ziekte en geen oorzaak."),
}


class ShareEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the writer entered: filled fields only, days as ISO dates, and the warnings answered."""

    fields: dict[str, str]
    attested: frozenset[str]


def share_fields(kind: InformationType, text: TypeText) -> tuple[ShareField, ...]:
    """The fields of one type with their words in the writer's language."""
    return tuple(_shown(spec, text) for spec in kind.fields)


def read_share(posted: Posted, fields: Sequence[ShareField]) -> ShareEntered:
    """What was entered in the fields of this form; anything else that was sent is left out."""
    entered = {field.name: _entered(posted, field) for field in fields}
    return ShareEntered(
        fields={name: value for name, value in entered.items() if value},
        attested=frozenset(posted.several(ATTESTED)),
    )


def share_form(
    posted: Posted, problems: Sequence[Problem], fields: Sequence[ShareField], *, language: str
) -> FormState:
    """The form as it was sent, with the problems that `information.content` told beside its fields."""
    names = {field.name for field in fields}
    moved = [Problem(FIELD_PREFIX + p.field, p.code, p.params) if p.field in names else p for p in problems]
    labels = {FIELD_PREFIX + field.name: field.label for field in fields}
    return FormState.of(posted, moved, language=language, labels=labels)


def attestations(
    problems: Sequence[Problem], *, attested: frozenset[str] = frozenset(), language: str
) -> tuple[Attestation, ...]:
    """A tick box for each warning that the writer may answer, also for those answered before."""
    asked = {ATTESTATIONS[p.code]: p.code for p in problems if p.code in ATTESTATIONS}
    asked |= {ATTESTATIONS[code]: code for code in ATTESTATIONS if ATTESTATIONS[code] in attested}
    return tuple(
        Attestation(
            code=declaration,
            warning=problem_sentence(Problem("", code), language),
            label=translator(language).text(_DECLARATIONS[declaration]),
        )
        for declaration, code in sorted(asked.items())
    )


def options(*pairs: tuple[str, str]) -> tuple[Option, ...]:
    """Options from value and label."""
    return tuple(Option(value, label) for value, label in pairs)


def _shown(spec: FieldSpec, text: TypeText) -> ShareField:
    words = text.fields[spec.name]
    return ShareField(
        name=spec.name,
        kind=spec.kind,
        label=words.label,
        required=spec.required,
        max_length=spec.max_length,
        options=options(*((choice, words.choices[choice]) for choice in spec.choices)),
        hint=words.help,
    )


def _entered(posted: Posted, field: ShareField) -> str:
    name = FIELD_PREFIX + field.name
    if field.kind != "date":
        return posted.first(name)
    day = FormReader(posted).day(name, required=False)
    if day is not None:
        return day.isoformat()
    return "-".join(filter(None, (posted.first(f"{name}-{part}") for part in reversed(DAY_PARTS))))
