"""A request under AVG 15-21: what can be asked, until when it is answered, and how it may end. Pure.

Who may not be answered gets one neutral answer, on one fixed day, that does not tell whether the child or
the asker is known here (S4, S46). Doing what was asked is `rights.access`, `rights.erasure` and others.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

import msgspec

from consent_service.foundation.errors import Problem
from consent_service.foundation.ids import FamilyId, PersonId
from consent_service.process.states import START, StateTable, Step

CaseKind = Literal["access", "portability", "rectification", "restriction", "objection", "erasure"]
Capacity = Literal["guardian", "child", "representative"]
Channel = Literal["page", "conversation", "letter"]
IdentityCheck = Literal["page", "document", "known"]
"""Logged in on the own page with code and second factor; a document seen, of which nothing is kept; known
to the counsellor who passed it on."""
Standing = Literal[
    "oneself", "decides", "without_authority", "authority_unknown", "child_decides", "by_hand", "unknown"
]
"""What the asker is to whom it is about, as it was when it was asked. `by_hand`: a guardian who is not shown
child and school because of safety (S21, S46)."""
About = Literal["oneself", "child", "everybody"]
"""The asker; one child; or the asker and every child over whom the asker decides."""
Outcome = Literal["grant", "grant_in_part", "refuse"]
RefusalGround = Literal[
    "not_identified",
    "unknown",
    "without_authority",
    "safety",
    "rights_of_others",
    "excessive",
    "legal_hold",
    "proof",
    "law",
    "child_decides",
    "nothing_here",
]
Extension = Literal["complex", "many"]
Opinion = Literal["agree", "disagree"]

ARTICLES: Final[Mapping[CaseKind, str]] = {
    "access": "AVG 15",
    "rectification": "AVG 16",
    "erasure": "AVG 17",
    "restriction": "AVG 18",
    "portability": "AVG 20",
    "objection": "AVG 21",
}
GROUNDS: Final[Mapping[RefusalGround, str]] = {
    "not_identified": "AVG 12(6)",
    "unknown": "AVG 12(6)",
    "without_authority": "AVG 12(6), UAVG 5",
    "safety": "AVG 23(1)(i), UAVG 41(1)(i)",
    "rights_of_others": "AVG 15(4), UAVG 41(1)(i)",
    "excessive": "AVG 12(5)",
    "legal_hold": "AVG 17(3)(e)",
    "proof": "AVG 17(3)(b), 7(1)",
    "law": "AVG 17(3)(b)",
    "child_decides": "UAVG 5",
    "nothing_here": "AVG 12(4)",
}
"""Why something is refused, and where the law says that it may be."""
ONLY: Final[Mapping[RefusalGround, frozenset[CaseKind]]] = {
    "legal_hold": frozenset({"erasure"}),
    "proof": frozenset({"erasure", "rectification"}),
    "law": frozenset({"erasure", "objection"}),
    "rights_of_others": frozenset({"access", "portability"}),
}
"""Grounds that exist for some requests only."""
NEUTRAL: Final[frozenset[RefusalGround]] = frozenset(
    {"not_identified", "unknown", "without_authority", "safety"}
)
"""Answered in the same words on the same day, whatever is the case: nobody learns who is known here."""
NEUTRAL_AFTER: Final = timedelta(days=14)
"""From the day of the request to the day of the neutral answer, so that its time tells nothing either."""
WORDS: Final = 2000
"""Characters of what is asked."""
_NEEDS_WORDS: Final[frozenset[CaseKind]] = frozenset({"rectification", "objection"})
_MONTH, _EXTENDED = 1, 3
_OLDEST: Final = timedelta(days=366)
_MONTHS_A_YEAR: Final = 12
_OLDEST_CHILD: Final = timedelta(days=40 * 366)
"""A typing error must not turn a parent into a stranger; a file may be asked for by who was a child here."""

CASE: Final = StateTable(
    "rights_case",
    (
        Step("ask", START, "identified", ("guardian", "child"), "on the own page, or through the counsellor"),
        Step("receive", START, "received", ("privacy_coordinator",), "by letter or in a conversation"),
        Step("identify", "received", "identified", ("privacy_coordinator",), "a document was seen"),
        Step("extend", "received", "received", ("privacy_coordinator",), "within the first month, once"),
        Step("extend", "identified", "identified", ("privacy_coordinator",), "within the first month, once"),
        Step("advise", "received", "received", ("fg",)),
        Step("advise", "identified", "identified", ("fg",)),
        Step("grant", "identified", "granted", ("privacy_coordinator",)),
        Step("grant_in_part", "identified", "granted", ("privacy_coordinator",), "with a ground"),
        Step("refuse", "received", "refused", ("privacy_coordinator",), "with a ground"),
        Step("refuse", "identified", "refused", ("privacy_coordinator",), "with a ground"),
        Step(
            "carry_out",
            "granted",
            "done",
            ("privacy_coordinator", "guardian", "child"),
            "handed over, also on the own page, or done as asked",
        ),
        Step(
            "reopen", "granted", "identified", ("privacy_coordinator",), "who asked has another standing now"
        ),
        Step("answer", "refused", "done", ("privacy_coordinator",), "the letter was given or sent"),
        Step("withdraw", "received", "withdrawn", ("guardian", "child", "privacy_coordinator")),
        Step("withdraw", "identified", "withdrawn", ("guardian", "child", "privacy_coordinator")),
        Step("withdraw", "granted", "withdrawn", ("guardian", "child", "privacy_coordinator")),
        Step("withdraw", "refused", "withdrawn", ("guardian", "child"), "before the day of a neutral answer"),
    ),
)
OPEN: Final[tuple[str, ...]] = ("received", "identified", "granted", "refused")
"""What somebody still waits for."""


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody asks; `child` where it is about one. `words` say what, and are kept sealed."""

    kind: CaseKind
    about: About = "everybody"
    child: PersonId | None = None
    words: str = ""


class Received(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request as it came in by letter or in a conversation. Names are compared and never kept.

    `asker`: the name of who asks; `child_names` and `birth_date`: of a child as the letter names it.
    """

    kind: CaseKind
    channel: Channel
    received_on: date
    capacity: Capacity
    asker: str
    child_names: str
    birth_date: date | None
    words: str = ""


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One request, without its words. `requester` is None for somebody who is not known here, and once that
    person was erased."""

    case: str
    kind: CaseKind
    state: str
    about: About
    capacity: Capacity
    channel: Channel
    standing: Standing
    family: FamilyId | None
    requester: PersonId | None
    child: PersonId | None
    received_on: date
    due_on: date
    opened_at: datetime
    opened_by: str
    identity: IdentityCheck | None = None
    identified_at: datetime | None = None
    extended: Extension | None = None
    opinion: Opinion | None = None
    outcome: Outcome | None = None
    ground: RefusalGround | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    delivered: Channel | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for something."""
        return self.state in OPEN

    @property
    def neutral(self) -> bool:
        """Whether the answer is the one that tells nothing."""
        return self.ground in NEUTRAL

    @property
    def done_elsewhere(self) -> bool:
        """Whether it ends by being carried out: by a file that is handed over, or by an erasure."""
        return self.state == "granted" and self.kind in ("access", "portability", "erasure")

    def is_untold(self, today: date) -> bool:
        """Whether it is refused and the asker cannot know that yet."""
        return self.state == "refused" and self.answer_from is not None and today < self.answer_from

    @property
    def answer_from(self) -> date | None:
        """From which day on the answer may be given; None: at once."""
        return self.received_on + NEUTRAL_AFTER if self.neutral else None


class CaseView(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request with what was asked, opened, and what the asker is to them now."""

    case: Case
    words: str
    standing_now: Standing


def due_on(received_on: date, *, extended: bool) -> date:
    """The last day to answer: a month later, or three (AVG 12(3)).

    The same day of that month, or its last day where it has no such day (Regulation 1182/71, article
    3(2)(c)). A day that falls in a weekend is not moved on, though the law would.
    """
    months = received_on.month - 1 + (_EXTENDED if extended else _MONTH)
    year, month = received_on.year + months // _MONTHS_A_YEAR, months % _MONTHS_A_YEAR + 1
    return date(year, month, min(received_on.day, calendar.monthrange(year, month)[1]))


def check_asked(asked: Asked) -> list[Problem]:
    """Everything wrong with what is asked."""
    problems = [] if asked.kind in get_args(CaseKind) else [Problem("kind", "choose_request")]
    if asked.about not in get_args(About) or (asked.about == "child") != (asked.child is not None):
        problems.append(Problem("about", "choose_about"))
    return problems + _check_words(asked.kind, asked.words)


def check_received(received: Received, *, today: date) -> list[Problem]:
    """Everything wrong with a request as it was typed over."""
    problems = [
        Problem(field, code)
        for field, code, ok in (
            ("kind", "choose_request", received.kind in get_args(CaseKind)),
            ("channel", "choose_channel", received.channel in ("conversation", "letter")),
            ("capacity", "choose_capacity", received.capacity in get_args(Capacity)),
            ("asker", "required", bool(received.asker.strip())),
            ("child_names", "required", bool(received.child_names.strip())),
            ("birth_date", "required", received.birth_date is not None),
        )
        if not ok
    ]
    if received.received_on > today:
        problems.append(Problem("received_on", "date_future"))
    elif received.received_on < today - _OLDEST:
        problems.append(Problem("received_on", "date_too_long_ago"))
    if received.birth_date is not None and received.birth_date > today:
        problems.append(Problem("birth_date", "date_future"))
    elif received.birth_date is not None and received.birth_date < today - _OLDEST_CHILD:
        problems.append(Problem("birth_date", "date_too_long_ago"))
    return problems + _check_words(received.kind, received.words)


def check_ground(case: Case, outcome: Outcome, ground: RefusalGround | None) -> list[Problem]:
    """What is wrong with the ground of a decision: a yes has none, everything less has one that fits."""
    if outcome == "grant":
        return [] if ground is None else [Problem("ground", "no_ground_for_yes")]
    if ground is None or ground not in GROUNDS:
        return [Problem("ground", "choose_ground_of_refusal")]
    if case.kind not in ONLY.get(ground, {case.kind}):
        return [Problem("ground", "ground_of_other_request")]
    if outcome == "grant_in_part" and ground in NEUTRAL:
        return [Problem("ground", "neutral_is_whole")]
    return []


def _check_words(kind: CaseKind, words: str) -> list[Problem]:
    if len(words.replace("\r\n", "\n")) > WORDS:
        return [Problem("words", "too_long", {"max": str(WORDS)})]
    if kind in _NEEDS_WORDS and not words.strip():
        return [Problem("words", "say_what")]
    return []
