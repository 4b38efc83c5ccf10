"""The school's forms, as typed values. Writing an item is `sharing.read_share`."""

from __future__ import annotations

from typing import get_args

from consent_service.information.model import Purpose
from consent_service.web.forms import FormReader

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def read_purpose(form: FormReader) -> Purpose:
    """Why somebody wants to look; without a purpose nothing is asked."""
    chosen = form.choice("purpose", PURPOSES)
    return next((purpose for purpose in PURPOSES if purpose == chosen), PURPOSES[0])
