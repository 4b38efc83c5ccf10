"""A personal data breach under AVG 33 and 34: what is written down, until when, and how it may end. Pure.

Nothing of families stands here but ids. Who could have seen what is `exposure`, how bad that is `risk`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.clock import AMSTERDAM, local_date, local_midnight
from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import EntryId, RelationshipId, StaffId
from consent_service.process.states import START, StateTable, Step
from consent_service.rights.breaches.risk import Level

BreachKind = Literal[
    "wrong_recipient",
    "lost_or_stolen_device",
    "account_misused",
    "leaked_backup",
    "wrong_person_saw",
    "other",
]
Source = Literal["desk", "disowned", "break_glass"]
"""Who said so: somebody at the desk, a contact (S12), or whoever looked back at an emergency."""
LateReason = Literal["still_looking", "known_later", "nobody_there", "overlooked"]
UnreportedGround = Literal["trusted_recipient", "unreadable", "nothing_seen", "no_personal_data"]
Untold = Literal["unreadable", "risk_gone"]
"""Why nobody is told though the risk is high: AVG 34(3)(a) and (b)."""
Measure = Literal[
    "access_closed",
    "account_closed",
    "device_blocked",
    "keys_replaced",
    "recalled",
    "recipient_deleted",
    "police_told",
    "people_warned",
    "working_method",
]
Consequence = Literal[
    "place_found", "help_known", "violence_known", "health_known", "identity_misused", "none"
]
QuestionKind = Literal["actor", "tablet", "backup", "entry", "period"]
Keys = Literal["none", "leaked", "unknown"]
"""Of a leaked backup: no keys went along, a backup of the keys did, or nobody knows."""

CLOCK: Final = timedelta(hours=72)
"""Real hours from the moment it was known, nights and weekends too (AVG 33(1))."""
WORDS: Final = 2000
"""Characters of each text."""
REFERENCE: Final = re.compile(r"[A-Za-z0-9 ./-]{0,40}")
"""The number the authority gave."""
_OLDEST: Final = date(2000, 1, 1)

BREACH: Final = StateTable(
    "breach",
    (
        Step(
            "open",
            START,
            "assessing",
            ("privacy_coordinator", "system"),
            "at the desk, or because a contact said so",
        ),
        Step("examine", "assessing", "assessing", ("privacy_coordinator",), "who could have seen what"),
        Step("weigh", "assessing", "assessing", ("privacy_coordinator",), "higher, or lower with a ground"),
        Step("describe", "assessing", "assessing", ("privacy_coordinator",)),
        Step("report", "assessing", "reported", ("privacy_coordinator",), "after 72 hours with the reason"),
        Step("leave_unreported", "assessing", "not_reported", ("privacy_coordinator",), "a risk is unlikely"),
        Step("look_again", "not_reported", "assessing", ("privacy_coordinator",)),
        Step("examine", "reported", "reported", ("privacy_coordinator",), "information in phases"),
        Step("weigh", "reported", "reported", ("privacy_coordinator",), "higher, or lower with a ground"),
        Step("describe", "reported", "reported", ("privacy_coordinator",)),
        Step(
            "tell", "reported", "told", ("privacy_coordinator",), "every letter was given, or not on a ground"
        ),
        Step("close", "reported", "closed", ("privacy_coordinator",), "the risk is not high"),
        Step("close", "not_reported", "closed", ("privacy_coordinator",)),
        Step("close", "told", "closed", ("privacy_coordinator",)),
    ),
)
OPEN: Final[tuple[str, ...]] = ("assessing", "reported", "not_reported", "told")


class NewBreach(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is entered at the desk. Moments are instants; `nature` is kept sealed."""

    kind: BreachKind
    discovered_at: datetime
    happened_from: date
    happened_until: date
    nature: str


class Breach(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One breach, without its words. The numbers are those of the moment it was decided."""

    breach: str
    kind: BreachKind
    source: Source
    state: str
    discovered_at: datetime
    opened_at: datetime
    opened_by: str | None = None
    happened_from: date | None = None
    happened_until: date | None = None
    source_entry: EntryId | None = None
    relationship: RelationshipId | None = None
    level: Level | None = None
    level_ground: str | None = None
    reported_at: datetime | None = None
    reference: str | None = None
    late_reason: LateReason | None = None
    unreported_ground: UnreportedGround | None = None
    untold: Untold | None = None
    measures: tuple[Measure, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    families: int | None = None
    children: int | None = None
    guardians: int | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    closed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def due_at(self) -> datetime:
        """Until when it is reported."""
        return self.discovered_at + CLOCK

    @property
    def was_late(self) -> bool:
        """Whether it was reported after the clock had run out."""
        return self.reported_at is not None and self.reported_at > self.due_at


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who could have seen what. `until` is the last day that counts.

    Of a backup `since` is the day it was made, and `until` that of the backup of the keys.

    `actor`: a member of staff or a contact. `device`: where counsellors worked (`identity.devices`).
    """

    kind: QuestionKind
    since: date | None = None
    until: date | None = None
    actor: StaffId | None = None
    device: str | None = None
    entry: EntryId | None = None
    keys: Keys = "unknown"


class Exam(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One question with what came of it; `dropped_at` when it was the wrong question.

    `seen`: entries that tell of something shown. `sessions`: open at some moment, of a tablet.
    `erased`: people in a leaked backup of whom nothing leads anywhere any more.
    """

    exam: str
    question: Question
    asked_at: datetime
    seen: int = 0
    certain: int = 0
    families: int = 0
    children: int = 0
    guardians: int = 0
    erased: int = 0
    records: int = 0
    sessions: int = 0
    types: tuple[str, ...] = ()
    secret: bool = False
    safety: str = "no_known_danger"
    dropped_at: datetime | None = None


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the clock says: whole hours left, or since it ran out; `stopped` once it was decided."""

    due_at: datetime
    hours: int
    late: bool
    stopped: bool


def clock_of(breach: Breach, now: datetime) -> Clock:
    """The 72 hours of a breach. Summer time changes nothing: hours are counted, not what a clock shows."""
    stopped = breach.state != "assessing"
    at = (breach.reported_at or breach.decided_at or now) if stopped else now
    left = breach.due_at - at
    hours = int(abs(left.total_seconds()) // 3600)
    return Clock(breach.due_at, hours, late=left < timedelta(0), stopped=stopped)


def instant_of(day: date, hour: int, minute: int) -> datetime | None:
    """A Dutch wall clock as an instant; None for an hour that was skipped. Of two it is the first:
    the clock then never starts too late."""
    naive = datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM)
    instant = naive.astimezone(UTC)
    back = instant.astimezone(AMSTERDAM)
    return instant if (back.hour, back.minute) == (hour, minute) else None


def check_new(new: NewBreach, *, now: datetime) -> list[Problem]:
    """Everything wrong with what was entered."""
    today = local_date(now)
    problems = [] if new.kind in get_args(BreachKind) else [Problem("breach_kind", "breach.choose_kind")]
    if new.discovered_at > now:
        problems.append(Problem("discovered", "date_future"))
    if new.happened_from > today:
        problems.append(Problem("happened_from", "date_future"))
    elif new.happened_from > local_date(new.discovered_at):
        problems.append(Problem("happened_from", "breach.known_before_it_happened"))
    if new.happened_until < new.happened_from:
        problems.append(Problem("happened_until", "breach.period_reversed"))
    elif new.happened_until > today:
        problems.append(Problem("happened_until", "date_future"))
    if new.happened_from < _OLDEST:
        problems.append(Problem("happened_from", "breach.too_long_ago"))
    return problems + check_words({"nature": new.nature}, required=("nature",))


def check_words(words: Mapping[str, str], *, required: tuple[str, ...] = ()) -> list[Problem]:
    """What is too long, or missing."""
    problems = [
        Problem(name, "too_long", {"max": str(WORDS)}) for name, text in words.items() if len(text) > WORDS
    ]
    return problems + [Problem(name, "required") for name in required if not words.get(name, "").strip()]


def check_question(asked: Question, *, now: datetime) -> list[Problem]:
    """Everything wrong with a question; ten years are fine, days to come are not."""
    needs = {
        "actor": ("seen_by", asked.actor is not None),
        "tablet": ("device", asked.actor is not None or asked.device is not None),
        "entry": ("entry_number", asked.entry is not None),
    }
    field, given = needs.get(asked.kind, ("question", asked.kind in get_args(QuestionKind)))
    problems = (
        [] if given else [Problem(field, "breach.choose_question" if field == "question" else "required")]
    )
    return problems + ([] if asked.kind == "entry" else _check_period(asked, local_date(now)))


def period_of(asked: Question) -> tuple[datetime, datetime]:
    """From the begin of the first day until the end of the last, as instants."""
    first = asked.since or _OLDEST
    return local_midnight(first), local_midnight((asked.until or first) + timedelta(days=1))


def _check_period(asked: Question, today: date) -> list[Problem]:
    if asked.since is None:
        return [Problem("seen_from", "required")]
    if asked.since > today:
        return [Problem("seen_from", "date_future")]
    if asked.since < _OLDEST:
        return [Problem("seen_from", "breach.too_long_ago")]
    if asked.until is None:
        needed = asked.kind != "backup" or asked.keys == "leaked"
        return [Problem("seen_until", "required")] if needed else []
    if asked.until > today:
        return [Problem("seen_until", "date_future")]
    reversed_ = asked.kind != "backup" and asked.until < asked.since
    return [Problem("seen_until", "breach.period_reversed")] if reversed_ else []
