"""Rules as they are kept: every file of them packed into one row, known by their hash, read back unharmed.

What is kept is judged only by the engine it was kept for: another version may decide otherwise. Which rules
are in force is `service`, proposing others `changes`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import exc, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.database import Database
from consent_service.foundation.errors import (
    ConfigurationError,
    InputError,
    IntegrityError,
    NotFoundError,
    Problem,
    UnavailableError,
)
from consent_service.foundation.ids import INSTALLATION
from consent_service.policy.bundle import engine
from consent_service.policy.rules import Rules, load_rules
from consent_service.policy.sources import SUFFIXES, comes_with_software
from consent_service.policy.tables import policy_bundles

ENGINE: Final = engine()
"""What judges in this release, and the form of its hashes: rules under another one are for another engine."""
LARGEST: Final = 2_000_000


class UnjudgeableError(UnavailableError):
    """Nobody can judge by these rules. Nothing is released; every stop is taken."""

    code = "rules_unjudgeable"


class RulesDamagedError(UnjudgeableError):
    """The rules in force are not there, or are not what their hash names.

    To go on, propose other rules and have two privacy coordinators approve them.
    """

    code = "rules_damaged"


class EngineGoneError(UnjudgeableError):
    """These rules were made for another version of the engine; judged by this one they may decide otherwise.

    To make a decision of then again, install the release of then. To go on now, propose the rules of this
    release and have two privacy coordinators approve them.
    """

    code = "engine_gone"


class StoredBundle(msgspec.Struct, frozen=True):
    """One row. `engine` is empty where it was stored before that was kept: nobody knows what judged then."""

    hash: str
    files: bytes
    stored_at: datetime
    engine: str

    @property
    def judgeable(self) -> bool:
        """Whether the engine of this release may judge by it."""
        return self.engine == ENGINE


def packed(files: Mapping[str, str]) -> bytes:
    """The files of some rules, as they are kept.

    Raises:
        InputError: they are too large.
    """
    raw = msgspec.msgpack.encode(dict(sorted(files.items())))
    if len(raw) > LARGEST:
        raise InputError([Problem("policies", "policies_too_large")])
    return raw


def unpacked(raw: bytes) -> dict[str, str]:
    """The files, by their path within the folder.

    Raises:
        IntegrityError: these bytes are not what was packed.
    """
    try:
        return msgspec.msgpack.decode(raw, type=dict[str, str])
    except msgspec.DecodeError as failure:
        raise IntegrityError("stored policies cannot be read") from failure


def files_of(folder: Path) -> dict[str, str]:
    """Every file of the rules in a folder, by its path within it, to the letter: their hash counts each."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in SUFFIXES
    }


@contextmanager
def laid_out(files: Mapping[str, str]) -> Iterator[Path]:
    """The files in a folder of their own, for as long as they are looked at.

    Raises:
        IntegrityError: one would be written elsewhere.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in files.items():
            path = folder / file
            if not path.resolve().is_relative_to(folder.resolve()):
                raise IntegrityError("stored policies would be written elsewhere")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        yield folder


def rules_in(raw: bytes, bundle_hash: str) -> Rules:
    """The rules in packed files.

    Raises:
        IntegrityError: they cannot be read, or are not those the hash names.
    """
    try:
        with laid_out(unpacked(raw)) as folder:
            rules = load_rules(folder)
    except (ConfigurationError, OSError, ValueError) as failure:  # or under names that no file can have
        raise IntegrityError("stored policies cannot be read") from failure
    if rules.bundle.hash != bundle_hash:
        raise IntegrityError("stored policies are not those their hash names")
    return rules


async def read_bundle(conn: AsyncConnection, bundle_hash: str) -> StoredBundle:
    """The row of these rules.

    Raises:
        NotFoundError: no rules with this hash were ever stored.
    """
    query = select(policy_bundles).where(
        policy_bundles.c.tenant == INSTALLATION, policy_bundles.c.hash == bundle_hash
    )
    row = (await conn.execute(query)).first()
    if row is None:
        raise NotFoundError("bundle")
    return StoredBundle(row.hash, row.files, row.stored_at, row.engine or "")


async def is_kept(database: Database, bundle_hash: str) -> bool:
    """Whether rules with this hash are stored."""
    try:
        async with database.reading() as conn:
            await read_bundle(conn, bundle_hash)
    except NotFoundError:
        return False
    return True


async def keep(database: Database, bundle_hash: str, files: bytes, *, at: datetime) -> None:
    """Store rules of this engine, which were read and have this hash. They are never removed.

    What stands there under the hash already stays, unless it is not what the hash names.
    """
    row = {
        "tenant": INSTALLATION,
        "hash": bundle_hash,
        "files": files,
        "stored_at": at,
        "engine": ENGINE,
    }
    try:
        async with database.transaction() as conn:
            await conn.execute(insert(policy_bundles).values(**row))
    except exc.IntegrityError:  # stored before, perhaps by another process a moment ago
        await _mend(database, bundle_hash, files)


async def _mend(database: Database, bundle_hash: str, files: bytes) -> None:
    """Put back what somebody spoilt: the same hash names the same texts, so these are those."""
    async with database.transaction() as conn:
        stored = await read_bundle(conn, bundle_hash)
        try:
            whole = _own(stored.files) == _own(files)
        except IntegrityError:
            whole = False
        if whole and stored.judgeable:
            return
        query = update(policy_bundles).where(
            policy_bundles.c.tenant == INSTALLATION, policy_bundles.c.hash == bundle_hash
        )
        await conn.execute(query.values(files=files, engine=ENGINE))


def _own(raw: bytes) -> dict[str, str]:
    """The files that the hash counts to the letter."""
    return {name: text for name, text in unpacked(raw).items() if not comes_with_software(name)}


async def other_engines(conn: AsyncConnection) -> frozenset[str]:
    """The hashes of rules that were made for another version of the engine."""
    query = select(policy_bundles.c.hash).where(
        policy_bundles.c.tenant == INSTALLATION,
        func.coalesce(policy_bundles.c.engine, "") != ENGINE,
    )
    return frozenset((await conn.execute(query)).scalars())


async def judgeable_among(conn: AsyncConnection, hashes: Iterable[str]) -> frozenset[str]:
    """Which of these rules are kept and may be judged by in this release."""
    query = select(policy_bundles.c.hash).where(
        policy_bundles.c.tenant == INSTALLATION,
        policy_bundles.c.hash.in_(sorted(set(hashes))),
        policy_bundles.c.engine == ENGINE,
    )
    return frozenset((await conn.execute(query)).scalars())
