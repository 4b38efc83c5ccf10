"""A family as a plain list of what happened, and the rules in plain Python by another hand.

Nothing of the fold, the projection or the policies is used: this is what they are compared with, at the
level of a family. Of the service it knows the catalogue only, which says what kind of type something is.
"""

from __future__ import annotations

from calendar import isleap
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from consent_service.information.model import InformationType

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
HERE, THERE = "here", "there"
CHILD = "child"
SHARED, EMERGENCY = "shared", "emergency"

YES_WORDS = ("given", "opinion_yes")
NO_WORDS = ("refused", "withdrawn", "opinion_no")
CHOICES = (*YES_WORDS, *NO_WORDS, "later")
WEIGHT = {"given": 0, "opinion_yes": 0, "later": 1, "refused": 2, "withdrawn": 2, "opinion_no": 2}


@dataclass
class Word:
    """What somebody said, or what was said about an earlier word (`about`, its place in the list)."""

    who: str
    word: str
    type: str
    at: datetime
    arrived: datetime
    until: datetime | None = None
    text: str = ""
    about: int | None = None
    school: str = HERE
    capacity: str = "holder"


@dataclass
class Paper:
    """A fact about authority: from its first day until, not including, its last."""

    who: str
    kind: str
    since: date
    until: date | None
    recorded: datetime


@dataclass
class Marker:
    """One holder is left out for safety."""

    who: str
    approved: bool
    review_on: date
    ended: bool = False


@dataclass
class PlainFamily:
    """Everything that bears on one child at one school."""

    born: date = date(2018, 5, 4)
    guardians: list[str] = field(default_factory=lambda: ["mother", "father"])
    papers: list[Paper] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    dangers: list[tuple[str | None, str, bool]] = field(default_factory=list)
    """Of whom (None: the family), the level, whether the address is secret; in the order assessed."""
    markers: list[Marker] = field(default_factory=list)
    competent: list[tuple[bool, datetime]] = field(default_factory=list)
    approved: set[str] = field(default_factory=set)
    about: dict[str, set[str]] = field(default_factory=dict)
    ended: datetime | None = None
    restricted: set[str] = field(default_factory=set)
    """Types that may be kept only; `everything` is all of them."""
    agreement: tuple[date, date] | None = (date(2000, 1, 1), date(2199, 12, 31))
    ages: tuple[int, int] = (12, 16)
    """From which birthday a child decides along, and from which alone."""


@dataclass
class Said:
    """Where somebody stands on one type."""

    word: str = ""
    at: datetime | None = None
    doubted: bool = False
    over: bool = False
    other_text: bool = False

    @property
    def is_yes(self) -> bool:
        return self.word == "given" and not (self.doubted or self.over or self.other_text)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=AMSTERDAM)


def today(now: datetime) -> date:
    return now.astimezone(AMSTERDAM).date()


def birthday(born: date, years: int) -> date:
    if (born.month, born.day) == (2, 29) and not isleap(born.year + years):
        return date(born.year + years, 3, 1)
    return date(born.year + years, born.month, born.day)


def answer(family: PlainFamily, kind: InformationType, now: datetime, *, gate: InformationType) -> str:
    """`shared`, `emergency` (that part only), or the first cause of a no."""
    whole = cause(family, kind, now, gate=gate, urgent=False)
    if not whole:
        return SHARED
    if kind.has_emergency_part and not cause(family, kind, now, gate=gate, urgent=True):
        return EMERGENCY
    return whole


def cause(
    family: PlainFamily, kind: InformationType, now: datetime, *, gate: InformationType, urgent: bool
) -> str:
    """The first cause of a no in the family, or nothing: then it is a yes."""
    safe, secret = safety(family)
    say = voice(family, now)
    own = kind.decided_by == "own_guardian"
    carries_on = urgent or "continues_at_birthday" in kind.rules
    people, known = deciders(family, now)
    child = child_says(family, kind, now)
    if family.agreement is None or not family.agreement[0] <= today(now) <= family.agreement[1]:
        return "no_agreement"
    if "secret_address_denies" in kind.rules and (secret or not safe):
        return "address_protected"
    if kind.locating and not safe:
        return "location_protected"
    if family.ended is not None and family.ended <= now:
        return "relationship_ended"
    if family.restricted & {kind.key, "everything"}:
        return "restricted"
    lapsed = lapse(family, kind, now)
    if lapsed == "suspended":
        return "suspended"
    if not own and say != "alone" and objecting(family, kind, now):
        return "objection"
    if child == "no":
        return "child_refused"
    opened = gate_is(family, gate, now)
    gated = "s2c" in kind.directions and not (kind.gate or kind.exempt_from_gate)
    if gated and opened != "open" and not (opened == "meanwhile" and carries_on):
        return "gate_closed"
    sensitive = kind.level in ("A9", "A10") or kind.decided_by == "all_holders"
    if sensitive and not known and not urgent and (own or say != "alone"):
        return "authority_unknown"
    if lapsed:
        return {"outdated": "text_changed", "expired": "consent_expired"}[lapsed]
    missing = missing_yes(family, kind, now, people=people, urgent=urgent)
    if missing and not (carries_on and goes_on(family, kind, now, urgent=urgent)):
        return missing
    unapproved = (kind.second_approver or kind.level == "A10") and kind.key not in family.approved
    return "second_approval_missing" if unapproved else ""


def missing_yes(
    family: PlainFamily, kind: InformationType, now: datetime, *, people: set[str], urgent: bool
) -> str:
    say = voice(family, now)
    if kind.decided_by == "own_guardian":
        return (
            ""
            if any(own_yes(family, kind, who, now) for who in owners(family, kind))
            else "own_answer_missing"
        )
    if say == "alone":
        return "" if child_says(family, kind, now) == "yes" else "awaiting_young_person"
    yes = {who for who in people if said(family, who, kind, now).is_yes}
    if not yes:
        return "no_consent"
    if urgent:
        return ""
    everybody = kind.decided_by == "all_holders" or kind.level == "A9"
    if everybody and yes | left_out(family, kind, now) != people:
        return "holders_missing"
    if say == "together" and child_says(family, kind, now) != "yes":
        return "awaiting_child"
    return ""


def goes_on(family: PlainFamily, kind: InformationType, now: datetime, *, urgent: bool) -> bool:
    """It went on until the birthday that gave the child its say, and nobody has said anything else since."""
    say, start = voice(family, now), say_since(family, now)
    if start is None or child_says(family, kind, now) != "none" or objecting(family, kind, now):
        return False
    people, _ = deciders(family, now)
    given = [said(family, who, kind, now) for who in people]
    moments = [one.at for one in given if one.is_yes and one.at is not None and one.at < start]
    if urgent or say == "together":
        return bool(moments)
    twelve = midnight(birthday(family.born, family.ages[0]))
    along = said(family, CHILD, kind, now)
    if along.is_yes and along.at is not None and along.at >= twelve:
        return bool(moments)
    return any(moment < twelve for moment in moments)


def gate_is(family: PlainFamily, gate: InformationType, now: datetime) -> str:
    say, child = voice(family, now), child_says(family, gate, now)
    people, _ = deciders(family, now)
    if family.restricted & {gate.key, "everything"}:
        return "closed"
    yes = any(said(family, who, gate, now).is_yes for who in people)
    if child == "no" or (say != "alone" and objecting(family, gate, now)):
        return "closed"
    agreed = child == "yes"
    if {"heard": yes, "together": yes and agreed, "alone": agreed}[say]:
        return "open"
    return "meanwhile" if goes_on(family, gate, now, urgent=False) else "closed"


# --- who, when, what -----------------------------------------------------------------------------


def said(family: PlainFamily, who: str, kind: InformationType, now: datetime, school: str = HERE) -> Said:
    """The last choice that counts, and what is the matter with it."""
    soon = now + timedelta(seconds=1)
    words = list(enumerate(family.words))
    undone = {word.about for _, word in words if word.word == "invalidated"}
    choices = [
        (number, word)
        for number, word in words
        if (word.who, word.type, word.school) == (who, kind.key, school) and word.word in CHOICES
        if not (word.word in YES_WORDS and (number in undone or max(word.at, word.arrived) > soon))
        if not (word.word == "given" and word.capacity in ("without_authority", "gezinsvoogd"))
    ]
    if not choices:
        return Said()
    number, last = max(choices, key=lambda one: (one[1].at, WEIGHT[one[1].word], one[1].arrived, one[0]))
    doubts = [
        (max(word.at, word.arrived), word.word == "suspended")
        for _, word in words
        if word.about == number and word.word in ("suspended", "resumed")
        if not (word.word == "resumed" and max(word.at, word.arrived) > soon)
    ]
    return Said(
        word=last.word,
        at=last.at,
        doubted=max(doubts)[1] if doubts and last.word in YES_WORDS else False,
        over=last.until is not None and last.until <= now,
        other_text=last.text.split("@")[0] != kind.text_id,
    )


def objects(family: PlainFamily, who: str, kind: InformationType, now: datetime) -> bool:
    """At any school; one that was raised stands until the same person lifts it there."""
    soon = now + timedelta(seconds=1)
    undone = {word.about for word in family.words if word.word == "invalidated"}
    for school in (HERE, THERE):
        raised = [
            (word.at, word.word == "objected", word.arrived)
            for number, word in enumerate(family.words)
            if (word.who, word.type, word.school) == (who, kind.key, school)
            if word.word == "objected"
            or (
                word.word == "objection_lifted"
                and number not in undone
                and max(word.at, word.arrived) <= soon
            )
        ]
        if raised and max(raised)[1]:
            return True
    return False


def objecting(family: PlainFamily, kind: InformationType, now: datetime) -> bool:
    people, _ = deciders(family, now)
    return any(objects(family, who, kind, now) for who in people)


def deciders(family: PlainFamily, now: datetime) -> tuple[set[str], bool]:
    """Who decides today, and whether all of them are established."""
    day = today(now)
    state: dict[str, str] = {}
    begun = [paper for paper in family.papers if paper.since <= day]
    for paper in sorted(begun, key=lambda one: (max(one.recorded, midnight(one.since)), one.recorded)):
        over = paper.until is not None and paper.until <= day
        if not over:
            state[paper.who] = paper.kind
        elif paper.kind == "none":
            state[paper.who] = "unknown"
        else:
            state[paper.who] = "none"
    instead = {who for who in family.guardians if state.get(who) in ("voogd", "court_order")}
    if instead:
        return instead, True
    people = {who for who in family.guardians if state.get(who) not in ("none", "gezinsvoogd")}
    return people, bool(people) and all(state.get(who) == "holder" for who in people)


def voice(family: PlainFamily, now: datetime) -> str:
    competent = max(family.competent, key=lambda one: one[1])[0] if family.competent else True
    if not competent or today(now) < birthday(family.born, family.ages[0]):
        return "heard"
    return "together" if today(now) < birthday(family.born, family.ages[1]) else "alone"


def say_since(family: PlainFamily, now: datetime) -> datetime | None:
    years = {"heard": None, "together": family.ages[0], "alone": family.ages[1]}[voice(family, now)]
    return None if years is None else midnight(birthday(family.born, years))


def child_says(family: PlainFamily, kind: InformationType, now: datetime) -> str:
    one, start = said(family, CHILD, kind, now), say_since(family, now)
    if one.word in NO_WORDS:
        return "no"
    decided = one.is_yes and one.at is not None and start is not None and one.at >= start
    return "yes" if decided else "none"


def owners(family: PlainFamily, kind: InformationType) -> set[str]:
    return family.about.get(kind.key, set())


def own_yes(family: PlainFamily, kind: InformationType, who: str, now: datetime) -> bool:
    return said(family, who, kind, now).is_yes and not objects(family, who, kind, now)


def lapse(family: PlainFamily, kind: InformationType, now: datetime) -> str:
    """Why there was a yes of who counts, and none counts."""
    people, _ = deciders(family, now)
    start = say_since(family, now)
    if kind.decided_by == "own_guardian":
        people = owners(family, kind)
    elif voice(family, now) == "alone":
        spoke = said(family, CHILD, kind, now).at
        people = {CHILD} if spoke is not None and start is not None and spoke >= start else set()
    states = [one for one in (said(family, who, kind, now) for who in people) if one.word == "given"]
    if any(one.is_yes for one in states):
        return ""
    if any(one.doubted for one in states):
        return "suspended"
    if any(one.other_text for one in states):
        return "outdated"
    return "expired" if any(one.over for one in states) else ""


def left_out(family: PlainFamily, kind: InformationType, now: datetime) -> set[str]:
    """Holders who are not contacted for safety, and have not spoken; nobody where danger is ruled out."""
    people, _ = deciders(family, now)
    if safety(family)[0]:
        return set()
    marked = {m.who for m in family.markers if m.approved and not m.ended and today(now) <= m.review_on}
    silent = {who for who in marked if not said(family, who, kind, now).word}
    return {who for who in silent & people if not objects(family, who, kind, now)}


def safety(family: PlainFamily) -> tuple[bool, bool]:
    """Whether no danger is known of anybody, and whether any address is secret."""
    newest = {whose: (level, secret) for whose, level, secret in family.dangers}
    newest.setdefault(None, ("not_assessed", True))
    safe = all(level == "no_known_danger" for level, _ in newest.values())
    return safe, any(secret for _, secret in newest.values())
