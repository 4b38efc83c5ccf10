"""What the shelter's and the school's pages about a contact have in common."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from consent_service.web.forms import EMPTY, FormReader, FormState
from consent_service.web.pages import View


class AwayPage(View, frozen=True):
    """Until which day a contact is away; of oneself `contact` is empty. `until` is what was said before."""

    template: ClassVar[str] = "staff/away.html"
    action: str
    back_href: str
    child: str
    contact: str
    until: date | None
    has_deputy: bool
    form: FormState = EMPTY


def read_away(form: FormReader) -> date | None:
    """The last day of an absence; None where the button says that the contact is back."""
    if form.posted.first("back"):
        return None
    return form.day("until")
