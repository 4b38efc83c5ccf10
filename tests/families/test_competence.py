"""Whether a child can weigh this itself: the latest judgement counts, and nothing is erased (S42)."""

from __future__ import annotations

from datetime import date

import pytest

from consent_service.audit.events import CompetenceJudged
from consent_service.families.model import is_competent
from consent_service.families.reading import read_competence
from consent_service.families.tables import child_competence
from consent_service.foundation.errors import InputError, NotAllowedError
from consent_service.foundation.ids import PersonId, new_id
from tests.ledger import count, entries, rows, version
from tests.shelter import World


async def judged(world: World, child: PersonId) -> bool:
    async with world.services.installation.database.reading() as conn:
        return is_competent(await read_competence(conn, world.tenant, children=[child]))


async def test_the_latest_judgement_counts_and_each_is_kept(world: World) -> None:
    view = await world.family(children=(("Noor", date(2013, 5, 4)),))
    relationship = await world.at_school(view.children[0].child)
    child, judge = view.children[0].child, world.services.families.judge_competence
    assert await judged(world, child)
    for competent in (False, True, False):  # all in one moment of the clock
        before = await version(world, relationship)
        await judge(world.counsellor, view.family, child, competent=competent, reason="too_upset")
        assert await judged(world, child) is competent
        assert await version(world, relationship) > before
    kept = await rows(world, child_competence)
    assert {row.judged_by for row in kept} == {world.counsellor.staff}
    assert len({row.recorded_at for row in kept}) == 3


async def test_the_entry_names_the_child_and_the_judgement(world: World) -> None:
    view = await world.family()
    child = view.children[0].child
    await world.services.families.judge_competence(
        world.counsellor, view.family, child, competent=False, reason="disability"
    )
    (entry,) = await entries(world, "competence.judged.v1")
    assert entry.detail is not None
    assert entry.detail.event == CompetenceJudged(child, False, "disability")


async def test_a_no_without_a_reason_is_no_judgement(world: World) -> None:
    view = await world.family()
    child = view.children[0].child
    with pytest.raises(InputError) as raised:
        await world.services.families.judge_competence(world.counsellor, view.family, child, competent=False)
    assert [(one.field, one.code) for one in raised.value.problems] == [("incompetence", "required")]
    assert await count(world, child_competence) == 0


async def test_the_privacy_coordinator_looks_at_each_child_whose_say_was_taken_away(world: World) -> None:
    view = await world.family(children=(("Noor", date(2010, 5, 4)),))
    child, judge = view.children[0].child, world.services.families.judge_competence
    for _ in range(2):
        await judge(world.counsellor, view.family, child, competent=False, reason="does_not_understand")
    await world.settle()
    (task,) = await world.services.tasks.open_tasks(world.officer)
    assert (task.kind, task.audience, task.person) == ("competence_to_look_at", "privacy_coordinator", child)
    assert {row.reason for row in await rows(world, child_competence)} == {"does_not_understand"}
    await judge(world.counsellor, view.family, child, competent=True)
    await world.settle()
    assert await world.services.tasks.open_tasks(world.officer) == ()


async def test_only_the_own_counsellor_judges_and_only_children_of_the_family(world: World) -> None:
    view = await world.family()
    judge = world.services.families.judge_competence
    with pytest.raises(NotAllowedError):
        await judge(world.colleague, view.family, view.children[0].child, competent=False)
    for nobody in (PersonId(new_id()), view.guardians[0].guardian):
        with pytest.raises(InputError) as raised:
            await judge(world.counsellor, view.family, nobody, competent=False)
        assert [problem.code for problem in raised.value.problems] == ["child_unknown"]
    assert await count(world, child_competence) == 0
