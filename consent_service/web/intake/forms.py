"""The parent's forms on the tablet, as typed values."""

from __future__ import annotations

from typing import Literal

import msgspec

from consent_service.consent.model import is_written_name
from consent_service.web.forms import FormReader

AnswerCode = Literal["yes", "no", "later"]


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the answers were signed: by a typed name, or by the counsellor's PIN as a witness."""

    method: Literal["typed", "witness"]
    signature: str = ""
    pin: str = ""


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


def read_signature(form: FormReader) -> Signed:
    """A typed name or a witness's PIN."""
    if form.text("method", required=False) == "witness":
        return Signed("witness", pin=form.matching("pin", r"[0-9]{6}", code="form.pin"))
    signature = form.text("signature", required=False)
    if not is_written_name(signature):
        form.refuse("signature", "form.sign")
    return Signed("typed", signature=signature)
