"""Which row of each key to use after a restore: one that opens, and never one that was destroyed. No writes.

A key has up to three rows: the one in the database, the one in the backup, and one made of the sealed
section. What the database has goes first, because its records are sealed under exactly that version; and
what opens there stays, whatever moment a backup says it was made at, unless its destruction was noted.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final, Generic, Literal, TypeVar

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
"""What was made just before a backup may have been committed after it: a drill counts it as younger."""

_Name = TypeVar("_Name", bound=Hashable)
_Row = TypeVar("_Row")
_TenantKeyName = tuple[str, TenantKeyPurpose, int]


class Choice(msgspec.Struct, frozen=True):
    """A row that opens for each key.

    `dropped`: keys of children and persons that the database had and whose destruction is noted. `lost`:
    those that the backup does not have and that nothing opens any more.
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
    """A row that opens for each key of the backup, and for each key of the database that it does not have.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    theirs = backup.rows
    tenants = _pick_tenants(ring, theirs, here, recovered)
    if (distrusted := _distrusted(ring, backup, tenants)) is not None:
        return distrusted

    def opens(row: RelationshipKeyRow | PersonKeyRow) -> bool:
        parent = tenants.chosen.get((row.tenant, "data", row.parent_version))
        return parent is not None and _opens(ring, row.key_under(parent.key))

    relationships = _pick(
        (_by_name(here.relationships), _by_name(theirs.relationships)), opens=opens, never=never
    )
    persons = _pick((_by_name(here.persons), _by_name(theirs.persons)), opens=opens, never=never)
    if unopened := sum(len(one.unopened) for one in (tenants, relationships, persons)):
        return Unusable("unopened", unopened)
    return Choice(
        tuple(tenants.chosen.values()),
        tuple(relationships.chosen.values()),
        tuple(persons.chosen.values()),
        relationships.dropped + persons.dropped,
        relationships.lost + persons.lost,
    )


def _distrusted(
    ring: KeyRing, backup: KeyBackup, tenants: _Picked[_TenantKeyName, TenantKeyRow]
) -> Unusable | None:
    """Why the backup is not one of this installation as it was made; None when its mac fits."""
    vouching = vouching_key(backup.rows)
    if vouching is None:
        return Unusable("forged")
    opened = tenants.chosen.get(vouching.name)
    if opened is None:
        return Unusable("unopened", len(tenants.unopened))
    if not hmac.compare_digest(backup_mac(ring, opened.key, backup.vouched), backup.mac):
        return Unusable("forged")
    return None


def _pick_tenants(
    ring: KeyRing, theirs: KeyRows, here: KeyRows, recovered: Sequence[TenantKeyRow]
) -> _Picked[_TenantKeyName, TenantKeyRow]:
    """An earlier data key that does not open is no loss: if something hangs on it, that will not open."""
    sources = (here.tenants, theirs.tenants, recovered)
    picked = _pick(
        tuple({row.name: row for row in rows} for rows in sources),
        opens=lambda row: _opens(ring, row.key),
        never=frozenset(),
    )
    newest: dict[str, int] = {}
    for row in theirs.tenants:
        if row.purpose == "data":
            newest[row.tenant] = max(row.version, newest.get(row.tenant, 0))
    picked.unopened = {name for name in picked.unopened if name[1] != "data" or name[2] == newest[name[0]]}
    return picked


def _pick(
    sources: Sequence[Mapping[_Name, _Row]], *, opens: Callable[[_Row], bool], never: frozenset[_Name]
) -> _Picked[_Name, _Row]:
    """Of each name the first row that opens, in the order of the sources: the database, the backup, others.

    Only what `never` names is dropped. That a backup does not have a key proves nothing: the clock of whoever
    made it may have been wrong.
    """
    here, theirs, *_ = sources
    picked: _Picked[_Name, _Row] = _Picked({}, set())
    for name in dict.fromkeys((*theirs, *here)):
        if name in never:
            picked.dropped += name in here
            continue
        rows = (source[name] for source in sources if name in source)
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
