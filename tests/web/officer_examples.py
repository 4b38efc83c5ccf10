"""Example views of the officer's pages."""

from __future__ import annotations

from datetime import date

from consent_service.web.components import FieldLine, Option
from consent_service.web.officer import views as officer
from consent_service.web.pages import View
from tests.web.family_examples import AT, wrong

ENTRIES = (
    officer.EntryLine(
        "/r/3", AT, "Een school opende wat helpt en wie belt wie.", "Schoolmedewerker 0192", "1.204"
    ),
    officer.EntryLine(
        "/r/2", AT, "Een ouder gaf toestemming voor wat helpt.", "Ouder 0188", "1.203", erased=True
    ),
    officer.EntryLine("/r/1", AT, "Een begeleider schreef een gezin in.", "Begeleider 0177"),
)
ROOT = "9f2c7f0e4b1a6d33c8f1b0a7d5e4c3b2a190817263544536271809fafbfcfdfe"
GOOD_LOG = officer.VerifyResult(True, 1204, ROOT, AT)
BAD_LOG = officer.VerifyResult(
    False, 1204, ROOT, AT, ("Regel 812 past niet bij de hash die ervoor is ondertekend.",)
)


TEXT = officer.TextLine(
    "/teksten/1", "Wat helpt uw kind", "Nederlands", 2, "9f2c7f0e4b1a", True, False, True, 128
)
FAULTY = officer.TextLine(
    "/teksten/2", "Wat helpt uw kind", "العربية", 1, "1a6d33c8f1b0", False, True, False, 0, waiting=14
)
QUESTION = officer.Words("Vraag", "هل يجوز لنا والمدرسة أن نتشارك ما يساعد طفلك؟")


def officer_examples(language: str) -> dict[str, View]:
    """What a privacy coordinator or FG sees."""
    events = (Option("consent.given", "Toestemming gegeven"), Option("release.released", "Geopend"))
    trail = officer.TrailPage(
        "/logboek", "/controleer", "/taken", events, ENTRIES, next_href="/ouder", open_tasks=2
    )
    entry = officer.EntryPage(
        "/",
        "01990000-0000-7000-8000-000000000001",
        "1.203",
        AT,
        "Een ouder gaf toestemming voor wat helpt.",
        "consent.given.v1",
        "Ouder 0188",
        (FieldLine("Onderwerp", "Wat helpt uw kind"), FieldLine("Tekst", "nl 2026-09")),
        '{"com":"b1","id":"01990000-0000-7000-8000-000000000001","time":"2026-09-01T08:00:00Z","v":1}',
        ROOT,
        ROOT[:32],
        ROOT,
        "proved",
        "1.204",
    )
    return {
        "officer-trail": trail,
        "officer-trail-filtered": officer.TrailPage(
            "/logboek",
            "/controleer",
            "/taken",
            events,
            (),
            wrong(language, {"from": "form.no_date"}, **{"from-day": "40"}),
            True,
            verified=GOOD_LOG,
        ),
        "officer-entry": entry,
        "officer-entry-pending": officer.EntryPage(
            "/",
            entry.id,
            "",
            AT,
            entry.sentence,
            "",
            "Onbekend",
            (),
            entry.leaf,
            ROOT,
            ROOT[:32],
            "",
            "pending",
            erased=True,
        ),
        "officer-verify": officer.VerifyPage("/", "/controleer", GOOD_LOG),
        "officer-verify-bad": officer.VerifyPage("/", "/controleer", BAD_LOG),
        "officer-tasks": officer.TasksPage(
            "/",
            (
                officer.OfficerTask("Een ouder maakt bezwaar. Beoordeel dit.", AT, "/r/1", "/klaar"),
                officer.OfficerTask(
                    "De tekst was fout.", AT, "/r/2", about="Wat helpt uw kind", due=date(2026, 10, 1)
                ),
            ),
        ),
        "officer-texts": officer.TextsPage((TEXT, FAULTY), (TEXT,)),
        "officer-texts-none": officer.TextsPage((), ()),
        "officer-text": officer.TextPage(
            "/",
            TEXT,
            "consent.support_advice",
            ROOT,
            "nl",
            AT,
            (officer.Words("Vraag", "Mag dit?"),),
            "/fout",
        ),
        "officer-text-out-of-use": officer.TextPage(
            "/", FAULTY, "consent.support_advice", ROOT, "ar", AT, (QUESTION,), right_action="/goed"
        ),
        "officer-wrong-text": officer.WrongTextPage("/", TEXT, "/fout"),
        "officer-tasks-none": officer.TasksPage("/", ()),
    }
