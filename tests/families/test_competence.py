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
        await judge(world.counsellor, view.family, child, competent=competent)
        assert await judged(world, child) is competent
        assert await version(world, relationship) > before
    kept = await rows(world, child_competence)
    assert {row.judged_by for row in kept} == {world.counsellor.staff}
    assert len({row.recorded_at for row in kept}) == 3


async def test_the_entry_names_the_child_and_the_judgement(world: World) -> None:
    view = await world.family()
    child = view.children[0].child
    await world.services.families.judge_competence(world.counsellor, view.family, child, competent=False)
    (entry,) = await entries(world, "competence.judged.v1")
    assert entry.detail is not None
    assert entry.detail.event == CompetenceJudged(child, False)


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
