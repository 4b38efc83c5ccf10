"""Tags by which a child is found: how one is made for whoever is written, and which to look for.

A tag is as short as few children ask (`keyring.blind_index`), so a search opens everybody with the same
tag and compares. Tags of several index keys and lengths may stand side by side; replacing them is
`custody.reindex`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, false, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.families.model import Child, PersonIdentity
from consent_service.families.reading import open_children
from consent_service.families.tables import children
from consent_service.foundation.errors import InputError, IntegrityError, Problem
from consent_service.foundation.ids import PersonId, TenantId
from consent_service.keyring.blind_index import bits_for, search_tag
from consent_service.keyring.model import WrappedTenantKey
from consent_service.keyring.renewal import index_keys
from consent_service.keyring.service import KeyRing
from consent_service.keyring.wrapped_rows import held_tenant_key

UNFINDABLE: Final = -1
"""Stands in the place of the tag of somebody who was erased: no search comes there."""


class Tag(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stored tag, and how it was made; named as the columns of `children`."""

    search_tag: int
    search_version: int
    search_bits: int

    def columns(self) -> dict[str, object]:
        """The values to store."""
        return msgspec.structs.asdict(self)


async def tag_for_writing(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, identity: PersonIdentity, *, newcomers: int = 0
) -> Tag:
    """The tag to store with this identity: the newest key, the length for the children there are now.

    Raises:
        InputError: there is no birth date.
        KeyProviderUnavailableError: the provider is away.
    """
    key = await held_tenant_key(conn, tenant, "index")
    bits = bits_for(await count_findable(conn, tenant) + newcomers)
    return tag_under(ring, key, bits, identity)


def tag_under(ring: KeyRing, key: WrappedTenantKey, bits: int, identity: PersonIdentity) -> Tag:
    """The tag of this identity under one index key.

    Raises:
        InputError: there is no birth date.
        KeyProviderUnavailableError: the provider is away.
    """
    if identity.birth_date is None:
        raise InputError([Problem("birth_date", "required")])
    tag = search_tag(ring, key, names=identity.full_name, birth_date=identity.birth_date, bits=bits)
    return Tag(tag, key.version, bits)


async def candidates(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, names: str, birth_date: date
) -> tuple[Child, ...]:
    """Everybody whose tag may be of this name and date, opened; some are others, whom nobody is shown.

    Raises:
        IntegrityError: somebody is tagged under a key that is not there, and would never be found.
        KeyProviderUnavailableError: the provider is away.
    """
    made = select(children.c.search_version, children.c.search_bits).where(is_findable(tenant)).distinct()
    ways = sorted((row.search_version, row.search_bits) for row in await conn.execute(made))
    keys = await index_keys(conn, tenant)
    if missing := {version for version, _ in ways} - keys.keys():
        raise IntegrityError(f"names are tagged under index keys that do not exist: {sorted(missing)}")
    wanted = PersonIdentity(names, "", birth_date)
    alike = [_is_tagged(tag_under(ring, keys[version], bits, wanted)) for version, bits in ways]
    query = select(children).where(children.c.tenant == tenant, or_(false(), *alike))
    return await open_children(conn, ring, tenant, (await conn.execute(query)).all())


async def count_findable(conn: AsyncConnection, tenant: TenantId) -> int:
    """How many children a search may find: what the length of a tag goes by."""
    found = await conn.execute(select(func.count()).select_from(children).where(is_findable(tenant)))
    number: int = found.scalar_one()
    return number


async def make_unfindable(conn: AsyncConnection, tenant: TenantId, child: PersonId) -> None:
    """Nothing that was made of the name and birth date of somebody who is erased stays here."""
    here = (children.c.tenant == tenant) & (children.c.child == child)
    await conn.execute(update(children).where(here).values(search_tag=UNFINDABLE))


def is_findable(tenant: TenantId) -> ColumnElement[bool]:
    return and_(children.c.tenant == tenant, children.c.search_tag != UNFINDABLE)


def _is_tagged(tag: Tag) -> ColumnElement[bool]:
    return and_(*(children.c[name] == value for name, value in tag.columns().items()))
