"""The tablet is handed over, locked, opened again and taken back, by PINs and passkeys, right and wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import hypothesis.strategies as st
import pytest
from hypothesis.stateful import initialize, multiple, precondition, rule

from consent_service.foundation.errors import NotAllowedError
from consent_service.identity.handover import Given, HandOver, HandOverRefused, PasskeyShown
from consent_service.identity.model import ChildActor, Counsellor, PersonActor
from consent_service.identity.passkey_rows import Purpose
from consent_service.identity.passkeys import PasskeyAdded, PasskeyRefused
from consent_service.identity.permissions import Circumstances
from consent_service.identity.sessions import Opened, Session, Unlocked
from tests.identity import factories as f
from tests.identity.authenticator import Authenticator
from tests.identity.machine.coming import Coming
from tests.identity.machine.holding import NEWEST, ORIGIN, TOKENS, USED, _numbers
from tests.identity.machine.model import HOLDERS, LOGINS, PIN, WRONG, Life

How = Literal["pin", "wrong pin", "passkey", "another's passkey", "for another purpose", "replayed"]
HOW = st.sampled_from(
    ["pin", "pin", "pin", "wrong pin", "passkey", "another's passkey", "for another purpose", "replayed"]
)
PAUSE = timedelta(minutes=3)
LATELY = timedelta(minutes=15)
"""A login of at most this age adds a passkey."""


class Lending(Coming):
    """What somebody does with a tablet, whoever has it."""

    def __init__(self) -> None:
        super().__init__()
        self.passkeys: dict[str, Authenticator] = {}
        self.used = "{}"
        """What a passkey answered the last time that it was right."""
        self.places: dict[str, object] = {"": None}
        """Who was there when a screen locked at this page."""

    @initialize(target=TOKENS)
    def begin(self) -> Any:
        """One counsellor is at work, and has a PIN and a passkey already."""
        return multiple(self._at_work("noor"), "never-given-out")

    @rule(token=USED)
    def somebody_chooses_a_pin(self, token: str) -> None:
        """Only a member of staff at an open screen: nobody else may choose what takes the tablet back."""
        token, life, session = self.comes(token)
        if session is None or life is None or life.own is not None:
            return
        if life.is_staffs:
            self.run(self.service.set_pin(session, PIN))
            self.model.with_pin.add(life.login)
            self.model.wrong.pop(life.login, None)
        else:
            with pytest.raises(NotAllowedError):
                self.run(self.service.set_pin(session, WRONG))

    @rule(token=USED)
    def somebody_adds_a_passkey(self, token: str) -> None:
        """Only a member of staff at an open screen, who logged in a short while ago."""
        _token, life, session = self.comes(token)
        if session is None or life is None or life.login in self.model.with_passkey:
            return
        asked = self.run(self.service.passkeys.begin_add(session))
        may = life.is_staffs and self.clock.now() - life.begun <= LATELY
        assert isinstance(asked, PasskeyRefused) != may, asked
        if isinstance(asked, str):
            self.passkeys[life.login] = Authenticator(origin=ORIGIN)
            made = self.passkeys[life.login].make(asked)
            assert isinstance(self.run(self.service.passkeys.finish_add(session, made)), PasskeyAdded)
            self.model.with_passkey.add(life.login)

    @precondition(lambda self: any(one.login for one in self.model.lives))
    @rule(target=TOKENS, token=USED, to=st.sampled_from(HOLDERS))
    def somebody_hands_the_tablet_over(self, token: str, to: PersonActor) -> Any:
        token, life, _session = self.comes(token)
        person = to.child if isinstance(to, ChildActor) else to.guardian
        facts = Circumstances(tenant=f.TRAVERSE, family=to.family, assigned=True)
        wanted = HandOver(person, facts, is_child=isinstance(to, ChildActor))
        outcome = self.run(self.service.hand_over(token, wanted))
        may = life is not None and life.is_staffs and isinstance(life.actor, Counsellor)
        may = may and life is not None and life.login in self.model.with_pin
        assert isinstance(outcome, HandOverRefused) != may, outcome
        if not isinstance(outcome, Opened) or life is None:
            return multiple()
        life.lent, life.tries, life.form = to, 0, ""
        return self.renewed(life, outcome)

    @rule(target=TOKENS, who=st.sampled_from(["noor", "bas"]), to=st.sampled_from(HOLDERS))
    def a_family_is_at_the_tablet(self, who: str, to: PersonActor) -> Any:
        """The steps before in their usual order: chance alone seldom comes this far."""
        if who not in self.model.linked:
            return multiple()
        own = self._at_work(who)
        return multiple(own, self.somebody_hands_the_tablet_over(token=own, to=to))

    @rule(token=USED)
    def the_browser_locks_the_screen(self, token: str) -> None:
        token, life, session = self.comes(token)
        place = f"/{next(_numbers)}"
        locked = self.run(self.service.lock(token, place))
        assert (locked is None) == (session is None)
        if locked is None or life is None:
            return
        life.is_locked = life.is_locked or self.service.locks_after(locked) is not None
        assert locked.locked == life.is_locked
        self._is_at(life, place)

    @rule(token=USED)
    def a_page_of_a_locked_screen_is_asked_for(self, token: str) -> None:
        """The first one that was asked for is where it goes on."""
        _token, life, session = self.comes(token)
        if session is not None and life is not None:
            place = f"/{next(_numbers)}"
            self.run(self.service.keep_place(session, place))
            self._is_at(life, place)

    @rule(token=USED)
    def a_locked_screen_does_nothing(self, token: str) -> None:
        _token, life, session = self.comes(token)
        if session is None or life is None or not life.is_locked:
            return
        assert self.run(self.service.own_sessions.listed(session)) == ()
        assert self.run(self.service.passkeys.listed(session)) == ()
        assert self.run(self.service.passkeys.begin_add(session)) == PasskeyRefused("not_here")
        assert self.run(self.service.own_sessions.end_others(session)) == 0
        self.somebody_hands_the_tablet_over(token=life.token, to=HOLDERS[0])

    @rule(target=TOKENS, token=USED, how=HOW)
    def somebody_opens_the_screen(self, token: str, how: How) -> Any:
        """It goes on for whoever had it, where it was, and not where somebody else was."""
        token, life, session = self.comes(token)
        given, right = self._given(session, life, how, "unlock")
        outcome = self.run(self.service.unlock(token, given))
        assert isinstance(outcome, Unlocked) == (right and life is not None and life.is_locked), outcome
        if not isinstance(outcome, Unlocked) or life is None:
            return multiple()
        assert outcome.place == life.place
        assert self.places[outcome.place] in (None, life.actor)
        life.opened(self.clock.now())
        return self.renewed(life, outcome.opened)

    @precondition(lambda self: bool(self.model.lives))
    @rule(target=TOKENS, how=HOW)
    def a_screen_is_left_alone_and_opened(self, how: How) -> Any:
        """The steps in their usual order: chance alone seldom comes back in time with the right PIN."""
        self.clock.advance(PAUSE)
        self.the_browser_locks_the_screen(token=NEWEST)
        self.clock.advance(PAUSE)
        self.a_locked_screen_does_nothing(token=NEWEST)
        return self.somebody_opens_the_screen(token=NEWEST, how=how)

    @rule(target=TOKENS, who=st.sampled_from(["noor", "bas"]), to=st.sampled_from(HOLDERS), how=HOW)
    def a_family_had_the_tablet(self, who: str, to: PersonActor, how: How) -> Any:
        """As `a_family_is_at_the_tablet`, and back: locked once and with a form left open on each side."""
        if who not in self.model.linked:
            return multiple()
        self._at_work(who)
        own = self.a_screen_is_left_alone_and_opened(how="pin")
        self.a_form_is_shown(token=own)
        self.somebody_hands_the_tablet_over(token=own, to=to)
        self.any_form_is_sent_with_any_token(token=NEWEST, number=0)
        self.a_screen_is_left_alone_and_opened(how="pin")
        self.a_form_is_shown(token=NEWEST)
        self.somebody_takes_the_tablet_back(token=NEWEST, how=how)
        return self.model.lives[-1].token if self.model.lives else multiple()

    @rule(who=st.sampled_from(["noor", "bas"]), to=st.sampled_from(HOLDERS), how=st.sampled_from([0, 2, 3]))
    def a_session_ends_while_it_is_lent(self, who: str, to: PersonActor, how: int) -> None:
        self.a_family_is_at_the_tablet(who=who, to=to)
        if self.model.lives:
            self.sessions_end(how=how, token=NEWEST, other=NEWEST, who=who, number=-1)
            self.who_left_comes_back_to_work()

    @precondition(lambda self: any(one.lent for one in self.model.lives))
    @rule(target=TOKENS, token=USED, how=HOW)
    def somebody_takes_the_tablet_back(self, token: str, how: How) -> Any:
        token, life, session = self.comes(token)
        given, right = self._given(session, life, how, "take_back")
        outcome = self.run(self.service.take_back(token, given))
        assert isinstance(outcome, Opened) == (right and life is not None and life.lent is not None), outcome
        if not isinstance(outcome, Opened) or life is None:
            return multiple()
        life.lent, life.form = None, ""
        life.opened(self.clock.now())
        return self.renewed(life, outcome)

    @precondition(lambda self: any(one.lent for one in self.model.lives))
    @rule(token=USED, how=HOW)
    def the_counsellor_is_asked_as_a_witness(self, token: str, how: How) -> None:
        token, life, session = self.comes(token)
        given, right = self._given(session, life, how, "witness")
        outcome = self.run(self.service.witness(token, given))
        is_one = right and life is not None and life.lent is not None and not life.is_locked
        assert isinstance(outcome, Counsellor) == is_one, outcome
        if isinstance(outcome, Counsellor) and life is not None:
            assert outcome == LOGINS[life.login]
            life.tries = 0

    @precondition(lambda self: any(one.lent or one.is_locked for one in self.model.lives))
    @rule(token=USED)
    def somebody_guesses(self, token: str) -> None:
        for _ in range(5):
            self.somebody_opens_the_screen(token=token, how="wrong pin")

    # --- parts -----------------------------------------------------------------------------------

    def _at_work(self, who: str) -> str:
        own = self.opens(who)
        self.somebody_chooses_a_pin(token=own)
        self.somebody_adds_a_passkey(token=own)
        return own

    def _is_at(self, life: Life, place: str) -> None:
        if life.is_locked and not life.place:
            life.place, self.places[place] = place, life.actor

    def _given(
        self, session: Session | None, life: Life | None, how: How, purpose: Purpose
    ) -> tuple[Given, bool]:
        """What is typed or shown, and whether it is the counsellor's; the model has counted the try."""
        is_asked = life is not None and (life.lent is not None or life.is_locked)
        if how in ("pin", "wrong pin"):
            pin = PIN if how == "pin" else WRONG
            return pin, bool(is_asked and life and self.model.tries(life, pin, self.clock.now()))
        shown = PasskeyShown(self._shown(session, life, how, purpose))
        right = how == "passkey" and life is not None and life.login in self.model.with_passkey
        tried = is_asked and life and self.model.tries(life, None, self.clock.now(), is_passkey_right=right)
        self.used = shown.response if tried else self.used
        return shown, bool(tried)

    def _shown(self, session: Session | None, life: Life | None, how: How, purpose: Purpose) -> str:
        """What an authenticator answers to what this session was asked."""
        if session is None or life is None or how == "replayed":
            return self.used
        other: Purpose = "witness" if purpose != "witness" else "unlock"
        asked = self.run(
            self.service.passkeys.begin(session, other if how == "for another purpose" else purpose)
        )
        assert bool(asked) == (life.login in self.model.with_passkey)
        passkey = self.passkeys.get(life.login, Authenticator(origin=ORIGIN))
        if how == "another's passkey":
            others = [one for who, one in self.passkeys.items() if who != life.login]
            passkey = others[0] if others else Authenticator(origin=ORIGIN)
        return passkey.show(asked) if asked else "{}"
