"""The rows of passkeys and of what they were asked to sign. Who may add or show one: `identity.passkeys`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec
from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.ids import INSTALLATION, StaffId, TenantId
from consent_service.identity.sessions import Session
from consent_service.identity.tables import passkey_challenges, passkeys
from consent_service.identity.webauthn import NewCredential, digest_of

Purpose = Literal["take_back", "unlock", "witness", "factor", "step_up", "operator", "add"]
"""What a passkey is shown for; `add`: an officer shows the first one to add a second."""
CHALLENGE_LASTS: Final = timedelta(minutes=5)
_CREATION: Final = "create"


class Passkey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A passkey that works. `credential` is the SHA-256 of its id, by which it is found."""

    credential: str
    id: bytes
    public_key: bytes
    user: bytes
    created_at: datetime
    last_used_at: datetime | None
    last_used_in: str | None
    named_by: tuple[TenantId, StaffId] | None
    sealed_name: bytes | None

    def __repr__(self) -> str:
        return "Passkey(...)"


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a session asked for; `user` is the user handle of a passkey that is being made."""

    user: bytes

    def __repr__(self) -> str:
        return "Asked(...)"


async def passkeys_of(conn: AsyncConnection, provider: str, subject: str) -> tuple[Passkey, ...]:
    """The passkeys of one login, the oldest first."""
    query = (
        select(passkeys)
        .where(*_of_login(provider, subject))
        .order_by(passkeys.c.created_at, passkeys.c.credential)
    )
    return tuple(_passkey(row) for row in (await conn.execute(query)).mappings())


async def is_known(conn: AsyncConnection, credential: str) -> bool:
    """Whether this credential is or was somebody's here: it is registered once."""
    query = select(passkeys.c.credential).where(
        passkeys.c.tenant == INSTALLATION, passkeys.c.credential == credential
    )
    return (await conn.execute(query)).first() is not None


async def keep_passkey(
    conn: AsyncConnection,
    session: Session,
    new: NewCredential,
    user: bytes,
    now: datetime,
    *,
    named: tuple[TenantId, StaffId, bytes] | None,
) -> None:
    """From now on this passkey proves the login of `session`."""
    shelter, staff, sealed = named or (None, None, None)
    await conn.execute(
        insert(passkeys).values(
            tenant=INSTALLATION,
            credential=digest_of(new.id),
            provider=session.provider,
            subject=session.subject,
            credential_id=new.id,
            public_key=new.public_key,
            user_handle=user,
            sign_count=new.sign_count,
            named_in=shelter,
            named_by=staff,
            sealed_name=sealed,
            created_at=now,
        )
    )


async def note_used(
    conn: AsyncConnection, passkey: Passkey, session: Session, sign_count: int, now: datetime
) -> bool:
    """Move the counter; False when it did not grow, which a copy would do (WebAuthn section 6.1.1).

    A passkey that is synced between devices counts nothing and says 0 for ever.
    """
    grew: ColumnElement[bool] = passkeys.c.sign_count < sign_count
    if sign_count == 0:
        grew = passkeys.c.sign_count == 0
    moved = await conn.execute(
        update(passkeys)
        .where(
            passkeys.c.tenant == INSTALLATION,
            passkeys.c.credential == passkey.credential,
            passkeys.c.revoked_at.is_(None),
            grew,
        )
        .values(sign_count=sign_count, last_used_at=now, last_used_in=session.id)
    )
    return moved.rowcount == 1


async def revoke_passkey(conn: AsyncConnection, session: Session, credential: str, now: datetime) -> bool:
    """This passkey of the login proves nothing any more; False when it is none of its own."""
    mine = _of_login(session.provider, session.subject)
    gone = await conn.execute(
        update(passkeys)
        .where(*mine, passkeys.c.credential == credential)
        .values(revoked_at=now, sealed_name=None, named_in=None, named_by=None)
    )
    return gone.rowcount == 1


async def forget_passkeys(conn: AsyncConnection, provider: str, subject: str | None = None) -> None:
    """Remove the passkeys of one login, or of every login through a provider."""
    mine = [passkeys.c.tenant == INSTALLATION, passkeys.c.provider == provider]
    if subject is not None:
        mine.append(passkeys.c.subject == subject)
    await conn.execute(delete(passkeys).where(*mine))


async def forget_names(conn: AsyncConnection, shelter: TenantId, staff: StaffId) -> None:
    """A login that stays for others no longer carries what this member of staff typed."""
    mine = (passkeys.c.tenant == INSTALLATION, passkeys.c.named_in == shelter, passkeys.c.named_by == staff)
    await conn.execute(update(passkeys).where(*mine).values(sealed_name=None, named_in=None, named_by=None))


async def keep_asked(
    conn: AsyncConnection,
    session: Session,
    purpose: Purpose | None,
    challenge: bytes,
    now: datetime,
    *,
    user: bytes | None = None,
) -> None:
    """What this session asks for now; what it asked for the same purpose before is worth nothing.

    purpose: None asks for a new passkey.
    """
    old = (passkey_challenges.c.tenant == INSTALLATION, passkey_challenges.c.expires_at <= now)
    await conn.execute(delete(passkey_challenges).where(*old))
    keys = {"tenant": INSTALLATION, "session": session.id, "purpose": purpose or _CREATION}
    asked = {"challenge": digest_of(challenge), "user_handle": user, "expires_at": now + CHALLENGE_LASTS}
    if conn.dialect.name == "sqlite":
        lite = sqlite.insert(passkey_challenges).values(keys | asked)
        await conn.execute(lite.on_conflict_do_update(index_elements=list(keys), set_=asked))
    else:
        full = postgresql.insert(passkey_challenges).values(keys | asked)
        await conn.execute(full.on_conflict_do_update(index_elements=list(keys), set_=asked))


async def take_asked(
    conn: AsyncConnection, session: Session, purpose: Purpose | None, challenge: bytes, now: datetime
) -> Asked | None:
    """Use up what was asked, in one statement; None: it never was, by another session, or too long ago."""
    taken = await conn.execute(
        delete(passkey_challenges)
        .where(
            passkey_challenges.c.tenant == INSTALLATION,
            passkey_challenges.c.session == session.id,
            passkey_challenges.c.purpose == (purpose or _CREATION),
            passkey_challenges.c.challenge == digest_of(challenge),
            passkey_challenges.c.expires_at > now,
        )
        .returning(passkey_challenges.c.user_handle)
    )
    row = taken.one_or_none()
    return None if row is None else Asked(row.user_handle or b"")


def _of_login(provider: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (
        passkeys.c.tenant == INSTALLATION,
        passkeys.c.provider == provider,
        passkeys.c.subject == subject,
        passkeys.c.revoked_at.is_(None),
    )


def _passkey(row: RowMapping) -> Passkey:
    return Passkey(
        credential=row["credential"],
        id=row["credential_id"],
        public_key=row["public_key"],
        user=row["user_handle"],
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
        last_used_in=row["last_used_in"],
        named_by=None if row["named_by"] is None else (row["named_in"], row["named_by"]),
        sealed_name=row["sealed_name"],
    )
