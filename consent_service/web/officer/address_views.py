"""Views of where messages for everybody go: for whom there is an address, and whether it works."""

from __future__ import annotations

from typing import ClassVar

from consent_service.process.notices.addresses import AddressState
from consent_service.web.components import Part
from consent_service.web.pages import View


class AddressLine(Part, frozen=True):
    """Somebody of the shelter or of a school, and whether messages reach that person."""

    name: str
    state: AddressState
    href: str


class AddressGroup(Part, frozen=True):
    """The people of one school; of the shelter itself `school` is empty."""

    school: str
    people: tuple[AddressLine, ...]


class AddressesPage(View, frozen=True):
    """Everybody who works here or at a school, whom to enter again first. No address is shown."""

    template: ClassVar[str] = "officer/addresses.html"
    groups: tuple[AddressGroup, ...]
    bounced: int
