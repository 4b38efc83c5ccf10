"""The letter of a refusal: a ground to read, what can be done, and a neutral one that tells nothing."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from typing import get_args

import msgspec
import pytest

from consent_service.families.model import AuthorityKind
from consent_service.foundation.errors import NotAllowedError, NotFoundError
from consent_service.foundation.i18n import SUPPORTED
from consent_service.foundation.ids import TenantId
from consent_service.organisations.model import Tenant
from consent_service.rights.cases.letters import REASONS, refusal
from consent_service.rights.cases.model import (
    GROUNDS,
    NEUTRAL,
    NEUTRAL_AFTER,
    Asked,
    CaseKind,
    Received,
    RefusalGround,
)
from tests.rights.cases.examples import A_CASE
from tests.scenarios.stories import told_family, trail
from tests.shelter import SECRET, World

TENANT = Tenant(TenantId("t"), "Opvang Zuid", "Hulporganisatie", "0800-5550000")
KINDS: tuple[CaseKind, ...] = get_args(CaseKind)
TWO: tuple[tuple[str, AuthorityKind | None], ...] = (("Samira", "holder"), ("Karim", "holder"))


@pytest.mark.parametrize("language", SUPPORTED)
def test_s46_every_neutral_ground_of_every_request_gives_the_same_letter(language: str) -> None:
    letters = {
        refusal(
            msgspec.structs.replace(
                A_CASE, kind=kind, outcome="refuse", ground=ground, received_on=day, standing=standing
            ),
            TENANT,
            language,
        )
        for kind, ground, day, standing in itertools.product(
            KINDS, sorted(NEUTRAL), (date(2026, 1, 1), date(2026, 11, 23)), ("unknown", "by_hand", "decides")
        )
    }
    assert len({msgspec.json.encode(one) for one in letters}) == 1


@pytest.mark.parametrize("ground", sorted(set(GROUNDS) - NEUTRAL))
def test_every_other_ground_has_a_sentence_its_article_and_the_ways_on(ground: RefusalGround) -> None:
    case = msgspec.structs.replace(A_CASE, outcome="refuse", ground=ground)
    said = "\n".join(refusal(case, TENANT, "nl").paragraphs)
    assert REASONS[ground] in said
    assert GROUNDS[ground] in said
    assert "Op 23 november 2026 vroeg u welke gegevens wij over u bewaren (AVG 15)." in said
    assert "Wij doen niet wat u vroeg." in said
    for way in ("Opvang Zuid, 0800-5550000", "Autoriteit Persoonsgegevens", "zes weken", "UAVG 35"):
        assert way in said
    assert refusal(case, TENANT, "en") != refusal(case, TENANT, "nl")


def test_a_part_is_told_as_a_part() -> None:
    case = msgspec.structs.replace(A_CASE, outcome="grant_in_part", ground="rights_of_others")
    said = "\n".join(refusal(case, TENANT, "nl").paragraphs)
    assert "Een deel van wat u vroeg" in said


async def test_s46_the_neutral_letter_is_there_from_one_fixed_day_for_who_is_known_and_who_is_not(
    world: World,
) -> None:
    told = await told_family(world, guardians=TWO, safety=SECRET)
    cases, letters = world.services.cases, world.services.case_letters
    known = await cases.ask(world.guardian(told.view, 1), Asked("access"))
    stranger = await cases.receive(
        world.officer,
        Received(
            kind="access",
            channel="letter",
            received_on=date(2026, 9, 1),
            capacity="guardian",
            asker="Iemand Anders",
            child_names="Niemand Hier",
            birth_date=date(2018, 1, 1),
        ),
    )
    await cases.decide(world.officer, known, "refuse", ground="safety")
    await cases.decide(world.officer, stranger, "refuse", ground="unknown")
    for case in (known, stranger):
        early = await letters.refusal(world.officer, case, "nl")
        assert (early.letters, early.not_before) == ((), date(2026, 9, 1) + NEUTRAL_AFTER)
    await world.settle()
    world.clock.advance(NEUTRAL_AFTER + timedelta(hours=1))
    first, second = [await letters.refusal(world.officer, case, *SUPPORTED) for case in (known, stranger)]
    assert first.letters == second.letters
    assert [one.language for one in first.letters] == list(SUPPORTED)
    acts = [one.detail.event.act for one in await trail(world, "case.moved.v1") if one.detail is not None]  # type: ignore[union-attr]
    assert acts.count("letter_read") == 4


async def test_there_is_a_letter_for_a_refusal_only_and_for_officers_only(world: World) -> None:
    told = await told_family(world)
    case = await world.services.cases.ask(told.mother, Asked("access"))
    letters = world.services.case_letters
    with pytest.raises(NotFoundError):
        await letters.refusal(world.officer, case, "nl")
    with pytest.raises(NotAllowedError):
        await letters.refusal(world.counsellor, case, "nl")  # type: ignore[arg-type]
