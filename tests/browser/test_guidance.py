"""A whole guidance by clicking, from intake to move-out, with a mail server that receives.

Intake, first contact, absence reported by the school, driegesprek proposed, planned, held, agreements, the
mother's remark, withdrawal of one type, move-out. No mail or calendar file names child, school or shelter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import async_playwright

from consent_service.demo.running import running
from consent_service.demo.state import make, settings_of
from consent_service.foundation.settings import load_settings
from consent_service.web.serving import any_free_port
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.browser.guidance import acts, meeting
from tests.browser.guidance.secrecy import calendars, told_by
from tests.browser.guidance.stage import MONDAY, JumpingClock, Stage, at
from tests.postbox import Postbox, mail_server

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
async def stage(tmp_path: Path, photographs: Path | None) -> AsyncIterator[Stage]:
    """The demo's shelter without families, sending its mail to a real server, at a time of our own."""
    clock, postbox, complaints = JumpingClock(), Postbox(), list[str]()
    with mail_server(postbox) as server:
        base = load_settings({"HOME": str(tmp_path)})
        settings = msgspec.structs.replace(
            settings_of(tmp_path / "demo", base, port=any_free_port()),
            smtp_host=server.host,
            smtp_port=server.port,
            smtp_from=server.sender,
        )
        settings.state_dir.mkdir()
        made = await make(settings.state_dir, settings, clock, families=False)
        async with (
            running(settings, made.shelter, clock, provider_port=any_free_port()) as demo,
            async_playwright() as playwright,
        ):
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield Stage(browser, demo.address, clock, postbox, photographs, complaints)
            await browser.close()
    assert complaints == []


async def test_a_whole_guidance(stage: Stage) -> None:
    wednesday, thursday = MONDAY + timedelta(days=2), MONDAY + timedelta(days=3)
    await the_start(stage)
    await acts.first_contact(stage)
    stage.clock.jump(at(MONDAY + timedelta(days=1), 9, 0))
    await acts.report_absence(stage)
    await meeting.propose_and_plan(stage, wednesday, invited=1)
    stage.clock.jump(at(wednesday, 15, 30))
    await meeting.hold_and_agree(stage, MONDAY + timedelta(days=21))
    await meeting.read_at_school(stage, there=True)
    await meeting.remark(stage)
    await meeting.propose_and_plan(stage, MONDAY + timedelta(days=16), invited=2)
    await acts.stop_one(stage, "Afspraken driegesprek")
    await meeting.read_at_school(stage, there=False)
    await meeting.is_called_off(stage, files=3)
    await acts.plan_the_end(stage, thursday)
    stage.clock.jump(at(thursday + timedelta(days=1), 9, 0))
    await acts.nothing_is_left(stage)
    nothing_was_told(stage)


async def the_start(stage: Stage) -> None:
    counsellor = await acts.log_in(stage, "mother", "Bo Begeleider")  # the tablet
    await acts.enter_work_address(counsellor, acts.COUNSELLOR)
    await acts.come_in(counsellor, MONDAY)
    stage.code = await acts.decide(counsellor)
    await acts.take_back(counsellor)
    contact = await acts.log_in(stage, "contact", "Ida Intern")
    await acts.enter_work_address(contact, acts.CONTACT)


def nothing_was_told(stage: Stage) -> None:
    """And the search finds what is planted, so that it can find."""
    assert len(stage.postbox.envelopes) > 6
    assert all(calendars(stage.postbox, who) for who in (acts.CONTACT, acts.MOTHER))
    assert told_by(stage.postbox, (acts.PIN, stage.code)) == []
    planted = stage.postbox.envelopes[-1]
    assert isinstance(planted.content, bytes)
    planted.content = planted.content.replace(b"Subject: ", b"Subject: Noor ", 1)
    assert told_by(stage.postbox) == ["Noor"]
