"""Example views of authority, safety, recalls and ends, with invented people only."""

from __future__ import annotations

from datetime import date

from consent_service.web.components import Option
from consent_service.web.pages import View
from consent_service.web.school import views as school
from consent_service.web.shelter import safety_views as safety
from consent_service.web.shelter import views as shelter
from tests.web.family_examples import AT, wrong


def safety_examples(language: str) -> dict[str, View]:
    """One example per view, and the ones that look different."""
    return {
        "shelter-guardian-safety": safety.GuardianSafetyPage(
            "/veilig", "/", "Selam Haile", wrong(language, {"review_on": "date_past"})
        ),
        "shelter-leave-out": safety.LeaveOutPage(
            "/niet-benaderen",
            "/",
            (Option("g1", "Selam Haile"), Option("g2", "Daniel Tesfay")),
            (
                safety.MarkerLine("Daniel Tesfay", "in_force", date(2026, 11, 1), "/stop/1"),
                safety.MarkerLine("Selam Haile", "waiting", date(2026, 11, 2), "/stop/2"),
            ),
            wrong(language, {"review_on": "marker_too_long"}),
        ),
        "shelter-leave-out-nobody": safety.LeaveOutPage(
            "/niet-benaderen", "/", (Option("g1", "Selam Haile"),), ()
        ),
        "shelter-succession": safety.SuccessionPage(
            "/opvolger",
            "/",
            "Noor Haile",
            "Basisschool De Linde",
            (Option("s1", "Basisschool De Eik, Tilburg"),),
            wrong(language, {"succession": "form.choose"}),
        ),
        "shelter-succession-none": safety.SuccessionPage(
            "/opvolger", "/", "Noor Haile", "Basisschool De Linde", ()
        ),
        "school-children-recalls": school.ChildrenPage(
            "Basisschool De Linde", (), recalls_href="/teruggeroepen", open_recalls=2
        ),
        "school-step-back": school.StepBackPage(
            "/klopt-niet", "/", "Noor Haile", wrong(language, {"wrong": "form.choose"})
        ),
        "school-recalls": school.RecallsPage(
            "/",
            "Opvang Het Baken",
            "013 000 00 99",
            (
                school.RecallLine("r1", "3F9A2C", "Ophalen", date(2026, 9, 1), "", "/weg/1", True),
                school.RecallLine("r2", "77B01D", "Postadres", date(2026, 8, 20), "kept", "/weg/2", False),
                school.RecallLine("r3", "0C55EE", "Verhuizing", date(2026, 8, 2), "done", "", False),
            ),
            "r1",
            wrong(language, {"recall_reason": "recall_reason_missing"}),
        ),
        "school-recalls-none": school.RecallsPage("/", "Opvang Het Baken", "013 000 00 99", ()),
        "shelter-record-authority": shelter.RecordAuthorityPage(
            "/gezag",
            "/",
            (Option("c1", "Noor Haile"), Option("c2", "Samuel Haile")),
            (Option("g1", "Selam Haile"), Option("g2", "Daniel Tesfay")),
        ),
        "shelter-end-family": shelter.EndFamilyPage(
            "/einde", "/", (shelter.SharedWith("Noor Haile", "Basisschool De Linde"),)
        ),
        "shelter-end-family-nothing": shelter.EndFamilyPage("/einde", "/", ()),
        "shelter-approvals": shelter.ApprovalsPage(
            "/",
            (shelter.ApprovalLine("Geweld thuis", "Basisschool De Linde", AT, "Bo Jansen", "/goedkeuren/1"),),
            markers=(shelter.WaitingMarkerLine("Bo Jansen", AT, date(2026, 11, 1), "/niet-benaderen/1"),),
        ),
        "shelter-approvals-none": shelter.ApprovalsPage("/", ()),
    }
