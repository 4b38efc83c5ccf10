"""A log in one file for outsiders: everything they need to check it, and what may be opened of one person.

The file is a ZIP of stored members in a fixed order; its folder of each log is a static log as C2SP
tlog-tiles describes it. The checks stand in `standalone`, and are in the file too. Who may have such a
file is `rights.exporting`; nothing here asks that, and nothing here is logged.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.audit.bundle_content import OpenedEntry, opened_entries
from consent_service.audit.bundle_zip import StoredZip, Target
from consent_service.audit.checkpoint import read_note, verifier_key
from consent_service.audit.encoding import canonical, hash_text, instant
from consent_service.audit.log_keys import LogKey, key_history, logs_of
from consent_service.audit.proof_text import write_proof
from consent_service.audit.served import cosigned, minimum_index
from consent_service.audit.standalone.joining import page_source, readme_source, verify_source
from consent_service.audit.tables import (
    audit_checkpoints,
    audit_cosignatures,
    audit_entries,
    audit_prunings,
    audit_sequence,
    audit_timestamps,
)
from consent_service.audit.tiles import TILE_WIDTH, TilePlace, bundle_path, encode_bundle, tile_path
from consent_service.audit.tree import checkpoint_at, inclusion_path, newest_head, read_tiles
from consent_service.foundation.errors import IntegrityError, LogUnavailableError, NotFoundError
from consent_service.foundation.ids import EntryId, PersonId, TenantId
from consent_service.keyring.secret import Secret
from consent_service.keyring.service import KeyRing

_TILES_AT_ONCE: Final = 16
_BUNDLES_AT_ONCE: Final = 8
_ROTATED: Final = b'"type":"log.key_rotated.v1"'
_OF_THE_LOG: Final = (_ROTATED, b'"type":"log.reopened.v1"', b'"type":"log.pruned.v1"')
"""Opened for everybody, since nobody can check the log without them: what officers did is not among these."""


class BundleOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes into the file beside the log itself.

    `person` is whose entries are opened: those that person may find, and with `hidden` also those about the
    person that only officers find. `also` are entries about others that this person is shown. `view_key`
    finds the person's entries among all others. `witnesses` are verifier keys as text, `authority` the
    certificate (PEM) that vouches for time stamps.
    """

    made: datetime
    person: PersonId | None = None
    also: tuple[EntryId, ...] = ()
    hidden: bool = False
    view_key: Secret | None = None
    witnesses: tuple[str, ...] = ()
    authority: bytes = b""


class BundleCount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many entries are in the file, and how many of them are open to read."""

    entries: int
    opened: int


class _Part(msgspec.Struct, frozen=True):
    """One log as it goes into the file: up to its newest signed head."""

    key: LogKey
    size: int
    note: bytes
    minimum: int

    @property
    def folder(self) -> str:
        return f"logs/{self.key.log}/"


async def write_bundle(
    conn: AsyncConnection, ring: KeyRing, tenant: TenantId, order: BundleOrder, target: Target
) -> BundleCount:
    """Write the file to `target`, from begin to end; `conn` reads one snapshot throughout.

    Raises:
        NotFoundError: nothing of this tenant's log was signed yet.
        IntegrityError: the log cannot be read as it stands; `audit verify` says what is wrong.
        UnavailableError: the database or the key provider is away, or the log is being pruned just now.
    """
    parts = [part for log in await logs_of(conn, tenant) if (part := await _part(conn, log)) is not None]
    if not parts:
        raise NotFoundError("log")
    with StoredZip(target) as archive:
        await _write_head(conn, archive, order, parts)
        own: set[str] = set()
        for part in parts:
            await _write_tiles(conn, archive, part)
            own |= await _write_entries(conn, archive, part)
        opened = await opened_entries(
            conn, ring, tenant, order.person, hidden=order.hidden, own=own, also=order.also
        )
        placed = [one for one in opened if any(_holds(part, one, own) for part in parts)]
        for part in parts:
            await _write_heads(conn, archive, part, [one for one in placed if one.log == part.key.log])
        await _write_opened(conn, archive, parts, placed)
    return BundleCount(sum(part.size - part.minimum for part in parts), len(placed))


async def _part(conn: AsyncConnection, log: LogKey) -> _Part | None:
    note = await newest_head(conn, log)
    if note is None:
        return None
    size, minimum = read_note(note).checkpoint.size, await minimum_index(conn, log)
    if minimum and not await _is_told(conn, log, minimum):
        raise LogUnavailableError("what was pruned is not in the signed log yet")
    whole = -(-minimum // TILE_WIDTH) * TILE_WIDTH  # an entry bundle is there as a whole or not at all
    return _Part(log, size, note, min(whole, size))


async def _is_told(conn: AsyncConnection, log: LogKey, minimum: int) -> bool:
    """Whether the entry that says from where on entries are kept stands under a signed head."""
    prunings, sequence, heads = audit_prunings.c, audit_sequence.c, audit_checkpoints.c
    query = (
        select(sequence.seq)
        .join(audit_prunings, (prunings.tenant == sequence.tenant) & (prunings.entry == sequence.entry))
        .join(audit_checkpoints, (heads.tenant == sequence.tenant) & (heads.log == sequence.log))
        .where(prunings.tenant == log.tenant, prunings.log == log.log, prunings.minimum == minimum)
        .where(heads.size > sequence.seq)
        .limit(1)
    )
    return (await conn.execute(query)).first() is not None


async def _write_head(
    conn: AsyncConnection, archive: StoredZip, order: BundleOrder, parts: Sequence[_Part]
) -> None:
    """What to read first, the table of contents, and what to check the rest with."""
    logs = []
    for part in parts:
        history = await key_history(conn, part.key)
        keys = [
            {
                "number": one.number,
                "began": instant(one.since),
                "key": verifier_key(part.key.origin, one.public),
            }
            for one in history
        ]
        origin = part.key.origin
        log = {"log": part.key.log, "origin": origin, "size": part.size, "minimum": part.minimum}
        logs.append({**log, "keys": keys})
    contents = {
        "v": 1,
        "made": instant(order.made),
        "person": order.person or "",
        "hidden": order.hidden,
        "logs": logs,
        "witnesses": list(order.witnesses),
    }
    archive.add("README.nl.txt", readme_source().encode())
    archive.add("bundle.json", canonical(contents))
    archive.add("verify.html", page_source().encode())
    archive.add("verify.py", verify_source().encode())
    if order.authority:
        archive.add("timestamp-ca.pem", order.authority)
    if order.view_key is not None:
        archive.add("view-key.txt", view_key_text(order.view_key))


def view_key_text(key: Secret) -> bytes:
    """A view key as its holder keeps it: one line of base64url."""
    return hash_text(key.reveal()).encode() + b"\n"


async def _write_tiles(conn: AsyncConnection, archive: StoredZip, part: _Part) -> None:
    level, count = 0, part.size
    while count:
        places = [
            TilePlace(level, index, min(TILE_WIDTH, count - index * TILE_WIDTH))
            for index in range(-(-count // TILE_WIDTH))
        ]
        for at in range(0, len(places), _TILES_AT_ONCE):
            some = places[at : at + _TILES_AT_ONCE]
            tiles = await read_tiles(conn, part.key, some)
            for one in some:
                name = part.folder + tile_path(one.level, one.index, one.width)
                archive.add(name, b"".join(tiles[one.level, one.index]))
        level, count = level + 1, count // TILE_WIDTH


async def _write_entries(conn: AsyncConnection, archive: StoredZip, part: _Part) -> set[str]:
    """Every entry that is kept; the ids of those in which the log tells of itself."""
    own = await _kept_apart(conn, part)
    at = part.minimum
    async for rows in _leaves(conn, part):
        for first in range(0, len(rows), TILE_WIDTH):
            some = rows[first : first + TILE_WIDTH]
            leaves = [leaf for _, leaf in some]
            archive.add(part.folder + bundle_path(at // TILE_WIDTH, len(leaves)), encode_bundle(leaves))
            own.update(entry for entry, leaf in some if _is_of_the_log(leaf))
            at += len(leaves)
    if at != part.size:
        raise IntegrityError("an entry of the log is missing")
    return own


def _is_of_the_log(leaf: bytes) -> bool:
    return any(mark in leaf for mark in _OF_THE_LOG)


async def _kept_apart(conn: AsyncConnection, part: _Part) -> set[str]:
    """What is kept of the entries that were pruned: why the log began, which key followed which."""
    sequence, entries = audit_sequence.c, audit_entries.c
    query = (
        select(sequence.entry, entries.leaf)
        .join(audit_entries, (entries.tenant == sequence.tenant) & (entries.id == sequence.entry))
        .where(sequence.tenant == part.key.tenant, sequence.log == part.key.log)
        .where(sequence.seq < part.minimum)
    )
    rows = await conn.stream(query)
    return {row.entry async for row in rows if _is_of_the_log(row.leaf)}


async def _leaves(conn: AsyncConnection, part: _Part) -> AsyncIterator[list[tuple[str, bytes]]]:
    """The entries (id, leaf) in their order, a whole number of entry bundles at a time."""
    sequence, entries = audit_sequence.c, audit_entries.c
    step = _BUNDLES_AT_ONCE * TILE_WIDTH
    for begin in range(part.minimum, part.size, step):
        query = (
            select(sequence.entry, entries.leaf)
            .join(audit_entries, (entries.tenant == sequence.tenant) & (entries.id == sequence.entry))
            .where(sequence.tenant == part.key.tenant, sequence.log == part.key.log)
            .where(sequence.seq >= begin, sequence.seq < min(begin + step, part.size))
            .order_by(sequence.seq)
        )
        yield [(row.entry, row.leaf) for row in await conn.execute(query)]


async def _write_heads(
    conn: AsyncConnection, archive: StoredZip, part: _Part, entries: Sequence[OpenedEntry]
) -> None:
    """The newest head; those that show keys to follow from each other; what witnesses and stamps vouch for.

    For each opened entry that is the earliest head over it that a witness or a time stamp vouches for. Over
    one that announces a key these are two: the one by the key before it, and the first by the key itself.
    """
    heads = audit_checkpoints.c
    opened = [one.seq for one in entries]
    ours = select(heads.size).where(heads.tenant == part.key.tenant, heads.log == part.key.log)
    first_over: set[int] = set()
    for one in entries:
        count = 2 if _ROTATED in one.raw else 1
        over = ours.where(heads.size > one.seq, heads.size <= part.size).order_by(heads.size)
        first_over.update((await conn.execute(over.limit(count))).scalars())
    cosignatures, stamps = audit_cosignatures.c, audit_timestamps.c
    own = (cosignatures.tenant == part.key.tenant, cosignatures.log == part.key.log)
    of_ours = select(cosignatures.size).where(*own, cosignatures.size.in_(ours)).distinct()
    cosigned_sizes = (await conn.execute(of_ours)).scalars()
    stamped = select(stamps.size, stamps.token).where(
        stamps.tenant == part.key.tenant, stamps.log == part.key.log
    )
    tokens_of = (
        select(stamps.size)
        .where(stamps.tenant == part.key.tenant, stamps.log == part.key.log)
        .where(stamps.size.in_(ours))
    )
    chosen_stamps = _vouching((await conn.execute(tokens_of)).scalars(), opened, part.size)
    tokens = {
        row.size: row.token for row in await conn.execute(stamped.where(stamps.size.in_(chosen_stamps)))
    }
    archive.add(f"{part.folder}checkpoint", await cosigned(conn, part.key, part.note))
    for size in sorted({*first_over, *chosen_stamps}):
        archive.add(f"{part.folder}checkpoints/{size}", await _head_at(conn, part, size))
    for size in _vouching(cosigned_sizes, opened, part.size):
        note = await cosigned(conn, part.key, await _head_at(conn, part, size))
        archive.add(f"{part.folder}cosigned/{size}", note)
    for size in chosen_stamps:
        archive.add(f"{part.folder}timestamps/{size}.tsr", tokens[size])


def _vouching(sizes: Iterable[int], opened: Sequence[int], size: int) -> list[int]:
    """The newest of these heads, and the earliest over each opened entry."""
    known = sorted(one for one in sizes if one <= size)
    chosen = set(known[-1:])
    for seq in opened:
        chosen.update(known[bisect_right(known, seq) :][:1])
    return sorted(chosen)


async def _head_at(conn: AsyncConnection, part: _Part, size: int) -> bytes:
    note = await checkpoint_at(conn, part.key, size)
    if note is None:
        raise IntegrityError("a signed head is missing")
    return note


async def _write_opened(
    conn: AsyncConnection, archive: StoredZip, parts: Sequence[_Part], opened: Sequence[OpenedEntry]
) -> None:
    for one in opened:
        archive.add(f"details/{one.entry}.json", one.raw)
        archive.add(f"details/{one.entry}.salt", hash_text(one.salt).encode() + b"\n")
    for one in opened:
        part = next(part for part in parts if one.log == part.key.log)
        note = await cosigned(conn, part.key, part.note)
        path = await inclusion_path(conn, part.key, one.seq, part.size)
        archive.add(f"proofs/{one.entry}.tlog-proof", write_proof(one.seq, path, note, one.leaf))


def _holds(part: _Part, one: OpenedEntry, own: set[str]) -> bool:
    """Of what was pruned only that in which the log tells of itself; its leaf goes along in its proof."""
    is_kept = one.seq >= part.minimum or one.entry in own
    return one.log == part.key.log and one.seq < part.size and is_kept
