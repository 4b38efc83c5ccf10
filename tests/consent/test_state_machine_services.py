"""The same family, driven through the real services on a real database, against the same naive model.

Slower than `test_state_machine`, so shorter lives: what is decided is what a school is then given, and
whatever happens, no row of the ledger is ever changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import shutil
from collections.abc import Coroutine
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import hypothesis.strategies as st
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from consent_service.consent.changes import Change
from consent_service.consent.drafts import Seen
from consent_service.consent.model import Answer, Signature, consent_ends
from consent_service.consent.service import ConsentService, Key, Target
from consent_service.consent.sittings import Setting
from consent_service.consent.statement import Answered, Statement
from consent_service.consent.tables import consent_ledger
from consent_service.families.model import NewAuthority, SafetyAssessment
from consent_service.foundation.clock import MovableClock, local_date
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotFoundError
from consent_service.foundation.ids import TypeKey, new_id
from consent_service.foundation.stop_journal import StopJournal
from consent_service.identity.model import ChildActor, GuardianActor
from consent_service.policy.facts import Reader
from consent_service.release.judging import judged
from consent_service.release.model import Ask, Released
from consent_service.release.read import read_situation
from tests.conftest import sqlite_url
from tests.policy.families import kind_of, rules
from tests.policy.plain_family import (
    CHILD,
    EMERGENCY,
    HERE,
    SHARED,
    Paper,
    PlainFamily,
    Word,
    answer,
    birthday,
    deciders,
    midnight,
    voice,
)
from tests.scenarios.stories import share
from tests.shelter import World, make_world

T = TypeVar("T")
ADVICE, GATE, PICKUP, HEALTH = "support_advice", "shelter_involvement", "pickup", "child_health"
TYPES = (ADVICE, GATE, PICKUP, HEALTH)
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PEOPLE = st.sampled_from(["mother", "mother", "father", CHILD])
GROWN_UPS = st.sampled_from(["mother", "father"])
BORN = st.sampled_from([date(2018, 5, 4), date(2014, 9, 3), date(2012, 2, 29), date(2010, 9, 3)])
ANSWERS: st.SearchStrategy[Answer] = st.sampled_from(["yes", "yes", "yes", "no", "later"])
SOME_ANSWERS = st.dictionaries(st.sampled_from(TYPES), ANSWERS, min_size=1)
SKEW = st.sampled_from([None, None, timedelta(minutes=-2), timedelta(days=-3), timedelta(hours=9)])
"""What the clock of the tablet says beside ours; None: it was not said."""
WORDS = {"yes": "given", "no": "refused", "later": "later"}
_numbers = itertools.count(1)


class ServicesMachine(RuleBasedStateMachine):
    """One family in one shelter; `template` is a migrated SQLite file, copied for each life."""

    template: Path
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        here = self.folder / f"life{next(_numbers)}"
        here.mkdir()
        shutil.copyfile(self.template, here / "ruggensteun.sqlite")
        self.clock = MovableClock(START)
        self.database = Database(sqlite_url(here / "ruggensteun.sqlite"))
        journal = StopJournal(here / "stops.jsonl")
        self.world: World = self.run(make_world(self.database, self.clock, journal, here))
        self.family = PlainFamily()
        self.codes: dict[str, str] = {}
        self.in_doubt: set[str] = set()
        self.seen: list[str] = []

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(act)

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()

    @initialize(born=BORN)
    def begin(self, born: date) -> None:
        """Mother and child let the school know, and it was told what helps."""
        self.family = PlainFamily(born=born, papers=[_paper("mother", "holder"), _paper("father", "holder")])
        self.family.dangers = [(None, "no_known_danger", False)]
        people = (("Samira", "holder"), ("Karim", "holder"))
        self.view = self.run(self.world.family(children=(("Noor", born),), guardians=people))  # type: ignore[arg-type]
        self.at = self.run(self.world.at_school(self.view.children[0].child))
        self._sit("mother", {ADVICE: "yes", GATE: "yes"}, wait=False)
        if voice(self.family, self.clock.now()) != "heard":
            self._sit(CHILD, {ADVICE: "yes", GATE: "yes"}, wait=False)
        self.run(share(self.world, self.at))

    # --- what happens ----------------------------------------------------------------------------

    @rule(who=PEOPLE, answers=SOME_ANSWERS, wait=st.booleans(), skew=SKEW)
    def somebody_answers_at_the_tablet(
        self, who: str, answers: dict[str, Answer], wait: bool, skew: timedelta | None
    ) -> None:
        """`wait`: before it is signed everything is stopped from elsewhere, which is newer than a yes."""
        self._sit(who, answers, wait=wait, skew=skew)

    @rule(who=GROWN_UPS, answers=SOME_ANSWERS, days=st.sampled_from([0, 1, 45]))
    def a_paper_comes_in(self, who: str, answers: dict[str, Answer], days: int) -> None:
        """A yes on it is as old as its day; a no on it counts from now, and is always taken."""
        self.clock.advance(SECOND)
        said_on = local_date(self.clock.now()) - timedelta(days=days)
        try:
            self.run(self._pass_on(who, answers, said_on))
        except InputError:
            assert "yes" in answers.values() or self.family.ended is not None
            return
        at = min(self.clock.now(), midnight(said_on).astimezone(UTC))
        for key, said in answers.items():
            self._note(who, WORDS[said], key, at=at if said == "yes" else None, given_on=said_on)

    @rule(who=PEOPLE, key=st.sampled_from(TYPES), said=ANSWERS)
    def somebody_answers_on_the_own_page(self, who: str, key: str, said: Answer) -> None:
        self.clock.advance(SECOND)
        change = Change(self.at, TypeKey(key), said, self.world.shown(key))
        try:
            written = self.run(self.world.services.changes.answer(self._actor(who), change))
        except NotFoundError:
            return
        except InputError:
            assert said == "yes"
            assert key in self.in_doubt
            return
        if written:
            self._note(who, WORDS[said], key)

    @rule(who=PEOPLE, by_code=st.booleans())
    def somebody_stops_everything(self, who: str, by_code: bool) -> None:
        self._stop_everything(who, by_code=by_code)

    @rule(key=st.sampled_from(TYPES))
    def a_text_is_in_doubt_or_was_right_after_all(self, key: str) -> None:
        """Each yes to it is suspended, or counts again; who said otherwise meanwhile is left alone."""
        self.clock.advance(SECOND)
        wording, text = self.world.services.wording, self.world.shown(key).text_hash
        doubted = key not in self.in_doubt
        self.run((wording.suspend if doubted else wording.resume)(self.world.officer, text))
        self.in_doubt ^= {key}
        for number, word in enumerate(list(self.family.words)):
            if (word.type, word.word) == (key, "given"):
                self._note(word.who, "suspended" if doubted else "resumed", key, about=number)

    @rule(who=PEOPLE, key=st.sampled_from(TYPES))
    def somebody_withdraws(self, who: str, key: str) -> None:
        self._withdraw(who, key)

    @rule(who=GROWN_UPS, key=st.sampled_from(TYPES))
    def somebody_objects(self, who: str, key: str) -> None:
        actor = self._actor(who)
        self.run(self.world.services.consent.object(actor, self._target(who, key), method="page"))
        self._note(who, "objected", key)

    @rule(who=GROWN_UPS)
    def somebody_lifts_every_objection(self, who: str) -> None:
        target = self._target(who)
        actor = self._actor(who)
        assert isinstance(actor, GuardianActor)
        self.run(self.world.services.consent.lift_objection(actor, target))
        for key in TYPES:
            self._note(who, "objection_lifted", key)

    @rule(who=GROWN_UPS)
    def the_last_yes_was_a_mistake(self, who: str) -> None:
        yeses = [
            (n, word) for n, word in enumerate(self.family.words) if (word.who, word.word) == (who, "given")
        ]
        if yeses:
            number, word = yeses[-1]
            self.run(self._invalidate(who, word.type))
            self._note(who, "invalidated", word.type, about=number)

    @rule(who=GROWN_UPS, kind=st.sampled_from(["holder", "none"]))
    def a_court_decides_on_authority(self, who: str, kind: Any) -> None:
        fact = NewAuthority(kind, "judgment", local_date(self.clock.now()))
        (child,) = self.view.children
        self.run(
            self.world.services.families.record_authority(
                self.world.counsellor,
                self.view.family,
                child=child.child,
                guardian=self._person(who),
                fact=fact,
            )
        )
        self.family.papers.append(Paper(who, kind, local_date(self.clock.now()), None, self.clock.now()))

    @rule(level=st.sampled_from(["no_known_danger", "danger"]), whose=st.sampled_from([None, "mother"]))
    def safety_is_assessed(self, level: Any, whose: str | None) -> None:
        review = local_date(self.clock.now()) + timedelta(days=90)
        found = SafetyAssessment(level, False, False, None, review)
        families, by = self.world.services.families, self.world.counsellor
        if whose is None:
            self.run(families.assess_safety(by, self.view.family, found))
        else:
            self.run(families.assess_guardian(by, self.view.family, self._person(whose), found))
        self.family.dangers.append((whose, level, False))

    @rule(able=st.booleans())
    def somebody_judges_whether_the_child_can_weigh_it(self, able: bool) -> None:
        families, (child,) = self.world.services.families, self.view.children
        self.run(
            families.judge_competence(
                self.world.counsellor, self.view.family, child.child, competent=able, reason="too_upset"
            )
        )
        self.family.competent.append((able, self.clock.now()))

    @precondition(lambda self: self.family.ended is None)
    @rule(really=st.integers(0, 5))
    def the_child_leaves_the_school(self, really: int) -> None:
        if really == 5:
            families = self.world.services.families
            self.run(families.end_relationship(self.world.counsellor, self.at, "changed_school"))
            self.family.ended = self.clock.now()

    @rule(by=st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=60)]))
    def time_passes(self, by: timedelta) -> None:
        self.clock.advance(by)

    @rule(years=st.sampled_from([12, 16]))
    def it_becomes_a_birthday(self, years: int) -> None:
        first = midnight(birthday(self.family.born, years)).astimezone(UTC)
        if self.clock.now() < first < self.clock.now() + timedelta(days=365):
            self.clock.set(first)

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def a_school_is_given_what_the_model_says(self) -> None:
        for key in TYPES:
            expected = answer(self.family, kind_of(key), self.clock.now(), gate=rules().catalogue.gate)
            assert self.run(self._permitted(key)) == (expected if expected in (SHARED, EMERGENCY) else "")

    @invariant()
    def nothing_leaves_that_the_model_does_not_allow(self) -> None:
        expected = answer(self.family, kind_of(ADVICE), self.clock.now(), gate=rules().catalogue.gate)
        self.run(self.world.services.sequencer.run_once(self.world.tenant))
        asked = self.world.services.release.to_school(self.world.contact, Ask(self.at, "support"))
        given = self.run(asked)
        shown = {one.information_type for one in given.records} if isinstance(given, Released) else set()
        assert (ADVICE in shown) == (expected == SHARED)

    @invariant()
    def no_row_of_the_ledger_is_ever_changed(self) -> None:
        rows = self.run(self._rows())
        assert rows[: len(self.seen)] == self.seen
        self.seen = rows

    # --- parts -----------------------------------------------------------------------------------

    def _sit(
        self, who: str, answers: dict[str, Answer], *, wait: bool, skew: timedelta | None = None
    ) -> None:
        """Answers count as from when they were given, a no as from when it was signed."""
        self.clock.advance(SECOND)
        say, decides = voice(self.family, self.clock.now()), deciders(self.family, self.clock.now())[0]
        may = say != "heard" if who == CHILD else who in decides and say != "alone"
        actor, sittings = self._actor(who), self.world.services.sittings
        keys = [TypeKey(key) for key in answers]
        try:
            sitting = self.run(sittings.prepare(self.world.counsellor, actor, Setting("nl"), types=keys))
        except InputError:
            assert not may or self.family.ended is not None or self.in_doubt & answers.keys()
            return
        assert may
        assert self.family.ended is None
        chosen = self.clock.now()
        device_at = None if skew is None else chosen + skew
        for question in sitting.questions:
            said = answers[question.information_type]
            shown, seen = self.world.shown(question.information_type), Seen(device_at)
            self.run(sittings.answer(actor, sitting.sitting, question, answer=said, shown=shown, seen=seen))
        if wait:
            self.clock.advance(timedelta(minutes=1))
            self._stop_everything(who, by_code=True)
        self.clock.advance(SECOND)
        receipt = self.run(sittings.sign(actor, sitting.sitting, Signature("typed", "Samira Voorbeeld")))
        self.codes[who] = receipt.withdrawal_code
        signed, yes_at = self.clock.now(), min(chosen, device_at or chosen)
        for question in sitting.questions:
            said = answers[question.information_type]
            at = yes_at if said == "yes" else signed
            self._note(who, WORDS[said], question.information_type, at=at, given_on=local_date(signed))

    def _withdraw(self, who: str, key: str) -> None:
        self.clock.advance(SECOND)
        consent = self.world.services.consent
        self.run(consent.withdraw(self._actor(who), self._target(who, key), method="page"))
        self._note(who, "withdrawn", key)

    def _stop_everything(self, who: str, *, by_code: bool) -> None:
        self.clock.advance(SECOND)
        consent = self.world.services.consent
        if by_code and who in self.codes:
            self.run(consent.withdraw_by_code(self.codes[who]))
        else:
            self.run(consent.withdraw(self._actor(who), self._target(who), method="page"))
        for key in TYPES:
            self._note(who, "withdrawn", key)

    async def _pass_on(self, who: str, answers: dict[str, Answer], said_on: date) -> None:
        paper = Statement(
            family=self.view.family,
            person=self._person(who),
            method="paper",
            said_on=said_on,
            language="nl",
            interpreter="none",
            answers=tuple(
                Answered(self.at, TypeKey(key), said, self.world.shown(key).text_version)
                for key, said in answers.items()
            ),
            form=new_id(),
            kept="locked_cabinet",
        )
        await self.world.services.passed_on.record(self.world.counsellor, paper)

    async def _invalidate(self, who: str, key: str) -> None:
        query = select(consent_ledger).where(
            consent_ledger.c.person == self._person(who),
            consent_ledger.c.kind == "given",
            consent_ledger.c.information_type == key,
        )
        async with self.database.reading() as conn:
            rows = sorted(await conn.execute(query), key=lambda row: (row.recorded_at, row.decided_at))
        target = self._target(who)
        await self.world.services.consent.invalidate(self.world.counsellor, target, rows[-1].decision)

    def _note(
        self,
        who: str,
        word: str,
        key: str,
        *,
        at: datetime | None = None,
        about: int | None = None,
        given_on: date | None = None,
    ) -> None:
        """In the model. Each act has a second of its own, so that no two are at one moment."""
        arrived = self.clock.now()
        kind = kind_of(key)
        moment = at or arrived
        ends = None
        if word == "given":
            day = given_on or local_date(moment)
            ends = consent_ends(kind, day, terms=rules().catalogue.terms, method="tablet")
        capacity = CHILD if who == CHILD else "holder"
        text = f"{kind.text_id}@1"
        self.family.words.append(Word(who, word, key, moment, arrived, ends, text, about, HERE, capacity))
        self.clock.advance(SECOND)

    def _person(self, who: str) -> Any:
        if who == CHILD:
            return self.view.children[0].child
        return self.view.guardians[0 if who == "mother" else 1].guardian

    def _actor(self, who: str) -> GuardianActor | ChildActor:
        if who == CHILD:
            return self.world.child(self.view)
        return self.world.guardian(self.view, 0 if who == "mother" else 1)

    def _target(self, who: str, key: str | None = None) -> Target:
        keys = () if key is None else ((self.at, TypeKey(key)),)
        return Target(self.world.tenant, self.view.family, self._person(who), keys)

    async def _permitted(self, key: str) -> str:
        """The very read and decision of a release, by a reader who may read this type."""
        kind, services = kind_of(key), self.world.services
        async with self.database.reading() as conn:
            found = await read_situation(conn, services.installation.ring, self.world.tenant, self.at)
            active = await services.policies.active_rules(conn, self.world.tenant)
        assert found is not None
        reader = Reader("school", self.world.contact.staff, "contact")
        asked = [(kind.key, kind.directions[0])]
        seen = judged(found, active, reader, kind.purposes[0], asked=asked, now=self.clock.now())
        if seen.permit is None:
            return ""
        return EMERGENCY if kind.key in seen.permit.emergency else SHARED

    async def _rows(self) -> list[str]:
        """A hash of each row of the ledger, in the order recorded."""
        query = select(consent_ledger).order_by(consent_ledger.c.recorded_at, consent_ledger.c.decision)
        async with self.database.reading() as conn:
            rows = (await conn.execute(query)).all()
        return [hashlib.sha256(repr(tuple(row)).encode()).hexdigest() for row in rows]


def _paper(who: str, kind: str) -> Paper:
    return Paper(who, kind, date(2000, 1, 1), None, START - timedelta(days=1))


def machine_in(template: Path, folder: Path) -> type[ServicesMachine]:
    return type("Machine", (ServicesMachine,), {"template": template, "folder": folder})


@pytest.mark.untraced
def test_a_family_lives_through_the_services_as_the_model_says(migrated_sqlite: Path, tmp_path: Path) -> None:
    # Without shrinking: each life takes a second, and the steps of the first that fails are told.
    lives = settings(max_examples=10, stateful_step_count=14, phases=(Phase.explicit, Phase.generate))
    run_state_machine_as_test(machine_in(migrated_sqlite, tmp_path), settings=lives)


def test_the_machine_sees_what_is_given_without_a_yes_and_a_row_that_changed(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    machine = machine_in(migrated_sqlite, tmp_path)()
    try:
        machine.begin(born=date(2018, 5, 4))
        machine.no_row_of_the_ledger_is_ever_changed()
        machine.nothing_leaves_that_the_model_does_not_allow()
        machine.seen[0] = "changed"
        with pytest.raises(AssertionError):
            machine.no_row_of_the_ledger_is_ever_changed()
        machine.family.words.clear()
        with pytest.raises(AssertionError):
            machine.nothing_leaves_that_the_model_does_not_allow()
        with pytest.raises(AssertionError):
            machine.a_school_is_given_what_the_model_says()
    finally:
        machine.teardown()


def test_the_machine_sees_a_stop_that_forgets_what_was_not_said_yet(
    migrated_sqlite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A paper of yesterday comes in after everything was stopped today (S37)."""

    def live() -> None:
        machine = machine_in(migrated_sqlite, tmp_path)()
        try:
            machine.begin(born=date(2018, 5, 4))
            machine.somebody_withdraws(who="mother", key=GATE)
            machine.somebody_withdraws(who="mother", key=ADVICE)
            machine.time_passes(by=timedelta(days=1))
            machine.time_passes(by=timedelta(days=1))
            machine.somebody_stops_everything(who="mother", by_code=True)
            machine.a_paper_comes_in(who="mother", answers={GATE: "yes", ADVICE: "yes"}, days=1)
            machine.a_school_is_given_what_the_model_says()
        finally:
            machine.teardown()

    async def only_what_runs(self: ConsentService, conn: Any, target: Target) -> tuple[Key, ...]:
        return tuple(key for key, one in (await self._standings_of(conn, target)).items() if one.is_yes)

    live()
    monkeypatch.setattr(ConsentService, "_every_key", only_what_runs)
    with pytest.raises(AssertionError):
        live()
