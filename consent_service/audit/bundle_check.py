"""The service's own look at a bundle, with the code that verifies its database.

Only the container (`standalone.archive`) is read, and ids are told apart (`standalone.ids`), by the code that
outsiders use; hashes, leaves, heads, keys, content, proofs and tags are checked by the modules of the log
itself. Both must agree: a table of tampered bundles holds them to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256, sha384, sha512
from pathlib import Path
from typing import Final

import msgspec

from consent_service.audit.announced import Announcements, Place
from consent_service.audit.checkpoint import Note, read_note, signed_checkpoint
from consent_service.audit.cosignature import read_cosigner_key, verify_cosignature
from consent_service.audit.encoding import Detail, Leaf, commitment, decode_leaf, hash_text, read_detail
from consent_service.audit.events import EntriesReleased, LogReopened, event_type
from consent_service.audit.merkle import CompactRange, leaf_hash
from consent_service.audit.proof_text import check_proof, read_proof
from consent_service.audit.standalone.archive import Archive, Contents, Log, read_contents
from consent_service.audit.standalone.formats import Refused
from consent_service.audit.standalone.ids import Ids
from consent_service.audit.standalone.members import (
    VIEW_KEY,
    opened_entries,
    read_text_hash,
    require_names,
    sizes_in,
)
from consent_service.audit.tiles import TILE_WIDTH, bundle_path, decode_bundle, split_hashes, tile_path
from consent_service.audit.verify import (
    Leftovers,
    LogIdentity,
    Page,
    Report,
    SequencedEntry,
    StoredCheckpoint,
    StoredTile,
    Verifier,
    What,
    whole_report,
)
from consent_service.foundation.errors import IntegrityError
from consent_service.keyring.secret import Secret
from consent_service.keyring.view_keys import tag_under

_DIGESTS: Final = (sha256, sha384, sha512)
"""With which a time stamp may name what it is of (RFC 3161 leaves it to who asks)."""


class BundleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An opened entry of a bundle: where it stands, its leaf, its content."""

    log: int
    seq: int
    leaf: Leaf
    raw: bytes
    detail: Detail


def check_bundle_file(path: Path) -> Report:
    """The report over every log in a bundle.

    Raises:
        IntegrityError: something beside the entries, tiles and heads does not hold, or it is no bundle.
    """
    try:
        archive = Archive(path)
        try:
            contents = read_contents(archive.read("bundle.json"))
            require_names(archive, contents)
            look = _Look(archive, contents)
            try:
                return look.report()
            finally:
                look.ids.close()
        finally:
            archive.close()
    except Refused as refused:
        raise IntegrityError(f"the bundle does not hold: {refused.code}") from refused


class _BundleVerifier(Verifier):
    """In a bundle most entries are not opened, and that is no fault; each key follows from the one before.

    Whoever knows one key of a log has nothing else to tell that the later ones are of that log.
    """

    def _check_detail(self, stored: SequencedEntry, leaf: Leaf) -> None:
        if stored.opened != "absent":
            super()._check_detail(stored, leaf)

    def _wrong_signer(self, note: Note) -> What | None:
        before = self._signer
        wrong = super()._wrong_signer(note)
        return "key_undeclared" if wrong is None and self._signer > before + 1 else wrong

    def finish(self, leftovers: Leftovers) -> Report:
        """The report; every key but the newest must have signed a head."""
        if self._signer < len(self._log.public_keys) - 2:
            self._bad("key_undeclared")
        return super().finish(leftovers)


class _Look:
    def __init__(self, archive: Archive, contents: Contents) -> None:
        self._archive = archive
        self._contents = contents
        self._details = {one: self._opened(one) for one in opened_entries(archive)}
        self._entries: dict[str, BundleEntry] = {}
        self.ids = Ids()
        self._awaited = {one for _, raw in self._details.values() for one in _released_by(read_detail(raw))}
        self._edges: dict[int, CompactRange] = {}

    def report(self) -> Report:
        """1. every log with the verifier of the database  2. what stands beside the logs."""
        announced, tenant = Announcements(), self._tenant()
        identities, reports = [], []
        for log in self._contents.logs:  # 1
            keys = tuple(one.key.public for one in log.keys)
            identity = LogIdentity(tenant, log.origin, keys, log.number, log.minimum)
            verifier = _BundleVerifier(identity, announced)
            for one in self._apart(log):
                self._entries[one.leaf.id] = one
                announced.hear(one.detail, Place(log.number, one.seq, one.leaf.id))
            for page in self._pages(log):
                verifier.take(page)
            identities.append(identity)
            reports.append(verifier.finish(Leftovers()))
        self.ids.finish()
        report = whole_report(reports, identities, announced)
        if report.ok:
            self._check_beside()  # 2
        return report

    def _tenant(self) -> str:
        tenants = {read_detail(raw).tenant for _, raw in self._details.values()}
        if len(tenants) > 1:
            raise IntegrityError("a bundle with content of two organisations")
        return tenants.pop() if tenants else ""

    def _opened(self, entry: str) -> tuple[bytes, bytes]:
        salt = read_text_hash(self._archive.read(f"details/{entry}.salt"), "detail_malformed", entry)
        raw = self._archive.read(f"details/{entry}.json")
        if read_detail(raw).entry != entry:
            raise IntegrityError("content under the name of another entry")
        return salt, raw

    def _pages(self, log: Log) -> Iterator[Page]:
        heads = self._heads(log)
        edge = CompactRange()
        for tile in range(-(-log.size // TILE_WIDTH)):
            width = min(TILE_WIDTH, log.size - tile * TILE_WIDTH)
            hashes = split_hashes(self._archive.read(log.folder + tile_path(0, tile, width)))
            if len(hashes) != width:
                raise IntegrityError("a hash tile has another length")
            edge = edge.extend(hashes)
            leaves: tuple[bytes | None, ...] = (None,) * width
            if log.is_kept(tile):
                leaves = decode_bundle(self._archive.read(log.folder + bundle_path(tile, width)))
            if len(leaves) != width:
                raise IntegrityError("an entry bundle has another length")
            begin = tile * TILE_WIDTH
            entries = [
                self._entry(log, begin + at, hashed, leaf)
                for at, (hashed, leaf) in enumerate(zip(hashes, leaves, strict=True))
            ]
            covered = tuple(head for size, head in heads.items() if begin < size <= begin + width)
            yield Page(tuple(entries), covered, tuple(self._tiles(log, begin + width)))
        self._edges[log.number] = edge
        self._check_unfinished(log)

    def _apart(self, log: Log) -> Iterator[BundleEntry]:
        """What is kept of pruned entries: its leaf stands in its proof, which is checked with the others."""
        for entry, (salt, raw) in self._details.items():
            proof = read_proof(self._archive.read(f"proofs/{entry}.tlog-proof"))
            own = proof.note == self._archive.read(f"{log.folder}checkpoint")
            if not own or proof.index >= log.minimum:
                continue
            leaf, detail = decode_leaf(proof.extra), read_detail(raw)
            shown = "" if detail.subject else event_type(detail.event)
            if (leaf.id, leaf.com) != (entry, commitment(salt, raw)) or leaf.type not in ("", shown):
                raise IntegrityError("content that is not of its entry")
            yield BundleEntry(log.number, proof.index, leaf, proof.extra, detail)

    def _entry(self, log: Log, seq: int, hashed: bytes, leaf: bytes | None) -> SequencedEntry:
        if leaf is None:
            return SequencedEntry(seq, "", hashed, None)
        read = decode_leaf(leaf)
        self.ids.add(read.id, log.number, seq)
        self._awaited.discard(read.id)
        opened = self._details.get(read.id)
        if opened is None:
            return SequencedEntry(seq, read.id, hashed, leaf)
        self._entries[read.id] = BundleEntry(log.number, seq, read, leaf, read_detail(opened[1]))
        return SequencedEntry(seq, read.id, hashed, leaf, opened)

    def _heads(self, log: Log) -> Mapping[int, StoredCheckpoint]:
        """Every head by size; of two over one size the signatures are checked here, for both."""
        keys = [one.key.public for one in log.keys]
        names = [f"{log.folder}checkpoint"]
        for kind in ("checkpoints", "cosigned"):
            names += [
                f"{log.folder}{kind}/{size}" for size in sizes_in(self._archive, f"{log.folder}{kind}/", "")
            ]
        found: dict[int, StoredCheckpoint] = {}
        for name in names:
            note = self._archive.read(name)
            read = read_note(note)
            head = signed_checkpoint(read, origin=log.origin, keys=keys)
            said = name.rpartition("/")[2]
            if said not in ("checkpoint", str(head.size)) or (said == "checkpoint" and head.size != log.size):
                raise IntegrityError("a head under the name of another")
            if head.size > log.size:
                raise IntegrityError("a head over more entries than there are")
            for one in self._contents.witnesses:  # a witness may have had another key then
                named = any((line.name, line.key_id) == (one.name, one.short_id) for line in read.signatures)
                if named and verify_cosignature(read, read_cosigner_key(one.text)) is None:
                    raise IntegrityError("a cosignature does not fit")
            known = found.get(head.size)
            if known is not None and known.root != head.root:
                raise IntegrityError("two heads over one size")
            found[head.size] = StoredCheckpoint(head.size, head.root, note)
        return found

    def _tiles(self, log: Log, size: int) -> Iterator[StoredTile]:
        """The full tiles that are complete with exactly `size` entries."""
        level, count = 0, size
        while count and count % TILE_WIDTH == 0:
            count //= TILE_WIDTH
            hashes = self._archive.read(log.folder + tile_path(level, count - 1))
            root = CompactRange().extend(split_hashes(hashes)).root()
            yield StoredTile(level, count - 1, hashes, root)
            level += 1

    def _check_unfinished(self, log: Log) -> None:
        """The unfinished tiles above the first level hold the roots of the tiles below them."""
        level, count = 1, log.size // TILE_WIDTH
        while count:
            width, index = count % TILE_WIDTH, count // TILE_WIDTH
            if width:
                stored = split_hashes(self._archive.read(log.folder + tile_path(level, index, width)))
                below = [
                    self._archive.read(log.folder + tile_path(level - 1, index * TILE_WIDTH + at))
                    for at in range(width)
                ]
                if [CompactRange().extend(split_hashes(one)).root() for one in below] != list(stored):
                    raise IntegrityError("an unfinished hash tile differs")
            level, count = level + 1, count // TILE_WIDTH

    def _check_beside(self) -> None:
        """Content has its entry, proof and tag; stamps their head; a log what the next says of it."""
        if self._details.keys() != self._entries.keys():
            raise IntegrityError("content without an entry")
        key = None
        if VIEW_KEY in self._archive.names:
            key = Secret(read_text_hash(self._archive.read(VIEW_KEY), "view_key_malformed", VIEW_KEY))
        for entry in self._entries.values():
            self._check_entry(entry, key)
        for log in self._contents.logs:
            for size in sizes_in(self._archive, f"{log.folder}timestamps/", ".tsr"):
                head = self._archive.read(f"{log.folder}checkpoints/{size}")
                token = self._archive.read(f"{log.folder}timestamps/{size}.tsr")
                if not any(digest(head).digest() in token for digest in _DIGESTS):
                    raise IntegrityError("a time stamp of something else")

    def _check_entry(self, entry: BundleEntry, key: Secret | None) -> None:
        log = next(one for one in self._contents.logs if one.number == entry.log)
        proof = read_proof(self._archive.read(f"proofs/{entry.leaf.id}.tlog-proof"))
        keys = [one.key.public for one in log.keys]
        check_proof(proof, leaf_hash(entry.raw), log.origin, keys)
        told = (proof.index, proof.extra, proof.note)
        if told != (entry.seq, entry.raw, self._archive.read(f"{log.folder}checkpoint")):
            raise IntegrityError("a proof of something else")
        if key is not None and self._contents.person:
            tagged = hash_text(tag_under(key, entry.leaf.id)) == entry.leaf.tag
            if tagged != (entry.detail.shown_to == self._contents.person):
                raise IntegrityError("an entry without the tag of who may see it")
            if tagged and isinstance(entry.detail.event, EntriesReleased):
                self._require_released(entry.detail.event)
        if isinstance(entry.detail.event, LogReopened):
            self._check_past(log, entry.detail.event)

    def _require_released(self, event: EntriesReleased) -> None:
        whole = not any(log.minimum for log in self._contents.logs)
        if whole and not self._awaited.isdisjoint(event.entries):
            raise IntegrityError("a released entry is not there")

    def _check_past(self, log: Log, event: LogReopened) -> None:
        """The log before is what the new one says, and not longer; of what was lost nothing can be said."""
        before = [one for one in self._contents.logs if one.number < log.number]
        if not before or event.previous_size > before[-1].size:
            return
        edge = self._edges[before[-1].number]
        if (edge.size, edge.root().hex()) != (event.previous_size, event.previous_root):
            raise IntegrityError("the log before was not what the new one says")


def _released_by(detail: Detail) -> tuple[str, ...]:
    return detail.event.entries if isinstance(detail.event, EntriesReleased) else ()
