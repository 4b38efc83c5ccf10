"""Example views of driegesprekken, with invented people only."""

from __future__ import annotations

from datetime import UTC, date, datetime

from msgspec.structs import replace

from consent_service.process.meetings.states import MEETING
from consent_service.web.components import Option
from consent_service.web.forms import EMPTY, FormState
from consent_service.web.meetings import views
from consent_service.web.pages import View
from consent_service.web.shelter.views import ApprovalsPage, WaitingMeetingLine
from tests.web.family_examples import wrong

AT = datetime(2026, 9, 29, 12, tzinfo=UTC)
AGREED = (
    views.AgreementLine(
        "Elke dag even vragen hoe het gaat.", "school", date(2026, 10, 9), "open", "", "/x", "a1"
    ),
    views.AgreementLine("De huisarts bellen.", "parents", date(2026, 10, 9), "not_done", "no_time"),
)
REMARKS = (views.RemarkLine("Samira Haile", "Liever na de pauze.", True, AT),)


def meeting_examples(language: str) -> dict[str, View]:
    """One example per view, and the ones that look different."""
    line = views.MeetingLine("/", "Noor Haile", "planned", AT)
    return {
        "shelter-meetings": views.MeetingsPage(
            "/", "/", (line,), (Option("r1", "Noor Haile"),), (Option("m1", "Adam Haile"),)
        ),
        "shelter-meetings-none": views.MeetingsPage("/", "/", (), (), ()),
        "shelter-meeting-proposed": _meeting("proposed", form=wrong(language, {"agenda": "form.missing"})),
        "shelter-meeting-young": replace(_meeting("copied", agreed=True), child_decides=True),
        "shelter-meeting-young-proposed": replace(_meeting("proposed"), child_decides=True),
        "shelter-meeting-warned": _meeting("planned", warnings=("clash", "holiday"), twice=True),
        "shelter-meeting-held": _meeting("held"),
        "shelter-meeting-agreed": _meeting("agreed", agreed=True, refused=True),
        "shelter-meeting-copied": _meeting("copied", agreed=True, told=True),
        "shelter-approvals-meeting": ApprovalsPage(
            "/", (), meetings=(WaitingMeetingLine("Bo Begeleider", AT, "/"),)
        ),
        "school-meetings": views.SchoolMeetingsPage(
            "/", "/", "Noor Haile", (views.MeetingLine("", "", "planned", AT),)
        ),
        "school-meetings-none": views.SchoolMeetingsPage("/", "/", "Noor Haile", ()),
        "parent-page-meetings": views.OwnMeetingsPage(
            "/",
            "/",
            (views.OwnMeetingLine("Noor Haile", "agreed", AT, "Hoe gaat het?", AGREED, REMARKS, "m1"),),
        ),
        "parent-page-meetings-young": views.OwnMeetingsPage(
            "/",
            "/",
            (views.OwnMeetingLine("Yara Haile", "agreed", AT, "Hoe gaat het?", AGREED, (), "m1"),),
            young=True,
        ),
        "parent-page-meetings-none": views.OwnMeetingsPage("/", "/", ()),
    }


def _meeting(
    state: str,
    *,
    agreed: bool = False,
    warnings: tuple[str, ...] = (),
    told: bool = False,
    refused: bool = False,
    twice: bool = False,
    form: FormState = EMPTY,
) -> views.MeetingPage:
    return views.MeetingPage(
        base="/gesprekken/m1",
        back_href="/",
        child="Noor Haile",
        school="Basisschool De Linde",
        state=state,
        trigger="routine",
        starts_at=AT,
        agenda="Hoe gaat het in de klas?",
        acts=MEETING.acts_in(state),
        guardians=(Option("g1", "Samira Haile"),),
        contacts=(Option("s1", "Marieke van den Broek"),),
        agreements=AGREED if agreed else (),
        remarks=REMARKS if agreed else (),
        warnings=warnings,
        told=told,
        refused=refused,
        twice=twice,
        form=form,
    )
