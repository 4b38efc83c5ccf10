"""A rule that asks for a review: written with the release, for the officer only, and done by somebody."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from consent_service.app import build_services
from consent_service.audit.events import DutyArose, RecordShareRefused
from consent_service.foundation.ids import TypeKey
from consent_service.process.model import next_working_day
from consent_service.records.model import ShareRefused
from consent_service.records.service import Note
from consent_service.release import lists as release_lists
from consent_service.release.model import Refused, Released
from tests.scenarios.stories import ADVICE, SUPPORT, ask, sentence_of, told_family, trail
from tests.shelter import POLICIES, World, furnish

GATE = TypeKey("shelter_involvement")
ON_READING = """
@id("consent.reviewed")
@legal_basis("AVG 5(2)")
@reason("yes_of_holder")
@unmet("- no_consent")
@obligations("officer_review")
permit (principal, action == Action::"release", resource)
when { context.basis == Basis::"consent" && (resource.type.is_gate || resource.level == Level::"O") }
when { resource.yes >= 1 };
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


@pytest.fixture
async def reviewed(world: World, rules: Path) -> World:
    """A shelter whose rules ask for a review of whatever ordinary is read."""
    (rules / "consent" / "reviewed.cedar").write_text(ON_READING, encoding="utf-8")
    return await started(world, rules)


async def started(world: World, rules: Path) -> World:
    """A shelter whose first rules are those of this folder."""
    services = build_services(msgspec.structs.replace(world.services.installation, policies=rules))
    await services.install()
    return await furnish(services, world.clock, "Opvang Noord")


async def test_what_was_read_is_a_task_for_the_next_working_day(reviewed: World) -> None:
    reviewed.clock.set(datetime(2026, 9, 4, 21, 30, tzinfo=UTC))  # a Friday, just before midnight
    await reviewed.settle()
    told = await told_family(reviewed)
    answer = await ask(reviewed, told.relationship)
    assert isinstance(answer, Released)
    (entry,) = await trail(reviewed, "release.duty_arose.v1")
    assert entry.detail is not None
    assert entry.detail.event == DutyArose(told.relationship, "officer_review", answer.entry, SUPPORT)
    assert (entry.detail.shown_to, entry.detail.subject) == ("officer", told.view.children[0].child)
    await reviewed.settle()
    tasks = await reviewed.services.tasks.open_tasks(reviewed.officer)
    (task,) = (one for one in tasks if one.kind == "release_to_review")
    assert (task.relationship, task.information_type) == (told.relationship, SUPPORT)
    assert (task.entry, task.due_on) == (entry.id, date(2026, 9, 7))


async def test_it_is_asked_once_until_somebody_looked(reviewed: World) -> None:
    told = await told_family(reviewed)
    for _ in range(3):
        await ask(reviewed, told.relationship)
    await reviewed.settle()
    (task,) = await reviewed.services.tasks.open_tasks(reviewed.officer)
    await reviewed.services.tasks.finish(reviewed.officer, task.task)
    await ask(reviewed, told.relationship)
    await reviewed.settle()
    (again,) = await reviewed.services.tasks.open_tasks(reviewed.officer)
    assert again.task != task.task


async def test_a_child_on_a_list_is_reviewed_as_well(reviewed: World) -> None:
    told = await told_family(reviewed)
    assert (
        len(await reviewed.services.release.children_of_contact(reviewed.contact, [told.relationship])) == 1
    )
    (released,) = await trail(reviewed, "information.released.v1")
    (entry,) = await trail(reviewed, "release.duty_arose.v1")
    assert entry.detail is not None
    assert entry.detail.event == DutyArose(told.relationship, "officer_review", released.id, GATE)


async def test_what_is_allowed_and_holds_nothing_needs_no_review(reviewed: World) -> None:
    told = await told_family(reviewed)
    await reviewed.services.records.retract(reviewed.counsellor, told.relationship, told.record)
    assert isinstance(await ask(reviewed, told.relationship), Refused)
    assert await trail(reviewed, "release.duty_arose.v1") == ()


async def test_a_duty_that_cannot_be_written_down_stops_the_release(
    reviewed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(reviewed)

    def planted(*_: object) -> None:
        raise RuntimeError("planted")

    monkeypatch.setattr(release_lists, "duties", planted)
    with pytest.raises(RuntimeError, match="planted"):
        await ask(reviewed, told.relationship)
    assert await trail(reviewed, "information.released.v1") == ()


async def test_no_rule_of_today_asks_it_on_permission(world: World) -> None:
    told = await told_family(world)
    assert isinstance(await ask(world, told.relationship), Released)
    assert await trail(world, "release.duty_arose.v1") == ()


async def test_a_preview_says_what_the_exit_does(reviewed: World) -> None:
    told = await told_family(reviewed)
    seen = await reviewed.services.release.preview(told.mother, told.relationship, language="nl")
    assert [line.shared for line in seen if line.information_type == SUPPORT] == [True]


# --- doors that do not carry it out ----------------------------------------------------------------


async def test_writing_is_refused_where_a_rule_asks_a_duty_of_it(world: World, rules: Path) -> None:
    """Whoever writes has no duty to carry out; the counsellor is told why, a school would not be."""
    path = rules / "consent" / "yes.cedar"
    text = path.read_text(encoding="utf-8")
    asking = text.replace(
        '@id("consent.ordinary")', '@id("consent.ordinary")\n@obligations("officer_review")'
    )
    path.write_text(asking, encoding="utf-8")
    told = await started(world, rules)
    view = await told.family()
    relationship = await told.at_school(view.children[0].child)
    await told.intake(told.guardian(view), {"shelter_involvement": "yes", "support_advice": "yes"})
    shared = await told.services.records.share(
        told.counsellor, relationship, Note(SUPPORT, {"helps": ADVICE})
    )
    assert isinstance(shared, ShareRefused)
    assert shared.code == "duty_not_possible"
    (entry,) = await trail(told, "record.share_refused.v1")
    assert entry.detail is not None
    assert isinstance(entry.detail.event, RecordShareRefused)
    assert (entry.detail.event.code, entry.detail.event.policies) == ("duty_not_possible", ())


async def test_an_exit_that_cannot_carry_a_duty_out_gives_nothing(
    reviewed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = await told_family(reviewed)
    monkeypatch.setattr("consent_service.release.judging.CARRIED_OUT", frozenset())
    answer = await ask(reviewed, told.relationship)
    assert isinstance(answer, Refused)
    assert sentence_of(answer) == "Niet beschikbaar."
    (line,) = (
        line
        for line in await reviewed.services.release.preview(
            reviewed.counsellor, told.relationship, language="nl"
        )
        if line.information_type == SUPPORT
    )
    assert not line.shared
    assert line.sentence.startswith("Dit mag alleen als er daarna iets gebeurt")


@pytest.mark.parametrize(
    "day, expected",
    [
        (date(2026, 9, 3), date(2026, 9, 4)),
        (date(2026, 9, 4), date(2026, 9, 7)),
        (date(2026, 9, 5), date(2026, 9, 7)),
        (date(2026, 9, 6), date(2026, 9, 7)),
        (date(2026, 12, 31), date(2027, 1, 1)),
    ],
)
def test_the_next_working_day_is_from_monday_to_friday(day: date, expected: date) -> None:
    assert next_working_day(day) == expected
