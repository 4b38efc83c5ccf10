"""Getting in to the own page: one-time codes over a real mail server, slow tries, erased and renewed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import update

from consent_service.app import build_services
from consent_service.audit import events
from consent_service.consent.codes import code_hash, normalised_code
from consent_service.consent.page_access import OnOwnPage
from consent_service.consent.page_login import Begun, PageLogin, PageLoginRefused, Visitor
from consent_service.consent.tables import withdrawal_codes
from consent_service.foundation.errors import InputError
from consent_service.foundation.notifier import MailNotifier
from consent_service.identity import pins
from consent_service.identity.model import PersonActor, person_of
from consent_service.identity.page_tries import (
    FACTOR,
    GUESSES,
    LONGEST_WAIT,
    PERSON_MESSAGES,
    STRANGERS,
    source_of,
    take_of,
)
from consent_service.identity.tables import page_challenges, page_devices, page_factors, page_tries
from tests.ledger import rows
from tests.postbox import Postbox, mail_server
from tests.scenarios.stories import everything_stored, told_family, trail
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
    assert repr(opened) == "PageLogin(...)"
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
    assert len(postbox.envelopes) <= PERSON_MESSAGES.most - PERSON_MESSAGES.kept
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


def elsewhere(number: int) -> Visitor:
    """Another customer of IPv6 for each number."""
    return Visitor(f"2001:db8:{number:x}::1")


async def tried_by_strangers(world: World, code: str, times: int = STRANGERS.most) -> None:
    """So many strangers' wrong tries are past; what they cost in time is not the test's."""
    async with world.services.installation.database.transaction() as conn:
        about = f"factor:{code_hash(normalised_code(code) or code)}"
        for _ in range(times):
            await take_of(conn, about, STRANGERS, world.clock.now())


async def test_a_pin_cannot_be_guessed_from_many_addresses(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    await tried_by_strangers(world, code, STRANGERS.most - 2)
    answers = [await log_in(world, code, f"{n:06}", visitor=elsewhere(n)) for n in range(4)]
    assert [one == PageLoginRefused(many_tries=True) for one in answers] == [False, False, True, True]
    right = await log_in(world, code, PIN, visitor=elsewhere(9))
    assert right == PageLoginRefused(many_tries=True)
    world.clock.advance(timedelta(hours=24))
    assert isinstance(await log_in(world, code, PIN, visitor=elsewhere(9)), PageLogin)


async def test_one_customer_of_ipv6_is_slowed_as_one(world: World) -> None:
    told = await told_family(world)
    tries = [Visitor(f"2001:db8:7:{n:x}::1") for n in range(FACTOR.free + 1)]
    answers = [
        await log_in(world, told.receipt.withdrawal_code, "135790", visitor=visitor) for visitor in tries
    ]
    assert isinstance(answers[-1], PageLoginRefused)
    assert answers[-1].wait == timedelta(minutes=1)


async def test_strangers_keep_out_no_remembered_browser_and_no_stop(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    first = await log_in(world, code, PIN, visitor=Visitor(HERE.address, remember=True))
    assert isinstance(first, PageLogin)
    await tried_by_strangers(world, code)
    assert await log_in(world, code, PIN) == PageLoginRefused(many_tries=True)
    hers = Visitor(elsewhere(1).address, first.mark)
    assert isinstance(await log_in(world, code, PIN, visitor=hers), PageLogin)
    fresh = await world.services.page_access.renew(
        world.counsellor, told.view.family, told.mother.guardian, reason="seen_by_other"
    )
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    assert isinstance(await log_in(world, fresh, PIN), PageLogin)
    await tried_by_strangers(world, fresh)
    assert (await world.services.consent.withdraw_by_code(fresh)).written


async def test_digits_that_she_asked_for_work_when_strangers_tried_too_often(
    mailing: World, postbox: Postbox
) -> None:
    _, code = await by_mail(mailing)
    await tried_by_strangers(mailing, code)
    started = await begun(mailing, code)
    wrong = await log_in(mailing, code, "135790", started.challenge)
    assert wrong == PageLoginRefused(many_tries=True)
    assert isinstance(await log_in(mailing, code, postbox.digits(), started.challenge), PageLogin)


async def test_five_wrong_guesses_end_a_one_time_code(mailing: World, postbox: Postbox) -> None:
    _, code = await by_mail(mailing)
    started = await begun(mailing, code)
    for n in range(GUESSES):
        assert await log_in(mailing, code, "135790", started.challenge, elsewhere(n)) == PageLoginRefused()
    digits = postbox.digits()
    assert await log_in(mailing, code, digits, started.challenge, elsewhere(9)) == PageLoginRefused()


async def test_nobody_gets_more_than_five_messages_in_an_hour(mailing: World, postbox: Postbox) -> None:
    _, code = await by_mail(mailing)
    first = await begun(mailing, code)
    opened = await log_in(
        mailing, code, postbox.digits(), first.challenge, Visitor(HERE.address, remember=True)
    )
    assert isinstance(opened, PageLogin)
    for number in range(20):
        await begun(mailing, code, elsewhere(number))
        await begun(mailing, code, Visitor(HERE.address, opened.mark))
        mailing.clock.advance(timedelta(minutes=2))
    assert len(postbox.envelopes) == PERSON_MESSAGES.most


async def test_the_counsellor_hears_once_that_strangers_try_a_code(world: World) -> None:
    told = await told_family(world)
    code = told.receipt.withdrawal_code
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    await tried_by_strangers(world, code, STRANGERS.most - 1)
    for number in range(3):
        await log_in(world, code, "135790", visitor=elsewhere(number))
    warned = [
        entry.detail.event
        for entry in await trail(world, "page.refused.v1")
        if entry.detail is not None and entry.detail.event != events.PageRefused(told.mother.guardian, "pin")
    ]
    assert warned == [events.PageRefused(told.mother.guardian, "many_tries", told.view.family)]
    await world.settle()
    tasks = await world.services.tasks.open_tasks(world.counsellor)
    found = [(one.kind, one.family, one.person) for one in tasks if one.kind == "code_in_other_hands"]
    assert found == [("code_in_other_hands", told.view.family, told.mother.guardian)]


async def test_a_new_pin_ends_every_other_session_and_forgets_every_browser(world: World) -> None:
    told = await told_family(world)
    code, identity = told.receipt.withdrawal_code, world.services.identity
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    opened = [await log_in(world, code, PIN, visitor=Visitor(HERE.address, remember=True)) for _ in range(2)]
    hers, thief = [one.opened for one in opened if isinstance(one, PageLogin)]
    where = OnOwnPage(hers.session.id, PIN)
    await world.services.page_access.choose_pin(told.mother, "135790", "135790", where=where)
    assert await identity.actor_for(thief.token) is None
    assert await identity.actor_for_stop(thief.token) is None
    assert await identity.actor_for(hers.token) is not None
    assert await rows(world, page_devices) == []
    await world.services.page_access.choose_pin(told.mother, PIN, PIN)
    assert await identity.actor_for(hers.token) is None


async def test_on_the_page_itself_the_old_pin_is_asked_and_guessed_at_few_times(
    mailing: World, postbox: Postbox
) -> None:
    told = await told_family(mailing)
    access, code = mailing.services.page_access, told.receipt.withdrawal_code
    await access.choose_pin(told.mother, PIN, PIN)
    opened = await log_in(mailing, code, PIN)
    assert isinstance(opened, PageLogin)
    session = opened.opened.session.id
    seen = []
    for _ in range(FACTOR.free + 1):
        with pytest.raises(InputError) as refused:
            await access.choose_channel(
                told.mother, "mail", MAIL, only_mine=True, where=OnOwnPage(session, "246802")
            )
        seen += [problem.code for problem in refused.value.problems]
    assert seen == ["page.old_pin"] * FACTOR.free + ["page.old_pin_wait"]
    assert await access.chosen_factor(told.mother) == "pin"
    mailing.clock.advance(timedelta(minutes=1))
    where = OnOwnPage(session, PIN)
    await access.choose_channel(told.mother, "mail", MAIL, only_mine=True, where=where)
    await access.choose_pin(told.mother, "135790", "135790", where=OnOwnPage(session))
    assert repr(where) == "OnOwnPage(...)"


async def test_the_tablet_does_not_wait_for_the_own_page(world: World) -> None:
    held = threading.Event()
    stranger = asyncio.ensure_future(pins.OWN_PAGE.run(held.wait))
    crowd = [asyncio.ensure_future(pins.fits(PIN, None, queue=pins.OWN_PAGE)) for _ in range(12)]
    try:
        await asyncio.wait_for(pins.fits(PIN, None), 60)
        waiting = [one for one in crowd if not one.done()]
    finally:
        held.set()
        await asyncio.gather(stranger, *crowd)
    assert waiting == crowd


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
    assert len(await rows(world, page_tries)) == 4
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


async def test_what_changes_while_the_digits_are_compared_wins_too(
    mailing: World, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The digits were right; before the session opens a code is used, a factor replaced, a code revoked."""
    actor, code = await by_mail(mailing)
    own = mailing.services.page_access
    compare = pins.fits
    started = await begun(mailing, code)
    digits = postbox.digits()

    async def used() -> None:
        assert isinstance(await log_in(mailing, code, digits, started.challenge), PageLogin)

    async def replaced() -> None:
        await own.choose_pin(actor, PIN, PIN)

    async def revoked() -> None:
        async with mailing.services.installation.database.transaction() as conn:
            await conn.execute(update(withdrawal_codes).values(revoked_at=mailing.clock.now()))

    for meanwhile, typed in ((used, digits), (replaced, ""), (revoked, PIN)):
        started = started if typed else await begun(mailing, code)

        async def fits(*given: Any, then: Callable[[], Awaitable[None]] = meanwhile, **options: Any) -> bool:
            monkeypatch.setattr(pins, "fits", compare)
            found = await compare(*given, **options)
            await then()
            return found

        monkeypatch.setattr(pins, "fits", fits)
        answer = await log_in(mailing, code, typed or postbox.digits(), started.challenge)
        assert answer == PageLoginRefused(), meanwhile.__name__
