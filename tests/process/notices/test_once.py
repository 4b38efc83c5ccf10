"""Each message leaves once or not at all: whatever dies, hangs up, or sends at the same time."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_service.foundation.errors import ConflictError
from consent_service.process.notices.claiming import LEASE
from consent_service.process.notices.states import NOTICE
from consent_service.process.states import START
from tests.postbox import Postbox, mail_server
from tests.process.notices.mailing import (
    BO,
    addressed,
    at,
    mailing,
    queue,
    recipients,
    send,
    states,
    with_server,
)
from tests.scenarios.stories import trail
from tests.shelter import World


class Holding(Postbox):
    """Has the mail, and does not answer until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.has_it, self.let_go = threading.Event(), threading.Event()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = await super().handle_DATA(server, session, envelope)
        self.has_it.set()
        await asyncio.to_thread(self.let_go.wait, 30)
        return answer


@pytest.mark.threads
async def test_a_sender_killed_while_the_server_has_the_mail_never_sends_it_again(
    world: World, database_url: str, tmp_path: Path
) -> None:
    await addressed(world, world.counsellor.staff, BO)
    await queue(world, kind="recall", to_staff=world.counsellor.staff)
    await world.services.sequencer.run_once(world.tenant)
    holding = Holding()
    with mail_server(holding) as server:
        arguments = (database_url, str(tmp_path), world.tenant, str(server.port))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.process.notices.killed", *arguments
        )
        assert await asyncio.to_thread(holding.has_it.wait, 60)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        holding.let_go.set()
        assert await states(world) == ["sending"]
        again = with_server(world, server)
        assert await send(again) == 0
        await at(world, world.clock.now() + LEASE)
        assert await send(again) == 0
        assert await states(world) == ["uncertain"]
        await at(world, world.clock.now() + timedelta(days=1))
        assert await send(again) == 0
        assert recipients(holding) == [BO]
    assert len(await trail(world, "notice.uncertain.v1")) == 1


async def test_what_was_claimed_by_a_sender_that_died_before_it_began_is_sent_after_the_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mailing(world) as (world, postbox):
        await addressed(world, world.counsellor.staff, BO)
        await queue(world, kind="recall", to_staff=world.counsellor.staff)
        sender = world.services.notice_sender
        with monkeypatch.context() as patch:
            patch.setattr(sender, "_begin", _die)
            with pytest.raises(KeyboardInterrupt):
                await send(world)
        assert await states(world) == ["claimed"]
        assert await send(world) == 0
        await at(world, world.clock.now() + LEASE)
        assert await send(world) == 1
        assert recipients(postbox) == [BO]


async def _die(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.threads
async def test_two_senders_at_once_send_each_message_once(world: World) -> None:
    with mailing(world) as (world, postbox):
        await addressed(world, world.counsellor.staff, BO)
        for _ in range(6):
            await queue(world, kind="recall", to_staff=world.counsellor.staff)
        sent = await asyncio.gather(send(world), send(world))
        assert sum(sent) == 6
        assert recipients(postbox) == [BO] * 6
    assert await states(world) == ["sent"] * 6


@given(acts=st.lists(st.sampled_from(sorted({step.act for step in NOTICE.steps})), max_size=40))
@settings(max_examples=300)
def test_whatever_happens_in_whatever_order_nothing_is_handed_over_again_once_it_may_have_left(
    acts: list[str],
) -> None:
    """Only what the server said it did not take (`defer`) leads from `sending` back to a second try."""
    state, handed_over, may_have_left = NOTICE.after(START, "queue"), 0, False
    for act in acts:
        try:
            after = NOTICE.after(state, act)
        except ConflictError:
            continue
        if act == "begin":
            assert not may_have_left
            handed_over += 1
            may_have_left = True
        if act == "defer":
            may_have_left = False
        state = after
    assert state in NOTICE.states
