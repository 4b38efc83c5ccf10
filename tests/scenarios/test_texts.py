"""S24 and S25: another purpose asks anew, a typo does not, and a wrong text stops what rests on it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from consent_service.consent.tables import consent_ledger, text_versions
from consent_service.foundation.errors import InputError
from consent_service.information.scopes import lock_scopes, scope_problems
from consent_service.information.texts import load_texts
from consent_service.policy.bundle import lock
from consent_service.policy.rules import load_rules
from consent_service.records.model import ShareRefused
from consent_service.records.service import Note
from consent_service.release.model import Released
from tests.information.folders import change
from tests.ledger import rows
from tests.policies_folder import copied_policies
from tests.policy.changing import in_force, restarted, switched_to_software
from tests.scenarios.stories import ADVICE, SUPPORT, YES, Told, ask, sentence_of, told_family
from tests.shelter import World
from tests.web.visiting import main_of, open_site

QUESTION = "Mogen de school en wij delen wat uw kind helpt?"


async def under(world: World, folder: Path) -> World:
    """The same shelter after an update of its policies and texts, approved by two officers.

    Texts alone are no rules: they are in use with the software, and nobody has to approve anything.
    """
    lock(folder, load_rules(folder).bundle)
    services = restarted(world, folder)
    if services.policies.proposal.bundle.hash != await in_force(world):
        await switched_to_software(world, services)
    world.services = services
    return world


async def refused_with(world: World, told: Told) -> str:
    """Why the counsellor may not write about it now."""
    refused = await world.services.records.share(
        world.counsellor, told.relationship, Note(SUPPORT, {"helps": ADVICE})
    )
    assert isinstance(refused, ShareRefused)
    return refused.code


async def proved(world: World) -> dict[str, str]:
    """The words behind every hash in the ledger, by hash; each hash is computed anew."""
    kept = {row.text_hash: row.content for row in await rows(world, text_versions)}
    assert {hashlib.sha256(words.encode()).hexdigest() for words in kept.values()} == kept.keys()
    rested = {row.text_hash for row in await rows(world, consent_ledger) if row.text_hash}
    assert rested <= kept.keys()
    return kept


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copied_policies(tmp_path / "policies")


async def test_s24_after_a_typo_the_old_consent_stays_and_both_texts_are_proved(
    world: World, folder: Path
) -> None:
    told = await told_family(world)
    old = world.shown(SUPPORT)
    change(folder, "texts/nl.toml", QUESTION, QUESTION.replace("delen", "aan elkaar vertellen"))
    change(
        folder,
        "texts/nl.toml",
        'id = "consent.support_advice"\nversion = 1',
        'id = "consent.support_advice"\nversion = 2',
    )
    assert scope_problems(folder, load_rules(folder).catalogue) == ()
    await under(world, folder)

    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [record.fields for record in answer.records] == [{"helps": ADVICE}]

    other = await told_family(world, family_name="Anders")
    new = world.shown(SUPPORT)
    assert (old.text_version, new.text_version) == ("consent.support_advice@1", "consent.support_advice@2")
    kept = await proved(world)
    assert QUESTION in kept[old.text_hash]
    assert "aan elkaar vertellen" in kept[new.text_hash]
    assert isinstance(await ask(world, other.relationship), Released)


async def test_s24_another_purpose_is_another_text_and_needs_a_fresh_consent(
    world: World, folder: Path
) -> None:
    told = await told_family(world)
    old = world.shown(SUPPORT)
    _widen(folder, text_id="consent.support_advice.2")
    lock_scopes(folder, load_rules(folder).catalogue)
    await under(world, folder)

    refused = await ask(world, told.relationship)
    assert not isinstance(refused, Released)
    assert sentence_of(refused) == "Niet beschikbaar."
    assert await refused_with(world, told) == "text_changed"
    standing = (await world.services.consent.own_answers(told.mother))[told.relationship, SUPPORT]
    assert (standing.answer, standing.outdated, standing.is_yes) == ("yes", True, False)

    await world.intake(told.mother, YES)
    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    new = world.shown(SUPPORT)
    kept = await proved(world)
    assert kept[old.text_hash] != kept[new.text_hash]
    assert {row.text_version for row in await rows(world, consent_ledger, information_type=SUPPORT)} == {
        "consent.support_advice@1",
        "consent.support_advice.2@1",
    }


def test_s24_another_purpose_under_the_old_text_is_not_accepted(folder: Path) -> None:
    _widen(folder, text_id="consent.support_advice")
    catalogue = load_rules(folder).catalogue
    (problem,) = scope_problems(folder, catalogue)
    assert "give it a new id" in problem.wrong
    with pytest.raises(ValueError, match="stands for something else"):
        lock_scopes(folder, catalogue)


async def test_s25_every_consent_to_a_faulty_translation_is_found_suspended_and_asked_again(
    world: World,
) -> None:
    english = await told_family(world)  # asked in Dutch; what counts is the language of the last answer
    await world.intake(english.mother, YES, language="en")
    dutch = await told_family(world, family_name="Anders")
    faulty = world.services.texts.of_type("en", SUPPORT)

    assert (await world.services.wording.preview(world.officer, faulty.hash)).resting == 1
    assert await world.services.wording.suspend(world.officer, faulty.hash) == 1

    refused = await ask(world, english.relationship)
    assert not isinstance(refused, Released)
    assert sentence_of(refused) == "Niet beschikbaar."
    assert await refused_with(world, english) == "suspended"
    assert isinstance(await ask(world, dutch.relationship), Released)
    await world.settle()
    (task,) = await world.services.tasks.open_tasks(world.counsellor)
    assert (task.kind, task.relationship, task.information_type) == (
        "ask_again",
        english.relationship,
        SUPPORT,
    )
    with pytest.raises(InputError):
        await world.intake(english.mother, YES, language="en")
    await world.intake(english.mother, YES, language="nl")
    assert isinstance(await ask(world, english.relationship), Released)


async def test_s25_on_the_desk_a_faulty_translation_says_how_many_and_takes_them_out(
    world: World, tmp_path: Path
) -> None:
    english = await told_family(world)
    await world.intake(english.mother, YES, language="en")
    dutch = await told_family(world, family_name="Anders")
    await world.settle()
    faulty = world.services.texts.of_type("en", SUPPORT)
    async with open_site(world, tmp_path) as site:
        desk = await site.logged_in(world.officer)
        here = f"/toezicht/{world.tenant}/teksten"
        assert faulty.hash in (await desk.get(here)).text
        assert "/fout" in (await desk.get(f"{here}/{faulty.hash}")).text
        before = await desk.get(f"{here}/{faulty.hash}/fout")
        assert re.search(r"\b1\b", main_of(before))
        done = await desk.post(f"{here}/{faulty.hash}/fout")
        assert done.status_code == 303
        assert not isinstance(await ask(world, english.relationship), Released)
        assert isinstance(await ask(world, dutch.relationship), Released)
        again = await desk.post(f"{here}/{faulty.hash}/fout")
        assert again.status_code in (303, 404, 409)
        await world.settle()
        answer = await desk.post(f"/toezicht/{world.tenant}/vragen/weigeringen", {"period": "week"})
        assert "Niets" not in main_of(answer)
        assert "bewezen" in main_of(answer)
        for page in (before, answer, await desk.get(f"{here}/{faulty.hash}")):
            for name in ("Samira", "Voorbeeld", "Noor"):
                assert name not in main_of(page)


async def test_s25_a_text_that_was_right_after_all_gives_its_consents_back(world: World) -> None:
    told = await told_family(world)
    text = world.services.texts.of_type("nl", SUPPORT)
    await world.services.wording.suspend(world.officer, text.hash)
    assert not isinstance(await ask(world, told.relationship), Released)

    await world.services.wording.resume(world.officer, text.hash)

    answer = await ask(world, told.relationship)
    assert isinstance(answer, Released)
    assert [record.fields for record in answer.records] == [{"helps": ADVICE}]
    await proved(world)


async def test_s25_a_corrected_text_is_used_and_the_faulty_one_stays_out_of_use(
    world: World, folder: Path
) -> None:
    told = await told_family(world)
    faulty = world.services.texts.of_type("nl", SUPPORT)
    await world.services.wording.suspend(world.officer, faulty.hash)
    change(folder, "texts/nl.toml", QUESTION, QUESTION.replace("delen", "bespreken"))
    change(
        folder,
        "texts/nl.toml",
        'id = "consent.support_advice"\nversion = 1',
        'id = "consent.support_advice"\nversion = 2',
    )
    assert load_texts(folder).of_type("nl", SUPPORT).hash != faulty.hash
    await under(world, folder)
    assert not isinstance(await ask(world, told.relationship), Released)

    await world.intake(told.mother, YES)

    assert isinstance(await ask(world, told.relationship), Released)
    found = await world.services.wording.preview(world.officer, faulty.hash)
    assert (found.current, found.resting, found.state != "in_use") == (False, 0, True)


def _widen(folder: Path, *, text_id: str) -> None:
    """What helps may now be used for safety as well."""
    block = '[types.support_advice]\nlevel = "O"\ndirections = ["s2c", "c2s"]\npurposes = ["support"]'
    named = f'[types.support_advice]\ntext = "{text_id}"'
    change(folder, "information_types.toml", block, block.replace('["support"]', '["support", "safety"]'))
    change(folder, "information_types.toml", "[types.support_advice]", named)
    for language in ("nl", "en", "ar"):
        change(folder, f"texts/{language}.toml", 'id = "consent.support_advice"', f'id = "{text_id}"')
