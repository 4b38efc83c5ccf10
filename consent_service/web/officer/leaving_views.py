"""Views of who works at the schools, and of saying that one of them left."""

from __future__ import annotations

from typing import ClassVar

from consent_service.web.components import Part
from consent_service.web.pages import View


class PersonLine(Part, frozen=True):
    """Somebody who works at a school; `left_href` is empty for who only supervises."""

    name: str
    role: str
    left_href: str


class SchoolGroup(Part, frozen=True):
    """The people of one school."""

    school: str
    people: tuple[PersonLine, ...]


class SchoolStaffPage(View, frozen=True):
    """Who works at the schools of this shelter, as far as the shelter knows."""

    template: ClassVar[str] = "officer/school_staff.html"
    schools: tuple[SchoolGroup, ...]


class LeavingPage(View, frozen=True):
    """What happens when this person left; `lists` counts the contact lists, and names no child."""

    template: ClassVar[str] = "officer/leaving.html"
    action: str
    back_href: str
    name: str
    school: str
    lists: int
