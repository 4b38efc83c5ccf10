"""Any family at all: projection and policies against the plain rules, which were written by another hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import hypothesis.strategies as st
from hypothesis import example, given, settings

from tests.policy.families import decided, kind_of, rules, told
from tests.policy.plain_family import (
    CHILD,
    HERE,
    THERE,
    Marker,
    Paper,
    PlainFamily,
    Word,
    answer,
    birthday,
    midnight,
)

GATE = "shelter_involvement"
BORN = st.sampled_from(
    [
        date(2018, 5, 4),
        date(2014, 9, 1),
        date(2012, 2, 29),
        date(2012, 5, 4),
        date(2010, 8, 31),
        date(2008, 2, 29),
    ]
)
WORDS = (
    "given", "given", "given", "refused", "later", "withdrawn", "objected", "objection_lifted",
    "opinion_yes", "opinion_no", "invalidated", "suspended", "resumed",
)  # fmt: skip
AUTHORITY = ("holder", "holder", "voogd", "court_order", "gezinsvoogd", "none")
CAPACITIES = ("holder", "holder", "holder", "without_authority", "gezinsvoogd")
KEYS = tuple(rules().catalogue.types)
HARD = ("child_health", "pickup", "parent_circumstances", "current_domestic_violence", "postal_address")


NOON = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


@st.composite
def moments(draw: st.DrawFn, born: date) -> datetime:
    """About now, and just at the midnights that matter to this child."""
    around = st.sampled_from([midnight(birthday(born, 12)), midnight(birthday(born, 16)), NOON])
    shift = st.sampled_from([-400, -40, -1, 0, 1, 40])
    return draw(around).astimezone(UTC) + timedelta(
        days=draw(shift), minutes=draw(st.sampled_from([-1, 0, 1]))
    )


@st.composite
def spoken(draw: st.DrawFn, key: str, now: datetime, born: date, before: list[Word]) -> Word:
    """Something said, most often before now; what is about a word is about one said before."""
    word = draw(st.sampled_from(WORDS))
    who = draw(st.sampled_from(["mother", "mother", "father", "other", CHILD]))
    at = min(draw(moments(born)), now + timedelta(hours=1))
    until = draw(st.sampled_from([None, None, now, now + timedelta(minutes=1), now - timedelta(days=1)]))
    if word in ("invalidated", "suspended", "resumed") and before:
        return _about(word, before, draw(st.integers(0, len(before) - 1)), at)
    return Word(
        who=who,
        word=word,
        type=draw(st.sampled_from([key, key, key, GATE])),
        at=at,
        arrived=at + draw(st.sampled_from([timedelta(0), timedelta(0), timedelta(days=3)])),
        until=until if word in ("given", "opinion_yes") else None,
        text=draw(st.sampled_from(["", "", "other@1"])),
        school=draw(st.sampled_from([HERE, HERE, HERE, THERE])) if word.startswith("objec") else HERE,
        capacity="child" if who == CHILD else draw(st.sampled_from(CAPACITIES)),
    )


@st.composite
def families(draw: st.DrawFn) -> tuple[PlainFamily, str, datetime]:
    """A family in which most things are in order, one type, and a moment."""
    born, key = draw(BORN), draw(st.sampled_from((*KEYS, *HARD)))
    now = draw(moments(born))
    family = PlainFamily(born=born, guardians=["mother", "father", "other"][: draw(st.integers(1, 3))])
    family.papers = [
        Paper(
            who,
            draw(st.sampled_from(AUTHORITY)),
            since=(now + timedelta(days=draw(st.sampled_from([-900, -900, -30, 0, 1])))).date(),
            until=draw(st.sampled_from([None, None, None, now.date(), now.date() + timedelta(days=1)])),
            recorded=now - timedelta(days=100 - number),
        )
        for number, who in enumerate(draw(st.lists(st.sampled_from(family.guardians), max_size=4)))
    ]
    if draw(st.booleans()):
        family.papers = [Paper(who, "holder", date(2000, 1, 1), None, NOON) for who in family.guardians]
    opened = [*family.guardians, CHILD] if draw(st.integers(0, 5)) else []
    family.words = [Word(who, "given", GATE, now, now, capacity=_capacity(who)) for who in opened]
    for who in (*family.guardians, CHILD):
        if draw(st.booleans()):
            at = draw(moments(born))
            at = min(at, now)
            family.words.append(Word(who, "given", key, at, at, capacity=_capacity(who)))
    for _ in range(draw(st.integers(0, 4))):
        family.words.append(draw(spoken(key, now, born, family.words)))
    for word in family.words:
        word.text = word.text or f"{kind_of(word.type).text_id}@1"
    levels = st.sampled_from(["no_known_danger", "no_known_danger", "danger", "not_assessed"])
    family.dangers = [
        (
            draw(st.sampled_from([None, None, "mother"])),
            draw(levels),
            draw(st.sampled_from([False, False, True])),
        )
        for _ in range(draw(st.integers(1, 2)))
    ]
    if draw(st.booleans()):
        review = now.date() + timedelta(days=draw(st.sampled_from([-1, 0, 1, 90])))
        family.markers = [Marker("father", draw(st.booleans()), review, ended=draw(st.integers(0, 3)) == 3)]
    family.competent = [
        (draw(st.booleans()), now - timedelta(days=9 - number)) for number in range(draw(st.integers(0, 2)))
    ]
    if draw(st.booleans()):
        family.approved = {key}
    family.about = {key: set(draw(st.lists(st.sampled_from(family.guardians), max_size=2)))}
    if draw(st.integers(0, 9)) == 7:
        family.ended = now + timedelta(minutes=draw(st.sampled_from([-1, 0, 1])))
    if draw(st.integers(0, 9)) == 7:
        family.agreement = (date(2020, 1, 1), now.date() + timedelta(days=draw(st.sampled_from([-1, 0]))))
    return family, key, now


def _about(word: str, before: list[Word], number: int, at: datetime) -> Word:
    target = before[number]
    return Word(
        target.who,
        word,
        target.type,
        at,
        max(at, target.arrived),
        about=number,
        school=target.school,
        capacity=target.capacity,
    )


def _capacity(who: str) -> str:
    return "child" if who == CHILD else "holder"


FIRST = (PlainFamily(), "support_advice", NOON)
AT_16 = midnight(date(2034, 5, 4)).astimezone(UTC)
URGENT = PlainFamily(dangers=[(None, "no_known_danger", False)])
for _who, _key, _at in (
    ("mother", GATE, AT_16),
    (CHILD, GATE, AT_16),
    ("mother", "child_health", midnight(date(2030, 5, 4)).astimezone(UTC)),
):
    URGENT.words.append(
        Word(_who, "given", _key, _at, _at, text=f"{kind_of(_key).text_id}@1", capacity=_capacity(_who))
    )


@given(told_of=families())
@settings(max_examples=800)
@example(told_of=FIRST)
@example(told_of=(URGENT, "child_health", AT_16))
def test_any_family_gets_the_answer_of_the_plain_rules(told_of: tuple[PlainFamily, str, datetime]) -> None:
    family, key, now = told_of
    expected = answer(family, kind_of(key), now, gate=rules().catalogue.gate)
    assert told(decided(family, key, now)) == expected
