"""Example views of care signals, of absence and of regions, with invented people only."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import problem_sentence
from consent_service.web.components import FieldLine, Option, RecordPart, RefusedPart
from consent_service.web.forms import FormState
from consent_service.web.pages import View
from consent_service.web.signals import views
from tests.web.family_examples import wrong

SENT = datetime(2026, 9, 7, 21, 0, tzinfo=UTC)
DUE = datetime(2026, 9, 8, 6, 0, tzinfo=UTC)
READ = datetime(2026, 9, 8, 5, 15, tzinfo=UTC)
LAST = date(2026, 9, 11)
BORN = date(2018, 3, 7)
LINDE = views.Callee("Basisschool De Linde", "013-5550303")
OFFICER = views.Callee("Leerplicht Tilburg, Ayla Kaya", "013-5550900")
WORD = RecordPart(
    "care_signal",
    "Extra aandacht",
    SENT,
    "Begeleider, Hulporganisatie",
    date(2026, 9, 12),
    (FieldLine("Codewoord", "Handle with Care"),),
    not_in_file=True,
)
BLOCKED = RefusedPart("Extra aandacht", "Niet gedeeld, omdat de ouder hier nog niets over zei.")


def signal_examples(language: str) -> dict[str, View]:
    """Each page as it begins, with everything on it, and after a mistake."""
    return {**_shelter(language), **_school(), **_officer(language)}


def _shelter(language: str) -> dict[str, View]:
    page = views.SignalPage(
        action="/signaal",
        back_href="/gezin",
        child="Noor Haile",
        birth_date=BORN,
        school="Basisschool De Linde",
        step_token="stap",
        region="midden",
        route="direct",
        callee=None,
        hears_now=("Tineke Toonder",),
        hears_then=("Dirk Deputy",),
        due_at=DUE,
        last_day=LAST,
        blocked=None,
        refused=None,
        may_send=True,
        signals=(),
    )
    line = views.SignalLine("unread", "direct", SENT, DUE, LAST, None, None, LINDE, "/gebeld", call_now=True)
    lines = (
        line,
        replace(line, state="sent", call_now=False),
        views.SignalLine("read", "direct", SENT, DUE, LAST, READ, None),
        views.SignalLine("called", "direct", SENT, DUE, LAST, None, READ),
        views.SignalLine("gone", "direct", SENT, DUE, LAST, READ, None),
    )
    between = replace(line, state="sent", route="attendance_officer", callee=OFFICER)
    unknown = replace(
        page, region="", route="", hears_now=(), hears_then=(), due_at=None, last_day=None, may_send=False
    )
    called = views.CalledPage(
        "/gebeld",
        "/signaal",
        "Noor Haile",
        LINDE,
        (Option("contact", "Contactpersoon van de school"), Option("director", "Directeur")),
    )
    return {
        "shelter-signal": page,
        "shelter-signal-sent": replace(page, signals=lines),
        "shelter-signal-between": replace(
            page, route="attendance_officer", callee=OFFICER, signals=(between,)
        ),
        "shelter-signal-nobody": replace(page, hears_now=(), hears_then=()),
        "shelter-signal-blocked": replace(page, blocked=BLOCKED, may_send=False),
        "shelter-signal-refused": replace(page, refused=replace(BLOCKED, code="no_consent"), may_send=False),
        "shelter-signal-no-region": replace(unknown, problems=_said(language, "school_region_missing")),
        "shelter-signal-no-days": replace(
            unknown, region="midden", route="direct", problems=_said(language, "school_days_missing")
        ),
        "shelter-signal-called": called,
        "shelter-signal-called-wrong": replace(
            called, form=wrong(language, {"signal_spoken_to": "form.choose"})
        ),
    }


def _said(language: str, code: str) -> tuple[str, ...]:
    return (problem_sentence(Problem("region", code), language),)


def _school() -> dict[str, View]:
    page = views.SchoolSignalPage(
        "/signaal", "/kinderen", "Noor Haile", BORN, "Hulporganisatie", "013-5550111", waits=True
    )
    return {
        "school-signal": page,
        "school-signal-read": replace(page, waits=False, records=(WORD,)),
        "school-signal-none": replace(page, waits=False),
        "school-signal-unconfirmed": replace(page, organisation="", organisation_phone=""),
    }


def _officer(language: str) -> dict[str, View]:
    regions = (Option("noord", "Noord"), Option("midden", "Midden"), Option("zuid", "Zuid"))
    schools = (
        views.SchoolRow("region-1", "Basisschool De Linde"),
        views.SchoolRow("region-2", "Basisschool De Eik"),
    )
    routes = (
        views.RouteRow("noord", "direct", "", "", "/noord"),
        views.RouteRow("midden", "attendance_officer", OFFICER.name, OFFICER.phone, "/midden"),
        views.RouteRow("zuid", "veilig_thuis", "Veilig Thuis", "0800-2000", "/zuid"),
    )
    form = FormState.prefilled({"region-1": "midden", "region-2": ""})
    page = views.RegionsPage("/regios", schools, regions, 1, routes, date(2029, 8, 19), form)
    filled = FormState.prefilled({"route": "attendance_officer", "recipient": OFFICER.name})
    route = views.RoutePage("/regios/midden", "/regios", "midden", filled)
    missing = wrong(
        language, {"recipient": "required", "recipient_phone": "phone_form"}, route="veilig_thuis"
    )
    return {
        "officer-regions": page,
        "officer-regions-none": replace(page, schools=(), unplaced=0),
        "officer-regions-wrong": replace(page, form=wrong(language, {"region-1": "form.choose"})),
        "officer-route": route,
        "officer-route-wrong": replace(route, form=missing),
    }
