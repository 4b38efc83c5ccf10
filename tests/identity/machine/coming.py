"""Logging in and out, coming with any token, leaving, and time that passes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import hypothesis.strategies as st
from hypothesis.stateful import multiple, precondition, rule

from consent_service.identity import links
from consent_service.identity.attempts import Attempt
from consent_service.identity.backchannel import EndedThere
from consent_service.identity.letting_in import Proved as Login
from consent_service.identity.model import ChildActor, Operator, PersonActor
from consent_service.identity.page_sessions import LASTS
from consent_service.identity.sessions import Opened
from consent_service.identity.stepping_up import Proved
from tests.identity import factories as f
from tests.identity.machine.holding import SECRETS, TOKENS, USED, Base, _numbers, subject_of
from tests.identity.machine.model import HOLDERS, LIMITS, LOGINS, Life

MOMENT, PAUSE, TALK, AWAY = (timedelta(seconds=40), *(timedelta(minutes=n) for n in (3, 11, 20)))
STAYS = st.sampled_from(
    [*[MOMENT] * 4, *[PAUSE] * 3, TALK, TALK, AWAY, timedelta(hours=1), timedelta(hours=7)]
)
FORM = "consent:support_advice"


A_MOMENT = timedelta(microseconds=1)
"""After a logout at the provider that was told in the same second."""


class Coming(Base):
    """What somebody does with a browser, and what ends a session from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[str] = []
        """Every form that was ever shown."""

    @rule(target=TOKENS, who=st.sampled_from(sorted(LOGINS)), replaces=st.none() | TOKENS)
    def somebody_logs_in(self, who: str, replaces: str | None) -> Any:
        return self.opens(who, replaces) if who in self.model.linked else multiple()

    @rule(target=TOKENS, who=st.sampled_from(HOLDERS), replaces=st.none() | TOKENS)
    def somebody_opens_the_own_page(self, who: PersonActor, replaces: str | None) -> Any:
        opened, now = self.run(self._open_own(who, replaces)), self.clock.now()
        return self.begun(Life(opened.session.id, opened.token, "", now, now + LASTS, now, own=who), replaces)

    @precondition(lambda self: bool(self.model.lives))
    @rule(
        how=st.sampled_from([0, 1, 2, 3, 3, 3, 4]),
        token=USED,
        other=TOKENS,
        who=st.sampled_from(sorted(LOGINS)),
        number=st.sampled_from([-1, -1, 0, 1]),
    )
    def sessions_end(self, how: int, token: str, other: str, who: str, number: int) -> None:
        """In one of the ways in which they do: one rule, so that not every life is over soon."""
        match how:
            case 0:
                self.somebody_logs_out(token)
            case 1:
                self.somebody_ends_another_session_of_the_same_login(token, other)
            case 2:
                self.somebody_leaves(self.model.lives[-1].login or who)
            case 3:
                self.the_provider_logs_somebody_out(self.model.lives[-1].login or who, number)
            case _:
                self.every_own_page_of_somebody_ends(HOLDERS[number])
        self.the_log_tells_of_every_hand_over_that_ended()

    def somebody_logs_out(self, token: str) -> None:
        token, life, _session = self.comes(token)
        assert (self.run(self.service.log_out(token)) is None) == (life is None)
        if life is not None:
            self.model.lives.remove(life)

    @rule(token=USED)
    def somebody_asks_for_a_page(self, token: str) -> None:
        self.comes(token)

    @rule(target=TOKENS, token=USED, began=USED, who=st.sampled_from(sorted(LOGINS)))
    def somebody_comes_back_with_a_proof(self, token: str, began: str, who: str) -> Any:
        """Only the same login, in the session it was begun in; never where the tablet is lent."""
        _began, begun_in, _session = self.comes(began)
        token, life, _session = self.comes(token)
        now = self.clock.now()
        attempt = Attempt("/", 0, "step_up", begun_in.id if begun_in else "")
        login = Login(
            "demo",
            subject_of(who),
            "",
            now + A_MOMENT,
            frozenset(),
            SECRETS.at_provider(f.ISSUER, sub=who, sid=""),
        )
        outcome = self.run(self.service.stepping_up.finish(attempt, token, login))
        may = life is not None and life is begun_in and life.login == who and life.lent is None
        assert isinstance(outcome, Proved) == may, outcome
        if not isinstance(outcome, Proved) or life is None:
            return multiple()
        life.begun = now
        life.opened(now)
        return self.renewed(life, outcome.opened)

    @rule(token=USED)
    def a_form_is_shown(self, token: str) -> None:
        _token, life, session = self.comes(token)
        if session is not None and life is not None and not life.is_locked:
            life.form = self.run(self.service.issue_step(session, FORM))
            self.forms.append(life.form)

    @precondition(lambda self: bool(self.forms))
    @rule(token=USED, number=st.integers(0, 3))
    def any_form_is_sent_with_any_token(self, token: str, number: int) -> None:
        """Only by the session it was shown to, once, and by nobody who has the tablet after that."""
        _token, life, session = self.comes(token)
        if session is None or life is None or not self.forms:
            return
        form = self.forms[-1 - number % len(self.forms)]
        taken = self.run(self.service.use_step(session, FORM, form))
        assert (taken is not None) == (form == life.form)
        if taken is not None:
            life.form = ""

    def somebody_ends_another_session_of_the_same_login(self, token: str, other: str) -> None:
        _token, life, session = self.comes(token)
        theirs = self.model.of(other)
        if session is None or life is None or theirs is None:
            return
        ended = self.run(self.service.own_sessions.end(session, theirs.id))
        assert ended == (life.login == theirs.login and life.is_staffs)
        if ended:
            self.model.lives.remove(theirs)

    def somebody_leaves(self, who: str) -> None:
        """Unlinked: every session ends, also one on a tablet that is lent."""
        if who in self.model.linked:
            theirs = sum(one.login == who for one in self.model.lives)
            ended = self.run(self.service.unlink_staff(Operator("cli"), f.TRAVERSE, LOGINS[who].staff))
            assert ended == theirs
            self.model.leaves(who)

    @precondition(lambda self: len(self.model.linked) < len(LOGINS))
    @rule()
    def who_left_comes_back_to_work(self) -> None:
        """Linked again; no session of before comes back with it, no PIN and no passkey."""
        for who in sorted(set(LOGINS) - self.model.linked):
            self.run(self._link(who))
            self.model.linked.add(who)

    def the_provider_logs_somebody_out(self, who: str, number: int) -> None:
        """A whole person (-1), or one session; also one that locked itself or is lent."""
        theirs = [one for one in self.model.lives if one.login == who]
        if number >= 0:
            theirs = theirs[number : number + 1]
        sid = "" if number < 0 else theirs[0].sid if theirs else "another"
        assert self.run(self._logged_out_there(who, sid)) == {one.id for one in theirs}
        self.model.lives = [one for one in self.model.lives if one not in theirs]

    def every_own_page_of_somebody_ends(self, who: PersonActor) -> None:
        self.run(self._end_own_pages(who))
        self.model.lives = [one for one in self.model.lives if one.own != who]

    @rule(by=STAYS)
    def time_passes(self, by: timedelta) -> None:
        self.clock.advance(by)

    @rule()
    def what_is_over_is_cleared_away(self) -> None:
        now = self.clock.now()
        over = [one for one in self.model.lives if one.is_over(now)]
        assert self.run(self.service.forget_expired()) == len(over)
        self.model.lives = [one for one in self.model.lives if one not in over]
        self.the_log_tells_of_every_hand_over_that_ended()

    @precondition(lambda self: any(one.lent for one in self.model.lives))
    @rule()
    def nobody_comes_back_for_the_tablet(self) -> None:
        self.clock.advance(LIMITS.lent_idle)
        self.what_is_over_is_cleared_away()

    # --- parts -----------------------------------------------------------------------------------

    async def _link(self, who: str) -> None:
        async with self.database.transaction() as conn:
            await links.add_link(conn, self.clock, "demo", subject_of(who), LOGINS[who])

    async def _open_own(self, who: PersonActor, replaces: str | None) -> Opened:
        async with self.database.transaction() as conn:
            return await self.service.own_pages.open(conn, who, replaces=replaces)

    async def _end_own_pages(self, who: PersonActor) -> None:
        person = who.child if isinstance(who, ChildActor) else who.guardian
        async with self.database.transaction() as conn:
            await self.service.own_pages.end_all(conn, f.TRAVERSE, person)

    async def _logged_out_there(self, who: str, sid: str) -> set[str]:
        """What follows from a logout token that was checked; the ids of the sessions that ended."""
        now = self.clock.now()
        said = EndedThere("" if sid else who, sid, f"token{next(_numbers)}", now + AWAY, now)
        provider = f.make_provider(id="demo")
        gone = await self.service._provider_logout._end(provider, SECRETS, said, logged=True)
        assert gone is not None
        for session in gone:
            self.service._live.forget_session(session)
        return {one.id for one in gone}
