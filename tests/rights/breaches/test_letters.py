"""Letters: one person at a time, held where danger is not ruled out, in a language that is there."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update

from consent_service.consent.tables import sittings
from consent_service.foundation.errors import ConflictError, InputError, NotFoundError
from consent_service.foundation.i18n import translator
from consent_service.rights.breaches import letters as letters_module
from consent_service.rights.breaches.letters_model import Letter
from consent_service.rights.breaches.people import Named
from consent_service.rights.erasure_model import Wanted
from consent_service.web.breaches.letter_words import paragraphs
from tests.ledger import entries
from tests.rights.breaches.stories import SAID, of_actor, opened, reported
from tests.rights.forgetting import erased
from tests.scenarios.stories import told_family
from tests.shelter import SAFE, SECRET, World

BOTH = (("Samira", "holder"), ("Karim", "holder"))


async def people(world: World, breach: str) -> dict[str, Named]:
    """Everybody of the breach, by given name."""
    page = await world.services.breach_letters.people(world.officer, breach)
    return {who.name.split()[0]: who for family in page.families for who in family.people}


async def letters(world: World, breach: str) -> dict[str, Letter]:
    """Who has a letter, by given name."""
    found = await people(world, breach)
    return {name: who.letter for name, who in found.items() if who.letter is not None}


async def with_letters(world: World) -> str:
    breach = await opened(world)
    await reported(world, breach)
    await world.services.breach_letters.prepare(world.officer, breach)
    return breach


async def test_both_parents_of_a_safe_family_get_one_and_a_small_child_none(world: World) -> None:
    await told_family(world, guardians=BOTH)  # type: ignore[arg-type]
    breach = await with_letters(world)
    found = await letters(world, breach)
    assert {name: one.state for name, one in found.items()} == {"Samira": "ready", "Karim": "ready"}
    assert await world.services.breach_letters.prepare(world.officer, breach) == 0
    assert len(await entries(world, "breach.letter_moved.v1")) == 2


async def test_until_danger_is_ruled_out_the_other_holder_gets_none_without_a_decision(world: World) -> None:
    await told_family(world, guardians=BOTH, safety=SECRET)  # type: ignore[arg-type]
    breach = await with_letters(world)
    found = await letters(world, breach)
    assert {one.held for one in found.values()} == {"safety"}
    service, karim = world.services.breach_letters, found["Karim"].letter
    assert await service.make(world.officer, breach, karim) is None
    assert await service.give(world.officer, breach, karim, "in_person") is False
    assert await entries(world, "exit.permitted.v1") == ()
    await service.withhold(world.officer, breach, karim, "safety")
    assert (await letters(world, breach))["Karim"].ground == "safety"
    samira = found["Samira"].letter
    await service.allow(world.officer, breach, samira)
    assert await service.make(world.officer, breach, samira) is not None
    assert await service.give(world.officer, breach, samira, "with_interpreter") is True
    await world.services.breaches.tell(world.officer, breach)
    for entry in await entries(world, "breach.letter_moved.v1"):
        assert entry.detail is not None
        assert entry.detail.shown_to == "officer"


async def test_danger_that_is_seen_later_holds_a_letter_that_was_ready(world: World) -> None:
    told = await told_family(world, guardians=BOTH)  # type: ignore[arg-type]
    breach = await with_letters(world)
    await world.services.families.assess_safety(world.counsellor, told.view.family, SECRET)
    service, karim = world.services.breach_letters, (await letters(world, breach))["Karim"].letter
    assert await service.make(world.officer, breach, karim) is None
    assert (await letters(world, breach))["Karim"].state == "held"
    await service.allow(world.officer, breach, karim)
    assert await service.make(world.officer, breach, karim) is not None


async def test_who_has_no_authority_is_held_and_a_child_from_twelve_gets_its_own(world: World) -> None:
    await world.family(
        children=(("Yara", date(2013, 3, 7)),),
        guardians=(("Samira", "holder"), ("Karim", "none")),
        safety=SAFE,
    )
    found = await letters(world, await with_letters(world))
    assert {name: (one.state, one.held) for name, one in found.items()} == {
        "Yara": ("ready", None),
        "Samira": ("ready", None),
        "Karim": ("held", "no_authority"),
    }


async def test_of_a_young_person_who_decides_alone_the_parents_wait(world: World) -> None:
    await world.family(children=(("Yara", date(2009, 3, 7)),), safety=SAFE)
    found = await letters(world, await with_letters(world))
    assert (found["Yara"].state, found["Samira"].held) == ("ready", "own_voice")


async def test_in_the_language_she_sat_in_or_in_two_to_read_together(world: World) -> None:
    await told_family(world)
    async with world.services.installation.database.transaction() as conn:
        await conn.execute(update(sittings).values(language="ti"))
    breach = await with_letters(world)
    (one,) = (await letters(world, breach)).values()
    assert (one.language, one.languages, one.is_own_language) == ("ti", ("nl", "en"), False)
    paper = await world.services.breach_letters.make(world.officer, breach, one.letter)
    assert paper is not None
    dutch = " ".join(paragraphs(paper, translator("nl")))
    english = " ".join(paragraphs(paper, translator("en")))
    assert "Een apparaat van ons is kwijt of gestolen." in dutch
    assert "A device of ours was lost or stolen." in english
    assert "Hulporganisatie: 0800-5550000" in dutch
    for secret in ("Noor", "De Linde", "Lindelaan", "Opvang Zuid"):
        assert secret not in dutch + english


async def test_bad_choices_and_second_times_are_refused(world: World) -> None:
    await told_family(world)
    breach = await with_letters(world)
    service = world.services.breach_letters
    (one,) = (await letters(world, breach)).values()
    with pytest.raises(InputError):
        await service.give(world.officer, breach, one.letter, "by_mail")
    with pytest.raises(InputError):
        await service.withhold(world.officer, breach, one.letter, "because")
    with pytest.raises(ConflictError):
        await service.allow(world.officer, breach, one.letter)
    with pytest.raises(NotFoundError):
        await service.give(world.officer, breach, "nothing", "in_person")
    await service.give(world.officer, breach, one.letter, "in_person")
    for again in (
        service.give(world.officer, breach, one.letter, "in_person"),
        service.make(world.officer, breach, one.letter),
        service.withhold(world.officer, breach, one.letter, "safety"),
    ):
        with pytest.raises(ConflictError):
            await again


async def test_people_can_be_told_before_the_authority_and_not_when_nothing_is_reported(world: World) -> None:
    """Without delay (AVG 34(1)) does not wait for the report; a breach that is no risk tells nobody."""
    service, letters_of = world.services.breaches, world.services.breach_letters
    nobody = await opened(world, "leaked_backup")
    await service.examine(world.officer, nobody, of_actor(world))
    await service.describe(world.officer, nobody, SAID)
    await service.leave_unreported(world.officer, nobody, "nothing_seen")
    with pytest.raises(ConflictError):
        await letters_of.prepare(world.officer, nobody)
    await told_family(world, safety=SAFE)
    breach = await opened(world)
    await service.examine(world.officer, breach, of_actor(world))
    assert await letters_of.prepare(world.officer, breach) == 1


async def test_people_come_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letters_module, "PAGE", 1)
    monkeypatch.setattr(letters_module, "_FAMILIES_AT_ONCE", 1)
    await told_family(world)
    await told_family(world, family_name="Anders")
    breach = await with_letters(world)
    service = world.services.breach_letters
    first = await service.people(world.officer, breach)
    second = await service.people(world.officer, breach, after=first.next)
    assert [len(one.families) for one in (first, second)] == [1, 1]
    assert first.families[0].family != second.families[0].family
    assert (await service.people(world.officer, breach, after=second.next)).families == ()


async def test_who_was_erased_meanwhile_is_written_no_letter(world: World) -> None:
    told = await told_family(world)
    breach = await with_letters(world)
    (one,) = (await letters(world, breach)).values()
    await world.services.custody.destroy_child(world.officer, told.view.children[0].child)
    assert "Noor" not in await people(world, breach)
    await world.services.families.end_family(world.counsellor, told.view.family, "moved_out")
    await erased(world, Wanted("person", told.mother.guardian, "requested"))
    assert await letters(world, breach) == {}
    with pytest.raises(NotFoundError):
        await world.services.breach_letters.make(world.officer, breach, one.letter)
