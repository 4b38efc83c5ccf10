"""Invitations on both engines: one code, one browser, the right school, one link; nothing else ever links."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from msgspec import structs
from sqlalchemy import insert, select

from consent_service.audit import events
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import InputError, NotAllowedError, NotFoundError
from consent_service.foundation.ids import INSTALLATION, PersonId, TenantId
from consent_service.identity import invitation_rows as rows
from consent_service.identity import links
from consent_service.identity.acts import InvitationActs
from consent_service.identity.invitations import (
    CodeRefused,
    Confirmable,
    Invited,
    Standing,
    ToConfirm,
    Typed,
)
from consent_service.identity.letting_in import Proved
from consent_service.identity.model import Actor, LoginRefused, SchoolStaff, StaffActor
from consent_service.identity.providers import NewProvider, Provider, ProviderRules
from consent_service.identity.secrets import AtProvider
from consent_service.identity.sessions import Opened, digest
from consent_service.identity.tables import (
    invitation_logins,
    logout_tokens_seen,
    staff_invitations,
    staff_links,
)
from consent_service.keyring.service import KeyRing
from tests.identity import factories as f
from tests.identity.desk import OPERATOR, Desk, open_desk

NEW = SchoolStaff(f.TRAVERSE, f.CONTACT_ELSEWHERE.staff, f.SCHOOL, "contact")
PLACE = "192.0.2.7"


@pytest.fixture
async def desk(database: Database, keyring: KeyRing, clock: MovableClock) -> Desk:
    """An installation of which nobody calls the provider: a login is what is kept of one (`Proved`)."""
    desk = await open_desk(database, keyring, clock)
    async with database.transaction() as conn:
        for staff in (NEW.staff, f.FG.staff):
            await keyring.create_person_key(conn, f.TRAVERSE, PersonId(staff))
    await desk.browser.aclose()
    return desk


async def provider(desk: Desk) -> Provider:
    (found,) = await desk.service.providers()
    return found


def login(desk: Desk, subject: str = "new", *schools: str) -> Proved:
    return Proved(
        provider="demo",
        subject=digest(subject),
        level="",
        authenticated_at=desk.clock.now(),
        schools=frozenset(schools or {f.CODE}),
        there=AtProvider(),
    )


async def invite(desk: Desk, actor: Actor = f.COUNSELLOR, member: StaffActor = NEW) -> Invited:
    async with desk.database.transaction() as conn:
        return await desk.service.invitations.invite_in(conn, actor, member, establishment=f.code_of(member))


async def typed(desk: Desk, code: str) -> str:
    found = await desk.service.invitations.find(code, PLACE)
    assert isinstance(found, Typed)
    return found.token


async def came_back(desk: Desk, code: str, who: Proved) -> str:
    token = await typed(desk, code)
    kept = await desk.service.invitations.keep_login(digest(token), await provider(desk), who)
    assert isinstance(kept, ToConfirm)
    return kept.token


async def told(desk: Desk, tenant: TenantId = f.TRAVERSE) -> list[str]:
    return [type(event).__name__ for event in await desk.events(tenant)]


async def linked(desk: Desk) -> int:
    return len(await rows_of(desk))


async def rows_of(desk: Desk) -> list[object]:
    async with desk.database.reading() as conn:
        query = select(staff_links.c.staff).where(
            staff_links.c.tenant == INSTALLATION, staff_links.c.staff == NEW.staff
        )
        return list((await conn.execute(query)).scalars())


async def test_who_holds_the_code_and_works_at_the_school_links_a_login_once(desk: Desk) -> None:
    invited = await invite(desk)
    token = await came_back(desk, invited.code.lower(), login(desk))
    service = desk.service.invitations
    assert await service.confirmable(token) == Confirmable(NEW, "demo", is_linked=False)
    assert await linked(desk) == 0
    opened = await service.accept(token)
    assert isinstance(opened, Opened)
    assert opened.session.actors == (NEW,)
    again = await desk.service.actor_for(opened.token)
    assert again is not None
    assert again.actors == (NEW,)
    assert await linked(desk) == 1
    assert await told(desk) == ["StaffInvited", "LoginSucceeded"]
    refused = LoginRefused("invitation_invalid")
    assert await service.accept(token) == refused
    assert await service.find(invited.code, PLACE) == CodeRefused()
    assert await service.confirmable(token) is None
    assert not await service.decline(token)


async def test_neither_code_nor_token_is_kept(desk: Desk) -> None:
    invited = await invite(desk)
    token = await typed(desk, invited.code)
    async with desk.database.reading() as conn:
        kept = repr((await conn.execute(select(staff_invitations))).all())
    assert invited.code not in kept
    assert invited.code.replace("-", "") not in kept
    async with desk.database.reading() as conn:
        assert token not in repr((await conn.execute(select(invitation_logins))).all())
    assert (repr(invited), repr(Typed(token)), repr(ToConfirm(token))) == (
        "Invited(...)",
        "Typed(...)",
        "ToConfirm(...)",
    )
    assert repr(login(desk)) == "Proved(...)"


async def test_of_two_browsers_with_one_code_exactly_one_links(desk: Desk) -> None:
    """Also for two different logins, and for a second answer of the same browser."""
    code = (await invite(desk)).code
    first = await came_back(desk, code, login(desk, "one"))
    second = await came_back(desk, code, login(desk, "two"))
    service = desk.service.invitations
    answers = await asyncio.gather(*(service.accept(token) for token in (first, first, second, second)))
    opened = [one for one in answers if isinstance(one, Opened)]
    assert len(opened) == 1
    assert [one for one in answers if one not in opened] == [LoginRefused("invitation_invalid")] * 3
    assert await linked(desk) == 1


async def test_the_right_user_of_the_wrong_school_is_not_even_asked(desk: Desk) -> None:
    code = (await invite(desk)).code
    service, token = desk.service.invitations, await typed(desk, code)
    for schools in (("34CD01",), ("12AB01",), ("12AB", "12AB01"), ("linde.nl",)):
        wrong = login(desk, "new", *schools)
        kept = await service.keep_login(digest(token), await provider(desk), wrong)
        assert kept == LoginRefused("wrong_school")
    nothing = msgspec.structs.replace(login(desk), schools=frozenset())
    kept = await service.keep_login(digest(token), await provider(desk), nothing)
    assert kept == LoginRefused("wrong_school")
    assert await service.confirmable(token) is None
    brin = await service.keep_login(digest(token), await provider(desk), login(desk, "new", "12AB"))
    assert isinstance(brin, ToConfirm)
    assert await service.keep_login(digest(token), await provider(desk), login(desk)) == LoginRefused(
        "invitation_invalid"
    )


@pytest.mark.parametrize("how", ["revoked", "replaced", "expired", "left", "closed", "rules"])
async def test_what_ended_between_the_login_and_the_yes_links_nobody(desk: Desk, how: str) -> None:
    invited = await invite(desk)
    token = await came_back(desk, invited.code, login(desk))
    service = desk.service.invitations
    (waiting,) = await service.open_of(f.COUNSELLOR, f.TRAVERSE)
    expected = LoginRefused("invitation_invalid")
    match how:
        case "revoked":
            await service.revoke(f.COUNSELLOR, f.TRAVERSE, waiting.invitation)
        case "replaced":
            await invite(desk)
        case "expired":
            desk.clock.advance(timedelta(minutes=30))
        case "left":
            await desk.service.unlink_staff(OPERATOR, f.TRAVERSE, NEW.staff)
        case "closed":
            await desk.service.login_providers.set_open(OPERATOR, "demo", is_open=False)
            expected = LoginRefused("provider_disabled")
        case _:
            await desk.service.login_providers.change(OPERATOR, "demo", ProviderRules())
            expected = LoginRefused("provider_disabled")
    assert await service.accept(token) == expected
    assert await linked(desk) == 0
    if how in ("revoked", "replaced", "left"):
        assert await service.find(invited.code, PLACE) == CodeRefused()
        ends = [event for event in await desk.events() if isinstance(event, events.InvitationEnded)]
        assert ends == [events.InvitationEnded(NEW.staff, how)]


async def test_a_yes_at_a_tablet_that_was_lent_or_locked_since_is_no_yes(desk: Desk) -> None:
    service = desk.service.invitations
    token = await came_back(desk, (await invite(desk)).code, login(desk))
    async with desk.database.transaction() as conn:
        await links.add_link(conn, desk.clock, "demo", digest("noor"), f.COUNSELLOR)
        opened = await desk.service._letting_in.let_in(conn, login(desk, "noor"), replaces=None)
    assert isinstance(opened, Opened)
    refused = LoginRefused("invitation_invalid")
    lent = await desk.handed_over(opened)
    assert await service.accept(token, replaces=lent.token) == refused
    await desk.service.lock(lent.token, "/")
    assert await service.accept(token, replaces=lent.token) == refused
    assert await desk.service.actor_for(lent.token) is not None
    assert await linked(desk) == 0
    assert isinstance(await service.accept(token), Opened)  # elsewhere it still is one


async def test_who_was_logged_out_at_the_provider_meanwhile_is_not_linked(desk: Desk) -> None:
    invited = await invite(desk)
    who = structs.replace(login(desk), there=AtProvider(sid="s" * 64))
    token = await came_back(desk, invited.code, who)
    async with desk.database.transaction() as conn:
        gone = {"sub": "", "sid": "s" * 64, "made_at": desk.clock.now(), "token": "t" * 64}
        until = desk.clock.now() + timedelta(minutes=5)
        await conn.execute(
            insert(logout_tokens_seen).values(tenant=INSTALLATION, provider="demo", expires_at=until, **gone)
        )
    assert await desk.service.invitations.accept(token) == LoginRefused("login_too_old")
    assert await linked(desk) == 0


async def test_the_login_of_a_colleague_does_not_become_somebody_elses(desk: Desk) -> None:
    """Two privacy coordinators are two persons: what needs both is not done with one login."""
    service = desk.service.invitations
    token = await came_back(desk, (await invite(desk)).code, login(desk))
    other = structs.replace(NEW, staff=f.CONTACT.staff)
    async with desk.database.transaction() as conn:
        await links.add_link(conn, desk.clock, "demo", digest("new"), other, establishment=f.CODE)
    refused = LoginRefused("other_person")
    assert await service.accept(token) == refused
    again = await typed(desk, (await invite(desk)).code)
    assert await service.keep_login(digest(again), await provider(desk), login(desk)) == refused
    assert await linked(desk) == 0
    elsewhere = structs.replace(NEW, tenant=f.ELSEWHERE, staff=f.CONTACT_ELSEWHERE.staff)
    async with desk.database.reading() as conn:
        assert not await links.is_of_colleague(conn, "demo", digest("new"), elsewhere)
        assert not await links.is_of_colleague(conn, "demo", digest("new"), f.COUNSELLOR)
        assert not await links.is_of_colleague(conn, "demo", digest("new"), other)


async def test_an_operators_own_link_ends_the_invitation(desk: Desk) -> None:
    invited = await invite(desk)
    token = await came_back(desk, invited.code, login(desk))
    await desk.service.link_staff(OPERATOR, "demo", "nel", NEW, establishment=f.CODE)
    assert await desk.service.invitations.find(invited.code, PLACE) == CodeRefused()
    assert await desk.service.invitations.accept(token) == LoginRefused("invitation_invalid")
    assert await linked(desk) == 1
    ends = [event for event in await desk.events() if isinstance(event, events.InvitationEnded)]
    assert ends == [events.InvitationEnded(NEW.staff, "already_linked")]


async def test_an_invitation_runs_out_and_the_log_says_so_once(desk: Desk) -> None:
    code = (await invite(desk)).code
    desk.clock.advance(timedelta(days=14) - timedelta(seconds=1))
    assert isinstance(await desk.service.invitations.find(code, PLACE), Typed)
    desk.clock.advance(timedelta(seconds=1))
    assert await desk.service.invitations.find(code, PLACE) == CodeRefused()
    await desk.service.forget_expired()
    assert await desk.service.invitations.end_expired() == 0
    assert (await desk.events())[1:] == [events.InvitationEnded(NEW.staff, "expired")]
    assert await desk.service.invitations.open_of(OPERATOR, f.TRAVERSE) == ()


async def test_no_says_it_to_who_invited_and_the_code_is_worth_nothing(desk: Desk) -> None:
    code = (await invite(desk)).code
    service, token = desk.service.invitations, await came_back(desk, code, login(desk))
    assert not await service.decline("planted")
    assert await service.decline(token)
    assert not await service.decline(token)
    assert await service.accept(token) == LoginRefused("invitation_invalid")
    ended = events.InvitationEnded(NEW.staff, "declined", f.COUNSELLOR.staff)
    assert (await desk.events())[-1] == ended
    standing = await service.standings(f.COUNSELLOR, f.TRAVERSE, (NEW.staff, f.CONTACT.staff))
    assert standing[NEW.staff] == Standing(declined_at=desk.clock.now())
    assert standing[f.CONTACT.staff] == Standing(is_linked=True)
    again = await invite(desk, OPERATOR)
    assert (await service.standings(f.COUNSELLOR, f.TRAVERSE, (NEW.staff,)))[NEW.staff].invited is not None
    assert await service.decline(await came_back(desk, again.code, login(desk)))
    assert (await desk.events())[-1] == events.InvitationEnded(NEW.staff, "declined")


async def test_a_login_that_is_linked_already_is_told_so_and_gets_no_second_link(desk: Desk) -> None:
    async with desk.database.transaction() as conn:
        await links.add_link(conn, desk.clock, "demo", digest("new"), NEW, establishment=f.CODE)
    code = (await invite(desk, OPERATOR)).code
    service = desk.service.invitations
    one, two = await came_back(desk, code, login(desk)), await came_back(desk, code, login(desk))
    assert await service.confirmable(one) == Confirmable(NEW, "demo", is_linked=True)
    opened = await service.accept(one)
    assert isinstance(opened, Opened)
    assert await linked(desk) == 1
    assert await service.accept(two) == LoginRefused("invitation_invalid")
    ends = [event for event in await desk.events() if isinstance(event, events.InvitationEnded)]
    assert ends == [events.InvitationEnded(NEW.staff, "already_linked")]


async def test_a_session_of_before_ends_when_the_yes_opens_another(desk: Desk) -> None:
    token = await came_back(desk, (await invite(desk)).code, login(desk))
    other = await came_back(desk, (await invite(desk, OPERATOR, f.COUNSELLOR)).code, login(desk, "noor"))
    before = await desk.service.invitations.accept(other)
    assert isinstance(before, Opened)
    opened = await desk.service.invitations.accept(token, replaces=before.token)
    assert isinstance(opened, Opened)
    assert await desk.service.actor_for(before.token) is None
    assert events.SessionEnded("replaced") in await desk.events()


async def test_codes_are_guessed_slowly_and_every_wrong_one_has_the_same_answer(desk: Desk) -> None:
    service = desk.service.invitations
    code = (await invite(desk)).code
    answers = [await service.find(f"guess {number}", PLACE) for number in range(20)]
    assert set(answers) == {CodeRefused()}
    waiting = await service.find(code, PLACE)
    assert isinstance(waiting, CodeRefused)
    assert waiting.wait > timedelta()
    assert isinstance(await service.find(code, "198.51.100.1"), Typed)
    desk.clock.advance(waiting.wait)
    assert isinstance(await service.find(code, PLACE), Typed)


async def test_a_token_that_was_planted_or_has_no_login_confirms_nothing(desk: Desk) -> None:
    service, token = desk.service.invitations, await typed(desk, (await invite(desk)).code)
    refused = LoginRefused("invitation_invalid")
    for one in (token, "planted", ""):
        assert await service.confirmable(one) is None
        assert await service.accept(one) == refused
        assert not await service.decline(one)
    assert await service.keep_login(digest("planted"), await provider(desk), login(desk)) == refused
    assert await service.providers_for("planted", await desk.service.login_providers.offered()) is None
    await service.keep_login(digest(token), await provider(desk), login(desk))
    assert await service.confirmable(token) is None, "whoever planted the token does not follow the login"


async def test_a_provider_that_cannot_say_the_school_or_serves_others_is_not_offered(desk: Desk) -> None:
    rules = ProviderRules(establishments=("12AB",))
    for name, audience, told_by in (
        ("own", "school", rules),
        ("mute", "school", ProviderRules()),
        ("office", "shelter", rules),
    ):
        new = NewProvider(id=name, name=name, issuer=f"https://{name}.example", client_id="c", rules=told_by)
        await desk.service.register_provider(OPERATOR, msgspec.structs.replace(new, audience=audience))
    service, offered = desk.service.invitations, await desk.service.login_providers.offered()
    school = await service.providers_for(await typed(desk, (await invite(desk)).code), offered)
    assert school is not None
    assert {one.id for one in school} == {"demo", "own"}
    token = await typed(desk, (await invite(desk, OPERATOR, f.FG)).code)
    officer = await service.providers_for(token, offered)
    assert officer is not None
    assert {one.id for one in officer} == {"demo", "office"}
    mute = next(one for one in offered if one.id == "mute")
    assert await service.keep_login(digest(token), mute, login(desk)) == LoginRefused("invitation_invalid")


async def test_each_invites_whom_that_is_for_in_the_own_shelter_only(desk: Desk) -> None:
    for actor, member in (
        (f.COUNSELLOR, f.COORDINATOR),
        (f.COUNSELLOR, f.CONTACT_ELSEWHERE),
        (f.COORDINATOR, f.FG),
        (f.CONTACT, NEW),
        (f.FG, NEW),
        (f.GUARDIAN, NEW),
    ):
        with pytest.raises(NotAllowedError):
            await invite(desk, actor, member)
    with pytest.raises(InputError) as already:
        await invite(desk, f.COUNSELLOR, f.CONTACT)
    assert [one.code for one in already.value.problems] == ["identity.invite_linked"]
    await invite(desk, OPERATOR, f.FG)
    await invite(desk)
    service = desk.service.invitations
    assert {one.staff for one in await service.open_of(OPERATOR, f.TRAVERSE)} == {f.FG.staff, NEW.staff}
    assert {one.staff for one in await service.open_of(f.COUNSELLOR, f.TRAVERSE)} == {NEW.staff}
    assert await service.open_of(f.COUNSELLOR, f.ELSEWHERE) == ()
    assert await service.open_of(f.FG, f.TRAVERSE) == ()
    for tenant in (f.ELSEWHERE, f.TRAVERSE):
        with pytest.raises(NotAllowedError):
            await service.standings(f.CONTACT, tenant, (NEW.staff,))


async def test_only_who_may_invite_revokes_and_only_what_is_open_in_that_shelter(desk: Desk) -> None:
    await invite(desk, OPERATOR, f.FG)
    service = desk.service.invitations
    (waiting,) = await service.open_of(OPERATOR, f.TRAVERSE)
    for actor, tenant in ((f.COUNSELLOR, f.TRAVERSE), (f.CONTACT, f.TRAVERSE), (f.COUNSELLOR, f.ELSEWHERE)):
        with pytest.raises(NotAllowedError):
            await service.revoke(actor, tenant, waiting.invitation)
    with pytest.raises(NotFoundError):
        await service.revoke(OPERATOR, f.ELSEWHERE, waiting.invitation)
    await service.revoke(OPERATOR, f.TRAVERSE, waiting.invitation)
    with pytest.raises(NotFoundError):
        await service.revoke(OPERATOR, f.TRAVERSE, waiting.invitation)


async def test_who_leaves_while_accepting_has_no_link_whoever_is_first(desk: Desk) -> None:
    token = await came_back(desk, (await invite(desk)).code, login(desk))
    answer, _ = await asyncio.gather(
        desk.service.invitations.accept(token),
        desk.service.unlink_staff(OPERATOR, f.TRAVERSE, NEW.staff),
    )
    assert await linked(desk) == 0
    if isinstance(answer, Opened):
        assert await desk.service.actor_for(answer.token) is None


async def test_acts_and_entries_of_invitations_are_the_same(desk: Desk) -> None:
    await invite(desk)
    await invite(desk)
    async with desk.database.reading() as conn:
        done = [one.act.kind async for one in InvitationActs().rows(conn, f.TRAVERSE)]
    told = [f.make_detail(one) for one in await desk.events()]
    acts = [act.act.kind for one in told for act in InvitationActs().told(one)]
    assert sorted(done) == sorted(acts) == ["invitation", "invitation", "invitation_end"]
    other = f.make_detail(events.Logout())
    assert list(InvitationActs().told(other)) == []


async def test_whoever_was_first_in_another_worker_was_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, refused = desk.service.invitations, LoginRefused("invitation_invalid")
    token = await came_back(desk, (await invite(desk)).code, login(desk))
    (waiting,) = await service.open_of(f.COUNSELLOR, f.TRAVERSE)

    async def gone(*_: object) -> bool:
        return False

    monkeypatch.setattr(rows, "end", gone)
    with pytest.raises(NotFoundError):
        await service.revoke(f.COUNSELLOR, f.TRAVERSE, waiting.invitation)
    monkeypatch.setattr(rows, "use", gone)
    assert await service.accept(token) == refused
    again = await typed(desk, (await invite(desk)).code)
    monkeypatch.setattr(rows, "keep_login", gone)
    assert await service.keep_login(digest(again), await provider(desk), login(desk)) == refused
    monkeypatch.undo()
    token = await came_back(desk, (await invite(desk)).code, login(desk))
    async with desk.database.transaction() as conn:
        await links.add_link(conn, desk.clock, "demo", digest("new"), NEW, establishment=f.CODE)
    monkeypatch.setattr(rows, "end", gone)
    assert await service.accept(token) == refused


async def test_a_login_that_names_another_school_now_is_not_linked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await came_back(desk, (await invite(desk)).code, login(desk))
    elsewhere = login(desk, "new", "99ZZ99")
    monkeypatch.setattr(rows, "login_of", lambda _row: elsewhere)
    assert await desk.service.invitations.accept(token) == LoginRefused("wrong_school")
