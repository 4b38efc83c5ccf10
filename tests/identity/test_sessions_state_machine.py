"""Sessions and the hand-over as a state machine, through the real service on a real database.

Whatever is done in whatever order, with whatever token anybody ever had: a token that was a parent's never
becomes a member of staff or somebody of another family, a locked screen does nothing, and each token acts as
the naive model says. Then mistakes are planted, each of which the machine must find.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from consent_service.identity import lending as service
from consent_service.identity import lent_rows, passkey_rows, pins, sessions
from consent_service.identity.handover import TakeBackRefused
from consent_service.identity.live import LiveSessions
from consent_service.identity.model import LoginRefused
from consent_service.identity.stepping_up import SteppingUp
from consent_service.identity.tables import passkeys
from tests.identity.machine.holding import Base, furnish
from tests.identity.machine.lending import Lending

LIVES = settings(max_examples=25, stateful_step_count=30)
FEW = settings(
    max_examples=200,
    stateful_step_count=25,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)
"""To find something planted: the same lives each time, and no shorter one is looked for."""


@pytest.fixture(scope="module")
def template(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnish(migrated_sqlite, tmp_path_factory.mktemp("sessions"))


def _machine(template: Path, folder: Path) -> type[Base]:
    return type("Machine", (Lending,), {"template": template, "folder": folder})


@pytest.mark.untraced
def test_no_token_of_a_parent_ever_becomes_a_counsellor_or_another_family(
    template: Path, tmp_path: Path
) -> None:
    run_state_machine_as_test(_machine(template, tmp_path), settings=LIVES)


def _reread_any(patch: pytest.MonkeyPatch, kept: dict[str, str]) -> None:
    """A change of hands that kept the old token is found under it."""
    found = service._reread

    async def reread(conn: Any, token: str) -> Any:
        return await found(conn, kept.get(token, token))

    patch.setattr(service, "_reread", reread)


def _keeps_token(change: str) -> Callable[[pytest.MonkeyPatch], None]:
    """What `change` does to the row, but under the token that was there."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        honest, kept = getattr(lent_rows, change), {}

        async def keeping(conn: Any, session: Any, old: str, new: str, rest: Any) -> bool:
            kept[new] = old
            return bool(await honest(conn, session, old, old, rest))

        patch.setattr(lent_rows, change, keeping)
        _reread_any(patch, kept)

    return plant


def _any_pin_fits(patch: pytest.MonkeyPatch) -> None:
    async def fits(*_: object) -> bool:
        return True

    patch.setattr(pins, "fits", fits)


def _unlocks_without_a_proof(patch: pytest.MonkeyPatch) -> None:
    async def proved(self: Any, token: str, _given: object, _purpose: object) -> Any:
        return await self._live.actor_for(token) or TakeBackRefused("no_session")

    patch.setattr(service.Lending, "_proved", proved)


def _tries_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    async def first(*_: object) -> int:
        return 1

    patch.setattr(lent_rows, "count_pin_try", first)


def _nothing_locks(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sessions.Session, "is_left_alone", lambda self, *_: self.locked)


def _a_locked_screen_looks_open(patch: pytest.MonkeyPatch) -> None:
    honest = LiveSessions.actor_for

    async def open_(self: Any, token: str) -> Any:
        session = await honest(self, token)
        return session and msgspec.structs.replace(session, locked=False)

    patch.setattr(LiveSessions, "actor_for", open_)


def _who_comes_next_goes_on_there(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(lent_rows, "_UNLOCKED", {"locked_at": None, "pin_tries": 0})


def _forms_outlive_the_hand_over(patch: pytest.MonkeyPatch) -> None:
    async def kept(*_: object) -> None:
        return None

    patch.setattr(lent_rows, "forget_steps", kept)


def _anybodys_passkey_fits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(passkey_rows, "_of_login", lambda *_: (passkeys.c.revoked_at.is_(None),))


def _any_challenge_fits(patch: pytest.MonkeyPatch) -> None:
    async def asked(*_: object) -> passkey_rows.Asked:
        return passkey_rows.Asked(b"")

    patch.setattr(passkey_rows, "take_asked", asked)


def _a_logout_there_leaves_what_is_lent(patch: pytest.MonkeyPatch) -> None:
    honest = sessions.sessions_at_provider

    async def own(*given: Any) -> Any:
        return tuple(one for one in await honest(*given) if one.handed_over is None)

    patch.setattr(sessions, "sessions_at_provider", own)


def _leaving_ends_no_session(patch: pytest.MonkeyPatch) -> None:
    async def none_ends(*_: object, **__: object) -> int:
        return 0

    patch.setattr(sessions, "end_sessions_of", none_ends)


def _what_is_over_goes_without_a_word(patch: pytest.MonkeyPatch) -> None:
    async def silently(self: Any, session: Any, _code: str) -> None:
        async with self._database.transaction() as conn:
            await sessions.end_session(conn, session.id)

    patch.setattr(LiveSessions, "end_now", silently)


def _proof_in_any_session(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes back from the provider proves it for the session of this browser, lent or not."""

    async def finish(self: Any, _attempt: object, token: str, _login: object) -> Any:
        session = await self._live.actor_for(token)
        return await self._proved(session, token, {}, "/") if session else LoginRefused("state_unknown")

    patch.setattr(SteppingUp, "finish", finish)


PLANTED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "downgrade keeps the token": _keeps_token("downgrade"),
    "restore keeps the token": _keeps_token("restore"),
    "unlock keeps the token": _keeps_token("unlock"),
    "any PIN fits": _any_pin_fits,
    "unlock asks nothing": _unlocks_without_a_proof,
    "tries are not counted": _tries_are_not_counted,
    "nothing locks by itself": _nothing_locks,
    "a locked screen looks open": _a_locked_screen_looks_open,
    "who comes next goes on there": _who_comes_next_goes_on_there,
    "forms outlive the hand-over": _forms_outlive_the_hand_over,
    "anybody's passkey fits": _anybodys_passkey_fits,
    "any challenge fits": _any_challenge_fits,
    "a logout there leaves what is lent": _a_logout_there_leaves_what_is_lent,
    "a proof counts in any session": _proof_in_any_session,
    "leaving ends no session": _leaving_ends_no_session,
    "what is over goes without a word": _what_is_over_goes_without_a_word,
}


@pytest.mark.untraced
@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_the_machine_finds_each_planted_mistake(
    template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(_machine(template, tmp_path), settings=FEW)
