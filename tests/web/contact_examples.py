"""Example views of contact lists, of their confirmation and of who left, with invented people only."""

from __future__ import annotations

from datetime import date

from consent_service.web.components import Option
from consent_service.web.contact_views import AwayPage
from consent_service.web.officer import leaving_views as leaving
from consent_service.web.pages import View
from consent_service.web.school import views as school
from consent_service.web.shelter import contacts_views as contacts
from consent_service.web.shelter import views as shelter
from tests.web.family_examples import wrong

SCHOOL_HITS = (
    shelter.SchoolHit("/s/1", "12AB00", "Basisschool De Linde", "Kerkstraat 4", "Tilburg", agreement=True),
    shelter.SchoolHit("/s/2", "34CD01", "Basisschool De Linde", "Lindelaan 110", "Goirle", agreement=False),
)

WEEK = ("mon", "tue", "wed", "thu", "fri")
JOKE = shelter.ContactOption("s2", "Joke Smit", "teacher", ("thu", "fri"))


def contact_examples(language: str) -> dict[str, View]:
    """One example per view, and the ones that look different."""
    return {
        "shelter-contacts": contacts.ContactsPage(
            "/contacten",
            "/",
            "Noor Haile",
            "Basisschool De Linde",
            (_line("Marieke van den Broek", "s1"), _line("Dirk de Vries", "s3", "Marieke van den Broek")),
            (JOKE,),
            replaceable=(Option("s1", "Marieke van den Broek"),),
            attest_action="/bevestigen",
        ),
        "shelter-contacts-asked": contacts.ContactsPage(
            "/contacten",
            "/",
            "Noor Haile",
            "Basisschool De Linde",
            (
                _line("Marieke van den Broek", "s1", state="asked", away=date(2026, 9, 18)),
                _line("Dirk de Vries", "s3", "", state="lapsed", deputy=True),
            ),
            (JOKE,),
            wrong(language, {"still": "form.choose", "deputy_for": "contact_to_replace"}),
            replaceable=(Option("s1", "Marieke van den Broek"),),
            attest_action="/bevestigen",
        ),
        "shelter-contacts-none": contacts.ContactsPage(
            "/contacten", "/", "Noor Haile", "Basisschool De Linde", (), ()
        ),
        "shelter-away": AwayPage(
            "/afwezig", "/", "Noor Haile", "Marieke van den Broek", date(2026, 9, 18), has_deputy=True
        ),
        "school-away": AwayPage(
            "/afwezig",
            "/",
            "Noor Haile",
            "",
            None,
            has_deputy=False,
            form=wrong(language, {"until": "contact_away_until"}),
        ),
        "school-attest": school.AttestPage(
            "/bevestigen",
            "/",
            "Opvang Het Baken",
            (
                school.AskedChild("still-1", "Noor Haile", date(2018, 3, 7)),
                school.AskedChild("still-2", "Naomi Haile", date(2018, 3, 7)),
            ),
            wrong(language, {"still-2": "form.choose"}),
        ),
        "school-children-asked": school.ChildrenPage(
            "Basisschool De Linde",
            (school.ChildLine("/k/1", "Noor Haile", date(2018, 3, 7), "Opvang Het Baken", stands_in=True),),
            attest_href="/bevestigen",
        ),
        "officer-school-staff": leaving.SchoolStaffPage(
            (
                leaving.SchoolGroup(
                    "Basisschool De Linde",
                    (
                        leaving.PersonLine("Marieke van den Broek", "contact", "/weg/1"),
                        leaving.PersonLine("Joke Smit", "teacher", "/weg/2"),
                    ),
                ),
            )
        ),
        "officer-school-staff-none": leaving.SchoolStaffPage(()),
        "officer-leaving": leaving.LeavingPage(
            "/weg", "/", "Marieke van den Broek", "Basisschool De Linde", 3
        ),
    }


def _line(
    name: str,
    value: str,
    whom: str = "",
    *,
    state: contacts.ContactState | None = None,
    away: date | None = None,
    deputy: bool = False,
) -> contacts.ContactLine:
    return contacts.ContactLine(
        name,
        "contact",
        WEEK,
        "/weg",
        "/bekend",
        value,
        deputy or bool(whom),
        whom,
        state or ("waits" if whom else "reads"),
        away,
        "/afwezig",
    )
