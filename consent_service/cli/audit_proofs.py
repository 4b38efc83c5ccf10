"""`audit prove`, `check-proof` and `consistency`: proofs as files that others check without this service."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from consent_service.app import Services
from consent_service.audit.checkpoint import read_note, read_note_key, signed_checkpoint, verify_note
from consent_service.audit.encoding import decode_leaf, leaf_time
from consent_service.audit.events import LogExported, LogViewed
from consent_service.audit.log_keys import LogKey, log_numbered, public_keys
from consent_service.audit.merkle import leaf_hash, verify_consistency
from consent_service.audit.pinned import PinnedHead, read_pinned
from consent_service.audit.proof_text import PROOF_LIMIT, check_proof, read_proof, write_proof
from consent_service.audit.proofs import prove_entry
from consent_service.audit.served import cosigned
from consent_service.audit.tables import audit_logs
from consent_service.audit.tree import consistency_path, newest_head
from consent_service.cli.entering import WORDS, Orders, entry
from consent_service.cli.failing import FAILED
from consent_service.cli.log_access import note_looks
from consent_service.cli.naming import find_tenant
from consent_service.cli.opening import run_with
from consent_service.cli.organisations import TENANT
from consent_service.cli.terminal import CommandError, Terminal
from consent_service.foundation.errors import InputError, IntegrityError, Problem
from consent_service.foundation.flushing import flush_folder
from consent_service.foundation.i18n import N_
from consent_service.foundation.ids import EntryId, TenantId
from consent_service.rights.supervision import HEAD

PIN_LIMIT: Final = 1 << 18
KEPT_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_TO_FILE: Final = click.Path(path_type=Path)


def add_to(group: Orders) -> None:
    """Add these commands to those of `audit`."""
    _add_check(group)
    output = entry("--output", type=_TO_FILE, words=N_("Schrijf het bewijs in dit bestand; anders hier."))

    @group.order("prove", N_("Bewijs dat een regel in het logboek staat, als tekst die op zichzelf staat."))
    @TENANT
    @entry("--entry", "entry_id", type=WORDS, required=True, words=N_("Het kenmerk van de regel."))
    @output
    def prove(terminal: Terminal, tenant: str | None, entry_id: str, output: Path | None) -> int:
        text = run_with(terminal, lambda services: _prove(terminal, services, tenant, EntryId(entry_id)))
        return _hand_over(terminal, text, output)

    @group.order("consistency", N_("Bewijs dat het logboek van nu verdergaat op een bewaarde stand."))
    @entry("--since", type=KEPT_FILE, required=True, words=N_("Het bestand met de bewaarde stand."))
    @output
    def consistency(terminal: Terminal, since: Path, output: Path | None) -> int:
        pinned = read_kept(since)
        outcome = run_with(terminal, lambda services: _extended(terminal, services, pinned))
        if isinstance(outcome, bytes):
            return _hand_over(terminal, outcome, output)
        terminal.complain(terminal.text(outcome))
        return FAILED


def _add_check(group: Orders) -> None:
    @group.order(
        "check-proof",
        N_("Kijk het bewijs van een regel na; daar is geen database voor nodig."),
        admission="anybody",
    )
    @entry(
        "--file",
        "proof",
        type=KEPT_FILE,
        required=True,
        words=N_("Het bewijs: van de pagina van een regel, of uit audit prove."),
    )
    @entry(
        "--key",
        type=str,
        required=True,
        words=N_("De openbare sleutel van het logboek, op één regel: uit audit key, of van elders."),
    )
    def check(terminal: Terminal, proof: Path, key: str) -> int:
        return _check(terminal, proof, key)


def _check(terminal: Terminal, path: Path, key: str) -> int:
    """Whether the entry in a proof is in the log of this key.

    Raises:
        InputError: the file is no proof with its entry, or the key is none.
    """
    try:
        known = read_note_key(key)
    except IntegrityError as failure:
        raise InputError([Problem("key", "cli.log_key_form")]) from failure
    try:
        with path.open("rb") as file:
            proof = read_proof(file.read(PROOF_LIMIT + 1))
        leaf = decode_leaf(proof.extra)
    except (IntegrityError, OSError) as failure:
        raise InputError([Problem("file", "cli.proof_form")]) from failure
    try:
        head = check_proof(proof, leaf_hash(proof.extra), known.name, [known.public])
    except IntegrityError:
        terminal.say(
            N_("NIET GOED: dit bewijs laat niet zien dat de regel in het logboek van deze sleutel staat.")
        )
        return FAILED
    terminal.say(
        N_("OK: {entry} van {moment} is nr. {number}, in een stand van {size}, getekend met deze sleutel."),
        entry=leaf.id,
        moment=terminal.moment(leaf_time(leaf)),
        number=proof.index + 1,
        size=head.size,
    )
    return 0


def read_kept(path: Path) -> PinnedHead:
    """The head that is kept in this file.

    Raises:
        InputError: it is none.
    """
    try:
        with path.open("rb") as file:
            return read_pinned(file.read(PIN_LIMIT))
    except (IntegrityError, OSError) as failure:
        raise InputError([Problem("since", "cli.pin_form")]) from failure


async def log_kept_of(conn: AsyncConnection, pinned: PinnedHead) -> LogKey | None:
    """The log of which this head was kept; None when no log here has that origin."""
    query = select(audit_logs.c.tenant, audit_logs.c.log).where(
        audit_logs.c.origin == pinned.checkpoint.origin
    )
    row = (await conn.execute(query.limit(1))).first()
    return None if row is None else await log_numbered(conn, TenantId(row.tenant), row.log)


async def obstacle(conn: AsyncConnection, log: LogKey | None, pinned: PinnedHead) -> str | None:
    """What is wrong with a kept head before anything is computed, as a sentence; None when nothing is."""
    if log is None:
        return N_(
            "NIET GOED: de bewaarde stand is van een ander logboek, of van een logboek dat er niet meer is."
        )
    if pinned.note is not None:
        keys = await public_keys(conn, log)
        if not any(verify_note(pinned.note, origin=log.origin, public=key) for key in keys):
            return N_("NIET GOED: de bewaarde stand is niet getekend met een sleutel die dit logboek kent.")
    return None


async def _prove(terminal: Terminal, services: Services, named: str | None, wanted: EntryId) -> bytes:
    """The proof with the entry itself as extra data: one file says all (C2SP tlog-proof); it is logged."""
    tenant = (await find_tenant(services, named)).tenant
    async with services.installation.database.reading() as conn:
        found = await prove_entry(conn, tenant, wanted)
    if found is None:
        raise InputError([Problem("entry", "cli.entry_unknown")])
    if found.state == "pending":
        raise CommandError(N_("Deze regel is nog niet getekend. Probeer het over een minuut."))
    if found.state == "failed":
        raise IntegrityError("the entry is not proved by the signed head")
    await note_looks(terminal, services, [(tenant, LogExported("entries", 1))])
    proof = read_proof(found.text)
    return write_proof(proof.index, proof.path, proof.note, found.leaf)


async def _extended(terminal: Terminal, services: Services, pinned: PinnedHead) -> bytes | str:
    """As `_extend`; that somebody looked is logged, in the log of which the head was kept."""
    outcome = await _extend(services, pinned)
    async with services.installation.database.reading() as conn:
        log = await log_kept_of(conn, pinned)
    if log is not None:
        await note_looks(terminal, services, [(log.tenant, LogViewed((HEAD,)))])
    return outcome


async def _extend(services: Services, pinned: PinnedHead) -> bytes | str:
    """The proof as witnesses are sent it (C2SP tlog-witness, add-checkpoint), or what is wrong."""
    async with services.installation.database.reading() as conn:
        log = await log_kept_of(conn, pinned)
        wrong = await obstacle(conn, log, pinned)
        note = None if log is None else await newest_head(conn, log)
        if wrong is not None:
            return wrong
        if log is None or note is None:
            return N_("NIET GOED: van dit logboek is niets getekend.")
        keys = await public_keys(conn, log)
        head = signed_checkpoint(read_note(note), origin=log.origin, keys=keys)
        old = pinned.checkpoint
        if old.size > head.size:
            return N_("NIET GOED: het logboek is korter dan de bewaarde stand. Het einde is weg.")
        path = await consistency_path(conn, log, old.size, head.size) if old.size else ()
        fits = old.size == 0 or verify_consistency(
            old=old.size, size=head.size, old_root=old.root, root=head.root, proof=path
        )
        if not fits:
            return N_(
                "NIET GOED: het logboek gaat niet verder op de bewaarde stand. Doe: audit verify --since"
            )
        lines = [f"old {old.size}", *(base64.b64encode(one).decode() for one in path), "", ""]
        return "\n".join(lines).encode() + await cosigned(conn, log, note)


def _hand_over(terminal: Terminal, text: bytes, output: Path | None) -> int:
    if output is None:
        terminal.show(text.decode().removesuffix("\n"))
        return 0
    with new_file(output) as file:
        file.write(text)
    terminal.say(N_("Het bewijs staat in {path}."), path=output)
    return 0


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that is not there yet; it gets its name once everything is written and on the disk.

    Raises:
        InputError: it is there already, it is a folder, or its folder cannot be written in.
    """
    if path.is_dir():
        raise InputError([Problem("output", "cli.file_name")])
    if path.exists():
        raise InputError([Problem("output", "exports.file_exists")])
    half = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with half.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.link(half, path)
        flush_folder(path.parent)
    except FileExistsError as failure:
        raise InputError([Problem("output", "exports.file_exists")]) from failure
    except OSError as failure:
        raise InputError([Problem("output", "exports.folder")]) from failure
    finally:
        half.unlink(missing_ok=True)
