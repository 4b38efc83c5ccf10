"""Which entries of the log give somebody something to do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from consent_service.audit.events import (
    BreachMoved,
    BreakGlassAsked,
    BreakGlassMoved,
    CompetenceJudged,
    ConflictDeclared,
    ConsentGiven,
    ConsentLater,
    ConsentObjected,
    ConsentOpinion,
    ConsentRefused,
    ConsentResumed,
    ConsentSuspended,
    ConsentWithdrawn,
    ContactAttested,
    ContactLapsed,
    ContactListed,
    ContactRemoved,
    DutyArose,
    Event,
    IntakeFinished,
    InvitationEnded,
    KeyDestroyed,
    KeyDestroyedOnOrder,
    MarkerDecided,
    MarkerEnded,
    MarkerRequested,
    NoticeBounced,
    NoticeNotSent,
    PageRefused,
    PatternSeen,
    PupilDisowned,
    RecordShared,
    RectificationAsked,
    ReminderDue,
    SampleDrawn,
    SampleJudged,
    SignalCalled,
    SignalGone,
    SignalRead,
    SignalSent,
    SignalUnread,
    SubstituteAccess,
    WrongInformationReported,
)
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import EntryId, FamilyId, PersonId, RelationshipId, TypeKey

ReminderKind = Literal[
    "consent_ends",
    "consent_ended",
    "oral_unconfirmed",
    "oral_ended",
    "birthday_notice",
    "birthday",
    "birthday_alone",
    "authority_unknown",
    "authority_ends",
    "safety_review",
    "court_order_ends",
    "marker_review",
    "recall_unanswered",
    "recall_long_unanswered",
    "contact_attestation",
    "meldcode_postponed",
]
"""Which date is near or has come; see `process.calendar`."""
TaskKind = (
    Literal[
        "objection_to_judge",
        "talk_with_child",
        "intake_again",
        "second_approval",
        "substitute_review",
        "ask_again",
        "look_into_wrong",
        "marker_to_approve",
        "breach_to_assess",
        "contact_needed",
        "code_in_other_hands",
        "competence_to_look_at",
        "pattern_to_look_at",
        "release_to_review",
        "sample_to_review",
        "contact_lapsed",
        "contact_stepped_off",
        "invitation_declined",
        "notice_failed",
        "break_glass_to_approve",
        "break_glass_to_confirm",
        "break_glass_to_review",
        "parent_to_tell",
        "break_glass_wrong",
        "call_the_school",
        "pass_on_signal",
    ]
    | ReminderKind
)
Audience = Literal["privacy_coordinator", "counsellor", "approver"]

TITLES: dict[TaskKind, str] = {
    "objection_to_judge": N_("Een ouder maakt bezwaar. Beoordeel dit en wijs op artikel 1:253a BW."),
    "talk_with_child": N_("Het kind zegt nee. Praat met het kind."),
    "intake_again": N_("De ouder kon nu niet kiezen. Plan het gesprek opnieuw."),
    "second_approval": N_("Een collega vraagt uw goedkeuring voordat dit gedeeld wordt."),
    "substitute_review": N_("Iemand viel in bij een gezin. Kijk of dat nodig was."),
    "ask_again": N_("De tekst was fout, het antwoord telt niet. Stel de vraag opnieuw."),
    "look_into_wrong": N_("Iemand meldt dat dit niet klopt. Bespreek het en verbeter het."),
    "marker_to_approve": N_("Een collega vraagt een ouder niet te benaderen. Beoordeel dit."),
    "breach_to_assess": N_("De school zegt: geen leerling van ons. Beoordeel of dit een datalek is."),
    "contact_needed": N_(
        "De contactpersoon kent het gezin en er is geen vervanger. Zoek een andere contactpersoon."
    ),
    "code_in_other_hands": N_("Iemand probeert een code vaak. Bel deze ouder en maak een nieuwe code."),
    "competence_to_look_at": N_("Een kind kan nu niet meebeslissen. Kijk of dat oordeel klopt."),
    "pattern_to_look_at": N_("Er valt iets op in hoe toestemming wordt gevraagd. Kijk ernaar."),
    "sample_to_review": N_("Steekproef van deze week: kijk of wat er gebeurde in orde was."),
    "contact_lapsed": N_("Een contactpersoon is niet bevestigd en ziet niets meer. Vraag wie het nu is."),
    "notice_failed": N_("Een bericht kon niet worden verstuurd. Bel zelf, en kijk of het adres klopt."),
    "contact_stepped_off": N_("Een contactpersoon is dat niet meer. Kijk wie het nu is."),
    "release_to_review": N_("Er is iets gegeven op een uitzondering. Kijk of dat terecht was."),
    "break_glass_to_approve": N_("Noodgeval: een collega vraagt of de school iets mag lezen. Beslis nu mee."),
    "break_glass_to_confirm": N_("Noodgeval: bevestig wat u door de telefoon goedvond."),
    "break_glass_to_review": N_("Noodgeval: kijk of het nodig was dat de school dit las."),
    "break_glass_wrong": N_(
        "Noodgeval: het was niet nodig of niet goedgevonden. Beoordeel of dit een datalek is."
    ),
    "parent_to_tell": N_("Noodgeval: vertel de ouder wat de school heeft gelezen en waarom."),
    "meldcode_postponed": N_("Een meldcode is nog niet open voor de ouders. Kijk of dat nog nodig is."),
    "invitation_declined": N_(
        "Een uitnodiging kwam bij de verkeerde persoon. Bel de school en nodig opnieuw uit."
    ),
    "call_the_school": N_("Een zorgsignaal is nog niet gelezen. Bel de school."),
    "pass_on_signal": N_("Een zorgsignaal gaat niet rechtstreeks. Bel wie het doorgeeft."),
    "consent_ends": N_("Een toestemming loopt bijna af. Vraag opnieuw als dat nodig is."),
    "consent_ended": N_("Een toestemming is afgelopen. Er wordt niets meer gedeeld."),
    "oral_unconfirmed": N_("Een mondeling ja is nog niet bevestigd. Laat de ouder tekenen."),
    "oral_ended": N_("Een mondeling ja is niet bevestigd en telt niet meer. Stel de vraag opnieuw."),
    "birthday_notice": N_("Een kind mag na de verjaardag meebeslissen. Bereid het gesprek voor."),
    "birthday": N_("Een kind beslist vanaf nu mee. Vraag het kind wat het wil."),
    "birthday_alone": N_("Een jongere beslist vanaf nu zelf. Geef een eigen pagina en stel de vragen."),
    "authority_unknown": N_("Het gezag van een ouder is niet bekend. Zoek het uit en leg het vast."),
    "authority_ends": N_("Vastgelegd gezag loopt bijna af. Zoek uit wie daarna beslist."),
    "safety_review": N_("De veiligheid moet opnieuw bekeken worden."),
    "court_order_ends": N_("Een uitspraak van de rechter loopt bijna af. Bekijk de veiligheid opnieuw."),
    "marker_review": N_("Een ouder wordt niet benaderd. Bekijk of dat nog nodig is."),
    "contact_attestation": N_("Een nieuwe schoolperiode is begonnen. Bevestig wie nog contactpersoon is."),
    "recall_unanswered": N_("De school heeft niet geantwoord op het terugroepen. Bel de school."),
    "recall_long_unanswered": N_(
        "Een school antwoordt al twee weken niet op terugroepen. Spreek het bestuur aan."
    ),
}
"""What the task asks, as a sentence to translate."""

CONTACT_TASKS: Final[frozenset[TaskKind]] = frozenset(
    {"contact_attestation", "contact_lapsed", "contact_needed", "contact_stepped_off"}
)
"""Tasks that are done on a contact list."""
SIGNAL_TASKS: Final[frozenset[TaskKind]] = frozenset({"call_the_school", "pass_on_signal"})
"""Tasks about a signal, done once somebody heard it, was called, or it is no more; never ticked off."""
SAMPLE_TASKS: Final[frozenset[TaskKind]] = frozenset({"sample_to_review"})
"""Done once every entry of the sample was judged; never ticked off."""
ONCE: Final[frozenset[TaskKind]] = frozenset(
    TITLES.keys() - {"second_approval", "intake_again", "substitute_review"}
)
"""Tasks that nobody gets twice at a time about the same family, child at a school, type and person."""

_FRIDAY: Final = 4
_REMINDERS: Final[dict[str, ReminderKind]] = {kind: kind for kind in get_args(ReminderKind)}


class NewTask(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to do for whoever has this audience."""

    kind: TaskKind
    audience: Audience
    family: FamilyId | None = None
    relationship: RelationshipId | None = None
    information_type: TypeKey | None = None
    person: PersonId | None = None
    due_on: date | None = None


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Open tasks of these kinds that are no longer needed; what is None may be anything."""

    kinds: frozenset[TaskKind]
    family: FamilyId | None = None
    relationship: RelationshipId | None = None
    information_type: TypeKey | None = None
    person: PersonId | None = None


class Task(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A task as its audience sees it; ids only, names come from the pages that may show them."""

    task: str
    kind: TaskKind
    audience: Audience
    family: FamilyId | None
    relationship: RelationshipId | None
    entry: EntryId
    created_at: datetime
    information_type: TypeKey | None = None
    person: PersonId | None = None
    due_on: date | None = None


def tasks_from(
    event: Event,
    *,
    second_approver: frozenset[str],
    day: date,
    subject: PersonId | None = None,
    by_child: bool = False,
    unasked: bool = False,
) -> tuple[NewTask, ...]:
    """What has to be done because of one event of this `day`; most events ask nothing.

    `second_approver` are the information types that a second person must approve, `subject` is whom the
    entry is about, `by_child` that a child spoke: its no is talked about at any age (S10), `unasked` that no
    counsellor did it: a contact stepped off, or left the school.
    """
    if isinstance(event, BreakGlassAsked | BreakGlassMoved):
        return _of_emergency(event, day)
    match event:
        case ConsentRefused(relationship=relationship) if by_child:
            return (NewTask("talk_with_child", "counsellor", relationship=relationship),)
        case ContactRemoved(relationship=relationship) if unasked:
            return (NewTask("contact_stepped_off", "counsellor", relationship=relationship),)
        case RecordShared(information_type=kind, relationship=relationship) if kind in second_approver:
            return (NewTask("second_approval", "approver", relationship=relationship),)
        case ConsentSuspended(standing=True, relationship=relationship, information_type=kind):
            return (NewTask("ask_again", "counsellor", None, relationship, kind, subject),)
        case DutyArose(duty="officer_review", relationship=relationship, information_type=kind):
            due = next_working_day(day)
            return (
                NewTask("release_to_review", "privacy_coordinator", None, relationship, kind, due_on=due),
            )
        case NoticeNotSent(code="gave_up") | NoticeBounced():
            return _of_notice(event)
        case ReminderDue():
            return _of_reminder(event)
        case _:
            return _to_look_at(event) or _to_do_with_family(event)


def _of_emergency(event: BreakGlassAsked | BreakGlassMoved, day: date) -> tuple[NewTask, ...]:
    """A second person, the review on the next working day, a parent to tell unless unsafe (S29)."""
    about, due = event.relationship, next_working_day(day)
    review = NewTask("break_glass_to_review", "privacy_coordinator", None, about, due_on=due)
    tell = NewTask("parent_to_tell", "counsellor", None, about, due_on=due)
    match event:
        case BreakGlassAsked(approver=None):
            return (NewTask("break_glass_to_approve", "approver", relationship=about),)
        case BreakGlassAsked(approver=approver, untold=untold):
            person = None if approver is None else PersonId(approver)
            confirm = NewTask("break_glass_to_confirm", "approver", None, about, None, person, due)
            return (confirm, review) if untold else (confirm, review, tell)
        case BreakGlassMoved(act="approve", code=code):
            return (review,) if code == "untold" else (review, tell)
        case BreakGlassMoved(act="deny") | BreakGlassMoved(act="review", code="not_justified"):
            return (NewTask("break_glass_wrong", "privacy_coordinator", relationship=about),)
        case _:
            return ()


def _to_do_with_family(event: Event) -> tuple[NewTask, ...]:
    """What the counsellor of the family does."""
    match event:
        case ConsentOpinion(opinion="no", relationship=relationship):
            return (NewTask("talk_with_child", "counsellor", relationship=relationship),)
        case IntakeFinished(outcome="not_now", family=family):
            return (NewTask("intake_again", "counsellor", family=family),)
        case WrongInformationReported(relationship=relationship, information_type=kind, person=person):
            return (NewTask("look_into_wrong", "counsellor", None, relationship, kind, person),)
        case RectificationAsked(relationship=relationship, information_type=kind):
            return (NewTask("look_into_wrong", "counsellor", None, relationship, kind),)
        case SignalUnread(relationship=relationship):
            return (NewTask("call_the_school", "counsellor", relationship=relationship),)
        case SignalSent(relationship=relationship, route="attendance_officer" | "veilig_thuis"):
            return (NewTask("pass_on_signal", "counsellor", relationship=relationship),)
        case ConflictDeclared(relationship=relationship, deputies=0):
            return (NewTask("contact_needed", "counsellor", relationship=relationship),)
        case ContactLapsed(relationship=relationship, staff=member):
            person = PersonId(member)
            return (NewTask("contact_lapsed", "counsellor", relationship=relationship, person=person),)
        case InvitationEnded(code="declined", inviter=inviter) if inviter is not None:
            return (NewTask("invitation_declined", "counsellor", person=PersonId(inviter)),)
        case PageRefused(code="many_tries", person=person, family=family):
            return (NewTask("code_in_other_hands", "counsellor", family=family, person=person),)
        case _:
            return ()


def _to_look_at(event: Event) -> tuple[NewTask, ...]:
    """What the privacy coordinator or a second pair of eyes judges."""
    match event:
        case ConsentObjected(relationship=relationship):
            return (NewTask("objection_to_judge", "privacy_coordinator", relationship=relationship),)
        case SubstituteAccess(family=family):
            return (NewTask("substitute_review", "privacy_coordinator", family=family),)
        case MarkerRequested(family=family, guardian=guardian):
            return (NewTask("marker_to_approve", "approver", family=family, person=guardian),)
        case PupilDisowned(relationship=relationship):
            return (NewTask("breach_to_assess", "privacy_coordinator", relationship=relationship),)
        case CompetenceJudged(competent=False, child=child):
            return (NewTask("competence_to_look_at", "privacy_coordinator", person=child),)
        case InvitationEnded(code="declined", inviter=None):
            return (NewTask("invitation_declined", "privacy_coordinator"),)
        case PatternSeen():
            return (NewTask("pattern_to_look_at", "privacy_coordinator"),)
        case SampleDrawn(officer=officer, week=week):
            about, due = PersonId(officer), week + timedelta(days=13)
            return (NewTask("sample_to_review", "privacy_coordinator", person=about, due_on=due),)
        case _:
            return ()


def settled_by(event: Event, *, subject: PersonId | None = None) -> tuple[Settled, ...]:
    """Which open tasks an event makes pointless, so that a list holds only what is still to be done."""
    match event:
        case ConsentGiven() | ConsentRefused() | ConsentLater() | ConsentWithdrawn():
            about = (None, event.relationship, event.information_type, subject)
            only_said = event.method == "oral" and isinstance(event, ConsentGiven | ConsentLater)
            return (Settled((_ASKED - _SAID_ALOUD if only_said else _ASKED) | {"ask_again"}, *about),)
        case ConsentResumed(standing=True, relationship=relationship, information_type=kind):
            return (Settled(frozenset({"ask_again"}), None, relationship, kind, subject),)
        case BreachMoved(act="report" | "leave_unreported", relationship=relationship) if relationship:
            return (Settled(_OF_BREACH, relationship=relationship),)
        case BreakGlassMoved(act=act, relationship=relationship):
            return (Settled(_ENDED_BY.get(act, frozenset()), relationship=relationship),)
        case SampleJudged(officer=officer, left=0):
            return (Settled(frozenset({"sample_to_review"}), person=PersonId(officer)),)
        case CompetenceJudged(competent=True, child=child):
            return (Settled(frozenset({"competence_to_look_at"}), person=child),)
        case ContactAttested(relationship=relationship, staff=member):
            return (Settled(_OF_CONTACT, relationship=relationship, person=PersonId(member)),)
        case ContactRemoved(relationship=relationship, staff=member):
            return (Settled(_OF_CONTACT, relationship=relationship, person=PersonId(member)),)
        case ContactListed(relationship=relationship) | ConflictDeclared(relationship=relationship):
            return (Settled(_NOBODY_LEFT, relationship=relationship),)
        case ContactLapsed(relationship=relationship, staff=member):
            asked: frozenset[TaskKind] = frozenset({"contact_attestation"})
            return (Settled(asked, relationship=relationship, person=PersonId(member)),)
        case SignalRead() | SignalCalled() | SignalGone():
            return (Settled(SIGNAL_TASKS, relationship=event.relationship),)
        case MarkerDecided(family=family, guardian=guardian):
            return (Settled(frozenset({"marker_to_approve"}), family, person=guardian),)
        case MarkerEnded(family=family, guardian=guardian):
            about_marker: frozenset[TaskKind] = frozenset({"marker_to_approve", "marker_review"})
            return (Settled(about_marker, family, person=guardian),)
        case KeyDestroyed(kind="relationship") | KeyDestroyedOnOrder(kind="relationship"):
            return (Settled(_ABOUT_CONTENT, relationship=RelationshipId(event.owner)),)
        case ReminderDue(kind="consent_ended" | "oral_ended"):
            near: frozenset[TaskKind] = frozenset({"consent_ends", "oral_unconfirmed"})
            return (Settled(near, None, event.relationship, event.information_type, event.person),)
        case _:
            return ()


_ENDED_BY: Final[Mapping[str, frozenset[TaskKind]]] = {
    **dict.fromkeys(("approve", "refuse", "drop"), frozenset[TaskKind]({"break_glass_to_approve"})),
    **dict.fromkeys(("confirm", "deny"), frozenset[TaskKind]({"break_glass_to_confirm"})),
    "tell": frozenset({"parent_to_tell"}),
    "review": frozenset({"break_glass_to_review", "release_to_review"}),
}
"""The tasks that each act about a break-glass ends."""
_OF_BREACH: Final[frozenset[TaskKind]] = frozenset({"breach_to_assess", "break_glass_wrong"})
"""Tasks to judge whether it is a breach, done once that was decided in the register."""
_OF_CONTACT: Final[frozenset[TaskKind]] = frozenset({"contact_attestation", "contact_lapsed"})
"""Tasks about whether somebody still is a contact."""
_ABOUT_CONTENT: Final[frozenset[TaskKind]] = frozenset({"look_into_wrong", "second_approval", "ask_again"})
"""Tasks about what was shared or may be, pointless once nobody can read or share it any more."""
_NOBODY_LEFT: Final[frozenset[TaskKind]] = frozenset({"contact_needed", "contact_stepped_off"})
"""Tasks to find somebody, done once somebody is listed."""
_ASKED: Final[frozenset[TaskKind]] = frozenset(
    {"consent_ends", "consent_ended", "oral_unconfirmed", "oral_ended"}
)
"""Tasks to ask somebody about a type, done once that person has said anything at all."""
_SAID_ALOUD: Final[frozenset[TaskKind]] = frozenset({"oral_unconfirmed", "oral_ended"})
"""Tasks that what is said aloud once more leaves open; only a no or a signature is the end of it."""


def next_working_day(day: date) -> date:
    """The first Monday to Friday after this day."""
    return day + timedelta(days=1 if day.weekday() < _FRIDAY else 7 - day.weekday())


def _of_notice(event: NoticeNotSent | NoticeBounced) -> tuple[NewTask, ...]:
    """Somebody calls instead; what is about no family is for whoever looks after the addresses."""
    if event.family is None and event.relationship is None:
        return (NewTask("notice_failed", "privacy_coordinator"),)
    return (NewTask("notice_failed", "counsellor", event.family, event.relationship),)


def _of_reminder(event: ReminderDue) -> tuple[NewTask, ...]:
    """A reminder of a kind that nobody knows asks nothing: an older service may read a newer log."""
    kind = _REMINDERS.get(event.kind)
    if kind is None:
        return ()
    about = (event.family, event.relationship, event.information_type, event.person, event.on)
    audience: Audience = "privacy_coordinator" if kind == "recall_long_unanswered" else "counsellor"
    return (NewTask(kind, audience, *about),)
