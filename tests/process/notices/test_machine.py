"""Whatever happens, in whatever order: never sent twice, never after it was off, never lost in silence.

Hypothesis looks for a life of the outbox in which one of these is not so. The planted senders below show
that it would be seen: each is broken in one place.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from consent_service.foundation.ids import EntryId
from consent_service.foundation.notifier import Answer
from consent_service.process.notices import sending
from consent_service.process.notices.claiming import LEASE
from consent_service.process.notices.model import NoticeKind
from consent_service.process.notices.rows import move
from consent_service.process.notices.tables import notices
from consent_service.release.exits import ExitPermit
from tests.conftest import Furnished
from tests.process.notices.life import STEPS, Beginning, Happens, Life, Mood, make_beginning

KINDS: st.SearchStrategy[NoticeKind] = st.sampled_from(["care_signal", "recall", "task_due", "something_new"])
MOODS: st.SearchStrategy[list[Mood]] = st.lists(
    st.sampled_from(["taken", "later", "refused", "unknown"]), min_size=1, max_size=3
)
HAPPENS: st.SearchStrategy[dict[int, Happens]] = st.dictionaries(
    st.integers(1, STEPS), st.sampled_from(["die", "die", "withdraw", "cancel"]), max_size=2
)
MOVES = st.sampled_from(
    [
        timedelta(minutes=2),
        LEASE,
        timedelta(hours=1),
        timedelta(hours=13),
        timedelta(days=3),
        -timedelta(hours=2),
    ]
)
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def beginning(furnished_sqlite: Furnished, tmp_path_factory: pytest.TempPathFactory) -> Beginning:
    folder = tmp_path_factory.mktemp("outbox")
    return asyncio.run(make_beginning(furnished_sqlite, folder))


class Outbox(RuleBasedStateMachine):
    """One life; each step of a round of sending can be the last of that process."""

    beginning: Beginning
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.life = Life(self.beginning, self.folder / f"life{next(_numbers)}")

    def run(self, act: Coroutine[Any, Any, None]) -> None:
        self.runner.run(act)

    def teardown(self) -> None:
        try:
            self.run(self.life.end())
        finally:
            self.run(self.life.close())
            self.runner.close()

    @rule(kind=KINDS, to_school=st.booleans(), about=st.sampled_from(["one", "two"]))
    def queue(self, kind: NoticeKind, to_school: bool, about: str) -> None:
        self.run(self.life.queue(kind, to_school=to_school, about=about))

    @rule(about=st.sampled_from(["one", "two"]))
    def cancel(self, about: str) -> None:
        self.run(self.life.cancel(about))

    @precondition(lambda self: not self.life.withdrawn)
    @rule()
    def withdraw(self) -> None:
        self.run(self.life.withdraw())

    @rule(by=MOVES)
    def move_clock(self, by: timedelta) -> None:
        self.run(self.life.move_clock(by))

    @rule(moods=MOODS, away=st.booleans())
    def server(self, moods: list[Mood], away: bool) -> None:
        self.life.wire.moods, self.life.wire.away = list(moods), away

    @precondition(lambda self: self.life.names)
    @rule(happens=HAPPENS)
    def send(self, happens: dict[int, Happens]) -> None:
        self.run(self.life.send(happens))

    @precondition(lambda self: self.life.names)
    @rule()
    def send_twice_at_once(self) -> None:
        self.run(self.life.send_twice_at_once())

    @rule()
    def restart(self) -> None:
        self.life.restart()

    @invariant()
    def nothing_is_wrong(self) -> None:
        self.run(self.life.check())


def test_never_twice_never_after_it_was_off_never_lost_in_silence(
    beginning: Beginning, tmp_path: Path
) -> None:
    machine = type("OneOutbox", (Outbox,), {"beginning": beginning, "folder": tmp_path})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=12, stateful_step_count=14, phases=[Phase.explicit, Phase.generate]),
    )


@pytest.mark.parametrize("step", range(1, STEPS + 1))
@pytest.mark.parametrize("happens", ["die", "withdraw", "cancel"])
def test_at_each_step_of_a_round(beginning: Beginning, tmp_path: Path, step: int, happens: Happens) -> None:
    """Two mails and a digest: every place of that round, once with each."""
    asyncio.run(_one_round(Life(beginning, tmp_path / "life"), {step: happens}))


async def _one_round(life: Life, happens: dict[int, Happens], moods: tuple[Mood, ...] = ()) -> None:
    try:
        life.wire.moods = list(moods)
        await life.queue("care_signal", to_school=True, about="one")
        await life.queue("recall", to_school=True, about="two")
        await life.queue("task_due", to_school=False, about="two")
        await life.send(happens)
        await life.check()
        await life.send()
        await life.check()
        await life.end()
    finally:
        await life.close()


# --- planted senders, each broken in one place ------------------------------------------------


def _unknown_is_tried_again(sender: Any) -> None:
    inner = sender._answered

    async def answered(conn: Any, what: Any, answer: Answer) -> None:
        await inner(conn, what, Answer("later") if answer.outcome == "unknown" else answer)

    sender._answered = answered


def _asks_no_door(sender: Any) -> None:
    async def permit(_conn: Any, one: Any, exit_: Any) -> ExitPermit:
        return ExitPermit(exit_, one.tenant, one.recipient, EntryId("e"))

    sender._permit = permit


def _refuses_without_a_word(sender: Any) -> None:
    async def nothing(*_: Any) -> None:
        return None

    sender._entries.not_sent = nothing


def _forgets_what_it_took(sender: Any) -> None:
    async def nothing(*_: Any) -> None:
        return None

    sender._answered = nothing


@pytest.mark.parametrize(
    "spoil, happens, moods, said",
    [
        (_unknown_is_tried_again, {}, ("unknown",), "sent twice"),
        (_asks_no_door, {3: "withdraw"}, (), "sent after it was off"),
        (_refuses_without_a_word, {3: "withdraw"}, (), "lost in silence"),
    ],
    ids=["tries again", "asks no door", "says nothing"],
)
def test_planted_a_broken_sender_is_seen(
    beginning: Beginning,
    tmp_path: Path,
    spoil: Callable[[Any], None],
    happens: dict[int, Happens],
    moods: tuple[Mood, ...],
    said: str,
) -> None:
    life = Life(beginning, tmp_path / "life")
    life.spoil = spoil
    life.restart()
    with pytest.raises(AssertionError, match=said):
        asyncio.run(_one_round(life, happens, moods))


def test_planted_a_sender_that_forgets_leaves_it_unknown_and_never_sends_it_again(
    beginning: Beginning, tmp_path: Path
) -> None:
    """No violation: what was begun and not written down is the case for which the lease was made."""
    life = Life(beginning, tmp_path / "life")
    life.spoil = _forgets_what_it_took
    life.restart()
    asyncio.run(_one_round(life, {}))
    assert set(life.wire.may_have.values()) == {1}


def test_planted_a_lease_that_sends_again_is_seen(
    beginning: Beginning, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if what was being sent when its sender died were put back like what was only claimed."""

    async def recover(conn: Any, _log: Any, tenant: Any, now: Any) -> int:
        over = notices.c.leased_until <= now
        for act, state in (("put_back", "claimed"), ("defer", "sending")):
            await move(conn, tenant, act, state, over, claim=None, leased_until=None)
        return 0

    monkeypatch.setattr(sending, "recover", recover)
    life = Life(beginning, tmp_path / "life")
    with pytest.raises(AssertionError, match="sent twice"):
        asyncio.run(_one_round(life, {6: "die"}))
