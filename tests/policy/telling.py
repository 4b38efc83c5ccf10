"""A family told in a few words, as the truth table tells it.

A line of `said`: WHO WORD [gate] [on DAY] [arrived DAY] [until DAY] [text ID] [as CAPACITY] [there]
    yes no later withdraws objects lifts    aloud: a yes that was only spoken
    likes dislikes: the opinion of a child  mistake doubted cleared: about the last yes of this person
A line of `papers`: WHO KIND [from DAY] [until DAY]; the last one written was recorded last.
A line of `safety`: WHOSE LEVEL [secret]. Of `markers`: WHO approved|asked|ended DAY. Of `competent`: yes|no.
A day is 2026-08-31 or, to the minute, 2026-08-31T09:30; of a word without a day it is 1 August 2026.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import msgspec

from consent_service.consent.model import Method, consent_ends
from tests.policy.families import kind_of, rules
from tests.policy.plain_family import (
    AMSTERDAM,
    CHILD,
    HERE,
    THERE,
    Marker,
    Paper,
    PlainFamily,
    Word,
    deciders,
    midnight,
    today,
)

GATE: Final = "shelter_involvement"
ABOUT: Final = {"mistake": "invalidated", "doubted": "suspended", "cleared": "resumed"}
SPOKEN: Final = {
    "yes": "given",
    "aloud": "given",
    "no": "refused",
    "later": "later",
    "withdraws": "withdrawn",
    "objects": "objected",
    "lifts": "objection_lifted",
    "likes": "opinion_yes",
    "dislikes": "opinion_no",
}
USUALLY: Final = datetime(2026, 8, 1, 12, 0, tzinfo=AMSTERDAM)


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One family at one moment, and what a school gets: `shared`, `emergency`, or the reason of the no."""

    name: str
    type: str
    expect: str
    said: tuple[str, ...] = ()
    on: str = "2026-09-01T10:00"
    born: str = "2018-05-04"
    guardians: tuple[str, ...] = ("mother", "father")
    papers: tuple[str, ...] = ("mother holder", "father holder")
    safety: tuple[str, ...] = ("family no_known_danger",)
    markers: tuple[str, ...] = ()
    competent: tuple[str, ...] = ()
    approved: bool = False
    about: tuple[str, ...] = ()
    """Whose own records there are, of a type that is about one guardian."""
    gate: str = "open"
    """`open`: everybody lets the school know of the help, today. `asked`: only what `said` says of it."""
    agreement: tuple[str, str] = ("2000-01-01", "2199-12-31")
    ended: str = ""
    restricted: tuple[str, ...] = ()
    """Types that may be kept only (AVG 18); `everything` is all of them."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The cases of one rule, which is a sentence."""

    rule: str
    cases: tuple[Case, ...]


def moment(text: str) -> datetime:
    """A day is its first moment in the Netherlands."""
    if "T" in text:
        return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)
    return midnight(date.fromisoformat(text))


def family_of(case: Case) -> tuple[PlainFamily, datetime]:
    """The family of a case, and the moment of asking."""
    now = moment(case.on)
    family = PlainFamily(born=date.fromisoformat(case.born), guardians=list(case.guardians))
    family.papers = [_paper(line, number) for number, line in enumerate(case.papers)]
    family.dangers = [_danger(line) for line in case.safety]
    family.markers = [_marker(line) for line in case.markers]
    family.competent = [
        (line == "yes", now - timedelta(days=100 - number)) for number, line in enumerate(case.competent)
    ]
    family.approved = {case.type} if case.approved else set()
    family.about = {case.type: set(case.about)}
    family.ended = moment(case.ended) if case.ended else None
    family.restricted = set(case.restricted)
    family.agreement = (date.fromisoformat(case.agreement[0]), date.fromisoformat(case.agreement[1]))
    for number, line in enumerate(case.said):
        family.words.append(_word(family, case, line, number))
    if case.gate == "open":
        text = f"{kind_of(GATE).text_id}@1"
        family.words += [Word(who, "given", GATE, now, now, text=text) for who in (*family.guardians, CHILD)]
    return family, now


def _word(family: PlainFamily, case: Case, line: str, number: int) -> Word:
    who, word, *rest = line.split()
    options = _options([one for one in rest if one not in ("gate", "there")])
    key = GATE if "gate" in rest else case.type
    school = THERE if "there" in rest else HERE
    at = moment(options["on"]) if "on" in options else USUALLY + timedelta(minutes=number)
    arrived = moment(options["arrived"]) if "arrived" in options else at
    if word in ABOUT:
        earlier = [one.about is None and (one.who, one.type) == (who, key) for one in family.words]
        about = max(place for place, fits in enumerate(earlier) if fits)
        return Word(who, ABOUT[word], key, at, arrived, about=about, school=school)
    return Word(
        who=who,
        word=SPOKEN[word],
        type=key,
        at=at,
        arrived=arrived,
        until=moment(options["until"]) if "until" in options else _ends(word, key, at),
        text=f"{options.get('text', kind_of(key).text_id)}@1",
        school=school,
        capacity=options.get("as") or _capacity(family, who, at),
    )


def _ends(word: str, key: str, at: datetime) -> datetime | None:
    """A yes ends when the service itself would end it."""
    method: Method = "oral" if word == "aloud" else "tablet"
    if SPOKEN[word] != "given":
        return None
    return consent_ends(kind_of(key), today(at), terms=rules().catalogue.terms, method=method)


def _capacity(family: PlainFamily, who: str, at: datetime) -> str:
    people, _ = deciders(family, at)
    if who == CHILD:
        return "child"
    return "holder" if who in people else "without_authority"


def _paper(line: str, number: int) -> Paper:
    who, kind, *rest = line.split()
    options = _options(rest)
    until = date.fromisoformat(options["until"]) if "until" in options else None
    recorded = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    return Paper(who, kind, date.fromisoformat(options.get("from", "2015-01-01")), until, recorded)


def _danger(line: str) -> tuple[str | None, str, bool]:
    whose, level, *rest = line.split()
    return None if whose == "family" else whose, level, rest == ["secret"]


def _marker(line: str) -> Marker:
    who, state, day = line.split()
    return Marker(who, state != "asked", date.fromisoformat(day), ended=state == "ended")


def _options(words: list[str]) -> dict[str, str]:
    return dict(zip(words[::2], words[1::2], strict=True))
