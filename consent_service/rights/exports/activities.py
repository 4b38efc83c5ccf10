"""Under which processing activity an entry falls (AVG 30), and how a register names it. Pure.

The shelter's own register of processing activities describes each of them; docs/EXPORTS.md lists what
this service does under which name.
"""

from __future__ import annotations

from typing import Literal, assert_never

from consent_service.audit.events import (
    AccountabilityEvent,
    AfterwardsEvent,
    BreachEvent,
    CarryingEvent,
    CaseEvent,
    ConsentEvent,
    EmergencyEvent,
    ErasureEvent,
    Event,
    FamilyEvent,
    FamilySearched,
    FiguresPublished,
    GuardianSafetyAssessed,
    IdentityViewed,
    KeyEvent,
    LogEvent,
    MarkerDecided,
    MarkerEnded,
    MarkerRequested,
    MeetingEvent,
    NoticeEvent,
    OrganisationEvent,
    PersonSought,
    PolicyEvent,
    RecordEvent,
    RetentionEvent,
    ReviewEvent,
    SafetyAssessed,
    SessionEvent,
    SignalEvent,
    WhoEvent,
)

Activity = Literal[
    "samenwerking",
    "gezin",
    "veiligheid",
    "noodgeval",
    "inzage",
    "toestemming",
    "delen",
    "inloggen",
    "logboek",
    "sleutels",
    "spelregels",
    "verantwoording",
    "verzoeken",
    "datalekken",
    "wissen",
]
_SAFETY = (SafetyAssessed, GuardianSafetyAssessed, MarkerRequested, MarkerDecided, MarkerEnded)
_LOOKING = (IdentityViewed, FamilySearched, PersonSought)


def activity_of(event: Event) -> Activity:
    """The activity in the register under which this was done."""
    if isinstance(event, FamilyEvent):
        if isinstance(event, _SAFETY):
            return "veiligheid"
        return "inzage" if isinstance(event, _LOOKING) else "gezin"
    if isinstance(event, AfterwardsEvent):
        return "samenwerking" if isinstance(event, FiguresPublished) else "gezin"
    if isinstance(event, OrganisationEvent):
        return "samenwerking"
    if isinstance(event, ConsentEvent):
        return "toestemming"
    if isinstance(event, RecordEvent | MeetingEvent | SignalEvent | NoticeEvent):
        return "delen"
    if isinstance(event, SessionEvent | WhoEvent):
        return "inloggen"
    if isinstance(event, LogEvent | ReviewEvent):
        return "inzage" if isinstance(event, _LOOKING) else "logboek"
    if isinstance(event, KeyEvent):
        return "sleutels"
    if isinstance(event, PolicyEvent):
        return "spelregels"
    if isinstance(event, BreachEvent):
        return "datalekken"
    if isinstance(event, AccountabilityEvent):
        return "verantwoording"
    if isinstance(event, CarryingEvent | CaseEvent):
        return "verzoeken"
    if isinstance(event, ErasureEvent | RetentionEvent):
        return "wissen"
    if isinstance(event, EmergencyEvent):
        return "noodgeval"
    assert_never(event)


def activity_id(register: str, activity: Activity) -> str:
    """The URI of an activity below the register's own address."""
    return f"{register.rstrip('/')}/{activity}"


def own_register(host: str) -> str:
    """Where no register is named: a tag URI (RFC 4151) for the list in docs/EXPORTS.md, at this host."""
    return f"tag:{host},2026:verwerkingen/v1"
