"""Getting in to the own page: one-time codes over a real mail server, slow tries, erased and renewed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from consent_service.app import build_services
from consent_service.consent.page_login import Begun, PageLogin, PageLoginRefused, Visitor
from consent_service.foundation.notifier import MailNotifier
from consent_service.identity.model import PersonActor, person_of
from consent_service.identity.page_tries import FACTOR, LONGEST_WAIT, source_of
from consent_service.identity.tables import page_challenges, page_devices, page_factors, page_tries
from tests.ledger import rows
from tests.postbox import Postbox, mail_server
from tests.scenarios.stories import everything_stored, told_family
from tests.shelter import World

PIN = "580241"
HERE, THERE = Visitor("198.51.100.7"), Visitor("203.0.113.9")
MAIL = "samira@example.org"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def mailing(world: World, postbox: Postbox) -> Iterator[World]:
    """The world with a mail server and a gateway for text messages."""
    with mail_server(postbox) as server:
        parts = msgspec.structs.replace(world.services.installation, notifier=MailNotifier(server))
        world.services = build_services(parts)
        yield world


async def begun(world: World, code: str, visitor: Visitor = HERE) -> Begun:
    """The first step, with whatever is sent after it."""
    started = await world.services.page_login.begin(code, visitor)
    await world.services.page_login.deliver(started)
    return started


async def log_in(
    world: World, code: str, digits: str, challenge: str = "", visitor: Visitor = HERE
) -> PageLogin | PageLoginRefused:
    return await world.services.page_login.log_in(code, digits, challenge=challenge, visitor=visitor)


async def by_mail(world: World) -> tuple[PersonActor, str]:
    """A parent who chose messages by e-mail, and her code."""
    told = await told_family(world)
    await world.services.page_access.choose_channel(told.mother, "mail", MAIL, only_mine=True)
    return told.mother, told.receipt.withdrawal_code


async def test_the_digits_from_the_mail_open_the_page_once_and_in_that_browser_only(
    mailing: World, postbox: Postbox
) -> None:
    actor, code = await by_mail(mailing)
    started = await begun(mailing, code)
    digits = postbox.digits()
    other = await mailing.services.page_login.begin(code, THERE)
    assert await log_in(mailing, code, digits, other.challenge, THERE) == PageLoginRefused()
    opened = await log_in(mailing, code, digits, started.challenge)
    assert isinstance(opened, PageLogin)
    assert opened.opened.session.own == actor
    assert await log_in(mailing, code, digits, started.challenge) == PageLoginRefused()


async def test_the_digits_last_ten_minutes(mailing: World, postbox: Postbox) -> None:
    _, code = await by_mail(mailing)
    started = await begun(mailing, code)
    mailing.clock.advance(timedelta(minutes=10))
    assert await log_in(mailing, code, postbox.digits(), started.challenge) == PageLoginRefused()
    again = await begun(mailing, code)
    assert isinstance(await log_in(mailing, code, postbox.digits(), again.challenge), PageLogin)
    assert await rows(mailing, page_challenges) == []


async def test_a_text_message_goes_to_the_number_as_it_is_used(mailing: World, postbox: Postbox) -> None:
    told = await told_family(mailing)
    await mailing.services.page_access.choose_channel(told.mother, "sms", "06 123 45 678", only_mine=True)
    await begun(mailing, told.receipt.withdrawal_code)
    assert postbox.newest()[0].rcpt_tos == ["31612345678@sms.example"]


async def test_neither_address_nor_digits_nor_pin_is_kept_in_clear(mailing: World, postbox: Postbox) -> None:
    _, code = await by_mail(mailing)
    await begun(mailing, code)
    stored = await everything_stored(mailing)
    for secret in (MAIL, postbox.digits(), code, code.replace("-", "")):
        assert secret.encode() not in stored


async def test_whoever_asks_for_messages_all_night_gets_few_and_hers_still_come(
    mailing: World, postbox: Postbox
) -> None:
    _, code = await by_mail(mailing)
    first = await begun(mailing, code)
    mine = Visitor(HERE.address, remember=True)
    opened = await log_in(mailing, code, postbox.digits(), first.challenge, mine)
    assert isinstance(opened, PageLogin)
    for number in range(30):
        await begun(mailing, code, Visitor(f"203.0.113.{number % 5}"))
    assert len(postbox.envelopes) <= 1 + 10 + 5
    sent = len(postbox.envelopes)
    hers = await begun(mailing, code, Visitor("203.0.113.1", opened.mark))
    assert len(postbox.envelopes) == sent + 1
    assert isinstance(
        await log_in(mailing, code, postbox.digits(), hers.challenge, Visitor("203.0.113.1", opened.mark)),
        PageLogin,
    )


async def test_a_code_that_is_nobodys_and_one_without_messages_send_nothing(
    mailing: World, postbox: Postbox
) -> None:
    told = await told_family(mailing)
    code = told.receipt.withdrawal_code
    for entered in (code, "0000-0000-0000-0000", "no code at all"):
        started = await begun(mailing, entered)
        assert started.message is None
        assert len(started.challenge) == 43
    await mailing.services.page_access.choose_pin(told.mother, PIN, PIN)
    assert (await begun(mailing, code)).message is None
    assert postbox.envelopes == []
    assert repr(await begun(mailing, code)) == "Begun(...)"


async def test_a_message_that_cannot_be_sent_breaks_nothing(mailing: World, postbox: Postbox) -> None:
    told = await told_family(mailing)
    await mailing.services.page_access.choose_channel(told.mother, "mail", "full@example.org", only_mine=True)
    started = await mailing.services.page_login.begin(told.receipt.withdrawal_code, HERE)
    assert not await mailing.services.page_login.deliver(started)


async def test_a_wrong_pin_is_slowed_and_never_locked(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    for _ in range(FACTOR.free):
        assert await log_in(world, code, "135790") == PageLoginRefused()
    waits = []
    for _ in range(9):
        answer = await log_in(world, code, PIN)
        assert isinstance(answer, PageLoginRefused)
        waits.append(answer.wait)
        world.clock.advance(answer.wait)
        assert await log_in(world, code, "135790") == PageLoginRefused()
    assert waits[:4] == [timedelta(minutes=m) for m in (1, 2, 4, 8)]
    assert max(waits) == LONGEST_WAIT
    world.clock.advance(LONGEST_WAIT)
    assert isinstance(await log_in(world, code, PIN), PageLogin)


async def test_parallel_tries_count_each(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    answers = await asyncio.gather(*(log_in(world, code, "135790") for _ in range(FACTOR.free + 3)))
    looked_at = [one for one in answers if one == PageLoginRefused()]
    assert len(looked_at) == FACTOR.free


async def test_a_code_that_is_nobodys_is_slowed_in_the_same_way(world: World) -> None:
    told = await told_family(world)
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    seen: list[list[PageLogin | PageLoginRefused]] = []
    for code in (told.receipt.withdrawal_code, "0000-0000-0000-0000"):
        visitor = Visitor(f"198.51.100.{len(seen)}")
        seen.append([await log_in(world, code, "135790", visitor=visitor) for _ in range(FACTOR.free + 2)])
    assert seen[0] == seen[1]


async def test_many_codes_from_one_place_are_slowed_together(world: World) -> None:
    from consent_service.consent.codes import new_code

    answers = [await log_in(world, new_code(), "135790") for _ in range(31)]
    assert [one == PageLoginRefused() for one in answers] == [True] * 30 + [False]


async def test_a_browser_keeps_nothing_unless_she_asks_for_it(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    plain = await log_in(world, code, PIN)
    assert isinstance(plain, PageLogin)
    assert (plain.mark, await rows(world, page_devices)) == ("", [])
    asked = await log_in(world, code, PIN, visitor=Visitor(HERE.address, remember=True))
    assert isinstance(asked, PageLogin)
    again = await log_in(world, code, PIN, visitor=Visitor(HERE.address, asked.mark))
    assert isinstance(again, PageLogin)
    assert again.mark == asked.mark != ""
    assert len(await rows(world, page_devices)) == 1


async def test_nowhere_is_kept_where_a_try_came_from(world: World) -> None:
    await log_in(world, "0000-0000-0000-0000", "135790")
    for row in await rows(world, page_tries):
        assert HERE.address not in str(row)
        assert source_of(HERE.address).digest != row.source
        assert source_of(f"address:{HERE.address}").digest != row.source


async def test_old_tries_are_forgotten(world: World) -> None:
    await log_in(world, "0000-0000-0000-0000", "135790")
    assert len(await rows(world, page_tries)) == 2
    world.clock.advance(timedelta(hours=24))
    await world.services.identity.forget_expired()
    assert await rows(world, page_tries) == []


async def test_somebody_who_was_erased_gets_the_same_no(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    async with world.services.installation.database.transaction() as conn:
        await world.services.installation.ring.destroy_person_key(conn, world.tenant, told.mother.guardian)
    assert await log_in(world, code, PIN) == PageLoginRefused()
    assert await log_in(world, code, "135790") == PageLoginRefused()


async def test_a_factor_changed_while_somebody_logs_in_wins(mailing: World, postbox: Postbox) -> None:
    actor, code = await by_mail(mailing)
    started = await begun(mailing, code)
    digits = postbox.digits()
    await mailing.services.page_access.choose_pin(actor, PIN, PIN)
    assert await log_in(mailing, code, digits, started.challenge) == PageLoginRefused()
    assert isinstance(await log_in(mailing, code, PIN), PageLogin)
    (old, new) = sorted(await rows(mailing, page_factors, person=person_of(actor)), key=lambda r: r.set_at)
    assert old.revoked_at is not None
    assert old.sealed_address is None
    assert new.revoked_at is None
