"""Example views of how long things are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from consent_service.rights.retention.model import GROUNDS
from consent_service.web.components import Option
from consent_service.web.pages import View
from consent_service.web.retention import views as retention
from consent_service.web.retention.words import HOLD_GROUNDS
from tests.web.family_examples import wrong

_DAY = date(2026, 9, 1)
_AT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)


def retention_examples(language: str) -> dict[str, View]:
    """Full, empty, for who only looks, and after a mistake."""
    types = (
        retention.TypeLine("Wat helpt uw kind", "tot het einde van het schooljaar", 12, 2),
        retention.TypeLine("Ophalen", "tot het einde van de begeleiding", 0, 0),
    )
    groups = (
        retention.GroupLine(
            "Gezinnen, gezag en veiligheid",
            "Zo lang kan iemand vragen of het delen mocht. Daarna gaat het hele gezin weg.",
            "AVG 5(2), 17(3)(e); BW 3:310",
            ("5 jaar na de begeleiding",),
            3,
            1,
        ),
        retention.GroupLine(
            "Sleutels", "Een sleutel gaat.", "AVG 17, 32", ("zolang het in gebruik is", "blijft"), 0, 0
        ),
    )
    page = retention.RetentionPage(
        types=types,
        groups=groups,
        going=15,
        waiting=3,
        schedule=retention.ScheduleState("none", propose_action="/termijnen"),
        holds=(
            retention.HoldLine("A1B2C3", "claim", _DAY, _DAY, whole=True, late=True, lift_action="/los"),
            retention.HoldLine(
                "D4E5F6", "complaint", _DAY, _DAY, whole=False, late=False, lift_action="/los"
            ),
        ),
        lifted=2,
        runs=(
            retention.RunLine(
                _AT, None, True, expected=700, records=12, keys=1, families=0, staff=0, rows=400, failed=0
            ),
            retention.RunLine(
                _AT, _AT, False, expected=3, records=1, keys=0, families=1, staff=0, rows=0, failed=1
            ),
        ),
        run_action="/opruimen",
        hold_action="/vastzetten",
        grounds=tuple(Option(one, HOLD_GROUNDS[one]) for one in GROUNDS),
    )
    mistaken = wrong(
        language,
        {"subject": "retention.unknown", "ground": "form.choose", "review_on": "retention.review_far"},
    )
    proposed = retention.ScheduleState("proposed", approve_action="/goedkeuren")
    return {
        "officer-retention": page,
        "officer-retention-proposed": replace(page, schedule=proposed, runs=(), holds=(), lifted=0),
        "officer-retention-approved": replace(page, schedule=retention.ScheduleState("approved")),
        "officer-retention-fg": replace(
            page,
            schedule=retention.ScheduleState("none"),
            run_action="",
            hold_action="",
            holds=tuple(replace(one, lift_action="") for one in page.holds),
        ),
        "officer-retention-wrong": replace(page, form=mistaken),
    }
