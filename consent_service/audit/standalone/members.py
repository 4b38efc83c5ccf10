"""What the members of a bundle say, one by one; whether it all fits together is checked elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from consent_service.audit.standalone.archive import ENTRY_ID, WIDTH, Archive, Contents, Log
from consent_service.audit.standalone.formats import (
    HASH_SIZE,
    INSTANT,
    Head,
    Refused,
    base64_bytes,
    decimal,
    instant_milliseconds,
    read_json,
    signing_times,
    url_bytes,
)

PLAIN_FILES = {"README.nl.txt", "bundle.json", "verify.html", "verify.py"}
VIEW_KEY, AUTHORITY = "view-key.txt", "timestamp-ca.pem"
HASH_TEXT = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"
KIND = re.compile(r"[a-z_]+(?:\.[a-z_]+)*\.v[0-9]+")
HEX_HASH = re.compile("[0-9a-f]{64}")
LEAF = re.compile(
    rf'\{{"bundle":"(?:[0-9a-f]{{64}})?","com":"(?P<com>{HASH_TEXT})","id":"(?P<id>{ENTRY_ID.pattern})",'
    rf'"tag":"(?P<tag>{HASH_TEXT})","time":"(?P<time>{INSTANT.pattern})"'
    rf'(?:,"type":"(?P<type>{KIND.pattern})")?,"v":1\}}'
)
"""Leaf v1: there is one way to write it."""
LEAF_LIMIT = 4096
DETAIL_LIMIT = 65536


@dataclass(frozen=True)
class Leaf:
    """An entry as it stands in the log for everybody."""

    id: str
    time: str
    tag: str
    commitment: str
    type: str


@dataclass(frozen=True)
class Opened:
    """The content of an entry: what its leaf commits to."""

    salt: bytes
    raw: bytes
    said: dict[str, Any]

    @property
    def event(self) -> dict[str, Any]:
        """What happened; its kind is `type`."""
        event: dict[str, Any] = self.said["event"]
        return event

    @property
    def is_look(self) -> bool:
        """Whether it tells whom something was given about somebody, and that somebody may find it."""
        about = self.said.get("subject")
        return self.kind == "information.released.v1" and bool(about) and about == self.said["shown_to"]

    @property
    def kind(self) -> str:
        """The name and version of what happened."""
        kind: str = self.event["type"]
        return kind


@dataclass(frozen=True)
class Proof:
    """A proof as read: the place of the entry, the path to the root, the entry itself, the signed head."""

    index: int
    path: tuple[bytes, ...]
    leaf: bytes
    note: bytes


def require_names(archive: Archive, contents: Contents) -> None:
    """Exactly the files are there that the table of contents asks for.

    Raises:
        Refused: one is missing or damaged, or there is one too many.
    """
    names, expected = archive.names, set(PLAIN_FILES)
    for log in contents.logs:
        if log.size // WIDTH > len(names):
            raise Refused("file_missing", log.folder)
        expected.add(f"{log.folder}checkpoint")
        expected.update(log.tile_names())
        for kind, ending in (("checkpoints", ""), ("cosigned", ""), ("timestamps", ".tsr")):
            folder = f"{log.folder}{kind}/"
            expected.update(f"{folder}{size}{ending}" for size in sizes_in(archive, folder, ending))
        stamped = sizes_in(archive, f"{log.folder}timestamps/", ".tsr")
        expected.update(f"{log.folder}checkpoints/{size}" for size in stamped)
    for entry in opened_entries(archive):
        expected.update((f"details/{entry}.json", f"details/{entry}.salt", f"proofs/{entry}.tlog-proof"))
    expected.update({VIEW_KEY, AUTHORITY} & names)
    for name in sorted(expected - names):
        raise Refused("file_missing", name)
    for name in sorted(names - expected):
        raise Refused("file_unexpected", name)
    for name in sorted(PLAIN_FILES):
        archive.read(name)


def sizes_in(archive: Archive, folder: str, ending: str) -> list[int]:
    """The heads of which there is a file in this folder, by size."""
    found = []
    for name in archive.names:
        if name.startswith(folder) and name.endswith(ending):
            try:
                found.append(decimal(name[len(folder) : len(name) - len(ending)]))
            except ValueError:
                continue
    return sorted(found)


def opened_entries(archive: Archive) -> list[str]:
    """The entries of which the content is here."""
    found = re.findall(
        rf"^details/({ENTRY_ID.pattern})\.json$", "\n".join(sorted(archive.names)), re.MULTILINE
    )
    return sorted(found)


def read_opened(archive: Archive, entry: str) -> Opened:
    """The content of one entry, with the salt that its commitment was made with.

    Raises:
        Refused: malformed, or about another entry.
    """
    where = f"details/{entry}.json"
    raw, salt = archive.read(where), archive.read(f"details/{entry}.salt")
    said = read_json(raw, "detail_malformed", where)
    event, shown_to = said.get("event"), said.get("shown_to")
    whole = said.get("v") == 1 and isinstance(said.get("tenant"), str) and isinstance(shown_to, str)
    whole = whole and isinstance(said.get("subject", ""), str)
    kind = event.get("type") if isinstance(event, dict) else None
    if not whole or not isinstance(kind, str) or not KIND.fullmatch(kind):
        raise Refused("detail_malformed", where)
    if said.get("entry") != entry or len(raw) > DETAIL_LIMIT:
        raise Refused("detail_malformed", where)
    return Opened(read_text_hash(salt, "detail_malformed", where), raw, said)


def read_text_hash(raw: bytes, code: str, where: str) -> bytes:
    """32 bytes, written as base64url on a line of its own."""
    text = raw.decode("latin-1")
    if not re.fullmatch(f"{HASH_TEXT}\n", text):
        raise Refused(code, where)
    return url_bytes(text.strip())


def read_leaf(raw: bytes, where: str) -> Leaf:
    """An entry.

    Raises:
        Refused: another form, no time of any calendar, or a time that is not the one in its id.
    """
    found = LEAF.fullmatch(raw.decode("latin-1"))
    milliseconds = found and instant_milliseconds(found["time"])
    if found is None or milliseconds is None or len(raw) > LEAF_LIMIT:
        raise Refused("leaf_malformed", where)
    if milliseconds != int(found["id"][:13].replace("-", ""), 16):
        raise Refused("leaf_misplaced", where)
    return Leaf(found["id"], found["time"], found["tag"], found["com"], found["type"] or "")


def split_leaves(raw: bytes, count: int, where: str) -> list[bytes]:
    """The entries of a bundle of entries, each behind its length in 16 bits (C2SP tlog-tiles).

    Raises:
        Refused: a length points beyond the end, or there are not `count` of them.
    """
    leaves, at = [], 0
    while at < len(raw):
        begin = at + 2
        at = begin + int.from_bytes(raw[at:begin], "big")
        if begin > len(raw) or at > len(raw):
            raise Refused("entries_malformed", where)
        leaves.append(raw[begin:at])
    if len(leaves) != count:
        raise Refused("entries_malformed", where)
    return leaves


def read_proof(raw: bytes, where: str) -> Proof:
    """A proof that carries its entry as extra data (C2SP tlog-proof).

    Raises:
        Refused: malformed.
    """
    try:
        return parse_proof(*raw.partition(b"\n\n"))
    except ValueError:
        raise Refused("proof_malformed", where) from None


def parse_proof(text: bytes, blank: bytes, note: bytes) -> Proof:
    """The lines of a proof; ValueError when they are something else."""
    header, extra, index, *path = text.decode("ascii").split("\n")
    hashes = tuple(map(base64_bytes, path))
    if header != "c2sp.org/tlog-proof@v1" or not blank or len(path) > 63:
        raise ValueError("not a proof")
    if not extra.startswith("extra ") or not index.startswith("index "):
        raise ValueError("a line is missing")
    if any(len(one) != HASH_SIZE for one in hashes):
        raise ValueError("not a hash")
    return Proof(decimal(index[6:]), hashes, base64_bytes(extra[6:]), note)


def number_of_signer(head: Head, log: Log) -> int:
    """The newest key of the log that signed the head; 0 when none did, or one signature is false."""
    times = [signing_times(head, one.key) for one in log.keys]
    signers = [one.number for one, signed in zip(log.keys, times) if signed]  # noqa: B905
    return 0 if None in times else max(signers, default=0)


def number_in(event: dict[str, Any], name: str) -> int:
    """A count in an event; -1 where there is none."""
    value = event.get(name)
    return value if type(value) is int else -1


def released_by(opened: Opened) -> list[str]:
    """The entries that this one releases."""
    named = opened.event.get("entries") if opened.kind == "entries.released.v1" else []
    return [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
