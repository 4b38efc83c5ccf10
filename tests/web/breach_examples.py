"""Example views of the register of breaches."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from consent_service.rights.breaches.rows import Numbers
from consent_service.web.breaches import views as breaches
from consent_service.web.components import Option
from consent_service.web.officer.views import EntryLine
from consent_service.web.pages import View
from tests.web.family_examples import wrong

_AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
_DAY = date(2026, 11, 21)
_CLOCK = breaches.ClockPart(datetime(2026, 11, 25, 9, 30, tzinfo=UTC), 51, late=False, running=True)
_LATE = replace(_CLOCK, hours=7, late=True)
_DONE = replace(_CLOCK, running=False)
_LINE = breaches.BreachLine("/d/1", "lost_or_stolen_device", "assessing", _AT, _CLOCK, None)
_EXAM = breaches.ExamLine(
    question="tablet",
    who="Marieke van den Broek",
    since=_DAY,
    until=_DAY,
    families=2,
    children=3,
    guardians=3,
    certain=4,
    erased=0,
    seen=9,
    records=4,
    sessions=1,
    types=("Wat helpt uw kind", "Niet op school"),
    evidence_href="/d/1/vragen/1",
    drop_action="/d/1/vragen/1/vervalt",
)
_PAGE = breaches.BreachPage(
    back_href="/d",
    kind="lost_or_stolen_device",
    source="desk",
    state="assessing",
    discovered_at=_AT,
    happened_from=_DAY,
    happened_until=_DAY,
    clock=_CLOCK,
    exams=(
        _EXAM,
        replace(
            _EXAM, question="backup", who="", until=None, erased=2, sessions=0, types=(), evidence_href=""
        ),
    ),
    numbers=Numbers(2, 3, 3, 4, 2, 4),
    level="high",
    fixed=True,
    weighed=False,
    reasons=("secret_address", "seen"),
    said=breaches.SaidPart(
        "Een tablet is uit een auto gestolen.",
        "De begeleider heeft een nieuwe code.",
        ("device_blocked", "police_told"),
        ("place_found",),
    ),
    report=breaches.ReportedPart(),
    letters=(0, 0, 0),
    people_href="/d/1/mensen",
    report_action="/d/1/verslag",
    json_action="/d/1/verslag/bestand",
    do=breaches.BreachActions(
        ask_href="/d/1/vraag",
        weigh_action="/d/1/risico",
        describe_href="/d/1/beschrijving",
        report_href="/d/1/melden",
        leave_action="/d/1/niet-melden",
    ),
)
_FRESH = replace(
    _PAGE,
    kind="wrong_recipient",
    source="disowned",
    happened_from=None,
    exams=(),
    level="",
    reasons=(),
    said=breaches.SaidPart(),
    people_href="",
    clock=_LATE,
    do=breaches.BreachActions(
        ask_href="/d/1/vraag", ask_entry_action="/d/1/vraag", entry="e", describe_href="/d/1/beschrijving"
    ),
)
_REPORTED = replace(
    _PAGE,
    state="reported",
    clock=replace(_DONE, late=True),
    report=breaches.ReportedPart(
        _AT, "z2026-12", "known_later", "Wij dachten eerst dat de tablet er nog was."
    ),
    letters=(1, 1, 2),
    do=breaches.BreachActions(prepare_action="/d/1/brieven", tell_action="/d/1/verteld"),
)
_CLOSED = replace(
    _PAGE,
    state="closed",
    clock=_DONE,
    level="unlikely",
    fixed=False,
    weighed=True,
    reasons=("possible",),
    report=breaches.ReportedPart(unreported_ground="trusted_recipient", untold="risk_gone"),
    do=breaches.BreachActions(),
)
_ENTRY = EntryLine("/r/3", _AT, "Een school opende wat helpt.", "Schoolmedewerker 0192", "1204")
_READY = breaches.PersonLine(
    "Selam Haile",
    False,
    True,
    "ready",
    language="Nederlands",
    letter="l1",
    print_action="/p",
    give_action="/g",
    withhold_action="/n",
)
_HELD = replace(
    _READY,
    name="Daniel Tesfay",
    state="held",
    held="safety",
    letter="l2",
    print_action="",
    give_action="",
    allow_action="/t",
)
_PEOPLE = breaches.PeoplePage(
    back_href="/d/1",
    here="/d/1/mensen",
    families=(
        breaches.FamilyCard(
            "danger",
            True,
            (breaches.PersonLine("Noor Haile", True, True), _READY, _HELD),
        ),
        breaches.FamilyCard(
            "no_known_danger",
            False,
            (
                replace(_READY, name="Ana Lima", state="given", ground="in_person", withhold_action=""),
                replace(_READY, name="Bas Vos", state="withheld", ground="safety", withhold_action=""),
            ),
        ),
    ),
    after="f",
)


def breach_examples(language: str) -> dict[str, View]:
    """Every state, for who decides and for who looks along, and after a mistake."""
    new = breaches.NewBreachPage("/d/nieuw", "/d")
    question = breaches.QuestionPage(
        "/d/1/vraag",
        "/d/1",
        (Option("s", "Marieke van den Broek, Begeleider"),),
        (Option("d", "Yusuf Demir (1 november 2026)"),),
    )
    report = breaches.ReportFormPage("/d/1/melden", "/d/1", _CLOCK)
    describe = breaches.DescribePage("/d/1/beschrijving", "/d/1")
    return {
        "officer-breaches": breaches.RegisterPage(
            "/d/nieuw",
            (
                _LINE,
                replace(_LINE, clock=_LATE, kind="wrong_recipient"),
                replace(_LINE, state="reported", clock=_DONE, people=6),
            ),
            (replace(_LINE, state="closed", clock=replace(_DONE, late=True), people=2),),
        ),
        "officer-breaches-empty": breaches.RegisterPage("", (), ()),
        "officer-breach-new": new,
        "officer-breach-new-wrong": replace(
            new,
            form=wrong(
                language,
                {
                    "breach_kind": "form.choose",
                    "discovered": "form.missing_date",
                    "nature": "breach.words_phone",
                },
                discovered_time="09:99",
            ),
        ),
        "officer-breach": _PAGE,
        "officer-breach-fresh": _FRESH,
        "officer-breach-reported": _REPORTED,
        "officer-breach-closed": _CLOSED,
        "officer-breach-wrong": replace(
            _PAGE, form=wrong(language, {"level": "breach.risk_is_fixed"}, level="unlikely")
        ),
        "officer-breach-closing": replace(
            _REPORTED,
            do=breaches.BreachActions(close_action="/d/1/sluiten", again_action="/d/1/opnieuw"),
            form=wrong(language, {"close": "breach.tell_first"}),
        ),
        "officer-breach-question": question,
        "officer-breach-question-wrong": replace(
            question,
            form=wrong(language, {"question": "form.choose", "seen_until": "breach.period_reversed"}),
        ),
        "officer-breach-describe": describe,
        "officer-breach-describe-wrong": replace(
            describe, form=wrong(language, {"nature": "breach.words_name"}, measures="police_told")
        ),
        "officer-breach-report-form": report,
        "officer-breach-report-form-late": replace(
            report, clock=_LATE, form=wrong(language, {"late_reason": "breach.late_needs_reason"})
        ),
        "officer-breach-evidence": breaches.EvidencePage("/d/1", "/d/1/vragen/1", (_ENTRY,), "e"),
        "officer-breach-evidence-none": breaches.EvidencePage("/d/1", "/d/1/vragen/1", ()),
        "officer-breach-people": _PEOPLE,
        "officer-breach-people-wrong": replace(
            _PEOPLE, after="", form=wrong(language, {"given_how": "form.choose"})
        ),
        "officer-breach-people-none": replace(_PEOPLE, families=(), after=""),
        "officer-breach-letter": breaches.PaperPage(
            "/d/1/mensen",
            "Tigrinya",
            (
                breaches.PaperText(
                    "nl", "Er is iets misgegaan met uw gegevens", ("Aan Selam Haile", "Bel ons.")
                ),
                breaches.PaperText("en", "Something went wrong", ("To Selam Haile", "Call us.")),
            ),
        ),
        "officer-breach-report": breaches.ReportPage(
            "/d/1",
            (
                breaches.Fact("Wat er gebeurd is", "Apparaat kwijt of gestolen"),
                breaches.Fact("Kinderen", "3"),
            ),
        ),
    }
