"""For `test_isolation`: attempts at timelines, tasks and types of another shelter."""

from __future__ import annotations

from consent_service.families.model import FamilyView
from consent_service.foundation.ids import RelationshipId
from consent_service.identity.model import GuardianActor, SchoolStaff
from tests.organisations.log_attempts import Attempt
from tests.shelter import World


def timeline_attempts(own: World, other: World, view: FamilyView, at: RelationshipId) -> dict[str, Attempt]:
    """The second shelter's people, with a child of the first."""
    s = other.services
    school = SchoolStaff(other.tenant, own.contact.staff, own.linde, "contact")
    thief = GuardianActor(other.tenant, view.guardians[0].guardian, view.family)
    return {
        "timeline.of_child": lambda: s.timeline.of_child(
            other.counsellor, view.family, view.children[0].child
        ),
        "timeline.at_school": lambda: s.timeline.at_school(school, at),
        "timeline.own": lambda: s.timeline.own(thief),
        "letters.make": lambda: s.letters.make(
            other.counsellor, view.family, at, view.guardians[0].guardian, "leave"
        ),
        "to_do.at_school": lambda: s.to_do.at_school(school),
        "to_do.own": lambda: s.to_do.own(thief),
        "meetings.agreed_at_school": lambda: s.meetings.agreed_at_school(school, at),
        "release.readable_types": lambda: s.release.readable_types(school, at),
    }
