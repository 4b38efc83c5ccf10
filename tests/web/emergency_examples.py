"""Example views of break-glass, with invented people only."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from consent_service.web.components import (
    Attestation,
    FieldLine,
    Option,
    RecordPart,
    ReleasedPart,
    ShareField,
    UrgentChild,
)
from consent_service.web.emergencies import views
from consent_service.web.pages import View
from consent_service.web.school.views import ChildrenPage
from consent_service.web.shelter.views import ApprovalsPage
from tests.web.family_examples import wrong

AT = datetime(2026, 9, 29, 12, tzinfo=UTC)
UNTIL = datetime(2026, 9, 30, 12, tzinfo=UTC)
ITEM = FieldLine("Wat helpt", "Heeft altijd een EpiPen bij zich.")
HELPS = ShareField("helps", "text", "Wat helpt in de klas?", max_length=500, required=True)
LINE = views.AskedLine(
    "Wat helpt uw kind", "asked", "medical", AT, "Bo Begeleider", "", None, untold=False, told_at=None
)
REVIEW = views.ReviewLine(
    "Wat helpt uw kind",
    "running_by_phone",
    "medical",
    "De Linde",
    "Bo Begeleider",
    AT,
    "Cas Collega",
    by_phone=True,
    starts_at=AT,
    ends_at=UNTIL,
    untold=True,
    told_at=None,
    action="",
    end_action="/x",
)


def emergency_examples(language: str) -> dict[str, View]:
    """One example per view, and the ones that look different."""
    running = msgspec.structs.replace(
        LINE, state="running", approver="Cas Collega", ends_at=UNTIL, end_action="/x", tell_action="/x"
    )
    ended = msgspec.structs.replace(LINE, state="ended", untold=True)
    told = msgspec.structs.replace(LINE, state="reviewed", told_at=AT)
    asked = msgspec.structs.replace(LINE, drop_action="/x")
    kinds = (Option("/x", "Wat helpt uw kind"), Option("/y", "Gezondheid van uw kind"))
    wrongly = wrong(language, {"vital_reason": "form.choose", "why": "form.missing", "second": "form.choose"})
    released = ReleasedPart(
        "support",
        AT,
        (
            RecordPart(
                "support_advice", "Wat helpt uw kind", AT, "Begeleider, Hulporganisatie", None, (ITEM,)
            ),
        ),
        (),
    )
    waiting = views.WaitingLine("Wat helpt uw kind", "asked", "medical", "Bo Begeleider", AT, "/x")
    return {
        "shelter-emergencies": views.EmergencyPage(
            "/", "Noor Haile", "De Linde", (asked, running, ended, told), kinds
        ),
        "shelter-emergencies-none": views.EmergencyPage("/", "Noor Haile", "De Linde", (), kinds),
        "shelter-emergency-ask": _ask(),
        "shelter-emergency-wrong": msgspec.structs.replace(
            _ask(),
            form=wrongly,
            attestations=(Attestation("no_diagnosis", "Dit lijkt een ziekte.", "Hier staat geen ziekte."),),
        ),
        "shelter-emergency-refused": msgspec.structs.replace(_ask(), refused="Het adres is geheim."),
        "shelter-emergencies-waiting": views.WaitingPage("/", (waiting,)),
        "shelter-emergencies-waiting-none": views.WaitingPage("/", ()),
        "shelter-emergency-decide": _decide(("approve", "refuse")),
        "shelter-emergency-confirm": _decide(("confirm", "deny")),
        "shelter-approvals-emergency": ApprovalsPage("/", (), emergencies=2, emergencies_href="/x"),
        "school-emergency": views.UrgentItemPage("/", "Noor Haile", "0800-5550000", released, UNTIL),
        "school-children-emergency": ChildrenPage(
            "De Linde", (), urgent=(UrgentChild("/x", "Noor Haile", date(2018, 5, 4), UNTIL),)
        ),
        "officer-emergencies": views.ReviewPage(
            (
                REVIEW,
                msgspec.structs.replace(REVIEW, state="ended", action="/x", end_action="", told_at=AT),
                msgspec.structs.replace(
                    REVIEW, state="asked", approver="", starts_at=None, ends_at=None, untold=False
                ),
                msgspec.structs.replace(
                    REVIEW, state="reviewed", read_at=AT, outcome="not_justified", end_action=""
                ),
            ),
            form=wrong(language, {"outcome": "form.choose"}),
        ),
        "officer-emergencies-none": views.ReviewPage(()),
    }


def _ask() -> views.AskPage:
    return views.AskPage(
        "/x",
        "/",
        "Noor Haile",
        "De Linde",
        "support_advice",
        "Wat helpt uw kind",
        "token",
        (HELPS,),
        (Option("c1", "Cas Collega"),),
    )


def _decide(acts: tuple[str, ...]) -> views.DecidePage:
    return views.DecidePage(
        "/",
        "/x",
        "Wat helpt uw kind",
        "asked" if acts[0] == "approve" else "running_by_phone",
        "medical",
        "Bo Begeleider",
        AT,
        "De moeder belde dat Noor noten heeft gegeten.",
        "" if acts[0] == "approve" else "De andere ouder leest mee.",
        (ITEM,),
        acts,
    )
