"""The school's forms, as typed values. Writing an item is `sharing.read_share`."""

from __future__ import annotations

from collections.abc import Collection

from consent_service.web.forms import FormReader


def read_purpose(form: FormReader, purposes: Collection[str]) -> str:
    """Why somebody wants to look; without a purpose nothing is asked."""
    return form.choice("purpose", purposes)
