"""The error that says which key does not open, so that somebody can do something about it."""

from __future__ import annotations

from typing import Literal

from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.model import AnyKey, WrappedPersonKey, WrappedTenantKey

DamagedKind = Literal["tenant", "relationship", "person", "records"]
"""`records`: the key opens, and is not the one under which the records of the relationship were sealed,
or a record was changed; from outside that is one and the same."""


class DamagedKeyError(IntegrityError):
    """A key row does not open in its place. `owner` is an id; of a tenant's own key purpose and version."""

    code = "key_damaged"

    def __init__(self, tenant: str, kind: DamagedKind, owner: str) -> None:
        self.tenant = tenant
        self.kind: DamagedKind = kind
        self.owner = owner
        super().__init__(f"damaged: {kind} {owner} of tenant {tenant}")


def damage_of(key: AnyKey) -> DamagedKeyError:
    """The error that names this key."""
    if isinstance(key, WrappedTenantKey):
        return DamagedKeyError(key.tenant, "tenant", f"{key.purpose} {key.version}")
    kind: DamagedKind = "person" if isinstance(key, WrappedPersonKey) else "relationship"
    return DamagedKeyError(key.tenant, kind, key.owner)
