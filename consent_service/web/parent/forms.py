"""The parent's own forms, as typed values."""

from __future__ import annotations

import re
from collections.abc import Collection

from consent_service.web.forms import FormReader


def read_withdrawal_code(form: FormReader) -> str:
    """The code as it was issued: capitals, no spaces or dashes, whatever was typed."""
    code = re.sub(r"[\s-]", "", form.text("code", max_length=40)).upper()
    if code and not re.fullmatch(r"[0-9A-Z]+", code):
        form.refuse("code", "form.withdrawal_code")
    return code


def read_withdrawal(form: FormReader, given: Collection[str]) -> tuple[str, ...]:
    """What stops: everything that is given, or the ticked part of it; never nothing."""
    if form.ticked("all"):
        return tuple(given)
    chosen = form.several("types", given)
    if not chosen and not form.problems:
        form.refuse("types", "form.choose_to_withdraw")
    return chosen
