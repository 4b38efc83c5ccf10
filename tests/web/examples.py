"""One or more example views of every page, with invented people, for the tests and the gallery."""

from __future__ import annotations

from datetime import date
from typing import get_args

from consent_service.web.components import (
    Attestation,
    FieldLine,
    Option,
    RecordPart,
    RefusedPart,
    ReleasedPart,
    ShareField,
    TaskLine,
)
from consent_service.web.forms import FormState, prefill_day
from consent_service.web.pages import PageContext, SignedIn, View
from consent_service.web.school import views as school
from consent_service.web.shared import views as shared
from consent_service.web.shelter import views as shelter
from consent_service.web.style.views import style_page
from consent_service.web.vocabulary import ProblemKind
from tests.web.afterwards_examples import afterwards_examples
from tests.web.answers_examples import answers_examples
from tests.web.child_examples import child_examples
from tests.web.contact_examples import SCHOOL_HITS, contact_examples
from tests.web.emergency_examples import emergency_examples
from tests.web.family_examples import ANSWERS, AT, intake_examples, parent_examples, receipt_examples, wrong
from tests.web.invitation_examples import invitation_examples
from tests.web.meeting_examples import meeting_examples
from tests.web.meldcode_examples import meldcode_examples
from tests.web.navigation_examples import menu, navigation_of
from tests.web.officer_examples import officer_examples
from tests.web.operator_examples import operator_examples
from tests.web.page_examples import page_examples
from tests.web.policies_examples import policies_examples
from tests.web.safety_examples import safety_examples
from tests.web.signal_examples import signal_examples
from tests.web.spoken import spoken
from tests.web.start_examples import start_examples
from tests.web.together_examples import together_examples

TASKS = (
    TaskLine("Bel de school over Noor", "/taak/1", date(2026, 9, 2), urgent=True),
    TaskLine("Bekijk de veiligheid van het gezin Haile opnieuw", "/taak/2", date(2026, 9, 14)),
    TaskLine("Praat met het kind", "/taak/3", done_action="/taak/3/klaar"),
)
PURPOSES = ("contact", "support", "meeting", "attendance", "safety", "transition")
SAID = (
    shelter.GuardianSaid("Selam Haile", "yes", True),
    shelter.GuardianSaid("Daniel Tesfay", "no", False),
)
STATES = tuple(
    shelter.AnswerState(line.type_key, line.label, line.answer, date(2027, 7, 31), said=SAID)
    for line in ANSWERS
)
FIELDS = (
    ShareField(
        "what_helps", "text", "Wat helpt in de klas?", max_length=500, hint="Schrijf wat u ziet werken."
    ),
    ShareField(
        "when",
        "choice",
        "Wanneer vooral?",
        options=(Option("morning", "In de ochtend"), Option("always", "De hele dag")),
    ),
    ShareField("since", "date", "Sinds wanneer?", required=False),
    ShareField("at", "time", "Hoe laat?", required=False),
    ShareField("told", "yes_no", "Weet het kind dit?"),
    ShareField("phone", "phone", "Telefoon", required=False, max_length=20),
    ShareField("email", "email", "E-mail", required=False, max_length=80),
)
BSN = Attestation(
    "not_a_bsn", "Hier staat een getal dat op een BSN lijkt. Een BSN hoort hier nooit.", "Dit is geen BSN."
)
RELEASED = ReleasedPart(
    purpose="support",
    at=AT,
    records=(
        RecordPart(
            "support_advice",
            "Wat helpt het kind",
            AT,
            "Opvang Het Baken, begeleider",
            date(2027, 7, 31),
            (
                FieldLine(
                    "Wat helpt in de klas?", "Een vaste plek naast het raam en een rustig begin van de dag."
                ),
                FieldLine("Wanneer vooral?", "In de ochtend"),
            ),
            not_in_file=True,
        ),
    ),
    empty=("Spullen en hulp",),
    refused=(
        RefusedPart("Gezondheid van het kind", "Niet beschikbaar."),
        RefusedPart("Andere hulp", "Niet beschikbaar."),
    ),
)
CONTACTS = (
    shelter.ContactOption("c1", "Marieke van den Broek", "contact", ("mon", "tue", "thu")),
    shelter.ContactOption("c2", "Yusuf Demir", "contact", ("wed", "fri")),
)
CARDS = (
    shelter.RelationshipCard(
        "Noor Haile",
        date(2018, 3, 7),
        "/kies",
        "Basisschool De Linde",
        ("Marieke van den Broek",),
        answers=STATES,
        share_links=(
            Option("/deel/1", "Wat helpt uw kind"),
            Option("/deel/2", "Extra aandacht", "Er is geen toestemming voor."),
        ),
        shared_by_school_href="/school",
        written_href="/geschreven",
        contacts_href="/contacten",
        end_href="/einde",
        succession_href="/opvolger",
        next_questions=1,
    ),
    shelter.RelationshipCard("Samuel Haile", date(2021, 11, 30), "/kies"),
)
PEOPLE = (
    shelter.PersonLine(
        "Selam Haile",
        "holder",
        "register",
        True,
        "Anouk Jansen",
        date(2026, 8, 30),
        "/personen/1",
        evidence_on=date(2026, 8, 29),
        safety="danger",
        safety_href="/veiligheid/1",
    ),
    shelter.PersonLine("Daniel Tesfay", "unknown", "", False, left_out="waiting"),
    shelter.PersonLine("Jeugdbescherming Zuid", "gezinsvoogd", "judgment", True, body=True),
)


def examples(language: str) -> dict[str, View]:
    """Every example by a name that can be a file name; the part before the dash is the audience."""
    pages: dict[str, View] = {
        **_shared(language),
        **_shelter(language),
        **answers_examples(language),
        **afterwards_examples(language),
        **intake_examples(language),
        **child_examples(language),
        **parent_examples(language),
        **_school(language),
        **officer_examples(language),
        **policies_examples(language),
        **page_examples(language),
        **safety_examples(language),
        **meldcode_examples(language),
        **together_examples(),
    }
    return spoken(pages, language)


def context(name: str, language: str) -> PageContext:
    """The frame that fits the example `name`."""
    audience = name.partition("-")[0]
    if audience in ("intake", "parent", "shared"):
        return PageContext(language=language, csrf_token="token-of-the-test", languages=menu(audience))
    role, organisation, links = _STAFF[audience]
    return PageContext(
        language=language,
        csrf_token="token-of-the-test",
        languages=menu(audience),
        signed_in=SignedIn("Anouk Jansen", role, organisation, "/uitloggen"),
        navigation=navigation_of(audience, links),
    )


_OFFICER_GROUPS = (
    "Logboek", "Bureau", "Verzoeken", "Datalekken", "Spelregels", "Verantwoording", "Instellingen",
)  # fmt: skip
_STAFF = {
    "shelter": ("counsellor", "Opvang Het Baken", ("Mijn gezinnen", "Te doen", "Zoeken")),
    "school": ("contact", "Basisschool De Linde", ("Kinderen",)),
    "officer": ("fg", "Opvang Het Baken", _OFFICER_GROUPS),
}


def _shared(language: str) -> dict[str, View]:
    kinds: tuple[ProblemKind, ...] = get_args(ProblemKind)
    return {
        **{f"shared-problem-{kind}": shared.ProblemPage(kind, reference="7QK2") for kind in kinds},
        "parent-problem": shared.ProblemPage("unavailable", parent=True),
        **operator_examples(),
        "shared-login-again": shared.LoginPage(
            (), "/x", again=shared.LoginProvider("Entree", "", "/login/b")
        ),
        "shared-leaving": shared.LeavingPage("https://login.example/"),
        "shared-session-expired": shared.SessionExpiredPage("/login"),
        "parent-session-expired": shared.SessionExpiredPage("/", parent=True),
        "shared-pin-exhausted": shared.SessionExpiredPage("/login", pin_exhausted=True),
        "parent-pin-exhausted": shared.SessionExpiredPage("/", parent=True, pin_exhausted=True),
        "shared-stijl": style_page(language),
    }


def _shelter(language: str) -> dict[str, View]:
    families = (
        shelter.FamilyLine("/g/1", ("Selam Haile",), ("Noor Haile", "Samuel Haile"), "danger", 2),
        shelter.FamilyLine(
            "/g/2", ("Iris de Vries", "Mohammed el Amrani"), ("Sam de Vries",), "no_known_danger"
        ),
        shelter.FamilyLine("/g/3", ("سلمى حداد",), ("Layla Haddad",), "not_assessed", substitute=True),
    )
    bad_family = wrong(
        language,
        {
            "guardian-0-family_name": "form.missing",
            "guardian-0-capacity": "form.choose",
            "child-0-birth_date": "form.no_date",
            "child-0-given_names": "form.too_long",
        },
        **{
            "guardian-0-given_names": "Selam",
            "child-0-birth_date-day": "31",
            "child-0-birth_date-month": "2",
            "child-0-birth_date-year": "2018",
        },
    )
    share = shelter.SharePage(
        "/deel",
        "/terug",
        "Noor Haile",
        "Basisschool De Linde",
        "support_advice",
        "Wat helpt uw kind",
        "stap",
        FIELDS,
        "Schrijf geen diagnose en geen oorzaak.",
    )
    return {
        "shelter-families": shelter.FamiliesPage(families, TASKS, "/inschrijven", "/zoeken"),
        "shelter-families-none": shelter.FamiliesPage((), (), "/inschrijven", "/zoeken"),
        "shelter-search": shelter.SearchPage("/zoeken", "/"),
        "shelter-search-found": shelter.SearchPage(
            "/zoeken",
            "/",
            FormState.prefilled({"given_names": "Noor", **prefill_day("birth_date", date(2018, 3, 7))}),
            True,
            (
                shelter.SearchHit("/g/1", "Noor Haile", date(2018, 3, 7), True),
                shelter.SearchHit("/g/9", "Noor Haile", date(2018, 3, 7), False),
            ),
        ),
        "shelter-search-nothing": shelter.SearchPage("/zoeken", "/", searched=True),
        "shelter-register": shelter.RegisterFamilyPage(
            "/inschrijven", "/", "stap", guardians=(0,), children=(0, 1)
        ),
        "shelter-register-wrong": shelter.RegisterFamilyPage("/inschrijven", "/", "stap", bad_family),
        "shelter-add-child": shelter.AddChildPage("/kind", "/"),
        "shelter-add-guardian": shelter.AddGuardianPage("/ouder", "/"),
        "shelter-change-guardian": shelter.ChangeIdentityPage(
            "/personen/1",
            "/",
            "Selam Haile",
            contact=True,
            form=FormState.prefilled(
                {"given_names": "Selam", "family_name": "Haile", "phone": "06 12345678"}
            ),
        ),
        "shelter-change-child": shelter.ChangeIdentityPage(
            "/personen/2",
            "/",
            "Noor Haile",
            contact=False,
            form=wrong(
                language,
                {"birth_date": "form.no_date"},
                **{"given_names": "Noor", "family_name": "Haile", "birth_date-day": "31"},
            ),
        ),
        "shelter-safety": shelter.SafetyPage("/veilig", "/", ("Selam Haile",)),
        "shelter-find-school": shelter.FindSchoolPage(
            "/school", "/", "Noor Haile", searched=True, hits=SCHOOL_HITS
        ),
        "shelter-find-school-nothing": shelter.FindSchoolPage("/school", "/", "Noor Haile", searched=True),
        "shelter-confirm-school": shelter.ConfirmSchoolPage(
            "/school",
            "/",
            "Noor Haile",
            "12AB00",
            "Basisschool De Linde",
            "Kerkstraat 4",
            "Tilburg",
            "013 000 00 00",
            True,
            CONTACTS,
            wrong(
                language,
                {"confirmed": "form.confirm_school", "despite_other_parent": "other_parent_at_school"},
                confirmed="code",
            ),
            other_parent_at_school=True,
        ),
        "shelter-confirm-school-without": shelter.ConfirmSchoolPage(
            "/school",
            "/",
            "Noor Haile",
            "34CD01",
            "Basisschool De Linde",
            "Lindelaan 110",
            "Goirle",
            "013 000 00 01",
            False,
            (),
        ),
        "shelter-family": shelter.FamilyPage(
            "/",
            "danger",
            "/veilig",
            True,
            date(2026, 9, 14),
            PEOPLE,
            CARDS,
            TASKS,
            "/kind",
            "/ouder",
            "/stoppen",
            "/tablet",
            authority_href="/gezag",
            end_href="/einde",
            receipts_href="/bewijzen",
        ),
        "shelter-family-new": shelter.FamilyPage(
            "/",
            "not_assessed",
            "/veilig",
            False,
            None,
            PEOPLE[:1],
            CARDS[1:],
            (),
            "/kind",
            "/ouder",
            "/stoppen",
            "",
            "Bespreek eerst de veiligheid en kies een school.",
            substitute=True,
        ),
        "shelter-share": share,
        "shelter-share-warning": shelter.SharePage(
            "/deel",
            "/terug",
            "Noor Haile",
            "Basisschool De Linde",
            "support_advice",
            "Wat helpt uw kind",
            "stap",
            FIELDS,
            attestations=(BSN,),
            form=wrong(
                language, {"field-what_helps": "content.maybe_bsn"}, **{"field-what_helps": "111222333"}
            ),
        ),
        "shelter-share-refused": shelter.SharePage(
            "/deel",
            "/terug",
            "Noor Haile",
            "Basisschool De Linde",
            "child_health",
            "Gezondheid",
            "stap",
            FIELDS[:1],
            refused=RefusedPart("Gezondheid", "De ouder zei nee tegen dit onderwerp.", "not_every_holder"),
        ),
        "shelter-share-blocked": shelter.SharePage(
            "/deel",
            "/terug",
            "Noor Haile",
            "Basisschool De Linde",
            "parent_circumstances",
            "Uw eigen situatie",
            "stap",
            FIELDS[:1],
            about=(Option("g1", "Selam Haile"), Option("g2", "Daniel Tesfay")),
            blocked=RefusedPart("Uw eigen situatie", "Alleen de ouder over wie dit gaat, kan ja zeggen."),
        ),
        "shelter-shared-by-school": shelter.SharedBySchoolPage(
            "/vraag", "/", "Noor Haile", "Basisschool De Linde", PURPOSES[:4], RELEASED
        ),
        "shelter-written": shelter.WrittenPage(
            "/",
            "Noor Haile",
            (shelter.WrittenLine("Wat helpt uw kind", AT, "Anouk Jansen", "Staat klaar.", "/terughalen"),),
        ),
        "shelter-retract": shelter.RetractPage(
            "/terughalen", "/", "Noor Haile", "Basisschool De Linde", "Wat helpt uw kind", AT
        ),
        "shelter-written-nothing": shelter.WrittenPage("/", "Noor Haile", ()),
        "shelter-substitute": shelter.SubstitutePage("/vervang", "/"),
        "shelter-set-pin": shelter.SetPinPage(
            "/pin", "/", wrong(language, {"pin_again": "form.pin_differs"})
        ),
        "shelter-tasks": shelter.TasksPage(TASKS, "/"),
        **invitation_examples(language, CONTACTS[1:]),
        "shelter-end-relationship": shelter.EndRelationshipPage(
            "/einde", "/", "Noor Haile", "Basisschool De Linde"
        ),
        "shelter-pass-on": shelter.PassOnPage(
            "/stoppen",
            "/",
            (Option("g1", "Selam Haile"), Option("g2", "Daniel Tesfay")),
            (shelter.GivenAnswers("Noor Haile", "Basisschool De Linde", (Option("r1.t1", "Wie belt wie"),)),),
            wrong(language, {"keys": "form.choose"}),
        ),
        "shelter-hand-over": shelter.HandOverPage(
            "/tablet",
            "/",
            (Option("g1", "Selam Haile"), Option("g2", "Daniel Tesfay")),
            (Option("nl", "Nederlands"), Option("en", "English")),
        ),
        **receipt_examples(),
        **contact_examples(language),
        **meeting_examples(language),
        **start_examples(language),
        **signal_examples(language),
        **emergency_examples(language),
    }


def _school(language: str) -> dict[str, View]:
    links = (Option("/w/1", "Niet op school"), Option("/w/2", "Hoe het gaat op school"))
    closed = school.RelationshipPage(
        "/vraag",
        "/",
        "Noor Haile",
        date(2018, 3, 7),
        "Opvang Het Baken",
        "013 000 00 99",
        PURPOSES,
        links,
        "/geschreven",
    )
    return {
        "school-children": school.ChildrenPage(
            "Basisschool De Linde",
            (
                school.ChildLine("/k/1", "Noor Haile", date(2018, 3, 7), "Opvang Het Baken"),
                school.ChildLine("/k/2", "Naomi Haile", date(2018, 3, 7), "Opvang Het Baken"),
            ),
            TASKS,
        ),
        "school-children-none": school.ChildrenPage("Basisschool De Linde", ()),
        "school-relationship": closed,
        "school-relationship-released": school.RelationshipPage(
            "/vraag",
            "/",
            "Noor Haile",
            date(2018, 3, 7),
            "Opvang Het Baken",
            "013 000 00 99",
            PURPOSES,
            links,
            "/geschreven",
            RELEASED,
        ),
        "school-nothing-opened": school.NothingOpenedPage(
            "/", ReleasedPart("support", AT, refused=(RefusedPart("Wat helpt uw kind", "Niet beschikbaar."),))
        ),
        "school-relationship-nothing": school.RelationshipPage(
            "/vraag",
            "/",
            "Noor Haile",
            date(2018, 3, 7),
            "Opvang Het Baken",
            "013 000 00 99",
            (),
            (),
            "/geschreven",
            ReleasedPart("safety", AT),
        ),
        "school-write": school.WritePage(
            "/schrijf",
            "/",
            "Noor Haile",
            "Opvang Het Baken",
            "wellbeing_at_school",
            "Hoe het gaat op school",
            FIELDS,
        ),
        "school-written": school.WrittenPage(
            "/", "Noor Haile", (school.WrittenLine("Niet op school", AT, date(2027, 8, 1)),)
        ),
    }
