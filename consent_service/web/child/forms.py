"""The child's faces and words, and the counsellor's judgement, as typed values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import cast, get_args

import msgspec

from consent_service.consent.model import Face
from consent_service.consent.opinions import LONGEST_WORDS
from consent_service.families.model import IncompetenceReason
from consent_service.foundation.ids import TypeKey
from consent_service.web.forms import FormReader

_FACES = ("yes", "so_so", "no")


class OpinionEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the child pointed at and wrote; a question it skipped is not there."""

    faces: Mapping[TypeKey, Face]
    words: str


def face_field(key: TypeKey) -> str:
    """The name of the choice for one type."""
    return f"face-{key}"


def read_opinion(form: FormReader, *, types: Collection[TypeKey]) -> OpinionEntered:
    """Any faces and any words, but not nothing at all."""
    chosen = {key: form.choice(face_field(key), _FACES, required=False) for key in types}
    faces = {key: cast("Face", face) for key, face in chosen.items() if face}
    words = form.text("words", required=False, max_length=LONGEST_WORDS)
    if not faces and not words and not form.problems:
        form.refuse("faces", "faces_missing")
    return OpinionEntered(faces, words)


def read_judgement(form: FormReader) -> tuple[bool, IncompetenceReason | None]:
    """Whether the child can weigh this itself, never without a choice; and why not, when it cannot."""
    competent = form.yes_no("competent")
    why = form.choice("incompetence", get_args(IncompetenceReason), required=False)
    if not competent and not why and not form.problems:
        form.refuse("incompetence", "required")
    return competent, cast("IncompetenceReason", why) if why and not competent else None
