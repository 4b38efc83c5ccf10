"""For `test_isolation`: attempts at starts, calls and signals of another shelter."""

from __future__ import annotations

from consent_service.families.model import SchoolConfirmation
from consent_service.foundation.ids import RelationshipId, TypeKey
from consent_service.identity.model import SchoolStaff
from tests.organisations.log_attempts import Attempt
from tests.shelter import LINDE, World

SUPPORT = TypeKey("support_advice")
CONFIRMED = SchoolConfirmation(LINDE.establishment_code, LINDE.street, LINDE.phone)


def signal_attempts(own: World, other: World, at: RelationshipId) -> dict[str, Attempt]:
    """The second shelter's people, at a relationship of the first."""
    starts, signals, routing = other.services.starts, other.services.signals, other.services.signal_routing
    who, school = other.counsellor, SchoolStaff(other.tenant, own.contact.staff, own.linde, "contact")
    return {
        "starts.send_first_contact": lambda: starts.send_first_contact(who, at, CONFIRMED),
        "starts.first_contact": lambda: starts.first_contact(who, at),
        "starts.call_card": lambda: starts.call_card(who, at, "support"),
        "starts.note_call": lambda: starts.note_call(who, at, "director", [SUPPORT]),
        "starts.calls": lambda: starts.calls(who, at),
        "starts.tells_itself": lambda: starts.tells_itself(who, at, [SUPPORT]),
        "starts.seen_at_school": lambda: starts.seen_at_school(school, at),
        "starts.confirm_pupil": lambda: starts.confirm_pupil(school, at),
        "starts.read_who_helps": lambda: starts.read_who_helps(school, at),
        "starts.ticked": lambda: starts.ticked(school, at),
        "starts.tick": lambda: starts.tick(school, at, ["gate"]),
        "signals.send": lambda: signals.send(who, at),
        "signals.outlook": lambda: signals.outlook(who, at),
        "signals.sent": lambda: signals.sent(who, at),
        "signals.recipient": lambda: signals.recipient(who, at),
        "signals.called": lambda: signals.called(who, at, "director"),
        "signal_routing.place_school": lambda: routing.place_school(other.officer, own.linde, "zuid"),
    }
