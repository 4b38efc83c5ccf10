"""The service of one life, over a copy of a furnished database, and what holds after every step."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant
from sqlalchemy import select, true

from consent_service.audit import events
from consent_service.audit.log import AuditLog, TrailFilter
from consent_service.foundation.clock import MovableClock
from consent_service.foundation.database import Database
from consent_service.foundation.ids import PersonId
from consent_service.identity import links, sessions
from consent_service.identity.model import PersonActor
from consent_service.identity.providers import NewProvider, register_provider
from consent_service.identity.secrets import AtProvider, ProviderSecrets
from consent_service.identity.service import IdentityService, LoginRules
from consent_service.identity.sessions import Opened, Session
from consent_service.identity.tables import sessions as session_rows
from consent_service.keyring.providers.file import unlock_keystore
from consent_service.keyring.service import KeyRing
from tests.conftest import sqlite_url
from tests.factories import PASSPHRASE, make_keyring
from tests.identity import factories as f
from tests.identity.machine.model import (
    CHILD,
    FATHER,
    LIMITS,
    LOGINS,
    OTHER_MOTHER,
    Life,
    Model,
)
from tests.ledger import whole_trail

T = TypeVar("T")
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
ORIGIN = "http://localhost:8080"
"""An address at which there can be passkeys."""
ROWS, KEYS = "ruggensteun.sqlite", "keystore.json"
TOKENS = Bundle("tokens")
NEWEST = "newest"
"""Instead of a token: that of the session that was opened or changed hands last, and still lives."""
USED = TOKENS | st.just(NEWEST) | st.just(NEWEST)
SECRETS = ProviderSecrets("", b"p" * 32)
_numbers = itertools.count(1)


def furnish(migrated: Path, folder: Path) -> Path:
    """The rows and keystore with which each life begins: staff and families have keys, logins are linked."""
    shutil.copyfile(migrated, folder / ROWS)
    asyncio.run(_furnish(folder))
    return folder


async def _furnish(folder: Path) -> None:
    clock, database, ring = MovableClock(START), Database(sqlite_url(folder / ROWS)), make_keyring(folder)
    async with database.transaction() as conn:
        await ring.install(conn)
        await ring.create_tenant(conn, f.TRAVERSE)
        await register_provider(conn, ring, clock, PROVIDER, loopback_allowed=False)
        staff = (PersonId(one.staff) for one in LOGINS.values())
        for person in (*staff, f.MOTHER, CHILD, OTHER_MOTHER, FATHER):
            await ring.create_person_key(conn, f.TRAVERSE, person)
        for who, actor in LOGINS.items():
            await links.add_link(conn, clock, "demo", subject_of(who), actor)
    await database.close()


PROVIDER = NewProvider("demo", "Demo", f.ISSUER, f.CLIENT, client_secret="a secret of the tests")


def subject_of(who: str) -> str:
    return sessions.digest(who)


class Base(RuleBasedStateMachine):
    """One tablet, three logins, two families, everybody's tokens. `template` is what `furnish` made."""

    template: Path
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        here = self.folder / f"life{next(_numbers)}"
        here.mkdir()
        for name in (ROWS, KEYS):
            shutil.copyfile(self.template / name, here / name)
        (here / KEYS).chmod(0o600)
        self.clock = MovableClock(START)
        self.database = Database(sqlite_url(here / ROWS))
        self.ring = KeyRing(unlock_keystore(here / KEYS, PASSPHRASE), self.clock)
        self.log = AuditLog(self.ring, self.clock)
        rules = LoginRules(public_origin=ORIGIN, limits=LIMITS)
        self.service = IdentityService(self.database, self.ring, self.log, self.clock, rules=rules)
        self.model = Model()
        self.was: dict[str, PersonActor | None] = {}
        """Every token ever given out, and whose it was: nobody's of a family means a member of staff's."""

    def teardown(self) -> None:
        self.run(self.database.close())
        self.runner.close()

    # --- what always holds -----------------------------------------------------------------------

    @invariant()
    def a_token_of_a_parent_is_of_that_parent_or_of_nobody(self) -> None:
        """And each token is known exactly when its session lives, and acts as the model says."""
        found = self.run(self._found())
        for token, holder in self.was.items():
            session, life = found.get(sessions.digest(token)), self.model.of(token)
            assert (session and (session.id, session.actor)) == (life and (life.id, life.actor))
            if session is None:
                continue
            assert session.acting_in(f.ELSEWHERE) is None
            if holder is not None:
                assert session.actor == session.acting_in(f.TRAVERSE) == holder
            else:
                assert session.handed_over is None, "the counsellor's token still opens what a parent holds"
                assert session.own is None

    def the_log_tells_of_every_hand_over_that_ended(self) -> None:
        told = self.run(self._told())
        begun, ended = (
            sum(isinstance(one, kind) for one in told)
            for kind in (events.HandoverStarted, events.HandoverEnded)
        )
        assert begun - ended == sum(one.lent is not None for one in self.model.lives)

    # --- parts -----------------------------------------------------------------------------------

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(act)

    def comes(self, token: str) -> tuple[str, Life | None, Session | None]:
        """Somebody with this token: the token, what the model makes of it, and what the service does."""
        token = self.model.lives[-1].token if token == NEWEST and self.model.lives else token
        life = self.model.use(token, self.clock.now())
        session = self.run(self.service.actor_for(token))
        assert (session and (session.actor, session.locked)) == (life and (life.actor, life.is_locked))
        return token, life, session

    def opens(self, who: str, replaces: str | None = None) -> str:
        """The last step of a login; what comes before it is about the provider."""
        now, sid = self.clock.now(), f"sid{next(_numbers)}"
        fresh = sessions.new_session(
            provider="demo",
            subject=subject_of(who),
            actors=(LOGINS[who],),
            level="",
            authenticated_at=now,
            lasts=(now, now + LIMITS.absolute),
        )
        opened = self.run(self._open(fresh, replaces, SECRETS.at_provider(f.ISSUER, sub=who, sid=sid)))
        life = Life(opened.session.id, opened.token, who, now, now + LIMITS.absolute, now, sid)
        return self.begun(life, replaces)

    def begun(self, life: Life, replaces: str | None) -> str:
        earlier = self.model.of(replaces or "")
        if earlier is not None:
            self.model.lives.remove(earlier)
        self.model.lives.append(life)
        self.was[life.token] = life.own
        return life.token

    def renewed(self, life: Life, opened: Opened) -> str:
        """The session goes on under a token that nobody had before, for who the model says has it now."""
        assert opened.token not in self.was
        assert (opened.session.id, opened.session.actor) == (life.id, life.actor)
        assert not opened.session.locked
        self.model.lives.remove(life)
        self.model.lives.append(life)
        life.token = opened.token
        self.was[opened.token] = life.lent
        return opened.token

    async def _open(self, session: Session, replaces: str | None, there: AtProvider) -> Opened:
        async with self.database.transaction() as conn:
            return await self.service._letting_in.open(conn, session, replaces, there)

    async def _found(self) -> dict[str, Session]:
        """By the digest of its token, looked at from outside: no limit moves."""
        async with self.database.reading() as conn:
            rows = await conn.execute(select(session_rows.c.id, session_rows.c.token))
            digests = {row.id: row.token for row in rows}
            return {digests[one.id]: one for one in await sessions._read(conn, true())}

    async def _told(self) -> list[events.Event]:
        async with self.database.reading() as conn:
            told = await whole_trail(self.log, conn, f.TRAVERSE, TrailFilter())
        return [entry.detail.event for entry in told if entry.detail is not None]
