"""Numbers of cases and files that an officer types: of a fixed form, so that no name can be in them. Pure."""

from __future__ import annotations

import re
from typing import Final

from consent_service.foundation.errors import Problem
from consent_service.information.detection import looks_like_bsn

_FORM: Final = re.compile(r"[A-Z]{1,4}-?[0-9]{1,6}(?:-[0-9]{1,6}){0,2}|(?=[A-F]*[0-9])[0-9A-F]{6}")
"""The shelter's own, or the one the desk gives a request; without a figure it could be a name."""


def read_reference(typed: str) -> str:
    """As it is kept: upper case, no spaces."""
    return "".join(typed.split()).upper()


def problem_of_reference(reference: str, field: str) -> tuple[Problem, ...]:
    """At most four letters and then numbers, as Z-2026-014, or a number of the desk, as 9EDEC8; no BSN."""
    if not _FORM.fullmatch(reference) or looks_like_bsn(reference):
        return (Problem(field, "form.no_reference"),)
    return ()
