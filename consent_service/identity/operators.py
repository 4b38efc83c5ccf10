"""Operators: who may run the installation, and how a command line comes to act as one of them.

The manner is that of the device authorization grant (RFC 8628), for our own command line. A command asks and
keeps a secret (`ask`); a person logs in with two factors in a browser (`arrive`), types the short code, sees
what is asked (`look`) and approves or refuses it (`decide`); the secret then works for half an hour
(`standing`). Such a login is no session: it opens no page but this one. Whoever is no operator gets the
same answer as whoever types a wrong code.
"""

from __future__ import annotations

import re
import secrets as random
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit import events
from consent_service.audit.log import AuditLog
from consent_service.foundation.clock import Clock
from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConflictError,
    InputError,
    NotAllowedError,
    NotFoundError,
    Problem,
)
from consent_service.foundation.ids import INSTALLATION, new_id
from consent_service.identity.admission import obstacle_now
from consent_service.identity.claims import comparable_subject
from consent_service.identity.letting_in import Proved as Login
from consent_service.identity.model import Actor, LoginRefused, Operator, by
from consent_service.identity.page_tries import Pace, Source, count_try, forget_tries, source_of
from consent_service.identity.permissions import Action, Circumstances, Denied, may
from consent_service.identity.providers import Provider, provider_with_secrets
from consent_service.identity.sessions import digest, new_token
from consent_service.identity.tables import oidc_providers
from consent_service.identity.tables_operators import operator_grants, operator_logins, operators
from consent_service.keyring.service import KeyRing

OPERATORS_PLACE: Final = "/beheer"
"""The page at which an operator decides; a login that began there ends in no session."""
FRESH: Final = 0
"""Seconds ago that an operator must have proved who it is: the provider asks, also whom it remembers."""
CODE_LASTS: Final = timedelta(minutes=10)
GRANT_LASTS: Final = timedelta(minutes=30)
LOGIN_LASTS: Final = timedelta(minutes=10)
KEPT: Final = timedelta(days=1)
"""How long a grant is kept after its end, to say why it does not work any more."""
GUESSES: Final = Pace(free=5, longest=timedelta(hours=1))
"""Codes of 40 bits that live for ten minutes, against five tries of one login and then slower and slower."""
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without letters that look like others (Crockford's Base32)."""

_CODE: Final = re.compile(r"[a-z0-9-]{2,40}")
_LOOKALIKES: Final = str.maketrans("OIL", "011", " -")
_TRIES: Final = "operator-code"


_PROVIDER_CLOSED: Final = exists().where(
    oidc_providers.c.tenant == operators.c.tenant,
    oidc_providers.c.id == operators.c.provider,
    oidc_providers.c.disabled_at.is_not(None),
)


class Registered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One operator: a code, and through which provider it logs in."""

    code: str
    provider: str
    added_at: datetime
    ended_at: datetime | None


class GrantAsked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the command keeps (`secret`, 256 bits) and what it shows (`code`, 40 bits)."""

    secret: str
    code: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "GrantAsked(...)"


Stand = Literal["waiting", "live", "refused", "expired", "ended", "unknown"]


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a secret is worth now; `operator` and `until` only when it is live."""

    stand: Stand
    operator: str = ""
    until: datetime | None = None


class OperatorArrived(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody proved with two factors who it is; only `token` says so, at `OPERATORS_PLACE`."""

    token: str
    lasts: timedelta = LOGIN_LASTS

    def __repr__(self) -> str:
        return "OperatorArrived(...)"


class AskedGrant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is decided about: when it was asked and at which machine."""

    code: str
    asked_at: datetime
    machine: str
    lasts: timedelta = GRANT_LASTS


class CodeRefused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No such thing to decide for this person; `code_wrong` also for who is no operator."""

    code: Literal["login_needed", "code_wrong", "too_many"]


class _Found(msgspec.Struct, frozen=True):
    token: str
    source: Source
    operator: str
    asked: AskedGrant


class Operators:
    """Who runs the installation, and the grants by which commands act as them."""

    def __init__(self, database: Database, ring: KeyRing, log: AuditLog, clock: Clock) -> None:
        self._database = database
        self._ring = ring
        self._log = log
        self._clock = clock

    # --- who ---------------------------------------------------------------------------------

    async def add(self, actor: Actor, code: str, provider_id: str, subject: str) -> None:
        """From now on the login `subject` of this provider may approve commands, as operator `code`.

        Raises:
            InputError: with every problem at once.
            NotFoundError: no such provider.
            ConflictError: the code was given before, or the login is an operator already.
            NotAllowedError: only an operator adds operators.
        """
        _require(actor)
        async with self._database.transaction() as conn:
            provider, secrets = await provider_with_secrets(conn, self._ring, provider_id)
            problems = _problems(code, provider, subject)
            if problems:
                raise InputError(problems)
            known = comparable_subject(provider.rules.subject_claim, subject)
            login = (provider_id, secrets.digest_of(provider.issuer, known))
            if await _row(conn, code) is not None or await _operator_of(conn, *login) is not None:
                raise ConflictError("this code or this login is an operator already")
            await conn.execute(
                insert(operators).values(
                    tenant=INSTALLATION,
                    operator=code,
                    provider=provider_id,
                    subject=login[1],
                    added_at=self._clock.now(),
                )
            )
            await self._tell(conn, events.OperatorAdded(code), actor)

    async def end(self, actor: Actor, code: str) -> None:
        """This operator approves nothing any more; what it approved ends now.

        Raises:
            NotFoundError: no such operator, or ended before.
            ConflictError: it is the last one: nobody could add another.
            NotAllowedError: only an operator ends operators.
        """
        _require(actor)
        now = self._clock.now()
        async with self._database.transaction() as conn:
            query = select(operators.c.operator).where(operators.c.tenant == INSTALLATION, _active)
            active = set((await conn.execute(query.with_for_update())).scalars())
            if code not in active:
                raise NotFoundError("no such operator")
            if len(active) == 1:
                raise ConflictError("the last operator is not ended")
            mine = (operators.c.tenant == INSTALLATION, operators.c.operator == code)
            await conn.execute(update(operators).where(*mine).values(ended_at=now))
            approved = (operator_grants.c.tenant == INSTALLATION, operator_grants.c.operator == code)
            await conn.execute(
                update(operator_grants)
                .where(*approved, operator_grants.c.ended_at.is_(None))
                .values(ended_at=now)
            )
            await self._tell(conn, events.OperatorEnded(code), actor)

    async def all(self) -> tuple[Registered, ...]:
        """Every operator there ever was, by code."""
        query = select(operators).where(operators.c.tenant == INSTALLATION).order_by(operators.c.operator)
        async with self._database.reading() as conn:
            rows = (await conn.execute(query)).all()
        return tuple(Registered(row.operator, row.provider, row.added_at, row.ended_at) for row in rows)

    # --- the command line --------------------------------------------------------------------

    async def ask(self, machine: str) -> GrantAsked:
        """Ask for a grant at this machine; nothing is granted until an operator approves the code."""
        now = self._clock.now()
        code = "".join(random.choice(ALPHABET) for _ in range(8))
        asked = GrantAsked(new_token(), f"{code[:4]}-{code[4:]}", now + CODE_LASTS)
        async with self._database.transaction() as conn:
            await conn.execute(
                insert(operator_grants).values(
                    tenant=INSTALLATION,
                    grant=new_id(),
                    secret=digest(asked.secret),
                    code=digest(code),
                    machine=machine[:60],
                    asked_at=now,
                    code_expires_at=asked.expires_at,
                )
            )
        return asked

    async def standing(self, secret: str) -> Standing:
        """What this secret is worth now."""
        async with self._database.reading() as conn:
            return await standing_of(conn, secret, self._clock.now())

    async def give_up(self, secret: str) -> bool:
        """The grant of this secret, or what was asked with it, ends now; False when there was none."""
        async with self._database.transaction() as conn:
            ended = await conn.execute(
                update(operator_grants)
                .where(
                    operator_grants.c.tenant == INSTALLATION,
                    operator_grants.c.secret == digest(secret),
                    operator_grants.c.ended_at.is_(None),
                )
                .values(ended_at=self._clock.now())
            )
        return ended.rowcount == 1

    async def note_unproved(self, operator: Operator, why: str) -> None:
        """Log that commands are typed by somebody who did not prove who it is; `why` is a code."""
        async with self._database.transaction() as conn:
            await self._tell(conn, events.OperatorAdmitted(operator.name, why), operator)

    # --- the browser -------------------------------------------------------------------------

    async def arrive(self, provider: Provider, login: Login) -> OperatorArrived | LoginRefused:
        """Let a finished login decide about one grant, when it was with a second factor.

        Whether it is an operator's is not looked at yet, so that arriving tells nothing.
        """
        if not login.factor:
            return LoginRefused("level_too_low")
        arrived = OperatorArrived(new_token())
        async with self._database.transaction() as conn:
            barred = await obstacle_now(conn, provider.id, login.there, login.authenticated_at, provider)
            if barred is not None:
                return LoginRefused(barred)
            await conn.execute(
                insert(operator_logins).values(
                    tenant=INSTALLATION,
                    token=digest(arrived.token),
                    provider=provider.id,
                    subject=login.subject,
                    expires_at=self._clock.now() + arrived.lasts,
                )
            )
        return arrived

    async def is_there(self, token: str) -> bool:
        """Whether this browser may try a code."""
        async with self._database.reading() as conn:
            return await self._login(conn, token) is not None

    async def look(self, token: str, typed: str) -> AskedGrant | CodeRefused:
        """What this code asks."""
        async with self._database.transaction() as conn:
            found = await self._find(conn, token, typed)
        return found if isinstance(found, CodeRefused) else found.asked

    async def decide(self, token: str, typed: str, *, approve: bool) -> AskedGrant | CodeRefused:
        """Approve or refuse what this code asks, once; the login is used up with it."""
        now = self._clock.now()
        async with self._database.transaction() as conn:
            found = await self._find(conn, token, typed)
            if isinstance(found, CodeRefused):
                return found
            told = (
                {"operator": found.operator, "decided_at": now, "expires_at": now + GRANT_LASTS}
                if approve
                else {"decided_at": now, "ended_at": now}
            )
            decided = await conn.execute(
                update(operator_grants).where(*_undecided(found.asked.code, now)).values(told)
            )
            if decided.rowcount != 1:  # in another process, just now
                return CodeRefused("code_wrong")
            await conn.execute(delete(operator_logins).where(*_of_token(found.token)))
            await forget_tries(conn, _TRIES, found.source)
            if approve:
                event = events.OperatorAdmitted(found.operator)
                await self._tell(conn, event, Operator(found.operator))
        return found.asked

    async def leave(self, token: str) -> None:
        """This browser decides nothing any more."""
        async with self._database.transaction() as conn:
            await conn.execute(delete(operator_logins).where(*_of_token(token)))

    async def forget_old(self, conn: AsyncConnection) -> None:
        """Clear away logins that ended, and grants a day after their end."""
        now = self._clock.now()
        await conn.execute(
            delete(operator_logins).where(
                operator_logins.c.tenant == INSTALLATION, operator_logins.c.expires_at <= now
            )
        )
        old = now - KEPT
        await conn.execute(
            delete(operator_grants).where(
                operator_grants.c.tenant == INSTALLATION,
                operator_grants.c.code_expires_at <= old,
                or_(operator_grants.c.expires_at.is_(None), operator_grants.c.expires_at <= old),
            )
        )

    async def _find(self, conn: AsyncConnection, token: str, typed: str) -> _Found | CodeRefused:
        """A try counts before it is looked at; operator and code are both looked up, whichever is wrong."""
        login = await self._login(conn, token)
        if login is None:
            return CodeRefused("login_needed")
        now = self._clock.now()
        source = source_of("|".join(login))
        if await count_try(conn, _TRIES, source, GUESSES, now) is not None:
            return CodeRefused("too_many")
        code = plain_code(typed)
        operator = await _operator_of(conn, *login)
        row = (await conn.execute(select(operator_grants).where(*_undecided(code, now)))).one_or_none()
        if operator is None or row is None:
            return CodeRefused("code_wrong")
        return _Found(token, source, operator, AskedGrant(code, row.asked_at, row.machine))

    async def _login(self, conn: AsyncConnection, token: str) -> tuple[str, str] | None:
        """Provider and subject of a login that lasts still."""
        query = select(operator_logins.c.provider, operator_logins.c.subject).where(
            *_of_token(token), operator_logins.c.expires_at > self._clock.now()
        )
        row = (await conn.execute(query)).one_or_none()
        return None if row is None else (row.provider, row.subject)

    async def _tell(self, conn: AsyncConnection, event: events.Event, actor: Actor) -> None:
        await self._log.append(conn, tenant=INSTALLATION, event=event, by=by(actor), subject=None)


def plain_code(typed: str) -> str:
    """A code as it is kept: capitals, without spaces and hyphens, and O, I and L as the digits they mean."""
    return typed.upper().translate(_LOOKALIKES)


async def standing_of(conn: AsyncConnection, secret: str, now: datetime) -> Standing:
    """What this secret is worth at `now`; also for who only reads the database."""
    query = (
        select(
            operator_grants,
            operators.c.ended_at.label("operator_ended_at"),
            _PROVIDER_CLOSED.label("is_closed"),
        )
        .outerjoin(
            operators,
            (operators.c.tenant == operator_grants.c.tenant)
            & (operators.c.operator == operator_grants.c.operator),
        )
        .where(operator_grants.c.tenant == INSTALLATION, operator_grants.c.secret == digest(secret))
    )
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        return Standing("unknown")
    if row.operator is None:
        if row.ended_at is not None:
            return Standing("refused" if row.decided_at is not None else "ended")
        return Standing("waiting" if now < row.code_expires_at else "expired")
    if row.ended_at is not None or row.operator_ended_at is not None or row.is_closed:
        return Standing("ended")
    if now >= row.expires_at:
        return Standing("expired")
    return Standing("live", row.operator, row.expires_at)


async def has_operators(conn: AsyncConnection) -> bool:
    """Whether an operator was ever added: from then on commands ask who types them."""
    query = select(operators.c.operator).where(operators.c.tenant == INSTALLATION).limit(1)
    return (await conn.execute(query)).first() is not None


def serves_operators(provider: Provider) -> bool:
    """Whether operators can log in there: it is open, and says when it asked for a second factor."""
    return (
        not provider.disabled and provider.audience != "guardian" and bool(provider.rules.second_factor_acrs)
    )


async def end_operators_through(conn: AsyncConnection, provider_id: str, now: datetime) -> None:
    """The provider closes: nobody who logged in through it decides, and what they approved ends now."""
    logins = (operator_logins.c.tenant == INSTALLATION, operator_logins.c.provider == provider_id)
    await conn.execute(delete(operator_logins).where(*logins))
    theirs = select(operators.c.operator).where(
        operators.c.tenant == INSTALLATION, operators.c.provider == provider_id
    )
    await conn.execute(
        update(operator_grants)
        .where(
            operator_grants.c.tenant == INSTALLATION,
            operator_grants.c.operator.in_(theirs),
            operator_grants.c.ended_at.is_(None),
        )
        .values(ended_at=now)
    )


_active = operators.c.ended_at.is_(None)


def _problems(code: str, provider: Provider, subject: str) -> tuple[Problem, ...]:
    found: list[Problem] = []
    if _CODE.fullmatch(code) is None:
        found.append(Problem("code", "identity.operator_code"))
    if not serves_operators(provider):
        found.append(Problem("provider", "identity.operator_provider"))
    if not 1 <= len(subject.strip()) <= 255:
        found.append(Problem("subject", "identity.link_subject"))
    return tuple(found)


async def _row(conn: AsyncConnection, code: str) -> str | None:
    query = select(operators.c.operator).where(
        operators.c.tenant == INSTALLATION, operators.c.operator == code
    )
    return (await conn.execute(query)).scalar_one_or_none()


async def _operator_of(conn: AsyncConnection, provider_id: str, subject: str) -> str | None:
    query = select(operators.c.operator).where(
        operators.c.tenant == INSTALLATION,
        operators.c.provider == provider_id,
        operators.c.subject == subject,
        _active,
        ~_PROVIDER_CLOSED,
    )
    return (await conn.execute(query)).scalar_one_or_none()


def _undecided(code: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        operator_grants.c.tenant == INSTALLATION,
        operator_grants.c.code == digest(code),
        operator_grants.c.decided_at.is_(None),
        operator_grants.c.ended_at.is_(None),
        operator_grants.c.code_expires_at > now,
    )


def _of_token(token: str) -> tuple[ColumnElement[bool], ...]:
    return (operator_logins.c.tenant == INSTALLATION, operator_logins.c.token == digest(token))


def _require(actor: Actor) -> None:
    answer = may(actor, Action.MANAGE_OPERATORS, Circumstances())
    if isinstance(answer, Denied):
        raise NotAllowedError(f"{Action.MANAGE_OPERATORS}: {answer.code}")
