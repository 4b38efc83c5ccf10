"""Views of the contact list of one child at one school."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from consent_service.process.notices.addresses import AddressState
from consent_service.web.components import Option, Part
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.pages import View
from consent_service.web.shelter.invitation_views import InvitationLine
from consent_service.web.shelter.views import ContactOption

ContactState = Literal["reads", "waits", "asked", "lapsed"]
"""Reads now; reads only when another cannot; reads, and is to be confirmed; or not confirmed in time."""


class ContactLine(Part, frozen=True):
    """Somebody on the contact list; `remove_action` takes him off it at once.

    deputy: stands in for somebody, `stands_in_for` by name while that one is on the list. `value` is how the
    form to confirm names this contact.
    """

    name: str
    role: str
    days: tuple[str, ...]
    remove_action: str
    related_action: str = ""
    value: str = ""
    deputy: bool = False
    stands_in_for: str = ""
    state: ContactState = "reads"
    away_until: date | None = None
    away_href: str = ""
    address: AddressState = "works"
    address_href: str = ""


class ContactsPage(View, frozen=True):
    """Who at the school may see what is shared about one child, and who may be added."""

    template: ClassVar[str] = "shelter/contacts.html"
    action: str
    back_href: str
    child: str
    school: str
    listed: tuple[ContactLine, ...]
    addable: tuple[ContactOption, ...]
    form: FormState = EMPTY
    replaceable: tuple[Option, ...] = ()
    """For whom somebody who is added can stand in."""
    attest_action: str = ""
    invitations: tuple[InvitationLine, ...] = ()
    invite_step: str = ""

    @property
    def asked(self) -> tuple[ContactLine, ...]:
        """Who is to be confirmed for the term that has begun, reading still or not."""
        return tuple(one for one in self.listed if one.state in ("asked", "lapsed"))
