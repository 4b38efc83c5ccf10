"""Until when an answer holds and what would change it, and who may read which part of that."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given, settings

from consent_service.foundation.ids import PersonId, TypeKey
from consent_service.policy.decision import Allowance, Refusal
from consent_service.policy.explain import Explanation, Viewer, audience_of, explain
from consent_service.policy.facts import Reader
from consent_service.policy.outlook import Asking, Outlook, outlooks, own_outlooks, turning_points
from tests.policy.families import STAFF, kind_of, known_of, rules
from tests.policy.plain_family import CHILD, PlainFamily, Word
from tests.policy.telling import Case, family_of, moment
from tests.policy.test_family_oracle import families

MOTHER, FATHER = PersonId("mother"), PersonId("father")
STAFF_NL = Viewer("counsellor", "nl")


def asking(key: str) -> Asking:
    """A contact, or whoever may read it, asks for what it serves."""
    kind = kind_of(key)
    if "s2c" in kind.directions:
        reader = Reader("school", STAFF, kind.readers[0])
        return Asking(reader, kind.purposes[0], ((kind.key, "s2c"),))
    return Asking(Reader("shelter", STAFF, "counsellor"), kind.purposes[0], ((kind.key, "c2s"),))


def told(said: tuple[str, ...] = (), **other: object) -> Outlook:
    about = case(said, **other)
    family, now = family_of(about)
    found = outlooks(rules(), known_of(family), asking(about.type), now=now.astimezone(UTC))
    return found[TypeKey(about.type)]


def own(person: str, said: tuple[str, ...], **other: object) -> Outlook:
    about = case(said, **other)
    family, now = family_of(about)
    found = own_outlooks(
        rules(), known_of(family), asking(about.type), person=PersonId(person), now=now.astimezone(UTC)
    )
    return found[TypeKey(about.type)]


def explained(viewer: Viewer, said: tuple[str, ...], **other: object) -> Explanation:
    about = case(said, **other)
    family, now = family_of(about)
    found = explain(rules(), known_of(family), asking(about.type), viewer, now=now.astimezone(UTC))
    return found[TypeKey(about.type)]


def case(said: tuple[str, ...], **other: object) -> Case:
    """As the truth table tells it; about support advice unless it says otherwise."""
    told_so = {"name": "", "type": "support_advice", "expect": "", "said": said, **other}
    return msgspec.convert(told_so, Case)


# --- until when ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said, other, ends",
    [
        pytest.param(("mother yes",), {}, "2027-08-01", id="the-yes-itself"),
        pytest.param(("mother yes", "father yes until 2026-10-01"), {}, "2027-08-01", id="the-last-of-two"),
        pytest.param(
            ("mother yes", "father yes until 2026-10-01"),
            {"type": "absence_reason"},
            "2026-10-01",
            id="the-first-of-all-that-are-needed",
        ),
        pytest.param(("mother yes",), {"born": "2014-10-01"}, "2026-10-01", id="a-birthday"),
        pytest.param(
            ("mother yes",), {"papers": ["mother holder until 2026-10-01", "father holder"]}, "2026-10-01",
            id="a-period-of-authority",
        ),
        pytest.param(
            ("mother yes",),
            {
                "guardians": ["mother", "gi"],
                "papers": ["mother holder", "gi court_order from 2026-10-01 until 2027-01-01"],
            },
            "2026-10-01",
            id="a-court-order-to-come",
        ),
        pytest.param(
            ("mother yes",), {"agreement": ["2026-01-01", "2026-09-30"]}, "2026-10-01", id="the-agreement"
        ),
        pytest.param(("mother yes",), {"ended": "2026-10-01"}, "2026-10-01", id="the-relationship"),
        pytest.param(
            ("mother yes",),
            {
                "type": "absence_reason",
                "markers": ["father approved 2026-09-30"],
                "safety": ["family danger"],
            },
            "2026-10-01",
            id="the-review-of-a-marker",
        ),
        pytest.param(
            ("mother yes", "mother yes gate until 2026-10-01"), {"gate": "asked"}, "2026-10-01", id="the-gate"
        ),
        pytest.param(
            ("mother yes", "father yes until 2026-10-01"),
            {"type": "child_health"},
            "2026-10-01",
            id="from-all-to-the-emergency-part-is-less",
        ),
    ],
)  # fmt: skip
def test_a_yes_holds_until_the_first_moment_that_makes_it_less(
    said: tuple[str, ...], other: dict[str, object], ends: str
) -> None:
    seen = told(said, **other)
    assert (seen.shared, seen.ends_at) == (True, moment(ends))
    assert seen.then is not None


def test_a_no_that_time_makes_a_yes_says_from_when() -> None:
    seen = told(("mother yes",), agreement=["2026-10-01", "2026-12-31"])
    assert (seen.shared, seen.ends_at, seen.begins_at) == (False, None, moment("2026-10-01"))


def test_a_no_that_stays_a_no_has_no_dates() -> None:
    seen = told()
    assert (seen.ends_at, seen.then, seen.begins_at) == (None, None, None)


@given(told_of=families(), days=st.integers(0, 900), minutes=st.integers(0, 1500))
@settings(max_examples=150)
def test_until_that_moment_time_makes_nothing_less(
    told_of: tuple[PlainFamily, str, datetime], days: int, minutes: int
) -> None:
    family, key, now = told_of
    known, asked = known_of(family), asking(key)
    seen = outlooks(rules(), known, asked, now=now)[TypeKey(key)]
    later = now + timedelta(days=days, minutes=minutes)
    then = outlooks(rules(), known, asked, now=later)[TypeKey(key)]
    if seen.ends_at is None or later < seen.ends_at:
        assert shared_of(then) >= shared_of(seen)
    if seen.begins_at is None and not seen.shared:
        assert not then.shared


def shared_of(outlook: Outlook) -> int:
    answer = outlook.answer
    return 0 if isinstance(answer, Refusal) else 1 if answer.emergency else 2


def test_every_moment_at_which_something_ends_is_looked_at() -> None:
    family, now = family_of(case(("mother yes",), ended="2026-12-01"))
    points = turning_points(known_of(family), rules().catalogue, asking("support_advice").reader, now)
    assert points == tuple(sorted(points))
    assert {moment("2026-12-01"), moment("2030-05-04"), moment("2034-05-04")} <= set(points)


# --- what would change it ------------------------------------------------------------------------

OVER = ["2020-01-01", "2020-12-31"]
OF_A_YES = {("yes_withdrawn",), ("holder_objects",), ("child_no",), ("gate_no",)}


@pytest.mark.parametrize(
    "said, other, changes",
    [
        pytest.param((), {}, {("holder_yes",)}, id="nobody-said-yes"),
        pytest.param(("mother yes",), {}, OF_A_YES, id="one-yes"),
        pytest.param(("mother yes", "father yes"), {}, OF_A_YES, id="two-yeses-both-withdrawn"),
        pytest.param(("mother yes",), {"type": "school_absence"}, OF_A_YES - {("gate_no",)}, id="no-gate"),
        pytest.param(
            ("mother yes",), {"type": "shelter_involvement", "gate": "asked"}, OF_A_YES - {("gate_no",)},
            id="the-gate-itself",
        ),
        pytest.param(("mother yes",), {"type": "pickup"}, OF_A_YES | {("danger",)}, id="locating"),
        pytest.param(
            ("mother yes",), {"type": "pickup", "safety": ["family danger"]}, {("safe",)}, id="danger"
        ),
        pytest.param(("mother yes", "father objects"), {}, {("objection_lifted",)}, id="an-objection"),
        pytest.param(("mother yes", "father objects there"), {}, {("objection_lifted",)}, id="one-elsewhere"),
        pytest.param(("mother yes", "child dislikes"), {}, {("child_yes",)}, id="a-childs-no"),
        pytest.param(("mother yes",), {"born": "2013-05-04"}, {("child_yes",)}, id="from-12"),
        pytest.param(("mother yes",), {"born": "2009-05-04"}, {("child_yes",)}, id="from-16"),
        pytest.param(("mother yes",), {"gate": "asked"}, {("gate_yes",)}, id="the-gate"),
        pytest.param((), {"gate": "asked"}, {("gate_yes", "holder_yes")}, id="two-things-together"),
        pytest.param((), {"type": "absence_reason"}, {("holders_yes",)}, id="all-holders"),
        pytest.param(("mother yes",), {"type": "absence_reason"}, {("holder_yes",)}, id="the-other-holder"),
        pytest.param(
            ("mother yes", "father yes"), {"type": "absence_reason", "papers": ["mother holder"]},
            {("authority_established",)}, id="authority",
        ),
        pytest.param(
            ("mother yes",), {"type": "current_domestic_violence"}, {("second_approval",)}, id="approval"
        ),
        pytest.param(("mother yes",), {"agreement": OVER}, {("agreement",)}, id="agreed"),
        pytest.param(
            ("mother yes text consent.older",), {}, {("text_answered",), ("holder_yes",)}, id="another-text"
        ),
        pytest.param(
            ("mother yes", "mother doubted"), {}, {("text_cleared",), ("text_answered",), ("holder_yes",)},
            id="doubt",
        ),
        pytest.param(("mother yes on 2025-09-01",), {}, {("renewed",), ("holder_yes",)}, id="ended"),
        pytest.param((), {"type": "parent_circumstances", "about": ["mother"]}, {("own_yes",)}, id="own"),
        pytest.param(
            ("mother yes",), {"type": "parent_circumstances", "about": ["mother"]},
            {("own_withdrawn",), ("holder_objects",), ("child_no",), ("gate_no",)}, id="own-yes",
        ),
        pytest.param(
            ("mother yes",), {"type": "child_health"}, OF_A_YES | {("holder_yes",)}, id="emergency-only"
        ),
        pytest.param(("mother yes",), {"ended": "2026-08-15"}, set(), id="over-for-good"),
    ],
)  # fmt: skip
def test_what_would_change_it_is_what_changes_it(
    said: tuple[str, ...], other: dict[str, object], changes: set[tuple[str, ...]]
) -> None:
    assert set(told(said, **other).changes) == changes


def test_several_types_are_explained_as_each_would_be_alone() -> None:
    keys = ("shelter_involvement", "support_advice", "care_signal", "child_health")
    family, now = family_of(case(("mother yes", "mother yes gate"), gate="asked"))
    at = now.astimezone(UTC)
    of_support = replace_asked(asking("support_advice"), keys)
    together = outlooks(rules(), known_of(family), of_support, now=at)
    assert list(together) == list(keys)
    for key in keys:
        one = replace_asked(of_support, (key,))
        assert together[TypeKey(key)] == outlooks(rules(), known_of(family), one, now=at)[TypeKey(key)]


def replace_asked(asked: Asking, keys: tuple[str, ...]) -> Asking:
    return Asking(asked.reader, asked.purpose, tuple((TypeKey(key), "s2c") for key in keys))


# --- one's own part ------------------------------------------------------------------------------


OWN_YES = {("you_withdraw",), ("you_object",)}
BOTH_OWN = {("you_lift_objection", "you_say_yes")}


@pytest.mark.parametrize(
    "person, said, other, ends, changes",
    [
        pytest.param("mother", ("mother yes",), {}, "2027-08-01", OWN_YES, id="own-yes"),
        pytest.param("father", ("mother yes",), {}, None, {("you_object",)}, id="the-other-holder"),
        pytest.param("father", (), {}, None, {("you_say_yes",)}, id="nobody-said-anything"),
        pytest.param("mother", ("mother yes", "father objects"), {}, None, set(), id="the-other-objects"),
        pytest.param("mother", ("mother objects",), {}, None, BOTH_OWN, id="own-objection-and-no-yes"),
        pytest.param(
            "mother", ("mother yes", "mother objects"), {}, None, {("you_lift_objection",)},
            id="own-objection",
        ),
        pytest.param(
            "mother", ("mother yes",), {"type": "pickup", "safety": []}, None, set(), id="safety-is-not-said"
        ),
        pytest.param(
            "father", ("mother yes",), {"papers": ["mother holder", "father none"]}, None, set(),
            id="without-authority",
        ),
        pytest.param("father", ("child yes",), {"born": "2009-05-04"}, None, set(), id="its-parents-at-16"),
        pytest.param(
            "child", ("child yes",), {"born": "2009-05-04"}, "2027-08-01", {("you_say_no",)}, id="at-16"
        ),
        pytest.param("child", ("mother yes",), {"born": "2013-05-04"}, None, {("you_say_yes",)}, id="at-13"),
        pytest.param("child", ("mother yes",), {}, None, {("you_say_no",)}, id="at-8"),
        pytest.param("child", ("mother yes", "child dislikes"), {}, None, {("you_say_yes",)}, id="no-at-8"),
        pytest.param(
            "mother", ("mother yes",), {"agreement": OVER}, None, {("agreement",)},
            id="the-agreement-is-nobodys-choice",
        ),
        pytest.param(
            "father", ("mother yes",), {"type": "parent_circumstances", "about": ["mother"]}, None,
            {("you_say_yes",)}, id="that-anything-is-written-about-her-is-hers",
        ),
        pytest.param(
            "mother", ("mother yes",), {"type": "absence_reason", "papers": []}, None,
            {("authority_established",)}, id="own-authority",
        ),
        pytest.param(
            "mother", ("mother yes", "mother yes gate"), {"type": "shelter_involvement", "gate": "asked"},
            "2027-08-01", OWN_YES, id="the-gate",
        ),
    ],
)  # fmt: skip
def test_one_person_reads_of_the_own_choices_only(
    person: str,
    said: tuple[str, ...],
    other: dict[str, object],
    ends: str | None,
    changes: set[tuple[str, ...]],
) -> None:
    seen = own(person, said, **other)
    assert seen.ends_at == (None if ends is None else moment(ends))
    assert set(seen.changes) == changes


@given(one=families(), other=families(), person=st.sampled_from([MOTHER, FATHER]))
@settings(max_examples=150)
def test_what_a_guardian_reads_never_depends_on_anothers_choice_or_safety(
    one: tuple[PlainFamily, str, datetime], other: tuple[PlainFamily, str, datetime], person: PersonId
) -> None:
    """Same own words, papers, dates; whatever others said and whatever is dangerous: one text."""
    family, key, now = one
    elsewhere, _, _ = other
    changed = replace(
        family,
        words=[*_of(family.words, person), *_others(elsewhere, person, key, now)],
        dangers=elsewhere.dangers,
        markers=elsewhere.markers,
        approved=family.approved ^ {key},
        about={key: elsewhere.about.get(key, set()) ^ {"other"}},
    )
    left = explain(rules(), known_of(family), asking(key), Viewer("guardian", "nl", person), now=now)
    right = explain(rules(), known_of(changed), asking(key), Viewer("guardian", "nl", person), now=now)
    if left[TypeKey(key)].shared == right[TypeKey(key)].shared:
        assert left == right


def _of(words: list[Word], person: str) -> list[Word]:
    """The words of one person, and about these, in a list of their own."""
    places = [place for place, word in enumerate(words) if word.who == person]
    return [
        replace(words[place], about=None if (about := words[place].about) is None else places.index(about))
        for place in places
    ]


def _others(family: PlainFamily, person: str, key: str, now: datetime) -> list[Word]:
    """What others said, about this type, by now."""
    kept = [word for word in family.words if word.who != person and word.about is None]
    return [replace(word, type=key, at=min(word.at, now), arrived=min(word.arrived, now)) for word in kept]


def test_the_same_guardian_would_read_it_if_it_were_not_hidden() -> None:
    """The property above is no empty one: who may know everything reads the difference."""
    dangerous = {"type": "pickup", "safety": ["family danger"]}
    said_no = ("mother yes", "father objects")
    everything = {
        explained(STAFF_NL, ("mother yes",), **dangerous).text,
        explained(STAFF_NL, said_no, type="pickup").text,
    }
    own_part = {
        explained(Viewer("guardian", "nl", MOTHER), ("mother yes",), **dangerous).text,
        explained(Viewer("guardian", "nl", MOTHER), said_no, type="pickup").text,
    }
    assert (len(everything), own_part) == (2, {"Dit wordt nu niet gedeeld."})


# --- in words ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "viewer, said, other, text",
    [
        (
            STAFF_NL,
            ("mother yes",),
            {},
            (
                "Een ouder met gezag zei ja en er is geen bezwaar bekend. Geldt tot 1 augustus 2027. "
                "Daarna: De toestemming is verlopen. Vraag het opnieuw. Verandert als het ja wordt "
                "ingetrokken, of als iemand met gezag bezwaar maakt, of als het kind nee zegt, of als de "
                "school niet meer mag weten dat er hulp is."
            ),
        ),
        (
            Viewer("officer", "en"),
            (),
            {"gate": "asked"},
            (
                "The school may not know that there is help. Without that yes nothing goes from us to the"
                " school. Changes if the school may know that there is help and a parent with authority "
                "who did not say yes yet, says yes."
            ),
        ),
        (
            STAFF_NL,
            ("mother yes",),
            {"agreement": ["2026-10-01", "2026-12-31"]},
            (
                "Er is geen geldige afspraak (convenant) met deze school. Zonder afspraak wordt niets "
                "gedeeld. Vanaf 1 oktober 2026 wordt dit wel gedeeld. Verandert als er een geldige "
                "afspraak (convenant) met de school is."
            ),
        ),
        (
            Viewer("guardian", "nl", MOTHER),
            ("mother yes",),
            {},
            (
                "Dit wordt gedeeld. Uw ja geldt tot 1 augustus 2027. Dit kan veranderen als u uw ja "
                "intrekt, of als u bezwaar maakt."
            ),
        ),
        (
            Viewer("protected_guardian", "nl", MOTHER),
            ("mother yes",),
            {"type": "pickup", "safety": ["mother danger"]},
            (
                "Hieraan kan iemand zien waar u bent. Voor uw veiligheid delen wij dit nu niet. Verandert"
                " als er geen gevaar meer is."
            ),
        ),
    ],
)
def test_it_is_told_in_words(
    viewer: Viewer, said: tuple[str, ...], other: dict[str, object], text: str
) -> None:
    assert explained(viewer, said, **other).text == text


def test_who_is_in_danger_reads_everything_and_the_other_guardian_does_not() -> None:
    family, _ = family_of(case((), safety=["family no_known_danger", "mother danger"]))
    known = known_of(family)
    assert [audience_of(known, who) for who in (MOTHER, FATHER, PersonId(CHILD))] == [
        "protected_guardian",
        "guardian",
        "guardian",
    ]


def test_even_who_is_in_danger_does_not_learn_that_something_is_written_about_the_other() -> None:
    viewer = Viewer("protected_guardian", "nl", MOTHER)
    seen = explained(viewer, ("father yes",), type="parent_circumstances", about=["father"])
    assert not seen.shared


@pytest.mark.parametrize("viewer", [Viewer("school", "nl"), Viewer("guardian", "nl")])
def test_it_is_not_explained_to_a_school_nor_to_nobody_in_particular(viewer: Viewer) -> None:
    with pytest.raises(ValueError, match=r"explained|told"):
        explained(viewer, ("mother yes",))


def test_an_answer_is_that_of_the_reader() -> None:
    seen = told(("mother yes",))
    assert isinstance(seen.answer, Allowance)
