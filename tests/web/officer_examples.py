"""Example views of the officer's pages."""

from __future__ import annotations

from datetime import date

import msgspec

from consent_service.audit.describing import root_in_words
from consent_service.web.components import FieldLine, Option
from consent_service.web.forms import FormState
from consent_service.web.officer import views as officer
from consent_service.web.officer.head_views import HeadPage
from consent_service.web.officer.search_words import basis_options, decision_options
from consent_service.web.pages import View
from tests.web.access_examples import access_examples
from tests.web.breach_examples import breach_examples
from tests.web.case_examples import case_examples
from tests.web.family_examples import AT, wrong
from tests.web.review_examples import review_examples

ENTRIES = (
    officer.EntryLine(
        "/r/3", AT, "Een school opende wat helpt en wie belt wie.", "Schoolmedewerker 0192", "1204"
    ),
    officer.EntryLine(
        "/r/2", AT, "Een ouder gaf toestemming voor wat helpt.", "Ouder 0188", "1203", erased=True
    ),
    officer.EntryLine("/r/1", AT, "Een begeleider schreef een gezin in.", "Begeleider 0177"),
)
ID = "01990000-0000-7000-8000-000000000001"
ROOT = "9f2c7f0e4b1a6d33c8f1b0a7d5e4c3b2a190817263544536271809fafbfcfdfe"
LOGS = (
    officer.VerifiedLog(1, 1203, root_in_words(bytes.fromhex(ROOT))),
    officer.VerifiedLog(2, 1, root_in_words(bytes.fromhex(ROOT[::-1]))),
)
GOOD_LOG = officer.VerifyResult(True, LOGS, AT, acts=611)
BAD_LOG = officer.VerifyResult(
    False, LOGS, AT, ("Logboek 1, nr. 812: de regels geven niet de uitkomst die getekend is",)
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
    choices = officer.SearchChoices(
        (Option("shelter", "De opvang zelf"), Option("s1", "De Linde")),
        events,
        decision_options(language),
        basis_options(language),
    )
    where = ("/logboek", "/zoeken", "/controleer", "/taken", "/stand", choices)
    trail = officer.TrailPage(*where, ENTRIES, after=ID, open_tasks=2)
    entry = officer.EntryPage(
        "/",
        ID,
        "1203",
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
        1204,
        "audit.ruggensteun.example/t/4c1d0f6b2a9e4f7d8b3a5c6e7f809112",
        "/bewijs",
    )
    hidden = msgspec.structs.replace(
        entry,
        recipients=(
            officer.RecipientLine("Ouder of voogd 9f3a01c2", "open", ID),
            officer.RecipientLine("Ouder of voogd 1b77c0de", "by_hand"),
            officer.RecipientLine("Kind 5e0d1a44", "released"),
        ),
        release_action="/vrijgeven",
    )
    return {
        **case_examples(language),
        **breach_examples(language),
        **review_examples(language),
        **access_examples(language),
        "officer-trail": trail,
        "officer-trail-searched": officer.TrailPage(
            *where,
            ENTRIES[:1],
            FormState.prefilled({"decision": "allowed", "basis": "public_task", "organisation": "s1"}),
            (FieldLine("decision", "allowed"), FieldLine("basis", "public_task")),
            later=True,
            after=ID,
        ),
        "officer-trail-problem": officer.TrailPage(
            *where,
            (),
            wrong(
                language,
                {"from": "form.no_date", "rests_on": "form.no_hash"},
                **{"from-day": "40", "rests_on": "x"},
            ),
            verified=GOOD_LOG,
        ),
        "officer-head": HeadPage("/logboek", "/stand/nu", "/stand", "ruggensteun-stand-{size}.txt", ID),
        "officer-entry": entry,
        "officer-entry-hidden": hidden,
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
        "officer-tasks-rules": officer.TasksPage(
            "/",
            (),
            (
                officer.WaitingRules(
                    "Een voorstel voor andere regels wacht op uw oordeel.", AT, ROOT, "/v/1"
                ),
                officer.WaitingRules("Er staat een voorstel voor andere regels open.", AT, ROOT, "/v/2"),
            ),
        ),
    }
