"""A form is taken once."""

from __future__ import annotations

import asyncio

from tests.identity.desk import Desk


async def test_a_form_is_taken_once_and_an_older_copy_of_it_never(desk: Desk) -> None:
    session, other = (await desk.logged_in()).session, (await desk.logged_in()).session
    older = await desk.service.issue_step(session, "consent:support_advice")
    newer = await desk.service.issue_step(session, "consent:support_advice")
    assert not await desk.service.use_step(session, "consent:support_advice", older)
    assert not await desk.service.use_step(session, "consent:care_signal", newer)
    assert not await desk.service.use_step(other, "consent:support_advice", newer)
    assert await desk.service.use_step(session, "consent:support_advice", newer)
    assert not await desk.service.use_step(session, "consent:support_advice", newer)


async def test_a_form_sent_twice_at_the_same_moment_is_taken_once(desk: Desk) -> None:
    session = (await desk.logged_in()).session
    token = await desk.service.issue_step(session, "sign")
    taken = await asyncio.gather(*(desk.service.use_step(session, "sign", token) for _ in range(5)))
    assert sum(one is not None for one in taken) == 1
