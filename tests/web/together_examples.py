"""Example views of timelines and of tasks outside the shelter."""

from __future__ import annotations

from datetime import UTC, date, datetime

from consent_service.foundation.settings import TRAINED
from consent_service.web.components import Option, TaskLine
from consent_service.web.pages import View
from consent_service.web.together import views as together

AT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
LINES = (
    together.TimelineLine(AT, "Ja gezegd tegen delen van Wat helpt uw kind.", "guardian", "De Linde"),
    together.TimelineLine(AT, "De school bevestigde dat het een leerling is.", "school_contact"),
)
SCHOOL_TASKS = (
    TaskLine("Er is een signaal. Lees het voor de les begint.", "/1", urgent=True, about="Noor Haile"),
    TaskLine("Is dit uw leerling? Zeg ja of nee.", "/2", date(2026, 8, 30), late=True, about="Sem Haile"),
    TaskLine("Zeg of u nog contactpersoon bent.", "/3", about="Noor Haile"),
)


LETTER = together.LetterText(
    "nl", "Verlof vragen", ("Aan de directeur van De Linde", "Ik vraag verlof voor mijn kind Noor Haile.")
)
GUARDIANS = (Option("g1", "Selam Haile"),)
LANGUAGES = (Option("nl", "Nederlands"), Option("en", "English"))


def together_examples() -> dict[str, View]:
    """With lines and without, for staff and at home."""
    return {
        "shelter-timeline": together.TimelinePage("/", "Noor Haile", LINES),
        "school-timeline": together.TimelinePage("/", "Noor Haile", LINES[1:], at_school=True),
        "school-timeline-empty": together.TimelinePage("/", "Noor Haile", (), at_school=True),
        "parent-page-timeline": together.OwnTimelinePage("/", LINES),
        "parent-page-timeline-young": together.OwnTimelinePage("/", (), young="together"),
        "shelter-method": together.MethodPage("/", TRAINED),
        "school-method": together.MethodPage("/", TRAINED),
        "shelter-letters": together.LettersPage("/", "/", "Noor Haile", GUARDIANS, LANGUAGES),
        "shelter-letters-refused": together.LettersPage(
            "/", "/", "Noor Haile", GUARDIANS, LANGUAGES, refused=True
        ),
        "shelter-letter": together.LetterPage("/", (LETTER,)),
        "school-tasks": together.SchoolTasksPage("/", SCHOOL_TASKS),
        "school-tasks-none": together.SchoolTasksPage("/", ()),
    }
