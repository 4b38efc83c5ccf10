"""Which row of each key to use after a restore: one that opens, and never one that was destroyed. No writes.

A key has up to three rows: the one in the database, the one in the backup, and one made of the sealed
section. What the database has goes first, because its records are sealed under exactly that version.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Generic, Literal, Protocol, TypeVar

import msgspec

from consent_service.custody.backup_file import (
    KeyBackup,
    KeyRows,
    OwnerName,
    PersonKeyRow,
    RelationshipKeyRow,
    TenantKeyRow,
    vouching_key,
)
from consent_service.foundation.errors import IntegrityError, KeyDestroyedError
from consent_service.keyring.model import AnyKey, TenantKeyPurpose
from consent_service.keyring.recovery import backup_mac
from consent_service.keyring.service import KeyRing

AT_THAT_TIME: Final = timedelta(minutes=5)
"""What was made shortly before a backup may have been committed only after it: it counts as newer."""

_Name = TypeVar("_Name", bound=Hashable)
_Row = TypeVar("_Row", bound="_KeyRow")
_TenantKeyName = tuple[str, TenantKeyPurpose, int]


class _KeyRow(Protocol):
    @property
    def created_at(self) -> datetime: ...


class Choice(msgspec.Struct, frozen=True):
    """A row that opens for each key.

    `dropped`: keys of children and persons that the database had and that must not come back. `lost`:
    those that are younger than the backup and that nothing opens any more.
    """

    tenants: tuple[TenantKeyRow, ...]
    relationships: tuple[RelationshipKeyRow, ...]
    persons: tuple[PersonKeyRow, ...]
    dropped: int
    lost: int


class Unusable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a backup is not used. `unopened`: so many of its keys open with nothing that is here."""

    why: Literal["other_sheets", "forged", "unopened"]
    keys: int = 0


class _Picked(msgspec.Struct, Generic[_Name, _Row]):
    chosen: dict[_Name, _Row]
    unopened: set[_Name]
    dropped: int = 0
    lost: int = 0


def choose(
    ring: KeyRing,
    backup: KeyBackup,
    *,
    here: KeyRows,
    never: frozenset[OwnerName],
    recovered: Sequence[TenantKeyRow] = (),
) -> Choice | Unusable:
    """A row that opens for each key of the backup, and for each younger key of the database.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    since = backup.header.made_at - AT_THAT_TIME
    tenants = _pick_tenants(ring, backup, here, recovered, since)
    vouching = vouching_key(backup.rows)
    if vouching is None:
        return Unusable("forged")
    opened = tenants.chosen.get(vouching.name)
    if opened is None:
        return Unusable("unopened", len(tenants.unopened))
    if not hmac.compare_digest(backup_mac(ring, opened.key, backup.vouched), backup.mac):
        return Unusable("forged")

    def opens(row: RelationshipKeyRow | PersonKeyRow) -> bool:
        parent = tenants.chosen.get((row.tenant, "data", row.parent_version))
        return parent is not None and _opens(ring, row.key_under(parent.key))

    theirs = backup.rows
    relationships = _pick(
        _by_name(here.relationships), _by_name(theirs.relationships), opens=opens, since=since, never=never
    )
    persons = _pick(_by_name(here.persons), _by_name(theirs.persons), opens=opens, since=since, never=never)
    picked = (tenants, relationships, persons)
    if unopened := sum(len(one.unopened) for one in picked):
        return Unusable("unopened", unopened)
    return Choice(
        tuple(tenants.chosen.values()),
        tuple(relationships.chosen.values()),
        tuple(persons.chosen.values()),
        relationships.dropped + persons.dropped,
        relationships.lost + persons.lost,
    )


def _pick_tenants(
    ring: KeyRing, backup: KeyBackup, here: KeyRows, recovered: Sequence[TenantKeyRow], since: datetime
) -> _Picked[_TenantKeyName, TenantKeyRow]:
    """An earlier data key that does not open is no loss: if something hangs on it, that will not open."""
    theirs = {row.name: row for row in backup.rows.tenants}
    picked = _pick(
        {row.name: row for row in here.tenants},
        theirs,
        {row.name: row for row in recovered},
        opens=lambda row: _opens(ring, row.key),
        since=since,
    )
    newest: dict[str, int] = {}
    for tenant, purpose, version in theirs:
        if purpose == "data":
            newest[tenant] = max(version, newest.get(tenant, 0))
    picked.unopened = {name for name in picked.unopened if name[1] != "data" or name[2] == newest[name[0]]}
    return picked


def _pick(
    here: Mapping[_Name, _Row],
    theirs: Mapping[_Name, _Row],
    *more: Mapping[_Name, _Row],
    opens: Callable[[_Row], bool],
    since: datetime,
    never: frozenset[_Name] = frozenset(),
) -> _Picked[_Name, _Row]:
    picked: _Picked[_Name, _Row] = _Picked({}, set())
    for name in dict.fromkeys((*theirs, *here)):
        destroyed_since = name not in theirs and here[name].created_at <= since
        if name in never or destroyed_since:
            picked.dropped += name in here
            continue
        rows = [source[name] for source in (here, theirs, *more) if name in source]
        fitting = next((row for row in rows if opens(row)), None)
        if fitting is not None:
            picked.chosen[name] = fitting
        elif name in theirs:
            picked.unopened.add(name)
        else:
            picked.lost += 1
    return picked


def _by_name(rows: Iterable[_Owned]) -> dict[OwnerName, _Owned]:
    return {row.name: row for row in rows}


_Owned = TypeVar("_Owned", RelationshipKeyRow, PersonKeyRow)


def _opens(ring: KeyRing, key: AnyKey) -> bool:
    try:
        ring.rotation.require_opens(key)
    except (IntegrityError, KeyDestroyedError):
        return False
    return True
