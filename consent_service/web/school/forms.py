"""The school's forms, as typed values. Writing an item is `sharing.read_share`."""

from __future__ import annotations

from typing import Literal, cast, get_args

import msgspec

from consent_service.information.model import Purpose
from consent_service.process.recalls_model import KEPT_REASONS, KeptReason, RecallAnswer
from consent_service.web.forms import FormReader
from consent_service.web.vocabulary import STEP_BACKS

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def read_purpose(form: FormReader) -> Purpose:
    """Why somebody wants to look; without a purpose nothing is asked."""
    chosen = form.choice("purpose", PURPOSES)
    return next((purpose for purpose in PURPOSES if purpose == chosen), PURPOSES[0])


class RecallEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Removed, or kept and why; the service asks for the reason."""

    answer: RecallAnswer
    reason: KeptReason | None


def read_step_back(form: FormReader) -> Literal["not_our_pupil", "related"]:
    """What is not right; nothing chosen is a problem, never a default."""
    return cast('Literal["not_our_pupil", "related"]', form.choice("wrong", STEP_BACKS))


def read_recall_answer(form: FormReader) -> RecallEntered:
    """The button that was pressed, and a coded reason with the second one."""
    done = form.text("answer", required=False) == "done"
    reason = form.text("recall_reason", required=False)
    known = next((one for one in KEPT_REASONS if one == reason), None)
    return RecallEntered("done" if done else "kept", None if done else known)
