"""Example views of the start with a school, with invented people only."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from consent_service.process.signals.model import FIRST_DAY
from consent_service.web.components import FieldLine, Option, RecordPart, RefusedPart, ReleasedPart
from consent_service.web.pages import View
from consent_service.web.school import views as school
from consent_service.web.start import views
from tests.web.family_examples import wrong

AT = datetime(2026, 9, 2, 8, 15, tzinfo=UTC)
BORN = date(2018, 3, 7)
LINDE = "Basisschool De Linde"
HELPS = RecordPart(
    "support_advice",
    "Wat helpt uw kind",
    AT,
    "Begeleider",
    None,
    (FieldLine("Wat helpt?", "Een vaste plek."),),
)
KINDS = (Option("support_advice", "Wat helpt uw kind"), Option("pickup", "Wie mag ophalen"))
CARD = views.ShownCard(
    "c1", "support", AT, (HELPS,), (RefusedPart("Gezondheid", "Er is geen toestemming."),), KINDS[:1]
)
RELEASED = ReleasedPart(purpose="contact", at=AT, records=(HELPS,))


def start_examples(language: str) -> dict[str, View]:
    """One example per view, and the ones that look different."""
    calls = (
        views.CallLine("director", ("Wat helpt uw kind",), AT),
        views.CallLine("administration", (), AT),
    )
    return {
        "shelter-start-first-contact": _first("none", may_send=True),
        "shelter-start-first-contact-wrong": _first(
            "none",
            may_send=True,
            without_login=True,
            form=wrong(language, {"street": "school_street_differs"}, street="Lindestraat 9"),
        ),
        "shelter-start-first-contact-refused": _first(
            "none", may_send=True, contacts=(), refused="De ouder zei nee tegen dit onderwerp."
        ),
        "shelter-start-first-contact-read": _first("read", sent_at=AT, confirmed_at=AT, read_at=AT),
        "shelter-start-call-card": _card(calls=calls, card=CARD),
        "shelter-start-call-card-nobody": _card(
            contacts=(), form=wrong(language, {"contact": "call_no_contact"})
        ),
        "shelter-start-call-card-nothing": _card(
            card=views.ShownCard("c2", "safety", AT, (), CARD.refused, ())
        ),
        "shelter-start-call-card-noting": _card(
            card=CARD, noting=True, form=wrong(language, {"spoken_to": "form.choose"})
        ),
        "shelter-start-tell-itself": views.TellItselfPage("/", "/", "Noor Haile", KINDS),
        "shelter-start-tell-itself-points": views.TellItselfPage(
            "/",
            "/",
            "Noor Haile",
            KINDS,
            (views.TalkingPoint("support_advice", "Wat helpt uw kind", "Dit helpt mijn kind."),),
        ),
        "school-start-confirm-pupil": views.ConfirmPupilPage("/", "/", "Noor Haile", BORN),
        "school-start-confirm-pupil-wrong": views.ConfirmPupilPage(
            "/", "/", "Noor Haile", BORN, wrong(language, {"pupil": "form.choose"})
        ),
        "school-start-who-helps": views.WhoHelpsPage(
            "/", "/", "Noor Haile", "Hulporganisatie", "013 000 00 99", "/", "/gelezen"
        ),
        "school-start-who-helps-shown": views.WhoHelpsPage(
            "/", "/", "Noor Haile", "Hulporganisatie", "013 000 00 99", "/", "", RELEASED
        ),
        "school-start-first-day": views.FirstDayPage(
            "/",
            "/",
            "Noor Haile",
            tuple(views.FirstDayLine(item, AT if item == "photos" else None) for item in FIRST_DAY),
        ),
        "school-start-other-parent": views.OtherParentPage("/"),
        "school-children-waiting": school.ChildrenPage(
            LINDE,
            (),
            waiting=(
                school.WaitingChild("Noor Haile", BORN, "/bevestigen"),
                school.WaitingChild("Adam Haile", BORN, "/bevestigen"),
            ),
            signals=(school.SignalChild("/signaal", "Noor Haile", BORN),),
            other_parent_href="/andere-ouder",
        ),
        "school-nothing-opened-signal": school.NothingOpenedPage(
            "/", RELEASED, school.WaitingChild("Noor Haile", BORN)
        ),
    }


def _first(state: str, *, contacts: tuple[str, ...] = ("Ida Intern",), **shown: object) -> View:
    page = views.FirstContactPage(
        "/", "/", "Noor Haile", LINDE, state, contacts, "/contacten", "/belkaart", "/zelf", may_send=False
    )
    return msgspec.structs.replace(page, **shown)


def _card(*, contacts: tuple[str, ...] = ("Ida Intern",), **shown: object) -> View:
    page = views.CallCardPage(
        "/",
        "/gebeld",
        "/",
        "Noor Haile",
        LINDE,
        "013 555 01 01",
        contacts,
        "/contacten",
        ("contact", "support", "safety"),
        (),
    )
    return msgspec.structs.replace(page, **shown)
