"""A family driven through any order of events, against a naive model of the same family.

The model (`tests.policy.plain_family`) is a list of what was said, read by plain rules. The service's side
is a ledger of rows whose moments `moment_of` decides and whose last days `consent_ends` decides, projected
and judged by the policies in force. `test_state_machine_services` drives the real services.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consent_service.consent.model import (
    Decision,
    Method,
    Standing,
    can_be_invalidated,
    consent_ends,
    fold,
    moment_of,
)
from consent_service.consent.states import DecisionKind
from consent_service.foundation.clock import local_date
from consent_service.foundation.ids import PersonId
from consent_service.information.model import InformationType, Terms
from consent_service.policy import projection
from consent_service.policy.projection import Known
from tests.policy.families import answer_on, kind_of, known_of, rules, told
from tests.policy.plain_family import (
    CHILD,
    EMERGENCY,
    HERE,
    SHARED,
    Marker,
    Paper,
    PlainFamily,
    Word,
    answer,
    birthday,
    child_says,
    deciders,
    midnight,
    objecting,
    owners,
    said,
    voice,
)

ADVICE, GATE, REASON, PICKUP, HEALTH, OWN = (
    "support_advice",
    "shelter_involvement",
    "absence_reason",
    "pickup",
    "child_health",
    "parent_circumstances",
)
TYPES = (ADVICE, GATE, REASON, PICKUP, HEALTH, OWN)
RANK = {SHARED: 2, EMERGENCY: 1}
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
GROWN_UPS = st.sampled_from(["mother", "father", "gi"])
PEOPLE = st.sampled_from(["mother", "father", "gi", CHILD])
SOME_TYPES = st.sampled_from([GATE, GATE, *TYPES])
SKEW = st.sampled_from([None, timedelta(0), timedelta(minutes=-2), timedelta(days=-3), timedelta(hours=9)])
"""What the clock of the device says beside ours; None: it was not said."""
BORN = st.sampled_from(
    [date(2018, 5, 4), date(2014, 10, 25), date(2014, 9, 3), date(2012, 2, 29), date(2010, 9, 3)]
)
"""Among them a birthday in the night the clocks go back, and the days around a 12th and a 16th birthday."""
AGREED = st.sampled_from([(), ("mother",), ("father",), ("mother", "father"), ("mother", CHILD)])
"""Who said yes to everything to begin with."""


class FamilyMachine(RuleBasedStateMachine):
    """Whatever happens to a family, in whatever order."""

    ages = (rules().catalogue.terms.together_from, rules().catalogue.terms.alone_from)

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.family = PlainFamily()
        self.rows: list[Decision] = []
        self.judged_for: tuple[Known, datetime] | None = None
        self.judged: dict[str, str] = {}

    @initialize(born=BORN, opened=st.booleans(), known=st.booleans(), agreed=AGREED)
    def begin(self, born: date, opened: bool, known: bool, agreed: tuple[str, ...]) -> None:
        self.family = PlainFamily(born=born, guardians=["mother", "father", "gi"], ages=self.ages)
        self.family.dangers = [(None, "no_known_danger", False)]
        self.family.about = {OWN: {"mother"}}
        self._paper("gi", "gezinsvoogd")
        if known:
            self._paper("mother", "holder")
            self._paper("father", "holder")
        if opened:
            for who in ("mother", CHILD):
                self._say(who, "given", GATE)
        for who in agreed:
            for key in TYPES:
                self._say(who, "given", key)

    # --- what people say -------------------------------------------------------------------------

    @rule(who=PEOPLE, key=SOME_TYPES, skew=SKEW, method=st.sampled_from(["tablet", "oral"]))
    def say_yes(self, who: str, key: str, skew: timedelta | None, method: Method) -> None:
        heard = who == CHILD and voice(self.family, self.now) == "heard"
        self._say(who, "opinion_yes" if heard else "given", key, skew=skew, method=method)

    @rule(
        who=PEOPLE,
        key=SOME_TYPES,
        skew=SKEW,
        word=st.sampled_from(["refused", "later", "withdrawn", "objected", "objection_lifted", "opinion_no"]),
    )
    def say_something_else(self, who: str, key: str, skew: timedelta | None, word: DecisionKind) -> None:
        self._say(who, word, key, skew=skew)

    @precondition(lambda self: bool(self.rows))
    @rule(which=st.integers(0, 60), word=st.sampled_from(["invalidated", "suspended", "resumed"]))
    def say_about_what_was_said(self, which: int, word: DecisionKind) -> None:
        """A mistake is corrected, a text is in doubt, or was right after all: only about a yes."""
        about = which % len(self.rows)
        if can_be_invalidated(self.rows[about]):
            row = self.rows[about]
            self._say(row.person, word, row.information_type, about=about)

    @rule(who=GROWN_UPS, key=SOME_TYPES, lifted=st.booleans())
    def object_at_another_school(self, who: str, key: str, lifted: bool) -> None:
        self._say(who, "objection_lifted" if lifted else "objected", key, school="there")

    @precondition(lambda self: bool(self.family.words))
    @rule(who=GROWN_UPS, key=SOME_TYPES)
    def a_tablet_that_was_offline_brings_an_older_yes_after_a_newer_no(self, who: str, key: str) -> None:
        """S37: the no came in while the yes was waiting."""
        self._say(who, "withdrawn", key)
        self._say(who, "given", key, skew=timedelta(hours=-1))
        assert not said(self.family, who, kind_of(key), self.now).is_yes

    # --- what else happens -----------------------------------------------------------------------

    @rule(
        who=GROWN_UPS,
        kind=st.sampled_from(["holder", "voogd", "court_order", "gezinsvoogd", "none"]),
        since=st.sampled_from([-30, 0, 1]),
        days=st.sampled_from([None, None, 31, 60]),
    )
    def authority_changes(self, who: str, kind: str, since: int, days: int | None) -> None:
        self._paper(who, kind, since, days)

    @rule(able=st.booleans())
    def somebody_judges_whether_the_child_can_weigh_it(self, able: bool) -> None:
        self.family.competent.append((able, self.now + timedelta(microseconds=len(self.family.competent))))

    @rule(
        whose=st.sampled_from([None, None, "mother", "father"]),
        level=st.sampled_from(["no_known_danger", "danger", "not_assessed"]),
        secret=st.booleans(),
    )
    def safety_is_assessed(self, whose: str | None, level: str, secret: bool) -> None:
        self.family.dangers.append((whose, level, secret))

    @rule(who=GROWN_UPS, approved=st.booleans(), days=st.sampled_from([0, 30]))
    def somebody_is_left_out_for_safety(self, who: str, approved: bool, days: int) -> None:
        self.family.markers.append(Marker(who, approved, local_date(self.now) + timedelta(days=days)))

    @rule()
    def who_was_left_out_no_longer_is(self) -> None:
        for marker in self.family.markers:
            marker.ended = True

    @precondition(lambda self: self.family.ended is None)
    @rule(word=st.sampled_from([0, 0, 0, 1]))
    def the_child_goes_to_another_school(self, word: int) -> None:
        if word:
            self.family.ended = self.now

    # --- time ------------------------------------------------------------------------------------

    @rule(
        by=st.sampled_from([timedelta(seconds=30), timedelta(hours=5), timedelta(days=1), timedelta(days=40)])
    )
    def time_passes(self, by: timedelta) -> None:
        self._pass_until(self.now + by)

    @rule(which=st.sampled_from([0, 1]), before=st.booleans())
    def it_becomes_a_birthday(self, which: int, before: bool) -> None:
        """To the last moment before it, or to its first moment."""
        first = midnight(birthday(self.family.born, self.ages[which])).astimezone(UTC)
        self._pass_until(first - timedelta(microseconds=1) if before else first)

    @precondition(lambda self: any(row.valid_until for row in self.rows))
    @rule(which=st.integers(0, 60))
    def it_becomes_the_day_a_yes_ends(self, which: int) -> None:
        ends = [row.valid_until for row in self.rows if row.valid_until is not None]
        self._pass_until(ends[which % len(ends)])

    def _pass_until(self, moment: datetime) -> None:
        """Only time passes: apart from what papers, and clocks ahead, bring by then, nothing begins."""
        if moment <= self.now:
            return
        before = {key: RANK.get(self._judged(key), 0) for key in TYPES}
        people = deciders(self.family, self.now)
        self.now = moment
        if deciders(self.family, self.now) == people:
            for key in TYPES:
                assert RANK.get(self._judged(key), 0) <= before[key], key

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def the_policies_and_the_plain_rules_agree(self) -> None:
        for key in TYPES:
            expected = answer(self.family, kind_of(key), self.now, gate=rules().catalogue.gate)
            assert self._judged(key) == expected, key

    @invariant()
    def nothing_is_released_without_a_yes_in_force(self) -> None:
        for key in TYPES:
            if self._judged(key) in RANK:
                assert self._speaks_yes(key), key

    @invariant()
    def a_known_objection_of_a_decider_always_wins(self) -> None:
        for key in TYPES:
            kind = kind_of(key)
            theirs = kind.decided_by != "own_guardian" and voice(self.family, self.now) != "alone"
            if theirs and objecting(self.family, kind, self.now):
                assert self._judged(key) not in RANK, key

    @invariant()
    def a_newer_no_beats_an_older_yes_in_whatever_order_the_rows_are_read(self) -> None:
        known = self._known()
        turned = msgspec.structs.replace(known, decisions=known.decisions[::-1])
        for key in (ADVICE, REASON):
            assert self._told(turned, key) == self._judged(key)

    # --- parts -----------------------------------------------------------------------------------

    def _speaks_yes(self, key: str) -> bool:
        """Somebody whose yes can count, has a yes in force: a decider, who it is about, or the child."""
        kind = kind_of(key)
        if kind.decided_by == "own_guardian":
            return any(said(self.family, who, kind, self.now).is_yes for who in owners(self.family, kind))
        people, _ = deciders(self.family, self.now)
        child = child_says(self.family, kind, self.now) == "yes"
        return child or any(said(self.family, who, kind, self.now).is_yes for who in people)

    def _say(
        self,
        who: str,
        word: DecisionKind,
        key: str,
        *,
        skew: timedelta | None = None,
        method: Method = "tablet",
        about: int | None = None,
        school: str = HERE,
    ) -> None:
        """To the ledger by the rules of the service, to the model by hand."""
        kind, arrived = kind_of(key), self.now + timedelta(microseconds=len(self.rows))
        device_at = None if skew is None else self.now + skew
        allows = word in ("given", "opinion_yes", "objection_lifted", "resumed")
        at = min(arrived, device_at) if device_at is not None and allows else arrived
        people, _ = deciders(self.family, self.now)
        capacity = "child" if who == CHILD else "holder" if who in people else "without_authority"
        ends = None
        if word == "given":
            ends = consent_ends(kind, local_date(at), terms=rules().catalogue.terms, method=method)
        text = f"{kind.text_id}@1"
        self.family.words.append(Word(who, word, key, at, arrived, ends, text, about, school, capacity))
        self.rows.append(
            msgspec.convert(
                {
                    "decision": f"{len(self.rows):04}",
                    "relationship": school,
                    "information_type": key,
                    "person": who,
                    "capacity": capacity,
                    "kind": word,
                    "decided_at": moment_of(word, now=arrived, device_at=device_at),
                    "recorded_at": arrived,
                    "valid_until": ends,
                    "concerns": None if about is None else f"{about:04}",
                    "text_version": text,
                    "method": method,
                },
                Decision,
            )
        )

    def _paper(self, who: str, kind: str, since: int = -900, days: int | None = None) -> None:
        first = local_date(self.now) + timedelta(days=since)
        last = None if days is None else first + timedelta(days=days)
        recorded = self.now + timedelta(microseconds=len(self.family.papers))
        self.family.papers.append(Paper(who, kind, first, last, recorded))

    def _known(self) -> Known:
        """What a release would read, the decisions being the rows of the ledger."""
        here = tuple(row for row in self.rows if row.relationship == HERE)
        elsewhere = tuple(row for row in self.rows if row.relationship != HERE)
        return msgspec.structs.replace(known_of(self.family), decisions=here, objections=elsewhere)

    def _judged(self, key: str) -> str:
        """Judged once for each state of things."""
        known = self._known()
        if self.judged_for != (known, self.now):
            self.judged_for = (known, self.now)
            self.judged = {each: self._told(known, each) for each in TYPES}
        return self.judged[key]

    def _told(self, known: Known, key: str) -> str:
        together, alone = self.ages
        terms = msgspec.structs.replace(rules().catalogue.terms, together_from=together, alone_from=alone)
        return told(answer_on(known, key, self.now, terms=terms))


class OtherAgesMachine(FamilyMachine):
    """Where a child has its say in years without a 29 February: one born then has its birthday on 1 March."""

    ages = (13, 17)

    @initialize(
        born=st.sampled_from([date(2012, 2, 29), date(2012, 2, 29), date(2016, 2, 29), date(2012, 3, 1)]),
        opened=st.booleans(),
        known=st.booleans(),
        agreed=AGREED,
    )
    def begin(self, born: date, opened: bool, known: bool, agreed: tuple[str, ...]) -> None:
        super().begin(born=born, opened=opened, known=known, agreed=agreed)


@pytest.mark.untraced
def test_a_family_lives_through_any_order_of_events() -> None:
    run_state_machine_as_test(FamilyMachine, settings=settings(max_examples=80, stateful_step_count=30))


def test_a_child_of_29_february_has_its_say_from_1_march_whatever_happens() -> None:
    lives = settings(max_examples=25, stateful_step_count=20)
    run_state_machine_as_test(OtherAgesMachine, settings=lives)


@pytest.mark.parametrize(
    "which, last, said",
    [
        (0, datetime(2029, 2, 28, 22, 59, tzinfo=UTC), "together"),
        (1, datetime(2033, 2, 28, 22, 59, tzinfo=UTC), "alone"),
    ],
)
def test_on_28_february_a_child_of_the_29th_is_a_year_younger(which: int, last: datetime, said: str) -> None:
    machine = OtherAgesMachine()
    machine.begin(born=date(2016, 2, 29), opened=True, known=True, agreed=("mother",))
    machine.time_passes(last - machine.now)
    machine.the_policies_and_the_plain_rules_agree()
    assert voice(machine.family, machine.now) != said
    machine.it_becomes_a_birthday(which, before=False)
    assert machine.now - last == timedelta(minutes=1)
    assert voice(machine.family, machine.now) == said
    machine.the_policies_and_the_plain_rules_agree()


def by_arrival(decisions: Iterable[Decision], *, now: datetime, text: str) -> dict[PersonId, Standing]:
    """What arrived last would count: S37 the wrong way round."""
    rows = (msgspec.structs.replace(row, decided_at=row.recorded_at) for row in decisions)
    return fold(rows, now=now, text=text)


def nobody_objects(known: Known, kind: InformationType, now: datetime) -> set[PersonId]:
    return set()


def whatever_was_said_before(
    known: Known, terms: Terms, kind: InformationType, yeses: Iterable[Standing], *, now: datetime
) -> list[Standing]:
    """Also what still waited for the child would go on, and so begin, on a birthday."""
    since = known.voice_since(terms, local_date(now))
    return [one for one in yeses if since and one.decided_at and one.decided_at < since]


def an_older_yes_arrives(machine: FamilyMachine) -> None:
    machine.a_tablet_that_was_offline_brings_an_older_yes_after_a_newer_no("mother", ADVICE)


def somebody_objects(machine: FamilyMachine) -> None:
    machine.say_something_else("father", ADVICE, None, "objected")


def a_birthday(machine: FamilyMachine) -> None:
    machine.it_becomes_a_birthday(1, before=False)


@pytest.mark.parametrize(
    "part, spoilt, happens",
    [
        ("fold", by_arrival, an_older_yes_arrives),
        ("_objecting", nobody_objects, somebody_objects),
        ("_going_on", whatever_was_said_before, a_birthday),
    ],
)
def test_the_machine_sees_a_rule_that_is_spoilt(
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    spoilt: Callable[..., Any],
    happens: Callable[[FamilyMachine], None],
) -> None:
    def live() -> None:
        machine = FamilyMachine()
        machine.begin(born=date(2010, 9, 3), opened=True, known=True, agreed=("mother",))
        happens(machine)
        machine.the_policies_and_the_plain_rules_agree()

    live()
    monkeypatch.setattr(projection, part, spoilt)
    with pytest.raises(AssertionError):
        live()
