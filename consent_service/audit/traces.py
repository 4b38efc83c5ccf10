"""The trace context in an entry: masked there, and itself again for the exports of this service.

One request may be about two people, whose entries go to different outsiders: the same ids in both would tell
that they belong together. So ids stand in a detail xor 32 bytes that differ for each entry, made of the key
that seals it. The mask comes off with that key only, and not at all once it is destroyed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.trail import TrailEntry
from consent_service.foundation.ids import TenantId
from consent_service.foundation.tracing import Trace
from consent_service.keyring.model import WrappedPersonKey, WrappedTenantKey
from consent_service.keyring.service import KeyRing
from consent_service.keyring.trace_masks import trace_mask

_ID, _SPAN = 16, 8
"""Bytes of a chain's id and of a span's."""
MASKED: Final = 1
"""The form of a trace whose ids are masked; earlier releases wrote them as they are (0)."""


def masked(
    ring: KeyRing, key: WrappedPersonKey | WrappedTenantKey, entry: str, trace: Trace | None
) -> Trace | None:
    """The trace as it stands in the detail of `entry`, which `key` seals.

    Raises:
        KeyProviderUnavailableError: the provider is away.
    """
    return None if trace is None else _turned(trace, trace_mask(ring, key, entry), MASKED)


async def with_traces(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, entries: Iterable[TrailEntry]
) -> tuple[TrailEntry, ...]:
    """These entries with their traces as they were; entries of earlier releases have them so already.

    Raises:
        KeyProviderUnavailableError: the provider is away.
        KeyDestroyedError: the tenant itself has no audit key.
    """
    wanted = tuple(entries)
    people = {
        one.detail.subject for one in wanted if one.detail is not None and one.detail.subject is not None
    }
    keys = await ring.person_keys(conn, tenant, people)
    own = await ring.tenant_key(conn, tenant, "audit")
    return tuple(_unmasked(ring, wanted, keys, own))


def _unmasked(
    ring: KeyRing, entries: Iterable[TrailEntry], keys: dict[str, WrappedPersonKey], own: WrappedTenantKey
) -> Iterator[TrailEntry]:
    for one in entries:
        detail = one.detail
        if detail is None or detail.trace is None or detail.trace.form != MASKED:
            yield one
            continue
        key = own if detail.subject is None else keys.get(detail.subject)
        trace = None if key is None else _turned(detail.trace, trace_mask(ring, key, one.id), 0)
        yield msgspec.structs.replace(one, detail=msgspec.structs.replace(detail, trace=trace))


def _turned(trace: Trace, mask: bytes, form: Literal[0, 1]) -> Trace | None:
    """The trace with its mask on, or off; None where an id would be all zero, which is none (one in 2^64)."""
    caller = trace.caller and _xor(trace.caller, mask[_ID + _SPAN :])
    made = Trace(_xor(trace.id, mask[:_ID]), _xor(trace.span, mask[_ID : _ID + _SPAN]), caller, form)
    ids = (made.id, made.span, made.caller or "-")
    return made if all(one.strip("0") for one in ids) else None


def _xor(text: str, mask: bytes) -> str:
    return bytes(a ^ b for a, b in zip(bytes.fromhex(text), mask, strict=True)).hex()
