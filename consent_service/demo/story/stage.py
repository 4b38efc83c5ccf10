"""What the steps of the story share: who is where, what was found out so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from consent_service.demo.story.forms import Page
from consent_service.demo.story.outcome import DifferentError, expect
from consent_service.demo.story.visitor import Visitor
from consent_service.foundation.clock import Clock, local_date
from consent_service.foundation.settings import Settings

PIN = "580241"
PARENT, CHILD, FAMILY_NAME = "Samira", "Noor", "Verhaal"
CANARY = "Even alleen kunnen zitten als het druk wordt."


@dataclass
class Stage:
    """The installation of the story and the browsers of the people in it."""

    settings: Settings
    clock: Clock
    tablet: Visitor
    school: Visitor
    home: Visitor
    officer: Visitor
    code: str = ""
    family_page: str = ""
    child_page: str = ""
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day of the story in the Netherlands."""
        return local_date(self.clock.now())

    @property
    def child_born(self) -> date:
        """A birth date of a child of seven."""
        return self.today.replace(year=self.today.year - 7, day=1) - timedelta(days=40)

    async def open_family(self) -> Page:
        """The counsellor's page of the family."""
        return await self.tablet.open(self.family_page)


def must_say(page: Page, *sentences: str) -> None:
    """Every sentence stands on the page.

    Raises:
        DifferentError: one does not.
    """
    for sentence in sentences:
        expect(sentence in page.words, sentence, page.summary())


def must_not_say(page: Page, *sentences: str) -> None:
    """None of the sentences stands on the page.

    Raises:
        DifferentError: one does.
    """
    for sentence in sentences:
        if sentence in page.html:
            raise DifferentError(f"not: {sentence}", page.summary())


def must_show(page: Page, *items: str) -> None:
    """Exactly these items of content are shown, and no other.

    Raises:
        DifferentError: another one is, or one is missing.
    """
    expect(set(page.articles) == set(items), f"exactly: {', '.join(items)}", page.summary())
