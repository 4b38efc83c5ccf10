"""Bundles of logs whose keys a test holds, so that whatever is forged in them can be signed too."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from consent_service.audit.checkpoint import Checkpoint, add_signatures, verifier_key, write_note
from consent_service.audit.cosignature import Cosigner, cosign, cosigner_key
from consent_service.audit.encoding import (
    Detail,
    Leaf,
    canonical,
    canonical_detail,
    commitment,
    encode_leaf,
    hash_text,
    instant,
    milliseconds,
)
from consent_service.audit.events import (
    By,
    EntriesReleased,
    Event,
    LogKeyRotated,
    Logout,
    LogPruned,
    LogReopened,
    event_type,
)
from consent_service.audit.merkle import inclusion_proof, leaf_hash, root_of
from consent_service.audit.proof_text import write_proof
from consent_service.audit.standalone.joining import page_source, readme_source, verify_source
from consent_service.audit.tiles import bundle_path, encode_bundle, tile_path
from consent_service.foundation.ids import EntryId, PersonId, TenantId, new_id
from consent_service.keyring.primitives import hmac_sha256, new_signing_key, sign
from consent_service.keyring.secret import Secret

AT = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
TENANT = TenantId("018f0000-0000-7000-8000-0000000000aa")
MOTHER = PersonId("018f0000-0000-7000-8000-0000000000bb")
FATHER = PersonId("018f0000-0000-7000-8000-0000000000cc")
Members = dict[str, bytes]


@dataclass
class Signer:
    """A pair of Ed25519 keys under a name."""

    name: str
    private: Secret
    public: bytes

    @classmethod
    def named(cls, name: str) -> Signer:
        return cls(name, *new_signing_key())

    def sign(self, message: bytes) -> bytes:
        return sign(self.private, message)


@dataclass
class ForgedLog:
    """A log: its leaves, its keys, and which key (by place) signs the head of which size."""

    number: int
    origin: str
    keys: list[Signer]
    leaves: list[bytes] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    heads: dict[int, int] = field(default_factory=dict)
    minimum: int = 0
    cosigned: list[int] = field(default_factory=list)
    stamped: list[int] = field(default_factory=list)

    @property
    def folder(self) -> str:
        return f"logs/{self.number}/"

    def hashes(self) -> list[bytes]:
        return [leaf_hash(leaf) for leaf in self.leaves]

    def note(self, size: int, signer: Signer | None = None, root: bytes | None = None) -> bytes:
        head = Checkpoint(self.origin, size, root or root_of(self.hashes()[:size]))
        key = signer or self.keys[self.heads.get(size, len(self.keys) - 1)]
        return write_note(head, public=key.public, signature=key.sign(head.body()))


@dataclass
class Forge:
    """Two logs of one tenant: 300 entries under two keys, then a new log after a restore."""

    logs: list[ForgedLog] = field(default_factory=list)
    details: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    view_key: Secret = field(default_factory=lambda: Secret(b"v" * 32))
    witness: Signer = field(default_factory=lambda: Signer.named("witness.example.org"))

    def entry(
        self,
        log: ForgedLog,
        event: Event | None = None,
        *,
        shown_to: str = "officer",
        subject: PersonId | None = None,
        opened: bool = False,
        tag: str | None = None,
        write: Callable[[Leaf], bytes] = encode_leaf,
    ) -> str:
        """Append one entry; the id."""
        at = AT + timedelta(seconds=len(log.leaves))
        entry = EntryId(new_id(milliseconds(at)))
        happened, salt = event or Logout(), hashlib.sha256(entry.encode()).digest()
        raw = canonical_detail(
            Detail(
                v=1,
                tenant=TENANT,
                entry=entry,
                event=happened,
                by=By(kind="system", id=""),
                shown_to=PersonId(shown_to) if shown_to != "officer" else "officer",
                subject=subject,
            )
        )
        key = self.view_key if shown_to == MOTHER else Secret(shown_to.encode().ljust(32, b"."))
        leaf = Leaf(
            v=1,
            id=entry,
            time=instant(at),
            bundle="",
            tag=tag or hash_text(hmac_sha256(key, entry.encode())),
            com=commitment(salt, raw),
            type="" if subject else event_type(happened),
        )
        log.leaves.append(write(leaf))
        log.ids.append(entry)
        if opened:
            self.details[entry] = (salt, raw)
        return entry

    def members(self) -> Members:
        """Every file of the bundle by name, in the order in which they are written."""
        files: Members = {
            "README.nl.txt": readme_source().encode(),
            "bundle.json": canonical(self.contents()),
            "verify.html": page_source().encode(),
            "verify.py": verify_source().encode(),
            "view-key.txt": hash_text(self.view_key.reveal()).encode() + b"\n",
        }
        for log in self.logs:
            files |= self._log(log)
        for entry, (salt, raw) in self.details.items():
            files[f"details/{entry}.json"] = raw
            files[f"details/{entry}.salt"] = hash_text(salt).encode() + b"\n"
        for entry in self.details:
            for log in [log for log in self.logs if entry in log.ids]:
                index = log.ids.index(entry)
                path = inclusion_proof(index, log.hashes())
                text = write_proof(index, path, files[f"{log.folder}checkpoint"], log.leaves[index])
                files[f"proofs/{entry}.tlog-proof"] = text
        return files

    def contents(self) -> dict[str, object]:
        """The table of contents."""
        logs = [
            {
                "log": log.number,
                "origin": log.origin,
                "size": len(log.leaves),
                "minimum": log.minimum,
                "keys": [
                    {"number": at, "began": instant(AT), "key": verifier_key(key.name, key.public)}
                    for at, key in enumerate(log.keys, start=1)
                ],
            }
            for log in self.logs
        ]
        witnesses = [cosigner_key(self.witness.name, self.witness.public)]
        return {
            "v": 1,
            "made": instant(AT),
            "person": MOTHER,
            "hidden": False,
            "logs": logs,
            "witnesses": witnesses,
        }

    def cosign(self, note: bytes) -> bytes:
        """The note with what the witness adds."""
        witness = Cosigner(self.witness.name, self.witness.public)
        body = note.partition(b"\n\n")[0] + b"\n"
        return add_signatures(note, [cosign(body, witness, AT, self.witness.sign)])

    def _log(self, log: ForgedLog) -> Members:
        hashes, files = log.hashes(), {}
        row, level = hashes, 0
        while row:
            for at in range(0, len(row), 256):
                some = row[at : at + 256]
                files[log.folder + tile_path(level, at // 256, len(some))] = b"".join(some)
            row, level = (
                [root_of(row[at : at + 256]) for at in range(0, len(row) // 256 * 256, 256)],
                level + 1,
            )
        for at in range(0, len(log.leaves), 256):
            leaves = log.leaves[at : at + 256]
            if at + len(leaves) > log.minimum:
                files[log.folder + bundle_path(at // 256, len(leaves))] = encode_bundle(leaves)
        files[f"{log.folder}checkpoint"] = self.cosign(log.note(len(log.leaves)))
        for size in sorted({*log.heads, *log.stamped}):
            files[f"{log.folder}checkpoints/{size}"] = log.note(size)
        for size in log.cosigned:
            files[f"{log.folder}cosigned/{size}"] = self.cosign(log.note(size))
        for size in log.stamped:
            stamped = hashlib.sha256(files[f"{log.folder}checkpoints/{size}"]).digest()
            files[f"{log.folder}timestamps/{size}.tsr"] = b"0" + stamped + b"0"
        return files


def a_forge(*, extra: int = 290) -> Forge:
    """What `Forge` says it is."""
    forge = Forge()
    first = ForgedLog(1, "audit.example.org/t/1", [])
    first.keys = [Signer.named(first.origin), Signer.named(first.origin)]
    forge.logs.append(first)
    forge.entry(first)
    forge.entry(first, shown_to=MOTHER, subject=MOTHER, opened=True)
    hidden = forge.entry(first, subject=MOTHER, opened=True)
    rotated = LogKeyRotated(1, 2, first.keys[1].public.hex(), "planned")
    forge.entry(first, rotated, opened=True)
    first.heads[4] = 0
    forge.entry(first, shown_to=FATHER, subject=FATHER)
    for _ in range(extra):
        forge.entry(first, subject=FATHER)
    forge.entry(first, EntriesReleased((hidden,)), shown_to=MOTHER, subject=MOTHER, opened=True)
    first.cosigned, first.stamped = [4], [len(first.leaves)]
    second = ForgedLog(2, "audit.example.org/t/2", [Signer.named("audit.example.org/t/2")])
    forge.logs.append(second)
    size = len(first.leaves)
    forge.entry(second, LogReopened(2, "restored", size, root_of(first.hashes()).hex()), opened=True)
    forge.entry(second, shown_to=MOTHER, subject=MOTHER, opened=True)
    return forge


def prune(forge: Forge, minimum: int = 256) -> None:
    """Let the entries of the first log below `minimum` go, as the second log says."""
    first, second = forge.logs
    forge.entry(second, LogPruned(1, minimum), opened=True)
    first.minimum = minimum
    for entry in first.ids[:minimum]:
        if (
            entry in forge.details and b"log." not in forge.details[entry][1]
        ):  # these stay: heads rest on them
            del forge.details[entry]


def zipped(members: Iterable[tuple[str, bytes]], comment: bytes = b"") -> bytes:
    """The bundle as a file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.comment = comment
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content)
    return target.getvalue()
