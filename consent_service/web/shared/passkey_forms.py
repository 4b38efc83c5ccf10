"""A passkey in a form: what the browser is asked for, and what it sends back (`static/passkey.js`).

The answer travels as a field, so that the page needs no connection of its own. Without a script nothing of it
is seen, and the PIN remains.
"""

from __future__ import annotations

from typing import Final

from consent_service.foundation.errors import Problem
from consent_service.identity.handover import Given, PasskeyShown, TakeBackRefused
from consent_service.identity.passkey_rows import Purpose
from consent_service.identity.passkeys import PasskeyRefused
from consent_service.identity.passkeys import RefusalCode as PasskeyRefusal
from consent_service.web.components import PasskeyAsked
from consent_service.web.forms import FormReader
from consent_service.web.visit import Visit

FIELD: Final = "passkey"
_SENTENCES: Final[dict[PasskeyRefusal, str]] = {
    "not_offered": "identity.passkey_not_offered",
    "counter": "identity.passkey_counter",
    "login_old": "identity.passkey_login_old",
    "first_needed": "identity.passkey_first",
    "too_many": "identity.passkey_too_many",
    "already": "identity.passkey_already",
}
"""What to do now; of a check that failed only that it did."""


async def asked_for(visit: Visit, purpose: Purpose, *, then: str = "") -> PasskeyAsked | None:
    """What the page asks a passkey for; None where there is none, or nobody to show one."""
    session = visit.session or visit.locked
    if session is None or not await visit.services.identity.passkeys.has(session):
        return None
    options = await visit.services.identity.passkeys.begin(session, purpose)
    return PasskeyAsked(options, then)


def read_pin(form: FormReader) -> str:
    """The six digits with which the tablet is taken back."""
    return form.matching("pin", r"[0-9]{6}", code="form.pin")


def read_given(form: FormReader) -> Given:
    """The six digits, or what a passkey signed."""
    response = form.posted.first(FIELD)
    return PasskeyShown(response) if response else read_pin(form)


def problem_at_tablet(refused: TakeBackRefused) -> Problem:
    """A PIN or passkey that was wrong, and how many tries are left."""
    tries = {"tries": str(refused.tries_left)}
    if refused.code == "passkey_wrong":
        return Problem(FIELD, "identity.passkey_wrong", tries)
    return Problem("pin", "identity.pin_wrong", tries)


def problem_of(refused: PasskeyRefused) -> Problem:
    """Why a passkey was not added, not removed or not believed."""
    if refused.code == "enrolment_needed":
        return Problem("enrolment", "identity.passkey_enrolment")
    if refused.code == "last_of_officer":
        return Problem("understood", "identity.passkey_last")
    return Problem(FIELD, _SENTENCES.get(refused.code, "identity.passkey_again"))
