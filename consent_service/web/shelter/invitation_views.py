"""Views of inviting somebody of a school to log in."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from consent_service.web.components import Part
from consent_service.web.pages import View


class InvitationLine(Part, frozen=True):
    """Somebody of the school without a login: invite, or take the open invitation back."""

    name: str
    role: str
    invite_action: str
    revoke_action: str
    invited_until: date | None = None
    declined_on: date | None = None
    """Somebody else had the code, and said so."""


class InvitedPage(View, frozen=True):
    """The code of an invitation, shown once: to print, or to read out on the telephone."""

    template: ClassVar[str] = "shelter/invited.html"
    back_href: str
    name: str
    school: str
    shelter: str
    phone: str
    address: str
    code: str
    expires_at: date
