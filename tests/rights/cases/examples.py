"""A request for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from consent_service.foundation.ids import FamilyId, PersonId
from consent_service.rights.cases.model import Case

TODAY = date(2026, 11, 23)
A_CASE = Case(
    case="case",
    kind="access",
    state="identified",
    about="everybody",
    capacity="guardian",
    channel="page",
    standing="decides",
    family=FamilyId("family"),
    requester=PersonId("samira"),
    child=None,
    received_on=TODAY,
    due_on=date(2026, 12, 23),
    opened_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
    opened_by="samira",
    identity="page",
)
