"""Handing the tablet to a guardian and taking it back: the rules around the PIN, pure.

The session rows are `identity.sessions`; the transactions and the log are `identity.lending`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import PersonId, RelationshipId
from consent_service.identity.model import Counsellor
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.sessions import HandedOver, Session

PIN_LENGTH = range(4, 9)


class HandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """To whom the tablet goes. `facts` names shelter and family, and whether the counsellor is assigned."""

    guardian: PersonId
    facts: Circumstances
    relationship: RelationshipId | None = None
    is_child: bool = False


class HandOverRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tablet stays with the counsellor."""

    code: Literal["no_session", "already_handed_over", "not_allowed", "pin_missing"]


class TakeBackRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tablet stays with the guardian; after `pin_exhausted` the session is gone: log in again."""

    code: Literal["no_session", "not_handed_over", "pin_wrong", "passkey_wrong", "pin_exhausted"]
    tries_left: int = 0

    @property
    def is_wrong(self) -> bool:
        """Whether there is another try."""
        return self.code in ("pin_wrong", "passkey_wrong")


class PasskeyShown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Instead of a PIN: what the browser says a passkey signed (`AuthenticationResponseJSON`), unverified."""

    response: str

    def __repr__(self) -> str:
        return "PasskeyShown(...)"


Given = str | PasskeyShown
"""By what somebody at the tablet says to be the counsellor: a PIN or a passkey."""


def lent_to(session: Session, to: HandOver) -> HandedOver | HandOverRefused:
    """What the session is limited to, if the counsellor of this session may hand over here."""
    if session.handed_over is not None:
        return HandOverRefused("already_handed_over")
    facts = to.facts
    by = next((a for a in session.actors if isinstance(a, Counsellor) and a.tenant == facts.tenant), None)
    if by is None or facts.family is None or isinstance(may(by, Action.HAND_OVER, facts), Denied):
        return HandOverRefused("not_allowed")
    return HandedOver(by, facts.family, to.guardian, to.relationship, is_child=to.is_child)


def problems_of_pin(pin: str) -> tuple[Problem, ...]:
    """Four to eight digits, not all the same and not a row: a parent may be looking on."""
    if not (pin.isascii() and pin.isdigit() and len(pin) in PIN_LENGTH):
        return (Problem("pin", "identity.pin_form"),)
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    if steps in ({0}, {1}, {-1}):
        return (Problem("pin", "identity.pin_too_simple"),)
    return ()
