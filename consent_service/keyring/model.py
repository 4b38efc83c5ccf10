"""Wrapped keys as values: what a row of a key table says, without being able to use it."""

from __future__ import annotations

from typing import Literal

import msgspec

TenantKeyPurpose = Literal["data", "index", "audit"]
PURPOSES: tuple[TenantKeyPurpose, ...] = ("data", "index", "audit")


class WrappedTenantKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant's key for one purpose, wrapped by a root generation of the key provider."""

    tenant: str
    purpose: TenantKeyPurpose
    version: int
    root_generation: int
    blob: bytes


class WrappedRelationshipKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key of one child at one school, wrapped by the tenant's data key."""

    tenant: str
    owner: str
    version: int
    blob: bytes
    parent: WrappedTenantKey


class WrappedPersonKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The key of one person (child, guardian, staff), wrapped by the tenant's data key."""

    tenant: str
    owner: str
    version: int
    blob: bytes
    parent: WrappedTenantKey


OwnedKey = WrappedRelationshipKey | WrappedPersonKey
AnyKey = OwnedKey | WrappedTenantKey
