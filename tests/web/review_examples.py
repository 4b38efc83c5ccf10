"""Example views of questions to the log and of samples of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

from consent_service.foundation.errors import Problem
from consent_service.web.components import FieldLine, Option
from consent_service.web.forms import FormState, Posted
from consent_service.web.pages import View
from consent_service.web.reviews import views as reviews
from consent_service.web.reviews.words import CASE_PURPOSES, FINDINGS, QUESTIONS, VERDICTS, options

AT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
ROOT = "9f2c7f0e4b1a6d33c8f1b0a7d5e4c3b2a190817263544536271809fafbfcfdfe"
ROWS = (
    reviews.AnswerRow(
        date(2026, 9, 1),
        AT,
        AT.replace(hour=14),
        "Marieke van den Broek",
        "De Linde",
        "Contactpersoon",
        "Informatie gegeven",
        "Ondersteuning in de klas",
        "Wat uw kind helpt, Wie belt wie",
        2,
        (reviews.EntryLink("/r/1", "1203", "bewezen"), reviews.EntryLink("/r/2", "1204", "bewezen")),
    ),
    reviews.AnswerRow(
        date(2026, 8, 28),
        AT.replace(month=8, day=28),
        None,
        "Ouder of voogd 9f3a01c2",
        "",
        "",
        "Informatie gegeven",
        "",
        "",
        1,
        (reviews.EntryLink("/r/3", "", "wordt nog ingeschreven", "attention"),),
    ),
)
DAYS = tuple(
    reviews.DayBar(date(2026, 8, day), day % 7 + 1, 2 * (day % 7) + 2) for day in (4, 7, 11, 12, 20, 28)
)
DRAWN = reviews.DrawnRow(
    "/r/1",
    "1203",
    AT,
    "Informatie gegeven: Wat uw kind helpt. Doel: Ondersteuning in de klas.",
    "Medewerker van de school 9f3a01c2",
    "Gegeven",
    "bewezen",
    judge_href="/oordeel",
    quick_action="/oordeel",
)
JUDGED = reviews.DrawnRow(
    "/r/2",
    "1188",
    AT,
    "Als vervanger het gezin geopend. Reden: nachtdienst.",
    "Begeleider 01c29f3a",
    "Uitzondering",
    "bewezen",
    "Niet in orde",
    "danger",
    "Er is geen reden te zien",
    "De begeleider had die dag geen dienst.",
)


def wrong(language: str, *problems: Problem, **values: str) -> FormState:
    return FormState.of(Posted({k: (v,) for k, v in values.items()}), problems, language=language)


def review_examples(language: str) -> dict[str, View]:
    """What a privacy coordinator or FG sees."""
    links = tuple(
        reviews.QuestionLink(f"/vragen/{kind}", words.title, words.meaning)
        for kind, words in QUESTIONS.items()
    )
    kept = reviews.KeptLine(
        QUESTIONS["who_saw"].title, "Persoon 9f3a01c2", "Afgelopen maand", "Z-2026-014", "/k", "/k/weg"
    )
    ask = reviews.QuestionPage(
        "/vragen",
        QUESTIONS["who_saw"].title,
        QUESTIONS["who_saw"].meaning,
        "/vragen/wie-zag",
        asks_person=True,
        find_action="/vragen/wie-zag/zoeken",
        purposes=options(language, CASE_PURPOSES),
    )
    return {
        "officer-questions": reviews.QuestionsPage(links, (kept, kept), "/steekproef", 1),
        "officer-question": ask,
        "officer-question-wrong": _asked(
            ask,
            form=wrong(
                language,
                Problem("case", "form.no_reference"),
                Problem("names", "required"),
                Problem("until", "form.order_of_days"),
                case="Noor",
            ),
        ),
        "officer-question-found": _asked(
            ask,
            found=(Option("c1", "Kind 9f3a01c2"), Option("g1", "Ouder of voogd 01c29f3a")),
            sought=True,
            case="Z-2026-014",
            form=FormState.prefilled({"person": "c1"}),
        ),
        "officer-question-nobody": _asked(ask, sought=True),
        "officer-question-staff": reviews.QuestionPage(
            "/vragen",
            QUESTIONS["what_opened"].title,
            QUESTIONS["what_opened"].meaning,
            "/vragen/wat-opende",
            staff=(Option("s1", "Bo Begeleider, De opvang zelf"), Option("s2", "Marieke, De Linde")),
        ),
        **_answers(language),
        **_samples(language),
    }


def _asked(page: reviews.QuestionPage, **changes: object) -> reviews.QuestionPage:
    values = {name: getattr(page, name) for name in page.__struct_fields__}
    return reviews.QuestionPage(**{**values, **changes})


def _answers(language: str) -> dict[str, View]:
    days = (date(2026, 8, 1), date(2026, 9, 1))
    title = (QUESTIONS["who_saw"].title, QUESTIONS["who_saw"].meaning)
    fields = (FieldLine("period", "month"), FieldLine("person", "c1"))
    where = ("/vragen/wie-zag", "/vragen/wie-zag/bewaren")
    return {
        "officer-answer": reviews.AnswerPage(
            "/vragen", *title, "Persoon 9f3a01c2", *days, ROWS, DAYS, 22, fields, *where, case="Z-2026-014"
        ),
        "officer-answer-part": reviews.AnswerPage(
            "/vragen",
            *title,
            "",
            *days,
            ROWS,
            DAYS,
            22,
            fields,
            *where,
            after="e1",
            later=True,
            unknown=2,
            form=wrong(language, Problem("reference", "form.no_reference"), reference="Noor"),
        ),
        "officer-answer-empty": reviews.AnswerPage("/vragen", *title, "", *days, (), (), 0, fields, *where),
    }


def _samples(language: str) -> dict[str, View]:
    week, due = date(2026, 8, 24), date(2026, 9, 6)
    rows = (
        reviews.SampleRow("/1", "Fenna Gegevens", True, week, due, 10, 8, 1, 1),
        reviews.SampleRow("/2", "Fenna Gegevens", True, date(2026, 8, 17), due, 10, 0, 1, 0, late=True),
        reviews.SampleRow("/3", "Pim Privacy", False, week, due, 10, 0, 0, 0),
    )
    judging = reviews.JudgePage(
        "/steekproef/1", "/oordeel", DRAWN, options(language, VERDICTS), options(language, FINDINGS), True
    )
    found = (FieldLine("Er is geen reden te zien", "2"),)
    return {
        "officer-samples": reviews.SamplesPage("/vragen", rows, 2026, 17, 30, 1, found),
        "officer-samples-empty": reviews.SamplesPage("/vragen", (), 2026, 0, 0, 0),
        "officer-sample": reviews.SamplePage(
            "/steekproef", "Fenna Gegevens", week, due, 1, 1204, ROOT, (DRAWN, JUDGED)
        ),
        "officer-sample-other": reviews.SamplePage(
            "/steekproef", "Pim Privacy", week, due, 1, 1204, ROOT, (JUDGED,), own=False
        ),
        "officer-judge": judging,
        "officer-judge-wrong": reviews.JudgePage(
            "/steekproef/1",
            "/oordeel",
            DRAWN,
            options(language, VERDICTS),
            options(language, FINDINGS),
            form=wrong(language, Problem("verdict", "form.choose"), Problem("finding", "form.choose")),
        ),
    }
