"""Somebody with a stolen copy of the data and every key that is alive today: what can he read?

He takes every wrapped key of every copy, tries every key he has on it, adds what came out, and goes on
until nothing new comes out. He does not go through our code to open anything: a sealed value is readable
when the commitment in it is that of a key he has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.foundation.errors import ConsentServiceError
from consent_service.keyring.envelope import length_prefixed
from consent_service.keyring.model import PURPOSES
from consent_service.keyring.primitives import Cipher, hkdf_expand
from consent_service.keyring.providers import KeyProvider
from consent_service.keyring.secret import Secret
from consent_service.migrations.schema import complete_metadata

Rows = Sequence[Mapping[str, Any]]
Copy = Mapping[str, Rows]
"""Every row of every table, by the table's name."""

_COMMITMENT = slice(18, 50)
"""Where it stands in envelope v1: after magic, suite, key version and nonce."""
_USES = (
    "identity",
    "staff-name",
    "audit-detail",
    "audit-attachment",
    "consent-evidence",
    "consent-child-words",
    "consent-passed-on",
    "page-address",
    "log-signing",
    "oidc-client/v1",
)


async def steal(conn: AsyncConnection) -> Copy:
    """Everything in the database."""
    return {
        table.name: [row._asdict() for row in await conn.execute(select(table))]
        for table in complete_metadata().sorted_tables
    }


def sealed_in(*copies: Copy) -> set[bytes]:
    """Every sealed value in the copies, except the private keys of logs and providers: no person's."""
    columns = [
        (table.name, column.name)
        for table in complete_metadata().sorted_tables
        for column in table.columns
        if column.info.get("personal") == "sealed"
        and (table.name, column.name) != ("oidc_providers", "secrets")
    ]
    found = {row[name] for copy in copies for table, name in columns for row in copy[table]}
    return {bytes(value) for value in found if value}


class Attacker:
    """Holds copies and the keys of a provider that is alive; `readable` is what he gets out of them."""

    def __init__(self, provider: KeyProvider, types: Iterable[str], *copies: Copy) -> None:
        self._provider = provider
        self._uses = (*_USES, *types)
        self._copies = copies
        self._keys: dict[bytes, set[str]] = {}

    def readable(self, owners: Collection[str] | None = None) -> set[bytes]:
        """The sealed values of all copies that open under a key he has or can get; or only of `owners`."""
        while self._learn():
            pass
        keys = [key for key, whose in self._keys.items() if owners is None or whose & set(owners)]
        mine = {commitment for key in keys for commitment in self._commitments(Secret(key))}
        return {value for value in sealed_in(*self._copies) if value[_COMMITMENT] in mine}

    def learned(self) -> Mapping[bytes, Collection[str]]:
        """Every key he has, and whose it is; after `readable`."""
        return self._keys

    def _learn(self) -> bool:
        before = len(self._keys)
        ciphers = [cipher for key in self._keys for cipher in self._wrappings(Secret(key))]
        for owner, blob, aad in self._wrapped():
            for generation in self._provider.generations():
                with suppress(ConsentServiceError):
                    self._note(self._provider.unwrap(generation, blob, aad).reveal(), owner)
            for cipher in ciphers:
                with suppress(ConsentServiceError):
                    self._note(cipher.decrypt(blob[:12], blob[12:], aad), owner)
        return len(self._keys) > before

    def _note(self, key: bytes, owner: str) -> None:
        self._keys.setdefault(key, set()).add(owner)

    def _wrapped(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Each wrapped key of each copy: whose it is, the blob, and the place it is bound to."""
        for copy in self._copies:
            for row in copy["tenant_keys"]:
                tenant, purpose = row["tenant"], row["purpose"]
                aad = length_prefixed("wrap/v1", "tenant", tenant, purpose, row["version"])
                yield tenant, row["wrapped"], aad
            for row in copy["key_epochs"]:
                for old in msgspec.msgpack.decode(row["probe"])["replaced"]:
                    tenant, version = old["key"]["tenant"], old["key"]["version"]
                    above = "tenant", tenant, "data", version
                    yield tenant, old["key"]["blob"], length_prefixed("wrap/v1", *above)
            for kind in ("relationship", "person"):
                for row in copy[f"{kind}_keys"]:
                    place = kind, row["tenant"], row[kind], row["version"], row["parent_version"]
                    yield row[kind], row["wrapped"], length_prefixed("wrap/v1", *place)

    def _wrappings(self, key: Secret) -> Iterator[Cipher]:
        """Every way in which this key could wrap another."""
        yield Cipher(hkdf_expand(key, length_prefixed("wrap/v1"), 32))
        for tenant, version in self._data_keys():
            info = length_prefixed("wrap-owned/v1", tenant, "tenant:data", version)
            yield Cipher(hkdf_expand(key, info, 32))

    def _data_keys(self) -> set[tuple[str, int]]:
        rows = [row for copy in self._copies for row in copy["tenant_keys"]]
        return {(row["tenant"], row["version"]) for row in rows if row["purpose"] == "data"}

    def _commitments(self, key: Secret) -> Iterator[bytes]:
        for tenant, owner, version in self._owners():
            for use in self._uses:
                info = length_prefixed("dek/v1", tenant, owner, use, version)
                yield hkdf_expand(key, info, 64).reveal()[32:]

    def _owners(self) -> set[tuple[str, str, int]]:
        """Whose key a key may be: (tenant, owner, version), of every copy."""
        owners = set()
        for copy in self._copies:
            for kind in ("relationship", "person"):
                owners |= {(row["tenant"], row[kind], row["version"]) for row in copy[f"{kind}_keys"]}
            for row in copy["tenant_keys"]:
                owners |= {(row["tenant"], f"tenant:{use}", row["version"]) for use in PURPOSES}
        return owners
