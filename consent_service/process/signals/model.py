"""Starts, calls and care signals as values, and the rules about them that need no database."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import EntryId, RelationshipId, SchoolId, StaffId, TypeKey
from consent_service.organisations.model import is_phone
from consent_service.process.signals.school_days import REGIONS, Region
from consent_service.records.model import OpenedRecord
from consent_service.release.model import RefusedLine

Route = Literal["direct", "attendance_officer", "veilig_thuis"]
ROUTES: Final[tuple[Route, ...]] = get_args(Route)
SpokenTo = Literal["contact", "director", "administration", "teacher", "attendance_officer", "veilig_thuis"]
SPOKEN_TO: Final[tuple[SpokenTo, ...]] = get_args(SpokenTo)
AT_SCHOOL: Final[tuple[SpokenTo, ...]] = SPOKEN_TO[:4]
FirstDayItem = Literal[
    "parent_app", "class_list", "photos", "emergency_numbers", "transfer_file", "gate", "letters"
]
FIRST_DAY: Final[tuple[FirstDayItem, ...]] = get_args(FirstDayItem)
"""What a school looks after on the first day, so that nobody is found through it."""
FirstContactState = Literal["sent", "confirmed", "read", "closed"]
SignalState = Literal["sent", "unread", "read", "called", "gone"]

TALKING: Final[dict[str, str]] = {
    "shelter_involvement": N_("Ons gezin krijgt hulp van een organisatie. Waarom, vertel ik niet."),
    "contact_persons": N_("Wilt u iets weten? Bel mij, of de begeleider die ik noem."),
    "support_advice": N_("Dit helpt mijn kind als het moeilijk is in de klas."),
    "care_signal": N_("Mijn kind heeft vandaag extra aandacht nodig."),
    "current_domestic_violence": N_("Er gebeurt thuis iets dat niet goed is. Ik wil daar met u over praten."),
    "school_absence": N_("Is mijn kind er niet? Bel mij dan dezelfde dag."),
    "absence_reason": N_("Mijn kind was er niet. Dit is de reden die u mag weten."),
    "wellbeing_at_school": N_("Hoe gaat het met mijn kind in de klas? Vertel het mij."),
    "learning_progress": N_("Hoe gaat het leren? Waar kan ik mee helpen?"),
    "concerns": N_("Maakt u zich zorgen? Vertel het eerst aan mij."),
    "three_way_meeting": N_("Ik wil een gesprek met u en mijn begeleider samen."),
    "child_health": N_("Mijn kind heeft deze zorg of medicijnen nodig op school."),
    "parent_circumstances": N_("Dit wil ik over mezelf zeggen. Meer hoeft u niet te weten."),
    "other_support": N_("Deze mensen helpen mijn kind ook. U mag ze bellen."),
    "pickup": N_("Alleen deze mensen mogen mijn kind ophalen. Bel mij als u twijfelt."),
    "move_or_new_school": N_("Mijn kind gaat naar een andere school. Geef niet door waarheen."),
    "practical_needs": N_("Wij hebben spullen nodig voor school. Kunt u helpen?"),
    "authority": N_("Zo is het gezag geregeld. U kunt het bewijs bij mij zien."),
    "safe_contact": N_("U bereikt mij het best zo. Stuur niets naar een ander adres."),
    "child_voice": N_("Mijn kind wil zelf iets vertellen. Neem daar tijd voor."),
    "postal_address": N_("Post voor mij mag hierheen. Geef dit adres aan niemand."),
}
"""What a parent may say, in B1, per type; the type is a key of the catalogue (a test holds them together)."""


class FirstContact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the start with one school is."""

    relationship: RelationshipId
    state: FirstContactState
    sent_at: datetime
    confirmed_at: datetime | None
    read_at: datetime | None


class FirstContactSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sent; `told` contacts got word that something waits."""

    told: int


class FirstContactRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Not sent: the school may not even know of any help (S19). `sentence` tells the counsellor why."""

    information_type: TypeKey
    sentence: str


class CallCard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may be said to the school by phone at this moment, and what not; it ends with the page."""

    call: str
    records: tuple[OpenedRecord, ...]
    refused: tuple[RefusedLine, ...]
    shown_at: datetime


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call that was made: whom by function, about which types, when; never what was said."""

    spoken_to: SpokenTo
    types: tuple[TypeKey, ...]
    called_at: datetime


class CareSignal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A care signal as the counsellor follows it. `due_at`: when the school should have read it."""

    signal: str
    relationship: RelationshipId
    state: SignalState
    route: Route
    sent_at: datetime
    due_at: datetime
    gone_at: datetime
    read_at: datetime | None
    called_at: datetime | None


class SignalOutlook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a signal that is sent now would do: along which way, who hears it, until when.

    `hears_now` reads at this moment, `hears_then` at `due_at` (a deputy's working day may have begun).
    With `problems` nothing can be sent, and what is not known is None or empty.
    """

    setting: RouteSetting | None
    due_at: datetime | None
    gone_at: datetime | None
    hears_now: tuple[StaffId, ...]
    hears_then: tuple[StaffId, ...]
    problems: tuple[Problem, ...] = ()


class SignalSent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """On its way, along a route; `call_first` when the recipient has no login here and is called."""

    signal: str
    entry: EntryId
    due_at: datetime
    gone_at: datetime
    call_first: bool


class RouteSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Along which way the signals of one region go, and who receives them when that is not the school."""

    region: Region
    route: Route
    recipient: str
    phone: str


class SchoolRegion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """In which holiday region a school is; None when nobody said."""

    school: SchoolId
    name: str
    region: Region | None


_FREE: Final = re.compile(r"0800[ -]?[0-9]{4}")
"""A short free number, such as that of Veilig Thuis."""


def check_route(setting: RouteSetting) -> tuple[Problem, ...]:
    """Everything wrong with a route, at once: who is in between has a name and a number."""
    problems = []
    if setting.region not in REGIONS:
        problems.append(Problem("region", "form.choose"))
    if setting.route not in ROUTES:
        problems.append(Problem("route", "form.choose"))
    if setting.route != "direct" and not setting.recipient.strip():
        problems.append(Problem("recipient", "required"))
    if len(setting.recipient) > 120:
        problems.append(Problem("recipient", "too_long", {"max": "120"}))
    if setting.route != "direct" and not (is_phone(setting.phone) or _FREE.fullmatch(setting.phone.strip())):
        problems.append(Problem("phone", "phone_form"))
    return tuple(problems)
