"""The forms on the tablet and the one that sets a conversation up, as typed values."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, cast

import msgspec

from consent_service.consent.drawing import TOO_LARGE, read_drawing
from consent_service.consent.model import Interpreter, is_written_name
from consent_service.foundation.errors import InputError, Problem
from consent_service.identity.handover import Given
from consent_service.web.forms import FormReader
from consent_service.web.shared.passkey_forms import read_given
from consent_service.web.vocabulary import INTERPRETERS

AnswerCode = Literal["yes", "no", "later"]


class SettingEntered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a conversation is held."""

    language: str
    interpreter: Interpreter
    read_aloud: bool


def read_setting(form: FormReader, *, languages: Collection[str]) -> SettingEntered:
    """A language, who interprets, and whether it is read aloud.

    Never a child or a relative: whoever interprets, the counsellor confirms it.
    """
    language = form.choice("language", languages)
    interpreter = form.choice("interpreter", INTERPRETERS)
    if interpreter not in ("", "none") and not form.ticked("interpreter_fit"):
        form.refuse("interpreter_fit", "interpreter_confirm")
    fits = cast("Interpreter", interpreter or "none")
    return SettingEntered(language, fits, read_aloud=form.ticked("read_aloud"))


SignedBy = Literal["typed", "drawn", "witness"]


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the answers were signed: by a drawing, a typed name, or the counsellor as a witness."""

    method: SignedBy
    signature: str = ""
    drawing: str = ""
    given: Given = ""


def read_step(form: FormReader) -> str:
    """The single-use token of this step; empty when it is missing (then the step is refused)."""
    return form.text("step", required=False)


def read_answer(form: FormReader) -> AnswerCode | None:
    """Exactly one of yes, no and later; anything else is no answer and never a yes (S43)."""
    match form.choice("answer", ("yes", "no", "later")):
        case "yes":
            return "yes"
        case "no":
            return "no"
        case "later":
            return "later"
        case _:
            return None


def read_signature(form: FormReader, *, child: bool = False) -> Signed:
    """A drawing, a typed name, both, or a witness's PIN or passkey.

    The field of the drawing is empty where nobody can draw: without a script.
    """
    if form.text("method", required=False) == "witness":
        return Signed("witness", given=read_given(form))
    signature, sent = form.text("signature", required=False), form.posted.first("drawing")
    typed = is_written_name(signature)
    try:
        drawn = read_drawing(sent) if sent else ""
    except InputError as refused:
        drawn = ""
        if not typed or TOO_LARGE in refused.problems:
            _refuse_drawing(form, refused.problems, child=child)
            return Signed("drawn")
    if drawn:
        return Signed("drawn", signature=signature if typed else "", drawing=drawn)
    if not typed:
        form.refuse("signature", "form.sign_child" if child else "form.sign")
    return Signed("typed", signature=signature)


def _refuse_drawing(form: FormReader, problems: Sequence[Problem], *, child: bool) -> None:
    for problem in problems:
        form.refuse(problem.field, f"{problem.code}_child" if child else problem.code)
