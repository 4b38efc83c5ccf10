"""The file of a key backup, format 1: what stands where, and whether it is whole.

    header   one line of JSON
    rows     JSON: the rows of the key tables as they are, wrapped (section A)
    sealed   HPKE to the recovery key: the material of every tenant key (section B)
    mac      32 bytes by the installation's audit key over everything before it
    digest   SHA-256 over everything before it

Rows help while the key provider lives, the sealed section when it is lost. The digest tells a torn
file without any key, the mac a forged one. Making, keeping and dropping backups is `backups`.
"""

from __future__ import annotations

import contextlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import IntegrityError, UnavailableError
from consent_service.foundation.ids import INSTALLATION, is_id
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import (
    TenantKeyPurpose,
    WrappedPersonKey,
    WrappedRelationshipKey,
    WrappedTenantKey,
)
from consent_service.keyring.tables import (
    DestructionKind,
    key_destructions,
    key_roots,
    person_keys,
    relationship_keys,
    tenant_keys,
)

FORMAT: Final = "ruggensteun-key-backup/1"
_DIGEST: Final = 32
_MAXIMUM: Final = 512 * 1024 * 1024
"""Half a gigabyte is millions of keys; what is larger is no key backup."""
_NAME: Final = re.compile(
    r"\.?keys-(\d{6,9})-(\d{8}T\d{6}Z)-([0-9a-f-]{36})\.backup(\.[0-9a-f]{16})?", re.ASCII
)
_NAME_TIME: Final = "%Y%m%dT%H%M%SZ"
_AHEAD: Final = timedelta(minutes=5)
"""So far may the clock of another node be ahead; what was made later than that was made by a wrong clock."""
_REFUSED: Final = "this is no key backup, or a damaged one"

OwnerName = tuple[str, Literal["relationship", "person"], str]
"""Tenant, kind and id of what a key is the key of."""


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tenant: str


class RootRow(_Row, frozen=True):
    """A row of `key_roots`."""

    generation: int
    check_value: bytes
    created_at: datetime
    destroyed_at: datetime | None


class TenantKeyRow(_Row, frozen=True):
    """A row of `tenant_keys`."""

    purpose: TenantKeyPurpose
    version: int
    root_generation: int
    wrapped: bytes
    created_at: datetime

    @property
    def name(self) -> tuple[str, TenantKeyPurpose, int]:
        return self.tenant, self.purpose, self.version

    @property
    def key(self) -> WrappedTenantKey:
        return WrappedTenantKey(*self.name, self.root_generation, self.wrapped)


class RelationshipKeyRow(_Row, frozen=True):
    """A row of `relationship_keys`."""

    relationship: str
    version: int
    parent_version: int
    wrapped: bytes
    created_at: datetime
    retired_at: datetime | None

    @property
    def name(self) -> OwnerName:
        return self.tenant, "relationship", self.relationship

    def key_under(self, parent: WrappedTenantKey) -> WrappedRelationshipKey:
        return WrappedRelationshipKey(self.tenant, self.relationship, self.version, self.wrapped, parent)


class PersonKeyRow(_Row, frozen=True):
    """A row of `person_keys`."""

    person: str
    version: int
    parent_version: int
    wrapped: bytes
    created_at: datetime

    @property
    def name(self) -> OwnerName:
        return self.tenant, "person", self.person

    def key_under(self, parent: WrappedTenantKey) -> WrappedPersonKey:
        return WrappedPersonKey(self.tenant, self.person, self.version, self.wrapped, parent)


class DestructionRow(_Row, frozen=True):
    """A row of `key_destructions`."""

    destruction: str
    kind: DestructionKind
    owner: str
    child: str
    destroyed_at: datetime
    epoch: int | None
    path_dead_at: datetime | None
    backups_until: date | None
    backups_dead_at: datetime | None

    @property
    def name(self) -> OwnerName | None:
        """Whose key is gone for good; None for what is no key of a child's: an earlier version, a tag key."""
        match self.kind:
            case "relationship" | "person":
                return self.tenant, self.kind, self.owner
            case _:
                return None


class KeyRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rows of the key tables at one moment. `destructions` says what must never come back."""

    roots: tuple[RootRow, ...] = ()
    tenants: tuple[TenantKeyRow, ...] = ()
    relationships: tuple[RelationshipKeyRow, ...] = ()
    persons: tuple[PersonKeyRow, ...] = ()
    destructions: tuple[DestructionRow, ...] = ()

    @property
    def keys(self) -> int:
        """How many wrapped keys these are."""
        return len(self.tenants) + len(self.owned)

    @property
    def owned(self) -> tuple[RelationshipKeyRow | PersonKeyRow, ...]:
        """The keys that tenants' data keys wrap."""
        return (*self.relationships, *self.persons)

    @property
    def destroyed(self) -> frozenset[OwnerName]:
        """Whose keys must never come back."""
        return frozenset(row.name for row in self.destructions if row.name is not None)

    def by_owner(self) -> dict[OwnerName, WrappedRelationshipKey | WrappedPersonKey]:
        """The wrapped relationship and person keys.

        Raises:
            IntegrityError: one names a data key that is not there.
        """
        above = {row.name: row.key for row in self.tenants}
        try:
            return {
                row.name: row.key_under(above[row.tenant, "data", row.parent_version]) for row in self.owned
            }
        except KeyError as missing:
            raise IntegrityError("a key names a tenant key that does not exist") from missing


TABLES: Final[Mapping[str, Table]] = {
    "roots": key_roots,
    "tenants": tenant_keys,
    "relationships": relationship_keys,
    "persons": person_keys,
    "destructions": key_destructions,
}
"""Which table the rows of each field of `KeyRows` stand in."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a section ends and what it must be."""

    size: int
    sha256: str


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The first line. `recovery` is the fingerprint of the public key the second section is sealed to.

    `number` counts the backups of an installation: clocks may be wrong.
    """

    format: Literal["ruggensteun-key-backup/1"] = FORMAT
    backup: str
    number: Annotated[int, msgspec.Meta(ge=1)]
    made_at: Annotated[datetime, msgspec.Meta(tz=True)]
    recovery: str
    keys: int
    rows: Section
    sealed: Section


class KeyBackup(msgspec.Struct, frozen=True):
    """A backup that is whole; whether it is genuine shows only under the keys in it."""

    header: Header
    rows: KeyRows
    sealed: bytes
    vouched: bytes
    """What `mac` is over."""
    mac: bytes

    @property
    def sealing_info(self) -> bytes:
        """What the sealed section was sealed for."""
        header = self.header
        return sealing_info(header.backup, header.made_at, header.recovery, header.rows.sha256)


class FoundBackup(msgspec.Struct, frozen=True, order=True):
    """A file that is a key backup by its name; also one that was being written when the power went.

    In the order of their numbers: when it was made is what some clock said.
    """

    number: int
    made_at: datetime
    """To the second, never later than it was made."""
    path: Path
    backup: str

    @property
    def finished(self) -> bool:
        return not self.path.name.startswith(".")

    def is_ahead(self, now: datetime) -> bool:
        """Whether it says it was made in the future, so by a clock that was wrong (or is now)."""
        return self.made_at - now > _AHEAD


async def begin_snapshot(conn: AsyncConnection) -> None:
    """Let everything that is read in this transaction be of one moment; first of all in it."""
    if conn.dialect.name == "postgresql":
        await conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


async def read_rows(conn: AsyncConnection) -> KeyRows:
    """Every row of the key tables, as this transaction sees them.

    Raises:
        IntegrityError: a row holds what no version of this service writes there.
    """
    rows = {}
    for field, table in TABLES.items():
        names = [str(column.name) for column in table.columns]
        ordered = select(table).order_by(*table.primary_key.columns)
        rows[field] = [dict(zip(names, row, strict=True)) for row in await conn.execute(ordered)]
    try:
        return msgspec.convert(rows, KeyRows)
    except msgspec.ValidationError as failure:
        raise IntegrityError("a row of the key tables cannot be read") from failure


def sealing_info(backup: str, made_at: datetime, recovery: str, rows_sha256: str) -> bytes:
    """Ties the sealed section to its backup and to the rows beside it."""
    return length_prefixed(FORMAT, backup, made_at.astimezone(UTC).isoformat(), recovery, rows_sha256)


def vouching_key(rows: KeyRows) -> TenantKeyRow | None:
    """The key whose mac vouches for a backup: the newest audit key of the installation."""
    fitting = [row for row in rows.tenants if (row.tenant, row.purpose) == (INSTALLATION, "audit")]
    return max(fitting, key=lambda row: row.version, default=None)


def encode_rows(rows: KeyRows) -> bytes:
    """Section A."""
    return msgspec.json.encode(rows)


def section(content: bytes) -> Section:
    return Section(len(content), sha256(content).hexdigest())


def vouched_part(header: Header, rows: bytes, sealed: bytes) -> bytes:
    """Everything the mac is over: the header line and both sections."""
    return b"".join((msgspec.json.encode(header), b"\n", rows, sealed))


def finish(vouched: bytes, mac: bytes) -> bytes:
    """The whole file."""
    return vouched + mac + sha256(vouched + mac).digest()


def parse(raw: bytes) -> KeyBackup:
    """A backup from the bytes of its file.

    Raises:
        IntegrityError: not a key backup, a torn one, or a byte of it differs.
    """
    body, digest = raw[:-_DIGEST], raw[-_DIGEST:]
    if not hmac.compare_digest(sha256(body).digest(), digest):
        raise IntegrityError(_REFUSED)
    vouched, mac = body[:-_DIGEST], body[-_DIGEST:]
    line, _, sections = vouched.partition(b"\n")
    try:
        header = msgspec.json.decode(line, type=Header)
        rows, sealed = _sections(header, sections)
        return KeyBackup(header, msgspec.json.decode(rows, type=KeyRows), sealed, vouched, mac)
    except msgspec.DecodeError as failure:
        raise IntegrityError(_REFUSED) from failure


def read_backup(path: Path) -> KeyBackup:
    """The backup in a file.

    Raises:
        IntegrityError: not a key backup, a torn one, or a byte of it differs.
        UnavailableError: the file cannot be read.
    """
    try:
        if path.stat().st_size > _MAXIMUM:
            raise IntegrityError(_REFUSED)
        return parse(path.read_bytes())
    except OSError as failure:
        raise UnavailableError("the key backup cannot be read") from failure


def file_name(number: int, backup: str, made_at: datetime) -> str:
    """`keys-<number>-<UTC time>-<id>.backup`."""
    return f"keys-{number:06}-{made_at.astimezone(UTC).strftime(_NAME_TIME)}-{backup}.backup"


def found_backups(folder: Path) -> tuple[FoundBackup, ...]:
    """Every key backup in the folder by name, in the order of their numbers; none when there is no folder.

    Raises:
        UnavailableError: the folder cannot be looked into.
    """
    try:
        names = [entry.name for entry in folder.iterdir()] if folder.exists() else []
    except OSError as failure:
        raise UnavailableError("the folder of key backups cannot be read") from failure
    found = []
    for name in names:
        match = _NAME.fullmatch(name)
        if match and is_id(match[3]):
            with contextlib.suppress(ValueError):  # no such moment: not a name of ours
                made_at = datetime.strptime(match[2], _NAME_TIME).replace(tzinfo=UTC)
                found.append(FoundBackup(int(match[1]), made_at, folder / name, match[3]))
    return tuple(sorted(found))


def newest_backup(folder: Path, now: datetime) -> FoundBackup | None:
    """The last one that is whole by its name and was not made in the future; None when there is none.

    Raises:
        UnavailableError: the folder cannot be looked into.
    """
    fitting = [one for one in found_backups(folder) if one.finished and not one.is_ahead(now)]
    return fitting[-1] if fitting else None


def _sections(header: Header, sections: bytes) -> tuple[bytes, bytes]:
    """Section A and B; each must be what the header says."""
    size = header.rows.size
    rows, sealed = sections[:size], sections[size:]
    if size < 0 or section(rows) != header.rows or section(sealed) != header.sealed:
        raise IntegrityError(_REFUSED)
    return rows, sealed
