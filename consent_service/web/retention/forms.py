"""What a coordinator fills in to hold something."""

from __future__ import annotations

from typing import cast

from consent_service.rights.retention.model import GROUNDS, HoldGround, NewHold
from consent_service.web.forms import FormReader


def read_hold(form: FormReader) -> NewHold | None:
    """The hold that was asked for; None with the problems told in the form."""
    subject = form.text("subject", max_length=40)
    ground = form.choice("ground", GROUNDS)
    review_on = form.day("review_on")
    if form.problems or review_on is None:
        return None
    return NewHold(subject, cast("HoldGround", ground), review_on)
